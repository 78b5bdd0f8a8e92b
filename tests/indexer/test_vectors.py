"""The dense index against a numpy scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from indexer import vectors
from indexer.errors import IndexDamaged
from indexer.vectors import DenseIndex, Keys, Rows, Rows16

DIMENSION = 3
NO_KEYS = np.empty(0, dtype=np.int64)

# A grid of few values makes many ties, which is where indexes go wrong; all are exact in float16.
GRID = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0])
ROWS = hnp.arrays(np.float16, st.tuples(st.integers(0, 40), st.just(DIMENSION)), elements=GRID)
QUERY = hnp.arrays(np.float32, DIMENSION, elements=GRID)


def scan(keys: Keys, rows: Rows16, query: Rows, k: int) -> list[tuple[int, float]]:
    """The slow, obvious search: every inner product, sorted; the k best and all that tie with the last."""
    scored = sorted(
        zip(keys.tolist(), (rows.astype(np.float32) @ query).tolist(), strict=True), key=lambda p: (-p[1], p[0])
    )
    return [pair for pair in scored if len(scored) <= k or pair[1] >= scored[k - 1][1]]


def pairs(found: tuple[Keys, vectors.Scores]) -> list[tuple[int, float]]:
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def plain(keys: Keys, rows: Rows16) -> DenseIndex:
    return DenseIndex(
        vectors.build([(keys, rows)], DIMENSION), NO_KEYS, vectors.build([(NO_KEYS, rows[:0])], DIMENSION)
    )


@given(rows=ROWS, query=QUERY, k=st.integers(1, 50))
def test_search_equals_a_scan(rows: Rows16, query: Rows, k: int) -> None:
    """The k best keys and their inner products are those of a scan, with every key that ties with the last one."""
    keys = np.arange(len(rows), dtype=np.int64) * 7 + 3
    assert pairs(plain(keys, rows).search(query, k)) == scan(keys, rows, query, k)


@given(rows=ROWS, query=QUERY, k=st.integers(1, 50), data=st.data())
def test_a_filter_is_exact(rows: Rows16, query: Rows, k: int, data: st.DataObject) -> None:
    """Restricted to some keys, the search is a scan of those keys, however few or many they are."""
    keys = np.arange(len(rows), dtype=np.int64) + 1
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(keys), max_size=len(keys))), dtype=bool)
    assert pairs(plain(keys, rows).search(query, k, keys[kept])) == scan(keys[kept], rows[kept], query, k)


@given(rows=ROWS, fresh=ROWS, query=QUERY, k=st.integers(1, 50), data=st.data())
def test_base_and_tail_are_one_index(rows: Rows16, fresh: Rows16, query: Rows, k: int, data: st.DataObject) -> None:
    """Stale keys of the base are never found; new rows of the tail, under old or new keys, always are."""
    base = np.arange(len(rows), dtype=np.int64) + 1
    stale_at = np.array(data.draw(st.lists(st.booleans(), min_size=len(base), max_size=len(base))), dtype=bool)
    # The tail rewrites some stale keys and adds keys that the base never had.
    tail = np.concatenate([base[stale_at], np.arange(1000, 1000 + len(fresh))])[: len(fresh)].astype(np.int64)
    gone = base[stale_at]
    index = DenseIndex(vectors.build([(base, rows)], DIMENSION), gone, vectors.build([(tail, fresh)], DIMENSION))
    all_keys = np.concatenate([base[~stale_at], tail])
    all_rows = np.concatenate([rows[~stale_at], fresh])
    assert pairs(index.search(query, k)) == scan(all_keys, all_rows, query, k)
    allowed = all_keys[all_keys % 2 == 0]
    kept = np.isin(all_keys, allowed)
    assert pairs(index.search(query, k, np.sort(allowed))) == scan(all_keys[kept], all_rows[kept], query, k)


def test_scores_are_bit_identical_to_search() -> None:
    """A row's score does not depend on whether it was found or asked for: fusion compares the two."""
    random = np.random.default_rng(7)
    rows = random.normal(size=(500, 384)).astype(np.float16)
    query = random.normal(size=384).astype(np.float32)
    keys = np.arange(500, dtype=np.int64)
    index = DenseIndex(vectors.build([(keys, rows)], 384), NO_KEYS, vectors.build([(NO_KEYS, rows[:0])], 384))
    found = dict(pairs(index.search(query, 500)))
    some = np.array([3, 77, 499], dtype=np.int64)
    assert index.scores(query, some) == {key: found[key] for key in (3, 77, 499)}


def test_rows_are_exact_to_float16() -> None:
    """Inner products of real-sized rows agree with float64 arithmetic on the float16 values to 1e-5."""
    random = np.random.default_rng(8)
    rows = random.normal(size=(300, 384))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    half = rows.astype(np.float16)
    keys = np.arange(300, dtype=np.int64)
    query = rows[5].astype(np.float32)
    index = DenseIndex(vectors.build([(keys, half)], 384), NO_KEYS, vectors.build([(NO_KEYS, half[:0])], 384))
    found, scores = index.search(query, 300)
    assert found[0] == 5
    np.testing.assert_allclose(scores, (half.astype(np.float64) @ query.astype(np.float64))[found], atol=1e-5)


def test_a_saved_index_is_the_same(tmp_path: Path) -> None:
    """What was saved is what is mapped."""
    keys, rows = np.array([4, 9], dtype=np.int64), np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float16)
    vectors.save(vectors.build([(keys, rows)], DIMENSION), tmp_path / "dense.faiss")
    loaded = DenseIndex(
        vectors.load(tmp_path / "dense.faiss", DIMENSION), NO_KEYS, vectors.build([(NO_KEYS, rows[:0])], 3)
    )
    assert pairs(loaded.search(np.array([0, 1, 0], dtype=np.float32), 1)) == [(9, 1.0)]


@pytest.mark.parametrize("content", [b"", b"not an index", b"IxM2" + b"\0" * 100])
def test_a_broken_file_is_told(tmp_path: Path, content: bytes) -> None:
    """A file that is no index of ours gives an error that names the way out."""
    (tmp_path / "dense.faiss").write_bytes(content)
    with pytest.raises(IndexDamaged, match="paperkin rebuild"):
        vectors.load(tmp_path / "dense.faiss", DIMENSION)


def test_another_dimension_is_told(tmp_path: Path) -> None:
    """An index of another dimension is not searched."""
    vectors.save(vectors.build([(NO_KEYS, np.empty((0, 3), dtype=np.float16))], 3), tmp_path / "dense.faiss")
    with pytest.raises(IndexDamaged, match="another kind"):
        vectors.load(tmp_path / "dense.faiss", 4)
