"""The comparisons with other engines, on random or toy rows, with what needs nothing but Paperkin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers_tasks as tasks
from benchmarks.endtoend import export, figures, questions_of, ratios
from benchmarks.endtoend_contestants import Paperkin as Whole
from benchmarks.endtoend_contestants import papers_of, turn
from benchmarks.endtoend_processes import Turn, paperkin_read, txtai_read
from benchmarks.peers_data import FAR, NONE, SHARES, Data, Truth, passing
from benchmarks.peers_libraries import Paperkin
from benchmarks.peers_peer import Peer
from benchmarks.peers_scans import Numpy
from benchmarks.peers_table import table
from indexer.collection import Collection
from search.engine import Engine
from tests.toys import PAPERS


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """400 random rows of 16 dimensions, and 12 questions."""
    draw = np.random.default_rng(1)
    for name, count, kind in (("rows", 400, np.float16), ("questions", 12, np.float32)):
        rows = draw.normal(size=(count, 16))
        np.save(tmp_path / f"{name}.npy", (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(kind))
    return Data.open(tmp_path, None)


def test_filters_are_of_the_sizes_they_are_named_for(data: Data) -> None:
    """Half of 400 papers are 200, 5 % are 20, 0.1 % and a single paper are 1; the far topic is none of the nearest."""
    papers, truth = data.papers(), data.prepare()
    sizes = {
        kind: {int(passing(papers, each).sum()) for each in drawn if each} for kind, drawn in truth.conditions.items()
    }
    assert {kind: sizes[kind] for kind in SHARES} == {"50 %": {200}, "5 %": {20}, "0.1 %": {1}, "one paper": {1}}
    nearest = [set(right) for _, right in truth.best[NONE]]
    assert not any(near & set(right) for near, (_, right) in zip(nearest, truth.best[FAR], strict=True))


def test_recall_by_hand() -> None:
    """Of ten right papers four were found, of one none: (0.4 + 0) / 2. A tie with the tenth counts as right."""
    truth = Truth({}, {"one": [(10, list(range(1, 12))), (1, [7])]})
    assert truth.recall("one", [[11, 1, 2, 3, 90, 91], [8]]) == pytest.approx(0.2)


@pytest.mark.parametrize("kind", [Numpy, Paperkin])
def test_every_task(kind: type[Peer], data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exact peer finds all that is right under every filter, what was added, and nothing that was deleted."""
    for name, value in {"ADDED": 30, "SINGLES": 2, "REMOVED": 10, "BASE": 100, "STEP": 5, "STEPS": 3}.items():
        monkeypatch.setattr(tasks, name, value)
    place, base = tmp_path / "index", tmp_path / "base"
    place.mkdir()
    base.mkdir()
    build = tasks.build(kind(), data, place)
    search = tasks.search(kind(), data, place)
    assert {name: found["recall"] for name, found in search["filters"].items()} == dict.fromkeys(
        (NONE, *SHARES, FAR), 1.0
    )
    change = tasks.change(kind(), data, place)
    assert (change["found_of_added"], change["found_of_deleted"]) == (1, 0)
    tasks.build(kind(), data, base, count=100)
    tasks.fill(kind(), data, base)
    left = tasks.check(kind(), data, base, 3)
    assert left == {"expected": 115, "count": 115, "missing": 0, "found_of_acknowledged": 1}
    facts = {"papers": 400, "questions": 12, "threads": 1, "processor": "P", "commit": "c", "changed_since": False}
    peer = {"build": build, "search": search, "change": change, "kills": [left | {"acknowledged": 15}]}
    assert f"| {kind.name} | 1 | 1 | 15 | 0 | 1.0 |" in table({**facts, "missing": [], "peers": {kind.name: peer}})


def test_what_the_others_get_is_the_collection(collection: Collection, tmp_path: Path) -> None:
    """Every paper is there once, whole, with its own row: that of "speech" is (1, 0, 0, 0, 0)."""
    folder = tmp_path / "plain"
    export(collection.directory, folder)
    papers = {paper["id"]: paper for paper in papers_of(folder)}
    assert {name: paper["record"]["title"] for name, paper in papers.items()} == {p.id: p.title for p in PAPERS}
    rows = dict(zip(papers, np.load(folder / "rows.npy"), strict=True))
    assert rows["a"].tolist() == [1, 0, 0, 0, 0]
    assert sorted(questions_of(None, folder, 4)) == ["emotion", "face", "speech", "speech and emotion"]


def test_a_turn_brings_whole_papers(collection: Collection, engine: Engine, tmp_path: Path) -> None:
    """To "face" the paper about faces comes first, and its abstract of 21 characters, the only one, is counted."""
    export(collection.directory, tmp_path / "plain")
    contestant = Whole(tmp_path / "plain")
    contestant.use(engine)
    result = Turn(**turn(contestant, ["face"]))
    assert (len(result.ms), result.ids[0][0], result.abstracts) == (1, "10.1/d", 21)


def test_answers_over_http_are_read_alike() -> None:
    """Ids in order, and the characters of the abstracts, whatever the shape."""
    ours = {"hits": [{"paper": {"id": "a", "abstract": "1234"}}, {"paper": {"id": "b", "abstract": ""}}]}
    theirs = [{"id": "a", "data": '{"abstract": "1234"}'}, {"id": "b", "data": '{"abstract": ""}'}]
    assert paperkin_read(ours) == txtai_read(theirs) == (["a", "b"], 4)


def test_figures_by_hand() -> None:
    """Two questions of 10 and 30 ms are 50 a second; of the ten nearest one found all, one half: 0.75."""
    ten = [str(number) for number in range(10)]
    slow = [Turn([10.0], 0.01, [ten], 100), Turn([30.0], 0.02, [[*ten[:5], *"vwxyz"]], 200)]
    found = figures(slow, [set(ten)] * 2)
    assert (found["per_second"], found["p50_ms"], found["cpu_ms"]) == (50, 20, 15)
    assert (found["overlap"], found["papers"], found["abstract_characters"]) == (0.75, 10, 150)
    quick = [Turn([5.0], 0.01, [ten], 100), Turn([5.0], 0.01, [ten], 100)]
    assert ratios({"quick": quick, "slow": slow}, "quick", ["slow"]) == {
        "slow": {"per_second": 4.0, "per_cpu_second": 1.5}
    }
