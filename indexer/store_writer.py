"""Changes to the truth: papers, their embeddings and what is derived from their text, all in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from indexer.acronyms import find_acronyms
from indexer.filters import fold, name_words
from indexer.paper import Paper, is_unsafe, to_line
from indexer.store import ROW_TYPE, Rows16, State, Store

_FINGERPRINT_BITS: Final = 256


@dataclass(frozen=True, slots=True)
class Encoded:
    """A paper with its row, ready to be stored. `row` has shape (dimension,)."""

    paper: Paper
    row: Rows16


def text_hash(paper: Paper) -> bytes:
    """SHA-256 of what is embedded: while it is the same, the row is too."""
    return hashlib.sha256(paper.text.encode()).digest()


class StoreWriter(Store):
    """A connection that writes. Every change is made inside `transaction`."""

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

    def set_meta(self, values: Mapping[str, str]) -> None:
        """Write facts, inside a transaction."""
        with self._guard():
            self._db.executemany("REPLACE INTO meta VALUES (?, ?)", values.items())

    def check(self) -> list[str]:
        """What is wrong with the file and with the papers in it; empty where nothing is. Reads everything."""
        with self._guard():
            problems = [row[0] for row in self._db.execute("PRAGMA integrity_check") if row[0] != "ok"]
            papers, fingerprint = 0, 0
            for paper_id, record, content, row in self._db.execute(
                "SELECT id, CAST(record AS BLOB), content_hash, row FROM paper LEFT JOIN embedding USING (key)"
            ):
                papers += 1
                if hashlib.sha256(record).digest() != content or row is None:
                    problems.append(f"the record or the embedding of {paper_id!r} is damaged")
                fingerprint += _fingerprint(paper_id, content, row or b"")
            state = self.state()
        if (papers, fingerprint % 2**_FINGERPRINT_BITS) != (state.papers, state.fingerprint):
            problems.append("the papers do not agree with the collection's fingerprint")
        return problems

    def apply(self, papers: Sequence[Encoded]) -> None:
        """Add papers, and replace those whose id is known. One step of the change sequence."""
        before = self.state()
        count, total = before.papers, before.fingerprint
        for encoded in papers:
            old = self._fingerprint_of(encoded.paper.id)
            total += self._put(encoded, before.sequence + 1) - (old or 0)
            count += old is None
        self._advance(before, count, total)

    def remove(self, ids: Sequence[str]) -> int:
        """Remove papers; ids that are not stored are passed over. Returns how many were removed."""
        before = self.state()
        count, total = before.papers, before.fingerprint
        for paper_id in dict.fromkeys(ids):
            old = self._fingerprint_of(paper_id)
            if old is not None:
                self._db.execute(
                    "INSERT INTO removal SELECT key, ? FROM paper WHERE id = ?", (before.sequence + 1, paper_id)
                )
                self._db.execute("DELETE FROM paper WHERE id = ?", (paper_id,))
                count, total = count - 1, total - old
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

    def _put(self, encoded: Encoded, sequence: int) -> int:
        """Write one paper with all that is derived from it; returns its part of the fingerprint."""
        paper, row = encoded.paper, encoded.row.astype(ROW_TYPE).tobytes()
        content = paper.content_hash
        ((key,),) = self._db.execute(
            "INSERT INTO paper (id, record, day, source, content_hash, sequence) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record, day = excluded.day, source = excluded.source,"
            " content_hash = excluded.content_hash, sequence = excluded.sequence RETURNING key",
            (paper.id, to_line(paper), paper.day, paper.source, content, sequence),
        ).fetchall()
        self._db.execute("REPLACE INTO embedding VALUES (?, ?, ?)", (key, text_hash(paper), row))
        for table in ("author_word", "category", "acronym"):
            self._db.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608  names from the line above
        self._db.executemany(
            "INSERT OR IGNORE INTO author_word VALUES (?, ?, ?)",
            [(word, key, i) for i, name in enumerate(paper.authors) for word in name_words(name)],
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO category VALUES (?, ?)", [(fold(name), key) for name in paper.categories]
        )
        self._db.executemany(
            "INSERT INTO acronym VALUES (?, ?, ?)",
            [(short, long, key) for short, long in find_acronyms(f"{paper.title}. {paper.abstract}")],
        )
        return _fingerprint(paper.id, content, row)

    def _fingerprint_of(self, paper_id: str) -> int | None:
        if is_unsafe(paper_id):
            return None
        found = self._db.execute(
            "SELECT content_hash, row FROM paper JOIN embedding USING (key) WHERE id = ?", (paper_id,)
        ).fetchone()
        return None if found is None else _fingerprint(paper_id, *found)


def _fingerprint(paper_id: str, content_hash: bytes, row: bytes) -> int:
    return int.from_bytes(hashlib.sha256(paper_id.encode() + b"\0" + content_hash + row).digest())
