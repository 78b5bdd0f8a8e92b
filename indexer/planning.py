"""Decides what records change: which papers they add, join or update, and what those papers then are.

Records are placed one after another. What the one before last decided is in the store; what the last decided may still
be on its way there, so its papers are remembered until the next call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from indexer.change import Change, Slot, text_hash
from indexer.errors import PaperNotFound, shorten
from indexer.identity import (
    BY_HAND,
    Record,
    another_id,
    are_told_apart,
    contradict,
    fold_records,
    is_older,
    same_work,
    takes_id,
    title_key,
)
from indexer.paper import Paper
from indexer.periods import moment
from indexer.report import Report
from indexer.store import Entry, Store

Name = tuple[str, str]


@dataclass(eq=False, slots=True)
class _Group:
    """A paper that is being put together of its records.

    `absorbed` are papers that became part of it in this call of `plan`, `before` those of the last call, whose removal
    may still be on its way to the store.
    """

    id: str
    born: int = 0
    slot: Slot = field(default_factory=Slot)
    records: dict[Name, Record] = field(default_factory=dict)
    text: bytes | None = None
    absorbed: list[_Group] = field(default_factory=list)
    before: list[_Group] = field(default_factory=list)
    gone: bool = False

    @classmethod
    def of(cls, entry: Entry) -> _Group:
        return cls(
            id=entry.paper.id,
            slot=Slot(entry.stored.key),
            records={record.name: record for record in entry.records},
            text=entry.stored.text_hash,
        )


class Planner:
    """Plans the changes of one import.

    `report` is told what becomes of every record, `placed` a record's id and a name by which its paper is found.
    """

    def __init__(
        self, store: Store, report: Report, now: str | None = None, placed: Callable[[str, str], None] = lambda *_: None
    ) -> None:
        self._store: Final = store
        self._report: Final = report
        self._fixed: Final = now
        self._now = now or moment()
        self._placed: Final = placed
        self._seen: set[int] = set()
        self._born = 0
        self._forget()
        self._last: list[_Group] = []

    def plan(self, records: Sequence[Record]) -> list[Change]:
        """The changes that records make, in the order in which papers were first touched.

        Call it again only when the changes of the call before last are stored.
        """
        self._now = self._fixed or moment()  # of this call: an import may take hours
        self._forget()
        for group in self._last:
            self._remember(group)
        stored = self._store.named([record.name for record in records])
        same = [stored.get(record.name, (0, b""))[1] == record.paper.content_hash for record in records]
        self._load([record for record, is_same in zip(records, same, strict=True) if not is_same])
        for record, is_same in zip(records, same, strict=True):
            if is_same and record.name not in self._by_name:  # all of them, when a file is read again
                self._report.unchanged += 1
                self._seen.add(hash(record.name))
                self._placed(record.paper.id, record.paper.id)
            else:
                self._place(record)
        self._last = [group for group in self._touched if not group.gone]
        return [self._change(group) for group in self._last]

    # What is known

    def _forget(self) -> None:
        self._touched: dict[_Group, None] = {}
        self._by_key: dict[int, _Group] = {}
        self._by_id: dict[str, _Group] = {}
        self._by_name: dict[Name, _Group] = {}
        self._record_ids: set[str] = set()
        self._by_identifier: defaultdict[str, dict[_Group, None]] = defaultdict(dict)
        self._by_title: defaultdict[int, dict[_Group, None]] = defaultdict(dict)

    def _remember(self, group: _Group) -> None:
        for held in (group, *group.absorbed, *group.before):
            if held.slot.key is not None:
                self._by_key[held.slot.key] = group
            self._by_id[held.id] = group
        for record in group.records.values():
            self._remember_record(group, record)

    def _remember_record(self, group: _Group, record: Record) -> None:
        self._by_name[record.name] = group
        self._record_ids.add(record.paper.id)
        if not record.apart:
            for name in record.paper.identifiers:
                self._by_identifier[name][group] = None
            if title := title_key(record.paper):
                self._by_title[title][group] = None

    def _load(self, records: Sequence[Record]) -> None:
        """Read every paper that one of these records may belong to."""
        papers = [record.paper for record in records]
        ids = [paper.id for paper in papers] + [another_id(paper) for paper in papers]
        sources = {record.name[0] for record in records}
        names = [(source, paper_id) for paper_id in ids for source in sources]
        keys = {key for key, _ in self._store.named(names).values()}
        keys |= {key for _, key in self._store.identified([name for paper in papers for name in paper.identifiers])}
        titles = [title for paper in papers if (title := title_key(paper))]
        keys |= {key for _, key in self._store.titled(titles)}
        keys |= {stored.key for stored in self._store.lookup(ids).values()}
        keys |= {key for record in records if record.named and (key := self._key_of(record.paper.id))}
        for entry in self._store.entries(sorted(keys - self._by_key.keys())).values():
            self._remember(_Group.of(entry))

    def _key_of(self, name: str) -> int | None:
        """The key of the stored paper that a person means by a name."""
        try:
            return self._store.find(name)[0]
        except PaperNotFound:
            return None

    # Placing a record

    def _place(self, given: Record) -> None:
        record = replace(given, came=self._now)
        group = self._by_name.get(record.name)
        if group and not record.named and not takes_id(record.paper, group.records[record.name].paper):
            record = replace(record, paper=replace(record.paper, id=another_id(record.paper)))
            group = self._by_name.get(record.name)
        if group:
            self._update(group, record)
        elif hosts := self._hosts(record):
            group = hosts[0]
            self._join(group, record)
        else:
            self._born += 1
            group = _Group(self._free_id(record.paper), self._born)
            self._by_id[group.id] = group
            self._put(group, record)
            self._report.added += 1
        self._seen.add(hash(record.name))
        self._placed(given.paper.id, self._by_id[group.id].id)

    def _update(self, group: _Group, record: Record) -> None:
        old = group.records[record.name]
        if old.paper == record.paper:
            self._report.unchanged += 1
        elif old.origin == BY_HAND != record.origin:
            self._supersede(record, "a person has written another one")
        elif record.origin != BY_HAND and is_older(record.paper, old.paper):
            self._supersede(record, "an earlier version than the one that is stored")
        elif record.origin != BY_HAND and hash(record.name) in self._seen and not is_older(old.paper, record.paper):
            self._supersede(record, "another record of the same source and id came before")
        else:
            self._put(group, replace(record, apart=old.apart, came=old.came))
            self._report.updated += 1

    def _join(self, group: _Group, record: Record) -> None:
        self._put(group, record)
        self._report.merged += 1
        known = ", ".join(sorted({held.name[0] or held.origin for held in group.records.values() if held != record}))
        self._report.note("merged", _where(record), f"joined the paper {group.id}, which is known from {known}")

    def _supersede(self, record: Record, why: str) -> None:
        self._report.superseded += 1
        what = f"{shorten(record.paper.heading, 60)!r} was left out: {why}"
        self._report.note("superseded", _where(record), what)

    def _put(self, group: _Group, record: Record) -> None:
        """Give a paper a record, and unite it with other papers that the record shows to be the same."""
        group.records[record.name] = record
        self._touched[group] = None
        self._remember_record(group, record)
        if not record.apart:
            for other in self._identified(record):
                if other is not group and not other.gone and not _contradictory(group, other):
                    group, younger = sorted((group, other), key=_age)  # the older one keeps its id
                    self._absorb(group, younger)
                    self._touched[group] = None

    def _absorb(self, group: _Group, other: _Group) -> None:
        other.gone = True
        group.absorbed += [other, *other.absorbed]
        group.before += other.before
        self._report.note("merged", other.id, f"the paper turned out to be {group.id}")
        group.records |= other.records
        self._touched.pop(other, None)
        self._remember(group)

    def _hosts(self, record: Record) -> list[_Group]:
        """The papers that a new record belongs to, the oldest first."""
        paper = record.paper
        found = dict.fromkeys(self._identified(record))
        same_id = self._by_id.get(paper.id)
        if record.named and same_id is None and (key := self._key_of(paper.id)):
            same_id = self._by_key.get(key)
        if same_id and not same_id.gone and (record.named or _same_title(paper, same_id)):
            found[same_id] = None
        if not found:
            found = dict.fromkeys(
                group
                for group in self._by_title.get(title_key(paper), ())
                if not group.gone and _same_work(paper, group)
            )
        return sorted(found, key=_age)

    def _identified(self, record: Record) -> list[_Group]:
        """The papers that share an identifier with a record, and none of whose own contradicts it."""
        groups = dict.fromkeys(
            group
            for name in record.paper.identifiers
            for group in self._by_identifier.get(name, ())
            if any(name in held.paper.identifiers for held in _joinable(group))  # it may have been taken back
        )
        return [
            group
            for group in groups
            if not group.gone and not any(contradict(record.paper, held.paper) for held in _joinable(group))
        ]

    def _free_id(self, paper: Paper) -> str:
        """An id by which no paper is found yet, not even one that a record brought into another paper."""
        while paper.id in self._by_id or paper.id in self._record_ids or self._store.has_id(paper.id):
            paper = replace(paper, id=another_id(paper))
        return paper.id

    # The outcome

    def _change(self, group: _Group) -> Change:
        """The paper as it has become."""
        paper = fold_records(group.id, list(group.records.values()))
        text = text_hash(paper)
        keep = text == group.text
        group.text = text
        absorbed = tuple(held.slot for held in group.absorbed)
        group.before, group.absorbed = group.absorbed, []
        return Change(paper, tuple(group.records.values()), None, absorbed, group.slot, encode=not keep)


def _where(record: Record) -> str:
    return f"{record.origin}: {record.paper.id}" if record.origin else record.paper.id


def _age(group: _Group) -> tuple[bool, int]:
    """Orders papers by when they came; those that are not stored yet are the youngest."""
    return group.slot.key is None, group.slot.key or group.born


def _joinable(group: _Group) -> Iterable[Record]:
    return (record for record in group.records.values() if not record.apart)


def _contradictory(one: _Group, other: _Group) -> bool:
    return any(
        contradict(ours.paper, theirs.paper) for ours in one.records.values() for theirs in other.records.values()
    )


def _same_title(paper: Paper, group: _Group) -> bool:
    """Whether a paper that has the same id also has the same title, and nothing that says otherwise."""
    title = title_key(paper)
    return bool(title) and any(
        title_key(held.paper) == title and takes_id(paper, held.paper) for held in group.records.values()
    )


def _same_work(paper: Paper, group: _Group) -> bool:
    records = list(_joinable(group))
    return any(same_work(paper, record.paper) for record in records) and not any(
        are_told_apart(paper, record.paper) for record in records
    )
