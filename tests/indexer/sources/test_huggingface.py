"""Rows of Daily Papers and single papers of Hugging Face: where their facts stand, and what real rows lack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indexer.paper import Paper
from indexer.report import Note
from tests.indexer.sources.test_json_records import FORMATS, parse, told

INNER = {
    "id": "2405.15738",
    "authors": [
        {"_id": "1", "name": "Chunjiang Ge", "hidden": False, "user": {"fullname": "Someone Else"}},
        {"_id": "2", "name": "Bo Li", "hidden": True},
        {"_id": "3", "name": "  "},
        {"_id": "4", "name": "Bo Li"},
    ],
    "publishedAt": "2024-05-24T17:34:15.000Z",
    "title": "ConvLLaVA: Hierarchical Backbones\n  as Visual Encoder",
    "summary": "High-resolution models encounter\nthe \\emph{challenges} of tokens.",
    "upvotes": 32,
}
ROW = {"paper": INNER, "publishedAt": "2024-05-27T03:50:58.348Z", "title": "ConvLLaVA", "numComments": 3}
EXPECTED = Paper(
    id="2405.15738",
    title="ConvLLaVA: Hierarchical Backbones as Visual Encoder",
    abstract="High-resolution models encounter the challenges of tokens.",
    authors=("Chunjiang Ge", "Bo Li", "Bo Li"),
    published="2024-05-24",
    daily="2024-05-27",
    comments=3,
    upvotes=32,
    url="https://huggingface.co/papers/2405.15738",
    identifiers=("arxiv:2405.15738",),
    source="hf",
)


def one(record: Any) -> Paper:
    (paper,), report = parse([record])
    assert told(report) == []
    return paper


def row(**inner: Any) -> dict[str, Any]:
    return ROW | {"paper": INNER | inner}


def test_a_row() -> None:
    """Hidden authors are authors, blank names are none, and two people may share a name."""
    assert replace(one(ROW), extra=None) == EXPECTED


def test_what_is_no_field_is_kept() -> None:
    """In their own words, but pictures, and what the fields give back; texts where they were more than wrapped."""
    row = {
        **ROW,
        "thumbnail": "https://x.org/p.png",
        "submittedBy": {"name": "ada", "avatarUrl": "https://x.org/a.png"},
    }
    assert one(row).more == {
        "hf": {
            "paper": {
                "authors": [{"_id": "1", "hidden": False, "user": {"fullname": "Someone Else"}},
                            {"_id": "2", "hidden": True}, {"_id": "4"}],
                "publishedAt": "2024-05-24T17:34:15.000Z",
                "summary": "High-resolution models encounter the \\emph{challenges} of tokens.",
            },
            "row": {"publishedAt": "2024-05-27T03:50:58.348Z", "title": "ConvLLaVA", "submittedBy": {"name": "ada"}},
        }
    }  # fmt: skip


def test_a_paper_without_its_row() -> None:
    """The interface for one paper gives what stands inside a row; the day on the page is unknown then."""
    paper = one(INNER | {"submittedOnDailyAt": "2024-05-28T00:00:00.000Z"})
    assert (paper.title, paper.daily, paper.comments) == (EXPECTED.title, "2024-05-28", None)
    assert one(INNER).daily is None


@pytest.mark.parametrize("gap", ["title", "summary"])
@pytest.mark.parametrize("inside", [True, False])
def test_title_and_summary_are_taken_from_where_they_are(gap: str, inside: bool) -> None:
    """Rows lack the title or the summary on one of their two levels, or have it empty there."""
    other = {"title": "Outside", "summary": "Outside, too."}
    for nothing in (None, ""):
        record = ROW | other | ({"paper": INNER | {gap: nothing}} if inside else {gap: nothing})
        paper = one(record)
        expected = {"title": EXPECTED.title, "summary": EXPECTED.abstract} | ({gap: other[gap]} if inside else {})
        assert (paper.title, paper.abstract) == (expected["title"], expected["summary"])


def test_the_day_on_the_page() -> None:
    """What the paper says of the day counts more than the row's date, which since 2025 is that of the paper."""
    assert one(row(submittedOnDailyAt="2025-03-18T02:11:08.263Z")).daily == "2025-03-18"


