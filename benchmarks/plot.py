"""Draws what `benchmarks.scale` has measured: one line a cost over the number of papers, both axes logarithmic.

    python -m benchmarks.plot benchmarks/results/scale-COMMIT.json > docs/scale.svg

A cost in proportion to the collection is a line at 45 degrees, drawn grey for comparison.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

WIDTH: Final = 900
HEIGHT: Final = 620
LEFT, RIGHT, TOP, BOTTOM = 70, 640, 20, 560
LINES: Final[Mapping[str, tuple[str, str]]] = {
    "dense search, ms": ("dense.none.ms.p50", "#1f77b4"),
    "dense, 5 % pass, ms": ("dense.twentieth.ms.p50", "#17becf"),
    "dense, 0.1 % pass, ms": ("dense.thousandth.ms.p50", "#9edae5"),
    "lexical search, ms": ("lexical_ms.p50", "#2ca02c"),
    "whole request, ms": ("request_ms.p50", "#d62728"),
    "whole request, 5 % pass, ms": ("filtered_request_ms.twentieth.p50", "#ff9896"),
    "adding a paper, ms": ("change_ms.add one.p50", "#9467bd"),
    "building the dense index, s": ("build_s.dense", "#8c564b"),
    "building the lexical index, s": ("build_s.lexical", "#bcbd22"),
    "memory, MiB": ("dense_resident_mib.VmRSS", "#7f7f7f"),
    "disk, MB": ("disk_mb.truth", "#000000"),
}


def value(result: Mapping[str, Any], path: str) -> float | None:
    """A number deep in a result, `None` where it was not measured."""
    found: Any = result
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return float(found) if found else None


def points(results: Sequence[Mapping[str, Any]], path: str) -> list[tuple[float, float]]:
    """(papers, cost) where both are above 0."""
    known = [(float(result["papers"]), value(result, path)) for result in results]
    return sorted((papers, cost) for papers, cost in known if cost)


def draw(results: Sequence[Mapping[str, Any]]) -> str:
    """An SVG."""
    lines = {name: points(results, path) for name, (path, _) in LINES.items()}
    across = [math.log10(x) for line in lines.values() for x, _ in line]
    up = [math.log10(y) for line in lines.values() for _, y in line]
    low, high = math.floor(min(up)), math.ceil(max(up))
    first, last = math.floor(min(across)), math.ceil(max(across))

    def place(x: float, y: float) -> str:
        at = LEFT + (math.log10(x) - first) / (last - first) * (RIGHT - LEFT)
        return f"{at:.1f},{BOTTOM - (math.log10(y) - low) / (high - low) * (BOTTOM - TOP):.1f}"

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">']
    parts.append('<rect width="100%" height="100%" fill="#fff"/><g font-size="13" fill="#444">')
    for power in range(first, last + 1):
        x, y = place(10.0**power, 10.0**low).split(",")
        parts.append(f'<path d="M{x} {TOP}V{y}" stroke="#eee"/><text x="{x}" y="{BOTTOM + 20}">{10**power:,}</text>')
    for power in range(low, high + 1):
        _, y = place(10.0**first, 10.0**power).split(",")
        parts.append(f'<path d="M{LEFT} {y}H{RIGHT}" stroke="#eee"/><text x="8" y="{y}">{10.0**power:g}</text>')
    parts.append(f'<text x="{(LEFT + RIGHT) // 2}" y="{BOTTOM + 45}">papers</text></g>')
    span = min(last - first, high - low)
    grey = f"{place(10.0**first, 10.0**low)} {place(10.0 ** (first + span), 10.0 ** (low + span))}"
    parts.append(f'<polyline points="{grey}" stroke="#ccc" stroke-dasharray="6" fill="none"/>')
    for number, (name, (_, colour)) in enumerate(LINES.items()):
        if lines[name]:
            drawn = " ".join(place(x, y) for x, y in lines[name])
            parts.append(f'<polyline points="{drawn}" stroke="{colour}" stroke-width="2.5" fill="none"/>')
            height = TOP + 18 + 24 * number
            parts.append(f'<path d="M{RIGHT + 14} {height - 5}h22" stroke="{colour}" stroke-width="4"/>')
            parts.append(f'<text x="{RIGHT + 42}" y="{height}" font-size="14">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Read a result, print its picture."""
    print(draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["sizes"]), end="")


if __name__ == "__main__":
    main()
