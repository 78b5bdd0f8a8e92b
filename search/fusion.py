"""Merges the dense and the lexical ranking into one score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DENSE_WEIGHT: Final = 0.8
"""The weight that Bruch et al. recommend for this normalisation. benchmarks/ablation.py compares it with others."""

COSINE_MINIMUM: Final = -1.0
BM25_MINIMUM: Final = 0.0


def fuse(
    dense: Mapping[int, float], lexical: Mapping[int, float], best_dense: float, best_lexical: float
) -> dict[int, tuple[float, float]]:
    """What meaning and words add to a score, for every key of `dense`: the convex combination TM2C2; in all 0 … 1.

    Each score is scaled from its theoretical minimum to the best one that the question reached. A paper's score
    depends on nothing but its own two scores and those two best ones: paging cannot reorder it.

    S. Bruch, S. Gai, A. Ingber: An analysis of fusion functions for hybrid retrieval. ACM Transactions on
    Information Systems 42(1), 2023, sections 3 and 4.
    """
    return {
        key: (
            DENSE_WEIGHT * scale(score, COSINE_MINIMUM, best_dense),
            (1 - DENSE_WEIGHT) * scale(lexical.get(key, BM25_MINIMUM), BM25_MINIMUM, best_lexical),
        )
        for key, score in dense.items()
    }


def scale(score: float, minimum: float, best: float) -> float:
    """0 at the minimum, 1 at the best; 0 where nothing is better than the minimum."""
    return (score - minimum) / (best - minimum) if best > minimum else 0.0
