"""The map of a collection: a place for each paper and names for its regions; and the file that it is kept in.

    8 bytes   what it is                32 bytes   SHA-256 of all that follows
    4 bytes   length of the header      the header: JSON
    int64     keys, ascending           uint16     x of each paper, y of each, cluster of each

The file is derived and may be removed at any time. A collection may come from a stranger: one that is not exactly as it
should be counts as none.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from indexer.directory import ATLAS
from indexer.files import write_whole
from search.area import SIDE

Keys = NDArray[np.int64]
Places = NDArray[np.uint16]
"""x and y of each paper, of shape (n, 2)."""
Groups = NDArray[np.uint16]

_MAGIC: Final = b"PKATLAS1"
_START: Final = len(_MAGIC) + 32 + 4
_LARGEST_HEADER: Final = 1_000_000
_MOST_CLUSTERS: Final = 1_000
_MOST_PAPERS: Final = 20_000_000
"""A file that claims more is not read: a stranger's, without anything in it, may be longer than our memory."""
_A_PAPER: Final = 8 + 3 * 2
"""Bytes of a paper."""
_LONGEST: Final = 100
"""Characters of a word of a label."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A region. Level 0 is coarse; a region of level 1 is in its `parent`. It is densest at (x, y)."""

    id: int
    level: int
    parent: int | None
    words: tuple[str, ...]
    x: int
    y: int
    papers: int

    @property
    def label(self) -> str:
        """Its words in one line."""
        return ", ".join(self.words)


@dataclass(frozen=True, eq=False)
class Atlas:
    """A map as it was drawn, at change `sequence` of a collection of the model with these weights.

    `groups` are ids of clusters of the last level. Another id is another drawing: places of two are not comparable.
    """

    weights: str
    sequence: int
    keys: Keys
    places: Places
    groups: Groups
    clusters: tuple[Cluster, ...]

    @cached_property
    def id(self) -> str:
        """Twelve hexadecimal digits."""
        return hashlib.sha256(self._body()).hexdigest()[:12]

    def save(self, directory: Path) -> None:
        """Replace the map of a collection."""
        body = self._body()
        write_whole(directory / ATLAS, _MAGIC + hashlib.sha256(body).digest() + body)

    @classmethod
    def load(cls, directory: Path, weights: str) -> Atlas | None:
        """The map of a collection; `None` where there is none that can be used."""
        path = directory / ATLAS
        try:
            if path.is_symlink() or not path.is_file():
                return None
            with path.open("rb") as file:
                return cls._read(file, weights)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def _body(self) -> bytes:
        facts = {
            "weights": self.weights,
            "sequence": self.sequence,
            "papers": len(self.keys),
            "clusters": [asdict(each) for each in self.clusters],
        }
        header = json.dumps(facts, sort_keys=True).encode()
        arrays = [self.keys.astype("<i8"), *self.places.T.astype("<u2"), self.groups.astype("<u2")]
        return b"".join([len(header).to_bytes(4, "little"), header, *(each.tobytes() for each in arrays)])

    @classmethod
    def _read(cls, file: IO[bytes], weights: str) -> Atlas | None:
        """Raises `ValueError`, `TypeError` or `KeyError` where the content is no map.

        The header first: no more is read than what it tells of, and that only if the file is as long as that.
        """
        start = file.read(_START)
        length = int.from_bytes(start[_START - 4 :], "little")
        if len(start) < _START or start[: len(_MAGIC)] != _MAGIC or length > _LARGEST_HEADER:
            return None
        header = file.read(length)
        facts = json.loads(header)
        papers, sequence = _number(facts["papers"]), _number(facts["sequence"])
        length += _START + papers * _A_PAPER
        if facts["weights"] != weights or not 0 < papers <= _MOST_PAPERS or os.fstat(file.fileno()).st_size != length:
            return None
        arrays = file.read(papers * _A_PAPER)
        content = hashlib.sha256(start[_START - 4 :])
        content.update(header)
        content.update(arrays)
        if content.digest() != start[len(_MAGIC) : _START - 4]:
            return None
        keys = np.frombuffer(arrays, "<i8", papers).astype(np.int64)
        numbers = np.frombuffer(arrays, "<u2", 3 * papers, 8 * papers).astype(np.uint16).reshape(3, papers)
        clusters = _clusters(facts["clusters"])
        # A paper belongs to a cluster of the last level, and these have the largest ids.
        first, last = int(numbers[2].min()), int(numbers[2].max())
        in_order = keys[0] >= 1 and bool((np.diff(keys) > 0).all())
        if not in_order or last >= len(clusters) or clusters[first].level != clusters[-1].level:
            return None
        return cls(weights, sequence, keys, np.ascontiguousarray(numbers[:2].T), numbers[2], clusters)


def _clusters(values: Any) -> tuple[Cluster, ...]:
    """Clusters as they were written: coarse ones first, numbered from 0. Raises `ValueError` or `TypeError`."""
    if type(values) is not list or not 1 <= len(values) <= _MOST_CLUSTERS:
        raise ValueError("These are no clusters.")
    clusters = tuple(_cluster(each) for each in values)
    coarse = sum(each.level == 0 for each in clusters)
    for number, each in enumerate(clusters):
        above = None if number < coarse else each.parent
        in_order = each.id == number and each.level == (0 if number < coarse else 1) and each.parent == above
        if not in_order or (above is not None and above >= coarse) or (number >= coarse and above is None):
            raise ValueError("This is no cluster.")
    if max(Counter((each.level, each.label) for each in clusters).values()) > 1:
        raise ValueError("Two clusters have one label.")
    return clusters


def _cluster(values: Mapping[str, Any]) -> Cluster:
    words, parent = values["words"], values["parent"]
    if type(words) is not list or not 1 <= len(words) <= 8 or not all(_is_word(each) for each in words):
        raise ValueError("These are no words.")
    numbers = {name: _number(values[name]) for name in ("id", "level", "x", "y", "papers")}
    if max(numbers["x"], numbers["y"]) > SIDE:
        raise ValueError("This is no place.")
    return Cluster(words=tuple(words), parent=None if parent is None else _number(parent), **numbers)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError("This is no number.")
    return value
