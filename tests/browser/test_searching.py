"""A question asked in a browser: typed, answered in place, kept by the address."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.sync_api import Error, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.looking import shows, titles
from tests.browser.sites import Site

BOX = "form#ask input[type=search]"


def test_a_question_from_the_home_page(visitor: Visitor, shipped: Site) -> None:
    """Typed and sent with Enter; each hit has its sentence marked and says how sure it is, and what that means."""
    page = visitor.open(shipped)
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.type("emotional TTS")
    page.keyboard.press("Enter")
    shows(page, "emotional TTS")
    assert titles(page)[0].startswith("IndexTTS2")
    first = page.locator("article.card").first
    expect(first.locator(".passage").first).to_be_visible()
    sure = first.locator(".sure")
    expect(sure).to_have_text("strong match")
    expect(sure).to_have_attribute("title", re.compile(r"^Confidence 0\.9\d|1\.00: it very probably is about"))
    sure.click()
    expect(page.locator("#sure")).to_be_visible()
    expect(page.locator("#sure")).to_contain_text("probability that a paper is about what you asked")
    page.keyboard.press("Escape")
    expect(page.locator("#sure")).to_be_hidden()
    first.get_by_text("Why this paper").click()
    expect(first.locator(".why dl")).to_contain_text("cosine")


def test_answers_while_one_types(visitor: Visitor, shipped: Site) -> None:
    """After a pause, without Enter; the address has the whole question; back, forward, reload, another browser."""
    page = visitor.open(shipped, "/search?q=emotional+TTS&date_from=2025")
    before = titles(page)
    page.locator(BOX).fill("portrait animation of a face")
    shows(page, "portrait animation of a face")
    after = titles(page)
    assert after != before
    address = f"{shipped.origin}/search?q=portrait+animation+of+a+face&date_from=2025"
    expect(page).to_have_url(address)
    expect(page.locator(BOX)).to_be_focused()
    page.go_back()
    shows(page, "emotional TTS")
    assert titles(page) == before
    expect(page.locator(BOX)).to_have_value("emotional TTS")
    page.go_forward()
    shows(page, "portrait animation of a face")
    assert titles(page) == after
    expect(page.locator(BOX)).to_have_value("portrait animation of a face")
    page.reload()
    assert titles(page) == after
    assert titles(visitor.open(shipped, address)) == after


def test_fast_typing_shows_the_last_answer_alone(visitor: Visitor, toys: Site) -> None:
    """What was asked before and is answered late counts no more. One go of typing is one step of the history."""
    page = visitor.open(toys, "/search?q=face")
    held: list[Route] = []
    page.route(re.compile(r"q=speech$"), lambda route: held.append(route))  # noqa: PLW0108  not a builtin
    box = page.locator(BOX)
    with page.expect_request(re.compile(r"q=speech$")):
        box.fill("speech")
    box.press_sequentially(" and emotion")
    shows(page, "speech and emotion")
    right = titles(page)
    for route in held:
        with suppress(Error):  # the page has given that request up
            route.continue_()
    box.press_sequentially(" of a graph", delay=5)
    shows(page, "speech and emotion of a graph")
    expect(page).to_have_url(f"{toys.origin}/search?q=speech+and+emotion+of+a+graph")
    assert titles(page) != right
    page.go_back()
    shows(page, "face")


def test_half_a_filter_throws_nobody_out(visitor: Visitor, toys: Site) -> None:
    """A date under way is no date: while one types the answer before stays; once sent, the error says what to do."""
    page = visitor.open(toys, "/search?q=speech")
    before = titles(page)
    page.get_by_label("From", exact=True).fill("202")
    visitor.expected.add("/search?q=speeches&date_from=202")
    with page.expect_response(re.compile("q=speeches")):
        page.locator(BOX).fill("speeches")
    expect(page.locator("#live.waiting")).to_have_count(0)
    expect(page).to_have_url(f"{toys.origin}/search?q=speech")
    assert titles(page) == before
    page.get_by_label("From", exact=True).fill("2024")
    page.get_by_label("From", exact=True).press("Enter")
    shows(page, "speeches")
    expect(page).to_have_url(f"{toys.origin}/search?q=speeches&date_from=2024")
    page.get_by_label("From", exact=True).fill("202")
    visitor.expected.add("/search?q=speeches&date_from=202")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("section.error h1")).to_contain_text("202")


def test_a_question_without_an_answer(visitor: Visitor, shipped: Site) -> None:
    """Kindly, with what could be tried; the nearest papers follow all the same."""
    page = visitor.open(shipped, "/search?q=protein+folding&date_from=2020")
    hint = page.locator(".answer > .hint")
    expect(hint).to_contain_text("No good match.")
    expect(hint).to_contain_text("You could say it in other words")
    assert titles(page)
    hint.get_by_role("link", name="without filters").click()
    expect(page).to_have_url(f"{shipped.origin}/search?q=protein+folding")
    hint.get_by_role("link", name="by meaning alone").click()
    expect(page).to_have_url(f"{shipped.origin}/search?q=protein+folding&mode=dense")
    expect(page.locator("select[name=mode]")).to_have_value("dense")
