"""Who may do what, and how a route gets at the service."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from api.service import Service


def get_service(request: Request) -> Service:
    """The service that the application was made with."""
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(get_service)]


def may_write(request: Request, service: Served) -> None:
    """Allow a change: with the API key where there is one, without where only this machine can ask."""
    if service.api_key is None:
        if not service.loopback:
            raise HTTPException(403)
        return
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    # Bytes: compare_digest refuses text beyond ASCII, which a header may hold.
    if not secrets.compare_digest(given.encode(), service.api_key.encode()):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


MayWrite = Depends(may_write)
