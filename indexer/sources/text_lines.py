"""Text read line by line, whatever its encoding and line ends."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

PIECE: Final = 1_000_000
"""Characters held at once. A longer line comes in pieces."""
RECORD: Final = 4_000_000
"""Characters of one record. Importers pass over what is longer."""
MENDED: Final = "bytes that are not UTF-8 were read as Windows-1252"

_BROKEN = re.compile("[\udc80-\udcff]+")
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end, or a piece of a long one: only the first piece `begins` it.

    `mended` says that it held bytes that are not UTF-8 (see `MENDED`).
    """

    number: int
    text: str
    begins: bool = True
    mended: bool = False


def lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a stream. UTF-16 is known by its byte order mark; a byte order mark is no part of the first line.

    A file that is not UTF-8 throughout is not lost: such bytes are taken for Windows-1252, which old exports are in.
    """
    encoding = "utf-16" if _peek(stream) in _WIDE else "utf-8-sig"
    text = io.TextIOWrapper(stream, encoding, errors="replace" if encoding == "utf-16" else "surrogateescape")
    number, begins = 1, True
    try:
        while piece := text.readline(PIECE):
            whole = piece.endswith("\n")
            mended = _BROKEN.sub(_as_western, piece) if not piece.isascii() else piece
            yield Line(number, mended.removesuffix("\n"), begins, mended != piece)
            number, begins = number + whole, whole
    finally:
        with suppress(ValueError):  # the stream was closed first
            text.detach()


def whole_lines(pieces: Iterable[Line]) -> Iterator[Line]:
    """Lines with their pieces joined; what a line has beyond `RECORD` and a piece is dropped."""
    held: list[Line] = []
    for piece in pieces:
        if held and piece.begins:
            yield _joined(held)
            held = []
        if len(held) * PIECE <= RECORD:
            held.append(piece)
    if held:
        yield _joined(held)


def beginning(head: bytes) -> list[str]:
    """The lines that the first bytes of a file hold; the last one may be cut."""
    encoding = "utf-16" if head[:2] in _WIDE else "utf-8-sig"
    return head.decode(encoding, errors="replace").splitlines()


def _joined(held: list[Line]) -> Line:
    if len(held) == 1:
        return held[0]
    return Line(held[0].number, "".join(line.text for line in held), mended=any(line.mended for line in held))


def _peek(stream: BinaryIO) -> bytes:
    peek = getattr(stream, "peek", None)
    if peek is not None:
        return bytes(peek(2)[:2])
    if stream.seekable():
        place = stream.tell()
        head = stream.read(2)
        stream.seek(place)
        return head
    return b""


def _as_western(match: re.Match[str]) -> str:
    return match[0].encode("utf-8", "surrogateescape").decode("cp1252", errors="replace")
