"""From typing a search to its answer, with no server running, against the shortest script that does the same.

    python -m benchmarks.coldstart [runs]

Both answer "emotional TTS" on data/papers.jsonl: Paperkin by its command line; the script with sentence-transformers
and FAISS, its vectors and titles saved beforehand. Runs alternate; medians and the ratio of each pair are printed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from indexer.model import find_model

ROOT: Final = Path(__file__).parent.parent
QUESTION: Final = "emotional TTS"

PREPARE: Final = """
import json, sys, faiss
from sentence_transformers import SentenceTransformer
papers = [json.loads(line) for line in open(sys.argv[2])]
texts = [f"{p['title']}. {p['abstract']}" for p in papers]
rows = SentenceTransformer(sys.argv[1]).encode(texts, normalize_embeddings=True)
index = faiss.IndexFlatIP(rows.shape[1]); index.add(rows)
faiss.write_index(index, sys.argv[3])
"""
SCRIPT: Final = """
import json, sys, faiss
from sentence_transformers import SentenceTransformer
titles = [json.loads(line)["title"] for line in open(sys.argv[2])]
row = SentenceTransformer(sys.argv[1]).encode([sys.argv[4]], normalize_embeddings=True)
scores, places = faiss.read_index(sys.argv[3]).search(row, 10)
for score, place in zip(scores[0], places[0]): print(f"{score:.3f} {titles[place]}")
"""


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall seconds and peak resident MiB of a whole process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[:3]} failed with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Prepare both, run them in turn, print one JSON object."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    papers, model = str(ROOT / "data" / "papers.jsonl"), str(find_model(None).folder)
    with tempfile.TemporaryDirectory() as place:
        index = f"{place}/rows.faiss"
        environment = {**os.environ, "PAPERKIN_COLLECTION": f"{place}/collection", "HF_HUB_OFFLINE": "1"}
        environment["PYTHONPYCACHEPREFIX"] = f"{place}/bytecode"  # compiled once, as installing does for both
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        ours = [sys.executable, "-c", "from api.cli import main; main()"]
        theirs = [sys.executable, "-c", SCRIPT, model, papers, index, QUESTION]
        run([*ours, "index", papers], environment)
        run([sys.executable, "-c", PREPARE, model, papers, index], environment)
        search = [*ours, "search", QUESTION]
        pairs = [(run(search, environment), run(theirs, environment)) for _ in range(runs + 1)][1:]  # first: warm-up
    result = {
        name: {"seconds": round(statistics.median(p[i][0] for p in pairs), 3),
               "peak_mib": round(statistics.median(p[i][1] for p in pairs))}
        for i, name in enumerate(("paperkin", "sentence-transformers + FAISS"))
    }  # fmt: skip
    ratio = statistics.median(theirs[0] / ours[0] for ours, theirs in pairs)
    print(json.dumps({"question": QUESTION, "runs": runs, **result, "times_sooner": round(ratio, 1)}, indent=2))


if __name__ == "__main__":
    main()
