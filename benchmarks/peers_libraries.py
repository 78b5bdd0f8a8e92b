"""Peers without a database around them: hnswlib, and Paperkin's dense index within a collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.peers_data import Condition, K, Papers, Rows
from benchmarks.peers_peer import GRAPH, Effort, Peer, keys_of
from indexer import segment
from indexer.change import Change
from indexer.collection import Collection, Snapshot
from indexer.encoder import ModelIdentity
from indexer.filters import Filters
from indexer.paper import Paper

FIRST_DAY: Final = date(1000, 1, 1)


class Hnswlib(Peer):
    """The reference graph. It stores no numbers; a filter is a function of Python that it calls for each key."""

    name = package = distribution = "hnswlib"
    settings = "ip, M 16, ef_construction 200 (its defaults), one thread"
    efforts = tuple({"ef": ef} for ef in GRAPH)

    def build(self, place: Path, papers: Papers) -> None:
        """The graph, and the numbers beside it."""
        self._place = place
        self._index = self.module.Index(space="ip", dim=papers.rows.shape[1])
        self._index.init_index(len(papers), M=16, ef_construction=200, allow_replace_deleted=False)
        self._index.set_num_threads(1)
        self._numbers: dict[str, list[int]] = {"rank": [0], "topic": [0]}
        self.add(papers)

    def open(self, place: Path) -> None:
        """The graph is read whole."""
        self._place = place
        with np.load(place / "numbers.npz") as numbers:
            self._numbers = {name: numbers[name].tolist() for name in ("rank", "topic")}
            dimension = int(numbers["dimension"])
        self._index = self.module.Index(space="ip", dim=dimension)
        self._index.load_index(str(place / "graph.bin"))
        self._index.set_num_threads(1)

    def where(self, condition: Condition | None) -> Callable[[int], bool] | None:
        """A function of a key."""
        if condition is None:
            return None
        values, low, high = self._numbers[condition.field], condition.low, condition.high
        return lambda key: low <= values[key] < high

    def search(self, row: Rows, where: Callable[[int], bool] | None, effort: Effort) -> list[int]:
        """Where it finds fewer than ten it raises; then fewer are asked for, which a user has to do as well."""
        self._index.set_ef(effort["ef"])
        for k in (K, 5, 2, 1):
            try:
                keys, _ = self._index.knn_query(row[None], k=k, num_threads=1, filter=where)
            except RuntimeError:
                continue
            return keys_of(keys)
        return []

    def add(self, papers: Papers) -> None:
        """The whole graph is written again."""
        room = self._index.get_current_count() + len(papers)
        if room > self._index.get_max_elements():
            self._index.resize_index(room)
        self._index.add_items(papers.rows, papers.keys, num_threads=1)
        self._numbers["rank"] += papers.rank.tolist()
        self._numbers["topic"] += papers.topic.tolist()
        self._save()

    def delete(self, keys: Sequence[int]) -> None:
        """Marks; the whole graph is written again."""
        for key in keys:
            self._index.mark_deleted(key)
        self._save()

    def count(self) -> int:
        """Those marked as deleted still count."""
        return int(self._index.get_current_count())

    def _save(self) -> None:
        self._index.save_index(str(self._place / "graph.bin"))
        numbers: dict[str, Any] = {name: np.array(values) for name, values in self._numbers.items()}
        np.savez(self._place / "numbers.npz", dimension=np.array(self._index.dim), **numbers)


class Paperkin(Peer):
    """A collection of papers with these rows: `rank` is the day of publication, `topic` the category.

    Everything is measured with what belongs to it: a change is a transaction of the truth and makes the lexical index
    too; a filter is worked out by the store for each question.
    """

    name = "Paperkin"
    package = "indexer.collection"
    distribution = "paperkin"
    settings = "its own; nothing to choose"

    def build(self, place: Path, papers: Papers) -> None:
        """One change."""
        Collection.create(place, ModelIdentity("peers", "0" * 64, papers.rows.shape[1], 256))
        self.open(place)
        self.add(papers)

    def open(self, place: Path) -> None:
        """With a snapshot, as a server does."""
        self._collection = Collection(place)
        self._snapshot: Snapshot = self._collection.snapshot()

    def where(self, condition: Condition | None) -> Any:
        """The keys that pass, as the store finds them by day or category."""
        if condition is None:
            return None
        field, low, high = condition
        if field == "topic":
            filters = Filters.of(category=f"t{low}")
        else:
            filters = Filters.of(date_from=_day(low), date_to=_day(high - 1))
        return self._snapshot.matching(filters)

    def search(self, row: Rows, where: Any, effort: Effort) -> list[int]:  # noqa: ARG002  it knows best
        """Ties come too."""
        keys, _ = self._snapshot.dense.search(row, K, where)
        return [int(key) for key in keys[:K]]

    def add(self, papers: Papers) -> None:
        """One change; keys follow on those that were ever given."""
        numbers = zip(papers.keys.tolist(), papers.rank.tolist(), papers.topic.tolist(), strict=True)
        made = [
            Paper(f"p{key}", f"Paper {key}", published=_day(rank), categories=(f"t{topic}",))
            for key, rank, topic in numbers
        ]
        rows = papers.rows.astype(np.float16)
        with self._collection.writing("peers") as writer:
            writer.apply([Change.of(paper, row) for paper, row in zip(made, rows, strict=True)])
        self._snapshot = self._collection.snapshot()

    def delete(self, keys: Sequence[int]) -> None:
        """One change."""
        with self._collection.writing("peers") as writer:
            writer.remove([f"p{key}" for key in keys])
        self._snapshot = self._collection.snapshot()

    def count(self) -> int:
        """Asked of the snapshot."""
        return self._snapshot.papers

    def alone(self, place: Path, papers: Papers) -> Callable[[], None]:
        """The dense index."""
        rows = papers.rows.astype(np.float16)

        def make() -> None:
            segment.write(place, "000001", 1, [(papers.keys, rows)], rows.shape[1])

        return make


def _day(rank: int) -> str:
    return (FIRST_DAY + timedelta(days=rank)).isoformat()
