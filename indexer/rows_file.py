"""Rows in a file, some of which are read at a time."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexDamaged
from indexer.vectors import Positions, Rows16

NUMBER: Final = np.dtype("<f2")
MAPPED: Final = 192 * 2**20
"""Bytes of a file up to which it is mapped into memory as a whole."""


class RowsFile:
    """Float16 numbers of shape (rows, dimension), never changed. Safe to use from several threads.

    A larger file than `MAPPED` is not mapped: the system would map up to a megabyte around each row that is read, until
    the process holds all of it. A row costs 1.2 µs to read so, against 0.2 to 0.5 µs.
    """

    def __init__(self, path: Path, rows: int, dimension: int) -> None:
        """Raises `IndexDamaged` where the file is not of this shape."""
        self._path = path
        self._width: Final = dimension * NUMBER.itemsize
        self._shape: Final = (rows, dimension)
        self._mapped: Rows16 | None = None
        if rows * self._width <= MAPPED:
            self._mapped = np.frombuffer(mapped(path, rows * self._width), dtype=NUMBER).reshape(self._shape)
            return
        try:
            self._file = path.open("rb", buffering=0)
            size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise IndexDamaged(f"{path} cannot be read.") from error
        if size != rows * self._width:
            raise IndexDamaged(f"{path} is not as it was written.")

    def take(self, positions: Positions) -> Rows16:
        """A copy of the rows at some positions, ascending."""
        if self._mapped is not None:
            rows: Rows16 = self._mapped.take(positions, axis=0)
            return rows
        if len(positions) and positions[-1] - positions[0] == len(positions) - 1:
            content = self._read(int(positions[0]) * self._width, len(positions) * self._width)
        else:
            content = b"".join([self._read(at, self._width) for at in (positions * self._width).tolist()])
        return np.frombuffer(content, dtype=NUMBER).reshape(-1, self._shape[1])

    def _read(self, start: int, size: int) -> bytes:
        content = os.pread(self._file.fileno(), size, start)
        if len(content) != size:
            raise IndexDamaged(f"{self._path} was cut while it was read.")
        return content


def mapped(path: Path, size: int) -> NDArray[np.uint8]:
    """A file as bytes in memory, read when they are looked at. Raises `IndexDamaged` where it has another size."""
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{path} cannot be read.") from error
    if len(content) != size:
        raise IndexDamaged(f"{path} is not as it was written.")
    return np.frombuffer(content, dtype=np.uint8)
