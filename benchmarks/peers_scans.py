"""Peers that read every row that passes: numpy, sentence-transformers, sqlite-vec."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers_data import FIELDS, Condition, Integers, K, Papers, Rows, passing
from benchmarks.peers_peer import Effort, Peer

_NUMBERS: Final = ("keys", *FIELDS)


class Scan(Peer):
    """Rows in a file that is read whole: what numpy and sentence-transformers have in common."""

    _place: Path
    _papers: Papers

    def build(self, place: Path, papers: Papers) -> None:
        """Two files."""
        self._place, self._papers = place, papers
        self._save()

    def open(self, place: Path) -> None:
        """Read both files."""
        self._place = place
        with np.load(place / "numbers.npz") as numbers:
            self._papers = Papers(rows=np.load(place / "rows.npy"), **{name: numbers[name] for name in _NUMBERS})

    def add(self, papers: Papers) -> None:
        """Write both files again."""
        both = (self._papers, papers)
        self._papers = Papers(*(np.concatenate([getattr(each, name) for each in both]) for name in Papers.__slots__))
        self._save()

    def delete(self, keys: Sequence[int]) -> None:
        """Write both files again."""
        kept = ~np.isin(self._papers.keys, keys)
        self._papers = Papers(*(getattr(self._papers, name)[kept] for name in Papers.__slots__))
        self._save()

    def count(self) -> int:
        """Rows read."""
        return len(self._papers)

    def where(self, condition: Condition | None) -> NDArray[np.bool_] | None:
        """A mask."""
        return None if condition is None else passing(self._papers, condition)

    def _save(self) -> None:
        np.save(self._place / "rows.npy", self._papers.rows)
        np.savez(self._place / "numbers.npz", **{name: getattr(self._papers, name) for name in _NUMBERS})


class Numpy(Scan):
    """A product of the matrix with the question."""

    name = "numpy"
    package = distribution = "numpy"
    settings = "float32 rows @ question, argpartition"

    def search(self, row: Rows, where: NDArray[np.bool_] | None, effort: Effort) -> list[int]:  # noqa: ARG002  exact
        """Few rows are copied out of the matrix; of many, all are scored."""
        rows, keys = self._papers.rows, self._papers.keys
        if where is not None and np.count_nonzero(where) < len(keys) // 8:
            places = np.flatnonzero(where)
            rows, keys, where = rows[places], keys[places], None
        scores = rows @ row
        if where is not None:
            scores[~where] = -np.inf
        best = np.argpartition(-scores, min(K, len(scores)) - 1)[:K]
        best = best[np.argsort(-scores[best])]
        return [int(key) for key in keys[best[np.isfinite(scores[best])]]]


class SemanticSearch(Scan):
    """`sentence_transformers.util.semantic_search`, on the rows that pass."""

    name = "semantic_search"
    package = "sentence_transformers.util"
    distribution = "sentence-transformers"
    settings = "float32 tensor, score_function dot_score"

    def __init__(self) -> None:
        super().__init__()
        self._torch = importlib.import_module("torch")

    def search(self, row: Rows, where: NDArray[np.bool_] | None, effort: Effort) -> list[int]:  # noqa: ARG002  exact
        """The tensor shares the memory of the rows; those that pass are copied."""
        corpus, keys = self._torch.from_numpy(self._papers.rows), self._papers.keys
        if where is not None:
            corpus, keys = corpus[self._torch.from_numpy(where)], keys[where]
        question = self._torch.from_numpy(row[None])
        hits = self.module.semantic_search(question, corpus, top_k=K, score_function=self.module.dot_score)[0]
        return [int(keys[hit["corpus_id"]]) for hit in hits]


class SqliteVec(Peer):
    """A virtual table of SQLite. Where Python's own module loads no extensions, `pysqlite3` does."""

    name = "sqlite-vec"
    package = "sqlite_vec"
    distribution = "sqlite-vec"
    settings = "vec0, float[d] with distance_metric=cosine, two metadata columns"

    def __init__(self) -> None:
        super().__init__()
        own = hasattr(sqlite3.Connection, "enable_load_extension")
        self._sqlite: Any = sqlite3 if own else importlib.import_module("pysqlite3")
        self._connect(":memory:")  # says at once where it does not load

    def build(self, place: Path, papers: Papers) -> None:
        """One transaction."""
        self.open(place)
        columns = ", ".join(f"{field} integer" for field in FIELDS)
        self._db.execute(
            f"CREATE VIRTUAL TABLE paper USING vec0("
            f"key integer primary key, row float[{papers.rows.shape[1]}] distance_metric=cosine, {columns})"
        )
        self.add(papers)

    def open(self, place: Path) -> None:
        """A database in WAL mode."""
        self._connect(str(place / "papers.db"))
        self._db.execute("PRAGMA journal_mode = WAL").fetchall()

    def where(self, condition: Condition | None) -> Condition | None:
        """As it is."""
        return condition

    def search(self, row: Rows, where: Condition | None, effort: Effort) -> list[int]:  # noqa: ARG002  exact
        """The metadata columns filter within the scan."""
        sql, values = "SELECT key FROM paper WHERE row MATCH ? AND k = ?", [row.tobytes(), K]
        if where is not None:
            sql += f" AND {where.field} >= ? AND {where.field} < ?"
            values += [where.low, where.high]
        return [int(key) for (key,) in self._db.execute(f"{sql} ORDER BY distance", values)]

    def add(self, papers: Papers) -> None:
        """One transaction."""
        numbers: list[Integers] = [getattr(papers, field) for field in FIELDS]
        lines = zip(papers.keys.tolist(), papers.rows, *(each.tolist() for each in numbers), strict=True)
        with self._db:
            self._db.executemany(
                "INSERT INTO paper VALUES (?, ?, ?, ?)", ((key, row.tobytes(), *rest) for key, row, *rest in lines)
            )

    def delete(self, keys: Sequence[int]) -> None:
        """One transaction."""
        with self._db:
            self._db.executemany("DELETE FROM paper WHERE key = ?", [(key,) for key in keys])

    def count(self) -> int:
        """Asked of the table."""
        return int(self._db.execute("SELECT count(*) FROM paper").fetchone()[0])

    def close(self) -> None:
        """Empties the log."""
        self._db.close()

    def _connect(self, name: str) -> None:
        self._db = self._sqlite.connect(name)
        self._db.enable_load_extension(True)
        self.module.load(self._db)
        self._db.enable_load_extension(False)
