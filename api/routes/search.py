"""`/v1/search`, `/v1/related`: questions in, hits out."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Query

from api.routes.access import Served
from api.routes.ids import PAPER_ID
from api.schemas import PageFields, PaperAnswer, RelatedBody, SearchAnswer, SearchBody, SearchFields
from api.service import Service
from indexer.errors import PaperNotFound

router = APIRouter(tags=["search"])


@router.get("/search", summary="Search")
def search_by_address(asked: Annotated[SearchFields, Query()], service: Served) -> SearchAnswer:
    """Papers for a question in plain words, best first."""
    return _search(asked, service)


@router.post("/search", summary="Search with a long question")
def search_by_body(asked: SearchBody, service: Served) -> SearchAnswer:
    """The same for a long question: a pasted abstract is a good one."""
    return _search(asked, service)


def _search(asked: SearchFields, service: Service) -> SearchAnswer:
    start = perf_counter()
    answer = service.engine.search(asked.query())
    return SearchAnswer.of(answer, (perf_counter() - start) * 1000)


@router.get(f"/papers/{PAPER_ID}/related", summary="Related papers of one")
def related_to_one(paper_id: str, asked: Annotated[PageFields, Query()], service: Served) -> SearchAnswer | PaperAnswer:
    """The kin of a paper, without the paper itself.

    If there is a paper whose own id ends in "/related", this address is that paper.
    """
    try:
        paper, version = service.engine.paper(f"{paper_id}/related")
        return PaperAnswer.of(paper, index_version=version)
    except PaperNotFound:
        return _related([paper_id], asked, service)


@router.post("/related", summary="Related papers of several")
def related_to_several(asked: RelatedBody, service: Served) -> SearchAnswer:
    """The kin of several papers together, without those papers."""
    return _related(asked.ids, asked, service)


def _related(ids: list[str], asked: PageFields | RelatedBody, service: Service) -> SearchAnswer:
    start = perf_counter()
    answer = service.engine.related(tuple(ids), asked.page(), asked.filters())
    return SearchAnswer.of(answer, (perf_counter() - start) * 1000)
