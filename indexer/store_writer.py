"""Changes to the truth: papers, their embeddings and what is derived from their text, all in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from indexer.acronyms import find_acronyms
from indexer.change import Change, text_hash
from indexer.database import statements
from indexer.extra import submitter_of
from indexer.filters import fold, name_words
from indexer.identity import Record, title_key
from indexer.paper import Paper, is_unsafe, to_line
from indexer.store import COMPACTED, ROW_TYPE, Rows16, State, Store

_FINGERPRINT_BITS: Final = 256


class StoreWriter(Store):
    """A connection that writes. Every change is made inside `transaction`."""

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Write facts, inside a transaction."""
        with self._guard():
            self._db.executemany("REPLACE INTO meta VALUES (?, ?)", values.items())

    def use_log(self) -> None:
        """Have changes written into a log first (WAL), so that readers and a writer do not wait for each other."""
        with self._guard():
            self._db.execute("PRAGMA journal_mode = WAL").fetchall()

    def set_probe_rows(self, questions: str, rows: Rows16) -> None:
        """Keep the rows of the probes of that name, and no others.

        They depend on the model alone and could be made at any time, but not without it: a change of the indexes by
        a program that has not loaded the model needs them. The table is no part of the format: it may be missing.
        """
        with self.transaction():
            self._db.execute("CREATE TABLE IF NOT EXISTS probe (questions TEXT PRIMARY KEY, rows BLOB NOT NULL) STRICT")
            self._db.execute("DELETE FROM probe")
            self._db.execute("INSERT INTO probe VALUES (?, ?)", (questions, rows.astype(ROW_TYPE).tobytes()))

    def add_tables(self) -> None:
        """Make the tables of days and venues, which collections of format 2 lack, inside a transaction."""
        with self._guard():
            for statement in _later_tables():
                self._db.execute(statement)
            last = 0
            while found := self._page("SELECT key, record, content_hash FROM paper WHERE key > ?", last):
                for key, record, content in found:
                    self._put_listed(key, self._whole_paper(record, content))
                last = found[-1][0]

    def compact(self) -> None:
        """Write the file anew, without a trace of what was deleted, and forget which keys the indexes must forget.

        Call it when the indexes in force hold nothing that was removed.
        """
        with self.transaction():
            self._db.execute("DELETE FROM removal")
            self.set_meta({COMPACTED: str(self.state().sequence)})
        with self._guard():
            self._db.execute("VACUUM")

    def check(self) -> list[str]:
        """What is wrong with the file and with the papers in it; empty where nothing is. Reads everything."""
        with self._guard():
            problems = [row[0] for row in self._db.execute("PRAGMA integrity_check") if row[0] != "ok"]
            papers, fingerprint = 0, 0
            for paper_id, record, content, row in self._db.execute(
                "SELECT id, CAST(record AS BLOB), content_hash, row FROM paper LEFT JOIN embedding USING (key)"
            ):
                papers += 1
                # A flipped bit in SQLite's own bytes can turn a value into any other type.
                typed = isinstance(paper_id, str) and all(isinstance(part, bytes) for part in (record, content, row))
                if not typed or hashlib.sha256(record).digest() != content:
                    problems.append(f"the record or the embedding of {paper_id!r} is damaged")
                else:
                    fingerprint += _fingerprint(paper_id, content, row)
            problems += self._check_records()
            state = self.state()
        if (papers, fingerprint % 2**_FINGERPRINT_BITS) != (state.papers, state.fingerprint):
            problems.append("the papers do not agree with the collection's fingerprint")
        return problems

    def _check_records(self) -> list[str]:
        """Records that are not as they were written, and papers that no record describes."""
        problems = [
            f"the record {record_id!r} of source {source!r} is damaged"
            for source, record_id, record, content in self._db.execute(
                "SELECT source, record.id, CAST(coalesce(record.record, paper.record) AS BLOB), record.content_hash"
                " FROM record JOIN paper USING (key)"
            )
            if not isinstance(record, bytes) or hashlib.sha256(record).digest() != content
        ]
        orphans = self._db.execute("SELECT id FROM paper WHERE key NOT IN (SELECT key FROM record)")
        return problems + [f"no record describes {paper_id!r}" for (paper_id,) in orphans]

    def apply(self, changes: Sequence[Change]) -> None:
        """Add papers, and replace those that are known. One step of the change sequence."""
        before = self.state()
        count, total = before.papers, before.fingerprint
        for change in changes:
            for slot in change.absorbed:
                if slot.key is not None:
                    count, total = count - 1, total - self._delete(slot.key, before.sequence + 1)
            old = self._fingerprint_of(change.paper.id)
            total += self._put(change, before.sequence + 1) - (old or 0)
            count += old is None
        self._advance(before, count, total)

    def remove(self, ids: Sequence[str]) -> int:
        """Remove papers; ids that are not stored are passed over. Returns how many were removed."""
        before = self.state()
        count, total = before.papers, before.fingerprint
        for paper_id in dict.fromkeys(ids):
            if stored := self.lookup([paper_id]):
                count, total = count - 1, total - self._delete(stored[paper_id].key, before.sequence + 1)
        if count != before.papers:
            self._advance(before, count, total)
        return before.papers - count

    def _advance(self, before: State, papers: int, fingerprint: int) -> None:
        self.set_meta(
            {
                "sequence": str(before.sequence + 1),
                "papers": str(papers),
                "fingerprint": f"{fingerprint % 2**_FINGERPRINT_BITS:064x}",
            }
        )

    def _delete(self, key: int, sequence: int) -> int:
        """Remove a paper and all that hangs on it; returns its part of the fingerprint."""
        ((paper_id,),) = self._db.execute("SELECT id FROM paper WHERE key = ?", (key,)).fetchall()
        fingerprint = self._fingerprint_of(paper_id)
        self._db.execute("INSERT INTO removal VALUES (?, ?)", (key, sequence))
        self._db.execute("DELETE FROM paper WHERE key = ?", (key,))
        return fingerprint or 0

    def _put(self, change: Change, sequence: int) -> int:
        """Write one paper with all that is derived from it; returns its part of the fingerprint."""
        paper, content = change.paper, change.paper.content_hash
        ((key,),) = self._db.execute(
            "INSERT INTO paper (id, record, day, content_hash, sequence) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record, day = excluded.day,"
            " content_hash = excluded.content_hash, sequence = excluded.sequence RETURNING key",
            (paper.id, to_line(paper), paper.day, content, sequence),
        ).fetchall()
        change.slot.key = key
        if change.row is not None:
            row = change.row.astype(ROW_TYPE).tobytes()
            self._db.execute("REPLACE INTO embedding VALUES (?, ?, ?)", (key, text_hash(paper), row))
        else:
            ((row,),) = self._db.execute("SELECT row FROM embedding WHERE key = ?", (key,)).fetchall()
        self._put_derived(key, paper)
        self._put_records(key, paper, change.records)
        return _fingerprint(paper.id, content, row)

    def _put_derived(self, key: int, paper: Paper) -> None:
        """What filters and acronyms are found by."""
        for table in ("author_word", "category", "venue", "listed", "acronym"):
            self._db.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608  names from the line above
        self._db.executemany(
            "INSERT OR IGNORE INTO author_word VALUES (?, ?, ?)",
            [(word, key, i) for i, name in enumerate(paper.authors) for word in name_words(name)],
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO category VALUES (?, ?)", [(fold(name), key) for name in paper.categories]
        )
        self._put_listed(key, paper)
        self._db.executemany(
            "INSERT INTO acronym VALUES (?, ?, ?)",
            [(short, long, key) for short, long in find_acronyms(f"{paper.title}. {paper.abstract}")],
        )

    def _put_listed(self, key: int, paper: Paper) -> None:
        if paper.venue:
            self._db.execute("INSERT INTO venue VALUES (?, ?)", (fold(paper.venue), key))
        if paper.listed:
            submitter = submitter_of(paper.extra)
            self._db.execute(
                "INSERT INTO listed VALUES (?, ?, ?, ?)",
                (key, paper.listed, paper.upvotes, fold(submitter) if submitter else None),
            )

    def _put_records(self, key: int, paper: Paper, records: Sequence[Record]) -> None:
        """Where the paper comes from, and the names by which further records of it are known."""
        self._db.execute("DELETE FROM record WHERE key = ?", (key,))
        self._db.execute("DELETE FROM identifier WHERE key = ?", (key,))
        for record in records:
            source, record_id = record.name
            line = None if record.paper == paper else to_line(record.paper)
            self._db.execute(
                "REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key,
                    source,
                    record_id,
                    record.origin,
                    record.came,
                    record.apart,
                    title_key(record.paper),
                    record.paper.content_hash,
                    line,
                ),
            )
        self._db.executemany(
            "INSERT OR IGNORE INTO identifier VALUES (?, ?, ?)",
            [
                (name, key, record.apart)
                for record in sorted(records, key=lambda record: record.apart)
                for name in record.paper.identifiers
            ],
        )

    def _fingerprint_of(self, paper_id: str) -> int | None:
        if is_unsafe(paper_id):
            return None
        found = self._db.execute(
            "SELECT content_hash, row FROM paper JOIN embedding USING (key) WHERE id = ?", (paper_id,)
        ).fetchone()
        return None if found is None else _fingerprint(paper_id, *found)


def _later_tables() -> list[str]:
    """Of the schema what came with format 3."""
    names = ("TABLE venue", "TABLE listed", "INDEX venue_by_key", "INDEX listed_by_day", "INDEX record_by_came")
    return [each for each in statements("schema.sql") if any(f"CREATE {name} " in each for name in names)]


def _fingerprint(paper_id: str, content_hash: bytes, row: bytes) -> int:
    return int.from_bytes(hashlib.sha256(paper_id.encode() + b"\0" + content_hash + row).digest())
