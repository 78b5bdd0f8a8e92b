"""What a page may cost: bytes, and no moving about while it loads."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Visitor
from tests.browser.looking import NARROW, WIDE
from tests.browser.sites import Site

FIRST = 100_000
"""Bytes of the first page with all that it loads, as they are transferred."""
STILL = 0.01
"""Cumulative layout shift; 0.1 counts as good."""
SHIFTS = """
  globalThis.shifted = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) globalThis.shifted.push(value);
  }).observe({ type: "layout-shift", buffered: true });
"""


def test_the_first_page_is_light(visitor: Visitor, shipped: Site) -> None:
    """Less than 100 kB with style, scripts and icon, compressed; and a second page loads itself alone."""
    page = visitor.context(shipped).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    visitor.go(page, "/")
    page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes) < FIRST
    assert len(sizes) > 10
    sizes.clear()
    visitor.go(page, "/help")
    page.wait_for_load_state("networkidle")
    assert sum(sizes) < 6_000


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_nothing_moves_while_it_loads(visitor: Visitor, shipped: Site, width: int) -> None:
    """The first paint has everything in its place."""
    context = visitor.context(shipped, viewport={"width": width, "height": 844})
    context.add_init_script(SHIFTS)
    page = context.new_page()
    for path in (
        "/",
        "/search?q=emotional+TTS",
        "/papers/uniss-unified-expressive-speech-to-speech-translation-8212dd0e",
    ):
        visitor.go(page, path)
        page.wait_for_load_state("networkidle")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert sum(page.evaluate("shifted")) < STILL, path
