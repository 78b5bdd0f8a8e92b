"""Tables: which column is what, rows that are broken, what spreadsheets do to numbers, and the recorded file."""

from __future__ import annotations

import csv
import io
import time
import tracemalloc
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableSource
from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import table
from tests.indexer.sources.test_xml_records import Endless, recorded, samples


def parse(data: bytes | str, columns: Mapping[str, str] | None = None) -> tuple[list[Paper], Report]:
    """The papers of a file called "file" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(table.parse(io.BytesIO(content), "file", report, columns=columns)), report


def told(report: Report) -> list[Note]:
    """What is reported besides abstracts that are missing and columns that were guessed."""
    return [note for note in report.notes if note.kind not in {"missing", "guessed"}]


def one(**cells: str) -> Paper:
    """The paper of a table with these columns, besides the title, that needs no note."""
    data = io.StringIO()
    csv.writer(data).writerows([["title", *cells], ["T", *cells.values()]])
    (paper,), report = parse(data.getvalue())
    assert told(report) == []
    return paper


FULL = """Article Title,Abstract Note,Author(s),DOI,PubMed_ID,arXiv ID,Publication Year,Keywords,URL,Journal/Book,Pages
"A ""study"", of
things",It is &lt; so.,"Bee, Ann; Dee, Carl",10.1000/X,123,1706.03762,2017.0,"a; B, c; a",https://x.org/1,J Things,1-2
"""


def test_all_fields() -> None:
    """Columns are known by their usual names; what was guessed and what is left out is said, once each."""
    (paper,), report = parse(FULL)
    assert paper == Paper(
        "1706.03762",
        'A "study", of things',
        abstract="It is < so.",
        authors=("Ann Bee", "Carl Dee"),
        published="2017",
        categories=("a", "B, c"),
        url="https://x.org/1",
        venue="J Things",
        identifiers=("arxiv:1706.03762", "doi:10.1000/x", "pmid:123"),
        source="csv",
    )
    assert report.read == 1
    assert report.notes == [
        *(
            Note("guessed", "file:1", f"column {column!r} is the {field}")
            for column, field in [
                ("Article Title", "title"),
                ("Abstract Note", "abstract"),
                ("Author(s)", "authors"),
                ("DOI", "doi"),
                ("PubMed_ID", "pmid"),
                ("arXiv ID", "arxiv"),
                ("Publication Year", "published"),
                ("Keywords", "categories"),
                ("URL", "url"),
                ("Journal/Book", "venue"),
            ]
        ),
        Note("ignored", "file:1", "column 'Pages' is not part of a paper"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        "title,abstract\nT,A; b\n",
        "title\tabstract\nT\tA; b\n",
        "title;abstract\nT;\"A; b\"\n",
        "title|abstract\nT|A; b\n",
        "sep=;\ntitle;abstract\nT;\"A; b\"\n",
        "sep=,\r\ntitle,abstract\r\nT,A; b\r\n",
        "\ufefftitle,abstract\rT,A; b\r",
        "\n\n TITLE , Abstract \nT,A; b,,\n,\n\n",
        '"title","abstract"\n"T","A; b"',
        ",title,abstract\n0,T,A; b\n",
        "title\tabstract\nT\tA; b\n".encode("utf-16"),
    ],
)  # fmt: skip
def test_ways_to_write_it(data: str | bytes) -> None:
    """Delimiters, quotes, line ends, blank rows, empty cells at the end and a column of row numbers: the same paper."""
    read, report = parse(data)
    assert read == [Paper("t", "T", "A; b", source="csv")]
    assert (report.read, report.counts["skipped"], report.counts["repaired"]) == (1, 0, 0)


def test_columns_that_are_named() -> None:
    """What the caller says counts; other columns are guessed as ever."""
    data = "Name,Text,Notes,DOI\nT,no,yes,10.1000/x\n"
    (paper,), report = parse(data, {"title": "Name", "abstract": "notes"})
    assert (paper.title, paper.abstract, paper.identifiers) == ("T", "yes", ("doi:10.1000/x",))
    assert report.notes == [
        Note("ignored", "file:1", "column 'Text' is not part of a paper"),
        Note("guessed", "file:1", "column 'DOI' is the doi"),
    ]


@pytest.mark.parametrize(
    ("data", "columns", "message", "next_step"),
    [
        ("a,b\n1,2\n", {}, "No column of file is known to be the title or the abstract.", "--columns title=…,abstract"),
        ("a,b\n1,2\n", {}, "No column of file", "The columns are: a, b."),
        ("title,b\n1,2\n", {"doi": "DOI"}, "file has no column 'DOI'.", "The columns are: title, b."),
        ("title,b\n1,2\n", {"name": "b"}, "A paper has no field 'name'.", "The fields are: id, title, abstract,"),
        ("\n\n", {}, "No column of file", "The columns are: ."),
        ('"title,b\n1,2\n', {}, "The row of names in file cannot be read: a quotation", "Correct it, or"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_as_a_table(data: str, columns: dict[str, str], message: str, next_step: str) -> None:
    """Without a title or an abstract, and for a column that is not there, the error says what columns there are."""
    with pytest.raises(UnreadableSource) as raised:
        parse(data, columns)
    assert raised.value.message.startswith(message)
    assert next_step in raised.value.next_step


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("only one", "row 3: it has 1 cells, the row of names has 3"),
        ("a,b,c,d", "row 3: it has 4 cells, the row of names has 3"),
        ("a,b\0,c", "row 3: it holds NUL bytes"),
        ('a,"never closed,c', "row 3: a quotation mark is never closed"),
        ('a,"closed" late,c', "row 3: a quotation mark stands within a quoted cell"),
        (
            "a," + "x" * 140_000 + ",c",
            "row 3: a cell is longer than 131,072 characters, or a quotation mark is never closed",
        ),
        (",,2000", "row 3: The paper's title is missing."),
        ("x" * 4_001 + ",a,2000", "row 3: The paper's title is longer than 4,000 characters."),
    ],
    ids=range(8),
)
def test_a_broken_row_costs_itself_only(row: str, reason: str) -> None:
    """What is wrong is named with row and line, and the rows around it are read."""
    read, report = parse(f"title,abstract,year\nOne,a,2001\n{row}\nTwo,a,2002\nThree,a,2003\n")
    assert [paper.title for paper in read] == ["One", "Two", "Three"]
    assert told(report) == [Note("skipped", "file:3", reason)]
    assert report.read == 4


def test_a_quote_that_is_never_closed_does_not_swallow_what_follows() -> None:
    """Also where later rows have quotes of their own, which would close it."""
    rows = ['"Open,a', 'One,"a"', '"Two","b ""c"" d"', '"Three', 'lines",d']
    read, report = parse("title,abstract\n" + "\n".join(rows))
    assert [paper.title for paper in read] == ["One", "Two", "Three lines"]
    assert [note.where for note in told(report)] == ["file:2"]


def test_tabs_without_quoting() -> None:
    """Many writers of tabs do not quote: a quotation mark is text then."""
    read, report = parse('title\tabstract\n"Deep" nets\ta "b" c\n"Shallow" ones\t"x\n')
    assert [(paper.title, paper.abstract) for paper in read] == [('"Deep" nets', 'a "b" c'), ('"Shallow" ones', '"x')]
    assert told(report) == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [("704.0291", "0704.0291"), ("1501.00096", "1501.00096"), ("1501.0009599999998", "1501.00096")],
)
def test_arxiv_numbers_that_were_decimal(written: str, kept: str) -> None:
    """A spreadsheet takes arXiv numbers for decimal numbers; they are mended where that is certain, and it is said."""
    for column in ("arxiv_id", "id"):
        (paper,), report = parse(f"title,{column}\nT,{written}\n")
        assert paper.id == kept
        assert report.counts["repaired"] == (written != kept)


def test_other_numbers_that_were_decimal() -> None:
    """Programs make decimal numbers of a column that has gaps."""
    (paper, gap), report = parse("title,pmid,upvotes,year\nT,123.0,7,2020.0\nU,nan,,\n")
    assert (paper.identifiers, paper.upvotes, paper.published) == (("pmid:123",), 7, "2020")
    assert (gap.identifiers, gap.upvotes, gap.published) == ((), None, None)
    assert told(report) == [Note("repaired", "file:2", "the pmid number 123.0 had gone through a decimal number: 123")]


def test_ids() -> None:
    """An id is kept, but bare numbers are not: they number rows, and two tables would replace each other's papers."""
    read, report = parse("id,title\nx-1,One\n17,Two\n3.0,Three\n")
    assert [paper.id for paper in read] == ["x-1", "two", "three"]
    assert report.notes[0] == Note("guessed", "file:1", "column 'id' is the id, bare numbers left out")
    assert [paper.id for paper in parse("id,title\n17,Two\n", {"id": "id"})[0]] == ["17"]


