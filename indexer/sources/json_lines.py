"""JSON Lines: one paper a line, in the product's own names or the common ones of other tools."""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import identifier
from indexer.paper import FIELDS, Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.json_values import paper_id

ALIASES: Final = {
    "_id": "id",
    "text": "abstract",
    "summary": "abstract",
    "date": "published",
    "n_authors": "author_count",
    "daily_date": "daily",
}
"""Other tools' names of our fields: BEIR's `_id` and `text`, `summary` and `date` of feed dumps."""

NAMES: Final = {"doi": "doi", "arxiv": "arxiv", "arxiv_id": "arxiv", "pmid": "pmid", "acl_id": "acl"}
"""Fields of other tools that hold an identifier, and its scheme."""

MAX_LINE: Final = 4_000_000
"""Bytes of one line. A longer one is skipped without being held in memory."""

UNREADABLE: Final = "paperkin-json"
"""Decodes broken UTF-8 in JSON to the escape of a control character, which making the paper replaces and reports."""


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\\u001a", error.end


codecs.register_error(UNREADABLE, _escape)


def split(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """The lines of a stream that comes in pieces; `None` stands for one over the limit."""
    begun, over = bytearray(), False
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield None if over or len(begun) + len(end) >= MAX_LINE else bytes(begun + end)
            begun.clear()
            over = False
        begun += rest
        if len(begun) >= MAX_LINE:
            over = True
            begun.clear()
    if begun or over:
        yield None if over else bytes(begun)


def decode(line: bytes) -> Any:
    """The JSON value that a line is. Numbers that are not finite are unknown: tools write NaN for what they lack.

    Raises `InvalidPaper`.
    """
    text = line.removeprefix(codecs.BOM_UTF8).decode(errors=UNREADABLE)
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=finite)
    except (ValueError, RecursionError) as error:
        raise InvalidPaper(f"not JSON ({getattr(error, 'msg', error)})", "Mend the line.") from error


def finite(number: Any) -> float | None:
    """A number as JSON writes it; `None` where it is larger than any that can be."""
    found = float(number)
    return found if math.isfinite(found) else None


def paper(record: Mapping[str, Any], where: str, report: Report, ignored: set[str]) -> Paper:
    """The paper of a record in our own names. A field that is none of ours is reported once: `ignored` remembers it."""
    values = {key: value for key, value in record.items() if key in FIELDS}
    for alias, key in ALIASES.items():
        if alias in record and values.get(key) is None:
            values[key] = record[alias]
    values["id"] = paper_id(values.get("id"))
    if found := _identifiers(record, where, report):
        values["identifiers"] = [*(values.get("identifiers") or ()), *found]
    made = build(values, where, report)
    for key in record:
        if key not in FIELDS and key not in ALIASES and key not in NAMES and key not in ignored:
            ignored.add(key)
            report.note("ignored", where, f"field {shorten(key)!r} is not part of a paper")
    return made


def _identifiers(record: Mapping[str, Any], where: str, report: Report) -> list[str]:
    found = []
    for field, scheme in NAMES.items():
        value = record.get(field)
        if value is None or value == "":
            continue
        name = identifier(scheme, str(value)) if isinstance(value, str | int) else None
        if name:
            found.append(name)
        else:
            report.note("repaired", where, f"{field} {shorten(repr(value))} is no {scheme} identifier; it was dropped")
    return found
