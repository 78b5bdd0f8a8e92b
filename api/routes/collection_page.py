"""`/collection`: what the collection is, how good its answers are, and how to cite it, to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.collection_citation import cite
from api.pages import render
from api.routes.access import Served
from api.schemas import CollectionAnswer
from api.service import Service
from api.turns import Taken

router = APIRouter(include_in_schema=False)


@router.get("/collection")
async def show(service: Served, turns: Taken) -> HTMLResponse:
    """Size, sources, model, index version, the last evaluation, and a citation of this very state."""
    return await turns.ask(lambda: _show(service))


def _show(service: Service) -> HTMLResponse:
    facts = CollectionAnswer.of(service.engine.snapshot(), service.collection, version("paperkin"))
    return render("collection.html", facts=facts, citation=cite(facts, datetime.now(UTC).date()))
