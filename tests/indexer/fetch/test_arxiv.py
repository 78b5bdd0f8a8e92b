"""Fetching from arXiv: the pages of a list, going on after any end, and what arXiv says instead of a list."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import InvalidInput
from indexer.fetch import arxiv
from indexer.fetch.polite import Client, FetchFailed, Patience
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources import arxiv_oai
from indexer.sources.opening import find
from tests.indexer.fetch.server import Answer, Arxiv, Clock, Server, envelope, oai_error, record, recorded_records

Serve = Callable[[Callable[[dict[str, str]], Answer]], Server]
Make = Callable[..., Client]
SINCE = date(2026, 1, 1)
TODAY = date(2026, 2, 3)


def listed(*days: str) -> list[tuple[str, str]]:
    """Records 1, 2, … of these days."""
    return [(day, record(f"2601.{number:05}", day)) for number, day in enumerate(days, 1)]


FIVE = listed("2026-01-01", "2026-01-02", "2026-01-02", "2026-01-05", "2026-02-03")


@pytest.fixture
def harvest(client: Make, tmp_path: Path) -> Callable[..., Any]:
    """Starts a harvest of cs.CL from a server into a folder of the test."""

    def start(server: Server, since: date = SINCE, until: date | None = None, **given: Any) -> Any:
        today = given.pop("today", TODAY)
        return arxiv.fetch(client(server, **given), "cs.CL", since, until, folder=tmp_path, today=lambda: today)

    return start


Harvest = Callable[..., Any]


def papers(page: Path) -> list[Paper]:
    """The papers in a page."""
    return list(arxiv_oai.parse(io.BytesIO(page.read_bytes()), page.name, Report()))


def ids(*pages: Path) -> list[str]:
    """The papers in pages, by their numbers."""
    return [paper.id[-1] for page in pages for paper in papers(page)]


def questions(server: Server) -> list[str]:
    """What was asked: the first day of a list, or how many records to skip."""
    return [one.query.get("from") or "+" + one.query["resumptionToken"][-1] for one in server.asked]


# A list


def test_a_list_comes_page_by_page(serve: Serve, harvest: Harvest, tmp_path: Path) -> None:
    """The pages of a list become files in a folder of the harvest, as they were sent, three seconds apart."""
    server = serve(usual := Arxiv(FIVE))
    pages = list(harvest(server))
    folder = tmp_path / "arxiv-cs.CL-2026-01-01"
    assert pages == [folder / f"page-00000{number}.xml" for number in (1, 2, 3)]
    assert ids(*pages) == ["1", "2", "3", "4", "5"]
    assert pages[0].read_bytes() == usual(server.asked[0].query).body
    first, second, _ = (one.query for one in server.asked)
    assert first == {"verb": "ListRecords", "metadataPrefix": "arXiv", "set": "cs:cs:CL", "from": "2026-01-01"}
    assert set(second) == {"verb", "resumptionToken"}
    assert second["resumptionToken"].startswith("verb%3DListRecords%26")
    assert [one.at - 1_000.0 for one in server.asked] == [0.0, 3.0, 6.0]


def test_the_folder_of_a_harvest_is_a_source(serve: Serve, harvest: Harvest, tmp_path: Path) -> None:
    """What is kept beside the pages is hidden from whoever reads the folder."""
    pages = list(harvest(serve(Arxiv(FIVE))))
    assert find([tmp_path]) == pages


def test_the_recorded_answers(serve: Serve, harvest: Harvest) -> None:
    """All records that arXiv once sent come through, in the order of their days."""
    records = recorded_records()
    if not records:
        pytest.skip("the recorded answers are not beside this checkout")
    server = serve(Arxiv(records, a_page=4))
    pages = list(harvest(server, since=date(2000, 1, 1)))
    came = [paper for page in pages for paper in papers(page)]
    assert server.asked[0].query["from"] == "2005-09-16"
    assert (len(records), len(came), len(pages)) == (30, 30, 8)


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.CL", "cs:cs:CL"),
        ("cs", "cs:cs"),
        ("math.NA", "math:math:NA"),
        ("stat.ML", "stat:stat:ML"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("hep-th", "physics:hep-th"),
        ("math-ph", "physics:math-ph"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("cond-mat.mtrl-sci", "physics:cond-mat:mtrl-sci"),
        ("nlin.CD", "physics:nlin:CD"),
        ("physics", "physics:physics"),
        ("physics.flu-dyn", "physics:physics:flu-dyn"),
    ],
)
def test_names_of_sets(category: str, name: str) -> None:
    """OAI-PMH has names of its own: group, archive, category."""
    assert arxiv.set_of(category) == name


@pytest.mark.parametrize("category", ["", "cl", "CS.CL", "cs.", "cs.CL.x", "../cs", "cs:cs:CL", "cs.CL\n", "biology"])
def test_what_is_no_category(serve: Serve, client: Make, tmp_path: Path, category: str) -> None:
    """A name that arXiv cannot know is refused at once, before anything is asked or made."""
    server = serve(Arxiv(FIVE))
    with pytest.raises(InvalidInput, match="is no category of arXiv"):
        arxiv.fetch(client(server), category, SINCE, folder=tmp_path)
    assert (server.asked, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("since", "until"),
    [(date(2026, 2, 4), None), (date(2026, 1, 2), date(2026, 1, 1)), (date(2001, 1, 1), date(2002, 1, 1))],
)
def test_days_that_cannot_be(serve: Serve, harvest: Harvest, since: date, until: date | None) -> None:
    """Days to come, days in the wrong order, and days before the first that arXiv knows are refused at once."""
    with pytest.raises(InvalidInput, match="can be known"):
        harvest(serve(Arxiv(FIVE)), since, until)


def test_nothing_changed(serve: Serve, harvest: Harvest, tmp_path: Path) -> None:
    """A list without records is no page and no error."""
    assert list(harvest(serve(Arxiv([])))) == []
    assert list(tmp_path.rglob("page-*")) == []


# Going on


def test_a_harvest_that_was_killed_goes_on(serve: Serve, harvest: Harvest) -> None:
    """The page that nobody took is given from disk, then the next is asked for, and none is asked for twice."""
    server = serve(Arxiv(FIVE))
    killed = harvest(server)
    assert ids(next(killed)) == ["1", "2"]
    assert ids(next(killed)) == ["3", "4"]
    del killed
    assert ids(*harvest(server)) == ["3", "4", "5"]
    assert questions(server) == ["2026-01-01", "+2", "+4"]


def test_a_harvest_that_failed_goes_on(serve: Serve, harvest: Harvest) -> None:
    """What came before a failure is kept."""
    server = serve(Arxiv(FIVE))
    pages = harvest(server, patience=Patience(tries=2))
    next(pages)
    server.next.extend([Answer(status=503)] * 2)
    with pytest.raises(FetchFailed, match="503"):
        next(pages)
    assert ids(*harvest(server)) == ["3", "4", "5"]
    assert questions(server) == ["2026-01-01", "+2", "+2", "+2", "+4"]


def test_killed_between_page_and_state(serve: Serve, harvest: Harvest, tmp_path: Path) -> None:
    """A page that was written and not noted down is fetched again into the same file."""
    server = serve(Arxiv(FIVE))
    pages = harvest(server)
    next(pages)
    state = next(tmp_path.rglob(".state.json"))
    before = state.read_bytes()
    next(pages)
    state.write_bytes(before)
    assert ids(*harvest(server)) == ["1", "2", "3", "4", "5"]
    assert len(list(tmp_path.rglob("page-*.xml"))) == 3
    assert not [path for path in tmp_path.rglob(".*") if path.is_file() and path.name != ".state.json"]


def test_a_finished_harvest_asks_for_what_is_newer(serve: Serve, harvest: Harvest) -> None:
    """The next run begins with the day on which the last was answered: that day was not over. Its pages are added."""
    server = serve(usual := Arxiv(FIVE))
    assert len(list(harvest(server))) == 3
    usual.records = [*FIVE, *listed("2026-02-03", "2026-02-07")]
    usual.answered = "2026-02-08"
    pages = list(harvest(server, today=date(2026, 2, 8)))
    assert [page.name for page in pages] == ["page-000004.xml", "page-000005.xml"]
    assert sorted(ids(*pages)) == ["1", "2", "5"]
    assert questions(server) == ["2026-01-01", "+2", "+4", "2026-02-03", "+2"]
    usual.records = []
    assert list(harvest(server, today=date(2026, 2, 8))) == []
    assert questions(server)[-1] == "2026-02-08"


def test_a_list_with_a_last_day_ends(serve: Serve, harvest: Harvest, tmp_path: Path) -> None:
    """With a last day, nothing is asked any more once that day is over."""
    server = serve(Arxiv(FIVE))
    assert ids(*harvest(server, until=date(2026, 1, 2))) == ["1", "2", "3"]
    assert [path.name for path in tmp_path.iterdir()] == ["arxiv-cs.CL-2026-01-01-to-2026-01-02"]
    assert server.asked[0].query["until"] == "2026-01-02"
    asked = len(server.asked)
    assert list(harvest(server, until=date(2026, 1, 2))) == []
    assert len(server.asked) == asked


def test_a_last_day_to_come(serve: Serve, harvest: Harvest) -> None:
    """arXiv refuses days to come, so the last day is today until it has come."""
    server = serve(usual := Arxiv(FIVE))
    assert len(ids(*harvest(server, until=date(2026, 3, 1)))) == 5
    assert server.asked[0].query["until"] == "2026-02-03"
    usual.answered = "2026-03-02"
    list(harvest(server, until=date(2026, 3, 1), today=date(2026, 3, 2)))
    assert server.asked[-1].query["until"] == "2026-03-01"
    asked = len(server.asked)
    assert list(harvest(server, until=date(2026, 3, 1), today=date(2026, 3, 3))) == []
    assert len(server.asked) == asked


def forget(usual: Arxiv, server: Server) -> None:
    """Make arXiv refuse every token that it has given so far."""
    usual.forgotten |= {arxiv_oai.resumption_token(usual(one.query).body) or "" for one in server.asked}


def test_a_forgotten_token(serve: Serve, harvest: Harvest) -> None:
    """Tokens live for a day. After that the list begins again with the last day that has come; none is missed."""
    server = serve(usual := Arxiv(FIVE))
    killed = harvest(server)
    next(killed)
    next(killed)
    del killed
    forget(usual, server)
    told: list[str] = []
    pages = list(harvest(server, announce=told.append))
    assert ids(*pages) == ["3", "4", "4", "5"]
    assert [page.name for page in pages] == [f"page-00000{number}.xml" for number in (2, 3)]
    assert questions(server) == ["2026-01-01", "+2", "+4", "2026-01-05"]
    assert told == ["arXiv has forgotten this harvest; it begins again with 2026-01-05"]


def test_a_forgotten_token_of_a_list_without_order(serve: Serve, harvest: Harvest) -> None:
    """Where days come in no order, the list begins again with its first day."""
    unordered = envelope(
        f"<ListRecords>{record('2601.00001', '2026-01-09')}{record('2601.00002', '2026-01-03')}"
        "<resumptionToken>old</resumptionToken></ListRecords>",
        "2026-02-03",
    )
    server = serve(Arxiv(FIVE))
    server.next.extend([Answer(unordered), oai_error("badResumptionToken", "Expired.")])
    assert ids(*harvest(server)) == ["1", "2", "1", "2", "3", "4", "5"]
    assert [one.query.get("from") for one in server.asked] == ["2026-01-01", None, "2026-01-01", None, None]


def test_tokens_that_never_work(serve: Serve, harvest: Harvest) -> None:
    """A service that refuses its own tokens does not keep us for ever."""
    server = serve(usual := Arxiv(listed(*["2026-01-01"] * 5)))
    server.usual = lambda query: (
        oai_error("badResumptionToken", "Never heard of it.") if "resumptionToken" in query else usual(query)
    )
    with pytest.raises(FetchFailed, match=r"arXiv answered badResumptionToken: Never heard of it\."):
        list(harvest(server))
    assert len(server.asked) == 4


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"since": 1}', "\0"])
def test_a_state_that_cannot_be_read(serve: Serve, harvest: Harvest, tmp_path: Path, damage: str) -> None:
    """Where it cannot be told how far a harvest is, it begins again, and overwrites nothing."""
    server = serve(Arxiv(FIVE))
    next(harvest(server))
    next(tmp_path.rglob(".state.json")).write_text(damage)
    told: list[str] = []
    pages = list(harvest(server, announce=told.append))
    assert [page.name for page in pages] == [f"page-00000{number}.xml" for number in (2, 3, 4)]
    assert ids(*pages) == ["1", "2", "3", "4", "5"]
    assert len(told) == 1


def test_pages_that_were_thrown_away(serve: Serve, harvest: Harvest) -> None:
    """Pages that were taken may be deleted; if one goes before it was taken, the harvest begins again."""
    server = serve(Arxiv(FIVE))
    killed = harvest(server)
    next(killed).unlink()
    second = next(killed)
    assert ids(*harvest(server)) == ["3", "4", "5"]
    killed = harvest(serve(Arxiv(FIVE)))
    next(killed).unlink()
    del killed
    assert second.exists()
    assert ids(*harvest(serve(Arxiv(FIVE)))) == ["1", "2", "3", "4", "5"]


# What arXiv says instead


def test_answers_that_are_cut_off(serve: Serve, harvest: Harvest) -> None:
    """A page without its end would pass for the last one: it is asked for again, even if its length was not told."""
    server = serve(usual := Arxiv(FIVE))
    whole = usual({"metadataPrefix": "arXiv", "set": "cs:cs:CL", "from": "2026-01-01"}).body
    half = whole[: len(whole) // 2]
    server.next.extend([Answer(half, length=False), Answer(half), Answer(whole, cut=900), Answer(b"<html>Busy</html>")])
    assert ids(*harvest(server)) == ["1", "2", "3", "4", "5"]
    assert len(server.asked) == 7


def test_flow_control(serve: Serve, harvest: Harvest, clock: Clock) -> None:
    """arXiv asks for patience with 503 and Retry-After."""
    server = serve(Arxiv(FIVE))
    server.next.append(Answer(status=503, headers={"Retry-After": "30"}))
    assert ids(*harvest(server)) == ["1", "2", "3", "4", "5"]
    assert clock.slept == [30.0, 3.0, 3.0]


def test_errors_of_the_protocol_are_told(serve: Serve, harvest: Harvest) -> None:
    """What arXiv says is wrong with a question reaches the user."""
    server = serve(Arxiv(FIVE))
    server.next.append(oai_error("badArgument", "Set does not exist"))
    with pytest.raises(FetchFailed, match=r"arXiv answered badArgument: Set does not exist\.") as caught:
        list(harvest(server))
    assert caught.value.next_step == "Check the category and the days."


def test_a_folder_that_cannot_be_written(serve: Serve, client: Make, tmp_path: Path) -> None:
    """A full disk, or a file where a folder should be, is an error with a way out."""
    (tmp_path / "file").write_text("")
    pages = arxiv.fetch(client(serve(Arxiv(FIVE))), "cs.CL", SINCE, folder=tmp_path / "file", today=lambda: TODAY)
    with pytest.raises(FetchFailed, match="Cannot write"):
        next(pages)


def test_the_state_describes_itself(serve: Serve, harvest: Harvest, tmp_path: Path) -> None:
    """What is noted down can be read by people."""
    pages = harvest(serve(Arxiv(FIVE)))
    next(pages)
    state = json.loads(next(tmp_path.rglob(".state.json")).read_text())
    assert state | {"token": ""} == {
        "since": "2026-01-01", "saved": 1, "taken": 0, "token": "", "answered": "2026-02-03", "reached": "2026-01-02",
        "ordered": True, "complete": False,
    }  # fmt: skip
