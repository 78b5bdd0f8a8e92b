"""A collection of the format before is brought up in place, and answers as one that was made anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from indexer.collection import Collection
from indexer.errors import CollectionMismatch
from indexer.filters import Condition, Filters
from indexer.store import Store
from indexer.upkeep import backup, restore


def age(database: Path) -> None:
    """Make of a present collection one of format 2: without the tables that came later, and with days of arrival."""
    db = sqlite3.connect(database)
    db.executescript(
        "DROP TABLE venue; DROP TABLE listed; DROP INDEX record_by_came;"
        " UPDATE record SET came = substr(came, 1, 10); UPDATE meta SET value = '2' WHERE name = 'format';"
    )
    db.close()


def lists(collection: Collection) -> list[tuple[int, str, int | None]]:
    store = collection.snapshot().store
    return sorted(store.listed("0001-01-01", "9999-12-31"))


def test_the_format_before_is_brought_up(collection: Collection) -> None:
    """Opening it makes the tables that it lacks; nothing else changes, and it is well."""
    expected, version = lists(collection), collection.snapshot().fingerprint
    age(collection.directory / "papers.db")
    opened = Collection(collection.directory)
    assert lists(opened) == expected != []
    assert opened.snapshot().fingerprint == version
    assert opened.verify() == []
    since = opened.snapshot().matching(Filters((Condition("since", "2020-01-01"),)))
    assert since is not None
    assert len(since) == 4
    store = Store(collection.directory / "papers.db")
    assert store.meta()["format"] == "3"
    store.close()


def test_a_backup_of_the_format_before_is_restored(collection: Collection, tmp_path: Path) -> None:
    """In a new directory, as a collection of this format."""
    expected = lists(collection)
    backup(collection, tmp_path / "backup")
    age(tmp_path / "backup")
    assert lists(restore(tmp_path / "backup", tmp_path / "restored")) == expected


def test_earlier_formats_are_told(collection: Collection) -> None:
    """What cannot be brought up is refused with a way out."""
    db = sqlite3.connect(collection.directory / "papers.db")
    db.execute("UPDATE meta SET value = '1' WHERE name = 'format'")
    db.commit()
    db.close()
    with pytest.raises(CollectionMismatch, match="is in format 1; this version reads format 3"):
        Collection(collection.directory)
