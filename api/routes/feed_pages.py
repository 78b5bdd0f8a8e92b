"""`/feed`: the papers of a day, a week or a month, to look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api import feeds
from api.pages import error_page, render
from api.requests import FeedFields
from api.routes.access import Served
from api.service import Service
from api.showing import period
from api.turns import Taken
from indexer.errors import InvalidInput

router = APIRouter(include_in_schema=False)


@router.get("/feed")
async def show(asked: Annotated[FeedFields, Query()], service: Served, turns: Taken) -> HTMLResponse:
    """A list, with the periods before and after, the days of its months, and its documents for feed readers."""
    return await turns.ask(lambda: _show(asked, service))


def _show(asked: FeedFields, service: Service) -> HTMLResponse:
    try:
        found = feeds.listed(asked, service)
    except InvalidInput as error:
        return error_page(422, error.message, error.next_step)
    return render(
        "feed.html",
        asked=asked,
        # What narrows the list stays in all its addresses; `since` is a reader's own and means nothing here.
        kept=asked.model_dump(exclude_defaults=True, exclude={"period", "date", "sort", "page", "since"}),
        calendar=found.calendar,
        title=period(found.calendar.name),
        papers=found.papers,
        total=found.total,
        pages=-(-found.total // asked.k),
    )
