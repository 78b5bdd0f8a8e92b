"""The application: routes, errors and guard around a service."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI

from api import errors
from api.compressing import Compressed
from api.guard import Guard
from api.limits import RateLimit
from api.mapping import keeping_drawn
from api.routes import (
    assets,
    docs,
    feed,
    feed_pages,
    huggingface,
    map_pages,
    operations,
    pages,
    papers,
    search,
    semantic_scholar,
    subscriptions,
)
from api.routes import map as map_routes
from api.scheduler import sending
from api.schemas import ErrorAnswer, ForeignErrorAnswer
from api.service import Service
from api.turns import Turns
from indexer.errors import PaperkinError

REFRESH: Final = 0.5
"""Seconds between two looks at the collection's manifest."""
PATIENCE: Final = 5.0
"""Seconds until the next look after one that failed."""
_log = logging.getLogger(__name__)


def create_app(service: Service) -> FastAPI:
    """The REST interface under `/v1`, the pages, `/docs`, `/healthz` and `/readyz`."""
    app = FastAPI(
        title="Paperkin",
        summary="Semantic search in a collection of papers.",
        version=version("paperkin"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_keep_fresh,
    )
    app.state.service = service
    app.state.turns = Turns()
    errors.install(app)
    app.add_middleware(Compressed)
    app.add_middleware(Guard, loopback=service.loopback, known=_known_host(service))
    if service.rate_limit is not None:
        app.add_middleware(RateLimit, service=service, limit=service.rate_limit)
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorAnswer} for status in (400, 401, 403, 404, 413, 422, 503)
    }
    # Search first: "/papers/{id}/related" must be tried before "/papers/{id}", whose id may hold slashes.
    routers = (feed.router, search.router, papers.router, subscriptions.router, operations.collection_router)
    for router in (*routers, map_routes.router):
        app.include_router(router, prefix="/v1", responses=described)
    app.include_router(operations.health_router)
    for foreign in (huggingface.router, semantic_scholar.router):
        app.include_router(foreign, responses={status: {"model": ForeignErrorAnswer} for status in (400, 404, 422)})
    docs.install(app)
    app.include_router(subscriptions.pages_router)
    app.include_router(assets.router)
    app.include_router(map_pages.router)
    app.include_router(feed_pages.router)
    app.include_router(pages.router)
    return app


def _known_host(service: Service) -> str | None:
    """The host that a proxy in front of a server on loopback may pass on.

    None without a key: to such a server everybody behind the proxy would be its owner.
    """
    if service.mail is None or service.api_key is None:
        return None
    return urlsplit(service.mail.public_url).netloc.lower()


@asynccontextmanager
async def _keep_fresh(app: FastAPI) -> AsyncIterator[None]:
    """Turn to what other processes have written soon after they have, also while nobody asks.

    So the next question does not wait for it, and no earlier state is held longer than needed: what was removed from
    it can then leave the disk.
    """
    stopped = threading.Event()
    collection = app.state.service.collection

    def watch() -> None:
        while not stopped.wait(REFRESH):
            try:
                collection.tidy()  # looks at the present state first
            except (PaperkinError, OSError) as error:  # the next question will meet it and say so
                _log.warning("%s", error)
                stopped.wait(PATIENCE)
            except Exception:  # a defect of ours, which must not end the watching
                _log.exception("The collection cannot be looked at.")
                stopped.wait(PATIENCE)

    watcher = threading.Thread(target=watch, name="refresh", daemon=True)
    watcher.start()
    try:
        with sending(app.state.service), keeping_drawn(app.state.service):
            yield
    finally:
        stopped.set()
        watcher.join(REFRESH)  # a fold that is under way is left: what it has written so far counts for nothing
