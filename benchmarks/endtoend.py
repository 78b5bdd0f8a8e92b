"""A text in, twenty whole papers out: questions a second of Paperkin, txtai and chromadb with the same model.

    python -m benchmarks.endtoend --collection DIRECTORY [--peers-python PYTHON] [--eval FOLDER] [--work FOLDER]
                                  [--turns 4] [--questions 150] [--threads 1] [--save FILE.json]

All have the papers of the collection and its rows; nothing but questions is encoded. One client asks one question
after the other. Each contestant is a process of its own on the same `--threads` processors; where there are more, the
client runs on another. Paperkin's engine and the libraries of the others are called in their processes; Paperkin's
REST interface and txtai's own are asked over HTTP. The contestants take turns with the same questions, new ones each
turn, every other turn in reverse order. Overlap says which share of the ten nearest papers, as exact search over the
rows finds them for sentence-transformers' own encoding of the question in float32, was among the first ten: for
hybrid search it should not be 1. Indexes of the others are kept in `--work` and made only where they are not there.
`--peers-python` runs them, in an environment with Paperkin's own requirements and

    pip install torch==2.13.0 chromadb 'txtai[api]' 'mcp<2'

Prints one JSON object. Needs Linux, which tells the processor time of another process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.endtoend_contestants import CONTESTANTS, HITS, papers_of
from benchmarks.endtoend_processes import (
    Asked,
    Place,
    Turn,
    library,
    ours,
    paperkin_address,
    paperkin_read,
    service,
    txtai_address,
    txtai_read,
)
from benchmarks.quality import ROOT, commit, processor
from indexer.collection import Collection
from indexer.encoder import open_encoder
from indexer.model import find_model
from indexer.paper import to_record
from indexer.settings import Settings

NEAREST: Final = 10
WARM: Final = 20
EPSILON: Final = 1e-6
OURS: Final = "Paperkin, engine, dense"
PEERS: Final = ("txtai", "chroma")


def export(collection: Path, folder: Path) -> None:
    """The papers and rows of a collection as plain files, which name neither."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"collection": str(collection.resolve()), "model": str(find_model(None).folder)}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    if (folder / "rows.npy").exists():
        return
    opened = Collection(collection)
    store = opened.snapshot().store
    keys, rows = store.embeddings(opened.identity.dimension)
    with (folder / "papers.jsonl").open("w", encoding="utf-8") as lines:
        for start in range(0, len(keys), 1_000):
            some = [int(key) for key in keys[start : start + 1_000]]
            found = store.papers(some)
            for paper in (found[key] for key in some):
                line = {"id": paper.id, "text": paper.text, "record": to_record(paper)}
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
    np.save(folder / "rows.npy", rows)  # last: it says that all is there


