"""Feeds of the arXiv API: what an entry becomes, what the API says instead, and the recorded feeds."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableSource
from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import arxiv_atom
from tests.indexer.sources.test_xml_records import recorded, samples

HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/x</id><title>arXiv Query: id_list=1&amp;start=0</title>
"""
FULL = """  <entry>
    <id>http://arxiv.org/abs/2101.00042v3</id>
    <title>On the $\\alpha$-decay
      of Sm{\\"u}ller's &lt;i&gt;cats&lt;/i&gt;</title>
    <updated>2022-03-04T05:06:07Z</updated>
    <link href="https://arxiv.org/abs/2101.00042v3" rel="alternate" type="text/html"/>
    <summary>  We find p &lt; 0.05 &amp; more
for a&lt;b and c&gt;d.
</summary>
    <category term="hep-th" scheme="http://arxiv.org/schemas/atom"/>
    <category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/>
    <category term="68T50, 68T07" scheme="http://arxiv.org/schemas/atom"/>
    <category term="I.2.7" scheme="http://arxiv.org/schemas/atom"/>
    <published>2021-01-02T03:04:05Z</published>
    <arxiv:comment>12 pages</arxiv:comment>
    <arxiv:primary_category term="cs.CL"/>
    <arxiv:journal_ref>J. Cats 7 (2022) 1-2</arxiv:journal_ref>
    <arxiv:doi>10.1000/ABC.1, 10.1000/abc.2</arxiv:doi>
    <author><name>J{\\"o}rg Katz</name><arxiv:affiliation>Somewhere</arxiv:affiliation></author>
    <author><name>:</name></author>
    <author><name>Ada B. See</name></author>
  </entry>
"""
ERROR = """  <entry>
    <id>http://arxiv.org/api/errors#incorrect_id_format_for_x</id>
    <title>Error</title>
    <summary>incorrect id format for x</summary>
  </entry>
"""


def parse(data: str | bytes) -> tuple[list[Paper], Report]:
    """The papers of a file called "f" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(arxiv_atom.parse(io.BytesIO(content), "f", report)), report


def feed(*entries: str) -> str:
    return f"{HEAD}{''.join(entries)}</feed>\n"


def entry(**fields: str) -> str:
    """An entry with an id, a title and a summary, unless others are given."""
    fields = {"id": "http://arxiv.org/abs/2101.00042v1", "title": "T", "summary": "S"} | fields
    return f"<entry>{''.join(f'<{name}>{text}</{name}>' for name, text in fields.items())}</entry>"


def test_an_entry_in_full() -> None:
    """Every field has its place: the version apart from the id, the primary category first, all DOIs."""
    (paper,), report = parse(feed(FULL))
    assert paper == Paper(
        "2101.00042",
        "On the $\\alpha$-decay of Smüller's cats",
        "We find p < 0.05 & more for a<b and c>d.",
        ("Jörg Katz", "Ada B. See"),
        published="2021-01-02",
        updated="2022-03-04",
        version=3,
        categories=("cs.CL", "hep-th"),
        url="https://arxiv.org/abs/2101.00042",
        venue="J. Cats 7 (2022) 1-2",
        identifiers=("arxiv:2101.00042", "doi:10.1000/abc.1", "doi:10.1000/abc.2"),
        source="arxiv",
    )
    assert (report.read, report.notes) == (1, [])


@pytest.mark.parametrize(
    ("address", "number", "version"),
    [
        ("http://arxiv.org/abs/2104.12255v1", "2104.12255", 1),
        ("https://arxiv.org/abs/2104.12255v12", "2104.12255", 12),
        ("http://arxiv.org/abs/2104.12255", "2104.12255", None),
        ("http://arxiv.org/abs/astro-ph/0601001v2", "astro-ph/0601001", 2),
        ("http://arxiv.org/abs/math.GT/0309136v1", "math/0309136", 1),
        ("arXiv:0704.0001v4", "0704.0001", 4),
    ],
)
def test_ids(address: str, number: str, version: int | None) -> None:
    """All versions of a paper have one id, in the forms of before and after April 2007."""
    (paper,), report = parse(feed(entry(id=address)))
    assert (paper.id, paper.version, paper.identifiers) == (number, version, (f"arxiv:{number}",))
    assert (paper.url, report.notes) == (f"https://arxiv.org/abs/{number}", [])


def test_an_entry_without_an_arxiv_id() -> None:
    """Such an entry is kept under its title, and the report says what it lacks."""
    (paper,), report = parse(feed(entry(id="http://example.org/7")))
    assert (paper.id, paper.url, paper.identifiers) == ("t", None, ())
    assert report.notes == [Note("missing", "f:4", "arXiv id: 'http://example.org/7' is none")]


def test_a_title_may_be_zero() -> None:
    """Short titles that look like nothing are titles: 2104.12255 is called "0"."""
    (paper,), report = parse(feed(entry(title="0")))
    assert (paper.title, report.notes) == ("0", [])


def test_errors_of_the_api_are_told() -> None:
    """The API answers in the shape of a paper; that is no paper, and what it says is reported."""
    papers, report = parse(feed(ERROR, entry()))
    assert ([paper.title for paper in papers], report.read) == (["T"], 2)
    assert report.notes == [Note("skipped", "f:4", "arXiv answered: incorrect id format for x")]


def test_a_paper_about_errors_is_a_paper() -> None:
    """Only the address tells an error of the API: papers may be called "Error" too."""
    assert [paper.title for paper in parse(feed(entry(title="Error")))[0]] == ["Error"]


def test_an_empty_feed() -> None:
    """A search without hits is a feed without entries: no papers, no faults."""
    papers, report = parse(feed())
    assert (papers, report.read, report.notes) == ([], 0, [])


@pytest.mark.parametrize(
    ("written", "kept", "dropped"),
    [
        ("10.1000/a", ["doi:10.1000/a"], []),
        ("10.1000/a 10.1000/b", ["doi:10.1000/a", "doi:10.1000/b"], []),
        ("10.1000/a;10.1000/b,\n10.1000/c", ["doi:10.1000/a", "doi:10.1000/b", "doi:10.1000/c"], []),
        ("doi:10.1000/a; https://doi.org/10.1000/b", ["doi:10.1000/a", "doi:10.1000/b"], []),
        ("10.1002/(SICI)1097(1998)17:15/16;1661::AID;2-2", ["doi:10.1002/(sici)1097(1998)17:15/16;1661::aid;2-2"], []),
        ("10.48550/arXiv.1706.03762", [], []),
        ("to appear", [], ["'to appear' is not of the form of doi; it was dropped"]),
    ],
)
def test_dois(written: str, kept: list[str], dropped: list[str]) -> None:
    """Authors write several DOIs into one field, or none. arXiv's own DOI of another paper would merge the two."""
    (paper,), report = parse(feed(entry(doi=written)))
    assert list(paper.identifiers) == ["arxiv:2101.00042", *kept]
    assert [note.what for note in report.notes] == dropped


