"""Counts of the papers that answer a question, by date, category, source and author: what to narrow it by, and to what.

Each count is that of the papers which would be there if that filter alone were chosen, or chosen otherwise: a facet
ignores the filters on what it counts, whether they were given or written in the text. Exclusions stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np

from indexer.collection import Snapshot
from indexer.filters import DATES, Condition, Field, Filters, fold, name_words
from indexer.selection import Keys

MATCHES: Final = 500
"""Best papers of a ranking that are counted: every paper has some place in it, and the last ones answer nothing."""
CATEGORIES: Final = 20
SOURCES: Final = 100
AUTHORS: Final = 10
READ: Final = 1_000
"""Papers up to which authors are counted: their names stand in the papers alone, which have to be read."""
BINS: Final = 120
BY_YEAR: Final = 4 * 365
"""Days between the first and the last paper from which on there is a bin a year."""
BY_MONTH: Final = 62

Unit = Literal["year", "month", "day"]
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100)
"""Years a bin; the last is enough for every date that can be written."""


@dataclass(frozen=True, slots=True)
class Matched:
    """The papers that are counted: their keys, ascending, `None` for all; how many; and how many pass the filters."""

    keys: Keys | None
    papers: int
    total: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Papers of a span of time, whose first and last year, month or day are written as the filters take them."""

    first: str
    last: str
    papers: int


@dataclass(frozen=True, slots=True)
class Dates:
    """A histogram of `of` papers: contiguous bins, oldest first; `without` have no date."""

    of: int
    unit: Unit
    bins: tuple[Bin, ...]
    without: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter can have, and how many papers pass it then."""

    value: str
    papers: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """The commonest values among `of` papers, then chosen ones that are not; `more` are not listed.

    `without` papers have no value at all.
    """

    of: int
    values: tuple[Choice, ...]
    more: int
    without: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts over `of` papers, which are the best of a ranking where more pass the filters: `total`.

    A facet whose own filter is set counts other papers, and says how many. `authors` is `None` where it would be too
    many to read.
    """

    of: int
    total: int
    dates: Dates
    categories: Choices
    sources: Choices
    authors: Choices | None
    index_version: str

    @property
    def best(self) -> bool:
        """Whether only the best are counted."""
        return self.of < self.total


def count(snapshot: Snapshot, filters: Filters, matches: Callable[[Filters], Matched], version: str) -> Facets:
    """Count the papers that `matches` gives for filters; it is asked once for each set of filters that differs."""
    known: dict[Filters, Matched] = {}

    def matched(*ignored: Field) -> Matched:
        rest = Filters(tuple(each for each in filters.conditions if each.excluded or each.field not in ignored))
        if rest not in known:
            known[rest] = matches(rest)
        return known[rest]

    whole = matched()
    return Facets(
        whole.papers,
        whole.total,
        _dates(snapshot, matched(*DATES)),
        _categories(snapshot, _chosen(filters, "category"), matched("category")),
        _sources(snapshot, _chosen(filters, "source"), matched("source")),
        _authors(snapshot, _chosen(filters, "author"), matched("author")),
        version,
    )


def bins(days: Mapping[str, int]) -> tuple[Unit, tuple[Bin, ...]]:
    """Papers by their days as a histogram without gaps: by year, month or day, as the days span more or less.

    Where there would be more than `BINS` years, a bin has several, the same number each, whose last year it divides
    from the first of the next: 1990 … 1999.
    """
    if not days:
        return "year", ()
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    if (last - first).days > BY_YEAR:
        return "year", _years(days, first.year, last.year)
    by_month = (last - first).days > BY_MONTH
    length = len("2024-05" if by_month else "2024-05-01")
    sums: Counter[str] = Counter()
    for day, papers in days.items():
        sums[day[:length]] += papers
    every = (date.fromordinal(at).isoformat() for at in range(first.toordinal(), last.toordinal() + 1))
    names = dict.fromkeys(day[:length] for day in every)
    return "month" if by_month else "day", tuple(Bin(name, name, sums[name]) for name in names)


