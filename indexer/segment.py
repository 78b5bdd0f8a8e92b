"""A segment of the dense index: some papers' rows in files that never change, and the search in them.

    <name>.keys    int64, ascending      <name>.rows    float16, (papers, dimension)
    <name>.codes   FAISS; only of a segment of more than `EXACT` papers

A small segment is searched exactly. A large one by its codes first, and the best of these by their rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from indexer.rows_file import NUMBER, RowsFile, mapped
from indexer.selection import Keys, Selection
from indexer.vectors import BLOCK, NUMBERS_A_CODE, Codes, Exact, Positions, Row, Rows16, Scores, merge

EXACT: Final = 10_000
"""Papers up to which a segment has no codes: all its rows are scored in 0.3 ms."""
SPARE: Final = 80
SPARE_ROOT: Final = 0.65
"""Of n papers the nearest k + max(`SPARE`, `SPARE_ROOT`·√n) by their codes are scored by their rows (docs/scale.md)."""
FEW: Final = 1_500
FEW_SHARE: Final = 1 / 500
"""Of n papers, `FEW` + n·`FEW_SHARE` that pass a filter are all scored: that is cheaper than to scan the codes."""
FACTORY: Final = f"SQfp16, above {EXACT} papers PQ4fs{NUMBERS_A_CODE} and SQfp16"
"""Names the files and what is in them. Stored in the manifest: an index of another factory is made anew."""

_KEY: Final = np.dtype("<i8")
_LARGEST: Final = 2**62
Changed = Callable[[int, int], Keys]
"""The keys, up to one, that were written or removed after a change."""
SUFFIXES: Final = (".keys", ".rows", ".codes")


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """A segment as it was written: the rows that its papers had at change `sequence` of the truth."""

    name: str
    papers: int
    sequence: int

    @property
    def coded(self) -> bool:
        """Whether it has codes."""
        return self.papers > EXACT

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files."""
        return tuple(f"{self.name}{suffix}" for suffix in SUFFIXES[: 3 if self.coded else 2])

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SegmentFacts:
        """Raises `ValueError` where a segment cannot be so: a collection may come from a stranger."""
        facts = cls(**values)
        named = type(facts.name) is str and facts.name.isascii() and facts.name.isdigit()
        if not named or type(facts.papers) is not int or type(facts.sequence) is not int:
            raise ValueError("This is no segment.")
        if not (1 <= facts.papers <= _LARGEST and 0 <= facts.sequence <= _LARGEST):
            raise ValueError("This is no segment.")
        return facts


def write(
    directory: Path, name: str, sequence: int, pages: Iterable[tuple[Keys, Rows16]], dimension: int
) -> SegmentFacts | None:
    """Write the files of a segment from pages of keys, ascending, and rows; `None` where there are none."""
    papers = 0
    with (directory / f"{name}.keys").open("wb") as keys_file, (directory / f"{name}.rows").open("wb") as rows_file:
        for keys, rows in pages:
            keys_file.write(keys.astype(_KEY).tobytes())
            rows_file.write(rows.astype(NUMBER).tobytes())
            papers += len(keys)
    if not papers:
        for suffix in SUFFIXES:
            (directory / f"{name}{suffix}").unlink(missing_ok=True)
        return None
    facts = SegmentFacts(name, papers, sequence)
    if facts.coded:
        mapped = np.memmap(directory / f"{name}.rows", NUMBER, "r", shape=(papers, dimension))
        Codes.build(mapped).save(directory / f"{name}.codes")
    return facts


