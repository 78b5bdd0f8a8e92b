"""How good answers are: nDCG@10 on judged collections, of Paperkin's default and of the plain ways beside it.

    python -m benchmarks.quality [FOLDER] [--sets NAME…] [--fresh]

FOLDER has a folder for each set in the BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv. Every set is indexed by the
product itself, with the model of PAPERKIN_MODEL or the bundled one, and kept in the cache, so that a second run only
asks. All ways see the same indexes; Paperkin is asked as a user would. Prints a table and what it comes to, and, unless
only some sets are named, writes all figures to benchmarks/results/quality-COMMIT.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from indexer.collection import Collection, Snapshot
from indexer.directory import FORMAT
from indexer.encoder import Encoder, open_encoder
from indexer.ingest import ingest
from indexer.paper import TEXT_RECIPE
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources.registry import read
from search.engine import Engine, index_version
from search.evaluate import Scores, ask, prepare, score
from search.judged import read_qrels, read_questions
from search.metrics import interval
from search.query import Mode

ROOT: Final = Path(__file__).parent.parent
RESULTS: Final = ROOT / "benchmarks" / "results"
LIBRARIES: Final = ("numpy", "faiss-cpu", "tantivy", "openvino", "tokenizers")
DEPTH: Final = 100
OURS: Final = "Paperkin"
RRF_K: Final = 60
"""G. Cormack, C. Clarke, S. Buettcher: Reciprocal rank fusion outperforms Condorcet. SIGIR 2009."""
MEASURED: Final = ("nDCG@10", "recall@10", "recall@100", "MRR@10")

Pairs = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """One judged set: how many papers, the seconds of one question to Paperkin, and what each way scores."""

    papers: int
    seconds: float
    version: str
    ways: Mapping[str, Scores]

    def ndcg(self, way: str) -> NDArray[np.float64]:
        """nDCG@10 of each question."""
        return self.ways[way].values[:, 0]


def plain_ways(dense: Pairs, lexical: Pairs) -> Iterator[tuple[str, Pairs]]:
    """What others do: a name and the papers' scores. `dense` has every paper, `lexical` those with any of the words."""
    yield "BM25", lexical
    yield "dense", dense
    ranks = [{key: rank for rank, key in enumerate(ordered(part), 1)} for part in (dense, lexical)]
    yield f"RRF, k = {RRF_K}", {key: sum(1 / (RRF_K + part[key]) for part in ranks if key in part) for key in dense}
    worst, best, top = min(dense.values()), max(dense.values()), max(lexical.values(), default=1.0)
    yield (
        "min-max, half and half",
        {
            key: (one - worst) / ((best - worst) or 1) / 2 + lexical.get(key, 0.0) / top / 2
            for key, one in dense.items()
        },
    )


def ordered(scores: Pairs) -> list[int]:
    """The keys, best first; ties by key."""
    return sorted(scores, key=lambda key: (-scores[key], key))


def measure(folder: Path, encoder: Encoder, collection: Collection) -> Measured:
    """Ask every judged question of a set in every way."""
    snapshot = collection.snapshot()
    judged = prepare(read_questions(folder / "queries.jsonl"), read_qrels(folder / "qrels.tsv"), snapshot.store)
    engine = Engine(collection, encoder)
    answers = ask(engine, judged.questions, Mode.HYBRID, DEPTH)
    rankings: dict[str, dict[str, list[str]]] = {}
    for question, text in judged.questions.items():
        for way, scores in plain_ways(*both(snapshot, encoder, text)):
            best = ordered(scores)[:DEPTH]
            ids = snapshot.store.ids(best)
            rankings.setdefault(way, {})[question] = [ids[key] for key in best]
    rankings[OURS] = answers.rankings
    ways = {way: score(found, judged.qrels) for way, found in rankings.items()}
    return Measured(snapshot.papers, seconds(engine, judged.questions), index_version(snapshot), ways)


def both(snapshot: Snapshot, encoder: Encoder, text: str) -> tuple[Pairs, Pairs]:
    """Every paper's cosine with a question, and BM25 of those that have any of its words."""
    found = (
        snapshot.dense.search(encoder.encode_query(text), snapshot.papers),
        snapshot.lexical.search(snapshot.lexical.terms(text), snapshot.papers),
    )
    dense, lexical = (dict(zip(keys.tolist(), scores.tolist(), strict=True)) for keys, scores in found)
    return dense, lexical


def seconds(engine: Engine, questions: Mapping[str, str]) -> float:
    """The mean time of a question for ten papers, over the first hundred."""
    return ask(engine, dict(list(questions.items())[:100]), Mode.HYBRID, 10).seconds


def collected(corpus: Path, encoder: Encoder, cache: Path, *, fresh: bool) -> Collection:
    """The papers of a file as a collection: one kept in the cache, or a new one, which is complete or absent there."""
    facts = [encoder.identity.weights_sha256, str(encoder.identity.max_tokens), TEXT_RECIPE, FORMAT]
    name = hashlib.sha256("\n".join([hashlib.sha256(corpus.read_bytes()).hexdigest(), *facts]).encode()).hexdigest()
    place = cache / "judged" / f"{corpus.parent.name}-{name[:12]}"
    if fresh:
        shutil.rmtree(place, ignore_errors=True)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".making-") as making:
            new = Collection.create(Path(making) / "collection", encoder.identity)
            ingest(new, encoder, read(corpus, Report()), Report())
            (Path(making) / "collection").rename(place)
    return Collection(place)


