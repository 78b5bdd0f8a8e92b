"""The fused score, by fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fusion import Column, fuse, scale


def column(*numbers: float | Fraction) -> Column:
    return np.array([float(number) for number in numbers])


def test_scores_by_hand() -> None:
    """0.8 of the cosine scaled from -1 to the best, 0.2 of BM25 scaled from 0 to the best, apart."""
    meaning, words = fuse(column(0.5, 0.2, -1.0), column(0, 6, 3), best_dense=0.5, best_lexical=6.0)
    assert meaning == pytest.approx(column(Fraction(8, 10), Fraction(8, 10) * Fraction(12, 15), 0))
    assert words == pytest.approx(column(0, 0.2, Fraction(2, 10) * Fraction(1, 2)))


def test_without_words_the_order_is_the_dense_one() -> None:
    """Where no paper has a word of the question, fusion divides by nothing and keeps the order by meaning."""
    meaning, words = fuse(column(0.1, 0.3), column(0, 0), best_dense=0.3, best_lexical=0.0)
    assert meaning == pytest.approx(column(0.8 * 1.1 / 1.3, 0.8))
    assert words.tolist() == [0, 0]


def test_scale_of_nothing_better_than_the_minimum() -> None:
    """A best score that is no better than the minimum scales to 0, not to a division by zero."""
    assert scale(column(-1), -1.0, -1.0).tolist() == [0]


COSINE = st.floats(-1, 1)
BM25 = st.floats(0, 50)


@given(cosines=st.lists(COSINE, min_size=2, max_size=2), words=st.lists(BM25, min_size=2, max_size=2))
def test_better_in_both_is_better(cosines: list[float], words: list[float]) -> None:
    """A paper that is at least as good by meaning and by words is never ranked lower; scores lie in 0 … 1."""
    low, high = sorted(cosines)
    few, many = sorted(words)
    by_meaning, by_words = fuse(column(low, high), column(few, many), best_dense=high, best_lexical=many)
    worse, better = by_meaning + by_words
    assert -1e-9 <= worse <= better + 1e-9 <= 1 + 2e-9
