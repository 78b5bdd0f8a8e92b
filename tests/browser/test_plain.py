"""Without JavaScript."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.looking import shot, titles
from tests.browser.sites import Site


def test_search_works_without_scripts(visitor: Visitor, toys: Site) -> None:
    """Search, filters, pages of an answer, likes, a paper and its kin, lists of days: links and forms do it."""
    page = visitor.open(toys, java_script_enabled=False)
    page.locator("input[type=search]").fill("speech")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"/search\?q=speech&"))
    expect(page).to_have_title("speech – Paperkin")
    expect(page.locator(".script:visible")).to_have_count(0)
    shot(page, "plain-search")
    page.get_by_label("From", exact=True).fill("2025-01")
    page.get_by_label("Author", exact=True).fill("Hopper")
    page.get_by_label("Search by").select_option("dense")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_have_count(3)
    first = titles(page)
    page.get_by_role("link", name="Next →").click()
    expect(page.get_by_role("link", name="← Previous")).to_be_visible()
    assert not set(titles(page)) & set(first)
    page.locator("article.card").first.get_by_role("link", name="More like this").click()
    expect(page.locator(".chip")).to_have_count(4)
    page.locator("details.menu summary").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as RIS").first.click()
    assert download.value.suggested_filename == "paperkin.ris"
    page.locator("article.card h2 a").nth(1).click()
    expect(page.locator("article.paper h1")).to_be_visible()
    expect(page.locator("#related article.card").first).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Papers").click()
    page.get_by_role("link", name="Month").click()
    expect(page.get_by_role("link", name="Month")).to_have_attribute("aria-current", "page")
    before = page.locator("h1").inner_text()
    page.locator("a[rel=prev]").first.click()
    assert page.locator("h1").inner_text() != before
    visitor.go(page, "/saved")
    expect(page.locator("noscript .hint")).to_be_visible()