@pytest.mark.parametrize(
    ("cells", "published"),
    [
        ({"year": "2024"}, "2024"),
        ({"date": "2024-06-25 00:00:00"}, "2024-06-25"),
        ({"date": "25/06/2024"}, "2024-06-25"),
        ({"date": "3/4/2024"}, "2024"),
        ({"Publication Date": "Jun 2024", "Year": "2024"}, "2024-06"),
        ({"date": "soon", "year": "2024"}, "2024"),
        ({"year": "NA"}, None),
    ],
)
def test_dates(cells: dict[str, str], published: str | None) -> None:
    """The first date column that can be read; what is not certain in it is left out."""
    assert one(**cells).published == published


@pytest.mark.parametrize(
    ("cells", "authors", "categories"),
    [
        ({"authors": "A. Bee, C. Dee", "tags": "x, y"}, ("A. Bee", "C. Dee"), ("x", "y")),
        ({"authors": "Bee, A.; Dee, C.", "tags": "x; y, z"}, ("A. Bee", "C. Dee"), ("x", "y, z")),
        ({"authors": "['Ann Bee', \"C. O'Dee\"]", "tags": "['x', 'y, z']"}, ("Ann Bee", "C. O'Dee"), ("x", "y, z")),
        ({"authors": '["Ann Bee", null, 3]', "tags": "[broken"}, ("Ann Bee",), ("[broken",)),
    ],
)
def test_lists_in_cells(cells: dict[str, str], authors: tuple[str, ...], categories: tuple[str, ...]) -> None:
    """Lists with any of the usual delimiters, and as programs write them."""
    paper = one(**cells)
    assert (paper.authors, paper.categories) == (authors, categories)


