"""A real server: the installed program on a socket, the shipped papers, the bundled model."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from api.assets import asset_address
from api.client import ApiError, Client
from indexer.encoder import CompiledEncoder
from tests.api.browser import cards, parse
from tests.api.conftest import KEY, PAPERS, Shell, error_code, open_shell

PATIENCE = 30.0  # seconds that a loaded machine may need to start a server
SILENCE = 0.5  # seconds after which a server that says nothing is taken to wait for more


class Server(NamedTuple):
    """A server that runs: its process, its port, and a client for it."""

    process: subprocess.Popen[str]
    port: int
    client: httpx2.Client

    @property
    def paperkin(self) -> Client:
        """The product's own client of it."""
        return Client(f"http://127.0.0.1:{self.port}", http=self.client)


@pytest.fixture(scope="module")
def shell(real_encoder: CompiledEncoder, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The program on a collection of its own of the shipped papers."""
    assert real_encoder.identity.dimension == 384
    shell = open_shell(model_cache, tmp_path_factory.mktemp("served") / "collection")
    assert shell.run("index", str(PAPERS)).status == 0
    return shell


@contextmanager
def serving(shell: Shell, *arguments: str) -> Iterator[Server]:
    """A server on a free port, whose number is read from what it prints; from that moment it can be asked."""
    with shell.start("serve", "--port", "0", *arguments) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], PATIENCE)[0], "the server printed nothing"
        line = process.stdout.readline()
        address = re.fullmatch(r"Paperkin serves \d+ papers? at (http://\S+:(\d+)) \(REST: \1/docs\).*\n", line)
        assert address, f"{line!r} {process.communicate()[1]}"
        base = address[1].replace("0.0.0.0", "127.0.0.1")  # noqa: S104  where it listens, not where one asks
        with httpx2.Client(base_url=base, timeout=PATIENCE) as client:
            yield Server(process, int(address[2]), client)


@pytest.fixture(scope="module")
def server(shell: Shell) -> Iterator[Server]:
    """A server for this machine, shared; it must be as well in the end as it was in the beginning."""
    with serving(shell) as server:
        yield server
        assert server.process.poll() is None
        server.process.terminate()
        _, err = server.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err


def ids(server: Server, question: str, k: int = 3) -> list[str]:
    return [hit.paper.id for hit in server.paperkin.search(question, k=k).hits]


def test_search(server: Server) -> None:
    """The product's own example: the two papers on emotional text-to-speech are the best two for "emotional TTS"."""
    answer = server.client.get("/v1/search", params={"q": "emotional TTS", "k": 5}).json()
    titles = [hit["paper"]["title"].partition(":")[0] for hit in answer["hits"]]
    assert set(titles[:2]) == {"IndexTTS2", "MM-TTS"}
    assert answer["expansions"] == [{"short": "TTS", "long": "text-to-speech"}]
    scores = [hit["score"] for hit in answer["hits"]]
    assert scores == sorted(scores, reverse=True)
    page = server.client.get("/search", params={"q": "emotional TTS"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    shown = [card.attributes["data-id"] for card in cards(parse(page.text))]
    assert shown[:5] == [hit["paper"]["id"] for hit in answer["hits"]]
    assert "No good match" not in page.text
    assert "No good match" in server.client.get("/search", params={"q": "sourdough bread recipes"}).text


def test_add_update_remove(server: Server) -> None:
    """A paper is found the moment it is added, under its new words the moment it is updated, and never once removed."""
    paperkin, paper = server.paperkin, {"id": "10.1/new paper", "title": "Beekeeping in medieval monasteries"}
    before = paperkin.collection().papers
    assert paperkin.add(paper).added == 1
    assert ids(server, "honey and monks", 1) == [paper["id"]]
    assert paperkin.collection().papers == before + 1
    changed = paper | {"title": "Volcanic eruptions on the moons of Jupiter"}
    assert paperkin.add(changed).updated == 1
    assert ids(server, "lava in outer space", 1) == [paper["id"]]
    assert paperkin.paper(paper["id"]).title == changed["title"]
    assert paperkin.remove(paper["id"]).removed == 1
    assert paper["id"] not in ids(server, "lava in outer space", 50)
    with pytest.raises(ApiError, match="No paper has the id"):
        paperkin.paper(paper["id"])


def test_another_process_adds_a_paper(server: Server, shell: Shell, tmp_path: Path) -> None:
    """What another process indexes is served within a second, and what it removes is gone, without a restart."""
    file = tmp_path / "more.jsonl"
    file.write_text(json.dumps({"id": "elsewhere", "title": "A sourdough bread recipe"}) + "\n")
    assert shell.run("index", str(file)).status == 0
    deadline = time.monotonic() + 1
    while ids(server, "baking with yeast", 1) != ["elsewhere"]:
        assert time.monotonic() < deadline
    assert shell.run("remove", "elsewhere").status == 0
    assert "elsewhere" not in ids(server, "baking with yeast", 50)


def test_many_at_once(server: Server) -> None:
    """Questions that are asked while papers come and go are all answered."""

    def change(number: int) -> list[int]:
        paper = {"id": f"busy-{number}", "title": f"Paper number {number}"}
        return [
            server.client.post("/v1/papers", json=paper).status_code,
            server.client.delete(f"/v1/papers/busy-{number}").status_code,
        ]

    def ask(number: int) -> list[int]:
        return [server.client.get("/v1/search", params={"q": f"emotion {number}"}).status_code for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(change, range(4)), *pool.map(ask, range(8))]
    assert {status for statuses in answers for status in statuses} == {200}


def exchange(port: int, sent: bytes) -> bytes:
    """What a server answers to these bytes before it closes the connection or falls silent, waiting for more."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=SILENCE) as connection:
        try:
            connection.sendall(sent)
            while part := connection.recv(65_536):
                received += part
        except (ConnectionError, TimeoutError):  # closed while we were still sending, or silent
            pass
    return received


HEAD = b"Host: 127.0.0.1\r\nConnection: close\r\n"


def get(address: bytes, more: bytes = b"") -> bytes:
    return b"GET " + address + b" HTTP/1.1\r\n" + HEAD + more + b"\r\n"


def post(more: bytes, body: bytes = b"{}") -> bytes:
    return b"POST /v1/papers HTTP/1.1\r\n" + HEAD + more + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", None),
        (b"\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # the beginning of TLS
        (b"\x00\xff" * 1_000, 400),
        (b"GET\r\n\r\n", 400),
        (get(b"/v1/papers/\xc3\xa9"), 400),
        (get(b"/v1/papers/\xff"), 400),
        (get(b"/v1/papers/%ff"), 400),
        (get(b"/v1/papers/%C3%A9"), 404),
        (get(b"/v1/search?q=\xff"), 400),
        (get(b"/v1/search?q=%ff"), 400),
        (get(b"/v1/../../etc/passwd"), 404),
        (get(b"http://example.org/"), 404),
        (get(b"/", b"X: " + b"a" * 200_000 + b"\r\n"), 400),
        (get(b"/" + b"a" * 200_000), 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # without a host
        (b"GET / HTTP/1.0\r\n\r\n", 421),
        (b"GET / HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n", 421),
        (b"CONNECT example.org:80 HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"OPTIONS * HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (post(b"Content-Length: abc"), 400),
        (post(b"Content-Length: -1"), 400),
        (post(b"Content-Length: 99999999999999999999999"), 400),
        (post(b"Content-Length: 1\r\nContent-Length: 2"), 400),
        (post(b"Content-Length: 100"), None),  # it waits for the other 98
        (post(b"Transfer-Encoding: chunked", b"zz\r\n"), 400),
        (post(b"Transfer-Encoding: magic"), 400),
        (post(b"Authorization: Bearer \xff\xfe\r\nContent-Length: 2"), 422),
    ],
)
def test_nonsense_on_the_socket(server: Server, sent: bytes, status: int | None) -> None:
    """Whatever bytes arrive, the answer is a refusal in our shape, or silence while more may come; the server goes on
    serving."""
    received = exchange(server.port, sent)
    assert received.startswith(b"" if status is None else f"HTTP/1.1 {status} ".encode())
    assert bool(received) == (status is not None)
    if status is not None:
        assert json.loads(received.partition(b"\r\n\r\n")[2]).keys() == {"error"}
    assert server.client.get("/healthz").status_code == 200


def test_a_large_body(server: Server) -> None:
    """Ten million bytes are refused with an answer, whether their number was said before or not."""
    for content in (b" " * 10_000_000, (b" " * 100_000 for _ in range(100))):
        response = server.client.post("/v1/search", content=content, headers={"content-type": "application/json"})
        assert (response.status_code, error_code(response)) == (413, "body_too_large")
    assert server.client.get("/healthz").status_code == 200


def test_a_body_in_chunks(server: Server) -> None:
    """A body that is sent in chunks is read as any other."""
    parts = (part for part in (b'{"q": "emotional ', b'TTS", ', b'"k": 1}'))
    response = server.client.post("/v1/search", content=parts, headers={"content-type": "application/json"})
    assert response.json()["hits"][0]["paper"]["title"].startswith(("IndexTTS2", "MM-TTS"))


def test_an_id_with_a_percent_sign(server: Server) -> None:
    """An id that looks percent-encoded is not decoded a second time."""
    server.client.post("/v1/papers", json={"id": "a%2Fb", "title": "x"})
    assert server.client.get("/v1/papers/a%252Fb").json()["id"] == "a%2Fb"
    assert server.client.get("/v1/papers/a%2Fb").status_code == 404
    assert server.client.delete("/v1/papers/a%252Fb").status_code == 200


def test_head(server: Server) -> None:
    """The head of an address is that of the whole answer, and nothing follows it."""
    for address in ("/", "/healthz", "/v1/papers?k=1", asset_address("style.css")):
        head, whole = server.client.head(address), server.client.get(address)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == whole.headers["content-type"]
    assert exchange(server.port, b"HEAD / HTTP/1.1\r\n" + HEAD + b"\r\n").endswith(b"\r\n\r\n")


def test_another_host_name(server: Server) -> None:
    """A server for this machine refuses what was meant for another name, as a page that rebinds its own would send."""
    response = server.client.get("/v1/search?q=x", headers={"host": "example.org"})
    assert (response.status_code, error_code(response)) == (421, "wrong_host")
    port = server.port
    assert httpx2.get(f"http://localhost:{port}/healthz", trust_env=False).status_code == 200


def test_a_taken_port(server: Server, shell: Shell) -> None:
    """A port that is taken is told in one sentence with the next step, and status 2."""
    done = shell.run("serve", "--port", str(server.port))
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        f"paperkin: Cannot serve on 127.0.0.1, port {server.port}: Address already in use.\n"
        "Choose another port with --port.\n"
    )


def test_a_host_that_is_no_name(shell: Shell) -> None:
    """What cannot be the name of a host is told in one sentence, and status 2."""
    done = shell.run("serve", "--host", "a..b", "--port", "0")
    assert (done.status, done.out) == (2, "")
    assert done.err == "paperkin: There is no address 'a..b' to bind.\nUse --host 127.0.0.1.\n"


def test_interrupt(shell: Shell) -> None:
    """Ctrl-C ends the server at once with status 0 and no traceback, also while a client holds a connection."""
    with serving(shell) as server:
        assert server.client.get("/healthz").status_code == 200
        server.process.send_signal(signal.SIGINT)
        out, err = server.process.communicate(timeout=10)
    assert server.process.returncode == 0
    assert out == "Stopped.\n"
    assert "Traceback" not in err


def test_open_to_others_without_a_key(shell: Shell) -> None:
    """A server that others can reach and that has no key answers questions, by any name, and takes no change."""
    with serving(shell, "--host", "0.0.0.0") as server:  # noqa: S104  what is tested
        assert server.client.get("/v1/collection", headers={"host": "papers.example.org"}).json()["papers"] == 37
        for response in (
            server.client.post("/v1/papers", json={"id": "x", "title": "x"}),
            server.client.delete("/v1/papers/x"),
        ):
            assert (response.status_code, error_code(response)) == (403, "writing_disabled")


def test_open_to_others_with_a_key(shell: Shell) -> None:
    """With a key in the environment, changes need it and nothing else does."""
    with serving(Shell(shell.environment | {"PAPERKIN_API_KEY": KEY}), "--host", "0.0.0.0") as server:  # noqa: S104
        paper = {"id": "x", "title": "x"}
        refused = server.client.post("/v1/papers", json=paper)
        assert (refused.status_code, error_code(refused)) == (401, "key_required")
        assert server.client.get("/v1/search?q=x").status_code == 200
        headers = {"authorization": f"Bearer {KEY}"}
        assert server.client.post("/v1/papers", json=paper, headers=headers).status_code == 200
        assert server.client.delete("/v1/papers/x", headers=headers).status_code == 200
