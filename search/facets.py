"""Counts of the papers that answer a question, by date, category, source and author: what to narrow it by, and to what.

Each count is that of the papers which would be there if that filter alone were chosen, or chosen otherwise: a facet
ignores the filters on what it counts, whether they were given or written in the text. Exclusions stay.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

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
    days, dated = snapshot.columns.of("day").count(matched.keys)
    return Dates(matched.papers, *bins(days), matched.papers - dated)


def _categories(snapshot: Snapshot, chosen: Sequence[Condition], matched: Matched) -> Choices:
    column = snapshot.columns.of("category")
    counts, having = column.count(matched.keys)
    names = _most(counts, CATEGORIES)
    written = _written(snapshot, names)
    values = []
    for name in names:
        # A filter takes in what is behind a dot: "cs" has the papers of "cs.CL", too.
        behind = bisect_left(column.names, f"{name}.")
        archive = "|" not in name and behind < len(column.names) and column.names[behind].startswith(f"{name}.")
        papers = _passing(snapshot, Condition("category", name), matched) if archive else counts[name]
        values.append(Choice(written[name], papers, any(fold(each.value) == name for each in chosen)))
    others = [each for each in chosen if fold(each.value) not in names]
    return _choices(snapshot, matched, values, others, len(counts), having)


def _sources(snapshot: Snapshot, chosen: Sequence[Condition], matched: Matched) -> Choices:
    counts, having = snapshot.columns.of("source").count(matched.keys)
    names, asked = _most(counts, SOURCES), {each.value for each in chosen}
    values = [Choice(name, counts[name], name in asked) for name in names]
    others = [each for each in chosen if each.value not in names]
    return _choices(snapshot, matched, values, others, len(counts), having)


def _authors(snapshot: Snapshot, chosen: Sequence[Condition], matched: Matched) -> Choices | None:
    """Names of the same words are one author, written as most of them are; a filter finds longer names, too."""
    if matched.papers > READ:
        return None
    keys = snapshot.store.keys() if matched.keys is None else matched.keys
    papers = [values.get("authors") or () for values in snapshot.store.values(keys.tolist()).values()]
    spelled: dict[frozenset[str], Counter[str]] = {}
    for names in papers:
        for name in names:
            spelled.setdefault(frozenset(name_words(name)), Counter())[name] += 1
    spelled.pop(frozenset(), None)
    words_of = {name: words for words, names in spelled.items() for name in names}
    people = [{words_of[name] for name in names if name in words_of} for names in papers]
    counts = Counter(person for each in people for person in each)
    label = {words: min(names, key=lambda name: (-names[name], name)) for words, names in spelled.items()}
    head = sorted(counts, key=lambda words: (-counts[words], label[words]))[:AUTHORS]
    asked = [frozenset(name_words(each.value)) for each in chosen]
    values = [
        Choice(label[words], sum(any(words <= name for name in each) for each in people), words in asked)
        for words in head
    ]
    others = [each for each, words in zip(chosen, asked, strict=True) if words not in head]
    return _choices(snapshot, matched, values, others, len(counts), sum(map(bool, people)))


def _choices(
    snapshot: Snapshot,
    matched: Matched,
    values: Iterable[Choice],
    others: Sequence[Condition],
    known: int,
    having: int,
) -> Choices:
    """The values in order, then what is chosen and not among them; `known` is how many values there are."""
    listed = sorted(values, key=lambda choice: (-choice.papers, choice.value))
    behind = [Choice(each.value, _passing(snapshot, each, matched), True) for each in others]
    return Choices(matched.papers, (*listed, *behind), known - len(listed), matched.papers - having)


def _chosen(filters: Filters, field: Field) -> list[Condition]:
    return [each for each in filters.conditions if each.field == field and not each.excluded]


def _most(counts: Mapping[str, int], limit: int) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))[:limit]


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
