"""Servers to look at: the application on a socket of this machine, and the papers it has."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn

from api.app import create_app
from api.mail_settings import MailSettings
from api.server import Protocol
from api.service import Service
from indexer.collection import Collection
from indexer.encoder import Encoder
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from tests.api.mailbox import Mailbox
from tests.toys import PAPERS, ToyEncoder

SCRIPT: Final = "<script>window.pwned=1</script>"
IMAGE: Final = '"><img src=x onerror="window.pwned=1"> speech'
HOSTILE: Final = (
    Paper(
        SCRIPT,
        f"{SCRIPT} speech",
        f"{SCRIPT} A speech that is hostile. {IMAGE} And more of it: <svg onload='window.pwned=1'>.",
        authors=(SCRIPT,),
        categories=('cs.<img src=x onerror="window.pwned=1">',),
        published="2026-02-03",
        venue="<b onmouseover='window.pwned=1'>venue</b>",
        url="https://example.org/?<script>window.pwned=1</script>",
        source="toys",
    ),
    Paper(IMAGE, IMAGE, authors=("Mallory O'Neil",), published="2026-02-03", source="toys"),
)
"""What would run if any page forgot to escape."""
FORMULAS: Final = Paper(
    "formulas",
    r"A graph of $\alpha_1$ and \(x^2\)",
    r"It costs between $5 and $10 a face. Broken is $\frac{1$ and \(\nosuchthing\); whole is $$\sum_{i=1}^n x_i$$.",
    published="2026-02-02",
    source="toys",
)
TOPICS: Final = ("speech", "emotion", "face", "graph")
MANY: Final = tuple(
    Paper(
        f"many-{number:02}",
        f"{TOPICS[number % 4].capitalize()} and a study of matters, part {number}",
        f"We look at {TOPICS[number % 4]}. It is about {TOPICS[(number + 1) % 4]}, too. What follows is of no matter.",
        authors=(f"Ada {'ABCDEFG'[number % 7]}. Bee", "Grace Hopper"),
        published=f"20{24 + number // 24}-{number // 2 % 12 + 1:02}-{number % 28 + 1:02}",
        categories=(("cs.CL", "cs.CV", "stat.ML")[number % 3],),
        upvotes=number,
        source=("arxiv", "acl")[number % 2],
    )
    for number in range(48)
)
"""Two a month in 2024 and 2025, of three categories and two sources."""


@dataclass(frozen=True)
class Site:
    """A server that runs: where it is, and what it serves."""

    origin: str
    service: Service
    mailbox: Mailbox | None = None


@contextmanager
def serving(collection: Collection, encoder: Encoder, mail: MailSettings | None = None) -> Iterator[Site]:
    """The application in a thread, on a free port, until the block ends."""
    service = Service(collection, encoder, Engine(collection, encoder), mail=mail)
    # The protocol by its number, as in api/server.py: otherwise small answers wait for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(create_app(service), log_level="warning", lifespan="on", http=Protocol)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), name="site", daemon=True)
        thread.start()
        try:
            yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", service)
        finally:
            server.should_exit = True
            thread.join(10)


def toy_collection(folder: Path) -> tuple[Collection, ToyEncoder]:
    """Toy papers, many more of them, formulas, and hostile ones."""
    encoder = ToyEncoder()
    collection = Collection.create(folder / "collection", encoder.identity)
    ingest(collection, encoder, (*PAPERS, *MANY, FORMULAS, *HOSTILE), Report())
    return collection, encoder
