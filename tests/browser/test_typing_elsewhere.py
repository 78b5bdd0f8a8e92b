"""Answers while one types on pages that show something else."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.looking import titles
from tests.browser.sites import Site


@pytest.mark.parametrize("start", ["/", "/papers/a", "/feed"])
def test_answers_come_where_one_types(visitor: Visitor, toys: Site, start: str) -> None:
    """Without Enter the answer takes the place of what the page showed, the box keeps the focus and what is typed, and
    back leads to the page."""
    page = visitor.open(toys, start)
    box = page.locator("form#ask input[type=search]")
    before = page.title()
    box.press_sequentially("speech")
    expect(page).to_have_url(re.compile(r"/search\?q=speech$"))
    expect(page.locator("#live article.card").first).to_be_visible()
    expect(box).to_be_focused()
    assert titles(page)
    box.press_sequentially(" emotion")
    expect(page).to_have_url(re.compile(r"/search\?q=speech\+emotion$"))
    page.go_back()
    expect(page).to_have_title(before)
    expect(page.locator("#live")).to_have_count(0)


def test_several_steps_are_undone(visitor: Visitor, toys: Site) -> None:
    """Each `u` takes back one thing more, the latest first; then it says that there is nothing."""
    page = visitor.open(toys, "/search?q=speech")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("l")
    expect(page).to_have_url(re.compile(r"\?q=speech&like=[^&]+$"))
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile(r"\?q=speech&like=[^&]+&dislike=[^&]+$"))
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile(r"\?q=speech&like=[^&]+$"))
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile(r"\?q=speech$"))
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("There is nothing to undo.")
