"""Requests per processor second of the server, against the service that one writes first (`service_naive`).

    python -m benchmarks.service [--collection DIRECTORY | --corpus FILE [--papers N]] [--eval FOLDER]
                                 [--requests N] [--seconds S] [--naive-threads N]

Both serve the same papers and rows to the same clients on this machine, each in a process of its own, with as many
threads; 1, 8 and 64 clients ask one question after the other and want 20 hits. The servers take turns. Without a
collection one is made of the corpus, or of data/papers.jsonl, in a temporary directory. Questions are those of the
judged sets in FOLDER, else titles of papers; at each point all are new, so that none is remembered. Then 20 of them
are asked again and again: what Paperkin needs for these is everything but encoding. Prints one JSON object.
Needs Linux, which tells the processor time of another process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.quality import ROOT, commit, processor
from benchmarks.service_load import Load, Server, load, serving
from indexer.collection import Collection
from indexer.encoder import open_encoder
from indexer.ingest import ingest
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources.registry import read

CLIENTS: Final = (1, 8, 64)
K: Final = 20
REPEATED: Final = 20
TURNS: Final = 2
"""Turns that each server has at a point; the requests are shared among them."""
LIBRARIES: Final = (
    "fastapi",
    "pydantic",
    "uvicorn",
    "openvino",
    "torch",
    "sentence-transformers",
    "faiss-cpu",
    "tantivy",
)
SERVE: Final = "from api.cli import main; main()"


def main() -> None:
    """Measure and print."""
    options = _options()
    with ExitStack() as stack:
        directory = options.collection or _made(Path(stack.enter_context(tempfile.TemporaryDirectory())), options)
        questions = list(_questions(directory, options.eval))
        random.Random(7).shuffle(questions)  # noqa: S311  for an order, not for a secret
        threads = [str(options.naive_threads)] if options.naive_threads else []
        serve = [sys.executable, "-c", SERVE, "serve", "--port", "0", "--collection", str(directory)]
        naive = [sys.executable, "-m", "benchmarks.service_naive", str(directory), *threads]
        servers = {
            "paperkin": stack.enter_context(serving(serve)),
            "naive": stack.enter_context(serving(naive)),
        }
        measured = _measure(servers, questions, options.requests, options.seconds)
        memory = {name: round(server.memory()) for name, server in servers.items()}
        papers = Collection(directory).snapshot().papers
    name, changed = commit()
    facts = {
        "commit": name,
        "changed_since": changed,
        "processor": processor(),
        "processors": len(os.sched_getaffinity(0)),
        "versions": {library: version(library) for library in LIBRARIES},
        "papers": papers,
        "made_of": "a collection" if options.collection else Path(options.corpus).name,
        "hits": K,
        "threads_of_naive": options.naive_threads or len(os.sched_getaffinity(0)),
        "memory_mib": memory,
        "points": measured,
    }
    print(json.dumps(facts, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path)
    parser.add_argument("--corpus", type=Path, default=ROOT / "data" / "papers.jsonl")
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--eval", type=Path)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=30, help="at most, for a turn")
    parser.add_argument("--naive-threads", type=int, default=0)
    return parser.parse_args()


def _made(place: Path, options: argparse.Namespace) -> Path:
    """A collection of the first papers of a corpus."""
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    collection = Collection.create(place / "collection", encoder.identity)
    ingest(collection, encoder, islice(read(options.corpus, Report()), options.papers), Report())
    return collection.directory


def _questions(directory: Path, folder: Path | None) -> Iterator[str]:
    files = sorted(folder.glob("*/queries.jsonl")) if folder else []
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]
    if not files:
        yield from (paper.title for paper in Collection(directory).snapshot().store.all_papers() if paper.title)


def _measure(
    servers: dict[str, Server], questions: Sequence[str], requests: int, seconds: float
) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = []
    for server in servers.values():
        load(server, questions[-50:], 4, K, seconds)  # until everything that is made once is made
    fresh = iter(questions[:-50])
    for kind in ("new", "repeated"):
        for clients in CLIENTS:
            loads: dict[str, list[Load]] = {name: [] for name in servers}
            for turn in range(TURNS):
                count = max(clients, requests // TURNS)
                last = questions[-REPEATED:]
                asked = list(islice(fresh if kind == "new" else cycle(last), count))
                for name in sorted(servers, reverse=bool(turn % 2)):
                    loads[name].append(load(servers[name], asked, clients, K, seconds))
            points.append({"questions": kind, "clients": clients, **_figures(loads)})
            print(json.dumps(points[-1]), file=sys.stderr)
    return points


def _figures(loads: dict[str, list[Load]]) -> dict[str, Any]:
    facts: dict[str, dict[str, Any]] = {}
    for name, parts in loads.items():
        times = np.concatenate([part.latencies for part in parts]) * 1000
        cpu, wall = sum(part.cpu for part in parts), sum(part.wall for part in parts)
        facts[name] = {
            "requests": len(times),
            "per_cpu_second": round(len(times) / cpu, 1),
            "cpu_ms": round(cpu / len(times) * 1000, 2),
            "per_second": round(len(times) / wall, 1),
            "p50_ms": round(float(np.percentile(times, 50)), 1),
            "p99_ms": round(float(np.percentile(times, 99)), 1),
            "kilobytes": round(sum(part.size for part in parts) / len(times) / 1000, 1),
        }
    ratio = facts["paperkin"]["per_cpu_second"] / facts["naive"]["per_cpu_second"]
    return {**facts, "times_per_cpu_second": round(ratio, 2)}


if __name__ == "__main__":
    main()