def test_a_list_of_lists_of_lists() -> None:
    """A cell that is made to exhaust a parser costs no more than itself."""
    read, _ = parse(f"title,tags,authors\nT,x|y,{'[' * 10_000}{']' * 10_000}\n")
    assert [(paper.title, paper.categories) for paper in read] == [("T", ("x", "y"))]


def test_faults_in_what_is_not_needed() -> None:
    """A wrong link, count or DOI costs itself and is reported."""
    (paper,), report = parse("title,url,upvotes,doi\nT,javascript:alert(1),many,unknown\n")
    assert paper == Paper("t", "T", source="csv")
    assert [note.kind for note in told(report)] == ["repaired"] * 3


def test_other_encodings() -> None:
    """Windows-1252 costs a note at each row that holds it, also where a cell has many lines."""
    read, report = parse('title,abstract\nCafé,a\nTea,"b\né"\nMilk,c\n'.encode("cp1252"))
    assert [(paper.title, paper.abstract) for paper in read] == [("Café", "a"), ("Tea", "b é"), ("Milk", "c")]
    assert [(note.kind, note.where) for note in told(report)] == [("repaired", "file:2"), ("repaired", "file:3")]


@settings(max_examples=200)
@given(st.binary(max_size=80) | st.text('"",\n\rab;\té\0', max_size=80).map(str.encode))
def test_nothing_makes_it_fail(data: bytes) -> None:
    """Any bytes give papers or notes, never an error, and every row is one or the other."""
    read, report = parse(b"title,abstract\n" + data)
    assert report.read == len(read) + report.counts["skipped"]


