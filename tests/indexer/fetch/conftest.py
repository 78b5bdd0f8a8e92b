"""Fixtures: services on this machine, clients that do not wait, and no proxy of the machine that runs the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from indexer.fetch.polite import Client, Service
from tests.indexer.fetch.server import Answer, Clock, Server


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def serve(clock: Clock) -> Iterator[Callable[[Callable[[dict[str, str]], Answer]], Server]]:
    """Starts a server that answers as it is told."""
    with ExitStack() as stack:
        yield lambda usual: stack.enter_context(Server(usual, clock).running())


@pytest.fixture
def client(clock: Clock) -> Iterator[Callable[..., Client]]:
    """Makes clients of a server by the clock of the test."""
    with ExitStack() as stack:

        def make(server: Server, path: str = "/oai", delay: float = 3.0, **given: Any) -> Client:
            service = Service("arXiv", server.address + path, delay)
            timing: dict[str, Any] = {"clock": clock, "now": clock, "sleep": clock.sleep, "jitter": lambda: 0.0}
            return stack.enter_context(Client(service, **(timing | given)))

        yield make
