"""Liked and disliked papers, on rows whose sums can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.background import background_of
from indexer.errors import InvalidQuery
from search.feedback import RIDGE, Part, Role, compose

X = np.array([1, 0, 0], dtype=np.float32)
Y = np.array([0, 1, 0], dtype=np.float32)
Z = np.array([0, 0, 1], dtype=np.float32)
NOTHING = background_of(np.empty((0, 3), dtype=np.float32))
"""A collection without papers: its mean and its covariance are 0."""


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return found


def random_rows(seed: int, count: int, dimension: int = 8) -> NDArray[np.float32]:
    """Unit rows that share a direction, as those of texts do, and differ more in some directions than in others."""
    noise = np.random.default_rng(seed).normal(size=(count, dimension)) * np.linspace(1, 0.2, dimension) + 0.5
    return unit(noise.astype(np.float32))


def test_a_text_alone_is_its_row() -> None:
    """Nothing is changed where there is only a text, whatever the collection."""
    composed = compose([Part(Role.TEXT, X)], NOTHING)
    assert composed.row.tolist() == [1, 0, 0]
    assert composed.row.dtype == np.float32


def test_one_of_each_has_rocchio_weights() -> None:
    """Text 1, one liked paper 0.75, one disliked −0.15: (1, 0.75, −0.15) / √1.585 without a background."""
    parts = [Part(Role.TEXT, X), Part(Role.LIKED, Y, "y"), Part(Role.DISLIKED, Z, "z")]
    composed = compose(parts, NOTHING)
    assert composed.row == pytest.approx(np.array([1, 0.75, -0.15]) / sqrt(1.585))


def test_more_papers_weigh_more_up_to_a_bound() -> None:
    """Three liked papers weigh 1.5 · 3/4 together and three disliked 0.3 · 3/4, however they are many."""
    liked = [Part(Role.LIKED, Y, str(i)) for i in range(3)]
    disliked = [Part(Role.DISLIKED, Z, str(i + 3)) for i in range(3)]
    row = compose([Part(Role.TEXT, X), *liked, *disliked], NOTHING).row
    assert row / row[0] == pytest.approx([1, 1.125, -0.225])


def test_an_abstract_counts_as_a_liked_paper() -> None:
    """A pasted abstract and a liked paper with the same row give the same question, alone and beside a text."""
    for other in ([], [Part(Role.TEXT, X)]):
        abstract = compose([*other, Part(Role.ABSTRACT, Y)], NOTHING)
        assert abstract.row.tolist() == compose([*other, Part(Role.LIKED, Y, "y")], NOTHING).row.tolist()


def test_liked_papers_are_asked_for_what_others_lack() -> None:
    """By hand: all papers lie between X and Y, and half of their mean is taken from what is liked.

    The mean of (1, 0), (1, 0) and (0, 1) is (2/3, 1/3); their covariance ((2, −2), (−2, 2))/9, of which 3/5 is
    believed (three papers, two directions). Liked (0, 1) less half the mean is (−1/3, 5/6).
    """
    rows = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    composed = compose([Part(Role.LIKED, rows[2], "c")], background_of(rows))
    a, b = 2 / 15 + RIDGE, -2 / 15  # the matrix is ((a, b), (b, a)); its inverse is as ((a, -b), (-b, a))
    expected = np.array([-a / 3 - 5 * b / 6, b / 3 + 5 * a / 6])
    assert composed.row == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


@given(st.integers(0, 50), st.integers(0, 1), st.integers(0, 1), st.integers(0, 4), st.integers(0, 3))
def test_contributions_sum_to_the_score(seed: int, texts: int, abstracts: int, liked: int, disliked: int) -> None:
    """Whatever the parts, what they contribute to a paper's score sums to its cosine with the composed row."""
    rows = random_rows(seed, 40)
    roles = [Role.TEXT] * texts + [Role.ABSTRACT] * abstracts + [Role.LIKED] * liked
    if not roles:
        return
    parts = [Part(role, rows[i], str(i)) for i, role in enumerate(roles + [Role.DISLIKED] * disliked)]
    composed = compose(parts, background_of(rows))
    contributions = composed.contributions(rows)
    assert contributions.shape == (40, len(parts))
    assert np.linalg.norm(composed.row) == pytest.approx(1, abs=1e-5)
    assert contributions.sum(axis=1) == pytest.approx(rows @ composed.row, abs=1e-5)


