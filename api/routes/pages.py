"""The pages: search, a paper, its kin. Server-rendered; no script."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages import LISTS, Fields, error_page, render
from api.routes.access import Served
from api.routes.ids import PAPER_ID
from api.service import Service
from api.turns import Taken
from indexer.errors import InvalidInput, InvalidQuery, PaperNotFound, shorten
from indexer.filters import Filters
from search.query import DEFAULT_K, Mode, Page, Query

router = APIRouter(include_in_schema=False)

_FILTERS: Final = ("author", "category", "source", "date_from", "date_to")
_ASKED: Final = ("q", "abstract", *LISTS)


@router.get("/")
async def home(request: Request, service: Served, turns: Taken) -> HTMLResponse:
    """The search box; under it the answer to what is asked, or the newest papers."""
    return await turns.ask(lambda: _home(request, service))


@router.get(f"/papers/{PAPER_ID}")
async def paper(paper_id: str, request: Request, service: Served, turns: Taken) -> HTMLResponse:
    """A paper and its kin."""
    return await turns.ask(lambda: _paper(paper_id, request, service))


def _home(request: Request, service: Service) -> HTMLResponse:
    fields = _fields(request)
    try:
        page, mode, filters = _page(fields), _mode(fields), _filters(fields)
        asked = any(fields.get(name) for name in _ASKED)
        values: dict[str, Any] = {"fields": fields, "page": page, "mode": mode, "filters": filters}
        if asked:
            query = Query(
                text=fields.get("q", ""),
                page=page,
                mode=mode,
                filters=filters,
                abstract=fields.get("abstract", ""),
                liked=tuple(fields.get("like", ())),
                disliked=tuple(fields.get("dislike", ())),
                explain=fields.get("explain") == "1",
            )
            answer = service.engine.search(query)
            return render("search.html", answer=answer, asked=_title(fields), **values)
        papers, total, _ = service.engine.browse(filters, page.k, page.offset)
        return render("home.html", papers=papers, total=total, **values)
    except PaperNotFound as error:
        return error_page(404, error.message, error.next_step, fields)
    except InvalidInput as error:
        return error_page(422, error.message, error.next_step, fields)


def _paper(paper_id: str, request: Request, service: Service) -> HTMLResponse:
    try:
        page = _page(_fields(request))
        found, _ = service.engine.paper(paper_id)
        answer = service.engine.search(Query(page=page, liked=(paper_id,)))
        return render("paper.html", paper=found, answer=answer, page=page)
    except PaperNotFound as error:
        return error_page(404, error.message, error.next_step)
    except InvalidInput as error:
        return error_page(422, error.message, error.next_step)


def _fields(request: Request) -> Fields:
    """What the form holds; `like` and `dislike` are lists, each id once, everything else is a text."""
    fields: Fields = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    for name in LISTS:
        if given := [value.strip() for value in request.query_params.getlist(name) if value.strip()]:
            fields[name] = list(dict.fromkeys(given))
    return fields


def _title(fields: Fields) -> str:
    return fields.get("q") or shorten(fields.get("abstract", "")) or "Papers to your taste"


def _filters(fields: Fields) -> Filters:
    return Filters.of(**{name: fields[name] for name in _FILTERS if name in fields})


def _page(fields: Fields) -> Page:
    offset = fields.get("offset", "0")
    if not offset.isdecimal() or not offset.isascii():
        raise InvalidQuery("offset_out_of_range", "The offset is not a number.", "Go back to the first page.")
    return Page(DEFAULT_K, min(int(offset[:9]), 10**9))


def _mode(fields: Fields) -> Mode:
    try:
        return Mode(fields.get("mode", "hybrid"))
    except ValueError:
        raise InvalidQuery(
            "invalid_value", "There is no such way of searching.", "Search by meaning, by words, or both."
        ) from None
