"""txtai, with its SQLite beside FAISS and without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers_data import FIELDS, Condition, K, Papers, Rows
from benchmarks.peers_engines import facts_of
from benchmarks.peers_peer import Effort, Peer


class Txtai(Peer):
    """FAISS and SQLite side by side. Vectors come from a function, which here looks them up.

    A filter is applied to candidates that are the nearest without it, by default a hundred.
    """

    name = package = distribution = "txtai"
    content = True
    settings = "faiss IVF, Flat (its default), content in SQLite, both integers as indexed expressions"
    efforts = tuple(
        {"nprobe": nprobe, "candidates": 100}
        for nprobe in (8, 16, 24, 32, 48, 64, 80, 96, 128, 192, 256, 384, 512, 1024)
    )

    def __init__(self) -> None:
        super().__init__()
        rows: dict[str, Rows] = {}
        self._rows = rows
        self._look_up = lambda texts: np.array([rows[text] for text in texts], dtype=np.float32)

    def build(self, place: Path, papers: Papers) -> None:
        """Everything at once, then saved."""
        self._place = place / "index"
        expressions = [{"name": field, "expression": field, "index": True} for field in FIELDS]
        self._papers = self.module.Embeddings(
            method="external", transform=self._look_up, content=self.content, expressions=expressions
        )
        self._write(papers, self._papers.index)

    def open(self, place: Path) -> None:
        """Files are read whole."""
        self._place = place / "index"
        self._papers = self.module.Embeddings(method="external", transform=self._look_up)
        self._papers.load(str(self._place), config={"transform": self._look_up})

    def where(self, condition: Condition | None) -> str:
        """In SQL."""
        return f"AND {condition.field} >= {condition.low} AND {condition.field} < {condition.high}" if condition else ""

    def search(self, row: Rows, where: str, effort: Effort) -> list[int]:
        """Without a filter, SQL would still be asked for; ids come with either."""
        self._papers.ann.config.setdefault("faiss", {})["nprobe"] = effort["nprobe"]
        self._rows["?"] = row
        similar = f"similar('?', {effort['candidates']})" if where else "similar('?')"
        found = self._papers.search(f"SELECT id, score FROM txtai WHERE {similar} {where} LIMIT {K}")  # noqa: S608
        return [int(hit["id"]) for hit in found]

    def add(self, papers: Papers) -> None:
        """Both files are written again."""
        self._write(papers, self._papers.upsert)

    def delete(self, keys: Sequence[int]) -> None:
        """Both files are written again."""
        self._papers.delete(list(keys))
        self._papers.save(str(self._place))

    def count(self) -> int:
        """Asked of it."""
        return int(self._papers.count())

    def close(self) -> None:
        """Ends SQLite."""
        self._papers.close()

    def filtered_efforts(self, chosen: Effort) -> Sequence[Effort]:
        """More candidates, then also all cells."""
        everywhere = 4_096
        more = [{**chosen, "candidates": 1_000}, {**chosen, "candidates": 10_000}]
        return [chosen, *more, {"nprobe": everywhere, "candidates": 100_000}]

    def _write(self, papers: Papers, write: Any) -> None:
        lines = list(zip(papers.keys.tolist(), facts_of(papers), strict=True))
        self._rows.update(zip((str(key) for key, _ in lines), papers.rows, strict=True))
        write([(key, {"text": str(key), **facts}, None) for key, facts in lines])
        self._papers.save(str(self._place))
        self._rows.clear()


class TxtaiIds(Txtai):
    """Without SQLite: it knows no filter, and a question goes to FAISS alone."""

    name = "txtai, ids only"
    content = False
    filters = False
    settings = "faiss IVF, Flat (its default), no content"

    def search(self, row: Rows, where: str, effort: Effort) -> list[int]:  # noqa: ARG002  there is none
        """By the text that stands for the question."""
        self._papers.ann.config.setdefault("faiss", {})["nprobe"] = effort["nprobe"]
        self._rows["?"] = row
        return [int(key) for key, _ in self._papers.search("?", K)]
