"""The pages of papers: the newest, the answer to a question, one paper and its kin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.fields import ASKED, LISTS, NARROWS, Fields, address_with, asks, fields_of, page_of, query_of, title_of
from api.pages import error_page, render
from api.routes.access import Served
from api.routes.ids import PAPER_ID
from api.service import Service
from api.showing import chart, links
from api.turns import Taken
from indexer.errors import InvalidInput, PaperNotFound
from indexer.filters import Condition, Filters
from search import feed
from search.answer import Answer, Hit, Plan
from search.feed import Listed
from search.query import MAX_TEXT, Page, Query
from search.question import NEWEST

router = APIRouter(include_in_schema=False)

NEW: Final = 20
"""Papers of the home page."""
REGIONS: Final = 6
"""Regions of the map that the home page names."""
MEANT: Final = 3
"""Papers that are shown in place of one that is not there."""
_WORD = re.compile(r"[^\W_]+")


@router.get("/")
async def home(request: Request, service: Served, turns: Taken) -> Response:
    """The search box, and the papers of the latest days. What was a question's address before leads to its answer."""
    fields = fields_of(request)
    if any(name in fields for name in (*ASKED, *NARROWS, "mode", "offset")):
        return RedirectResponse(address_with("/search", fields), 308)
    return await turns.ask(lambda: _home(service))


@router.get("/search")
async def search(request: Request, service: Served, turns: Taken) -> HTMLResponse:
    """The answer to what is asked; where nothing is, all papers, the newest first."""
    return await turns.ask(lambda: _search(fields_of(request), service))


@router.get(f"/papers/{PAPER_ID}")
async def paper(paper_id: str, request: Request, service: Served, turns: Taken) -> HTMLResponse:
    """A paper and its kin."""
    return await turns.ask(lambda: _paper(paper_id, request, service))


@router.get("/help")
async def show_help() -> HTMLResponse:
    """How to search."""
    return render("help.html")


@router.get("/saved")
async def saved() -> HTMLResponse:
    """What a reader has saved: a script fills it in, from the browser and not from here."""
    return render("saved.html")


def _home(service: Service) -> HTMLResponse:
    snapshot = service.engine.snapshot()
    listed = feed.recent(snapshot, service.votes(), datetime.now(UTC).date(), NEW)
    # Where no paper has a date there is no latest day.
    papers = [] if listed else snapshot.browse(Filters(), NEW, 0)[0]
    return render("home.html", groups=_grouped(listed), papers=papers, total=snapshot.papers, regions=_regions(service))


def _regions(service: Service) -> list[str]:
    """What the collection is about: the names of the largest regions of its map, if one has been drawn."""
    atlas = service.engine.maps.drawn()
    coarse = [each for each in atlas.clusters if each.level == 0] if atlas else []
    return [each.label for each in sorted(coarse, key=lambda each: (-each.papers, each.id))[:REGIONS]]


def _grouped(listed: Sequence[Listed]) -> list[tuple[str, list[Listed]]]:
    """Papers under their days, or, where most days have but one, under their months."""
    days = {each.day for each in listed}
    length = len("2026-08-21") if 2 * len(days) <= len(listed) + 1 else len("2026-08")
    return [(name, list(group)) for name, group in groupby(listed, lambda each: (each.day or "")[:length])]


def _search(fields: Fields, service: Service) -> HTMLResponse:
    try:
        page, query = page_of(fields), _query(fields)
        if query is None:
            papers, total, version = service.engine.browse(Filters(), page.k, page.offset)
            hits = tuple(Hit(number, None, None, None, each) for number, each in enumerate(papers, page.offset + 1))
            answer = Answer(hits, total, version, plan=Plan(NEWEST))
        else:
            answer = service.engine.search(query)
        found = service.engine.facets(query)
    except PaperNotFound as error:
        return error_page(404, error.message, error.next_step, fields)
    except InvalidInput as error:
        return error_page(422, error.message, error.next_step, fields)
    return render(
        "search.html",
        answer=answer,
        asked=title_of(fields),
        asks=query is not None,
        fields=fields,
        page=page,
        mode=fields.get("mode", "hybrid"),
        names=_names(fields, service),
        found=found,
        chart=chart(found.dates, fields),
        restricted=any(name in fields for name in NARROWS),
        unrestricted={name: value for name, value in fields.items() if name not in (*NARROWS, "offset")},
    )


def _query(fields: Fields) -> Query | None:
    """The question, explained, or `None` where nothing is asked and nothing restricted. Raises `InvalidQuery`."""
    if not asks(fields) and not any(name in fields for name in NARROWS):
        return None
    return query_of(fields, explain=asks(fields))


def _paper(paper_id: str, request: Request, service: Service) -> HTMLResponse:
    try:
        page = page_of(fields_of(request))
        found, _ = service.engine.paper(paper_id)
        answer = service.engine.search(Query(page=page, liked=(paper_id,)))
        place = address_with("/map", {"q": str(Condition("id", found.id))}) if service.engine.maps.drawn() else None
        return render("paper.html", paper=found, answer=answer, page=page, links=links(found), place=place)
    except PaperNotFound as error:
        return error_page(404, error.message, error.next_step, nearest=_meant(paper_id, service))
    except InvalidInput as error:
        return error_page(422, error.message, error.next_step)


def _meant(paper_id: str, service: Service) -> tuple[Hit, ...]:
    """The papers nearest to the words of an id, which often are those of a title."""
    words = " ".join(_WORD.findall(paper_id))[:MAX_TEXT]
    if not any(c.isalpha() for c in words):
        return ()
    return service.engine.search(Query(words, Page(MEANT), syntax=False)).hits


def _names(fields: Fields, service: Service) -> Mapping[str, str]:
    """The headings of the papers that a question is composed of, by their ids."""
    names = {}
    for paper_id in (each for name in LISTS for each in fields.get(name, ())):
        with suppress(PaperNotFound):
            names[paper_id] = service.engine.paper(paper_id)[0].heading
    return names
