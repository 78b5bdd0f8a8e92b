"""Papers whose places on a map are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.area import SIDE
from search.atlas import Atlas, Cluster
from tests.toys import ToyEncoder

Placed = tuple[Paper, int, int, int]
"""A paper, where it lies across and down, and the cluster it is in."""
HOSTILE: Final = "<img src=x onerror=\"document.title='run'\"> & <b>face</b>"
PLACED: Final[tuple[Placed, ...]] = (
    (
        Paper("north", "speech graph", authors=("Ada Lovelace", "Grace Hopper"), published="2024-05-01"),
        *(20_000, 12_000, 0),
    ),
    (Paper("north-2", "speech face", published="2025-06"), 24_000, 12_000, 0),
    (Paper("hostile", HOSTILE, published="2025"), 45_000, 14_000, 0),
    (Paper("middle", "emotion", authors=("Emmy Noether",)), 32_768, 32_768, 1),
    (Paper("south", "graph"), 20_000, 50_000, 1),
    (Paper("south-2", "graph and others"), 22_500, 52_000, 1),
    (Paper("corner", "other things"), 0, 0, 1),
    (Paper("corner-2", "still other things"), SIDE - 1, SIDE - 1, 1),
)
"""Those in the corners make the whole square the extent of the map; a place at SIDE itself lies in no area, as the
lower end of a side counts and the upper one does not."""
CLUSTERS: Final = (
    Cluster(0, 0, None, ("speech", "face"), 22_000, 12_000, 3),
    Cluster(1, 0, None, ("graph", "other"), 21_000, 51_000, 5),
)


def papers_on_a_map(
    directory: Path, placed: Sequence[Placed] = PLACED, clusters: Sequence[Cluster] = CLUSTERS
) -> tuple[Collection, ToyEncoder, str]:
    """A collection of them with their map, and the id of that."""
    encoder = ToyEncoder()
    collection = Collection.create(directory, encoder.identity)
    ingest(collection, encoder, [paper for paper, *_ in placed], Report())
    snapshot = collection.snapshot()
    found = snapshot.store.lookup([paper.id for paper, *_ in placed])
    rows = sorted((found[paper.id].key, *there) for paper, *there in placed)
    keys, xs, ys, groups = (np.array(column) for column in zip(*rows, strict=True))
    places = np.stack([xs, ys], axis=1).astype(np.uint16)
    weights = encoder.identity.weights_sha256
    atlas = Atlas(weights, snapshot.sequence, keys.astype(np.int64), places, groups.astype(np.uint16), tuple(clusters))
    atlas.save(directory)
    return collection, encoder, atlas.id
