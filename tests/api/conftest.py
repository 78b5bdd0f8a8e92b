"""Clients of the application over toy papers, without a socket; the program; and what every error looks like."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.cli import main
from api.service import Service
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder, Encoder
from indexer.ingest import ingest
from indexer.report import Report
from search.engine import Engine
from tests.conftest import ROOT
from tests.toys import PAPERS as TOYS
from tests.toys import ToyEncoder

PROGRAM = Path(sys.executable).with_name("paperkin")
PAPERS = ROOT / "data" / "papers.jsonl"
KEY = "a key of sixteen letters"
STOPPED = (
    "\nStopping: what has been encoded is being stored …\n"
    "Stopped. Run the same command again to go on: what is stored is not encoded again.\n"
)
"""What a person reads who has interrupted an import."""


class Answered(Protocol):
    """What is read of a response, whichever client asked."""

    @property
    def status_code(self) -> int: ...

    @property
    def text(self) -> str: ...

    def json(self) -> object: ...


@dataclass(frozen=True)
class Done:
    """A finished command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@dataclass(frozen=True)
class Shell:
    """The installed program, each time in a process of its own."""

    environment: dict[str, str]

    def run(self, *arguments: str | bytes, text: bytes | None = None) -> Done:
        done = subprocess.run(
            [PROGRAM, *arguments], input=text, capture_output=True, check=False, env=self.environment, timeout=60
        )
        assert b"Traceback" not in done.stderr
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    @contextmanager
    def start(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        # Where the tests run in the background, SIGINT is ignored, and a program would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(
            [PROGRAM, *arguments],
            env=self.environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def open_shell(cache: Path, collection: Path) -> Shell:
    """The program with these places, in UTF-8, on lines of a hundred characters, with no other setting."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("PAPERKIN_")}
    places = {"PAPERKIN_CACHE": str(cache), "PAPERKIN_COLLECTION": str(collection)}
    return Shell(known | places | {"COLUMNS": "100", "LC_ALL": "C.UTF-8"})


class DecodedOnce:
    """Hands on the path as a server does. The test client percent-decodes it twice: "%2525" is "%25", not "%"."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": unquote(scope["raw_path"].decode("ascii"))}
        await self._app(scope, receive, send)


def connect(
    collection: Collection, encoder: Encoder, *, api_key: str | None = None, loopback: bool = True
) -> TestClient:
    """A client of an application over this collection; a failure in the server is its answer 500, as in life."""
    service = Service(collection, encoder, Engine(collection, encoder), api_key, loopback)
    return TestClient(DecodedOnce(create_app(service)), base_url="http://127.0.0.1", raise_server_exceptions=False)


def error_code(response: Answered) -> str:
    """The code of an error, once its shape is checked: three texts, two of them sentences."""
    body = response.json()
    assert isinstance(body, dict), response.text
    assert set(body) == {"error"}, response.text
    facts = body["error"]
    assert set(facts) == {"code", "message", "next_step"}
    assert facts["code"].replace("_", "").isalpha()
    assert facts["code"].islower()
    assert facts["message"].endswith(".")
    assert facts["next_step"].endswith((".", "…"))  # "…" where it ends with a command: paperkin index FILE…
    return str(facts["code"])


@pytest.fixture
def client(collection: Collection, encoder: ToyEncoder) -> Iterator[TestClient]:
    """A client with a collection of its own, to be changed."""
    with connect(collection, encoder) as client:
        yield client


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the toy papers, shared: tests must not change them."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("reader") / "collection", encoder.identity)
    ingest(collection, encoder, TOYS, Report())
    with connect(collection, encoder) as client:
        yield client


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model_cache: Path, tmp_path: Path) -> Run:
    """The command line in this process, on a collection that does not exist unless it is named."""
    monkeypatch.setenv("PAPERKIN_CACHE", str(model_cache))
    monkeypatch.setenv("PAPERKIN_COLLECTION", str(tmp_path / "nowhere"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("PAPERKIN_API_KEY", "PAPERKIN_MODEL", "PAPERKIN_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["paperkin", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def toys(run: Run, monkeypatch: pytest.MonkeyPatch, collection: Collection) -> Run:
    """The command line on the toy papers: for what needs no model."""
    monkeypatch.setenv("PAPERKIN_COLLECTION", str(collection.directory))
    return run


@pytest.fixture
def index(run: Run, monkeypatch: pytest.MonkeyPatch, real_encoder: CompiledEncoder, tmp_path: Path) -> Run:
    """The command line with a new collection of its own and the bundled model, whose preparation is done."""
    assert real_encoder.identity.dimension == 384
    monkeypatch.setenv("PAPERKIN_COLLECTION", str(tmp_path / "collection"))
    return run
