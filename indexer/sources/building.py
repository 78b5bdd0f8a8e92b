"""From what an importer found to a paper: mends what can be mended, drops what is wrong and not needed, says both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import mend_arxiv, split_arxiv
from indexer.paper import Paper, from_record, is_unsafe, make_safe
from indexer.report import Report
from indexer.sources.cleaning import people

_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}.*", re.DOTALL)
_NEEDED: Final = ("id", "title", "abstract")
_DATES: Final = ("published", "updated", "daily")


def build(values: Mapping[str, Any], where: str, report: Report, *, damaged: bool = False) -> Paper:
    """A paper of values under our own names; `None` and blanks count as unknown.

    `damaged` says that reading has already replaced unreadable bytes. Raises `InvalidPaper` where nothing can be kept:
    there is neither title nor abstract, or the id is none.
    """
    mended = _mend(dict(values), where, report, damaged=damaged)
    try:
        paper = from_record(mended)
    except InvalidPaper:
        paper = from_record(_without_faults(mended, where, report))
    for name in ("title", "abstract"):
        if not getattr(paper, name):
            report.note("missing", where, f"{name} of {shorten(paper.heading, 60)!r}")
    return paper


def _without_faults(values: dict[str, Any], where: str, report: Report) -> dict[str, Any]:
    """Drop what is wrong but not needed: a paper is not lost for the sake of its date."""
    kept = dict(values)
    for name in [name for name in values if name not in _NEEDED]:
        if isinstance(kept[name], list | tuple) and name == "identifiers":
            kept[name] = [one for one in kept[name] if not _fault(name, [one], where, report)]
        elif _fault(name, values[name], where, report):
            del kept[name]
    return kept


def _fault(name: str, value: object, where: str, report: Report) -> bool:
    try:
        from_record({"title": "any", name: value})
    except InvalidPaper as error:
        report.note("repaired", where, f"{error.message.removesuffix('.')}; {shorten(repr(value))} was dropped")
        return True
    return False


def _mend(values: dict[str, Any], where: str, report: Report, *, damaged: bool) -> dict[str, Any]:
    """Mend what real files get wrong and what can be mended without inventing anything."""
    values["id"] = _mend_id(values.get("id"), where, report)
    values["authors"] = _mend_authors(values.get("authors"), where, report)
    for name in _DATES:
        if isinstance(values.get(name), str):
            # A time of day, as feeds write it, is more than a paper's date needs.
            values[name] = _TIMESTAMP.sub(r"\1", values[name].strip()) or None
    for name, value in values.items():
        if isinstance(value, str) and name != "id" and is_unsafe(value):
            values[name], damaged = make_safe(value), True
        elif isinstance(value, list | tuple) and any(isinstance(item, str) and is_unsafe(item) for item in value):
            values[name], damaged = [make_safe(item) if isinstance(item, str) else item for item in value], True
    if damaged:
        report.note("repaired", where, "unreadable characters were replaced by U+FFFD")
    return values


def _mend_authors(value: object, where: str, report: Report) -> object:
    """Names out of one string, or out of objects with a name; an entry that is none costs itself alone."""
    if isinstance(value, str):
        return people(value) or None
    if not isinstance(value, list | tuple):
        return value
    names = []
    for entry in value:
        name = entry.get("name") if isinstance(entry, dict) else entry
        if isinstance(name, str):
            names.append(name)
        elif entry is not None:
            report.note("repaired", where, f"the author {shorten(_shown(entry))} is no name; it was dropped")
    return names


def _shown(value: object) -> str:
    try:
        return repr(value)
    except RecursionError:  # lists in lists without end
        return type(value).__name__


def _mend_id(value: object, where: str, report: Report) -> object:
    """Whole numbers become strings, and arXiv ids that went through a decimal number get their zeros back."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = repr(value) if isinstance(value, float) else value
    if isinstance(text, str) and (found := mend_arxiv(text)):
        report.note("repaired", where, f"the arXiv id {shorten(text)} had gone through a decimal number: {found}")
        return found
    return text if isinstance(text, str) and split_arxiv(text) else value
