"""How smoothly a browser shows the map of a large collection: `python -m benchmarks.mapview`.

Makes a collection of 100,000 papers of made-up titles with a map of made-up places in 80 regions (or takes one that has
a map: --collection), serves it as the product does, and drives Chromium over its page. Measured are

- milliseconds until the map stands, from the navigation on;
- frames while the map is dragged and zoomed by a real mouse: milliseconds from one to the next, and of each what the
  page's own code takes; the rest is the browser's, above all drawing, which without a graphics processor is done by
  SwiftShader on the same processors, and is measured by itself as well, by waiting for it;
- the mouse over points: what the page's own code takes for one move, and milliseconds until a title not seen before is
  read.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import commit, processor
from indexer.change import Change
from indexer.collection import Collection
from indexer.encoder import ModelIdentity
from indexer.paper import Paper
from indexer.store import ROW_TYPE
from search.area import SIDE
from search.atlas import Atlas, Cluster
from search.engine import Engine

CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = [
    "--no-sandbox",
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
    *("--disable-quic", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
]
COARSE: Final = 12
FINE: Final = 80
DIMENSION: Final = 16
CHUNK: Final = 10_000
MOVES: Final = 150
HOVERS: Final = 300
READS: Final = 20

WATCH: Final = """
    window.work = []; window.frames_ = []; window.ready = 0;
    const next = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (call) => next((now) => {
        const start = performance.now();
        call(now);
        work.push([now, performance.now() - start]);
    });
    const watch = (now) => { frames_.push(now); next(watch); };
    next(watch);
    new MutationObserver(() => { if (!ready && document.querySelector('.stage.ready')) ready = performance.now(); })
        .observe(document, { subtree: true, attributes: true, childList: true });
