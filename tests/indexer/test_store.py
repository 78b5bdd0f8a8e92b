"""The truth: what is stored, that it is whole or absent, and that damage does not pass for papers."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer.change import Change, text_hash
from indexer.errors import CollectionDamaged, CollectionError, CollectionForeign, PaperNotFound
from indexer.filters import Filters
from indexer.paper import Paper, to_line
from indexer.store import State, Store
from indexer.store_writer import StoreWriter
from tests.conftest import ROOT
from tests.indexer.test_paper import assert_helpful
from tests.toys import PAPERS, matching

EMPTY: Final = {"sequence": "0", "papers": "0", "fingerprint": "0"}


def encoded(paper: Paper, *row: float) -> Change:
    return Change.of(paper, np.array(row or (1, 0), dtype=np.float16))


def apply(store: StoreWriter, *papers: Paper) -> None:
    with store.transaction():
        store.apply([encoded(paper) for paper in papers])


def remove(store: StoreWriter, *ids: str) -> int:
    with store.transaction():
        return store.remove(ids)


def keys(store: Store, *ids: str) -> list[int]:
    found = store.lookup(ids)
    return [found[paper_id].key for paper_id in ids]


def contents(store: Store) -> dict[str, Paper]:
    return {paper.id: paper for paper in store.browse(Filters(), 10_000, 0)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Store.create(tmp_path / "papers.db", EMPTY)
    return tmp_path / "papers.db"


@pytest.fixture
def store(path: Path) -> Iterator[StoreWriter]:
    with closing(StoreWriter(path)) as store:
        yield store


# Papers come and go


def test_a_new_store_is_empty(store: StoreWriter) -> None:
    """Nothing is stored, no key was given, and all is well."""
    assert store.state() == State(0, 0, 0)
    assert (contents(store), store.last_key(), store.check(), store.meta()) == ({}, 0, [], EMPTY)


def test_papers_come_back_as_they_were(store: StoreWriter) -> None:
    """What is read is equal to what was given, with its hashes and its row, to the last bit of 16."""
    with store.transaction():
        store.apply([encoded(paper, i / 3, -0.5) for i, paper in enumerate(PAPERS)])
    assert contents(store) == {paper.id: paper for paper in PAPERS}
    for i, paper in enumerate(PAPERS):
        stored = store.lookup([paper.id])[paper.id]
        assert (stored.key, stored.content_hash, stored.text_hash) == (i + 1, paper.content_hash, text_hash(paper))
        assert store.paper(paper.id) == paper
        assert store.rows([stored.key])[stored.key].tolist() == [float(np.float16(i / 3)), -0.5]


def test_replacing_keeps_the_key(store: StoreWriter) -> None:
    """The indexes know a paper by its key, so an update keeps it, and nothing of the old record is found again."""
    old = Paper("a", "text-to-speech (TTS)", authors=("Ada",), categories=("cs.CL",), published="2024", source="x")
    apply(store, old, Paper("b", "face"))
    apply(store, Paper("a", "graph neural network (GNN)", authors=("Grace",), categories=("cs.LG",), source="y"))
    assert keys(store, "a", "b") == [1, 2]
    assert store.state().papers == 2
    gone = [
        Filters.of(author="ada"),
        Filters.of(category="cs.CL"),
        Filters.of(date_from="2024"),
        Filters.of(source="x"),
    ]
    kept = [Filters.of(author="grace"), Filters.of(category="cs.LG"), Filters.of(source="y")]
    assert [matching(store, filters) for filters in gone] == [[], [], [], []]
    assert [matching(store, filters) for filters in kept] == [[1], [1], [1]]
    assert store.long_forms("TTS") == []
    assert store.long_forms("gnn") == [("GNN", "graph neural network", 1)]
    assert store.check() == []


def test_a_key_is_never_used_twice(store: StoreWriter) -> None:
    """An index that has not yet heard of a removal must not give the old paper's place to a new one."""
    apply(store, Paper("a", "speech"), Paper("b", "face"))
    assert remove(store, "b") == 1
    apply(store, Paper("c", "graph"), Paper("b", "face"))
    assert keys(store, "a", "c", "b") == [1, 3, 4]
    assert store.last_key() == 4


def test_the_last_key_outlives_its_paper(store: StoreWriter) -> None:
    """The largest key ever given is known also when nothing is left."""
    apply(store, Paper("a", "speech"), Paper("b", "face"))
    remove(store, "a", "b")
    assert (store.last_key(), contents(store)) == (2, {})


