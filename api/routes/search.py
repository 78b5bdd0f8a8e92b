"""`/v1/search`, `/v1/rank`, `/v1/related`: questions in, hits out."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import RankAnswer, SearchAnswer
from api.requests import PageFields, RankFields, RelatedBody, SearchBody, SearchFields
from api.routes.access import Served
from api.routes.ids import PAPER_ID
from api.schemas import PaperAnswer
from api.service import Service
from indexer.errors import InvalidQuery, PaperNotFound
from search import query

router = APIRouter(tags=["search"])


@router.get("/search", summary="Search")
def search_by_address(asked: Annotated[SearchFields, Query()], service: Served) -> SearchAnswer:
    """Papers for a question in plain words, best first."""
    return _search(asked, service)


@router.post("/search", summary="Search with a long question")
def search_by_body(asked: SearchBody, service: Served) -> SearchAnswer:
    """The same for a long question: a pasted abstract is a good one."""
    return _search(asked, service)


@router.get("/rank", summary="Where a paper stands")
def rank(asked: Annotated[RankFields, Query()], service: Served) -> RankAnswer:
    """The place of one paper among the answers to a question, or the filter or exclusion that keeps it out."""
    start = perf_counter()
    standing = service.engine.standing(asked.query(query.Page()), asked.id)
    return RankAnswer.of(standing, (perf_counter() - start) * 1000)


def _search(asked: SearchFields, service: Service) -> SearchAnswer:
    return _answer(asked.query(asked.page()), service)


def _answer(asked: query.Query, service: Service) -> SearchAnswer:
    start = perf_counter()
    answer = service.engine.search(asked)
    return SearchAnswer.of(answer, (perf_counter() - start) * 1000, explain=asked.explain)


@router.get(f"/papers/{PAPER_ID}/related", summary="Related papers of one")
def related_to_one(paper_id: str, asked: Annotated[PageFields, Query()], service: Served) -> SearchAnswer | PaperAnswer:
    """The kin of a paper, without the paper itself.

    If there is a paper whose own id ends in "/related", this address is that paper.
    """
    try:
        paper, version = service.engine.paper(f"{paper_id}/related")
        return PaperAnswer.of(paper, index_version=version)
    except PaperNotFound:
        return _answer(query.Query(page=asked.page(), filters=asked.filters(), liked=(paper_id,)), service)


@router.post("/related", summary="Related papers of several")
def related_to_several(asked: RelatedBody, service: Served) -> SearchAnswer:
    """The kin of several papers together, without those papers and far from others."""
    if not asked.ids:
        raise InvalidQuery("ids_out_of_range", "No id is given.", "Give at least one id of a paper.")
    liked, disliked = tuple(asked.ids), tuple(asked.dislike)
    return _answer(
        query.Query(page=asked.page(), filters=asked.filters(), liked=liked, disliked=disliked, explain=asked.explain),
        service,
    )
