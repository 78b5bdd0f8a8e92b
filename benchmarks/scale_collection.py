"""Collections of any size for benchmarks: real papers first, then recombined ones.

A recombined paper has the sentences of two real ones in turn and the title of the first. Its row is a random mixture
of the rows of two others (0.6 to 0.9 of one), normalised: as near to its neighbours as real papers are, but no copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.change import Change
from indexer.collection import Collection
from indexer.paper import Paper
from indexer.store import ROW_TYPE

Rows = NDArray[np.float32]

CHUNK: Final = 10_000
SHARES: Final = {"half": 0.5, "twentieth": 0.05, "thousandth": 0.001}
"""Categories that these shares of the papers have, whatever the papers are about."""


def real_papers(source: Path) -> tuple[list[Paper], Rows]:
    """The papers of a collection, by key, and their rows."""
    collection = Collection(source)
    store = collection.snapshot().store
    _, rows = store.embeddings(collection.identity.dimension)
    return list(store.all_papers()), rows.astype(np.float32)


def rows_like(rows: Rows, count: int, seed: int = 0) -> Iterator[NDArray[np.float16]]:
    """`count` rows in chunks: the real ones, then mixtures."""
    random = np.random.default_rng(seed)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        real = rows[start : start + size]
        share = random.uniform(0.6, 0.9, (size - len(real), 1)).astype(np.float32)
        one, other = random.integers(len(rows), size=(2, len(share)))
        mixed = share * rows[one] + (1 - share) * rows[other]
        mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
        yield np.concatenate([real, mixed]).astype(ROW_TYPE)


def papers_like(papers: list[Paper], count: int, seed: int = 0) -> Iterator[Paper]:
    """`count` papers, without sources and identifiers, with the categories of `SHARES`."""
    random = np.random.default_rng(seed)
    lots = random.random(count)
    for number in range(count):
        paper = papers[number % len(papers)]
        if number >= len(papers):
            other = papers[int(random.integers(len(papers)))]
            pairs = zip_longest(paper.abstract.split(". "), other.abstract.split(". "), fillvalue="")
            mixed = [first if at % 2 else second for at, (first, second) in enumerate(pairs)]
            paper = replace(paper, abstract=". ".join(part for part in mixed if part))
        shares = tuple(name for name, share in SHARES.items() if lots[number] < share)
        yield Paper(
            f"p{number}", paper.title, paper.abstract, paper.authors[:5], published=paper.published, categories=shares
        )


def fill(directory: Path, source: Path, count: int) -> None:
    """Make a collection of so many papers, all at once: what is measured is not the import."""
    papers, rows = real_papers(source)
    collection = Collection.create(directory, Collection(source).identity)
    made = papers_like(papers, count)
    with collection.writing("fill") as writer:
        probes = Collection(source).snapshot().store.probe_rows(_probes(), rows.shape[1])
        if probes is not None:
            writer.store.set_probe_rows(_probes(), probes)
        for chunk in rows_like(rows, count):
            with writer.store.transaction():
                writer.store.apply([Change.of(paper, row) for row, paper in zip(chunk, made, strict=False)])
            writer.store.shorten_log()
        writer.rebuild()


def _probes() -> str:
    from indexer import probes

    return probes.fingerprint()
