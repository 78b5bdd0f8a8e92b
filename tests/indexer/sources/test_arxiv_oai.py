"""arXiv's OAI-PMH answers in all their forms, and the recorded ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableSource
from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import arxiv_oai
from indexer.sources.arxiv_oai import resumption_token
from tests.indexer.sources.test_xml_records import recorded, samples

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">
<request verb="ListRecords">http://export.arxiv.org/oai2</request><ListRecords>
"""
TAIL = "</ListRecords></OAI-PMH>\n"
ARXIV = """<arXiv xmlns="http://arxiv.org/OAI/arXiv/">
 <id>math/0309136</id><created>2003-09-08</created><updated>2005-01-02</updated>
 <authors>
  <author><keyname>Collaboration</keyname><forenames>The Cat</forenames></author><author><keyname>:</keyname></author>
  <author><keyname>Katz</keyname><forenames>J{\\"o}rg</forenames><suffix>Jr</suffix><affiliation>X</affiliation></author>
  <author><keyname>See</keyname></author>
 </authors>
 <title>Cats of order
  $n$</title><categories>math.GT hep-th</categories><comments>3 pages</comments><msc-class>57M25</msc-class>
 <journal-ref>Geom. Cats 8 (2004) 1</journal-ref><doi>10.1000/GT.8, 10.1000/gt.9</doi>
 <abstract>  We count
cats.
</abstract></arXiv>"""
RAW = """<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>1706.00042</id><submitter>A. Bee</submitter>
 <version version="v1"><date>Mon, 12 Jun 2017 17:57:34 GMT</date><size>11kb</size></version>
 <version version="v10"><date>Wed, 02 Aug 2023 00:41:18 GMT</date><size>1kb</size><source_type>D</source_type></version>
 <version version="v2"><date>Mon, 19 Jun 2017 16:49:45 GMT</date><size>12kb</size></version>
 <title>Raw cats</title><authors>Ada B. Bee (1), C. Dee (2) and J{\\"o}rg Eff ((1) Here, (2) There)</authors>
 <categories>cs.CL cs.LG</categories><journal-ref>Cats 1</journal-ref><doi>10.1000/raw</doi>
 <abstract>Raw.</abstract></arXivRaw>"""
DC = """<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
 <dc:title>Dublin cats</dc:title>
 <dc:creator>Bee, Ada B.</dc:creator><dc:creator>van der Dee, C.</dc:creator>
 <dc:creator>Planck Collaboration</dc:creator>
 <dc:subject>Computer Science - Computation and Language</dc:subject><dc:subject>Mathematical Physics</dc:subject>
 <dc:subject>15A66</dc:subject><dc:subject>I.2.7</dc:subject><dc:subject>Primary: 60J10, Secondary: 60F05</dc:subject>
 <dc:description>Comment: 16 pages</dc:description>
 <dc:description>  We describe
cats.</dc:description><dc:description>20 pages, and this comment is not called one</dc:description>
 <dc:date>2008-12-01</dc:date><dc:date>2008-06-25</dc:date><dc:date>2014-12-12</dc:date><dc:type>text</dc:type>
 <dc:identifier>http://arxiv.org/abs/0806.4129</dc:identifier>
 <dc:identifier>AIP Conf.Proc.1316:466-477,2010</dc:identifier><dc:identifier>doi:10.1063/1.3536454</dc:identifier>
</oai_dc:dc>"""


