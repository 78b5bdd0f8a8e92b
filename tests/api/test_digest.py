"""New papers by mail: confirmed first, each once to an address, ended by one click; nothing when nothing is new."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import NoReturn

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.digest import Digest, describe
from api.mail import MailServer
from api.mail_settings import MailSettings
from api.requests import SearchBody
from api.service import Service
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.errors import CollectionError
from indexer.ingest import ingest
from indexer.mailing import Mailing
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from tests.api.conftest import KEY, PROGRAM, DecodedOnce, Run, Shell, error_code, open_shell
from tests.api.mailbox import Mailbox, serving_mail
from tests.conftest import ROOT
from tests.toys import ToyEncoder

NOW = datetime.now(UTC).replace(microsecond=0)
ADA, BO = "ada@example.net", "bo@example.net"
OURS = re.compile(r"https://papers\.example\.org/papers/([\w.%-]+)")
LINK = re.compile(r"https://papers\.example\.org(/digest/\w+/[\w.-]+)")


@dataclass
class World:
    """A collection that is served, and a mail server."""

    service: Service
    client: TestClient
    mailbox: Mailbox
    encoder: ToyEncoder

    @property
    def digest(self) -> Digest:
        return self.service.digest

    def add(self, *papers: Paper) -> None:
        ingest(self.service.collection, self.encoder, papers, Report())

    def subscribe(self, address: str, period: str = "daily", **question: object) -> None:
        """Over REST, confirmed by the link in the message."""
        asked: dict[str, object] = {"address": address, "period": period}
        response = self.client.post("/v1/subscriptions", json=asked | ({"question": question} if question else {}))
        assert (response.status_code, response.json()) == (202, {"status": "confirmation needed"})
        self.digest.flush(datetime.now(UTC))
        to, message = self.mailbox.messages[-1]
        assert (to, message["Subject"]) == (address, "Please confirm: new papers by mail")
        assert self.client.post(link(message)).status_code == 200
        self.mailbox.raw.clear()

    def send(self, days: float = 0) -> list[tuple[str, list[str]]]:
        """Address and papers of the messages that come of a run some days from now."""
        self.mailbox.raw.clear()
        assert self.digest.send(NOW + timedelta(days=days, minutes=1)) is not None
        return [(to, papers_in(message)) for to, message in self.mailbox.messages]


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r", "")


def link(message: EmailMessage) -> str:
    """The path of the one link that a message is about."""
    found = LINK.search(text_of(message))
    assert found
    return found[1]


def papers_in(message: EmailMessage) -> list[str]:
    """The papers of a digest, the same in both parts."""
    plain, html = (OURS.findall(text_of(message, kind)) for kind in ("plain", "html"))
    assert plain == html
    return plain


@contextmanager
def serving(collection: Collection, mailbox: Mailbox) -> Iterator[World]:
    encoder = ToyEncoder()
    with serving_mail(mailbox) as settings:
        service = Service(collection, encoder, Engine(collection, encoder), mail=settings)
        client = TestClient(DecodedOnce(create_app(service)), base_url="http://127.0.0.1")
        yield World(service, client, mailbox, encoder)  # without its lifespan: the tests tell the time


@pytest.fixture
def world(collection: Collection) -> Iterator[World]:
    with serving(collection, Mailbox()) as world:
        yield world


# What is sent


def test_trending_goes_to_who_has_confirmed(world: World) -> None:
    """The papers that came in the last day, best by trend, then only what came since; the message says both ways."""
    world.subscribe(ADA)
    assert world.send() == [(ADA, ["c", "b", "a"])]  # three votes, then the later; d has no date, and is on no list
    assert world.send(days=1) == []
    world.add(Paper("new", "a new paper", published="2026-01-01"))
    assert world.send(days=1) == [(ADA, ["new"])]
    assert world.send(days=1) == []


def test_a_question_gets_its_answers(world: World) -> None:
    """Text and filters; what is no match at all is not sent."""
    world.subscribe(ADA, q="speech", category="cs", mode="dense")
    assert world.send() == [(ADA, ["a", "c"])]
    world.add(Paper("new", "speech again", categories=("cs.SD",)), Paper("other", "speech", categories=("math",)))
    assert world.send(days=1) == [(ADA, ["new"])]


def test_weekly_is_once_in_seven_days(world: World) -> None:
    """On the seventh day and not before, whatever came."""
    world.subscribe(ADA, period="weekly")
    assert world.send() == [(ADA, ["c", "b", "a"])]
    world.add(Paper("new", "a new paper", published="2026-01-01"))
    assert world.send(days=6) == []
    assert world.send(days=7) == [(ADA, ["new"])]


def test_a_paper_goes_to_an_address_once(world: World) -> None:
    """Also where two subscriptions find it; another address gets it too."""
    world.subscribe(ADA)
    world.subscribe(ADA, q="speech", mode="dense")
    world.subscribe(BO, q="speech", mode="dense")
    sent = world.send()
    everything = Counter((to, paper) for to, papers in sent for paper in papers)
    assert set(everything.values()) == {1}
    assert {paper for to, paper in everything if to == ADA} == {"a", "b", "c"}
    assert {"a", "c"} <= {paper for to, paper in everything if to == BO}


def test_a_paper_that_was_merged_is_not_new(world: World) -> None:
    """It is known under whichever of its ids it was sent."""
    world.add(
        Paper(
            "w1", "A study of many things", authors=("Ada Bee",), published="2026-01-01", identifiers=("doi:10.1093/x",)
        )
    )
    world.subscribe(ADA)
    assert "w1" in dict(world.send())[ADA]
    world.add(Paper("2601.00001", "A study of many things", authors=("Ada Bee",), published="2026-01-01",
                    identifiers=("doi:10.1093/x",), source="arxiv"))  # fmt: skip
    assert world.send(days=1) == []


def test_many_papers_are_cut(world: World) -> None:
    """Twenty, and how many more there are, with a link to them."""
    world.add(*(Paper(f"p{n:02}", "a paper", published="2026-01-01", upvotes=100 - n) for n in range(30)))
    world.subscribe(ADA)
    ((_, papers),) = world.send()
    assert papers == [f"p{n:02}" for n in range(20)]
    ((_, message),) = world.mailbox.messages
    assert message["Subject"] == "20 new papers: a paper"
    assert "… and 13 more: https://papers.example.org/" in text_of(message)


def test_very_many_papers_are_not_counted(world: World) -> None:
    """Of so many only the first are looked at."""
    world.add(*(Paper(f"p{n:03}", f"paper {n}", published="2026-01-01") for n in range(300)))
    world.subscribe(ADA)
    world.send()
    ((_, message),) = world.mailbox.messages
    assert "… and at least 180 more: https://papers.example.org/" in text_of(message)


def test_a_question_that_cannot_be_asked_any_more_stops_no_other(world: World) -> None:
    """A liked paper was removed."""
    world.subscribe(ADA, like=["a"])
    world.subscribe(BO)
    world.service.remove(["a"])
    assert world.digest.preview(NOW + timedelta(minutes=1)) == [2]
    assert [to for to, _ in world.send()] == [BO]


def test_a_message_looks_right(world: World) -> None:
    """Titles, authors, dates, votes, how the abstract begins, links; as text without any markup; and who may end it."""
    world.add(
        Paper("x<y", "Is 1 < 2 & why?", "Words " * 100, ("Ada Lovelace", "Bo Li"), published="2026-11-20", upvotes=7)
    )
    world.subscribe(ADA, q='"why"')
    world.send()
    ((_, message),) = world.mailbox.messages
    plain, html = text_of(message), text_of(message, "html")
    assert "Is 1 < 2 & why?\nAda Lovelace, Bo Li · 20 November 2026 · 7 upvotes · weak match\n" in plain
    assert "&lt;" not in plain
    assert "Is 1 &lt; 2 &amp; why?" in html
    assert "Words …" in plain
    assert 'You get “"why"”, daily, whenever there is something new.' in plain
    assert message["List-Unsubscribe"] == f"<https://papers.example.org{link(message)}>"
    assert max(map(len, plain.splitlines())) < 200


# Confirming and ending


def test_nothing_is_sent_before_the_link_is_followed(world: World) -> None:
    """Looking at the page does not confirm: programs that look into mail do that; its button does."""
    world.client.post("/v1/subscriptions", json={"address": ADA})
    world.digest.flush(datetime.now(UTC))
    ((_, message),) = world.mailbox.messages
    page = world.client.get(link(message))
    assert (page.status_code, "Send me new papers" in page.text) == (200, True)
    assert world.send() == []
    assert "You are subscribed" in world.client.post(link(message)).text
    assert [to for to, _ in world.send()] == [ADA]


def test_nobody_learns_which_addresses_are_known(world: World) -> None:
    """The answer is the same, and a known address is asked no more than once an hour."""
    world.subscribe(ADA)
    answers = {
        world.client.post("/v1/subscriptions", json={"address": to}).content for to in (ADA, BO, ADA.upper(), BO)
    }
    assert len(answers) == 1
    world.digest.flush(datetime.now(UTC))
    assert [to for to, _ in world.mailbox.messages] == [BO]


def test_one_click_ends_it(world: World) -> None:
    """A POST to the header's address, as RFC 8058 has it; nothing about the address stays, and again does no harm."""
    world.subscribe(ADA)
    world.send()
    ((_, message),) = world.mailbox.messages
    address = message["List-Unsubscribe"].strip("<>").removeprefix("https://papers.example.org")
    assert "Send me no more" in world.client.get(address).text
    for _ in range(2):
        done = world.client.post(address, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
        assert done.status_code == 200
    assert "Nothing to do" in world.client.get(address).text
    world.add(Paper("new", "a new paper", published="2026-01-01"))
    assert world.send(days=1) == []
    database = world.service.collection.directory / "readers.db"
    world.digest.mailing.shorten_log()
    assert ADA.encode() not in database.read_bytes()


def test_who_unsubscribes_while_others_are_served_gets_nothing(world: World) -> None:
    """At once is at once, also where the message is ready."""
    world.subscribe(ADA)
    world.subscribe(BO)

    def meanwhile(address: str) -> str:
        if address == ADA:
            world.digest.mailing.unsubscribe(2)
        return "250 OK"

    world.mailbox.on_recipient = meanwhile
    assert [to for to, _ in world.send()] == [ADA]


def test_a_domain_may_have_any_letters(world: World) -> None:
    """It is written to in its ASCII form; an address that no server takes would hold up everybody's mail."""
    assert world.client.post("/v1/subscriptions", json={"address": "Eve@Exämple.org"}).status_code == 202
    world.subscribe(BO)
    assert world.client.post("/v1/subscriptions", json={"address": "ëve@example.org"}).status_code == 422
    world.client.post("/v1/subscriptions", json={"address": "zoe@bücher.example.net"})
    world.digest.flush(datetime.now(UTC))
    assert [to for to, _ in world.mailbox.messages] == ["zoe@xn--bcher-kva.example.net"]


def test_links_that_are_not_ours_are_refused(world: World) -> None:
    """Altered, of the other kind, too old, or for what was ended."""
    links, mailing = world.digest.links, world.digest.mailing
    good = links.unsubscribe(1).removeprefix("https://papers.example.org")
    for bad in (f"{good}x", good.replace("unsubscribe", "confirm"), "/digest/confirm/abc", "/digest/unsubscribe/1"):
        for response in (world.client.get(bad), world.client.post(bad)):
            assert (response.status_code, "This link is not valid any more." in response.text) == (410, True)
    world.subscribe(ADA)
    confirm = links.confirm(1).removeprefix("https://papers.example.org")
    assert world.client.post(confirm).status_code == 200
    mailing.unsubscribe(1)
    assert "This subscription was ended." in world.client.post(confirm).text


def test_old_confirmations_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a week; an end has no date."""
    links = world.digest.links
    confirm, end = (one.rpartition("/")[2] for one in (links.confirm(1), links.unsubscribe(1)))
    import time

    later = time.time() + 8 * 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert links.read_unsubscribe(end) == 1
    with pytest.raises(Exception, match="This link is not valid any more"):
        links.read_confirm(confirm)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"address": "nobody"}, 422, "invalid_address"),
        ({"address": "a@b@c.org"}, 422, "invalid_address"),
        ({"address": "a\r\nBcc: x@y.org@example.org"}, 422, "invalid_address"),
        ({"address": ADA, "period": "hourly"}, 422, "invalid_value"),
        ({"address": ADA, "question": {}}, 422, "empty_query"),
        ({"address": ADA, "question": {"like": ["nothing"]}}, 404, "paper_not_found"),
        ({"period": "daily"}, 422, "missing_field"),
    ],
)
def test_what_cannot_be_subscribed(world: World, body: dict[str, object], status: int, code: str) -> None:
    """Is told at once, and nobody gets mail."""
    response = world.client.post("/v1/subscriptions", json=body)
    assert (response.status_code, error_code(response)) == (status, code)
    assert world.digest.mailing.counts()["unconfirmed"] == 0


def test_the_form_subscribes(world: World) -> None:
    """Without a script: an address, a question or none, how often; a mistake is told on a page."""
    assert '<form class="subscribe"' in world.client.get("/digest?q=speech").text
    done = world.client.post("/digest", data={"address": ADA, "q": "speech", "period": "weekly"})
    assert (done.status_code, "Please look into your mailbox" in done.text) == (200, True)
    world.digest.flush(datetime.now(UTC))
    message = world.mailbox.messages[0][1]
    assert "speech" not in text_of(message) + text_of(message, "html")  # a stranger may have written it
    assert "You asked for “speech”, weekly." in world.client.get(link(message)).text
    wrong = world.client.post("/digest", data={"address": "nobody"})
    assert (wrong.status_code, "This is no e-mail address" in wrong.text) == (422, True)
    longest = world.client.post("/digest", data={"address": f"{'a' * 300}@example.org"})
    assert (longest.status_code, "This is no e-mail address" in longest.text) == (422, True)


def test_a_server_without_mail_says_so(reader: TestClient) -> None:
    """Over REST and on the page."""
    response = reader.post("/v1/subscriptions", json={"address": ADA})
    assert (response.status_code, error_code(response)) == (503, "mail_not_configured")
    assert "This server cannot send mail" in reader.get("/digest").text


def test_questions_are_told_in_words() -> None:
    """All their parts."""
    body = SearchBody(q="speech", like=["a"], dislike=["b"], author="Ada", date_from="2025")
    kept = json.dumps(body.model_dump(exclude_defaults=True))
    assert describe(kept) == "“speech”, like a, unlike b, after:2025, author:Ada"
    assert describe("") == "what is trending"


# Servers that refuse


def test_greylisting_is_waited_out(world: World) -> None:
    """The first time it is put off, a quarter of an hour later it goes: the very same message."""
    world.subscribe(ADA)
    world.mailbox.on_recipient = lambda _: "451 greylisted"
    assert world.send() == []
    world.mailbox.on_recipient = lambda _: "250 OK"
    assert world.digest.flush(NOW + timedelta(minutes=10)) is not None
    assert world.mailbox.raw == []
    world.digest.flush(NOW + timedelta(minutes=20))
    assert [papers_in(message) for _, message in world.mailbox.messages] == [["c", "b", "a"]]
    assert world.digest.mailing.counts() == {
        "daily": 1, "weekly": 0, "unconfirmed": 0, "suspended": 0, "waiting": 0, "sent": 2, "failed": 0,
    }  # fmt: skip


def test_a_message_is_given_up_after_days(world: World) -> None:
    """Not the subscription: the next digest is tried again."""
    world.subscribe(ADA)
    world.mailbox.on_recipient = lambda _: "450 busy"
    world.send()
    tries = 1
    for hours in range(1, 24 * 6):
        done = world.digest.flush(NOW + timedelta(hours=hours))
        assert done is not None
        tries += done.later + done.failed
    assert 25 < tries < 40
    assert (world.digest.mailing.counts()["failed"], world.digest.mailing.counts()["daily"]) == (1, 1)


def test_an_address_that_is_none_is_written_to_no_more(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Until its owner confirms anew; the log does not tell it."""
    world.subscribe(ADA)
    world.subscribe(BO)
    world.mailbox.on_recipient = lambda to: f"550 <{to}> is unknown" if to == ADA else "250 OK"
    assert [to for to, _ in world.send()] == [BO]
    assert world.digest.mailing.counts()["suspended"] == 1
    assert ADA not in caplog.text
    assert "A message to a…@example.net was not taken: 550 <…> is unknown" in caplog.text
    world.mailbox.on_recipient = lambda _: "250 OK"
    world.add(Paper("new", "a new paper", published="2026-01-01"))
    assert [to for to, _ in world.send(days=1)] == [BO]
    world.mailbox.raw.clear()
    mailing = world.digest.mailing
    mailing.subscribe(ADA, "", "daily", NOW + timedelta(days=2), lambda found: f"{found.id}".encode())
    world.digest.flush(NOW + timedelta(days=2))
    assert [to for to, _ in world.mailbox.messages] == [ADA]
    assert mailing.confirm(1, NOW + timedelta(days=2)) is not None
    assert [papers for to, papers in world.send(days=3) if to == ADA] == [["new"]]


def test_a_server_that_cannot_be_reached_loses_nothing(world: World) -> None:
    """What was planned goes with the next run."""
    world.subscribe(ADA)
    assert world.service.mail is not None
    elsewhere = Digest(world.service, replace(world.service.mail, port=1))
    with pytest.raises(Exception, match="Connection refused"):
        elsewhere.send(NOW + timedelta(minutes=1))
    assert world.digest.mailing.counts()["waiting"] == 1
    world.digest.flush(NOW + timedelta(minutes=2))
    assert [papers_in(message) for _, message in world.mailbox.messages] == [["c", "b", "a"]]


def test_a_relay_that_denies_everybody_ends_no_subscription(world: World) -> None:
    """A setting of the relay is wrong, not the addresses: all is sent once it is right."""
    world.subscribe(ADA)
    world.subscribe(BO)
    world.mailbox.on_recipient = lambda _: "554 5.7.1 Relay access denied"
    assert world.send() == []
    assert (world.digest.mailing.counts()["suspended"], world.digest.mailing.counts()["waiting"]) == (0, 2)
    world.mailbox.on_recipient = lambda _: "250 OK"
    world.digest.flush(NOW + timedelta(hours=1))
    assert [to for to, _ in world.mailbox.messages] == [ADA, BO]


def test_nothing_goes_that_cannot_be_noted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk every run would send the same message again."""
    world.subscribe(ADA)
    assert world.service.mail is not None
    with pytest.raises(Exception, match="Connection refused"):
        Digest(world.service, replace(world.service.mail, port=1)).send(NOW + timedelta(minutes=1))
    monkeypatch.setattr(world.digest.mailing, "transaction", _full)
    for _ in range(3):
        with pytest.raises(CollectionError, match="disk"):
            world.digest.flush(NOW + timedelta(minutes=2))
    assert world.mailbox.raw == []
    monkeypatch.undo()
    world.digest.flush(NOW + timedelta(minutes=2))
    assert [papers_in(message) for _, message in world.mailbox.messages] == [["c", "b", "a"]]


def _full() -> NoReturn:
    raise CollectionError("The disk does not take readers.db.", "Free some space.")


def test_two_programs_do_not_send_at_once(world: World) -> None:
    """The second leaves it to the first."""
    world.subscribe(ADA)
    answers: list[object] = []

    def meanwhile(_: str) -> str:
        answers.append(Digest(world.service, world.digest._settings).send(NOW + timedelta(minutes=1)))
        return "250 OK"

    world.mailbox.on_recipient = meanwhile
    assert world.send() == [(ADA, ["c", "b", "a"])]
    assert answers == [None]


# The program


ENVIRONMENT = {"PAPERKIN_SMTP_SECURITY": "none", "PAPERKIN_MAIL_FROM": "papers@example.org"}


def environment(settings: MailSettings) -> dict[str, str]:
    place = {"PAPERKIN_SMTP_HOST": settings.host, "PAPERKIN_SMTP_PORT": str(settings.port)}
    return {**ENVIRONMENT, **place, "PAPERKIN_PUBLIC_URL": settings.public_url}


@pytest.fixture(scope="module")
def shell(real_encoder: CompiledEncoder, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    assert real_encoder.identity.dimension == 384
    shell = open_shell(model_cache, tmp_path_factory.mktemp("digest") / "collection")
    assert shell.run("index", str(ROOT / "data" / "papers.jsonl")).status == 0
    return shell


@pytest.mark.parametrize("at", ["recipient", "message"])
def test_a_kill_half_way_sends_nothing_twice(shell: Shell, tmp_path: Path, at: str) -> None:
    """Killed while the third of five messages goes, and run again: each address has each paper once.

    Where the kill falls between the server's taking a message and our knowing it, the same message goes again under the
    same Message-ID, by which mail programs know it for one.
    """
    subprocess.run(["cp", "-r", shell.environment["PAPERKIN_COLLECTION"], str(tmp_path / "copy")], check=True)
    mailing = Mailing.open(tmp_path / "copy")
    people = [f"reader{n}@example.net" for n in range(5)]
    before = datetime.now(UTC) - timedelta(hours=1)
    for number, address in enumerate(people, 1):
        mailing.subscribe(address, "", "daily", before, lambda _: b"")
        assert mailing.confirm(number, before)
    for message in mailing.waiting(datetime.now(UTC)):
        mailing.handed_over(message)
    mailbox = Mailbox()
    killed: list[subprocess.Popen[bytes]] = []

    def kill(address: str) -> str:
        if address == people[2] and killed and killed[0].poll() is None:
            killed[0].send_signal(signal.SIGKILL)
            killed[0].wait()
        return "250 OK"

    setattr(mailbox, f"on_{at}", kill)
    with serving_mail(mailbox) as settings:
        told = {
            **os.environ,
            **shell.environment,
            **environment(settings),
            "PAPERKIN_COLLECTION": str(tmp_path / "copy"),
        }
        killed.append(subprocess.Popen([PROGRAM, "digest", "send"], env=told, stdout=subprocess.DEVNULL))
        assert killed[0].wait(60) == -signal.SIGKILL
        done = subprocess.run([PROGRAM, "digest", "send"], env=told, capture_output=True, text=True, check=True)
        assert done.stdout == "Planned 0 digests; sent 3 messages, put off 0, gave up 0.\n"
        again = subprocess.run(
            [PROGRAM, "digest", "send", "--json"], env=told, capture_output=True, text=True, check=True
        )
        assert json.loads(again.stdout) == {"planned": 0, "sent": 0, "later": 0, "failed": 0}
    one_each = {message["Message-ID"]: (to, papers_in(message)) for to, message in mailbox.messages}
    assert len(mailbox.raw) == (6 if at == "message" else 5)
    assert sorted(to for to, _ in one_each.values()) == people
    assert all(len(papers) == len(set(papers)) == 20 for _, papers in one_each.values())


def test_the_command_tells_what_it_does(toys: Run, collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings what to set; the status in counts, without an address."""
    monkeypatch.delenv("PAPERKIN_SMTP_HOST", raising=False)
    done = toys("digest", "send")
    assert (done.status, "PAPERKIN_SMTP_HOST is not set." in done.err) == (2, True)
    Mailing.open(collection.directory).subscribe(ADA, "", "daily", NOW, lambda _: b"")
    status = toys("digest", "status").out
    assert "unconfirmed       1\nsuspended         0\nwaiting           1\n" in status
    assert "ada" not in status


def test_a_dry_run_sends_nothing(shell: Shell, tmp_path: Path) -> None:
    """It says how much would be."""
    subprocess.run(["cp", "-r", shell.environment["PAPERKIN_COLLECTION"], str(tmp_path / "copy")], check=True)
    mailing = Mailing.open(tmp_path / "copy")
    mailing.subscribe(ADA, "", "weekly", NOW, lambda _: b"")
    mailing.confirm(1, NOW)
    told = {**os.environ, **shell.environment, "PAPERKIN_COLLECTION": str(tmp_path / "copy"), **ENVIRONMENT,
            "PAPERKIN_SMTP_HOST": "127.0.0.1", "PAPERKIN_SMTP_PORT": "1",
            "PAPERKIN_PUBLIC_URL": "http://x.org"}  # fmt: skip
    done = subprocess.run(
        [PROGRAM, "digest", "send", "--dry-run"], env=told, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 digest would be sent, of 20 papers in all.\n"
    assert mailing.counts()["weekly"] == 1
    failed = subprocess.run([PROGRAM, "digest", "send"], env=told, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "Connection refused" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_the_server_sends_by_itself(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its time of day what is due, and what is asked for in between; nothing twice."""
    from datetime import time

    from api import scheduler

    monkeypatch.setattr(scheduler, "LOOK", 0.05)
    mailbox, mailing = Mailbox(), Mailing.open(collection.directory)
    mailing.subscribe(BO, "", "daily", NOW, lambda _: b"")
    assert mailing.confirm(1, NOW)
    (waiting,) = mailing.waiting(NOW)
    mailing.handed_over(waiting)
    with serving_mail(mailbox) as settings:
        encoder = ToyEncoder()
        service = Service(collection, encoder, Engine(collection, encoder), mail=replace(settings, send_at=time(0, 0)))
        with TestClient(DecodedOnce(create_app(service)), base_url="http://127.0.0.1") as client:
            assert mailbox.taken.wait(10)
            mailbox.taken.clear()
            client.post("/v1/subscriptions", json={"address": ADA})
            assert mailbox.taken.wait(10)
    (to_bo, digest), (to_ada, question) = mailbox.messages
    assert (to_bo, papers_in(digest)) == (BO, ["c", "b", "a"])
    assert (to_ada, link(question).startswith("/digest/confirm/")) == (ADA, True)


def test_a_server_that_fails_is_not_tried_all_the_time(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password every few seconds would have the account locked."""
    from datetime import time

    from api import scheduler

    tried = threading.Event()
    counted: list[datetime] = []

    def count(settings: MailSettings) -> MailServer:
        counted.append(datetime.now(UTC))
        tried.set()
        return MailServer(settings)

    monkeypatch.setattr(scheduler, "LOOK", 0.02)
    settings = MailSettings(
        "127.0.0.1", 1, "none", "papers@example.org", "https://papers.example.org", send_at=time(0, 0)
    )
    encoder = ToyEncoder()
    service = Service(collection, encoder, Engine(collection, encoder), mail=settings)
    service.__dict__["digest"] = Digest(service, settings, count)
    service.digest.subscribe(ADA, None, "daily", datetime.now(UTC))
    with scheduler.sending(service):
        assert tried.wait(10)
        assert not threading.Event().wait(0.5)
    assert len(counted) == 1


def test_a_proxy_may_pass_the_public_host_on(collection: Collection) -> None:
    """To a server that has a key: without one, everybody behind the proxy would be its owner."""
    encoder = ToyEncoder()
    settings = MailSettings("localhost", 25, "none", "papers@example.org", "https://papers.example.org")
    for key, host, status in [
        (KEY, "papers.example.org", 200),
        (KEY, "Papers.Example.org", 200),
        (KEY, "evil.example.org", 421),
        (None, "papers.example.org", 421),
        (None, "127.0.0.1:8000", 200),
    ]:
        service = Service(collection, encoder, Engine(collection, encoder), key, mail=settings)
        with TestClient(create_app(service), base_url="http://127.0.0.1") as client:
            assert client.get("/digest", headers={"Host": host}).status_code == status
