"""Finds the importer for a file by looking at its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from indexer.errors import UnreadableSource
from indexer.identity import Record
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources import (
    acl_anthology,
    arxiv_atom,
    arxiv_oai,
    bibtex,
    daily_papers,
    json_records,
    nbib,
    opening,
    pubmed_xml,
    ris,
    table,
)

STANDARD_INPUT: Final = opening.STANDARD_INPUT


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller knows about the sources.

    `year` is the year of dates written without one; `columns` maps our field names to a table's column names.
    """

    year: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """An importer: its name, whether the first bytes look like its format, and its parser."""

    name: str
    recognises: Callable[[bytes], bool]
    parse: Callable[[BinaryIO, str, Report, Options], Iterator[Paper]]


Parse = Callable[[BinaryIO, str, Report], Iterator[Paper]]


def _plain(parse: Parse) -> Callable[[BinaryIO, str, Report, Options], Iterator[Paper]]:
    """An importer that needs to know nothing from the caller."""
    return lambda stream, name, report, _: parse(stream, name, report)


SOURCES: Final = (
    Source("JSON (our own, Hugging Face, arXiv snapshot, Semantic Scholar, OpenAlex, CSL)", json_records.recognises,
           _plain(json_records.parse)),
    Source("arXiv Atom", arxiv_atom.recognises, _plain(arxiv_atom.parse)),
    Source("arXiv OAI-PMH", arxiv_oai.recognises, _plain(arxiv_oai.parse)),
    Source("ACL Anthology XML", acl_anthology.recognises, _plain(acl_anthology.parse)),
    Source("PubMed XML", pubmed_xml.recognises, _plain(pubmed_xml.parse)),
    Source("BibTeX", bibtex.recognises, _plain(bibtex.parse)),
    Source("RIS", ris.recognises, _plain(ris.parse)),
    Source("MEDLINE (nbib)", nbib.recognises, _plain(nbib.parse)),
    Source("Daily Papers page", daily_papers.recognises,
           lambda stream, name, report, options: daily_papers.parse(stream, name, report, year=options.year)),
    Source("CSV or TSV", table.recognises,
           lambda stream, name, report, options: table.parse(stream, name, report, columns=options.columns or None)),
)  # fmt: skip
"""The order matters where a text could be two things: a table is the vaguest and comes last."""


def find(names: Sequence[Path]) -> list[Path]:
    """The files that are meant by files, folders and patterns. Raises `UnreadableSource` for what is not there."""
    return opening.find(names)


def check(path: Path, options: Options | None = None) -> None:
    """Raise `UnreadableSource` where `read` would at once. A pipe is left alone: what is read of it is gone."""
    if path == STANDARD_INPUT or path.is_fifo():
        return
    wrong: UnreadableSource | None = None
    for name, stream in opening.open_source(path, Report()):
        try:
            recognise(name, stream.peek(opening.HEAD), options)
        except UnreadableSource as error:
            wrong = wrong or error
        else:
            return
    if wrong:
        raise wrong


def read(path: Path, report: Report, options: Options | None = None) -> Iterator[Record]:
    """The records of a file, as a stream; `STANDARD_INPUT` is read where it is named.

    Of an archive with several files those that are in no known format are skipped, and the report says so. Raises
    `UnreadableSource` where the file cannot be read or its format is unknown.
    """
    unknown: dict[str, UnreadableSource] = {}
    found = False
    for name, stream in opening.open_source(path, report):
        try:
            source = recognise(name, stream.peek(opening.HEAD), options)
        except UnreadableSource as error:
            unknown[name] = error
            continue
        found = True
        for paper in source.parse(stream, name, report, options or Options()):
            yield Record(paper, origin=name)
    if unknown and not found:
        raise next(iter(unknown.values()))
    for name, reason in unknown.items():
        report.note("unreadable", name, reason.message)


def recognise(name: str, head: bytes, options: Options | None = None) -> Source:
    """The importer for content that begins with `head`. Columns that are named say that it is a table."""
    if not head.strip():
        raise UnreadableSource(f"{name} is empty.", "Give a file that holds papers.")
    for source in SOURCES:
        if source.recognises(head):
            return source
    if options and options.columns:
        return SOURCES[-1]
    known = "; ".join(source.name for source in SOURCES)
    raise UnreadableSource(
        f"{name} is in no format known here.",
        f"The known formats are: {known}. If it is a table, name its columns: --columns title=…,abstract=….",
    )