def test_keywords_are_categories() -> None:
    """Each keyword once, in their order."""
    assert one(row(ai_keywords=["MLLM", "token", "MLLM", "", None])).categories == ("MLLM", "token")


@pytest.mark.parametrize("given", [2405.15738, "2405.15738v2"])
def test_ids_and_their_addresses(given: object) -> None:
    """An id that is a number, or has a version, is one paper with one address."""
    (paper,), _ = parse([row(id=given)])
    assert (paper.id, paper.url) == ("2405.15738", "https://huggingface.co/papers/2405.15738")


def test_an_id_that_lost_zeros() -> None:
    """The address is that of the mended id."""
    (paper,), report = parse([row(id=2405.1573)])
    assert (paper.id, paper.url) == ("2405.15730", "https://huggingface.co/papers/2405.15730")
    assert [note.kind for note in told(report)] == ["repaired"]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"paper": {"id": "2405.15738"}}, "The paper's title is missing. The record holds paper."),
        (
            {"paper": {"id": "2405.15738", "title": {}, "summary": 7}},
            "The paper's abstract must be a string. The record holds paper.",
        ),
        ({"paper": {"id": "2405.15738", "title": [1]}}, "The paper's title must be a string. The record holds paper."),
    ],
)
def test_rows_that_are_no_papers(record: Any, why: str) -> None:
    """A row without a text is skipped, and wrong types are named."""
    papers, report = parse([record])
    assert (papers, told(report)) == ([], [Note("skipped", "file: record 1", why)])


def test_wrong_types_cost_themselves() -> None:
    """Wherever a type is wrong in what is not needed, the paper stays."""
    wrong = {"authors": "A, B", "publishedAt": 7, "upvotes": "many", "ai_keywords": {"a": 1}, "submittedOnDailyAt": []}
    (paper,), report = parse([row(**wrong) | {"numComments": [], "publishedAt": None}])
    assert (paper.id, paper.authors, paper.published, paper.upvotes, paper.comments) == (
        "2405.15738",
        (),
        None,
        None,
        None,
    )
    assert {note.kind for note in told(report)} == {"repaired"}


RECORDED = {
    "daily_papers_2024-05-27.json": (13, 97, 151),
    "daily_papers_2024-10-15.json": (19, 178, 291),
    "daily_papers_2025-03-18.json": (17, 125, 145),
    "daily_papers_2025-09-30.json": (50, 599, 613),
    "daily_papers_2026-02-10.json": (33, 469, 485),
    "daily_papers_2026-08-21.json": (17, 130, 382),
}

"""Papers, authors and votes, counted in the files themselves."""


@pytest.mark.skipif(not FORMATS.exists(), reason="the recorded samples are not beside this checkout")
@pytest.mark.parametrize("name", RECORDED)
def test_recorded_pages(name: str) -> None:
    """Every row of six days becomes a paper with all its facts; the day on the page is the one that was asked for."""
    path = Path(FORMATS / "hf" / name)
    papers, report = parse(path.read_bytes())
    day = name.removeprefix("daily_papers_").removesuffix(".json")
    assert report.notes == []
    authors = sum(len(paper.authors) for paper in papers)
    assert (len(papers), authors, sum(paper.upvotes or 0 for paper in papers)) == RECORDED[name]
    assert {paper.daily for paper in papers} == {day}
    assert all(paper.abstract and paper.authors and paper.published and paper.published <= day for paper in papers)
    assert all(paper.identifiers == (f"arxiv:{paper.id}",) for paper in papers)
    assert {paper.source for paper in papers} == {"hf"}
