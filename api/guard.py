"""Turns away what no route should have to look at: foreign hosts, undecodable addresses, huge bodies.

Every answer passes here, and gets the headers that all have.

HEAD, which no route knows, becomes GET here.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import respond
from api.loopback import is_loopback

MAX_BODY: Final = 4_000_000
"""Bytes of a request's body: a thousand papers, or far more than the longest question."""

MAX_DROPPED: Final = 64_000_000


class Guard:
    """ASGI middleware. `loopback` also refuses requests that name another host than `known`.

    A page of another site can point its own name at 127.0.0.1 and have a browser ask us; the Host header tells.
    """

    def __init__(self, app: ASGIApp, *, loopback: bool, known: str | None = None) -> None:
        self._app = app
        self._loopback = loopback
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, or hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = _strict(send)
        host = Headers(scope=scope).get("host", "")
        if self._loopback and not _is_local(host) and (self._known is None or host.lower() != self._known):
            refusal = 421, "wrong_host", "This server answers only for this machine.", "Ask for 127.0.0.1 or localhost."
        elif not _is_text(scope.get("raw_path") or b"") or not _is_text(scope["query_string"]):
            refusal = 400, "invalid_text", "The address is not UTF-8.", "Percent-encode it as UTF-8."
        else:
            body = await _read(receive)
            if body is not None:
                # HEAD is GET to every route; the server itself leaves the body out.
                method = "GET" if scope["method"] == "HEAD" else scope["method"]
                await self._app({**scope, "method": method}, _replay(body, receive), send)
                return
            refusal = (
                413,
                "body_too_large",
                f"The request's body is over {MAX_BODY:,} bytes.",
                "Ask with less text, or send fewer papers at a time.",
            )
        await respond(Request(scope), refusal[0], refusal[1:])(scope, receive, send)


def _strict(send: Send) -> Send:
    """Says of every answer that it is what its type says, and not to be framed; pages say more themselves."""

    async def strict(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("X-Frame-Options", "DENY")
        await send(message)

    return strict


def _is_local(host: str) -> bool:
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return is_loopback(name.lower().removeprefix("[").removesuffix("]"))


def _is_text(quoted: bytes) -> bool:
    try:
        unquote_to_bytes(quoted).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or `None` if it is over the limit; no more than the limit is ever held.

    What is over the limit is still received and dropped, up to `MAX_DROPPED`: a client that is cut off while it
    is sending sees a broken connection instead of our answer.
    """
    body = bytearray()
    size = 0
    while size <= MAX_DROPPED:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        if size <= MAX_BODY:
            body += part
        else:
            body.clear()
        if not message.get("more_body", False):
            break
    return bytes(body) if size <= MAX_BODY else None


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
