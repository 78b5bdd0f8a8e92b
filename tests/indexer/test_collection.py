"""The directory: what survives, what heals, what is refused, and what readers see."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer import background, folding, generation
from indexer import manifest as manifest_module
from indexer.change import Change
from indexer.collection import Collection
from indexer.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionForeign,
    CollectionMismatch,
    CollectionMissing,
)
from indexer.filters import Filters
from indexer.ingest import ingest
from indexer.manifest import FileFacts, Manifest
from indexer.paper import Paper
from indexer.report import Report
from tests.toys import PAPERS, ToyEncoder


def everything(collection: Collection) -> dict[str, Paper]:
    return {paper.id: paper for paper in collection.snapshot().store.browse(Filters(), 1000, 0)}


def found(collection: Collection, text: str) -> set[str]:
    """Ids that have a word of a text, by the lexical index."""
    snapshot = collection.snapshot()
    keys, _ = snapshot.lexical.search(snapshot.lexical.terms(text), 1000)
    return set(snapshot.store.ids(keys.tolist()).values())


class Changes(RuleBasedStateMachine):
    """Any sequence of additions, updates, removals, rebuilds and reopenings leaves what a dictionary would hold."""

    ids = st.sampled_from([f"p{i}" for i in range(6)])
    titles = st.sampled_from(["speech", "emotion", "face", "graph", "speech emotion", "graph face"])

    @initialize()
    def start(self) -> None:
        import tempfile

        self.root = Path(tempfile.mkdtemp())
        self.encoder = ToyEncoder()
        self.collection = Collection.create(self.root / "c", self.encoder.identity)
        self.papers: dict[str, Paper] = {}

    @rule(changes=st.lists(st.tuples(ids, titles, st.integers(0, 3)), min_size=1, max_size=4))
    def write(self, changes: list[tuple[str, str, int]]) -> None:
        papers = [Paper(i, title, upvotes=votes) for i, title, votes in changes]
        self.papers |= {paper.id: paper for paper in reversed(papers)}  # the first record of an id stands
        ingest(self.collection, self.encoder, papers, Report())

    @rule(ids=st.lists(ids, max_size=3))
    def remove(self, ids: list[str]) -> None:
        with self.collection.writing("test") as writer:
            assert writer.remove(ids) == len(self.papers.keys() & set(ids))
        for paper_id in ids:
            self.papers.pop(paper_id, None)

    @rule()
    def reopen(self) -> None:
        self.collection = Collection(self.root / "c")

    @rule()
    def rebuild(self) -> None:
        with self.collection.writing("test") as writer:
            writer.rebuild()

    @invariant()
    def same_as_a_dictionary(self) -> None:
        assert everything(self.collection) == self.papers
        snapshot = self.collection.snapshot()
        assert snapshot.papers == len(self.papers)
        for word in ("speech", "graph"):
            assert found(self.collection, word) == {p.id for p in self.papers.values() if word in p.title}
            keys, scores = snapshot.dense.search(self.encoder.encode_query(word), 1000)
            ids = snapshot.store.ids(keys.tolist())
            assert {ids[k] for k in keys.tolist()} == self.papers.keys()
            for key, score in zip(keys.tolist(), scores.tolist(), strict=True):
                words = self.papers[ids[key]].title.split()
                assert score == pytest.approx((word in words) / len(words) ** 0.5, abs=1e-3)

    def teardown(self) -> None:
        if hasattr(self, "root"):
            assert self.collection.verify() == []
            shutil.rmtree(self.root)


class ChangesInALargeCollection(Changes):
    """The same with the limits moved down, so that segments, shared files and residue are used from the first paper."""

    @invariant()
    def limits_are_down(self) -> None:
        assert (generation.SMALL, folding.INLINE, generation.RESIDUE_SMALL) == (0, 0, 0)

    @rule()
    def tidy(self) -> None:
        with self.collection.writing("test") as writer:
            writer.tidy()
        segments = self.collection.snapshot().dense.segments
        assert all(before.live >= folding.GROWTH * after.live for before, after in pairwise(segments))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "SMALL", 0)
    monkeypatch.setattr(folding, "INLINE", 0)
    monkeypatch.setattr(generation, "RESIDUE_SMALL", 0)
    monkeypatch.setattr(generation, "RESIDUE_SHARE", 2.0)


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=12, stateful_step_count=10, deadline=None)
TestChangesInALargeCollection = pytest.mark.usefixtures("large")(ChangesInALargeCollection.TestCase)
TestChangesInALargeCollection.settings = settings(max_examples=12, stateful_step_count=10, deadline=None)


def test_equal_content_has_an_equal_fingerprint(tmp_path: Path, encoder: ToyEncoder) -> None:
    """The fingerprint names what the collection holds, not how it came: order and detours do not matter."""
    one, two = (Collection.create(tmp_path / name, encoder.identity) for name in ("one", "two"))
    ingest(one, encoder, PAPERS, Report())
    ingest(two, encoder, [replace(PAPERS[3], title="graph"), PAPERS[2], Paper("gone", "graph")], Report())
    assert one.snapshot().fingerprint != two.snapshot().fingerprint
    with two.writing("test") as writer:
        writer.remove(["gone"])
    ingest(two, encoder, [PAPERS[3], PAPERS[1], PAPERS[0]], Report())
    assert one.snapshot().fingerprint == two.snapshot().fingerprint


@pytest.mark.usefixtures("large")
def test_history_shows_in_the_fingerprint_while_it_weighs(tmp_path: Path, encoder: ToyEncoder) -> None:
    """While dropped papers still weigh in the word statistics the fingerprint differs; made anew it is equal."""
    one, two = (Collection.create(tmp_path / name, encoder.identity) for name in ("one", "two"))
    ingest(one, encoder, PAPERS, Report())
    ingest(two, encoder, [*PAPERS, Paper("gone", "graph")], Report())
    with two.writing("test") as writer:
        writer.remove(["gone"])
    assert one.snapshot().fingerprint != two.snapshot().fingerprint
    with two.writing("test") as writer:
        writer.rebuild()
    assert one.snapshot().fingerprint == two.snapshot().fingerprint


def test_a_snapshot_never_changes(collection: Collection) -> None:
    """A question that began before a change is answered from the state before it, in every part."""
    before = collection.snapshot()
    with collection.writing("test") as writer:
        writer.remove(["a"])
    assert collection.snapshot().papers == 3
    assert (before.papers, before.store.paper("a").title) == (4, "speech")
    keys, _ = before.lexical.search(["speech"], 10)
    assert set(before.store.ids(keys.tolist()).values()) == {"a", "c"}


def test_another_process_is_seen(collection: Collection) -> None:
    """A paper that another process adds is in the next snapshot, without reopening."""
    assert "new" not in everything(collection)
    program = (
        "from pathlib import Path; from indexer.collection import Collection; from indexer.ingest import ingest;"
        "from indexer.paper import Paper; from indexer.report import Report; from tests.toys import ToyEncoder;"
        f"ingest(Collection(Path({str(collection.directory)!r})), ToyEncoder(), [Paper('new', 'graph')], Report())"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert everything(collection)["new"].title == "graph"
    assert found(collection, "graph") == {"new"}


def test_old_index_directories_are_removed(collection: Collection) -> None:
    """One directory of indexes is left, the one that the manifest names."""
    manifest = Manifest.load(collection.directory)
    assert manifest is not None
    assert [path.name for path in collection.directory.glob("index-*")] == [manifest.directory]


@pytest.mark.usefixtures("large")
def test_shared_files_are_never_written_again(collection: Collection, encoder: ToyEncoder) -> None:
    """A new generation shares files with the old one; the old one's bytes stay as they were."""
    old = collection.directory / _manifest(collection).directory
    kept = collection.directory.parent / "kept"
    shutil.copytree(old, kept, copy_function=lambda a, b: Path(b).hardlink_to(a))
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file() and path.suffix != ".lock"}
    ingest(collection, encoder, [Paper("new", "graph"), replace(PAPERS[0], title="graph")], Report())
    assert {path: path.read_bytes() for path in before} == before
    shared = [path for path in before if path.stat().st_nlink > 1]
    assert shared, "nothing was shared: the change cost a full copy"


