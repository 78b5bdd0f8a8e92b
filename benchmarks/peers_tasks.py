"""What one process does with one peer: build, search, change, be killed, look at what is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.peers_data import NONE, Data, Papers, Truth
from benchmarks.peers_peer import Effort, Peer, memory

GOAL: Final = 0.99
TRIED: Final = 200
"""Questions that a setting is tried with."""
BUDGET: Final = 20.0
"""Seconds that one kind of filter may take, and half of that a setting that is tried; `LEAST` questions are asked all
the same, and half as many."""
LEAST: Final = 100
WARM: Final = 20
ADDED: Final = 1_000
SINGLES: Final = 100
REMOVED: Final = 100
CHANGES: Final = 30.0
"""Seconds for the single additions."""
BASE: Final = 2_000
"""Papers in the index that is killed, `STEP` more with each acknowledged change, up to `STEPS` of them."""
STEP: Final = 50
STEPS: Final = 400
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """Keys found for each question; milliseconds of wall and of processor time, and of the former for the filter."""

    found: list[list[int]]
    wall: list[float]
    cpu: list[float]
    where: list[float]


def timed(run: Callable[[], None]) -> Figures:
    """Seconds of wall and processor time, all threads of the process."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return {"wall_s": round(time.perf_counter() - wall, 3), "cpu_s": round(time.process_time() - cpu, 3)}


def build(peer: Peer, data: Data, place: Path, *, count: int | None = None) -> Figures:
    """From rows in memory to an index on disk; memory is what the peer adds to the rows."""
    papers = data.papers(count)
    before = memory()["resident"]
    figures = timed(lambda: peer.build(place, papers))
    figures["peak_mib"] = round(memory()["peak"] - before, 1)
    start = time.process_time()
    peer.close()
    figures["cpu_s"] = round(figures["cpu_s"] + time.process_time() - start, 3)
    apart = place.with_name(f"{place.name}-alone")
    apart.mkdir()
    if alone := peer.alone(apart, papers):
        figures["alone"] = timed(alone)
    return figures


# Searching


def ask(peer: Peer, data: Data, truth: Truth, kind: str, effort: Effort, limit: int, budget: float = BUDGET) -> Asked:
    """The first questions, one call each, as many as the budget allows."""
    asked, start = Asked([], [], [], []), time.perf_counter()
    for number, (row, condition) in enumerate(zip(data.questions[:limit], truth.conditions[kind], strict=False)):
        if number >= LEAST * budget / BUDGET and time.perf_counter() - start > budget:
            break
        cpu, wall = time.process_time_ns(), time.perf_counter_ns()
        where = peer.where(condition)
        between = time.perf_counter_ns()
        found = peer.search(row, where, effort)
        asked.wall.append((time.perf_counter_ns() - wall) / 1e6)
        asked.cpu.append((time.process_time_ns() - cpu) / 1e6)
        asked.where.append((between - wall) / 1e6)
        asked.found.append(found)
    return asked


def choose(peer: Peer, data: Data, truth: Truth, kind: str, efforts: Sequence[Effort]) -> Effort:
    """The first setting that reaches the goal, else the one that finds most."""
    best: tuple[float, Effort] = (-1.0, efforts[0])
    for effort in efforts:
        for limit in (TRIED, len(data.questions)):
            recall = truth.recall(kind, ask(peer, data, truth, kind, effort, limit, BUDGET / 2).found)
            if recall < GOAL:
                break
        else:
            return effort
        if recall > best[0]:
            best = recall, effort
    return best[1]


def figures_of(peer: Peer, data: Data, truth: Truth, kind: str, effort: Effort) -> Figures:
    """Recall and times of one kind of filter at one setting."""
    ask(peer, data, truth, kind, effort, WARM)
    asked = ask(peer, data, truth, kind, effort, len(data.questions))
    return {
        "effort": dict(effort),
        "questions": len(asked.found),
        "recall": round(truth.recall(kind, asked.found), 4),
        "wall_p50_ms": _percentile(asked.wall, 50),
        "wall_p99_ms": _percentile(asked.wall, 99),
        "cpu_mean_ms": round(float(np.mean(asked.cpu)), 3),
        "cpu_p50_ms": _percentile(asked.cpu, 50),
        "cpu_p99_ms": _percentile(asked.cpu, 99),
        "where_p50_ms": _percentile(asked.where, 50),
        "known_where_p50_ms": _percentile(
            [wall - where for wall, where in zip(asked.wall, asked.where, strict=True)], 50
        ),
    }


