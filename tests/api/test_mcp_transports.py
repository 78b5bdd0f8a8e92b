"""The real program as a server of models: over standard input and output, and over HTTP; the shipped papers."""

from __future__ import annotations

import json
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextResourceContents

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from tests.api.conftest import PROGRAM, Shell, open_shell
from tests.api.test_server import PATIENCE
from tests.conftest import ROOT

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def lines(*messages: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(message)}\n" for message in messages)


@pytest.fixture(scope="module")
def shell(real_collection: Collection, real_encoder: CompiledEncoder, model_cache: Path) -> Shell:
    """The program on the shipped papers, which a server of models cannot change."""
    assert real_encoder.identity.dimension == 384
    return open_shell(model_cache, real_collection.directory)


async def converse(client: Client) -> None:
    """What a model would do: look at the tools, ask, follow up, and hear that something is not there."""
    assert [tool.name for tool in (await client.list_tools()).tools] == ["search", "read", "relate", "explain"]
    found = (await client.call_tool("search", {"question": "emotional TTS", "k": 3})).structured_content
    first, second, _ = found["hits"]
    assert (first["title"].partition(":")[0], second["title"].partition(":")[0]) == ("IndexTTS2", "MM-TTS")
    assert (found["verdict"], first["verdict"]) == ("strong", "strong")
    assert found["read_as"] == [{"short": "TTS", "long": "text-to-speech"}]
    paper = (await client.call_tool("read", {"id": first["id"]})).structured_content
    assert first["excerpt"] in paper["abstract"]
    why = (await client.call_tool("explain", {"id": first["id"], "question": "emotional TTS"})).structured_content
    assert (why["rank"], why["sentence"]) == (1, first["excerpt"])
    kin = (await client.call_tool("relate", {"ids": [first["id"]], "k": 1})).structured_content
    assert kin["hits"][0]["id"] == second["id"]
    nothing = (await client.call_tool("search", {"question": "protein folding"})).structured_content
    assert nothing["verdict"] == "no good match"
    (text,) = (await client.read_resource(f"paper://{first['id']}")).contents
    assert isinstance(text, TextResourceContents)
    assert paper["abstract"] in text.text


def test_a_conversation_over_standard_streams(shell: Shell) -> None:
    """The SDK's own client starts the program and finds what the collection has, and that it lacks the rest."""
    started = StdioServerParameters(command=str(PROGRAM), args=["mcp"], env=shell.environment)

    async def run() -> None:
        async with Client(started) as client:
            await converse(client)

    anyio.run(run)


def test_nothing_but_the_protocol_and_a_quiet_end(shell: Shell) -> None:
    """Every line of standard output is an answer, also to a client of an earlier protocol and behind a line that is
    no message; when the input ends so does the program, without a word."""
    asked = lines(INITIALIZE, INITIALIZED) + "no message\n" + lines(call(2, "search", question="emotional TTS", k=1))
    with shell.start("mcp") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(asked)
        process.stdin.flush()
        answers = {answer["id"]: answer for answer in (json.loads(process.stdout.readline()) for _ in range(2))}
        rest, err = process.communicate(timeout=PATIENCE)
    assert answers[1]["result"]["serverInfo"]["name"] == "paperkin"
    (hit,) = answers[2]["result"]["structuredContent"]["hits"]
    assert hit["title"].startswith("IndexTTS2")
    assert (process.returncode, rest, err) == (0, "", "")


def test_an_interrupt_is_quiet(shell: Shell) -> None:
    """Ctrl-C ends the program at once, though its input is still open."""
    with shell.start("mcp") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines(INITIALIZE))
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert (process.stdout.read(), process.stderr.read() if process.stderr else None) == ("", "")


def test_no_collection(shell: Shell, tmp_path: Path) -> None:
    """A missing collection is told on standard error as by any other command."""
    done = shell.run("mcp", "--collection", str(tmp_path / "nowhere"))
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        f"paperkin: There is no collection in {tmp_path / 'nowhere'} yet.\n"
        "Make one from your papers: paperkin index FILE…\n"
    )


