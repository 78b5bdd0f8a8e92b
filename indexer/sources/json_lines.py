"""JSON Lines: one paper a line, in the product's own names or the common ones of other tools."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from indexer.errors import InvalidPaper, shorten
from indexer.paper import FIELDS, Paper, from_record, is_unsafe, make_safe
from indexer.report import Report

ALIASES: Final = {
    "_id": "id",
    "text": "abstract",
    "summary": "abstract",
    "date": "published",
    "n_authors": "author_count",
}
"""Other tools' names of our fields: BEIR's `_id` and `text`, `summary` and `date` of feed dumps."""

_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}.*", re.DOTALL)

MAX_LINE: Final = 4_000_000
"""Bytes of one line. A longer one is skipped without being held in memory."""


def recognises(head: bytes) -> bool:
    """Whether the first line begins a JSON object."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of a stream of lines; a line that is not a paper is skipped and reported by its number."""
    ignored: set[str] = set()
    for number, line in enumerate(_lines(stream), 1):
        where = f"{name}:{number}"
        if line is None:
            report.note("skipped", where, f"the line is longer than {MAX_LINE:,} bytes")
        elif line.strip():
            report.read += 1
            try:
                yield _paper(line, where, report, ignored)
            except InvalidPaper as error:
                report.note("skipped", where, error.message)


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a stream; `None` stands for one over the limit."""
    while line := stream.readline(MAX_LINE):
        whole = len(line) < MAX_LINE or line.endswith(b"\n")
        if not whole:
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
        yield line if whole else None


def _paper(line: bytes, where: str, report: Report, ignored: set[str]) -> Paper:
    text = line.decode("utf-8-sig", errors="replace")
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidPaper(f"not JSON ({getattr(error, 'msg', error)})", "Mend the line.") from error
    if not isinstance(record, dict):
        raise InvalidPaper("a JSON object is expected", "Put one paper on a line.")
    values = _own_names(record, where, report, ignored)
    _repair(values, where, report, damaged="\N{REPLACEMENT CHARACTER}" in text and b"\xef\xbf\xbd" not in line)
    try:
        paper = from_record(values)
    except InvalidPaper:
        paper = from_record(_without_faults(values, where, report))
    for name in ("title", "abstract"):
        if not getattr(paper, name):
            report.note("missing", where, f"{name} of {shorten(paper.heading, 60)!r}")
    return paper


def _without_faults(values: dict[str, Any], where: str, report: Report) -> dict[str, Any]:
    """Drop what is wrong but not needed: a paper is not lost for the sake of its date."""
    kept = dict(values)
    for name in [name for name in values if name not in ("id", "title", "abstract")]:
        try:
            from_record({"title": "any", name: values[name]})
        except InvalidPaper as error:
            del kept[name]
            report.note(
                "repaired", where, f"{error.message.removesuffix('.')}; {shorten(repr(values[name]))} was dropped"
            )
    return kept


def _own_names(record: dict[str, Any], where: str, report: Report, ignored: set[str]) -> dict[str, Any]:
    """Keep the fields of a paper under our names; name each other field once in the report."""
    values = {key: value for key, value in record.items() if key in FIELDS}
    for alias, key in ALIASES.items():
        if alias in record and values.get(key) is None:
            values[key] = record[alias]
    for key in record:
        if key not in FIELDS and key not in ALIASES and key not in ignored:
            ignored.add(key)
            report.note("ignored", where, f"field {shorten(key)!r} is not part of a paper")
    return values


def _repair(values: dict[str, Any], where: str, report: Report, *, damaged: bool) -> None:
    """Mend what real files get wrong and what can be mended without inventing anything."""
    if isinstance(values.get("id"), int) and not isinstance(values["id"], bool):
        values["id"] = str(values["id"])
    published = values.get("published")
    if isinstance(published, str):
        # A time of day, as feeds write it, is more than a paper's date needs.
        values["published"] = _TIMESTAMP.sub(r"\1", published.strip()) or None
    for key in ("title", "abstract", "authors", "categories", "source", "url"):
        value = values.get(key)
        if isinstance(value, str) and is_unsafe(value):
            values[key], damaged = make_safe(value), True
        elif isinstance(value, list) and any(isinstance(item, str) and is_unsafe(item) for item in value):
            values[key], damaged = [make_safe(item) if isinstance(item, str) else item for item in value], True
    if damaged:
        report.note("repaired", where, "unreadable characters were replaced by U+FFFD")
