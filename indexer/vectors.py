"""FAISS: exact search of a few rows, and short codes of many. The only import of faiss."""

from __future__ import annotations

import errno
import itertools
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexDamaged, IndexUnwritable

_THREADS: Final = faiss.omp_get_max_threads()

Positions = NDArray[np.int64]
Scores = NDArray[np.float32]
Row = NDArray[np.float32]
Rows16 = NDArray[np.float16]

NUMBERS_A_CODE: Final = 4
"""Numbers of a row that share four bits of its code: 384 dimensions are 96 codes, 48 bytes."""
BLOCK: Final = 4_096
"""Rows that are scored at once: they stay in the processor's cache."""
SCANNED: Final = 20_000
"""Rows up to which every one is compared with every other, to find the neighbours of all."""
_BESIDE: Final = 16
"""Of √n cells, those in which the neighbours of a cell's rows are looked for."""
_ROUNDS: Final = 8
_TRAINING: Final = 32_768
"""Rows that codes are learned from. Each learns 16 values, for which this is plenty."""


class Exact:
    """Rows in memory, of shape (rows, dimension), and their exact inner products.

    Whatever rows stand beside it, a row gets the same score, bit by bit.
    """

    def __init__(self, rows: Rows16) -> None:
        count, dimension = rows.shape
        self._index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._index.is_trained = True  # float16 needs no training, and FAISS refuses to train on nothing
        if count:
            self._index.add_sa_codes(np.ascontiguousarray(rows).view(np.uint8))

    def top(self, query: Row, k: int) -> tuple[Positions, Scores]:
        """The k best positions and all that tie with the last, best first, with their inner products."""
        total = int(self._index.ntotal)
        wanted = min(k + 1, total)
        _one_thread()
        while wanted > 0:
            scores, positions = self._index.search(query.reshape(1, -1), wanted)
            if wanted == total or scores[0][k - 1] > scores[0][-1]:
                kept = total if total <= k else int(np.count_nonzero(scores[0] >= scores[0][k - 1]))
                return positions[0][:kept], scores[0][:kept]
            wanted = min(wanted * 2, total)
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)


class Codes:
    """Product quantisation: a row as a few bits, whose inner product with a question is looked up and not computed.

    H. Jégou, M. Douze and C. Schmid: Product quantization for nearest neighbor search, PAMI 2011; scanned in registers
    as by F. André, A.-M. Kermarrec and N. Le Scouarnec: Cache locality is not enough, VLDB 2015.
    """

    def __init__(self, index: faiss.IndexPQFastScan) -> None:
        self._index = index

    @classmethod
    def build(cls, rows: Rows16) -> Self:
        """Codes of rows of shape (rows, dimension), which may be a mapped file. The same rows give the same codes."""
        count, dimension = rows.shape
        index = faiss.IndexPQFastScan(dimension, _parts(dimension), 4, faiss.METRIC_INNER_PRODUCT)
        _one_thread()  # sums of several threads would round differently each time
        sample = np.linspace(0, count - 1, min(count, _TRAINING)).astype(np.int64)
        index.train(rows[sample].astype(np.float32))
        faiss.omp_set_num_threads(_THREADS)
        for start in range(0, count, BLOCK):
            index.add(rows[start : start + BLOCK].astype(np.float32))
        return cls(index)

    def save(self, path: Path) -> None:
        """Write to a file. Raises `IndexUnwritable`."""
        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            raise IndexUnwritable(path, os.strerror(errno.ENOSPC)) from error

    @classmethod
    def load(cls, path: Path, rows: int, dimension: int) -> Self:
        """Map a file. Raises `IndexDamaged` where it is not one of `save` for so many rows."""
        try:
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexDamaged(f"{path} cannot be read.") from error
        kind = (index.ntotal, index.d, index.metric_type)
        if not isinstance(index, faiss.IndexPQFastScan) or kind != (rows, dimension, faiss.METRIC_INNER_PRODUCT):
            raise IndexDamaged(f"{path} is an index of another kind.")
        return cls(index)

    def nearest(self, query: Row, k: int) -> Positions:
        """About the k nearest positions, in no order."""
        _one_thread()
        _, positions = self._index.search(query.reshape(1, -1), min(k, int(self._index.ntotal)))
        found: Positions = positions[0][positions[0] >= 0]  # FAISS pads what it did not find with -1
        return found


