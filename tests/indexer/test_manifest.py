"""The manifest: it comes back as it was saved, anything else counts as none, and changed files are found."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import manifest as manifest_module
from indexer import probes
from indexer.background import BACKGROUND
from indexer.errors import CollectionDamaged, IndexDamaged
from indexer.manifest import MANIFEST, FileFacts, Manifest, list_files
from indexer.null_model import NullModel
from indexer.segment import SegmentFacts
from tests.indexer.test_paper import assert_helpful

PLAIN: Final = Manifest(
    directory="index-000001",
    content="c0ffee",
    sequence=3,
    last_key=5,
    residue=0,
    factory="Flat",
    segments=(SegmentFacts("000001", 4, 2),),
    lexical_schema="1",
    null=NullModel(probes.fingerprint(), 3, 0.25, 0.5),
    files={"dense/000001.keys": FileFacts(32, "0" * 64), "dense/000001.rows": FileFacts(4, "0" * 64)}
    | {BACKGROUND: FileFacts(10, "0" * 64)},
)


def facts(content: bytes) -> FileFacts:
    return FileFacts(len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def indexed(tmp_path: Path) -> Manifest:
    """A manifest in force over two files."""
    place = tmp_path / PLAIN.directory
    (place / "lexical").mkdir(parents=True)
    (place / "dense").mkdir()
    (place / "dense" / "000001.rows").write_bytes(b"rows")
    (place / BACKGROUND).write_bytes(b"background")
    (place / "lexical" / "segment.store").write_bytes(b"words")
    return replace(PLAIN, files=list_files(place, None, {}))


# On disk

FACTS = st.builds(FileFacts, st.integers(0, 2**62), st.text(max_size=64))
NUMBERS = st.integers(0, 2**62)


@settings(max_examples=30, deadline=None)
@given(
    st.builds(
        Manifest,
        st.from_regex(r"index-[0-9]{6,9}", fullmatch=True),
        st.text(),
        *[NUMBERS] * 3,
        st.text(),
        st.just((SegmentFacts("000001", 4, 2),)),
        st.text(),
        st.none()
        | st.builds(
            NullModel, st.just(probes.fingerprint()), st.integers(0, 10**9), st.floats(-1, 1), st.floats(0.01, 1)
        ),
        st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), FACTS, max_size=4).map(
            lambda files: files | dict(PLAIN.files)
        ),
    )
)
def test_reading_undoes_writing(manifest: Manifest) -> None:
    """A manifest comes back as it was saved, the latest one counts, and nothing else is left in the directory."""
    with tempfile.TemporaryDirectory() as folder:
        PLAIN.save(Path(folder))
        manifest.save(Path(folder))
        assert Manifest.load(Path(folder)) == manifest
        assert [path.name for path in Path(folder).iterdir()] == [MANIFEST]


def test_a_manifest_that_is_read_never_changes(tmp_path: Path) -> None:
    """It is replaced by renaming: who has the file open goes on reading the old one, whole."""
    PLAIN.save(tmp_path)
    with (tmp_path / MANIFEST).open(encoding="utf-8") as opened:
        replace(PLAIN, sequence=9).save(tmp_path)
        assert json.load(opened)["sequence"] == 3
    assert Manifest.load(tmp_path) == replace(PLAIN, sequence=9)


def test_a_crash_while_saving_leaves_the_old_one(tmp_path: Path) -> None:
    """A half-written successor is not looked at, and does not stand in the way of the next."""
    PLAIN.save(tmp_path)
    (tmp_path / "manifest.json.making").write_text('{"directory": "ind', encoding="utf-8")
    assert Manifest.load(tmp_path) == PLAIN
    replace(PLAIN, residue=1).save(tmp_path)
    assert Manifest.load(tmp_path) == replace(PLAIN, residue=1)


def test_a_missing_manifest_is_none(tmp_path: Path) -> None:
    """Without a manifest, or without a directory, there is none; that is no error."""
    assert Manifest.load(tmp_path) is None
    assert Manifest.load(tmp_path / "missing") is None
    (tmp_path / MANIFEST).mkdir()
    assert Manifest.load(tmp_path) is None


VALUES: Final[dict[str, Any]] = {
    "directory": "index-000001",
    "content": "c0ffee",
    "sequence": 3,
    "last_key": 5,
    "residue": 0,
    "factory": "Flat",
    "segments": [{"name": "000001", "papers": 4, "sequence": 2}],
    "lexical_schema": "1",
    "null": {"questions": probes.fingerprint(), "papers": 3, "centre": 0.25, "scale": 0.5},
    "files": {
        "dense/000001.keys": {"size": 32, "sha256": "0" * 64},
        "dense/000001.rows": {"size": 4, "sha256": "0" * 64},
        "background.bin": {"size": 10, "sha256": "0" * 64},
    },
}


def signed(values: dict[str, Any]) -> bytes:
    """A manifest file: the facts and the SHA-256 of their JSON with sorted names."""
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    return json.dumps(values | {"sha256": digest}).encode()


def test_the_format_on_disk(tmp_path: Path) -> None:
    """These names stand in files that other versions have written."""
    (tmp_path / MANIFEST).write_text(signed(VALUES).decode(), encoding="utf-8")
    assert Manifest.load(tmp_path) == PLAIN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b"{}",
        json.dumps(VALUES).encode(),
        signed(VALUES).replace(b'"sequence": 3', b'"sequence": 2'),
        b'{"files": []}',
        b'{"files": {}}',
        signed(VALUES)[:-1],
        signed(VALUES | {"more": 1}),
        signed(VALUES | {"directory": "/etc"}),
        signed(VALUES | {"directory": "index-000001/../.."}),
        signed(VALUES | {"directory": 5}),
        signed(VALUES | {"sequence": "3"}),
        signed(VALUES | {"residue": True}),
        signed(VALUES | {"files": {}}),
        signed(VALUES | {"files": VALUES["files"] | {"../secret": {"size": 1, "sha256": "x"}}}),
        signed(VALUES | {"files": VALUES["files"] | {"dense/000001.rows": {"size": "4", "sha256": "x"}}}),
        signed(VALUES | {"segments": [{"name": "../secret", "papers": 4, "sequence": 2}]}),
        signed(VALUES | {"segments": [{"name": "000001", "papers": 0, "sequence": 2}]}),
        signed(VALUES | {"segments": [{"name": "000002", "papers": 4, "sequence": 2}]}),
        signed(VALUES | {"segments": [5]}),
        signed(VALUES | {"segments": None}),
        signed({name: value for name, value in VALUES.items() if name != "residue"}),
        signed(VALUES | {"files": {"f": 5}}),
        signed(VALUES | {"files": {"f": {"size": 1}}}),
        signed(VALUES | {"files": None}),
    ],
)
def test_anything_else_is_none(tmp_path: Path, content: bytes) -> None:
    """A damaged manifest, and one of another version, count as none: all that it names can be made anew."""
    (tmp_path / MANIFEST).write_bytes(content)
    assert Manifest.load(tmp_path) is None


# Its files


def _make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: Final[dict[str, Callable[[Path], object]]] = {
    "longer": lambda place: (place / "dense" / "000001.rows").write_bytes(b"rows!"),
    "shorter": lambda place: (place / "dense" / "000001.rows").write_bytes(b"row"),
    "flipped byte": lambda place: (place / "lexical" / "segment.store").write_bytes(b"wordz"),
    "missing": lambda place: (place / "dense" / "000001.rows").unlink(),
    "a directory": lambda place: _make_directory(place / "dense" / "000001.rows"),
}


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_changed_files_are_found(tmp_path: Path, indexed: Manifest, damage: str, thorough: bool) -> None:
    """A small index is compared byte by byte whenever it is opened; the error says how to make it anew."""
    indexed.check(tmp_path, thorough=thorough)
    DAMAGES[damage](tmp_path / indexed.directory)
    with pytest.raises(IndexDamaged, match="is not as it was written") as caught:
        indexed.check(tmp_path, thorough=thorough)
    assert (caught.value.code, isinstance(caught.value, CollectionDamaged)) == ("index_damaged", True)
    assert "paperkin rebuild" in caught.value.next_step
    assert_helpful(caught.value)


def test_a_large_index_is_read_in_full_only_when_asked(
    tmp_path: Path, indexed: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above `EAGER_BYTES` in all, opening compares sizes alone; `verify` reads every byte."""
    DAMAGES["flipped byte"](tmp_path / indexed.directory)
    monkeypatch.setattr(manifest_module, "EAGER_BYTES", len(b"background" + b"rows" + b"words") - 1)
    indexed.check(tmp_path)
    with pytest.raises(IndexDamaged, match=r"segment\.store"):
        indexed.check(tmp_path, thorough=True)
    monkeypatch.setattr(manifest_module, "EAGER_BYTES", len(b"background" + b"rows" + b"words"))
    with pytest.raises(IndexDamaged, match=r"segment\.store"):
        indexed.check(tmp_path)


