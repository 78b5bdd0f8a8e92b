"""The page of the map as the server sends it; what a browser makes of it is in tests/browser/test_map.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from api.routes.map_pages import shape
from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.area import SIDE
from tests.api.browser import see
from tests.api.conftest import connect
from tests.api.mapped import papers_on_a_map
from tests.toys import ToyEncoder


def test_a_missing_map_is_told_with_what_to_do(tmp_path: Path) -> None:
    """It is no error page: there is nothing to draw yet, and the page says how that changes."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path / "collection", encoder.identity)
    ingest(collection, encoder, [Paper("a", "speech")], Report())
    with connect(collection, encoder) as client:
        seen = see(client, "/map")
    assert "There is no map of these papers yet." in seen.one("p", **{"class": "hint"}).text
    assert seen.all("canvas") == []


def test_the_question_is_kept(tmp_path: Path) -> None:
    """All parts of a question go along with another one, and each can be left out; what is no part is dropped."""
    collection, encoder, _ = papers_on_a_map(tmp_path / "collection")
    with connect(collection, encoder) as client:
        seen = see(client, "/map?q=face&like=north&like=south&date_from=2024&offset=20&nonsense=1")
    hidden = [(e.attributes["name"], e.attributes["value"]) for e in seen.all("input", type="hidden")]
    assert hidden == [("like", "north"), ("like", "south"), ("date_from", "2024"), ("area", "")]
    assert seen.texts("span", **{"class": "name"}) == ["like speech graph", "like graph", "since 2024"]
    assert [e.attributes["href"] for e in seen.all("a", **{"class": "off"})] == [
        "/map?q=face&like=south&date_from=2024",
        "/map?q=face&like=north&date_from=2024",
        "/map?q=face&like=north&like=south",
    ]


def test_ways_to_search_are_said_as_people_say_them(tmp_path: Path) -> None:
    """By meaning, by words, by both."""
    collection, encoder, _ = papers_on_a_map(tmp_path / "collection")
    with connect(collection, encoder) as client:
        said = [
            seen.texts("span", **{"class": "name"})
            for mode in ("dense", "lexical", "hybrid")
            for seen in [see(client, f"/map?q=face&mode={mode}")]
        ]
    assert said == [["by meaning"], ["by words"], ["by meaning and words"]]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([(0, 0), (SIDE, SIDE)], (112, 108)),
        ([(0, 10_000), (SIDE, 10_000 + SIDE * 3 // 4)], (112, 83)),
        ([(10_000, 0), (10_000, SIDE)], (62, 108)),
        ([(7, 7)], (18, 14)),
        ([], (112, 108)),
    ],
)
def test_the_page_knows_how_high_the_map_is(places: list[tuple[int, int]], expected: tuple[int, int]) -> None:
    """Room for what is drawn and its margins, before any script runs; no line, and no speck."""
    assert shape(np.array(places, np.uint16).reshape(-1, 2)) == expected
