"""Filters: hard restrictions on which papers may be an answer."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

from indexer.errors import InvalidPaper, InvalidQuery, shorten
from indexer.identifiers import find_identifier
from indexer.paper import LIMITS, check_date, first_day, is_unsafe
from indexer.periods import span

Field = Literal[
    "author", "category", "source", "venue", "after", "before", "until", "daily", "since", "id", "word", "phrase"
]

FIELDS: Final[tuple[Field, ...]] = get_args(Field)
DATES: Final = ("after", "before", "until")
WRITTEN: Final = ("word", "phrase")
"""The fields that the lexical index knows; the store knows the others."""
NAMED: Final[Mapping[str, Field]] = {
    "date_from": "after",
    "date_to": "until",
    "author": "author",
    "category": "category",
    "source": "source",
}
"""The single filters of REST and the command line, and what they are conditions on."""

MAX_FILTER: Final = LIMITS["id"]
"""Characters of a value; no name and no id is longer."""
MAX_CONDITIONS: Final = 64
_WORD = re.compile(r"\w+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z)?")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a paper must be, or, `excluded`, must not be: the papers that pass are exactly the others.

    - `author`: every word of the value is in one author's name, whatever the case and accents.
    - `category`: the paper has the category or, up to a dot, one of that archive (`cs` takes in `cs.CL`). A bar parts
      alternatives: `cs|math`.
    - `source`: a source has a record of it, compared letter by letter, after the tidying that a paper's source has had.
    - `after`, `before`: an ISO 8601 day, month or year. Its first day and later days pass `after`, earlier ones
      `before`: the two part the papers. `until` passes to its last day. A paper counts by its `day`; one whose date
      is unknown passes none of the three, and so each of them excluded.
    - `venue`: the paper appeared there, whatever the case; a bar parts alternatives.
    - `daily`: it was listed in this day, month, year or ISO week (`2026-W34`): the day on which it was on Daily Papers,
      where that is known, else its `day`.
    - `since`: its first record came to the collection at this ISO 8601 moment, as `moment` writes it, or later.
    - `id`: the paper that `Store.find` gives for the value.
    - `word`: title or abstract has the word in any form, which is one of the same English stem. Of several words, or
      parts of a word such as "text-to-speech", one must follow the other.
    - `phrase`: title or abstract has these words in this order, side by side and letter by letter but for case,
      accents and what is between them. A single word is one in this very form.

    Making one checks it; `InvalidQuery` says what is wrong.
    """

    field: Field
    value: str
    excluded: bool = False

    def __post_init__(self) -> None:
        _check(self.field, self.value, self.field)
        object.__setattr__(self, "value", self.value.strip() if self.field == "id" else _tidy(self.value))

    def __str__(self) -> str:
        """As it is written in a question: `-author:"Ada Lovelace"`."""
        quoted = f'"{self.value}"' if self.field == "phrase" or re.search(r"\s", self.value) else self.value
        name = "" if self.field == "phrase" or (self.field == "word" and self.excluded) else f"{self.field}:"
        return f"{'-' if self.excluded else ''}{name}{quoted}"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a paper must be to be found at all: all conditions hold at once, none restricts nothing.

    Only conditions on the `id` that are not excluded are alternatives: a paper passes them if it passes one.
    """

    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(dict.fromkeys(self.conditions)))
        if len(self.conditions) > MAX_CONDITIONS:
            raise InvalidQuery(
                "invalid_filter", f"There are {len(self.conditions)} filters.", f"Use up to {MAX_CONDITIONS}."
            )

    @classmethod
    def of(
        cls,
        date_from: str | None = None,
        date_to: str | None = None,
        author: str | None = None,
        category: str | None = None,
        source: str | None = None,
    ) -> Filters:
        """The single filters of REST and the command line, both dates inclusive; `None` restricts nothing."""
        values = {"date_from": date_from, "date_to": date_to, "author": author, "category": category, "source": source}
        given = {name: value for name, value in values.items() if value is not None}
        for name, value in given.items():
            _check(NAMED[name], value, name)
        return cls(tuple(Condition(NAMED[name], value) for name, value in given.items()))

    def __and__(self, other: Filters) -> Filters:
        """The conditions of both."""
        return Filters(self.conditions + other.conditions)

    @property
    def empty(self) -> bool:
        """Whether every paper passes."""
        return not self.conditions

    @property
    def stored(self) -> Filters:
        """The conditions that the store knows."""
        return Filters(tuple(each for each in self.conditions if each.field not in WRITTEN))

    @property
    def written(self) -> tuple[Condition, ...]:
        """The conditions that the lexical index knows."""
        return tuple(each for each in self.conditions if each.field in WRITTEN)


def name_words(name: str) -> list[str]:
    """The words of a person's name, or of a title, folded for comparison: no case, no accents."""
    if name.isascii():
        return _WORD.findall(name.casefold())
    folded = unicodedata.normalize("NFKD", name.casefold()).casefold()
    return _WORD.findall("".join(c for c in folded if not unicodedata.combining(c)))


