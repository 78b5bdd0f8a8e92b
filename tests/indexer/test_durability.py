"""What a disk can do to a collection: be full, be read-only, be shared, lose or change bytes, and remember too much."""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from indexer import folding, writer
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.errors import CollectionBusy, CollectionDamaged, IndexUnwritable, PaperkinError
from indexer.filters import Condition, Filters
from indexer.ingest import ingest
from indexer.manifest import Manifest
from indexer.paper import Paper, from_record
from indexer.report import Report
from indexer.store import ROW_TYPE
from tests.api.conftest import open_shell
from tests.api.test_server import serving
from tests.conftest import ROOT
from tests.indexer.test_paper import assert_helpful
from tests.toys import ToyEncoder

PATIENCE: Final = 60
PIECE: Final = 24
"""Bytes of a text that are looked for: enough that no other text has them by chance."""
ROW_PIECE: Final = 16
"""Bytes of a row that are looked for."""


def shipped() -> list[Paper]:
    with (ROOT / "data" / "papers.jsonl").open(encoding="utf-8") as lines:
        return [from_record(json.loads(line)) for line in lines]


def contents(directory: Path) -> dict[str, Paper]:
    return {paper.id: paper for paper in Collection(directory).snapshot().store.all_papers()}


def answers(directory: Path, encoder: ToyEncoder) -> list[tuple[Sequence[Any], Sequence[Any]]]:
    """What both indexes say to some questions, with the scores."""
    snapshot = Collection(directory).snapshot()
    ids = snapshot.store.ids(range(1, 10_000))
    found: list[tuple[Sequence[Any], Sequence[Any]]] = []
    for question in ("speech", "emotion", "face graph", "large language models"):
        for keys, scores in (
            snapshot.dense.search(encoder.encode_query(question), 9),
            snapshot.lexical.search(snapshot.lexical.terms(question), 9),
        ):
            pairs = sorted(zip((-scores).tolist(), (ids[key] for key in keys.tolist()), strict=True))
            found.append(([name for _, name in pairs], [score for score, _ in pairs]))
    return found


def whole(directory: Path, expected: dict[str, Paper], encoder: ToyEncoder) -> None:
    """The collection holds exactly these papers, in the truth and in both indexes."""
    assert contents(directory) == expected
    snapshot = Collection(directory).snapshot()
    assert (snapshot.papers, snapshot.lexical.papers) == (len(expected), len(expected))
    keys, _ = snapshot.dense.search(encoder.encode_query("speech"), len(expected) + 1)
    assert set(snapshot.store.ids(keys.tolist()).values()) == expected.keys()
    assert Collection(directory).verify() == []


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A directory in memory where there is one: damage does not ask for a slow disk."""
    place = Path("/dev/shm")  # noqa: S108  a directory of its own is made in it
    made = Path(tempfile.mkdtemp(dir=place if os.access(place, os.W_OK) else None))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def model(memory: Path) -> Path:
    """The shipped papers in the toy space, to be copied."""
    encoder = ToyEncoder()
    ingest(Collection.create(memory / "model", encoder.identity), encoder, shipped(), Report())
    return memory / "model"


@pytest.fixture
def directory(model: Path, memory: Path) -> Iterator[Path]:
    """A copy of the shipped papers."""
    place = Path(tempfile.mkdtemp(dir=memory))
    yield Path(shutil.copytree(model, place / "collection"))
    shutil.rmtree(place, ignore_errors=True)


# A full disk

CHILD: Final = """
import json, resource, sys, traceback
from pathlib import Path
import indexer.ingest
from indexer import upkeep
from indexer.collection import Collection
from indexer.errors import PaperkinError
from indexer.paper import from_record
from indexer.report import Report
from tests.toys import ToyEncoder

def attempt(work):
    try:
        return {"done": work()}
    except PaperkinError as error:
        return {"error": type(error).__name__, "message": error.message, "next_step": error.next_step}
    except BaseException:
        return {"traceback": traceback.format_exc()}
"""
FILL: Final = (
    CHILD
    + """
operation, papers, cases = json.load(sys.stdin)
papers = [from_record(paper) for paper in papers]
vars(indexer.ingest).update(CHUNK=8)

