"""`/v1/papers`: list, read, add, update, remove."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Query

from api.requests import MAX_PAPERS, ListFields, PaperBodies, PaperBody
from api.routes.access import MayWrite, Served
from api.routes.ids import PAPER_ID
from api.schemas import ChangeAnswer, PaperAnswer, PapersAnswer, PaperShape, RecordShape, SourcesAnswer
from api.service import Service
from api.turns import Taken
from indexer.errors import InvalidPaper, InvalidQuery, PaperNotFound, shorten
from indexer.paper import from_record
from search.engine import index_version

router = APIRouter(tags=["papers"])


@router.get("/papers", summary="List papers")
def browse(asked: Annotated[ListFields, Query()], service: Served) -> PapersAnswer:
    """Papers, newest first; those without a date come last, ties by id."""
    start = perf_counter()
    papers, total, version = service.engine.browse(asked.filters(), asked.k, asked.offset)
    return PapersAnswer(
        papers=[PaperShape.of(paper) for paper in papers],
        total=total,
        index_version=version,
        took_ms=round((perf_counter() - start) * 1000, 2),
    )


@router.get(f"/papers/{PAPER_ID}/sources", summary="Where a paper comes from")
def sources(paper_id: str, service: Served) -> SourcesAnswer | PaperAnswer:
    """Every record that the paper was made of.

    If there is a paper whose own id ends in "/sources", this address is that paper.
    """
    try:
        paper, version = service.engine.paper(f"{paper_id}/sources")
        return PaperAnswer.of(paper, index_version=version)
    except PaperNotFound:
        snapshot = service.engine.snapshot()
        key, own_id = snapshot.store.find(paper_id)
        records = [RecordShape.of(record) for record in snapshot.store.entries([key])[key].records]
        return SourcesAnswer(id=own_id, records=records, index_version=index_version(snapshot))


@router.get(f"/papers/{PAPER_ID}", summary="Read a paper")
def read(paper_id: str, service: Served) -> PaperAnswer:
    """One paper, by its id or by any of its identifiers. Either may hold slashes, as a DOI does."""
    paper, version = service.engine.paper(paper_id)
    return PaperAnswer.of(paper, index_version=version)


@router.post("/papers", summary="Add or update papers", dependencies=[MayWrite])
async def add(asked: PaperBodies, service: Served, turns: Taken) -> ChangeAnswer:
    """Add one paper or a list of them. What you say of a paper that is known comes before what its sources say."""
    bodies = asked if isinstance(asked, list) else [asked]
    if not 1 <= len(bodies) <= MAX_PAPERS:
        raise InvalidQuery(
            "papers_out_of_range", f"{len(bodies)} papers are sent.", f"Send 1 to {MAX_PAPERS:,} papers at a time."
        )
    return await turns.change(lambda: _add(bodies, service))


@router.delete(f"/papers/{PAPER_ID}", summary="Remove a paper", dependencies=[MayWrite])
async def remove(paper_id: str, service: Served, turns: Taken) -> ChangeAnswer:
    """Remove a paper."""
    return await turns.change(lambda: _remove(paper_id, service))


def _add(bodies: Sequence[PaperBody], service: Service) -> ChangeAnswer:
    start = perf_counter()
    papers = []
    for number, body in enumerate(bodies, 1):
        try:
            papers.append(from_record(body.model_dump()))
        except InvalidPaper as error:
            raise InvalidPaper(f"Paper {number} of {len(bodies)}: {error.message}", error.next_step) from error
    by_id = {paper.id: paper for paper in papers}
    if twice := next((paper for paper in papers if by_id[paper.id] != paper), None):
        raise InvalidQuery(
            "duplicate_id", f"Two different papers have the id {shorten(twice.id)!r}.", "Give each an id of its own."
        )
    report, ids = service.add(papers, [bool(body.id) for body in bodies])
    snapshot = service.engine.snapshot()
    return ChangeAnswer(
        ids=[snapshot.store.find(paper_id)[1] for paper_id in ids],  # a later one of the list may have united papers
        added=report.added,
        updated=report.updated,
        unchanged=report.unchanged,
        merged=report.merged,
        index_version=index_version(snapshot),
        took_ms=round((perf_counter() - start) * 1000, 2),
    )


def _remove(paper_id: str, service: Service) -> ChangeAnswer:
    start = perf_counter()
    _, own_id = service.engine.snapshot().store.find(paper_id)
    if not service.remove([own_id]):
        raise PaperNotFound(paper_id)
    return ChangeAnswer(
        ids=[own_id],
        removed=1,
        index_version=index_version(service.engine.snapshot()),
        took_ms=round((perf_counter() - start) * 1000, 2),
    )
