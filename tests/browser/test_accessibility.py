"""Every page as it looks: accessible by WCAG 2.2 AA in both schemes, narrow and wide, and nowhere wider than its window."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looking import LOOKS, NARROW, WIDE, look, shot, sideways, violations
from tests.browser.sites import Site


def examine(page: Page, name: str, *, whole: bool = True) -> None:
    """Look at a page in every way, and keep the pictures."""
    found = {}
    for scheme, width in LOOKS:
        look(page, scheme, width)
        shot(page, f"{name}-{width}-{scheme}", whole=whole)
        if wrong := violations(page):
            found[f"{scheme} {width}"] = wrong
        if over := sideways(page):
            found[f"{scheme} {width} wide"] = over
    look(page, "light", 320)
    if over := sideways(page):
        found["320 wide"] = over
    assert found == {}


PAGES = {
    "home": "/",
    "search": "/search?q=emotional+TTS",
    "all": "/search",
    "none": "/search?q=protein+folding&date_from=2020",
    "paper": "/papers/uniss-unified-expressive-speech-to-speech-translation-8212dd0e",
    "feed-month": "/feed?period=month",
    "help": "/help",
    "map": "/map",
    "collection": "/collection",
    "digest": "/digest",
}
TOYS = {
    "toys-search": "/search?q=speech+and+emotion&like=many-04&dislike=many-03&date_from=2024&category=cs.CL",
    "toys-feed-day": "/feed?period=day",
    "toys-feed-week": "/feed?period=week",
    "formulas": "/papers/formulas",
}
ERRORS = {"missing": ("/papers/no-such-speech", 404), "wrong": ("/search?q=speech&date_from=202", 422), "gone": ("/digest/confirm/x", 422)}


@pytest.mark.parametrize("name", PAGES)
def test_pages(visitor: Visitor, shipped: Site, name: str) -> None:
    """The shipped papers."""
    if shipped.service and name in {"map", "collection"}:
        page = visitor.context(shipped).new_page()
        page.goto(PAGES[name])
    else:
        page = visitor.open(shipped, PAGES[name])
    examine(page, name)


@pytest.mark.parametrize("name", TOYS)
def test_pages_of_toys(visitor: Visitor, toys: Site, name: str) -> None:
    """Categories, sources, likes, formulas, hostile papers."""
    examine(visitor.open(toys, TOYS[name]), name)
