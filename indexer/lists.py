"""Which papers were listed on which day, when they came, under which ids they are known, and their order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from indexer.database import Database
from indexer.filters import fold
from indexer.selection import Keys


class Lists(Database):
    """The part of a store that tells of papers without reading them."""

    def ids(self, keys: Sequence[int]) -> dict[int, str]:
        """The ids of these keys."""
        return dict(self._among("SELECT key, id FROM paper WHERE key IN ({})", keys))

    def listed(self, first: str, last: str, submitter: str | None = None) -> list[tuple[int, str, int | None]]:
        """(key, day, upvotes) of the papers that were listed from a day to another; of one submitter, if given."""
        where = "" if submitter is None else " AND submitter = ?"
        values = (first, last) if submitter is None else (first, last, fold(submitter))
        with self._guard():
            return self._db.execute(
                f"SELECT key, day, upvotes FROM listed WHERE day BETWEEN ? AND ?{where}",  # noqa: S608
                values,
            ).fetchall()

    def listed_days(self, first: str, last: str) -> dict[str, int]:
        """How many papers were listed on each day of a span that had any."""
        sql = "SELECT day, count(*) FROM listed WHERE day BETWEEN ? AND ? GROUP BY day ORDER BY day"
        with self._guard():
            return dict(self._db.execute(sql, (first, last)).fetchall())

    def neighbours(self, first: str, last: str) -> tuple[str | None, str | None]:
        """The latest day before a span, and the first behind it, on which papers were listed."""
        sql = "SELECT (SELECT max(day) FROM listed WHERE day < ?), (SELECT min(day) FROM listed WHERE day > ?)"
        with self._guard():
            before, after = self._db.execute(sql, (first, last)).fetchone()
        return before, after

    def extent(self) -> tuple[str | None, str | None, str | None]:
        """The first and the last day of papers, and the moment, or the day, at which the last record came."""
        sql = "SELECT (SELECT min(day) FROM paper), (SELECT max(day) FROM paper), (SELECT max(came) FROM record)"
        with self._guard():
            first, last, came = self._db.execute(sql).fetchone()
        return first, last, came

    def arrivals(self, keys: Sequence[int]) -> dict[int, str]:
        """The moment at which each paper came to the collection."""
        return dict(self._among("SELECT key, min(came) FROM record WHERE key IN ({}) GROUP BY key", keys))

    def names(self, keys: Sequence[int]) -> dict[int, set[str]]:
        """Every id under which each paper, or a record of it, is or was known."""
        found = {key: {paper_id} for key, paper_id in self.ids(keys).items()}
        for key, record_id in self._among("SELECT key, id FROM record WHERE key IN ({})", keys):
            found[key].add(record_id)
        return found

    def ordered(
        self, keys: Keys | None, after: tuple[str, str] | None, limit: int, *, by_day: bool, down: bool
    ) -> list[tuple[int, str, str]]:
        """(key, day, id) of papers by id, or by day and then id, behind a (day, id); of some keys only, if given.

        A paper without a day counts as of a day before all.
        """
        columns = "ifnull(day, ''), id" if by_day else "id"
        way, sign = (" DESC", "<") if down else ("", ">")
        where, values = ["TRUE"], list[Any]()
        if keys is not None:
            where.append("+key IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(keys.tolist()))
        if after is not None:
            where.append(f"({columns}) {sign} ({'?, ?' if by_day else '?'})")
            values += after if by_day else after[1:]
        order = f"ifnull(day, ''){way}, id{way}" if by_day else f"id{way}"
        with self._guard():
            return self._db.execute(
                f"SELECT key, ifnull(day, ''), id FROM paper WHERE {' AND '.join(where)} ORDER BY {order} LIMIT ?",  # noqa: S608
                (*values, limit),
            ).fetchall()
