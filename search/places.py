"""A ranking: papers with their scores, and the parts that sum to them, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.selection import Keys
from search.fusion import Column

Positions = NDArray[np.int64]


class Place(NamedTuple):
    """A place in a ranking, before the paper is read. The three parts sum to the score."""

    key: int
    score: float
    dense: float | None
    lexical: float | None
    meaning: float = 0.0
    words: float = 0.0
    kin: float = 0.0


class Found(NamedTuple):
    """Keys and their scores, best first."""

    keys: Keys
    scores: Column

    def within(self, keys: Keys) -> Column:
        """The scores of some keys, of those that were not found 0."""
        order = np.argsort(self.keys)
        at = np.searchsorted(self.keys, keys, sorter=order)
        at = order[np.minimum(at, len(order) - 1)] if len(order) else at
        scores = np.zeros(len(keys))
        if len(order):
            here = self.keys[at] == keys
            scores[here] = self.scores[at[here]]
        return scores


NOTHING: Final = Found(np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The beginning of a ranking, in no order: for each paper its key, its score, and the parts that sum to it.

    `dense` are the cosines, of a ranking that has any; `lexical` the papers found by words. `learned` are the stems
    that were learned on the way, with their weights.
    """

    keys: Keys
    scores: Column
    meaning: Column
    words: Column
    kin: Column
    dense: Column | None = None
    lexical: Found = NOTHING
    learned: Mapping[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def head(self, count: int) -> Positions:
        """Where the best are, best first, ties by key, with all that tie with the last."""
        return best(self.keys, self.scores, count)

    def find(self, key: int) -> Place | None:
        """The place of one paper, if it is there."""
        at = np.flatnonzero(self.keys == key)
        return self.place(at[0]) if len(at) else None

    def without(self, keys: Keys) -> Ranking:
        """The ranking less some papers."""
        left = ~np.isin(self.keys, keys)
        columns = (self.scores[left], self.meaning[left], self.words[left], self.kin[left])
        return Ranking(self.keys[left], *columns, None if self.dense is None else self.dense[left], self.lexical)

    def place(self, at: np.intp | int) -> Place:
        """One of them."""
        key = int(self.keys[at])
        words = np.flatnonzero(self.lexical.keys == key)
        return Place(
            key,
            float(self.scores[at]),
            None if self.dense is None else float(self.dense[at]),
            float(self.lexical.scores[words[0]]) if len(words) else None,
            float(self.meaning[at]),
            float(self.words[at]),
            float(self.kin[at]),
        )


_NONE: Final = np.empty(0)
UNRANKED: Final = Ranking(NOTHING.keys, _NONE, _NONE, _NONE, _NONE)


def best(keys: Keys, scores: Column, count: int) -> Positions:
    """Where the best of some scores are, best first, ties by key, with all that tie with the last."""
    if not count:
        return np.empty(0, dtype=np.int64)
    if len(keys) > count:
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        among = np.flatnonzero(scores >= least)
    else:
        among = np.arange(len(keys))
    order: Positions = among[np.lexsort((keys[among], -scores[among]))]
    return order


def last_tie(scores: NDArray[np.floating], k: int) -> int:
    """How many of some scores, which fall, are the k best and all that tie with the last of these."""
    return len(scores) if len(scores) <= k else int(np.count_nonzero(scores >= scores[k - 1]))
