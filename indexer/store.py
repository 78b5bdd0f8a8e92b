"""The truth of a collection, for reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from indexer.counts import Counts
from indexer.embedding import Trial, trials_from
from indexer.errors import CollectionDamaged, InvalidPaper, PaperNotFound
from indexer.filters import BY_NAME, Condition, Filters, by_name, keys_sql, to_sql
from indexer.identity import Record
from indexer.lists import Lists
from indexer.paper import Paper, from_record, from_stored, is_unsafe
from indexer.selection import ascending

Keys = NDArray[np.int64]
Rows16 = NDArray[np.float16]

ROW_TYPE: Final = np.dtype("<f2")
ENCODED_BY: Final = "encoded_by"
"""Which fact of the collection says what encoded it. It is no part of the format, nor of any fingerprint."""
COMPACTED: Final = "compacted"
"""Which fact says after which change the papers were compacted last. It is no part of the format, nor of any
fingerprint."""
_NO_LIMIT: Final = 2**63 - 1
_PAGE: Final = 1_000
# Named, because SQLite would rather go through all papers by their keys, which is the order that is wanted.
_WRITTEN: Final = "SELECT key FROM paper INDEXED BY paper_by_sequence WHERE sequence > ?1"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a paper without reading it."""

    key: int
    content_hash: bytes
    text_hash: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored paper with all that decides whether it changes."""

    stored: Stored
    paper: Paper
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Counters that change with every transaction.

    `fingerprint` is the sum, modulo 2^256, of one SHA-256 a paper over its id, content and row: it depends on
    what the collection holds and not on the order in which that came.
    """

    sequence: int
    papers: int
    fingerprint: int

    @property
    def content(self) -> str:
        """The fingerprint in hexadecimal."""
        return f"{self.fingerprint:064x}"


