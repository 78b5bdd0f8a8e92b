"""The process that is killed: it does one task and tells every step that the product says is safe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import faiss

import indexer.ingest
from benchmarks.kills.check import Failed
from benchmarks.kills.papers import ROOT
from indexer import folding, generation, upkeep
from indexer.collection import Collection
from indexer.encoder import Encoder, open_encoder
from indexer.ingest import ingest
from indexer.paper import from_record
from indexer.report import Report
from indexer.settings import Settings
from tests.toys import ToyEncoder

CHUNK: Final = 8
"""Records a commit of the child: a killed import should have many behind it and many before it."""
PATIENCE: Final = 120.0
_FILE_EVENTS: Final = ("open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "sqlite3.connect")


@dataclass(frozen=True)
class Task:
    """What a child does. `die_at` is the file operation before which it kills itself, 0 for none.

    `low` moves the limits of `generation` down, so that a small collection shares files as a large one does.
    """

    operation: str
    directory: str
    file: str = ""
    papers: list[dict[str, Any]] = field(default_factory=list)
    ids: list[list[str]] = field(default_factory=list)
    low: bool = False
    die_at: int = 0


def perform(task: Task, encoder: Encoder, acknowledge: Callable[[int], None], start: int = 0) -> None:
    """Do a task, telling how many of its steps are safe; `start` passes over the first ones where that is needed."""
    directory = Path(task.directory)
    if task.operation == "restore":
        upkeep.restore(Path(task.file), directory)
        return acknowledge(1)
    made = task.operation == "create" and not Collection.exists(directory)
    collection = Collection.create(directory, encoder.identity) if made else Collection(directory)
    match task.operation:
        case "import" | "update" | "create":
            papers = [from_record(values) for values in task.papers]
            ingest(collection, encoder, papers, Report(), lambda done: acknowledge(-(-done // CHUNK)))
        case "remove":
            for step, ids in enumerate(task.ids, 1):
                with collection.writing("remove") as writer:
                    writer.remove(ids)
                acknowledge(step)
        case "split and merge":
            for step, (first, second) in list(enumerate(task.ids, 1))[start:]:
                if step % 2:
                    upkeep.split(collection, encoder, first, "second", second)
                else:
                    upkeep.merge(collection, encoder, first, second)
                acknowledge(step)
        case "compact":
            with collection.writing("compact") as writer:
                writer.compact()
            acknowledge(1)
        case "backup":
            upkeep.backup(collection, Path(task.file), overwrite=True)
            acknowledge(1)
        case "heal":
            collection.snapshot()
            acknowledge(1)
    return None


def open_model(*, toy: bool) -> Encoder:
    """The real encoder counts; the toy is for trying the harness."""
    faiss.omp_set_num_threads(1)  # threads that wait for each other would take the cores from the other process
    return ToyEncoder() if toy else open_encoder(None, Settings.from_environment(os.environ).cache)


def limits(*, low: bool, chunk: int) -> None:
    """Set the limits as a task wants them, in this process."""
    values = (0, 0, 2.0) if low else (10_000, 2_000, 0.2)
    vars(generation).update(zip(("SMALL", "RESIDUE_SMALL", "RESIDUE_SHARE"), values, strict=True))
    vars(folding).update(INLINE=0 if low else 10_000)
    vars(indexer.ingest).update(CHUNK=chunk)


# The child


def child(*, toy: bool) -> None:
    """Load everything, then do the task that comes in as a line, and tell each step that is safe."""

    def tell(line: str) -> None:
        os.write(1, f"{line}\n".encode())

    encoder = open_model(toy=toy)
    tell("ready")
    task = Task(**json.loads(sys.stdin.readline()))
    limits(low=task.low, chunk=CHUNK)
    steps = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        if event in _FILE_EVENTS and str(Path(task.directory).parent) in str(arguments[0]):
            steps += 1
            if steps == task.die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    tell("begin")
    start = time.perf_counter()
    perform(task, encoder, lambda done: tell(f"safe {done}"))
    tell(f"took {time.perf_counter() - start}")
    tell(f"done {steps}")


class Child:
    """A process that waits for a task. `told` holds the last number that it has told of each kind."""

    def __init__(self, *, toy: bool) -> None:
        command = [sys.executable, "-m", "benchmarks.kills", "--child", *(["--toy"] if toy else [])]
        self.told: dict[str, float] = {}
        self.process = subprocess.Popen(
            command, bufsize=0, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def begin(self, task: Task) -> None:
        """Hand over the task; returns when it begins."""
        if self._line() != "ready" or self.process.stdin is None:
            raise SystemExit(f"A child did not start: {self.process.communicate()[1].decode()}")
        self.process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
        if (line := self._line()) != "begin":
            raise Failed(f"the child said {line!r} before it began: {self.process.communicate()[1].decode()}")

    def wait_for(self, steps: int) -> None:
        """Return the moment that so many steps have been acknowledged, or none will be any more."""
        while self.told.get("safe", 0) < steps and (line := self._line()):
            self._hear(line)

    def end(self, *, kill: bool = True) -> dict[str, float]:
        """Kill it, or wait until it has killed itself; returns all that it has told."""
        if kill:
            self.process.send_signal(signal.SIGKILL)
        out, err = self.process.communicate(timeout=PATIENCE)
        if self.process.returncode not in {0, -signal.SIGKILL}:
            raise Failed(f"the child failed by itself: {err.decode()[-2000:]}")
        for line in out.decode().split("\n")[:-1]:
            self._hear(line)
        return self.told

    def _line(self) -> str:
        return self.process.stdout.readline().decode().strip() if self.process.stdout else ""

    def _hear(self, line: str) -> None:
        word, _, number = line.partition(" ")
        self.told[word] = float(number or 0)
