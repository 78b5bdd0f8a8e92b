"""CSL-JSON: what Zotero, pandoc, citeproc and Crossref write in it, and that nothing else is taken for it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import csl_json, json_records, registry

ZOTERO = {
    "id": "http://zotero.org/users/1/items/ABCD",
    "type": "article-journal",
    "title": 'CO<sub>2</sub> and <span class="nocase">E. coli</span> &amp; cats',
    "container-title": "Journal of cats",
    "abstract": "<jats:p>They <i>purr</i>.</jats:p>",
    "author": [
        {"family": "Bee", "given": "Ann B."},
        {"family": "Beethoven", "given": "Ludwig", "non-dropping-particle": "van"},
        {"family": "King", "given": "Martin", "suffix": "Jr."},
        {"literal": "World Health Organization"},
        {"family": "Plato"},
    ],
    "editor": [{"family": "Itor", "given": "Ed"}],
    "issued": {"date-parts": [["2024", 5, "1"]]},
    "DOI": "10.1000/ABC",
    "PMCID": "PMC12",
    "URL": "https://example.org/cats",
    "keyword": "cats, dogs, cats",
    "note": "PMID: 123\narXiv: 2401.00001 [cs]\ntex.key: x",
    "page": "1-2",
    "language": "en",
}


def read(*records: dict[str, Any]) -> tuple[list[Paper], Report]:
    report = Report()
    return list(json_records.parse(io.BytesIO(json.dumps(records).encode()), "file", report)), report


def one(**fields: object) -> Paper:
    """The paper of a record with a title and these fields, which needs no note."""
    (paper,), report = read({"type": "article", "title": "T", "author": [], **fields})
    assert [note for note in report.notes if note.kind != "missing"] == []
    return paper


def test_all_fields() -> None:
    """Markup goes, particles and suffixes find their places, numbers in notes count, keys of one file do not."""
    (paper,), report = read(ZOTERO)
    assert paper == Paper(
        "2401.00001",
        "CO2 and E. coli & cats",
        abstract="They purr.",
        authors=("Ann B. Bee", "Ludwig van Beethoven", "Martin King Jr.", "World Health Organization", "Plato"),
        published="2024-05-01",
        categories=("cats", "dogs"),
        url="https://example.org/cats",
        venue="Journal of cats",
        identifiers=("arxiv:2401.00001", "doi:10.1000/abc", "pmc:PMC12", "pmid:123"),
        source="csl-json",
    )
    assert (report.read, report.notes) == (1, [])


@pytest.mark.parametrize(
    ("issued", "published"),
    [
        ({"date-parts": [[2024]]}, "2024"),
        ({"date-parts": [[2024, 5]]}, "2024-05"),
        ({"date-parts": [[2024, 5, 1]]}, "2024-05-01"),
        ({"date-parts": [["2024", "05", "01"]]}, "2024-05-01"),
        ({"date-parts": [[2024, 13, 1]]}, "2024"),
        ({"date-parts": [[2024, 2, 30]]}, "2024-02"),
        ({"date-parts": [[2024, 5, 1], [2024, 5, 3]]}, "2024-05"),
        ({"date-parts": [[2024, 5, 1], [2024, 6, 1]]}, "2024"),
        ({"date-parts": [[2024, 5, 1], [2025, 5, 1]]}, "2024"),
        ({"date-parts": [[2024], [2025]]}, "2024"),
        ({"date-parts": [[2024, 5], [None]]}, "2024-05"),
        ({"date-parts": [[2024]], "season": 2}, "2024"),
        ({"raw": "2024-05-01"}, "2024-05-01"),
        ({"literal": "May 2024"}, "2024-05"),
        ("2024-05", "2024-05"),
        ({"date-parts": [[None]]}, None),
        ({"date-parts": []}, None),
        ({}, None),
    ],
)
def test_dates(issued: object, published: str | None) -> None:
    """The date at the precision that is certain; of a range what its ends have in common, or its first year."""
    assert one(issued=issued).published == published


@pytest.mark.parametrize(
    ("fields", "identifiers", "version"),
    [
        ({"number": "arXiv:2401.00001v3"}, ("arxiv:2401.00001",), 3),
        ({"number": "2401.00001"}, (), None),
        ({"URL": "https://arxiv.org/abs/2401.00001"}, ("arxiv:2401.00001",), None),
        ({"id": "https://doi.org/10.1000/x"}, ("doi:10.1000/x",), None),
        ({"id": "bee2024"}, (), None),
        ({"id": 7}, (), None),
        ({"PMID": 12}, ("pmid:12",), None),
        ({"DOI": "https://doi.org/10.18653/v1/P19-1007"}, ("acl:P19-1007", "doi:10.18653/v1/p19-1007"), None),
        ({"note": "Read it in 2401.00002: see doi 10.1000/y"}, (), None),
    ],
)
def test_identifiers(fields: dict[str, object], identifiers: tuple[str, ...], version: int | None) -> None:
    """The names of a paper, wherever programs put them; a text that only mentions some has none."""
    paper = one(**fields)
    assert (paper.identifiers, paper.version) == (identifiers, version)


def test_crossref() -> None:
    """doi.org answers with Crossref's own types, lists of titles and organisations under "name"."""
    paper = one(
        type="journal-article",
        title=["Of cats", "Cats"],
        author=[{"name": "Cat Lab", "sequence": "first"}, {"given": "Ann", "family": "Bee"}],
        published={"date-parts": [[2023]]},
        issued={"date-parts": [[2024]]},
        **{"container-title": ["Cats today"]},
    )
    assert (paper.title, paper.venue, paper.published) == ("Of cats", "Cats today", "2024")
    assert paper.authors == ("Cat Lab", "Ann Bee")


