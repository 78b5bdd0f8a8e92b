"""Lines of the arXiv metadata snapshot, as Kaggle gives it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import full_name, people, plain
from indexer.sources.json_values import arxiv_id, identifiers, items, mapping, paper_id, prose, text

SOURCE: Final = "arxiv"

_BETWEEN_DOIS = re.compile(r"[\s,;]+(?=10\.\d|doi:|https?:)|\s+", re.IGNORECASE)


def matches(record: Mapping[str, Any]) -> bool:
    """Names that only the snapshot has."""
    return "authors_parsed" in record or {"versions", "update_date"} <= set(record)


def paper(record: Mapping[str, Any], where: str, report: Report) -> Paper:
    """The paper of a line. `comments` there is a remark of the authors, not the number of comments that we keep."""
    versions = [mapping(version) for version in items(record.get("versions"))]
    number = arxiv_id(record.get("id"))
    doi = text(record.get("doi"))
    values = {
        "id": paper_id(record.get("id")),
        "title": prose(record.get("title")),
        "abstract": prose(record.get("abstract")),
        "authors": list(_authors(record)),
        "published": _first_day(versions),
        "updated": text(record.get("update_date")),
        "version": _number(versions[-1]) if versions else None,
        "categories": _categories(record.get("categories")),
        "venue": prose(text(record.get("journal-ref"))),
        "identifiers": identifiers((("doi", one) for one in _BETWEEN_DOIS.split(doi or "")), where, report),
        "url": f"https://arxiv.org/abs/{number}" if number else None,
        "source": SOURCE,
    }
    return build(values, where, report)


def _authors(record: Mapping[str, Any]) -> Iterator[str]:
    """The names as arXiv split them; where it did not, those in the text, in which affiliations are glued to them.

    A split name is last, first, suffix, then affiliations.
    """
    split = [
        [part if isinstance(part, str) else "" for part in name]
        for name in items(record.get("authors_parsed"))
        if isinstance(name, list)
    ]
    for last, first, suffix in ([*name, "", "", ""][:3] for name in split):
        if name := plain(full_name(f"{first} {last}", suffix)):
            yield name.replace(". -", ".-")  # "C.-P. Yuan" comes as "C. -P."
    if not split:
        yield from people(text(record.get("authors")) or "")


def _categories(value: object) -> list[str]:
    written = value if isinstance(value, str) else " ".join(item for item in items(value) if isinstance(item, str))
    return written.split()


def _number(version: Mapping[str, Any]) -> int | None:
    match = re.fullmatch(r"v([0-9]{1,4})", text(version.get("version")) or "")
    return int(match[1]) if match else None


def _first_day(versions: list[Mapping[str, Any]]) -> str | None:
    """The day of the first version, which is written as in mails: `Mon, 2 Apr 2007 19:18:42 GMT`."""
    first = next((version for version in versions if _number(version) == 1), None)
    created = text(first.get("created")) if first else None
    try:
        return parsedate_to_datetime(created).date().isoformat() if created else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return created  # in another form: making the paper reads it or names the fault
