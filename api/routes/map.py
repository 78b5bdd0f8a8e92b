"""`/v1/map`: the collection in two dimensions, and where answers lie on it."""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from api.map_answers import LitAnswer, LitShape, MapAnswer, PointedAnswer, PointedShape
from api.requests import LitFields, PointedFields, PointsFields
from api.routes.access import Served
from api.schemas import ErrorAnswer, ShapeResponse
from api.service import Service
from api.turns import Taken
from indexer.collection import Snapshot
from indexer.errors import InvalidQuery, MapChanged, shorten
from search.engine import index_version
from search.maps import Map
from search.query import Page

router = APIRouter(tags=["map"])

_CHANGED: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": ErrorAnswer, "description": "the map is another one now"}
}


@router.get("/map", summary="The map and its regions", response_model=MapAnswer)
async def regions(service: Served, turns: Taken) -> Response:
    """Regions with their labels, and the version of the map, by which its points are asked for."""

    def answer() -> Response:
        snapshot = service.engine.snapshot()
        return ShapeResponse(MapAnswer.of(service.engine.maps.of(snapshot), index_version(snapshot)))

    return await turns.ask(answer)


@router.get(
    "/map/points",
    summary="The place of every paper",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **_CHANGED},
)
async def points(asked: Annotated[PointsFields, Query()], request: Request, service: Served, turns: Taken) -> Response:
    """Little-endian unsigned 16-bit numbers: x of each paper, then y of each, then the last level's region of each.

    The papers are in the order in which they came; positions in it, from 0, name them in the other answers.
    """

    def answer() -> Response:
        present, _ = _meant(asked.version, service)
        headers = {"ETag": f'"{present.version}"', "Cache-Control": "private, max-age=31536000, immutable"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        planes = np.concatenate([present.places.T.ravel(), present.groups])
        return Response(planes.astype("<u2").tobytes(), media_type="application/octet-stream", headers=headers)

    return await turns.ask(answer)


@router.get(
    "/map/papers", summary="Which papers are at some places", response_model=PointedAnswer, responses={**_CHANGED}
)
async def pointed(asked: Annotated[PointedFields, Query()], service: Served, turns: Taken) -> Response:
    """Papers by their positions in the list of points."""

    def answer() -> Response:
        present, snapshot = _meant(asked.version, service)
        if (beyond := next((at for at in asked.at if at >= len(present.keys)), None)) is not None:
            raise InvalidQuery(
                "positions_out_of_range",
                f"There is no position {shorten(str(beyond))}.",
                f"Use 0 to {len(present.keys) - 1:,}." if len(present.keys) else "There are no papers any more.",
            )
        keys = present.keys[asked.at].tolist() if asked.at else []
        papers = snapshot.store.papers(sorted(set(keys)))
        if len(papers) != len(set(keys)):
            raise MapChanged
        shapes = [
            PointedShape(
                at=at,
                id=papers[key].id,
                title=papers[key].title,
                published=papers[key].published,
                authors=list(papers[key].authors),
            )
            for at, key in zip(asked.at, keys, strict=True)
        ]
        return ShapeResponse(PointedAnswer(papers=shapes))

    return await turns.ask(answer)


@router.get("/map/lit", summary="Where answers are", response_model=LitAnswer, responses={**_CHANGED})
async def lit(asked: Annotated[LitFields, Query()], service: Served, turns: Taken) -> Response:
    """The best papers for a question, as positions in the list of points, best first."""

    def answer() -> Response:
        _meant(asked.version, service)  # before a question is answered in vain
        found = service.engine.search(asked.query(Page(asked.k)))
        present, snapshot = _meant(asked.version, service)
        stored = snapshot.store.lookup([hit.paper.id for hit in found.hits])
        if found.index_version != index_version(snapshot) or len(stored) != len(found.hits):
            raise MapChanged
        keys = np.array([stored[hit.paper.id].key for hit in found.hits], dtype=np.int64)
        lights = [
            LitShape(at=at, score=hit.score, verdict=None if hit.confidence is None else hit.confidence.verdict.value)
            for at, hit in zip(present.at(keys).tolist(), found.hits, strict=True)
        ]
        return ShapeResponse(LitAnswer(lit=lights, total=found.total))

    return await turns.ask(answer)


def _meant(version: str, service: Service) -> tuple[Map, Snapshot]:
    """The map of the present state and that state. Raises `MapChanged` where another is meant."""
    snapshot = service.engine.snapshot()
    present = service.engine.maps.of(snapshot)
    if present.version != version:
        raise MapChanged
    return present, snapshot