@pytest.mark.usefixtures("large")
def test_a_server_tidies_up_afterwards(collection: Collection, encoder: ToyEncoder) -> None:
    """Changes that wait for no fold pile up as segments; tidying makes them one, and answers stay the same."""
    for number in range(5):
        ingest(collection, encoder, [Paper(f"new {number}", "graph")], Report(), tidy=False)
    before = collection.snapshot()
    assert [each.facts.papers for each in before.dense.segments] == [4, 1, 1, 1, 1, 1]
    collection.tidy()
    after = collection.snapshot()
    assert [each.facts.papers for each in after.dense.segments] == [9]
    assert (after.fingerprint, after.sequence) == (before.fingerprint, before.sequence)
    collection.tidy()
    assert collection.snapshot() is after, "there is nothing more to do"
    assert collection.verify() == []


# Damage: what is derived heals by itself, the truth does not


def _manifest(collection: Collection) -> Manifest:
    manifest = Manifest.load(collection.directory)
    assert manifest is not None
    return manifest


def _dense(directory: Path) -> Path:
    return next(directory.glob("index-*/dense/*.rows"))


def _segment(directory: Path) -> Path:
    return next(directory.glob("index-*/lexical/*.term"))


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


DERIVED: dict[str, Callable[[Path], object]] = {
    "no manifest": lambda d: (d / "manifest.json").unlink(),
    "empty manifest": lambda d: (d / "manifest.json").write_text(""),
    "foreign manifest": lambda d: (d / "manifest.json").write_text(json.dumps({"files": {}})),
    "manifest is a list": lambda d: (d / "manifest.json").write_text("[]"),
    "no indexes": lambda d: shutil.rmtree(next(d.glob("index-*"))),
    "no dense file": lambda d: _dense(d).unlink(),
    "truncated dense file": lambda d: _dense(d).write_bytes(_dense(d).read_bytes()[:-7]),
    "flipped dense file": lambda d: _flip(_dense(d)),
    "no segment": lambda d: _segment(d).unlink(),
    "flipped segment": lambda d: _flip(_segment(d)),
    "flipped word list": lambda d: _flip(next(d.glob("index-*/lexical/meta.json"))),
}