def summary(sets: Mapping[str, Measured]) -> dict[str, Any]:
    """What it comes to: the mean of every way over the sets, and by how much Paperkin is above each of the others.

    Every set weighs the same; the intervals resample the questions of each set by themselves.
    """
    ways = list(next(iter(sets.values())).ways)
    means = {way: float(np.mean([one.ndcg(way).mean() for one in sets.values()])) for way in ways}
    gains = {}
    for way in ways:
        if way != OURS:
            low, high = interval(*(one.ndcg(OURS) - one.ndcg(way) for one in sets.values()))
            gains[way] = {"mean": means[OURS] - means[way], "low": low, "high": high}
    margins = {
        name: float(one.ndcg(OURS).mean() - max(one.ndcg("BM25").mean(), one.ndcg("dense").mean()))
        for name, one in sets.items()
    }
    return {
        "mean_ndcg_at_10": means,
        "best_of_the_others": max(gains, key=means.__getitem__),
        "paperkin_minus": gains,
        "above_the_better_of_bm25_and_dense": margins,
    }


def table(sets: Mapping[str, Measured], total: Mapping[str, Any]) -> str:
    """The figures as a table for the README."""
    lines = [f"| nDCG@10 | {' | '.join(sets)} | mean | {OURS} is above by |", "|---" * (len(sets) + 3) + "|"]
    for way, mean in total["mean_ndcg_at_10"].items():
        cells = [f"{value:.3f}" for value in (*(one.ndcg(way).mean() for one in sets.values()), mean)]
        mark, gain = ("**" if way == OURS else ""), total["paperkin_minus"].get(way)
        above = f"{gain['mean']:.3f} [{gain['low']:.3f}, {gain['high']:.3f}]" if gain else ""
        lines.append("| " + " | ".join(f"{mark}{cell}{mark}" for cell in (way, *cells)) + f" | {above} |")
    return "\n".join(lines)


def conclusion(total: Mapping[str, Any]) -> str:
    """In words: the margins that the table is made for."""
    other = total["best_of_the_others"]
    gain, margins = total["paperkin_minus"][other], total["above_the_better_of_bm25_and_dense"]
    worst = min(margins, key=margins.__getitem__)
    return (
        f"{OURS} − {other}, the best of the others: {gain['mean']:+.3f} "
        f"(95 % interval {gain['low']:+.3f} … {gain['high']:+.3f}).\n"
        f"Against the better of BM25 and dense on a single set, at the least: {margins[worst]:+.3f} ({worst})."
    )


def commit() -> tuple[str, bool]:
    """The short name of the commit, and whether the product has been changed since."""
    git = shutil.which("git")
    if git is None:
        return "unknown", True

    def ask_git(*arguments: str) -> str:
        return subprocess.run([git, *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = ask_git("status", "--porcelain", "--", "indexer", "search", "api", "benchmarks/*.py", "pyproject.toml")
    return ask_git("rev-parse", "--short", "HEAD") or "unknown", bool(changed)


def processor() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def facts_of(one: Measured) -> dict[str, Any]:
    """The figures of a set."""
    return {
        "papers": one.papers,
        "questions": len(one.ways[OURS].questions),
        "index_version": one.version,
        "seconds_a_question": round(one.seconds, 4),
        "ways": {way: {name: scores.means[name] for name in MEASURED} for way, scores in one.ways.items()},
    }


def record(sets: Mapping[str, Measured], total: Mapping[str, Any], encoder: Encoder) -> dict[str, Any]:
    """All figures, with what they depend on. Nothing in it names a machine, a person or a place."""
    name, changed = commit()
    return {
        "commit": name,
        "changed_since": changed,
        "model": asdict(encoder.identity),
        "processor": processor(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in LIBRARIES},
        "sets": {name: facts_of(one) for name, one in sets.items()},
        **total,
    }


def main() -> None:
    """Measure every set, print the table, write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT.parent / "shared" / "eval")
    parser.add_argument("--sets", nargs="+", help="folders in it; all without this")
    parser.add_argument("--fresh", action="store_true", help="index the papers anew")
    options = parser.parse_args()
    folders = [options.folder / name for name in options.sets] if options.sets else sorted(options.folder.glob("*/"))
    folders = [folder for folder in folders if (folder / "qrels.tsv").exists()]
    if not folders:
        parser.error(f"{options.folder} holds no judged set")
    settings = Settings.from_environment(os.environ)
    encoder = open_encoder(settings.model, settings.cache)
    sets = {}
    for folder in folders:
        start = perf_counter()
        collection = collected(folder / "corpus.jsonl", encoder, settings.cache, fresh=options.fresh)
        sets[folder.name] = measure(folder, encoder, collection)
        print(f"{folder.name}: {perf_counter() - start:,.0f} s", file=sys.stderr, flush=True)
    total = summary(sets)
    print(f"{table(sets, total)}\n\n{conclusion(total)}")
    if options.sets:
        return  # a part of the figures is no record of the commit
    RESULTS.mkdir(exist_ok=True)
    facts = record(sets, total, encoder)
    name = f"quality-{facts['commit']}{'-changed' if facts['changed_since'] else ''}.json"
    (RESULTS / name).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name}", file=sys.stderr)


if __name__ == "__main__":
    main()
