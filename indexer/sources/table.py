"""Tables of papers as CSV and TSV, from spreadsheets, reference managers and data sets."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

from indexer.errors import InvalidPaper, UnreadableSource, shorten
from indexer.identifiers import mend_arxiv
from indexer.paper import FIELDS, Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import people, plain
from indexer.sources.dates import read_date
from indexer.sources.json_values import identifiers
from indexer.sources.text_lines import MENDED, Line, beginning, lines, whole_lines

SOURCE: Final = "csv"

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "paper id"),
    "title": ("title", "paper title", "article title", "document title", "primary title"),
    "abstract": ("abstract", "abstracts", "abstract note", "abstract text", "paper abstract", "summary", "text"),
    "authors": ("authors", "author", "author names", "author full names", "author list", "creators", "creator"),
    "author_count": ("author count", "n authors", "number of authors"),
    "published": (
        "published", "publication date", "published date", "date published", "date", "publication year", "year",
        "pub year", "published year", "py",
    ),
    "updated": ("updated", "update date"),
    "comments": ("comments",),
    "upvotes": ("upvotes",),
    "categories": (
        "keywords", "keyword", "author keywords", "tags", "manual tags", "categories", "category", "subjects", "topics",
        "mesh terms",
    ),
    "url": ("url", "urls", "link", "links", "paper url", "article url", "web address"),
    "venue": (
        "venue", "journal", "journal name", "journal title", "journal/book", "source title", "publication title",
        "publication name", "book title", "booktitle", "container title", "conference", "conference name",
    ),
    "version": ("version",),
    "daily": ("daily",),
    "doi": ("doi", "dois", "doi link", "digital object identifier"),
    "pmid": ("pmid", "pubmed", "pubmed id", "pubmedid"),
    "pmc": ("pmc", "pmcid", "pmc id"),
    "arxiv": ("arxiv", "arxiv id", "arxivid"),
    "acl": ("acl", "acl id", "anthology id"),
    "openalex": ("openalex", "openalex id"),
    "s2": ("s2", "s2 id"),
    "corpusid": ("corpusid", "corpus id"),
}  # fmt: skip
"""What columns are usually called, by our field or scheme of identifiers; the first that is there counts most."""

_SCHEMES: Final = tuple(name for name in NAMES if name not in FIELDS)
_TEXTS: Final = ("title", "abstract")
_COUNTS: Final = ("author_count", "comments", "upvotes", "version")
_DELIMITERS: Final = ",\t;|"
_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_UNKNOWN: Final = frozenset({"nan", "NaN", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "<NA>"})
"""How programs write that a cell is empty."""
_MAX_LITERAL: Final = 50_000
"""Characters of a list in one cell that are read as a program wrote them."""


@dataclass(frozen=True, slots=True)
class _Header:
    """The first row: the delimiter, the names as written, which columns make which field, and what was guessed."""

    delimiter: str
    names: list[str]
    places: dict[str, list[int]]
    guessed: dict[int, str]
    line: int


MAX_ROW_LINES: Final = 200
"""Lines that one row may take: a quote that is never closed must not read the whole file for every line of it."""


class _Source:
    """Lines that can be given back: a quote that is never closed takes what follows, and that must not be lost."""

    def __init__(self, rest: Iterable[Line]) -> None:
        self._rest = whole_lines(rest)
        self._back: deque[Line] = deque()
        self.taken: list[Line] = []

    def __iter__(self) -> Iterator[str]:
        while len(self.taken) < MAX_ROW_LINES and (
            line := self._back.popleft() if self._back else next(self._rest, None)
        ):
            self.taken.append(line)
            yield line.text + "\n"

    def give_back(self, lines: list[Line]) -> None:
        """Let these lines, the last ones taken, come again."""
        self._back.extendleft(reversed(lines))


def recognises(head: bytes) -> bool:
    """Whether the first line has several cells, all short, and one of them is the usual name of a title or abstract."""
    text = [line for line in beginning(head) if line.strip()]
    first = text[_SEP.fullmatch(text[0]) is not None :][:1] if text else []
    for delimiter in _DELIMITERS if first else ():
        names = [_simple(cell) for cell in _cells(first[0], delimiter)]
        if len(names) > 1 and max(map(len, names)) <= 60 and any(set(NAMES[one]) & set(names) for one in _TEXTS):
            return True
    return False


def parse(stream: BinaryIO, name: str, report: Report, *, columns: Mapping[str, str] | None = None) -> Iterator[Paper]:
    """The papers of a table with one row each, below a row of names.

    `columns` says which column is which field or identifier; the others are guessed from their names, and reported.
    Raises `UnreadableSource` where neither a title nor an abstract is found, and for a column that is not there.
    """
    source = _Source(lines(stream))
    header = _header(source, name, columns or {})
    _tell(header, name, report)
    for number, (line, row) in enumerate(_rows(source, header.delimiter, len(header.names)), 2):
        where = f"{name}:{line.number}"
        if not isinstance(row, str) and not any(cell.strip() for cell in row):
            continue
        report.read += 1
        if isinstance(row, str):
            report.note("skipped", where, f"row {number}: {row}")
            continue
        if line.mended:
            report.note("repaired", where, MENDED)
        try:
            yield _paper(row, header, where, report)
        except InvalidPaper as error:
            report.note("skipped", where, f"row {number}: {error.message}")


def _rows(source: _Source, delimiter: str, width: int | None) -> Iterator[tuple[Line, list[str] | str]]:
    """Every row with its first line, or what is wrong with it. Lines that a broken row took with it are read anew."""
    while True:
        source.taken = []
        row: list[str] | str
        try:
            row = next(csv.reader(source, delimiter=delimiter, strict=True))
            row = (_fault(row, width) or row[:width]) if any(row) else []
        except StopIteration:
            return
        except csv.Error as error:
            # Many writers of tabs know no quoting at all.
            bare = source.taken[0].text.split(delimiter)
            row = bare if delimiter == "\t" and len(bare) == width else _reason(str(error))
        first, *others = source.taken
        if isinstance(row, str):
            source.give_back(others)
        elif any(line.mended for line in others):
            first = replace(first, mended=True)
        yield first, row


def _fault(row: list[str], width: int | None) -> str | None:
    if any("\0" in cell for cell in row):
        return "it holds NUL bytes"
    if width is not None and (len(row) < width or any(row[width:])):
        return f"it has {len(row)} cells, the row of names has {width}"
    return None


def _reason(error: str) -> str:
    if "limit" in error:
        return f"a cell is longer than {csv.field_size_limit():,} characters, or a quotation mark is never closed"
    if "end of data" in error:
        return "a quotation mark is never closed"
    return "a quotation mark stands within a quoted cell"


def _header(source: _Source, name: str, columns: Mapping[str, str]) -> _Header:
    """The first row that is not blank; a spreadsheet may write its delimiter before it."""
    known = {column for names in NAMES.values() for column in names}
    delimiter = ""
    for text in source:
        if not delimiter and (match := _SEP.fullmatch(text)):
            delimiter = match[1]
        elif text.strip():
            source.give_back(source.taken[-1:])
            delimiter = delimiter or max(
                _DELIMITERS,
                key=lambda sign: (len(known & set(map(_simple, _cells(text, sign)))), len(_cells(text, sign))),
            )
            break
    first, names = next(_rows(source, delimiter or ",", None), (Line(1, ""), []))
    if isinstance(names, str):
        raise UnreadableSource(f"The row of names in {name} cannot be read: {names}.", "Correct it, or export again.")
    names = [cell.strip() for cell in names]
    places = _places(names, name, columns)
    if not any(field in places for field in _TEXTS):
        raise UnreadableSource(
            f"No column of {name} is known to be the title or the abstract.",
            f"Say which: --columns title=…,abstract=…. The columns are: {_listed(names)}.",
        )
    guessed = {place: field for field, found in places.items() if field not in columns for place in found}
    return _Header(delimiter or ",", names, places, guessed, first.number)


def _places(names: list[str], name: str, columns: Mapping[str, str]) -> dict[str, list[int]]:
    """Which columns make which field: those that were named, and of the others those that are called as usual."""
    simple = [_simple(cell) for cell in names]
    places: dict[str, list[int]] = {}
    for field, column in columns.items():
        if field not in NAMES:
            raise UnreadableSource(f"A paper has no field {shorten(field)!r}.", f"The fields are: {', '.join(NAMES)}.")
        if column not in names and _simple(column) not in simple:
            raise UnreadableSource(f"{name} has no column {shorten(column)!r}.", f"The columns are: {_listed(names)}.")
        places[field] = [names.index(column) if column in names else simple.index(_simple(column))]
    taken = {place for found in places.values() for place in found}
    for field, usual in NAMES.items():
        found = [simple.index(one) for one in usual if one in simple]
        if field not in places and (free := [place for place in found if place not in taken]):
            places[field] = free
    return places


def _tell(header: _Header, name: str, report: Report) -> None:
    used = {place for found in header.places.values() for place in found}
    where = f"{name}:{header.line}"
    for place, column in enumerate(header.names):
        if place in header.guessed:
            but = ", bare numbers left out" if header.guessed[place] == "id" else ""
            report.note("guessed", where, f"column {shorten(column)!r} is the {header.guessed[place]}{but}")
        elif place not in used:
            report.note("ignored", where, f"column {shorten(column)!r} is not part of a paper")


def _paper(row: list[str], header: _Header, where: str, report: Report) -> Paper:
    found = {
        field: [cell for place in places if (cell := row[place].strip()) and cell not in _UNKNOWN]
        for field, places in header.places.items()
    }
    first = {field: cells[0] for field, cells in found.items() if cells}
    values: dict[str, Any] = {field: first[field] for field in ("url", "updated", "daily") if field in first}
    values |= {field: plain(first[field]) for field in (*_TEXTS, "venue") if field in first}
    values |= {
        field: int(text) if (text := first[field]).isdecimal() and len(text) < 20 else text
        for field in _COUNTS
        if field in first
    }
    values["id"] = _id(first.get("id"), header)
    values["authors"] = [name for entry in _entries(first.get("authors", ""), "") for name in people(entry)]
    values["categories"] = list(dict.fromkeys(map(plain, _entries(first.get("categories", ""), ";|,"))))
    dates = found.get("published", [])
    values["published"] = next((day for cell in dates if (day := read_date(cell))), first.get("published"))
    numbers = [(scheme, _mend(scheme, first[scheme], where, report)) for scheme in _SCHEMES if scheme in first]
    values["identifiers"] = identifiers(numbers, where, report)
    return build(values | {"source": SOURCE}, where, report)


def _id(cell: str | None, header: _Header) -> str | None:
    """The id, unless it is a guess and a bare number: rows of other tables have the same, and would be replaced."""
    guessed = "id" in header.guessed.values()
    return None if cell is None or (guessed and re.fullmatch(r"\d+(?:\.0)?", cell)) else cell


def _mend(scheme: str, cell: str, where: str, report: Report) -> str:
    """A number of a name that a spreadsheet or a program took for a decimal number."""
    whole = re.fullmatch(r"(\d+)\.0", cell)
    mended = mend_arxiv(cell) if scheme == "arxiv" else whole[1] if whole else None
    if mended is None:
        return cell
    report.note("repaired", where, f"the {scheme} number {shorten(cell)} had gone through a decimal number: {mended}")
    return mended


def _entries(cell: str, delimiters: str) -> list[str]:
    """The entries of a list in one cell: as programs write lists, else between the first of the delimiters found."""
    if cell[:1] == "[" and cell[-1:] == "]" and len(cell) < _MAX_LITERAL:
        for read in (json.loads, ast.literal_eval):
            with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
                if isinstance(entries := read(cell), list):
                    return [entry for entry in entries if isinstance(entry, str)]
    delimiter = next((sign for sign in delimiters if sign in cell), None)
    return [entry.strip() for entry in cell.split(delimiter)] if delimiter else [cell]


def _simple(name: str) -> str:
    """A column's name as it is compared: `Author(s)`, `pubmed_ID` and `PubMed ID` in one spelling."""
    return " ".join(re.sub(r"\(s\)|[_.-]", lambda match: "s" if match[0] == "(s)" else " ", name.casefold()).split())


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _listed(names: list[str]) -> str:
    return shorten(", ".join(names), 400)
