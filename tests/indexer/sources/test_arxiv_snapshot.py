"""Lines of arXiv's metadata snapshot: ids that were numbers, split names, dates of mails, several DOIs in one field."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.paper import Paper
from indexer.report import Note
from tests.indexer.sources.test_json_records import FORMATS, parse, told

RECORD = {
    "id": "0704.0001",
    "submitter": "Pavel Nadolsky",
    "authors": "C. Bal\\'azs, C.-P. Yuan, Neal J. Evans II (Texas)",
    "title": 'Calculation of prompt diphoton production\n  at the Gr\\"obner $\\alpha$ LHC',
    "comments": "37 pages, 15 figures; published version",
    "journal-ref": "Phys.Rev.D76:013009,2007",
    "doi": "10.1103/PhysRevD.76.013009",
    "report-no": "ANL-HEP-PR-07-12",
    "categories": "hep-ph math.CO",
    "license": None,
    "abstract": "  A fully differential calculation\nis presented.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Balázs", "C.", ""], ["Yuan", "C. -P.", ""], ["Evans", "Neal J.", "II", "Texas"]],
}
EXPECTED = Paper(
    id="0704.0001",
    title="Calculation of prompt diphoton production at the Gröbner $\\alpha$ LHC",
    abstract="A fully differential calculation is presented.",
    authors=("C. Balázs", "C.-P. Yuan", "Neal J. Evans II"),
    published="2007-04-02",
    updated="2008-11-26",
    version=2,
    categories=("hep-ph", "math.CO"),
    url="https://arxiv.org/abs/0704.0001",
    venue="Phys.Rev.D76:013009,2007",
    identifiers=("arxiv:0704.0001", "doi:10.1103/physrevd.76.013009"),
    source="arxiv",
)


def one(**changes: Any) -> Paper:
    (paper,), report = parse([RECORD | changes])
    assert told(report) == []
    return paper


def test_a_line() -> None:
    """All that the snapshot says has its place; what authors remark there is no number of comments."""
    assert one() == EXPECTED


@pytest.mark.parametrize(
    ("given", "kept"),
    [(704.0001, "0704.0001"), ("704.0001", "0704.0001"), (1501.0009599999998, "1501.00096"), (802.1, "0802.1000")],
)
def test_ids_that_were_numbers(given: object, kept: str) -> None:
    """Tools that take ids for numbers drop zeros; with them back, id and address are those of arXiv, and it is told."""
    (paper,), report = parse([RECORD | {"id": given}])
    assert (paper.id, paper.url, paper.identifiers[0]) == (kept, f"https://arxiv.org/abs/{kept}", f"arxiv:{kept}")
    assert [note.kind for note in told(report)] == ["repaired"]


@pytest.mark.parametrize("given", ["math/0309136", "math.GT/0309136v2", "2405.15738v7"])
def test_ids_of_all_times(given: str) -> None:
    """Old ids have a slash; the class of a subject and the version are no part of an id."""
    paper = one(id=given)
    kept = {"math.GT/0309136v2": "math/0309136", "2405.15738v7": "2405.15738"}.get(given, given)
    assert (paper.id, paper.url, paper.version) == (kept, f"https://arxiv.org/abs/{kept}", 2)


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_ids_that_are_missing(nothing: object) -> None:
    """Without an id the DOI names the paper, and without that its title."""
    assert (one(id=nothing).id, one(id=nothing).url) == ("doi:10.1103/physrevd.76.013009", None)
    assert one(id=nothing, doi=None, title="A title").id == "a-title"


@pytest.mark.parametrize("given", [7.0, True, [], {"a": 1}])
def test_ids_that_cannot_be_mended(given: object) -> None:
    """Such a line is skipped, not guessed."""
    papers, report = parse([RECORD | {"id": given}])
    assert (papers, told(report)) == ([], [Note("skipped", "file: record 1", "The paper's id must be a string.")])


@pytest.mark.parametrize(
    ("doi", "found"),
    [
        ("10.1364/JOSAA.23.002578 10.1364/JOSAA.32.002407", ["10.1364/josaa.23.002578", "10.1364/josaa.32.002407"]),
        ("10.1/a", None),
        ("10.1000/a, 10.1000/b;10.1000/c", ["10.1000/a", "10.1000/b", "10.1000/c"]),
        ("10.1000/a,b", ["10.1000/a,b"]),
        ("https://doi.org/10.1000/a\n 10.1000/b", ["10.1000/a", "10.1000/b"]),
        ("10.1002/(SICI)1097(1998)17:15<1::AID>3.0.CO;2-2", ["10.1002/(sici)1097(1998)17:15<1::aid>3.0.co;2-2"]),
        (None, []),
        ("", []),
    ],
)
def test_several_dois_in_one_field(doi: str | None, found: list[str] | None) -> None:
    """An erratum has a DOI of its own. Commas and semicolons may also stand inside of one; what is none is told."""
    (paper,), report = parse([RECORD | {"doi": doi}])
    assert [name for name in paper.identifiers if name.startswith("doi:")] == [f"doi:{one}" for one in found or []]
    assert [note.kind for note in told(report)] == (["repaired"] if found is None else [])


@pytest.mark.parametrize(
    ("parsed", "authors"),
    [
        ([["The BABAR Collaboration", "", ""], ["Aubert", "B.", ""]], ("The BABAR Collaboration", "B. Aubert")),
        ([["Schoeier", "Fredrik"], ["Plato"], [], ["", "", ""]], ("Fredrik Schoeier", "Plato")),
        ([["O'Neil", "Ann", "Jr"], [None, "Bo", 7], "Cy"], ("Ann O'Neil Jr", "Bo")),
        ([], ("C. Balázs", "C.-P. Yuan", "Neal J. Evans II")),
        (None, ("C. Balázs", "C.-P. Yuan", "Neal J. Evans II")),
    ],
)
def test_names(parsed: object, authors: tuple[str, ...]) -> None:
    """Last, first, suffix and affiliations become one name; without the split names the text has them."""
    assert one(authors_parsed=parsed).authors == authors


@pytest.mark.parametrize(
    ("versions", "published", "version"),
    [
        ([{"version": "v3", "created": "Sat, 31 Mar 2007 02:26:18 GMT"}], None, 3),
        ([{"version": "v1", "created": "2007-03-31"}], "2007-03-31", 1),
        ([{"version": "v1", "created": "2007-03-31T02:26:18Z"}, {"version": "v12"}], "2007-03-31", 12),
        ([{"version": "v1"}], None, 1),
        ([{"version": 1}, None], None, None),
        ([], None, None),
        ({}, None, None),
    ],
)
def test_versions(versions: object, published: str | None, version: int | None) -> None:
    """The day is that of the first version and unknown where only later ones are listed; the number is the last."""
    paper = one(versions=versions)
    assert (paper.published, paper.version) == (published, version)


@pytest.mark.parametrize(
    "created", ["some day", "Mon, 99 Apr 2007 19:18:42 GMT", "Mon, 2 Apr 99999 19:18:42 GMT", "1" * 5_000]
)
def test_days_that_are_none(created: str) -> None:
    """A date that cannot be read is dropped, and that is told."""
    (paper,), report = parse([RECORD | {"versions": [{"version": "v1", "created": created}]}])
    assert (paper.id, paper.published) == ("0704.0001", None)
    assert [note.kind for note in told(report)] == ["repaired"]


def test_categories_in_a_list() -> None:
    """Copies of the snapshot have them in a list."""
    assert one(categories=["hep-ph math.CO", "cs.CL", None]).categories == ("hep-ph", "math.CO", "cs.CL")


@pytest.mark.skipif(not FORMATS.exists(), reason="the recorded samples are not beside this checkout")
def test_the_recorded_snapshot() -> None:
    """The first 200 lines: every one a paper with all its facts, and nothing to report."""
    path = FORMATS / "arxiv_kaggle" / "arxiv-metadata-oai-snapshot.head.json"
    papers, report = parse(path.read_bytes())
    assert (len(papers), report.notes) == (200, [])
    assert [paper.id for paper in papers] == [f"0704.{number:04d}" for number in range(1, 201)]
    assert sum(len(paper.authors) for paper in papers) == 537
    assert all(paper.abstract and paper.authors and paper.version and paper.updated for paper in papers)
    assert {(paper.published or "")[:4] for paper in papers} == {"2007"}
    assert sum(name.startswith("doi:") for paper in papers for name in paper.identifiers) == 119
    assert not [name for paper in papers for name in paper.authors if set(name) & set("\\(){},;")]
    assert papers[173].title == (
        "Reparametrization Invariance, the controversial extraction of $\\alpha$ from $B\\to\\pi\\pi$ and New Physics"
    )
    assert papers[173].authors == ("Francisco J. Botella", "Miguel Nebot")
