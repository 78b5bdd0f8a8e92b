"""`paperkin key`: made once, listed without the key, removed."""

from __future__ import annotations

import json
from pathlib import Path

from indexer.collection import Collection
from indexer.readers import Readers
from tests.api.conftest import Run


def test_keys_are_made_listed_and_removed(toys: Run, collection: Collection) -> None:
    """The key itself is printed when it is made, and never again."""
    assert toys("key", "list").out == "Nobody has a key. Make one with: paperkin key add NAME\n"
    key = toys("key", "add", "Ada").out.strip()
    assert Readers.open(collection.directory).reader_of(key) == "Ada"
    listed = toys("key", "list")
    assert listed.out.endswith("  Ada\n")
    assert key not in listed.out
    assert json.loads(toys("key", "list", "--json").out)[0]["name"] == "Ada"
    again = toys("key", "add", "Ada")
    assert (again.status, "There is a key for 'Ada' already." in again.err) == (2, True)
    assert toys("key", "remove", "Ada").out == "The key of Ada is no longer valid.\n"
    assert toys("key", "remove", "Ada").status == 2


def test_a_collection_is_needed(run: Run, tmp_path: Path) -> None:
    """No file is made where there is none."""
    done = run("key", "add", "Ada", "-c", str(tmp_path / "nothing"))
    assert (done.status, "There is no collection" in done.err) == (1, True)
    assert not (tmp_path / "nothing").exists()
