"""`/v1/cite`: papers as citations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from api.citations import FORMATS, MAX_CITED, FormatName, cited
from api.requests import CiteBody, CiteFields
from api.routes.access import Served
from api.service import Service
from api.turns import Taken
from indexer.errors import InvalidQuery

router = APIRouter(tags=["papers"])

MAX_NAMES: Final = 10_000
"""Authors that are written at once, at half a millisecond each: some papers have three thousand."""
_WRITTEN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the citations", "content": {form.media: {} for form in FORMATS.values()}}
}


@router.get("/cite", summary="Cite papers", response_class=Response, responses=_WRITTEN)
async def cite(asked: Annotated[CiteFields, Query()], service: Served, turns: Taken) -> Response:
    """Papers as BibTeX, RIS, CSL-JSON or Markdown, in the order of their ids, each once."""
    return await turns.ask(lambda: _document(asked.id, asked.format, service, download=asked.download))


@router.post("/cite", summary="Cite many papers", response_class=Response, responses=_WRITTEN)
async def cite_by_body(asked: CiteBody, service: Served, turns: Taken) -> Response:
    """The same for a list of ids that is too long for an address."""
    return await turns.ask(lambda: _document(asked.ids, asked.format, service, download=asked.download))


def _document(ids: Sequence[str], name: FormatName, service: Service, *, download: bool) -> Response:
    if not ids:
        raise InvalidQuery("ids_out_of_range", "No id is given.", f"Give 1 to {MAX_CITED:,} ids of papers.")
    form = FORMATS[name]
    headers = {"Content-Disposition": f'attachment; filename="paperkin.{form.ending}"'} if download else None
    papers = cited(service.engine.snapshot(), ids)
    names = sum(len(paper.authors) for paper in papers)
    if names > MAX_NAMES:
        message = f"Together these papers have {names:,} authors, more than {MAX_NAMES:,}."
        raise InvalidQuery("too_many_authors", message, "Cite fewer papers at a time.")
    return Response(form.write(papers), media_type=form.media, headers=headers)
