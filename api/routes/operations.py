"""What the collection is, and whether the server is well."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter

from api.routes.access import Served
from api.schemas import CollectionAnswer, HealthAnswer

collection_router = APIRouter(tags=["collection"])
health_router = APIRouter(tags=["operations"])


@collection_router.get("/collection", summary="What the collection is")
def collection(service: Served) -> CollectionAnswer:
    """What the collection holds, which model made it, and its index version."""
    return CollectionAnswer.of(service.engine.snapshot(), service.collection, version("paperkin"))


@health_router.get("/healthz", summary="Is the process alive?")
async def healthz() -> HealthAnswer:
    """The process answers."""
    return HealthAnswer()


@health_router.get("/readyz", summary="Will questions be answered?")
def readyz(service: Served) -> HealthAnswer:
    """The collection can be read and the model can encode: questions will be answered."""
    service.engine.snapshot()
    service.encoder.encode_queries(["ready?"])  # not `encode_query`, which may remember it
    return HealthAnswer()
