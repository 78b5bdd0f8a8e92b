"""What it costs to say why ten papers were found, beside the obvious way: encode every sentence of their abstracts.

    python -m benchmarks.explaining COLLECTION QUERIES.jsonl [QUESTIONS]

Each line of the queries is an object with a "text", as BEIR has them; as many as QUESTIONS are taken, evenly. Both ways
take turns on the same pages in one run, each encodes the question first, and nothing is remembered from page to page.
Times are medians; processor time counts both cores, and is the one to compare where the machine has other work.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean, median

import numpy as np

from indexer.collection import Collection, Snapshot
from indexer.encoder import Encoder, open_encoder
from indexer.paper import Paper
from indexer.settings import Settings
from search import explain
from search.engine import Engine
from search.query import Query
from search.sentences import split

Weights = Mapping[str, float]
Found = list[tuple[str, float]]
"""Sentence and score of each hit."""


def quick(encoder: Encoder, snapshot: Snapshot, question: str, learned: Weights, papers: list[Paper]) -> Found:
    """The product's way, with all that is shown of a hit."""
    row = encoder.encode_query(question)
    lexicon = snapshot.lexical
    rows = explain.SentenceRows(encoder)
    found = explain.passages(rows, row, papers, learned, lexicon.terms)
    terms = explain.question_terms(question, lexicon.terms)
    for paper, passage in zip(papers, found, strict=True):
        told = explain.explain(paper, passage, terms, {"meaning": 1.0}, lexicon.terms)
        explain.snippet(paper.abstract, told.abstract_matches, passage)
    return [(passage.text, passage.score) for passage in found if passage]


def obvious(encoder: Encoder, question: str, papers: list[Paper]) -> Found:
    """Every sentence of every abstract, in batches."""
    row = encoder.encode_query(question)
    texts = [[paper.abstract[start:end] for start, end in split(paper.abstract)] for paper in papers]
    scores = iter(encoder.encode([text for sentences in texts for text in sentences]) @ row)
    return [max(((text, float(next(scores))) for text in sentences), key=lambda each: each[1]) for sentences in texts]


def timed(run: Callable[[], Found], times: list[tuple[float, float]]) -> Found:
    """What `run` finds; its wall and processor seconds join `times`."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = run()
    times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return found


def main() -> None:
    """Measure and print."""
    questions = [json.loads(line)["text"] for line in Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()]
    step = max(1, len(questions) // int(sys.argv[3] if len(sys.argv) > 3 else 50))
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    collection = Collection(Path(sys.argv[1]))
    engine, snapshot = Engine(collection, encoder), collection.snapshot()
    times: dict[str, list[tuple[float, float]]] = {"quick": [], "obvious": []}
    same, lost, errors, characters = [], [], [], []
    for question in questions[::step]:
        answer = engine.search(Query(question, syntax=False))
        learned, papers = answer.plan.learned, [hit.paper for hit in answer.hits if hit.paper.abstract]
        slow = timed(lambda q=question, p=papers: obvious(encoder, q, p), times["obvious"])  # type: ignore[misc]
        fast = timed(lambda q=question, w=learned, p=papers: quick(encoder, snapshot, q, w, p), times["quick"])  # type: ignore[misc]
        row = encoder.encode_query(question)
        for (best, _), (text, score) in zip(slow, fast, strict=True):
            alone, nearest = (float(encoder.encode([each])[0] @ row) for each in (text, best))
            same.append(text == best)
            lost.append(max(0.0, nearest - alone))
            errors.append(abs(score - alone))
        characters.append(mean(len(paper.abstract) for paper in papers))
    print(f"{len(characters)} pages of ten, abstracts of {mean(characters):,.0f} characters")
    for name, measured in times.items():
        wall, cpu = np.median(np.array(measured), axis=0) * 1000
        print(f"{name}: {wall:.0f} ms, {cpu:.0f} ms of processor time")
    pairs = list(zip(times["quick"], times["obvious"], strict=True))
    print(f"ratio: {median(q[0] / o[0] for q, o in pairs):.2f}, {median(q[1] / o[1] for q, o in pairs):.2f}")
    print(
        f"same sentence: {mean(same):.3f}; cosine lost: {mean(lost):.4f}; largest error of a score: {max(errors):.5f}"
    )


if __name__ == "__main__":
    main()