def parse(data: str | bytes) -> tuple[list[Paper], Report]:
    """The papers of a file called "f" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(arxiv_oai.parse(io.BytesIO(content), "f", report)), report


def record(metadata: str, identifier: str = "", status: str = "") -> str:
    header = f"<header{status}><identifier>{identifier}</identifier><datestamp>2024-01-01</datestamp></header>"
    return f"<record>{header}<metadata>{metadata}</metadata></record>\n"


def answer(*records: str) -> str:
    return f"{HEAD}{''.join(records)}{TAIL}"


def one(metadata: str, identifier: str = "") -> Paper:
    """The single paper of a record that needs no note."""
    (paper,), report = parse(answer(record(metadata, identifier)))
    assert (report.read, report.notes) == (1, [])
    return paper


# The forms of metadata


def test_arxiv_form() -> None:
    """Names are joined from their parts, groups among them; comments and classes are left out; all DOIs are kept."""
    assert one(ARXIV, "oai:arXiv.org:math/0309136") == Paper(
        "math/0309136",
        "Cats of order $n$",
        "We count cats.",
        ("The Cat Collaboration", "Jörg Katz Jr", "See"),
        published="2003-09-08",
        updated="2005-01-02",
        categories=("math.GT", "hep-th"),
        url="https://arxiv.org/abs/math/0309136",
        venue="Geom. Cats 8 (2004) 1",
        identifiers=("arxiv:math/0309136", "doi:10.1000/gt.8", "doi:10.1000/gt.9"),
        source="arxiv",
    )


def test_arxiv_raw_form() -> None:
    """The day is that of the first version, whatever their order; the glued authors are split."""
    assert one(RAW, "oai:arXiv.org:1706.00042") == Paper(
        "1706.00042",
        "Raw cats",
        "Raw.",
        ("Ada B. Bee", "C. Dee", "Jörg Eff"),
        published="2017-06-12",
        updated="2023-08-02",
        version=10,
        categories=("cs.CL", "cs.LG"),
        url="https://arxiv.org/abs/1706.00042",
        venue="Cats 1",
        identifiers=("arxiv:1706.00042", "doi:10.1000/raw"),
        source="arxiv",
    )


def test_arxiv_old_form() -> None:
    """The oldest form has neither days nor versions."""
    names = "<authors>A. Bee, C. Dee Jr</authors>"
    paper = one(f"<arXivOld><id>0806.4129</id><title>T</title>{names}<abstract>S</abstract></arXivOld>")
    assert (paper.id, paper.authors) == ("0806.4129", ("A. Bee", "C. Dee Jr"))
    assert (paper.published, paper.version) == (None, None)


def test_dublin_core_form() -> None:
    """What one name stands for is told apart: abstract and comments, days, addresses, DOIs and the journal."""
    assert one(DC, "oai:arXiv.org:0806.4129") == Paper(
        "0806.4129",
        "Dublin cats",
        "We describe cats.",
        ("Ada B. Bee", "C. van der Dee", "Planck Collaboration"),
        published="2008-06-25",
        updated="2014-12-12",
        categories=("Computer Science - Computation and Language", "Mathematical Physics"),
        url="https://arxiv.org/abs/0806.4129",
        venue="AIP Conf.Proc.1316:466-477,2010",
        identifiers=("arxiv:0806.4129", "doi:10.1063/1.3536454"),
        source="arxiv",
    )


@pytest.mark.parametrize("metadata", [ARXIV, RAW, DC])
def test_namespaces_may_be_missing(metadata: str) -> None:
    """Files that other tools saved lack namespaces, or leave prefixes undeclared; they give the same papers."""
    bare = metadata.replace(" xmlns", " was")
    assert one(bare.replace("was:", "was-")) == one(metadata)
    whole, _ = parse(
        answer(record(metadata)).replace('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">', "<OAI-PMH>")
    )
    assert whole == [one(metadata)]


def test_the_id_may_stand_in_the_header_alone() -> None:
    """The header names the paper in every form; addresses and `id` are asked where it does not."""
    assert one("<arXiv><title>T</title><abstract>S</abstract></arXiv>", "oai:arXiv.org:cs/0112017").id == "cs/0112017"
    assert one(DC).id == "0806.4129"
    assert one(ARXIV).id == "math/0309136"


def test_an_id_that_is_none() -> None:
    """A record that no arXiv id can be found for is kept under its title and told."""
    (paper,), report = parse(answer(record("<arXiv><id>x</id><title>Some T</title><abstract>S</abstract></arXiv>")))
    assert (paper.id, paper.url) == ("some-t", None)
    assert report.notes == [Note("missing", "f:4", "arXiv id")]


# Days


@pytest.mark.parametrize(
    ("number", "created", "updated", "published", "changed", "notes"),
    [
        ("1706.03762", "2017-06-12", "2023-08-02", "2017-06-12", "2023-08-02", 0),
        ("1706.03762", "2017-06-12", "", "2017-06-12", "2017-06-12", 0),
        ("1706.03762", "2017-05-31", "", "2017-05-31", "2017-05-31", 0),
        ("1706.03762", "2017-07-02", "", "2017-07-02", "2017-07-02", 0),
        ("1706.03762", "2023-08-02", "", "2017-06", "2023-08-02", 1),
        ("1706.03762", "2023-08-02", "2023-08-04", "2017-06", "2023-08-04", 1),
        ("hep-th/9912001", "2003-01-01", "", "1999-12", "2003-01-01", 1),
        ("hep-th/0001001", "2000-01-01", "", "2000-01-01", "2000-01-01", 0),
        ("1706.03762", "", "2023-08-02", "2017-06", "2023-08-02", 1),
        ("1706.03762", "yesterday", "", None, None, 2),
        ("1706.03762", "", "", None, None, 0),
    ],
)
def test_days(number: str, created: str, updated: str, published: str | None, changed: str | None, notes: int) -> None:
    """The interface gives some papers the day of a later version; their id tells the month they were sent in."""
    days = f"<created>{created}</created><updated>{updated}</updated>"
    metadata = f"<arXiv><id>{number}</id>{days}<title>T</title><abstract>S</abstract></arXiv>"
    (paper,), report = parse(answer(record(metadata)))
    assert (paper.published, paper.updated) == (published, changed)
    assert [note.kind for note in report.notes] == ["repaired"] * notes


def test_a_day_that_cannot_be_is_told() -> None:
    """The report names the day that was written and the month that was taken instead."""
    metadata = "<arXiv><id>1706.03762</id><created>2023-08-02</created><title>T</title><abstract>S</abstract></arXiv>"
    _, report = parse(answer(record(metadata)))
    what = "1706.03762 cannot be of 2023-08-02; it was dated 2017-06, as its id says"
    assert report.notes == [Note("repaired", "f:4", what)]


def test_a_version_without_a_readable_day() -> None:
    """A day in another form costs that day, and the paper is kept."""
    (paper,), report = parse(answer(record(RAW.replace("Mon, 12 Jun 2017 17:57:34 GMT", "12. Juni"))))
    assert (paper.published, paper.updated, paper.version) == (None, "2023-08-02", 10)
    assert [note.kind for note in report.notes] == ["repaired"]


# What is no paper


def test_deleted_records_are_told() -> None:
    """A deleted record has a header alone; it is skipped with its name."""
    deleted = '<record><header status="deleted"><identifier>oai:arXiv.org:0704.0001</identifier></header></record>\n'
    papers, report = parse(answer(deleted, record(ARXIV)))
    assert ([paper.id for paper in papers], report.read) == (["math/0309136"], 2)
    assert report.notes == [Note("skipped", "f:4", "oai:arXiv.org:0704.0001 was deleted on the server")]


@pytest.mark.parametrize(
    ("error", "what"),
    [
        ('<error code="noRecordsMatch">Nothing here.</error>', "noRecordsMatch: Nothing here."),
        ('<error code="badResumptionToken"/>', "badResumptionToken: no reason"),
        ("<error>x\ny</error>", "an error: x y"),
    ],
)
def test_error_answers_are_told(error: str, what: str) -> None:
    """An answer that is an error has no papers, and the report gives its words."""
    papers, report = parse(f"<OAI-PMH><request>http://export.arxiv.org/oai2</request>\n{error}</OAI-PMH>")
    assert (papers, report.read, report.notes) == ([], 0, [Note("skipped", "f:2", f"the server answered {what}")])


@pytest.mark.parametrize("metadata", ["", "<arXiv/>", "<arXiv><id>0704.0001</id></arXiv>"])
def test_empty_records_are_skipped(metadata: str) -> None:
    """A record without metadata, or without title and abstract, is skipped by its line."""
    papers, report = parse(answer(record(metadata, "oai:arXiv.org:0704.0001"), record(ARXIV)))
    assert ([paper.id for paper in papers], report.read) == (["math/0309136"], 2)
    assert [(note.kind, note.where) for note in report.of("skipped")] == [("skipped", "f:4")]


# Answers in parts


def test_several_answers_in_one_file() -> None:
    """Harvesters put answers one behind the other; bare records need no answer around them."""
    papers, report = parse(answer(record(ARXIV)) + answer(record(RAW), record(DC)))
    assert [paper.id for paper in papers] == ["math/0309136", "1706.00042", "0806.4129"]
    assert report.notes == []
    assert [paper.id for paper in parse(record(ARXIV) + record(RAW))[0]] == ["math/0309136", "1706.00042"]


@pytest.mark.parametrize(
    ("inside", "token"),
    [
        ('<resumptionToken cursor="0" completeListSize="9">6511260|1001</resumptionToken>', "6511260|1001"),
        ("<resumptionToken> verb%3DListRecords&amp;skip=1 </resumptionToken>", "verb%3DListRecords&skip=1"),
        ('<resumptionToken cursor="9"/>', None),
        ("<resumptionToken></resumptionToken>", None),
        ("", None),
    ],
)
def test_resumption_token(inside: str, token: str | None) -> None:
    """The token of the next part, and none behind the last, where it is empty or missing."""
    data = answer(record(ARXIV), inside)
    assert resumption_token(data.encode()) == token
    assert ([paper.id for paper in parse(data)[0]], parse(data)[1].notes) == (["math/0309136"], [])


@pytest.mark.parametrize("data", [b"", b"no XML", b"\xff\xfe"])
def test_resumption_token_of_something_else(data: bytes) -> None:
    """What is no answer leads nowhere."""
    assert resumption_token(data) is None


def test_truncation_at_every_byte() -> None:
    """An answer that is cut off gives the papers before the cut and says so."""
    data = answer(record(ARXIV), record(RAW), record(DC)).encode()
    whole, _ = parse(data)
    for cut in range(0, len(data) - 1, 7):
        try:
            papers, report = parse(data[:cut])
        except UnreadableSource:
            assert cut < data.index(b"<request")
            continue
        assert papers == whole[: len(papers)]
        assert len(papers) == data[:cut].count(b"</record>")
        assert any("cut off" in note.what for note in report.of("skipped"))


@given(st.recursive(st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=8), st.data())
@settings(max_examples=100)
def test_any_shape_is_read_or_told(content: object, data: st.DataObject) -> None:
    """Elements inside elements where a text is expected, many where there is one: papers or notes, never an error."""
    names = ["arXiv", "dc", "id", "title", "abstract", "authors", "author", "keyname", "version", "date", "created"]
    names += ["creator", "identifier", "description", "doi", "metadata", "header"]

    def element(value: object) -> str:
        name = data.draw(st.sampled_from(names))
        inner = "".join(map(element, value)) if isinstance(value, list) else str(value).replace("<", "")
        return f"<{name} version='{'v1' if name == 'version' else ''}'>{inner}</{name}>"

    papers, report = parse(answer(record(f"<arXiv>{element(content)}</arXiv>"), record(element(content))))
    assert report.read == 2
    assert len(papers) + report.counts["skipped"] == 2


# Telling it from others


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (HEAD, True),
        (record(ARXIV), True),
        ("<OAI-PMH><request>https://oaipmh.arxiv.org/oai</request><error code='x'/>", True),
        ("<ListRecords><record><header><identifier>oai:arXiv.org:0704.0001", True),
        ("<OAI-PMH><request>https://zenodo.org/oai2d</request><record>see arxiv.org/abs/0704.0001", False),
        ("<feed xmlns:arxiv='http://arxiv.org/schemas/atom'>oai:arXiv.org:1", False),
        ('{"id": "oai:arXiv.org:0704.0001"}', False),
        ("@article{x, note={<OAI-PMH>}}", False),
        ("", False),
    ],
)
def test_recognises(head: str, expected: bool) -> None:
    """Only arXiv's records are taken: the protocol is that of many archives."""
    assert arxiv_oai.recognises(head.encode()) is expected


