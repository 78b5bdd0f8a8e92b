"""What every peer gets: the same rows, questions and filters, and what exact search says.

A folder holds `rows.npy`, float16 of shape (papers, dimension), normalised, and `questions.npy`, float32 of shape
(questions, dimension). A paper's key is its place, from 1. All else is drawn from these, the same each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Rows16 = NDArray[np.float16]
Integers = NDArray[np.int64]

K: Final = 10
FIELDS: Final = ("rank", "topic")
SHARES: Final = {"50 %": 0.5, "5 %": 0.05, "0.1 %": 0.001, "one paper": 0.0}
FAR: Final = "far topic"
"""The papers of the topic that is farthest from the question: near the question, a graph finds none of them."""
NONE: Final = "none"
TOPICS: Final = 64
TIES: Final = 20
"""Papers beyond the tenth that count as right as well where they tie with it."""
_EPSILON: Final = 1e-6
_SEED: Final = 5


class Condition(NamedTuple):
    """Papers whose integer `field` is at least `low` and below `high`."""

    field: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Papers:
    """Keys of shape (papers,), rows of shape (papers, dimension), and two integers of each paper.

    `rank` is a random order of the papers, so that its ranges are random samples; `topic` follows from the row.
    """

    keys: Integers
    rows: Rows
    rank: Integers
    topic: Integers

    def __len__(self) -> int:
        return len(self.keys)

    def part(self, start: int, stop: int) -> Papers:
        """Some of them, side by side."""
        return Papers(*(getattr(self, name)[start:stop] for name in self.__slots__))

    def parts(self, size: int) -> Iterable[Papers]:
        """All of them, so many at a time."""
        return (self.part(start, start + size) for start in range(0, len(self), size))


@dataclass(frozen=True)
class Data:
    """A folder of rows and questions, cut to the first `papers`. Questions are read at once, rows when asked for."""

    folder: Path
    count: int

    @classmethod
    def open(cls, folder: Path, papers: int | None) -> Data:
        """All rows, or the first ones."""
        total = len(np.load(folder / "rows.npy", mmap_mode="r"))
        return cls(folder, min(papers or total, total))

    @cached_property
    def questions(self) -> Rows:
        """Rows of shape (questions, dimension)."""
        questions: Rows = np.load(self.folder / "questions.npy")
        return questions

    def papers(self, count: int | None = None) -> Papers:
        """The papers, or the first ones, with rows in float32."""
        n = count or self.count
        rows: Rows16 = np.load(self.folder / "rows.npy", mmap_mode="r")[: self.count]
        draw = np.random.default_rng(_SEED)
        rank = draw.permutation(self.count)
        whole = np.ascontiguousarray(rows, dtype=np.float32)
        centres = self._centres(rows)
        topic = np.concatenate([np.argmax(block @ centres.T, axis=1) for block in _blocks(whole)])
        return Papers(np.arange(1, self.count + 1), whole, rank, topic).part(0, n)

    def fresh(self, count: int) -> Papers:
        """Papers that are not in the data: each row is the middle of two real ones."""
        rows: Rows16 = np.load(self.folder / "rows.npy", mmap_mode="r")[: self.count]
        draw = np.random.default_rng(_SEED + 1)
        pairs = draw.integers(self.count, size=(count, 2))
        mixed = rows[pairs[:, 0]].astype(np.float32) + rows[pairs[:, 1]]
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
        keys = np.arange(self.count + 1, self.count + count + 1)
        return Papers(keys, mixed, keys - 1, np.argmax(mixed @ self._centres(rows).T, axis=1))

    def after(self, count: int, papers: Papers) -> Papers:
        """Papers with the keys that follow on the first `count`, for an index of these alone."""
        keys = np.arange(count + 1, count + len(papers) + 1)
        return replace(papers, keys=keys, rank=keys - 1)

    def _centres(self, rows: Rows16) -> Rows:
        chosen = np.random.default_rng(_SEED + 2).choice(self.count, min(TOPICS, self.count), replace=False)
        return rows[np.sort(chosen)].astype(np.float32)

    # Filters

    def prepare(self) -> Truth:
        """Draw a filter of each kind for each question, and search exactly."""
        file = self.folder / f"truth-{self.count}-{len(self.questions)}.json"
        if not file.exists():
            truth = _truth(self, self.papers())
            file.write_text(json.dumps({"conditions": truth.conditions, "best": truth.best}), encoding="utf-8")
        values = json.loads(file.read_text(encoding="utf-8"))
        conditions = {
            name: [Condition(*each) if each else None for each in drawn] for name, drawn in values["conditions"].items()
        }
        return Truth(conditions, values["best"])

    def conditions(self, papers: Papers) -> dict[str, list[Condition | None]]:
        """By kind, one for each question: no two questions share a range, so that no engine can remember it."""
        draw = np.random.default_rng(_SEED + 3)
        drawn: dict[str, list[Condition | None]] = {NONE: [None] * len(self.questions)}
        for name, share in SHARES.items():
            width = max(1, round(self.count * share))
            lows = draw.integers(0, self.count - width + 1, size=len(self.questions))
            drawn[name] = [Condition("rank", int(low), int(low) + width) for low in lows]
        sizes = np.bincount(papers.topic, minlength=TOPICS)
        centres = np.array([papers.rows[papers.topic == t].sum(axis=0) for t in range(TOPICS)])
        nearness = self.questions @ centres.T / np.maximum(np.linalg.norm(centres, axis=1), _EPSILON)
        nearness[:, sizes < min(2 * K, sizes.max())] = np.inf
        drawn[FAR] = [Condition("topic", int(t), int(t) + 1) for t in np.argmin(nearness, axis=1)]
        return drawn


@dataclass(frozen=True, slots=True)
class Truth:
    """Filters by kind and question, and the keys that count as right: the ten best, and what ties with the tenth.

    `best` has for each kind and question the number of papers that should be found, up to ten, and the keys.
    """

    conditions: dict[str, list[Condition | None]]
    best: dict[str, list[tuple[int, list[int]]]]

    def recall(self, kind: str, found: list[list[int]]) -> float:
        """Share of the ten best that were found, over the first questions: ANN recall@10."""
        shares = [
            len(set(keys[:K]) & set(right)) / wanted
            for keys, (wanted, right) in zip(found, self.best[kind], strict=False)
        ]
        return float(np.mean(shares))


def passing(papers: Papers, condition: Condition) -> NDArray[np.bool_]:
    """Which papers pass."""
    values: Integers = getattr(papers, condition.field)
    return (values >= condition.low) & (values < condition.high)


def _truth(data: Data, papers: Papers) -> Truth:
    conditions = data.conditions(papers)
    best: dict[str, list[tuple[int, list[int]]]] = {kind: [] for kind in conditions}
    for start in range(0, len(data.questions), 50):
        scores = data.questions[start : start + 50] @ papers.rows.T
        for number, line in enumerate(scores, start):
            for kind, drawn in conditions.items():
                condition = drawn[number]
                places = np.arange(len(papers)) if condition is None else np.flatnonzero(passing(papers, condition))
                best[kind].append(_best(papers.keys[places], line[places]))
    return Truth(conditions, best)


def _best(keys: Integers, scores: Rows) -> tuple[int, list[int]]:
    wanted, taken = min(K, len(keys)), min(K + TIES, len(keys))
    order = np.argpartition(-scores, taken - 1)[:taken]
    order = order[np.argsort(-scores[order], kind="stable")]
    right = order[scores[order] >= scores[order[wanted - 1]] - _EPSILON]
    return wanted, keys[right].tolist()


def _blocks(rows: Rows) -> Iterable[Rows]:
    return (rows[start : start + 8192] for start in range(0, len(rows), 8192))
