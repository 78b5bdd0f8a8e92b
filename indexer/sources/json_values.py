"""What the shapes of JSON records share: taking values out of records of strangers, whatever their types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from indexer.errors import shorten
from indexer.identifiers import identifier, mend_arxiv, split_arxiv
from indexer.report import Report
from indexer.sources.cleaning import plain


def prose(value: object) -> object:
    """A text without markup. What is no text stays as it is, so that making the paper names its fault."""
    return plain(value) if isinstance(value, str) else value


def text(value: object) -> str | None:
    """A text that is not blank, or `None`."""
    return value.strip() or None if isinstance(value, str) else None


def mapping(value: object) -> Mapping[str, Any]:
    """An object, empty where there is none."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    """A list, empty where there is none."""
    return value if isinstance(value, list) else []


def names(value: object, key: str) -> list[str]:
    """The names in a list of objects that have them under `key`, or of bare names. Two people may share one."""
    found = (text(item.get(key) if isinstance(item, Mapping) else item) for item in items(value))
    return [plain(name) for name in found if name]


def labels(value: object, key: str) -> list[str]:
    """The same for labels, each once."""
    return list(dict.fromkeys(names(value, key)))


def date_or_year(date: object, year: object) -> object:
    """The day where it is known, else the year, as a number or a text."""
    if text(date):
        return date
    return str(year) if isinstance(year, int) and not isinstance(year, bool) else text(year)


def paper_id(value: object) -> object:
    """An id as it is; one that went through a number without a loss is that text again."""
    return repr(value) if isinstance(value, float) and split_arxiv(repr(value)) else value


def arxiv_id(value: object) -> str | None:
    """The arXiv id without its version that a value is, or was before it went through a decimal number."""
    written = repr(value) if isinstance(value, float) else value
    if not isinstance(written, str):
        return None
    found = split_arxiv(written)
    return found[0] if found else mend_arxiv(written)


def identifiers(pairs: Iterable[tuple[str, object]], where: str, report: Report) -> list[str]:
    """The identifiers of pairs of scheme and value; a value that is none of its scheme is dropped and reported."""
    found: dict[str, None] = {}
    for scheme, value in pairs:
        written = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if name := identifier(scheme, written):
            found[name] = None
        elif written:
            report.note("repaired", where, f"{shorten(written)!r} is not of the form of {scheme}; it was dropped")
    return list(found)