def test_what_is_no_paper_is_skipped() -> None:
    """An entry without title and abstract is skipped by its line; a fault in a date costs the date."""
    papers, report = parse(feed(entry(title="", summary=" "), "\n", entry(published="yesterday")))
    assert [(paper.title, paper.published) for paper in papers] == [("T", None)]
    assert (report.read, [(note.kind, note.where) for note in report.notes]) == (
        2,
        [("skipped", "f:4"), ("repaired", "f:5")],
    )


def test_truncation_at_every_byte() -> None:
    """A feed that is cut off gives the papers before the cut and says that it is cut off."""
    data = feed(entry(title="Ä"), FULL, ERROR, entry(title="Z")).encode()
    whole, _ = parse(data)
    for cut in range(0, len(data) - 1, 3):
        try:
            papers, report = parse(data[:cut])
        except UnreadableSource:
            assert cut < data.index(b"<id>")
            continue
        assert papers == whole[: len(papers)]
        assert report.read == data[:cut].count(b"<entry>") or report.read == data[:cut].count(b"</entry>")
        assert any("cut off" in note.what for note in report.of("skipped"))


@given(st.recursive(st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=8), st.data())
@settings(max_examples=60)
def test_any_shape_is_read_or_told(content: object, data: st.DataObject) -> None:
    """Elements inside elements where a text is expected, many where there is one: papers or notes, never an error."""

    def element(value: object) -> str:
        name = data.draw(st.sampled_from(["id", "title", "summary", "author", "name", "category", "doi", "published"]))
        inner = "".join(map(element, value)) if isinstance(value, list) else str(value).replace("<", "")
        return f"<{name}>{inner}</{name}>"

    papers, report = parse(feed(f"<entry>{element(content)}{element(content)}</entry>"))
    assert report.read == 1
    assert len(papers) + report.counts["skipped"] == 1


