"""Papers are other people's text: whatever stands in them is shown and never run."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.looking import shows
from tests.browser.sites import IMAGE, SCRIPT, Site


def test_nothing_in_a_paper_runs(visitor: Visitor, toys: Site) -> None:
    """On each page that shows it, in each place that it gets to: lists, chips, toasts, the selection, titles, saved."""
    page = visitor.open(toys, "/search?q=hostile+speech")
    card = page.locator("article.card", has_text="A speech that is hostile")
    expect(card.locator("h2")).to_have_text(f"{SCRIPT} speech")
    expect(card.locator(".abstract")).to_contain_text(SCRIPT)
    expect(card.locator(".category")).to_have_text('cs.<img src=x onerror="window.pwned=1">')
    card.get_by_text("Why this paper").click()
    card.locator("[data-select]").check()
    card.get_by_text("More like this").click()
    expect(page.locator(".chip")).to_contain_text(SCRIPT)
    expect(page.locator(".toast")).to_contain_text(SCRIPT)
    page.get_by_role("button", name="Save this question").click()
    visitor.go(page, f"/search?q={quote(IMAGE)}&author={quote(SCRIPT)}&category={quote(IMAGE)}")
    shows(page, IMAGE)
    page.get_by_role("button", name="Save this question").click()
    visitor.go(page, "/saved")
    expect(page.locator("[data-kept=like] a")).to_have_text(f"{SCRIPT} speech")
    expect(page.locator("[data-kept=questions] a").first).to_have_text(IMAGE)
    for paper in (SCRIPT, IMAGE):
        visitor.go(page, f"/papers/{quote(paper, safe='')}")
        expect(page.locator("article.paper h1")).to_contain_text(paper)
        expect(page).to_have_title(f"{paper}{' speech' if paper == SCRIPT else ''} – Paperkin")
    for path in ("/", "/feed?period=month&date=2026-02", f"/digest?q={quote(IMAGE)}"):
        visitor.go(page, path)
    visitor.go(page, f"/search?date_from={quote(IMAGE)}&q={quote(SCRIPT)}", 422)
    expect(page.locator("section.error")).to_be_visible()
    visitor.go(page, f"/papers/{quote('no such ' + IMAGE, safe='')}", 404)
    assert page.evaluate("window.pwned") is None
    assert page.locator("img:not([src^='/assets/']), main script, [onerror], [onload]").count() == 0
