"""Ways to lay papers out in two dimensions, side by side on the same rows and the same nearest neighbours.

    python -m benchmarks.maps COLLECTION [--papers N] [--only NAME …] [--save FILE.json]

`ours` is what the product does; `components` are the first two principal components; `tsne90` is t-SNE as its authors
have it, with 90 neighbours weighed to a perplexity of 30; `umap` needs `pip install umap-learn`, and is left out where
that is missing. The rows of the collection are real; where more are asked for, the others are mixed of them as
`scale_collection.py` does. Each way runs in a process of its own. Measured are the seconds, by the clock and of the
processor, of the neighbours alone and of all; the import; memory; of 2,000 papers how many of the 10 nearest by meaning
are among the 10 nearest on the map; trustworthiness (J. Venna and S. Kaski, 2001: 1 where no stranger is near on the
map); and the same share for papers that were left out and placed by their kin, beside what they have when laid out.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale_collection import real_papers, rows_like
from indexer.vectors import nearest, neighbours
from search import layout, placing
from search.drawing import _normalised

Rows = NDArray[np.float32]
Spots = NDArray[np.float64]

ASKED: Final = 2_000
"""Papers that are looked at."""
NEAR: Final = 10
LEFT_OUT: Final = 20
"""One paper in so many is left out and placed by its kin."""


def components(rows: Rows) -> Spots:
    """The first two principal components."""
    return layout.components(rows)


def ours(rows: Rows) -> Spots:
    """What the product does."""
    return layout.lay_out(rows, lambda _: None)


def tsne90(rows: Rows) -> Spots:
    """The same library with weighted neighbours."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    kin, cosines = neighbours(rows, 90)
    known = PrecomputedNeighbors(kin, np.sqrt(np.maximum(2 - 2 * cosines, 0)).astype(np.float64))
    start = layout.components(rows)
    spots = TSNEEmbedding(
        start / start[:, 0].std() * layout.SPREAD,
        PerplexityBasedNN(knn_index=known, perplexity=30, n_jobs=layout.THREADS),
        negative_gradient_method="fft",
        n_jobs=layout.THREADS,
        random_state=1,
    )
    spots = spots.optimize(n_iter=layout.EARLY, exaggeration=layout.EXAGGERATION, momentum=layout.FIRST_MOMENTUM)
    return np.asarray(spots.optimize(n_iter=layout.LATE, momentum=layout.MOMENTUM))


def umap(rows: Rows) -> Spots:
    """UMAP with its own settings on the same neighbours, and a seed, without which no two maps are the same."""
    from umap import UMAP  # type: ignore[import-not-found]

    kin, cosines = neighbours(rows, 14)
    own = np.arange(len(rows))[:, None]
    known = (
        np.concatenate([own, kin], axis=1),
        np.concatenate([np.zeros_like(own), np.sqrt(np.maximum(2 - 2 * cosines, 0))], axis=1).astype(np.float32),
    )
    start = "pca" if len(rows) > 50_000 else "spectral"  # the other takes minutes there
    return np.asarray(UMAP(precomputed_knn=known, random_state=1, init=start).fit_transform(rows), dtype=np.float64)


WAYS: Final[dict[str, tuple[Callable[[Rows], Spots], str]]] = {
    "components": (components, "numpy"),
    "ours": (ours, "openTSNE"),
    "tsne90": (tsne90, "openTSNE"),
    "umap": (umap, "umap"),
}
"""Each way, and the library that it imports first."""


def quality(rows: Rows, spots: Spots) -> dict[str, float]:
    """The share of nearest papers that are kept, and trustworthiness, of some papers taken evenly."""
    count = len(rows)
    asked = np.linspace(0, count - 1, min(count, ASKED)).astype(np.int64)
    kept, strange = 0, 0
    for at in asked.tolist():
        cosines = rows @ rows[at]
        cosines[at] = -np.inf
        apart = ((spots - spots[at]) ** 2).sum(axis=1)
        apart[at] = np.inf
        wanted = np.argpartition(-cosines, NEAR)[:NEAR]
        found = np.argpartition(apart, NEAR)[:NEAR]
        kept += len(set(wanted.tolist()) & set(found.tolist()))
        ranks = 1 + (cosines[None, :] > cosines[found][:, None]).sum(axis=1)
        strange += int(np.maximum(ranks - NEAR, 0).sum())
    most = len(asked) * NEAR * (2 * count - 3 * NEAR - 1) / 2
    return {"kept": round(kept / (len(asked) * NEAR), 4), "trustworthiness": round(1 - strange / most, 4)}


