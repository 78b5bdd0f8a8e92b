"""Where a paper belongs that came after the map was drawn: among its kin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.dense import DenseIndex
from indexer.selection import Selection
from indexer.vectors import nearest
from search.area import SIDE
from search.atlas import Groups, Keys, Places

Rows = NDArray[np.float32]

KIN: Final = 8
"""Nearest papers on the map that a paper is placed by."""
SHARPNESS: Final = 20.0
"""Of two kin whose cosines differ by 0.05 the nearer weighs e times as much."""
TOGETHER: Final = 0.05 * SIDE
"""How far apart kin may lie of which a paper lies in the middle: between two regions there is nothing."""
SCATTER: Final = 150
"""How far a paper is moved at random, so that papers of one text do not hide each other: a 400th of the map."""
AMONG: Final = 100_000
"""Papers on the map among which kin are looked for. To compare with more takes long, and finds the same regions."""
_BLOCK: Final = 2_048


def place(dense: DenseIndex, keys: Keys, mapped: Keys, places: Places, groups: Groups) -> tuple[Places, Groups]:
    """Places and clusters for the papers of some keys, ascending, by the papers at `places` that are `mapped`.

    There must be one of these. The same papers get the same places, however many are placed at once.
    """
    step = -(-len(mapped) // AMONG)
    known = mapped[::step]
    found, clusters = np.empty((len(keys), 2), dtype=np.uint16), np.empty(len(keys), dtype=np.uint16)
    for start in range(0, len(keys), _BLOCK):
        block = keys[start : start + _BLOCK]
        rows = dense.rows(block)
        asked = np.array([rows[key] for key in block.tolist()], dtype=np.float32)
        kin, cosines = nearest(asked, _pages(dense, Selection(known)), KIN)
        at = np.searchsorted(mapped, kin)
        spots = settle(places[at].astype(np.float64), cosines) + scatter(block)
        found[start : start + _BLOCK] = np.clip(np.rint(spots), 0, SIDE)
        clusters[start : start + _BLOCK] = groups[at[:, 0]]
    return found, clusters


def settle(places: NDArray[np.float64], cosines: Rows) -> NDArray[np.float64]:
    """A place among kin at `places` (n, k, 2), best first: the weighted mean of those that lie around the best-backed.

    The mean of all would often lie between two regions, where nothing is.
    """
    weights = np.exp(SHARPNESS * (cosines - cosines[:, :1]).astype(np.float64))
    apart = np.linalg.norm(places[:, :, None] - places[:, None, :], axis=3)
    together = apart <= TOGETHER
    backed = (together * weights[:, None, :]).sum(axis=2).argmax(axis=1)
    weights = weights * together[np.arange(len(places)), backed]
    middle: NDArray[np.float64] = (places * weights[:, :, None]).sum(axis=1) / weights.sum(axis=1)[:, None]
    return middle


def scatter(keys: Keys) -> NDArray[np.float64]:
    """A small step for each key, of shape (n, 2): always the same for the same key, and another for the next."""
    mixed = (keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)
    angle = 2 * np.pi * (mixed & np.uint64(0xFFFF)).astype(np.float64) / 2**16
    length = SCATTER * np.sqrt((1 + ((mixed >> np.uint64(16)) & np.uint64(0xFFFF)).astype(np.float64)) / 2**16)
    return np.stack([length * np.cos(angle), length * np.sin(angle)], axis=1)


def _pages(dense: DenseIndex, known: Selection) -> Iterator[tuple[Keys, NDArray[np.float16]]]:
    for keys, rows in dense.pages():
        kept = known.has(keys)
        if kept.any():
            yield keys[kept], rows[kept]
