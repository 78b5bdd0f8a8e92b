"""One connection to SQLite: opened the right way, used by one thread at a time, its errors in our words.

The only import of sqlite3.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from indexer.errors import CollectionBusy, CollectionDamaged, CollectionError, CollectionForeign

_IN_LIMIT: Final = 500  # host parameters a statement; SQLite allows at least 999


class Database:
    """A connection. It may be used by several threads, one at a time: a lock sees to that."""

    def __init__(self, path: Path) -> None:
        """Open an existing database. Raises `CollectionDamaged` for a broken one."""
        self._path = path
        self._lock = threading.RLock()
        with self._guard():
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?{_how_to_open(path)}",
                uri=True,
                timeout=30,
                isolation_level=None,
                check_same_thread=False,
            )
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.execute("PRAGMA synchronous = FULL")

    @staticmethod
    def create(path: Path, meta: Mapping[str, str]) -> None:
        """Make an empty database with these facts. It is made beside its place and renamed: whole or absent."""
        making = path.with_name(path.name + ".making")
        for left in (making, *making.parent.glob(f"{making.name}-*")):
            left.unlink(missing_ok=True)
        db = sqlite3.connect(making, isolation_level=None)
        try:
            schema = (resources.files("indexer") / "schema.sql").read_text(encoding="utf-8")
            db.executescript(f"BEGIN;\n{schema}")  # one transaction: one wait for the disk
            db.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            db.execute("COMMIT")
            db.execute("PRAGMA journal_mode = WAL")  # kept in the file
        finally:
            db.close()
        making.rename(path)

    @staticmethod
    def prepare(path: Path, schema: str, meta: Mapping[str, str]) -> None:
        """Make the tables of a schema and write facts, as far as they are not there; others may do so at once.

        The file is readable by its owner alone.
        """
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(path, isolation_level=None, timeout=30)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            for statement in statements(schema):
                db.execute(statement)
            db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", meta.items())
            db.execute("COMMIT")
        finally:
            db.close()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

    def close_when_unused(self) -> None:
        """Give the file back when nobody has this connection any more, and not before."""
        weakref.finalize(self, self._db.close)

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """One thread at a time, and SQLite's errors in our words."""
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # Python's own error, of broken UTF-8, has none
                if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    raise CollectionBusy(
                        f"{self._path} is in use by another program.", "Wait until it has finished, or stop it."
                    ) from error
                if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                    raise CollectionError(
                        f"The disk does not take {self._path}: {error}.",
                        "Free some space, or mend the disk, and run this again: what was stored before is safe.",
                    ) from error
                if "readonly" in str(error) or "unable to open" in str(error):
                    raise CollectionError(
                        f"{self._path} cannot be opened for this: {error}.", "Check the directory's permissions."
                    ) from error
                if "no such table" in str(error):
                    raise CollectionForeign(
                        f"{self._path} is a database of something else.", "Choose another directory."
                    ) from error
                raise CollectionDamaged(
                    f"{self._path} cannot be read: {error}.", "Restore a backup, or index the papers again elsewhere."
                ) from error
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: a message that quotes damage
                raise CollectionDamaged(
                    f"{self._path} is damaged: {error}.", "Restore a backup, or index the papers again elsewhere."
                ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is stored, or nothing."""
        with self._guard():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def shorten_log(self) -> bool:
        """Move SQLite's log into the database and empty it; returns whether no other reader kept it from that."""
        with self._guard():
            self._db.execute("PRAGMA busy_timeout = 200")
            ((busy, _, _),) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._db.execute("PRAGMA busy_timeout = 30000")
        return not busy

    def copy_to(self, path: Path) -> None:
        """Write the present state, without what was deleted, as a new database."""
        with self._guard():
            self._db.execute("VACUUM INTO ?", (str(path),))

    def _among(self, sql: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement with one `IN ({})`, for any number of values."""
        for start in range(0, len(values), _IN_LIMIT):
            part = [
                int(value) if isinstance(value, np.integer) else value for value in values[start : start + _IN_LIMIT]
            ]
            with self._guard():
                found = self._db.execute(sql.format(",".join("?" * len(part))), part).fetchall()
            yield from found  # not inside: who asked may stop half-way, and would take the lock along

    def _page(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._guard():
            return self._db.execute(f"{sql} ORDER BY key LIMIT 1000", values).fetchall()


def statements(schema: str) -> list[str]:
    """The statements of a schema, each of which ends its line with a semicolon."""
    return (resources.files("indexer") / schema).read_text(encoding="utf-8").split(";\n")


def _how_to_open(path: Path) -> str:
    """SQLite's parameters: a directory that cannot be written is read as it stands.

    There SQLite cannot make the files that keep readers and writers apart, and need not: nobody writes. Only a log
    that still holds changes has to be read with them.
    """
    if os.access(path.parent, os.W_OK):
        return "mode=rw"
    beside = (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))
    return "mode=ro" if any(file.exists() for file in beside) else "mode=ro&immutable=1"
