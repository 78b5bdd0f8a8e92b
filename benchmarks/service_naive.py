"""The service that one writes first: `python -m benchmarks.service_naive COLLECTION`.

A FastAPI `def` endpoint, sentence-transformers in float32, FAISS's IndexFlatIP, and plain dicts as answers. It serves
the papers and the rows of a collection on a free port of this machine, which it prints.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import faiss
import numpy as np
import torch
import uvicorn
from fastapi import FastAPI
from sentence_transformers import SentenceTransformer

from indexer.collection import Collection
from indexer.model import find_model

PAGE = 1_000


def create(directory: Path) -> FastAPI:
    """Everything is in memory: the rows in the index, each paper as a dict."""
    collection = Collection(directory)
    keys, rows = collection.snapshot().store.embeddings(collection.identity.dimension)
    papers: list[dict[str, Any]] = []
    for start in range(0, len(keys), PAGE):
        some = [int(key) for key in keys[start : start + PAGE]]
        found = collection.snapshot().store.papers(some)
        papers += [asdict(found[key]) for key in some]
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows.astype(np.float32))
    model = SentenceTransformer(str(find_model(None).folder), device="cpu")
    app = FastAPI()

    @app.get("/v1/search")
    def search(q: str, k: int = 10) -> dict[str, Any]:
        row = model.encode([q], normalize_embeddings=True, show_progress_bar=False)
        scores, places = index.search(row, k)
        hits = [
            {"rank": rank, "score": float(score), "paper": papers[place]}
            for rank, (score, place) in enumerate(zip(scores[0], places[0], strict=True), 1)
        ]
        return {"hits": hits, "total": len(papers)}

    return app


def main() -> None:
    """Serve until ended."""
    if len(sys.argv) > 2:  # threads of an encoding and of a scan, where not all processors
        torch.set_num_threads(int(sys.argv[2]))
        faiss.omp_set_num_threads(int(sys.argv[2]))
    app = create(Path(sys.argv[1]))
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
