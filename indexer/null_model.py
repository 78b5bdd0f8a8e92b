"""What a question from elsewhere gets in a collection: the null distribution of the best cosine.

How near the nearest paper is to a question that the collection does not answer depends on its size, its breadth and
the model: on measured collections the median runs from .11 to .36. A cosine means the same everywhere only as a
distance from that median, in units of the spread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer import probes

Rows = NDArray[np.float32]
Scores = NDArray[np.float32]

MIN_SCALE: Final = 0.01
"""The spread is never taken for less: where all probes fare alike (one paper, a toy model) it would be 0."""
MAD_TO_SD: Final = 1.4826
"""The standard deviation of a normal distribution in units of its median absolute deviation."""
WORK: Final = 20_000_000
"""Comparisons of a probe with a paper that one drawing may cost: about half a second of two idle cores."""
LONGEST_STEP: Final = 4
"""However large the collection, every fourth probe is asked: 96 of them, from every field."""


@dataclass(frozen=True, slots=True)
class NullModel:
    """Median and spread of the best cosine that probes reach among `papers`; `questions` names the probes."""

    questions: str
    papers: int
    centre: float
    scale: float

    def surprise(self, cosine: float) -> float:
        """How many spreads a cosine lies above what a question from elsewhere gets."""
        return (cosine - self.centre) / self.scale

    def to_json(self) -> dict[str, str | int | float]:
        """Plain values, for a manifest."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: object) -> NullModel | None:
        """The model of `to_json`; `None` where it is not one, or of other probes: it can be drawn again.

        A collection may come from a stranger: nothing but numbers that a drawing can yield is believed.
        """
        if not isinstance(values, Mapping) or set(values) != set(cls.__slots__):
            return None
        model = cls(**values)
        sane = (
            model.questions == probes.fingerprint()
            and type(model.papers) is int
            and model.papers >= 0
            and all(type(value) is float and math.isfinite(value) for value in (model.centre, model.scale))
            and -1 <= model.centre <= 1
            and MIN_SCALE <= model.scale <= 1
        )
        return model if sane else None


def build(best_cosines: Callable[[Rows], Scores], papers: int, rows: Rows) -> NullModel:
    """Draw the null model of a collection of so many papers.

    `rows`, of shape (probes, dimension), are the encoded `probes.questions()`; `best_cosines` gives for each row the
    cosine of the paper nearest to it. Probes that happen to lie within the collection's field do little harm: median
    and median absolute deviation (F. Hampel: The influence curve and its role in robust estimation. Journal of the
    American Statistical Association 69, 1974) bear that nearly half of them do.
    """
    if not papers:
        return NullModel(probes.fingerprint(), 0, 0.0, 1.0)
    step = min(LONGEST_STEP, max(1, math.ceil(papers * len(rows) / WORK)))
    best = np.clip(best_cosines(rows[::step]).astype(np.float64), -1, 1)
    centre = float(np.median(best))
    scale = MAD_TO_SD * float(np.median(np.abs(best - centre)))
    return NullModel(probes.fingerprint(), papers, centre, min(1.0, max(MIN_SCALE, scale)))
