"""Works of OpenAlex, from its interface or its snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import find_identifier, identifier
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import plain
from indexer.sources.json_values import date_or_year, identifiers, items, labels, mapping, prose, text

SOURCE: Final = "openalex"
MIN_SCORE: Final = 0.3
"""How sure OpenAlex must be of a concept: concepts below this are guesses of its older classifier."""

_ADDRESS = re.compile(r"https?://(?:api\.)?openalex\.org/", re.IGNORECASE)
_OWN: Final = ("abstract", "text", "published", "date", "source")


def matches(record: Mapping[str, Any]) -> bool:
    """An address of theirs as id, or a field that only they have; a record in our own names may bear such an id."""
    address = text(record.get("id"))
    theirs = address is not None and _ADDRESS.match(address) is not None and not any(name in record for name in _OWN)
    return theirs or "abstract_inverted_index" in record or {"doi", "open_access"} <= set(record)


def paper(record: Mapping[str, Any], where: str, report: Report) -> Paper:
    """The paper of a work. Raises `InvalidPaper` for their other records: authors, journals and topics have names too.

    Categories are the topics, or where there are none the concepts of which OpenAlex is sure. The venue is the journal
    or conference, never the repository that keeps a copy.
    """
    given = text(record.get("id")) or ""
    number = identifier("openalex", given)
    if given and not number:
        raise InvalidPaper(f"{shorten(given)} is not a work of OpenAlex.", "Give works: their ids begin with W.")
    place = mapping(record.get("primary_location"))
    values = {
        "title": prose(record.get("title") or record.get("display_name")),
        "abstract": prose(_abstract(record.get("abstract_inverted_index"))),
        "authors": list(_authors(record.get("authorships"))),
        "published": _published(record),
        "categories": _categories(record),
        "venue": _venue(mapping(place.get("source"))) or _venue(mapping(record.get("host_venue"))),
        "url": text(place.get("landing_page_url")) or _address(record, number),
        "identifiers": identifiers(_numbers(record), where, report),
        "source": SOURCE,
    }
    made = build(values, where, report)
    if record.get("is_authors_truncated") is True:
        report.note("missing", where, f"the authors beyond the first {len(made.authors):,}, which lists leave out")
    return made


def _abstract(index: object) -> str:
    """The words at their places. Sorting them needs no room for the gaps between places, however far apart they are."""
    places = [
        (place, word)
        for word, found in mapping(index).items()
        for place in items(found)
        if isinstance(place, int) and not isinstance(place, bool)
    ]
    return " ".join(word for _, word in sorted(places, key=lambda pair: pair[0]))


def _authors(authorships: object) -> Iterator[str]:
    for authorship in map(mapping, items(authorships)):
        known = text(mapping(authorship.get("author")).get("display_name"))
        if name := known or text(authorship.get("raw_author_name")):
            yield plain(name)


def _published(record: Mapping[str, Any]) -> object:
    """The date; the first of January stands for a year of which they know no more."""
    date = date_or_year(record.get("publication_date"), record.get("publication_year"))
    return date[:4] if isinstance(date, str) and re.fullmatch(r"\d{4}-01-01", date) else date


def _categories(record: Mapping[str, Any]) -> list[str]:
    if topics := labels(items(record.get("topics")) or [record.get("primary_topic")], "display_name"):
        return topics
    return labels([one for one in items(record.get("concepts")) if _score(one) >= MIN_SCORE], "display_name")


def _score(concept: object) -> float:
    score = mapping(concept).get("score")
    return score if isinstance(score, int | float) else 0


def _venue(source: Mapping[str, Any]) -> str | None:
    return None if source.get("type") in {"repository", "metadata"} else text(source.get("display_name"))


def _address(record: Mapping[str, Any], number: str | None) -> str | None:
    """The DOI as an address, which it is nearly always, else the page of OpenAlex."""
    doi = text(record.get("doi"))
    if doi:
        return f"https://doi.org/{doi}" if doi.startswith("10.") else doi
    return f"https://openalex.org/{number.partition(':')[2]}" if number else None


def _numbers(record: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    named = mapping(record.get("ids"))
    for scheme in ("openalex", "doi", "pmid"):
        yield scheme, named.get(scheme)
    yield (
        "pmc",
        (text(named.get("pmcid")) or "").rpartition("/")[2],
    )  # an address without the letters: …/articles/4234579
    yield "openalex", record.get("id")
    yield "doi", record.get("doi")
    for place in map(mapping, items(record.get("locations"))):
        number = find_identifier(text(place.get("landing_page_url")) or "") or ""
        if number.startswith("arxiv:"):
            yield "arxiv", number.removeprefix("arxiv:")
