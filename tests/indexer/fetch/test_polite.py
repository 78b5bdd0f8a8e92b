"""Asking politely: who we say we are, how often we ask, when we try again, and when we do not."""

from __future__ import annotations

import email.utils
import gzip
import socket
from collections.abc import Callable
from importlib.metadata import version

import pytest

from indexer.errors import InvalidSetting, PaperkinError
from indexer.fetch.polite import Client, FetchFailed, Patience, Service
from tests.indexer.fetch.server import Answer, Clock, Server

Serve = Callable[[Callable[[dict[str, str]], Answer]], Server]
Make = Callable[..., Client]
GOOD = Answer(b"good")


@pytest.fixture
def server(serve: Serve) -> Server:
    """A server whose usual answer is good."""
    return serve(lambda _: GOOD)


def failure(client: Client) -> FetchFailed:
    """The error of a question."""
    with pytest.raises(FetchFailed) as caught:
        client.get({"q": "1"})
    assert caught.value.next_step
    assert caught.value.code == "fetch_failed"
    return caught.value


# Who asks, and how often


def test_who_asks(server: Server, client: Make) -> None:
    """Every request says which program it comes from, and whom to write to if somebody says so."""
    client(server).get({})
    client(server, contact="ada@example.org").get({})
    ours = f"paperkin/{version('paperkin')}"
    assert [one.headers["user-agent"] for one in server.asked] == [ours, f"{ours} (+ada@example.org)"]


@pytest.mark.parametrize("contact", ["a\r\nX-Other: b", "ä@example.org", "x" * 201])
def test_a_contact_that_cannot_be_sent(server: Server, client: Make, contact: str) -> None:
    """A contact cannot smuggle headers."""
    with pytest.raises(InvalidSetting, match="printable ASCII"):
        client(server, contact=contact)


def test_questions_are_spaced(server: Server, client: Make, clock: Clock) -> None:
    """The service is left alone for three seconds between requests, no matter how quickly we could ask."""
    asking = client(server)
    for number in range(3):
        assert asking.get({"n": str(number)}) == b"good"
    clock.time += 2.0  # time that the caller took counts
    asking.get({"n": "3"})
    clock.time += 50.0
    asking.get({"n": "4"})
    assert [one.at - 1_000.0 for one in server.asked] == [0.0, 3.0, 6.0, 9.0, 59.0]
    assert clock.slept == [3.0, 3.0, 1.0]


def test_one_connection(server: Server, client: Make) -> None:
    """Questions follow each other on one connection."""
    asking = client(server)
    for _ in range(3):
        asking.get({})
    assert len({one.connection for one in server.asked}) == 1


def test_nothing_is_asked_before_the_first_question(server: Server, client: Make) -> None:
    """Making a client opens nothing."""
    with client(server):
        pass
    assert server.asked == []


def test_questions_are_sent_as_they_are(server: Server, client: Make) -> None:
    """Parameters that are escaped already, as arXiv's tokens are, are escaped once more; those of the address stay."""
    value = "verb%3DListRecords%26from%3D2026-01-01 ü&x=1+2|#"
    client(server, path="/oai?key=1").get({"resumptionToken": value})
    assert server.asked[0].query == {"key": "1", "resumptionToken": value}


def test_packed_answers(server: Server, client: Make) -> None:
    """Answers may come compressed."""
    server.next.append(Answer(gzip.compress(b"good" * 1_000), headers={"Content-Encoding": "gzip"}))
    assert client(server).get({}) == b"good" * 1_000
    assert server.asked[0].headers["accept-encoding"] == "gzip"


# When to try again


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_asked_again(server: Server, client: Make, status: int) -> None:
    """Overload and passing faults are waited for, twice as long each time."""
    told: list[str] = []
    server.next.extend([Answer(status=status)] * 3)
    assert client(server, announce=told.append).get({}) == b"good"
    assert [one.at - 1_000.0 for one in server.asked] == [0.0, 3.0, 9.0, 21.0]
    assert told[0].startswith(f"arXiv answered {status} ")
    assert told[0].endswith("; asking again in 3 s (try 2 of 6)")
    assert len(told) == 3


