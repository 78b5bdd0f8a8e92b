"""Feeds of the arXiv API: Atom, as described in https://info.arxiv.org/help/api/user-manual.html."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import split_arxiv
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import plain
from indexer.sources.json_values import identifiers
from indexer.sources.xml_records import Node, Record, records, root

SOURCE: Final = "arxiv"

_OURS: Final = (b"arxiv.org/schemas/atom", b"arxiv.org/api/")
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2}|\.[a-z]+(?:-[a-z]+)*)?")
_BETWEEN_DOIS = re.compile(r"[\s,;]+(?=10\.\d|doi:|https?:)", re.IGNORECASE)


def recognises(head: bytes) -> bool:
    """Whether this is an Atom feed, or one entry, of the arXiv API; its daily feeds are others (`rss.arxiv.org`)."""
    top = root(head)
    return (
        top is not None
        and top.name in {"feed", "entry"}
        and any(mark in top.head for mark in _OURS)
        and b"rss.arxiv.org" not in top.head
    )


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of a feed. What the API says instead of a paper is skipped with its words."""
    for record in records(stream, name, report, ("entry",)):
        address = record.node.text("id")
        if "/api/errors" in address:
            report.note("skipped", record.where, f"arXiv answered: {shorten(record.node.text('summary'), 200)}")
            continue
        try:
            yield _paper(record, address, report)
        except InvalidPaper as error:
            report.note("skipped", record.where, error.message)


def _paper(record: Record, address: str, report: Report) -> Paper:
    entry = record.node
    found = split_arxiv(address.rpartition("/abs/")[2])
    if found is None:
        report.note("missing", record.where, f"arXiv id: {shorten(address)!r} is none")
    number, version = found or (None, None)
    values = {
        "title": plain(entry.text("title")),
        "abstract": plain(entry.text("summary")),
        "authors": [plain(author) for author in entry.texts("author/name") if re.search(r"\w", author)],
        "published": entry.text("published") or None,
        "updated": entry.text("updated") or None,
        "version": version,
        "categories": _categories(entry),
        "venue": plain(entry.text("journal_ref")),
        "identifiers": arxiv_identifiers(number, [entry.text("doi")], record.where, report),
        "url": arxiv_url(number),
        "source": SOURCE,
    }
    return build(values, record.where, report, damaged=record.damaged)


def arxiv_url(number: str | None) -> str | None:
    """Where people read about a paper, in its newest version."""
    return f"https://arxiv.org/abs/{number}" if number else None


def arxiv_identifiers(number: str | None, dois: Iterable[str], where: str, report: Report) -> list[str]:
    """The identifiers of a paper by its arXiv id and what its authors wrote where one DOI is expected.

    That may be several, with commas, semicolons or spaces between them. A DOI that arXiv gave names no other paper.
    """
    written = [one for doi in dois for one in _BETWEEN_DOIS.split(doi.strip()) if one]
    found = [name for name in identifiers([("doi", one) for one in written], where, report) if name.startswith("doi:")]
    return [*([f"arxiv:{number}"] if number else []), *found]


def arxiv_categories(terms: Iterable[str]) -> list[str]:
    """arXiv's own categories, each once; the classes of ACM and MSC that authors add are not among them."""
    return list(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term)))


def _categories(entry: Node) -> list[str]:
    primary = entry.first("primary_category")
    terms = [node.get("term") for node in entry.all("category")]
    return arxiv_categories([primary.get("term") if primary else "", *terms])
