"""What a collection's rows look like: the background that liked papers are told from.

It is stored beside the indexes: to draw it, every row is looked at. Stored, it is the same for every program that
reads the collection, and its checksum is part of the index version.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexDamaged

Row = NDArray[np.float32]
Rows = NDArray[np.float32]
Pages = Iterable[tuple[Any, NDArray[np.float16]]]

BACKGROUND: Final = "background.bin"
SAMPLE: Final = 10_000
"""Papers that the mean and the covariance are taken from; all of a smaller collection."""
SMALL: Final = 2_000
"""Papers up to which it is drawn anew with every change: that takes milliseconds."""
_COUNTS: Final = 16
"""Bytes of the two counts before the numbers."""
REDRAWN_SHARE: Final = 0.1
"""Share of its papers by which a larger collection must grow or shrink before it is drawn anew. Papers that were
replaced do not count: what a collection is about seldom changes so."""


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """The mean of the rows (d), their covariance (d, d), how many were looked at, and among how many papers."""

    mean: Row
    covariance: Rows
    rows: int
    papers: int

    def save(self, path: Path) -> None:
        """Write to a file: the numbers one after the other. Equal backgrounds are equal files."""
        numbers = [np.array([self.rows, self.papers], dtype="<i8"), self.mean, self.covariance.ravel()]
        path.write_bytes(numbers[0].tobytes() + b"".join(each.astype("<f4").tobytes() for each in numbers[1:]))

    @classmethod
    def load(cls, path: Path, dimension: int) -> Background:
        """Raises `IndexDamaged` where the file is not one of `save`: a collection may come from a stranger."""
        try:
            whole = path.stat().st_size == _COUNTS + 4 * dimension * (dimension + 1)
            content = path.read_bytes() if whole else b""
        except OSError as error:
            raise IndexDamaged(f"{path} cannot be read.") from error
        rows, papers = np.frombuffer(content[:_COUNTS], dtype="<i8") if whole else (1, 0)
        numbers = np.frombuffer(content[_COUNTS:], dtype="<f4").astype(np.float32)
        if not (0 <= rows <= papers and np.isfinite(numbers).all()):
            raise IndexDamaged(f"{path} is not as it was written.")
        return cls(numbers[:dimension], numbers[dimension:].reshape(dimension, dimension), int(rows), int(papers))


def build(path: Path, before: Path | None, pages: Callable[[], Pages], papers: int, dimension: int) -> None:
    """Write the file of a collection of so many papers, or share the one `before` where that still serves.

    `pages` gives the keys and rows of all papers.
    """
    if before is not None and papers > SMALL and before.exists():
        known = Background.load(before, dimension).papers
        if abs(papers - known) <= REDRAWN_SHARE * known:
            try:
                os.link(before, path)
            except OSError:
                shutil.copyfile(before, path)
            return
    look_at(pages(), papers, dimension).save(path)


def look_at(pages: Pages, papers: int, dimension: int) -> Background:
    """The background of a collection, from pages of keys and rows; all rows, or about `SAMPLE` of them.

    The sample is chosen and ordered by what the rows are, so it does not depend on the order in which papers came.
    """
    limit = 2**32 * SAMPLE // max(papers, SAMPLE)
    chosen: list[tuple[int, bytes]] = []
    for _, rows in pages:
        for row in rows:
            content = row.tobytes()
            if (check := crc32(content)) < limit:
                chosen.append((check, content))
    taken = np.frombuffer(b"".join(content for _, content in sorted(chosen)), dtype=np.float16)
    return background_of(taken.reshape(-1, dimension).astype(np.float32), papers)


def background_of(rows: Rows, papers: int | None = None) -> Background:
    """The background of rows of shape (n, d), which stand for `papers`; zeros for none."""
    count = max(len(rows), 1)
    mean: Row = rows.sum(axis=0) / np.float32(count)
    centred = rows - mean
    covariance = np.asarray(centred.T @ centred / count, dtype=np.float32)
    return Background(mean, covariance, len(rows), len(rows) if papers is None else papers)
