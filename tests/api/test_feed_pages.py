"""The pages of lists: `/feed` with its periods, days and orders, and the latest days on the home page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.browser import Seen, asked_by, cards, link, see, titles
from tests.api.conftest import connect
from tests.toys import ToyEncoder

PAPERS: Final = (
    Paper("a", "speech", "About speech.", daily="2024-12-30", upvotes=5, categories=("cs.CL",)),
    Paper("b", "emotion", daily="2024-12-31", upvotes=9, published="2024-10-03"),
    Paper("c", "speech emotion", daily="2025-01-02", upvotes=7, categories=("cs.CL",)),
    Paper("10.1/d", "face", published="2025-01-02"),
    Paper("old", "graph", daily="2024-11-01", upvotes=100),
    Paper("undated", "other", upvotes=1_000),
)


def client_of(directory: Path, papers: Sequence[Paper]) -> TestClient:
    encoder = ToyEncoder()
    collection = Collection.create(directory / "collection", encoder.identity)
    ingest(collection, encoder, papers, Report())
    return connect(collection, encoder)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with client_of(tmp_path_factory.mktemp("feed"), PAPERS) as client:
        yield client


def parts(seen: Seen, label: str) -> list[tuple[str, str | None, bool]]:
    """The entries of a navigation or a list: text, where it leads, and whether that is here."""
    (around,) = [each for each in seen.elements if each.attributes.get("aria-label") == label]
    found = [*seen.within(around, "a"), *seen.within(around, "span")]
    return [(each.words, each.attributes.get("href"), "aria-current" in each.attributes) for each in found]


def test_the_latest_day(client: TestClient) -> None:
    """Without anything said, the latest day with papers: most votes first, those that nobody counted last."""
    seen = see(client, "/feed")
    assert seen.one("h1").words == "2 January 2025"
    assert titles(seen) == ["speech emotion", "face"]
    assert seen.texts("p", **{"class": "summary"}) == ["2 papers"]
    assert "7 upvotes" in seen.texts("li")
    assert all(card.attributes["data-came"].endswith("Z") for card in cards(seen))
    assert seen.texts("title") == ["Papers of 2 January 2025 – Paperkin"]
    assert [each.words for each in seen.all("a", **{"aria-current": "page"})] == ["Papers", "Day", "By day"]


@pytest.mark.parametrize(
    ("asked", "heading", "found"),
    [
        ("period=day&date=2024-12-31", "31 December 2024", ["emotion"]),
        ("period=week", "week 1 of 2025", ["speech emotion", "face", "emotion", "speech"]),
        ("period=week&date=2024-12-30", "week 1 of 2025", ["speech emotion", "face", "emotion", "speech"]),
        ("period=week&date=2025-W01", "week 1 of 2025", ["speech emotion", "face", "emotion", "speech"]),
        ("period=month&date=2024-12", "December 2024", ["emotion", "speech"]),
        ("period=month&date=2024-12-05", "December 2024", ["emotion", "speech"]),
        ("period=month&date=2024-11", "November 2024", ["graph"]),
        # 7 votes of the third day before its end against 9 of the fifth, 7/5^1.8 against 9/7^1.8
        ("period=week&sort=trending", "week 1 of 2025", ["speech emotion", "emotion", "speech", "face"]),
        ("period=week&category=cs", "week 1 of 2025", ["speech emotion", "speech"]),
        ("period=week&q=emotion&sort=relevance", "week 1 of 2025", None),
    ],
)
def test_lists(client: TestClient, asked: str, heading: str, found: list[str] | None) -> None:
    """A day, a week or a month, by a day of it or by its name, in the order that is asked for."""
    seen = see(client, f"/feed?{asked}")
    assert seen.one("h1").words == heading
    if found is None:
        assert titles(seen)[0] == "emotion"
    else:
        assert titles(seen) == found


def test_periods_before_and_after(client: TestClient) -> None:
    """The way to the nearest periods with papers, across gaps; at either end it is said that there is nothing."""
    seen = see(client, "/feed?period=day&date=2024-12-31")
    assert parts(seen, "Periods") == [
        ("← 30 December 2024", "/feed?period=day&date=2024-12-30", False),
        ("2 January 2025 →", "/feed?period=day&date=2025-01-02", False),
    ]
    assert [seen.one("a", rel=rel).words for rel in ("prev", "next")] == ["← 30 December 2024", "2 January 2025 →"]
    first = see(client, "/feed?period=month&date=2024-11&sort=trending")
    assert parts(first, "Periods") == [
        ("December 2024 →", "/feed?period=month&date=2024-12&sort=trending", False),
        ("nothing earlier", None, False),
    ]
    last = see(client, "/feed?period=week")
    assert parts(last, "Periods")[1] == ("nothing later", None, False)
    assert link(last, "← week 44 of 2024") == "/feed?period=week&date=2024-W44"


def test_following_periods_shows_every_list(client: TestClient) -> None:
    """From the latest day back to the first one every paper with a date is met once."""
    seen, met = see(client, "/feed"), list[str]()
    while True:
        met += titles(seen)
        if not seen.all("a", rel="prev"):
            break
        seen = see(client, seen.one("a", rel="prev").attributes["href"])
    assert met == ["speech emotion", "face", "emotion", "speech", "graph"]


def test_tabs(client: TestClient) -> None:
    """The same days as a day, a week and a month, and both orders; each tab keeps what the others say."""
    seen = see(client, "/feed?period=week&date=2024-12-31&sort=trending&category=cs")
    assert [(text, here) for text, _, here in parts(seen, "Period")] == [
        ("Day", False), ("Week", True), ("Month", False),
    ]  # fmt: skip
    assert [(text, here) for text, _, here in parts(seen, "Order")] == [("By day", False), ("Trending", True)]
    common = {"date": ["2024-12-30"], "category": ["cs"]}
    assert asked_by(link(seen, "Month"), "/feed") == {"period": ["month"], "sort": ["trending"], **common}
    assert asked_by(link(seen, "By day"), "/feed") == {"period": ["week"], **common}
    for label in ("Day", "Week", "Month", "By day", "Trending"):
        assert see(client, link(seen, label)).one("h1").words


def test_days(client: TestClient) -> None:
    """The days of the months around, each with how many papers it has; the one that is shown says so."""
    seen = see(client, "/feed?period=day&date=2024-12-31")
    links = seen.within(seen.one("ul", **{"class": "days"}), "a")
    assert [(link.attributes["href"], link.attributes.get("aria-current")) for link in links] == [
        ("/feed?period=day&date=2024-12-30", None),
        ("/feed?period=day&date=2024-12-31", "page"),
    ]
    assert seen.texts("span", **{"aria-hidden": "true"}) == ["30 1", "31 1"]
    said = see(client, "/feed?period=week").texts("span", **{"class": "visually-hidden"})
    assert {"30 December 2024, 1 paper", "31 December 2024, 1 paper", "2 January 2025, 2 papers"} <= set(said)
    alone = see(client, "/feed?period=month&date=2024-11")
    assert alone.all("ul", **{"class": "days"}) == []  # one day is no choice


def test_an_empty_day(client: TestClient) -> None:
    """A day without papers says so, and leads to the nearest ones that have some."""
    seen = see(client, "/feed?period=day&date=2024-12-25")
    assert (cards(seen), seen.texts("p", **{"class": "summary"})) == ([], ["No paper is of this day"])
    assert [each[0] for each in parts(seen, "Periods")] == ["← 1 November 2024", "30 December 2024 →"]


def test_pages_of_a_list(tmp_path: Path) -> None:
    """A long list has pages of fifty, or of as many as are asked for, and whatever narrows it is kept."""
    papers = [Paper(f"p{n:02}", f"speech {n:02}", daily="2025-06-20", upvotes=100 - n, source="x") for n in range(55)]
    client = client_of(tmp_path, [*papers, Paper("y", "speech y", daily="2025-06-20", source="y")])
    seen = see(client, "/feed?source=x")
    assert (len(cards(seen)), seen.texts("p", **{"class": "summary"})) == (50, ["55 papers"])
    assert asked_by(link(seen, "Next →"), "/feed") == {
        "period": ["day"], "date": ["2025-06-20"], "page": ["2"], "source": ["x"],
    }  # fmt: skip
    second = see(client, link(seen, "Next →"))
    assert titles(second) == [f"speech {n}" for n in range(50, 55)]
    assert titles(see(client, link(second, "← Previous"))) == titles(seen)
    met, address = list[str](), "/feed?k=20&period=month&source=x"
    for _ in range(3):
        seen = see(client, address)
        met += titles(seen)
        address = link(seen, "Next →") if "Next →" in seen.texts("a") else ""
    assert (met, address) == ([f"speech {n:02}" for n in range(55)], "")


def test_a_question_within_a_period(client: TestClient) -> None:
    """A list by relevance keeps its question; by day or by trend it would be another list, which is not offered."""
    seen = see(client, "/feed?period=week&q=emotion&sort=relevance&k=2")
    assert asked_by(link(seen, "Next →"), "/feed")["q"] == ["emotion"]
    assert len(cards(see(client, link(seen, "Next →")))) == 2
    assert titles(see(client, link(seen, "Month"))) == ["emotion", "speech"]  # the month in which the week begins
    assert "Trending" not in seen.texts("a")
    assert client.get(link(seen, "Atom")).status_code == 200


def test_feeds_of_a_list(client: TestClient) -> None:
    """What is shown can be followed: the documents are of the same period, order and filters."""
    seen = see(client, "/feed?period=month&sort=trending&category=cs&since=2024-01-01")
    for label, kind in (("Atom", "atom"), ("RSS", "rss"), ("JSON Feed", "json")):
        expected = {"period": ["month"], "sort": ["trending"], "category": ["cs"]}
        assert asked_by(link(seen, label), f"/v1/feed.{kind}") == expected
        assert client.get(link(seen, label)).status_code == 200
    announced = [each.attributes["href"] for each in seen.all("link", rel="alternate")]
    assert link(seen, "Atom") in announced


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("date=soon", "date is not a day, a week or a month: 'soon'."),
        ("date=2025-W99", "date is not a day, a week or a month: '2025-W99'."),
        ("date=2025-06", "2025-06 is not one day."),
        ("date=2025", "date is not a day, a week or a month: '2025'."),
        ("period=year", "The field 'period' has an unknown value."),
        ("sort=best", "The field 'sort' has an unknown value."),
        ("page=0", "There is no page 0."),
        ("k=0", "k is 0."),
        ("q=speech", "Relevance is to a question, and a question is answered by relevance."),
        ("other=1", "There is no field 'other' here."),
        ("category=%00", None),
    ],
)
def test_what_is_no_list(client: TestClient, asked: str, message: str | None) -> None:
    """A list that cannot be made gets a page that says why, with the search box."""
    seen = see(client, f"/feed?{asked}", 422)
    assert message is None or seen.one("h1").words == message
    assert seen.one("form", role="search").attributes["action"] == "/search"


def test_an_empty_collection(empty: Collection, encoder: ToyEncoder) -> None:
    """Its list is today's, and empty; its home page says how papers come in."""
    client = connect(empty, encoder)
    for asked in ("", "?period=week", "?period=month&sort=trending", "?period=day&date=2025-01-01"):
        seen = see(client, f"/feed{asked}")
        assert cards(seen) == []
        assert [each[0] for each in parts(seen, "Periods")] == ["nothing earlier", "nothing later"]
    assert see(client, "/").texts("h2") == []