def fold(label: str) -> str:
    """A category's name for comparison: tidied, and no case."""
    return _tidy(label).casefold()


def _tidy(label: str) -> str:
    """As a paper's own labels are kept: composed letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", label).split())


def _check(field: Field, value: str, called: str) -> None:
    """Raise `InvalidQuery` for a value that cannot be meant; `called` is what the caller named it."""
    if field not in FIELDS:
        raise InvalidQuery(
            "invalid_filter", f"There is no filter {shorten(field)!r}.", f"The filters are: {', '.join(FIELDS)}."
        )
    problem: tuple[str, str] | None = None
    if field in DATES:
        try:
            check_date(called, value)
        except InvalidPaper:
            problem = (
                f"{called} is not a date: {value[:40]!r}.",
                "Write a day, a month or a year, such as 2025-06-23, 2025-06 or 2025.",
            )
    elif field == "daily" and span(value) is None:
        problem = (f"{called} is not a period: {value[:40]!r}.", "Write a day, a month, a year or a week: 2026-W34.")
    elif field == "since" and not _MOMENT.fullmatch(value):
        problem = (f"{called} is not a moment: {value[:40]!r}.", "Write it in UTC, such as 2026-11-24T07:00:00Z.")
    elif len(value) > MAX_FILTER:
        problem = (
            f"The {called} filter is longer than {MAX_FILTER} characters.",
            "Shorten it; no name and no id is longer.",
        )
    elif is_unsafe(value):
        problem = f"The {called} filter holds control characters.", "Send plain text, encoded as UTF-8."
    elif field == "author" and not name_words(value):
        problem = f"The {called} filter holds no word.", "Give a name, or leave it out."
    elif field in WRITTEN and not any(c.isalnum() for c in value):
        problem = f"The {called} filter holds no word.", "Give a word, or leave it out."
    elif not all(part.strip() for part in (value.split("|") if field in ("category", "venue") else [value])):
        problem = f"The {called} filter is blank.", "Give a value, or leave it out."
    if problem:
        raise InvalidQuery("invalid_filter", *problem)


# SQL

BY_NAME: Final = (
    "SELECT key FROM paper WHERE id = ? UNION ALL SELECT key FROM identifier WHERE name = ?"
    " UNION ALL SELECT key FROM record WHERE id = ? LIMIT 1"
)
"""The key of the paper that a name means: its id first, then an identifier in any form, then a source's id."""


def by_name(name: str) -> list[str]:
    """The values of `BY_NAME`."""
    return [name, find_identifier(name) or name, name]


def _author(value: str) -> tuple[str, list[Any]]:
    words = sorted(set(name_words(value)))
    sql = (
        "SELECT key FROM author_word WHERE word IN (SELECT value FROM json_each(?))"
        " GROUP BY key, position HAVING count(*) = ?"
    )
    return sql, [json.dumps(words), len(words)]


