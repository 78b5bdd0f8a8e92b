"""Hugging Face's shape of Daily Papers, for its own clients: `/api/daily_papers`, `/api/papers`, `/papers/{id}.md`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from api import hf
from api.routes import pages
from api.routes.access import Served, base_of
from api.routes.ids import PAPER_ID
from api.service import Service
from api.turns import Taken
from indexer.errors import InvalidQuery, PaperNotFound
from indexer.periods import Span, span
from search import feed, query
from search.feed import TRENDING_DAYS, Listed

router = APIRouter(tags=["Hugging Face's shape"])

MAX_LISTED: Final = 100
MAX_FOUND: Final = 120
MAX_QUESTION: Final = 250


@router.get("/api/daily_papers", summary="Daily papers")
async def daily_papers(
    request: Request,
    service: Served,
    turns: Taken,
    date: str | None = None,
    week: str | None = None,
    month: str | None = None,
    submitter: str | None = None,
    sort: Literal["publishedAt", "trending"] = "publishedAt",
    p: Annotated[int, Query(ge=0, le=10**6)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
) -> Response:
    """The papers of a day, a week or a month, else of all days, the latest first; by votes within a day."""

    def answer() -> Response:
        snapshot, votes, today = service.engine.snapshot(), service.votes(), _today()
        days = _days(date, week, month) or _all_days(service, sort, today)
        order: feed.Sort = "trending" if sort == "trending" else "published"
        places = feed.places(snapshot, votes, days, order, today, submitter=submitter)
        rows = [hf.row(each) for each in feed.read(snapshot, votes, places[p * limit : (p + 1) * limit])]
        headers = {}
        if (p + 1) * limit < len(places):
            following = dict(request.query_params) | {"p": str(p + 1), "limit": str(limit)}
            headers["Link"] = f'<{request.url.replace(query=urlencode(following))}>; rel="next"'
        return JSONResponse(rows, headers=headers)

    return await turns.ask(answer)


@router.get("/api/papers/search", summary="Search papers")
async def search(
    service: Served,
    turns: Taken,
    q: Annotated[str, Query(min_length=1, max_length=MAX_QUESTION)],
    limit: Annotated[int, Query(ge=1, le=MAX_FOUND)] = MAX_FOUND,
) -> Response:
    """Papers for a question in plain words, best first."""

    def answer() -> Response:
        found = service.engine.search(query.Query(q, query.Page(limit), syntax=False)).hits
        listed = feed.about(service.engine.snapshot(), service.votes(), [hit.paper for hit in found], _today())
        return JSONResponse([hf.row(each) for each in listed])

    return await turns.ask(answer)


@router.get(f"/api/papers/{PAPER_ID}", summary="A paper")
def paper(paper_id: str, service: Served) -> Response:
    """One paper, by any of its names."""
    return JSONResponse(hf.single(_listed(paper_id, service)))


@router.get(f"/api/arxiv/{PAPER_ID}/repos", summary="What was made of a paper")
def repos(paper_id: str, service: Served) -> dict[str, list[Any]]:
    """Models, data sets and spaces that cite a paper: none, since a collection of papers holds nothing of the kind."""
    service.engine.paper(paper_id)
    return {"models": [], "datasets": [], "spaces": []}


@router.get(f"/papers/{PAPER_ID}.md", summary="A paper as text", response_class=PlainTextResponse)
async def markdown(paper_id: str, request: Request, service: Served, turns: Taken) -> Response:
    """One paper in Markdown. If there is a paper whose own id ends in ".md", this is its page."""
    base = base_of(request, service)

    def written() -> str | None:
        try:
            service.engine.paper(f"{paper_id}.md")
        except PaperNotFound:
            return hf.markdown(service.engine.paper(paper_id)[0], base)
        return None

    text = await turns.ask(written)
    if text is None:
        return await pages.paper(f"{paper_id}.md", request, service, turns)
    return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")


def _listed(paper_id: str, service: Service) -> Listed:
    found, _ = service.engine.paper(paper_id)
    (listed,) = feed.about(service.engine.snapshot(), service.votes(), [found], _today())
    return listed


def _days(day: str | None, week: str | None, month: str | None) -> Span | None:
    """The days that are asked for, by the shortest of the periods that are given."""
    for name, value, form in (("date", day, "2026-08-21"), ("week", week, "2026-W34"), ("month", month, "2026-08")):
        if value is not None:
            days = span(value) if len(value) == len(form) else None
            if days is None:
                raise InvalidQuery("invalid_date", f"{name} is not one: {value[:40]!r}.", f"Write it as {form}.")
            return days
    return None


def _all_days(service: Service, sort: str, today: date) -> Span:
    """Every day; for what is trending those of the last month that has papers, since older ones trend no more."""
    if sort != "trending":
        return date.min, date.max
    latest = feed.latest_day(service.engine.snapshot(), today) or today
    return latest - timedelta(days=TRENDING_DAYS), latest


def _today() -> date:
    return datetime.now(UTC).date()
