"""Who may do what, and how a route gets at the service."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.service import Service


async def get_service(request: Request) -> Service:
    """The service that the application was made with."""
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(get_service)]


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
