"""Looking after a collection: backups are whole or refused, records come apart and together without loss."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from indexer import upkeep
from indexer.collection import Collection
from indexer.errors import (
    CollectionDamaged,
    CollectionError,
    CollectionForeign,
    CollectionMismatch,
    InvalidQuery,
    PaperkinError,
    PaperNotFound,
    UnreadableSource,
)
from indexer.identity import Record, fold_records
from indexer.ingest import ingest
from indexer.paper import Paper, to_line
from indexer.report import Report
from indexer.sources.registry import read
from tests.conftest import ROOT
from tests.indexer.test_paper import assert_helpful
from tests.toys import PAPERS, ToyEncoder

TITLE: Final = "How people tell emotion from speech alone"
DOI: Final = "doi:10.5555/x"
FIRST: Final = Paper("first", TITLE, identifiers=(DOI,), source="acl-anthology", authors=("Ada Lovelace",))
SECOND: Final = Paper(
    "second", TITLE, "Of speech.", identifiers=(DOI,), source="openalex", venue="A journal", upvotes=3
)


def contents(collection: Collection) -> dict[str, Paper]:
    snapshot = collection.snapshot()
    return {paper.id: paper for paper in snapshot.store.all_papers()}


def records_of(collection: Collection, name: str) -> dict[tuple[str, str], Record]:
    snapshot = collection.snapshot()
    key, _ = snapshot.store.find(name)
    return {record.name: record for record in snapshot.store.entries([key])[key].records}


def dense_ids(collection: Collection) -> set[str]:
    snapshot = collection.snapshot()
    keys, _ = snapshot.dense.search(ToyEncoder().encode_query("speech"), 1000)
    return set(snapshot.store.ids(keys.tolist()).values())


def refusal(kind: type[PaperkinError], *arguments: Any, **options: Any) -> PaperkinError:
    """The error of `backup` or `restore`, the first of the arguments."""
    work, *rest = arguments
    with pytest.raises(kind) as caught:
        work(*rest, **options)
    assert_helpful(caught.value)
    return caught.value


@pytest.fixture
def backup(collection: Collection, tmp_path: Path) -> Path:
    """A backup of the toy papers."""
    file = tmp_path / "papers.backup"
    assert upkeep.backup(collection, file) == len(PAPERS)
    return file


# Backups


def test_a_backup_is_one_file_that_restores(collection: Collection, backup: Path, tmp_path: Path) -> None:
    """The file alone makes the collection again: the same papers, rows and records, searchable, and well."""
    assert not list(tmp_path.glob("papers.backup?*"))
    restored = upkeep.restore(backup, tmp_path / "restored")
    assert contents(restored) == contents(collection)
    assert restored.snapshot().fingerprint == collection.snapshot().fingerprint
    assert restored.identity == collection.identity
    assert dense_ids(restored) == {paper.id for paper in PAPERS}
    assert restored.verify() == []
    ingest(restored, ToyEncoder(), [Paper("new", "graph")], Report())
    assert contents(restored).keys() - contents(collection).keys() == {"new"}
    assert {path.name for path in restored.directory.glob("*.making*")} == set()


def test_a_restored_collection_encodes_nothing(collection: Collection, backup: Path, tmp_path: Path) -> None:
    """What was encoded once comes back with the backup: importing the same papers again does nothing."""
    encoder, report = ToyEncoder(), Report()
    ingest(upkeep.restore(backup, tmp_path / "restored"), encoder, PAPERS, report)
    assert (encoder.encoded, report.unchanged) == ([], len(PAPERS))
    assert contents(collection) == {paper.id: paper for paper in PAPERS}


def test_nothing_removed_is_in_a_backup(collection: Collection, tmp_path: Path) -> None:
    """A backup holds the papers and not what was removed before, even where the collection is not compact."""
    ingest(collection, ToyEncoder(), [Paper("secret", "graph", "Nobody may read this sentence.")], Report())
    with collection.writing("remove") as writer:
        writer.remove(["secret"])
    upkeep.backup(collection, tmp_path / "b")
    assert b"Nobody may read" not in (tmp_path / "b").read_bytes()


def test_an_empty_collection_is_kept_too(empty: Collection, tmp_path: Path) -> None:
    """No papers are a state like any other."""
    assert upkeep.backup(empty, tmp_path / "b") == 0
    restored = upkeep.restore(tmp_path / "b", tmp_path / "restored")
    assert contents(restored) == {}
    assert restored.verify() == []


WRITE: Final = """
import sys; from pathlib import Path; from indexer.collection import Collection; from indexer.ingest import ingest
from indexer.paper import Paper; from indexer.report import Report; from tests.toys import ToyEncoder
collection, n = Collection(Path(sys.argv[1])), 0
while True:
    papers = [Paper(f"{half}-{n}", f"graph {n} {half}") for half in ("left", "right")]
    ingest(collection, ToyEncoder(), papers, Report())
    n += 1; print(n, flush=True)