def test_removing_counts_what_was_there(store: StoreWriter) -> None:
    """Unknown ids and repetitions are passed over, and a removal of nothing is no change."""
    apply(store, Paper("a", "speech"), Paper("b", "face"))
    before = store.state()
    assert remove(store, "x", "\udcff", "a\x00") == 0
    assert store.state() == before
    assert remove(store, "a", "x", "a") == 1
    assert list(contents(store)) == ["b"]
    with pytest.raises(PaperNotFound):
        store.paper("a")


def test_the_last_of_equal_ids_wins(store: StoreWriter) -> None:
    """One id twice in one change is one paper, as if the changes had come one after the other."""
    apply(store, Paper("a", "first"), Paper("a", "second"))
    assert (store.state().papers, store.paper("a").title, store.check()) == (1, "second", [])


def test_many_ids_at_once(store: StoreWriter) -> None:
    """SQLite takes a limited number of values in one question; 2,000 ids and keys are looked up all the same."""
    apply(store, *(Paper(f"p{i:04}", f"title {i}") for i in range(2_000)))
    ids = [f"p{i:04}" for i in range(2_000)]
    assert keys(store, *ids) == list(range(1, 2_001))
    assert len(store.lookup([*ids, "unknown", "\ud800"])) == 2_000
    assert store.ids(list(range(1, 2_001))) == dict(enumerate(ids, 1))
    assert len(store.papers(np.arange(1, 3_001, dtype=np.int64).tolist())) == 2_000
    assert len(store.rows([np.int64(key) for key in range(1, 2_001)])) == 2_000  # type: ignore[misc]
    assert [key for key, _, _ in store.texts()] == list(range(1, 2_001))
    assert store.lookup([]) == {}


@pytest.mark.parametrize("paper_id", ["unknown", "", "A", " a", "\udcff", "a\x00", "x" * 9_000])
def test_unknown_ids_are_told(store: StoreWriter, paper_id: str) -> None:
    """Whatever is asked for, also bytes that a terminal could not read, the answer is that there is no such paper."""
    apply(store, Paper("a", "speech"))
    with pytest.raises(PaperNotFound) as caught:
        store.paper(paper_id)
    assert caught.value.code == "paper_not_found"
    assert_helpful(caught.value)


def test_sources_and_acronyms_are_counted(store: StoreWriter) -> None:
    """Sources by size, then name; an acronym whatever its case, with the number of papers for each long form."""
    apply(
        store,
        Paper("a", "text-to-speech (TTS)", source="x"),
        Paper("b", "On text-to-speech (TTS)", source="y"),
        Paper("c", "text to sign (TTS)", source="y"),
        Paper("d", "face"),
    )
    assert list(store.sources().items()) == [("y", 2), ("", 1), ("x", 1)]
    assert sorted(store.long_forms("tts")) == [("TTS", "text to sign", 1), ("TTS", "text-to-speech", 2)]


# What an index needs to follow


def test_changes_since_a_sequence_number(store: StoreWriter) -> None:
    """An index that stands at a sequence number is told what to forget and what to read, by key."""
    apply(store, Paper("a", "speech"), Paper("b", "face"), Paper("c", "graph", abstract="Of faces."))  # 1
    apply(store, Paper("b", "emotion"))  # 2
    remove(store, "a")  # 3
    assert store.state().sequence == 3
    assert [store.changed(after).tolist() for after in range(4)] == [[1, 2, 3], [1, 2], [1], []]
    assert list(store.texts()) == [(2, "emotion", ""), (3, "graph", "Of faces.")]
    assert list(store.texts(1)) == [(2, "emotion", "")]
    assert [store.embeddings(2, after)[0].tolist() for after in range(4)] == [[2, 3], [2], [], []]


def test_embeddings_are_rows_by_key(store: StoreWriter) -> None:
    """Keys and rows come in the same order, with the right shape also where there are none."""
    with store.transaction():
        store.apply([encoded(Paper("z", "z"), 0.25, 0.5, 1), encoded(Paper("a", "a"), -1, 0, 0.125)])
    found, rows = store.embeddings(3)
    assert (found.tolist(), rows.tolist()) == ([1, 2], [[0.25, 0.5, 1], [-1, 0, 0.125]])
    assert store.embeddings(3, after=1)[1].shape == (0, 3)


# The fingerprint


