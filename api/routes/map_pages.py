"""`/map`: the collection in two dimensions, to look at; without a script its regions, as links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.fields import LISTS, Fields, address_with, asks, fields_of
from api.pages import render
from api.routes.access import Served
from api.service import Service
from api.turns import Taken
from indexer.errors import MapMissing, PaperNotFound
from search.area import SIDE
from search.atlas import Cluster, Places

router = APIRouter(include_in_schema=False)

_NAMES: Final = {
    "abstract": "like the text",
    "like": "like",
    "dislike": "not like",
    "author": "by",
    "category": "in",
    "source": "from",
    "date_from": "since",
    "date_to": "until",
    "mode": "",
    "area": "in the area",
}
"""What a question may hold besides its words, as it is said on the page."""
_MODES: Final = {"hybrid": "by meaning and words", "dense": "by meaning", "lexical": "by words"}
_ASIDE: Final = 12
_ABOVE: Final = 8
_UNSAID: Final = ("area",)
"""Fields whose value says nothing to a person."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of the question that is kept when another one is put, and the address of the page without it."""

    name: str
    value: str
    said: str
    without: str


@dataclass(frozen=True, slots=True)
class Region:
    """A coarse cluster and the fine ones in it, each level by size."""

    cluster: Cluster
    parts: tuple[Cluster, ...]


@router.get("/map")
async def show(request: Request, service: Served, turns: Taken) -> HTMLResponse:
    """The page that the map is drawn on; where none has been drawn yet, how to get one."""
    return await turns.ask(lambda: _show(request, service))


def _show(request: Request, service: Service) -> HTMLResponse:
    fields = {name: value for name, value in fields_of(request).items() if name == "q" or name in _NAMES}
    try:
        present = service.engine.maps.of(service.engine.snapshot())
    except MapMissing as error:
        return render("map.html", fields=fields, missing=error)
    values: dict[str, Any] = {
        "fields": fields,
        "kept": list(_kept(fields, service)),
        "asked": asks(fields),
        "papers": len(present.keys),
        "regions": regions(present.clusters),
        "shape": shape(present.places),
    }
    return render("map.html", missing=None, **values)


def shape(places: Places) -> tuple[int, int]:
    """How wide and high a picture of these places is, with the room that it leaves around them: a hundred is the side
    of the whole square, and nothing is drawn as less than half as high as wide, or the other way round."""
    spans = np.ptp(places, axis=0) / SIDE if len(places) else np.ones(2)
    wide, high = np.maximum(spans, max(float(spans.max()) / 2, 1 / 16)).tolist()
    return round(100 * wide) + _ASIDE, round(100 * high) + _ABOVE


def regions(clusters: Sequence[Cluster]) -> list[Region]:
    """Clusters of both levels as a tree of two, the largest first."""
    by_size = sorted(clusters, key=lambda each: (-each.papers, each.id))
    return [
        Region(each, tuple(part for part in by_size if part.parent == each.id)) for each in by_size if each.level == 0
    ]


def _kept(fields: Fields, service: Service) -> Iterator[Kept]:
    for name, label in _NAMES.items():
        if name in LISTS:
            for value in fields.get(name, ()):
                rest = [other for other in fields[name] if other != value]
                said = f"{label} {_title(value, service)}"
                yield Kept(name, value, said, address_with("/map", fields, **{name: rest or None}))
        elif name in fields:
            yield Kept(
                name, fields[name], _said(name, label, fields[name]), address_with("/map", fields, **{name: None})
            )


def _said(name: str, label: str, value: str) -> str:
    if name == "mode":
        return _MODES.get(value, f"by {value}")
    return label if name in _UNSAID else f"{label} {value}"


def _title(paper_id: str, service: Service) -> str:
    try:
        return service.engine.paper(paper_id)[0].heading
    except PaperNotFound:
        return paper_id
