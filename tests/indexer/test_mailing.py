"""Subscriptions and the outbox: whatever happens in whatever order, no paper goes to an address in two messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from indexer.mailing import Mailing, Subscription

PAPERS = tuple("abcdef")
ADDRESSES = ("ada@example.net", "bo@example.net")


class Sending(RuleBasedStateMachine):
    """Programs that plan and hand over, stopped between any two steps; what the mail server took is remembered."""

    subscriptions = Bundle("subscriptions")
    folder: pytest.TempPathFactory

    @initialize()
    def open(self) -> None:
        self.directory = self.folder.mktemp("mailing")
        self.mailing = Mailing.open(self.directory)
        self.now = datetime(2026, 11, 24, 7, tzinfo=UTC)
        self.taken: list[tuple[str, int, list[str]]] = []
        self.ended: set[int] = set()

    @rule(target=subscriptions, address=st.sampled_from(ADDRESSES), question=st.sampled_from(["", "{}"]))
    def subscribe(self, address: str, question: str) -> int:
        numbers: list[int] = []

        def write(found: Subscription) -> bytes:
            numbers.append(found.id)
            return json.dumps({"papers": []}).encode()

        self.mailing.subscribe(address, question, "daily", self.now, write)
        return numbers[0] if numbers else 0

    @rule(number=subscriptions)
    def confirm(self, number: int) -> None:
        found = self.mailing.confirm(number, self.now)
        assert (found is None) == (number == 0 or number in self.ended)

    @rule(number=subscriptions)
    def unsubscribe(self, number: int) -> None:
        assert self.mailing.unsubscribe(number) == (number != 0 and number not in self.ended)
        if number:
            self.ended.add(number)
        for address in ADDRESSES:  # who ends everything is forgotten, and may begin anew
            if not any(number not in self.ended for number in self.numbers(address)):
                self.taken = [(to, at, papers) for to, at, papers in self.taken if to != address]

    def numbers(self, address: str) -> list[int]:
        with self.mailing._guard():
            rows = self.mailing._db.execute(
                "SELECT subscription.id FROM subscription JOIN subscriber ON subscriber.id = subscriber"
                " WHERE address = ?",
                (address,),
            ).fetchall()
        return [row[0] for row in rows]

    @rule(papers=st.sets(st.sampled_from(PAPERS)), last=st.booleans())
    def plan(self, papers: set[str], last: bool) -> None:
        """What a program does that finds these papers to be new; it may be stopped after the first subscription."""
        for subscription in self.mailing.due(self.now.date()):
            fresh = sorted(papers - self.mailing.sent(subscription.subscriber))
            if fresh:
                body = json.dumps({"papers": fresh}).encode()
                assert self.mailing.plan(subscription, fresh, body, self.now)
                assert not self.mailing.plan(subscription, fresh, body, self.now)  # another program, too late
            if last:
                break

    @rule(known=st.booleans(), outcome=st.sampled_from(["taken", "later", "refused", "gone"]))
    def hand_over(self, known: bool, outcome: str) -> None:
        """One message; where `known` is false the program is stopped before it can say that the server took it."""
        for message in islice(self.mailing.waiting(self.now), 1):
            self.mailing.trying(message)
            if outcome == "taken":
                self.taken.append((message.address, message.id, json.loads(message.body)["papers"]))
                if known:
                    self.mailing.handed_over(message)
            elif outcome == "later":
                self.mailing.put_off(message, "busy", self.now)
            else:
                self.mailing.give_up(message, "no", suspend=outcome == "gone")

    @rule()
    def forget(self) -> None:
        """Addresses that never confirmed: their links are too old by then."""
        before = {number for address in ADDRESSES for number in self.numbers(address)}
        self.mailing.forget(self.now)
        self.ended |= before - {number for address in ADDRESSES for number in self.numbers(address)}

    @rule(hours=st.integers(0, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def start_again(self) -> None:
        self.mailing.close()
        self.mailing = Mailing.open(self.directory)

    @invariant()
    def no_paper_is_in_two_messages(self) -> None:
        found: dict[tuple[str, str], set[int]] = {}
        for address, number, papers in self.taken:
            for paper in papers:
                found.setdefault((address, paper), set()).add(number)
        assert all(len(numbers) == 1 for numbers in found.values())

    def teardown(self) -> None:
        self.mailing.close()


def test_whatever_happens_a_paper_is_in_one_message(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Subscriptions begun, confirmed and ended, programs stopped anywhere, servers that refuse: never twice."""
    from hypothesis.stateful import run_state_machine_as_test

    Sending.folder = tmp_path_factory
    run_state_machine_as_test(Sending)


