"""Semantic Scholar's parameters, as our filters and pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final

from fastapi import Depends, Query

from api.s2.errors import NotThere, Refused
from api.s2.shape import ARCHIVES, STUDIES, Shape
from indexer.collection import Snapshot
from indexer.errors import InvalidQuery, PaperNotFound
from indexer.filters import Condition, Filters
from indexer.identifiers import identifier

_DAY: Final = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_DAYS: Final = re.compile(rf"(?P<first>{_DAY})?(?P<span>:)?(?P<last>(?<=:){_DAY})?")
_YEARS: Final = re.compile(r"(?P<first>\d{4})?(?P<span>-)?(?P<last>(?<=-)\d{4})?")
_SCHEMES: Final = {
    "arxiv": "arxiv", "doi": "doi", "acl": "acl", "pmid": "pmid", "pmcid": "pmc", "corpusid": "corpusid",
}  # fmt: skip
_NOT_KNOWN: Final = "{} is not supported: papers here come without what it asks for"


def asked_words(words: Annotated[str, Query(alias="query", description="plain words, without operators")]) -> str:
    """The question. Raises `Refused` for a blank one: with filters it would be a list, which nobody asked for."""
    if not words.strip():
        raise Refused("The question is empty.")
    return words


def asked_fields(
    fields: Annotated[str | None, Query(description="what to tell of a paper, with commas; else id and title")] = None,
) -> Shape:
    """The fields that are asked for."""
    return Shape.of(fields)


def restrictions(
    year: Annotated[str | None, Query(description="2019, 2016-2020, 2010- or -2015")] = None,
    days: Annotated[
        str | None,
        Query(alias="publicationDateOrYear", description="2019-03-05, 2019-03, 2016:2020-06, 1981: or :2015"),
    ] = None,
    venue: Annotated[str | None, Query(description="any of several, with commas")] = None,
    studies: Annotated[str | None, Query(alias="fieldsOfStudy", description="any of several, with commas")] = None,
    types: Annotated[str | None, Query(alias="publicationTypes", deprecated=True)] = None,
    pdf: Annotated[str | None, Query(alias="openAccessPdf", deprecated=True)] = None,
    cited: Annotated[str | None, Query(alias="minCitationCount", deprecated=True)] = None,
) -> Filters:
    """The filters that are asked for. What papers do not come with is refused: to leave it out would be wrong."""
    for name, value in (("publicationTypes", types), ("openAccessPdf", pdf), ("minCitationCount", cited)):
        if value is not None:
            raise Refused(_NOT_KNOWN.format(name))
    conditions = [*_span("year", year, _YEARS), *_span("publicationDateOrYear", days, _DAYS)]
    if names := _listed(venue):
        conditions.append(Condition("venue", "|".join(names)))
    if names := _listed(studies):
        if unknown := [name for name in names if name not in STUDIES]:
            raise Refused(f"Unrecognized or unsupported fieldsOfStudy: [{', '.join(unknown)}]")
        archives = [archive for archive, study in ARCHIVES.items() if study in names]
        conditions.append(Condition("category", "|".join([*archives, *names])))
    return Filters(tuple(conditions))


Words = Annotated[str, Depends(asked_words)]
Asked = Annotated[Shape, Depends(asked_fields)]
Restricted = Annotated[Filters, Depends(restrictions)]


def find(snapshot: Snapshot, name: str) -> int:
    """The key of the paper that one of their names means, or one of ours. Raises `NotThere`."""
    scheme, colon, rest = name.partition(":")
    wanted = [name, f"s2:{name}"]
    if colon and scheme.lower() == "url":
        wanted = [rest]
    elif colon and scheme.lower() in _SCHEMES:
        wanted = [found] if (found := identifier(_SCHEMES[scheme.lower()], rest)) else []
    for each in wanted:
        try:
            return snapshot.store.find(each)[0]
        except PaperNotFound:
            continue
    raise NotThere(f"Paper with id {name} not found")


def ids(snapshot: Snapshot, names: Iterable[str]) -> tuple[str, ...]:
    """Our ids of the papers that names mean."""
    keys = [find(snapshot, name) for name in names]
    known = snapshot.store.ids(keys)
    return tuple(known[key] for key in keys)


def within(name: str, value: int, least: int, most: int) -> int:
    """A number within its bounds. Raises `Refused`."""
    if not least <= value <= most:
        raise Refused(f"{name} must be between {least} and {most}")
    return value


def _listed(names: str | None) -> list[str]:
    return [name.strip() for name in (names or "").split(",") if name.strip()]


def _span(name: str, value: str | None, form: re.Pattern[str]) -> list[Condition]:
    if value is None:
        return []
    match = form.fullmatch(value)
    if match is None or not (match["first"] or match["last"]):
        raise Refused(f"{name} is not a date or a range of dates: {value[:40]}")
    first, last = match["first"], match["last"] if match["span"] else match["first"]
    try:
        found = [Condition("after", first)] if first else []
        return found + ([Condition("until", last)] if last else [])
    except InvalidQuery as error:
        raise Refused(f"{name} is not a date or a range of dates: {value[:40]}") from error
