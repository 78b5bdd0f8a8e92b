"""The people who use a collection, in a file of their own: `readers.db`.

A collection is passed on, as a whole or as a backup: addresses and keys must not go along. And a vote must not wait for
an import, which holds the right to write papers for long.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from indexer.database import Database
from indexer.errors import CollectionError, InvalidInput
from indexer.periods import moment

READERS: Final = "readers.db"
OWNER: Final = "owner"
"""The voter who has the server's own key, or sits at its machine."""
_PREFIX: Final = "pk_"
_MOST_NAME: Final = 100


class Readers(Database):
    """Keys and votes. Every change is one transaction of its own."""

    @classmethod
    def open(cls, directory: Path) -> Self:
        """The readers of a collection, made if there are none. Raises `CollectionError` where they cannot be."""
        path = directory / READERS
        try:
            cls.prepare(path, "readers.sql", {"format": "1", "secret": secrets.token_urlsafe(32)})
        except OSError as error:
            raise CollectionError(
                f"{path} cannot be written: {error.strerror or error}.", "Check the directory's permissions."
            ) from error
        return cls(path)

    @property
    def secret(self) -> str:
        """What links to these readers are signed with; it never leaves this machine."""
        with self._guard():
            return str(self._db.execute("SELECT value FROM meta WHERE name = 'secret'").fetchone()[0])

    def problems(self) -> list[str]:
        """What is wrong with the file; empty where nothing is. Raises `CollectionForeign` for one of something else."""
        with self._guard():
            self._db.execute("SELECT 1 FROM vote UNION ALL SELECT 1 FROM reader").fetchone()
            return [row[0] for row in self._db.execute("PRAGMA integrity_check") if row[0] != "ok"]

    # Keys

    def add_key(self, name: str) -> str:
        """A new key for a reader of this name; it is told once. Raises `InvalidInput` for a name that is taken."""
        name = " ".join(name.split())
        if not name or len(name) > _MOST_NAME or not name.isprintable() or name == OWNER:
            raise InvalidInput(f"{name[:40]!r} is no name for a reader.", "Give a short name of plain letters.")
        key = _PREFIX + secrets.token_urlsafe(32)
        with self.transaction():
            taken = self._db.execute("SELECT 1 FROM reader WHERE name = ?", (name,)).fetchone()
            if not taken:
                self._db.execute("INSERT INTO reader VALUES (?, ?, ?)", (name, _hash(key), moment()))
        if taken:
            raise InvalidInput(f"There is a key for {name!r} already.", "Remove it first, or choose another name.")
        return key

    def holders(self) -> list[tuple[str, str]]:
        """(name, moment) of every key."""
        with self._guard():
            return self._db.execute("SELECT name, made FROM reader ORDER BY name").fetchall()

    def remove_key(self, name: str) -> bool:
        """Forget a reader's key, and their votes; returns whether there was one."""
        with self.transaction():
            found = self._db.execute("DELETE FROM reader WHERE name = ? RETURNING name", (name,)).fetchall()
            self._db.execute("DELETE FROM vote WHERE voter = ?", (name,))
        return bool(found)

    def reader_of(self, key: str) -> str | None:
        """The name of the reader who has this key."""
        with self._guard():
            found = self._db.execute("SELECT name FROM reader WHERE hash = ?", (_hash(key),)).fetchone()
        return str(found[0]) if found else None

    # Votes

    def vote(self, paper_id: str, voter: str) -> bool:
        """Vote for a paper; returns whether that is new. Nobody votes twice for the same."""
        with self.transaction():
            sql = "INSERT OR IGNORE INTO vote VALUES (?, ?, ?) RETURNING paper"
            return bool(self._db.execute(sql, (paper_id, voter, moment())).fetchall())

    def take_back(self, paper_ids: Sequence[str], voter: str) -> bool:
        """Take back the vote for a paper, under whichever of its ids; returns whether there was one."""
        taken = []
        with self.transaction():
            for paper_id in paper_ids:
                sql = "DELETE FROM vote WHERE paper = ? AND voter = ? RETURNING paper"
                taken += self._db.execute(sql, (paper_id, voter)).fetchall()
        return bool(taken)

    def votes(self) -> dict[str, frozenset[str]]:
        """Who has voted for what: voters by the ids of papers, as they were."""
        found: dict[str, set[str]] = {}
        with self._guard():
            for paper, voter in self._db.execute("SELECT paper, voter FROM vote"):
                found.setdefault(paper, set()).add(voter)
        return {paper: frozenset(voters) for paper, voters in found.items()}


def _hash(key: str) -> bytes:
    # Keys are random: what makes passwords slow to guess would only make every request slow.
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
