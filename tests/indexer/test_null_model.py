"""What a question from elsewhere gets: drawn, kept, and read from strangers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import probes
from indexer.null_model import LONGEST_STEP, MAD_TO_SD, MIN_SCALE, WORK, NullModel, Rows, Scores, build

NAME = probes.fingerprint()
MODEL = NullModel(NAME, 37, 0.11, 0.057)
ROWS: Rows = np.zeros((384, 3), dtype=np.float32)


def answering(*cosines: float) -> Callable[[Rows], Scores]:
    """A search that finds the same best cosines for any probes."""
    return lambda _: np.array(cosines, dtype=np.float32)


def test_centre_and_scale_by_hand() -> None:
    """Median 0.2; distances 0.1, 0, 0.1, 0.2, 0.7, their median 0.1: a spread of 0.14826."""
    null = build(answering(0.1, 0.2, 0.3, 0.0, 0.9), 37, ROWS)
    assert (null.questions, null.papers) == (NAME, 37)
    assert null.centre == pytest.approx(0.2)
    assert null.scale == pytest.approx(0.1 * MAD_TO_SD)
    assert null.surprise(0.2 + 0.14826) == pytest.approx(1.0)


@given(st.lists(st.floats(0.5, 1), min_size=0, max_size=15))
def test_probes_of_the_own_field_do_little_harm(near: list[float]) -> None:
    """However well less than half of the probes are answered, the centre stays within the others' range."""
    others = np.linspace(0.1, 0.3, 16)
    null = build(answering(*others, *near), 1_000, ROWS)
    assert 0.1 - 1e-6 <= null.centre <= 0.3 + 1e-6


@pytest.mark.parametrize("cosines", [(0.4,), (0.4, 0.4, 0.4), (math.nextafter(1, 2),) * 3])
def test_a_spread_of_nothing(cosines: tuple[float, ...]) -> None:
    """Where all probes fare alike, in a collection of one paper or a toy space, the spread is the smallest allowed."""
    null = build(answering(*cosines), 1, ROWS)
    assert null.scale == MIN_SCALE
    assert null.centre <= 1
    assert NullModel.from_json(null.to_json()) == null


def test_an_empty_collection() -> None:
    """No paper is asked; the model is valid all the same."""
    null = build(answering(), 0, ROWS)
    assert null.papers == 0
    assert NullModel.from_json(null.to_json()) == null


def test_a_large_collection_is_asked_fewer_probes() -> None:
    """All of them up to 50,000 papers, then every second, third, and at last fourth: the work is bounded."""
    asked: list[int] = []

    def search(rows: Rows) -> Scores:
        asked.append(len(rows))
        return np.linspace(0, 0.5, len(rows), dtype=np.float32)

    for papers in (37, WORK // 384, 100_000, 150_000, 10_000_000):
        build(search, papers, ROWS)
    assert asked == [384, 384, 192, 128, 384 // LONGEST_STEP]


def test_json_and_back() -> None:
    """What a manifest holds gives the same model."""
    assert NullModel.from_json(json.loads(json.dumps(MODEL.to_json()))) == MODEL


@pytest.mark.parametrize(
    "change",
    [
        {"questions": "of another bank"},
        {"papers": -1},
        {"papers": 3.0},
        {"papers": True},
        {"centre": 2.0},
        {"centre": "0.1"},
        {"centre": None},
        {"centre": math.nan},
        {"scale": 0.0},
        {"scale": -1.0},
        {"scale": math.inf},
        {"scale": 10**400},
        {"more": 1},
    ],
)
def test_a_strangers_values_are_not_believed(change: dict[str, object]) -> None:
    """What no drawing can yield counts as no model: it is drawn again."""
    assert NullModel.from_json(MODEL.to_json() | change) is None


@pytest.mark.parametrize("values", [None, [], "x", 1, {}, {"papers": 37}])
def test_other_shapes_are_not_believed(values: object) -> None:
    """Neither are missing values and other types."""
    assert NullModel.from_json(values) is None
