"""Who has subscribed to what, and the messages that are still to be handed over: a part of `readers.db`.

A digest is planned in one transaction: the whole message, the papers in it, and from when on papers are new to the
subscription. So a paper is in one message to an address and no more, whenever the program stops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from indexer.periods import moment
from indexer.readers import Readers

Frequency = Literal["daily", "weekly"]

EVERY: Final[dict[str, timedelta]] = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
ASK_AGAIN: Final = timedelta(hours=1)
MOST_ASKED: Final = 3
"""Times that an address is asked for confirmation in that time, once for each question: nobody's mailbox is filled by
others."""
MOST_ASKED_OF_ALL: Final = 100
"""Times in that time that anybody is: this server is no means to write to strangers."""
FORGET: Final = timedelta(days=8)
"""When an address that did not confirm is forgotten; its link is good for a week."""
KEEP: Final = timedelta(days=30)
"""How long it is kept that a message went."""
OVERLAP: Final = timedelta(hours=1)
"""How long before a digest papers may have come that it could not see yet: an import was still storing them."""
FIRST_WAIT: Final = timedelta(minutes=15)
LONGEST_WAIT: Final = timedelta(hours=4)
GIVE_UP: Final = timedelta(days=5)
"""How long a message is tried, as RFC 5321 (4.5.4.1) advises."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an address has subscribed to; `question` is JSON, or empty for what is trending."""

    id: int
    subscriber: int
    address: str
    question: str
    period: Frequency
    since: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message that waits to be handed over."""

    id: int
    address: str
    body: bytes
    made: str
    attempts: int


_SUBSCRIPTION: Final = (
    "SELECT subscription.id, subscriber, address, question, period, coalesce(since, '')"
    " FROM subscription JOIN subscriber ON subscriber.id = subscriber"
)


class Mailing(Readers):
    """Subscriptions, and the messages that come of them."""

    def subscribe(
        self,
        address: str,
        question: str,
        period: Frequency,
        now: datetime,
        write: Callable[[Subscription], bytes],
    ) -> None:
        """Remember that an address was given, and have it asked for confirmation by the message that `write` makes.

        Nothing is sent to who has confirmed already, was asked the same within the hour, or was asked often.
        """
        with self.transaction():
            ((asked, of_all),) = self._db.execute(
                "SELECT count(*) FILTER (WHERE address = ?), count(*)"
                " FROM subscription JOIN subscriber ON subscriber.id = subscriber WHERE asked > ?",
                (address, moment(now - ASK_AGAIN)),
            ).fetchall()
            if asked >= MOST_ASKED or of_all >= MOST_ASKED_OF_ALL:
                return  # before anything is kept of an address that will not be asked
            self._db.execute("INSERT OR IGNORE INTO subscriber (address) VALUES (?)", (address,))
            ((subscriber,),) = self._db.execute("SELECT id FROM subscriber WHERE address = ?", (address,)).fetchall()
            fresh = self._db.execute(
                "INSERT INTO subscription (subscriber, question, period, asked) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET asked = excluded.asked"
                " WHERE (confirmed IS NULL OR suspended IS NOT NULL) AND asked <= ? RETURNING id",
                (subscriber, question, period, moment(now), moment(now - ASK_AGAIN)),
            ).fetchall()
            for (subscription_id,) in fresh:
                found = Subscription(subscription_id, subscriber, address, question, period, "")
                self._queue(found, write(found), now)

    def confirm(self, subscription_id: int, now: datetime) -> Subscription | None:
        """Begin to send; `None` where it was ended meanwhile. To confirm again changes nothing."""
        with self.transaction():
            self._db.execute(
                "UPDATE subscription SET confirmed = ?, since = CASE period WHEN 'daily' THEN ? ELSE ? END"
                " WHERE id = ? AND confirmed IS NULL",
                (moment(now), moment(now - EVERY["daily"]), moment(now - EVERY["weekly"]), subscription_id),
            )
            self._db.execute(
                "UPDATE subscription SET suspended = NULL WHERE subscriber ="
                " (SELECT subscriber FROM subscription WHERE id = ?)",
                (subscription_id,),
            )
        return self.subscription(subscription_id)

    def subscription(self, subscription_id: int) -> Subscription | None:
        """A subscription that has not been ended."""
        with self._guard():
            found = self._db.execute(f"{_SUBSCRIPTION} WHERE subscription.id = ?", (subscription_id,)).fetchone()
        return Subscription(*found) if found else None

    def unsubscribe(self, subscription_id: int) -> bool:
        """End a subscription. With the last one everything about the address is forgotten."""
        with self.transaction():
            found = self._db.execute(
                "DELETE FROM subscription WHERE id = ? RETURNING subscriber", (subscription_id,)
            ).fetchall()
            for (subscriber,) in found:
                self._db.execute(
                    "DELETE FROM subscriber WHERE id = ? AND NOT EXISTS"
                    " (SELECT 1 FROM subscription WHERE subscriber = subscriber.id)",
                    (subscriber,),
                )
        if found:
            self.shorten_log()  # where the address would still be
        return bool(found)

    def forget(self, now: datetime) -> None:
        """Delete addresses that were given and never confirmed, and the traces of messages that went long ago."""
        with self.transaction():
            self._db.execute("DELETE FROM subscription WHERE confirmed IS NULL AND asked <= ?", (moment(now - FORGET),))
            self._db.execute("DELETE FROM subscriber WHERE id NOT IN (SELECT subscriber FROM subscription)")
            self._db.execute("DELETE FROM message WHERE state <> 'waiting' AND made <= ?", (moment(now - KEEP),))
        self.shorten_log()

    # Digests

    def due(self, today: date) -> list[Subscription]:
        """The subscriptions for which a digest may be planned today."""
        with self._guard():
            rows = self._db.execute(
                f"{_SUBSCRIPTION} WHERE confirmed IS NOT NULL AND suspended IS NULL AND"
                " (planned IS NULL OR planned <= CASE period WHEN 'daily' THEN ? ELSE ? END) ORDER BY subscription.id",
                ((today - EVERY["daily"]).isoformat(), (today - EVERY["weekly"]).isoformat()),
            ).fetchall()
        return [Subscription(*row) for row in rows]

    def sent(self, subscriber: int) -> set[str]:
        """The ids of the papers that are in a message to this subscriber."""
        with self._guard():
            return {row[0] for row in self._db.execute("SELECT paper FROM sent WHERE subscriber = ?", (subscriber,))}

    def plan(self, subscription: Subscription, papers: Sequence[str], body: bytes, seen: datetime) -> bool:
        """Keep a digest to be handed over; `seen` is the moment of what it was made of. All of it or nothing.

        Returns false, and changes nothing, where another process was quicker or the subscription was ended.
        """
        with self.transaction():
            current = self._db.execute(
                "UPDATE subscription SET since = ?, planned = ? WHERE id = ? AND since = ? RETURNING id",
                (moment(seen - OVERLAP), seen.date().isoformat(), subscription.id, subscription.since),
            ).fetchall()
            if not current:
                return False
            self._db.executemany("INSERT INTO sent VALUES (?, ?)", [(subscription.subscriber, one) for one in papers])
            self._queue(subscription, body, seen)
        return True

    def _queue(self, subscription: Subscription, body: bytes, now: datetime) -> None:
        values = (subscription.subscriber, subscription.id, body, moment(now), "waiting", 0, moment(now), "")
        self._db.execute(
            "INSERT INTO message (subscriber, subscription, body, made, state, attempts, next_try, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )

    # Handing over

    def waiting(self, now: datetime) -> Iterator[Message]:
        """The messages whose time has come, the oldest first.

        Each is read when it is asked for: who unsubscribes while others are served gets nothing more.
        """
        with self._guard():
            ids = self._db.execute(
                "SELECT id FROM message WHERE state = 'waiting' AND next_try <= ? ORDER BY id", (moment(now),)
            ).fetchall()
        for one in ids:
            with self._guard():
                row = self._db.execute(
                    "SELECT message.id, address, body, made, attempts FROM message"
                    " JOIN subscriber ON subscriber.id = subscriber WHERE message.id = ? AND state = 'waiting'",
                    one,
                ).fetchone()
            if row:
                yield Message(*row)

    def trying(self, message: Message) -> None:
        """Note that a message is handed over now.

        Where not even that can be stored nothing must go: that it was taken would be forgotten, and it would go again
        with every run.
        """
        with self.transaction():
            self._db.execute("UPDATE message SET note = 'being handed over' WHERE id = ?", (message.id,))

    def handed_over(self, message: Message) -> None:
        """The server has taken it."""
        with self.transaction():
            self._db.execute("UPDATE message SET state = 'sent', body = NULL WHERE id = ?", (message.id,))

    def put_off(self, message: Message, reason: str, now: datetime) -> bool:
        """Try it again later, each time twice as late; returns whether it will be: after some days it is given up."""
        wait = min(FIRST_WAIT * 2**message.attempts, LONGEST_WAIT)
        if now + wait - datetime.fromisoformat(message.made) > GIVE_UP:
            self.give_up(message, reason, suspend=False)
            return False
        with self.transaction():
            self._db.execute(
                "UPDATE message SET attempts = attempts + 1, next_try = ?, note = ? WHERE id = ?",
                (moment(now + wait), reason, message.id),
            )
        return True

    def give_up(self, message: Message, reason: str, *, suspend: bool) -> None:
        """It will never be taken; `suspend` also ends sending to the address until it is confirmed anew."""
        with self.transaction():
            self._db.execute(
                "UPDATE message SET state = 'failed', body = NULL, note = ? WHERE id = ?", (reason, message.id)
            )
            if suspend:
                self._db.execute(
                    "UPDATE subscription SET suspended = ? WHERE subscriber ="
                    " (SELECT subscriber FROM message WHERE id = ?)",
                    (reason, message.id),
                )

    def counts(self) -> dict[str, int]:
        """How many subscriptions and messages there are in each state; no address."""
        with self._guard():
            states = self._db.execute(
                "SELECT CASE WHEN suspended IS NOT NULL THEN 'suspended' WHEN confirmed IS NULL THEN 'unconfirmed'"
                " ELSE period END FROM subscription UNION ALL SELECT state FROM message"
            ).fetchall()
        found = Counter(state for (state,) in states)
        return {
            state: found[state]
            for state in ("daily", "weekly", "unconfirmed", "suspended", "waiting", "sent", "failed")
        }
