"""Liked and disliked papers: the answer moves at once, the browser remembers, all can be undone and taken along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looking import shows, sideways, titles
from tests.browser.sites import Site
from tests.browser.slow import Held


def asked(page: Page) -> dict[str, list[str]]:
    """What the address asks for."""
    return parse_qs(urlsplit(page.url).query)


def kept(page: Page) -> Any:
    """What the browser keeps."""
    return json.loads(page.evaluate("localStorage.getItem('paperkin')") or "{}")


def test_more_like_this_moves_the_list(visitor: Visitor, shipped: Site) -> None:
    """By the link, with the title above the answer and a way back; and by keys, one paper after another in place."""
    page = visitor.open(shipped, "/search?q=speech")
    before, address = titles(page), page.url
    card = page.locator("article.card").nth(3)
    title, paper = card.get_attribute("data-title"), card.get_attribute("data-id")
    assert title
    card.get_by_text("More like this").click()
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".chip")).to_contain_text(title[:40])
    assert asked(page) == {"q": ["speech"], "like": [paper]}
    assert titles(page) != before
    expect(page.locator(".toast")).to_contain_text(f"More like “{title}”")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page).to_have_url(address)
    assert titles(page) == before
    assert kept(page)["like"] == []

    for key in "jjjl":
        page.keyboard.press(key)
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator("article.card").nth(2)).to_have_class("card here")
    liked = asked(page)["like"]
    page.keyboard.press("d")
    expect(page.locator(".chip")).to_have_count(2)
    expect(page.locator("article.card").nth(2)).to_have_class("card here")
    assert len(asked(page)["dislike"]) == 1
    page.keyboard.press("d")
    expect(page.locator(".chip")).to_have_count(3)
    assert len(asked(page)["dislike"]) == 2
    page.keyboard.press("u")
    expect(page.locator(".chip")).to_have_count(2)
    assert asked(page)["like"] == liked
    assert [each["id"] for each in kept(page)["like"]] == liked
    assert [each["id"] for each in kept(page)["dislike"]] == asked(page)["dislike"]
    page.locator(".chip .off").first.click()
    expect(page.locator(".chip")).to_have_count(1)
    assert "like" not in asked(page)


def test_what_is_kept_is_exported_forgotten_and_imported(visitor: Visitor, toys: Site, tmp_path: Path) -> None:
    """Questions and papers, from any page, are on the page of saved things; a file brings them back."""
    page = visitor.open(toys, "/search?q=speech&date_from=2025")
    page.get_by_role("button", name="Save this question").click()
    expect(page.locator(".toast")).to_contain_text("Saved “speech” in this browser")
    visitor.go(page, "/")
    paper = page.locator("article.card").first.get_attribute("data-id")
    page.locator("[data-taste=like]").first.click()
    page.wait_for_url("**/search?like=*")  # as without scripts
    assert asked(page) == {"like": [paper]}
    visitor.go(page, "/")
    expect(page.locator("[data-taste=like].on")).to_have_count(1)
    expect(page.get_by_role("link", name="More like this (chosen)")).to_have_count(1)
    visitor.go(page, "/papers/many-03")
    page.locator("article.paper [data-taste=dislike]").click()
    expect(page.locator("article.paper [data-taste=dislike].on")).to_have_count(1)
    visitor.go(page, "/saved")
    before = kept(page)
    assert [len(before[name]) for name in ("questions", "like", "dislike")] == [1, 1, 1]
    expect(page.locator(".kept li")).to_have_count(3)
    expect(page.locator("[data-kept=dislike] a")).to_have_attribute("href", "/papers/many-03")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "paperkin-saved.json"
    saved = tmp_path / "saved.json"
    download.value.save_as(saved)
    assert json.loads(saved.read_text()) == {name: before[name] for name in ("questions", "like", "dislike")}
    page.get_by_role("button", name="Forget all").click()
    expect(page.locator(".kept li")).to_have_count(0)
    page.locator("[data-import]").set_input_files(saved)
    expect(page.locator(".toast")).to_have_text("3 imported.")
    assert kept(page) == before
    page.get_by_role("button", name="Forget ", exact=False).first.click()
    expect(page.locator(".kept li")).to_have_count(2)
    expect(page.get_by_role("heading", name="Questions")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".kept li")).to_have_count(3)
    expect(page.get_by_role("heading", name="Questions")).to_be_focused()
    page.locator("[data-kept=questions] a").click()
    shows(page, "speech")
    expect(page).to_have_url(f"{toys.origin}/search?q=speech&date_from=2025")
    visitor.go(page, "/saved")
    page.get_by_role("link", name="Search with these papers").click()
    expect(page.locator(".chip")).to_have_count(2)


def test_undo_is_of_what_is_asked_by_then(visitor: Visitor, toys: Site) -> None:
    """It takes the paper out of the present question alone; going back does not lead into what was undone."""
    page = visitor.open(toys, "/search?q=speech")
    page.locator("[data-taste=like]").first.click()
    expect(page.locator(".chip")).to_have_count(1)
    page.locator("form#ask [name=q]").fill("graph")
    shows(page, "graph")
    assert set(asked(page)) == {"q", "like"}
    page.locator(".toast button").click()
    expect(page).to_have_url(f"{toys.origin}/search?q=graph")
    expect(page.locator(".chip")).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")
    visitor.go(page, "/search?q=face")
    page.locator("[data-taste=like]").first.click()
    expect(page.locator(".chip")).to_have_count(1)
    page.locator(".toast button").click()
    expect(page).to_have_url(f"{toys.origin}/search?q=face")
    page.go_back()
    expect(page).to_have_url(f"{toys.origin}/search?q=face")
    expect(page.locator(".chip")).to_have_count(0)


def test_two_likes_before_an_answer(visitor: Visitor, toys: Site) -> None:
    """The second builds upon the first, whose answer is still on its way."""
    page = visitor.open(toys, "/search?q=speech")
    held = Held(page, "like=")
    likes = page.locator("[data-taste=like]")
    likes.nth(0).click()
    held.wait(1)
    likes.nth(1).click()
    held.wait(2)
    held.release()
    expect(page.locator(".chip")).to_have_count(2)


def test_a_dislike_where_nothing_is_asked(visitor: Visitor, toys: Site) -> None:
    """Moves nothing and adds no step to the history; it counts in the next question."""
    page = visitor.open(toys, "/search")
    steps = page.evaluate("history.length")
    dislike = page.locator("[data-taste=dislike]").first
    paper = page.locator("article.card").first.get_attribute("data-id")
    dislike.evaluate("each => each.click()")
    expect(page.locator(".toast")).to_contain_text("Remembered; it counts once you ask something.")
    assert [page.evaluate("history.length"), page.url] == [steps, f"{toys.origin}/search"]
    page.locator("form#ask [name=q]").fill("speech")
    shows(page, "speech")
    assert asked(page) == {"q": ["speech"], "dislike": [paper]}
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page).to_have_url(f"{toys.origin}/search?q=speech")
    assert kept(page)["dislike"] == []


def test_a_long_question_is_saved(visitor: Visitor, toys: Site) -> None:
    """An abstract of another script, whose address is nine times as long, is kept when it is said to be kept."""
    page = visitor.open(toys, f"/search?abstract={quote('情感语音合成' * 400)}")
    page.get_by_role("button", name="Save this question").click()
    expect(page.locator(".toast")).to_contain_text("Saved")
    assert len(kept(page)["questions"]) == 1


DAMAGED = (
    "{",
    "null",
    '"text"',
    '{"like": {"length": 3}, "selected": 7, "visit": []}',
    '{"like": [null, 1, {"id": 5, "title": "x"}, {"id": "a", "title": ["y"]}], "questions": [{"href": 1}]}',
)


def test_damage_does_no_harm(visitor: Visitor, toys: Site) -> None:
    """Whatever stands in the browser's store, pages work, and what is kept next is kept whole."""
    page = visitor.open(toys, "/search?q=speech&k=3")
    like = page.locator("[data-taste=like]").first
    for damaged in DAMAGED:
        page.evaluate("value => localStorage.setItem('paperkin', value)", damaged)
        like.click()
        expect(page.locator(".chip")).to_have_count(1)
        assert len(kept(page)["like"]) == 1
        page.keyboard.press("u")
        expect(page.locator(".chip")).to_have_count(0)
    page.evaluate("value => localStorage.setItem('paperkin', value)", DAMAGED[-1])
    visitor.go(page, "/saved")
    expect(page.get_by_text("None yet.")).to_have_count(3)


