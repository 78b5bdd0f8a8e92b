"""Turns a hit's scores into a confidence: a probability that means the same in every collection.

Two signs that a paper is about what a question asks: it is nearer to the question than papers here are to questions
from elsewhere, and it has the question's telling words. Both are measured against the collection itself, so that the
three constants that weigh them are the same for all; benchmarks/confidence.py fits them (docs/confidence.md).
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol

from indexer.null_model import NullModel
from indexer.rarity import idf

SURPRISE: Final = 1.25
"""Log-odds for each spread that the cosine lies above the null distribution's centre."""
COVERAGE: Final = 5.11
"""Log-odds for having all the question's words instead of none."""
INTERCEPT: Final = -5.04

LEAST_WEIGHT: Final = 0.25
"""A word weighs so much that 78 % of the papers have."""

STRONG: Final = 0.95
WEAK: Final = 0.2
"""A confidence from `STRONG` up is strong, from `WEAK` up weak, below that there is no good match."""

BEST_OF: Final = 10
"""The first hits of a ranking among which the best match is looked for, whatever page is shown."""


class Verdict(StrEnum):
    """Whether a collection holds what was asked for."""

    STRONG = "strong"
    WEAK = "weak"
    NONE = "none"


class Words(Protocol):
    """What `LexicalIndex` knows of words."""

    @property
    def papers(self) -> int:
        """How many papers there are."""

    def terms(self, text: str) -> list[str]:
        """The stems of a text."""

    def doc_freq(self, term: str) -> int:
        """How many papers have a stem."""


def term_weights(text: str, words: Words) -> dict[str, float]:
    """How much each stem of a question tells."""
    return {term: idf(words.doc_freq(term), words.papers) for term in words.terms(text)}


def coverage(weights: Mapping[str, float], held: Container[str]) -> float:
    """The share of a question's weight in the stems that a paper holds, 0 to 1.

    The whole counts as at least `LEAST_WEIGHT`: a question of words that all papers have, such as "the", tells nothing.
    """
    found = sum(weight for term, weight in weights.items() if term in held)
    return found / max(LEAST_WEIGHT, sum(weights.values()))


def confidence(null: NullModel, cosine: float, covered: float) -> float:
    """The probability that a paper is about what was asked, by its cosine and by `coverage`.

    Logistic regression (J. Platt: Probabilistic outputs for support vector machines, 1999, fits scores so). It speaks
    of equal odds: as many questions that the collection answers as questions that it does not.
    """
    odds = SURPRISE * null.surprise(cosine) + COVERAGE * covered + INTERCEPT
    return 1 / (1 + math.exp(-odds)) if odds > 0 else math.exp(odds) / (1 + math.exp(odds))


def best(confidences: Iterable[float]) -> float:
    """The confidence that there is an answer: that of the best of the first `BEST_OF` hits; 0 where there are none."""
    return max(confidences, default=0.0)


def verdict(probability: float) -> Verdict:
    """A confidence in a word, by the same two thresholds everywhere."""
    if probability >= STRONG:
        return Verdict.STRONG
    return Verdict.WEAK if probability >= WEAK else Verdict.NONE
