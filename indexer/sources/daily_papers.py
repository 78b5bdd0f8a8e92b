"""A Daily Papers page pasted as text.

Such a page is a header (some labels, then the day), then papers one after another:

    Title
    One paragraph of abstract
      • 8 authors
    ·
    Sep 25            ← or "Dec 29, 2024", or "Nov 14 1" with the number of comments

The site leaves out the year of a date where it is the year of the page. Nothing but the text's shape tells a
title from a label, so a line is a title only if an abstract or a closing follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Final

from indexer.errors import InvalidPaper, UnreadableSource, shorten
from indexer.paper import Paper, id_from_title, is_unsafe, make_safe
from indexer.report import Report

SOURCE: Final = "daily-papers"
MAX_BYTES: Final = 20_000_000

_MONTHS: Final = {
    "January": 1, "February": 2, "March": 3, "April": 4, "May": 5, "June": 6,
    "July": 7, "August": 8, "September": 9, "October": 10, "November": 11, "December": 12,
}  # fmt: skip
_AUTHORS = re.compile(r"(?:[•·*-]\s*)?(\d{1,5}) authors?(?:\s*[·•]\s*(.+))?")
_DATE = re.compile(r"([A-Z][a-z]{2,8}) (\d{1,2})(?:, (\d{4}))?(?: (\d{1,6}))?")
_HEADER = re.compile(r"(?im)^[ \t]*daily papers\s*$")
_CLOSING = re.compile(r"(?m)^[ \t]*[•·][ \t]*\d+ authors?\b")


@dataclass(frozen=True, slots=True)
class _Date:
    month: int
    day: int
    year: int | None
    comments: int | None


@dataclass(slots=True)
class _Entry:
    """A paper as it stands on the page; `None` where the page does not say."""

    title: str
    line: int
    abstract: list[str] = field(default_factory=list)
    author_count: int | None = None
    date: _Date | None = None


@dataclass(slots=True)
class _Page:
    header: _Date | None = None
    entries: list[_Entry] = field(default_factory=list)
    ignored: list[tuple[int, str]] = field(default_factory=list)


def recognises(head: bytes) -> bool:
    """Whether the text has the page's header or the closing line of a paper."""
    text = head.decode("utf-8", errors="replace")
    return bool(_HEADER.search(text[:4_000]) or _CLOSING.search(text))


def parse(stream: BinaryIO, name: str, report: Report, *, year: int | None = None) -> Iterator[Paper]:
    """The papers of a page. `year` overrides the year of dates that are written without one.

    The report says what was read, which year was guessed and why, and what each paper lacks.
    """
    data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnreadableSource(f"{name} is larger than a page can be.", f"Paste at most {MAX_BYTES:,} bytes a file.")
    text = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    if is_unsafe(text) or ("\N{REPLACEMENT CHARACTER}" in text and b"\xef\xbf\xbd" not in data):
        text = make_safe(text)
        report.note("repaired", name, "unreadable characters were replaced by U+FFFD")
    page = _scan(text)
    for line, label in page.ignored:
        report.note("ignored", f"{name}:{line}", shorten(label))
    page_year = year if year is not None else _guess_year(page, name, report)
    for entry in page.entries:
        report.read += 1
        where = f"{name}:{entry.line}"
        try:
            yield _paper(entry, page_year, where, report)
        except InvalidPaper as error:
            report.note("skipped", where, error.message)


def _scan(text: str) -> _Page:
    """Read line by line: every line is a closing, a date, a dot, a title, prose or a label."""
    page = _Page()
    lines = [(number, " ".join(line.split())) for number, line in enumerate(text.split("\n"), 1)]
    lines = [(number, line) for number, line in lines if line and line not in {"·", "•"}]
    open_entry: _Entry | None = None
    for i, (number, line) in enumerate(lines):
        following = lines[i + 1][1] if i + 1 < len(lines) else ""
        closing, when = _AUTHORS.fullmatch(line), _date(line)
        if closing and open_entry and open_entry.author_count is None:
            open_entry.author_count = int(closing[1])
            open_entry.date = _date(closing[2] or "")
        elif when and open_entry and open_entry.date is None:
            open_entry.date, open_entry = when, None
        elif when and not page.entries and page.header is None:
            page.header, open_entry = when, None
        elif open_entry and _continues(open_entry, line, following):
            open_entry.abstract.append(line)
        elif _is_title(line, following):
            open_entry = _Entry(line, number)
            page.entries.append(open_entry)
        else:
            page.ignored.append((number, line))
    return page


def _date(line: str) -> _Date | None:
    match = _DATE.fullmatch(line)
    if match is None:
        return None
    word, day, year, comments = match.groups()
    month = next((number for name, number in _MONTHS.items() if name.startswith(word)), None)
    if month is None:  # "Octopus 2" is a title
        return None
    return _Date(month, int(day), int(year) if year else None, int(comments) if comments else None)


def _is_prose(line: str) -> bool:
    """An abstract is long, or a sentence; a title is neither."""
    return len(line) > 300 or (line.endswith(".") and len(line.split()) >= 8)


def _continues(entry: _Entry, line: str, following: str) -> bool:
    """Whether a line belongs to the abstract: prose, or a last short line ("Code: …") before the closing."""
    if entry.author_count is not None:
        return False
    return _is_prose(line) or (bool(entry.abstract) and _AUTHORS.fullmatch(following) is not None)


def _is_title(line: str, following: str) -> bool:
    return not _is_prose(line) and (_is_prose(following) or _AUTHORS.fullmatch(following) is not None)


def _guess_year(page: _Page, name: str, report: Report) -> int | None:
    """The first year that fits everything on the page.

    A year is written only where it differs from the page's own and papers are not from the future, so the
    page's year is later than every written one, and it must have every day that is written without a year
    (29 February needs a leap year). With no year written anywhere, it is the last one in which all these days
    are past by today's calendar.
    """
    if page.header and page.header.year:
        return page.header.year
    dates = [entry.date for entry in page.entries if entry.date]
    bare = [when for when in dates if when.year is None]
    if not bare:
        return None
    if page.header:
        bare.append(page.header)
    written = [when.year for when in dates if when.year is not None]
    if written:
        first, step, why = max(written) + 1, 1, f"the latest year written on the page is {max(written)}"
    else:
        today = date.today()
        past = max((when.month, when.day) for when in bare) <= (today.month, today.day)
        first, step, why = today.year - (not past), -1, "no year is written on the page"
    years = range(first, first + 9 * step, step)  # nine, because 1900 and 2100 are no leap years
    year = next((y for y in years if all(_iso(when, y) for when in bare)), first)
    report.note("guessed", name, f"dates without a year are of {year}: {why}")
    return year


def _iso(when: _Date, year: int | None) -> str | None:
    """The day in ISO 8601, or `None` where it does not exist."""
    try:
        return date(when.year or year or 0, when.month, when.day).isoformat()
    except ValueError:
        return None


def _paper(entry: _Entry, year: int | None, where: str, report: Report) -> Paper:
    published = _iso(entry.date, year) if entry.date else None
    facts = {"abstract": entry.abstract, "author count": entry.author_count is not None, "date": published}
    if lacking := [fact for fact, known in facts.items() if not known]:
        report.note("missing", where, f"{' and '.join(lacking)} of {shorten(entry.title, 60)!r}")
    return Paper(
        id=id_from_title(entry.title),
        title=entry.title,
        abstract="\n\n".join(entry.abstract),
        author_count=entry.author_count,
        published=published,
        comments=entry.date.comments if entry.date else None,
        source=SOURCE,
    )
