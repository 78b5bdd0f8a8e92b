"""Lists and questions as the engine answers them: what the feed, its documents and the other shapes have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from api.requests import FeedFields, SearchFeedFields
from api.service import Service
from indexer.collection import Snapshot
from indexer.errors import InvalidQuery
from indexer.filters import Condition, Filters
from indexer.paper import Paper
from indexer.periods import Period, around, moment, span
from search import feed
from search.answer import Hit
from search.engine import MAX_LISTED, index_version
from search.feed import Calendar, Listed
from search.query import MAX_K, Page

MOST_ENTRIES: Final = 100
"""Entries of a document."""
RECENT: Final = timedelta(days=30)
"""What came so lately is in the document of a question even where better answers came before."""
LIKELY: Final = 0.5
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of a list, and where its period stands. `scores` are those of the question, if there is one."""

    calendar: Calendar
    papers: Sequence[Listed]
    scores: Sequence[float | None]
    total: int
    index_version: str


def listed(asked: FeedFields, service: Service) -> Feed:
    """The list that is asked for. Raises `InvalidQuery`."""
    if not 1 <= asked.k <= MAX_K:
        raise InvalidQuery("k_out_of_range", f"k is {asked.k}.", f"Ask for 1 to {MAX_K:,} papers a page.")
    if not 1 <= asked.page <= MAX_LISTED // asked.k:
        raise InvalidQuery("page_out_of_range", f"There is no page {asked.page}.", "Pages are counted from 1.")
    if asked.asks != (asked.sort == "relevance"):
        raise InvalidQuery(
            "invalid_value",
            "Relevance is to a question, and a question is answered by relevance.",
            "Give both q (or abstract, like) and sort=relevance, or neither.",
        )
    snapshot, today = service.engine.snapshot(), _today()
    calendar = _calendar(asked, snapshot, today)
    if asked.sort == "relevance":
        return _relevant(asked, service, calendar, today)
    votes = service.votes()
    days = calendar.first, calendar.last
    found = feed.places(snapshot, votes, days, asked.sort, today, asked.filters())
    first = (asked.page - 1) * asked.k
    papers = feed.read(snapshot, votes, found[first : first + asked.k])
    return Feed(calendar, papers, [None] * len(papers), len(found), index_version(snapshot))


def followed(asked: FeedFields, service: Service) -> list[Listed]:
    """The papers of a list for a document of entries: without a date also those of the period before the latest.

    So who looks once a period misses none. Those that came before `since` are left out.
    """
    latest = listed(asked, service)
    found, before = list(latest.papers), latest.calendar.previous
    if asked.date is None and before is not None:
        found += listed(asked.model_copy(update={"date": before}), service).papers
    since = asked.since and check_moment(asked.since)
    return [paper for paper in found if not since or paper.came >= since][:MOST_ENTRIES]


def answers(asked: SearchFeedFields, service: Service) -> list[Listed]:
    """The papers that answer a question, the latest to come first, for a document of entries.

    The best of all papers and the best of those that came lately, each only where it may be a match at all.
    """
    now = datetime.now(UTC)
    lately = check_moment(asked.since) if asked.since else moment(now - RECENT)
    query = asked.query(Page(MOST_ENTRIES // 2))
    recent = query.within(Filters((Condition("since", lately),)))
    papers: dict[str, Paper] = {}
    for each in (recent,) if asked.since else (recent, query):
        for hit in service.engine.search(each).hits:
            if is_match(hit):
                papers.setdefault(hit.paper.id, hit.paper)
    found = feed.about(service.engine.snapshot(), {}, list(papers.values()), now.date())
    return sorted(found, key=lambda paper: paper.came, reverse=True)


def is_match(hit: Hit) -> bool:
    """Whether a paper is worth telling of unasked: more likely an answer than not, or there is no text to judge by."""
    return hit.confidence is None or hit.confidence.probability >= LIKELY


def last_visit(asked: FeedFields) -> str:
    """From when on papers are new to the reader: the last visit, else a day ago."""
    return check_moment(asked.since) if asked.since else moment(datetime.now(UTC) - DAY)


def check_moment(text: str) -> str:
    """A moment as it is stored. Raises `InvalidQuery`."""
    return Condition("since", text).value


def _calendar(asked: FeedFields, snapshot: Snapshot, today: date) -> Calendar:
    period: Period = asked.period
    if asked.date is None:
        return feed.calendar(snapshot, period, feed.latest_day(snapshot, today) or today)
    days = span(asked.date)
    if days is None or len(asked.date) < len("2026-08"):
        raise InvalidQuery(
            "invalid_date",
            f"date is not a day, a week or a month: {asked.date[:40]!r}.",
            "Write 2026-08-21, 2026-W34 or 2026-08.",
        )
    if days != around(days[0], period) and days[0] != days[1]:
        raise InvalidQuery(
            "invalid_date", f"{asked.date} is not one {period}.", f"Give a day, or the name of a {period}, as date."
        )
    return feed.calendar(snapshot, period, days[0])


def _relevant(asked: FeedFields, service: Service, calendar: Calendar, today: date) -> Feed:
    query = asked.query(Page(asked.k, (asked.page - 1) * asked.k))
    within = Filters((Condition("daily", calendar.name),))
    answer = service.engine.search(query.within(within))
    papers = feed.about(service.engine.snapshot(), service.votes(), [hit.paper for hit in answer.hits], today)
    return Feed(calendar, papers, [hit.score for hit in answer.hits], answer.total, answer.index_version)


def _today() -> date:
    return datetime.now(UTC).date()
