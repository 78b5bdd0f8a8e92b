"""The pipeline: nothing is encoded twice, the report counts what happened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.collection import Collection
from indexer.errors import CollectionMismatch
from indexer.ingest import CHUNK, ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.toys import PAPERS, ToyEncoder


def counts(report: Report) -> tuple[int, int, int]:
    return report.added, report.updated, report.unchanged


def test_a_second_run_encodes_nothing(collection: Collection, encoder: ToyEncoder) -> None:
    """The same papers again are neither encoded nor written: the sequence does not move."""
    before = collection.snapshot().sequence
    report = Report()
    ingest(collection, encoder, PAPERS, report)
    assert counts(report) == (0, 0, 4)
    assert encoder.encoded == []
    assert collection.snapshot().sequence == before


def test_only_a_changed_text_is_encoded(collection: Collection, encoder: ToyEncoder) -> None:
    """A new vote count is stored without encoding; a new title is encoded."""
    voted, renamed = replace(PAPERS[0], upvotes=7), replace(PAPERS[1], title="graph")
    report = Report()
    ingest(collection, encoder, [voted, renamed], report)
    assert counts(report) == (0, 2, 0)
    assert encoder.encoded == ["graph"]
    assert collection.snapshot().store.paper("a").upvotes == 7


def test_the_first_record_of_an_id_stands(empty: Collection, encoder: ToyEncoder) -> None:
    """A file that has an id twice stores the first record and reports the other: so it can be read again in vain."""
    for added in (1, 0):
        report = Report()
        ingest(empty, encoder, [Paper("x", "speech"), Paper("x", "face"), Paper("x", "speech")], report)
        assert counts(report) == (added, 0, 2 - added)
        assert [(note.kind, note.where) for note in report.notes] == [("superseded", "x")]
        assert empty.snapshot().store.paper("x").title == "speech"
    assert encoder.encoded == ["speech"]


def test_an_id_that_comes_again_much_later(empty: Collection, encoder: ToyEncoder) -> None:
    """An id that comes again after a commit is known, and the report says so once."""
    report = Report()
    others = [Paper(f"p{i}", f"speech {i}") for i in range(CHUNK)]
    ingest(empty, encoder, [Paper("x", "speech"), *others, Paper("x", "face"), others[0]], report)
    assert counts(report) == (CHUNK + 1, 0, 1)
    assert (report.superseded, report.counts["superseded"]) == (1, 1)
    assert empty.snapshot().store.paper("x").title == "speech"


def test_progress_counts_what_is_safe(empty: Collection, encoder: ToyEncoder) -> None:
    """Progress is told after every commit, with the number of records that no crash can take away."""
    told: list[int] = []
    papers = (Paper(f"p{i}", f"speech {i}") for i in range(CHUNK + 5))
    ingest(empty, encoder, papers, Report(), told.append)
    assert told == [CHUNK, CHUNK + 5]
    assert empty.snapshot().papers == CHUNK + 5


def test_an_import_that_breaks_keeps_what_was_committed(empty: Collection, encoder: ToyEncoder) -> None:
    """A source that fails half-way loses nothing that was committed before."""

    def breaking() -> object:
        yield from (Paper(f"p{i}", f"speech {i}") for i in range(CHUNK))
        raise RuntimeError("the disk was pulled out")

    with pytest.raises(RuntimeError, match="pulled out"):
        ingest(empty, encoder, breaking(), Report())  # type: ignore[arg-type]
    assert empty.snapshot().papers == CHUNK


def test_another_model_is_refused(collection: Collection) -> None:
    """Rows of two models are never mixed; the error names both models and the way out."""
    with pytest.raises(CollectionMismatch, match=r"made with the model toy .* not with other .* another directory"):
        ingest(collection, ToyEncoder("other"), PAPERS, Report())