def test_waits_differ_at_random(server: Server, client: Make, clock: Clock) -> None:
    """Up to a quarter is added, so that many clients do not come back at once."""
    server.next.extend([Answer(status=503)] * 3)
    client(server, jitter=lambda: 1.0).get({})
    assert clock.slept == [3.75, 7.5, 15.0]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "20"}, 20.0),
        ({"Retry-After": "0"}, 3.0),
        ({"Retry-After": email.utils.formatdate(1_040.0, usegmt=True)}, 40.0),
        ({"Retry-After": email.utils.formatdate(10.0, usegmt=True)}, 3.0),
        ({"Retry-After": "soon"}, 3.0),
        ({"Retry-After": "-5"}, 3.0),
        ({"Retry-After": ""}, 3.0),
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"RateLimit": '"api";r=0'}, 3.0),
        ({"RateLimit": '"api";r=0;t=55', "Retry-After": "7"}, 7.0),
    ],
)
def test_how_long_the_service_wants_to_be_left_alone(
    server: Server, client: Make, clock: Clock, headers: dict[str, str], wait: float
) -> None:
    """Retry-After is obeyed, as seconds or a date, and what Hugging Face says instead, but for less than usual."""
    server.next.append(Answer(status=429, headers=headers))
    client(server).get({})
    assert clock.slept == [wait]


def test_a_wait_that_is_too_long_is_left_to_the_user(server: Server, client: Make, clock: Clock) -> None:
    """A service that wants to be left alone for hours is neither waited for nor asked earlier."""
    server.next.append(Answer(status=503, headers={"Retry-After": "7200"}))
    error = failure(client(server))
    assert "wants to be left alone for 7,200 seconds after 1 try" in error.message
    assert (clock.slept, len(server.asked)) == ([], 1)


def test_the_last_try(server: Server, client: Make, clock: Clock) -> None:
    """A service that never recovers is an error that says what was asked, how often and with what outcome."""
    server.next.extend([Answer(status=503)] * 10)
    error = failure(client(server))
    assert error.message == (
        f"arXiv gave no answer after 6 tries: {server.address}/oai?q=1 answered 503 Service Unavailable."
    )
    assert error.next_step == "What came is kept: fetch again later, and it goes on from there."
    assert clock.slept == [3.0, 6.0, 12.0, 24.0, 48.0]
    assert len(server.asked) == 6
    assert isinstance(error, PaperkinError)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501, 204, 304])
def test_what_does_not_pass_is_not_asked_again(server: Server, client: Make, status: int) -> None:
    """A question that the service refuses is refused the next time too."""
    server.next.append(Answer(status=status))
    assert f"/oai?q=1 answered {status} " in failure(client(server)).message
    assert len(server.asked) == 1


def test_a_slow_answer_is_asked_for_again(server: Server, client: Make) -> None:
    """Silence ends a try, before the answer and within it."""
    server.next.extend([Answer(b"good", slow=0.3), Answer(b"good", slow=0.3, pieces=2)])
    told: list[str] = []
    assert client(server, patience=Patience(silence=0.1), announce=told.append).get({}) == b"good"
    assert told == [
        f"arXiv did not answer in time; asking again in {wait} s (try {i} of 6)" for i, wait in ((2, 3), (3, 6))
    ]


def test_an_answer_that_trickles(server: Server, client: Make) -> None:
    """A byte now and then does not keep a fetch alive for ever."""
    ticking = Clock()

    def clock() -> float:
        ticking.time += 10.0
        return ticking.time

    server.next.extend([Answer(b"x" * 20, slow=0.005, pieces=20)] * 2)
    asking = client(server, clock=clock, patience=Patience(answer=50.0, tries=2))
    assert "took more than 50 s to answer" in failure(asking).message


@pytest.mark.parametrize("broken", [Answer(b"good", cut=2), Answer(b"good", cut=0)])
def test_a_connection_that_breaks(server: Server, client: Make, broken: Answer) -> None:
    """Less than was promised is no answer."""
    server.next.append(broken)
    assert client(server).get({}) == b"good"
    assert len(server.asked) == 2


def test_an_answer_that_is_not_whole(server: Server, client: Make) -> None:
    """Where the end of an answer is not told, the caller knows what it looks like."""
    server.next.extend([Answer(b"go", length=False)] * 2)
    asking = client(server, patience=Patience(tries=3))
    assert asking.get({}, whole=lambda data: data.endswith(b"d")) == b"good"
    server.next.extend([Answer(b"go")] * 3)
    with pytest.raises(FetchFailed, match="was cut off or is not what was asked for"):
        asking.get({}, whole=lambda data: data.endswith(b"d"))


