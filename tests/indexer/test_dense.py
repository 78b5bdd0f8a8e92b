"""The dense index over segments, with filters and stale rows, against a scan with numpy."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import rows_file, segment
from indexer.collection import Snapshot
from indexer.dense import DenseIndex
from indexer.errors import IndexDamaged
from indexer.rows_file import RowsFile
from indexer.segment import Segment, SegmentFacts, write
from indexer.selection import Keys, Selection
from indexer.vectors import Row, Rows16
from search import ranking
from search.ranking import Candidates
from tests.indexer.test_vectors import QUERY, ROWS, unit

NO_KEYS = np.empty(0, dtype=np.int64)


def scan(keys: Keys, rows: Rows16, query: Row, k: int) -> list[tuple[int, float]]:
    """The slow, obvious search: every inner product, sorted; the k best and all that tie with the last."""
    products = (rows.astype(np.float32) @ query).tolist()
    scored = sorted(zip(keys.tolist(), products, strict=True), key=lambda pair: (-pair[1], pair[0]))
    return [pair for pair in scored if len(scored) <= k or pair[1] >= scored[k - 1][1]]


def pairs(found: tuple[Keys, Row]) -> list[tuple[int, float]]:
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def opened(directory: Path, *parts: tuple[Keys, Rows16], stale: Keys = NO_KEYS) -> DenseIndex:
    """An index of one segment a part; `stale` keys are so in the first."""
    made = [write(directory, f"{n:06d}", n, [part], part[1].shape[1]) for n, part in enumerate(parts, 1)]
    facts = [each for each in made if each]
    dimension = parts[0][1].shape[1]
    return DenseIndex.open(directory, facts, lambda after, _: stale if after == 1 else NO_KEYS, dimension)


@pytest.mark.parametrize("few", [segment.FEW, 0], ids=["few pass", "many pass"])
@given(rows=ROWS, fresh=ROWS, query=QUERY, k=st.integers(1, 50), data=st.data())
def test_segments_are_one_index(few: int, rows: Rows16, fresh: Rows16, query: Row, k: int, data: st.DataObject) -> None:
    """Stale rows are never found; new ones, under old or new keys, always are; a filter is obeyed, in the way for few
    papers and in the way for many; ties are whole."""
    base = np.arange(len(rows), dtype=np.int64) * 7 + 3
    chosen = st.lists(st.booleans(), min_size=len(base), max_size=len(base))
    stale = base[np.array(data.draw(chosen), dtype=bool)]
    later = np.concatenate([stale, np.arange(1000, 1000 + len(fresh))])[: len(fresh)].astype(np.int64)
    kept = ~np.isin(base, stale)
    keys, held = np.concatenate([base[kept], later]), np.concatenate([rows[kept], fresh])
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "FEW", few)
        index = opened(Path(place), (base, rows), (later, fresh), stale=stale)
        assert index.papers == len(keys)
        assert pairs(index.search(query, k)) == scan(keys, held, query, k)
        for some in (keys[keys % 2 == 0], keys[:1], NO_KEYS):
            inside = np.isin(keys, some)
            assert pairs(index.search(query, k, Selection(np.sort(some)))) == scan(keys[inside], held[inside], query, k)
        assert index.scores(query, keys) == dict(scan(keys, held, query, len(keys)))
        assert index.scores(query, stale[~np.isin(stale, later)]) == {}


# Codes

COUNT, DIMENSION = 4_000, 128


def like_texts(count: int, seed: int) -> Rows16:
    """Rows of length 1 near a space of eight dimensions, as embeddings are near one of fewer than they have."""
    rows = unit(count, 8, seed).astype(np.float32) @ unit(8, DIMENSION, 0).astype(np.float32)
    rows += 0.05 * unit(count, DIMENSION, seed + 100).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float16)


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DenseIndex, Keys, Rows16]]:
    """4,000 rows in one segment with codes and 300 in one without; a fifth of the first is stale."""
    rows, fresh = like_texts(COUNT, 1), like_texts(300, 2)
    keys = np.arange(COUNT, dtype=np.int64) * 2 + 1
    later = np.arange(300, dtype=np.int64) * 2 + 2
    stale = keys[::5]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "EXACT", 1_000)
        index = opened(tmp_path_factory.mktemp("coded"), (keys, rows), (later, fresh), stale=stale)
    kept = ~np.isin(keys, stale)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment, "FEW", 20)  # otherwise so few would pass filters that codes were not asked
        patch.setattr(segment, "FEW_SHARE", 0)
        yield index, np.concatenate([keys[kept], later]), np.concatenate([rows[kept], fresh])


def test_ties_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 400 equal rows among 3,000 all come where one of them is the last that is asked for, codes or not."""
    monkeypatch.setattr(segment, "EXACT", 1_000)
    rows = like_texts(3_000, 5)
    rows[1_000:1_400] = rows[1_000]
    index = opened(tmp_path, (np.arange(3_000, dtype=np.int64), rows))
    for k in (1, 10, 100, 250):
        found, _ = index.search(rows[1_000].astype(np.float32), k)
        assert found.tolist() == list(range(1_000, 1_400))


