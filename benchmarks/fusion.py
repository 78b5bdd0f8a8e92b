"""Why the fusion is what it is: nDCG@10 of each way to merge meaning and words, on judged collections.

    python -m benchmarks.fusion ../shared/eval/scifact ../shared/eval/cranfield …

Each folder has the BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv. Every collection is indexed by the product
itself with the bundled model; all ways of merging see the same two ranked lists, and the last row is what a user gets.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from indexer.collection import Collection
from indexer.encoder import open_encoder
from indexer.ingest import ingest
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources.registry import read
from search import fusion
from search.engine import LEXICAL_DEPTH, Engine
from search.query import Query

RRF_K: Final = 60
"""G. Cormack, C. Clarke, S. Buettcher: Reciprocal rank fusion outperforms Condorcet. SIGIR 2009."""

Scores = Mapping[int, float]


def ndcg_at_10(ranking: list[str], judged: Mapping[str, int]) -> float:
    """Järvelin and Kekäläinen 2002, gain = judgment."""
    gains = [judged.get(paper_id, 0) / math.log2(place + 2) for place, paper_id in enumerate(ranking[:10])]
    best = sorted(judged.values(), reverse=True)[:10]
    return sum(gains) / sum(gain / math.log2(place + 2) for place, gain in enumerate(best))


def merged(dense: Scores, lexical: Scores) -> Iterator[tuple[str, Scores]]:
    """Every way to merge: its name and a score for each key. `dense` covers all papers, `lexical` the best."""
    yield "BM25", {key: lexical.get(key, 0.0) for key in dense}
    yield "dense", dense
    ranks = [{key: place for place, key in enumerate(sorted(part, key=part.__getitem__, reverse=True), 1)}
             for part in (dense, lexical)]  # fmt: skip
    yield "RRF, k = 60", {key: sum(1 / (RRF_K + part[key]) for part in ranks if key in part) for key in dense}
    best, worst, top = max(dense.values()), min(dense.values()), max(lexical.values(), default=0.0)
    for weight in (0.5, 0.7):
        yield (
            f"min-max, {weight} dense",
            {
                key: weight * fusion.scale(score, worst, best)
                + (1 - weight) * fusion.scale(lexical.get(key, 0.0), 0.0, top)
                for key, score in dense.items()
            },
        )
    yield "TM2C2, 0.8 dense", fusion.fuse(dense, lexical, best, top)


def measure(folder: Path, place: Path) -> dict[str, float]:
    """Mean nDCG@10 of each way on one judged collection; a question without an answer counts 0."""
    encoder = open_encoder(None, Settings.from_environment({}).cache)
    collection = Collection.create(place, encoder.identity)
    ingest(collection, encoder, read(folder / "corpus.jsonl", Report()), Report())
    snapshot = collection.snapshot()
    engine = Engine(collection, encoder)
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query_id, paper_id, grade = line.split("\t")[:3]
        if int(grade) > 0:
            judged[query_id][paper_id] = int(grade)
    sums: dict[str, float] = defaultdict(float)
    for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines():
        query = json.loads(line)
        if query["_id"] not in judged:
            continue
        dense = pairs(snapshot.dense.search(encoder.encode_query(query["text"]), snapshot.papers))
        lexical = pairs(snapshot.lexical.search(snapshot.lexical.terms(query["text"]), LEXICAL_DEPTH))
        answer = engine.search(Query(query["text"]))
        sums["Paperkin: TM2C2 and acronyms"] += ndcg_at_10([h.paper.id for h in answer.hits], judged[query["_id"]])
        for name, scores in merged(dense, lexical):
            first = sorted(scores, key=scores.__getitem__, reverse=True)[:10]
            ids = snapshot.store.ids(first)
            sums[name] += ndcg_at_10([ids[key] for key in first], judged[query["_id"]])
    return {name: total / len(judged) for name, total in sums.items()}


def pairs(found: tuple[object, object]) -> dict[int, float]:
    """Keys and scores as a mapping."""
    keys, scores = found
    return dict(zip(keys.tolist(), scores.tolist(), strict=True))  # type: ignore[attr-defined]


def main() -> None:
    """Measure every folder named on the command line and print one table."""
    table: dict[str, dict[str, float]] = {}
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as place:
            table[Path(name).name] = measure(Path(name), Path(place) / "collection")
            print(f"{Path(name).name} done", file=sys.stderr)
    ways = next(iter(table.values()))
    print("| nDCG@10 | " + " | ".join(table) + " | mean |\n|---|" + "---|" * (len(table) + 1))
    for way in ways:
        scores = [row[way] for row in table.values()]
        cells = [f"{score:.3f}" for score in (*scores, sum(scores) / len(scores))]
        print(f"| {way} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
