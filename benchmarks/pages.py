"""What pages cost a reader: how long until an answer is painted, bytes of the first page, how far things move.

    python -m benchmarks.pages [--corpus FILE] [--save FILE.json]

Chromium (PAPERKIN_CHROMIUM, else the one on PATH) looks at a server of its own on loopback, over the shipped papers
unless a corpus is named. An answer's time is what js/search.js measures itself: from the moment the question is asked,
once the pause after the last key is over, until what came back has been painted. Each question is asked by typing it
into the box of a page that is open, once; none is remembered. Prints a table, then one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.quality import ROOT, commit, processor
from benchmarks.service import SERVE
from benchmarks.service_load import serving
from indexer.collection import Collection
from indexer.encoder import open_encoder
from indexer.ingest import ingest
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources.registry import read

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

QUESTIONS: Final = (
    "emotional TTS",
    "talking head animation from audio",
    "how do language models represent emotion",
    "facial expression recognition dataset",
    "singing voice synthesis",
    "speech-to-speech translation that keeps the voice",
    "empathetic dialogue benchmark",
    "personality of language models",
    "micro-expressions",
    "zero-shot voice cloning",
    "portrait video diffusion",
    "emotion in music",
    "test-time scaling",
    "multimodal sentiment analysis",
    "text to image with feelings",
    "ambivalence and hesitancy in videos",
    "3D body gestures driven by speech",
    "podcast recordings of natural speech",
    "style transfer for text-to-speech",
    "chain of thought",
)
PATHS: Final = ("/", "/search?q=emotional+TTS")
WIDTHS: Final = (390, 1440)
SHIFTS: Final = """
  globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) globalThis.shifted += value;
  }).observe({ type: "layout-shift", buffered: true });
"""
PAINTED: Final = """
  void (globalThis.painted = new Promise((done) => new PerformanceObserver((list, observer) => {
    observer.disconnect();
    done(list.getEntriesByName("answer")[0].duration);
  }).observe({ type: "measure" })));
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=ROOT / "data" / "papers.jsonl")
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "collection"
        papers = _make(directory, options.corpus)
        with serving([sys.executable, "-c", SERVE, "serve", "--port", "0", "--collection", str(directory)]) as server:
            measured = _measure(f"http://127.0.0.1:{server.port}")
    name, changed = commit()
    facts: dict[str, Any] = {"commit": name, "changed_since": changed, "processor": processor()}
    facts |= {"processors": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0], "papers": papers, **measured}
    print(table(facts))
    print(json.dumps(facts, indent=2))
    if options.save:
        options.save.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def table(facts: dict[str, Any]) -> str:
    """What a person reads first."""
    shifts = ", ".join(f"{name} {value:.4f}" for name, value in facts["layout_shift"].items())
    return "\n".join(
        (
            "| | |",
            "|---|---|",
            f"| an answer painted, median of {facts['questions']} | {facts['answer_ms_median']:.0f} ms |",
            f"| 95 % of them within | {facts['answer_ms_p95']:.0f} ms |",
            f"| bytes of the first page, all it loads | {facts['first_page_bytes']:,} |",
            f"| layout shift | {shifts} |",
        )
    )


def _make(directory: Path, corpus: Path) -> int:
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    collection = Collection.create(directory, encoder.identity)
    report = Report()
    ingest(collection, encoder, read(corpus, report), report)
    return collection.snapshot().papers


def _measure(origin: str) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which(os.environ.get("PAPERKIN_CHROMIUM", "chromium"))
    if path is None:
        raise SystemExit("There is no Chromium. Name one in PAPERKIN_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu-compositing"])
        size = _first_page(browser, origin)
        shifts = {f"{at} {width}": _shift(browser, origin + at, width) for at in PATHS for width in WIDTHS}
        times = _answers(browser, origin)
        version = browser.version
        browser.close()
    return {
        "chromium": version,
        "questions": len(times),
        "answer_ms_median": round(median(times), 1),
        "answer_ms_p95": round(float(np.percentile(times, 95)), 1),
        "answer_ms": [round(each, 1) for each in times],
        "first_page_bytes": size,
        "layout_shift": shifts,
    }


def _first_page(browser: Browser, origin: str) -> int:
    """Bytes as they are transferred, compressed, with their heads."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(origin, wait_until="networkidle")
    page.close()
    return int(sum(sizes))


def _shift(browser: Browser, address: str, width: int) -> float:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.add_init_script(SHIFTS)
    page.goto(address, wait_until="networkidle")
    shifted: float = page.evaluate("shifted")
    page.close()
    return shifted


def _answers(browser: Browser, origin: str) -> list[float]:
    """Milliseconds of each question, after one that is not counted."""
    page = browser.new_page()
    page.goto(f"{origin}/search?q=emotion")
    _ask(page, "speech")
    times = [_ask(page, question) for question in QUESTIONS]
    page.close()
    return times


def _ask(page: Page, question: str) -> float:
    page.evaluate(PAINTED)
    page.locator("form#ask input[type=search]").fill(question)
    took: float = page.evaluate("painted")
    return took


if __name__ == "__main__":
    main()