def fingerprint_of(papers: Sequence[Change], step: int) -> int:
    """The fingerprint of a fresh store to which papers came in steps of some size."""
    with tempfile.TemporaryDirectory() as folder:
        Store.create(Path(folder) / "papers.db", EMPTY)
        with closing(StoreWriter(Path(folder) / "papers.db")) as store:
            for i in range(0, len(papers), step):
                with store.transaction():
                    store.apply(papers[i : i + step])
            return store.state().fingerprint


@settings(max_examples=10, deadline=None)
@given(st.permutations([encoded(paper) for paper in PAPERS]), st.integers(1, 4))
def test_the_fingerprint_does_not_depend_on_the_order(papers: list[Change], step: int) -> None:
    """Two collections with the same papers have the same fingerprint, however the papers came."""
    assert fingerprint_of(papers, step) == fingerprint_of([encoded(paper) for paper in PAPERS], 4)


@pytest.mark.parametrize(
    "changed",
    [
        encoded(replace(PAPERS[0], upvotes=1)),
        encoded(replace(PAPERS[0], title="speech.")),
        encoded(replace(PAPERS[0], id="A")),
        encoded(PAPERS[0], 1, 2**-24),
        encoded(PAPERS[0], -1, 0),
    ],
)
def test_the_fingerprint_tells_any_change(changed: Change) -> None:
    """One field, one letter of an id or the last bit of an embedding makes another fingerprint."""
    others = [encoded(paper) for paper in PAPERS[1:]]
    assert fingerprint_of([changed, *others], 4) != fingerprint_of([encoded(PAPERS[0]), *others], 4)


def test_the_fingerprint_goes_back(store: StoreWriter) -> None:
    """Undoing a change brings the old fingerprint back, and an empty store has 0; only the sequence goes on."""
    apply(store, *PAPERS)
    before = store.state()
    apply(store, replace(PAPERS[0], upvotes=9), Paper("new", "new"))
    assert store.state().fingerprint != before.fingerprint
    apply(store, PAPERS[0])
    remove(store, "new")
    assert store.state() == State(4, 4, before.fingerprint)
    remove(store, *(paper.id for paper in PAPERS))
    assert store.state() == State(5, 0, 0)


# Whole or absent