def work(directory):
    collection = Collection(directory)
    if operation == "compact":
        with collection.writing("compact") as writer:
            writer.compact()
    elif operation == "backup":
        upkeep.backup(collection, directory.parent / "backup")
    else:
        indexer.ingest.ingest(collection, ToyEncoder(), papers, Report())

for directory, size in cases:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    outcome = attempt(lambda: work(Path(directory)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(json.dumps(outcome))
"""
)


def run(program: str, given: object, prefix: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Run a program with JSON on its standard input; the JSON lines that it prints."""
    done = subprocess.run(
        [*prefix, sys.executable, "-c", program],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(outcome: dict[str, Any]) -> None:
    """An error of ours with a way out, which does not call whole papers damaged."""
    assert "traceback" not in outcome, outcome["traceback"]
    assert "Damaged" not in outcome["error"], outcome
    assert_helpful(PaperkinError(outcome["message"], outcome["next_step"]))


def to_json(papers: Sequence[Paper]) -> list[dict[str, Any]]:
    from indexer.paper import to_record

    return [to_record(paper) for paper in papers]


NEW: Final = [Paper(f"new-{n}", f"A new paper on graphs, number {n}", abstract="A graph. " * 40) for n in range(40)]
SIZES: Final = (0, 600, 5_000, 20_000, 60_000, 120_000, 250_000, 800_000)


@pytest.mark.parametrize("operation", ["import", "update", "compact", "backup"])
def test_a_full_disk_is_told(
    operation: str, model: Path, memory: Path, encoder: ToyEncoder, subtests: pytest.Subtests
) -> None:
    """Whatever file finds no room, and when: the error says what to do, what was stored is whole, and it goes on."""
    before = contents(model)
    papers = [replace(paper, abstract=f"{paper.abstract} Again.") for paper in before.values()]
    papers = {"import": NEW, "update": papers}.get(operation, [])
    after = before | {paper.id: paper for paper in papers}
    place = memory / f"full-{operation}"
    cases = [(shutil.copytree(model, place / str(size) / "collection"), size) for size in SIZES]
    outcomes = run(FILL, [operation, to_json(papers), [(str(directory), size) for directory, size in cases]])
    assert {"error" in outcome for outcome in outcomes} == {True, False}, "the sizes do not tell a full disk"
    for (directory, size), outcome in zip(cases, outcomes, strict=True):
        with subtests.test("refused", size=size):
            if "done" not in outcome:
                refused(outcome)
                assert not (directory.parent / "backup").exists()
            held = contents(directory)
            assert held.keys() >= before.keys()
            assert all(paper in (before.get(key), after.get(key)) for key, paper in held.items())
            whole(directory, held, encoder)
    lifted = run(FILL, [operation, to_json(papers), [(str(directory), -1) for directory, _ in cases]])
    for (directory, size), outcome, again in zip(cases, outcomes, lifted, strict=True):
        with subtests.test("done again", size=size):
            if "done" in outcome and operation == "backup":
                assert again["error"] == "CollectionError"  # it exists
            else:
                assert "done" in again, again
            whole(directory, after, encoder)
            assert len(list(directory.glob("index-*"))) == 1
    shutil.rmtree(place)


@pytest.fixture
def small_disk(memory: Path) -> Iterator[Path]:
    """A file system of two megabytes, where we may mount one."""
    place = Path(tempfile.mkdtemp(dir=memory))
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "paperkin-test", str(place)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.parametrize("free", [0, 50_000, 90_000, 130_000])
def test_a_disk_without_room(small_disk: Path, model: Path, encoder: ToyEncoder, free: int) -> None:
    """On a file system without room the same holds, and what is stored can still be searched there."""
    directory = Path(shutil.copytree(model, small_disk / "collection"))
    before = contents(directory)
    filler = small_disk / "filler"
    with filler.open("wb") as stream:
        left = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize - free
        stream.write(b"x" * max(0, left))
    with pytest.raises(PaperkinError) as caught:
        ingest(Collection(directory), encoder, NEW, Report())
    assert not isinstance(caught.value, CollectionDamaged)
    assert_helpful(caught.value)
    after = before | {paper.id: paper for paper in NEW}
    if free:
        assert len(answers(directory, encoder)[0][0]) == 9
        assert contents(directory) in (before, after)
    filler.unlink()
    assert contents(directory) in (before, after)
    ingest(Collection(directory), encoder, NEW, Report())
    whole(directory, before | {paper.id: paper for paper in NEW}, encoder)


def test_a_half_made_index_gives_its_room_back(
    directory: Path, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an index cannot be written, what was written of it is removed: the disk was full enough."""

    def fail(*_: object) -> None:
        raise IndexUnwritable("000001.rows", "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folding, "write", fail)
        with pytest.raises(IndexUnwritable):
            ingest(Collection(directory), encoder, NEW, Report())
    assert len(list(directory.glob("index-*"))) == 1
    whole(directory, contents(directory), encoder)


# A directory that cannot be written

READ: Final = (
    CHILD
    + """
from indexer.filters import Filters
directory, backup = map(Path, json.load(sys.stdin))

def search():
    snapshot = Collection(directory).snapshot()
    keys, _ = snapshot.lexical.search(snapshot.lexical.terms("speech"), 100)
    near, _ = snapshot.dense.search(ToyEncoder().encode_query("speech"), 5)
    return [len(keys), len(near)]

def add():
    indexer.ingest.ingest(Collection(directory), ToyEncoder(), [from_record({"title": "A new paper"})], Report())

def remove():
    with Collection(directory).writing("remove") as writer:
        writer.remove(["a"])

def create():
    Collection.create(directory / "below", ToyEncoder().identity)

for work in (
    search,
    lambda: len(list(Collection(directory).snapshot().store.all_papers())),
    lambda: len(Collection(directory).snapshot().store.browse(Filters(), 5, 0)),
    lambda: upkeep.backup(Collection(directory), backup),
    add,
    remove,
    create,
    lambda: upkeep.backup(Collection(directory), directory / "backup"),
):
    print(json.dumps(attempt(work)))
"""
)


def without_privileges() -> list[str]:
    """What makes a program of root's obey permissions."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv to prevent it")
    drop = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", "--bounding-set", drop, "--inh-caps", drop]


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    paths = [directory, *directory.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize("log", [False, True], ids=["at rest", "with a log"])
def test_a_read_only_directory(directory: Path, encoder: ToyEncoder, log: bool) -> None:
    """From a directory that nobody may write, papers are searched, shown and backed up; writing is refused clearly."""
    if log:  # as a writer that was killed leaves it: the last change is in the log alone
        with (
            closing(sqlite3.connect(directory / "papers.db")) as keeper,
            closing(sqlite3.connect(directory / "papers.db")) as reader,
        ):
            keeper.execute("BEGIN")
            keeper.execute("SELECT * FROM meta").fetchall()
            ingest(Collection(directory), encoder, NEW[:1], Report())
            reader.execute("SELECT * FROM meta").fetchall()
            copied = Path(shutil.copytree(directory, directory.parent / "copied"))
        directory = copied
        assert (directory / "papers.db-wal").stat().st_size > 0
    expected = len(shipped()) + log
    backup = directory.parent / "backup"
    with read_only(directory):
        found, every, browsed, kept, *refusals = run(READ, [str(directory), str(backup)], without_privileges())
        assert found["done"][0] > 5, found
        assert (every["done"], browsed["done"], kept["done"]) == (expected, 5, expected)
        for outcome in refusals:
            refused(outcome)
            assert str(directory) in outcome["message"]
    assert len(contents(directory)) == expected


# Two writers

WRITE: Final = (
    CHILD
    + """
directory, name, rounds = json.load(sys.stdin)
vars(indexer.ingest).update(CHUNK=8)
for n in range(rounds):
    papers = [from_record({"id": f"{name}-{n}-{i}", "title": f"{name} {n} {i} graph"}) for i in range(20)]
    indexer.ingest.ingest(Collection(Path(directory)), ToyEncoder(), papers, Report())
print(json.dumps({"done": True}))
"""
)


def test_two_writers_at_once(directory: Path, encoder: ToyEncoder) -> None:
    """Two processes import at the same time: both finish, and the collection is that of one after the other."""
    names, rounds = ("one", "two"), 4
    with ThreadPoolExecutor(2) as pool:
        work = [pool.submit(run, WRITE, [str(directory), name, rounds]) for name in names]
        assert [future.result() for future in work] == [[{"done": True}]] * 2
    added = {
        f"{name}-{n}-{i}": Paper(f"{name}-{n}-{i}", f"{name} {n} {i} graph")
        for name in names for n in range(rounds) for i in range(20)
    }  # fmt: skip
    expected = {paper.id: paper for paper in shipped()} | added
    whole(directory, expected, encoder)
    alone = Collection.create(directory.parent / "alone", encoder.identity)
    ingest(alone, encoder, expected.values(), Report())
    assert alone.snapshot().fingerprint == Collection(directory).snapshot().fingerprint


# Bytes that are lost or changed


def _flipped(data: bytearray, chance: random.Random) -> bytes:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _zeroed(data: bytearray, chance: random.Random) -> bytes:
    start = chance.randrange(len(data)) // 4096 * 4096
    end = min(start + 4096, len(data))
    data[start:end] = bytes(end - start)
    return bytes(data)


DAMAGES: Final[dict[str, Callable[[bytearray, random.Random], bytes]]] = {
    "emptied": lambda *_: b"",
    "halved": lambda data, _: bytes(data[: len(data) // 2]),
    "a byte short": lambda data, _: bytes(data[:-1]),
    "a bit flipped": _flipped,
    "another bit flipped": _flipped,
    "a page of zeros": _zeroed,
}


def damaged(path: Path, damage: str, seed: int = 0) -> bool:
    """Damage a file; returns whether that changed it."""
    before = path.read_bytes()
    data = DAMAGES[damage](bytearray(before), random.Random(f"{path.name} {damage} {seed}"))  # noqa: S311
    path.unlink()  # never in place: a reader may have the old bytes mapped
    path.write_bytes(data)
    return data != before


@pytest.mark.parametrize("damage", DAMAGES)
def test_derived_files_heal(
    directory: Path, encoder: ToyEncoder, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests, damage: str
) -> None:
    """A derived file that lost or changed bytes is made anew on opening, which is logged; answers are as before."""
    before, papers = answers(directory, encoder), contents(directory)
    fingerprint = Collection(directory).snapshot().fingerprint
    kinds = ["manifest.json", ".keys", ".rows", "meta.json", ".managed.json"]
    kinds += sorted({path.suffix for path in directory.glob("index-*/lexical/*.*")} - {".lock", ".json", ""})
    assert len(kinds) >= 10
    for kind in kinds:
        with subtests.test(kind=kind):
            path = next(path for path in directory.rglob("*") if kind in (path.name, path.suffix))
            in_force = Manifest.load(directory)
            damaged(path, damage)
            if kind == "manifest.json" and Manifest.load(directory) == in_force:
                continue  # it ends with a line break, which says nothing
            caplog.clear()
            assert len(Collection(directory).verify()) == 1
            assert answers(directory, encoder) == before
            assert contents(directory) == papers
            assert "made anew" in caplog.text
            assert Collection(directory).snapshot().fingerprint == fingerprint
            assert Collection(directory).verify() == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_lock_is_never_damaged(directory: Path, encoder: ToyEncoder, damage: str) -> None:
    """What is in the files of the lock means nothing: whatever they hold, the next writer writes."""
    papers = contents(directory)
    for name in ("writer.lock", "writer.json"):
        (directory / name).write_text('{"pid": 1, "purpose": "import", "since": "yesterday"}\n')
        assert damaged(directory / name, damage)
    ingest(Collection(directory), encoder, NEW[:1], Report())
    whole(directory, papers | {NEW[0].id: NEW[0]}, encoder)


KEPT: Final = (
    "SELECT key, id, record, content_hash FROM paper",
    "SELECT key, row FROM embedding",
    "SELECT key, source, id, record, content_hash FROM record",
    "SELECT value FROM meta WHERE name IN ('sequence', 'papers', 'fingerprint')",
)
"""What has checksums: the papers, their rows, their records. What is derived from those, and the day and the file that
a record came with, have none."""


def kept(path: Path) -> list[list[str]] | None:
    """Everything in a database that has a checksum, `None` where it cannot be read."""
    try:
        with closing(sqlite3.connect(path)) as db:
            return [sorted(map(repr, db.execute(sql))) for sql in KEPT]
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def read_everything(directory: Path) -> Iterator[Paper | PaperkinError]:
    """Every paper by every way there is to read it, and the errors where there is none."""
    try:
        collection = Collection(directory)
        store = collection.snapshot().store
    except PaperkinError as error:
        yield error
        return
    ways: list[Callable[[], Any]] = [
        lambda: store.browse(Filters(), 1000, 0),
        lambda: list(store.all_papers()),
        lambda: [entry.paper for entry in store.entries(range(1, 100)).values()],
        lambda: list(store.papers(range(1, 100)).values()),
        lambda: [store.paper(paper.id) for paper in shipped()],
        store.sources,
        lambda: store.passing((Condition("author", "li"),)),
        lambda: store.long_forms("TTS"),
        lambda: answers(directory, ToyEncoder()),
        lambda: ingest(collection, ToyEncoder(), NEW[:3], Report()),
    ]
    for way in ways:
        try:
            found = way()
            if isinstance(found, list):
                yield from (one for one in found if isinstance(one, Paper))
        except PaperkinError as error:
            yield error


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_the_truth_is_told(
    model: Path, memory: Path, damage: str, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    """Bytes of the truth that are lost or changed: no wrong text is ever given, and `verify` tells."""
    logging.getLogger("indexer").setLevel(logging.ERROR)
    monkeypatch.setattr("indexer.collection.READER_WAIT", 1.0)
    good, expected = kept(model / "papers.db"), contents(model)
    place = memory / "damage"
    for seed in range(12 if damage in {"a bit flipped", "another bit flipped", "a page of zeros"} else 1):
        with subtests.test(seed=seed):
            shutil.rmtree(place, ignore_errors=True)
            first, second, third = (Path(shutil.copytree(model, place / name)) for name in ("1", "2", "3"))
            for directory in (first, second, third):
                damaged(directory / "papers.db", damage, seed)
            for found in read_everything(first):
                if isinstance(found, PaperkinError):
                    assert_helpful(found)
                else:
                    assert expected[found.id] == found
            try:
                problems = Collection(second).verify()
            except PaperkinError as error:
                problems = [error.message]
            assert problems or kept(third / "papers.db") == good
    logging.getLogger("indexer").setLevel(logging.NOTSET)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_log_is_told(
    model: Path, memory: Path, encoder: ToyEncoder, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """What the log alone held is lost with it: an earlier state is left, whole, and `verify` and a warning say so."""
    place = Path(tempfile.mkdtemp(dir=memory))
    directory = Path(shutil.copytree(model, place / "collection"))
    states = [contents(directory)]
    with closing(sqlite3.connect(directory / "papers.db")) as keeper:  # keeps the log, as a server would
        keeper.execute("SELECT * FROM meta").fetchall()
        for paper in NEW[:4]:
            ingest(Collection(directory), encoder, [paper], Report())
            states.append(states[-1] | {paper.id: paper})
        copied = Path(shutil.copytree(directory, place / "copied"))
    (copied / "papers.db-shm").unlink()
    log = copied / "papers.db-wal"
    assert log.stat().st_size > 0
    changed = damaged(log, damage)
    shutil.copytree(copied, place / "again")
    problems = Collection(place / "again").verify()
    held = contents(copied)
    assert held in states
    if held != states[-1]:
        assert changed
        assert ["latest changes are lost" in problem for problem in problems] == [True]
        assert "latest changes are lost" in caplog.text
    whole(copied, held, encoder)
    ingest(Collection(copied), encoder, NEW[:4], Report())
    whole(copied, states[-1], encoder)


# Nothing is left of what was removed


def pieces(paper: Paper) -> list[bytes]:
    """Bytes by which the text of a paper is known, and no other shipped one."""
    others = b"".join(other.abstract.encode() for other in shipped() if other.id != paper.id)
    data = paper.abstract.encode()
    parts = [data[start : start + PIECE] for start in range(0, len(data) - PIECE, len(data) // 9)]
    found = [paper.title.encode(), *(part for part in parts if part not in others)]
    assert len(found) > 5
    return found


def row_pieces(encoder: CompiledEncoder, paper: Paper) -> list[bytes]:
    """Bytes by which the row of a paper is known, as float16 and as float32."""
    row = encoder.encode([paper.text], [paper.title])[0]
    stored = row.astype(ROW_TYPE)
    forms = (stored.tobytes(), stored.astype(np.float32).tobytes(), row.tobytes())
    return [form[start : start + ROW_PIECE] for form in forms for start in range(0, len(form) - ROW_PIECE, 160)]


def found_in(directory: Path, wanted: Sequence[bytes]) -> set[str]:
    """Names of the files that hold any of these bytes."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    return {path.name for path in files if any(piece in data for data in [path.read_bytes()] for piece in wanted)}


@dataclass(frozen=True)
class Secret:
    """A collection with a paper that is to leave no trace, and one that is to change."""

    directory: Path
    encoder: CompiledEncoder
    removed: Paper
    changed: Paper

    def forget(self) -> None:
        """Remove the one, change the other."""
        collection = Collection(self.directory)
        with collection.writing("remove") as writer:
            writer.remove([self.removed.id])
        other = replace(self.changed, title="A study of bees", abstract="Bees fly from flower to flower. " * 9)
        ingest(collection, self.encoder, [other], Report())

    def compact(self) -> None:
        with Collection(self.directory).writing("compact") as writer:
            writer.compact()

    def traces(self) -> set[str]:
        wanted = [piece for paper in (self.removed, self.changed) for piece in pieces(paper)]
        wanted += [piece for paper in (self.removed, self.changed) for piece in row_pieces(self.encoder, paper)]
        return found_in(self.directory, wanted)


@pytest.fixture
def secret(real_encoder: CompiledEncoder, tmp_path: Path) -> Secret:
    papers = shipped()
    collection = Collection.create(tmp_path / "collection", real_encoder.identity)
    ingest(collection, real_encoder, papers, Report())
    return Secret(collection.directory, real_encoder, papers[3], papers[11])


def test_compaction_leaves_no_trace(secret: Secret) -> None:
    """Removed or changed, then compacted: no bytes of the old text and of its row are in any file."""
    assert {"papers.db", "000001.rows"} <= secret.traces()
    texts = [piece for paper in (secret.removed, secret.changed) for piece in pieces(paper)]
    assert "papers.db" in found_in(secret.directory, texts)
    rows = row_pieces(secret.encoder, secret.removed)
    assert {"papers.db", "000001.rows"} <= found_in(secret.directory, rows)
    with closing(sqlite3.connect(secret.directory / "papers.db")) as reader:  # keeps the log, as a server would
        reader.execute("SELECT * FROM meta").fetchall()
        secret.forget()
        assert secret.traces() == {"papers.db"}, "what was removed is in the file until the log is moved into it"
    secret.compact()
    assert secret.traces() == set()
    assert Collection(secret.directory).verify() == []


HOLD: Final = """
import sys, threading, time; from pathlib import Path; from indexer.collection import Collection
collection = Collection(Path(sys.argv[1])); snapshot = collection.snapshot(); print(snapshot.papers, flush=True)
sys.stdin.readline(); del snapshot; print(collection.snapshot().papers, flush=True)
threading.Thread(target=sys.stdin.read).start()
while threading.active_count() > 1: collection.snapshot(); time.sleep(0.05)
"""


def test_a_reader_keeps_what_it_reads(secret: Secret, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process reads an earlier state, compaction says so; once that turns to the new one it is done,
    although the process goes on reading."""
    command = [sys.executable, "-c", HOLD, str(secret.directory)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "37\n"
        secret.forget()
        with monkeypatch.context() as patch:
            patch.setattr(writer, "COMPACT_WAIT", 0.3)
            with pytest.raises(CollectionBusy, match="still reads") as caught:
                secret.compact()
        assert_helpful(caught.value)
        assert secret.traces() != set()
        print(file=reader.stdin, flush=True)
        assert reader.stdout.readline() == "36\n"
        secret.compact()
        assert secret.traces() == set()
        assert reader.poll() is None
        reader.kill()
    assert Collection(secret.directory).verify() == []


def test_a_server_does_not_keep_what_is_removed(secret: Secret, model_cache: Path) -> None:
    """A server that runs, asked or not, lets go of what another process removes: compaction succeeds and is whole."""
    with serving(open_shell(model_cache, secret.directory)) as server:
        assert server.client.get("/v1/search", params={"q": "speech"}).status_code == 200
        secret.forget()
        secret.compact()
        assert secret.traces() == set()
        assert server.client.get(f"/v1/papers/{secret.removed.id}").status_code == 404
        assert (
            server.client.get("/v1/search", params={"q": "bees and flowers", "k": 1}).json()["hits"][0]["paper"][
                "title"
            ]
            == "A study of bees"
        )
        assert secret.traces() == set()


# A server among writers


@pytest.fixture
def generations(real_encoder: CompiledEncoder, tmp_path: Path) -> tuple[Path, list[list[Paper]]]:
    """A collection, and two versions of every paper in it, each of which says which it is."""
    made = [
        [
            Paper(f"p{n}", f"{paper.title} generation{version}", f"{paper.abstract[:300]} generation{version}")
            for n, paper in enumerate(shipped()[:24])
        ]
        for version in range(2)
    ]
    collection = Collection.create(tmp_path / "collection", real_encoder.identity)
    ingest(collection, real_encoder, made[0], Report())
    return collection.directory, made


def test_a_server_serves_one_state_at_a_time(
    generations: tuple[Path, list[list[Paper]]], real_encoder: CompiledEncoder, model_cache: Path
) -> None:
    """While another process turns every paper from one version to another and back, each answer is of one version, and
    the index version says of which."""
    directory, made = generations
    seen: set[tuple[str, str]] = set()
    stop = threading.Event()
    with serving(open_shell(model_cache, directory)) as server, ThreadPoolExecutor(3) as pool:

        def ask(mode: str) -> int:
            asked = 0
            while not stop.is_set():
                response = server.client.get(
                    "/v1/search", params={"q": "emotional speech generation0 generation1", "k": 50, "mode": mode}
                )
                assert response.status_code == 200, response.text
                answer = response.json()
                versions = {hit["paper"]["title"].rsplit(" ", 1)[1] for hit in answer["hits"]}
                bodies = {hit["paper"]["abstract"].rsplit(" ", 1)[1] for hit in answer["hits"]}
                assert len(versions) == 1, versions
                assert versions == bodies
                assert len(answer["hits"]) == answer["total"] == 24
                seen.add((versions.pop(), answer["index_version"]))
                asked += 1
            return asked

        asking = [pool.submit(ask, mode) for mode in ("hybrid", "dense", "lexical")]
        try:
            for version in (1, 0, 1, 0, 1):
                ingest(Collection(directory), real_encoder, made[version], Report())
                time.sleep(0.3)
        finally:
            stop.set()
        assert sum(future.result() for future in asking) > 30
    assert len(seen) == 2
    assert len({version for version, _ in seen}) == len({index for _, index in seen}) == 2


def test_a_server_serves_an_addition_within_a_second(
    generations: tuple[Path, list[list[Paper]]], real_encoder: CompiledEncoder, model_cache: Path
) -> None:
    """What another process has stored is in the next answer of a running server, a second later at the latest."""
    directory, _ = generations
    with serving(open_shell(model_cache, directory)) as server:
        for n in range(3):
            ingest(Collection(directory), real_encoder, [Paper(f"new-{n}", f"Sourdough bread number {n}")], Report())
            deadline = time.monotonic() + 1
            while server.client.get(f"/v1/papers/new-{n}").status_code != 200:
                assert time.monotonic() < deadline
            hits = server.client.get("/v1/search", params={"q": f"sourdough bread number {n}", "k": 1}).json()["hits"]
            assert hits[0]["paper"]["id"] == f"new-{n}"