def test_nobody_is_flooded(tmp_path: Path) -> None:
    """Whatever is asked for in its name, an address gets three requests to confirm an hour, and none twice."""
    mailing, now = Mailing.open(tmp_path), datetime(2026, 11, 24, 7, tzinfo=UTC)
    written: list[str] = []

    def write(found: Subscription) -> bytes:
        written.append(found.question)
        return b""

    for question in ("a", "a", "b", "c", "d", "e"):
        mailing.subscribe(ADDRESSES[0], question, "daily", now, write)
    assert written == ["a", "b", "c"]
    mailing.subscribe(ADDRESSES[0], "d", "daily", now + timedelta(hours=1), write)
    mailing.subscribe(ADDRESSES[1], "a", "daily", now, write)
    assert written == ["a", "b", "c", "d", "a"]


def test_strangers_are_not_written_to_in_numbers(tmp_path: Path) -> None:
    """A hundred requests an hour in all, and nothing is kept of an address that is not asked."""
    mailing, now = Mailing.open(tmp_path), datetime(2026, 11, 24, 7, tzinfo=UTC)
    for number in range(120):
        mailing.subscribe(f"{number}@example.net", "", "daily", now, lambda _: b"")
    assert mailing.counts()["waiting"] == 100
    mailing.shorten_log()
    assert b"100@example.net" not in (tmp_path / "readers.db").read_bytes()
    mailing.subscribe("later@example.net", "", "daily", now + timedelta(hours=1), lambda _: b"")
    assert mailing.counts()["waiting"] == 101


def test_who_confirms_anew_gets_everything_again(tmp_path: Path) -> None:
    """All that the address has subscribed to was suspended with it."""
    mailing, now = Mailing.open(tmp_path), datetime(2026, 11, 24, 7, tzinfo=UTC)
    for number, question in enumerate(("", "a"), 1):
        mailing.subscribe(ADDRESSES[0], question, "daily", now, lambda _: b"")
        mailing.confirm(number, now)
    mailing.give_up(next(iter(mailing.waiting(now))), "no such user", suspend=True)
    assert mailing.due(now.date()) == []
    mailing.confirm(2, now)
    assert [one.id for one in mailing.due(now.date())] == [1, 2]


def test_who_does_not_confirm_is_forgotten(tmp_path: Path) -> None:
    """After eight days nothing of the address is left; who did confirm stays, and what went is kept a month."""
    mailing, now = Mailing.open(tmp_path), datetime(2026, 11, 24, 7, tzinfo=UTC)
    for address in ADDRESSES:
        mailing.subscribe(address, "", "daily", now, lambda _: b"")
    for message in mailing.waiting(now):
        mailing.handed_over(message)
    assert mailing.confirm(1, now)
    mailing.forget(now + timedelta(days=7))
    assert mailing.counts()["unconfirmed"] == 1
    mailing.forget(now + timedelta(days=8))
    assert (mailing.counts()["unconfirmed"], mailing.counts()["daily"], mailing.counts()["sent"]) == (0, 1, 1)
    mailing.shorten_log()
    assert ADDRESSES[1].encode() not in (tmp_path / "readers.db").read_bytes()
    mailing.forget(now + timedelta(days=30))
    assert mailing.counts()["sent"] == 0
