"""Long texts: divided into windows that hold all of it, and made one row again."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.windows import TITLE_TOKENS, divide, pool


def test_a_text_that_fits_is_one_window() -> None:
    """Nothing is put in front of a text that needs no further window, whatever its title."""
    for length in (0, 1, 10):
        assert divide(range(length), [99], 10) == [list(range(length))]


def test_a_long_text_is_divided_evenly() -> None:
    """Eleven tokens of which eight or, behind a title of two, six fit: two windows, the second behind the title."""
    assert divide(range(11), [98, 99], 8) == [[0, 1, 2, 3, 4], [98, 99, 5, 6, 7, 8, 9, 10]]
    assert divide(range(13), [98, 99], 8) == [[0, 1, 2, 3], [98, 99, 4, 5, 6, 7], [98, 99, 8, 9, 10, 11, 12]]


def test_a_long_title_leaves_room() -> None:
    """Of the title no more than a quarter of the window is repeated, and never more than sixty tokens."""
    title = list(range(-400, 0))
    for limit, repeated in ((8, 2), (100, 25), (254, 60), (8_190, 60)):
        first, second, *_ = divide(range(limit + 1), title, limit)
        assert second[:repeated] == title[:repeated]
        assert set(first + second[repeated:]).isdisjoint(title)
    assert TITLE_TOKENS == 60


def test_without_a_title() -> None:
    """An abstract alone is divided into its own words."""
    assert divide(range(5), [], 3) == [[0, 1], [2, 3, 4]]
    assert divide(range(3), [99], 1) == [[0], [1], [2]]


@given(st.integers(0, 2_000), st.integers(0, 200), st.integers(1, 300))
def test_windows_cover_a_text(body: int, title: int, limit: int) -> None:
    """Every token of a text is in one window, in order; no window is empty or over the limit; all but the first begin
    with the title; and no window is more than one token larger than another, but for its title."""
    heading = [-1 - token for token in range(title)]
    windows = divide(range(body), heading, limit)
    kept = [[token for token in window if token >= 0] for window in windows]
    assert [token for window in kept for token in window] == list(range(body))
    assert all(0 < len(window) <= limit for window in windows) or windows == [[]]
    head = heading[: min(60, limit // 4)]
    assert [window[: len(window) - len(own)] for window, own in zip(windows, kept, strict=True)] == [
        head if number else [] for number in range(len(windows))
    ]
    sizes = {len(own) for own in kept}
    assert max(sizes) - min(sizes) <= 1


# Pooling


def test_rows_are_weighted_by_their_windows() -> None:
    """A text of three tokens along x and one along y is (3, 1) / √10; a text of one window keeps its row."""
    rows = np.array([[1, 0], [0, 1], [0, 1]], dtype=np.float32)
    pooled = pool(rows, [3, 1, 7], [2, 1])
    assert pooled[0].tolist() == pytest.approx([3 / sqrt(10), 1 / sqrt(10)])
    assert pooled[1].tolist() == [0, 1]
    assert pooled.dtype == np.float32
    assert pooled.shape == (2, 2)


def test_three_windows_of_one_text() -> None:
    """Windows of sizes 2, 2 and 1: (2·(1, 0) + 2·(0.6, 0.8) + 1·(0, 1)) / 5 = (3.2, 2.6) / 5, normalised."""
    rows = np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    length = sqrt(3.2**2 + 2.6**2)
    assert pool(rows, [2, 2, 1], [3])[0].tolist() == pytest.approx([3.2 / length, 2.6 / length])


def test_rows_that_cancel_out() -> None:
    """Windows that say the opposite leave a row of zeros, which is near nothing, and no division by zero."""
    rows = np.array([[1, 0], [-1, 0]], dtype=np.float32)
    assert pool(rows, [5, 5], [2]).tolist() == [[0, 0]]


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_pooling_agrees_with_a_plain_mean(counts: list[int], seed: int) -> None:
    """Each text has the weighted mean of its own rows and no other's, of length 1."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(sum(counts), 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    sizes = random.integers(1, 250, sum(counts)).tolist()
    pooled = pool(rows, sizes, counts)
    start = 0
    for row, count in zip(pooled, counts, strict=True):
        mean = sum(
            size * one for size, one in zip(sizes[start : start + count], rows[start : start + count], strict=True)
        )
        assert row == pytest.approx(mean / np.linalg.norm(mean), abs=1e-4)
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
        start += count
