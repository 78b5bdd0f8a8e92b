"""The application: routes, errors and guard around a service."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from api import errors
from api.guard import Guard
from api.routes import docs, operations, pages, papers, search
from api.schemas import ErrorAnswer
from api.service import Service


def create_app(service: Service) -> FastAPI:
    """The REST interface under `/v1`, the pages, `/docs`, `/healthz` and `/readyz`."""
    app = FastAPI(
        title="Paperkin",
        summary="Semantic search in a collection of papers.",
        version=version("paperkin"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    errors.install(app)
    app.add_middleware(Guard, loopback=service.loopback)
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorAnswer} for status in (400, 401, 403, 404, 413, 422, 503)
    }
    # Search first: "/papers/{id}/related" must be tried before "/papers/{id}", whose id may hold slashes.
    for router in (search.router, papers.router, operations.collection_router):
        app.include_router(router, prefix="/v1", responses=described)
    app.include_router(operations.health_router)
    docs.install(app)
    app.include_router(pages.router)
    return app
