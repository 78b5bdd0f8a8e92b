"""The gate: the same questions again, and when a fall is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from indexer.collection import Collection
from indexer.errors import InvalidInput
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.gate import Kept, judge
from search.known_items import Kind, KnownItem
from tests.toys import ToyEncoder

ITEMS = (KnownItem(Kind.TITLE, "a", "x y", ("a", "b")), KnownItem(Kind.SENTENCE, "b", "é", ("b",)))
KEPT = Kept({"mode": "hybrid", "model": "toy"}, 3, ITEMS, (0.5, 1 / 3))


def test_a_gate_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    """Every figure and text, to the last digit; each question has its id for people who read the file."""
    KEPT.save(tmp_path / "gate")
    assert Kept.load(tmp_path / "gate") == KEPT
    assert json.loads((tmp_path / "gate").read_text())["questions"][0]["id"] == "title:a"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "paperkin gate/1"}', "\xff", "[" * 100_000])
def test_another_file_is_no_gate(tmp_path: Path, content: str) -> None:
    """Whatever else a file is, the message says that it is no gate and how to make one."""
    path = tmp_path / "gate"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(InvalidInput, match="--update-gate"):
        Kept.load(path)


def test_a_gate_of_another_version(tmp_path: Path) -> None:
    """A later form of the file is told apart from nonsense."""
    KEPT.save(tmp_path / "gate")
    later = (tmp_path / "gate").read_text().replace("gate/1", "gate/2")
    (tmp_path / "gate").write_text(later)
    with pytest.raises(InvalidInput, match="another version"):
        Kept.load(tmp_path / "gate")


def test_papers_that_are_gone_are_not_asked_for(empty: Collection, encoder: ToyEncoder) -> None:
    """The questions of papers that are still there are asked; with most of them gone it is another collection."""
    ingest(empty, encoder, [Paper("a", "speech")], Report())
    store = empty.snapshot().store
    assert KEPT.of(store) == Kept(KEPT.setting, 3, (KnownItem(Kind.TITLE, "a", "x y", ("a",)),), (0.5,))
    more = Kept({}, 0, (*ITEMS, KnownItem(Kind.TITLE, "c", "z", ("c",))), (1, 1, 1))
    with pytest.raises(InvalidInput, match="Of the 3 papers that the gate asks for 1 are in the collection"):
        more.of(store)


def test_what_is_refused() -> None:
    """A fall that is certain, however small, and a fall by more than 0.02, however uncertain; nothing else."""
    before = [0.5] * 100
    certain = judge(before, np.array([0.49] * 100), 0)
    assert certain.worse
    assert certain.change.mean == pytest.approx(-0.01)
    few_lost = judge(before, np.array([0.5] * 97 + [0.0, 0.0, 1.0]), 4)
    assert not few_lost.worse
    assert few_lost.change.mean == pytest.approx(-0.005)
    assert few_lost.change.high > 0
    assert (few_lost.asked, few_lost.gone) == (100, 4)
    many_lost = judge(before, np.array([0.5] * 70 + [0.0] * 18 + [1.0] * 12), 0)
    assert many_lost.worse
    assert many_lost.change.high > 0
    assert not judge(before, np.array([0.5] * 100), 0).worse
    assert not judge(before, np.array([0.6] * 100), 0).worse
