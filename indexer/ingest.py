"""The pipeline: compare papers with what is stored, encode what is new, commit, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from indexer.collection import Collection
from indexer.encoder import Encoder
from indexer.errors import shorten
from indexer.paper import Paper
from indexer.report import Report
from indexer.store import ROW_TYPE
from indexer.store_writer import Encoded, text_hash
from indexer.writer import Writer

CHUNK: Final = 512
"""Papers a commit: what a killed import loses at most, and encodes again."""
SLICE: Final = 64
"""Papers encoded between two signs of progress."""


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
    seen: dict[str, bytes] = {}
    done = 0
    with collection.writing("import") as writer:
        for chunk in _chunks(papers, CHUNK):
            latest, first = _latest(chunk, seen, report)
            changed = _changed(writer, latest, first, report)
            writer.apply(_with_rows(writer, encoder, changed, partial(_tell, progress, done)))
            done += len(chunk)
            progress(done)


def _tell(progress: Callable[[int], None], before: int, count: int) -> None:
    progress(before + count)


def _chunks(papers: Iterable[Paper], size: int) -> Iterator[list[Paper]]:
    iterator = iter(papers)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _latest(chunk: list[Paper], seen: dict[str, bytes], report: Report) -> tuple[list[Paper], set[str]]:
    """The last record of each id, and which of the ids are new to this import; a record that gives way is reported.

    `seen` has the content hash of every id so far and is brought up to date.
    """
    first = {paper.id for paper in chunk} - seen.keys()
    for paper in chunk:
        content = paper.content_hash
        if paper.id in seen:
            if seen[paper.id] == content:
                report.unchanged += 1
            else:
                report.note("replaced", paper.id, f"an earlier record gave way to {shorten(paper.heading)!r}")
        seen[paper.id] = content
    return list({paper.id: paper for paper in chunk}.values()), first


def _changed(writer: Writer, papers: list[Paper], first: set[str], report: Report) -> list[Paper]:
    """The papers that must be written. Those in `first` are counted; records that came again have been."""
    stored = writer.store.lookup([paper.id for paper in papers])
    changed = [p for p in papers if p.id not in stored or stored[p.id].content_hash != p.content_hash]
    report.added += sum(p.id in first and p.id not in stored for p in changed)
    report.updated += sum(p.id in first and p.id in stored for p in changed)
    report.unchanged += sum(p.id in first for p in papers) - sum(p.id in first for p in changed)
    return changed


def _with_rows(writer: Writer, encoder: Encoder, papers: list[Paper], progress: Callable[[int], None]) -> list[Encoded]:
    """Each paper with its row: the stored one where the text is the same, else encoded now."""
    stored = writer.store.lookup([paper.id for paper in papers])
    same_text = {p.id for p in papers if p.id in stored and stored[p.id].text_hash == text_hash(p)}
    old = writer.store.rows([stored[paper_id].key for paper_id in same_text])
    rows = {paper_id: old[stored[paper_id].key] for paper_id in same_text}
    to_encode = [p for p in papers if p.id not in same_text]
    for start in range(0, len(to_encode), SLICE):
        part = to_encode[start : start + SLICE]
        fresh = encoder.encode([p.text for p in part]).astype(ROW_TYPE)
        rows |= {p.id: row for p, row in zip(part, fresh, strict=True)}
        progress(len(same_text) + start + len(part))
    return [Encoded(p, rows[p.id]) for p in papers]