@given(st.lists(st.tuples(st.text("ab \",\n;'é", min_size=1).filter(str.strip), st.text("ab \",\n;'é")), max_size=5))
def test_what_was_written_is_read(rows: list[tuple[str, str]]) -> None:
    """Whatever stands in the cells, a table that Python wrote is read without a fault."""
    data = io.StringIO()
    csv.writer(data).writerows([("title", "abstract"), *rows])
    read, report = parse(data.getvalue())
    assert [paper.title for paper in read] == [" ".join(title.split()) for title, _ in rows]
    assert report.counts["skipped"] == 0


def test_a_file_cut_anywhere_gives_what_comes_before() -> None:
    """Wherever the file ends, the rows before are read, and the last one as far as it goes, or reported."""
    head, _, rows = FULL.encode().partition(b"\n")
    data = head + b"\n" + rows * 3
    whole, _ = parse(data)
    for end in range(len(head), len(data)):
        read, report = parse(data[:end])
        assert len(read) <= 3
        assert read[: end // len(rows) - 1] == whole[: len(read[: end // len(rows) - 1])]
        assert report.read == len(read) + report.counts["skipped"]


@pytest.mark.parametrize(
    "rows",
    ['"open,b\n' * 3_000, '"a" b,c\n' * 3_000, '"' * 400_000, "a,b\n" * 10 + '"' + "x" * 5_000_000, "," * 3_000_000],
    ids=["open", "late", "quotes", "long", "commas"],
)
def test_hostile_rows_take_a_moment(rows: str) -> None:
    """Rows that take what follows are looked at again only as far as a cell may reach."""
    start = time.process_time()
    parse("title,abstract\n" + rows)
    assert time.process_time() - start < 10


def test_memory_does_not_grow_with_the_file() -> None:
    """Ten megabytes of rows need less than half of that."""
    part = b'T,"' + b"word " * 9_000 + b'"\n'
    stream = io.BufferedReader(Endless(b"title,abstract\n", part, 220, b""))
    tracemalloc.start()
    assert sum(1 for _ in table.parse(stream, "file", Report())) == 220
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"id,title,abstract\n", True),
        (b'\xef\xbb\xbf"Paper Title";"Year"\r\n', True),
        (b"sep=;\nTitle;Year\n", True),
        (b"Year\tArticle Title\n", True),
        ("Title\tYear\n".encode("utf-16"), True),
        (b"pmid,abstracts,label", True),
        (b"title\n", False),
        (b"query-id\tcorpus-id\tscore\n", False),
        (b"The title, and what it says about the abstract of a paper that is long, is here\n", False),
        (b'{"title": "a", "abstract": "b"}\n', False),
        (b"title, and a sentence that goes on for quite a while before it comes to its end.\n", False),
        (b"", False),
        (b"\n\n", False),
        (b'"title,\n', False),
    ],
)
def test_recognises(head: bytes, expected: bool) -> None:
    """A first line of several short names, one of which is a usual one of the title or the abstract."""
    assert table.recognises(head) is expected


def test_recognises_no_other_format() -> None:
    """Of all recorded files, the table and no others."""
    assert [path for path in recorded() if table.recognises(path.read_bytes()[:65_536])] == samples("csv")


def test_recorded_file() -> None:
    """A review's table of 851 papers, 48 of them without an abstract."""
    (path,) = samples("csv")
    report = Report()
    with path.open("rb") as stream:
        papers = list(table.parse(stream, path.name, report))
    assert (report.read, len(papers)) == (851, 851)
    assert {kind: count for kind, count in report.counts.items() if count} == {
        "guessed": 5,
        "ignored": 2,
        "missing": 48,
    }
    assert len({paper.id for paper in papers}) == 851
    assert papers[0].id == "pmid:10051933"
    assert papers[0].authors[:2] == ("E J Reimer", "G S Dunn")
    assert papers[0].categories[:3] == ("Acetaminophen", "Adenoidectomy", "Administration, Oral")
    assert papers[0].abstract.startswith("To compare the analgesic effects of preoperative oral clonidine with")
    assert papers[2].authors == ("Tamara Berman", "Virginia I Douglas", "Ronald G Barr")
