"""JSON, however it is packed: one paper a line, arrays, objects on many lines, answers of interfaces.

What a record is called in is told by each record itself: every module of `SHAPES` knows one tool's names, and what
none of them knows is read in our own. Nothing here holds more than one record.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import Any, BinaryIO, Final, Protocol

import ijson  # type: ignore[import-untyped]

from indexer.errors import InvalidPaper, shorten
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources import arxiv_snapshot, csl_json, huggingface, json_lines, openalex, semantic_scholar

PIECE: Final = 65_536
"""Bytes read at a time."""

MAX_DEPTH: Final = 200
"""Objects and lists within each other. Records of papers have a dozen."""

ENVELOPES: Final = ("data", "results", "papers", "recommendedPapers", "dailyPapers", "items", "records", "works")
"""Under what names interfaces put their lists of papers."""

_ENVELOPE = re.compile(rf'"(?:{"|".join(ENVELOPES)})"\s*:\s*\['.encode())
_STRING = r'"(?:[^"\\]++|\\.)*+'
_TOKEN = re.compile(
    rf"""(?P<begun>(?:{_STRING}\\?|(?<![-+.\w])[-+.\w]++)\Z)
    | (?P<string>{_STRING}")
    | (?<![-+.\w])(?:-?(?:NaN|Infinity)\b | (?P<long>-?\d[-+.\w]{{600,}}+ | -?[\d.]++[eE][-+]?\d{{4,}}+))""",
    re.DOTALL | re.VERBOSE,
)
"""Strings and words that end with the text and may go on; strings; numbers that are none in JSON or too long."""
_ODD = re.compile(
    r"(?P<control>[\x00-\x1f])|\\(?:u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(?P<lone>u[dD][89a-fA-F]\w\w)|.)", re.DOTALL
)
"""Control characters as they are, and half a pair of escapes; whole pairs and other escapes are passed over."""
_UNREADABLE: Final = r'"\u001a"'
_TEXTS: Final = ("title", "abstract", "text", "summary")
_OF_A_PAPER: Final = (*_TEXTS, "paperId")


class _Shape(Protocol):
    def matches(self, record: Mapping[str, Any], /) -> bool: ...
    def paper(self, record: Mapping[str, Any], where: str, report: Report, /) -> Paper: ...


SHAPES: Final[tuple[_Shape, ...]] = (huggingface, semantic_scholar, openalex, arxiv_snapshot, csl_json)
"""In the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """What stands where a record should, and cannot be read."""

    why: str


def recognises(head: bytes) -> bool:
    """Whether the content begins as an object or an array."""
    return head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in {b"{", b"["}


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of a stream; what is not a paper is skipped and reported by its line or its number."""
    ignored: set[str] = set()
    for where, value in _values(stream, name):
        for record in _records(value):
            report.read += 1
            try:
                paper = _paper(record, where, report, ignored)
            except InvalidPaper as error:
                report.note("skipped", where, error.message + _held(record))
            except RecursionError:
                report.note("skipped", where, "objects stand within each other too deeply")
            else:
                yield paper


def _values(stream: BinaryIO, name: str) -> Iterator[tuple[str, object]]:
    """Every value of the stream with its place, in lines where the stream is made of lines."""
    pieces = iter(lambda: stream.read(PIECE), b"")
    head = next(pieces, b"").removeprefix(codecs.BOM_UTF8).lstrip(b" \t")
    while head[:1] == b"{" and b"\n" not in head and len(head) < json_lines.MAX_LINE and (more := next(pieces, b"")):
        head += more
    if _is_lines(head):
        for number, line in enumerate(json_lines.split(chain([head], pieces)), 1):
            if line is None or line.strip():
                yield f"{name}:{number}", _line(line)
    else:
        # In small pieces: the parser holds all that it finds in one.
        begin = (head[start : start + PIECE] for start in range(0, len(head), PIECE))
        for number, value in enumerate(_Documents(chain(begin, pieces)), 1):
            yield f"{name}: record {number}", value


def _is_lines(head: bytes) -> bool:
    """Whether lines are values of their own: the first is a record, or most of those that can be seen are."""
    lines = [line for line in head.split(b"\n") if line.strip()]
    if not lines or lines[0].lstrip()[:1] != b"{":
        return not lines
    if len(lines) == 1 and len(head) >= json_lines.MAX_LINE:  # no end in sight
        return not _ENVELOPE.search(head, 0, PIECE)
    return _is_record(lines[0]) or sum(map(_is_record, lines)) * 2 >= len(lines)


def _is_record(line: bytes) -> bool:
    value = _line(line)
    return isinstance(value, dict) and not _lists(value)


def _line(line: bytes | None) -> object:
    if line is None:
        return _Fault(f"the line is longer than {json_lines.MAX_LINE:,} bytes")
    try:
        return json_lines.decode(line)
    except InvalidPaper as error:
        return _Fault(error.message)


def _lists(answer: Mapping[str, Any]) -> list[list[Any]]:
    """The lists of papers in an answer of an interface; a paper itself is none."""
    return [] if _is_paper(answer) else [answer[key] for key in ENVELOPES if isinstance(answer.get(key), list)]


def _is_paper(record: Mapping[str, Any]) -> bool:
    return not record.keys().isdisjoint(_OF_A_PAPER)


def _records(value: object) -> Iterator[object]:
    """The records that a value stands for: lists of references, authors and excerpts hold their papers inside."""
    if not isinstance(value, dict):
        yield value
    elif isinstance(inner := value.get("citedPaper", value.get("citingPaper")), dict):
        yield inner
    elif "snippet" in value and isinstance(value.get("paper"), dict):
        yield value["paper"]
    elif lists := _lists(value):
        yield from chain.from_iterable(lists)
    elif not (value.get("total") == 0 and set(value) <= {"total", "offset", "token"}):  # an answer without results
        yield value


class _Text:
    """A stream as the parser of ijson can take it.

    It ends at NaN and at broken characters, which Python's own reads, and crashes at numbers of more digits than Python
    converts (ijson 3.6 with yajl). They become `null` and the escape of a control character, as in lines. `waiting`
    counts the bytes that were read since the parser last gave something, all of which it holds.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.waiting = 0
        self._pieces = pieces
        self._decoder = codecs.getincrementaldecoder("utf-8")(json_lines.UNREADABLE)
        self._begun = ""

    def read(self, size: int) -> bytes:
        """About `size` bytes; none at the end."""
        while size and (piece := next(self._pieces, None)) is not None:
            self.waiting += len(piece)
            if self.waiting > json_lines.MAX_LINE + 2 * PIECE:
                raise ValueError(f"a value is longer than {json_lines.MAX_LINE:,} bytes")
            text, self._begun = self._begun + self._decoder.decode(piece), ""
            if ready := _TOKEN.sub(self._mend, text):
                return ready.encode()
        rest, self._begun = (self._begun, "") if size else ("", self._begun)
        return (_TOKEN.sub(self._mend, f"{rest} ") if rest[:1] not in {"", '"'} else rest).encode()

    def _mend(self, match: re.Match[str]) -> str:
        if match["begun"]:
            self._begun = match["begun"]
            return ""
        if match["string"]:
            return _ODD.sub(_escape, match["string"])
        return _UNREADABLE if match["long"] else "null"


def _escape(match: re.Match[str]) -> str:
    if match["control"]:
        return f"\\u{ord(match[0]):04x}"
    return _UNREADABLE.strip('"') if match["lone"] else match[0]


class _Documents:
    """The records in JSON values that follow each other: their items where they are lists or answers of interfaces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._text = _Text(pieces)
        self._events = self._counted(ijson.basic_parse(self._text, multiple_values=True, buf_size=PIECE))

    def __iter__(self) -> Iterator[object]:
        try:
            for event, value in self._events:
                if event == "start_map":
                    yield from self._object()
                else:
                    yield from self._items() if event == "start_array" else [value]
        except (ijson.JSONError, ValueError, ArithmeticError) as error:
            yield _Fault(f"not JSON from here on ({_first_line(error)}); nothing behind it can be read")

    def _counted(self, events: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        for event in events:
            self._text.waiting = 0
            yield event

    def _items(self) -> Iterator[object]:
        for event, value in self._events:
            if event == "end_array":
                return
            room = _Room()
            found = self._value(event, value, room)
            yield room.fault or found

    def _object(self) -> Iterator[object]:
        """An object on the outside: the items of its list where it is the answer of an interface, else itself."""
        record: dict[str, Any] = {}
        room, answer = _Room(), False
        for event, key in self._events:
            if event == "end_map":
                break
            kind, value = next(self._events)
            if kind == "start_array" and key in ENVELOPES and not _is_paper(record):
                answer = True
                yield from self._items()
            else:
                record[key] = self._value(kind, value, room)
        if not answer or _is_paper(record):
            yield room.fault or record

    def _value(self, event: str, value: Any, room: _Room) -> Any:
        """The value that begins with an event. Of one for which there is no room the rest is read and dropped."""
        builder, depth = ijson.ObjectBuilder(), 0
        while True:
            depth += event.startswith("start") - event.startswith("end")
            room.take(len(value) if isinstance(value, str) else 8, depth)
            if room.fault is None:
                builder.event(event, json_lines.finite(value) if isinstance(value, Decimal) else value)
            if depth == 0:
                return None if room.fault else builder.value
            event, value = next(self._events)


@dataclass(slots=True)
class _Room:
    """What a record may still take of the memory; `fault` says that it wanted more."""

    left: int = field(default_factory=lambda: json_lines.MAX_LINE)
    fault: _Fault | None = None

    def take(self, size: int, depth: int) -> None:
        self.left -= size
        if self.left < 0:
            self.fault = _Fault(f"the record is longer than {json_lines.MAX_LINE:,} bytes")
        elif depth > MAX_DEPTH:
            self.fault = _Fault(f"more than {MAX_DEPTH} objects stand within each other")


def _first_line(error: Exception) -> str:
    return shorten(next(iter(str(error).strip().splitlines()), "it cannot be read").strip().rstrip("."))


def _paper(record: object, where: str, report: Report, ignored: set[str]) -> Paper:
    if isinstance(record, _Fault):
        raise InvalidPaper(record.why, "Mend the file.")
    if not isinstance(record, dict):
        raise InvalidPaper("a JSON object is expected", "Give one object a paper.")
    if message := _error(record):
        raise InvalidPaper(f"an error message, not a paper: {shorten(message, 200)}", "Ask the interface again.")
    for shape in SHAPES:
        if shape.matches(record):
            return shape.paper(record, where, report)
    return json_lines.paper(record, where, report, ignored)


def _error(record: Mapping[str, Any]) -> str | None:
    """What an interface answers where it has no paper to give: `{"error": …}`, `{"message": …, "code": …}`."""
    if _is_paper(record):
        return None
    error = record.get("error", record.get("message"))
    found = error.get("message") if isinstance(error, dict) else error
    return found if isinstance(found, str) else None


def _held(record: object) -> str:
    """What a record without a text of a paper holds instead, so that people see what they gave."""
    if not isinstance(record, dict) or not record or any(key in record for key in _TEXTS) or _error(record):
        return ""
    return f" The record holds {shorten(', '.join(map(str, record)), 100)}."
