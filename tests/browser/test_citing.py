"""References, copied and downloaded: of one paper, of all that are selected, over several questions."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.sites import Site


def row(menu: Locator, label: str) -> Locator:
    """The line of a format in a menu."""
    return menu.locator(".row", has_text=label)


def copied(page: Page) -> str:
    """What is on the clipboard once the page says that it is."""
    expect(page.locator(".toast")).to_have_text("Copied.")
    text: str = page.evaluate("navigator.clipboard.readText()")
    page.evaluate("document.querySelector('.toast').remove()")
    return text


def test_one_paper(visitor: Visitor, shipped: Site) -> None:
    """In each format on the clipboard, exactly as REST has it, and as a file with a name."""
    page = visitor.open(shipped, "/search?q=emotional+TTS", permissions=["clipboard-read", "clipboard-write"])
    card = page.locator("article.card").first
    menu = card.locator("details.menu")
    menu.locator("summary").click()
    texts = {}
    for label in ("BibTeX", "RIS", "CSL-JSON", "Markdown"):
        button = row(menu, label).get_by_role("button", name=f"Copy as {label}")
        button.click()
        texts[label] = copied(page)
        asked = button.get_attribute("data-copy")
        assert texts[label] == page.request.get(str(asked)).text()
        assert "IndexTTS2" in texts[label]
    assert texts["BibTeX"].startswith("@")
    assert texts["RIS"].startswith("TY  - ")
    assert len(json.loads(texts["CSL-JSON"])) == 1
    with page.expect_download() as download:
        row(menu, "BibTeX").get_by_role("link", name="Download as BibTeX").click()
    assert download.value.suggested_filename == "paperkin.bib"
    assert download.value.path().read_text(encoding="utf-8") == texts["BibTeX"]


def test_several_papers(visitor: Visitor, toys: Site) -> None:
    """Selected on the pages of two questions and on a list; cited at once in that order; a way to more like them."""
    page = visitor.open(toys, "/search?q=face&k=3", permissions=["clipboard-read", "clipboard-write"])
    page.locator("[data-select]").nth(1).check()
    first = page.locator("article.card").nth(1).get_attribute("data-id")
    box = page.locator("form#ask input[type=search]")
    box.fill("graph")
    expect(page).to_have_title("graph – Paperkin")
    expect(page.locator(".selection")).to_contain_text("1 selected")
    page.locator("[data-select]").nth(0).check()
    second = page.locator("article.card").nth(0).get_attribute("data-id")
    visitor.go(page, "/feed?period=month&date=2025-06")
    page.locator("[data-select]").last.check()
    third = page.locator("article.card").last.get_attribute("data-id")
    bar = page.locator(".selection")
    expect(bar).to_contain_text("3 selected")
    bar.get_by_text("Cite them").click()
    row(bar, "CSL-JSON").get_by_role("button", name="Copy").click()
    text = copied(page)
    ids = [first, second, third]
    assert len(json.loads(text)) == 3
    assert text == page.request.post("/v1/cite", data={"ids": ids, "format": "csl-json"}).text()
    with page.expect_download() as download:
        row(bar, "RIS").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "paperkin.ris"
    content = download.value.path().read_text(encoding="utf-8")
    assert content == page.request.post("/v1/cite", data={"ids": ids, "format": "ris"}).text()
    assert content.count("TY  - ") == 3
    more = bar.get_by_role("link", name="More like these")
    assert str(more.get_attribute("href")).count("like=") == 3
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_have_count(0)
    expect(page.locator("[data-select]:checked")).to_have_count(0)


def test_what_cannot_be_copied_is_said(visitor: Visitor, toys: Site) -> None:
    """A paper that is gone, a browser that forbids it: a sentence with the next step, and nothing thrown."""
    page = visitor.open(toys, "/search?q=face&k=3", permissions=[])
    menu = page.locator("details.menu").first
    menu.locator("summary").click()
    copy = row(menu, "BibTeX").get_by_role("button")
    page.evaluate("() => { navigator.clipboard.write = async () => { throw new DOMException('', 'NotAllowedError') } }")
    copy.click()
    expect(page.locator(".toast")).to_contain_text("does not allow copying here. Download it instead.")
    visitor.expected.add("/v1/cite?id=gone&format=bibtex")
    copy.evaluate("button => { button.dataset.copy = '/v1/cite?id=gone&format=bibtex' }")
    copy.click()
    expect(page.locator(".toast")).to_contain_text("gone")
    page.route("**/v1/cite*", lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad</h1>"))
    visitor.expected.add("/v1/cite?id=gone&format=bibtex")
    copy.click()
    expect(page.locator(".toast")).to_have_text("The server has no answer now (502). Try again in a moment.")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    copy.click()
    expect(page.locator(".toast")).to_have_text("Copying needs https; download it instead.")


def test_the_bar_stays_as_it_is_used(visitor: Visitor, toys: Site) -> None:
    """What is selected in another tab changes the count; the open menu and the focus stay; Clear leaves no one lost."""
    page = visitor.open(toys, "/search?q=face&k=3")
    page.locator("[data-select]").first.check()
    expect(page.locator("[data-said]")).to_have_text("1 selected")
    bar = page.locator(".selection")
    bar.locator("summary").click()
    row(bar, "RIS").get_by_role("button", name="Copy").focus()
    other = page.context.new_page()
    visitor.go(other, "/search?q=graph&k=3")
    other.locator("[data-select]").last.check()
    expect(bar).to_contain_text("2 selected")
    expect(bar.locator("details[open]")).to_have_count(1)
    expect(row(bar, "RIS").get_by_role("button", name="Copy")).to_be_focused()
    with page.expect_download() as download:
        row(bar, "RIS").get_by_role("button", name="Download").click()
    assert download.value.path().read_text(encoding="utf-8").count("TY  - ") == 2
    bar.get_by_role("button", name="Clear").click()
    expect(page.locator(".summary")).to_be_focused()


NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError') } })"


def test_a_browser_that_keeps_nothing(visitor: Visitor, toys: Site) -> None:
    """Says so: no box is ticked without a bar, and nothing is said to be remembered that is not."""
    context = visitor.context(toys)
    context.add_init_script(NO_STORAGE)
    page = context.new_page()
    visitor.go(page, "/search?q=face&k=3")
    page.locator("[data-select]").first.click()
    expect(page.locator(".toast")).to_contain_text("does not keep anything")
    expect(page.locator("[data-select]:checked")).to_have_count(0)
    page.locator("[data-taste=like]").first.click()
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("in this question alone")
    page.get_by_role("button", name="Save this question").click()
    expect(page.locator(".toast")).to_contain_text("A bookmark will.")
