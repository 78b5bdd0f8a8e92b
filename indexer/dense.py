"""The dense index: which papers are nearest to a row, over all segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from indexer.segment import Changed, Segment, SegmentFacts
from indexer.selection import Keys, Selection
from indexer.vectors import BLOCK, Row, Rows16, Scores, merge


class DenseIndex:
    """The segments of one snapshot, the oldest and largest first. A paper's row is in one of them."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments: Final = tuple(segments)

    @classmethod
    def open(cls, directory: Path, facts: Sequence[SegmentFacts], changed: Changed, dimension: int) -> DenseIndex:
        """As it is good for the state of the truth that `changed` tells of. Raises `IndexDamaged`."""
        return cls([Segment(directory, each, changed, dimension) for each in facts])

    @property
    def papers(self) -> int:
        """How many papers have a row."""
        return sum(segment.live for segment in self.segments)

    def search(
        self, query: Row, k: int, allowed: Selection | None = None, *, exact: bool = False
    ) -> tuple[Keys, Scores]:
        """The k nearest keys and their inner products with `query`, of shape (dimension,), best first.

        Every key that ties with the last one comes too, so that the caller can order ties by what people see.
        `allowed` restricts the search to some keys, exactly. In segments with codes a near paper can be missed, at
        most one in a hundred of the first ten (docs/scale.md); `exact` scores every row, which takes long.
        """
        if k < 1:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return merge((segment.search(query, k, allowed, exact=exact) for segment in self.segments), k)

    def best(self, queries: Row) -> Scores:
        """The best inner product of each query, of shape (queries, dimension); there must be a row."""
        found = (self.search(query, 1)[1] for query in queries)
        best = [
            scores if len(scores) else self.search(query, 1, exact=True)[1]
            for query, scores in zip(queries, found, strict=True)
        ]
        return np.array([scores[0] for scores in best], dtype=np.float32)

    def scores(self, query: Row, keys: Keys) -> dict[int, float]:
        """The inner products of `query` with the rows of some keys, by the same arithmetic as `search`."""
        found: dict[int, float] = {}
        for segment in self.segments:
            positions = segment.holding(keys)
            here, scores = segment.score(query, len(positions), positions)
            found.update(zip(here.tolist(), scores.tolist(), strict=True))
        return found

    def rows(self, keys: Keys) -> dict[int, Rows16]:
        """The rows of some keys, which ascend, each of shape (dimension,)."""
        found: dict[int, Rows16] = {}
        for segment in self.segments:
            positions = segment.holding(keys)
            found.update(zip(segment.keys[positions].tolist(), segment.rows(positions), strict=True))
        return found

    def pages(self) -> Iterator[tuple[Keys, Rows16]]:
        """The keys and rows of all papers, a block at a time."""
        for segment in self.segments:
            living = segment.living()
            for start in range(0, len(living), BLOCK):
                block = living[start : start + BLOCK]
                yield segment.keys[block], segment.rows(block)
