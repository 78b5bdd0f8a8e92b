"""Makes the derived indexes: each change of the truth gets a new directory of index files, most of them shared.

Nothing is changed in place. A directory is filled, then named by the manifest, then its predecessor is removed;
readers that have the old files open keep reading them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from indexer import background, folding, lexicon, null_model, probes
from indexer.background import BACKGROUND
from indexer.dense import DenseIndex
from indexer.errors import IndexUnwritable
from indexer.lock import HOLDER
from indexer.manifest import DENSE, DIRECTORY, MANIFEST, Manifest, list_files
from indexer.null_model import NullModel
from indexer.segment import FACTORY, SegmentFacts
from indexer.store import Store

LEXICAL: Final = "lexical"

SMALL: Final = 10_000
"""Papers up to which the null model is drawn anew with every change."""
REDRAWN_SHARE: Final = 0.1
"""Share of its papers by which a larger collection must change before its null model is drawn anew."""
RESIDUE_SMALL: Final = 2_000
RESIDUE_SHARE: Final = 0.2
"""The lexical index is made anew after any removal up to `RESIDUE_SMALL` papers, else after this share of them."""


def build(collection: Path, store: Store, dimension: int, previous: Manifest | None) -> Manifest:
    """Make the indexes of the store's present state and put them in force.

    `previous` is a manifest whose files are whole; its files are shared where they still serve. Without it
    everything is made anew.
    """
    if previous and (previous.factory, previous.lexical_schema) != (FACTORY, lexicon.SCHEMA):
        previous = None
    return _put_in_force(collection, lambda directory: _fill(directory, store, dimension, previous))


def tidy(collection: Path, store: Store, dimension: int, present: Manifest) -> Manifest:
    """Put in force the same indexes with the segments that are due folded. `present` covers the store's state."""

    def fill(directory: Path) -> Manifest:
        before = collection / present.directory
        for name in (LEXICAL, DENSE):
            _share(before / name, directory / name)
        _link(before / BACKGROUND, directory / BACKGROUND)
        segments = tuple(folding.tidy(directory / DENSE, present.segments, store, dimension))
        _drop_others(directory / DENSE, segments)
        _sync(directory)
        files = list_files(directory, before, present.files)
        return replace(present, directory=directory.name, segments=segments, files=files)

    return _put_in_force(collection, fill)


def open_dense(collection: Path, manifest: Manifest, store: Store, dimension: int) -> DenseIndex:
    """The dense index of a manifest, for the store's present state. Raises `IndexDamaged`."""
    return DenseIndex.open(collection / manifest.directory / DENSE, manifest.segments, store.changed, dimension)


def _put_in_force(collection: Path, fill: Callable[[Path], Manifest]) -> Manifest:
    directory = collection
    try:
        directory = _fresh_directory(collection)
        manifest = fill(directory)
        manifest.save(collection)
    except BaseException as error:
        _give_back(directory, collection)
        if isinstance(error, OSError):
            raise IndexUnwritable(directory, error.strerror or error) from error
        raise
    remove_others(collection, manifest)
    return manifest


def _fill(directory: Path, store: Store, dimension: int, previous: Manifest | None) -> Manifest:
    """Write both indexes into a new directory, and say what is in it."""
    state, collection = store.state(), directory.parent
    residue = _lexical(directory / LEXICAL, collection, store, state.papers, previous)
    segments = _dense(directory / DENSE, collection, store, dimension, previous)
    index = DenseIndex.open(directory / DENSE, segments, store.changed, dimension)
    null = _null(index, store, dimension, previous)
    before = collection / previous.directory if previous else None
    background.build(directory / BACKGROUND, before and before / BACKGROUND, index.pages, state.papers, dimension)
    _sync(directory)
    return Manifest(
        directory=directory.name,
        content=state.content,
        sequence=state.sequence,
        last_key=store.last_key(),
        residue=residue,
        factory=FACTORY,
        segments=segments,
        lexical_schema=lexicon.SCHEMA,
        null=null,
        files=list_files(directory, before, previous.files if previous else {}),
    )


def _give_back(directory: Path, collection: Path) -> None:
    """Remove a directory that did not come into force: a full disk needs its room."""
    in_force = Manifest.load(collection)
    if directory != collection and (in_force is None or in_force.directory != directory.name):
        shutil.rmtree(directory, ignore_errors=True)


def remove_others(collection: Path, manifest: Manifest) -> None:
    """Remove the directories that are no longer, or never came, in force, and small files that were never renamed."""
    for path in _directories(collection):
        if path.name != manifest.directory:
            shutil.rmtree(path, ignore_errors=True)
    for name in (MANIFEST, HOLDER):
        for path in collection.glob(f".{name}.*"):
            with suppress(OSError):
                path.unlink()


def _fresh_directory(collection: Path) -> Path:
    numbers = [int(path.name.partition("-")[2]) for path in _directories(collection)]
    directory = collection / f"index-{max(numbers, default=0) + 1:06d}"
    for name in (LEXICAL, DENSE):
        (directory / name).mkdir(parents=True)
    return directory


def _directories(collection: Path) -> list[Path]:
    """The index directories; what else a person keeps beside them is left alone."""
    return [path for path in collection.glob("index-*") if DIRECTORY.fullmatch(path.name)]


def _lexical(target: Path, collection: Path, store: Store, papers: int, previous: Manifest | None) -> int:
    """Write the lexical index; returns its residue."""
    if previous:
        changed = store.changed(previous.sequence)
        forget = changed[changed <= previous.last_key]  # keys only grow: larger ones are of new papers
        residue = previous.residue + len(forget)
        allowance = 0 if papers <= RESIDUE_SMALL else int(papers * RESIDUE_SHARE)
        if residue <= allowance:
            _share(collection / previous.directory / LEXICAL, target)
            lexicon.update(target, forget, store.texts(previous.sequence))
            return residue
    lexicon.update(target, np.empty(0, dtype=np.int64), store.texts())
    return 0


def _dense(
    target: Path, collection: Path, store: Store, dimension: int, previous: Manifest | None
) -> tuple[SegmentFacts, ...]:
    """Share the segments and write what is new."""
    known, covered = (previous.segments, previous.sequence) if previous else ((), 0)
    if previous:
        _share(collection / previous.directory / DENSE, target)
    segments = tuple(folding.extend(target, known, store, dimension, covered))
    _drop_others(target, segments)
    return segments


def _drop_others(dense: Path, segments: tuple[SegmentFacts, ...]) -> None:
    """Remove the files of segments that were folded into others."""
    kept = {name for segment in segments for name in segment.files}
    for path in dense.iterdir():
        if path.name not in kept:
            path.unlink()


def _null(index: DenseIndex, store: Store, dimension: int, previous: Manifest | None) -> NullModel | None:
    """What questions from elsewhere get in the dense index; `None` where no model has encoded any yet.

    It is drawn anew with every change of a small collection, and of a larger one when it has grown or shrunk enough.
    """
    rows = store.probe_rows(probes.fingerprint(), dimension)
    if rows is None or not len(rows):
        return None
    papers, known = store.state().papers, previous.null if previous else None
    if known and papers > SMALL and abs(papers - known.papers) <= REDRAWN_SHARE * known.papers:
        return known
    return null_model.build(index.best, papers, rows.astype(np.float32))


def _share(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if path.suffix != ".lock":
            _link(path, target / path.name)


def _link(source: Path, target: Path) -> None:
    """A second name for the same file; a copy where the file system has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _sync(directory: Path) -> None:
    """Have the system write the files before the manifest names them."""
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