"""


def test_a_backup_while_another_process_writes(collection: Collection, tmp_path: Path) -> None:
    """A backup holds one state, whatever is written meanwhile: all that was safe before, and no half of a change."""
    command = [sys.executable, "-c", WRITE, str(collection.directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for number in range(4):
                safe = int(process.stdout.readline())
                upkeep.backup(collection, tmp_path / f"b{number}")
                held = contents(upkeep.restore(tmp_path / f"b{number}", tmp_path / f"r{number}"))
                left, right = ({i.partition("-")[2] for i in held if i.startswith(half)} for half in ("left", "right"))
                assert left == right
                assert left >= {str(n) for n in range(safe)}
                assert Collection(tmp_path / f"r{number}").verify() == []
        finally:
            process.kill()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9999])
def test_a_truncated_backup_is_refused(backup: Path, tmp_path: Path, share: float) -> None:
    """A backup that was cut off is refused under its own name; the directory stays free for another."""
    data = backup.read_bytes()
    backup.write_bytes(data[: int((len(data) - 4096) * share)])  # the last page may have nothing at its end
    error = refusal(PaperkinError, upkeep.restore, backup, tmp_path / "restored")
    assert isinstance(error, CollectionDamaged | UnreadableSource)
    assert str(backup) in error.message
    assert "making" not in error.message
    backup.write_bytes(data)
    assert upkeep.restore(backup, tmp_path / "restored").verify() == []


def test_an_altered_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    """A letter or a number that was altered is found before anything is made of it, and the paper is named."""
    good = backup.read_bytes()
    for place, what in ((good.index(b"A face shows"), "10.1/d"), (good.index(b"Ada Love"), "'a'")):
        backup.write_bytes(good[:place] + b"X" + good[place + 1 :])
        error = refusal(CollectionDamaged, upkeep.restore, backup, tmp_path / "restored")
        assert str(backup) in error.message
        assert what in error.message
        assert not (tmp_path / "restored" / "papers.db").exists()
        assert not list((tmp_path / "restored").glob("papers.db*"))


def test_a_page_of_zeros_in_a_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    """Whichever page of the file was lost: it is refused, or nothing was in that page."""
    good = backup.read_bytes()
    for number, start in enumerate(range(0, len(good), 4096)):
        backup.write_bytes(good[:start] + bytes(4096) + good[start + 4096 :])
        place = tmp_path / f"restored{number}"
        if start == 0:
            refusal(UnreadableSource, upkeep.restore, backup, place)
            continue
        try:
            restored = upkeep.restore(backup, place)
        except CollectionDamaged as error:
            told = error
        else:
            assert contents(restored) == {paper.id: paper for paper in PAPERS}
            continue
        assert str(backup) in told.message
        assert_helpful(told)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'{"title": "A paper"}\n', b"SQLite format 3\0" + bytes(100)])
def test_what_is_no_backup_is_told(tmp_path: Path, content: bytes) -> None:
    """An empty file, an archive, a list of papers, a mere beginning: the error says what to give instead."""
    file = tmp_path / "file"
    file.write_bytes(content)
    error = refusal(PaperkinError, upkeep.restore, file, tmp_path / "restored")
    assert isinstance(error, UnreadableSource | CollectionDamaged)
    assert str(file) in error.message
    assert "paperkin backup" in refusal(UnreadableSource, upkeep.restore, tmp_path / "none", tmp_path / "r").next_step


def test_another_programs_database_is_no_backup(tmp_path: Path) -> None:
    """A database of another program is neither restored nor overwritten."""
    file = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE bookmark (url TEXT)")
    before = file.read_bytes()
    assert "not a backup" in refusal(UnreadableSource, upkeep.restore, file, tmp_path / "restored").message
    collection = Collection.create(tmp_path / "collection", ToyEncoder().identity)
    refusal(CollectionError, upkeep.backup, collection, file, overwrite=True)
    assert file.read_bytes() == before


def test_a_backup_of_another_format_is_told(backup: Path, tmp_path: Path) -> None:
    """A backup of a later version says which version it needs, under its own name."""
    with closing(sqlite3.connect(backup)) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
        db.commit()
    error = refusal(CollectionMismatch, upkeep.restore, backup, tmp_path / "restored")
    assert str(backup) in error.message
    assert "99" in error.message


def test_restore_overwrites_nothing(collection: Collection, backup: Path, tmp_path: Path) -> None:
    """A directory that holds anything is refused: another collection, this one, someone's files; a file too."""
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    before = contents(collection)
    for place in (tmp_path / "thesis", collection.directory):
        assert "not empty" in refusal(CollectionForeign, upkeep.restore, backup, place).message
    refusal(CollectionError, upkeep.restore, backup, tmp_path / "thesis" / "thesis.tex")
    assert (tmp_path / "thesis" / "thesis.tex").read_text() == "years of work"
    assert contents(collection) == before


