"""What is turned away before any route sees it, and what is handed on untouched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from api.guard import MAX_BODY, Guard
from api.loopback import is_loopback
from indexer.collection import Collection
from tests.api.conftest import connect, error_code
from tests.toys import ToyEncoder


class Echo:
    """An application that remembers the bodies that reach it and answers 200."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        body, more = b"", scope["type"] == "http"
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})


class Client:
    """What a server would hand to the guard: a request in parts, each counted when it is taken."""

    def __init__(self, parts: Sequence[bytes], host: bytes = b"127.0.0.1", **scope: Any) -> None:
        self.scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "headers": [(b"host", host)],
            **scope,
        }
        self._parts = list(parts)
        self.taken = 0
        self.status = 0
        self.body = b""

    async def receive(self) -> Message:
        part = self._parts[self.taken] if self.taken < len(self._parts) else b""
        self.taken += 1
        return {"type": "http.request", "body": part, "more_body": self.taken < len(self._parts)}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")

    def ask(self, app: Echo, *, loopback: bool = True) -> int:
        asyncio.run(Guard(app, loopback=loopback)(self.scope, self.receive, self.send))
        return self.status

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


def test_a_body_in_parts_is_handed_on_whole() -> None:
    """The application gets the same bytes, however many parts they came in."""
    app = Echo()
    assert Client([b"ab", b"", b"c", b"def"]).ask(app) == 200
    assert app.bodies == [b"abcdef"]


def test_a_body_in_parts_up_to_the_limit() -> None:
    """Parts of exactly four million bytes together pass; one byte more is refused, without any length said before."""
    app = Echo()
    parts = [b"x" * 100_000] * (MAX_BODY // 100_000)
    assert Client(parts).ask(app) == 200
    assert [len(body) for body in app.bodies] == [4_000_000]
    over = Client([*parts, b"x"])
    assert (over.ask(app), over.code) == (413, "body_too_large")
    assert len(app.bodies) == 1


def test_what_is_over_the_limit_is_received_and_dropped() -> None:
    """A body of ten million bytes is taken to its end, so that its sender lives to read the answer."""
    client = Client([b"x" * 100_000] * 100)
    assert client.ask(Echo()) == 413
    assert client.taken == 100


def test_a_body_without_an_end() -> None:
    """After 64 million bytes nothing more is taken from a sender that does not stop."""
    client = Client([b"x" * 1_000_000] * 1_000)
    assert client.ask(Echo()) == 413
    assert client.taken == 65


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"127.0.0.1", 200),
        (b"127.0.0.1:8000", 200),
        (b"127.0.0.2:8000", 200),  # every address of 127.0.0.0/8 is this machine, and can be served on
        (b"localhost", 200),
        (b"LocalHost:8000", 200),
        (b"[::1]", 200),
        (b"[::1]:8000", 200),
        (b"", 421),
        (b"example.org", 421),
        (b"example.org:8000", 421),
        (b"127.0.0.1.example.org", 421),
        (b"localhost.example.org", 421),
        (b"192.168.0.1", 421),
        (b"0.0.0.0", 421),
        (b"[::]", 421),
        (b"\xff", 421),
    ],
)
def test_hosts(host: bytes, status: int) -> None:
    """A server for this machine answers only what was sent to this machine's names; one for all answers any."""
    app = Echo()
    client = Client([b""], host)
    assert client.ask(app) == status
    assert len(app.bodies) == (status == 200)
    if status == 421:
        assert client.code == "wrong_host"
    assert Client([b""], host).ask(app, loopback=False) == 200


@pytest.mark.parametrize(
    ("raw_path", "query", "status"),
    [
        (b"/a%C3%A9", b"q=%F0%9F%98%80", 200),
        (b"/%00", b"", 200),
        (b"/%", b"q=%zz", 200),
        (b"/%FF", b"", 400),
        (b"/%C3", b"", 400),
        (b"/%ED%A0%80", b"", 400),
        (b"/", b"q=%FF", 400),
        (b"/", b"%80=1", 400),
        (b"/\xff", b"", 400),
        (None, b"", 200),  # not every server gives the raw path
    ],
)
def test_addresses_must_be_utf8(raw_path: bytes | None, query: bytes, status: int) -> None:
    """An address whose percent-encoding is not UTF-8 is refused instead of being read as something else."""
    client = Client([b""], raw_path=raw_path, query_string=query)
    assert client.ask(Echo()) == status
    if status == 400:
        assert client.code == "invalid_text"


def test_head_is_asked_as_get() -> None:
    """A request for the head alone is put to the application as one for the whole; other methods stay as they are."""
    app = Echo()
    for method in ("HEAD", "GET", "DELETE", "head"):
        assert Client([b""], method=method).ask(app) == 200
    assert [scope["method"] for scope in app.scopes] == ["GET", "GET", "DELETE", "head"]


def test_what_is_not_a_request_is_handed_on() -> None:
    """The guard judges requests; what else a server says to an application passes."""
    app = Echo()
    Client([], type="lifespan").ask(app)
    assert [scope["type"] for scope in app.scopes] == ["lifespan"]


def test_the_application_has_the_guard(collection: Collection, encoder: ToyEncoder) -> None:
    """The guard stands before every address, pages and health included, and speaks in the shape of all errors."""
    client: TestClient = connect(collection, encoder)
    for address in ("/", "/docs", "/healthz", "/v1/search?q=a", "/nothing"):
        response = client.get(address, headers={"host": "example.org"})
        assert (response.status_code, error_code(response)) == (421, "wrong_host")
        response = client.get(f"{address.partition('?')[0]}?x=%ff")
        assert (response.status_code, error_code(response)) == (400, "invalid_text")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104  the address that must not count as this machine's own
        ("::", False),
        ("192.168.1.2", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_which_addresses_are_this_machines_own(host: str, expected: bool) -> None:
    """Only an address that no other machine can reach may do without a key."""
    assert is_loopback(host) is expected
