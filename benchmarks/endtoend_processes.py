"""The processes that `benchmarks.endtoend` asks: a library over a pipe, a service over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.endtoend_contestants import HITS, SQL
from benchmarks.peers import ROOT, environment
from benchmarks.service_load import Server, serving


@dataclass(frozen=True, slots=True)
class Turn:
    """One pass over some questions: milliseconds of each, processor seconds of all, ids, characters of abstracts."""

    ms: list[float]
    cpu_s: float
    ids: list[list[str]]
    abstracts: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that can be asked. `facts` are what it said of itself when it was open."""

    ask: Callable[[Sequence[str]], Turn]
    memory: Callable[[], float]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where contestants run: an interpreter with their libraries, prepared files, processors."""

    python: str
    folder: Path
    processors: Sequence[int]

    def command(self, task: str, name: str) -> list[str]:
        """The command line of one of them."""
        processors = ",".join(str(each) for each in self.processors)
        return [self.python, "-m", "benchmarks.endtoend_contestants", task, name, str(self.folder), processors]

    def environment(self) -> dict[str, str]:
        """No network, no telemetry, so many threads."""
        return environment(len(self.processors))

    def prepare(self, name: str) -> dict[str, Any]:
        """Make its index; what that took."""
        done = subprocess.run(self.command("prepare", name), env=self.environment(), cwd=ROOT, stdout=subprocess.PIPE,
                              text=True, check=True)  # fmt: skip
        return _last(done.stdout)


@contextmanager
def library(place: Place, name: str) -> Iterator[Asked]:
    """A contestant as a library; its own process counts its processor time."""
    with subprocess.Popen(place.command("answer", name), env=place.environment(), cwd=ROOT, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # fmt: skip
        into, out = process.stdin, process.stdout
        assert into is not None and out is not None  # noqa: S101, PT018  for the type checker
        try:
            facts = json.loads(out.readline() or "null")
            if facts is None:
                raise RuntimeError(f"{name} did not open")

            def ask(questions: Sequence[str]) -> Turn:
                into.write(json.dumps(questions) + "\n")
                into.flush()
                return Turn(**json.loads(out.readline()))

            yield Asked(ask, Server(process.pid, 0).memory, facts)
        finally:
            process.terminate()


Address = Callable[[str], str]
Read = Callable[[Any], tuple[list[str], int]]


def paperkin_address(mode: str) -> Address:
    """A question to `/v1/search`."""
    return lambda text: f"/v1/search?{urlencode({'q': text, 'k': HITS, 'mode': mode, 'syntax': 'false'})}"


def paperkin_read(answer: Any) -> tuple[list[str], int]:
    """Ids, and characters of abstracts."""
    papers = [hit["paper"] for hit in answer["hits"]]
    return [paper["id"] for paper in papers], sum(len(paper["abstract"]) for paper in papers)


def txtai_address(text: str) -> str:
    """A question to `/search`."""
    return f"/search?{urlencode({'query': SQL, 'limit': HITS, 'parameters': json.dumps({'question': text})})}"


def txtai_read(answer: Any) -> tuple[list[str], int]:
    """Ids, and characters of abstracts."""
    return [hit["id"] for hit in answer], sum(len(json.loads(hit["data"])["abstract"]) for hit in answer)


START: Final = 120.0
"""Seconds that a service may take from its address to its first answer."""


@contextmanager
def service(place: Place, name: str, address: Address, read: Read) -> Iterator[Asked]:
    """A contestant's own service, asked by one client over one connection; the client is not pinned with it."""
    saved = dict(os.environ)
    os.environ.update(place.environment())
    try:
        with serving(place.command("serve", name)) as server:
            _wait(server)
            yield Asked(lambda questions: _over_http(server, questions, address, read), server.memory)
    finally:
        os.environ.clear()
        os.environ.update(saved)


def _wait(server: Server) -> None:
    """Until it takes connections, which some say too soon."""
    end = time.monotonic() + START
    while True:
        try:
            HTTPConnection("127.0.0.1", server.port, timeout=5).connect()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


def _over_http(server: Server, questions: Sequence[str], address: Address, read: Read) -> Turn:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.connect()
    times, bodies, cpu = [], [], server.cpu()
    for question in questions:
        target = address(question)
        start = time.perf_counter()
        connection.request("GET", target)
        response = connection.getresponse()
        body = response.read()
        times.append((time.perf_counter() - start) * 1000)
        if response.status != 200:
            raise RuntimeError(f"{target}: {response.status} {body[:200]!r}")
        bodies.append(body)
    cpu = server.cpu() - cpu
    connection.close()
    found = [read(json.loads(body)) for body in bodies]
    return Turn(times, cpu, [ids for ids, _ in found], sum(size for _, size in found))


def _last(said: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(said.splitlines()[-1])
    return facts


def ours(folder: Path, processors: Sequence[int]) -> Place:
    """The interpreter that runs this."""
    return Place(sys.executable, folder, processors)