def test_faults_are_reported() -> None:
    """What is no name, no date and no DOI is dropped and named; a record without a text is skipped."""
    bad = {"type": "article", "title": "T", "author": [{"x": 1}, {"family": "Bee"}], "DOI": "none", "issued": "soon"}
    papers, report = read(bad, {"type": "book", "author": [], "issued": {}})
    assert [(paper.authors, paper.published, paper.identifiers) for paper in papers] == [(("Bee",), None, ())]
    assert [note for note in report.notes if note.kind != "missing"] == [
        Note("repaired", "file: record 1", "'none' is not of the form of doi; it was dropped"),
        Note("repaired", "file: record 1", "the author {'x': 1} is no name; it was dropped"),
        Note("repaired", "file: record 1", "The paper's published must be a date such as 2025-06-23, 2025-06 or 2025;"
             " 'soon' was dropped"),
        Note("skipped", "file: record 2", "The paper's title is missing. The record holds type, author, issued."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [
        {"id": "a", "title": "T", "text": "Of it.", "type": "article", "URL": "x"},
        {"id": "a", "title": "T", "type": "article"},
        {"title": "T", "type": "article", "authors": ["Ann Bee"], "DOI": "10.1/x"},
        {"title": "T", "type": "article", "published": "2024", "author": "Ann Bee"},
        {"title": "T", "type": "unheard of", "author": []},
        {"title": "T", "type": ["article"], "author": []},
        {"title": "T", "author": [], "issued": {}},
    ],
)
def test_other_records_are_not_taken_for_it(record: dict[str, Any]) -> None:
    """A type alone, or fields that CSL does not have, are our own records and those of other tools."""
    assert not csl_json.matches(record)


def test_it_is_found_by_content() -> None:
    """A file is known by its records, in an array or in the answer of Zotero's interface."""
    for content in ([ZOTERO], {"items": [ZOTERO]}):
        data = json.dumps(content, indent=2).encode()
        source = registry.recognise("file", data)
        papers = source.parse(io.BytesIO(data), "file", Report(), registry.Options())
        assert [paper.source for paper in papers] == ["csl-json"]


def test_only_what_we_have_written_means_itself() -> None:
    """Our own records hold text, without markup and with an id that counts; those of others do not."""
    record = {"id": "mine", "type": "article", "title": "<b>x</b> {y}", "author": []}
    assert (one(**record).id, one(**record).title) == ("x-y", "x y")
    ours = one(**record, source="Paperkin")
    assert (ours.id, ours.title) == ("mine", "<b>x</b> {y}")


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(fields=st.dictionaries(st.sampled_from(sorted(ZOTERO)), any_json))
def test_any_values(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, a record is a paper or is skipped."""
    papers, report = read({**fields, "type": "article", "author": fields.get("author"), "title": fields.get("title")})
    assert len(papers) + report.counts["skipped"] == 1
