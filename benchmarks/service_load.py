"""Servers as processes of their own, and clients that ask one question after the other."""

from __future__ import annotations

import asyncio
import os
import re
import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urlencode

START: Final = 300.0
"""Seconds that a server may need to start."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    pid: int
    port: int

    def cpu(self) -> float:
        """Seconds of processor time so far, its own and the system's for it, in steps of 10 ms."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MiB that it holds at present."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@dataclass(frozen=True, slots=True)
class Load:
    """What some clients got: seconds of each request, seconds of all, processor seconds of the server, bytes."""

    latencies: tuple[float, ...]
    wall: float
    cpu: float
    size: int


@contextmanager
def serving(command: Sequence[str]) -> Iterator[Server]:
    """A server that prints its address when it can be asked; ended, by its id, at the end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            if process.stdout is None or not select.select([process.stdout], [], [], START)[0]:
                raise TimeoutError(f"{command} said nothing for {START} seconds")
            line = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if address is None:
                raise RuntimeError(f"{command} printed {line!r}")
            yield Server(process.pid, int(address[1]))
        finally:
            process.terminate()


def load(server: Server, questions: Sequence[str], clients: int, k: int, seconds: float) -> Load:
    """Ask each question once, `clients` at a time: a client asks when it has its answer. No more after `seconds`."""
    return asyncio.run(_load(server, questions, clients, k, seconds))


async def _load(server: Server, questions: Sequence[str], clients: int, k: int, seconds: float) -> Load:
    waiting = iter(questions)
    latencies: list[float] = []
    sizes: list[int] = []
    started, cpu = perf_counter(), server.cpu()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 20)
        for question in waiting:
            start = perf_counter()
            if start - started > seconds:
                break
            address = f"/v1/search?{urlencode({'q': question, 'k': k})}"
            writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{address}: {head!r}")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            await reader.readexactly(length)
            latencies.append(perf_counter() - start)
            sizes.append(length)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(tuple(latencies), perf_counter() - started, server.cpu() - cpu, sum(sizes))
