"""Fetching Daily Papers: one file a day, complete days once, and no day that cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import InvalidInput
from indexer.fetch import huggingface
from indexer.fetch.polite import Client, FetchFailed, Patience
from indexer.sources.opening import find
from tests.indexer.fetch.server import Answer, HuggingFace, Server, recorded_days

Serve = Callable[[Callable[[dict[str, str]], Answer]], Server]
Make = Callable[..., Client]
TODAY = date(2025, 10, 10)


def papers(*numbers: int) -> list[Any]:
    """Daily Papers of these numbers."""
    return [{"paper": {"id": f"2510.{number:05}"}, "title": f"Paper {number} of Zoë"} for number in numbers]


def day(number: int) -> date:
    """A day of October 2025."""
    return date(2025, 10, number)


Fetch = Callable[..., Any]


@pytest.fixture
def fetch(client: Make, tmp_path: Path) -> Fetch:
    """Starts to fetch days from a server into a folder of the test."""

    def start(server: Server, since: date, until: date | None = None, today: date = TODAY, **given: Any) -> Any:
        asking = client(server, "/api/daily_papers", 1.0, **given)
        return huggingface.fetch(asking, since, until, folder=tmp_path, today=lambda: today)

    return start


def asked(server: Server) -> list[str]:
    """The days and pages that were asked for, as "day.page"."""
    return [f"{int(one.query['date'][-2:])}.{one.query['p']}" for one in server.asked]


def test_one_file_a_day(serve: Serve, fetch: Fetch, tmp_path: Path) -> None:
    """Each day becomes a file, as it was sent; a second apart."""
    server = serve(HuggingFace({"2025-10-01": papers(1, 2), "2025-10-02": papers(3)}))
    days = list(fetch(server, day(1), day(2)))
    folder = tmp_path / "hf-daily-papers"
    assert days == [folder / "daily_papers_2025-10-01.json", folder / "daily_papers_2025-10-02.json"]
    assert days[0].read_text(encoding="utf-8") == json.dumps(papers(1, 2), ensure_ascii=False)
    assert server.asked[0].path == "/api/daily_papers?date=2025-10-01&limit=100&p=0"
    assert [one.at - 1_000.0 for one in server.asked] == [0.0, 1.0, 2.0, 3.0]
    assert find([tmp_path]) == days


def test_the_recorded_days(serve: Serve, fetch: Fetch) -> None:
    """Days that the service once sent come through."""
    recorded = recorded_days()
    if not recorded:
        pytest.skip("the recorded days are not beside this checkout")
    server = serve(HuggingFace(recorded))
    for name, expected in recorded.items():
        (path,) = fetch(server, date.fromisoformat(name), date.fromisoformat(name), today=date(2026, 11, 1))
        assert json.loads(path.read_bytes()) == expected
    assert [len(one) for one in recorded.values()] == [13, 19, 17, 50, 33, 17]


@pytest.mark.parametrize("most", [100, 40])
def test_days_of_several_pages(serve: Serve, fetch: Fetch, most: int) -> None:
    """Pages are asked for until one brings nothing new, also where they are shorter than asked for."""
    server = serve(HuggingFace({"2025-10-01": papers(*range(230))}, most))
    (path,) = fetch(server, day(1), day(1))
    assert json.loads(path.read_bytes()) == papers(*range(230))
    assert len(server.asked) == -(-230 // most) + 1


def test_pages_that_repeat(serve: Serve, fetch: Fetch) -> None:
    """A service that knows no pages, or whose list grows while it is read, gives no paper twice."""
    server = serve(lambda _: Answer(json.dumps(papers(1, 2)).encode()))
    (path,) = fetch(server, day(1), day(1))
    assert json.loads(path.read_bytes()) == papers(1, 2)
    server = serve(HuggingFace({}))
    pages = [papers(1, 2), papers(2, 3), papers(3), [7, {"paper": []}], []]
    server.next.extend(Answer(json.dumps(page).encode()) for page in pages[:2])
    (path,) = fetch(server, day(2), day(2))
    assert json.loads(path.read_bytes()) == papers(1, 2, 3)
    server.next.extend(Answer(json.dumps(page).encode()) for page in (pages[0], pages[3]))
    (path,) = fetch(server, day(3), day(3))
    assert json.loads(path.read_bytes()) == [*papers(1, 2), 7, {"paper": []}]


def test_complete_days_are_not_asked_for_again(serve: Serve, fetch: Fetch) -> None:
    """Days before yesterday do not change; days without papers are remembered too."""
    server = serve(HuggingFace({"2025-10-06": papers(1), "2025-10-08": papers(2)}))
    assert len(list(fetch(server, day(6), day(8)))) == 2
    assert asked(server) == ["6.0", "6.1", "7.0", "8.0", "8.1"]
    assert list(fetch(server, day(6), day(8))) == []
    assert len(server.asked) == 5


def test_days_that_still_grow(serve: Serve, fetch: Fetch, tmp_path: Path) -> None:
    """Today and yesterday are saved under another name, and asked for until they are complete, whatever is wanted."""
    server = serve(usual := HuggingFace({"2025-10-09": papers(1)}))
    (path,) = fetch(server, day(9))
    assert path.name == "daily_papers_2025-10-09-so-far.json"
    usual.days["2025-10-09"] = papers(1, 2)
    (path,) = fetch(server, day(9))
    assert json.loads(path.read_bytes()) == papers(1, 2)
    usual.days["2025-10-09"] = papers(1, 2, 3)
    (path,) = fetch(server, day(12), day(12), today=day(13))
    assert path.name == "daily_papers_2025-10-09.json"
    assert json.loads(path.read_bytes()) == papers(1, 2, 3)
    assert find([tmp_path]) == [path]


def test_a_run_that_was_killed_goes_on(serve: Serve, fetch: Fetch) -> None:
    """The day that nobody took is given from disk, and the next is asked for."""
    server = serve(HuggingFace({f"2025-10-0{i}": papers(i) for i in range(1, 5)}))
    killed = fetch(server, day(1), day(4))
    next(killed)
    assert next(killed).name == "daily_papers_2025-10-02.json"
    del killed
    assert [path.stem[-1] for path in fetch(server, day(1), day(4))] == ["2", "3", "4"]
    assert asked(server) == ["1.0", "1.1", "2.0", "2.1", "3.0", "3.1", "4.0", "4.1"]
    assert list(fetch(server, day(1), day(4))) == []


def test_the_last_day_is_given_until_it_is_taken(serve: Serve, fetch: Fetch) -> None:
    """Whoever dies on the last day finds it again, once."""
    server = serve(HuggingFace({"2025-10-01": papers(1)}))
    killed = fetch(server, day(1), day(1))
    next(killed)
    del killed
    assert len(list(fetch(server, day(1), day(1)))) == 1
    assert list(fetch(server, day(1), day(1))) == []


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        (date(2023, 5, 3), date(2023, 5, 5), "There were no Daily Papers on 2023-05-03"),
        (date(2025, 10, 11), None, "There is no day from 2025-10-11 to 2025-10-10"),
        (date(2025, 10, 1), date(2025, 10, 11), "The Daily Papers of 2025-10-11 have yet to be written"),
        (date(2025, 10, 2), date(2025, 10, 1), "There is no day from 2025-10-02 to 2025-10-01"),
    ],
)
def test_days_that_cannot_be(
    serve: Serve, fetch: Fetch, tmp_path: Path, since: date, until: date | None, message: str
) -> None:
    """Days before the first Daily Papers and days to come are refused at once, before anything is asked or made."""
    server = serve(HuggingFace({}))
    with pytest.raises(InvalidInput, match=message):
        fetch(server, since, until)
    assert (server.asked, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize("body", [b"", b"[", b'{"error": "busy"}', b"<html>", b"[" * 100_000, b"\xff"])
def test_what_is_no_list(serve: Serve, fetch: Fetch, body: bytes) -> None:
    """Anything but a list is a broken answer: asked for again, and never saved."""
    server = serve(HuggingFace({"2025-10-01": papers(1)}))
    server.next.append(Answer(body))
    (path,) = fetch(server, day(1), day(1))
    assert json.loads(path.read_bytes()) == papers(1)
    server.next.extend([Answer(body)] * 2)
    with pytest.raises(FetchFailed, match="was cut off or is not what was asked for"):
        list(fetch(server, day(2), day(2), patience=Patience(tries=2)))


def test_a_failure_keeps_the_days_before(serve: Serve, fetch: Fetch) -> None:
    """A service that gives up in the middle costs no day that came."""
    server = serve(HuggingFace({"2025-10-01": papers(1), "2025-10-02": papers(2)}))
    days = fetch(server, day(1), day(2), patience=Patience(tries=1))
    assert next(days).stem[-1] == "1"
    server.next.append(Answer(status=429))
    with pytest.raises(FetchFailed, match="429"):
        next(days)
    assert [path.stem[-1] for path in fetch(server, day(1), day(2))] == ["2"]


@pytest.mark.parametrize("state", ["", "[]", '{"waiting": "../../etc/passwd", "empty": [1, "x"]}', '{"empty": 5}'])
def test_a_state_that_cannot_be_read(serve: Serve, fetch: Fetch, tmp_path: Path, state: str) -> None:
    """What a run leaves for the next may be damaged or foreign; at worst a day is asked for again."""
    folder = tmp_path / "hf-daily-papers"
    folder.mkdir()
    (folder / ".state.json").write_text(state)
    (folder / "daily_papers_x-so-far.json").write_text("[]")
    server = serve(HuggingFace({"2025-10-01": papers(1)}))
    assert [path.name for path in fetch(server, day(1), day(1))] == ["daily_papers_2025-10-01.json"]
