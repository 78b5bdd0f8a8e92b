"""A change of the truth: what a paper becomes, and the records that say so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.identity import Record
from indexer.paper import Paper

Rows16 = NDArray[np.float16]


@dataclass(slots=True)
class Slot:
    """Where a paper stands: its key, known as soon as it is stored."""

    key: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A paper as it is to be stored, with every record of it.

    `row` has shape (dimension,); `None` keeps the row that is stored, whose text is the same, unless `encode` says that
    it is still to be made. `absorbed` are papers that turned out to be this one.
    """

    paper: Paper
    records: tuple[Record, ...]
    row: Rows16 | None
    absorbed: tuple[Slot, ...] = ()
    slot: Slot = field(default_factory=Slot, compare=False)
    encode: bool = False

    @classmethod
    def of(cls, paper: Paper, row: Rows16) -> Change:
        """A paper of one record, in place of the one with its id if there is one."""
        return cls(paper, (Record(paper),), row)


def text_hash(paper: Paper) -> bytes:
    """SHA-256 of what is embedded: while it is the same, the row is too."""
    return hashlib.sha256(paper.text.encode()).digest()
