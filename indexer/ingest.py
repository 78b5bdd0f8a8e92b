"""The pipeline: compare papers with what is stored, encode what is new, commit, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from indexer.collection import Collection, Writer
from indexer.encoder import Encoder
from indexer.paper import Paper
from indexer.report import Report
from indexer.store import ROW_TYPE
from indexer.store_writer import Encoded, text_hash

CHUNK: Final = 512
"""Papers a commit: what a killed import loses at most, and encodes again."""


def ingest(
    collection: Collection,
    encoder: Encoder,
    papers: Iterable[Paper],
    report: Report,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Add papers to a collection, replacing those whose id is known, and count them in the report.

    A paper that is stored already is neither encoded nor written; one whose text is the same keeps its row.
    `progress` is told the number of papers finished so far. Raises `CollectionMismatch` for another model.
    """
    collection.expect(encoder.identity)
    done = 0
    with collection.writing("import") as writer:
        writer.publish_if_needed()
        for chunk in _chunks(papers, CHUNK):
            # The last record of an id wins; the ones before it would be overwritten at once.
            latest = {paper.id: paper for paper in chunk}
            writer.apply(_encode_changed(writer, encoder, list(latest.values()), report))
            report.unchanged += len(chunk) - len(latest)
            done += len(chunk)
            progress(done)


def _chunks(papers: Iterable[Paper], size: int) -> Iterator[list[Paper]]:
    iterator = iter(papers)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _encode_changed(writer: Writer, encoder: Encoder, papers: list[Paper], report: Report) -> list[Encoded]:
    stored = writer.store.lookup([paper.id for paper in papers])
    changed = [p for p in papers if p.id not in stored or stored[p.id].content_hash != p.content_hash]
    report.unchanged += len(papers) - len(changed)
    report.added += sum(p.id not in stored for p in changed)
    report.updated += sum(p.id in stored for p in changed)
    same_text = {p.id for p in changed if p.id in stored and stored[p.id].text_hash == text_hash(p)}
    old = writer.store.rows([stored[paper_id].key for paper_id in same_text])
    rows = {paper_id: old[stored[paper_id].key] for paper_id in same_text}
    to_encode = [p for p in changed if p.id not in same_text]
    fresh = encoder.encode([p.text for p in to_encode]).astype(ROW_TYPE)
    rows |= {p.id: row for p, row in zip(to_encode, fresh, strict=True)}
    return [Encoded(p, rows[p.id]) for p in changed]
