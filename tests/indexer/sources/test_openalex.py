"""Works of OpenAlex: abstracts that come as indexes, places in many repositories, records that are no works."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from indexer.paper import Paper
from indexer.report import Note
from indexer.sources.openalex import _abstract
from tests.indexer.sources.test_json_records import FORMATS, parse, recorded, told

ARXIV = "https://arxiv.org/abs/2304.05376v3"
RECORD = {
    "id": "https://openalex.org/W4396723768",
    "doi": "https://doi.org/10.1038/S42256-024-00832-8",
    "title": "Augmenting large language models",
    "display_name": "Augmenting large language models",
    "publication_year": 2024,
    "publication_date": "2024-05-08",
    "ids": {
        "openalex": "https://openalex.org/W4396723768",
        "doi": "https://doi.org/10.1038/s42256-024-00832-8",
        "mag": "1",
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/38799228",
        "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/11116106",
    },
    "primary_location": {
        "landing_page_url": "https://doi.org/10.1038/s42256-024-00832-8",
        "source": {"display_name": "Nature Machine Intelligence", "type": "journal"},
    },
    "locations": [
        {
            "landing_page_url": ARXIV,
            "source": {"display_name": "arXiv", "type": "repository"},
        },
        {"landing_page_url": "https://example.org/10.1/other"},
        {"landing_page_url": None},
        None,
    ],
    "authorships": [
        {"author": {"display_name": "Andres M. Bran"}, "raw_author_name": "Bran, A. M."},
        {"author": {"display_name": None}, "raw_author_name": "Sam Cox"},
        {"author": None, "raw_author_name": None},
    ],
    "topics": [{"display_name": "Machine Learning", "score": 0.9}, {"display_name": "Chemistry", "score": 0.5}],
    "concepts": [{"display_name": "Computer science", "score": 0.9}],
    "abstract_inverted_index": {"models": [1], "Language": [0], "learn,": [2], "and": [3], "learn.": [4]},
    "updated_date": "2025-07-18T01:03:41.562229",
}
EXPECTED = Paper(
    id="2304.05376",
    title="Augmenting large language models",
    abstract="Language models learn, and learn.",
    authors=("Andres M. Bran", "Sam Cox"),
    published="2024-05-08",
    categories=("Machine Learning", "Chemistry"),
    url="https://doi.org/10.1038/s42256-024-00832-8",
    venue="Nature Machine Intelligence",
    identifiers=(
        "arxiv:2304.05376",
        "doi:10.1038/s42256-024-00832-8",
        "openalex:W4396723768",
        "pmc:PMC11116106",
        "pmid:38799228",
    ),
    source="openalex",
)


def one(**changes: Any) -> Paper:
    (paper,), report = parse([RECORD | changes])
    assert told(report) == []
    return paper


def test_a_work() -> None:
    """All that is said of a work has its place; the day on which its record changed is not the paper's."""
    assert one() == EXPECTED


@pytest.mark.parametrize(
    ("index", "abstract"),
    [
        ({"b": [1], "a": [0, 2]}, "a b a"),
        ({"b": [7], "a": [3]}, "a b"),
        ({"a": [0], "b": [10**9], "c": [10**30]}, "a b c"),
        ({"a": [0], "b": [0], "c": [1]}, "a b c"),
        ({"<p>We": [0], "show</p>": [1]}, "We show"),
        ({"a": [0], "b": "1", "c": [None, "2", True, 1.5, [3]], "d": None}, "a"),
        ({}, ""),
        (None, ""),
        ([], ""),
        ("text", ""),
    ],
)
def test_abstracts_are_put_together(index: object, abstract: str) -> None:
    """Words stand in the order of their places: gaps and shared places lose nothing, and what is no place is none."""
    (paper,), _ = parse([RECORD | {"abstract_inverted_index": index}])
    assert paper.abstract == abstract


def test_absurd_places_take_no_room() -> None:
    """A place of a thousand million is a number, not a length."""
    tracemalloc.start()
    assert _abstract({"a": [10**9], "b": [0]}) == "b a"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize(
    ("date", "year", "published"),
    [("2024-01-02", 2024, "2024-01-02"), ("2023-01-01", 2023, "2023"), (None, 2024, "2024"), (None, None, None)],
)
def test_dates(date: object, year: object, published: str | None) -> None:
    """Where they know the year alone they write its first of January: the paper's date says no more than they know."""
    assert one(publication_date=date, publication_year=year).published == published


@pytest.mark.parametrize(
    ("changes", "categories"),
    [
        ({"topics": [], "primary_topic": {"display_name": "Chemistry"}}, ("Chemistry",)),
        (
            {
                "topics": None,
                "concepts": [{"display_name": "Law", "score": 0.0}, {"display_name": "Art", "score": 0.3}],
            },
            ("Art",),
        ),
        ({"topics": None, "concepts": [{"display_name": "Law"}, None, {"display_name": "Art", "score": "1"}]}, ()),
    ],
)
def test_categories(changes: dict[str, Any], categories: tuple[str, ...]) -> None:
    """Topics, else the concepts that are sure: the older classifier names many that have nothing to do with a work."""
    assert one(**changes).categories == categories


@pytest.mark.parametrize(
    ("place", "venue", "url"),
    [
        (
            {"landing_page_url": ARXIV, "source": {"display_name": "arXiv", "type": "repository"}},
            None,
            ARXIV,
        ),
        (None, None, RECORD["doi"]),
        ({"source": None}, None, RECORD["doi"]),
        ({"landing_page_url": ""}, None, RECORD["doi"]),
        ({"source": {"display_name": "ACL", "type": "conference"}}, "ACL", RECORD["doi"]),
    ],
)
def test_places(place: object, venue: str | None, url: str) -> None:
    """A repository is no journal; without a landing page the DOI is the address."""
    paper = one(primary_location=place)
    assert (paper.venue, paper.url) == (venue, url)


