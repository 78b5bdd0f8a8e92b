"""What is looked at on a page: papers, accessibility, width; and pictures of it, to be looked at by people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from playwright.sync_api import Page, expect

from tests.browser.chromium import AXE, SCREENSHOTS, fetched

WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
SMALL, NARROW, WIDE = 320, 390, 1440
"""Widths of windows; at 320 WCAG wants no scrolling sideways."""
LOOKS: Final = tuple((scheme, width) for scheme in ("light", "dark") for width in (NARROW, WIDE))


def titles(page: Page) -> list[str]:
    """The headings of the papers, in order."""
    return page.locator("article.card").locator("h2, h3").all_inner_texts()


def shows(page: Page, title: str) -> None:
    """Wait for the answer of a question; the title of the page changes together with its papers."""
    expect(page).to_have_title(f"{title} – Paperkin")
    expect(page.locator("#live.waiting")).to_have_count(0)


def shot(page: Page, name: str, *, whole: bool = True) -> None:
    """Keep a picture among the artefacts of the run."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole, animations="disabled")


def look(page: Page, scheme: Any, width: int) -> None:
    """See the page in this scheme, on a window this wide."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844 if width < 1000 else 900})


def sideways(page: Page) -> list[str]:
    """What sticks out where a page is wider than its window: how far the page can be moved, and the elements."""
    found: list[str] = page.evaluate(
        """() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          if (scrollWidth <= clientWidth) return [];
          const out = [...document.querySelectorAll("body *")].filter((each) => {
            const { width, right } = each.getBoundingClientRect();
            return width && right > clientWidth + 0.5;
          });
          return [`${scrollWidth - clientWidth} pixels`, ...out.slice(-3).map((each) => each.outerHTML.slice(0, 120))];
        }"""
    )
    return found


def violations(page: Page, tags: Sequence[str] = WCAG, skipped: Sequence[str] = ()) -> list[str]:
    """What axe-core finds wrong: the rule, the elements, and what it says of them."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(fetched(AXE).read_text(encoding="utf-8"))
    found = page.evaluate(
        "async ([tags, skipped]) => (await axe.run({ runOnly: tags, resultTypes: ['violations'],"
        " rules: Object.fromEntries(skipped.map((id) => [id, { enabled: false }])) })).violations"
        ".flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, target, failureSummary]))",
        [list(tags), list(skipped)],
    )
    return [f"{rule} at {json.dumps(target)}: {summary}" for rule, target, summary in found]
