"""Cuts XML into its records, as bytes, without building a tree.

The markup of XML can be told apart by its opening signs, so the records of a file are found by their tags alone. Memory
is that of the largest record; damage costs the record it stands in; several documents one after another are read like
one; and a DOCTYPE goes no further than here, so that no entity can be expanded.
"""

from __future__ import annotations

import codecs
import contextlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from indexer.report import Kind

CHUNK: Final = 262_144
MAX_RECORD: Final = 32_000_000
"""Bytes of one record. The largest real ones, papers of collaborations with thousands of addresses, have a tenth."""

_MAX_DOCTYPE: Final = 1_000_000
_MAX_TAG: Final = 65_536
_OVERLAP: Final = 256  # longer than the opening of any tag: what the end of a chunk cuts is found with the next one
_CLOSINGS: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_DOCTYPE = re.compile(
    rb"""<!DOCTYPE(?:[^\["'>]+|"[^"]*"|'[^']*')*+(?:\[(?>[^\]"'<]+|"[^"]*"|'[^']*'|<!--.*?-->|<)*+\]\s*)?+>""",
    re.DOTALL,
)
_REST_OF_TAG = re.compile(rb"""(?:[^"'<>]+|"[^"<]*"|'[^'<]*')*+>""")
_PROLOG = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->|" + _DOCTYPE.pattern + rb")*+", re.DOTALL)
_ROOT = re.compile(rb"<(?:([\w.-]+):)?([\w.-]+)(" + _REST_OF_TAG.pattern + rb")")
_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']""")
_WIDE: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_SINGLE_BYTE: Final = ("iso8859", "cp125", "koi8", "mac")
_KNOWN: Final = (*_SINGLE_BYTE, "cp", "gb", "big5", "shift_jis", "euc", "tis")
_ASCII: Final = bytes(range(32, 127))
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@dataclass(frozen=True, slots=True)
class Root:
    """The first element of a document, and the beginning of the document as UTF-8."""

    name: str
    namespace: str
    head: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """An element as it stands in the file from `line` on, or the `problem` found there and the note to make of it."""

    tag: str
    line: int
    data: bytes = b""
    problem: str = ""
    kind: Kind = "skipped"