def test_a_transaction_is_whole_or_absent(store: StoreWriter) -> None:
    """An error half-way leaves the papers, the counters, the keys and the derived tables as they were."""
    apply(store, Paper("a", "speech", authors=("Ada",)))
    before = (store.state(), contents(store), store.last_key())

    def fail() -> None:
        with store.transaction():
            store.apply([encoded(Paper("a", "face")), encoded(Paper("b", "text-to-speech (TTS)"))])
            store.remove(["a"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (store.state(), contents(store), store.last_key()) == before
    assert matching(store, Filters.of(author="ada")) == [1]
    assert (store.long_forms("TTS"), store.changed(1).tolist(), store.check()) == ([], [], [])
    apply(store, Paper("b", "face"))
    assert keys(store, "b") == [2]


def test_a_process_that_ends_in_a_transaction_has_stored_nothing(path: Path) -> None:
    """Before the commit nothing is stored, however the process ends."""
    program = """if True:
        import os, sys
        from tests.indexer.test_store import Paper, Path, StoreWriter, encoded
        store = StoreWriter(Path(sys.argv[1]))
        with store.transaction():
            store.apply([encoded(Paper("a", "speech"))])
            os._exit(9)
    """
    assert subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=False).returncode == 9
    with closing(StoreWriter(path)) as again:
        assert (again.state(), contents(again), again.check()) == (State(0, 0, 0), {}, [])


def test_a_pinned_reader_stays_where_it_is(path: Path, store: StoreWriter) -> None:
    """A question that takes long is answered from one state, whatever is written meanwhile."""
    apply(store, Paper("a", "speech"), Paper("b", "face"))
    with closing(Store(path)) as reader:
        pinned = reader.pin()
        apply(store, Paper("a", "emotion"), Paper("c", "graph"))
        remove(store, "b")
        assert reader.state() == pinned == State(1, 2, pinned.fingerprint)
        assert {paper_id: paper.title for paper_id, paper in contents(reader).items()} == {"a": "speech", "b": "face"}
        assert (reader.last_key(), reader.keys().tolist()) == (2, [1, 2])
    with closing(Store(path)) as later:
        assert {paper_id: paper.title for paper_id, paper in contents(later).items()} == {"a": "emotion", "c": "graph"}
        assert later.pin() == store.state()


class Changes(RuleBasedStateMachine):
    """Any sequence of additions, replacements, removals and failures leaves what a dictionary would hold."""

    ids: Final = st.sampled_from("abcde")
    batches: Final = st.lists(
        st.builds(
            Change.of,
            st.builds(
                Paper, ids, st.sampled_from(["speech", "face (F1)", "text to speech (TTS)"]), upvotes=st.integers(0, 2)
            ),
            st.sampled_from([np.array([1, 0], np.float16), np.array([0, 1], np.float16)]),
        ),
        min_size=1,
        max_size=4,
    )

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "papers.db"
        Store.create(self.path, EMPTY)
        self.store = StoreWriter(self.path)
        self.model: dict[str, Change] = {}
        self.keys: dict[str, int] = {}
        self.touched: dict[int, int] = {}
        self.sequence = 0

    @rule(batch=batches)
    def apply(self, batch: list[Change]) -> None:
        with self.store.transaction():
            self.store.apply(batch)
        self.sequence += 1
        largest = max(self.touched, default=0)
        stored = self.store.lookup([entry.paper.id for entry in batch])
        for entry in batch:
            paper_id = entry.paper.id
            if paper_id not in self.keys:
                assert stored[paper_id].key > largest, "keys only grow"
                self.keys[paper_id] = stored[paper_id].key
            self.model[paper_id] = entry
            self.touched[self.keys[paper_id]] = self.sequence

    @rule(ids=st.lists(ids, max_size=3))
    def remove(self, ids: list[str]) -> None:
        known = set(ids) & self.model.keys()
        with self.store.transaction():
            assert self.store.remove(ids) == len(known)
        self.sequence += bool(known)
        for paper_id in known:
            del self.model[paper_id]
            self.touched[self.keys.pop(paper_id)] = self.sequence

    @rule(batch=batches)
    def fail(self, batch: list[Change]) -> None:
        with suppress(ZeroDivisionError), self.store.transaction():
            self.store.apply(batch)
            self.store.remove([batch[0].paper.id])
            raise ZeroDivisionError

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = StoreWriter(self.path)

    @invariant()
    def holds_what_the_dictionary_holds(self) -> None:
        """Papers, rows, keys, counters and the list of changes agree, and the file is well."""
        state = self.store.state()
        assert (state.sequence, state.papers) == (self.sequence, len(self.model))
        assert contents(self.store) == {paper_id: entry.paper for paper_id, entry in self.model.items()}
        stored = self.store.lookup(list("abcde"))
        assert {paper_id: facts.key for paper_id, facts in stored.items()} == self.keys
        rows = self.store.rows(list(self.keys.values()))
        assert all(rows[self.keys[i]].tobytes() == np.asarray(entry.row).tobytes() for i, entry in self.model.items())
        for after in {0, self.sequence - 1}:
            assert self.store.changed(after).tolist() == sorted(k for k, at in self.touched.items() if at > after)
        assert self.store.last_key() >= max(self.touched, default=0)
        defined = sum(entry.paper.title.endswith("(TTS)") for entry in self.model.values())
        assert self.store.long_forms("tts") == ([("TTS", "text to speech", defined)] if defined else [])
        assert self.store.check() == []

    def teardown(self) -> None:
        fresh = sorted(self.model.values(), key=lambda entry: entry.paper.id)
        assert self.store.state().fingerprint == fingerprint_of(fresh, 9)
        self.store.close()
        self.folder.cleanup()


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)


# Damage


def damage(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE paper SET record = replace(record, 'speech', 'speecg') WHERE id = 'a'", "embedding of 'a' is damaged"),
        ("UPDATE paper SET record = CAST(x'7bff' AS TEXT) WHERE id = 'a'", "embedding of 'a' is damaged"),
        ("UPDATE paper SET content_hash = x'00' WHERE id = 'a'", "embedding of 'a' is damaged"),
        ("DELETE FROM embedding WHERE key = 1", "embedding of 'a' is damaged"),
        ("UPDATE embedding SET row = x'00000000' WHERE key = 1", "do not agree with the collection's fingerprint"),
        ("UPDATE paper SET id = 'A' WHERE id = 'a'", "do not agree with the collection's fingerprint"),
        ("DELETE FROM paper WHERE id = 'a'", "do not agree with the collection's fingerprint"),
        ("UPDATE meta SET value = '5' WHERE name = 'papers'", "do not agree with the collection's fingerprint"),
    ],
)
def test_damage_is_found(path: Path, statement: str, problem: str) -> None:
    """Each thing that can differ from what was stored is found by reading everything, and named."""
    with closing(StoreWriter(path)) as store:
        apply(store, *PAPERS)
        assert store.check() == []
    damage(path, "PRAGMA foreign_keys = ON", statement)
    with closing(StoreWriter(path)) as store:
        problems = store.check()
    assert any(problem in found for found in problems), problems