def questions_of(folder: Path | None, papers: Path, count: int) -> list[str]:
    """Of judged sets, else titles; in a random order, each once."""
    files = sorted(folder.glob("*/queries.jsonl")) if folder else []
    texts = [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    texts = sorted(set(texts or [paper["record"]["title"] for paper in papers_of(papers)]) - {""})
    random.Random(11).shuffle(texts)  # noqa: S311  for an order, not for a secret
    if len(texts) < count:
        raise SystemExit(f"{len(texts)} questions are there, {count} are wanted: lower --turns or --questions.")
    return texts[:count]


def nearest(folder: Path, questions: Sequence[str]) -> dict[str, set[str]]:
    """By question, the ids that count as the ten nearest: those and what ties with the tenth."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_model(None).folder), device="cpu")
    asked = model.encode(list(questions), normalize_embeddings=True, show_progress_bar=False)
    rows: NDArray[np.float32] = np.load(folder / "rows.npy").astype(np.float32)
    ids = [paper["id"] for paper in papers_of(folder)]
    right = {}
    for question, row in zip(questions, asked, strict=True):
        scores = rows @ row
        tenth = np.partition(scores, -NEAREST)[-NEAREST]
        right[question] = {ids[place] for place in np.flatnonzero(scores >= tenth - EPSILON)}
    return right


def contestants(ours_at: Place, theirs: Place) -> dict[str, AbstractContextManager[Asked]]:
    """By name; none is started before it is entered."""
    return {
        OURS: library(ours_at, "paperkin-dense"),
        "Paperkin, engine, hybrid": library(ours_at, "paperkin"),
        "txtai, library": library(theirs, "txtai"),
        "chromadb, library": library(theirs, "chroma"),
        "Paperkin, REST, dense": service(ours_at, "paperkin", paperkin_address("dense"), paperkin_read),
        "Paperkin, REST, hybrid": service(ours_at, "paperkin", paperkin_address("hybrid"), paperkin_read),
        "txtai, REST": service(theirs, "txtai", txtai_address, txtai_read),
    }


def measure(asked: Mapping[str, Asked], questions: Sequence[str], turns: int) -> dict[str, list[Turn]]:
    """Each contestant's turns; the first questions only warm up."""
    warm, rest = questions[:WARM], questions[WARM:]
    for one in asked.values():
        one.ask(warm)
    size = len(rest) // turns
    took: dict[str, list[Turn]] = {name: [] for name in asked}
    for number in range(turns):
        part = rest[number * size : (number + 1) * size]
        for name in list(asked)[:: -1 if number % 2 else 1]:
            took[name].append(asked[name].ask(part))
            print(f"turn {number + 1}, {name}: {np.mean(took[name][-1].ms):.1f} ms", file=sys.stderr, flush=True)
    return took


def figures(turns: Sequence[Turn], right: Sequence[set[str]]) -> dict[str, Any]:
    """Of one contestant. Overlap: the mean share of the ten nearest among the first ten hits."""
    times = np.concatenate([turn.ms for turn in turns])
    found = [ids for turn in turns for ids in turn.ids]
    shares = [len(set(ids[:NEAREST]) & best) / NEAREST for ids, best in zip(found, right, strict=True)]
    return {
        "questions": len(times),
        "per_second": round(1000 / float(times.mean()), 1),
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p99_ms": round(float(np.percentile(times, 99)), 2),
        "cpu_ms": round(sum(turn.cpu_s for turn in turns) * 1000 / len(times), 2),
        "overlap": round(float(np.mean(shares)), 4),
        "papers": round(float(np.mean([len(ids) for ids in found])), 1),
        "abstract_characters": round(sum(turn.abstracts for turn in turns) / len(times)),
    }


def ratios(took: Mapping[str, Sequence[Turn]], one: str, others: Sequence[str]) -> dict[str, Any]:
    """How many times the questions a second, and a processor second, of others: the middle of the turns."""
    return {
        other: {
            "per_second": _middle([sum(b.ms) / sum(a.ms) for a, b in zip(took[one], took[other], strict=True)]),
            "per_cpu_second": _middle([b.cpu_s / a.cpu_s for a, b in zip(took[one], took[other], strict=True)]),
        }
        for other in others
    }


def _middle(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 2)


def compare(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Prepare what is missing, start all, let them take turns."""
    allowed = sorted(os.sched_getaffinity(0))
    pinned = allowed[-options.threads :]
    ours_at, theirs = ours(folder, pinned), Place(options.peers_python, folder, pinned)
    export(options.collection, folder)
    for name in PEERS:
        if not (folder / f"{name}.json").exists():
            (folder / f"{name}.json").write_text(json.dumps(theirs.prepare(name)), encoding="utf-8")
    made = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in PEERS}
    if options.prepare:
        return {"prepared": made}
    questions = questions_of(options.eval, folder, WARM + options.turns * options.questions)
    best = nearest(folder, questions[WARM:])
    with ExitStack() as stack:
        asked = {name: stack.enter_context(one) for name, one in contestants(ours_at, theirs).items()}
        os.sched_setaffinity(0, allowed[: -options.threads] or allowed)
        took = measure(asked, questions, options.turns)
        memory = {name: round(one.memory()) for name, one in asked.items()}
        opened = {name: one.facts for name, one in asked.items() if one.facts}
    right = [best[question] for question in questions[WARM:]]
    results = {
        name: {**figures(turns, right), "memory_mib": memory[name], "opened": opened.get(name, {})}
        for name, turns in took.items()
    }
    return {
        **facts_of(options, len(np.load(folder / "rows.npy", mmap_mode="r")), made),
        "contestants": results,
        "times_dense": {
            **ratios(took, OURS, ["txtai, library", "chromadb, library"]),
            **ratios(took, "Paperkin, REST, dense", ["txtai, REST"]),
        },
        "times_hybrid": {
            **ratios(took, "Paperkin, engine, hybrid", ["txtai, library", "chromadb, library"]),
            **ratios(took, "Paperkin, REST, hybrid", ["txtai, REST"]),
        },
    }


def facts_of(options: argparse.Namespace, papers: int, made: Mapping[str, Any]) -> dict[str, Any]:
    """What the figures depend on."""
    name, changed = commit()
    settings = Settings.from_environment(os.environ)
    return {
        "commit": name,
        "changed_since": changed,
        "processor": processor(),
        "processors": os.cpu_count(),
        "threads": options.threads,
        "python": platform.python_version(),
        "papers": papers,
        "hits": HITS,
        "model": find_model(None).name,
        "our_runtime": open_encoder(settings.model, settings.cache).trial.runtime,
        "settings": {each: kind.settings for each, kind in CONTESTANTS.items()},
        "prepared": made,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collection", type=Path, required=True)
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter of an environment with the peers")
    parser.add_argument("--eval", type=Path, default=ROOT.parent / "shared" / "eval", help="folder of judged sets")
    parser.add_argument("--work", type=Path, help="folder where the peers' indexes are kept")
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--questions", type=int, default=150, help="of each turn")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--prepare", action="store_true", help="only make what is missing in --work")
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        result = compare(options, options.work or Path(place))
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
    if options.save:
        options.save.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
