"""Figures of rankings, their means and intervals, and tables of them: for the benchmark of taste."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.taste_sets import Places

ROUNDS: Final = 2_000

Scores = NDArray[np.float32]
Figures = tuple[float, float, float]
"""nDCG@10, AP, recall@100."""
Table = dict[str, dict[str, list[Figures]]]
"""The figures of each taste, by task and way."""


def figures(scores: Scores, wanted: Places, known: Places) -> Figures:
    """nDCG@10, AP and recall@100 of a ranking without the papers that were asked with."""
    hidden = scores.astype(np.float64)
    hidden[known] = -np.inf
    order = np.argsort(-hidden, kind="stable")[: len(scores) - len(known)]
    found = np.isin(order, wanted)
    ranks = np.flatnonzero(found) + 1
    precision = float((np.arange(1, len(ranks) + 1) / ranks).sum() / len(wanted))
    gains = 1 / np.log2(np.arange(2, 12))
    ndcg = float(found[:10] @ gains[: len(found[:10])] / gains[: len(wanted)].sum())
    return ndcg, precision, float(found[:100].sum() / len(wanted))


def add(table: Table, task: str, rows: list[dict[str, Figures]]) -> None:
    """Add one taste: the mean of its draws."""
    for way in rows[0]:
        mean = np.mean([row[way] for row in rows], axis=0)
        table[task][way].append((float(mean[0]), float(mean[1]), float(mean[2])))


def new_table() -> Table:
    """A table without figures."""
    return defaultdict(lambda: defaultdict(list))


def summary(table: Table, base: str) -> dict[str, Any]:
    """Means, and differences to the base with their intervals, by task and way."""
    result: dict[str, Any] = {}
    for task, ways in table.items():
        known = np.array(ways[base])
        picks = np.random.default_rng(0).integers(0, len(known), (ROUNDS, len(known)))
        result[task] = {"tastes": len(known), "ways": {}}
        for way, rows in ways.items():
            found = np.array(rows)
            low, high = np.quantile((found - known)[picks].mean(axis=1), (0.025, 0.975), axis=0)
            result[task]["ways"][way] = {
                name: {"mean": float(m), "difference": float(d), "low": float(a), "high": float(b)}
                for name, m, d, a, b in zip(
                    ("nDCG@10", "AP", "recall@100"), found.mean(0), (found - known).mean(0), low, high, strict=True
                )
            }
    return result


def show(title: str, result: dict[str, Any], base: str, measure: str) -> None:
    """One table: the base's means, then differences with their intervals, in thousandths."""
    tasks = list(result)
    heads = [f"{task} ({result[task]['tastes']})" for task in tasks]
    print(f"\n{title}, {measure}\n\n| | " + " | ".join(heads) + " | mean |\n|---|" + "---|" * (len(tasks) + 1))
    for way in dict.fromkeys(way for task in tasks for way in result[task]["ways"]):
        found = [result[task]["ways"].get(way, {}).get(measure) for task in tasks]
        key = "mean" if way == base else "difference"
        cells = ["" if f is None else f"{f['mean']:.3f}" if way == base
                 else f"{1000 * f['difference']:+.0f} [{1000 * f['low']:+.0f}, {1000 * f['high']:+.0f}]"
                 for f in found]  # fmt: skip
        whole = "" if None in found else np.mean([f[key] for f in found if f])
        mean = "" if whole == "" else f"{whole:.3f}" if way == base else f"{1000 * float(whole):+.1f}"
        print(f"| {way} | " + " | ".join(cells) + f" | {mean} |")
