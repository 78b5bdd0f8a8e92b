"""Which papers pass: conditions put together, what is kept, and what is let go of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import matching
from indexer.filters import Condition, Filters
from indexer.matching import Matching
from indexer.selection import Keys, Selection, ascending

PAPERS: Final = 12
CONDITIONS: Final = st.builds(
    Condition, st.sampled_from(["id", "word", "source"]), st.sampled_from(["a", "b", "c"]), st.booleans()
)
KEYS: Final = st.sets(st.integers(1, PAPERS))


def keys_of(numbers: set[int]) -> Keys:
    return np.array(sorted(numbers), dtype=np.int64)


def matching_of(table: dict[tuple[str, str], set[int]], log: list[Condition] | None = None) -> Matching:
    def passing(conditions: tuple[Condition, ...]) -> Keys:
        assert not any(each.excluded for each in conditions)
        if log is not None:
            log.extend(conditions)
        return keys_of(set.intersection(*(table[each.field, each.value] for each in conditions)))

    return Matching(passing, lambda: keys_of(set(range(1, PAPERS + 1))))


TABLES: Final = st.fixed_dictionaries({(field, value): KEYS for field in ("id", "word", "source") for value in "abc"})


@given(TABLES, st.lists(CONDITIONS, min_size=1, max_size=5))
def test_conditions_are_put_together_as_sets(table: dict[tuple[str, str], set[int]], asked: list[Condition]) -> None:
    """All conditions hold at once, what is excluded is taken out, and ids that are not are alternatives."""
    expected = set(range(1, PAPERS + 1))
    ids: set[int] | None = None
    for each in asked:
        found = table[each.field, each.value]
        if each.excluded:
            expected -= found
        elif each.field == "id":
            ids = (ids or set()) | found
        else:
            expected &= found
    selected = matching_of(table).of(Filters(tuple(asked)))
    assert selected is not None
    assert selected.keys.tolist() == sorted(expected if ids is None else expected & ids)


def test_no_filter_selects_nothing_in_particular() -> None:
    """Where nothing is asked every paper passes, and no keys are listed for it."""
    assert matching_of({}).of(Filters()) is None


def test_a_condition_is_looked_up_once() -> None:
    """However often filters come again, in whatever order, alone or with others, each condition costs one look."""
    table = {("word", "a"): {1, 2, 3}, ("word", "b"): {2, 3, 4}, ("source", "c"): {3, 4, 5}}
    log: list[Condition] = []
    known = matching_of(table, log)
    a, b, c = Condition("word", "a"), Condition("word", "b"), Condition("source", "c")
    first = known.of(Filters((a, b)))
    assert first is not None
    assert first.keys.tolist() == [2, 3]
    assert known.of(Filters((b, a))) is first
    three = known.of(Filters((a, b, c)))
    assert three is not None
    assert three.keys.tolist() == [3]
    known.of(Filters((a, Condition("word", "b", excluded=True))))
    assert sorted(log, key=str) == sorted([a, b, c], key=str)


def test_a_range_of_days_is_looked_up_as_one() -> None:
    """Both ends of a range go into one look, which few papers pass, whatever else is asked for; each for itself, or
    excluded, is looked up alone."""
    table = {("after", "2020"): {3, 4, 5}, ("until", "2021"): {1, 2, 3}, ("word", "a"): {3, 5}}
    log: list[tuple[Condition, ...]] = []

    def passing(conditions: tuple[Condition, ...]) -> Keys:
        log.append(conditions)
        return keys_of(set.intersection(*(table[each.field, each.value] for each in conditions)))

    known = Matching(passing, lambda: keys_of(set(range(1, 6))))
    after, until, word = Condition("after", "2020"), Condition("until", "2021"), Condition("word", "a")
    for filters, expected in (
        ((word, after, until), [3]),
        ((after,), [3, 4, 5]),
        ((after, Condition("until", "2021", excluded=True)), [4, 5]),
    ):
        selected = known.of(Filters(filters))
        assert selected is not None
        assert selected.keys.tolist() == expected
    assert log == [(after, until), (word,), (after,), (until,)]


@pytest.mark.parametrize(("limit", "kept"), [("MOST", 3), ("MOST_BYTES", 3 * (10 * 8 + 11))])
def test_what_was_asked_last_is_kept(monkeypatch: pytest.MonkeyPatch, limit: str, kept: int) -> None:
    """Of six selections of ten keys the latest three are kept: neither more of them, nor more bytes."""
    monkeypatch.setattr(matching, limit, kept)
    log: list[Condition] = []
    conditions = [Condition("source", str(number)) for number in range(6)]
    known = matching_of({("source", each.value): set(range(1, 11)) for each in conditions}, log)
    for each in (*conditions, *conditions[3:], conditions[0]):
        known.of(Filters((each,)))
    assert log == [*conditions, conditions[0]]


@given(st.lists(st.integers(0, 300)))
def test_ascending_keys_against_sorting(keys: list[int]) -> None:
    """Keys in any order, some of them twice, come in order and each once."""
    assert ascending(np.array(keys, dtype=np.int64)).tolist() == sorted(set(keys))


@given(KEYS, st.lists(st.integers(-2, PAPERS + 3)))
def test_a_selection_has_its_keys(selected: set[int], asked: list[int]) -> None:
    """Of any keys, negative ones and larger ones than it holds among them, it tells which are its own."""
    has: Callable[[Keys], np.ndarray] = Selection(keys_of(selected)).has
    assert has(np.array(asked, dtype=np.int64)).tolist() == [key in selected for key in asked]