# The home page


def days(count: int, each: int, **facts: Any) -> list[Paper]:
    """So many papers on each of so many days, from 1 June 2025 on."""
    return [
        Paper(f"{n}-{m}", f"speech {n:02} {m}", daily=f"2025-06-{n + 1:02}", upvotes=10 - m, **facts)
        for n in range(count)
        for m in range(each)
    ]


def groups(seen: Seen) -> list[tuple[str, list[str]]]:
    """The headings of the home page, and the papers under each."""
    found: list[tuple[str, list[str]]] = []
    for each in seen.elements:
        if each.tag == "h2":
            found.append((seen.within(each, "a")[0].words, []))
        elif each.tag == "h3":
            found[-1][1].append(each.words)
    return found


def test_home_by_day(tmp_path: Path) -> None:
    """Where days have several papers they stand under their days: the latest first, most votes first; twenty."""
    seen = see(client_of(tmp_path, days(9, 3)), "/")
    found = groups(seen)
    assert [(name, len(papers)) for name, papers in found] == [
        *((f"{n} June 2025", 3) for n in (9, 8, 7, 6, 5, 4)), ("3 June 2025", 2),
    ]  # fmt: skip
    assert found[0][1] == ["speech 08 0", "speech 08 1", "speech 08 2"]
    assert seen.texts("p", **{"class": "summary"}) == ["27 papers, newest first"]
    assert asked_by(link(seen, "9 June 2025"), "/feed") == {"period": ["day"], "date": ["2025-06-09"]}


