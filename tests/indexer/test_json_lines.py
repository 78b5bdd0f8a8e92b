"""JSON Lines in our own names: other tools' names, what is mended, what is skipped, and that the rest is read."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.paper import Paper, to_line
from indexer.report import Note, Report
from indexer.sources import json_lines, json_records
from tests.indexer.test_paper import papers

GOOD = b'{"id": "good", "title": "Good"}'


def parse(*lines: bytes | dict[str, Any], end: bytes = b"\n") -> tuple[list[Paper], Report]:
    """The papers of a file called "file" and its report."""
    report = Report()
    data = end.join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return list(json_records.parse(io.BytesIO(data), "file", report)), report


def told(report: Report) -> list[Note]:
    """What is reported besides abstracts that are missing: most papers here have none."""
    return [note for note in report.notes if note.kind != "missing"]


def one(**record: Any) -> Paper:
    """The single paper of a record that needs no note."""
    (paper,), report = parse(record)
    assert told(report) == []
    return paper


@settings(max_examples=60, deadline=None)
@given(st.lists(papers(), max_size=4), st.sampled_from([b"\n", b"\r\n", b"\n\n \n"]))
def test_reading_undoes_writing(written: list[Paper], end: bytes) -> None:
    """Our own lines come back as the same papers, with nothing to report."""
    read, report = parse(*[to_line(paper).encode() for paper in written], end=end)
    assert read == written
    assert (report.read, told(report)) == (len(written), [])
    assert report.counts["missing"] == sum(not paper.title or not paper.abstract for paper in written)


# Names


def test_beir_names() -> None:
    """A corpus in the BEIR layout (`_id`, `title`, `text`) is read as it is."""
    assert one(_id="d1", title="Speech", text="It talks.") == Paper("d1", "Speech", abstract="It talks.")


@pytest.mark.parametrize(
    ("alias", "value", "field", "kept"),
    [
        ("_id", "x", "id", "x"),
        ("text", "It talks.", "abstract", "It talks."),
        ("summary", "It talks.", "abstract", "It talks."),
        ("date", "2025-06", "published", "2025-06"),
        ("n_authors", 4, "author_count", 4),
        ("daily_date", "2025-06-23", "daily", "2025-06-23"),
    ],
)
def test_aliases(alias: str, value: Any, field: str, kept: Any) -> None:
    """Common names of our fields are understood, and a field that is unknown (null) leaves room for them."""
    assert getattr(one(**{"title": "t", alias: value}), field) == kept
    assert getattr(one(**{"title": "t", alias: value, field: None}), field) == kept


def test_our_own_name_wins() -> None:
    """Where a record has both names, ours counts, whichever comes first."""
    assert one(text="theirs", title="t", abstract="ours").abstract == "ours"
    assert one(_id="theirs", id="ours", title="t").id == "ours"


def test_unknown_fields_are_named_once() -> None:
    """A million records with a field that we have no place for make one note, at its first line."""
    record = {"title": "t", "volume": "X"}
    read, report = parse(record, record, record | {"pages": "1-2"})
    assert len(read) == 3
    assert told(report) == [
        Note("ignored", "file:1", "field 'volume' is not part of a paper"),
        Note("ignored", "file:3", "field 'pages' is not part of a paper"),
    ]


# Mending


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [(17, "17"), (0, "0"), (-1, "-1"), (10**30, "1" + "0" * 30), ("007", "007"), (2405.15738, "2405.15738")],
)
def test_numbers_that_lost_nothing_become_ids(given_id: object, kept: str) -> None:
    """Tools that number their papers write the id without quotes, and some take an arXiv id for a number."""
    assert one(id=given_id, title="t").id == kept


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [(704.0291, "0704.0291"), (1501.0009599999998, "1501.00096"), ("704.0291", "0704.0291"), (1312.1, "1312.1000")],
)
def test_ids_that_went_through_a_number_get_their_zeros_back(given_id: object, kept: str) -> None:
    """arXiv ids that a spreadsheet took for numbers lost zeros at known places; putting them back is reported."""
    (paper,), report = parse({"id": given_id, "title": "t"})
    assert (paper.id, paper.identifiers) == (kept, (f"arxiv:{kept}",))
    what = f"the arXiv id {given_id} had gone through a decimal number: {kept}"
    assert told(report) == [Note("repaired", "file:1", what)]


@pytest.mark.parametrize("given_id", [7.0, 704.0, True, [], {}])
def test_ids_that_cannot_be_mended_are_refused(given_id: object) -> None:
    """A number that was no arXiv id, and what is no name at all: such records are skipped, not guessed."""
    read, report = parse({"id": given_id, "title": "t"}, GOOD)
    assert [paper.id for paper in read] == ["good"]
    assert told(report) == [Note("skipped", "file:1", "The paper's id must be a string.")]


@pytest.mark.parametrize("record", [{"id": None}, {}, {"_id": None}, {"id": ""}])
def test_a_missing_id_comes_from_the_title(record: dict[str, Any]) -> None:
    """Null, empty and absent ids are alike: the paper gets one from its title."""
    assert one(title="Talking Faces", **record).id == "talking-faces"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2025-06-23T10:20:30Z", "2025-06-23"),
        ("2025-06-23T10:20:30.123+02:00", "2025-06-23"),
        ("2025-06-23 10:20:30", "2025-06-23"),
        (" 2025-06 ", "2025-06"),
        ("", None),
        (None, None),
    ],
)
def test_time_of_day_is_cut(written: str | None, kept: str | None) -> None:
    """Feeds write the second; a paper's date is a day, and a blank one is unknown."""
    assert one(title="t", published=written).published == kept


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("published", "Tue, 23 Jun 2025 10:00:00 GMT", "published must be a date"),
        ("published", "Sep 25", "published must be a date"),
        ("published", "2025-02-30T00:00:00Z", "published is not a day of the calendar"),
        ("published", 2025.5, "published must be a date"),
        ("url", "javascript:alert(1)", "url must start with http"),
        ("url", "arxiv.org/abs/1", "url must start with http"),
        ("url", "http://a b", "url must start with http"),
        ("url", "https://" + "x" * 2_000, "url is longer than 2,000"),
        ("upvotes", 1.5, "upvotes must be a whole number"),
        ("comments", -1, "comments must be a whole number"),
        ("authors", 5, "authors must be a list of strings"),
        ("categories", [None], "category must be a string"),
    ],
)
def test_a_fault_in_what_is_not_needed_costs_that_alone(field: str, value: object, reason: str) -> None:
    """A paper is not lost for the sake of its date, link or votes: they are dropped, and the report says so."""
    (paper,), report = parse({"title": "t", "abstract": "a", "source": "s", field: value})
    assert paper == Paper("t", "t", "a", source="s")
    (note,) = told(report)
    assert (note.kind, note.where) == ("repaired", "file:1")
    assert reason in note.what
    assert note.what.endswith("was dropped")
    assert len(note.what) < 250


