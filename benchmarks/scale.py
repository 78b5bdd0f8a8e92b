"""How cost grows with the collection: build, memory, disk, dense, lexical, filtered search and whole requests.

    python -m benchmarks.scale --source COLLECTION --work FOLDER [--sizes 1000,10000,100000,1000000] [--dense 2500000]

`--source` is a collection of real papers, indexed by Paperkin (100,000 or so); larger collections are its papers and
recombined ones (`scale_collection`). `--work` keeps the collections: 4.5 GB a million papers. Sizes under `--dense` are
built and searched without papers: the dense index alone.

Each size is measured in a process of its own that has just been started. Times are CPU milliseconds of all its threads
but for those marked as wall; a question is a judged question of ../shared/eval, or else a title. Recall is that of the
ten nearest against scores of every row. A whole request is a hybrid search for 20 hits and its JSON, without encoding:
the rows of the questions are known. Prints one JSON object; `python -m benchmarks.plot` draws it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from api.answers import SearchAnswer
from benchmarks.quality import commit, processor
from benchmarks.scale_collection import SHARES, fill, real_papers, rows_like
from indexer import folding, lexicon
from indexer.change import Change
from indexer.collection import Collection
from indexer.dense import DenseIndex
from indexer.encoder import Encoder, Rows, open_encoder
from indexer.filters import Filters
from indexer.machine import processors
from indexer.paper import Paper
from indexer.segment import SegmentFacts, write
from indexer.selection import Selection
from indexer.settings import Settings
from search.engine import Engine
from search.query import Page, Query

EVAL: Final = Path(__file__).parent.parent.parent / "shared" / "eval"
QUESTIONS: Final = 100
HITS: Final = 20
EVERYTHING: Final = Filters()


class Known:
    """The encoder, but for questions whose rows are known."""

    def __init__(self, encoder: Encoder, questions: Sequence[str]) -> None:
        self._encoder = encoder
        self.rows = encoder.encode_queries(questions)
        self._known = dict(zip(questions, self.rows, strict=True))

    def encode_query(self, text: str) -> Rows:
        """The row that is known; acronyms may have been spelled out, then it is encoded."""
        row = self._known.get(text)
        if row is None:
            row = self._known[text] = self._encoder.encode_query(text)
        return row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)


def questions(papers: Sequence[str]) -> list[str]:
    """Judged questions of several fields, or titles."""
    found = [
        json.loads(line)["text"]
        for name in ("scifact", "cranfield", "med", "cisi")
        if (EVAL / name / "queries.jsonl").exists()
        for line in (EVAL / name / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    chosen = found or list(papers)
    return [chosen[at] for at in np.random.default_rng(1).permutation(len(chosen))[:QUESTIONS]]


def cpu(times: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    return {"p50": round(statistics.median(times) * 1e3, 3), "p99": round(float(np.quantile(times, 0.99)) * 1e3, 3)}


def timed(task: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, float]:
    """CPU time of a task for each input, when it has been done before: no row is encoded, and files are in memory."""
    for each in inputs:
        task(each)
    times = []
    for each in inputs:
        start = time.process_time()
        task(each)
        times.append(time.process_time() - start)
    return cpu(times)


def resident() -> dict[str, int]:
    """MiB in memory: all, of the process alone, and of mapped files."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    values = {line.split(":")[0]: line.split(":")[1].split()[0] for line in lines if line.startswith(("Vm", "Rss"))}
    return {name: int(values[name]) // 1024 for name in ("VmRSS", "RssAnon", "RssFile")}


def filters(keys: np.ndarray[Any, np.dtype[np.int64]]) -> dict[str, Selection | None]:
    """No filter, and random papers: half of them, a twentieth, a thousandth, one."""
    order = np.random.default_rng(2).permutation(keys)
    shares = {**SHARES, "one paper": 1 / len(keys)}
    return {"none": None} | {
        name: Selection(np.sort(order[: max(1, round(share * len(keys)))])) for name, share in shares.items()
    }


def dense(index: DenseIndex, rows: Rows) -> dict[str, Any]:
    """Time and recall of the ten nearest, with each filter."""
    keys = np.concatenate([segment.keys for segment in index.segments])
    result: dict[str, Any] = {}
    for name, allowed in filters(keys).items():
        exact = [set(index.search(row, 10, allowed, exact=True)[0].tolist()) for row in rows[:50]]
        found = [set(index.search(row, 10, allowed)[0].tolist()) for row in rows[:50]]
        recall = sum(len(f & e) / len(e) for f, e in zip(found, exact, strict=True)) / len(exact)
        result[name] = {
            "recall": round(recall, 4),
            "ms": timed(partial(index.search, k=10, allowed=allowed), list(rows)),
        }
    return result


def measure(directory: Path) -> dict[str, Any]:
    """Everything about one collection."""
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    start = time.perf_counter()
    collection = Collection(directory)
    snapshot = collection.snapshot()
    opened = time.perf_counter() - start
    asked = questions([paper.title for paper in snapshot.store.browse(Filters(), QUESTIONS, 0)])
    engine = Engine(collection, encoder)
    start = time.perf_counter()
    answer(engine, asked[0])
    first = time.perf_counter() - start
    known = Known(encoder, asked)
    engine = Engine(collection, known)
    terms = [snapshot.lexical.terms(text) for text in asked]
    found = {
        "papers": snapshot.papers,
        "wall_s": {"open": round(opened, 3), "first_answer": round(opened + first, 3)},
        "lexical_ms": timed(partial(snapshot.lexical.search, k=200), terms),
        "request_ms": timed(partial(answer, engine), asked),
        "filtered_request_ms": {
            name: timed(partial(answer, engine, wanted=Filters.of(category=name)), asked) for name in SHARES
        },
        "resident_mib": resident(),
        "dense": dense(snapshot.dense, known.rows),
        "dense_resident_mib": resident(),
        "disk_mb": sizes(directory),
    }
    return found | {"change_ms": changes(collection)}


def answer(engine: Engine, text: str, wanted: Filters = EVERYTHING) -> str:
    """The JSON of 20 hits."""
    return SearchAnswer.of(engine.search(Query(text, Page(k=HITS), filters=wanted)), 0).model_dump_json()


def sizes(directory: Path) -> dict[str, float]:
    """Megabytes of the truth and of both indexes."""
    names = {"truth": "papers.db*", "dense": "index-*/dense/*", "lexical": "index-*/lexical/*"}
    return {name: round(sum(p.stat().st_size for p in directory.glob(glob)) / 1e6, 1) for name, glob in names.items()}


def changes(collection: Collection) -> dict[str, dict[str, float]]:
    """CPU time of adding and removing a paper, and of the look that a server takes at the new state."""
    random = np.random.default_rng(3)
    added: list[float] = []
    removed: list[float] = []
    seen: list[float] = []
    for number in range(20):
        row = random.normal(size=collection.identity.dimension)
        change = Change.of(Paper(f"new {number}", "A new paper"), (row / np.linalg.norm(row)).astype(np.float16))
        for times, task in ((added, "add"), (seen, "see"), (removed, "remove"), (seen, "see")):
            start = time.process_time()
            if task == "see":
                collection.snapshot()
            else:
                with collection.writing("benchmark") as writer:
                    start = time.process_time()
                    writer.apply([change]) if task == "add" else writer.remove([change.paper.id])
            times.append(time.process_time() - start)
    return {"add one": cpu(added), "remove one": cpu(removed), "see it": cpu(seen)}


def build(directory: Path) -> dict[str, float]:
    """Wall seconds of making both indexes anew, the rows being known, beside what is in force."""
    store = Collection(directory).snapshot().store
    place = directory / "index-999999"
    dimension = Collection(directory).identity.dimension
    seconds = {}
    try:
        for name in ("dense", "lexical"):
            (place / name).mkdir(parents=True)
            start = time.perf_counter()
            if name == "dense":
                folding.extend(place / name, (), store, dimension, 0)
            else:
                lexicon.update(place / name, np.empty(0, dtype=np.int64), store.texts())
            seconds[name] = round(time.perf_counter() - start, 2)
    finally:
        shutil.rmtree(place)
    return seconds


def dense_alone(place: Path, source: Path, count: int) -> dict[str, Any]:
    """The dense index of so many rows, without papers."""
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    start = time.perf_counter()
    if not place.exists():
        place.mkdir(parents=True)
        _, rows = real_papers(source)
        numbers = iter(range(0, count, 10_000))
        pages = ((np.arange(len(chunk), dtype=np.int64) + next(numbers) + 1, chunk) for chunk in rows_like(rows, count))
        start = time.perf_counter()
        write(place, "000001", 1, pages, rows.shape[1])
    seconds = time.perf_counter() - start
    nothing = np.empty(0, dtype=np.int64)
    index = DenseIndex.open(place, [SegmentFacts("000001", count, 1)], lambda *_: nothing, encoder.identity.dimension)
    asked = encoder.encode_queries(questions([]))
    return {
        "papers": count,
        "build_s": {"dense": round(seconds, 2)},
        "dense": dense(index, asked),
        "dense_resident_mib": resident(),
        "disk_mb": {"dense": round(sum(path.stat().st_size for path in place.iterdir()) / 1e6, 1)},
    }


def apart(*arguments: str) -> dict[str, Any]:
    """What a process of its own measures."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    """Make what is missing, measure each size, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--dense", default="")
    parser.add_argument("--one", choices=("measure", "build", "fill", "dense"), help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    work, source = arguments.work, arguments.source
    match arguments.one:
        case "measure":
            print(json.dumps(measure(work)))
        case "build":
            print(json.dumps(build(work)))
        case "fill":
            fill(work, source, arguments.count)
            print("{}")
        case "dense":
            print(json.dumps(dense_alone(work, source, arguments.count)))
        case _:
            name, changed = commit()
            facts = {"commit": name, "changed_since": changed, "processor": processor(), "processors": processors()}
            print(json.dumps({**facts, "sizes": run(arguments.sizes, arguments.dense, work, source)}, indent=1))


def run(sizes_: str, dense_: str, work: Path, source: Path) -> list[dict[str, Any]]:
    """Every size, one after the other."""
    results = []
    for count in filter(None, sizes_.split(",")):
        place = str(work / f"papers-{count}")
        if not Collection.exists(Path(place)):
            apart("--one", "fill", "--work", place, "--source", str(source), "--count", count)
        results.append(apart("--one", "measure", "--work", place))
        results[-1]["build_s"] = apart("--one", "build", "--work", place)
        print(json.dumps(results[-1]), file=sys.stderr)
    for count in filter(None, dense_.split(",")):
        place = str(work / f"rows-{count}")
        results.append(apart("--one", "dense", "--work", place, "--source", str(source), "--count", count))
        print(json.dumps(results[-1]), file=sys.stderr)
    return results


if __name__ == "__main__":
    main()