def test_an_address_without_http(shell: Shell) -> None:
    """A port is not taken in silence where none is opened."""
    done = shell.run("mcp", "--port", "8001")
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith("Add --http.\n")


# The program in a process that refuses every socket to elsewhere and every look-up of a name.
GUARDED = """
import atexit, socket, sys
opened = []
class Guarded(socket.socket):
    def connect(self, address):
        opened.append(repr(address)); raise AssertionError(f"connects to {address!r}")
    connect_ex = connect
    def sendto(self, *args):
        opened.append("sendto"); raise AssertionError("sends a datagram")
def refuse(*args, **kwargs):
    opened.append(repr(args[:2])); raise AssertionError(f"looks up {args[:2]!r}")
socket.socket = socket.SocketType = Guarded
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse
atexit.register(lambda: print(f"opened {opened}, providers {'opentelemetry.sdk' in sys.modules}", file=sys.stderr))
sys.argv = ["paperkin", "mcp"]
from api.cli import main
main()
"""


def test_no_socket_is_opened(shell: Shell) -> None:
    """A whole conversation without a connection, a look-up or a datagram; and nobody collects the SDK's spans."""
    asked = lines(INITIALIZE, INITIALIZED, call(2, "search", question="emotional TTS", k=1))
    with subprocess.Popen(
        [sys.executable, "-c", GUARDED], env=shell.environment, cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(asked)
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        _, err = process.communicate(timeout=PATIENCE)
    assert not any(answer["result"].get("isError") for answer in answers)
    assert (process.returncode, err) == (0, "opened [], providers False\n")


@contextmanager
def serving(shell: Shell, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and its address, which it prints."""
    with shell.start("mcp", "--http", "--port", "0", *arguments) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], PATIENCE)[0], "the server printed nothing"
        line = process.stdout.readline()
        address = re.fullmatch(r"Paperkin serves 37 papers to models at (http://\S+:\d+/mcp)\. Ctrl-C stops\.\n", line)
        assert address, f"{line!r} {process.communicate()[1]}"
        yield process, address[1].replace("0.0.0.0", "127.0.0.1")  # noqa: S104  where it listens


def post(address: str, **headers: str) -> httpx2.Response:
    accept = {"accept": "application/json, text/event-stream"}
    return httpx2.post(address, json=INITIALIZE, headers=accept | headers, trust_env=False, timeout=PATIENCE)


def test_over_http(shell: Shell) -> None:
    """The same conversation; no page of another site gets in, by whatever name; a second server finds the port taken,
    and says so; Ctrl-C ends the first."""
    with serving(shell) as (process, address):

        async def run() -> None:
            async with Client(address) as client:
                await converse(client)

        anyio.run(run)
        assert post(address).status_code == 200
        assert post(address, host="localhost").status_code == 200
        assert post(address, host="example.org").status_code == 421
        assert post(address, origin="https://example.org").status_code == 403
        assert post(address, origin="http://localhost:3000").status_code == 200
        port = address.rpartition(":")[2].removesuffix("/mcp")
        done = shell.run("mcp", "--http", "--port", port)
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith(f"paperkin: Cannot serve on 127.0.0.1, port {port}: Address already in use.\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, "Stopped.\n")
    assert "Traceback" not in err


def test_open_to_others(shell: Shell) -> None:
    """What it means to serve others is said; any name is answered, and nobody asks too often."""
    with serving(shell, "--host", "0.0.0.0") as (process, address):  # noqa: S104  what is tested
        assert process.stdout is not None
        assert process.stdout.readline() == (
            "Everybody who can reach this address can read the collection; nobody can change it here.\n"
        )
        response = post(address, host="papers.example.org")
        assert response.status_code == 200
        assert response.headers["ratelimit-policy"] == '"default";q=300;w=60'