def test_home_by_month(client: TestClient) -> None:
    """Where most days have but one paper, they stand under their months."""
    seen = see(client, "/")
    assert groups(seen) == [
        ("January 2025", ["speech emotion", "face"]),
        ("December 2024", ["emotion", "speech"]),
        ("November 2024", ["graph"]),
    ]
    assert asked_by(link(seen, "December 2024"), "/feed") == {"period": ["month"], "date": ["2024-12"]}
    assert titles(see(client, link(seen, "December 2024"))) == ["emotion", "speech"]
    assert seen.texts("p", **{"class": "summary"}) == ["6 papers, newest first"]


@pytest.mark.parametrize(
    ("count", "each", "names"),
    [
        (1, 1, ["1 June 2025"]),
        (1, 2, ["1 June 2025"]),
        (2, 1, ["June 2025"]),
        (2, 2, ["2 June 2025", "1 June 2025"]),
    ],
)
def test_when_days_become_months(tmp_path: Path, count: int, each: int, names: list[str]) -> None:
    """Up to half as many days as papers are shown as days; a single paper has its day."""
    assert [name for name, _ in groups(see(client_of(tmp_path, days(count, each)), "/"))] == names


def test_home_without_dates(tmp_path: Path) -> None:
    """Where no paper has a date there is no latest day: papers are listed without, twenty of them."""
    seen = see(client_of(tmp_path, [Paper(f"p{n:02}", f"speech {n:02}") for n in range(25)]), "/")
    assert len(cards(seen)) == 20
    assert (seen.texts("h2", **{"class": "day"}), seen.all("h3")) == ([], [])
    assert len(cards(see(client_of(tmp_path / "few", [Paper("x", "speech")]), "/"))) == 1
    assert link(seen, "All papers") == "/search"
    assert cards(see(client_of(tmp_path / "feed", [Paper("x", "speech")]), "/feed")) == []


def test_days_to_come(tmp_path: Path) -> None:
    """What is dated after today is not the latest, unless there is nothing else."""
    late = Paper("late", "late", published="9998-01-01")
    assert titles(see(client_of(tmp_path / "one", [late, Paper("x", "speech", published="2025")]), "/")) == ["speech"]
    assert titles(see(client_of(tmp_path / "two", [late]), "/")) == ["late"]