@pytest.mark.parametrize("url", [None, "", "  ", " https://example.org "])
def test_blank_and_padded_links_are_no_faults(url: str | None) -> None:
    """Blanks around a link, or instead of one, are nothing to report."""
    assert one(title="t", url=url).url == (url.strip() or None if url else None)


@pytest.mark.parametrize(
    ("line", "title", "authors"),
    [
        (b'{"title": "half \\ud83d face"}', "half \ufffd face", ()),
        (b'{"title": "t", "authors": ["A\\u0000", "B"]}', "t", ("A\ufffd", "B")),
        (b'{"title": "cut \xff off"}', "cut \ufffd off", ()),
        (b'{"title": "bell\\u0007"}', "bell\ufffd", ()),
    ],
)
def test_unreadable_characters_are_replaced(line: bytes, title: str, authors: tuple[str, ...]) -> None:
    """Lone surrogates, control characters and broken UTF-8 cost one character each, once reported a line."""
    (paper,), report = parse(line)
    assert (paper.title, paper.authors) == (title, authors)
    assert told(report) == [Note("repaired", "file:1", "unreadable characters were replaced by U+FFFD")]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
def test_numbers_that_are_none_are_unknown(number: bytes) -> None:
    """Tools write NaN for what they do not know; it is unknown here too, and nothing to report."""
    (paper,), report = parse(b'{"title": "t", "id": %s, "upvotes": %s}' % (number, number))
    assert (paper.id, paper.upvotes, told(report)) == ("t", None, [])