def search(peer: Peer, data: Data, place: Path) -> Figures:
    """Open in a fresh process, find the setting, and ask with every kind of filter.

    A filter is asked at the setting that does without one; where that finds too little, also at the next that does.
    """
    truth = data.prepare()
    questions = data.questions
    imported = memory()
    opening = timed(lambda: peer.open(place))
    first = timed(lambda: void(peer.search(questions[0], peer.where(None), peer.efforts[0])))
    opened = memory()
    effort = choose(peer, data, truth, NONE, peer.efforts)
    kinds: Figures = {}
    for kind in truth.conditions if peer.filters else (NONE,):
        kinds[kind] = figures_of(peer, data, truth, kind, effort)
        others = peer.filtered_efforts(effort)[1:]
        if kind != NONE and kinds[kind]["recall"] < GOAL and others:
            kinds[kind]["more"] = figures_of(peer, data, truth, kind, choose(peer, data, truth, kind, others))
        if kind == NONE:
            used = memory()
    return {
        "opening": opening,
        "first_question": first,
        "memory_mib": {"imported": imported, "opened": opened, "used": used, "filtered": memory()},
        "filters": kinds,
    }


def void(_: object) -> None:
    """Drop a value."""


def _percentile(values: list[float], share: int) -> float:
    return round(float(np.percentile(values, share)), 3)


# Changing


def change(peer: Peer, data: Data, place: Path) -> Figures:
    """Add many at once, add some one by one, delete some; and whether search knows."""
    fresh = data.fresh(ADDED + SINGLES)
    peer.open(place)
    batch, singles = fresh.part(0, ADDED), fresh.part(ADDED, ADDED + SINGLES)
    figures: Figures = {"batch": timed(lambda: peer.add(batch))}
    start, added = time.perf_counter(), 0

    def one_by_one() -> None:
        nonlocal added
        for paper in singles.parts(1):
            if time.perf_counter() - start > CHANGES:
                break
            peer.add(paper)
            added += 1

    figures["singles"] = timed(one_by_one)
    figures["single_ms"] = {
        name[:-2]: round(1000 * figures["singles"][name] / added, 2) for name in ("wall_s", "cpu_s")
    }
    figures["single_ms"]["added"] = added
    figures["found_of_added"] = found_share(peer, batch.part(0, 100))
    removed = batch.part(0, REMOVED)
    figures["delete"] = timed(lambda: peer.delete(removed.keys.tolist()))
    figures["found_of_deleted"] = found_share(peer, removed)
    peer.close()
    return figures


def found_share(peer: Peer, papers: Papers) -> float:
    """Share of papers that their own row finds among the first ten, at the last setting but one."""
    effort = peer.efforts[-2:][0]
    found = [
        int(key) in peer.search(row, peer.where(None), effort)
        for key, row in zip(papers.keys, papers.rows, strict=True)
    ]
    return round(float(np.mean(found)), 4) if found else 1.0


# Being killed


def fill(peer: Peer, data: Data, place: Path) -> Figures:
    """Add batches, saying after each how many were acknowledged, until killed."""
    peer.open(place)
    for number, part in enumerate(added_papers(data).parts(STEP), 1):
        peer.add(part)
        print(number, flush=True)
    return {}


def check(peer: Peer, data: Data, place: Path, acknowledged: int) -> Figures:
    """What a new process finds of what was acknowledged, and what beside it."""
    peer.open(place)
    expected = min(BASE, data.count) + acknowledged * STEP
    acked = added_papers(data).part(0, acknowledged * STEP)
    sample = np.unique(np.linspace(0, len(acked) - 1, min(len(acked), 200)).astype(int)).tolist()
    shares = [found_share(peer, acked.part(place, place + 1)) for place in sample]
    count = peer.count()
    return {
        "expected": expected,
        "count": count,
        "missing": max(0, expected - count),
        "found_of_acknowledged": round(float(np.mean(shares)), 4) if shares else 1.0,
    }


def added_papers(data: Data) -> Papers:
    """What is added to the index that is killed."""
    return data.after(min(BASE, data.count), data.fresh(STEP * STEPS))
