"""RIS: its tags and the ways to write them, whose number is whose, and the recorded files."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import ris
from tests.indexer.sources.test_xml_records import Endless, recorded, samples


def parse(data: bytes | str) -> tuple[list[Paper], Report]:
    """The papers of a file called "file" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(ris.parse(io.BytesIO(content), "file", report)), report


def told(report: Report) -> list[Note]:
    return [note for note in report.notes if note.kind != "missing"]


def one(*lines: str) -> Paper:
    """The paper of a record with a title and these lines, which needs no note."""
    (paper,), report = parse("\n".join(["TY  - JOUR", "TI  - T", *lines, "ER  - ", ""]))
    assert told(report) == []
    return paper


FULL = """TY  - JOUR
TI  - CO<sub>2</sub> in
cats &amp; dogs
AB  - They purr.
Often.
AU  - Bee, Ann B.
AU  - Dee, Carl, Jr.
A1  - World Health Organization,
A2  - Itor, Ed
AD  - Cat University
PY  - 2015/09//
DA  - Sep 18
T2  - J Cats
JF  - Journal of cats
KW  - Cats/*physiology
*Dogs; Mice
KW  - Mice
DO  - https://doi.org/10.1000/CATS.1
AN  - 26176500
DP  - NLM
C2  - Pmc4348420
UR  - https://example.org/cats;jsessionid=1
https://example.org/more
L1  - internal-pdf://1/x.pdf
XX  - unknown
ID  - 139
ER  -

""".replace("ER  -", "ER  - ")


def test_all_fields() -> None:
    """Values on many lines, names the right way round, a date in two places, numbers of PubMed and its archive."""
    (paper,), report = parse(FULL)
    assert paper == Paper(
        "doi:10.1000/cats.1",
        "CO2 in cats & dogs",
        abstract="They purr. Often.",
        authors=("World Health Organization", "Ann B. Bee", "Carl Dee Jr."),
        published="2015-09-18",
        categories=("Cats/physiology", "Dogs", "Mice"),
        url="https://example.org/cats;jsessionid=1",
        venue="Journal of cats",
        identifiers=("doi:10.1000/cats.1", "pmc:PMC4348420", "pmid:26176500"),
        source="ris",
    )
    assert (report.read, report.notes) == (1, [])


@pytest.mark.parametrize(
    "text",
    [
        FULL.replace("\n", "\r\n"),
        FULL.replace("\n", "\r"),
        "\ufeff" + FULL,
        FULL.replace("ER  - \n", "ER  -\n"),
        FULL.replace("ER  - \n\n", ""),
        FULL.replace("ER  - \n", "ER  - \n\n\n \n"),
        FULL.replace("  - ", " - "),
        FULL.replace("  - ", "- "),
        FULL.replace("  - ", "  -"),
        FULL.replace("TY", "ty").replace("AU", "au").replace("TI", "Ti"),
        FULL.encode("utf-16"),
    ],
    ids=["crlf", "cr", "bom", "bare end", "no end", "blanks", "one blank", "no blank", "none after", "small", "utf-16"],
)
def test_ways_to_write_it(text: str | bytes) -> None:
    """Line ends, byte order marks, blanks around the dash, case and a missing end make no difference."""
    assert parse(text)[0] == parse(FULL)[0]
    assert told(parse(text)[1]) == []


def test_a_record_ends_where_the_next_begins() -> None:
    """A record without an end costs nothing, wherever it stands."""
    read, report = parse("TY  - JOUR\nTI  - One\nTY  - JOUR\nTI  - Two\nER  - \nTY  - JOUR\nTI  - Three")
    assert [paper.title for paper in read] == ["One", "Two", "Three"]
    assert (report.read, told(report)) == (3, [])


@pytest.mark.parametrize(
    "line", ["AB-toxin was seen", "DA-neurons", "IS- no", "IS - no", "IS -", "ÄÖ - no", "x - y", "co-author"]
)
def test_text_that_begins_like_a_tag(line: str) -> None:
    """A line of a text stays in the text, if its dash is not as far away as those of the record's tags."""
    assert one("AB  - It is so:", line).abstract == f"It is so: {line}"


def test_letters_that_no_tag_has() -> None:
    """Two letters and a dash as in a tag, but letters of no tag: they stay in the text."""
    assert one("AB  - It is so:", "ÄÖ  - no").abstract == "It is so: ÄÖ - no"


