"""Everything by keyboard."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.looking import titles
from tests.browser.sites import Site
from tests.browser.slow import Held

BOX = "form#ask input[type=search]"


def test_the_way_through_a_list(visitor: Visitor, toys: Site) -> None:
    """From the box into the list, along it, to the first and the last paper and no further; select, open."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    cards, here = page.locator("article.card"), page.locator("article.card.here")
    page.keyboard.press("/")
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("?jlx")
    expect(page.locator(BOX)).to_have_value("speech?jlx")
    expect(page.locator("dialog")).to_have_count(0)
    page.locator(BOX).fill("speech")  # its answer arrives when the reader is in the list
    page.keyboard.press("ArrowDown")
    expect(cards.nth(0)).to_have_class("card here")
    expect(cards.nth(0).locator("h2 a")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    expect(cards.nth(2)).to_have_class("card here")
    expect(here).to_be_in_viewport()
    page.keyboard.press("k")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(cards.nth(0)).to_have_class("card here")
    for _ in range(cards.count() + 1):
        page.keyboard.press("j")
    expect(cards.last).to_have_class("card here")
    expect(here).to_be_in_viewport()
    page.keyboard.press("x")
    expect(cards.last.locator("[data-select]")).to_be_checked()
    expect(page.locator(".selection")).to_contain_text("1 selected")
    page.keyboard.press("x")
    expect(page.locator(".selection")).to_have_count(0)
    title = titles(page)[-1]
    page.keyboard.press("o")
    expect(page.locator("article.paper h1")).to_have_text(title)
    page.keyboard.press("l")
    assert page.url.startswith(f"{toys.origin}/papers/")


def test_the_table_of_keys(visitor: Visitor, toys: Site) -> None:
    """The focus stays in it until Escape, and then is where it was; keys mean nothing meanwhile."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    page.keyboard.press("j")
    link = page.locator("article.card").first.locator("h2 a")
    expect(link).to_be_focused()
    page.keyboard.press("?")
    dialog = page.locator("dialog.keys")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("row")).to_have_count(7)
    for _ in range(4):
        page.keyboard.press("Tab")
        # The document itself is where the browser's own buttons would have their turn.
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(link).to_be_focused()


def test_menus_close(visitor: Visitor, toys: Site) -> None:
    """By Escape, which gives the focus back; by a click elsewhere; and one at a time."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    menus = page.locator("details.menu")
    menus.nth(0).locator("summary").click()
    page.keyboard.press("Tab")
    expect(menus.nth(0).get_by_role("button", name="Copy as BibTeX")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    expect(menus.nth(0).locator("summary")).to_be_focused()
    menus.nth(0).locator("summary").click()
    menus.nth(1).locator("summary").press("Enter")
    expect(page.locator("details.menu[open]")).to_have_count(1)
    page.locator("h1").first.dispatch_event("click")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    skip = visitor.open(toys, "/feed?date=2025-06&period=month")
    skip.keyboard.press("Tab")
    expect(skip.get_by_text("Skip to the content")).to_be_in_viewport()
    skip.keyboard.press("Enter")
    assert skip.url.endswith("#main")


def test_the_box_keeps_the_focus(visitor: Visitor, toys: Site) -> None:
    """Whatever was done in the list before: an answer to what is typed does not draw anyone into the list."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    for key in "jx/":
        page.keyboard.press(key)
    page.locator(BOX).fill("")
    page.keyboard.type("emotion")
    expect(page).to_have_title("emotion – Paperkin")
    expect(page.locator(BOX)).to_be_focused()
    expect(page.locator("article.card.here")).to_have_count(0)


def test_escape_leaves_the_box_as_it_is(visitor: Visitor, toys: Site) -> None:
    """Its text stays, since the answer to it stays."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    page.locator(BOX).focus()
    page.keyboard.press("Escape")
    expect(page.locator(BOX)).not_to_be_focused()
    expect(page.locator(BOX)).to_have_value("speech")


def test_single_keys_can_be_switched_off(visitor: Visitor, toys: Site) -> None:
    """In the table of keys and on the page on how to search; the browser keeps it."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    page.keyboard.press("?")
    page.locator("dialog.keys").get_by_label("Use these keys").uncheck()
    page.keyboard.press("Escape")
    for key in "jx?/":
        page.keyboard.press(key)
    expect(page.locator("article.card.here")).to_have_count(0)
    expect(page.locator("dialog.keys")).to_be_hidden()
    expect(page.locator(BOX)).not_to_be_focused()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator("article.card.here")).to_have_count(0)
    page.locator(BOX).press("ArrowDown")
    expect(page.locator("article.card.here")).to_have_count(1)
    visitor.go(page, "/help")
    page.get_by_label("Use these keys").check()
    visitor.go(page, "/search?q=speech&k=5")
    page.keyboard.press("j")
    expect(page.locator("article.card.here")).to_have_count(1)


def test_arrows_scroll_outside_of_the_list(visitor: Visitor, toys: Site) -> None:
    """They mean the list only from within it, or from the search box."""
    page = visitor.open(toys, "/papers/many-03")
    page.keyboard.press("ArrowDown")
    expect(page.locator("article.card.here")).to_have_count(0)
    assert page.evaluate("document.activeElement === document.body")


def test_the_table_of_keys_is_asked_for_once(visitor: Visitor, toys: Site) -> None:
    """However often the key is pressed while the server is slow; where it does not come, the page itself is gone to."""
    page = visitor.open(toys, "/search?q=speech&k=5")
    held = Held(page, "/help$")
    page.keyboard.press("?")
    page.keyboard.press("?")
    held.wait()
    held.release()
    expect(page.locator("dialog.keys")).to_be_visible()
    expect(page.locator("dialog")).to_have_count(1)
    assert len(held.routes) == 1
    page.reload()
    page.route(
        "**/help", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>half</h1>"), times=1
    )
    page.keyboard.press("?")
    page.wait_for_url("**/help#keyboard")
