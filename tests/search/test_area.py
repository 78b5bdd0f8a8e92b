"""Areas: how they are written, and that what lies inside is what a plain count of crossings says."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import InvalidQuery
from search.area import MAX_POINTS, SIDE, Area

Point = tuple[int, int]

# Few different numbers, so that places often lie on corners, on sides and on their ends.
NUMBERS = st.one_of(st.integers(0, 6), st.sampled_from((0, 32_000, SIDE)), st.integers(0, SIDE))
POINTS = st.tuples(NUMBERS, NUMBERS)


def lies_inside(corners: list[Point], place: Point) -> bool:
    """Count the sides to the right of a place, with fractions that are never rounded."""
    crossed, (x, y) = 0, place
    for at, (x1, y1) in enumerate(corners):
        x2, y2 = corners[(at + 1) % len(corners)]
        if min(y1, y2) <= y < max(y1, y2):
            crossed += x < x1 + Fraction((y - y1) * (x2 - x1), y2 - y1)
    return crossed % 2 == 1


@given(st.lists(POINTS, min_size=3, max_size=9), st.lists(POINTS, max_size=20))
def test_inside_is_what_a_plain_count_says(corners: list[Point], places: list[Point]) -> None:
    """Whatever the polygon, also one that crosses itself or has no inside, and wherever the place, also on a side."""
    found = Area("a", tuple(corners)).has(np.array(places, dtype=np.uint16).reshape(-1, 2))
    assert found.tolist() == [lies_inside(corners, place) for place in places]


def test_a_square_and_a_bow() -> None:
    """A square of side 10 has its middle, and of its corners the first. A bow has its two wings, not what is above."""
    square = Area("a", ((0, 0), (10, 0), (10, 10), (0, 10)))
    assert square.has(np.array([(5, 5), (11, 5), (0, 0), (10, 10)], dtype=np.uint16)).tolist() == [1, 0, 1, 0]
    bow = Area("a", ((0, 0), (10, 10), (10, 0), (0, 10)))
    assert bow.has(np.array([(2, 5), (8, 5), (5, 2), (5, 8)], dtype=np.uint16)).tolist() == [1, 1, 0, 0]


@given(st.lists(POINTS, min_size=3, max_size=MAX_POINTS))
def test_what_is_written_is_read(corners: list[Point]) -> None:
    """An area in an address is the area that was drawn."""
    area = Area("04f6932e8009", tuple(corners))
    assert Area.parse(str(area)) == area


@pytest.mark.parametrize(
    "written",
    [
        "",
        "abc",
        "abc:1.2-3.4",
        "abc:1.2-3.4-5.65536",
        "abc:1.2-3.4-5.x",
        "abc:1.2-3.4-5.-6",
        "abc:1.2-3.4-5.6-",
        "xyz:1.2-3.4-5.6",
        "abc:1.2-3.4-5.6\n",
        "abc:1.2-3.4-5.٣",
        "abc:" + "-".join(["1.2"] * (MAX_POINTS + 1)),
        "abc:" + "-".join(["1.2"] * 100_000),
    ],
)
def test_what_is_no_area(written: str) -> None:
    """Too few or too many points, numbers beyond the map, other signs: one error, with how to write it."""
    with pytest.raises(InvalidQuery) as refused:
        Area.parse(written)
    assert refused.value.code == "invalid_area"
    assert len(refused.value.message) < 200
