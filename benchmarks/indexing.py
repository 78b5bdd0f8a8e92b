"""From a file of papers to a collection that answers: Paperkin against the plain loop that a user would write.

    python -m benchmarks.indexing [--corpus FILE] [--papers 10000] [--rounds 3] [--judged FOLDER …]

The plain loop is `SentenceTransformer.encode` in float32, its own batches, and a `faiss.IndexFlatIP`. Paperkin reads
the file, merges, encodes, commits and makes both indexes. The two take turns on the same parts of the corpus, in
processes of their own on the same processors; starting and loading the model are not counted for either. Then: how
close the embeddings are, what the machine could do at best, and nDCG@10 by meaning alone on judged collections
encoded both ways. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from indexer.model import find_model
from indexer.sentence_model import SentenceModel, folder_of
from indexer.windows import divide

SHARED: Final = Path(__file__).parent.parent.parent / "shared"
PARAMETERS_A_TOKEN: Final = 6 * (4 * 384 * 384 + 2 * 384 * 1536)
"""Weights that each token meets in the bundled model: six layers of attention and feed-forward."""


def texts_of(file: Path) -> list[str]:
    """The texts that the plain loop encodes."""
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [f"{r.get('title') or ''}. {r.get('abstract') or r.get('text') or ''}" for r in records]


def plain(file: Path, out: Path) -> dict[str, Any]:
    """The plain loop, as a user writes it."""
    import faiss
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder_of(find_model(None))), device="cpu")
    model.encode(["warm", "up"])
    start = time.perf_counter()
    rows = model.encode(texts_of(file), normalize_embeddings=True)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    faiss.write_index(index, str(out / "plain.faiss"))
    took = time.perf_counter() - start
    np.save(out / "plain.npy", rows)
    return {"seconds": took}


def ours(file: Path, out: Path) -> dict[str, Any]:
    """The whole pipeline, into a new collection."""
    from indexer.collection import Collection
    from indexer.encoder import open_encoder
    from indexer.ingest import ingest
    from indexer.report import Report
    from indexer.settings import Settings
    from indexer.sources.registry import read

    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    encoder.encode(["warm", "up"])
    report = Report()
    start = time.perf_counter()
    collection = Collection.create(out / "collection", encoder.identity)
    ingest(collection, encoder, read(file, report), report)
    took = time.perf_counter() - start
    snapshot = collection.snapshot()
    keys, rows = snapshot.store.embeddings(encoder.identity.dimension)
    ids = snapshot.store.ids(keys.tolist())
    np.savez(out / "ours.npz", ids=np.array([ids[key] for key in keys.tolist()]), rows=rows)
    return {"seconds": took, "report": {k: v for k, v in report.to_json().items() if isinstance(v, int)}}


def peak() -> dict[str, float]:
    """The best rate of matrix products on these processors, in 10⁹ operations a second."""
    import torch

    found: dict[str, float] = {}
    for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a, b = torch.randn(2048, 2048).to(kind), torch.randn(2048, 2048).to(kind)
        times = []
        for _ in range(12):
            start = time.perf_counter()
            torch.nn.functional.linear(a, b)
            times.append(time.perf_counter() - start)
        found[name] = round(2 * 2048**3 / min(times) / 1e9)
    return found


def operations(file: Path) -> float:
    """Operations of the model's matrix products for the texts of a file, in windows, without padding."""
    counts = bundled().count_tokens(texts_of(file))
    sizes = [len(window) + 2 for count in counts for window in divide(range(count - 2), (), 254)]
    return float(sum(2 * PARAMETERS_A_TOKEN * n + 6 * 4 * n * n * 384 for n in sizes))


def bundled() -> SentenceModel:
    """The bundled model as sentence-transformers runs it."""
    return SentenceModel(folder_of(find_model(None)))