def _category(value: str) -> tuple[str, list[Any]]:
    names = [fold(part) for part in value.split("|")]
    # "." and "/" are neighbours in ASCII: the range holds every name that begins with "name."
    each = "SELECT key FROM category WHERE name = ? OR (name >= ? AND name < ?)"
    return " UNION ALL ".join([each] * len(names)), [
        bound for name in names for bound in (name, name + ".", name + "/")
    ]


def _venue(value: str) -> tuple[str, list[Any]]:
    names = [fold(part) for part in value.split("|")]
    return "SELECT key FROM venue WHERE name IN (SELECT value FROM json_each(?))", [json.dumps(names)]


def _daily(value: str) -> tuple[str, list[Any]]:
    first, last = span(value) or (date.max, date.min)
    return "SELECT key FROM listed WHERE day BETWEEN ? AND ?", [first.isoformat(), last.isoformat()]


def _since(value: str) -> tuple[str, list[Any]]:
    sql = (
        "SELECT key FROM record AS late WHERE came >= ?"
        " AND NOT EXISTS (SELECT 1 FROM record WHERE record.key = late.key AND came < ?)"
    )
    return sql, [value, value]


_KEYS: Final[Mapping[str, Callable[[str], tuple[str, list[Any]]]]] = {
    "author": _author,
    "category": _category,
    "venue": _venue,
    "daily": _daily,
    "since": _since,
    "source": lambda value: ("SELECT key FROM record WHERE source = ?", [value]),
    "id": lambda value: (f"SELECT key FROM ({BY_NAME})", by_name(value)),  # noqa: S608
}
"""The keys of the papers that pass, some perhaps twice, where a table other than `paper` has them."""
_DAYS: Final[Mapping[str, Callable[[str], tuple[str, list[Any]]]]] = {
    "after": lambda value: ("day >= ?", [first_day(value)]),
    "before": lambda value: ("day < ?", [first_day(value)]),
    # No passing day is greater than this string: `2025-06` reaches to the end of June.
    "until": lambda value: ("day <= ?", [value + "\U0010ffff"]),
}


def grouped(conditions: Iterable[Condition]) -> list[tuple[Condition, ...]]:
    """Conditions as they are looked up: each alone, but those on the day together, since few days may lie between."""
    days: list[Condition] = []
    groups: list[tuple[Condition, ...]] = []
    for each in conditions:
        if each.field in _DAYS:
            days.append(each)
        else:
            groups.append((each,))
    return [tuple(days), *groups] if days else groups


def keys_sql(conditions: tuple[Condition, ...]) -> tuple[str, list[Any]]:
    """A statement for the keys that pass one group of conditions that the store knows, excluded or not, and its values.

    A key may come twice. `IN` would look each up in the table `paper`, at ten times the cost.
    """
    if conditions[0].field in _KEYS:
        return _KEYS[conditions[0].field](conditions[0].value)
    days = [_DAYS[each.field](each.value) for each in conditions]
    where = " AND ".join(sql for sql, _ in days)
    return f"SELECT key FROM paper WHERE {where}", [value for _, values in days for value in values]  # noqa: S608


def to_sql(filters: Filters) -> tuple[str, list[Any]]:
    """The conditions that the store knows, as one on the table `paper`, and its values: none is part of the text."""
    every: list[str] = []
    some: list[str] = []
    values: list[Any] = []
    alternatives: list[Any] = []
    for each in filters.conditions:
        sql, given = _on_paper(each)
        if each.field == "id" and not each.excluded:
            some.append(sql)
            alternatives += given
        else:
            # A paper without a date makes a comparison neither true nor false.
            every.append(f"({sql}) IS NOT TRUE" if each.excluded else sql)
            values += given
    if some:
        every.append(f"({' OR '.join(some)})")
        values += alternatives
    return " AND ".join(every) or "TRUE", values


def _on_paper(condition: Condition) -> tuple[str, list[Any]]:
    if condition.field in _DAYS:
        return _DAYS[condition.field](condition.value)
    sql, values = _KEYS[condition.field](condition.value)
    return f"key IN ({sql})", values