def test_the_shortest_work() -> None:
    """Requests may ask for few fields: the id and a name are enough, and the address is that of OpenAlex."""
    (paper,), report = parse([{"id": "https://openalex.org/W7", "title": None, "display_name": "A name"}])
    assert (paper.id, paper.title, paper.url) == ("openalex:W7", "A name", "https://openalex.org/W7")
    assert told(report) == []


@pytest.mark.parametrize(
    ("record", "url"),
    [
        ({"id": "W7", "doi": "10.1002/wrna.1370"}, "https://doi.org/10.1002/wrna.1370"),
        ({"id": "W7", "doi": None}, "https://openalex.org/W7"),
        ({"id": None}, None),
    ],
)
def test_bare_numbers(record: dict[str, Any], url: str | None) -> None:
    """Copies of their data leave out the hosts; the addresses are made anew."""
    (paper,), report = parse([record | {"title": "t", "abstract_inverted_index": {"a": [0]}}])
    assert (paper.url, told(report)) == (url, [])


def test_long_lists_of_authors_are_cut_by_them() -> None:
    """Their lists give a hundred authors a work; that there are more is told."""
    (_,), report = parse([RECORD | {"is_authors_truncated": True}])
    what = "the authors beyond the first 2, which lists leave out"
    assert report.notes == [Note("missing", "file: record 1", what)]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"doi": "10.1002/wrna.1370", "open_access": {}}, "The paper's title is missing. The record holds doi,"),
        ({"id": "https://openalex.org/A50", "display_name": "Ada"}, "https://openalex.org/A50 is not a work of"),
        ({"id": "https://openalex.org/T1", "display_name": "Speech"}, "https://openalex.org/T1 is not a work of"),
        ({"id": "https://openalex.org/W1", "title": None}, "The paper's title is missing."),
    ],
)  # fmt: skip
def test_what_is_no_work(record: Any, why: str) -> None:
    """Authors, topics and journals have names too, and become no papers."""
    papers, report = parse([record])
    (note,) = told(report)
    assert (papers, note.kind, note.what[: len(why)]) == ([], "skipped", why)


def test_our_own_records_may_bear_their_ids() -> None:
    """A collection that was written out is read back in our names, whatever its ids."""
    (paper,), _ = parse([{"id": "https://openalex.org/W7", "title": "t", "abstract": "a", "source": "mine"}])
    assert (paper.id, paper.abstract, paper.source) == ("https://openalex.org/W7", "a", "mine")


def test_wrong_types_cost_themselves() -> None:
    """Wherever a type is wrong in what is not needed, the paper stays."""
    wrong = ("authorships", "ids", "locations", "topics", "concepts", "primary_location", "publication_date", "doi")
    values: list[Any] = [7, "x", [], {}, [None, 7], {"display_name": []}, True]
    for value in values:
        (paper,), _ = parse([RECORD | dict.fromkeys(wrong, value)])
        assert (paper.title, paper.abstract) == (EXPECTED.title, EXPECTED.abstract)


RECORDED = {
    "20": [],
    "21": [],
    "22": [],
    "24": [("doi:10.1016/j.xgen.2025.100814", 6, "2025-03-01", "Cell Genomics", False)],
    "25": [("doi:10.1023/a:1007154515475", 4, "2001", "Molecular and Cellular Biochemistry", False)],
    "26": [("doi:10.1007/s40278-023-41815-2", 0, "2023-06-23", "Reactions Weekly", False)],
    "28": [("doi:10.1016/j.addr.2015.01.008", 4, "2015-02-07", "Advanced Drug Delivery Reviews", True)],
    "30": [("doi:10.1073/pnas.1414271111", 5, "2014-10-27", "Proceedings of the National Academy of Sciences", True)],
    "41": [("doi:10.1063/1.4938384", 2, "2015-12-21", "Journal of Applied Physics", True)],
    "43": [("2312.07559", 6, "2023", None, True)],
    "45": [
        ("doi:10.1038/s42256-024-00832-8", 6, "2024-05-08", "Nature Machine Intelligence", True),
        ("2304.05376", 4, "2023", None, True),
    ],
}
"""By number of the file: id, authors, date, venue and whether there is an abstract."""


@pytest.mark.skipif(not FORMATS.exists(), reason="the recorded samples are not beside this checkout")
def test_recorded_answers() -> None:
    """Single works, searches, and requests that asked for two fields only."""
    found = {}
    for path in recorded("openalex"):
        if path.name != "paperqa_19_404.json":  # a page of HTML
            papers, report = parse(path.read_bytes())
            found[path.name.split("_")[1]] = [
                (paper.id, len(paper.authors), paper.published, paper.venue, bool(paper.abstract)) for paper in papers
            ]
            assert report.counts["skipped"] == (not papers)
    assert found == RECORDED


@pytest.mark.skipif(not FORMATS.exists(), reason="the recorded samples are not beside this checkout")
def test_a_recorded_abstract() -> None:
    """An abstract of 200 words stands as its authors wrote it."""
    (paper,), _ = parse((FORMATS / "openalex" / "paperqa_30_200.json").read_bytes())
    assert paper.abstract.startswith(
        "Significance The inadequate mechanical properties of engineered tissues have prevented"
    )
    assert paper.abstract.endswith("across a spectrum of collagen-rich tissues and are clinically applicable.")
    assert paper.identifiers[2:] == ("pmc:PMC4234579", "pmid:25349395")
