"""What must be true of a collection after `kill -9`, compared with dictionaries and a numpy scan."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.kills.papers import Contents, mark, paper
from indexer import upkeep
from indexer.collection import Collection, Snapshot
from indexer.directory import TRUTH
from indexer.encoder import Encoder, ModelIdentity, Rows
from indexer.errors import CollectionMissing
from indexer.manifest import MANIFEST, Manifest
from indexer.paper import Paper
from indexer.store import Store

SAMPLE: Final = 12
"""Questions that are compared with a numpy scan, each time."""
ROUNDING: Final = 2e-4
COSINE: Final = 0.999


class Failed(Exception):
    """Something that must hold after a kill does not."""


class Counting:
    """An encoder that remembers what it encoded, and every row it ever made."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.texts: list[str] = []
        self._rows: dict[str, Rows] = {}

    @property
    def identity(self) -> ModelIdentity:
        """That of the encoder behind it."""
        return self._encoder.identity

    @property
    def long_texts(self) -> int:
        """That of the encoder behind it."""
        return self._encoder.long_texts

    def encode(self, texts: Sequence[str], titles: Sequence[str] = ()) -> Rows:
        """Counted."""
        self.texts += texts
        rows = self._encoder.encode(texts, titles)
        self._rows |= dict(zip(texts, rows, strict=True))
        return rows

    def encode_apart(self, texts: Sequence[str]) -> Rows:
        """As the encoder does."""
        return self._encoder.encode_apart(texts)

    def encode_queries(self, texts: Sequence[str]) -> Rows:
        """As the encoder does."""
        return self._encoder.encode_queries(texts)

    def encode_query(self, text: str) -> Rows:
        """Not counted: a question is no paper."""
        return self._encoder.encode_query(text)

    def row_of(self, paper: Paper) -> Rows:
        """The row that a paper's text should have, without counting."""
        if paper.text not in self._rows:
            self._rows[paper.text] = self._encoder.encode([paper.text], [paper.title])[0]
        return self._rows[paper.text]


def contents(collection: Collection) -> Contents:
    """Every paper, by id."""
    return {one.id: one for one in collection.snapshot().store.all_papers()}


# What must hold


def after(directory: Path, allowed: Sequence[Contents], encoder: Counting) -> int:
    """Open a collection and compare everything in it; returns which of the allowed contents it has."""
    collection = Collection(directory)
    snapshot = collection.snapshot()
    held = contents(collection)
    if held not in allowed:
        raise Failed(_difference(held, allowed))
    which = allowed.index(held)
    if snapshot.papers != len(held) or snapshot.lexical.papers != len(held):
        raise Failed(f"{len(held)} papers, counted {snapshot.papers}, in the lexical index {snapshot.lexical.papers}")
    _check_dense(snapshot, held, encoder)
    _check_lexical(snapshot, held, allowed)
    if problems := collection.verify():
        raise Failed(f"verify says {problems}")
    del snapshot, collection
    gc.collect()  # an earlier state that is still held would keep the log from being emptied
    return which


def after_kill(directory: Path, allowed: Sequence[Contents], encoder: Counting, *, may_lack: bool) -> int:
    """The same, where a collection that was just being made may be absent."""
    try:
        return after(directory, allowed, encoder)
    except CollectionMissing:
        if not may_lack:
            raise
        return 0


def _difference(held: Contents, allowed: Sequence[Contents]) -> str:
    told = []
    for number, wanted in enumerate(allowed):
        lost, foreign = sorted(wanted.keys() - held.keys()), sorted(held.keys() - wanted.keys())
        other = sorted(key for key in wanted.keys() & held.keys() if wanted[key] != held[key])
        told.append(f"[{number}] lost {lost[:9]}, not sent or removed {foreign[:9]}, other content {other[:9]}")
    return f"{len(held)} papers are neither of: {'; '.join(told)}"


