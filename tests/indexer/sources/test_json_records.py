"""JSON however it is packed: the same papers from lines, arrays, objects on many lines and answers of interfaces."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import json_lines, json_records
from tests.conftest import SHARED

A = {"id": "a", "title": "A", "abstract": "One."}
B = {"id": "b", "title": "B", "abstract": "Two."}
FORMATS = SHARED / "formats"


def parse(data: bytes | str | Any, name: str = "file") -> tuple[list[Paper], Report]:
    """The papers of a file and its report; what is neither bytes nor text is written as JSON."""
    report = Report()
    text = data if isinstance(data, bytes | str) else json.dumps(data)
    papers = list(json_records.parse(io.BytesIO(text if isinstance(text, bytes) else text.encode()), name, report))
    assert report.read == len(papers) + report.counts["skipped"]
    return papers, report


def told(report: Report) -> list[Note]:
    return [note for note in report.notes if note.kind != "missing"]


def ids(data: bytes | str | Any) -> list[str]:
    """The ids of the papers of a file that needs no note."""
    papers, report = parse(data)
    assert told(report) == []
    return [paper.id for paper in papers]


# Containers

PACKED = {
    "lines": "\n".join(map(json.dumps, (A, B))),
    "lines with a mark, blank lines and carriage returns": "\ufeff\r\n" + "\r\n \r\n".join(map(json.dumps, (A, B))),
    "an array": json.dumps([A, B]),
    "an array on many lines": "\n " + json.dumps([A, B], indent=2),
    "an array with a paper a line": f"\ufeff[\n{json.dumps(A)},\n{json.dumps(B)}\n]\n",
    "an array with half a paper a line": f"[{json.dumps(A)},\n{json.dumps(B)}\n]\n",
    "objects on many lines": "".join(json.dumps(record, indent=2) for record in (A, B)),
    "objects without anything between them": json.dumps(A) + json.dumps(B),
    "arrays": f"{json.dumps([A])}\n{json.dumps([B])}",
    "pages of answers, one a line": f"{json.dumps({'data': [A]})}\n{json.dumps({'data': [B]})}\n",
    "an answer with an end before its papers": json.dumps({"total": 2, "data": [A, B], "next": 3}),
    "an answer on many lines": json.dumps(
        {"meta": {"count": 2, "data": 1}, "results": [A, B], "group_by": []}, indent=1
    ),
    "an answer with one paper a line": f'{{"papers": [\n{json.dumps(A)},\n{json.dumps(B)}\n]}}',
    "an author with papers": json.dumps({"authorId": "1", "name": "Ada", "papers": [A, B]}),
    "authors with papers": json.dumps({"data": [{"authorId": "1", "papers": [A]}, {"authorId": "2", "papers": [B]}]}),
    "what a paper cites": json.dumps({"data": [{"citedPaper": A}, {"contexts": [], "citedPaper": B}]}),
    "what cites a paper": json.dumps({"data": [{"citingPaper": A}, {"citingPaper": B}]}),
    "excerpts": json.dumps({"data": [{"snippet": {"text": "x"}, "paper": A}, {"snippet": {}, "paper": B}]}),
    "an error, then pages": f"{json.dumps({'total': 0, 'offset': 0})}\n{json.dumps({'data': [A, B]})}\n",
}


@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED)
def test_packing_does_not_matter(data: str) -> None:
    """Tools pack the same records in many ways; each of them is read."""
    assert ids(data) == ["a", "b"]


@pytest.mark.parametrize("name", json_records.ENVELOPES)
def test_lists_of_interfaces(name: str) -> None:
    """Interfaces put their papers under various names, before or behind what else they say."""
    assert ids({name: [A, B], "total": 2}) == ids(json.dumps({"total": 2, name: [A, B]}, indent=1)) == ["a", "b"]


@pytest.mark.parametrize(
    "empty",
    [{"data": []}, {"total": 0, "offset": 0}, {"total": 0, "offset": 0, "data": []}, [], {"results": [], "meta": {}}],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_no_results_are_no_fault(empty: Any, indent: int | None) -> None:
    """An answer without papers is read as zero papers, and nothing is to report."""
    papers, report = parse(json.dumps(empty, indent=indent))
    assert (papers, report.read, report.notes) == ([], 0, [])


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("record", [A | {"data": ["x"]}, {"data": ["x"]} | A])
def test_a_paper_with_a_list_of_that_name_stays_a_paper(record: Any, indent: int | None) -> None:
    """A field called "data" makes no answer of a paper, wherever it stands."""
    papers, _ = parse(json.dumps([record], indent=indent))
    assert [paper.id for paper in papers] == ["a"]
    papers, _ = parse(json.dumps(record, indent=indent))
    assert [paper.id for paper in papers] == ["a"]


def test_places() -> None:
    """A record that is skipped is named by its line, or by its number where lines mean nothing."""
    assert told(parse(f"{json.dumps(A)}\n\n{{}}\n")[1]) == [Note("skipped", "file:3", "The paper's title is missing.")]
    expected = [Note("skipped", "file: record 2", "The paper's title is missing.")]
    assert told(parse([A, {}])[1]) == told(parse({"data": [A, {}]})[1]) == expected


# What is no paper


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (None, "a JSON object is expected"),
        ("2022-05-10", "a JSON object is expected"),
        ([A], "a JSON object is expected"),
        ({"error": "Paper with id 0 not found"}, "an error message, not a paper: Paper with id 0 not found"),
        ({"message": "Too Many Requests", "code": "429"}, "an error message, not a paper: Too Many Requests"),
        ({"error": {"code": "x", "message": "No."}}, "an error message, not a paper: No."),
        ({"error": None}, "The paper's title is missing. The record holds error."),
        ({"authorId": "1", "name": "A. Turing"}, "The paper's title is missing. The record holds authorId, name."),
        ({"paperId": None, "year": 1950}, "The paper's title is missing. The record holds paperId, year."),
        ({"title": None, "abstract": None}, "The paper's title is missing."),
        ({"title": ["A"], "abstract": "b"}, "The paper's title must be a string."),
    ],
)
def test_what_is_no_paper_is_told(record: Any, why: str) -> None:
    """Answers hold errors, authors and gaps; each costs itself only, and the report says what it was."""
    papers, report = parse([A, record, B])
    assert [paper.id for paper in papers] == ["a", "b"]
    assert told(report) == [Note("skipped", "file: record 2", why)]


def test_the_names_of_a_long_record_are_cut() -> None:
    """A report stays readable whatever a record holds."""
    (note,) = told(parse([{f"field{n}": n for n in range(1_000)}])[1])
    assert len(note.what) < 200


# Broken files


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (f"[{json.dumps(A)}, {json.dumps(B)[:9]}", ["a"]),
        (f"[{json.dumps(A)}, {{'id': 1}}, {json.dumps(B)}]", ["a"]),
        (f'{{"data": [{json.dumps(A)}], "next": oops}}', ["a"]),
        (f"[{json.dumps(A)}] and more", ["a"]),
        (r"{\rtf1\ansi Some text}", []),
        ("{'title': 'Python, not JSON'}", []),
    ],
)
def test_a_file_that_breaks_off(data: str, read: list[str]) -> None:
    """What stands before the fault is read; that the rest is lost is told once, with its place."""
    papers, report = parse(data)
    assert [paper.id for paper in papers] == read
    (note,) = told(report)
    assert (note.kind, note.where) == ("skipped", f"file: record {len(read) + 1}")
    assert note.what.startswith("not JSON from here on (")
    assert note.what.endswith("); nothing behind it can be read")


@pytest.mark.parametrize("number", ["9" * 5_000, "-" + "9" * 5_000, "9" * 5_000 + ".5", "1e" + "9" * 50, "1e-99999"])
def test_numbers_without_end(number: str) -> None:
    """Parsers crash at numbers of thousands of digits; here such a number is dropped, and that is reported."""
    (paper, last), report = parse(f'[{{"title": "t", "abstract": "x", "upvotes": {number}}}, {json.dumps(B)}]')
    assert (paper.title, paper.upvotes, last.id) == ("t", None, "b")
    assert {note.kind for note in told(report)} == {"repaired"}
    assert parse(f"[{number}")[0] == parse(f'{{"title": {number}')[0] == []  # and the file ends with it


def test_lines_stay_lines_where_the_first_is_broken() -> None:
    """A line that is cut at the top of a dump does not take the rest with it."""
    papers, report = parse(f'{{"id": "cut", "title\n{json.dumps(A)}\n{json.dumps(B)}\n')
    assert [paper.id for paper in papers] == ["a", "b"]
    assert [(note.kind, note.where) for note in told(report)] == [("skipped", "file:1")]


@pytest.mark.parametrize("pack", ["%s\n{}", "[%s, {}]"])
@pytest.mark.parametrize(
    ("text", "title", "repaired"),
    [
        (b"half \\ud83d face", "half \ufffd face", True),
        (b"half \\ude00 \\ud83d\\u0041 face", "half \ufffd \ufffdA face", True),
        (b"whole \\ud83d\\ude00 face", "whole \U0001f600 face", False),
        (b"no escape: \\\\ud83d", "no escape: \\ud83d", False),
        (b"cut \xff off", "cut \ufffd off", True),
        (b"bell \x07", "bell \ufffd", True),
        (b"tab\there", "tab here", False),
        (b'NaN, [NaN] and \\"NaN\\" -Infinity', 'NaN, [NaN] and "NaN" -Infinity', False),
    ],
)
def test_characters_in_any_packing(pack: str, text: bytes, title: str, repaired: bool) -> None:
    """Half characters and broken bytes cost themselves, once reported a record; what looks like them is left alone."""
    papers, report = parse(pack.encode() % (b'{"abstract": "x", "title": "' + text + b'", "upvotes": NaN}'))
    assert [(paper.title, paper.upvotes) for paper in papers] == [(title, None)]
    assert [note.what for note in told(report)] == ["unreadable characters were replaced by U+FFFD"] * repaired + [
        "The paper's title is missing."
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pieces_may_end_anywhere(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a read ends inside a character, a string, an escape or a number makes no difference."""
    text = (
        '{"data": [{"title": "Ä \\ud83d\\ude00 \\ud83d \\\\", "upvotes": NaN, "comments": 12},'
        ' {"title": "-NaN", "upvotes": -Infinity}]}'
    )
    monkeypatch.setattr(json_records, "PIECE", size)
    papers, _ = parse(text)
    assert [(paper.title, paper.upvotes, paper.comments) for paper in papers] == [
        ("Ä \U0001f600 \ufffd \\", None, 12),
        ("-NaN", None, None),
    ]


