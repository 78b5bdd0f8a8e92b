"""What the page of the map computes, in the browser, against slow and obvious ways to compute it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, JSHandle, Page

from api.assets import asset_address
from search.area import SIDE, Area
from tests.browser.sites import Site


@pytest.fixture(scope="module")
def page(browser: Browser, toys: Site) -> Iterator[Page]:
    """A page of the site, to load its modules on: one for all, since nothing here is kept."""
    context = browser.new_context(base_url=toys.origin)
    page = context.new_page()
    page.goto("/help")
    yield page
    context.close()


def module(page: Page, name: str) -> JSHandle:
    """A module of the page of the map."""
    return page.evaluate_handle("(address) => import(address)", asset_address(f"js/map/{name}.js"))


def test_the_browser_and_the_server_agree_on_areas(page: Page) -> None:
    """Whatever the polygon, also one that crosses itself, with points on its corners and sides: the same papers."""
    rng = np.random.default_rng(5)
    areas = module(page, "area")
    for side in (20, SIDE):
        for _ in range(20):
            corners = rng.integers(0, side, (int(rng.integers(3, 65)), 2), endpoint=True)
            places = np.concatenate([rng.integers(0, side, (200, 2), endpoint=True), corners]).astype(np.uint16)
            area = Area("a", tuple((int(x), int(y)) for x, y in corners))
            found = areas.evaluate(
                "(m, [corners, xs, ys]) => m.inside(corners, xs, ys)",
                [corners.tolist(), places[:, 0].tolist(), places[:, 1].tolist()],
            )
            assert found == np.flatnonzero(area.has(places)).tolist()


def test_the_grid_finds_what_looking_at_all_finds(page: Page) -> None:
    """The nearest point within a radius, ties by number, for points spread and heaped, from places also off the map."""
    rng = np.random.default_rng(6)
    places = np.concatenate([rng.integers(0, SIDE, (400, 2)), rng.integers(30_000, 30_400, (400, 2))]).astype(np.uint16)
    asked = np.concatenate([rng.integers(-9_000, SIDE + 9_000, (150, 2)), rng.integers(29_000, 31_000, (150, 2))])
    grids = module(page, "grid")
    for radius in (40.0, 3_000.0):
        found = grids.evaluate(
            "(m, [xs, ys, asked, radius]) => { const g = new m.Grid(Uint16Array.from(xs), Uint16Array.from(ys));"
            " return asked.map(([x, y]) => g.nearest(x, y, radius)); }",
            [places[:, 0].tolist(), places[:, 1].tolist(), asked.tolist(), radius],
        )
        away = ((asked[:, None, :] - places[None].astype(np.int64)) ** 2).sum(axis=2)
        nearest = away.argmin(axis=1)
        assert found == np.where(away.min(axis=1) <= radius**2, nearest, -1).tolist()


def test_a_slow_machine_draws_a_sample_while_it_moves(page: Page) -> None:
    """Frames a tenth of a second apart get fewer points each, down to 8 %; frames of a quick machine get all."""
    pace = module(page, "pace")
    shares = (
        "(m, apart) => { const pace = new m.Pace(() => {});"
        " return Array.from({ length: 60 }, (_, n) => pace.next(1000 + apart * n)); }"
    )
    slow = pace.evaluate(shares, 100)
    assert slow[:4] == [1, 1, 1, 1]
    assert slow == sorted(slow, reverse=True)
    assert slow[-1] == pytest.approx(0.08)
    assert pace.evaluate(shares, 16.7) == [1] * 60


def test_after_a_movement_all_are_drawn(page: Page) -> None:
    """A machine that was too slow for all points is asked for all of them once it rests, and once only."""
    pace = module(page, "pace")
    rests = pace.evaluate(
        "async (m) => { let rests = 0; const pace = new m.Pace(() => rests++);"
        " for (let n = 0; n < 12; n++) pace.next(1000 + 100 * n);"
        " await new Promise((done) => setTimeout(done, 500)); return rests; }"
    )
    assert rests == 1


def test_a_long_stroke_fits_into_an_address(page: Page) -> None:
    """Whatever is drawn becomes 3 to 64 corners on the map, near to the stroke; less than a triangle is no area."""
    areas = module(page, "area")
    angles = np.linspace(0, 2 * np.pi, 3_000, endpoint=False)
    radii = 20_000 + 3_000 * np.sin(40 * angles) + np.random.default_rng(7).normal(0, 500, 3_000)
    stroke = np.stack([32_768 + radii * np.cos(angles), 32_768 + radii * np.sin(angles)], axis=1)
    corners: list[Any] = areas.evaluate("(m, stroke) => m.cornersOf(stroke, 150)", stroke.tolist())
    assert 3 <= len(corners) <= 64
    away = [min(float(np.hypot(*(np.array(corner) - point))) for point in stroke) for corner in corners]
    assert max(away) < 2
    assert areas.evaluate("(m) => m.cornersOf([[1, 1], [1.2, 1.1], [9, 9]], 1)") is None
    Area("a", tuple((x, y) for x, y in corners))


def test_regions_have_hues_and_parts_shades(page: Page) -> None:
    """Coarse clusters get hues that differ, the fine ones in them shades of these, each another."""
    fine = [(10 * group + part, group) for group in range(1, 6) for part in range(3)]
    clusters = [
        *({"id": group, "level": 0, "parent": None, "x": 10_000 * group, "y": 0, "papers": 9} for group in range(1, 6)),
        *(
            {"id": number, "level": 1, "parent": group, "x": 10_000 * group, "y": 2_000 * number % 7_000, "papers": 3}
            for number, group in fine
        ),
    ]
    chosen = dict(
        module(page, "colours").evaluate("(m, clusters) => [...m.colourOf(clusters)]", [*clusters[5:], *clusters[:5]])
    )
    hues = {group: chosen[group] // 3 for group in range(1, 6)}
    assert len(set(hues.values())) == 5
    assert all(chosen[number] // 3 == hues[group] for number, group in fine)
    assert all({chosen[n] % 3 for n, of in fine if of == group} == {0, 1, 2} for group in range(1, 6))


LABEL = """(m, [free, strictly]) => {
    const cluster = { id: 1, level: 0, papers: 9, x: 300, y: 200, label: "some words" };
    const labels = new m.Labels([cluster], "sans-serif");
    const view = { scale: 1, width: 600, height: 400, zoom: 1, x: (x) => x, y: (y) => y };
    labels.arrange(view, free, { left: 0, right: 0, top: 0, bottom: 0 }, strictly);
    return labels.taken.length;
}"""


@pytest.mark.parametrize(("step", "strictly", "shown"), [(8, True, 0), (8, False, 1), (150, True, 1)])
def test_names_do_not_lie_on_an_answer(page: Page, step: int, strictly: bool, shown: int) -> None:
    """Where a name would cover more than two papers of an answer wherever it goes, it is left out."""
    lit = [[x, y] for x in range(0, 600, step) for y in range(0, 400, step)]
    assert module(page, "labels").evaluate(LABEL, [lit, strictly]) == shown