def test_only_a_backup_is_overwritten_and_only_if_asked(collection: Collection, backup: Path, tmp_path: Path) -> None:
    """A file that exists stays, unless it is an earlier backup and that may go; a failed backup leaves it."""
    old = backup.read_bytes()
    assert "exists" in refusal(CollectionError, upkeep.backup, collection, backup).message
    assert backup.read_bytes() == old
    letter = tmp_path / "letter"
    letter.write_text("Dear Ada")
    refusal(CollectionError, upkeep.backup, collection, letter, overwrite=True)
    assert letter.read_text() == "Dear Ada"
    ingest(collection, ToyEncoder(), [Paper("new", "graph")], Report())
    assert upkeep.backup(collection, backup, overwrite=True) == len(PAPERS) + 1
    assert contents(upkeep.restore(backup, tmp_path / "restored")).keys() == {p.id for p in PAPERS} | {"new"}


@pytest.mark.parametrize("own", [True, False])
def test_a_backup_never_replaces_a_collection(collection: Collection, tmp_path: Path, own: bool) -> None:
    """The database of a collection, this one or another, is not an earlier backup: it would lose what is in its log."""
    other = Collection.create(tmp_path / "other", ToyEncoder().identity)
    ingest(other, ToyEncoder(), [Paper("other", "graph")], Report())
    target = collection if own else other
    before = contents(target)
    refusal(CollectionError, upkeep.backup, collection, target.directory / "papers.db", overwrite=True)
    assert contents(Collection(target.directory)) == before
    assert target.verify() == []


