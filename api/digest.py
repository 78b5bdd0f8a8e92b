"""The digest: what is new to each subscription becomes a message, and messages go to the mail server."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.feeds import is_match
from api.fields import address_with
from api.links import Links
from api.mail import Letter, MailServer, Outcome
from api.mail_settings import MailSettings
from api.pages import render_text
from api.requests import FollowedBody
from api.service import Service
from api.showing import paper_address
from indexer import lock
from indexer.collection import Snapshot
from indexer.directory import DIGESTING
from indexer.errors import InvalidQuery, PaperkinError, shorten
from indexer.filters import Condition, Filters
from indexer.mailing import Frequency, Mailing, Message, Subscription
from indexer.paper import Paper
from search import feed
from search.feed import Listed
from search.query import Page

MOST: Final = 20
"""Papers in a message."""
LOOKED_AT: Final = 200
"""Newest answers among which those are looked for that an address does not have."""
EXCERPT: Final = 300
"""Characters of an abstract."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A paper in a message."""

    paper: Paper
    address: str
    upvotes: int | None
    verdict: str | None = None

    @property
    def excerpt(self) -> str:
        """How the abstract begins, to the end of a word."""
        text = " ".join(self.paper.abstract.split())
        return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rpartition(' ')[0]} …"


@dataclass(slots=True)
class Done:
    """What a run has done: digests planned, messages taken by the server, put off, and given up."""

    planned: int = 0
    sent: int = 0
    later: int = 0
    failed: int = 0


class Digest:
    """Plans digests and hands them over. `server` opens a connection to the mail server."""

    def __init__(
        self, service: Service, settings: MailSettings, server: Callable[[MailSettings], MailServer] = MailServer
    ) -> None:
        self._service = service
        self._settings = settings
        self._server = server
        self.mailing: Final = Mailing.open(service.collection.directory)
        self.links: Final = Links(self.mailing.secret, settings.public_url)

    def subscribe(self, address: str, question: FollowedBody | None, period: Frequency, now: datetime) -> None:
        """Ask an address to confirm. Raises `InvalidQuery` or `PaperNotFound` for a question that cannot be asked."""
        if question is not None:
            self._service.engine.search(question.query(Page(1)))
        self.mailing.subscribe(address, written(question), period, now, lambda found: self._confirmation(found, now))

    def send(self, now: datetime) -> Done | None:
        """Plan what is due and hand over what waits; `None` where another program is doing that at this moment.

        Raises `MailFailed` where the mail server cannot be used; what is planned by then is kept.
        """
        with lock.alone(self._service.collection.directory, DIGESTING) as held:
            if not held:
                return None
            self.mailing.forget(now)
            done = Done(planned=sum(self._plan(each, now) for each in self.mailing.due(now.date())))
            self._hand_over(done, now)
        return done

    def flush(self, now: datetime) -> Done | None:
        """Hand over what waits, and plan nothing."""
        with lock.alone(self._service.collection.directory, DIGESTING) as held:
            if not held:
                return None
            done = Done()
            self._hand_over(done, now)
        return done

    def preview(self, now: datetime) -> list[int]:
        """How many papers each message would have that `send` would plan."""
        found = [self._news(each, now) for each in self.mailing.due(now.date())]
        return [min(len(items), MOST) for items in found if items]

    # Planning

    def _plan(self, subscription: Subscription, now: datetime) -> bool:
        """Keep the digest of a subscription, if there is anything new for it."""
        items = self._news(subscription, now)
        if not items:
            return False
        body = self.letter(subscription, items).write(self._settings, subscription.address, now)
        return self.mailing.plan(subscription, [item.paper.id for item in items[:MOST]], body, now)

    def _news(self, subscription: Subscription, now: datetime) -> list[Item]:
        """The papers that are new to a subscription and not sent to its address; none where it cannot be asked."""
        snapshot, base = self._service.engine.snapshot(), self._settings.public_url
        try:
            found, verdicts = self._found(snapshot, subscription, now)
        except PaperkinError as error:
            # A liked paper may be gone. The others are not to wait for it.
            _log.warning("The question of subscription %d cannot be asked: %s", subscription.id, error.message)
            return []
        sent = self.mailing.sent(subscription.subscriber)
        return [
            Item(each.paper, base + paper_address(each.paper.id), each.upvotes, verdicts.get(each.paper.id))
            for each in found
            if not sent or not _names(snapshot, each.paper) & sent
        ]

    def _found(
        self, snapshot: Snapshot, subscription: Subscription, now: datetime
    ) -> tuple[list[Listed], Mapping[str, str]]:
        """What came since the last digest, best first, and how well each paper answers the question, by its id."""
        votes = self._service.votes()
        if not subscription.question:
            return feed.newcomers(snapshot, votes, subscription.since, now.date(), LOOKED_AT), {}
        query = asked(subscription.question).query(Page(LOOKED_AT))
        came = Filters((Condition("since", subscription.since),))
        hits = [hit for hit in self._service.engine.search(query.within(came)).hits if is_match(hit)]
        verdicts = {hit.paper.id: f"{hit.confidence.verdict} match" for hit in hits if hit.confidence}
        return feed.about(snapshot, votes, [hit.paper for hit in hits], now.date()), verdicts

    def letter(self, subscription: Subscription, found: Sequence[Item]) -> Letter:
        """The digest as a letter: the first of what was found, and how many more there are."""
        items, more = found[:MOST], len(found) - MOST
        count = f"{len(items)} new paper{'' if len(items) == 1 else 's'}"
        ending = self.links.unsubscribe(subscription.id)
        values = {
            "items": items,
            # Of the newest so many are looked at, and some of them an address may have already.
            "more": "" if more <= 0 else str(more) if len(found) < LOOKED_AT // 2 else f"at least {more}",
            "what": describe(subscription.question),
            "period": subscription.period,
            "ending": ending,
            "all": self._settings.public_url + _page(subscription.question),
        }
        return Letter(
            f"{count}: {shorten(items[0].paper.heading, 60)}",
            render_text("digest.txt", **values),
            render_text("digest.html", **values),
            ending,
        )

    def _confirmation(self, subscription: Subscription, now: datetime) -> bytes:
        # Not what was asked for: anybody may have written that, to anybody. The page behind the link tells it.
        values = {
            "period": subscription.period,
            "link": self.links.confirm(subscription.id),
            "base": self._settings.public_url,
        }
        text, html = render_text("confirm.txt", **values), render_text("confirm.html", **values)
        return Letter("Please confirm: new papers by mail", text, html).write(self._settings, subscription.address, now)

    # Handing over

    def _hand_over(self, done: Done, now: datetime) -> None:
        with self._server(self._settings) as server:
            for message in self.mailing.waiting(now):
                self.mailing.trying(message)
                handed = server.hand_over(message.address, message.body)
                if handed.outcome is Outcome.TAKEN:
                    self.mailing.handed_over(message)
                    done.sent += 1
                else:
                    self._not_taken(message, handed.outcome, handed.reason, done, now)

    def _not_taken(self, message: Message, outcome: Outcome, reason: str, done: Done, now: datetime) -> None:
        _log.warning("A message to %s was not taken: %s", hidden(message.address), reason.replace(message.address, "…"))
        if outcome is Outcome.LATER:
            later = self.mailing.put_off(message, reason, now)
        else:
            self.mailing.give_up(message, reason, suspend=outcome is Outcome.NO_SUCH_ADDRESS)
            later = False
        done.later += later
        done.failed += not later


