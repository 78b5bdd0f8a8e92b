"""What is read of papers to answer one question, each paper once."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.collection import Snapshot
from indexer.paper import Paper


class Reading:
    """The papers of a snapshot and their stems, kept while one question is answered."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._papers: dict[int, Paper] = {}
        self._stems: dict[int, list[str]] = {}

    def papers(self, keys: Iterable[int]) -> dict[int, Paper]:
        """The papers of these keys."""
        wanted = list(keys)
        if missing := [key for key in wanted if key not in self._papers]:
            self._papers |= self._snapshot.store.papers(missing)
        return {key: self._papers[key] for key in wanted}

    def stems(self, key: int) -> list[str]:
        """The stems of a paper's title and abstract, in order, each as often as it stands there."""
        if key not in self._stems:
            paper = self.papers([key])[key]
            self._stems[key] = self._snapshot.lexical.stems(f"{paper.title} {paper.abstract}")
        return self._stems[key]
