"""A small run of `benchmarks.kills`: every operation killed once. The full run has hundreds, with the real model."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.kills import check
from benchmarks.kills.harness import OPERATIONS, Usual, run
from benchmarks.kills.papers import paper
from indexer import folding, generation, ingest
from indexer.change import Change
from indexer.collection import Collection
from indexer.report import Report
from indexer.store import ROW_TYPE
from tests.toys import ToyEncoder


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory in memory where there is one: a kill does not ask for a slow disk. Limits are put back afterwards."""
    logging.getLogger("indexer").setLevel(logging.ERROR)
    monkeypatch.setattr(folding, "INLINE", folding.INLINE)
    for name in ("SMALL", "RESIDUE_SMALL", "RESIDUE_SHARE"):
        monkeypatch.setattr(generation, name, getattr(generation, name))
    monkeypatch.setattr(ingest, "CHUNK", ingest.CHUNK)
    place = Path("/dev/shm")  # noqa: S108  a directory of its own is made in it
    made = Path(tempfile.mkdtemp(dir=place if os.access(place, os.W_OK) else None))
    yield made
    shutil.rmtree(made)
    logging.getLogger("indexer").setLevel(logging.NOTSET)


def test_nothing_acknowledged_is_lost(memory: Path) -> None:
    """Whenever a process is killed: what it acknowledged is there, nothing else is, and doing it again completes."""
    told: list[str] = []
    table = run(len(OPERATIONS), 9, memory, toy=True, usual=Usual(0.3, 12, 60), out=told.append)
    assert sum(line.failures for line in table.values()) == 0, "\n".join(told)
    assert all(line.kills == 1 for line in table.values())


def test_the_harness_sees_losses(tmp_path: Path) -> None:
    """What the kills are judged by fails where something was lost, is foreign, has other content or a wrong row."""
    encoder = check.Counting(ToyEncoder())
    collection = Collection.create(tmp_path / "c", encoder.identity)
    papers = [paper(n, 0) for n in range(4)]
    ingest.ingest(collection, encoder, papers, Report())
    held = {one.id: one for one in papers}
    assert check.after(collection.directory, [{}, held], encoder) == 1
    wrong = (held | {"paper-9": paper(9, 0)}, {"paper-1": held["paper-1"]}, held | {"paper-1": paper(1, 1)})
    for allowed in wrong:
        with pytest.raises(check.Failed, match="neither of"):
            check.after(collection.directory, [allowed], encoder)
    with collection.writing("test") as writer:
        row = encoder.row_of(replace(papers[0], title="graph", abstract="")).astype(ROW_TYPE)
        writer.apply([Change.of(papers[0], row)])
    with pytest.raises(check.Failed, match="not that of its text"):
        check.after(collection.directory, [held], encoder)
