"""Abstracts a second: each runtime of Paperkin against plain `SentenceTransformer.encode` in float32, and how close.

    python -m benchmarks.encoding [--corpus FILE] [--texts 600] [--rounds 5]

Titles and abstracts as they come, cut to what one window of the model holds, so that all sides encode the same tokens;
every side gets the whole list at once and batches it as it likes. The sides take turns in one process, on all of its
processors, after a first round that does not count. Prints one JSON object. `benchmarks.indexing` times whole imports.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import statistics
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from sentence_transformers import SentenceTransformer

from benchmarks.indexing import PARAMETERS_A_TOKEN, SHARED, peak
from benchmarks.quality import commit, processor
from indexer.embedding import Tried
from indexer.encoder import Rows, open_encoder
from indexer.model import COMPILED, find_model
from indexer.sentence_model import SentenceModel, folder_of

LONGEST: Final = 256
"""Tokens that the model takes at once."""
WINDOW: Final = 240
"""Tokens that a longer text is cut to, about: words differ in length. The few that are still too long are left out."""


def texts_of(corpus: Path, count: int, model: SentenceModel) -> tuple[list[str], list[int]]:
    """Every so many-th paper's title and abstract, cut to the window; and the tokens of each."""
    opened = lzma.open if corpus.suffix == ".xz" else open
    with opened(corpus, "rt", encoding="utf-8") as stream:
        records = [json.loads(line) for line in islice(stream, 0, None, max(1, 100_000 // count))][:count]
    texts = [f"{record['title']}. {record['abstract']}" for record in records]
    sizes = model.count_tokens(texts)
    words = [text.split() for text in texts]
    cut = [" ".join(each[: int(len(each) * min(1.0, WINDOW / size))]) for each, size in zip(words, sizes, strict=True)]
    fitting = [(text, size) for text, size in zip(cut, model.count_tokens(cut), strict=True) if size <= LONGEST]
    return [text for text, _ in fitting], [size for _, size in fitting]


def sides(cache: Path) -> dict[str, Any]:
    """The plain model, what Paperkin chooses by itself, and its other compiled runtimes, by name."""
    plain = SentenceTransformer(str(folder_of(find_model(None))), device="cpu")
    result: dict[str, Any] = {"plain": lambda texts: plain.encode(texts, normalize_embeddings=True)}
    chosen = open_encoder(None, cache)
    for runtime in COMPILED:
        try:
            result[runtime.value] = open_encoder(None, cache, runtime=runtime).encode
        except Exception as error:  # this processor has no such numbers, or they are not close enough: it says which
            print(f"{runtime.value}: {error}", file=sys.stderr)
    result["chosen"] = chosen.trial.runtime if isinstance(chosen, Tried) else "torch-cpu"
    return result


def main() -> None:
    """Encode in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=SHARED / "corpora" / "scale_100k.jsonl.xz")
    parser.add_argument("--texts", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    texts, sizes = texts_of(options.corpus, options.texts, SentenceModel(folder_of(find_model(None))))
    with tempfile.TemporaryDirectory() as cache:
        encoders = sides(Path(cache))
        chosen = encoders.pop("chosen")
        rates, rows = race(encoders, texts, options.rounds)
    best = peak()
    operations = statistics.mean(2 * PARAMETERS_A_TOKEN * n + 6 * 4 * n * n * 384 for n in sizes)
    name, changed = commit()
    found = {
        side: {
            "texts_a_second": round(statistics.median(rates[side]), 1),
            "times_plain": round(statistics.median(a / b for a, b in zip(rates[side], rates["plain"], strict=True)), 2),
            "mean_cosine": round(float(np.sum(rows[side] * rows["plain"], axis=1).mean()), 5),
            "lowest_cosine": round(float(np.sum(rows[side] * rows["plain"], axis=1).min()), 5),
            "gflops": round(statistics.median(rates[side]) * operations / 1e9),
        }
        for side in encoders
    }
    facts = {"commit": name, "changed_since": changed, "processor": processor(), "processors": os.cpu_count()}
    print(json.dumps({**facts, "texts": len(texts), "tokens_a_text": round(statistics.mean(sizes), 1),
                      "rounds": options.rounds, "chosen": chosen, "matrix_peak_gflops": best, "sides": found},
                     indent=1))  # fmt: skip


def race(encoders: dict[str, Any], texts: list[str], rounds: int) -> tuple[dict[str, list[float]], dict[str, Rows]]:
    """Texts a second of each side in each round, and its rows."""
    rates: dict[str, list[float]] = {side: [] for side in encoders}
    rows = {side: encode(texts) for side, encode in encoders.items()}
    for _ in range(rounds):
        for side, encode in encoders.items():
            start = time.perf_counter()
            encode(texts)
            rates[side].append(len(texts) / (time.perf_counter() - start))
    return rates, rows


if __name__ == "__main__":
    main()
