"""The page of the map, as tests look at it: where papers are on the screen, and what colour is there."""

from __future__ import annotations

import base64
from typing import Any, Final

from playwright.sync_api import Page

from search.area import SIDE
from tests.api.mapped import PLACED

MARGIN: Final = 28
TOOLS: Final = 62
NOWHERE: Final = (60_000, 30_000)
"""A place without papers."""
WHITE: Final = (255, 255, 255)
ACCENT: Final = (0x2A, 0x5C, 0x4D)
Spot = tuple[float, float]
"""A point of the page, in pixels."""


def ready(page: Page) -> Page:
    """Wait for the map to stand."""
    page.wait_for_selector(".stage.ready")
    return page


def spot(page: Page, x: float, y: float) -> Spot:
    """Where a place lies while the whole map is seen, which takes the whole square: in the middle, between margins, but
    not below the buttons."""
    box = page.locator(".over").bounding_box()
    assert box is not None
    width, height = box["width"], box["height"]
    scale = min(width - MARGIN - TOOLS, height - 2 * MARGIN) / SIDE
    middle = min(width / 2, width - TOOLS - scale * SIDE / 2)
    return box["x"] + middle + (x - SIDE / 2) * scale, box["y"] + height / 2 + (y - SIDE / 2) * scale


def spot_of(page: Page, paper_id: str) -> Spot:
    """Where a paper of the map of these tests lies."""
    return next(spot(page, x, y) for paper, x, y, _ in PLACED if paper.id == paper_id)


def colours(page: Page, *spots: Spot) -> list[tuple[int, ...]]:
    """The colours that are seen at points of the page, once everything that was asked for is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    png = base64.b64encode(page.screenshot()).decode()
    read = """async ([png, spots]) => {
        const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
        const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d", { willReadFrequently: true });
        pen.drawImage(picture, 0, 0);
        return spots.map(([x, y]) => [...pen.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3));
    }"""
    found: list[Any] = page.evaluate(read, [png, [list(each) for each in spots]])
    return [tuple(colour) for colour in found]


def drag(page: Page, *places: Spot) -> None:
    """Around these places of the map, and back to the first."""
    page.mouse.move(*spot(page, *places[0]))
    page.mouse.down()
    for place in (*places[1:], places[0]):
        page.mouse.move(*spot(page, *place), steps=5)
    page.mouse.up()
