"""Who answers in `benchmarks.endtoend`, each in a process of its own, of the environment that has its libraries.

    python -m benchmarks.endtoend_contestants prepare|answer|serve NAME FOLDER PROCESSORS

`FOLDER` has `papers.jsonl` (id, text, record), `rows.npy` of the same order and `facts.json`; what is prepared is kept
there. `answer` reads lines of JSON, each a list of questions, and writes for each what it took; `serve` prints an
address.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

HITS: Final = 20
BATCH: Final = 5_000
SQL: Final = f"SELECT id, score, data FROM txtai WHERE similar(:question) LIMIT {HITS}"  # noqa: S608  a number of our own
"""The question that brings whole papers: a plain one brings the text and the score."""


class Contestant(ABC):
    """A library that takes a text and gives papers."""

    distributions: ClassVar[Sequence[str]]
    settings: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: dict[str, str] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))

    def prepare(self) -> None:  # noqa: B027  Paperkin has its collection
        """From papers and rows to an index on disk."""

    @abstractmethod
    def open(self) -> None:
        """As a program does that starts."""

    @abstractmethod
    def search(self, question: str) -> Any:
        """Whole papers, in the library's own form."""

    @abstractmethod
    def ids(self, found: Any) -> list[str]:
        """Those of the papers, best first."""

    @abstractmethod
    def abstracts(self, found: Any) -> int:
        """Characters of the abstracts that came: whole papers have them."""

    def serve(self) -> None:
        """The library's own service, on a free port of this machine, whose address is printed."""
        raise NotImplementedError


class Paperkin(Contestant):
    """The engine in a program, or `paperkin serve`."""

    distributions = ("openvino", "faiss-cpu", "tantivy", "tokenizers", "fastapi", "uvicorn")
    settings = "its defaults: by meaning and by words"
    mode: ClassVar[str] = "hybrid"
    _search: Callable[[str], Any]

    def open(self) -> None:
        """The collection as it is."""
        from api.service import open_service

        self.use(open_service(self._settings()).engine)

    def use(self, engine: Any) -> None:
        """Ask this engine."""
        from search.query import Mode, Page, Query

        page, mode = Page(HITS), Mode(self.mode)
        self._search = lambda text: engine.search(Query(text=text, page=page, mode=mode, syntax=False))

    def search(self, question: str) -> Any:
        """An answer of hits."""
        return self._search(question)

    def ids(self, found: Any) -> list[str]:
        """Of its hits."""
        return [hit.paper.id for hit in found.hits]

    def abstracts(self, found: Any) -> int:
        """A paper has it as a field."""
        return sum(len(hit.paper.abstract) for hit in found.hits)

    def serve(self) -> None:
        """As the command does."""
        from api.server import run

        run(self._settings(), None, "127.0.0.1", 0, lambda _: None)

    def _settings(self) -> Any:
        from indexer.settings import Settings

        return Settings.from_environment(os.environ, collection=Path(self.facts["collection"]))


class PaperkinDense(Paperkin):
    """By meaning alone, which is what the others do."""

    settings = "mode dense: by meaning alone"
    mode = "dense"


class Txtai(Contestant):
    """Embeddings with content. The index is made of rows that are looked up, then told to encode with the model."""

    distributions = ("txtai", "faiss-cpu", "torch", "transformers", "fastapi", "uvicorn")
    settings = "faiss IVF, nprobe 192, content in SQLite, the model by path, SQL that selects the whole paper"

    def prepare(self) -> None:
        """Rows come from a function while indexing."""
        rows = np.load(self.folder / "rows.npy").astype(np.float32)
        papers = [(paper["id"], {"text": paper["text"], **paper["record"]}, None) for paper in self._papers()]
        place = {document["text"]: number for number, (_, document, _) in enumerate(papers)}
        embeddings = importlib.import_module("txtai").Embeddings(
            method="external",
            transform=lambda texts: rows[[place[text] for text in texts]],
            content=True,
            faiss={"nprobe": 192},
        )
        embeddings.index(papers)
        embeddings.save(str(self.folder / "txtai"))
        file = self.folder / "txtai" / "config.json"
        config = json.loads(file.read_text(encoding="utf-8"))
        kept = {name: value for name, value in config.items() if name not in ("method", "transform")}
        file.write_text(json.dumps({**kept, "path": self.facts["model"]}), encoding="utf-8")

    def open(self) -> None:
        """Files are read whole."""
        self._embeddings = importlib.import_module("txtai").Embeddings()
        self._embeddings.load(str(self.folder / "txtai"))

    def search(self, question: str) -> Any:
        """Dictionaries with the whole record, as text."""
        return self._embeddings.search(SQL, parameters={"question": question})

    def ids(self, found: Any) -> list[str]:
        """As they were given."""
        return [hit["id"] for hit in found]

    def abstracts(self, found: Any) -> int:
        """The record is JSON."""
        return sum(len(json.loads(hit["data"])["abstract"]) for hit in found)

    def serve(self) -> None:
        """`uvicorn txtai.api:app` with the index as its configuration."""
        os.environ["CONFIG"] = json.dumps({"path": str(self.folder / "txtai"), "writable": False, "embeddings": {}})
        application = importlib.import_module("txtai.api").app
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        print(f"http://127.0.0.1:{port}", flush=True)
        importlib.import_module("uvicorn").run(application, host="127.0.0.1", port=port, log_level="warning")

    def _papers(self) -> Iterator[dict[str, Any]]:
        return papers_of(self.folder)


