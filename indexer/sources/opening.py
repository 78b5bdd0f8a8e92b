"""What a user names, as single files, and each of them as plain bytes, whatever it is packed in."""

from __future__ import annotations

import glob
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Final, cast

from indexer.errors import UnreadableSource, shorten
from indexer.report import Report
from indexer.sources import archive
from indexer.sources.unpacking import FETCH_AGAIN, UNPACK_YOURSELF, Ledger, Stage, Trouble, Unpacked, packing

STANDARD_INPUT: Final = Path("-")
HEAD: Final = 65_536
"""Bytes that every stream shows by `peek`, if it has as many."""
MAX_DEPTH: Final = 3
"""Layers of packing that are opened: an archive of compressed files has two."""
MAX_MEMBERS: Final = 100_000
"""Members of one file's archives, those of archives in archives included."""
MAX_SPOOLED: Final = 2_000_000_000
"""Bytes of an archive that has to be written to a temporary file, because it cannot be read backwards."""

_IN_MEMORY: Final = 1_000_000
_DATABASE: Final = "papers.db"
_DATABASE_FILES: Final = (_DATABASE, "papers.db-wal", "papers.db-shm", "papers.db-journal")
_FOREIGN: Final = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR", b"\x04\x22\x4d\x18": "lz4"}
_TAR: Final = slice(257, 262)


def find(names: Sequence[Path]) -> list[Path]:
    """The files that are meant by files, folders and patterns, in that order and each of them once.

    A folder means all files below it, in the order of their names, without what is hidden and what belongs to a
    collection. A pattern is expanded as a shell would, if no file has that name. Raises `UnreadableSource`.
    """
    found: dict[Path, Path] = {}
    for name in names:
        try:
            for path in [name] if name == STANDARD_INPUT else _meant(name):
                found.setdefault(path if path == STANDARD_INPUT else path.resolve(), path)
        except (OSError, RuntimeError) as error:
            raise _unreadable(name, error) from error
    return list(found.values())


def _meant(name: Path) -> list[Path]:
    if name.is_dir():
        if not (files := _below(name)):
            raise UnreadableSource(f"The folder {name} has no files to read.", "Give one that holds papers.")
        return files
    if name.exists() or not glob.has_magic(str(name)):
        name.stat()
        return [name]
    matches = [Path(match) for match in sorted(glob.glob(str(name), recursive=True))]  # noqa: PTH207  as typed
    theirs = [path for path in matches if not any(_is_ours(part) for part in (path, *path.parents) if part.name)]
    files = [file for path in theirs for file in (_below(path) if path.is_dir() else [path])]
    if not files:
        raise UnreadableSource(f"No file matches {name}.", "Check the pattern.")
    return files


def _below(folder: Path) -> list[Path]:
    """All files below a folder. Links to files are followed; links to folders are not, for they may lead in circles."""

    def fail(error: OSError) -> None:
        raise error

    files: list[Path] = []
    for at, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [one for one in folders if not one.startswith(".") and not _is_ours(Path(at, one))]
        files += [path for one in names if not one.startswith(".") and not _is_ours(path := Path(at, one))]
    return sorted((path for path in files if path.is_file()), key=lambda path: path.parts)


def _is_ours(path: Path) -> bool:
    """Whether a file or folder is part of a collection: it lies beside the database, or is it."""
    from indexer.directory import OURS  # here: with all that a collection needs, which reading files does not

    if path.name in _DATABASE_FILES:
        return True
    named = path.name in OURS or path.name.startswith("index-")
    return named and path.with_name(_DATABASE).is_file()


def open_source(path: Path, report: Report) -> Iterator[tuple[str, BufferedReader[Any]]]:
    """The plain content of a file under its name, or of each member of an archive under "dump.zip/inner.json".

    A stream serves until the next is asked for. Where a file is cut off or damaged, its stream ends there, and the
    report gets a "skipped" note once the stream has been read. Raises `UnreadableSource` where there is nothing to
    read, and, after what was read before, where reading on would be dangerous.
    """
    name = "standard input" if path == STANDARD_INPUT else _label(path.name)
    with _opened(path) as (file, size):
        ledger = Ledger(size)
        opening = _Opening(ledger, report, None if size is None else file)
        yield from opening.streams(name, BufferedReader(_File(file, ledger), HEAD))


