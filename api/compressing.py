"""Compresses pages and what they refer to."""

from __future__ import annotations

from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PROGRAMS: Final = ("/v1/", "/api/", "/graph/", "/recommendations/")
_LEVEL: Final = 5
_LEAST: Final = 1_000


class Compressed:
    """ASGI middleware: gzip for people's browsers; programs, which mostly ask from nearby, get answers as they are.

    Compressing an answer of twenty papers costs a millisecond of processor time, a tenth of the whole question.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, minimum_size=_LEAST, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        programs = scope["type"] != "http" or scope["path"].startswith(_PROGRAMS)
        await (self._plain if programs else self._compressed)(scope, receive, send)