def by_kin(rows: Rows) -> dict[str, float]:
    """The share of nearest papers that are kept by those that are placed by their kin, and by the same laid out."""
    late = np.arange(0, len(rows), LEFT_OUT)
    early = np.setdiff1d(np.arange(len(rows)), late)
    places = _normalised(ours(rows[early]))
    kin, cosines = nearest(rows[late], [(np.arange(len(early)), rows[early])], placing.KIN)
    around = places[kin].astype(np.float64)
    weights = np.exp(placing.SHARPNESS * (cosines - cosines[:, :1]))
    mean = (around * weights[:, :, None]).sum(axis=1) / weights.sum(axis=1)[:, None]
    laid_out = _normalised(ours(rows))
    return {
        "settled": _kept_of_late(rows, early, late, places, placing.settle(around, cosines)),
        "plain mean": _kept_of_late(rows, early, late, places, mean),
        "laid out": _kept_of_late(rows, early, late, laid_out[early], laid_out[late].astype(np.float64)),
    }


def _kept_of_late(rows: Rows, early: NDArray[np.int64], late: NDArray[np.int64], places: Any, spots: Spots) -> float:
    """Of the nearest early papers by meaning, the share that is nearest on the map, for late ones at `spots`."""
    kept = 0
    for row, spot in zip(rows[late], spots, strict=True):
        wanted = np.argpartition(-(rows[early] @ row), NEAR)[:NEAR]
        found = np.argpartition(((places - spot) ** 2).sum(axis=1), NEAR)[:NEAR]
        kept += len(set(wanted.tolist()) & set(found.tolist()))
    return round(kept / (len(late) * NEAR), 4)


def measure(name: str, file: Path) -> dict[str, Any]:
    """Everything of one way, in this process."""
    rows = np.load(file).astype(np.float32)
    way, library = WAYS[name]
    start = time.perf_counter()
    importlib.import_module(library)
    imported = time.perf_counter() - start
    start, busy = time.perf_counter(), time.process_time()
    neighbours(rows, layout.KIN)
    looked = time.perf_counter() - start, time.process_time() - busy
    start, busy = time.perf_counter(), time.process_time()
    spots = way(rows)
    took = time.perf_counter() - start, time.process_time() - busy
    again = way(rows) if len(rows) <= 20_000 else None
    facts: dict[str, Any] = {
        "import_s": round(imported, 2),
        "neighbours_s": round(looked[0], 2),
        "neighbours_cpu_s": round(looked[1], 2),
        "all_s": round(took[0], 2),
        "all_cpu_s": round(took[1], 2),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "same_again": None if again is None else bool((again == spots).all()),
        **quality(rows, spots),
    }
    if name == "ours" and len(rows) <= 20_000:
        facts["by_kin"] = by_kin(rows)
    return facts


def main() -> None:
    """Measure each way in a process of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--papers", type=int)
    parser.add_argument("--only", nargs="*", choices=WAYS, default=[*WAYS])
    parser.add_argument("--save", type=Path)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        print(json.dumps(measure(asked.way, asked.collection)))
        return
    _, rows = real_papers(asked.collection)
    count = asked.papers or len(rows)
    result: dict[str, Any] = {"papers": count, "real": min(count, len(rows)), "processor": platform.processor()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.npy"
        np.save(file, np.concatenate(list(rows_like(rows[:count], count))))
        result["ways"] = {name: _apart(name, file) for name in asked.only}
    written = json.dumps(result, indent=2)
    print(written)
    if asked.save:
        asked.save.write_text(f"{written}\n", encoding="utf-8")


def _apart(name: str, file: Path) -> dict[str, Any] | None:
    if importlib.util.find_spec(WAYS[name][1]) is None:
        return None
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.maps", str(file), "--way", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts


if __name__ == "__main__":
    main()