# Limits


class Endless(io.RawIOBase):
    """A file that begins, and then goes on: for limits on what is held of it."""

    def __init__(self, begin: bytes, more: bytes, times: int, end: bytes = b"") -> None:
        self.pieces = iter([begin, *[more] * times, end])

    def read(self, size: int = -1) -> bytes:
        assert size != 0
        return next((piece for piece in self.pieces if piece), b"")


PLENTY = 60
"""Pieces of 16 KiB: a file of 1 MB, of which a twentieth may be held."""

GIANTS = {
    "a line": (b'{"title": "', b"x" * 16_384, b'"}\n' + json.dumps(A).encode()),
    "a string in an array": (b'[{"id": "a", "title": "A", "abstract": "One."}, {"title": "', b"x" * 16_384, b'"}]'),
    "a word in an array": (b'[{"id": "a", "title": "A", "abstract": "One."}, ', b"9" * 16_384, b"]"),
    "a record in an array": (b'[{"title": "t", "x": [0', b", 1234567" * 1_820, b"]}, " + json.dumps(A).encode() + b"]"),
    "many fields": (b'[{"title": "t"', b', "x": {"y": "zzzzzzzzzzzz"}' * 600, b"}, " + json.dumps(A).encode() + b"]"),
    "openings": (b"[" + json.dumps(A).encode() + b", ", b"[" * 16_384, b""),
    "an object outside": (b'{\n"title": "t",\n"x": [0', b", 1234567" * 1_820, b"]}\n\n" + json.dumps(A).encode()),
    "an answer": (
        b'{"n": 1, "data": [], "x": [0',
        b", 1234567" * 1_820,
        b'], "data": [' + json.dumps(A).encode() + b"]}",
    ),
}


