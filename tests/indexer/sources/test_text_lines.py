"""Lines of text: encodings, line ends, lines without end."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources import text_lines
from indexer.sources.text_lines import Line, beginning, lines, whole_lines


def read(data: bytes) -> list[Line]:
    return list(lines(io.BytesIO(data)))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    """The same lines, however they are written; the last one needs no end."""
    data = f"é{end}{end}z".encode(encoding)
    assert read(data) == [Line(1, "é"), Line(2, ""), Line(3, "z")]
    assert beginning(data) == ["é", "", "z"]
    assert list(lines(io.BufferedReader(io.BytesIO(data)))) == read(data)


def test_lines_that_are_not_utf8() -> None:
    """They are read as Windows-1252 and marked, one by one; what that does not know becomes U+FFFD."""
    data = "é\n".encode() + "é – é\n".encode("cp1252") + b"\x81\n" + "\ufffd".encode()
    assert read(data) == [
        Line(1, "é"),
        Line(2, "é – é", mended=True),
        Line(3, "\ufffd", mended=True),
        Line(4, "\ufffd"),
    ]


def test_long_lines_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than a piece is held at once; joined again, a line ends where a record must."""
    monkeypatch.setattr(text_lines, "PIECE", 4)
    monkeypatch.setattr(text_lines, "RECORD", 8)
    pieces = read(b"abcdefghij\nkl\n" + b"m" * 30 + b"\nn")
    assert pieces[:4] == [Line(1, "abcd"), Line(1, "efgh", begins=False), Line(1, "ij", begins=False), Line(2, "kl")]
    assert [(line.number, line.text) for line in whole_lines(pieces)] == [
        (1, "abcdefghij"),
        (2, "kl"),
        (3, "m" * 12),
        (4, "n"),
    ]


@given(st.binary(max_size=80))
def test_any_bytes_are_lines(data: bytes) -> None:
    """Nothing fails, and numbers count up by one."""
    assert [line.number for line in read(data)] == list(range(1, len(read(data)) + 1))
    assert isinstance(beginning(data), list)


def test_the_stream_stays_open() -> None:
    """Who opened a stream closes it."""
    stream = io.BytesIO(b"a\nb\n")
    assert next(lines(stream)) == Line(1, "a")
    list(lines(stream))
    assert not stream.closed