def test_an_answer_that_cannot_be_unpacked(server: Server, client: Make) -> None:
    """Damage on the way is asked for again."""
    server.next.append(Answer(b"not gzip", headers={"Content-Encoding": "gzip"}))
    assert client(server).get({}) == b"good"


def test_nobody_there(clock: Clock) -> None:
    """A service that cannot be reached is tried as often as one that fails, and the error says which it is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with Client(Service("arXiv", address, 3.0), clock=clock, sleep=clock.sleep, patience=Patience(tries=2)) as client:
        assert "could not be asked (" in failure(client).message
    assert len(clock.slept) == 1


# What is refused


def test_answers_that_fill_the_memory(server: Server, client: Make) -> None:
    """An answer has a limit, also one that is small until it is unpacked."""
    asking = client(server, patience=Patience(max_bytes=1_000_000))
    server.next.append(Answer(b"x" * 1_000_000))
    assert len(asking.get({})) == 1_000_000
    server.next.append(Answer(b"x" * 1_000_001))
    assert "answered with more than 1,000,000 bytes" in failure(asking).message
    server.next.append(Answer(gzip.compress(bytes(2_000_000)), headers={"Content-Encoding": "gzip"}))
    assert "answered with more than 1,000,000 bytes" in failure(asking).message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_within_the_service(server: Server, client: Make, status: int) -> None:
    """A service may move a page to another of its own; the request for that one is spaced like any other."""
    server.next.append(Answer(status=status, headers={"Location": "/new?q=1"}))
    assert client(server).get({"q": "1"}) == b"good"
    assert [(one.path, one.at - 1_000.0) for one in server.asked] == [("/oai?q=1", 0.0), ("/new?q=1", 3.0)]


@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://example.org/oai", "https://example.org"),
        ("//example.org/oai", "http://example.org"),
        ("http://127.0.0.1:1/oai", "http://127.0.0.1:1"),
        ("http://localhost/oai", "http://localhost"),
        ("ftp://127.0.0.1/oai", "ftp://127.0.0.1"),
    ],
)
def test_redirects_to_others(server: Server, client: Make, location: str, named: str) -> None:
    """No answer can send us to another host or port: what is asked stays between us and the service."""
    server.next.append(Answer(status=302, headers={"Location": location}))
    error = failure(client(server))
    assert f"sends elsewhere, to {named}." in error.message
    assert len(server.asked) == 1


def test_redirects_in_circles(server: Server, client: Make) -> None:
    """A service that sends us round and round is left."""
    server.next.extend([Answer(status=302, headers={"Location": "/oai"})] * 20)
    assert "leads in circles" in failure(client(server)).message
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "address",
    ["", "arxiv.org/oai", "ftp://arxiv.org/", "http://", "file:///x", "http://[x", "http://a..b/", "http://a:b/"],
)
def test_addresses_that_are_none(address: str) -> None:
    """A service has an address on the web."""
    with pytest.raises(InvalidSetting, match="The address of arXiv must start with http"):
        Client(Service("arXiv", address, 3.0))


def test_secrets_are_not_shown(server: Server) -> None:
    """A password or a key in the address of a service is in no error."""
    server.next.append(Answer(status=404))
    secret = server.address.replace("http://", "http://ada:lovelace@")
    asking = Client(Service("arXiv", f"{secret}/oai?key=babbage", 0.0))
    error = failure(asking)
    asking.close()
    assert server.asked[0].headers["authorization"].startswith("Basic ")
    assert server.asked[0].query == {"key": "babbage", "q": "1"}
    assert f"{server.address}/oai?q=1" in error.message
    assert not {word for word in ("ada", "lovelace", "babbage") if word in str(error)}


def test_a_proxy_of_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reaches the net through a proxy has said so in the environment already."""
    monkeypatch.setenv("HTTP_PROXY", server.address)
    with Client(Service("arXiv", "http://arxiv.example/oai", 0.0)) as client:
        assert client.get({"q": "1"}) == b"good"
    assert server.asked[0].path == "http://arxiv.example/oai?q=1"