def _years(days: Mapping[str, int], first: int, last: int) -> tuple[Bin, ...]:
    step = next(each for each in _STEPS if last // each - first // each < BINS)
    sums: Counter[int] = Counter()
    for day, papers in days.items():
        sums[int(day[:4]) // step] += papers
    return tuple(
        Bin(f"{max(1, at * step):04d}", f"{at * step + step - 1:04d}", sums[at])
        for at in range(first // step, last // step + 1)
    )


def _dates(snapshot: Snapshot, matched: Matched) -> Dates:
    column = snapshot.columns.of("day")
    counts, dated = column.count(matched.keys)
    return Dates(matched.papers, *bins(column.most(counts, len(counts))), matched.papers - dated)


def _categories(snapshot: Snapshot, chosen: Sequence[Condition], matched: Matched) -> Choices:
    column = snapshot.columns.of("category")
    counts, having = column.count(matched.keys)
    papers = column.most(counts, CATEGORIES)
    asked = {fold(each.value) for each in chosen}
    for name in sorted(asked - papers.keys()):
        if (place := column.place(name)) is not None:
            papers[name] = int(counts[place])
    listed = sum(map(bool, papers.values()))
    for name in papers:
        # A filter takes in what is behind a dot: "cs" has the papers of "cs.CL", too.
        if column.has_beginning(f"{name}.") and "|" not in name:
            papers[name] = _passing(snapshot, Condition("category", name), matched)
    written = _written(snapshot, [*papers])
    values = [Choice(written[name], papers[name], name in asked) for name in papers]
    others = [each for each in chosen if fold(each.value) not in papers]
    return _choices(snapshot, matched, values, others, int(np.count_nonzero(counts)) - listed, having)


def _sources(snapshot: Snapshot, chosen: Sequence[Condition], matched: Matched) -> Choices:
    column = snapshot.columns.of("source")
    counts, having = column.count(matched.keys)
    papers, asked = column.most(counts, SOURCES), {each.value for each in chosen}
    values = [Choice(name, papers[name], name in asked) for name in papers]
    others = [each for each in chosen if each.value not in papers]
    return _choices(snapshot, matched, values, others, int(np.count_nonzero(counts)) - len(papers), having)


def _authors(snapshot: Snapshot, chosen: Sequence[Condition], matched: Matched) -> Choices | None:
    """Names of the same words are one author, written as most of them are; a filter finds longer names, too."""
    if matched.papers > READ:
        return None
    keys = snapshot.store.keys() if matched.keys is None else matched.keys
    papers = [values.get("authors") or () for values in snapshot.store.values(keys.tolist()).values()]
    written = Counter(name for names in papers for name in names)
    words_of = {name: frozenset(name_words(name)) for name in written}
    people = [{words_of[name] for name in names} - {frozenset()} for names in papers]
    counts = Counter(person for each in people for person in each)
    label: dict[frozenset[str], str] = {}
    for name in sorted(written, key=lambda name: (-written[name], name)):
        label.setdefault(words_of[name], name)
    head = sorted(counts, key=lambda person: (-counts[person], label[person]))[:AUTHORS]
    asked = {frozenset(name_words(each.value)) for each in chosen}
    values = []
    for person in head:
        found = {other for other in counts if person <= other}
        values.append(Choice(label[person], sum(not found.isdisjoint(each) for each in people), person in asked))
    others = [each for each in chosen if frozenset(name_words(each.value)) not in head]
    return _choices(snapshot, matched, values, others, len(counts) - len(head), sum(map(bool, people)))


def _choices(
    snapshot: Snapshot,
    matched: Matched,
    values: Iterable[Choice],
    others: Sequence[Condition],
    more: int,
    having: int,
) -> Choices:
    """The values in order, then what is chosen and not among them; `having` papers have any value."""
    listed = sorted(values, key=lambda choice: (-choice.papers, choice.value))
    behind = [Choice(each.value, _passing(snapshot, each, matched), True) for each in others]
    return Choices(matched.papers, (*listed, *behind), more, matched.papers - having)


def _chosen(filters: Filters, field: Field) -> list[Condition]:
    return [each for each in filters.conditions if each.field == field and not each.excluded]


def _passing(snapshot: Snapshot, condition: Condition, matched: Matched) -> int:
    """How many of the papers that are counted pass a condition."""
    passing = snapshot.matching(Filters((condition,)))
    if passing is None:
        return matched.papers
    return len(passing) if matched.keys is None else int(passing.has(matched.keys).sum())


def _written(snapshot: Snapshot, names: Sequence[str]) -> dict[str, str]:
    """Categories, which are folded, as the first paper that has each writes it."""
    first = snapshot.store.first_with_category(names)
    papers = snapshot.store.values(list(first.values()))
    return {
        name: next((each for each in papers[key].get("categories") or () if fold(each) == name), name)
        for name, key in first.items()
    }