@pytest.mark.parametrize(
    ("lines", "published"),
    [
        (["PY  - 2017"], "2017"),
        (["Y1  - 2017/05/15/"], "2017-05-15"),
        (["PY  - 2017///"], "2017"),
        (["PY  - 2017", "DA  - 2017/05/15"], "2017-05-15"),
        (["PY  - 2017", "DA  - 2018/05/15"], "2017"),
        (["DA  - 2018-05-15"], "2018-05-15"),
        (["PY  - 2017", "DA  - Jun 25"], "2017-06-25"),
        (["PY  - 2017", "DA  - 12 14"], "2017-12-14"),
        (["PY  - 2017", "DA  - 09"], "2017-09"),
        (["PY  - 2017", "DA  - Nov-Dec"], "2017"),
        (["PY  - 2017", "DA  - Winter"], "2017"),
        ([], None),
    ],
)
def test_dates(lines: list[str], published: str | None) -> None:
    """The year, and what the date adds to it where the two agree."""
    assert one(*lines).published == published


def test_a_year_that_is_none_is_reported() -> None:
    """`0000` is what one program writes for unknown; it is dropped, and the report says so."""
    (paper,), report = parse("TY  - JOUR\nTI  - T\nPY  - 0000\nER  - ")
    assert paper.published is None
    assert [(note.kind, note.where) for note in told(report)] == [("repaired", "file:1")]


@pytest.mark.parametrize(
    ("lines", "identifiers"),
    [
        (["AN  - 123", "DB  - Medline"], ("pmid:123",)),
        (["AN  - 123", "DB  - Embase", "Medline"], ()),
        (["AN  - 123"], ()),
        (["AN  - WOS:000383371100024", "DP  - NLM"], ()),
        (["AN  - PMID: 123"], ("pmid:123",)),
        (["UR  - http://ovidsp.ovid.com/ovidweb.cgi?T=JS&D=med13&AN=29148383"], ("pmid:29148383",)),
        (["UR  - http://ovidsp.ovid.com/ovidweb.cgi?T=JS&D=emed&AN=29148383"], ()),
        (["UR  - http://www.ncbi.nlm.nih.gov/pubmed/15482050"], ("pmid:15482050",)),
        (["UR  - https://arxiv.org/abs/1706.03762v2"], ("arxiv:1706.03762",)),
        (["UR  - http://www.ncbi.nlm.nih.gov/pmc/articles/PMC4348420/pdf/pone.pdf"], ("pmc:PMC4348420",)),
        (["DO  - 10.1000/x"], ("doi:10.1000/x",)),
        (["M3  - doi: 10.1000/x"], ("doi:10.1000/x",)),
        (["M3  - Article"], ()),
        (["C2  - 25657356"], ()),
    ],
)
def test_identifiers(lines: list[str], identifiers: tuple[str, ...]) -> None:
    """Every database numbers its records: a bare number is PubMed's only where the record says so."""
    assert one(*lines).identifiers == identifiers


def test_other_names_of_title_and_abstract() -> None:
    """Older writers have other tags for the title, the abstract and the journal."""
    (paper,), _ = parse("TY  - JOUR\nT1  - Old\nN2  - It is.\nJO  - J Old\nER  - ")
    assert (paper.title, paper.abstract, paper.venue) == ("Old", "It is.", "J Old")


def test_what_is_no_paper_is_skipped() -> None:
    """A record without title and abstract is skipped by its line; the others are read."""
    read, report = parse("TY  - JOUR\nPY  - 2000\nER  - \n\nTY  - JOUR\nTI  - Good\nER  - \n")
    assert [paper.title for paper in read] == ["Good"]
    assert told(report) == [Note("skipped", "file:1", "The paper's title is empty.")]


def test_text_outside_of_records_is_named_once() -> None:
    """Some services write their own name first; nothing is left out silently."""
    read, report = parse("Provider: X\nContent: y\n\n" + FULL + "The end")
    assert len(read) == 1
    assert told(report) == [Note("ignored", "file:1", "no record has begun: 'Provider: X'")]


