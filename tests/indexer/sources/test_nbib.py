"""PubMed's text format: its fields, that it agrees with PubMed's XML, and the recorded files."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import nbib, pubmed_xml
from tests.indexer.sources.test_xml_records import Endless, recorded, samples


def parse(data: bytes | str) -> tuple[list[Paper], Report]:
    """The papers of a file called "file" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(nbib.parse(io.BytesIO(content), "file", report)), report


def told(report: Report) -> list[Note]:
    return [note for note in report.notes if note.kind != "missing"]


def one(*lines: str) -> Paper:
    """The paper of a record with a title and these lines, which needs no note."""
    (paper,), report = parse("\n".join(["PMID- 1", "TI  - T", *lines, ""]))
    assert told(report) == []
    return paper


FULL = """
PMID- 12345678
OWN - NLM
LR  - 20210607
DP  - 2020 Mar
TI  - CO2 in Felis &amp;
      catus.
LID - S0000 [pii]
LID - 10.1000/CATS.1 [doi]
AB  - BACKGROUND: Cats purr
      often. RESULTS: p &lt; 0.05.
CI  - Copyright.
FAU - See, Ada B
AU  - See AB
AD  - Cat University
FAU - Mörk, J Jr
AU  - Mörk J Jr
CN  - Cat Study Group
LA  - eng
DEP - 20191231
TA  - J Cats
JT  - Journal of cats
MH  - *Animals/physiology
MH  - Cats
MH  - Cats/genetics
PMC - PMC7654321
AID - 10.1000/cats.1 [doi]
SO  - J Cats. 2020 Mar.

"""

XML = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>12345678</PMID>
<DateRevised><Year>2021</Year><Month>06</Month><Day>07</Day></DateRevised>
<Article><Journal><JournalIssue><PubDate><Year>2020</Year><Month>Mar</Month></PubDate></JournalIssue>
<Title>Journal of cats</Title></Journal><ArticleTitle>CO<sub>2</sub> in <i>Felis &amp; catus</i>.</ArticleTitle>
<Abstract><AbstractText Label="BACKGROUND">Cats purr often.</AbstractText>
<AbstractText Label="RESULTS">p &lt; 0.05.</AbstractText></Abstract>
<AuthorList><Author><LastName>See</LastName><ForeName>Ada B</ForeName></Author>
<Author><LastName>Mörk</LastName><ForeName>J</ForeName><Suffix>Jr</Suffix></Author>
<Author><CollectiveName>Cat Study Group</CollectiveName></Author></AuthorList>
<ArticleDate DateType="Electronic"><Year>2019</Year><Month>12</Month><Day>31</Day></ArticleDate></Article>
<MeshHeadingList><MeshHeading><DescriptorName>Animals</DescriptorName></MeshHeading>
<MeshHeading><DescriptorName>Cats</DescriptorName></MeshHeading></MeshHeadingList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1000/cats.1</ArticleId>
<ArticleId IdType="pmc">PMC7654321</ArticleId></ArticleIdList></PubmedData></PubmedArticle></PubmedArticleSet>"""


def test_all_fields() -> None:
    """Lines that go on, people and groups in order, the day on the web, headings without qualifiers."""
    (paper,), report = parse(FULL)
    assert paper == Paper(
        "doi:10.1000/cats.1",
        "CO2 in Felis & catus.",
        abstract="BACKGROUND: Cats purr often. RESULTS: p < 0.05.",
        authors=("Ada B See", "J Mörk Jr", "Cat Study Group"),
        published="2019-12-31",
        updated="2021-06-07",
        categories=("Animals", "Cats"),
        url="https://pubmed.ncbi.nlm.nih.gov/12345678/",
        venue="Journal of cats",
        identifiers=("doi:10.1000/cats.1", "pmc:PMC7654321", "pmid:12345678"),
        source="pubmed",
    )
    assert (report.read, report.notes) == (1, [])


def test_the_same_paper_as_xml() -> None:
    """PubMed's two formats give one record: all is equal but for the paragraphs, which text does not have."""
    (text,), _ = parse(FULL)
    (xml,) = pubmed_xml.parse(io.BytesIO(XML.encode()), "file", Report())
    assert xml.abstract == "BACKGROUND: Cats purr often.\n\nRESULTS: p < 0.05."
    for name in Paper.__slots__:
        if name != "abstract":
            assert getattr(text, name) == getattr(xml, name), name


