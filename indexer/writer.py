"""Changes a collection: the truth first, then the indexes that cover it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from indexer import folding, generation
from indexer.change import Change
from indexer.directory import ATLAS, TRUTH
from indexer.errors import CollectionBusy, CollectionMismatch, IndexDamaged
from indexer.manifest import Manifest
from indexer.store_writer import StoreWriter

COMPACT_WAIT: Final = 10.0
"""Seconds that readers get to turn to the new state; a server takes one or two."""
COMPACT_STEP: Final = 0.1
OLDER: Final = (
    "is not covered by its indexes, which are later: a copy was put back, or its log was damaged and the latest changes"
    " are lost."
)
_log = logging.getLogger(__name__)


class Writer:
    """Changes a collection while its lock is held. Each change is on disk and searchable when its method returns."""

    def __init__(self, directory: Path, dimension: int, store: StoreWriter) -> None:
        self.store: Final = store
        self._directory = directory
        self._dimension = dimension
        self.published = False
        """Whether any indexes were made."""
        self._in_force: Manifest | None = None

    def apply(self, changes: Sequence[Change]) -> None:
        """Add papers, and replace those that are known; all of them or none."""
        rows = ((change.paper.id, change.row.shape) for change in changes if change.row is not None)
        if wrong := next(((paper_id, shape) for paper_id, shape in rows if shape != (self._dimension,)), None):
            raise CollectionMismatch(
                f"The row of {wrong[0]!r} has the shape {wrong[1]}, not ({self._dimension},).",
                "Encode with the collection's own model.",
            )
        if changes:
            with self.store.transaction():
                self.store.apply(changes)
            self.publish_if_needed()

    def remove(self, ids: Sequence[str]) -> int:
        """Remove papers; returns how many there were."""
        with self.store.transaction():
            removed = self.store.remove(ids)
        self.publish_if_needed()
        return removed

    def publish_if_needed(self) -> None:
        """Make the derived indexes cover the truth, if they do not."""
        # While the lock is held nobody else changes the indexes: they are compared with their checksums once.
        manifest = self._in_force or self._load_whole()
        state = self.store.state()
        if manifest and manifest.sequence >= state.sequence and not manifest.covers(state):
            manifest = None  # these indexes are of papers that the database does not have
            _log.warning("%s %s", self._directory / TRUTH, OLDER)
        if manifest and manifest.covers(state):
            generation.remove_others(self._directory, manifest)
            self._in_force = manifest
            return
        try:
            self._in_force = generation.build(self._directory, self.store, self._dimension, manifest)
        except IndexDamaged as error:
            if manifest is None:
                raise
            # Damage in a large file is met only where it is read: what these indexes were is not to be built upon.
            _log.warning("The indexes are made anew: %s", error.message)
            self.rebuild()
        self.published = True

    def tidy(self) -> None:
        """Fold the segments of the dense index that are due, however large; what is in force serves meanwhile."""
        manifest = self._in_force
        if manifest is None:
            return
        try:
            if folding.is_due(generation.open_dense(self._directory, manifest, self.store, self._dimension)):
                self._in_force = generation.tidy(self._directory, self.store, self._dimension, manifest)
        except IndexDamaged as error:
            _log.warning("The indexes are made anew: %s", error.message)
            self.rebuild()

    def rebuild(self) -> None:
        """Make both indexes anew from the truth, whatever they were."""
        self._in_force = generation.build(self._directory, self.store, self._dimension, None)

    def compact(self) -> None:
        """Leave no byte of removed papers in any file: make everything anew, then empty SQLite's log.

        Raises `CollectionBusy` while another process reads an earlier state, which is kept for it in the log.
        """
        self.rebuild()
        self.store.compact()
        for path in (self._directory / ATLAS, *self._directory.glob(f".{ATLAS}.*")):
            path.unlink(missing_ok=True)  # the map has words of removed papers; whoever shows it draws it anew
        deadline = time.monotonic() + COMPACT_WAIT
        while not self.store.shorten_log():
            if time.monotonic() > deadline:
                raise CollectionBusy(
                    "The papers are compact, but another program still reads the log with what was removed.",
                    "Stop it, or wait until it has finished, and run this again.",
                )
            if self._in_force:
                # Written again so that readers look: those that turned to these papers before the log was moved into
                # the database read them from the log, and would do so until the next change.
                self._in_force.save(self._directory)
            time.sleep(COMPACT_STEP)

    def _load_whole(self) -> Manifest | None:
        """The manifest on disk, if all its files are as they were written."""
        manifest = Manifest.load(self._directory)
        try:
            if manifest:
                manifest.check(self._directory)
        except IndexDamaged:
            return None
        return manifest