def test_pages_join(coded: tuple[DenseIndex, Keys, Rows16], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many papers are asked for, the first of them are the same: what codes have missed once stays missed."""
    index, _, _ = coded
    monkeypatch.setattr(ranking, "FIRST", 5)
    monkeypatch.setattr(segment, "SPARE", 3)
    monkeypatch.setattr(segment, "SPARE_ROOT", 0)
    candidates = Candidates(cast("Snapshot", SimpleNamespace(dense=index)), None, ())
    missed = False
    for question in QUESTIONS:
        whole = candidates.near(question, 600).keys.tolist()
        assert len(set(whole)) == len(whole)
        for k in (1, 5, 6, 25, 26, 300):
            assert candidates.near(question, k).keys.tolist() == whole[:k]
        missed |= whole[:100] != index.search(question, 100, exact=True)[0].tolist()
    assert missed  # otherwise this would show nothing


QUESTIONS = like_texts(60, 3).astype(np.float32)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.2, 0.05, 0.005, 0.0])
def test_recall_and_scores(coded: tuple[DenseIndex, Keys, Rows16], share: float) -> None:
    """With codes, of the ten nearest at least 99 in a hundred are found whatever the filter, with their exact scores;
    nothing that is filtered out or stale ever is. A filter that only one paper passes finds it."""
    index, keys, rows = coded
    order = np.random.default_rng(4).permutation(len(keys))
    inside = np.sort(order[: max(1, int(share * len(keys)))])
    allowed = None if share == 1 else Selection(np.sort(keys[inside]))
    hits = wanted = 0
    for question in QUESTIONS:
        expected = dict(scan(keys[inside], rows[inside], question, 10))
        found = dict(pairs(index.search(question, 10, allowed)))
        hits, wanted = hits + len(found.keys() & expected.keys()), wanted + len(expected)
        assert len(found) >= min(10, len(inside))
        assert found.keys() <= set(keys[inside].tolist())
        exact = dict(pairs(index.search(question, 10, allowed, exact=True)))
        assert exact.keys() == expected.keys()
        assert all(exact[key] == score for key, score in found.items() if key in exact)
    assert hits >= 0.99 * wanted
    assert (share > 0) or hits == len(QUESTIONS)


def test_a_filter_far_from_the_question(coded: tuple[DenseIndex, Keys, Rows16]) -> None:
    """Where only the farthest third of the papers passes, codes bring up none of them at first: all are found still."""
    index, keys, rows = coded
    for question in QUESTIONS[:10]:
        far = np.argsort(rows.astype(np.float32) @ question)[: len(keys) // 3]
        found = index.search(question, 10, Selection(np.sort(keys[far])))
        expected = scan(keys[far], rows[far], question, 10)
        assert len(dict(pairs(found)).keys() & dict(expected).keys()) >= 9


def test_more_is_asked_for_than_there_is(coded: tuple[DenseIndex, Keys, Rows16]) -> None:
    """Asked for more papers than there are, all come, each once."""
    index, keys, _ = coded
    found, _ = index.search(QUESTIONS[0], 10_000)
    assert sorted(found.tolist()) == sorted(keys.tolist())


# Files


def test_large_files_are_read_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mapped or not, the same rows come: all, some, one after the other, one, none."""
    rows = unit(500, DIMENSION, 5)
    (tmp_path / "rows").write_bytes(rows.tobytes())
    for limit in (10**9, 1_000):
        monkeypatch.setattr(rows_file, "MAPPED", limit)
        held = RowsFile(tmp_path / "rows", 500, DIMENSION)
        for places in (np.arange(500), np.arange(0, 500, 3), np.arange(70, 90), np.array([499]), NO_KEYS):
            assert np.array_equal(held.take(places), rows[places])


def test_a_file_that_shrinks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is no longer there is an error, not another row."""
    monkeypatch.setattr(rows_file, "MAPPED", 0)
    (tmp_path / "rows").write_bytes(unit(9, 4, 5).tobytes())
    held = RowsFile(tmp_path / "rows", 9, 4)
    os.truncate(tmp_path / "rows", 30)
    with pytest.raises(IndexDamaged, match="cut"):
        held.take(np.array([1, 8]))


@pytest.mark.parametrize("limit", [rows_file.MAPPED, 0])
@pytest.mark.parametrize("suffix", [".keys", ".rows"])
def test_broken_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, limit: int) -> None:
    """A file that is missing, empty or cut is an error that names the way out."""
    monkeypatch.setattr(rows_file, "MAPPED", limit)
    opened(tmp_path, (np.arange(5, dtype=np.int64), unit(5, 3, 6)))
    path = tmp_path / f"000001{suffix}"
    facts = SegmentFacts("000001", 5, 1)
    for content in (path.read_bytes()[:-2], b"", None):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(IndexDamaged, match="paperkin rebuild"):
            Segment(tmp_path, facts, lambda *_: NO_KEYS, 3)
        path.touch()


def test_nothing_makes_no_segment(tmp_path: Path) -> None:
    """Without rows there are no files, and nothing is found."""
    assert write(tmp_path, "000001", 1, [], 3) is None
    assert list(tmp_path.iterdir()) == []
    assert len(DenseIndex([]).search(QUESTIONS[0], 5)[0]) == 0
