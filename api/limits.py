"""Rate limits, as the field tells them (draft-ietf-httpapi-ratelimit-headers-10). The only import of limits."""

from __future__ import annotations

import ipaddress
import math
import time
from typing import Final

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import respond
from api.routes.access import reader_of
from api.service import Service

_FREE: Final = ("/healthz", "/readyz", "/assets/")
_NAME: Final = '"default"'


class RateLimit:
    """ASGI middleware: so many requests in any such span of time, for each key and for each address without one."""

    def __init__(self, app: ASGIApp, *, service: Service, limit: str) -> None:
        self._app = app
        self._service = service
        self._limit = parse(limit)
        self._written = limit.replace("/h", " requests an h").replace("/", " requests a ")
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 429, or hand the request on and say what is left."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        asker = self._asker(scope)
        allowed = self._limiter.hit(self._limit, asker)
        reset, left = self._limiter.get_window_stats(self._limit, asker)
        wait = max(1, math.ceil(reset - time.time()))
        told = {
            "RateLimit-Policy": f"{_NAME};q={self._limit.amount};w={self._limit.get_expiry()}",
            "RateLimit": f"{_NAME};r={left};t={wait}",
        }
        if not allowed:
            facts = "rate_limited", f"More than {self._written} were made.", f"Wait {wait} seconds and ask again."
            refusal = respond(Request(scope), 429, facts, told | {"Retry-After": str(wait)})
            await refusal(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
            await send(message)

        await self._app(scope, receive, telling)

    def _asker(self, scope: Scope) -> str:
        """Who asks: the reader whose key is sent, else the address. A key that nobody has counts for its sender."""
        headers = Headers(scope=scope)
        kind, _, token = headers.get("authorization", "").partition(" ")
        key = token.strip() if kind.lower() == "bearer" else headers.get("x-api-key", "")
        name = reader_of(self._service, key) if key else None
        return f"key {name}" if name else f"address {_network((scope.get('client') or ('',))[0])}"


def _network(address: str) -> str:
    """An address; of IPv6 the network that one customer has, in which addresses cost nothing."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)
