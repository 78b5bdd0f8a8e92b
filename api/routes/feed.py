"""`/v1/feed`: the lists of days, weeks and months; the same, and every question, for feed readers; and votes."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api import feeds
from api.answers import DayShape, FeedAnswer, ListedShape, VoteAnswer
from api.documents import MEDIA, Document, Format, etag, http_date, is_known
from api.requests import FeedFields, SearchFeedFields
from api.routes.access import Reader, Served, Voter, base_of
from api.routes.ids import PAPER_ID
from api.schemas import ShapeResponse
from api.service import Service
from api.turns import Taken
from indexer.errors import shorten
from indexer.manifest import MANIFEST
from search.feed import Listed, voters_of

router = APIRouter(tags=["feeds"])


@router.get("/feed", summary="The papers of a day, a week or a month", response_model=FeedAnswer)
async def feed(asked: Annotated[FeedFields, Query()], service: Served, turns: Taken, reader: Reader) -> Response:
    """Papers by day and votes, by trend, or by how well they answer a question; with the periods before and after."""

    def answer() -> Response:
        start = perf_counter()
        since, found = feeds.last_visit(asked), feeds.listed(asked, service)
        first = (asked.page - 1) * asked.k + 1
        calendar = found.calendar
        papers = [
            ListedShape.listed(rank, paper, since, reader, score)
            for rank, (paper, score) in enumerate(zip(found.papers, found.scores, strict=True), first)
        ]
        shape = FeedAnswer(
            period=asked.period,
            name=calendar.name,
            date_from=calendar.first.isoformat(),
            date_to=calendar.last.isoformat(),
            previous=calendar.previous,
            next=calendar.next,
            days=[DayShape(day=day, papers=count) for day, count in calendar.days.items()],
            sort=asked.sort,
            page=asked.page,
            pages=-(-found.total // asked.k),
            total=found.total,
            papers=papers,
            index_version=found.index_version,
            took_ms=round((perf_counter() - start) * 1000, 2),
        )
        return ShapeResponse(shape)

    return await turns.ask(answer)


@router.get("/feed.{kind}", summary="A list for feed readers", response_class=Response)
async def feed_document(
    kind: Format, asked: Annotated[FeedFields, Query()], request: Request, service: Served, turns: Taken
) -> Response:
    """Atom, RSS 2.0 or JSON Feed. Without a date also the papers of the period before, so that none is missed."""
    title = f"Paperkin: {asked.sort if asked.sort != 'published' else 'papers'} of the {asked.period}"
    return await turns.ask(lambda: _document(kind, title, feeds.followed(asked, service), request, service))


@router.get("/search.{kind}", summary="A question for feed readers", response_class=Response)
async def search_document(
    kind: Format, asked: Annotated[SearchFeedFields, Query()], request: Request, service: Served, turns: Taken
) -> Response:
    """What answers a question, as Atom, RSS 2.0 or JSON Feed: what came last comes first."""
    words = asked.q or shorten(asked.abstract, 60) or " ".join(map(str, asked.filters().conditions))
    title = f"Paperkin: {words or 'papers to your taste'}"
    return await turns.ask(lambda: _document(kind, title, feeds.answers(asked, service), request, service))


@router.post(f"/papers/{PAPER_ID}/upvote", summary="Vote for a paper")
async def upvote(paper_id: str, service: Served, turns: Taken, voter: Voter) -> VoteAnswer:
    """One vote a key; voting again changes nothing."""
    return await turns.ask(lambda: _vote(paper_id, service, voter, up=True))


@router.delete(f"/papers/{PAPER_ID}/upvote", summary="Take a vote back")
async def take_back(paper_id: str, service: Served, turns: Taken, voter: Voter) -> VoteAnswer:
    """Undo a vote; where there is none nothing changes."""
    return await turns.ask(lambda: _vote(paper_id, service, voter, up=False))


def _vote(paper_id: str, service: Service, voter: str, *, up: bool) -> VoteAnswer:
    snapshot = service.engine.snapshot()
    key, own_id = snapshot.store.find(paper_id)
    if up:
        if voter not in voters_of(snapshot, service.votes(), [key]).get(key, ()):  # perhaps under another of its ids
            service.readers.vote(own_id, voter)
    else:
        service.readers.take_back(sorted(snapshot.store.names([key])[key]), voter)
    voters = voters_of(snapshot, service.votes(), [key]).get(key, frozenset())
    recorded = snapshot.store.papers([key])[key].upvotes or 0
    return VoteAnswer(id=own_id, upvotes=recorded + len(voters), upvoted=voter in voters)


def _document(kind: Format, title: str, papers: list[Listed], request: Request, service: Service) -> Response:
    base = base_of(request, service)
    changed = datetime.fromtimestamp((service.collection.directory / MANIFEST).stat().st_mtime, UTC)
    asked = urlencode([pair for pair in request.query_params.multi_items() if pair[0] != "since"])
    path = request.url.path.rpartition(".")[0]
    document = Document(
        title,
        address=f"{base}{request.url.path}?{asked}".rstrip("?"),
        page=f"{base}/{'search' if path.endswith('search') else 'feed'}?{asked}".rstrip("?"),
        base=base,
        papers=papers,
    )
    content = document.write(kind)
    headers = {"ETag": etag(content), "Last-Modified": http_date(changed), "Cache-Control": "no-cache"}
    given = request.headers
    if is_known(headers["ETag"], changed, given.get("if-none-match"), given.get("if-modified-since")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=MEDIA[kind], headers=headers)