@given(st.integers(0, 50), st.permutations(range(5)))
def test_the_order_of_parts_does_not_matter(seed: int, order: Sequence[int]) -> None:
    """The same parts in another order are the same question, and each keeps its contribution."""
    rows = random_rows(seed, 30)
    roles = (Role.TEXT, Role.LIKED, Role.LIKED, Role.DISLIKED, Role.ABSTRACT)
    parts = [Part(role, rows[i], str(i)) for i, role in enumerate(roles)]
    first = compose(parts, background_of(rows))
    second = compose([parts[i] for i in order], background_of(rows))
    assert second.row == pytest.approx(first.row, abs=1e-5)
    assert second.shares == pytest.approx(first.shares[list(order)], abs=1e-5)


@given(st.integers(0, 50), st.integers(1, 5))
def test_the_discriminant_against_a_slow_one(seed: int, liked: int) -> None:
    """The direction is what gradient descent finds for the same least squares.

    Minimal where n E[(w·(x − mean))²] · N/(N+d) + κ |w|² − 2 w·(mean liked − n/(n+1) mean) has no slope.
    """
    rows = random_rows(seed, 60).astype(np.float64)
    mean, centred = rows.mean(axis=0), rows - rows.mean(axis=0)
    goal = rows[:liked].mean(axis=0) - liked / (liked + 1) * mean
    w = np.zeros(8)
    for _ in range(3000):
        spread = centred.T @ (centred @ w) / 60
        w -= 0.2 * (liked * 60 / 68 * spread + RIDGE * w - goal)
    parts = [Part(Role.LIKED, row, str(i)) for i, row in enumerate(rows[:liked].astype(np.float32))]
    composed = compose(parts, background_of(rows.astype(np.float32)))
    assert composed.row == pytest.approx(w / np.linalg.norm(w), abs=1e-4)


def test_a_dislike_lowers_its_kin() -> None:
    """A disliked paper lowers its own score more than another's, and its contributions say so."""
    rows = np.stack([unit(X + Y), unit(X + Z)])
    liked_only = compose([Part(Role.TEXT, X)], NOTHING)
    composed = compose([Part(Role.TEXT, X), Part(Role.DISLIKED, rows[1], "b")], NOTHING)
    assert (rows @ liked_only.row).tolist() == pytest.approx([sqrt(0.5)] * 2)
    assert np.argmax(rows @ composed.row) == 0
    assert composed.contributions(rows)[1, 1] < composed.contributions(rows)[0, 1] < 0


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([Part(Role.DISLIKED, X, "x")], "nothing_wanted"),
        ([], "nothing_wanted"),
        ([Part(Role.LIKED, X, "x"), Part(Role.DISLIKED, X, "x")], "liked_and_disliked"),
        ([Part(Role.LIKED, X, "x"), Part(Role.LIKED, -X, "y")], "parts_cancel"),
        ([Part(Role.TEXT, X), Part(Role.TEXT, -X)], "parts_cancel"),
    ],
)
def test_what_cannot_be_asked(parts: list[Part], code: str) -> None:
    """Only dislikes, a paper on both sides, and opposite parts are told, each with a next step."""
    with pytest.raises(InvalidQuery) as caught:
        compose(parts, NOTHING)
    assert caught.value.code == code
    assert caught.value.next_step


@pytest.mark.parametrize("papers", [1, 2, 3])
def test_tiny_collections_answer(papers: int) -> None:
    """Also where every paper of the collection is liked there is a direction, and it is a number."""
    rows = random_rows(1, papers)
    parts = [Part(Role.LIKED, row, str(i)) for i, row in enumerate(rows)]
    assert np.isfinite(compose(parts, background_of(rows)).row).all()
