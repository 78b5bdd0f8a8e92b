"""How many papers have which day, category or source: read once a state of the collection, counted for any papers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from indexer.database import Database
from indexer.selection import Keys

Labelled = Literal["day", "category", "source"]

_LABELS: Final[Mapping[Labelled, str]] = {
    "day": "SELECT day AS name, key FROM paper WHERE day IS NOT NULL",
    "category": "SELECT name, key FROM category",
    "source": "SELECT DISTINCT source AS name, key FROM record WHERE source <> ''",
}
"""Every paper once with each label that it has; all three are read from an index alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Every label of one kind: `labels` are places in `names`, each that of the paper at the same place in `keys`.

    Keys ascend, and come as often as their paper has labels; names ascend too.
    """

    names: tuple[str, ...]
    labels: NDArray[np.int32]
    keys: Keys

    def count(self, selected: Keys | None) -> tuple[dict[str, int], int]:
        """How many papers have each name that any has, and how many have one at all; of some papers, or of all."""
        if selected is None:
            labels, having = self.labels, len(np.unique(self.keys))
        else:
            first, end = (np.searchsorted(self.keys, selected, side) for side in ("left", "right"))
            many = end - first
            # The runs of the selected papers, one behind the other: each place is where its run begins, and how far in.
            within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
            labels, having = self.labels[np.repeat(first, many) + within], int(np.count_nonzero(many))
        counts = np.bincount(labels, minlength=len(self.names))
        return {self.names[at]: int(counts[at]) for at in np.flatnonzero(counts)}, having


class Columns:
    """The columns of one state of a collection, each read when it is first asked for. Safe for several threads."""

    def __init__(self, read: Callable[[Labelled], Column]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._kept: dict[Labelled, Column] = {}

    def of(self, kind: Labelled) -> Column:
        """The column; many who ask at once wait for one to read it."""
        with self._lock:
            if kind not in self._kept:
                self._kept[kind] = self._read(kind)
            return self._kept[kind]


class Counts(Database):
    """The part of a store that tells what labels papers have."""

    def column(self, kind: Labelled) -> Column:
        """Every label of a kind. The keys come as texts, which Python gets seven times as quickly as rows."""
        with self._guard():
            found = self._db.execute(
                f"SELECT name, count(*), group_concat(key) FROM ({_LABELS[kind]}) GROUP BY name ORDER BY name"  # noqa: S608
            ).fetchall()
        keys = np.fromstring(",".join(text for _, _, text in found), dtype=np.int64, sep=",")
        labels = np.repeat(np.arange(len(found), dtype=np.int32), [many for _, many, _ in found])
        order = np.argsort(keys, kind="stable")
        return Column(tuple(name for name, _, _ in found), labels[order], keys[order])

    def first_with_category(self, names: Sequence[str]) -> dict[str, int]:
        """The key of the paper that came first of those with a category; names are folded, unknown ones left out."""
        sql = "SELECT value, (SELECT min(key) FROM category WHERE name = value) FROM json_each(?)"
        with self._guard():
            found = self._db.execute(sql, (json.dumps(names),)).fetchall()
        return {name: key for name, key in found if key is not None}
