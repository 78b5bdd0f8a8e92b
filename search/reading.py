"""What is read of papers to answer one question, each paper once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.collection import Snapshot
from indexer.paper import Paper

Rows16 = NDArray[np.float16]


class Reading:
    """The papers of a snapshot, their rows and their stems, kept while one question is answered."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._values: dict[int, Mapping[str, Any]] = {}
        self._papers: dict[int, Paper] = {}
        self._bags: dict[int, Counter[str]] = {}
        self._vocabularies: dict[int, set[str]] = {}
        self._rows: dict[int, Rows16] = {}

    def papers(self, keys: Sequence[int]) -> dict[int, Paper]:
        """The papers of these keys."""
        self._read(keys)
        for key in keys:
            if key not in self._papers:
                self._papers[key] = self._snapshot.store.made(self._values[key])
        return {key: self._papers[key] for key in keys}

    def bags(self, keys: Sequence[int]) -> list[Counter[str]]:
        """The stems of the titles and abstracts of these papers, in order, and how often each stands there."""
        self._read(keys)
        for key in keys:
            if key not in self._bags:
                self._bags[key] = Counter(self._snapshot.lexical.stems(self._text(key)))
        return [self._bags[key] for key in keys]

    def vocabularies(self, keys: Sequence[int]) -> list[set[str]]:
        """The stems of the titles and abstracts of these papers, in order."""
        self._read(keys)
        for key in keys:
            if key not in self._vocabularies:
                known = self._bags.get(key)
                self._vocabularies[key] = set(self._snapshot.lexical.stems(self._text(key)) if known is None else known)
        return [self._vocabularies[key] for key in keys]

    def rows(self, keys: Sequence[int]) -> Rows16:
        """The rows of these papers, of shape (papers, dimension)."""
        if missing := [key for key in keys if key not in self._rows]:
            self._rows |= self._snapshot.dense.rows(np.array(sorted(missing), dtype=np.int64))
        return np.array([self._rows[key] for key in keys])

    def _text(self, key: int) -> str:
        values = self._values[key]  # no paper need be made for its words
        return f"{values.get('title') or ''} {values.get('abstract') or ''}"

    def _read(self, keys: Iterable[int]) -> None:
        if missing := [key for key in keys if key not in self._values]:
            self._values |= self._snapshot.store.values(missing)