def test_a_collection_in_use_is_no_backup(collection: Collection, tmp_path: Path) -> None:
    """The database of a collection that is open lacks what is in its log: restoring from it is refused."""
    with closing(sqlite3.connect(collection.directory / "papers.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        ingest(collection, ToyEncoder(), [Paper("latest", "graph")], Report())
        refusal(UnreadableSource, upkeep.restore, collection.directory / "papers.db", tmp_path / "restored")
    assert not (tmp_path / "restored" / "papers.db").exists()


def test_a_backup_that_cannot_be_written_is_told(collection: Collection, tmp_path: Path) -> None:
    """A directory that is not there is an error that names the file."""
    file = tmp_path / "nowhere" / "b"
    assert str(file) in refusal(CollectionError, upkeep.backup, collection, file).message


def test_what_a_killed_restore_left_is_not_read(backup: Path, tmp_path: Path) -> None:
    """Half a copy and the journal of another database, left by a kill, never become part of the next restore."""
    place = tmp_path / "restored"
    place.mkdir()
    other = Collection.create(tmp_path / "other", ToyEncoder().identity)
    ingest(other, ToyEncoder(), [Paper(f"o{n}", "graph") for n in range(50)], Report())
    upkeep.backup(other, tmp_path / "other.backup")
    with closing(sqlite3.connect(shutil.copy(tmp_path / "other.backup", place / "papers.db.making"))) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM paper")
        db.execute("PRAGMA cache_spill = 1")
        shutil.copytree(place, tmp_path / "left")
    assert upkeep.restore(backup, tmp_path / "left").verify() == []
    assert contents(Collection(tmp_path / "left")) == {paper.id: paper for paper in PAPERS}


# Export and import


def test_an_export_imports_to_the_same_papers(collection: Collection, tmp_path: Path) -> None:
    """Every paper written as a line and read again is the same paper, merged ones too."""
    encoder = ToyEncoder()
    ingest(
        collection, encoder, [FIRST, SECOND, Paper("odd", "Ünïcode \N{GRINNING FACE}", "Two\n\nparagraphs.")], Report()
    )
    before, file = contents(collection), tmp_path / "export.jsonl"
    file.write_text("".join(f"{to_line(paper)}\n" for paper in before.values()), encoding="utf-8")
    other, report = Collection.create(tmp_path / "other", encoder.identity), Report()
    ingest(other, encoder, read(file, report), report)
    assert contents(other) == before
    assert (report.read, report.added, report.counts["skipped"]) == (len(before), len(before), 0)
    assert other.snapshot().fingerprint == collection.snapshot().fingerprint


# Records apart and together


@pytest.fixture
def merged(empty: Collection) -> Iterator[Collection]:
    """One paper of two records, and another one."""
    ingest(empty, ToyEncoder(), [FIRST, SECOND, Paper("third", "face")], Report())
    assert contents(empty).keys() == {"first", "third"}
    yield empty
    assert empty.verify() == []
    assert dense_ids(empty) == contents(empty).keys()


def test_split_gives_back_both_papers(merged: Collection) -> None:
    """A record taken out is a paper of its own under its own id, and what is left is the other record's paper."""
    assert upkeep.split(merged, ToyEncoder(), "first", "openalex", "second") == "second"
    assert contents(merged) == {"first": FIRST, "second": SECOND, "third": Paper("third", "face")}
    assert records_of(merged, "second").keys() == {("openalex", "second")}
    assert records_of(merged, "first").keys() == {("acl-anthology", "first")}


def test_what_was_split_stays_apart(merged: Collection) -> None:
    """Neither the same records nor changed ones nor a third with the identifier bring the two together again."""
    upkeep.split(merged, ToyEncoder(), "first", "openalex", "second")
    report = Report()
    ingest(merged, ToyEncoder(), [FIRST, SECOND], report)
    assert (report.unchanged, report.merged) == (2, 0)
    ingest(merged, ToyEncoder(), [replace(SECOND, upvotes=9), replace(FIRST, comments=1)], Report())
    third = Paper("fourth", TITLE, identifiers=(DOI,), source="pubmed", authors=("Ada Lovelace",))
    ingest(merged, ToyEncoder(), [third], Report())
    assert contents(merged).keys() == {"first", "second", "third"}
    assert contents(merged)["second"] == replace(SECOND, upvotes=9)
    assert records_of(merged, "first").keys() == {("acl-anthology", "first"), ("pubmed", "fourth")}


def test_merge_is_undone_by_split(merged: Collection) -> None:
    """Two papers that a person makes one can be made two again, both exactly as they were."""
    before = contents(merged)
    assert upkeep.merge(merged, ToyEncoder(), "third", "first") == "third"
    assert contents(merged).keys() == {"third"}
    assert len(records_of(merged, "third")) == 3
    for source, name in (("acl-anthology", "first"), ("openalex", "second")):
        upkeep.split(merged, ToyEncoder(), "third", source, name)
    assert contents(merged) == {"third": before["third"], "first": FIRST, "second": SECOND}
    assert upkeep.merge(merged, ToyEncoder(), "first", "second") == "first"
    assert contents(merged) == before


def test_merged_records_keep_being_updated(merged: Collection) -> None:
    """A record that a person has joined to a paper stays there when its source changes it."""
    upkeep.merge(merged, ToyEncoder(), "first", "third")
    ingest(merged, ToyEncoder(), [Paper("third", "face", upvotes=7), FIRST, SECOND], Report())
    assert contents(merged).keys() == {"first"}
    assert records_of(merged, "first")["", "third"].paper.upvotes == 7


def test_merge_then_split_then_merge_by_any_name(merged: Collection) -> None:
    """Papers are named by their id, by an identifier in any form, or by the id that a source gave."""
    assert upkeep.merge(merged, ToyEncoder(), "third", "https://doi.org/10.5555/X") == "third"
    assert upkeep.split(merged, ToyEncoder(), "second", "openalex", "second") == "second"


def test_an_id_that_is_taken_is_not_taken_twice(merged: Collection) -> None:
    """A record whose id is that of the paper it is taken out of gets another one; the paper keeps its own."""
    new = upkeep.split(merged, ToyEncoder(), "first", "acl-anthology", "first")
    assert new != "first"
    assert contents(merged).keys() == {"first", new, "third"}
    assert contents(merged)[new] == replace(FIRST, id=new)
    assert contents(merged)["first"] == replace(SECOND, id="first")


@pytest.mark.parametrize(
    ("name", "source", "record", "kind"),
    [
        ("nobody", "acl-anthology", "first", PaperNotFound),
        ("first", "nowhere", "first", InvalidQuery),
        ("first", "openalex", "nothing", InvalidQuery),
        ("third", "", "third", InvalidQuery),
        ("\ud800", "", "third", PaperNotFound),
    ],
)
def test_split_says_what_is_wrong(
    merged: Collection, name: str, source: str, record: str, kind: type[PaperkinError]
) -> None:
    """An unknown paper, an unknown record, the only record: nothing changes, and the error says where to look."""
    before = contents(merged)
    refusal(kind, upkeep.split, merged, ToyEncoder(), name, source, record)
    assert contents(merged) == before


@pytest.mark.parametrize(
    ("name", "other", "kind"),
    [("nobody", "first", PaperNotFound), ("first", "nobody", PaperNotFound), ("first", "second", InvalidQuery)],
)
def test_merge_says_what_is_wrong(merged: Collection, name: str, other: str, kind: type[PaperkinError]) -> None:
    """An unknown paper, or two names of one paper: nothing changes."""
    before = contents(merged)
    refusal(kind, upkeep.merge, merged, ToyEncoder(), name, other)
    assert contents(merged) == before


def test_another_model_is_refused(merged: Collection) -> None:
    """A row of another model must not come in by these doors either."""
    for work in (upkeep.merge, upkeep.split):
        arguments = ("first", "third") if work is upkeep.merge else ("first", "openalex", "second")
        refusal(CollectionMismatch, work, merged, ToyEncoder("other"), *arguments)


class Upkeep(RuleBasedStateMachine):
    """Whatever is imported, taken apart, put together and removed, no record is lost and none is in two papers."""

    titles = st.sampled_from(["face", "graph", TITLE, f"{TITLE} and from faces"])
    names = st.tuples(st.sampled_from(["", "hf", "arxiv"]), st.sampled_from(["p", "q", "r"]))
    identifiers = st.lists(st.sampled_from([DOI, "doi:10.5555/y", "arxiv:2401.00001", "pmid:7"]), max_size=2)
    pick = st.integers(0, 100)

    @initialize()
    def start(self) -> None:
        memory = Path("/dev/shm")  # noqa: S108  nothing is killed here: what is safe need not be on a disk
        self.root = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.encoder = ToyEncoder()
        self.collection = Collection.create(self.root / "c", self.encoder.identity)
        self.known: set[tuple[str, str]] = set()

    def papers(self) -> list[str]:
        return sorted(contents(self.collection))

    @rule(records=st.lists(st.tuples(names, titles, identifiers, st.integers(0, 2)), min_size=1, max_size=3))
    def bring(self, records: list[tuple[tuple[str, str], str, list[str], int]]) -> None:
        papers = [
            Paper(
                name, title, identifiers=tuple(names), upvotes=votes, source=source or None, authors=("Ada Lovelace",)
            )
            for (source, name), title, names, votes in records
        ]
        report = Report(read=len(papers))
        ingest(self.collection, self.encoder, papers, report)
        self.known |= {Record(paper).name for paper in papers}
        assert report.added + report.updated + report.unchanged + report.merged + report.superseded == len(papers)

    @rule(pick=pick, other=pick)
    def take_apart(self, pick: int, other: int) -> None:
        if papers := self.papers():
            paper = papers[pick % len(papers)]
            records = sorted(records_of(self.collection, paper))
            source, name = records[other % len(records)]
            if len(records) == 1:
                with pytest.raises(InvalidQuery):
                    upkeep.split(self.collection, self.encoder, paper, source, name)
            else:
                new = upkeep.split(self.collection, self.encoder, paper, source, name)
                assert records_of(self.collection, new).keys() == {(source, name)}
                assert records_of(self.collection, new)[source, name].apart
                assert self.papers() == sorted([*papers, new])

    @rule(pick=pick, other=pick)
    def put_together(self, pick: int, other: int) -> None:
        if papers := self.papers():
            one, two = papers[pick % len(papers)], papers[other % len(papers)]
            if one == two:
                with pytest.raises(InvalidQuery):
                    upkeep.merge(self.collection, self.encoder, one, two)
            else:
                records = records_of(self.collection, one).keys() | records_of(self.collection, two).keys()
                assert upkeep.merge(self.collection, self.encoder, one, two) == one
                assert records_of(self.collection, one).keys() == records
                assert self.papers() == sorted(set(papers) - {two})

    @rule(pick=pick)
    def remove(self, pick: int) -> None:
        if papers := self.papers():
            paper = papers[pick % len(papers)]
            self.known -= records_of(self.collection, paper).keys()
            with self.collection.writing("remove") as writer:
                assert writer.remove([paper]) == 1

    @invariant()
    def nothing_is_lost(self) -> None:
        snapshot = self.collection.snapshot()
        entries = snapshot.store.entries(list(range(1, 500)))
        names = [record.name for entry in entries.values() for record in entry.records]
        assert len(names) == len(set(names))
        assert {source for source, _ in names} == {source for source, _ in self.known}
        assert len(names) >= len(self.known)  # a record whose title is another work's gets a name of its own
        assert self.known <= set(names)
        for entry in entries.values():
            assert entry.paper == fold_records(entry.paper.id, entry.records)
        assert dense_ids(self.collection) == {entry.paper.id for entry in entries.values()}
        assert snapshot.lexical.papers == snapshot.papers == len(entries)
        assert self.collection.verify() == []

    def teardown(self) -> None:
        if hasattr(self, "root"):
            shutil.rmtree(self.root)


TestUpkeep = Upkeep.TestCase
TestUpkeep.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
