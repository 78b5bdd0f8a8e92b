"""Papers of Semantic Scholar: its Graph and Recommendations interfaces, and the lines of its dataset dumps.

Both name the same fields; the dumps write them in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.json_values import date_or_year, identifiers, items, labels, mapping, names, prose, text

SOURCE: Final = "semantic-scholar"

_SCHEMES: Final = {
    "arxiv": "arxiv",
    "acl": "acl",
    "doi": "doi",
    "pubmed": "pmid",
    "pubmedcentral": "pmc",
    "corpusid": "corpusid",
}
"""Their names of identifiers, in lower case, and ours. MAG and DBLP numbers name papers nowhere else."""


def matches(record: Mapping[str, Any]) -> bool:
    """One of their own numbers, or their list of other people's."""
    return not {"paperId", "externalIds", "corpusId", "corpusid", "externalids"}.isdisjoint(record)


def paper(record: Mapping[str, Any], where: str, report: Report) -> Paper:
    """The paper of a record. The `tldr` is a model's sentence, not an abstract, and is left out."""
    fields = {key.lower(): value for key, value in record.items()}
    others = [f"{len(items(fields.get(key))):,} {key}" for key in ("citations", "references") if items(fields.get(key))]
    numbers = identifiers(_numbers(fields), where, report)
    values = {
        "title": prose(fields.get("title")),
        "abstract": prose(fields.get("abstract")),
        "authors": names(fields.get("authors"), "name"),
        "published": date_or_year(fields.get("publicationdate"), fields.get("year")),
        "categories": labels(items(fields.get("fieldsofstudy")) + items(fields.get("s2fieldsofstudy")), "category"),
        "venue": _venue(fields),
        "url": text(fields.get("url")) or _address(numbers),
        "identifiers": numbers,
        "source": SOURCE,
    }
    made = build(values, where, report)
    if others:
        report.note("ignored", where, f"{' and '.join(others)}: papers of their own, not part of this one")
    return made


def _numbers(fields: Mapping[str, Any]) -> list[tuple[str, object]]:
    named = {key.lower(): value for key, value in mapping(fields.get("externalids")).items()}
    return [
        ("s2", fields.get("paperid")),
        ("corpusid", fields.get("corpusid")),
        *((scheme, named.get(name)) for name, scheme in _SCHEMES.items()),
    ]


def _venue(fields: Mapping[str, Any]) -> object:
    return (
        text(fields.get("venue"))
        or text(mapping(fields.get("publicationvenue")).get("name"))
        or text(mapping(fields.get("journal")).get("name"))
    )


def _address(numbers: list[str]) -> str | None:
    """Where the paper stands on their site, for records without `url`: most requests do not ask for it."""
    named = dict(number.split(":", 1) for number in numbers)
    if paper_id := named.get("s2"):
        return f"https://www.semanticscholar.org/paper/{paper_id}"
    return f"https://api.semanticscholar.org/CorpusID:{named['corpusid']}" if "corpusid" in named else None
