"""Measures of a ranking against judgments, one function a formula, as trec_eval computes them; and their intervals.

A ranking holds paper ids, best first, each once. Grades are judgments of papers for one question: above 0 is
relevant; 0, less than 0 and not judged are not. A question without a relevant paper scores 0 by every measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Grades = Mapping[str, int]
Ranking = Sequence[str]
Values = NDArray[np.float64]

DEPTH: Final = 1_000
"""How much of a ranking is looked at: the custom of TREC. A relevant paper further down counts as not found."""
RESAMPLES: Final = 10_000
LEVEL: Final = 0.95
_SEED: Final = 20_060_806
_BLOCK: Final = 2_000_000
"""Numbers drawn at once: 3,000 questions, 10,000 times, would not fit into memory."""


def ndcg(ranking: Ranking, grades: Grades, k: int) -> float:
    """Normalised discounted cumulative gain of the first k: gain = grade, discount = log2(rank + 1).

    K. Järvelin, J. Kekäläinen: Cumulated gain-based evaluation of IR techniques. ACM Transactions on Information
    Systems 20(4), 2002, 422-446; the discount is that of trec_eval's `ndcg_cut`, which does not spare the second rank.
    """
    best = _discounted(sorted(grades.values(), reverse=True)[:k])
    return _discounted([grades.get(paper, 0) for paper in ranking[:k]]) / best if best else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(max(gain, 0) / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def recall(ranking: Ranking, grades: Grades, k: int) -> float:
    """The share of the relevant papers that are among the first k.

    C. Cleverdon: The Cranfield tests on index language devices. Aslib Proceedings 19(6), 1967, 173-194.
    """
    relevant = sum(grade > 0 for grade in grades.values())
    return sum(grades.get(paper, 0) > 0 for paper in ranking[:k]) / relevant if relevant else 0.0


def reciprocal_rank(ranking: Ranking, grades: Grades, k: int) -> float:
    """1 / the rank of the first relevant paper, 0 if none is among the first k. Its mean is MRR.

    E. Voorhees: The TREC-8 question answering track report. TREC 1999.
    """
    return next((1 / rank for rank, paper in enumerate(ranking[:k], 1) if grades.get(paper, 0) > 0), 0.0)


def average_precision(ranking: Ranking, grades: Grades, k: int) -> float:
    """The mean, over the relevant papers, of the precision where each stands; 0 for those beyond k. Its mean is MAP.

    C. Buckley, E. Voorhees: Evaluating evaluation measure stability. SIGIR 2000, 33-40.
    """
    relevant = sum(grade > 0 for grade in grades.values())
    ranks = [rank for rank, paper in enumerate(ranking[:k], 1) if grades.get(paper, 0) > 0]
    return math.fsum(found / rank for found, rank in enumerate(ranks, 1)) / relevant if relevant else 0.0


MEASURES: Final[Mapping[str, Callable[[Ranking, Grades], float]]] = {
    "nDCG@10": lambda ranking, grades: ndcg(ranking, grades, 10),
    "recall@10": lambda ranking, grades: recall(ranking, grades, 10),
    "recall@100": lambda ranking, grades: recall(ranking, grades, 100),
    "MRR@10": lambda ranking, grades: reciprocal_rank(ranking, grades, 10),
    "MAP": lambda ranking, grades: average_precision(ranking, grades, DEPTH),
}
"""The measures that are reported, by the names of their means."""


def ranked(scores: Mapping[str, float]) -> list[str]:
    """The ranking that trec_eval makes of a run: by score, ties by id, the last one first."""
    return sorted(sorted(scores, reverse=True), key=lambda paper: -scores[paper])


def interval(*strata: Values, resamples: int = RESAMPLES) -> tuple[float, float]:
    """The 95 % percentile interval of a mean over questions, by the bootstrap. The same values give the same interval.

    Each stratum has shape (questions,); given the differences of two settings question by question, the bootstrap is
    the paired one. Of several strata, such as judged sets, the mean of their means is meant: every stratum is resampled
    by itself and weighs the same.

    B. Efron, R. Tibshirani: An introduction to the bootstrap. 1993, chapter 13; for measures of retrieval T. Sakai:
    Evaluating evaluation metrics based on the bootstrap. SIGIR 2006, 525-532.
    """
    draw = np.random.default_rng(_SEED)
    means = np.zeros(resamples)
    for values in strata:
        step = max(1, _BLOCK // len(values))
        for start in range(0, resamples, step):
            drawn = draw.integers(0, len(values), (min(step, resamples - start), len(values)))
            means[start : start + len(drawn)] += values[drawn].mean(axis=1) / len(strata)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