@pytest.mark.parametrize("damage", DERIVED.values(), ids=DERIVED.keys())
def test_derived_damage_heals(collection: Collection, damage: Callable[[Path], object]) -> None:
    """A derived file that is missing or altered is made anew from the truth on opening; nothing is lost."""
    fingerprint = collection.snapshot().fingerprint
    damage(collection.directory)
    (problem,) = Collection(collection.directory).verify()
    assert "paperkin rebuild" in problem
    reopened = Collection(collection.directory)
    assert reopened.snapshot().fingerprint == fingerprint
    assert everything(reopened) == {paper.id: paper for paper in PAPERS}
    assert found(reopened, "speech") == {"a", "c"}
    assert reopened.verify() == []


@pytest.mark.parametrize("name", ["background.bin", "lexical/meta.json"])
def test_damage_that_a_writer_meets_heals(
    collection: Collection, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In a large collection files are not compared with their checksums on opening: a change that meets damage in one
    makes the indexes anew, and the collection goes on."""
    monkeypatch.setattr(manifest_module, "EAGER_BYTES", 0)
    monkeypatch.setattr(background, "SMALL", 0)
    monkeypatch.setattr(generation, "RESIDUE_SMALL", 0)
    path = next(collection.directory.glob(f"index-*/{name}"))
    path.write_bytes(b"\xff" * path.stat().st_size)
    ingest(collection, encoder, [Paper("new", "graph")], Report())
    assert found(collection, "graph") == {"new"}
    assert collection.verify() == []


@pytest.mark.usefixtures("large")
def test_a_change_leaves_a_large_fold_to_tidying(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A removal by which a large segment becomes due for writing anew does not write it: nobody waits for that."""
    monkeypatch.setattr(folding, "INLINE", 1)
    monkeypatch.setattr(folding, "STALE_SHARE", 0.1)
    with collection.writing("test") as writer:
        writer.remove(["a"])
    assert [each.facts.papers for each in collection.snapshot().dense.segments] == [4]
    collection.tidy()
    assert [each.facts.papers for each in collection.snapshot().dense.segments] == [3]


def test_a_commit_without_indexes_is_caught_up(collection: Collection, encoder: ToyEncoder) -> None:
    """Killed between the commit and its indexes, the next reader finds every committed paper in both indexes."""
    with collection.writing("test") as writer, writer.store.transaction():
        writer.store.apply([Change.of(Paper("late", "graph"), encoder.encode(["graph"])[0].astype(np.float16))])
    assert found(collection, "graph") == {"late"}
    assert collection.snapshot().papers == 5


def test_a_restored_database_gets_its_own_indexes(collection: Collection, encoder: ToyEncoder) -> None:
    """Put back from a copy, the papers are those of the copy, also where their sequence numbers have been used again
    for others: keys that the indexes know from before mean nothing."""
    truth, copy = collection.directory / "papers.db", collection.directory.parent / "copy.db"
    with closing(sqlite3.connect(truth)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copy(truth, copy)
    ingest(collection, encoder, [Paper("later", "graph")], Report())
    for rest in collection.directory.glob("papers.db-*"):
        rest.unlink()
    shutil.copy(copy, truth)
    assert "cover" in Collection(collection.directory).verify()[0]
    restored = Collection(collection.directory)
    assert found(restored, "graph") == set()
    ingest(restored, encoder, [Paper("other", "face")], Report())
    assert (found(restored, "graph"), found(restored, "face")) == (set(), {"10.1/d", "other"})
    assert everything(restored).keys() == {"a", "b", "c", "10.1/d", "other"}
    assert restored.verify() == []


def test_a_killed_create_can_be_done_again(tmp_path: Path, encoder: ToyEncoder) -> None:
    """What a create that was killed leaves behind does not make the directory someone else's."""
    for name in ("papers.db.making", "papers.db.making-journal", "writer.lock", "writer.json"):
        (tmp_path / name).write_text("half")
    with pytest.raises(CollectionMissing):
        Collection(tmp_path)
    assert Collection.create(tmp_path, encoder.identity).snapshot().papers == 0


def test_indexes_that_lie_are_made_anew(collection: Collection) -> None:
    """Files that agree with their checksums but are no indexes, as a stranger can make them, do not hang a reader."""
    manifest = _manifest(collection)
    _dense(collection.directory).write_bytes(b"junk")
    name = f"dense/{_dense(collection.directory).name}"
    files = dict(manifest.files) | {name: FileFacts(4, hashlib.sha256(b"junk").hexdigest())}
    replace(manifest, files=files).save(collection.directory)
    assert everything(Collection(collection.directory)).keys() == {"a", "b", "c", "10.1/d"}


def test_a_strangers_links_are_not_followed(collection: Collection, encoder: ToyEncoder) -> None:
    """Writing replaces links that stand under our names; what they point at, and a person's own folders, stay."""
    victim = collection.directory.parent / "victim"
    victim.write_text("precious")
    (collection.directory / "index-old").mkdir()
    for name in ("writer.json", "manifest.json"):
        (collection.directory / name).unlink(missing_ok=True)
        (collection.directory / name).symlink_to(victim)
    ingest(collection, encoder, [Paper("new", "graph")], Report())
    assert victim.read_text() == "precious"
    assert (collection.directory / "index-old").is_dir()
    assert found(collection, "graph") == {"new"}


def test_the_log_does_not_grow_for_ever(
    collection: Collection, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that is always there lets SQLite's log start anew once it is long."""
    monkeypatch.setattr("indexer.collection.MAX_WAL", 80_000)
    log = collection.directory / "papers.db-wal"
    sizes = []
    for i in range(40):
        ingest(collection, encoder, [Paper("a", f"speech {i}")], Report())
        assert everything(collection)["a"].title == f"speech {i}"
        sizes.append(log.stat().st_size)
    assert max(sizes) < 160_000
    assert any(after < before for before, after in pairwise(sizes))


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_a_broken_truth_is_told(collection: Collection, content: bytes) -> None:
    """A truth that is no database is an error that says to restore, and is left untouched."""
    truth = collection.directory / "papers.db"
    truth.write_bytes(content)
    with pytest.raises((CollectionDamaged, CollectionForeign)) as caught:
        Collection(collection.directory).snapshot()
    assert caught.value.next_step
    assert truth.read_bytes() == content


def test_a_lost_truth_is_told(collection: Collection) -> None:
    """Indexes without the papers are not a collection: the error says to restore."""
    (collection.directory / "papers.db").unlink()
    with pytest.raises(CollectionDamaged, match=r"lacks papers\.db.*Restore"):
        Collection(collection.directory)


def test_verify_finds_an_altered_record(collection: Collection) -> None:
    """One altered letter in a stored abstract is found by `verify`, which names the paper."""
    db = sqlite3.connect(collection.directory / "papers.db")
    db.execute("UPDATE paper SET record = replace(record, 'A face', 'A farce') WHERE id = '10.1/d'")
    db.commit()
    db.close()
    assert any("10.1/d" in problem for problem in collection.verify())


def test_missing_and_foreign_directories_are_told(tmp_path: Path, encoder: ToyEncoder) -> None:
    """Nothing there, an empty directory, someone else's files, a file: each has its own answer."""
    with pytest.raises(CollectionMissing, match="paperkin index"):
        Collection(tmp_path / "nowhere")
    with pytest.raises(CollectionMissing, match="paperkin index"):
        Collection(tmp_path)
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CollectionForeign, match="another directory"):
        Collection(tmp_path)
    with pytest.raises(CollectionForeign, match="another directory"):
        Collection.create(tmp_path, encoder.identity)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    with pytest.raises(CollectionForeign, match="is a file"):
        Collection(tmp_path / "thesis.tex")


def test_a_foreign_database_is_told(tmp_path: Path) -> None:
    """A database of another program under our file's name is not taken for ours."""
    db = sqlite3.connect(tmp_path / "papers.db")
    db.execute("CREATE TABLE meta (name TEXT, value TEXT)")
    db.close()
    with pytest.raises(CollectionForeign, match="something else"):
        Collection(tmp_path)


@pytest.mark.parametrize(("name", "value"), [("format", "99"), ("recipe", "title only")])
def test_another_format_is_told(collection: Collection, name: str, value: str) -> None:
    """A collection of another format or text recipe is not read; the error says how to go on."""
    with collection.writing("test") as writer, writer.store.transaction():
        writer.store.set_meta({name: value})
    with pytest.raises(CollectionMismatch, match="another directory"):
        Collection(collection.directory)


def test_another_model_is_told(collection: Collection) -> None:
    """Another model, or another dimension, is refused before anything is searched."""
    for other in (ToyEncoder("other"), ToyEncoder(dimension=7)):
        with pytest.raises(CollectionMismatch, match="Set the model to toy"):
            collection.expect(other.identity)


def test_rows_of_another_shape_are_refused(collection: Collection) -> None:
    """A row of another dimension never reaches the truth."""
    with collection.writing("test") as writer, pytest.raises(CollectionMismatch, match="shape"):
        writer.apply([Change.of(Paper("x", "speech"), np.zeros(3, dtype=np.float16))])
    assert "x" not in everything(collection)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path, encoder: ToyEncoder) -> None:
    """A path below a file cannot be a collection; the error names the setting that moves it."""
    (tmp_path / "file").touch()
    with pytest.raises(CollectionError, match="PAPERKIN_COLLECTION"):
        Collection.create(tmp_path / "file" / "collection", encoder.identity)