def neighbours(rows: Row, k: int) -> tuple[NDArray[np.int64], Scores]:
    """The k nearest others of each row of shape (n, dimension), n > k, with their inner products: both of shape (n, k).

    Exact up to `SCANNED` rows. Above, rows are sorted into cells, and those of a cell are compared with all that are in
    the cells next to it. The same rows have the same neighbours on the same machine.
    """
    count = len(rows)
    found, scores = np.empty((count, k), dtype=np.int64), np.empty((count, k), dtype=np.float32)
    for own, near in [(np.arange(count), np.arange(count))] if count <= SCANNED else _cells(rows, k):
        cosines, places = faiss.knn(rows[own], rows[near], k + 1, faiss.METRIC_INNER_PRODUCT)
        places = near[places]
        # A row is not always the first of its own neighbours, as it may have twins, nor always among them.
        others = places != own[:, None]
        others[others.all(axis=1), -1] = False
        found[own], scores[own] = places[others].reshape(-1, k), cosines[others].reshape(-1, k)
    return found, scores


def _cells(rows: Row, k: int) -> Iterator[tuple[Positions, Positions]]:
    """The positions of the rows of each of √n cells, and those of the rows that may be their neighbours."""
    count, dimension = rows.shape
    means = faiss.Kmeans(dimension, math.isqrt(count), niter=_ROUNDS, seed=1)
    _one_thread()  # sums of several threads would round differently each time
    means.train(rows[:: max(1, count // _TRAINING)])
    faiss.omp_set_num_threads(_THREADS)
    centres = means.centroids
    cell = faiss.knn(rows, centres, 1)[1][:, 0]
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(len(centres) + 1))
    held = [order[first:last] for first, last in itertools.pairwise(bounds.tolist())]
    for own, beside in zip(held, faiss.knn(centres, centres, len(centres))[1], strict=True):
        near: list[Positions] = []
        for number in beside.tolist():
            if len(near) >= _BESIDE and sum(map(len, near)) > k:
                break
            near.append(held[number])
        if len(own):
            yield own, np.concatenate(near)


def nearest(
    rows: Row, pages: Iterable[tuple[NDArray[np.int64], Row | Rows16]], k: int
) -> tuple[NDArray[np.int64], Scores]:
    """The keys of the k best of all pages for each row of shape (n, dimension), and their inner products: (n, k).

    Exact; ties by key. Where there are fewer than k in all, only so many columns come.
    """
    keys = np.empty((len(rows), 0), dtype=np.int64)
    scores = np.empty((len(rows), 0), dtype=np.float32)
    for page_keys, page in pages:
        found, positions = faiss.knn(rows, page.astype(np.float32), min(k, len(page)), faiss.METRIC_INNER_PRODUCT)
        keys = np.concatenate([keys, page_keys[positions]], axis=1)
        scores = np.concatenate([scores, found], axis=1)
        best = np.lexsort((keys, -scores), axis=1)[:, :k]
        keys, scores = np.take_along_axis(keys, best, axis=1), np.take_along_axis(scores, best, axis=1)
    return keys, scores


def merge(found: Iterable[tuple[NDArray[np.int64], Scores]], k: int) -> tuple[NDArray[np.int64], Scores]:
    """Several lists of keys and scores as one: the k best and all that tie with the last, best first, ties by key."""
    lists = list(found)
    keys = np.concatenate([np.empty(0, dtype=np.int64), *(keys for keys, _ in lists)])
    scores = np.concatenate([np.empty(0, dtype=np.float32), *(scores for _, scores in lists)])
    order = np.lexsort((keys, -scores))
    keys, scores = keys[order], scores[order]
    kept = len(keys) if len(keys) <= k else int(np.count_nonzero(scores >= scores[k - 1]))
    return keys[:kept], scores[:kept]


def _one_thread() -> None:
    # FAISS divides queries among threads, not rows: for one query a second thread is only waited for, which on a
    # busy machine takes a hundred times as long as the search. The setting is that of this thread.
    faiss.omp_set_num_threads(1)


def _parts(dimension: int) -> int:
    return next(dimension // size for size in (NUMBERS_A_CODE, 2, 1) if dimension % size == 0)
