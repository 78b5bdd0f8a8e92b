"""Finds the importer for a file by looking at its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from indexer.errors import UnreadableSource
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources import daily_papers, json_lines

HEAD: Final = 65_536
"""Bytes looked at to tell the format."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller knows about the sources: `year` is the year of dates written without one."""

    year: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """An importer: its name, whether the first bytes look like its format, and its parser."""

    name: str
    recognises: Callable[[bytes], bool]
    parse: Callable[[BinaryIO, str, Report, Options], Iterator[Paper]]


SOURCES: Final = (
    Source("JSON Lines", json_lines.recognises, lambda stream, name, report, _: json_lines.parse(stream, name, report)),
    Source(
        "Daily Papers page",
        daily_papers.recognises,
        lambda stream, name, report, options: daily_papers.parse(stream, name, report, year=options.year),
    ),
)


def check(path: Path) -> Source:
    """The importer for a file. Raises `UnreadableSource` where the file or its format is unknown."""
    with _open(path) as stream:
        return recognise(path.name, stream.read(HEAD))


def read(path: Path, report: Report, options: Options | None = None) -> Iterator[Paper]:
    """The papers of a file, as a stream. Raises `UnreadableSource` as `check` does."""
    source = check(path)
    with _open(path) as stream:
        yield from source.parse(stream, path.name, report, options or Options())


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise UnreadableSource(
            f"Cannot read {path}: {error.strerror or error}.", "Check the path and its permissions."
        ) from error


def recognise(name: str, head: bytes) -> Source:
    """The importer for content that begins with `head`."""
    if not head.strip():
        raise UnreadableSource(f"{name} is empty.", "Give a file that holds papers.")
    for source in SOURCES:
        if source.recognises(head):
            return source
    known = " and ".join(source.name for source in SOURCES)
    raise UnreadableSource(f"{name} is in no format known here.", f"The known formats are: {known}.")