def _check_dense(snapshot: Snapshot, held: Contents, encoder: Counting) -> None:
    dimension = encoder.identity.dimension
    keys, rows = snapshot.store.embeddings(dimension)
    ids = snapshot.store.ids(keys.tolist())
    if sorted(ids[key] for key in keys.tolist()) != sorted(held):
        raise Failed("the embeddings are not those of the papers")
    scan = rows.astype(np.float32)
    for key, row in zip(keys.tolist(), scan, strict=True):
        if float(row @ encoder.row_of(held[ids[key]])) < COSINE:
            raise Failed(f"the row of {ids[key]} is not that of its text")
        if key not in snapshot.dense.search(row, 1)[0]:
            raise Failed(f"dense search does not find {ids[key]} by its own row")
    for row in scan[:: max(1, len(scan) // SAMPLE)]:
        found, scores = snapshot.dense.search(row, 10)
        exact = dict(zip(keys.tolist(), (scan @ row).tolist(), strict=True))
        best = sorted(exact.values(), reverse=True)[: len(found)]
        agrees = np.allclose(scores, best, atol=ROUNDING) and np.allclose(
            [exact.get(key, -9) for key in found.tolist()], scores, atol=ROUNDING
        )
        if not agrees or len(found) < min(10, len(scan)):
            raise Failed("dense search differs from a scan of the stored rows")


def _check_lexical(snapshot: Snapshot, held: Contents, allowed: Sequence[Contents]) -> None:
    keys = {one.key: paper_id for paper_id, one in snapshot.store.lookup(list(held)).items()}
    words: dict[str, set[str]] = {mark(one): set() for one in _all_versions((held, *allowed))}
    for paper_id, one in held.items():
        words[mark(one)].add(paper_id)
    for word, expected in words.items():
        found, _ = snapshot.lexical.search(snapshot.lexical.terms(word), 10)
        if {keys.get(key) for key in found.tolist()} != expected:
            raise Failed(f"lexical search for {word} finds {[keys.get(key) for key in found.tolist()]}")


def _all_versions(contents: Iterable[Contents]) -> Iterable[Paper]:
    for papers in contents:
        for one in papers.values():
            yield one
            if one.source == "kills":
                number, version = (int(part) for part in mark(one).removeprefix("mark").split("v"))
                yield from (paper(number, other) for other in range(version + 2) if other != version)


def not_again(encoder: Counting, held: Contents) -> None:
    """Nothing that was stored has been encoded again."""
    stored = {one.text for one in held.values()}
    if again := [text[:60] for text in encoder.texts if text in stored]:
        raise Failed(f"{len(again)} stored papers were encoded again: {again[:3]}")


def backup_file(file: Path, allowed: Sequence[Contents | None], place: Path, encoder: Counting) -> None:
    """A backup is absent where that is allowed, or restores to a collection that has the allowed contents."""
    if not file.exists():
        if None not in allowed:
            raise Failed(f"{file.name} is gone")
        return
    shutil.rmtree(place, ignore_errors=True)
    upkeep.restore(file, place)
    after(place, [one for one in allowed if one is not None], encoder)


def nothing_left(directory: Path, before: Contents, now: Contents) -> None:
    """No word of a text that is no longer stored, and no row of it, is in any file."""
    present = {mark(one) for one in now.values()}
    gone = [one for one in before.values() if mark(one) not in present]
    if not gone:
        raise Failed("nothing was removed: this checks nothing")
    for path in directory.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for one in gone:
            if f"{mark(one)}abstract".encode() in data:
                raise Failed(f"{path.name} still holds {mark(one)}")


# What a kill leaves


def has_gap(directory: Path) -> bool:
    """Whether the papers are ahead of their indexes: the kill fell between the two steps of a commit."""
    if not Collection.exists(directory):
        return False
    store = Store(directory / TRUTH)
    try:
        manifest = Manifest.load(directory)
        return manifest is None or not manifest.covers(store.state())
    finally:
        store.close()


def litter(directory: Path) -> list[str]:
    """Files that belong to nothing: what is half made, or no longer in force."""
    manifest = Manifest.load(directory)
    ours = {TRUTH, f"{TRUTH}-wal", f"{TRUTH}-shm", MANIFEST, "writer.lock", manifest.directory if manifest else ""}
    beside = list(directory.parent.glob("*.making*"))
    return sorted(path.name for path in [*beside, *directory.glob("*")] if path.name not in ours)
