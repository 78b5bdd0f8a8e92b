"""The members of zip archives, read where they lie and with bounded memory.

The list at the end of an archive is read by `zipfile`; the members are not, because it unpacks some of them whole.
An archive without its end, as a download that broke off leaves it, is read by the headers of its members.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import PurePosixPath
from typing import IO, Any, Final

from indexer.sources.unpacking import FETCH_AGAIN, UNPACK_YOURSELF, ZIP_METHODS, Ledger, Stage, Trouble, Unpacked

MAGIC: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""How an archive begins; the second is an empty one."""
MAX_LIST: Final = 8_000_000
"""Bytes of the list of members, which is held in memory: about 100,000 members."""

_STORED: Final = 0
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800
_HEADER: Final = struct.Struct("<4sHHHIIIIHH")
_BLOCK: Final = 65_536
_BROKEN: Final = (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError, EOFError, OSError)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: where its header begins, its sizes in bytes; `None` where they are not known."""

    name: str
    start: int
    method: int
    encrypted: bool
    packed: int | None
    size: int | None
    checksum: int | None

    @property
    def wanted(self) -> bool:
        """Whether it is a file that its maker meant: no directory, nothing hidden, none of a Mac's notes."""
        parts = PurePosixPath(self.name.replace("\\", "/")).parts
        hidden = any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts)
        return not hidden and not self.name.endswith("/")


def members(file: IO[bytes], ledger: Ledger) -> Iterator[Member]:
    """The members in the order of the archive's list.

    Raises `Trouble` where the list is too long. Where there is none, what can be found is given, and the ledger told.
    """
    try:
        with zipfile.ZipFile(_Guarded(file)) as archive:
            listed = [
                Member(
                    info.filename,
                    info.header_offset,
                    info.compress_type,
                    bool(info.flag_bits & _ENCRYPTED),
                    info.compress_size,
                    info.file_size,
                    info.CRC,
                )
                for info in archive.infolist()
            ]
    except _BROKEN:
        yield from _found(file)
        ledger.trouble = ledger.trouble or Trouble("has lost the list of its members", FETCH_AGAIN)
    else:
        yield from listed


def open_member(file: IO[bytes], member: Member, ledger: Ledger, *, counted: bool) -> Stage:
    """What a member holds. `counted` says that the archive is itself the file whose bytes the ledger counts.

    Raises `Trouble` where it cannot be read at all.
    """
    if member.encrypted:
        raise Trouble("is encrypted", "Unpack it yourself with its password.")
    if member.method != _STORED and member.method not in ZIP_METHODS:
        raise Trouble(f"is packed by a method that is not read here ({member.method})", UNPACK_YOURSELF)
    try:
        file.seek(member.start)
        header = file.read(_HEADER.size)
    except (OSError, ValueError, OverflowError):
        header = b""
    if len(header) < _HEADER.size or header[:4] != MAGIC[0]:
        raise Trouble("is not where its archive says", FETCH_AGAIN)
    *_, name, extra = _HEADER.unpack(header)
    start, stored = member.start + _HEADER.size + name + extra, member.method == _STORED
    body: Stage = _Slice(file, start, member.packed, ledger, counted=counted, stored=stored)
    if member.method != _STORED:
        body = Unpacked(BufferedReader(body, _BLOCK), ZIP_METHODS[member.method], ledger)
    return _Checked(body, member, ledger)


def _found(file: IO[bytes]) -> Iterator[Member]:
    """The members of an archive by their own headers, one after the other, as far as there are any."""
    at = 0
    while True:
        file.seek(at)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or header[:4] != MAGIC[0]:
            return
        _, _, flags, method, _, checksum, packed, size, name_size, extra = _HEADER.unpack(header)
        name = file.read(name_size).decode("utf-8" if flags & _UTF8 else "cp437", errors="replace")
        begin = at + _HEADER.size + name_size + extra
        known = not flags & _SIZES_FOLLOW and 0xFFFFFFFF not in (packed, size)
        at = begin + packed if known else _next_header(file, begin)
        encrypted = bool(flags & _ENCRYPTED)
        start = begin - extra - name_size - _HEADER.size
        if known:
            yield Member(name, start, method, encrypted, packed, size, checksum)
        else:
            yield Member(name, start, method, encrypted, at - begin, None, None)


def _next_header(file: IO[bytes], begin: int) -> int:
    """Where the next header begins, of a member or of the list; else the end."""
    file.seek(begin)
    at, window = begin, b""
    while block := file.read(_BLOCK):
        window = window[-3:] + block
        found = [place for magic in (MAGIC[0], b"PK\x01\x02") if (place := window.find(magic)) >= 0]
        at += len(block)
        if found:
            return at - len(window) + min(found)
    return at


class _Guarded(io.RawIOBase):
    """The archive as `zipfile` may see it: it reads the list at once, however long the archive says it is."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        here = self._file.tell()
        left = self._file.seek(0, 2) - here
        self._file.seek(here)
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > MAX_LIST:
            raise Trouble("lists too many members", UNPACK_YOURSELF, refused=True)
        return self._file.read(wanted)


class _Slice(Stage):
    """Bytes of a file from one place on; `None` as their number means all. Others may seek in the file meanwhile."""

    def __init__(
        self, file: IO[bytes], at: int, size: int | None, ledger: Ledger, *, counted: bool, stored: bool
    ) -> None:
        super().__init__(ledger)
        self._stored = stored
        self._file = file
        self._at = at
        self._left = size
        self._counted = counted

    def more(self, room: int) -> bytes:
        try:
            self._file.seek(self._at)
            data = self._file.read(room if self._left is None else min(room, self._left))
        except OSError as error:
            raise Trouble(f"cannot be read any further ({error.strerror or error})", FETCH_AGAIN) from error
        self._at += len(data)
        if self._left is not None:
            self._left -= len(data)
        if self._counted:
            self.ledger.read += len(data)
        if self._stored:
            self.ledger.add(len(data))  # nothing else unpacks it
        return data


class _Checked(Stage):
    """A member's content, compared at its end with the size and the checksum that the archive gives."""

    def __init__(self, body: Stage, member: Member, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._body: BufferedReader[Any] = BufferedReader(body, _BLOCK)
        self._member = member
        self._size = self._checksum = 0

    def more(self, room: int) -> bytes:
        data = self._body.read1(room)
        self._size += len(data)
        self._checksum = zlib.crc32(data, self._checksum)
        size, checksum = self._member.size, self._member.checksum
        if size is not None and self._size > size:
            raise Trouble(f"goes on after the {size:,} bytes that its archive promises", FETCH_AGAIN)
        if not data and size not in (None, self._size):
            raise Trouble(f"is cut off after byte {self._size:,} of {size:,}", FETCH_AGAIN)
        if not data and checksum not in (None, self._checksum):
            raise Trouble("is damaged: its checksum is wrong", FETCH_AGAIN)
        return data