class Segment:
    """An open segment, as it is good for one state of the truth. May be searched by several threads."""

    def __init__(self, directory: Path, facts: SegmentFacts, changed: Changed, dimension: int) -> None:
        """Raises `IndexDamaged` where the files are not as they were written."""
        self.facts = facts
        self.keys: Final[Keys] = mapped(directory / f"{facts.name}.keys", facts.papers * _KEY.itemsize).view(_KEY)
        self._rows = RowsFile(directory / f"{facts.name}.rows", facts.papers, dimension)
        path = directory / f"{facts.name}.codes"
        self._codes = Codes.load(path, facts.papers, dimension) if facts.coded else None
        stale = self.find(changed(facts.sequence, int(self.keys[-1])))
        self.live: Final = facts.papers - len(stale)
        self.stale: Final[Keys] = self.keys[stale]
        self._alive: NDArray[np.bool_] | None = None
        if len(stale):
            self._alive = np.ones(facts.papers, dtype=bool)
            self._alive[stale] = False

    def search(self, query: Row, k: int, allowed: Selection | None, *, exact: bool = False) -> tuple[Keys, Scores]:
        """The k nearest keys and all that tie with the last, best first."""
        if self._codes is None and allowed is None:
            keys, rows = self._held
            found, scores = rows.top(query, k)
            return keys[found], scores
        positions = None if allowed is None else self._few(allowed)
        if positions is not None:
            return self.score(query, k, positions)
        if self._codes is None and allowed is not None:
            return self._among_all(query, k, allowed)
        if exact or self._codes is None:
            return self.score(query, k, self.living() if allowed is None else self._passing(allowed))
        return self._by_codes(self._codes, query, k, allowed)

    def score(self, query: Row, k: int, positions: Positions) -> tuple[Keys, Scores]:
        """The k best of some rows and all that tie with the last, exactly."""
        blocks = (positions[start : start + BLOCK] for start in range(0, len(positions), BLOCK))
        found = [(block, *Exact(self.rows(block)).top(query, k)) for block in blocks]
        return merge(((self.keys[block[places]], scores) for block, places, scores in found), k)

    def find(self, keys: Keys) -> Positions:
        """The positions of those of these keys that are here, stale or not."""
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        found: Positions = places[self.keys[places] == keys]
        return found

    def holding(self, keys: Keys) -> Positions:
        """The positions of those of these keys whose rows are here."""
        return self.living(self.find(keys))

    def rows(self, positions: Positions) -> Rows16:
        """The rows at some positions, ascending."""
        return self._rows.take(positions)

    @cached_property
    def _held(self) -> tuple[Keys, Exact]:
        """The keys and rows of a small segment, in memory."""
        positions = self.living()
        return self.keys[positions], Exact(self.rows(positions))

    def _among_all(self, query: Row, k: int, allowed: Selection) -> tuple[Keys, Scores]:
        """By scoring all rows of a small segment: less work than to gather those that pass, where these are many."""
        keys, rows = self._held
        wanted = 2 * k * len(keys) // max(1, min(len(allowed), len(keys)))
        while wanted < len(keys):
            found, scores = rows.top(query, wanted)
            passing = allowed.has(keys[found])
            if np.count_nonzero(passing) >= k:
                return merge([(keys[found][passing], scores[passing])], k)
            wanted *= 4
        return self.score(query, k, self._passing(allowed))

    def _by_codes(self, codes: Codes, query: Row, k: int, allowed: Selection | None) -> tuple[Keys, Scores]:
        """By the rows of the best by codes; of filtered ones so many more that enough of them pass."""
        passing = self.live if allowed is None else min(len(allowed), self.live)
        needed = min(passing, k + max(SPARE, math.ceil(SPARE_ROOT * math.sqrt(passing))))
        wanted = math.ceil(needed * self.facts.papers / max(passing, 1))
        # Where the question's neighbours do not pass, to score all that pass is less work than to look ever deeper.
        while wanted < (
            self.facts.papers if allowed is None else min(self.facts.papers // 4, max(passing, needed * 4))
        ):
            positions = np.sort(self._passing(allowed, codes.nearest(query, wanted)))
            keys, scores = self.score(query, len(positions), positions)
            # A tie with the last of them may go on among those that were not scored.
            if len(keys) >= needed * 0.9 and (len(keys) <= k or scores[k - 1] > scores[-1]):
                return merge([(keys, scores)], k)
            wanted *= 4
        return self.score(query, k, self._passing(allowed))

    def _few(self, allowed: Selection) -> Positions | None:
        """The positions of the papers that pass a filter, where they are so few that all can be scored."""
        first, last = np.searchsorted(allowed.keys, (self.keys[0], self.keys[-1] + 1))
        if last - first > FEW + FEW_SHARE * self.facts.papers:
            return None
        return self.holding(allowed.keys[first:last])

    def _passing(self, allowed: Selection | None, positions: Positions | None = None) -> Positions:
        positions = self.living(positions)
        return positions if allowed is None else positions[allowed.has(self.keys[positions])]

    def living(self, positions: Positions | None = None) -> Positions:
        """Those of some positions, or of all, whose rows are not stale."""
        if positions is None:
            return np.arange(self.facts.papers) if self._alive is None else np.flatnonzero(self._alive)
        return positions if self._alive is None else positions[self._alive[positions]]
