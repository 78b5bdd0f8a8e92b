"""Makes the derived indexes: each change of the truth gets a new directory of index files, most of them shared.

Nothing is changed in place. A directory is filled, then named by the manifest, then its predecessor is removed;
readers that have the old files open keep reading them.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from indexer import lexicon, null_model, probes, vectors
from indexer.errors import IndexUnwritable
from indexer.lock import HOLDER
from indexer.manifest import DENSE, DIRECTORY, MANIFEST, Manifest, list_files
from indexer.null_model import NullModel
from indexer.store import Store

LEXICAL: Final = "lexical"

SMALL: Final = 10_000
"""Papers up to which the dense file is written anew for every change: that takes milliseconds."""
TAIL_SHARE: Final = 0.1
"""Share of the papers that may wait in the tail of a larger collection before they are folded in."""
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
    if previous and (previous.factory, previous.lexical_schema) != (vectors.FACTORY, lexicon.SCHEMA):
        previous = None
    directory = collection
    try:
        directory = _fresh_directory(collection)
        manifest = _fill(directory, store, dimension, previous)
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
    dense_sequence = _dense(directory / DENSE, collection, store, dimension, previous)
    null = _null(directory / DENSE, store, dimension, previous)
    _sync(directory)
    before = collection / previous.directory if previous else None
    return Manifest(
        directory=directory.name,
        content=state.content,
        sequence=state.sequence,
        dense_sequence=dense_sequence,
        last_key=store.last_key(),
        residue=residue,
        factory=vectors.FACTORY,
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
    (directory / LEXICAL).mkdir(parents=True)
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


def _dense(target: Path, collection: Path, store: Store, dimension: int, previous: Manifest | None) -> int:
    """Write or share the dense file; returns the sequence number that it covers."""
    state = store.state()
    if previous and state.papers > SMALL:
        waiting = len(store.changed(previous.dense_sequence))
        if waiting <= TAIL_SHARE * state.papers:
            _link(collection / previous.directory / DENSE, target)
            return previous.dense_sequence
    vectors.save(vectors.build(store.embedding_pages(dimension), dimension), target)
    return state.sequence


def _null(dense: Path, store: Store, dimension: int, previous: Manifest | None) -> NullModel | None:
    """What questions from elsewhere get in the dense file; `None` where no model has encoded any yet.

    It is drawn anew with every change of a small collection, and of a larger one when it has grown or shrunk enough.
    """
    rows = store.probe_rows(probes.fingerprint(), dimension)
    if rows is None or not len(rows):
        return None
    papers, known = store.state().papers, previous.null if previous else None
    if known and papers > SMALL and abs(papers - known.papers) <= REDRAWN_SHARE * known.papers:
        return known
    index = vectors.load(dense, dimension)
    covered = int(index.ntotal)
    return null_model.build(lambda asked: vectors.best_scores(index, asked), covered, rows.astype(np.float32))


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