@pytest.mark.parametrize(("begin", "more", "end"), GIANTS.values(), ids=GIANTS)
def test_giants_are_not_held(begin: bytes, more: bytes, end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record without end is passed over in bounded memory, and papers around it are read where they can be."""
    monkeypatch.setattr(json_lines, "MAX_LINE", 50_000)
    monkeypatch.setattr(json_records, "PIECE", 16_384)
    report = Report()
    tracemalloc.start()
    papers = list(json_records.parse(Endless(begin, more, PLENTY, end), "file", report))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [paper.id for paper in papers] == ["a"]
    assert report.counts["skipped"] == ("data" not in begin.decode())
    assert peak < 2_000_000


def test_many_records_are_a_stream() -> None:
    """Memory does not grow with the number of records, and the first paper comes before the last is read."""

    def count(stream: Endless) -> Iterator[int]:
        report = Report()
        for number, _ in enumerate(json_records.parse(stream, "file", report), 1):  # type: ignore[arg-type]
            yield number

    more = (b"," + json.dumps(A | {"abstract": "x" * 6_000}).encode()) * 3
    stream = Endless(b"[" + json.dumps(A).encode(), more, 300, b"]")
    numbers = count(stream)
    assert next(numbers) == 1
    assert len(list(stream.pieces)) > 290
    stream = Endless(b"[" + json.dumps(A).encode(), more, 300, b"]")
    tracemalloc.start()
    assert max(count(stream)) == 901
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("pack", [b"%s\n%s", b"[%s, %s]", b'{"data": [%s, %s]}'])
@pytest.mark.parametrize("depth", [150, 500, 900, 5_000, 100_000])
def test_depth_is_no_trap(pack: bytes, depth: int) -> None:
    """A record that nests without end is skipped or kept without its strange field; the one behind it is read."""
    deep = b'{"title": "t", "abstract": "x", "authors": ' + b'[{"x": ' * depth + b"1" + b"}]" * depth + b"}"
    papers, report = parse(
        pack % (json.dumps(B).encode(), deep) if b"\n" in pack else pack % (deep, json.dumps(B).encode())
    )
    assert "b" in [paper.id for paper in papers]
    assert report.read == 2
    assert told(report)


# Properties

KEYS = st.sampled_from(
    [
        *("id", "_id", "title", "abstract", "text", "authors", "published", "date", "url", "categories", "version"),
        *("paper", "publishedAt", "submittedOnDailyAt", "summary", "upvotes", "numComments", "ai_keywords"),
        *("paperId", "externalIds", "corpusid", "externalids", "publicationDate", "year", "s2FieldsOfStudy", "venue"),
        *("publicationVenue", "journal", "citations", "abstract_inverted_index", "authorships", "ids", "doi", "topics"),
        *("concepts", "locations", "primary_location", "open_access", "display_name", "publication_date"),
        *("authors_parsed", "versions", "update_date", "journal-ref", "citedPaper", "snippet", "authorId", "papers"),
        *(
            "data",
            "results",
            "error",
            "message",
            "total",
            "name",
            "author",
            "source",
            "created",
            "DOI",
            "ArXiv",
            "score",
        ),
    ]
)
TEXTS = st.sampled_from(
    ["", "t", "2405.15738v2", "704.0291", "https://openalex.org/W1", "v2", "Mon, 2 Apr 2007 19:18:42 GMT", "2024-06-25"]
) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
RECORDS = st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=8), min_size=1, max_size=5)


@settings(max_examples=100)
@given(RECORDS)
def test_every_packing_gives_the_same_papers(records: list[dict[str, Any]]) -> None:
    """Whatever types stand where, nothing is raised, each record is a paper or skipped, and packing is all the same."""
    papers, report = parse(records)
    for packed in (json.dumps(records, indent=1), {"results": records}, {"meta": {}, "data": records}):
        again, other = parse(packed)
        assert (again, other.counts) == (papers, report.counts)


@settings(max_examples=100)
@given(RECORDS)
def test_lines_give_the_same_papers(records: list[dict[str, Any]]) -> None:
    """A line is read by another parser than an array; they agree."""
    first = json.dumps(A)
    papers, report = parse("\n".join([first, *map(json.dumps, records)]))
    again, other = parse(f"[{', '.join([first, *map(json.dumps, records)])}]")
    assert (papers, report.counts) == (again, other.counts)


@settings(max_examples=100)
@given(
    st.sampled_from([b"", b"{", b"[", b'{"data": [', b'[{"title": "t"}, ', b'{"title": "t"}\n']),
    st.binary(max_size=200),
)
def test_random_bytes(begin: bytes, rest: bytes) -> None:
    """Whatever follows a beginning that looks like JSON, nothing is raised and nothing is lost silently."""
    parse(begin + rest)


@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED)
def test_cut_anywhere(data: str) -> None:
    """A file that was cut gives the papers before the cut, and tells where it broke off."""
    whole = data.encode()
    papers, _ = parse(whole)
    for end in range(len(whole)):
        read, _ = parse(whole[:end])
        assert read == papers[: len(read)]


@pytest.mark.parametrize("data", [[A, B], {"data": [A, B]}, A])
@pytest.mark.parametrize("indent", [None, 1])
def test_every_cut_is_told(data: Any, indent: int | None) -> None:
    """Wherever a file broke off before its end, one note says so."""
    whole = json.dumps(data, indent=indent).encode()
    for end in range(1, len(whole)):
        (note,) = told(parse(whole[:end])[1])
        assert note.what.startswith("not JSON")


# Recorded files


def recorded(folder: str) -> list[Path]:
    path = FORMATS / folder
    return sorted(path.iterdir()) if path.exists() else []


@pytest.mark.skipif(not FORMATS.exists(), reason="the recorded samples are not beside this checkout")
def test_only_json_is_claimed() -> None:
    """Of every recorded file of other formats none is taken for JSON, nor is the page of HTML among the answers."""
    claimed = {
        path.parent.name
        for folder in FORMATS.iterdir()
        for path in folder.iterdir()
        if json_records.recognises(path.read_bytes()[:65_536])
    }
    assert claimed == {"hf", "s2", "openalex", "arxiv_kaggle"}
    assert [
        path.name for folder in claimed for path in recorded(folder) if not json_records.recognises(path.read_bytes())
    ] == ["paperqa_19_404.json"]
