"""What a reader does while an answer is on its way stays done; a server that says no throws nobody out."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.looking import shows, titles
from tests.browser.sites import Site
from tests.browser.slow import Held

BOX = "form#ask input[type=search]"


def test_typing_goes_on_after_enter(visitor: Visitor, toys: Site) -> None:
    """Letters are text, not commands, while the answer is awaited; they stay, and are asked too."""
    page = visitor.open(toys, "/search?q=graph")
    held = Held(page, "q=speech")
    page.locator(BOX).fill("speech")
    page.keyboard.press("Enter")
    held.wait()
    page.keyboard.type(" jldx")
    held.release()
    expect(page.locator(BOX)).to_be_focused()
    expect(page.locator(BOX)).to_have_value("speech jldx")
    shows(page, "speech jldx")
    assert not page.evaluate("JSON.parse(localStorage.getItem('paperkin') ?? '{}').like?.length")


def test_what_is_typed_after_a_click_stays(visitor: Visitor, toys: Site) -> None:
    """A filter is taken out, the answer is slow, typing goes on: neither the text nor the click is lost."""
    page = visitor.open(toys, "/search?q=speech&date_from=2024&category=cs.CL")
    held = Held(page, r"q=speech&category=cs.CL$")
    page.locator(".chip .off").first.click()
    held.wait()
    page.locator(BOX).press("End")
    page.keyboard.type(" x")
    held.release()  # before the pause is over, or after: the filter is out, the text is there
    shows(page, "speech x")
    expect(page.locator(BOX)).to_be_focused()
    expect(page.locator(BOX)).to_have_value("speech x")
    expect(page).to_have_url(f"{toys.origin}/search?q=speech+x&category=cs.CL")

    held = Held(page, r"q=speech\+x$")
    page.locator(".chip .off").click()
    held.wait()
    page.locator(BOX).press("End")
    page.keyboard.type(" and face")
    shows(page, "speech x and face")  # which ended the request before
    held.release()
    expect(page).to_have_url(f"{toys.origin}/search?q=speech+x+and+face")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.get_by_label("Category", exact=True)).to_have_value("")


def test_two_clicks_before_an_answer(visitor: Visitor, toys: Site) -> None:
    """Both filters are out, though the second link was written when the first was still in."""
    page = visitor.open(toys, "/search?q=speech&date_from=2024&category=cs.CL")
    held = Held(page, r"q=speech")
    page.locator(".chip .off").nth(0).click()
    held.wait(1)
    page.locator(".chip .off").nth(1).click()
    held.wait(2)
    held.release()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page).to_have_url(f"{toys.origin}/search?q=speech")


def test_a_filter_that_is_filled_in_meanwhile(visitor: Visitor, toys: Site) -> None:
    """An answer replaces neither its text nor the place of the cursor."""
    page = visitor.open(toys, "/search?q=face")
    held = Held(page, r"q=speech")
    page.locator(BOX).fill("speech")
    held.wait()
    author = page.get_by_label("Author", exact=True)
    author.focus()
    page.keyboard.type("Hoper")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    held.release()
    shows(page, "speech")
    expect(author).to_be_focused()
    page.keyboard.type("p")
    expect(author).to_have_value("Hopper")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{toys.origin}/search?q=speech&author=Hopper")


def test_a_server_that_says_no_while_one_types(visitor: Visitor, toys: Site) -> None:
    """It is said in words, the page stays, and Enter asks again."""
    page = visitor.open(toys, "/search?q=face")
    before = titles(page)
    page.route("**/search?q=speech", lambda route: route.abort())
    visitor.expected.add("/search?q=graph")
    page.locator(BOX).fill("speech")
    expect(page.locator(".toast")).to_have_text("No answer came. Press Enter to ask again.")
    expect(page.locator("[data-said]")).to_have_text("No answer came. Press Enter to ask again.")
    page.unroute("**/search?q=speech")
    too_many = "<!doctype html><h1>Too many questions at once.</h1>"
    page.route("**/search?q=graph", lambda route: route.fulfill(status=429, content_type="text/html", body=too_many))
    page.locator(BOX).fill("graph")
    expect(page.locator(".toast")).to_have_text("Too many questions at once.")
    expect(page).to_have_url(f"{toys.origin}/search?q=face")
    expect(page.locator("#live.waiting")).to_have_count(0)
    assert titles(page) == before
    page.unroute("**/search?q=graph")
    page.keyboard.press("Enter")
    shows(page, "graph")
    (fault,) = visitor.faults  # the browser's own word about the first
    assert "net::ERR_FAILED" in fault
    visitor.faults.clear()


def test_an_input_method(visitor: Visitor, toys: Site) -> None:
    """What it puts together is asked once it is whole, though no key follows."""
    page = visitor.open(toys, "/search?q=face")
    page.locator(BOX).fill("")
    shows(page, "all papers")
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "spee", "selectionStart": 4, "selectionEnd": 4})
    session.send("Input.insertText", {"text": "speech"})
    shows(page, "speech")


def test_where_the_focus_is_after_an_answer(visitor: Visitor, toys: Site) -> None:
    """At the same link where there is one, else where the answer says what it is, which is read out; never nowhere."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    page.locator("#facets").get_by_role("link", name="cs.CL").press("Enter")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator("#facets").get_by_role("link", name="cs.CL")).to_be_focused()
    page.locator(".chip .off").press("Enter")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator(".summary")).to_be_focused()
    said = page.locator("[data-said]")
    expect(said).to_have_text(page.locator(".summary").inner_text())
    region = said.element_handle()
    page.locator("nav.turn a[rel=next]").press("Enter")
    expect(page.locator("nav.turn a[rel=prev]")).to_have_count(1)
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator("[role=status]")).to_have_count(1)
    assert region.evaluate("region => region.isConnected")


def test_a_link_within_the_page_asks_nothing(visitor: Visitor, toys: Site) -> None:
    """Also the history tells of it as of a step back."""
    page = visitor.open(toys, "/search?q=speech")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/search" in request.url else None)
    page.get_by_text("Skip to the content").press("Enter")
    expect(page).to_have_url(f"{toys.origin}/search?q=speech#main")
    page.locator(BOX).fill("face")
    shows(page, "face")
    assert asked == [f"{toys.origin}/search?q=face"]


def test_a_phone(visitor: Visitor, toys: Site) -> None:
    """After Enter the keyboard makes room for the answer and does not come back."""
    page = visitor.open(toys, "/search?q=face", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page.locator(BOX).tap()
    page.locator(BOX).fill("speech")
    page.keyboard.press("Enter")
    shows(page, "speech")
    expect(page.locator(BOX)).not_to_be_focused()
