"""The fused score, by fractions."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fusion import fuse, scale


def test_scores_by_hand() -> None:
    """0.8 of the cosine scaled from -1 to the best, 0.2 of BM25 scaled from 0 to the best, apart."""
    fused = fuse({1: 0.5, 2: 0.2, 3: -1.0}, {2: 6.0, 3: 3.0}, best_dense=0.5, best_lexical=6.0)
    assert fused[1] == pytest.approx((float(Fraction(8, 10)), 0))
    assert fused[2] == pytest.approx((float(Fraction(8, 10) * Fraction(12, 15)), 0.2))
    assert fused[3] == pytest.approx((0, float(Fraction(2, 10) * Fraction(1, 2))))


def test_without_words_the_order_is_the_dense_one() -> None:
    """Where no paper has a word of the question, fusion divides by nothing and keeps the order by meaning."""
    fused = fuse({1: 0.1, 2: 0.3}, {}, best_dense=0.3, best_lexical=0.0)
    assert fused == {1: pytest.approx((0.8 * 1.1 / 1.3, 0)), 2: pytest.approx((0.8, 0))}


def test_scale_of_nothing_better_than_the_minimum() -> None:
    """A best score that is no better than the minimum scales to 0, not to a division by zero."""
    assert scale(-1.0, -1.0, -1.0) == 0.0


COSINE = st.floats(-1, 1)
BM25 = st.floats(0, 50)


@given(cosines=st.lists(COSINE, min_size=2, max_size=2), words=st.lists(BM25, min_size=2, max_size=2))
def test_better_in_both_is_better(cosines: list[float], words: list[float]) -> None:
    """A paper that is at least as good by meaning and by words is never ranked lower; scores lie in 0 … 1."""
    low, high = sorted(cosines)
    few, many = sorted(words)
    fused = fuse({1: low, 2: high}, {1: few, 2: many}, best_dense=high, best_lexical=many)
    assert -1e-9 <= sum(fused[1]) <= sum(fused[2]) + 1e-9 <= 1 + 2e-9