# Telling it from others


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (HEAD, True),
        (HEAD.replace("https://arxiv.org/api/x", "https://arxiv.org/"), True),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/cHxb</id>', True),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:blog</id><entry>see arxiv.org/abs/2101.00042', False),
        ('<feed xmlns:arxiv="http://arxiv.org/schemas/atom"><id>http://rss.arxiv.org/atom/cs.CL</id>', False),
        ("<rss xmlns:arxiv='http://arxiv.org/schemas/atom'>", False),
        ("<html><a href='http://arxiv.org/api/query'>", False),
        ('{"feed": "http://arxiv.org/schemas/atom"}', False),
        ("Daily Papers\n", False),
        ("", False),
    ],
)
def test_recognises(head: str, expected: bool) -> None:
    """Only feeds of the API are taken: other feeds, arXiv's daily ones among them, hold other things."""
    assert arxiv_atom.recognises(head.encode()) is expected


def test_recognises_its_own_among_the_recorded_files() -> None:
    """Of all recorded files of all formats exactly those of this format are taken."""
    taken = {path for path in recorded() if arxiv_atom.recognises(path.read_bytes()[:65_536])}
    assert taken == set(samples("arxiv_atom"))


# Recorded feeds


def read_sample(path: Path) -> tuple[list[Paper], Report]:
    report = Report()
    with path.open("rb") as stream:
        return list(arxiv_atom.parse(stream, path.name, report)), report


def test_recorded_feeds() -> None:
    """Every recorded feed gives the papers that it has; a third of them were written as UTF-8 twice over."""
    counts: dict[str, tuple[int, int, Counter[str]]] = {}
    for path in samples("arxiv_atom"):
        papers, report = read_sample(path)
        counts[path.name.rpartition("_")[0]] = (report.read, len(papers), report.counts)
        assert all(paper.id in set(report_ids(paper)) and paper.abstract and paper.authors for paper in papers)
        assert all(paper.published and paper.version and paper.categories for paper in papers)
        assert not any(
            sign in " ".join([paper.title, paper.abstract, *paper.authors]) for paper in papers for sign in "ÃÂ"
        )
    assert counts == {
        "id_0000.0000_s0_m100": (0, 0, {}),
        "id_0808.05394_1707.08567_s0_m100": (1, 1, {"repaired": 1}),
        "id_0808.05394_s0_m100": (0, 0, {}),
        "id_1605.08386_s0_m100": (1, 1, {}),
        "id_1707.08567_s0_m100": (1, 1, {"repaired": 1}),
        "id_2104.12255v1_s0_m100": (1, 1, {}),
        "id_abc_s0_m100": (1, 0, {"skipped": 1}),
        "id_astro-ph_0601001_s0_m100": (1, 1, {}),
        "id_quant-ph_0201082v1_s0_m100": (1, 1, {}),
        "q_testing_s0_m100": (100, 100, {"repaired": 18}),
        "q_testing_s0_m10": (10, 10, {"repaired": 1}),
        "q_testing_s0_m15": (15, 15, {"repaired": 2}),
        "q_testing_s10_m10": (10, 10, {"repaired": 2}),
        "q_testing_s20_m10": (10, 10, {"repaired": 4}),
        "q_testing_s30_m10": (10, 10, {}),
        "q_testing_s40_m10": (10, 10, {"repaired": 4}),
        "q_testing_s50_m10": (10, 10, {"repaired": 1}),
        "q_testing_s5_m10": (10, 10, {"repaired": 1}),
        "q_testing_s5_m15": (15, 15, {"repaired": 2}),
        "q_testing_s9_m15": (15, 15, {"repaired": 3}),
    }


def report_ids(paper: Paper) -> list[str]:
    return [name.removeprefix("arxiv:") for name in paper.identifiers]


def test_a_recorded_paper() -> None:
    """One recorded paper field by field, with letters that had been UTF-8 twice over."""
    (path,) = samples("arxiv_atom", "id_astro-ph*")
    (paper,), _ = read_sample(path)
    assert paper.title.startswith("Frequency of Hot Jupiters and Very Hot Jupiters from the OGLE-III")
    assert paper.abstract.startswith("We derive the frequencies of hot Jupiters (HJs) with 3–5 day periods")
    assert "V_max<17.5" in paper.abstract
    assert paper.authors == ("Andrew Gould", "Susan Dorsher", "B. Scott Gaudi", "Andrzej Udalski")
    assert (paper.id, paper.version, paper.venue) == ("astro-ph/0601001", 1, "ActaAstron.56:1-50,2006")
    (path,) = samples("arxiv_atom", "id_1707*")
    (paper,), _ = read_sample(path)
    assert (len(paper.authors), paper.authors[-2]) == (34, "Dirk Wübben")
