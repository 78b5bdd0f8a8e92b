"""The dense index: exact inner products over float16 rows. The only import of faiss."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.errors import IndexDamaged, IndexUnwritable

_THREADS: Final = faiss.omp_get_max_threads()

Keys = NDArray[np.int64]
Scores = NDArray[np.float32]
Rows = NDArray[np.float32]
Rows16 = NDArray[np.float16]

FACTORY: Final = "IDMap2,SQfp16"
"""Exact over the stored float16 rows, at half the memory and twice the speed of float32."""


def build(pages: Iterable[tuple[Keys, Rows16]], dimension: int) -> faiss.IndexIDMap2:
    """An index of pages of keys and rows, of shape (papers, dimension), each row known by its key."""
    flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    flat.is_trained = True  # float16 needs no training, and FAISS refuses to train on nothing
    index = faiss.IndexIDMap2(flat)
    for keys, rows in pages:
        if len(keys):
            index.add_with_ids(rows.reshape(len(keys), dimension).astype(np.float32), keys)
    return index


def save(index: faiss.IndexIDMap2, path: Path) -> None:
    """Write an index to a file. Raises `IndexUnwritable`."""
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise IndexUnwritable(path, os.strerror(errno.ENOSPC)) from error


def load(path: Path, dimension: int) -> faiss.IndexIDMap2:
    """Map an index file into memory. Raises `IndexDamaged` where it is not one of `save`."""
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except RuntimeError as error:
        raise IndexDamaged(f"{path} cannot be read.") from error
    if not isinstance(index, faiss.IndexIDMap2) or index.d != dimension:
        raise IndexDamaged(f"{path} is an index of another kind.")
    return index


def best_scores(index: faiss.IndexIDMap2, queries: Rows) -> Scores:
    """The best inner product of each query, of shape (queries, dimension), in an index that is not empty."""
    faiss.omp_set_num_threads(_THREADS)
    scores, _ = index.search(queries, 1)
    found: Scores = scores[:, 0]
    return found


class DenseIndex:
    """What one snapshot searches: a base index, less the keys that changed since, plus a tail with their new rows."""

    def __init__(self, base: faiss.IndexIDMap2, stale: Keys, tail: faiss.IndexIDMap2) -> None:
        self._stale = stale
        self._parts = [(base, stale), (tail, np.empty(0, dtype=np.int64))]

    def search(self, query: Rows, k: int, allowed: Keys | None = None) -> tuple[Keys, Scores]:
        """The k nearest keys and their inner products with `query`, of shape (dimension,), best first.

        Every key that ties with the last one comes too, so that the caller can order ties by what people see.
        `allowed` restricts the search to some keys, exactly.
        """
        found = [self._search_part(index, stale, query, k, allowed) for index, stale in self._parts]
        keys = np.concatenate([keys for keys, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        order = np.lexsort((keys, -scores))
        keys, scores = keys[order], scores[order]
        if len(keys) > k > 0:
            kept = int(np.count_nonzero(scores >= scores[k - 1]))
            keys, scores = keys[:kept], scores[:kept]
        return keys, scores

    def best(self, queries: Rows) -> Scores:
        """The best inner product of each query, of shape (queries, dimension); there must be a row."""
        return np.array([self.search(query, 1)[1][0] for query in queries], dtype=np.float32)

    def scores(self, query: Rows, keys: Keys) -> dict[int, float]:
        """The inner products of `query` with the rows of some keys, by the same arithmetic as `search`."""
        found, scores = self.search(query, len(keys), allowed=keys)
        return dict(zip(found.tolist(), scores.tolist(), strict=True))

    def _search_part(
        self, index: faiss.IndexIDMap2, stale: Keys, query: Rows, k: int, allowed: Keys | None
    ) -> tuple[Keys, Scores]:
        total = int(index.ntotal) if allowed is None else min(int(index.ntotal), len(allowed))
        params = _selection(stale, allowed)
        wanted = min(k + 1, total)
        # FAISS divides queries among threads, not rows: for one query a second thread is only waited for, which on a
        # busy machine takes a hundred times as long as the search. The setting is that of this thread.
        faiss.omp_set_num_threads(1)
        while wanted > 0:
            scores, keys = index.search(query.reshape(1, -1), wanted, params=params)
            present = keys[0] >= 0  # FAISS pads what it did not find with -1
            scores, keys = scores[0][present], keys[0][present]
            if wanted >= total or len(keys) < wanted or scores[k - 1] > scores[-1]:
                return keys, scores
            wanted = min(wanted * 2, total)
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)


def _selection(stale: Keys, allowed: Keys | None) -> faiss.SearchParameters | None:
    """A bitmap by key: FAISS tests one bit a row."""
    if allowed is not None:
        bits = np.zeros(int(allowed.max(initial=0)) + 1, dtype=bool)
        bits[allowed] = True
        bits[stale[stale < len(bits)]] = False
        selector = faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))
    elif len(stale):
        bits = np.zeros(int(stale.max()) + 1, dtype=bool)
        bits[stale] = True
        selector = faiss.IDSelectorNot(faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little")))
    else:
        return None
    return faiss.SearchParameters(sel=selector)
