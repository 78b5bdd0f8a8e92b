"""Lists of days, weeks and months: which papers, in which order, with whose votes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.change import Change
from indexer.collection import Collection, Snapshot
from indexer.filters import Condition, Filters
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.registry import read as read_file
from indexer.store_writer import StoreWriter
from search.feed import about, calendar, latest_day, newcomers, places, read, recent, trending
from tests.conftest import SHARED
from tests.toys import ToyEncoder

TODAY = date(2025, 1, 6)
PAPERS = (
    Paper("old", "an old one", daily="2024-12-20", upvotes=90),
    Paper("monday", "begins the week", daily="2024-12-30", upvotes=5, published="2020-01-01"),
    Paper("a", "new year's eve", daily="2024-12-31", upvotes=5, categories=("cs.CL",)),
    Paper("b", "new year's eve too", daily="2024-12-31", upvotes=9),
    Paper("unknown", "nobody counted", daily="2024-12-31"),
    Paper("c", "second of January", published="2025-01-02", upvotes=7),
    Paper("undated", "no day at all", upvotes=1000),
    Paper("late", "to come", published="2025-03"),
)
WEEK = date(2024, 12, 30), date(2025, 1, 5)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("feed") / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    return collection.snapshot()


def ids(snapshot: Snapshot, found: list[object]) -> list[str]:
    names = snapshot.store.ids([place.key for place in found])  # type: ignore[attr-defined]
    return [names[place.key] for place in found]  # type: ignore[attr-defined]


def test_trending_is_the_documented_formula() -> None:
    """votes / (age + 2)^1.8: 8 votes of today are 8/2^1.8 = 2.297; of a week ago 8/9^1.8 = 0.153."""
    assert trending(8, 0) == pytest.approx(2.2974, abs=1e-4)
    assert trending(8, 7) == pytest.approx(0.1533, abs=1e-4)
    assert trending(0, 0) == 0
    assert trending(8, -3) == trending(8, 0)  # a day to come is not better than today


def test_days_come_before_votes(snapshot: Snapshot) -> None:
    """The latest day first, within a day by votes, ties as they came; what nobody counted comes last."""
    found = places(snapshot, {}, WEEK, "published", TODAY)
    assert ids(snapshot, list(found)) == ["c", "b", "a", "unknown", "monday"]
    assert [place.upvotes for place in found] == [7, 9, 5, None, 5]


def test_trending_weighs_votes_against_age(snapshot: Snapshot) -> None:
    """Of the same week: 7 votes of Thursday (age 3 at its end) against 9 of Tuesday (age 5)."""
    found = places(snapshot, {}, WEEK, "trending", TODAY)
    assert ids(snapshot, list(found)) == ["c", "b", "a", "monday", "unknown"]
    assert found[0].score == pytest.approx(7 / 5**1.8)
    assert found[1].score == pytest.approx(9 / 7**1.8)


def test_readers_votes_count(snapshot: Snapshot) -> None:
    """They are added to those of the sources, whichever paper; a vote for what is no longer there does no harm."""
    votes = {"a": frozenset({"x", "y", "z", "u", "v"}), "unknown": frozenset({"x"}), "gone": frozenset({"x"})}
    found = places(snapshot, votes, WEEK, "published", TODAY)
    assert [(i, p.upvotes) for i, p in zip(ids(snapshot, list(found)), found, strict=True)] == [
        ("c", 7), ("a", 10), ("b", 9), ("unknown", 1), ("monday", 5),
    ]  # fmt: skip
    listed = read(snapshot, votes, found)
    assert (listed[1].paper.id, listed[1].voters) == ("a", frozenset("xyzuv"))


def test_a_calendar_knows_its_neighbours(snapshot: Snapshot) -> None:
    """A week that spans two years, the nearest periods with papers across gaps, and the days of both its months."""
    found = calendar(snapshot, "week", date(2025, 1, 1))
    assert (found.name, found.first, found.last) == ("2025-W01", *WEEK)
    assert (found.previous, found.next) == ("2024-W51", "2025-W09")
    assert found.days == {"2024-12-20": 1, "2024-12-30": 1, "2024-12-31": 3, "2025-01-02": 1}
    day = calendar(snapshot, "day", date(2024, 12, 25))  # in a gap
    assert (day.previous, day.next) == ("2024-12-20", "2024-12-30")
    month = calendar(snapshot, "month", date(2025, 3, 1))
    assert (month.name, month.previous, month.next, month.days) == ("2025-03", "2025-01", None, {"2025-03-01": 1})


def test_the_latest_day_is_not_one_to_come(snapshot: Snapshot, empty: Collection) -> None:
    """Unless there are no others."""
    assert latest_day(snapshot, TODAY) == date(2025, 1, 2)
    assert latest_day(snapshot, date(2020, 1, 1)) == date(2024, 12, 20)
    assert latest_day(empty.snapshot(), TODAY) is None


def test_recent_papers(snapshot: Snapshot) -> None:
    """Whole days from the latest one up to today backwards, across gaps, until there are enough; no more of a day."""

    def found(today: date, count: int, votes: Mapping[str, frozenset[str]] = {}) -> list[str]:
        return [each.paper.id for each in recent(snapshot, votes, today, count)]

    assert found(TODAY, 3) == ["c", "b", "a"]
    assert found(TODAY, 100) == ["c", "b", "a", "unknown", "monday", "old"]  # neither undated nor to come
    assert found(TODAY, 3, {"unknown": frozenset(map(str, range(10)))}) == ["c", "unknown", "b"]
    assert found(date(2024, 12, 30), 100) == ["monday", "old"]
    assert found(date(2020, 1, 1), 1) == ["old"]  # all are to come: the first of them
    assert found(date(2030, 1, 1), 1) == ["late"]
    assert found(TODAY, 0) == []
    first = recent(snapshot, {"c": frozenset("xy")}, TODAY, 1)[0]
    assert (first.day, first.upvotes, first.voters) == ("2025-01-02", 9, frozenset("xy"))


def test_recent_papers_of_nothing(empty: Collection, tmp_path: Path) -> None:
    """Nothing is recent where there are no papers, or none with a date."""
    assert recent(empty.snapshot(), {}, TODAY, 20) == []
    encoder = ToyEncoder()
    undated = Collection.create(tmp_path / "undated", encoder.identity)
    ingest(undated, encoder, [Paper("x", "speech")], Report())
    assert recent(undated.snapshot(), {}, TODAY, 20) == []


@given(st.dates(date(2024, 11, 1), date(2025, 4, 1)), st.integers(0, 9))
def test_recent_is_the_head_of_all_days(snapshot: Snapshot, today: date, count: int) -> None:
    """The same papers as the first of one list of all days up to today, where there is any such day."""
    whole = read(snapshot, {}, places(snapshot, {}, (date.min, today), "published", today))
    if whole:
        found = recent(snapshot, {}, today, count)
        assert [(each.day, each.paper.id) for each in found] == [(each.day, each.paper.id) for each in whole[:count]]


def test_filters_hold(snapshot: Snapshot) -> None:
    """Only papers that pass are listed."""
    found = places(snapshot, {}, WEEK, "published", TODAY, Filters((Condition("category", "cs"),)))
    assert ids(snapshot, list(found)) == ["a"]


def test_newcomers_are_those_that_came_since(tmp_path: Path) -> None:
    """By trend whatever their day; nothing came after now."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    snapshot = collection.snapshot()
    assert [one.paper.id for one in newcomers(snapshot, {}, "2020-01-01", TODAY, 3)] == ["old", "c", "b"]
    assert newcomers(snapshot, {}, "9999-01-01", TODAY, 3) == []


