"""The directory of a collection: one truth, its derived indexes, one writer, many readers."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from indexer import folding, lock, migrating
from indexer.background import BACKGROUND, Background
from indexer.counts import Columns
from indexer.dense import DenseIndex
from indexer.directory import ELSEWHERE, FORMAT, TRUTH, is_vacant, read_identity, require
from indexer.encoder import ModelIdentity
from indexer.errors import (
    CollectionBusy,
    CollectionError,
    CollectionForeign,
    CollectionMismatch,
    IndexDamaged,
)
from indexer.filters import WRITTEN, Condition, Filters
from indexer.generation import LEXICAL
from indexer.lexicon import SCHEMA, LexicalIndex
from indexer.manifest import DENSE, MANIFEST, Manifest
from indexer.matching import Matching
from indexer.null_model import NullModel
from indexer.paper import TEXT_RECIPE, Paper
from indexer.segment import FACTORY, FEW, FEW_SHARE, SPARE, SPARE_ROOT
from indexer.selection import Keys, Selection
from indexer.store import Store
from indexer.store_writer import StoreWriter
from indexer.writer import OLDER, Writer

WRITER_WAIT: Final = 30.0
READER_WAIT: Final = 15.0
PATIENCE: Final = 3
"""Failures to read the indexes after which they are made anew; fewer may be a writer that replaced them meanwhile."""
MAX_WAL: Final = 8_000_000
"""Bytes of SQLite's log from which a reader gives way, so that it can be started anew."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """One state of a collection, which never changes: the truth, and both indexes of exactly that truth.

    `fingerprint` names the state: equal fingerprints mean equal papers, rows and lexical statistics.
    """

    store: Store
    dense: DenseIndex
    lexical: LexicalIndex
    papers: int
    sequence: int
    fingerprint: str
    null: NullModel | None
    background: Background
    passing: Matching
    columns: Columns

    def matching(self, filters: Filters) -> Selection | None:
        """The papers that pass; `None` where all do. Both indexes are to obey it."""
        return self.passing.of(filters)

    def browse(
        self, filters: Filters, limit: int, offset: int, among: Selection | None = None
    ) -> tuple[list[Paper], int]:
        """Papers that pass, newest first, those without a date last, then by id; and how many there are in all.

        With `among`, which are keys that pass the filters already, only those.
        """
        if among is not None:
            return self.store.browse(Filters(), limit, offset, among.keys), len(among)
        selected = self.matching(filters)
        if selected is None:
            return self.store.browse(filters, limit, offset), self.papers
        if filters.written:
            return self.store.browse(Filters(), limit, offset, selected.keys), len(selected)
        return self.store.browse(filters, limit, offset), len(selected)


class Collection:
    """An open collection. `snapshot` to read, `writing` to change; both may be used by several threads."""

    def __init__(self, directory: Path) -> None:
        """Open a directory. Raises the `CollectionError` that tells what is wrong with it."""
        self.directory: Final = directory
        require(directory)
        store = Store(directory / TRUTH)
        try:
            self.identity: Final = read_identity(migrating.bring_up(directory, store.meta()), directory)
        finally:
            store.close()
        self._refreshing = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._stamp: tuple[int, int, int] | None = None

    @classmethod
    def create(cls, directory: Path, identity: ModelIdentity) -> Collection:
        """Make an empty collection in a new or empty directory.

        Raises `CollectionForeign` where the directory holds anything: nothing of anyone's is ever overwritten.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if not cls.exists(directory) and not is_vacant(directory) and not cls.exists(directory):
                # Looked for twice: another process may be making it at this moment.
                raise CollectionForeign(f"{directory} holds something that is not a collection.", ELSEWHERE)
            meta = {"format": FORMAT, "model": json.dumps(asdict(identity)), "recipe": TEXT_RECIPE}
            with lock.writer_lock(directory, "create", WRITER_WAIT):
                if not cls.exists(directory):  # another process may have made it while we waited
                    Store.create(directory / TRUTH, meta | {"sequence": "0", "papers": "0", "fingerprint": "0"})
        except OSError as error:
            raise CollectionError(
                f"{directory} cannot be made a collection: {error.strerror or error}.", ELSEWHERE
            ) from error
        return cls(directory)

    @staticmethod
    def exists(directory: Path) -> bool:
        """Whether a collection stands in this directory, whole or not."""
        return (directory / TRUTH).exists()

    def expect(self, identity: ModelIdentity) -> None:
        """Raise `CollectionMismatch` where the embeddings are of another model than this one."""
        ours = self.identity
        if (ours.weights_sha256, ours.dimension, ours.max_tokens) != (
            identity.weights_sha256,
            identity.dimension,
            identity.max_tokens,
        ):
            raise CollectionMismatch(
                f"{self.directory} was made with the model {ours.name} ({ours.weights_sha256[:12]}, "
                f"{ours.dimension} dimensions), not with {identity.name} ({identity.weights_sha256[:12]}, "
                f"{identity.dimension} dimensions).",
                f"Set the model to {ours.name}, or index the papers into another directory.",
            )

    # Reading

    def snapshot(self) -> Snapshot:
        """The present state. Cheap while nothing has changed, also by other processes."""
        current = self._snapshot
        if current is not None and _stamp(self.directory) == self._stamp:
            return current
        with self._refreshing:
            current, stamp = self._snapshot, _stamp(self.directory)
            if current is not None and stamp == self._stamp:
                return current
            if _size(self.directory / f"{TRUTH}-wal") > MAX_WAL:
                # SQLite starts its log anew only when no reader holds a part of it, and there always is one: ours.
                current = self._snapshot = None
            try:
                self._snapshot, self._stamp = self._open_snapshot(), stamp
            except CollectionBusy:
                if current is None:
                    raise
                return current  # a writer takes long over its indexes; what we have is whole
            return self._snapshot

    def let_go(self) -> None:
        """Hold no state until the next is asked for: only whoever has one keeps SQLite's log from being emptied."""
        with self._refreshing:
            self._snapshot = None

    def _open_snapshot(self) -> Snapshot:
        """Read a manifest and pin the truth that it covers; where they differ, wait for the writer or catch up."""
        deadline = time.monotonic() + READER_WAIT
        damaged, rebuilt = 0, False
        while True:
            require(self.directory)
            store = Store(self.directory / TRUTH)
            try:
                if _size(self.directory / f"{TRUTH}-wal") > MAX_WAL:
                    store.shorten_log()
                state = store.pin()
                manifest = Manifest.load(self.directory)
                if manifest and manifest.covers(state):
                    return self._assemble(store, manifest)
                reason = f"those in {self.directory} did not cover its papers."
            except IndexDamaged as error:
                reason, damaged = error.message, damaged + 1
                if rebuilt:
                    store.close()
                    raise
            except BaseException:
                store.close()
                raise
            store.close()
            rebuilt = self._catch_up(reason, deadline, rebuild=damaged >= PATIENCE)

    def _catch_up(self, reason: str, deadline: float, *, rebuild: bool) -> bool:
        """Make the indexes cover the truth, unless a writer that is at work does so by itself.

        Returns whether everything was made anew, after which nothing can be wrong with the indexes any more.
        """
        try:
            with self.writing("catch up", timeout=0.2) as writer:
                if writer.published:
                    _log.warning("The indexes were made anew: %s", reason)
                elif rebuild:
                    # Files as they were written, but not to be read: a manifest can vouch for anything.
                    writer.rebuild()
                    return True
        except CollectionBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        return False

    def _assemble(self, store: Store, manifest: Manifest) -> Snapshot:
        manifest.check(self.directory)
        place = self.directory / manifest.directory
        dimension = self.identity.dimension
        state = store.state()
        lexical = LexicalIndex(place / LEXICAL)
        dense = DenseIndex.open(place / DENSE, manifest.segments, store.changed, dimension)
        snapshot = Snapshot(
            store=store,
            dense=dense,
            lexical=lexical,
            papers=state.papers,
            sequence=state.sequence,
            fingerprint=self._fingerprint(state.fingerprint, manifest, dense),
            null=manifest.null,
            background=Background.load(place / BACKGROUND, dimension),
            passing=Matching(partial(_passing, store, lexical), store.keys),
            columns=Columns(store.column),
        )
        store.close_when_unused()  # questions that are still being answered go on reading from it
        return snapshot

    def _fingerprint(self, content: int, manifest: Manifest, dense: DenseIndex) -> str:
        facts = {
            "content": f"{content:064x}",
            "model": asdict(self.identity),
            "recipe": TEXT_RECIPE,
            "factory": [FACTORY, SPARE, SPARE_ROOT, FEW, FEW_SHARE],
            # Which papers codes miss depends on the rows that they were learned from.
            "stale": [hashlib.sha256(each.stale.tobytes()).hexdigest() for each in dense.segments if each.facts.coded],
            "codes": [manifest.files[f"{DENSE}/{each.files[-1]}"].sha256 for each in manifest.segments if each.coded],
            "lexical": SCHEMA,
            "null": manifest.null and manifest.null.to_json(),
            "background": manifest.files[BACKGROUND].sha256,
            # Papers that were dropped still weigh in the word statistics until the lexical index is made anew.
            # The list of segments, whose names are random, stands for the way it came to be as it is.
            "history": manifest.files[f"{LEXICAL}/meta.json"].sha256 if manifest.residue else None,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    # Writing

    @contextmanager
    def writing(self, purpose: str, timeout: float = WRITER_WAIT, *, mend: bool = True) -> Iterator[Writer]:
        """Hold the right to change the collection, its indexes brought up to date unless `mend` is false.

        Raises `CollectionBusy` while another process has it.
        """
        with lock.writer_lock(self.directory, purpose, timeout):
            store = StoreWriter(self.directory / TRUTH)
            try:
                writer = Writer(self.directory, self.identity.dimension, store)
                if mend:
                    # Before any change: the next indexes are built on these, which must be of this very truth.
                    writer.publish_if_needed()
                yield writer
            finally:
                store.close()

    def tidy(self) -> None:
        """Fold what is due in the dense index, if nobody else is writing. Questions are answered meanwhile."""
        if folding.is_due(self.snapshot().dense) and os.access(self.directory, os.W_OK):
            with suppress(CollectionBusy), self.writing("tidy", timeout=0.2) as writer:
                writer.tidy()

    def verify(self) -> list[str]:
        """Everything that is wrong on disk, read in full: the truth, its fingerprint, both indexes. Empty if well.

        Nothing is mended; opening a snapshot does that.
        """
        if not os.access(self.directory, os.W_OK):
            store = StoreWriter(self.directory / TRUTH)  # nobody writes here, and no lock can be made
            try:
                return self._problems(store)
            finally:
                store.close()
        with self.writing("verify", mend=False) as writer:
            return self._problems(writer.store)

    def _problems(self, store: StoreWriter) -> list[str]:
        problems = store.check()
        try:
            self._check_indexes(store)
        except IndexDamaged as error:
            problems.append(f"{error.message} {error.next_step}")
        return problems

    def _check_indexes(self, store: Store) -> None:
        """Compare both indexes with their checksums and with the truth. Raises `IndexDamaged`."""
        manifest, state = Manifest.load(self.directory), store.state()
        if manifest is None:
            raise IndexDamaged(f"{self.directory / MANIFEST} is missing or not as it was written.")
        manifest.check(self.directory, thorough=True)
        if manifest.sequence >= state.sequence and not manifest.covers(state):
            raise IndexDamaged(f"{self.directory / TRUTH} {OLDER}")
        place = self.directory / manifest.directory
        lexical = LexicalIndex(place / LEXICAL)
        dense = DenseIndex.open(place / DENSE, manifest.segments, store.changed, self.identity.dimension)
        if not manifest.covers(state) or {lexical.papers, dense.papers} != {state.papers}:
            raise IndexDamaged(f"The indexes in {self.directory} do not cover its papers.")


def _passing(store: Store, lexical: LexicalIndex, conditions: tuple[Condition, ...]) -> Keys:
    """The keys that pass a group of conditions, by what can tell."""
    first = conditions[0]
    return lexical.containing(first) if first.field in WRITTEN else store.passing(conditions)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _stamp(directory: Path) -> tuple[int, int, int] | None:
    """Tells one manifest from the next without reading it."""
    try:
        facts = (directory / MANIFEST).stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns, facts.st_size
