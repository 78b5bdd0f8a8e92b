"""How sure each hit is: its confidence, and the verdict on the whole answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.collection import Snapshot
from indexer.null_model import NullModel
from search import calibration
from search.calibration import Verdict
from search.question import Question
from search.reading import Reading


@dataclass(frozen=True, slots=True)
class Confidence:
    """The probability that what was asked is found, and its word."""

    probability: float
    verdict: Verdict

    @classmethod
    def of(cls, probability: float) -> Confidence:
        """By the thresholds of `calibration`."""
        return cls(probability, calibration.verdict(probability))


def assess(
    snapshot: Snapshot,
    reading: Reading,
    null: NullModel,
    question: Question,
    head: Sequence[int],
    shown: Sequence[int],
) -> tuple[dict[int, Confidence], Confidence]:
    """The confidence of each paper that is shown, by key, and that of the answer: of the best of the ranking's head.

    `head` are the first `calibration.BEST_OF` papers of the ranking. A composed question is judged by its text, which
    there must be.
    """
    if question.asked is None:
        raise ValueError("This question has no text to be judged by.")
    keys = list(dict.fromkeys((*head, *shown)))
    if not keys:
        return {}, Confidence.of(calibration.best([]))
    # Not a matrix product, which rounds differently with another number of rows.
    cosines = (reading.rows(keys).astype(np.float32) * question.asked).sum(axis=1).tolist()
    weights = calibration.term_weights(question.said, snapshot.lexical)
    found = {
        key: calibration.confidence(null, cosine, calibration.coverage(weights, held))
        for key, cosine, held in zip(keys, cosines, reading.vocabularies(keys), strict=True)
    }
    return {key: Confidence.of(found[key]) for key in shown}, Confidence.of(calibration.best(found[k] for k in head))