def test_files_that_are_not_named_do_not_matter(tmp_path: Path, indexed: Manifest) -> None:
    """What else lies in the directory is not the manifest's business."""
    (tmp_path / indexed.directory / "other").touch()
    indexed.check(tmp_path, thorough=True)


def test_every_file_is_listed(tmp_path: Path) -> None:
    """Files of all depths, by their path with slashes, in order, but for tantivy's lock files."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("z", "a/y", "a/b/x", "a/.managed.json", "a/.tantivy-writer.lock"):
        (tmp_path / name).write_bytes(name.encode())
    listed = list_files(tmp_path, None, {})
    assert listed == {name: facts(name.encode()) for name in ("a/.managed.json", "a/b/x", "a/y", "z")}
    assert list(listed) == sorted(listed)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """The directories of an earlier index and of the next, which shares one file with it and copies another."""
    before, now = tmp_path / "index-000001", tmp_path / "index-000002"
    for directory in (before, now):
        (directory / "lexical").mkdir(parents=True)
    (before / "lexical" / "0a1b.store").write_bytes(b"shared")
    (now / "lexical" / "0a1b.store").hardlink_to(before / "lexical" / "0a1b.store")
    for directory in (before, now):
        (directory / "z.rows").write_bytes(b"copied")
    return before, now


KNOWN: Final = {
    "lexical/0a1b.store": FileFacts(6, "as it was known"),
    "z.rows": FileFacts(6, "as it was known"),
    "gone": FileFacts(6, "as it was known"),
}


def test_the_same_file_is_not_read_again(two: tuple[Path, Path]) -> None:
    """A file that is the very one of the earlier index keeps its facts, unread; a copy of the same name and size does
    not, for it may hold anything."""
    before, now = two
    assert list_files(now, before, KNOWN) == {
        "z.rows": facts(b"copied"),
        "lexical/0a1b.store": FileFacts(6, "as it was known"),
    }


def test_without_an_earlier_index_every_file_is_read(two: tuple[Path, Path]) -> None:
    """Facts of files are believed only beside the files; a directory that is gone has none."""
    _, now = two
    read = {"z.rows": facts(b"copied"), "lexical/0a1b.store": facts(b"shared")}
    for previous in (None, now.with_name("index-000000")):
        assert list_files(now, previous, KNOWN) == read


def test_a_shared_file_that_nothing_is_known_of_is_read(two: tuple[Path, Path]) -> None:
    """The earlier index may have a file that its manifest did not name."""
    before, now = two
    assert list_files(now, before, {})["lexical/0a1b.store"] == facts(b"shared")