def root(head: bytes) -> Root | None:
    """The first element of what begins an XML document, `None` where it does not look like XML."""
    if encoding := _wide(head):
        head = head.decode(encoding, "replace").encode("utf-8", "replace")
    head = head.removeprefix(codecs.BOM_UTF8)
    prolog = _PROLOG.match(head)
    tag = _ROOT.match(head, prolog.end()) if prolog else None
    if tag is None:
        return None
    colon = b":" + re.escape(tag[1]) if tag[1] else b""
    declared = re.search(rb"\sxmlns" + colon + rb"""\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag[3])
    namespace = (declared[1] or declared[2] or b"") if declared else b""
    return Root(tag[2].decode(), namespace.decode("utf-8", "replace"), head)


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream, those in UTF-16 and UTF-32 as UTF-8."""
    data = stream.read(CHUNK)
    encoding = _wide(data)
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    data = data.removeprefix(codecs.BOM_UTF8)
    while data:
        yield decoder.decode(data).encode("utf-8", "replace") if decoder else data
        data = stream.read(CHUNK)


def declared_encoding(head: bytes) -> str:
    """Python's name of the encoding that an XML declaration names; UTF-8 where that cannot be true or be read."""
    match = _ENCODING.match(head)
    try:
        name = codecs.lookup(match[1].decode()).name if match else "utf-8"
    except LookupError:
        return "utf-8"
    if name == "iso8859-1":
        return "cp1252"  # what is called Latin-1 nearly always is Windows' superset of it
    return name if name.startswith(_KNOWN) and _ASCII.decode(name, "replace").encode() == _ASCII else "utf-8"


def decode(data: bytes, declared: str) -> tuple[str, Kind | None, str]:
    """The text of a record, and what is to be noted about its encoding.

    Declarations are often wrong. Bytes that are UTF-8 are hardly ever anything else; bytes that are not, in a file
    that should be UTF-8, are Windows-1252 if no letter of UTF-8 is among them, and damaged otherwise. Programs that
    take UTF-8 for Latin-1 write it as UTF-8 again, which can be undone.
    """
    if declared != "utf-8" and not declared.startswith(_SINGLE_BYTE):
        return data.decode(declared, "replace"), None, ""
    text = _strictly(data, "utf-8")
    if text is None:
        if declared != "utf-8" or _UTF8_LETTER.search(data):
            return data.decode(declared, "replace"), None, ""
        guess = _strictly(data, "cp1252")
        return (
            guess or data.decode("utf-8", "replace"),
            "guessed" if guess else None,
            "not UTF-8, so read as Windows-1252",
        )
    if not data.isascii():
        for wrong in ("latin-1", "cp1252"):
            with contextlib.suppress(UnicodeError):
                return (
                    text.encode(wrong).decode("utf-8"),
                    "repaired",
                    "what had been written as UTF-8 twice over was undone",
                )
        if declared != "utf-8":
            return text, "guessed", f"UTF-8, though the file says {declared}"
    return text, None, ""


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _wide(head: bytes) -> str | None:
    return next((name for mark, name in _WIDE if head.startswith(mark)), None)


class Scanner:
    """Finds the elements named `whole`, and of those named `starts` the first tag alone, closed at once."""

    def __init__(self, parts: Iterator[bytes], top: str, whole: Collection[str], starts: Collection[str]) -> None:
        self._parts = parts
        self._whole, self._starts, self._top = set(whole), set(starts), top
        names = b"|".join(re.escape(tag).encode() for tag in sorted({*whole, *starts, top}))
        self._token = re.compile(rb"<!--|<!\[CDATA\[|<!DOCTYPE|<\?|<(/?)(?:[\w.-]{1,64}:)?(" + names + rb")(?=[\s/>])")
        self._buffer, self._at, self._over = b"", 0, False
        self._line, self._counted = 1, 0
        self._open: tuple[str, int, int] | None = None  # the tag of the record being read, its place and its line
        self._in_document = False
        self._barren: dict[bytes, int] = {}  # up to where no closing of these openings stands

    def spans(self) -> Iterator[Span]:
        """The elements in their order. What has no end, or is too long, is told as a problem."""
        while True:
            if token := self._next():
                yield from self._take(token)
                continue
            if self._open and len(self._buffer) - self._open[1] > MAX_RECORD:
                yield self._lost(f"is longer than {MAX_RECORD:,} bytes")
            if not self._more():
                break
        if self._open:
            yield self._lost("has no end: the file is cut off in it")
        elif self._in_document:
            yield Span("", self._line_at(len(self._buffer)), problem=f"the file is cut off: </{self._top}> is missing")

    def _more(self) -> bool:
        """Read on, dropping what is done with; false where the file is over and that was known."""
        if self._over:
            return False
        keep = self._open[1] if self._open else self._at
        self._line_at(keep)
        part = next(self._parts, b"")
        self._over = not part
        self._buffer = self._buffer[keep:] + part
        self._at, self._counted = self._at - keep, self._counted - keep
        self._barren = {opening: place - keep for opening, place in self._barren.items()}
        if self._open:
            self._open = (self._open[0], 0, self._open[2])
        return True

    def _next(self) -> re.Match[bytes] | None:
        """The next tag that matters, or a DOCTYPE with entities; `None` where more must be read first."""
        while token := self._token.search(self._buffer, self._at):
            end = self._end_of_tag(token.end()) if token[2] else self._end_of_markup(token)
            self._at = token.start() if end is None else end
            if end is None:
                return None
            if token[2] or (token[0] == b"<!DOCTYPE" and b"<!ENTITY" in self._buffer[token.start() : end]):
                return token
        self._at = max(self._at, len(self._buffer) - (0 if self._over else _OVERLAP))
        return None

    def _end_of_tag(self, start: int) -> int | None:
        if rest := _REST_OF_TAG.match(self._buffer, start):
            return rest.end()
        broken = self._over or self._buffer.find(b"<", start) >= 0 or len(self._buffer) - start > _MAX_TAG
        return start if broken else None

    def _end_of_markup(self, token: re.Match[bytes]) -> int | None:
        """Where a comment, CDATA, instruction or DOCTYPE ends; one that never ends is text."""
        opening, limit = token[0], MAX_RECORD
        if closing := _CLOSINGS.get(opening):
            end = self._buffer.find(closing, max(token.end(), self._barren.get(opening, 0)))
            if end >= 0:
                return end + len(closing)
            self._barren[opening] = len(self._buffer) - len(closing) + 1
        elif self._barren.get(opening) is None:
            limit = _MAX_DOCTYPE
            if match := _DOCTYPE.match(self._buffer, token.start()):
                return match.end()
        if self._over or len(self._buffer) - token.start() > limit:
            self._barren.setdefault(opening, 0)
            return token.end()
        return None

    def _take(self, token: re.Match[bytes]) -> Iterator[Span]:
        start, line, end = token.start(), self._line_at(token.start()), self._at
        if not token[2]:
            yield Span("", line, problem="the file declares entities; none is put in", kind="ignored")
            return
        tag, closes = token[2].decode(), bool(token[1])
        empty = not closes and self._buffer[end - 2 : end] == b"/>"
        if tag == self._top and tag not in self._whole:
            if self._in_document and not closes and not self._open:
                yield Span("", line, problem=f"a document is cut off before this line: </{tag}> is missing")
            self._in_document = not closes and not empty
        if closes:
            if self._open and self._open[0] == tag:
                yield Span(tag, self._open[2], self._buffer[self._open[1] : end])
                self._open = None
            return
        if self._open and (tag == self._open[0] or tag in self._starts or tag == self._top):
            yield self._lost(f"has no end before the next {tag}")
        if tag in self._starts:
            yield Span(tag, line, self._buffer[start:end].rstrip(b">").rstrip(b"/") + b"/>")
        elif tag in self._whole and not self._open:
            if empty:
                yield Span(tag, line, self._buffer[start:end])
            else:
                self._open = (tag, start, line)

    def _lost(self, why: str) -> Span:
        assert self._open is not None  # noqa: S101 - callers have looked
        tag, _, line = self._open
        self._open = None
        return Span(tag, line, problem=f"the {tag} that begins here {why}")

    def _line_at(self, place: int) -> int:
        """The line of a place, which must not lie before one asked for earlier."""
        if place > self._counted:
            self._line += self._buffer.count(b"\n", self._counted, place)
            self._counted = place
        return self._line
