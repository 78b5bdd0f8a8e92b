"""FAISS: exact search of rows in memory, and codes, against numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from indexer.errors import IndexDamaged
from indexer.vectors import Codes, Exact, Row, Rows16, merge

# A grid of few values makes many ties, which is where indexes go wrong; all are exact in float16.
GRID = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0])
ROWS = hnp.arrays(np.float16, st.tuples(st.integers(0, 40), st.just(3)), elements=GRID)
QUERY = hnp.arrays(np.float32, 3, elements=GRID)


def unit(count: int, dimension: int, seed: int) -> Rows16:
    """Random rows of length 1."""
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float16)


@given(rows=ROWS, query=QUERY, k=st.integers(1, 50))
def test_exact_search_equals_a_scan(rows: Rows16, query: Row, k: int) -> None:
    """The k best inner products, and every row that ties with the last one."""
    products = rows.astype(np.float32) @ query
    least = np.sort(products)[-k] if len(products) >= k else -np.inf
    positions, scores = Exact(rows).top(query, k)
    assert sorted(positions.tolist()) == np.flatnonzero(products >= least).tolist()
    assert scores.tolist() == sorted(products[positions].tolist(), reverse=True)


def test_a_score_depends_on_its_row_alone() -> None:
    """Bit by bit, whatever rows stand beside it and wherever it stands: scores of several searches are compared."""
    rows, query = unit(500, 384, 7), unit(1, 384, 8)[0].astype(np.float32)
    positions, scores = Exact(rows).top(query, 500)
    whole = dict(zip(positions.tolist(), scores.tolist(), strict=True))
    for some in (np.array([499, 3, 77]), np.arange(100, 117), np.array([250])):
        found, here = Exact(rows[some]).top(query, len(some))
        assert dict(zip(some[found].tolist(), here.tolist(), strict=True)) == {at: whole[at] for at in some.tolist()}


def test_products_are_exact_to_float16() -> None:
    """They agree with float64 arithmetic on the float16 numbers to 1e-5."""
    rows = unit(300, 384, 9)
    query = rows[5].astype(np.float32)
    positions, scores = Exact(rows).top(query, 300)
    assert positions[0] == 5
    np.testing.assert_allclose(scores, (rows.astype(np.float64) @ query.astype(np.float64))[positions], atol=1e-5)


@pytest.mark.parametrize("dimension", [3, 6, 32])
def test_codes_find_what_is_near(dimension: int, tmp_path: Path) -> None:
    """Of 2,000 random rows the nearest is among the 200 best codes for 50 of 50 questions, also read from a file."""
    rows = unit(2_000, dimension, 1)
    Codes.build(rows).save(tmp_path / "x.codes")
    codes = Codes.load(tmp_path / "x.codes", 2_000, dimension)
    for query in unit(50, dimension, 2).astype(np.float32):
        nearest = int(np.argmax(rows.astype(np.float32) @ query))
        assert nearest in codes.nearest(query, 200)
    assert sorted(codes.nearest(query, 5_000).tolist()) == list(range(2_000))


def test_the_same_rows_give_the_same_codes(tmp_path: Path) -> None:
    """Nothing is left to chance: a collection made anew gives the same answers."""
    for name in ("one", "two"):
        Codes.build(unit(3_000, 16, 3)).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("content", [b"", b"not an index", b"IPfs" + b"\0" * 100])
def test_a_broken_file_is_told(tmp_path: Path, content: bytes) -> None:
    """A file that is no index of ours gives an error that names the way out."""
    (tmp_path / "x.codes").write_bytes(content)
    with pytest.raises(IndexDamaged, match="paperkin rebuild"):
        Codes.load(tmp_path / "x.codes", 5, 3)


def test_codes_of_other_rows_are_told(tmp_path: Path) -> None:
    """Codes of another number of rows, or of another dimension, are not searched."""
    Codes.build(unit(100, 8, 4)).save(tmp_path / "x.codes")
    for rows, dimension in ((99, 8), (100, 16)):
        with pytest.raises(IndexDamaged, match="another kind"):
            Codes.load(tmp_path / "x.codes", rows, dimension)


def test_merging_keeps_ties_and_orders_them_by_key() -> None:
    """Two lists with the scores .9 .5 and .7 .5 .5, three wanted: all that tie at .5 stay, by key."""
    one = (np.array([4, 9]), np.array([0.9, 0.5], dtype=np.float32))
    two = (np.array([1, 2, 8]), np.array([0.7, 0.5, 0.5], dtype=np.float32))
    keys, scores = merge([one, two], 3)
    assert keys.tolist() == [4, 1, 2, 8, 9]
    np.testing.assert_allclose(scores, [0.9, 0.7, 0.5, 0.5, 0.5])
    assert merge([one, two], 1)[0].tolist() == [4]
    assert len(merge([], 3)[0]) == 0