def test_recognises_its_own_among_the_recorded_files() -> None:
    """Of all recorded files of all formats exactly those of this format are taken."""
    taken = {path for path in recorded() if arxiv_oai.recognises(path.read_bytes()[:65_536])}
    assert taken == set(samples("arxiv_oai"))


# Recorded answers


def read_sample(path: Path) -> tuple[list[Paper], Report]:
    report = Report()
    with path.open("rb") as stream:
        return list(arxiv_oai.parse(stream, path.name, report)), report


def test_recorded_answers() -> None:
    """Every recorded answer gives all its papers, without anything to note."""
    counts = {}
    for path in samples("arxiv_oai"):
        papers, report = read_sample(path)
        counts[path.stem] = len(papers)
        assert (report.read, report.notes) == (len(papers), [])
        assert all(paper.abstract and paper.authors and paper.published and paper.categories for paper in papers)
        assert all(f"arxiv:{paper.id}" in paper.identifiers for paper in papers)
    assert counts == {
        "arxiv-physics-hep-ex": 3,
        "arxiv-physics-hep-th": 3,
        "arxiv-single": 1,
        "sample_arxiv_record": 12,
        **{f"sample_arxiv_record{number}": 1 for number in range(11)},
    }


def test_recorded_papers() -> None:
    """Traps of the recorded answers: no namespace, three DOIs in one field, colons among the authors, two surnames."""
    by_name = {path.stem: path for path in samples("arxiv_oai")}
    (paper,), _ = read_sample(by_name["sample_arxiv_record0"])
    assert paper.identifiers == (
        "arxiv:1601.03238",
        "doi:10.1103/physrevd.93.016005",
        "doi:10.1103/physrevd.98.079901",
        "doi:10.1103/physrevd.98.079903",
    )
    assert paper.authors == ("Planck Collaboration", "Jieci Wang", "Zehua Tian", "Jiliang Jing", "Heng Fan")
    (paper,), _ = read_sample(by_name["sample_arxiv_record4"])
    assert paper.authors[:3] == ("Keck Array", "BICEP2 Collaborations", "P. Ade")
    assert "R. W. IV" in paper.authors
    (paper,), _ = read_sample(by_name["sample_arxiv_record5"])
    assert paper.authors[0] == "Günter Burigana"
    papers, _ = read_sample(by_name["sample_arxiv_record"])
    assert papers[7].authors == ("Curtis J. Saxton Walton", "Ziri Younsi", "Kinwah Wu")
    assert papers[-1].authors[4:6] == ("The T2K Beam Group", "L. Berns")
    (paper,), _ = read_sample(by_name["arxiv-single"])
    assert (paper.id, paper.published, paper.updated) == ("1401.2122", "2014-01-09", "2017-10-23")
    assert paper.venue == "Lett. Math. Phys. 108 (2018), no. 2, 359-376"
    assert paper.abstract.endswith("polynomial and rational in the spectral parameter.")
