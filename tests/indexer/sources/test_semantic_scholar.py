"""Papers of Semantic Scholar, from its interfaces and its dumps."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.paper import Paper
from indexer.report import Note
from tests.indexer.sources.test_json_records import FORMATS, parse, recorded, told

SHA = "2d5673caa9e6af3a7b82a43f19ee920992db07ad"
RECORD = {
    "paperId": SHA,
    "externalIds": {
        "DBLP": "journals/x/Turing50",
        "MAG": "2145482038",
        "DOI": "10.1093/MIND/LIX.236.433",
        "CorpusId": 14636783,
    },
    "corpusId": 14636783,
    "publicationVenue": None,
    "url": f"https://www.semanticscholar.org/paper/{SHA}",
    "title": "Computing Machinery and Intelligence",
    "abstract": "I propose to consider the question.",
    "venue": "The Philosophy of Artificial Intelligence",
    "year": 1950,
    "fieldsOfStudy": ["Computer Science", "Sociology"],
    "s2FieldsOfStudy": [
        {"category": "Computer Science", "source": "external"},
        {"category": "Philosophy", "source": "s2-fos-model"},
    ],
    "tldr": {"model": "tldr@v2.0.0", "text": "A short sentence."},
    "publicationDate": "1950-10-01",
    "journal": {"name": "Mind", "pages": "433-460", "volume": "LIX"},
    "authors": [{"authorId": "2262347", "name": "A. Turing"}],
}
EXPECTED = Paper(
    id="doi:10.1093/mind/lix.236.433",
    title="Computing Machinery and Intelligence",
    abstract="I propose to consider the question.",
    authors=("A. Turing",),
    published="1950-10-01",
    categories=("Computer Science", "Sociology", "Philosophy"),
    url=f"https://www.semanticscholar.org/paper/{SHA}",
    venue="The Philosophy of Artificial Intelligence",
    identifiers=("corpusid:14636783", "doi:10.1093/mind/lix.236.433", f"s2:{SHA}"),
    source="semantic-scholar",
)


def one(**changes: Any) -> Paper:
    """The paper of the record with changes, which needs no note but that the abstract is missing."""
    (paper,), report = parse([RECORD | changes])
    assert told(report) == []
    return paper


def test_a_paper() -> None:
    """All that the interface says of a paper has its place."""
    assert one() == EXPECTED


def test_a_line_of_the_dump() -> None:
    """The dumps write the same names in lower case, and have no number of 40 digits."""
    dump = {key.lower(): value for key, value in RECORD.items()}
    del dump["paperid"]
    (paper,), report = parse([dump])
    assert told(report) == []
    assert paper == EXPECTED


def test_a_line_of_the_dump_of_abstracts() -> None:
    """Abstracts are dumped apart from titles: the number of the corpus joins them."""
    (paper,), report = parse(
        [{"corpusid": 7, "openaccessinfo": {"externalids": {"DOI": None}}, "abstract": "We show."}]
    )
    assert (paper.id, paper.title, paper.abstract) == ("corpusid:7", "", "We show.")
    assert [note.kind for note in report.notes] == ["missing"]


def test_every_identifier() -> None:
    """Their names of identifiers become ours, and the best known is the id; those that name nothing else are left."""
    named = {
        "ArXiv": "2304.05376v2",
        "DOI": "10.18653/v1/P19-1007",
        "PubMed": "38799228",
        "PubMedCentral": "11116106",
        "ACL": "P19-1007",
        "CorpusId": 258059792,
        "MAG": "1",
        "DBLP": "conf/acl/x",
    }
    paper = one(externalIds=named, corpusId=None)
    assert paper.id == "2304.05376"
    assert paper.identifiers == (
        "acl:P19-1007",
        "arxiv:2304.05376",
        "corpusid:258059792",
        "doi:10.18653/v1/p19-1007",
        "pmc:PMC11116106",
        "pmid:38799228",
        f"s2:{SHA}",
    )


def test_an_identifier_of_the_wrong_form() -> None:
    """It is dropped, and that is reported; the others stay."""
    (paper,), report = parse([RECORD | {"externalIds": {"DOI": "none yet", "ArXiv": None, "PubMed": ["1"]}}])
    assert paper.identifiers == ("corpusid:14636783", f"s2:{SHA}")
    assert told(report) == [Note("repaired", "file: record 1", "'none yet' is not of the form of doi; it was dropped")]


@pytest.mark.parametrize(
    ("date", "year", "published"),
    [
        ("1950-10-01", 1951, "1950-10-01"),
        (None, 1950, "1950"),
        ("", "1950", "1950"),
        (None, None, None),
        (None, True, None),
    ],
)
def test_date_or_year(date: object, year: object, published: str | None) -> None:
    """The day where it is known, else the year."""
    assert one(publicationDate=date, year=year).published == published


@pytest.mark.parametrize(
    ("changes", "venue"),
    [
        ({"venue": "", "publicationVenue": {"name": "ACL"}}, "ACL"),
        ({"venue": None, "publicationVenue": None}, "Mind"),
        ({"venue": " ", "journal": {"pages": "5998-6008"}}, None),
        ({"venue": None, "journal": "Mind"}, None),
    ],
)
def test_where_it_appeared(changes: dict[str, Any], venue: str | None) -> None:
    """Three fields may say it, and each of them is often empty."""
    assert one(**changes).venue == venue


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"url": None}, f"https://www.semanticscholar.org/paper/{SHA}"),
        ({"url": None, "paperId": None}, "https://api.semanticscholar.org/CorpusID:14636783"),
        ({"url": None, "paperId": None, "corpusId": None, "externalIds": {}}, None),
    ],
)
def test_an_address_is_made_of_the_number(changes: dict[str, Any], url: str | None) -> None:
    """Most requests do not ask for the address; it follows from the number."""
    assert one(**changes).url == url


def test_a_summary_by_a_model_is_no_abstract() -> None:
    """A missing abstract is reported as missing, whatever the tldr says."""
    (paper,), report = parse([RECORD | {"abstract": None}])
    assert paper.abstract == ""
    what = "abstract of 'Computing Machinery and Intelligence'"
    assert report.notes == [Note("missing", "file: record 1", what)]


def test_markup_goes() -> None:
    """Abstracts come with the tags and entities of publishers."""
    paper = one(title="A &amp; B", abstract="<p>Cells of <i>E. coli</i> &lt; 3</p>")
    assert (paper.title, paper.abstract) == ("A & B", "Cells of E. coli < 3")


def test_papers_around_it_are_not_part_of_it() -> None:
    """A record may hold those that cite it and those it cites; that they are left out is told."""
    (paper,), report = parse([RECORD | {"citations": [RECORD] * 1_000, "references": [RECORD]}])
    assert paper == EXPECTED
    what = "1,000 citations and 1 references: papers of their own, not part of this one"
    assert told(report) == [Note("ignored", "file: record 1", what)]


def test_a_reference_that_they_do_not_know() -> None:
    """A cited paper may be a title alone, or nothing."""
    papers, report = parse(
        {"data": [{"citedPaper": {"paperId": None, "title": "Old"}}, {"citedPaper": {"paperId": None, "title": None}}]}
    )
    assert [(paper.id, paper.url, paper.source) for paper in papers] == [("old", None, "semantic-scholar")]
    assert told(report) == [Note("skipped", "file: record 2", "The paper's title is missing.")]


RECORDED = {
    "paperqa_01_200.json": (1, 0),
    "paperqa_03_404.json": (0, 1),
    "paperqa_39_200.json": (0, 0),
    "test_debug__0_403.json": (0, 1),
    "test_empty_paginated_results__0_200.json": (0, 0),
    "test_get_author__0_200.json": (0, 1),
    "test_get_authors_not_found_warning__0_200.json": (0, 4),
    "test_get_available_releases__0_200.json": (0, 156),
    "test_get_dataset_diffs__0_200.json": (0, 1),
    "test_get_paper_authors__0_200.json": (0, 4),
    "test_get_paper_references__0_200.json": (50, 0),
    "test_get_papers__0_200.json": (0, 3),
    "test_get_papers_not_found_warning__0_200.json": (3, 1),
    "test_get_recommended_papers__0_200.json": (100, 0),
    "test_search_paper__0_200.json": (100, 0),
    "test_search_paper_bulk_retrieval_sorted_results_asc__0_200.json": (0, 1_000),
    "test_search_snippet__0_200.json": (2, 0),
}
"""Papers and skipped records of an answer of each kind."""


@pytest.mark.skipif(not FORMATS.exists(), reason="the recorded samples are not beside this checkout")
def test_recorded_answers() -> None:
    """Of every kind of answer the papers are read; authors, errors, releases and papers without titles are skipped."""
    found: dict[str, tuple[int, int]] = {}
    for path in recorded("s2"):
        papers, report = parse(path.read_bytes())
        found[path.name] = (len(papers), report.counts["skipped"])
        assert all(paper.title and paper.source == "semantic-scholar" for paper in papers)
        assert {note.kind for note in told(report)} <= {"skipped", "ignored"}
    assert {name: found[name] for name in RECORDED} == RECORDED
    assert [sum(counts) for counts in zip(*found.values(), strict=True)] == [1_598, 6_937]


@pytest.mark.skipif(not FORMATS.exists(), reason="the recorded samples are not beside this checkout")
def test_a_recorded_paper() -> None:
    """A whole record, with its thousand citations and its vector."""
    (paper,), report = parse((FORMATS / "s2" / "Paper.json").read_bytes())
    assert (paper.id, paper.authors, paper.published) == (EXPECTED.id, EXPECTED.authors, EXPECTED.published)
    assert paper.abstract.startswith("I propose to consider the question, “Can machines think?”♣ This should begin")
    assert paper.identifiers == EXPECTED.identifiers
    assert [note.what.partition(":")[0] for note in report.notes] == ["1,000 citations and 14 references"]
