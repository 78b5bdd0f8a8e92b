"""Draws the map of a collection anew: places, regions, and what these are about."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.collection import Collection, Snapshot
from indexer.dense import DenseIndex
from indexer.directory import ATLAS, TRUTH
from indexer.errors import PaperkinError
from indexer.generation import REDRAWN_SHARE
from indexer.store import Store
from search import clusters, labels, layout, placing
from search.area import SIDE
from search.atlas import Atlas, Cluster, Keys, Places

Progress = Callable[[float], None]

LAID_OUT: Final = 100_000
"""Papers of which the map is made. Of more, so many are taken evenly, and the others placed among them by their kin."""
MARGIN: Final = 0.03
"""Share of the side that is left free around the papers."""
READ: Final = 20_000
"""Papers whose texts are read for labels, as many of each region."""
_LAID: Final = 0.8
_PLACED: Final = 0.9
"""Shares of the time after which papers are laid out, and placed."""
_PAGE: Final = 500
_NOTHING: Final = 1e-9
"""An extent that is none, but for rounding."""


def is_due(snapshot: Snapshot, atlas: Atlas | None) -> bool:
    """Whether a map is missing, or too many papers have come and gone since it was drawn."""
    if atlas is None or not snapshot.papers:
        return snapshot.papers > 0
    changed = np.setxor1d(atlas.keys, snapshot.store.keys(), assume_unique=True)
    return len(changed) > REDRAWN_SHARE * len(atlas.keys)


def draw(snapshot: Snapshot, weights: str, progress: Progress = lambda _: None) -> Atlas:
    """A map of all papers of a snapshot, of which there must be one. The same papers make the same map."""
    return _drawn(_read(snapshot), weights, progress)


def draw_and_keep(collection: Collection, progress: Progress = lambda _: None) -> Atlas:
    """Draw the map of a collection's present state and keep it. Raises `OSError` where it cannot be written.

    Where the collection is compacted meanwhile the map is drawn again, without what was forgotten.
    """
    while True:
        material = _read(collection.snapshot())
        collection.let_go()  # or else nobody could compact it until the map is drawn
        atlas = _drawn(material, collection.identity.weights_sha256, progress)
        if _forgotten(collection.directory, atlas):
            continue
        atlas.save(collection.directory)
        if not _forgotten(collection.directory, atlas):
            return atlas
        forget(collection.directory)


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """All that is read of a snapshot: while the map is drawn of it, nothing of the papers' file is held.

    `rows` and `groups` are those of the papers that are `laid` out; `texts` are what regions are named by: group, title
    and beginning of the abstract.
    """

    sequence: int
    dense: DenseIndex
    keys: Keys
    laid: Keys
    rows: NDArray[np.float32]
    groups: NDArray[np.int64]
    parents: NDArray[np.int64]
    texts: list[tuple[int, str, str]]


def _read(snapshot: Snapshot) -> _Material:
    keys, rows = _all_rows(snapshot.dense)
    step = -(-len(keys) // LAID_OUT)
    laid, laid_rows = keys[::step], layout.finite(rows[::step].astype(np.float32))
    groups, parents = clusters.group(laid_rows)
    texts = list(_texts(snapshot, laid, groups, int(groups.max()) + 1))
    return _Material(snapshot.sequence, snapshot.dense, keys, laid, laid_rows, groups, parents, texts)


def _drawn(material: _Material, weights: str, progress: Progress) -> Atlas:
    keys, laid, parents = material.keys, material.laid, material.parents
    spots = layout.lay_out(material.rows, lambda done: progress(_LAID * done))
    places = _apart(_normalised(spots), laid)
    coarse = int(parents.max()) + 1 if len(parents) else 0
    groups = (material.groups + coarse).astype(np.uint16)
    if len(laid) < len(keys):
        others = np.setdiff1d(keys, laid, assume_unique=True)
        found, of_these = placing.place(material.dense, others, laid, places, groups)
        order = np.argsort(np.concatenate([laid, others]))
        places, groups = np.concatenate([places, found])[order], np.concatenate([groups, of_these])[order]
    progress(_PLACED)
    named = _named(material.texts, places, groups.astype(np.int64) - coarse, parents)
    progress(1.0)
    return Atlas(weights, material.sequence, keys, places, groups, named)


def forget(directory: Path) -> None:
    """Remove the map of a collection."""
    with suppress(OSError):
        (directory / ATLAS).unlink(missing_ok=True)


def _forgotten(directory: Path, atlas: Atlas) -> bool:
    """Whether the collection was compacted after a change that the map does not know.

    It may have words that were removed or replaced, and are to be nowhere any more. Asked before the map is kept, for
    this process may be killed then; and when it is in its place: a compaction that ends later removes it itself.
    """
    store = Store(directory / TRUTH)
    try:
        return store.compacted() > atlas.sequence
    finally:
        store.close()


def _all_rows(dense: DenseIndex) -> tuple[Keys, NDArray[np.float16]]:
    """The keys, ascending, and rows of all papers."""
    pages = list(dense.pages())
    keys, rows = np.concatenate([keys for keys, _ in pages]), np.concatenate([rows for _, rows in pages])
    order = np.argsort(keys)
    return keys[order].astype(np.int64), rows[order]


def _normalised(spots: NDArray[np.float64]) -> Places:
    """Places within the margin, both axes by the same measure, in the middle."""
    low, high = spots.min(axis=0), spots.max(axis=0)
    extent = float((high - low).max())
    scale = (1 - 2 * MARGIN) * SIDE / extent if extent > _NOTHING else 0.0
    centred = (spots - (low + high) / 2) * scale + SIDE / 2
    places: Places = np.clip(np.rint(centred), 0, SIDE).astype(np.uint16)
    return places


def _apart(places: Places, keys: Keys) -> Places:
    """The same places, but of several papers at one all except the first are moved a little."""
    _, first = np.unique(places, axis=0, return_index=True)
    same = np.ones(len(places), dtype=bool)
    same[first] = False
    moved = places.astype(np.float64)
    moved[same] += placing.scatter(keys[same])
    return np.clip(np.rint(moved), 0, SIDE).astype(np.uint16)


def _named(
    texts: labels.Texts, places: Places, fine: NDArray[np.int64], parents: NDArray[np.int64]
) -> tuple[Cluster, ...]:
    """The regions of both levels, coarse ones first. `fine` is the region of each paper, `parents` what it is in."""
    sizes = np.bincount(fine)
    words = labels.Words.of(texts, len(sizes))
    coarse = int(parents.max()) + 1 if len(parents) else 0
    named = []
    if coarse:
        above = words.above(parents.tolist(), sizes.tolist())
        for number, label in enumerate(above.labels()):
            named.append(_cluster(number, 0, None, label, places[parents[fine] == number]))
    for number, label in enumerate(words.labels()):
        level, parent = (1, int(parents[number])) if coarse else (0, None)
        named.append(_cluster(coarse + number, level, parent, label, places[fine == number]))
    return tuple(named)


def _cluster(number: int, level: int, parent: int | None, words: tuple[str, ...], places: Places) -> Cluster:
    x, y = places[clusters.densest(places, SIDE)].tolist()
    return Cluster(number, level, parent, words, x, y, len(places))


def _texts(snapshot: Snapshot, keys: Keys, groups: NDArray[np.int64], count: int) -> Iterator[tuple[int, str, str]]:
    """Group, title and beginning of the abstract of some papers of each group, taken evenly."""
    most = max(1, READ // count)
    chosen = []
    for number in range(count):
        own = np.flatnonzero(groups == number)
        chosen.append(own[:: -(-len(own) // most)])
    at = np.sort(np.concatenate(chosen))
    for start in range(0, len(at), _PAGE):
        here = at[start : start + _PAGE]
        values = snapshot.store.values(keys[here].tolist())
        for key, number in zip(keys[here].tolist(), groups[here].tolist(), strict=True):
            yield number, values[key]["title"], values[key]["abstract"][: labels.BEGINNING]


def main() -> None:
    """Draw the map of the collection that is named on the command line, letting everything else go first."""
    os.nice(10)
    try:
        draw_and_keep(Collection(Path(sys.argv[1])))
    except (PaperkinError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