def test_papers_found_otherwise_are_told_the_same(snapshot: Snapshot) -> None:
    """Day, votes and arrival of any papers, also of one without a day."""
    found = about(
        snapshot, {"c": frozenset({"x"})}, [snapshot.store.paper("c"), snapshot.store.paper("undated")], TODAY
    )
    assert [(one.day, one.upvotes) for one in found] == [("2025-01-02", 8), (None, 1000)]
    assert found[0].score == pytest.approx(8 / 6**1.8)


@given(st.dates(date(2024, 12, 1), date(2025, 3, 31)), st.dates(date(2024, 12, 1), date(2025, 3, 31)))
def test_lists_are_as_a_slow_look_at_every_paper_finds(snapshot: Snapshot, one: date, other: date) -> None:
    """For any span of days."""
    first, last = min(one, other), max(one, other)
    expected = sorted(
        (p for p in PAPERS if p.listed and first.isoformat() <= p.listed <= last.isoformat()),
        key=lambda p: (p.listed or "", p.upvotes or 0),
        reverse=True,
    )
    assert ids(snapshot, list(places(snapshot, {}, (first, last), "published", TODAY))) == [p.id for p in expected]


def test_the_lists_of_580_real_days(tmp_path: Path) -> None:
    """9,877 papers: walked from day to day each is met once; the fullest day, the longest gap, a day with one paper."""
    path = SHARED / "corpora" / "hf_daily.jsonl.xz"
    if not path.exists():
        pytest.skip("the lists of Daily Papers are not beside this checkout")
    empty = Collection.create(tmp_path / "collection", ToyEncoder().identity)
    StoreWriter.create(tmp_path / "papers.db", {"sequence": "0", "papers": "0", "fingerprint": "0"})
    store = StoreWriter(tmp_path / "papers.db")  # without indexes, which lists do not need
    row = np.array([1, 0, 0, 0, 0], dtype=np.float16)
    with store.transaction():
        store.apply([Change.of(record.paper, row) for record in read_file(path, Report())])
    snapshot, name, days, met = replace(empty.snapshot(), store=store), "2023-01-01", [], 0
    while (following := calendar(snapshot, "day", date.fromisoformat(name)).next) is not None:
        name = following
        days.append(name)
        met += len(places(snapshot, {}, (date.fromisoformat(name),) * 2, "published", TODAY))
    assert (len(days), met) == (580, 9_877)
    counts = snapshot.store.listed_days("2023-01-01", "2030-01-01")
    assert (max(counts.values()), counts["2025-09-30"], counts["2025-01-21"]) == (50, 50, 1)
    assert calendar(snapshot, "day", date(2026, 6, 6)).previous == "2026-06-04"
    assert calendar(snapshot, "day", date(2026, 6, 6)).next == "2026-06-08"
    week = calendar(snapshot, "week", date(2025, 1, 1))
    assert (week.name, week.first, week.last) == ("2025-W01", date(2024, 12, 30), date(2025, 1, 5))
    found = places(snapshot, {}, (week.first, week.last), "published", TODAY)
    assert len(found) == 43 == sum(n for day, n in counts.items() if "2024-12-30" <= day <= "2025-01-05")
    assert {place.day[:4] for place in found} == {"2024", "2025"}
