"""Narrowing an answer by dates, lists and names."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.looking import look
from tests.browser.sites import Site


def total(page: Page) -> int:
    """How many papers the answer has."""
    found = re.search(r"of ([\d,]+) paper", page.locator(".summary .total").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def drag(page: Page, first: float, last: float) -> None:
    """Over the histogram, from one share of its width to another."""
    box = page.locator("svg.histogram").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * first, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (first + last) / 2, y)
    page.mouse.move(box["x"] + box["width"] * last, y)
    page.mouse.up()


def test_dates_are_dragged(visitor: Visitor, toys: Site) -> None:
    """Over bars, also backwards: the address has the dates, the total falls; a chip takes each of them out."""
    page = visitor.open(toys, "/search?q=speech")
    before, address = total(page), page.url
    bars = page.locator("svg.histogram a")
    dates = [(bar.get_attribute("data-from"), bar.get_attribute("data-to")) for bar in bars.all()]
    drag(page, 0.9, 0.5)
    expect(page.locator(".chip")).to_have_count(2)
    found = re.search(r"date_from=([\d-]+)&date_to=([\d-]+)$", page.url)
    assert found
    assert (found[1], found[2]) == (
        dates[int(0.5 * len(dates))][0],
        dates[int(0.9 * len(dates))][1],
    )
    assert 0 < total(page) < before
    expect(page.locator("svg.histogram a.chosen").first).to_be_attached()
    expect(page.get_by_label("From", exact=True)).to_have_value(found[1])
    for left in (1, 0):
        page.locator(".chip .off").first.click()
        expect(page.locator(".chip")).to_have_count(left)
    expect(page).to_have_url(address)
    assert total(page) == before
    bars.last.locator("rect.ground").click()
    expect(page).to_have_url(re.compile(f"date_from={dates[-1][0]}&date_to={dates[-1][1]}$"))


def test_lists_and_names(visitor: Visitor, toys: Site) -> None:
    """Categories and sources with how many papers each has; an author's name; all together, and each undone."""
    page = visitor.open(toys, "/search?q=speech")
    facets = page.locator("#facets")
    facets.get_by_role("link", name="cs.CL").click()
    expect(page).to_have_url(f"{toys.origin}/search?q=speech&category=cs.CL")
    counted = facets.locator("a[aria-current] .count").first.inner_text()
    assert total(page) == int(counted)
    facets.get_by_role("link", name="acl").click()
    expect(page.locator(".chip")).to_have_count(2)
    facets.get_by_label("Author", exact=True).fill("Hopper")
    facets.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_have_count(3)
    expect(page.locator("article.card .facts").first).to_contain_text("Grace Hopper")
    assert total(page) == 8
    # Narrow, the filters are folded away, and stay open while they are used.
    look(page, "light", 390)
    expect(facets.locator("svg.histogram")).to_be_hidden()
    facets.locator("summary").click()
    facets.get_by_role("link", name="acl").click()
    expect(page.locator(".chip")).to_have_count(2)
    expect(facets.get_by_role("button", name="Apply")).to_be_visible()
    for left in (1, 0):
        page.locator(".chip .off").first.click()
        expect(page.locator(".chip")).to_have_count(left)
    expect(page).to_have_url(f"{toys.origin}/search?q=speech")
