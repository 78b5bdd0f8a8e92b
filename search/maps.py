"""The map as it is now: what was drawn, without the papers that are gone, and with those that came since."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from indexer.collection import Collection, Snapshot
from indexer.directory import ATLAS
from indexer.errors import InvalidQuery, MapMissing
from indexer.selection import Selection
from search import placing
from search.area import Area
from search.atlas import Atlas, Cluster, Groups, Keys, Places

State = tuple[str, int]
AREAS_KEPT: Final = 16
"""Areas whose papers are remembered: people page, and ask again within the same one."""


@dataclass(frozen=True, eq=False)
class Map:
    """Every paper of one state of a collection, by key: its place and the cluster of the last level that it is in.

    `state` is the state's fingerprint and its sequence number: a paper that was removed and has come again leaves the
    fingerprint as it was, and has another key. `drawn` of the papers are where the map was drawn with them, until it is
    drawn anew, whatever becomes of their texts. The others have been placed by their kin.
    """

    atlas: Atlas
    state: State
    keys: Keys
    places: Places
    groups: Groups
    drawn: int

    @cached_property
    def version(self) -> str:
        """Names these papers at these places: what is asked for by it may be kept for ever.

        No name of the state would do: where a newcomer lies also depends on what was there when it came.
        """
        content = hashlib.sha256(self.atlas.id.encode())
        for each in (self.keys.astype("<i8"), self.places.astype("<u2"), self.groups.astype("<u2")):
            content.update(each.tobytes())
        return f"{self.atlas.id}-{content.hexdigest()[:16]}"

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        """The regions, with the papers that they have now; those without any are left out."""
        papers = Counter(self.groups.tolist())
        for each in self.atlas.clusters:
            if each.parent is not None:
                papers[each.parent] += papers[each.id]
        return tuple(replace(each, papers=papers[each.id]) for each in self.atlas.clusters if papers[each.id])

    def at(self, keys: Keys) -> Keys:
        """The positions of papers by their keys."""
        return np.searchsorted(self.keys, keys)


class Maps:
    """The map of a collection for any of its snapshots. Safe to use from several threads."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._atlas: Atlas | None = None
        self._latest: Map | None = None
        self._areas: OrderedDict[tuple[str, Area], Selection] = OrderedDict()

    def drawn(self) -> Atlas | None:
        """The map as it was drawn last, also by another process; `None` where there is none that can be used."""
        with self._lock:
            return self._drawn()

    def of(self, snapshot: Snapshot) -> Map:
        """The map with just the papers of a snapshot. Raises `MapMissing`.

        What came since the last one is placed, and no more. Many who ask at once wait for one that does it.
        """
        with self._lock:
            atlas = self._drawn()
            if atlas is None:
                raise MapMissing
            latest = self._latest if self._latest is not None and self._latest.atlas is atlas else None
            if latest is None or latest.state != (snapshot.fingerprint, snapshot.sequence):
                latest = self._latest = _continued(snapshot, atlas, latest)
            return latest

    def within(self, area: Area, snapshot: Snapshot) -> Selection:
        """The papers of a snapshot that lie in an area. Raises `InvalidQuery` where it was drawn on another map."""
        try:
            present = self.of(snapshot)
        except MapMissing as error:
            raise InvalidQuery(
                "area_outdated", "The map that the area was drawn on is gone.", error.next_step
            ) from error
        if present.atlas.id != area.map_id:
            raise InvalidQuery(
                "area_outdated", "The map has been drawn anew since the area was drawn on it.", "Draw the area again."
            )
        asked = (present.version, area)
        with self._lock:
            if asked in self._areas:
                self._areas.move_to_end(asked)
                return self._areas[asked]
        found = Selection(present.keys[area.has(present.places)])
        with self._lock:
            self._areas[asked] = found
            while len(self._areas) > AREAS_KEPT:
                self._areas.popitem(last=False)
        return found

    def _drawn(self) -> Atlas | None:
        try:
            facts = (self._collection.directory / ATLAS).stat()
            stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
        except OSError:
            stamp = None
        if stamp is None or stamp != self._stamp:
            weights = self._collection.identity.weights_sha256
            self._atlas = Atlas.load(self._collection.directory, weights) if stamp else None
            self._stamp = stamp
        return self._atlas


def _continued(snapshot: Snapshot, atlas: Atlas, before: Map | None) -> Map:
    """A map for a snapshot; places of `before`, a map of an earlier state, stay."""
    living = snapshot.store.keys()
    kept = np.isin(atlas.keys, living, assume_unique=True)
    keys, places, groups = atlas.keys[kept], atlas.places[kept], atlas.groups[kept]
    drawn = len(keys)
    if before is not None:
        placed = np.isin(before.keys, living, assume_unique=True) & ~np.isin(before.keys, atlas.keys)
        keys = np.concatenate([keys, before.keys[placed]])
        places = np.concatenate([places, before.places[placed]])
        groups = np.concatenate([groups, before.groups[placed]])
    new = np.setdiff1d(living, keys, assume_unique=True)
    if len(new):
        if drawn:
            found, of_these = placing.place(
                snapshot.dense, new, atlas.keys[kept], atlas.places[kept], atlas.groups[kept]
            )
        else:
            raise MapMissing  # all that it was drawn with is gone
        keys = np.concatenate([keys, new])
        places, groups = np.concatenate([places, found]), np.concatenate([groups, of_these])
    order = np.argsort(keys)
    state = snapshot.fingerprint, snapshot.sequence
    return Map(atlas, state, keys[order], places[order], groups[order], drawn)
