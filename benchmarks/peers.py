"""Paperkin's dense search beside other engines, on the same rows, questions and filters.

    python -m benchmarks.peers --collection PATH --data FOLDER    # once: takes rows and questions out of a collection
    python -m benchmarks.peers --data FOLDER [--papers N] [--only NAME …] [--save FILE.json]
    python -m benchmarks.peers --table FILE.json

The peers are no dependencies of Paperkin; those that are missing are named as missing. In an environment that has it:

    pip install torch==2.13.0 hnswlib chromadb lancedb txtai qdrant-edge-py sqlite-vec pysqlite3-binary

Each peer is built, opened, searched, changed and killed in processes of its own, on the same number of processors
(`--threads`, 1 unless told otherwise; pinned, and named to the libraries) and without network. Measured are: from rows
in memory to an index on disk; memory of a fresh process that opens it; ANN recall@10 and the time of single questions,
without a filter and with one of 50 %, of 5 %, of 0.1 % of the papers (random ranges, another for each question), of a
single paper, and of a topic far from the question; additions and deletions; and what a new process finds after
`kill -9` while batches are added. An approximate peer is asked at the smallest of its usual settings that reaches a
recall of 0.99 without a filter. Questions are those of ../shared/eval, or else titles of the collection. Prints one
JSON object.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import peers_tasks as tasks
from benchmarks.peers_data import Data
from benchmarks.peers_engines import Chroma, Lance, Qdrant
from benchmarks.peers_libraries import Hnswlib, Paperkin
from benchmarks.peers_peer import Peer, disk_bytes
from benchmarks.peers_scans import Numpy, SemanticSearch, SqliteVec
from benchmarks.peers_table import table
from benchmarks.peers_txtai import Txtai, TxtaiIds

ROOT: Final = Path(__file__).parent.parent
EVAL: Final = ROOT.parent / "shared" / "eval"
PEERS: Final[dict[str, type[Peer]]] = {
    peer.name: peer
    for peer in (Paperkin, Hnswlib, Chroma, Lance, Txtai, TxtaiIds, Qdrant, SqliteVec, Numpy, SemanticSearch)
}
QUIET: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
}
THREADS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
    "LANCE_CPU_THREADS",
)
"""Not `LANCE_IO_THREADS`: with a single one lancedb 0.40 waits for ever when it has built an index."""
PATIENCE: Final = 1_200.0
BATCHES: Final = 40
PAUSE: Final = 0.05
"""A process is killed so many seconds, at most, after so many acknowledged batches, at most."""


# Data


def extract(collection: Path, folder: Path, questions: int) -> None:
    """Rows of a collection, and rows of questions, into a folder."""
    from indexer.collection import Collection
    from indexer.directory import TRUTH
    from indexer.encoder import open_encoder
    from indexer.settings import Settings
    from indexer.store import Store

    folder.mkdir(parents=True, exist_ok=True)
    store = Store(collection / TRUTH)
    _, rows = store.embeddings(Collection(collection).identity.dimension)
    texts = judged_questions() or [paper.heading for paper in store.all_papers()]
    texts = texts[:: max(1, len(texts) // questions)][:questions]
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    np.save(folder / "questions.npy", encoder.encode_queries(texts).astype(np.float32))
    np.save(folder / "rows.npy", rows)


def judged_questions() -> list[str]:
    """The questions of all judged sets that are there."""
    lines = [line for file in sorted(EVAL.glob("*/queries.jsonl")) for line in file.read_text("utf-8").splitlines()]
    return [json.loads(line)["text"] for line in lines]


# Processes


def command(name: str, task: str, place: Path, options: argparse.Namespace) -> list[str]:
    """The command line of a process that does one task with one peer."""
    data = ["--data", str(options.data), *(["--papers", str(options.papers)] if options.papers else [])]
    return [sys.executable, "-m", "benchmarks.peers", "--one", name, "--task", task, "--work", str(place),
            "--threads", str(options.threads), *data]  # fmt: skip


def environment(threads: int) -> dict[str, str]:
    """No network, no telemetry, so many threads."""
    return {**os.environ, **QUIET, **dict.fromkeys(THREADS, str(threads))}


def run(name: str, task: str, place: Path, options: argparse.Namespace, *more: str) -> dict[str, Any]:
    """The figures of a task in a process of its own; what it said last where it failed."""
    line = [*command(name, task, place, options), *more]
    try:
        done = subprocess.run(line, env=environment(options.threads), cwd=ROOT, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {PATIENCE:.0f} s"}
    if done.returncode:
        said = done.stderr.strip().splitlines()
        last = said[-1].replace(str(place), place.name) if said else ""
        return {"failed": f"status {done.returncode}: {last[:60]}"}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def one(options: argparse.Namespace) -> None:
    """Be the process that does one task."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-options.threads :])
    data, peer = Data.open(options.data, options.papers), PEERS[options.one]()
    place: Path = options.work
    match options.task:
        case "build":
            result = tasks.build(peer, data, place)
        case "base":
            result = tasks.build(peer, data, place, count=min(tasks.BASE, data.count))
        case "search":
            result = tasks.search(peer, data, place)
        case "change":
            result = tasks.change(peer, data, place)
        case "fill":
            result = tasks.fill(peer, data, place)
        case _:
            result = tasks.check(peer, data, place, options.acknowledged)
    print(json.dumps(result), flush=True)
    os._exit(0)  # some engines wait for threads of theirs


