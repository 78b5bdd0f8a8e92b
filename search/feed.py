"""The lists of days, weeks and months: which papers are in a period, in which order, and which of them are new.

A paper stands on the list of one day: that on which it was on Daily Papers where it was, else that on which it was
published. Its votes are those that its sources count and those that readers of this collection have given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nsmallest
from typing import Final, Literal

import numpy as np

from indexer.collection import Snapshot
from indexer.errors import PaperNotFound
from indexer.filters import Condition, Filters
from indexer.paper import Paper
from indexer.periods import Period, Span, around, name_of

Sort = Literal["published", "trending"]
Votes = Mapping[str, frozenset[str]]
"""Who has voted for what: voters by the ids of papers."""
Row = tuple[int, str, int | None]
"""Key, day and upvotes of a paper, as the store lists them."""

GRAVITY: Final = 1.8
"""The power of age in Hacker News' formula, as published with its source (news.arc)."""
AGE: Final = 2.0
"""What its formula adds to the age, so that what is newest is not infinitely good."""
TRENDING_DAYS: Final = 30
"""Days up to the latest one of which papers are trending where no period is asked for."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper on a list. `came` is the moment, or the day, at which it came to the collection; `score` its trend."""

    paper: Paper
    day: str | None
    upvotes: int | None
    score: float
    came: str
    voters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """A paper of a list before it is read."""

    key: int
    day: str
    upvotes: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where a period stands: its name and days, the names of the nearest with papers, and how many each day has."""

    name: str
    first: date
    last: date
    previous: str | None
    next: str | None
    days: Mapping[str, int]


def trending(votes: int, age: float) -> float:
    """votes / (age + 2)^1.8, age in days: Hacker News' formula, whose source is published (news.arc).

    There the age is in hours, since what is listed lives for hours, and one vote is taken away: that of the submitter,
    who does not vote here.
    """
    return float(votes / (max(age, 0.0) + AGE) ** GRAVITY)


def calendar(snapshot: Snapshot, period: Period, day: date) -> Calendar:
    """Where the period around a day stands among those that have papers; `days` are those of its months."""
    first, last = around(day, period)
    before, after = snapshot.store.neighbours(first.isoformat(), last.isoformat())
    months = around(first, "month")[0].isoformat(), around(last, "month")[1].isoformat()
    return Calendar(
        name_of(first, period),
        first,
        last,
        before and name_of(date.fromisoformat(before), period),
        after and name_of(date.fromisoformat(after), period),
        snapshot.store.listed_days(*months),
    )


def latest_day(snapshot: Snapshot, today: date) -> date | None:
    """The latest day up to today that has papers; where all are of days to come, the first of these."""
    before, after = snapshot.store.neighbours((today + timedelta(days=1)).isoformat(), today.isoformat())
    found = before or after
    return date.fromisoformat(found) if found else None


def places(
    snapshot: Snapshot,
    votes: Votes,
    days: Span,
    sort: Sort,
    today: date,
    filters: Filters | None = None,
    submitter: str | None = None,
) -> list[Place]:
    """The papers of some days, in order.

    `published`: latest day first, within a day by votes. `trending`: by `trending` of votes and age at the end of the
    days or today, whichever is earlier. Ties stand in the order in which papers came to the collection.
    """
    rows = snapshot.store.listed(days[0].isoformat(), days[1].isoformat(), submitter)
    allowed = snapshot.matching(filters) if filters else None
    if allowed is not None and rows:
        passing = allowed.has(np.array([row[0] for row in rows], dtype=np.int64))
        rows = [row for row, passes in zip(rows, passing, strict=True) if passes]
    found = _counted(rows, _given(snapshot, votes), min(days[1], today))
    if sort == "trending":
        return sorted(found, key=lambda p: (-p.score, _latest_first(p.day), -(p.upvotes or 0), p.key))
    return sorted(found, key=_by_day)


def _counted(rows: Sequence[Row], given: Mapping[int, int], end: date) -> list[Place]:
    """Papers with the votes of sources and readers together, and their trend at the end of a day."""
    found = []
    for key, day, upvotes in rows:
        count = upvotes if key not in given else (upvotes or 0) + given[key]
        found.append(Place(key, day, count, trending(count or 0, (end - date.fromisoformat(day)).days)))
    return found


def _by_day(place: Place) -> tuple[int, int, int]:
    return _latest_first(place.day), -(place.upvotes or 0), place.key


def read(snapshot: Snapshot, votes: Votes, found: Sequence[Place]) -> list[Listed]:
    """The papers of places, with what readers want to know of them."""
    keys = [place.key for place in found]
    papers, came, voters = snapshot.store.papers(keys), snapshot.store.arrivals(keys), voters_of(snapshot, votes, keys)
    return [
        Listed(papers[p.key], p.day, p.upvotes, p.score, came[p.key], voters.get(p.key, frozenset())) for p in found
    ]


def recent(snapshot: Snapshot, votes: Votes, today: date, count: int) -> list[Listed]:
    """The papers of the latest day up to today, and of the days before it until there are `count`; no more of a day."""
    rows: list[Row] = []
    at = latest_day(snapshot, today)
    while at is not None and len(rows) < count:
        rows += snapshot.store.listed(at.isoformat(), at.isoformat())
        before, _ = snapshot.store.neighbours(at.isoformat(), at.isoformat())
        at = date.fromisoformat(before) if before else None
    # A day may have thousands: in many collections nothing but the year is known.
    return read(snapshot, votes, nsmallest(count, _counted(rows, _given(snapshot, votes), today), key=_by_day))


def about(snapshot: Snapshot, votes: Votes, papers: Sequence[Paper], today: date) -> list[Listed]:
    """The same of papers that were found otherwise."""
    keys = [snapshot.store.find(paper.id)[0] for paper in papers]
    came, voters = snapshot.store.arrivals(keys), voters_of(snapshot, votes, keys)
    found = []
    for key, paper in zip(keys, papers, strict=True):
        given = voters.get(key, frozenset())
        count = paper.upvotes if not given else (paper.upvotes or 0) + len(given)
        age = (today - date.fromisoformat(paper.listed)).days if paper.listed else 0
        found.append(Listed(paper, paper.listed, count, trending(count or 0, age), came[key], given))
    return found


def newcomers(snapshot: Snapshot, votes: Votes, since: str, today: date, k: int) -> list[Listed]:
    """Up to `k` papers that came to the collection at a moment or later, the best by trend first."""
    came = Filters((Condition("since", since),))
    found = places(snapshot, votes, (date.min, date.max), "trending", today, came)
    return read(snapshot, votes, found[:k])


def voters_of(snapshot: Snapshot, votes: Votes, keys: Sequence[int]) -> dict[int, frozenset[str]]:
    """Who has voted for papers, under whichever of their ids."""
    if not votes:
        return {}
    named = snapshot.store.names(keys)
    return {key: frozenset().union(*(votes.get(name, frozenset()) for name in names)) for key, names in named.items()}


def _given(snapshot: Snapshot, votes: Votes) -> dict[int, int]:
    """How many readers have voted for each paper that is still there."""
    voters: dict[int, set[str]] = {}
    known = snapshot.store.lookup(list(votes))  # most stand under their own ids: one question for all of these
    for paper_id, who in votes.items():
        try:
            key = known[paper_id].key if paper_id in known else snapshot.store.find(paper_id)[0]
        except PaperNotFound:
            continue  # it was removed; should it come again, its votes count again
        voters.setdefault(key, set()).update(who)
    return {key: len(who) for key, who in voters.items()}


def _latest_first(day: str) -> int:
    return -date.fromisoformat(day).toordinal()
