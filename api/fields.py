"""What the address of a page asks: read from it, checked, and written into addresses again."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request

from indexer.errors import InvalidQuery, shorten
from indexer.filters import NAMED, Filters
from search.area import Area
from search.query import DEFAULT_K, Mode, Page, Query

Fields = dict[str, Any]
"""What a search form holds, by the names of its fields: texts, and lists of ids for `LISTS`."""
LISTS: Final = ("like", "dislike")
ASKED: Final = ("q", "abstract", *LISTS)
"""What a question is made of; the other fields say which papers may answer it, and how."""
NARROWS: Final = (*NAMED, "area")
"""What says which papers may answer."""
_FOLLOWED: Final = (*ASKED, *NAMED, "mode")  # an area is good for one drawing of the map


def fields_of(request: Request) -> Fields:
    """What the form holds; `like` and `dislike` are lists, each id once, everything else is a text."""
    fields: Fields = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    for name in LISTS:
        if given := [value.strip() for value in request.query_params.getlist(name) if value.strip()]:
            fields[name] = list(dict.fromkeys(given))
    return fields


def asks(fields: Fields) -> bool:
    """Whether there is a question, and not filters alone."""
    return any(fields.get(name) for name in ASKED)


def query_of(fields: Fields, *, explain: bool) -> Query:
    """The question as the engine knows it. Raises `InvalidQuery`."""
    return Query(
        text=fields.get("q", ""),
        page=page_of(fields),
        mode=_mode(fields),
        filters=filters_of(fields),
        abstract=fields.get("abstract", ""),
        liked=tuple(fields.get("like", ())),
        disliked=tuple(fields.get("dislike", ())),
        explain=explain,
        area=Area.parse(fields["area"]) if "area" in fields else None,
    )


def filters_of(fields: Fields) -> Filters:
    """The filters of the form. Raises `InvalidQuery`."""
    return Filters.of(**{name: fields[name] for name in NAMED if name in fields})


def page_of(fields: Fields) -> Page:
    """Which part of the answer is asked for. Raises `InvalidQuery`."""
    offset = fields.get("offset", "0")
    if not offset.isdecimal() or not offset.isascii():
        raise InvalidQuery("offset_out_of_range", "The offset is not a number.", "Go back to the first page.")
    return Page(DEFAULT_K, min(int(offset[:9]), 10**9))


def title_of(fields: Fields) -> str:
    """A question in a few words."""
    filters = " ".join(f"{name}:{fields[name]}" for name in NAMED if name in fields)
    taste = "papers to your taste" if any(fields.get(name) for name in LISTS) else ""
    return fields.get("q") or shorten(fields.get("abstract", "")) or taste or filters or "all papers"


def address_with(path: str, fields: Fields, **changed: Any) -> str:
    """A path with what the form holds; `None` leaves a field out."""
    asked = urlencode({name: value for name, value in (fields | changed).items() if value is not None}, doseq=True)
    return f"{path}?{asked}" if asked else path


def followed(fields: Fields) -> str:
    """Where a feed reader finds the answers to what a form asks. What a page passes over, REST would refuse."""
    return address_with("/v1/search.atom", {name: value for name, value in fields.items() if name in _FOLLOWED})


def _mode(fields: Fields) -> Mode:
    try:
        return Mode(fields.get("mode", "hybrid"))
    except ValueError:
        raise InvalidQuery(
            "invalid_value", "There is no such way of searching.", "Search by meaning, by words, or both."
        ) from None
