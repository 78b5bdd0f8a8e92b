"""What each part of the hybrid ranking brings: nDCG@10 with one of them left out, or another value of its constant.

    python -m benchmarks.ablation [FOLDER] [--questions N]

FOLDER is that of benchmarks.quality, whose cached collections are used. Of each set the first N questions are asked
(300), all of a smaller one. Every line is the product itself with the constants of that line.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import ROOT, collected
from indexer.encoder import Encoder, open_encoder
from indexer.settings import Settings
from search import acronyms, expansion, fusion, kin
from search.engine import Engine
from search.evaluate import JudgedSet, ask, prepare, score
from search.judged import read_qrels, read_questions
from search.metrics import interval
from search.query import Mode

Setting = tuple[ModuleType, str, float]


@dataclass(frozen=True)
class Set:
    """A judged set, ready to be asked."""

    name: str
    engine: Engine
    judged: JudgedSet


VARIANTS: Final[Mapping[str, Sequence[Setting]]] = {
    "Paperkin": (),
    "without learned words": ((expansion, "PAPERS", 0),),
    "without kin": ((kin, "POOL", 0),),
    "without both: fusion alone": ((expansion, "PAPERS", 0), (kin, "POOL", 0)),
    "without acronyms": ((acronyms, "MAX_WORDS", 0),),
    "learned words weigh 0.2": ((expansion, "WEIGHT", 0.2),),
    "learned words weigh 0.6": ((expansion, "WEIGHT", 0.6),),
    "10 learned words": ((expansion, "TERMS", 10),),
    "40 learned words": ((expansion, "TERMS", 40),),
    "temperature 0.01": ((expansion, "TEMPERATURE", 0.01),),
    "temperature 0.05": ((expansion, "TEMPERATURE", 0.05),),
    "kin to the power of 4": ((kin, "POWER", 4),),
    "kin to the power of 16": ((kin, "POWER", 16),),
    "kin among 25": ((kin, "POOL", 25),),
    "kin among 100": ((kin, "POOL", 100),),
    "0.7 dense": ((fusion, "DENSE_WEIGHT", 0.7),),
    "0.9 dense": ((fusion, "DENSE_WEIGHT", 0.9),),
}


@contextmanager
def changed(settings: Sequence[Setting]) -> Iterator[None]:
    """The product with other constants."""
    before = [(module, name, getattr(module, name)) for module, name, _ in settings]
    try:
        for module, name, value in settings:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


def sets_in(folder: Path, encoder: Encoder, cache: Path, questions: int) -> Iterator[Set]:
    """The judged sets of a folder, with their first questions."""
    for place in sorted(folder.glob("*/")):
        if not (place / "qrels.tsv").exists():
            continue
        collection = collected(place / "corpus.jsonl", encoder, cache, fresh=False)
        qrels = read_qrels(place / "qrels.tsv")
        asked = {name: text for name, text in read_questions(place / "queries.jsonl").items() if name in qrels}
        asked = dict(list(asked.items())[:questions])
        judged = prepare(asked, {name: qrels[name] for name in asked}, collection.snapshot().store)
        yield Set(place.name, Engine(collection, encoder), judged)


def ndcg(one: Set) -> NDArray[np.float64]:
    """nDCG@10 of each question."""
    return score(ask(one.engine, one.judged.questions, Mode.HYBRID, 10).rankings, one.judged.qrels).values[:, 0]


def main() -> None:
    """Measure every variant and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT.parent / "shared" / "eval")
    parser.add_argument("--questions", type=int, default=300)
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    encoder = open_encoder(settings.model, settings.cache)
    sets = list(sets_in(options.folder, encoder, settings.cache, options.questions))
    if not sets:
        parser.error(f"{options.folder} holds no judged set")
    print(f"| nDCG@10 | {' | '.join(one.name for one in sets)} | mean | difference |")
    print("|---" * (len(sets) + 3) + "|")
    base: list[NDArray[np.float64]] = []
    for name, variant in VARIANTS.items():
        with changed(variant):
            found = [ndcg(one) for one in sets]
        base = base or found
        low, high = interval(*(one - other for one, other in zip(found, base, strict=True)))
        cells = [f"{one.mean():.3f}" for one in found]
        mean = float(np.mean([one.mean() for one in found]))
        gain = mean - float(np.mean([one.mean() for one in base]))
        difference = f"{gain:+.4f} [{low:+.4f}, {high:+.4f}]" if variant else ""
        print(f"| {name} | {' | '.join(cells)} | {mean:.4f} | {difference} |", flush=True)
        print(f"{name} done", file=sys.stderr)


if __name__ == "__main__":
    main()
