"""Semantic Scholar's shape, for its own clients: `/graph/v1` and `/recommendations/v1`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Query
from fastapi.responses import JSONResponse, Response

from api.requests import BatchBody, RecommendBody
from api.routes.access import Served
from api.routes.ids import PAPER_ID
from api.s2 import boolean, paging
from api.s2.errors import NotThere, Refused
from api.s2.parameters import Asked, Restricted, Words, find, ids, within
from api.s2.shape import Shape
from api.s2.snippets import AskedParts, snippet
from api.service import Service
from api.turns import Taken
from indexer.collection import Snapshot
from indexer.filters import Condition, Filters
from indexer.identity import normal_title
from indexer.selection import Keys
from search import query as questions
from search.query import MAX_LIKED, Page

router = APIRouter(tags=["Semantic Scholar's shape"])

REACH: Final = 1_000
"""How far relevance search goes; bulk search goes to the end."""
PAGE: Final = 1_000
"""Papers of a page of bulk search."""
SAME_TITLE: Final = 0.75
"""Share of words, by Dice, from which a title is the one that was asked for."""

Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1)]


@router.get("/graph/v1/paper/search", summary="Search by relevance")
async def search(
    words: Words,
    asked: Asked,
    filters: Restricted,
    service: Served,
    turns: Taken,
    offset: Offset = 0,
    limit: Limit = 100,
) -> Response:
    """Papers for a question in plain words, best first."""
    within("limit", limit, 1, 100)
    within("offset + limit", offset + limit, 1, REACH)

    def answer() -> Response:
        found = service.engine.search(questions.Query(words, Page(limit, offset), filters=filters, syntax=False))
        if not found.hits:
            return JSONResponse({"total": found.total, "offset": offset})
        following = offset + limit
        # The next page is named only where it can be had: their client goes to it with the same limit.
        more = {"next": following} if following < found.total and following + limit <= REACH else {}
        data = asked.records([hit.paper for hit in found.hits])
        return JSONResponse({"total": found.total, "offset": offset, **more, "data": data})

    return await turns.ask(answer)


@router.get("/graph/v1/paper/search/match", summary="The paper of a title")
async def match(words: Words, asked: Asked, filters: Restricted, service: Served, turns: Taken) -> Response:
    """The one paper whose title is nearest to the words, if it is near at all."""

    def answer() -> Response:
        hits = service.engine.search(questions.Query(words, Page(20), filters=filters, syntax=False)).hits
        near = [(likeness(words, hit.paper.title), hit) for hit in hits]
        score, best = max(near, key=lambda pair: pair[0], default=(0.0, None))
        if best is None or score < SAME_TITLE:
            raise NotThere("Title match not found")
        return JSONResponse({"data": [asked.record(best.paper) | {"matchScore": round(best.lexical or score, 4)}]})

    return await turns.ask(answer)


@router.get("/graph/v1/paper/search/bulk", summary="Search without ranking")
async def bulk(
    asked: Asked,
    filters: Restricted,
    service: Served,
    turns: Taken,
    words: Annotated[str, Query(alias="query", description='"phrases", -not, |, parentheses')] = "",
    token: Annotated[str | None, Query(description="of the page before")] = None,
    sort: Annotated[str, Query(description="paperId or publicationDate, with :asc or :desc")] = "paperId:asc",
) -> Response:
    """Every paper whose title and abstract have the words, in pages of a thousand."""
    by, _, order = sort.partition(":")
    if by not in ("paperId", "publicationDate") or order not in ("", "asc", "desc"):
        raise Refused(f"Unrecognized or unsupported sort: [{sort[:40]}]")
    by_day, down = by == "publicationDate", order == "desc"
    one_sort = f"{by}:{order or 'asc'}"
    after = paging.read(token, one_sort)

    def answer() -> Response:
        snapshot = service.engine.snapshot()
        keys = _matching(snapshot, words, filters)
        found = snapshot.store.ordered(keys, after, PAGE + 1, by_day=by_day, down=down)
        papers = snapshot.store.papers([key for key, _, _ in found[:PAGE]])
        following = paging.write(one_sort, found[PAGE - 1][1:]) if len(found) > PAGE else None
        data = asked.records([papers[key] for key, _, _ in found[:PAGE]])
        return JSONResponse({"total": snapshot.papers if keys is None else len(keys), "token": following, "data": data})

    return await turns.ask(answer)


@router.post("/graph/v1/paper/batch", summary="Several papers")
async def batch(body: BatchBody, asked: Asked, service: Served, turns: Taken) -> Response:
    """Papers by any of their names, in order; null for one that is not here."""

    def answer() -> Response:
        snapshot = service.engine.snapshot()
        return JSONResponse([_record(snapshot, name, asked) for name in body.ids])

    return await turns.ask(answer)


@router.get("/graph/v1/snippet/search", summary="The sentences that match")
async def snippets(
    words: Words,
    parts: AskedParts,
    filters: Restricted,
    service: Served,
    turns: Taken,
    limit: Limit = 10,
    papers: Annotated[str, Query(alias="paperIds", description="only of these papers")] = "",
    authors: Annotated[str, Query(description="only of papers of these people")] = "",
) -> Response:
    """The sentence of each paper that is nearest to a question."""
    within("limit", limit, 1, 1_000)

    def answer() -> Response:
        snapshot = service.engine.snapshot()
        named = [Condition("id", each) for each in ids(snapshot, filter(None, papers.split(",")))]
        people = [Condition("author", name) for name in authors.split(",") if name.strip()]
        wanted = filters & Filters((*named, *people))
        asked = questions.Query(words, Page(limit), filters=wanted, syntax=False, explain=True)
        found = service.engine.search(asked)
        data = [one for hit in found.hits if (one := snippet(hit, parts))]
        return JSONResponse({"data": data, "retrievalVersion": found.index_version})

    return await turns.ask(answer)


@router.get(f"/graph/v1/paper/{PAPER_ID}", summary="A paper")
def paper(paper_id: str, asked: Asked, service: Served) -> Response:
    """One paper, by any of its names: ours or theirs, or ARXIV:, DOI:, ACL:, PMID:, PMCID:, CorpusId:, URL:."""
    snapshot = service.engine.snapshot()
    key = find(snapshot, paper_id)
    return JSONResponse(asked.record(snapshot.store.papers([key])[key]))


@router.get(f"/recommendations/v1/papers/forpaper/{PAPER_ID}", summary="Papers like one")
async def recommend_for_one(paper_id: str, asked: Asked, service: Served, turns: Taken, limit: Limit = 100) -> Response:
    """The kin of a paper."""
    return await turns.ask(lambda: _recommended(service, [paper_id], [], limit, asked))


@router.post("/recommendations/v1/papers/", summary="Papers like several")
@router.post("/recommendations/v1/papers", include_in_schema=False)
async def recommend(
    body: Annotated[RecommendBody, Body()], asked: Asked, service: Served, turns: Taken, limit: Limit = 100
) -> Response:
    """The kin of some papers, far from others."""
    if not body.positivePaperIds:
        raise Refused("No positive paper examples given")
    negative = body.negativePaperIds or []
    return await turns.ask(lambda: _recommended(service, body.positivePaperIds, negative, limit, asked))


def likeness(one: str, other: str) -> float:
    """How alike two titles are: twice their common words by all of their words (Dice)."""
    ours, theirs = set(normal_title(one).split()), set(normal_title(other).split())
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours and theirs else 0.0


def _recommended(service: Service, near: list[str], far: list[str], limit: int, asked: Shape) -> Response:
    within("limit", limit, 1, 500)
    if len(near) + len(far) > MAX_LIKED:
        raise Refused(f"More than {MAX_LIKED} papers are given")
    snapshot = service.engine.snapshot()
    question = questions.Query(page=Page(limit), liked=ids(snapshot, near), disliked=ids(snapshot, far))
    hits = service.engine.search(question).hits
    return JSONResponse({"recommendedPapers": asked.records([hit.paper for hit in hits])})


def _record(snapshot: Snapshot, name: str, asked: Shape) -> dict[str, Any] | None:
    try:
        key = find(snapshot, name)
    except NotThere:
        return None
    return asked.record(snapshot.store.papers([key])[key])


def _matching(snapshot: Snapshot, words: str, filters: Filters) -> Keys | None:
    """The keys that words and filters leave; `None` where that is all."""

    def look(condition: Condition) -> Keys:
        found = snapshot.matching(Filters((condition,)))
        return snapshot.store.keys() if found is None else found.keys

    allowed = snapshot.matching(filters)
    if not words.strip():
        return None if allowed is None else allowed.keys
    keys = boolean.matching(words, look, snapshot.store.keys)
    return keys if allowed is None else keys[allowed.has(keys)]
