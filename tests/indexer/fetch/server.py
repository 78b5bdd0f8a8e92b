"""Services on this machine that answer as the real ones do, and badly when told to."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from tests.conftest import SHARED

FORMATS: Final = SHARED / "formats"


@dataclass(frozen=True)
class Answer:
    """What the server sends: in `pieces`, each after `slow` real seconds, and no more than `cut` bytes of it."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    pieces: int = 1
    cut: int | None = None
    length: bool = True


@dataclass(frozen=True)
class Asked:
    """A request that came, and when by the clock of the test."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float
    connection: int


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class _Quiet(ThreadingHTTPServer):
    """A client that has heard enough hangs up, which is no failure to print among what the program under test says."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """Answers with what is queued in `next`, then as `usual`."""

    def __init__(self, usual: Callable[[dict[str, str]], Answer], clock: Callable[[], float] = time.monotonic) -> None:
        self.usual = usual
        self.clock = clock
        self.next: deque[Answer] = deque()
        self.asked: list[Asked] = []
        self._http = _Quiet(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._http.server_port}"

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805  `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.asked.append(Asked(self.path, query, headers, server.clock(), self.client_address[1]))
                answer = server.next.popleft() if server.next else server.usual(query)
                with suppress(ConnectionError):
                    self._send(answer)

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.length:
                    self.send_header("Content-Length", str(len(answer.body)))
                else:
                    self.send_header("Connection", "close")
                self.end_headers()
                body = answer.body[: answer.cut]
                size = -(-len(body) // answer.pieces) or 1
                for i in range(0, len(body), size):
                    time.sleep(answer.slow)
                    self.wfile.write(body[i : i + size])
                    self.wfile.flush()
                self.close_connection = answer.cut is not None or not answer.length

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Serve while in the context."""
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


# arXiv


def record(number: str, day: str) -> str:
    """A record of OAI-PMH in arXiv's form."""
    return (
        f"<record><header><identifier>oai:arXiv.org:{number}</identifier><datestamp>{day}</datestamp></header>"
        f'<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{number}</id><title>Paper {number}</title>'
        f"<abstract>About {number}.</abstract></arXiv></metadata></record>"
    )


def envelope(inner: str, answered: str) -> bytes:
    """An answer of OAI-PMH."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{answered}T01:02:03Z</responseDate><request verb='ListRecords'>https://arxiv.org/oai</request>"
        f"{inner}</OAI-PMH>\n"
    ).encode()


def oai_error(code: str, reason: str, answered: str = "2026-02-03") -> Answer:
    """An error of OAI-PMH, which comes as a good answer of HTTP."""
    return Answer(envelope(f"<error code='{code}'>{reason}</error>", answered))


class Arxiv:
    """arXiv's list of records: as many a page as it likes, with tokens that say all that it needs to go on.

    `records` are texts by day. Tokens of a day in `forgotten` are refused.
    """

    def __init__(self, records: list[tuple[str, str]], a_page: int = 2, answered: str = "2026-02-03") -> None:
        self.records = records
        self.a_page = a_page
        self.answered = answered
        self.forgotten: set[str] = set()

    def __call__(self, query: dict[str, str]) -> Answer:
        skip = 0
        if token := query.get("resumptionToken"):
            if set(query) != {"verb", "resumptionToken"} or token in self.forgotten:
                return oai_error("badResumptionToken", "The token is invalid or expired.", self.answered)
            query = {name: values[0] for name, values in parse_qs(unquote(token)).items()}
            skip = int(query.pop("skip"))
        if query.get("metadataPrefix") != "arXiv" or query.get("set") != "cs:cs:CL":
            return oai_error("badArgument", "Set does not exist", self.answered)
        first, last = query["from"], query.get("until", self.answered)
        found = [one for one in sorted(self.records, key=lambda one: one[0]) if first <= one[0] <= last]
        page = found[skip : skip + self.a_page]
        if not page:
            return oai_error("noRecordsMatch", "An empty list.", self.answered)
        inner = "".join(text for _, text in page)
        if len(found) > skip + self.a_page:
            token = quote(urlencode(query | {"skip": skip + self.a_page}))
            inner += f"<resumptionToken expirationDate='2026-02-04T00:00:00Z'>{token}</resumptionToken>"
        return Answer(envelope(f"<ListRecords>{inner}</ListRecords>", self.answered))


def recorded_records() -> list[tuple[str, str]]:
    """All records of arXiv's recorded answers with their days; none where they are not beside this checkout."""
    found = []
    for path in sorted((FORMATS / "arxiv_oai").glob("*.xml")):
        for part in path.read_text(encoding="utf-8").split("<record>")[1:]:
            text = "<record>" + part.split("</record>")[0] + "</record>"
            found.append((text.partition("<datestamp>")[2][:10], text))
    return found


# Hugging Face


class HuggingFace:
    """Hugging Face's Daily Papers by day, at most `most` a page."""

    def __init__(self, days: dict[str, list[Any]], most: int = 100) -> None:
        self.days = days
        self.most = most

    def __call__(self, query: dict[str, str]) -> Answer:
        papers = self.days.get(query["date"], [])
        size = min(int(query["limit"]), self.most)
        first = int(query["p"]) * size
        body = json.dumps(papers[first : first + size], ensure_ascii=False).encode()
        return Answer(body, headers={"Content-Type": "application/json; charset=utf-8"})


def recorded_days() -> dict[str, list[Any]]:
    """The recorded Daily Papers by day; none where they are not beside this checkout."""
    paths = sorted((FORMATS / "hf").glob("daily_papers_*.json"))
    return {path.stem.removeprefix("daily_papers_"): json.loads(path.read_bytes()) for path in paths}
