"""What sources say beyond a paper's fields: kept to the letter, united of several records, bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from indexer.errors import InvalidPaper
from indexer.extra import MAX_EXTRA, submitter_of, united
from indexer.identity import Record, fold_records
from indexer.paper import Paper, from_record, from_stored, to_line, to_record

FACTS: dict[str, Any] = {"hf": {"paper": {"githubStars": 8, "z": None}, "row": {"a": [1.5, "é\n"]}}}


def test_a_paper_gives_back_what_it_was_given() -> None:
    """Through a record, a line of JSON and the store's own way; a paper without any has no such field."""
    paper = from_record({"id": "a", "title": "t", "extra": FACTS})
    assert to_record(paper)["extra"] == paper.more == FACTS
    assert from_record(json.loads(to_line(paper))) == from_stored(json.loads(to_line(paper))) == paper
    assert "extra" not in to_record(Paper("a", "t"))
    assert from_record({"title": "t", "extra": {}}).extra is None


def test_equal_facts_are_equal_papers() -> None:
    """In whatever order they come."""
    one = from_record({"title": "t", "extra": {"a": {"x": 1, "y": 2}, "b": {}}})
    other = from_record({"title": "t", "extra": {"b": {}, "a": {"y": 2, "x": 1}}})
    assert (one, one.content_hash) == (other, other.content_hash)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ([], "must be a JSON object of objects"),
        ({"hf": 1}, "must be a JSON object of objects"),
        ({"hf": {"x": float("nan")}}, "cannot be written as JSON"),
        ({"hf": {"x": "\udcff"}}, "holds lone surrogates"),
        ({"hf": {"x": "y" * MAX_EXTRA}}, "is longer than 400,000 characters"),
    ],
)
def test_what_cannot_be_kept_is_refused(extra: Any, message: str) -> None:
    """With the reason; an importer drops it alone and keeps the paper."""
    with pytest.raises(InvalidPaper, match=message):
        from_record({"title": "t", "extra": extra})


def test_records_are_united_by_source() -> None:
    """Of each source what its best record says; another source's facts stand beside."""
    best = Paper("a", "t", "abstract", source="hf", extra='{"hf":{"x":1}}')
    other = Paper("b", "t", source="toys", extra='{"hf":{"x":2},"toys":{"y":3}}')
    assert fold_records("a", [Record(other), Record(best)]).more == {"hf": {"x": 1}, "toys": {"y": 3}}
    assert united([None, None]) is None


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"hf": {"row": {"submittedBy": {"name": "ada"}}, "paper": {"submittedOnDailyBy": {"user": "bo"}}}}, "ada"),
        ({"hf": {"paper": {"submittedOnDailyBy": {"user": "bo"}}}}, "bo"),
        ({"hf": {"row": {"submittedBy": {"name": 5}}}}, None),
        ({"hf": {"row": {"submittedBy": "ada"}}}, None),
        ({"hf": {"row": []}, "x": {"submittedBy": {}}}, None),
    ],
)
def test_who_put_a_paper_on_the_list(facts: dict[str, Any], name: str | None) -> None:
    """By the row, else by the paper; of strangers' records anything may be of another type."""
    assert submitter_of(json.dumps(facts)) == name
    assert submitter_of(None) is None