@pytest.mark.parametrize(
    "text",
    [FULL.replace("\n", "\r\n"), FULL.replace("\n", "\r"), "\ufeff" + FULL, FULL.strip(), FULL.encode("utf-16")],
    ids=["crlf", "cr", "bom", "stripped", "utf-16"],
)
def test_ways_to_write_it(text: str | bytes) -> None:
    """Line ends, byte order marks and blank lines make no difference."""
    assert parse(text)[0] == parse(FULL)[0]


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        (["DP  - 2002 Sep"], "2002-09"),
        (["DP  - 2004 Dec 15"], "2004-12-15"),
        (["DP  - 2003 Winter"], "2003"),
        (["DP  - 1998 Dec-1999 Jan"], "1998"),
        (["DP  - 2018 Jul-Aug"], "2018"),
        (["DP  - 2006"], "2006"),
        (["DP  - 2006 Mar 1", "DEP - 20051223"], "2005-12-23"),
        ([], None),
    ],
)
def test_dates(lines: list[str], published: str | None) -> None:
    """What is certain of the date; the day on the web comes before that of the issue."""
    assert one(*lines).published == published


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (["AU  - de Hoon MJ", "AU  - King ML Jr", "AU  - Adityanjee"], ("MJ de Hoon", "ML King Jr", "Adityanjee")),
        (["FAU - de Hoon, M J L", "AU  - de Hoon MJ"], ("M J L de Hoon",)),
        (["CN  - The Group", "FCN - The Whole Group"], ("The Whole Group",)),
        (["IR  - Bee A", "FIR - Bee, Ann", "ED  - Itor E"], ()),
    ],
)
def test_authors(lines: list[str], authors: tuple[str, ...]) -> None:
    """Full names where there are any; editors and investigators are no authors."""
    assert one(*lines).authors == authors


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("TI  - [On sleep].", "On sleep."),
        ("TI  - [Why sleep?]", "Why sleep?"),
        ("TI  - [11C]raclopride in [rats].", "[11C]raclopride in [rats]."),
        ("TI  - The Bio* toolkits--a brief overview.", "The Bio* toolkits–a brief overview."),
        ("BTI - A book", "A book"),
    ],
)
def test_titles(line: str, title: str) -> None:
    """A title that PubMed translated stands in brackets; a book has a title of its own kind."""
    (paper,), _ = parse(f"PMID- 1\n{line}\n")
    assert paper.title == title


def test_records_of_pubmed_central() -> None:
    """PubMed Central writes its own number first: it belongs to the record that it begins."""
    read, _ = parse("PMC - PMC1\nPMID- 1\nTI  - One\n\nPMC - PMC2\nTI  - Two\n\nPMID- 3\nTI  - Three\nPMC - PMC3\n")
    assert [(paper.title, paper.identifiers) for paper in read] == [
        ("One", ("pmc:PMC1", "pmid:1")),
        ("Two", ("pmc:PMC2",)),
        ("Three", ("pmc:PMC3", "pmid:3")),
    ]


def test_what_is_no_paper_is_skipped() -> None:
    """A record without title and abstract is skipped by its line; what stands before the first is named."""
    read, report = parse("Results:\nPMID- 1\nDP  - 2000\n\nPMID- 2\nTI  - Good\nLID - 11.1/x [doi]\n")
    assert [paper.title for paper in read] == ["Good"]
    assert told(report) == [
        Note("ignored", "file:1", "no record has begun: 'Results:'"),
        Note("skipped", "file:2", "The paper's title is empty."),
        Note("repaired", "file:5", "'11.1/x' is not of the form of doi; it was dropped"),
    ]


def test_other_encodings() -> None:
    """Windows-1252 costs a note at the record that holds it."""
    read, report = parse("PMID- 1\nTI  - Café\n\nPMID- 2\nTI  - Tea\n".encode("cp1252"))
    assert [paper.title for paper in read] == ["Café", "Tea"]
    assert told(report) == [Note("repaired", "file:1", "bytes that are not UTF-8 were read as Windows-1252")]