def test_a_flipped_bit_of_the_file_is_found(path: Path) -> None:
    """One bit of a record, changed on the disk itself, is found, whichever it is."""
    with closing(StoreWriter(path)) as store:
        apply(store, *PAPERS)
    whole = path.read_bytes()
    at = whole.index(to_line(PAPERS[3]).encode())
    for i, place in enumerate(range(at, at + len(to_line(PAPERS[3])), 17)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << i % 8)]) + whole[place + 1 :])
        with closing(StoreWriter(path)) as store:
            assert "the record or the embedding of '10.1/d' is damaged" in store.check()
    path.write_bytes(whole)
    with closing(StoreWriter(path)) as store:
        assert store.check() == []


@pytest.mark.parametrize(
    "record",
    ['{"id": "a"', "[]", '{"id": "a", "titel": "speech"}', '{"id": "a", "title": ""}', '{"id": "a", "title": 5}'],
)
def test_a_damaged_record_is_no_paper(path: Path, record: str) -> None:
    """A record that no longer is a paper is the collection's damage, and not the asker's mistake."""
    with closing(StoreWriter(path)) as store:
        apply(store, *PAPERS)
    damage(path, f"UPDATE paper SET record = '{record}' WHERE id = 'a'")  # noqa: S608
    reads: list[Callable[[Store], object]] = [
        lambda store: store.paper("a"),
        lambda store: store.papers([1]),
        lambda store: store.browse(Filters(), 9, 0),
        lambda store: list(store.texts()),
    ]
    with closing(Store(path)) as reader:
        for read in reads:
            with pytest.raises(CollectionDamaged, match="damaged") as caught:
                read(reader)
            assert_helpful(caught.value)
        assert reader.paper("b") == PAPERS[1]


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        (b"These are my notes.\n" * 100, CollectionDamaged, "collection_damaged"),
        (b"SQLite format 3\x00" + b"\xff" * 4_080, CollectionDamaged, "collection_damaged"),
        (b"", CollectionForeign, "collection_foreign"),
    ],
)
def test_what_is_no_database_is_told_and_left_alone(
    tmp_path: Path, content: bytes, error: type[CollectionError], code: str
) -> None:
    """A file of something else gives an error with a way out, and not a byte of it changes."""
    path = tmp_path / "papers.db"
    path.write_bytes(content)

    def read() -> None:
        with closing(Store(path)) as store:
            store.state()

    with pytest.raises(CollectionError) as caught:
        read()
    assert (type(caught.value), caught.value.code) == (error, code)
    assert_helpful(caught.value)
    assert path.read_bytes() == content


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    """Opening what is not there is an error, and leaves no empty database behind."""
    with pytest.raises(CollectionError) as caught:
        Store(tmp_path / "papers.db")
    assert caught.value.code == "collection_error"
    assert_helpful(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["fingerprint", "papers", "sequence"])
@pytest.mark.parametrize("value", ["NULL", "'x'"])
def test_lost_counters_are_damage(path: Path, name: str, value: str) -> None:
    """Without its counters a store does not know what it holds."""
    statement = "DELETE FROM meta" if value == "NULL" else f"UPDATE meta SET value = {value}"  # noqa: S608
    damage(path, f"{statement} WHERE name = '{name}'")
    with closing(Store(path)) as store, pytest.raises(CollectionDamaged, match="lacks its counters") as caught:
        store.state()
    assert_helpful(caught.value)


def test_removed_papers_leave_no_trace(path: Path) -> None:
    """What is removed is overwritten on the disk: a collection that is handed on must not hold it."""
    with closing(StoreWriter(path)) as store:
        apply(store, Paper("a", "a very secret title"), Paper("b", "face"))
    assert b"very secret" in path.read_bytes()
    with closing(StoreWriter(path)) as store:
        remove(store, "a")
    assert b"very secret" not in path.read_bytes()
