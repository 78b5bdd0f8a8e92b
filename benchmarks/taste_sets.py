"""What the benchmark of taste is asked: collections indexed by the product, and topics whose papers are kin."""

from __future__ import annotations

import json
import lzma
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from indexer.collection import Collection
from indexer.encoder import Encoder, open_encoder
from indexer.ingest import ingest
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources.registry import read

Rows = NDArray[np.float32]
Places = NDArray[np.int64]

HELD_OUT: Final = "daily"
JUDGED: Final = ("med", "cisi", "cranfield", "scifact")
AUTHORS: Final = 300
OTHERS: Final = 2_500
_ARXIV = re.compile(r"[a-z-]+\.[A-Za-z-]+|gr-qc|hep-th|hep-ph|hep-ex|quant-ph|math-ph|astro-ph|nucl-th")


@dataclass(frozen=True, slots=True)
class Topic:
    """Papers that belong together, as places in the rows of their set; for a judged question also its row."""

    papers: Places
    text: Rows | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """A collection's rows (papers, d) and its topics by kind: judged, authors or categories."""

    name: str
    rows: Rows
    topics: dict[str, list[Topic]]


def open_sets(shared: Path, scratch: Path) -> list[Set]:
    """All sets, the last one held out; what was indexed by an earlier run is used again.

    The constants of `search/feedback.py` were chosen on the others before the last one was looked at.
    """
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    sets = [judged_set(name, shared / "eval" / name, scratch / name, encoder) for name in JUDGED]
    corpora = shared / "corpora"
    for name, source in (("wide", "scale_100k"), ("speech_emotion", ""), (HELD_OUT, "hf_daily")):
        papers = scratch / f"{name}.jsonl" if source else corpora / f"{name}.jsonl.xz"
        if not papers.exists():
            write_sample(corpora / f"{source}.jsonl.xz", papers)
        sets.append(corpus_set(name, papers, scratch / name, encoder))
    return sets


def indexed(source: Path, place: Path, encoder: Encoder) -> tuple[Rows, list[Any]]:
    """The rows of a file's papers and the papers, in one order."""
    if Collection.exists(place):
        collection = Collection(place)
    else:
        collection = Collection.create(place, encoder.identity)
        ingest(collection, encoder, read(source, Report()), Report())
    store = collection.snapshot().store
    keys, rows = store.embeddings(encoder.identity.dimension)
    papers = store.papers(keys.tolist())
    return rows.astype(np.float32), [papers[key] for key in keys.tolist()]


def judged_set(name: str, folder: Path, place: Path, encoder: Encoder) -> Set:
    """Papers that answer one question are kin."""
    rows, papers = indexed(folder / "corpus.jsonl", place, encoder)
    places = {paper.id: i for i, paper in enumerate(papers)}
    judged: dict[str, set[int]] = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, paper, grade = line.split("\t")[:3]
        if int(grade) > 0 and paper in places:
            judged[question].add(places[paper])
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {question["_id"]: question["text"] for question in map(json.loads, lines)}
    topics = [Topic(_array(judged[q]), encoder.encode_query(text)) for q, text in texts.items() if q in judged]
    return Set(name, rows, {"judged": topics})


def corpus_set(name: str, source: Path, place: Path, encoder: Encoder) -> Set:
    """Papers of one author, and papers of one category of arXiv's, are kin."""
    rows, papers = indexed(source, place, encoder)
    authors: dict[str, set[int]] = defaultdict(set)
    categories: dict[str, set[int]] = defaultdict(set)
    for i, paper in enumerate(papers):
        for author in paper.authors:
            authors[author].add(i)
        for category in filter(_ARXIV.fullmatch, paper.categories):
            categories[category].add(i)
    return Set(name, rows, {"authors": _topics(authors, 6, 40), "categories": _topics(categories, 15, 250)})


def write_sample(source: Path, target: Path) -> None:
    """All papers of some authors with 6 to 15 papers, and others at random."""
    with lzma.open(source, "rt", encoding="utf-8") as lines:
        records = [record for record in map(json.loads, lines) if record.get("abstract")]
    written: dict[str, list[int]] = defaultdict(list)
    for i, record in enumerate(records):
        for author in dict.fromkeys(record.get("authors") or []):
            written[author].append(i)
    dice = np.random.default_rng(0)
    names = sorted(author for author, papers in written.items() if 6 <= len(papers) <= 15)
    taken = {i for j in dice.permutation(len(names))[:AUTHORS] for i in written[names[j]]}
    others = [i for i in dice.permutation(len(records)).tolist() if i not in taken][:OTHERS]
    with target.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(records[i]) + "\n" for i in sorted(taken | set(others)))


def _topics(groups: dict[str, set[int]], smallest: int, largest: int) -> list[Topic]:
    names = sorted(name for name, papers in groups.items() if smallest <= len(papers) <= largest)
    order = np.random.default_rng(0).permutation(len(names))
    return [Topic(_array(groups[names[j]])) for j in order]


def _array(places: Iterable[int]) -> Places:
    return np.array(sorted(places), dtype=np.int64)
