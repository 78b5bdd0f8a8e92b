"""`/v1/search`, `/v1/rank`, `/v1/facets`, `/v1/related`: questions in, hits and counts out."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.answers import RankAnswer, SearchAnswer
from api.facet_answers import FacetsAnswer
from api.requests import FacetFields, PageFields, RankFields, RelatedBody, SearchBody, SearchFields
from api.routes.access import Served
from api.routes.ids import PAPER_ID
from api.schemas import PaperAnswer, ShapeResponse
from api.service import Service
from api.turns import Taken
from indexer.errors import InvalidQuery, PaperNotFound
from search import query

router = APIRouter(tags=["search"])


@router.get("/search", summary="Search", response_model=SearchAnswer)
async def search_by_address(asked: Annotated[SearchFields, Query()], service: Served, turns: Taken) -> Response:
    """Papers for a question in plain words, best first."""
    return await turns.ask(lambda: _search(asked, service))


@router.post("/search", summary="Search with a long question", response_model=SearchAnswer)
async def search_by_body(asked: SearchBody, service: Served, turns: Taken) -> Response:
    """The same for a long question: a pasted abstract is a good one."""
    return await turns.ask(lambda: _search(asked, service))


@router.get("/rank", summary="Where a paper stands", response_model=RankAnswer)
async def rank(asked: Annotated[RankFields, Query()], service: Served, turns: Taken) -> Response:
    """The place of one paper among the answers to a question, or the filter or exclusion that keeps it out."""

    def place() -> Response:
        start = perf_counter()
        standing = service.engine.standing(asked.query(query.Page()), asked.id)
        return ShapeResponse(RankAnswer.of(standing, (perf_counter() - start) * 1000))

    return await turns.ask(place)


@router.get("/facets", summary="Count the answers", response_model=FacetsAnswer)
async def facets(asked: Annotated[FacetFields, Query()], service: Served, turns: Taken) -> Response:
    """How many answers to a question have which date, category, source and author; without a question, of all papers.

    Every paper has some place among the answers, so of a text or of liked papers the best 500 are counted.
    """

    def count() -> Response:
        start = perf_counter()
        counted = service.engine.facets(asked.question())
        return ShapeResponse(FacetsAnswer.shaped(counted, (perf_counter() - start) * 1000))

    return await turns.ask(count)


@router.get(f"/papers/{PAPER_ID}/related", summary="Related papers of one", response_model=SearchAnswer | PaperAnswer)
async def related_to_one(
    paper_id: str, asked: Annotated[PageFields, Query()], service: Served, turns: Taken
) -> Response:
    """The kin of a paper, without the paper itself.

    If there is a paper whose own id ends in "/related", this address is that paper.
    """

    def find() -> Response:
        try:
            paper, version = service.engine.paper(f"{paper_id}/related")
            return ShapeResponse(PaperAnswer.of(paper, index_version=version))
        except PaperNotFound:
            kin = query.Query(page=asked.page(), filters=asked.filters(), liked=(paper_id,), area=asked.within())
            return _answer(kin, service)

    return await turns.ask(find)


@router.post("/related", summary="Related papers of several", response_model=SearchAnswer)
async def related_to_several(asked: RelatedBody, service: Served, turns: Taken) -> Response:
    """The kin of several papers together, without those papers and far from others."""
    if not asked.ids:
        raise InvalidQuery("ids_out_of_range", "No id is given.", "Give at least one id of a paper.")
    liked, disliked = tuple(asked.ids), tuple(asked.dislike)
    question = query.Query(
        page=asked.page(),
        filters=asked.filters(),
        liked=liked,
        disliked=disliked,
        explain=asked.explain,
        area=asked.within(),
    )
    return await turns.ask(lambda: _answer(question, service))


def _search(asked: SearchFields | SearchBody, service: Service) -> Response:
    return _answer(asked.query(asked.page()), service)


def _answer(asked: query.Query, service: Service) -> Response:
    start = perf_counter()
    answer = service.engine.search(asked)
    return ShapeResponse(SearchAnswer.of(answer, (perf_counter() - start) * 1000, explain=asked.explain))