def child(task: str, file: Path, out: Path) -> dict[str, Any]:
    """Run one side in a process of its own; returns what it says and its peak resident memory."""
    threads = str(len(os.sched_getaffinity(0)))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    command = [sys.executable, "-m", "benchmarks.indexing", "--child", task, str(file), str(out)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise SystemExit(f"{task} failed with status {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def slices(corpus: Path, count: int, rounds: int, place: Path) -> list[Path]:
    """Parts of a corpus, each of every so many-th paper, as JSON Lines files."""
    opened = lzma.open if corpus.suffix == ".xz" else open
    with opened(corpus, "rt", encoding="utf-8") as stream:
        lines = list(stream)
    step = max(1, len(lines) // count)
    chosen = list(islice(lines, 0, None, step))[:count]
    files = []
    for number in range(rounds):
        file = place / f"part-{number}.jsonl"
        file.write_text("".join(chosen[number::rounds]), encoding="utf-8")
        files.append(file)
    return files


def cosines(file: Path, out: Path) -> dict[str, float]:
    """How close the embeddings of both sides are, for texts of one window and for all."""
    told = np.load(out / "ours.npz")
    place = {name: i for i, name in enumerate(told["ids"].tolist())}
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    counts = bundled().count_tokens(texts_of(file))
    theirs = np.load(out / "plain.npy")
    found = [(counts[i] <= 256, float(told["rows"][place[r["id"]]].astype(np.float32) @ theirs[i]))
             for i, r in enumerate(records) if r["id"] in place]  # fmt: skip
    short = [cosine for fits, cosine in found if fits]
    return {
        "papers_of_one_window": len(short),
        "mean_of_one_window": round(statistics.mean(short), 5),
        "lowest_of_one_window": round(min(short), 5),
        "mean_of_all": round(statistics.mean(cosine for _, cosine in found), 5),
    }


def quality(folder: Path, place: Path) -> dict[str, float]:
    """nDCG@10 by meaning alone on a judged collection, encoded by both sides; each encodes its own questions."""
    from indexer.encoder import open_encoder
    from indexer.settings import Settings
    from search.metrics import ndcg

    records = [json.loads(line) for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    judged: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, paper_id, grade = line.split("\t")[:3]
        if int(grade) > 0:
            judged.setdefault(query_id, {})[paper_id] = int(grade)
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    queries = [query for query in queries if query["_id"] in judged]
    file = place / "judged.jsonl"
    file.write_text("".join(json.dumps(r | {"id": r["_id"], "abstract": r["text"]}) + "\n" for r in records))
    texts, titles = texts_of(file), [r.get("title") or "" for r in records]
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    model = bundled()
    sides = {
        "paperkin": (encoder.encode(texts, titles), np.array([encoder.encode_query(q["text"]) for q in queries])),
        "plain": (model.texts_to_rows(texts), model.texts_to_rows([q["text"] for q in queries])),
    }
    means = {}
    for name, (rows, asked) in sides.items():
        best = np.argsort(-(asked @ rows.T), axis=1, kind="stable")[:, :10]
        scores = [ndcg([records[i]["_id"] for i in line], judged[q["_id"]], 10)
                  for line, q in zip(best, queries, strict=True)]  # fmt: skip
        means[name] = round(statistics.mean(scores), 4)
    return means | {"difference": round(means["paperkin"] - means["plain"], 4)}


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Both sides in turn on every part, then everything else."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        files = slices(options.corpus, options.papers, options.rounds, place)
        rounds = []
        for number, file in enumerate(files):
            out = place / str(number)
            out.mkdir()
            order = ("plain", "ours") if number % 2 else ("ours", "plain")
            results = {task: child(task, file, out) for task in order}
            count = len(file.read_text(encoding="utf-8").splitlines())
            rounds.append(
                {side: count / result["seconds"] for side, result in results.items()}
                | {f"{side}_mib": result["peak_mib"] for side, result in results.items()}
            )
            print(f"round {number + 1}: {rounds[-1]}", file=sys.stderr)
        rate = statistics.median(r["ours"] for r in rounds)
        best = peak()
        needed = operations(files[0]) / len(texts_of(files[0]))
        return {
            "processors": len(os.sched_getaffinity(0)),
            "papers": options.papers,
            "rounds": len(rounds),
            "papers_a_second": {"paperkin": round(rate, 1),
                                "plain": round(statistics.median(r["plain"] for r in rounds), 1)},
            "times_faster": round(statistics.median(r["ours"] / r["plain"] for r in rounds), 2),
            "peak_mib": {"paperkin": max(r["ours_mib"] for r in rounds), "plain": max(r["plain_mib"] for r in rounds)},
            "cosine": cosines(files[-1], place / str(len(files) - 1)),
            "matrix_peak_gflops": best,
            "share_of_bfloat16_peak": round(rate * needed / 1e9 / best["bfloat16"], 2),
            "ndcg_at_10_by_meaning": {folder.name: quality(folder, place) for folder in options.judged},
        }  # fmt: skip


def main() -> None:
    """Compare, or be one of the sides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=SHARED / "corpora" / "scale_100k.jsonl.xz")
    parser.add_argument("--papers", type=int, default=10_000, help="in all rounds together")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--judged", type=Path, nargs="*", default=[SHARED / "eval" / n for n in ("scifact", "cranfield")]
    )
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        task, file, out = options.child
        result = {"plain": plain, "ours": ours}[task](Path(file), Path(out))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(result | {"peak_mib": round(memory)}))
    else:
        print(json.dumps(compare(options), indent=2))


if __name__ == "__main__":
    main()
