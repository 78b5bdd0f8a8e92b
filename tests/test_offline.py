"""Nothing opens a connection: build, search and serve with every socket to elsewhere refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

# Runs in a process of its own, with a new home and a new cache, so that the model is prepared too. Creating an
# internet socket or looking up a name fails at once, except for the server's own loopback socket.
PROGRAM = """
import json, os, socket, sys, threading
real = socket.socket
opened = []

class Guarded(real):
    def connect(self, address):
        opened.append(repr(address)); raise AssertionError(f"connects to {address!r}")
    connect_ex = connect
    def sendto(self, *args):
        opened.append("sendto"); raise AssertionError("sends a datagram")

def refuse(*args, **kwargs):
    opened.append(repr(args[:2])); raise AssertionError(f"looks up {args[:2]!r}")

socket.socket = socket.SocketType = Guarded
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse

from pathlib import Path
from api.app import create_app
from api.importing import import_files
from api.service import open_service
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources.registry import Options
from starlette.testclient import TestClient

settings = Settings.from_environment(os.environ)
papers, stopped = import_files([Path(sys.argv[1])], settings, Options(), Report(), lambda _: None)
client = TestClient(create_app(open_service(settings)), base_url="http://127.0.0.1")
answer = client.get("/v1/search", params={"q": "emotional TTS", "k": 2}).json()
page = client.get("/", params={"q": "emotional TTS"})
print(json.dumps({"papers": papers, "titles": [h["paper"]["title"] for h in answer["hits"]], "page": page.status_code,
                  "opened": opened, "home": sorted(os.listdir(os.environ["HOME"]))}))
"""


def test_no_socket_is_opened(tmp_path: Path) -> None:
    """The first build, with the model prepared, then a search and a page: no connection, no look-up, no datagram,
    and nothing written into the home directory."""
    (tmp_path / "home").mkdir()
    environment = {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "PAPERKIN_COLLECTION": str(tmp_path / "collection"),
        "PAPERKIN_CACHE": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT / "data" / "papers.jsonl")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["papers"] == 37
    assert {title.partition(":")[0] for title in result["titles"]} == {"IndexTTS2", "MM-TTS"}
    assert result["page"] == 200
    assert result["opened"] == []
    assert result["home"] == []