HOSTILE = {
    "questions": [
        {"href": href, "title": "click me"}
        for href in (
            "javascript:window.pwned=1",
            "//example.org/search?q=x",
            "https://example.org/search?q=x",
            5,
            "/docs",
        )
    ]
    + [{"href": "/search?q=speech", "title": "<img src=x onerror=window.pwned=1>"}],
    "like": [{"id": "../../docs", "title": "<b>like</b>", "href": "javascript:1"}, {"id": ["a"], "title": "b"}, "c"],
    "dislike": "no list",
    "selected": [{"id": "a", "title": "unasked"}],
    "__proto__": {"polluted": True},
}


FILES = (
    ("no JSON", "This is no file that was exported here."),
    ("[]", "There is nothing in this file that can be kept."),
    (
        json.dumps({"like": [{"id": "i" * 10_000_000, "title": "long"}]}),
        "There is nothing in this file that can be kept.",
    ),
    (
        json.dumps({"questions": [{"href": f"/search?q={n}{'x' * 9_000}", "title": "t"} for n in range(1_000)]}),
        "This is more than the browser keeps for this page.",
    ),
    (json.dumps(HOSTILE), "2 imported."),
    (json.dumps({"dislike": [{"id": f"p{n}", "title": "t" * 900} for n in range(2_000)]}), "1000 imported."),
)


def test_a_hostile_file_does_no_harm(visitor: Visitor, toys: Site) -> None:
    """Only what has the right shape is taken, only addresses of searches here are followed, and titles are text."""
    page = visitor.open(toys, "/saved")
    page.evaluate("""localStorage.setItem('paperkin', '{"like": [{"id": "a", "title": "speech"}]}')""")
    for content, said in FILES:
        page.locator("[data-import]").set_input_files(
            {"name": "saved.json", "mimeType": "application/json", "buffer": content.encode()}
        )
        expect(page.locator(".toast")).to_have_text(said)
        page.evaluate("document.querySelector('.toast').remove()")
    assert [
        [link.get_attribute("href") for link in page.locator(f"[data-kept={name}] a").all()]
        for name in ("questions", "like")
    ] == [["/search?q=speech"], ["/papers/..%2F..%2Fdocs", "/papers/a"]]
    expect(page.locator("[data-kept=questions] a")).to_have_text("<img src=x onerror=window.pwned=1>")
    assert [len(kept(page)[name]) for name in ("dislike", "selected")] == [1_000, 0]
    assert page.evaluate("[window.pwned, ({}).polluted]") == [None, None]
    assert sideways(page) == []
