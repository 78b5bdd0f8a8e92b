"""The pages: search, a paper, its kin. Server-rendered; no script."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.pages import asset, error_page, render
from api.routes.access import Served
from api.routes.ids import PAPER_ID
from indexer.errors import InvalidInput, InvalidQuery, PaperNotFound
from indexer.filters import Filters
from search.query import DEFAULT_K, Mode, Page, Query

router = APIRouter(include_in_schema=False)

_FILTERS: Final = ("author", "category", "source", "date_from", "date_to")
_ASSETS: Final = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


@router.get("/")
def home(request: Request, service: Served) -> HTMLResponse:
    """The search box; under it the answer to `q`, or the newest papers."""
    fields = dict(request.query_params)
    text = fields.get("q", "").strip()
    try:
        page = _page(fields)
        filters = Filters(**{name: value for name in _FILTERS if (value := fields.get(name, "").strip())})
        mode = _mode(fields)
        values: dict[str, Any] = {"text": text, "mode": mode, "fields": fields, "page": page, "filters": filters}
        if text:
            return render("search.html", answer=service.engine.search(Query(text, page, mode, filters)), **values)
        papers, total, _ = service.engine.browse(filters, page.k, page.offset)
        return render("home.html", papers=papers, total=total, **values)
    except InvalidInput as error:
        return error_page(422, error.message, error.next_step, fields)


@router.get(f"/papers/{PAPER_ID}")
def paper(paper_id: str, request: Request, service: Served) -> HTMLResponse:
    """A paper and its kin."""
    try:
        page = _page(dict(request.query_params))
        found, _ = service.engine.paper(paper_id)
        answer = service.engine.related((paper_id,), page, Filters())
        return render("paper.html", paper=found, answer=answer, page=page)
    except PaperNotFound as error:
        return error_page(404, error.message, error.next_step)
    except InvalidInput as error:
        return error_page(422, error.message, error.next_step)


@router.get("/assets/{name}")
def assets(name: str) -> Response:
    """The style sheet and the icon."""
    if name not in _ASSETS:
        return error_page(404, "There is no such file.", "Go back to the search.")
    return Response(asset(name), media_type=_ASSETS[name], headers={"Cache-Control": "max-age=3600"})


def _page(fields: dict[str, str]) -> Page:
    offset = fields.get("offset", "0")
    if not offset.isdecimal() or not offset.isascii():
        raise InvalidQuery("offset_out_of_range", "The offset is not a number.", "Go back to the first page.")
    return Page(DEFAULT_K, min(int(offset[:9]), 10**9))


def _mode(fields: dict[str, str]) -> Mode:
    try:
        return Mode(fields.get("mode", "hybrid"))
    except ValueError:
        raise InvalidQuery(
            "invalid_value", "There is no such way of searching.", "Search by meaning, by words, or both."
        ) from None
