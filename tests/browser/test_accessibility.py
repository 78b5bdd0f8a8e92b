"""Every page as it looks: accessible by WCAG 2.2 AA in both schemes, narrow and wide; never wider than its window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.api.test_digest import link
from tests.browser.conftest import Visitor
from tests.browser.looking import LOOKS, NARROW, SMALL, look, shot, sideways, violations
from tests.browser.sites import Site


def examine(page: Page, name: str, *, whole: bool = True, covered: bool = False) -> None:
    """Look at a page in every way, and keep the pictures. Of what is `covered` by a menu the size is not measured."""
    found = []
    for scheme, width in LOOKS:
        look(page, scheme, width)
        shot(page, f"{name}-{width}-{scheme}", whole=whole)
        found += [
            f"{scheme} {width}: {wrong}"
            for wrong in (*violations(page, skipped=["target-size"] if covered else []), *sideways(page))
        ]
    look(page, "light", SMALL)
    found += [f"{SMALL}: {wrong}" for wrong in sideways(page)]
    assert not found, "\n".join(found)


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
ERRORS = {
    "missing": ("/papers/no-such-speech", 404),
    "wrong": ("/search?q=speech&date_from=202", 422),
    "unable": ("/digest/confirm/x", 503),
}


@pytest.mark.parametrize("name", PAGES)
def test_pages(visitor: Visitor, shipped: Site, name: str) -> None:
    """The shipped papers."""
    examine(visitor.open(shipped, PAGES[name]), name)


@pytest.mark.parametrize("name", TOYS)
def test_pages_of_toys(visitor: Visitor, toys: Site, name: str) -> None:
    """Categories, sources, likes, formulas, hostile papers."""
    examine(visitor.open(toys, TOYS[name]), name)


@pytest.mark.parametrize("name", ERRORS)
def test_pages_of_errors(visitor: Visitor, toys: Site, name: str) -> None:
    """What is not there, what is wrong."""
    path, status = ERRORS[name]
    examine(visitor.open(toys, path, status=status), name)


def test_saved_things(visitor: Visitor, toys: Site) -> None:
    """Empty, and with what is kept."""
    page = visitor.open(toys, "/saved")
    examine(page, "saved-empty")
    page.evaluate(
        "kept => localStorage.setItem('paperkin', JSON.stringify(kept))",
        {
            "questions": [{"href": "/search?q=speech", "title": "speech " * 30}, {"href": "/search?q=a", "title": "a"}],
            "like": [{"id": "a", "title": "speech"}, {"id": "x" * 60, "title": "An " + "unbreakable" * 12}],
        },
    )
    page.reload()
    expect(page.locator(".kept li")).to_have_count(4)
    examine(page, "saved")


def test_mail(visitor: Visitor, mailing: Site) -> None:
    """The form, and what follows it: a message on its way, a subscription confirmed and ended by buttons."""
    page = visitor.open(mailing, "/digest?q=speech")
    examine(page, "digest-form")
    page.get_by_label("Your address").fill("ada@example.net")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("h1")).to_have_text("Please look into your mailbox")
    examine(page, "digest-sent")
    mailing.service.digest.flush(datetime.now(UTC))
    assert mailing.mailbox
    ((_, message),) = mailing.mailbox.messages
    visitor.go(page, link(message))
    examine(page, "digest-confirm")
    page.get_by_role("button", name="Send me new papers").click()
    expect(page.locator("h1")).to_have_text("You are subscribed")
    visitor.go(page, urlsplit(mailing.service.digest.links.unsubscribe(1)).path)
    page.get_by_role("button", name="Send me no more").click()
    expect(page.locator("h1")).to_have_text("You are unsubscribed")
    examine(page, "digest-ended")


def keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_be_visible()


def menu(page: Page) -> None:
    page.locator("article.card details.menu summary").first.click()


def selected(page: Page) -> None:
    for box in page.locator("[data-select]").all()[:2]:
        box.check()
    page.locator(".selection summary").click()


def liked(page: Page) -> None:
    page.locator("[data-taste=like]").first.click()
    expect(page.locator(".toast")).to_be_visible()


def sure(page: Page) -> None:
    page.locator(".sure").first.click()
    expect(page.locator("#sure")).to_be_visible()


def unfolded(page: Page) -> None:
    look(page, "light", NARROW)
    page.locator("#facets > summary").click()
    page.locator(".narrow > summary").click()
    page.locator(".why > summary").first.click()
    page.locator(".plan > summary").click()


@pytest.mark.parametrize("state", [keys, menu, selected, liked, sure, unfolded], ids=lambda state: state.__name__)
def test_what_opens(visitor: Visitor, toys: Site, state: Callable[[Page], None]) -> None:
    """The table of keys, a menu, the bar of selected papers, a message, a popover, all that is folded away."""
    page = visitor.open(toys, "/search?q=speech+and+face&k=4")
    state(page)
    examine(page, f"open-{state.__name__}", whole=state is unfolded, covered=state in {menu, selected})