"""
FINISHED: Final = """() => {
    window.drawn = [];
    const gl = document.querySelector('.points').getContext('webgl2');
    const draw = gl.drawArrays.bind(gl);
    const pixel = new Uint8Array(4);
    const finish = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    gl.drawArrays = (...given) => {
        finish();
        const start = performance.now();
        draw(...given);
        finish();
        drawn.push(performance.now() - start);
    };
}"""
"""From now on every drawing is waited for, and how long it took is kept."""
HOVER: Final = """async (count) => {
    const at = (box, x, y) => ({ clientX: box.x + x, clientY: box.y + y, pointerType: 'mouse' });
    const surface = document.querySelector('.over');
    const box = surface.getBoundingClientRect();
    const took = [];
    for (let n = 0; n < count; n++) {
        const [x, y] = [box.width * (0.3 + 0.4 * Math.random()), box.height * (0.2 + 0.6 * Math.random())];
        const move = new PointerEvent('pointermove', at(box, x, y));
        const start = performance.now();
        surface.dispatchEvent(move);
        took.push(performance.now() - start);
        await new Promise((done) => setTimeout(done, 4));
    }
    return took;
}"""
READ: Final = """async (count) => {
    const at = (box, x, y) => ({ clientX: box.x + x, clientY: box.y + y, pointerType: 'mouse' });
    const surface = document.querySelector('.over');
    const box = surface.getBoundingClientRect();
    const [card, link] = [document.querySelector('.about'), document.querySelector('.about a')];
    const took = [];
    for (let n = 0; took.length < count && n < 10 * count; n++) {
        const [x, y] = [box.width * (0.3 + 0.4 * Math.random()), box.height * (0.2 + 0.6 * Math.random())];
        const move = new PointerEvent('pointermove', at(box, x, y));
        const start = performance.now();
        surface.dispatchEvent(move);
        if (!card.hidden && link.textContent === '…') {
            while (link.textContent === '…') await new Promise((done) => setTimeout(done, 1));
            took.push(performance.now() - start);
        }
        await new Promise((done) => setTimeout(done, 400));
    }
    return took;
}"""


class NoModel:
    """An encoder for pages that ask nothing."""

    def __init__(self, identity: ModelIdentity) -> None:
        self.identity = identity

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"The page of the map needs no {name}.")


def made_up(directory: Path, count: int) -> Collection:
    """A collection of `count` papers with a map: regions of different density, half of them close to others."""
    draw = np.random.default_rng(3)
    collection = Collection.create(directory, ModelIdentity("made up", "made-up", DIMENSION, 256))
    groups = draw.choice(FINE, count, p=draw.dirichlet(np.full(FINE, 2.0)))
    directions = draw.normal(size=(FINE, DIMENSION))
    with collection.writing("fill") as writer:
        for start in range(0, count, CHUNK):
            of_these = groups[start : start + CHUNK]
            rows = directions[of_these] + draw.normal(0, 0.4, (len(of_these), DIMENSION))
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            papers = [
                Paper(f"p{n}", f"Paper {n} of region {g}, with a title of usual length", published="2025-06-01")
                for n, g in enumerate(of_these.tolist(), start)
            ]
            with writer.store.transaction():
                writer.store.apply(
                    [Change.of(paper, row) for paper, row in zip(papers, rows.astype(ROW_TYPE), strict=True)]
                )
        writer.rebuild()
    snapshot = collection.snapshot()
    _map(groups, draw, snapshot.sequence, snapshot.store.keys(), collection).save(directory)
    return collection


def _map(
    groups: NDArray[np.int64],
    draw: np.random.Generator,
    sequence: int,
    keys: NDArray[np.int64],
    collection: Collection,
) -> Atlas:
    parents = np.concatenate([np.arange(COARSE), draw.integers(COARSE, size=FINE - COARSE)])
    middles = draw.uniform(-1, 1, (COARSE, 2))[parents] + draw.normal(0, 0.25, (FINE, 2))
    widths = draw.uniform(0.03, 0.12, FINE)
    spots = middles[groups] + draw.normal(size=(len(groups), 2)) * widths[groups, None]
    low, high = spots.min(axis=0), spots.max(axis=0)
    places = ((spots - (low + high) / 2) / (high - low).max() * 0.94 + 0.5) * SIDE
    clusters = [
        *((number, 0, None, parents[groups] == number) for number in range(COARSE)),
        *((COARSE + number, 1, int(parents[number]), groups == number) for number in range(FINE)),
    ]
    named = tuple(
        Cluster(
            number,
            level,
            parent,
            (f"region {number}", "of made-up", "papers"),
            *_middle(places[there]),
            int(there.sum()),
        )
        for number, level, parent, there in clusters
    )
    return Atlas(
        collection.identity.weights_sha256,
        sequence,
        np.sort(keys),
        np.rint(places).astype(np.uint16),
        (groups + COARSE).astype(np.uint16),
        named,
    )


def _middle(places: NDArray[np.float64]) -> tuple[int, int]:
    x, y = np.median(places, axis=0) if len(places) else (0.0, 0.0)
    return int(x), int(y)


@contextmanager
def serving(collection: Collection) -> Iterator[str]:
    """The product's own application on a free port, in this process."""
    import uvicorn

    from api.app import create_app
    from api.service import Service

    encoder: Any = NoModel(collection.identity)
    app = create_app(Service(collection, encoder, Engine(collection, encoder)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/map"
        finally:
            server.should_exit = True
            thread.join()


def spread(values: list[float]) -> dict[str, float]:
    """Median and the 95th percentile, in milliseconds; nothing of nothing."""
    if not values:
        return {}
    return {"median": round(float(np.median(values)), 2), "p95": round(float(np.percentile(values, 95)), 2)}


def frames(page: Any) -> dict[str, Any]:
    """Of the frames since the last call in which the page drew: from one to the next, and its own work in each."""
    work, shown = page.evaluate("() => { const seen = [work, frames_]; work = []; frames_ = []; return seen; }")
    drawn = {now for now, _ in work}
    gaps = [now - before for before, now in pairwise(shown) if now in drawn]
    return {"frames": len(work), "interval": spread(gaps), "own": spread([took for _, took in work])}


def measure(page: Any, address: str) -> dict[str, Any]:
    """Everything, on one page, of the size of a laptop's window."""
    page.goto(address)
    page.wait_for_selector(".stage.ready")
    page.wait_for_timeout(1_000)
    result: dict[str, Any] = {"ready_ms": round(page.evaluate("ready"))}
    box = page.locator(".over").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    frames(page)
    page.wait_for_timeout(500)
    result["at rest"] = {"frames": frames(page)["frames"]}
    for name, notches in (("zoomed 4 times", 3), ("zoomed 20 times", 3)):
        for _ in range(4 * notches):
            page.mouse.wheel(0, -50)
        page.wait_for_timeout(300)
        result[f"zooming until {name}"] = frames(page)
        _pan(page, x, y)
        result[f"dragging, {name}"] = frames(page)
    page.keyboard.press("0")
    page.locator("[name=whole]").click()
    page.wait_for_timeout(500)
    frames(page)
    page.locator("[name=larger]").click()
    page.wait_for_timeout(500)
    frames(page)
    _pan(page, x, y)
    result["dragging, zoomed 1.6 times"] = frames(page)
    page.evaluate(FINISHED)
    _pan(page, x, y)
    result["dragging, drawing alone"] = spread(page.evaluate("() => drawn"))
    result["hover, own"] = spread(page.evaluate(HOVER, HOVERS))
    result["hover until the title"] = spread(page.evaluate(READ, READS))
    return result


def _pan(page: Any, x: float, y: float) -> None:
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(MOVES):
        angle = 2 * np.pi * step / MOVES
        page.mouse.move(x + 150 * np.sin(angle), y + 100 * (1 - np.cos(angle)))
    page.mouse.up()


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--papers", type=int, default=100_000)
    parser.add_argument("--collection", type=Path, help="one with a map, in place of made-up papers")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        collection = Collection(asked.collection) if asked.collection else made_up(Path(scratch) / "c", asked.papers)
        with serving(collection) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(WATCH)
            name, changed = commit()
            result = {
                "commit": name,
                "changed_since": changed,
                "processor": processor(),
                "processors": len(os.sched_getaffinity(0)),
                "load": [round(each, 1) for each in os.getloadavg()],
                "browser": f"Chromium {browser.version}, SwiftShader",
                "papers": collection.snapshot().papers,
                "made_up": asked.collection is None,
                **measure(page, address),
            }
            browser.close()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
