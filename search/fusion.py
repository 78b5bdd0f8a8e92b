"""Merges the dense and the lexical ranking into one score."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""A number for each candidate."""

DENSE_WEIGHT: Final = 0.8
"""The weight that Bruch et al. recommend for this normalisation. benchmarks/ablation.py compares it with others."""

COSINE_MINIMUM: Final = -1.0
BM25_MINIMUM: Final = 0.0


def fuse(dense: Column, lexical: Column, best_dense: float, best_lexical: float) -> tuple[Column, Column]:
    """What meaning and words add to the score of each candidate: the convex combination TM2C2; in all 0 … 1.

    Each score is scaled from its theoretical minimum to the best one that the question reached; `lexical` is the
    minimum where a paper is not in the list. A paper's score depends on nothing but its own two scores and those two
    best ones: paging cannot reorder it.

    S. Bruch, S. Gai, A. Ingber: An analysis of fusion functions for hybrid retrieval. ACM Transactions on
    Information Systems 42(1), 2023, sections 3 and 4.
    """
    return (
        DENSE_WEIGHT * scale(dense, COSINE_MINIMUM, best_dense),
        (1 - DENSE_WEIGHT) * scale(lexical, BM25_MINIMUM, best_lexical),
    )


def scale(scores: Column, minimum: float, best: float) -> Column:
    """0 at the minimum, 1 at the best; 0 where nothing is better than the minimum."""
    return (scores - minimum) / (best - minimum) if best > minimum else np.zeros_like(scores)