def test_other_encodings() -> None:
    """Windows-1252 costs a note at the record that holds it."""
    read, report = parse("TY  - JOUR\nTI  - Café\nER  - \nTY  - JOUR\nTI  - Tea\nER  - \n".encode("cp1252"))
    assert [paper.title for paper in read] == ["Café", "Tea"]
    assert told(report) == [Note("repaired", "file:1", "bytes that are not UTF-8 were read as Windows-1252")]


def test_a_record_over_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless record is skipped without being held, and the next one is read."""
    monkeypatch.setattr(ris, "RECORD", 50)
    read, report = parse("TY  - JOUR\nAB  - " + "x" * 60 + "\nER  - \nTY  - JOUR\nTI  - Good\nER  - \n")
    assert [paper.title for paper in read] == ["Good"]
    assert [(note.kind, note.where) for note in told(report)] == [("skipped", "file:1")]


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text("TYAUERIKWD  -\n01aé;,", max_size=60).map(str.encode))
def test_nothing_makes_it_fail(data: bytes) -> None:
    """Any bytes give papers or notes, never an error, and every record is one or the other."""
    read, report = parse(b"TY  - JOUR\n" + data + b"\nER  - \n")
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
    part = ("TY  - JOUR\nTI  - T\nAB  - " + "word " * 9_000 + "\nER  - \n").encode()
    stream = io.BufferedReader(Endless(b"", part, 220, b""))
    tracemalloc.start()
    assert sum(1 for _ in ris.parse(stream, "file", Report())) == 220
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"TY  - JOUR\n", True),
        (b"\xef\xbb\xbf\r\n\r\nTY  - JOUR\r\n", True),
        (b"ty  - jour\n", True),
        (b"TY - JOUR\n", True),
        (b"Provider: X\nTY  - JOUR\n", True),
        (b"", False),
        (b"TI  - T\n", False),
        (b"TY  - what is this\n", False),
        (b"PMID- 1\nTY  - x\n", False),
    ],
)
def test_recognises(head: bytes, expected: bool) -> None:
    """The line that begins a record, first or after a few lines of a service."""
    assert ris.recognises(head) is expected


def test_recognises_no_other_format() -> None:
    """Of all recorded files, those of RIS and no others."""
    assert [path for path in recorded() if ris.recognises(path.read_bytes()[:65_536])] == samples("ris")


def read(path: Path) -> tuple[list[Paper], Report]:
    report = Report()
    with path.open("rb") as stream:
        return list(ris.parse(stream, path.name, report)), report


def test_recorded_files() -> None:
    """529 records of two reviews: every one is a paper; 185 have no abstract, one has no year."""
    found = {path.name: read(path) for path in samples("ris")}
    assert {name: (report.read, len(papers), report.counts["missing"]) for name, (papers, report) in found.items()} == {
        "Kwok_2020_INCLUDED.txt": (120, 120, 6),
        "schoot-lgmm-ptsd-included-1.ris": (363, 363, 167),
        "schoot-lgmm-ptsd-included-2.ris": (38, 38, 12),
        "schoot-lgmm-ptsd-included-3.ris": (8, 8, 0),
    }
    assert [note.what[:40] for _, report in found.values() for note in told(report)] == [
        "The paper's published is not a day of th",
        "'10.1037.a0037593' is not of the form of",
    ]
    papers = [paper for papers, _ in found.values() for paper in papers]
    assert sum(len(paper.authors) for paper in papers) == 1_102 + 1_755 + 221 + 40
    assert sum(any(name.startswith("doi:") for name in paper.identifiers) for paper in papers) == 211 + 29
    # 212 have a DOI, one of which is none; of the others 29 have a link that is one.
    assert all(paper.title and paper.authors for paper in papers)


def test_a_recorded_paper() -> None:
    """A record of PubMed in EndNote's words, with everything."""
    paper = next(paper for paper in read(samples("ris")[2])[0] if paper.title.startswith("Trajectory of post-t"))
    assert paper.authors[:2] == ("R. A. Bryant", "A. Nickerson")
    assert (paper.published, paper.venue) == ("2015-05", "Br J Psychiatry")
    assert paper.identifiers == ("doi:10.1192/bjp.bp.114.145516", "pmid:25657356")
    assert paper.categories[:3] == ("Adolescent", "Adult", "Aged")
    assert paper.abstract.startswith("BACKGROUND: Traumatic injuries affect millions")