def test_a_record_over_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless record is skipped without being held, and the next one is read."""
    monkeypatch.setattr(nbib, "RECORD", 50)
    read, report = parse("PMID- 1\nAB  - " + "x" * 60 + "\nTI  - T\n\nPMID- 2\nTI  - Good\n")
    assert [paper.title for paper in read] == ["Good"]
    assert [(note.kind, note.where) for note in told(report)] == [("skipped", "file:1")]


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text("PMIDTIAUFCNLH  -\n01aé;,/[]", max_size=60).map(str.encode))
def test_nothing_makes_it_fail(data: bytes) -> None:
    """Any bytes give papers or notes, never an error, and every record is one or the other."""
    read, report = parse(b"PMID- 1\n" + data + b"\n")
    assert report.read == len(read) + report.counts["skipped"]


def test_a_file_cut_anywhere_gives_what_comes_before() -> None:
    """Wherever the file ends, the records before are read, and the last one as far as it goes."""
    data = (FULL + FULL).encode()
    whole, _ = parse(data)
    for end in range(len(data)):
        read, report = parse(data[:end])
        assert read[:-1] == whole[: max(len(read) - 1, 0)]
        assert report.read == len(read) + report.counts["skipped"]


def test_memory_does_not_grow_with_the_file() -> None:
    """Ten megabytes of records need less than half of that."""
    part = ("PMID- 1\nTI  - T\nAB  - " + "word " * 9_000 + "\n\n").encode()
    stream = io.BufferedReader(Endless(b"", part, 220, b""))
    tracemalloc.start()
    assert sum(1 for _ in nbib.parse(stream, "file", Report())) == 220
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"PMID- 12230038\nOWN - NLM\n", True),
        (b"\xef\xbb\xbf\r\n\r\nPMID- 1\r\n", True),
        (b"PMC - PMC1\nPMID- 2\n", True),
        (b"", False),
        (b"PMID- what\n", False),
        (b"pmid,title\n1,t\n", False),
        (b"Results\nPMID- 1\n", False),
    ],
)
def test_recognises(head: bytes, expected: bool) -> None:
    """The first line gives a number."""
    assert nbib.recognises(head) is expected


def test_recognises_no_other_format() -> None:
    """Of all recorded files, those of MEDLINE and no others."""
    assert [path for path in recorded() if nbib.recognises(path.read_bytes()[:65_536])] == samples("medline_nbib")


def test_recorded_files() -> None:
    """Six papers, with all that their files say of them."""
    found = []
    for path in samples("medline_nbib"):
        report = Report()
        with path.open("rb") as stream:
            found += list(nbib.parse(stream, path.name, report))
        assert (report.notes, report.read) == ([], {"1": 1, "2": 4, "3": 1}[path.stem[-1]])
    assert [(paper.id, paper.published, paper.author_count, paper.venue) for paper in found] == [
        ("pmid:12230038", "2002-09", 1, "Briefings in bioinformatics"),
        ("doi:10.1186/1471-2105-7-10", "2006-01-10", 3, "BMC bioinformatics"),
        ("doi:10.1093/bioinformatics/btk021", "2005-12-23", 4, "Bioinformatics (Oxford, England)"),
        ("doi:10.1093/bioinformatics/bth078", "2004-02-10", 4, "Bioinformatics (Oxford, England)"),
        ("pmid:14630660", "2003-11-22", 2, "Bioinformatics (Oxford, England)"),
        ("doi:10.1118/1.4748329", "2012-10", 4, "Medical physics"),
    ]
    assert found[1].identifiers == ("doi:10.1186/1471-2105-7-10", "pmc:PMC1373603", "pmid:16403221")
    assert found[1].authors == ("James A Casbon", "Gavin E Crooks", "Mansoor A S Saqi")
    assert found[2].title == "GenomeDiagram: a python package for the visualization of large-scale genomic data."
    assert found[5].categories[1] == "High-Intensity Focused Ultrasound Ablation"
    assert found[5].abstract.endswith("to ensure the success and safety of ablation treatment.")