@dataclass(frozen=True, slots=True)
class _Opening:
    """One file while it is read. `file` is `None` where it cannot be read backwards."""

    ledger: Ledger
    report: Report
    file: IO[bytes] | None

    def streams(
        self, name: str, stream: BufferedReader[Any], depth: int = 0
    ) -> Iterator[tuple[str, BufferedReader[Any]]]:
        """Open one layer after the other until the content is plain."""
        head = stream.peek(HEAD)
        if not head and (trouble := self.ledger.take()):
            raise _told(name, trouble)
        foreign = next((format for magic, format in _FOREIGN.items() if head.startswith(magic)), None)
        if foreign or head[_TAR] == b"ustar":
            raise UnreadableSource(f"{name} is a {foreign or 'tar'} archive.", "Unpack it first.")
        compressed = packing(head)
        zipped = head.startswith(archive.MAGIC)
        if (compressed or zipped) and depth == MAX_DEPTH:
            raise UnreadableSource(f"{name} is packed more than {MAX_DEPTH} times.", UNPACK_YOURSELF)
        if zipped:
            yield from self._members(name, stream, depth)
        elif compressed:
            yield from self.streams(name, BufferedReader(Unpacked(stream, compressed, self.ledger), HEAD), depth + 1)
        else:
            yield name, stream
            self._settle(name)

    def _settle(self, name: str) -> None:
        """Say what ended a stream too early."""
        if trouble := self.ledger.take():
            if trouble.refused:
                raise _told(name, trouble)
            self.report.note("unreadable", name, f"what follows is lost: the file {trouble.what}")

    def _members(self, name: str, stream: BufferedReader[Any], depth: int) -> Iterator[tuple[str, BufferedReader[Any]]]:
        """Open each member of an archive. One that cannot be opened is skipped; the archive fails if all are."""
        given, fault = 0, "it has no files"
        counted = depth == 0 and self.file is not None
        with self._backwards(name, stream, counted=counted) as file:
            for member in self._listed(name, file):
                label = f"{name}/{_label(member.name)}"
                self.ledger.members += 1
                if self.ledger.members > MAX_MEMBERS:
                    raise _Refused(f"{name} has more than {MAX_MEMBERS:,} members.", UNPACK_YOURSELF)
                try:
                    opened = BufferedReader(archive.open_member(file, member, self.ledger, counted=counted), HEAD)
                    for one in self.streams(label, opened, depth + 1):
                        given += 1
                        yield one
                except Trouble as trouble:
                    fault = f"{label} {trouble.what}"
                    self.report.note("unreadable", label, f"the file {trouble.what}")
                except _Refused:
                    raise
                except UnreadableSource as error:
                    fault = error.message.removesuffix(".")
                    self.report.note("unreadable", label, error.message)
        self._settle(name)
        if not given:
            raise UnreadableSource(f"Nothing in {name} can be read: {fault}.", UNPACK_YOURSELF)

    def _listed(self, name: str, file: IO[bytes]) -> Iterator[archive.Member]:
        try:
            yield from (member for member in archive.members(file, self.ledger) if member.wanted)
        except Trouble as trouble:
            raise _told(name, trouble) from trouble

    @contextmanager
    def _backwards(self, name: str, stream: BufferedReader[Any], *, counted: bool) -> Iterator[IO[bytes]]:
        """An archive as a file that can be read from its end: itself, or a temporary copy."""
        if counted and self.file is not None:
            yield self.file
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
            size = 0
            try:
                while data := stream.read(HEAD):
                    size += len(data)
                    if size > MAX_SPOOLED:
                        raise UnreadableSource(
                            f"{name} is an archive of more than {MAX_SPOOLED:,} bytes.", "Give it as a file of its own."
                        )
                    spool.write(data)
            except OSError as error:
                raise UnreadableSource(
                    f"{name} cannot be copied to {tempfile.gettempdir()}: {error.strerror or error}.",
                    "Make room there, or give it as a file of its own.",
                ) from error
            self._settle(name)
            if self.ledger.size is None:
                self.ledger.size = self.ledger.read
            yield spool


class _Refused(UnreadableSource):
    """Reading on would be dangerous: nothing more of the file is opened."""


class _File(Stage):
    """The bytes of the file itself."""

    def __init__(self, file: IO[bytes], ledger: Ledger) -> None:
        super().__init__(ledger)
        self._read = getattr(file, "read1", file.read)

    def more(self, room: int) -> bytes:
        try:
            data: bytes = self._read(room) or b""
        except OSError as error:
            raise Trouble(f"cannot be read any further ({error.strerror or error})", FETCH_AGAIN) from error
        self.ledger.read += len(data)
        return data


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], int | None]]:
    """A file and its size, which is `None` where it can only be read once."""
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnreadableSource("There is no standard input.", "Name a file.")
        yield sys.stdin.buffer, None
        return
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        status = os.fstat(file.fileno())
        yield cast(IO[bytes], file), status.st_size if stat.S_ISREG(status.st_mode) else None


def _unreadable(path: Path, error: Exception) -> UnreadableSource:
    reason = getattr(error, "strerror", None) or error
    return UnreadableSource(f"Cannot read {path}: {reason}.", "Check the path and its permissions.")


def _told(name: str, trouble: Trouble) -> UnreadableSource:
    kind = _Refused if trouble.refused else UnreadableSource
    return kind(f"{name} {trouble.what}.", trouble.next_step)


def _label(name: str) -> str:
    """A name that can be shown and written anywhere, whatever bytes a stranger chose for it."""
    return shorten("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name), 200)
