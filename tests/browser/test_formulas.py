"""Formulas are typeset where there are any; all else stays as it is written."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import KATEX, fetched
from tests.browser.conftest import Visitor
from tests.browser.looking import shot
from tests.browser.sites import Site

PATHS = ("/papers/formulas", "/search?q=alpha", "/feed?period=month&date=2026-02")


@pytest.mark.parametrize("path", PATHS)
def test_formulas_are_typeset(visitor: Visitor, toys: Site, path: str) -> None:
    """With MathML for who cannot see; sums of money and what KaTeX does not know are text."""
    fetched(KATEX)
    page = visitor.open(toys, path)
    paper = page.locator("[data-id=formulas]").first
    heading = paper.locator("h1, h2, h3").first
    expect(heading.locator(".katex")).to_have_count(2)
    expect(heading.locator(".katex-mathml math").first).to_be_attached()
    expect(paper.locator("p .katex")).to_have_count(1)
    assert heading.locator("annotation").all_text_contents() == [r"\alpha_1", "x^2"]
    expect(paper).to_contain_text("between $5 and $10 a face")
    expect(paper).to_contain_text(r"Broken is $\frac{1$ and \(\nosuchthing\)")
    shot(page, f"formulas-{path[1:5].strip('/?')}", whole=False)


def test_katex_is_loaded_for_formulas_alone(visitor: Visitor, shipped: Site) -> None:
    """A page without any does not ask for it."""
    page = visitor.context(shipped).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/search?q=speech")
    page.wait_for_load_state("networkidle")
    assert any(url.endswith("/js/tex.js") for url in asked)
    assert not [url for url in asked if "katex" in url]
