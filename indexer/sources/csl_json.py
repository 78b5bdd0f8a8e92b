"""CSL-JSON, which Zotero, pandoc and citeproc exchange, and which doi.org answers with, as it comes from Crossref
(https://github.com/citation-style-language/schema/blob/v1.0.2/schemas/input/csl-data.json).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from indexer.errors import shorten
from indexer.identifiers import SCHEMES, find_identifier, split_arxiv
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.citing import (
    MADE_BY,
    arxiv_of,
    join_words,
    keys,
    kind_of,
    named,
    one_line,
    others,
    paragraphs,
    split_words,
)
from indexer.sources.cleaning import plain
from indexer.sources.dates import join_date, read_date
from indexer.sources.json_values import identifiers, items, mapping, prose, text
from indexer.sources.names import take_apart

SOURCE: Final = "csl-json"

_TYPES: Final = {
    "journal": "article-journal", "conference": "paper-conference", "preprint": "article", "other": "document",
}  # fmt: skip
_KNOWN: Final = frozenset((
    "article", "article-journal", "article-magazine", "article-newspaper", "bill", "book", "broadcast", "chapter",
    "classic", "collection", "dataset", "document", "entry", "entry-dictionary", "entry-encyclopedia", "event",
    "figure", "graphic", "hearing", "interview", "legal_case", "legislation", "manuscript", "map", "motion_picture",
    "musical_score", "pamphlet", "paper-conference", "patent", "performance", "periodical",
    "personal_communication", "post", "post-weblog", "regulation", "report", "review", "review-book", "software",
    "song", "speech", "standard", "thesis", "treaty", "webpage",
    "book-chapter", "journal-article", "monograph", "posted-content", "proceedings-article",
))  # fmt: skip
"""The types of CSL, and Crossref's own words, in which doi.org answers."""
_MARKS: Final = frozenset(("author", "issued", "container-title", "DOI", "URL", "citation-key", "title-short"))
_OTHERS: Final = frozenset(("authors", "published", "text", "summary"))
"""Names of fields that CSL does not have, and that our own records and those of other tools do."""
_NOTE = re.compile(r"^[ \t]*([A-Za-z0-9]+):[ \t]*(\S+)", re.MULTILINE)
"""Fields that CSL has no variable for, a line each, as Zotero and citeproc read them."""
_IN_NOTES: Final = {**{scheme: scheme for scheme in SCHEMES}, "pmcid": "pmc"}


def matches(record: Mapping[str, Any]) -> bool:
    """A type of CSL, and a field that only CSL calls so."""
    kind = record.get("type")
    if not isinstance(kind, str) or kind not in _KNOWN or _MARKS.isdisjoint(record):
        return False
    foreign = _OTHERS & record.keys()
    return not foreign or (foreign == {"published"} and isinstance(record["published"], Mapping))  # Crossref's is one


def paper(record: Mapping[str, Any], where: str, report: Report) -> Paper:
    """The paper of a record. Its `id` names it in one file only, unless we have written it."""
    ours = record.get("source") == MADE_BY
    clean = (lambda value: value) if ours else prose
    number = text(record.get("number")) or ""
    words = record.get("keyword")
    values = {
        "id": record.get("id") if ours else None,
        "title": clean(_first(record.get("title"))),
        "abstract": clean(record.get("abstract")),
        "authors": list(_authors(record.get("author"), ours)),
        "published": _date(record.get("issued")),
        "categories": split_words(words if ours else plain(words)) if isinstance(words, str) else None,
        "venue": clean(_first(record.get("container-title"))),
        "identifiers": identifiers(_numbers(record, number), where, report),
        "version": (split_arxiv(number) or ("", None))[1],
        "url": text(record.get("URL")),
        "source": SOURCE,
    }
    return build(values, where, report)


def write(papers: Sequence[Paper]) -> str:
    """The papers as one array, which `paper` reads again."""
    records = [_written(paper, key) for paper, key in zip(papers, keys(papers), strict=True)]
    return json.dumps(records, ensure_ascii=False, indent=2) + "\n"


def _first(value: object) -> object:
    """Crossref has lists of titles, of which the first is the paper's."""
    return next(iter(value), None) if isinstance(value, list) else value


def _numbers(record: Mapping[str, Any], number: str) -> Iterator[tuple[str, object]]:
    for scheme, name in (("doi", "DOI"), ("pmid", "PMID"), ("pmc", "PMCID")):
        yield scheme, record.get(name)
    for value in (record.get("id"), number if number.casefold().startswith("arxiv") else None):
        if isinstance(value, str) and ":" in value and (found := find_identifier(value)):
            scheme, _, rest = found.partition(":")
            yield scheme, rest
    for match in _NOTE.finditer(text(record.get("note")) or ""):
        if found := find_identifier(f"{_IN_NOTES.get(match[1].lower(), '')}:{match[2]}"):
            yield found.partition(":")[0], found.partition(":")[2]


def _authors(value: object, ours: bool) -> Iterator[object]:
    """The names; what is none is given on as it is, so that making the paper names it."""
    for entry in items(value):
        known = mapping(entry)
        parts = [
            text(known.get(name))
            for name in ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
        ]
        whole = text(known.get("literal")) or text(known.get("name")) or " ".join(filter(None, parts))
        yield (whole if ours else plain(whole)) or entry


def _date(value: object) -> str | None:
    """The date that all of a range has in common, or its first year; what is no date as it is, so that it is named."""
    known = mapping(value)
    days = [part for part in items(known.get("date-parts")) if isinstance(part, list) and part and part[0]]
    if not days:
        written = text(known.get("raw")) or text(known.get("literal")) or text(value)
        return written and (read_date(written) or written)
    found = [join_date(*(str(part) for part in day[:3] if part)) for day in days[:2]]
    if found[0] is None:
        return shorten(str(days[0]))
    if len(found) == 1 or found[0] == found[1] or found[1] is None:
        return found[0]
    common = [ours for ours, theirs in zip(found[0].split("-"), found[1].split("-"), strict=False) if ours == theirs]
    return "-".join(common) if common and found[0].startswith("-".join(common)) else found[0][:4]


def _written(paper: Paper, key: str) -> dict[str, Any]:
    known = named(paper)
    arxiv = arxiv_of(paper)
    values = {
        "id": paper.id,
        "citation-key": key,
        "type": _TYPES[kind_of(paper)],
        "title": one_line(paper.title),
        "author": list(map(_name, paper.authors)),
        "issued": {"date-parts": [[int(part) for part in (paper.published or "").split("-")]]}
        if paper.published
        else None,
        "container-title": one_line(paper.venue),
        "publisher": "arXiv" if kind_of(paper) == "preprint" else None,
        "number": arxiv and f"arXiv:{arxiv}",
        "DOI": known.get("doi"),
        "PMID": known.get("pmid"),
        "PMCID": known.get("pmc"),
        "URL": paper.url,
        "abstract": paragraphs(paper.abstract),
        "keyword": join_words(paper.categories),
        "note": "\n".join(others(paper, "arxiv", "doi", "pmid", "pmc")),
        "source": MADE_BY,
    }
    return {name: value for name, value in values.items() if value}


def _name(name: str) -> dict[str, str]:
    parts = take_apart(name)
    values = {
        "family": parts.family,
        "given": parts.given,
        "non-dropping-particle": parts.particle,
        "suffix": parts.suffix,
    } if parts else {"literal": one_line(name)}  # fmt: skip
    return {part: value for part, value in values.items() if value}
