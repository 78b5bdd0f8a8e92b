"""Keys and votes: one vote a key, undoable, and nothing of a key on the disk."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.database import Database
from indexer.errors import CollectionError, InvalidInput, UnreadableSource
from indexer.readers import READERS, Readers
from indexer.upkeep import backup_readers, restore_readers


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    return Readers.open(tmp_path)


def test_a_key_is_known_by_its_hash_alone(tmp_path: Path, readers: Readers) -> None:
    """The key is told once; the file, which only its owner may read, does not hold it."""
    key = readers.add_key("Ada")
    assert readers.reader_of(key) == "Ada"
    assert readers.reader_of(key + "x") is None
    assert readers.reader_of("\udcff") is None
    readers.shorten_log()
    assert key.encode() not in (tmp_path / READERS).read_bytes()
    assert stat.S_IMODE((tmp_path / READERS).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "  ", "owner", "x" * 101, "a\x00b"])
def test_a_name_must_be_one(readers: Readers, name: str) -> None:
    """Blank, too long, unprintable, or that of the owner."""
    with pytest.raises(InvalidInput):
        readers.add_key(name)


def test_a_name_has_one_key(readers: Readers) -> None:
    """A second key for a name is refused; once the first is removed, its votes are gone and the name is free."""
    key = readers.add_key("Ada")
    with pytest.raises(InvalidInput, match="There is a key for 'Ada' already"):
        readers.add_key(" Ada ")
    readers.vote("a", "Ada")
    assert [name for name, _ in readers.holders()] == ["Ada"]
    assert readers.remove_key("Ada")
    assert not readers.remove_key("Ada")
    assert (readers.reader_of(key), readers.votes(), readers.holders()) == (None, {}, [])
    readers.add_key("Ada")


def test_the_secret_stays(tmp_path: Path, readers: Readers) -> None:
    """Links stay valid when the program is started again, and several programs that begin at once agree."""
    assert Readers.open(tmp_path).secret == readers.secret
    other = tmp_path / "other"
    other.mkdir()
    with ThreadPoolExecutor(4) as pool:
        assert len({one.secret for one in pool.map(Readers.open, [other] * 8)}) == 1


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """Told in a sentence."""
    with pytest.raises(CollectionError, match=r"cannot be written: No such file or directory\."):
        Readers.open(tmp_path / "nowhere")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.sampled_from(["Ada", "Bo", "Cy"])), max_size=30))
def test_votes_are_a_set(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, str, str]]) -> None:
    """Whatever is voted and taken back, in any order: a reader has voted for a paper or has not."""
    readers = Readers.open(tmp_path_factory.mktemp("votes"))
    expected: set[tuple[str, str]] = set()
    for up, paper, voter in steps:
        changed = readers.vote(paper, voter) if up else readers.take_back([paper, "another id"], voter)
        assert changed == (((paper, voter) in expected) != up)
        (expected.add if up else expected.discard)((paper, voter))
    assert {(paper, voter) for paper, voters in readers.votes().items() for voter in voters} == expected
    readers.close()


def test_readers_are_backed_up_apart(tmp_path: Path, readers: Readers) -> None:
    """Into a file for the owner alone; put back, keys and votes are as they were, and links stay valid."""
    key = readers.add_key("Ada")
    readers.vote("a", "Ada")
    backup_readers(tmp_path, tmp_path / "backup")
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    with pytest.raises(CollectionError, match="exists already"):
        backup_readers(tmp_path, tmp_path / "backup")
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(CollectionError, match="Nobody has used"):
        backup_readers(other, tmp_path / "another")
    restore_readers(tmp_path / "backup", other)
    restored = Readers.open(other)
    assert (restored.reader_of(key), restored.votes(), restored.secret) == (
        "Ada",
        {"a": frozenset({"Ada"})},
        readers.secret,
    )
    with pytest.raises(CollectionError, match="exists already"):
        restore_readers(tmp_path / "backup", other)


def test_another_file_is_no_backup_of_readers(tmp_path: Path) -> None:
    """Text, and a database of something else."""
    (tmp_path / "text").write_text("nothing")
    Database.prepare(tmp_path / "papers", "schema.sql", {})
    for name in ("text", "papers"):
        with pytest.raises(UnreadableSource, match="is no backup of readers"):
            restore_readers(tmp_path / name, tmp_path)
    assert not (tmp_path / READERS).exists()