class Store(Lists, Counts):
    """A connection for reading: `pin` a state and read from it. `StoreWriter` is the one that changes."""

    def pin(self) -> State:
        """Hold the present state: what this connection reads stays as it is now until it is closed."""
        with self._guard():
            self._db.execute("BEGIN")
            return self.state()

    # What is stored

    def encoded_by(self) -> tuple[Trial, ...]:
        """The runtimes that have encoded its papers, the last one last, each with the trial it was chosen by."""
        return trials_from(self.meta().get(ENCODED_BY))

    def compacted(self) -> int:
        """The change after which what had been removed or replaced was forgotten; 0 where it never was."""
        meta = self.meta()
        try:
            sequence = int(meta.get(COMPACTED, "0"))
        except ValueError:
            return 0
        return sequence if sequence <= self.state().sequence else 0  # a stranger's may be any

    def meta(self) -> dict[str, str]:
        """Names and values of the collection's own facts."""
        with self._guard():
            return dict(self._db.execute("SELECT name, value FROM meta"))

    def state(self) -> State:
        """The counters as they are now."""
        meta = self.meta()
        try:
            return State(int(meta["sequence"]), int(meta["papers"]), int(meta["fingerprint"], 16))
        except (KeyError, ValueError, TypeError) as error:
            raise CollectionDamaged(
                f"{self._path} lacks its counters.", "Restore a backup, or index the papers again elsewhere."
            ) from error

    def lookup(self, ids: Sequence[str]) -> dict[str, Stored]:
        """What is known of these ids; those that are not stored are left out."""
        return {
            row[0]: Stored(*row[1:])
            for row in self._among(
                "SELECT id, key, content_hash, text_hash FROM paper JOIN embedding USING (key) WHERE id IN ({})",
                [paper_id for paper_id in ids if not is_unsafe(paper_id)],  # SQLite cannot be asked for half a letter
            )
        }

    def find(self, name: str) -> tuple[int, str]:
        """Key and id of the paper that a name means: its id, an identifier of it in any form, or a source's id.

        Raises `PaperNotFound`.
        """
        if is_unsafe(name):
            raise PaperNotFound(name)
        with self._guard():
            found = self._db.execute(
                f"SELECT key, id FROM paper WHERE key IN (SELECT key FROM ({BY_NAME}))",  # noqa: S608
                by_name(name),
            ).fetchone()
        if found is None:
            raise PaperNotFound(name)
        return int(found[0]), str(found[1])

    def has_id(self, paper_id: str) -> bool:
        """Whether a paper, or a record of one, has this id."""
        sql = "SELECT 1 FROM paper WHERE id = ?1 UNION ALL SELECT 1 FROM record WHERE id = ?1"
        with self._guard():
            return self._db.execute(sql, (paper_id,)).fetchone() is not None

    def paper(self, name: str) -> Paper:
        """The paper that a name means (see `find`), or `PaperNotFound`."""
        key, _ = self.find(name)
        return self.papers([key])[key]

    def papers(self, keys: Sequence[int]) -> dict[int, Paper]:
        """The papers of these keys."""
        return {key: self.made(values) for key, values in self.values(keys).items()}

    def values(self, keys: Sequence[int]) -> dict[int, Mapping[str, Any]]:
        """The papers of these keys as JSON values, which `made` makes papers of: most of a paper may not be needed."""
        return {
            key: self._values(self._whole(record, content))
            for key, record, content in self._among(
                "SELECT key, record, content_hash FROM paper WHERE key IN ({})", keys
            )
        }

    def made(self, values: Mapping[str, Any]) -> Paper:
        """A paper of `values`."""
        try:
            return from_stored(values)
        except (ValueError, TypeError, AttributeError, InvalidPaper) as error:
            raise self._damaged() from error

    def all_papers(self) -> Iterator[Paper]:
        """Every paper, in the order in which they came."""
        last = 0
        while found := self._page("SELECT key, record, content_hash FROM paper WHERE key > ?", last):
            for _, record, content in found:
                yield self._whole_paper(record, content)
            last = found[-1][0]

    # Records

    def named(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, bytes]]:
        """Key and content hash of the records of these names, each (source, id)."""
        asked = set(names)
        found = self._among(
            "SELECT source, id, key, content_hash FROM record WHERE id IN ({})", sorted({name[1] for name in asked})
        )
        return {
            (source, record_id): (key, content)
            for source, record_id, key, content in found
            if (source, record_id) in asked
        }

    def identified(self, identifiers: Sequence[str]) -> list[tuple[str, int]]:
        """(identifier, key) of the papers that have any of these identifiers."""
        return list(self._among("SELECT name, key FROM identifier WHERE apart = 0 AND name IN ({})", identifiers))

    def titled(self, title_keys: Sequence[int]) -> list[tuple[int, int]]:
        """(title key, key) of the papers that a record of one of these titles describes."""
        return list(
            self._among("SELECT DISTINCT title_key, key FROM record WHERE apart = 0 AND title_key IN ({})", title_keys)
        )

    def entries(self, keys: Sequence[int]) -> dict[int, Entry]:
        """The papers of these keys with their records."""
        papers = self._among(
            "SELECT key, content_hash, text_hash, record FROM paper JOIN embedding USING (key) WHERE key IN ({})", keys
        )
        records: dict[int, list[Record]] = {}
        for key, origin, came, apart, record, content in self._among(
            "SELECT key, origin, came, apart, coalesce(record.record, paper.record), record.content_hash"
            " FROM record JOIN paper USING (key) WHERE key IN ({}) ORDER BY came, record.source, record.id",
            keys,
        ):
            records.setdefault(key, []).append(Record(self._whole_paper(record, content), origin, came, bool(apart)))
        return {
            key: Entry(Stored(key, content, text), self._whole_paper(record, content), tuple(records.get(key, ())))
            for key, content, text, record in papers
        }

    def browse(self, filters: Filters, limit: int, offset: int, among: Keys | None = None) -> list[Paper]:
        """Papers that pass, newest first, those without a date last, then by id; only those of some keys, if given."""
        where, values = to_sql(filters)
        if among is not None:
            # One value for any number of keys, since SQLite takes few thousand values a statement; and "+", so that it
            # goes through the papers by day and does not sort all of these.
            where += " AND +key IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(among.tolist()))
        with self._guard():
            rows = self._db.execute(
                f"SELECT record, content_hash FROM paper WHERE {where} ORDER BY day DESC, id LIMIT ? OFFSET ?",  # noqa: S608
                (*values, limit, offset),
            ).fetchall()
        return [self._whole_paper(record, content) for record, content in rows]

    def passing(self, conditions: tuple[Condition, ...]) -> Keys:
        """The keys, ascending, of the papers that pass a group of conditions (`grouped`) as if none were excluded.

        `Snapshot.matching` puts several together, and also knows conditions on words.
        """
        return self._keys(*keys_sql(conditions))

    def keys(self) -> Keys:
        """The keys of all papers, ascending."""
        return self._keys("SELECT key FROM paper", ())

    def has_any(self, field: Literal["author", "category"]) -> bool:
        """Whether any paper has a named author, or a category."""
        table = {"author": "author_word", "category": "category"}[field]
        with self._guard():
            return bool(self._db.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone()[0])  # noqa: S608

    def rows(self, keys: Sequence[int]) -> dict[int, Rows16]:
        """The embeddings of these keys, each of shape (dimension,)."""
        return {
            key: np.frombuffer(row, dtype=ROW_TYPE)
            for key, row in self._among("SELECT key, row FROM embedding WHERE key IN ({})", keys)
        }

    def embedding_pages(self, dimension: int, after: int = 0) -> Iterator[tuple[Keys, Rows16]]:
        """Keys, ascending, and rows of shape (papers, dimension) of what was written after a change, in pages."""
        for found in self._pages("SELECT key, row FROM embedding", after):
            if any(not isinstance(row, bytes) or len(row) != dimension * ROW_TYPE.itemsize for _, row in found):
                raise self._damaged()
            rows = np.frombuffer(b"".join(row for _, row in found), dtype=ROW_TYPE)
            yield np.array([key for key, _ in found], dtype=np.int64), rows.reshape(len(found), dimension)

    def embeddings(self, dimension: int, after: int = 0) -> tuple[Keys, Rows16]:
        """All pages of `embedding_pages` in one."""
        pages = list(self.embedding_pages(dimension, after))
        if not pages:
            return np.empty(0, dtype=np.int64), np.empty((0, dimension), dtype=ROW_TYPE)
        return np.concatenate([keys for keys, _ in pages]), np.concatenate([rows for _, rows in pages])

    def texts(self, after: int = 0) -> Iterator[tuple[int, str, str]]:
        """Key, title and abstract of what was written after a sequence number, by key."""
        for found in self._pages("SELECT key, record, content_hash FROM paper", after):
            for key, record, content in found:
                values = json.loads(self._whole(record, content))
                yield key, values["title"], values["abstract"]

    def changed(self, after: int, last_key: int = _NO_LIMIT) -> Keys:
        """Keys, up to `last_key`, that were written or removed after a change: what an index of then must forget."""
        return self._keys(
            f"{_WRITTEN} AND key <= ?2 UNION SELECT key FROM removal WHERE sequence > ?1 AND key <= ?2",  # noqa: S608
            (after, last_key),
        )

    def last_key(self) -> int:
        """No paper was ever given a larger key."""
        with self._guard():
            row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'paper'").fetchone()
        return int(row[0]) if row else 0

    def long_forms(self, short: str) -> list[tuple[str, str, int]]:
        """(short, long, papers) of an acronym, whatever its case, as the papers write it."""
        with self._guard():
            return self._db.execute(
                "SELECT short, long, count(*) FROM acronym WHERE short = ? COLLATE NOCASE GROUP BY short, long",
                (short,),
            ).fetchall()

    def sources(self) -> dict[str, int]:
        """How many papers each source has a record of."""
        with self._guard():
            return dict(
                self._db.execute(
                    "SELECT source, count(DISTINCT key) FROM record GROUP BY 1 ORDER BY 2 DESC, 1"
                ).fetchall()
            )

    def probe_rows(self, questions: str, dimension: int) -> Rows16 | None:
        """The rows of the probes of that name, of shape (probes, dimension); `None` where they were never stored."""
        with self._guard():
            if self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'probe'").fetchone() is None:
                return None
            found = self._db.execute("SELECT rows FROM probe WHERE questions = ?", (questions,)).fetchone()
        # Derived: what is not as it should be is as good as missing.
        if found is None or not isinstance(found[0], bytes) or len(found[0]) % (dimension * ROW_TYPE.itemsize):
            return None
        return np.frombuffer(found[0], dtype=ROW_TYPE).reshape(-1, dimension)

    # Helpers

    def _pages(self, sql: str, after: int) -> Iterator[list[tuple[Any, ...]]]:
        """What a statement gives, by key: of all papers, or of those that were written after a change."""
        if after:
            keys = self._keys(_WRITTEN, (after,))
            for start in range(0, len(keys), _PAGE):
                yield sorted(self._among(f"{sql} WHERE key IN ({{}})", keys[start : start + _PAGE].tolist()))
            return
        last = 0
        while found := self._page(f"{sql} WHERE key > ?", last):
            yield found
            last = found[-1][0]

    def _keys(self, sql: str, values: Sequence[Any]) -> Keys:
        """The keys of a statement, ascending, each once; as one text, which Python gets seven times as quickly."""
        with self._guard():
            (listed,) = self._db.execute(f"SELECT group_concat(key) FROM ({sql})", values).fetchone()  # noqa: S608
        return ascending(np.fromstring(listed or "", dtype=np.int64, sep=","))

    def _whole_paper(self, record: str, content_hash: bytes) -> Paper:
        values = self._values(self._whole(record, content_hash))
        try:
            return from_record(values)
        except (ValueError, TypeError, AttributeError, InvalidPaper) as error:
            raise self._damaged() from error

    def _whole(self, record: str, content_hash: bytes) -> str:
        """The record, if it is as it was written."""
        # A flipped bit in SQLite's own bytes can turn a text into any other type.
        whole = isinstance(record, str) and hashlib.sha256(record.encode(errors="surrogatepass")).digest()
        if not whole or whole != content_hash:
            raise self._damaged()
        return record

    def _values(self, record: str) -> Mapping[str, Any]:
        try:
            values = json.loads(record)
        except ValueError as error:
            raise self._damaged() from error
        if not isinstance(values, dict):
            raise self._damaged()
        return values

    def _damaged(self) -> CollectionDamaged:
        return CollectionDamaged(
            f"A record in {self._path} is not as it was written.",
            "See which: paperkin verify. Then restore a backup, or index those papers again.",
        )