class Chroma(Contestant):
    """A collection with documents and an embedding function."""

    distributions = ("chromadb", "torch", "sentence-transformers")
    settings = "hnsw ip, ef_search 352, SentenceTransformerEmbeddingFunction; documents and metadata asked for"

    def prepare(self) -> None:
        """With rows at hand nothing is encoded."""
        rows = np.load(self.folder / "rows.npy").astype(np.float32)
        papers = list(papers_of(self.folder))
        made = self._client().create_collection(
            "papers",
            configuration={"hnsw": {"space": "ip", "ef_search": 352}},
            embedding_function=self._function(),
        )
        for start in range(0, len(papers), BATCH):
            some = papers[start : start + BATCH]
            made.add(
                ids=[paper["id"] for paper in some],
                embeddings=rows[start : start + BATCH],
                documents=[paper["text"] for paper in some],
                metadatas=[_flat(paper["record"]) for paper in some],
            )

    def open(self) -> None:
        """The graph itself is read with the first question."""
        self._papers = self._client().get_collection("papers", embedding_function=self._function())

    def search(self, question: str) -> Any:
        """Columns of ids, documents and metadata."""
        included = ["documents", "metadatas", "distances"]
        return self._papers.query(query_texts=[question], n_results=HITS, include=included)

    def ids(self, found: Any) -> list[str]:
        """As they were given."""
        return list(found["ids"][0])

    def abstracts(self, found: Any) -> int:
        """One of the metadata."""
        return sum(len(facts.get("abstract", "")) for facts in found["metadatas"][0])

    def _client(self) -> Any:
        return importlib.import_module("chromadb").PersistentClient(str(self.folder / "chroma"))

    def _function(self) -> Any:
        functions = importlib.import_module("chromadb.utils.embedding_functions")
        return functions.SentenceTransformerEmbeddingFunction(self.facts["model"], normalize_embeddings=True)


CONTESTANTS: Final[dict[str, type[Contestant]]] = {
    "paperkin": Paperkin,
    "paperkin-dense": PaperkinDense,
    "txtai": Txtai,
    "chroma": Chroma,
}


def papers_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Id, text and record of each paper."""
    with (folder / "papers.jsonl").open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _flat(record: dict[str, Any]) -> dict[str, str | int]:
    """A record as metadata, which are plain values: lists as JSON, nothing that is unknown."""
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        for name, value in record.items()
        if value not in (None, [], "")
    }


def turn(contestant: Contestant, questions: Sequence[str]) -> dict[str, Any]:
    """One call for each question: milliseconds, processor seconds of all threads, ids and characters of abstracts."""
    times, answers = [], []
    cpu = time.process_time()
    for question in questions:
        start = time.perf_counter()
        answers.append(contestant.search(question))
        times.append((time.perf_counter() - start) * 1000)
    cpu = time.process_time() - cpu
    return {
        "ms": times,
        "cpu_s": cpu,
        "ids": [contestant.ids(found) for found in answers],
        "abstracts": sum(contestant.abstracts(found) for found in answers),
    }


def main() -> None:
    """Do one of the three."""
    task, name, folder, processors = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(each) for each in processors.split(",")})
    contestant = CONTESTANTS[name](Path(folder))
    if task == "serve":
        contestant.serve()
        return
    start = time.perf_counter()
    contestant.prepare() if task == "prepare" else contestant.open()
    seconds = round(time.perf_counter() - start, 2)
    versions = {distribution: version(distribution) for distribution in contestant.distributions}
    print(json.dumps({"seconds": seconds, "versions": versions}), flush=True)
    for line in sys.stdin if task == "answer" else ():
        print(json.dumps(turn(contestant, json.loads(line))), flush=True)
    sys.stdout.flush()
    os._exit(0)  # some libraries wait for threads of theirs


if __name__ == "__main__":
    main()