def _names(snapshot: Snapshot, paper: Paper) -> set[str]:
    """Every id under which a paper may have been sent."""
    key, _ = snapshot.store.find(paper.id)
    return snapshot.store.names([key])[key]


def written(question: FollowedBody | None) -> str:
    """A question as it is kept: JSON of what was given, without which page and whether with reasons."""
    if question is None:
        return ""
    given = question.model_dump(exclude_defaults=True, exclude={"k", "offset", "explain"})
    return json.dumps(given, ensure_ascii=False, sort_keys=True)


def asked(question: str) -> FollowedBody:
    """A question that was kept. Raises `InvalidQuery` where it is not one any more."""
    try:
        return FollowedBody(**json.loads(question))
    except (ValueError, TypeError) as error:
        raise InvalidQuery("invalid_value", "A saved question cannot be read.", "Subscribe again.") from error


def describe(question: str) -> str:
    """What is subscribed to, in words."""
    if not question:
        return "what is trending"
    body = asked(question)
    parts = [f"“{shorten(body.q, 100)}”"] if body.q else []
    parts += [f"papers like “{shorten(body.abstract, 60)}”"] if body.abstract else []
    parts += [f"like {', '.join(body.like)}"] if body.like else []
    parts += [f"unlike {', '.join(body.dislike)}"] if body.dislike else []
    parts += [str(each) for each in body.filters().conditions]
    return ", ".join(parts) or "new papers"


def hidden(address: str) -> str:
    """An address as logs may show it: a…@example.org."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _page(question: str) -> str:
    if not question:
        return "/"
    names = ("q", "abstract", "like", "dislike", "mode", "date_from", "date_to", "author", "category", "source")
    given = json.loads(question)
    return address_with("/search", {name: given[name] for name in names if name in given})
