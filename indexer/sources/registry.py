"""Finds the importer for a file by looking at its content."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final

from indexer.errors import UnreadableSource
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources import daily_papers, json_lines

STANDARD_INPUT: Final = Path("-")
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


def check(path: Path) -> Source | None:
    """The importer for a file; `None` for a pipe, which is left alone: what is read of it is gone.

    Raises `UnreadableSource` where `read` would.
    """
    if path == STANDARD_INPUT or path.is_fifo():
        return None
    with _open(path) as stream:
        return recognise(path.name, stream.peek(HEAD))


def read(path: Path, report: Report, options: Options | None = None) -> Iterator[Paper]:
    """The papers of a file, as a stream; `STANDARD_INPUT` is read where it is named.

    Raises `UnreadableSource` where the file cannot be read or its format is unknown.
    """
    name = "standard input" if path == STANDARD_INPUT else path.name
    with _open(path) as stream:
        source = recognise(name, stream.peek(HEAD))
        yield from source.parse(stream, name, report, options or Options())


@contextmanager
def _open(path: Path) -> Iterator[BufferedReader[Any]]:
    try:
        if path == STANDARD_INPUT:
            yield BufferedReader(sys.stdin.buffer, HEAD)
            return
        with path.open("rb", buffering=0) as raw:
            yield BufferedReader(raw, HEAD)
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
