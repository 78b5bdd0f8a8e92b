"""What a collection's rows look like: drawn from all or a sample of them, stored, shared, drawn anew."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer import background
from indexer.background import SAMPLE, SMALL, Background, build, look_at
from indexer.collection import Collection
from indexer.errors import IndexDamaged
from indexer.ingest import ingest
from indexer.manifest import MANIFEST
from indexer.paper import Paper
from indexer.report import Report
from tests.toys import AXES, ToyEncoder


def random_rows(seed: int, count: int, dimension: int = 8) -> NDArray[np.float16]:
    """Unit rows that share a direction, as those of texts do, and differ more in some directions than in others."""
    noise = np.random.default_rng(seed).normal(size=(count, dimension)) * np.linspace(1, 0.2, dimension) + 0.5
    rows: NDArray[np.float16] = (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float16)
    return rows


def test_a_small_collection_is_looked_at_whole() -> None:
    """Up to `SAMPLE` papers the mean and the covariance are numpy's own."""
    rows = random_rows(3, 50)
    seen = look_at([(None, rows[:20]), (None, rows[20:])], 50, 8)
    assert seen.rows == 50
    assert seen.mean == pytest.approx(rows.astype(np.float64).mean(axis=0), abs=1e-6)
    assert seen.covariance == pytest.approx(np.cov(rows.astype(np.float64).T, bias=True), abs=1e-6)


def test_a_large_collection_is_sampled_by_content() -> None:
    """About `SAMPLE` papers are looked at, the same ones to the last bit in whatever order they came."""
    rows = random_rows(4, 4 * SAMPLE)
    seen = look_at([(None, rows)], len(rows), 8)
    shuffled = np.random.default_rng(0).permutation(rows)
    again = look_at([(None, shuffled[:777]), (None, shuffled[777:])], len(rows), 8)
    assert 0.9 * SAMPLE < seen.rows < 1.1 * SAMPLE
    assert seen.mean == pytest.approx(rows.astype(np.float64).mean(axis=0), abs=0.01)
    assert again.mean.tolist() == seen.mean.tolist()
    assert again.covariance.tolist() == seen.covariance.tolist()


def same(one: Background, other: Background) -> bool:
    return (
        (one.rows, one.papers) == (other.rows, other.papers)
        and np.array_equal(one.mean, other.mean)
        and np.array_equal(one.covariance, other.covariance)
    )


def test_reading_undoes_writing(tmp_path: Path) -> None:
    """What was drawn comes back to the last bit, and equal backgrounds are equal files."""
    drawn = look_at([(None, random_rows(1, 30))], 30, 8)
    drawn.save(tmp_path / "one")
    drawn.save(tmp_path / "two")
    assert same(Background.load(tmp_path / "one", 8), drawn)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_is_no_background_is_told(tmp_path: Path) -> None:
    """A file of another size, of another dimension, without numbers, with counts that cannot be, or none is damage,
    which heals."""
    path = tmp_path / "b"
    drawn = look_at([(None, random_rows(1, 30))], 30, 8)
    drawn.save(path)
    good = path.read_bytes()
    nan, more = np.float32("nan").tobytes(), np.array([31], dtype="<i8").tobytes()
    for content in (b"", good[:-4], good + b"1234", good[:-4] + nan, more + good[8:]):
        path.write_bytes(content)
        with pytest.raises(IndexDamaged):
            Background.load(path, 8)
    path.write_bytes(good)
    assert same(Background.load(path, 8), drawn)
    for each, dimension in ((path, 7), (tmp_path / "none", 8)):
        with pytest.raises(IndexDamaged):
            Background.load(each, dimension)


@pytest.mark.parametrize(
    ("drawn", "papers", "shared"),
    [(SMALL, SMALL, False), (SMALL + 1, SMALL + 1, True), (3000, 3300, True), (3000, 2700, True), (3000, 3301, False)],
)
def test_a_large_collection_shares_it_until_a_tenth_has_changed(
    tmp_path: Path, drawn: int, papers: int, shared: bool
) -> None:
    """Up to `SMALL` papers it is drawn with each change; beyond that the same file serves, and no row is read."""
    before, after = tmp_path / "before", tmp_path / "after"
    build(before, None, lambda: [(None, random_rows(1, drawn))], drawn, 8)
    asked: list[int] = []

    def pages() -> background.Pages:
        asked.append(papers)
        return [(None, random_rows(2, papers))]

    build(after, before, pages, papers, 8)
    assert Background.load(after, 8).papers == (drawn if shared else papers)
    assert asked == ([] if shared else [papers])


def test_it_is_that_of_the_papers(collection: Collection, encoder: ToyEncoder) -> None:
    """A snapshot has the mean of its papers' rows, after each change."""
    for added in ([], [Paper("e", "graph"), Paper("f", "graph graph")], [Paper("e", "face")]):
        ingest(collection, encoder, added, Report())
        snapshot = collection.snapshot()
        rows = np.array(list(snapshot.store.rows(snapshot.store.keys().tolist()).values()), dtype=np.float64)
        assert snapshot.background.mean == pytest.approx(rows.mean(axis=0), abs=1e-6)
        assert snapshot.background.rows == snapshot.papers == len(rows)


def test_without_papers_it_is_zero(empty: Collection) -> None:
    """A collection without papers has a background too."""
    assert empty.snapshot().background.mean.tolist() == [0] * len(AXES)


def test_a_damaged_file_heals(collection: Collection) -> None:
    """Where the file is lost or altered it is drawn anew, the same."""
    before = collection.snapshot()
    directory = collection.directory / json.loads((collection.directory / MANIFEST).read_text())["directory"]
    (directory / background.BACKGROUND).write_bytes(b"no file of numbers")
    after = Collection(collection.directory).snapshot()
    assert same(after.background, before.background)
    assert after.fingerprint == before.fingerprint
