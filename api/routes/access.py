"""Who may do what, and how a route gets at the service."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.service import Service
from indexer.readers import OWNER, READERS


async def get_service(request: Request) -> Service:
    """The service that the application was made with."""
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(get_service)]


def base_of(request: Request, service: Service) -> str:
    """The server's own address, without a slash at its end: as it is set, else as it was asked."""
    return service.mail.public_url if service.mail else str(request.base_url).rstrip("/")


# Declared so that /docs can send the key; whether it is needed is decided below.
_bearer = HTTPBearer(auto_error=False, description="PAPERKIN_API_KEY of the server, where it has one")


async def may_write(service: Served, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Allow a change: with the API key where there is one, without where only this machine can ask."""
    if service.api_key is None:
        if not service.loopback:
            raise HTTPException(403)
        return
    given = sent.credentials if sent else ""
    # Bytes: compare_digest refuses text beyond ASCII, which a header may hold.
    if not secrets.compare_digest(given.encode(), service.api_key.encode()):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


MayWrite = Depends(may_write)


def who(
    request: Request, service: Served, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str | None:
    """The reader whose key was sent; without a key the owner, where only this machine can ask and no key is set."""
    given = sent.credentials if sent else request.headers.get("x-api-key", "")
    return reader_of(service, given)


def reader_of(service: Service, key: str) -> str | None:
    """The name of the reader who has a key."""
    if not key:
        return OWNER if service.loopback and service.api_key is None else None
    if service.api_key is not None and secrets.compare_digest(key.encode(), service.api_key.encode()):
        return OWNER
    return service.readers.reader_of(key) if (service.collection.directory / READERS).exists() else None


Reader = Annotated[str | None, Depends(who)]


async def voter(name: Reader) -> str:
    """Who votes. Refuses whoever has no key."""
    if name is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return name


Voter = Annotated[str, Depends(voter)]