def kill(name: str, base: Path, number: int, options: argparse.Namespace) -> dict[str, Any]:
    """Add batches to a copy of an index, kill the process at a random moment, look at what is left."""
    place = base.with_name(f"{base.name}-killed")
    shutil.copytree(base, place)
    child = subprocess.Popen(command(name, "fill", place, options), env=environment(options.threads), cwd=ROOT,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    assert child.stdout is not None  # noqa: S101  for the type checker
    with child.stdout as said:
        draw = random.Random(number)  # noqa: S311  no secret
        lines = [said.readline() for _ in range(draw.randint(1, BATCHES))]
        time.sleep(draw.uniform(0, PAUSE))
        child.kill()
        lines = [line for line in (*lines, *said) if line.strip().isdigit()]
    child.wait()
    acknowledged = int(lines[-1]) if lines else 0
    left = run(name, "check", place, options, "--acknowledged", str(acknowledged))
    shutil.rmtree(place)
    return {"acknowledged": acknowledged * tasks.STEP, **left}


def measure(name: str, work: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Everything about one peer."""
    peer = PEERS[name]
    result: dict[str, Any] = {"settings": peer.settings, "version": version_of(peer.distribution)}
    place, base = work / f"{name}-index", work / f"{name}-base"
    for folder in (place, base):
        folder.mkdir()
    result["build"] = run(name, "build", place, options)
    if "failed" not in result["build"]:
        result["disk_mb"] = round(disk_bytes(place) / 1e6, 1)
        result["search"] = run(name, "search", place, options)
        result["change"] = run(name, "change", place, options)
    result["base"] = run(name, "base", base, options)
    if "failed" not in result["base"]:
        result["kills"] = [kill(name, base, number, options) for number in range(options.kills)]
    for folder in work.glob(f"{name}-*"):
        shutil.rmtree(folder)
    return result


def version_of(distribution: str) -> str:
    """As it is installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"


def is_there(peer: type[Peer]) -> bool:
    """Whether the peer is installed."""
    return importlib.util.find_spec(peer.package.partition(".")[0]) is not None


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """All peers that are there, one after the other."""
    from benchmarks.quality import commit, processor

    data = Data.open(options.data, options.papers)
    data.prepare()
    name, changed = commit()
    wanted = options.only or list(PEERS)
    present = [peer for peer in wanted if is_there(PEERS[peer])]
    facts = {
        "commit": name,
        "changed_since": changed,
        "processor": processor(),
        "threads": options.threads,
        "python": platform.python_version(),
        "papers": data.count,
        "questions": len(data.questions),
        "dimension": data.questions.shape[1],
        "missing": sorted(set(wanted) - set(present)),
    }
    peers = {}
    with tempfile.TemporaryDirectory(dir=options.work) as place:
        for peer in present:
            print(f"{peer} …", file=sys.stderr)
            peers[peer] = {"commit": name, "changed_since": changed, **measure(peer, Path(place), options)}
            if options.save:
                options.save.write_text(json.dumps(merged(options.save, facts, peers), indent=1) + "\n")
    return {**facts, "peers": peers}


def merged(file: Path, facts: dict[str, Any], peers: dict[str, Any]) -> dict[str, Any]:
    """With the peers that a file has of an earlier run with the same data."""
    known = json.loads(file.read_text()) if file.exists() else {}
    same = all(known.get(fact) == facts[fact] for fact in ("papers", "questions", "threads", "processor"))
    return {**facts, "peers": {**(known["peers"] if same else {}), **peers}}


def main() -> None:
    """Take rows out of a collection, compare, show a table, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path, help="take rows and questions out of this one, into --data")
    parser.add_argument("--data", type=Path, help="folder with rows.npy and questions.npy")
    parser.add_argument("--papers", type=int, help="only the first ones")
    parser.add_argument("--questions", type=int, default=500, help="to take out of a collection")
    parser.add_argument("--only", nargs="*", choices=PEERS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--work", type=Path, help="where indexes are made and removed again")
    parser.add_argument("--save", type=Path, help="also keep the figures here, after each peer; others in it stay")
    parser.add_argument("--table", type=Path, help="show kept figures as tables")
    for name, kind in (("--one", str), ("--task", str), ("--acknowledged", int)):
        parser.add_argument(name, type=kind, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.table:
        print(table(json.loads(options.table.read_text(encoding="utf-8"))))
    elif options.data is None:
        parser.error("name a folder with --data")
    elif options.one:
        one(options)
    elif options.collection:
        extract(options.collection, options.data, options.questions)
    else:
        print(json.dumps(compare(options), indent=1))


if __name__ == "__main__":
    main()