def test_a_replacement_character_of_the_file_is_no_damage() -> None:
    """U+FFFD that stands in the file was read correctly; there is nothing to report."""
    read, report = parse('{"title": "was \ufffd before"}'.encode())
    assert ([paper.title for paper in read], told(report)) == (["was \ufffd before"], [])


def test_byte_order_mark_and_empty_lines() -> None:
    """A byte order mark and blank lines are no papers and no faults; line numbers still count them."""
    read, report = parse(b"\xef\xbb\xbf" + GOOD, b"", b"  ", b"\t\r", b"{", b"")
    assert ([paper.id for paper in read], report.read) == (["good"], 2)
    assert [(note.kind, note.where) for note in told(report)] == [("skipped", "file:5")]


def test_what_a_paper_lacks_is_told() -> None:
    """A paper without a title or without an abstract is kept and its gap reported; one with both is not mentioned."""
    read, report = parse({"title": "Speech"}, {"text": "It talks."}, {"title": "Both", "text": "Here."})
    assert [(paper.title, paper.abstract) for paper in read] == [("Speech", ""), ("", "It talks."), ("Both", "Here.")]
    assert report.notes == [
        Note("missing", "file:1", "abstract of 'Speech'"),
        Note("missing", "file:2", "title of 'It talks.'"),
    ]


# Skipping


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"title": ', "not JSON"),
        (b"{'title': 't'}", "not JSON"),
        (b'{"title": "t"} {"title": "u"}', "not JSON (Extra data)"),
        (b"[" * 100_000, "not JSON"),
        (b'{"title": ' * 100_000, "not JSON"),
        (b'{"title": "t", "upvotes": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b'["title", "t"]', "a JSON object is expected"),
        (b"null", "a JSON object is expected"),
        (b'"title"', "a JSON object is expected"),
        (b"{}", "The paper's title is missing."),
        (b'{"title": ""}', "The paper's title is empty."),
        (b'{"title": "t", "id": "a\\u0000"}', "The paper's id holds control characters"),
    ],
)
def test_a_bad_line_costs_itself_only(line: bytes, reason: str) -> None:
    """What is not a paper is skipped and reported by its line number; the lines around it are read."""
    read, report = parse(GOOD, line, GOOD)
    assert ([paper.id for paper in read], report.read) == (["good", "good"], 3)
    assert [(note.kind, note.where) for note in told(report)] == [("skipped", "file:2")]
    assert told(report)[0].what.startswith(reason)


def test_a_line_over_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless line is skipped without being held, wherever it stands; lines up to the limit are read."""
    monkeypatch.setattr(json_lines, "MAX_LINE", 40)
    padded = b'{"title": "' + b"x" * 26 + b'"}'
    assert len(padded + b"\n") == 40
    read, report = parse(padded, b"y" * 40, b"y" * 95, padded, b"y" * 200)
    assert [paper.title for paper in read] == ["x" * 26, "x" * 26]
    assert told(report) == [Note("skipped", f"file:{line}", "the line is longer than 40 bytes") for line in (2, 3, 5)]


@pytest.mark.parametrize(
    ("head", "expected"),
    [(b"{", True), (b"\xef\xbb\xbf {", True), (b"\n\n {", True), (b"[{", True), (b"title,id", False), (b"", False)],
)
def test_recognises(head: bytes, expected: bool) -> None:
    """What begins with an object or an array is JSON."""
    assert json_records.recognises(head) is expected


def test_identifiers_under_their_own_names() -> None:
    """Other tools write a DOI or an arXiv id into a field of its own; the paper is known by them."""
    paper = one(title="t", doi="https://doi.org/10.1093/MIND/LIX.236.433", arxiv_id="2405.15738v2", pmid=123)
    assert paper.identifiers == ("arxiv:2405.15738", "doi:10.1093/mind/lix.236.433", "pmid:123")
    assert paper.id == "2405.15738"


def test_an_identifier_that_is_none_is_dropped() -> None:
    """What is no DOI is said and left out; the paper stays."""
    read, report = parse({"title": "t", "doi": "unknown"})
    assert [paper.identifiers for paper in read] == [()]
    assert Note("repaired", "file:1", "doi 'unknown' is no doi identifier; it was dropped") in report.notes
