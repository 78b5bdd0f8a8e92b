"""The pipeline: read → plan what changes → encode what is new → commit, each stage ahead of the next.

While papers are encoded, the next ones are read and the last ones are committed, so that the encoder never waits.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Self

from indexer import probes
from indexer.change import Change
from indexer.collection import Collection
from indexer.embedding import Encoder, Rows, Tried, merged
from indexer.identity import Record
from indexer.paper import Paper
from indexer.planning import Planner
from indexer.report import Report
from indexer.store import ENCODED_BY, ROW_TYPE
from indexer.store_writer import StoreWriter
from indexer.writer import Writer

CHUNK: Final = 512
"""Records a commit. A killed import encodes at most two chunks again."""
AHEAD: Final = 2
"""Chunks that are read before they are needed."""


@dataclass(frozen=True, slots=True)
class _Encoding:
    """A chunk on its way: its changes, and the rows of those that need one."""

    records: int
    changes: list[Change]
    rows: Future[Rows]


def ingest(
    collection: Collection,
    encoder: Encoder,
    papers: Iterable[Paper | Record],
    report: Report,
    progress: Callable[[int], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    placed: Callable[[str, str], None] = lambda *_: None,
    *,
    tidy: bool = True,
) -> None:
    """Add papers to a collection, merging and updating those that are known, and count them in the report.

    A record that is stored already is neither encoded nor written; a paper whose text is the same keeps its row.
    `progress` is told the number of records that are safe on disk, `placed` each record's id and that of its paper.
    Once `stop` is true no more are read, and those under way are finished; where reading fails, too, before its error
    is raised. `tidy` also folds what grows large in the dense index; a server does that afterwards (`Collection.tidy`),
    so that nobody waits for it. Raises `CollectionMismatch` for an encoder of another model.
    """
    collection.expect(encoder.identity)
    done = 0
    waiting: _Encoding | None = None
    with (
        collection.writing("import") as writer,
        _ReadAhead(_chunks(papers), stop) as chunks,
        ThreadPoolExecutor(1, "encode") as pool,
    ):
        _keep_probes(writer, encoder)
        long_before = encoder.long_texts
        planner = Planner(writer.store, report, placed=placed)
        for chunk in chunks:
            changes = planner.plan(chunk)
            encoding = _Encoding(len(chunk), changes, pool.submit(_encode, encoder, changes))
            if waiting:
                done = _commit(writer, encoder, waiting, done, progress, tidy=tidy)
            waiting = encoding
        if waiting:
            _commit(writer, encoder, waiting, done, progress, tidy=tidy)
        report.long += encoder.long_texts - long_before
        if stop():
            report.read = report.kept + report.counts["skipped"]  # what was read ahead has not come to anything
        chunks.raise_error()


def _keep_probes(writer: Writer, encoder: Encoder) -> None:
    """Have the collection hold the rows of questions from elsewhere, to compare its answers with."""
    name = probes.fingerprint()
    if writer.store.probe_rows(name, encoder.identity.dimension) is None:
        writer.store.set_probe_rows(name, encoder.encode_queries(probes.questions()).astype(ROW_TYPE))
        if writer.store.state().papers:  # a collection from before these probes: its indexes know no null model
            writer.rebuild()


def _keep_trial(store: StoreWriter, encoder: Encoder) -> None:
    """Have the collection say what encodes its papers, where the encoder knows."""
    trial = encoder.trial if isinstance(encoder, Tried) else None
    if trial and trial not in store.encoded_by()[-1:]:
        with store.transaction():
            store.set_meta({ENCODED_BY: merged(store.meta().get(ENCODED_BY), trial)})


def _encode(encoder: Encoder, changes: Sequence[Change]) -> Rows:
    papers = [change.paper for change in changes if change.encode]
    return encoder.encode([paper.text for paper in papers], [paper.title for paper in papers])


def _commit(
    writer: Writer, encoder: Encoder, encoding: _Encoding, done: int, progress: Callable[[int], None], *, tidy: bool
) -> int:
    rows = iter(encoding.rows.result().astype(ROW_TYPE))
    if any(change.encode for change in encoding.changes):
        _keep_trial(writer.store, encoder)
    writer.apply([replace(change, row=next(rows)) if change.encode else change for change in encoding.changes])
    if tidy:
        writer.tidy()
    progress(done + encoding.records)
    return done + encoding.records


def _chunks(papers: Iterable[Paper | Record]) -> Iterator[list[Record]]:
    iterator = iter(papers)
    while chunk := list(islice(iterator, CHUNK)):
        yield [one if isinstance(one, Record) else Record(one) for one in chunk]


class _ReadAhead:
    """The same chunks, read by a thread of their own, a few of them before they are asked for."""

    def __init__(self, chunks: Iterator[list[Record]], stop: Callable[[], bool]) -> None:
        self._chunks = chunks
        self._stop = stop
        self._waiting: queue.Queue[list[Record] | None] = queue.Queue(AHEAD)
        self._left = threading.Event()
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._read, name="read", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()

    def __iter__(self) -> Iterator[list[Record]]:
        while not self._stop():
            with suppress(queue.Empty):
                chunk = self._waiting.get(timeout=0.1)
                if chunk is None:
                    return
                yield chunk

    def raise_error(self) -> None:
        """Raise what stopped the reading, if anything did."""
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            for chunk in self._chunks:
                self._put(chunk)
                if self._left.is_set():
                    return
        except BaseException as error:
            self._error = error
        self._put(None)

    def _put(self, chunk: list[Record] | None) -> None:
        while not self._left.is_set():
            try:
                return self._waiting.put(chunk, timeout=0.1)
            except queue.Full:
                continue
        return None
