"""Filters: hard restrictions on which papers may be an answer."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from indexer.errors import InvalidPaper, InvalidQuery
from indexer.paper import check_date, first_day, is_unsafe

MAX_FILTER: Final = 500
"""Characters of a filter; no name is longer."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a paper must be to be found at all; `None` restricts nothing.

    `date_from` and `date_to` are inclusive ISO 8601 days, months or years; a paper whose date is unknown passes
    neither. `author` means every word of it in one author's name, whatever the case and accents. `category` is a
    category or, up to a dot, the archive it belongs to (`cs` takes in `cs.CL`). `source` is compared letter by
    letter, after the tidying that a paper's source has had.
    """

    date_from: str | None = None
    date_to: str | None = None
    author: str | None = None
    category: str | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        for name in ("date_from", "date_to"):
            value = getattr(self, name)
            if value is not None:
                try:
                    check_date(name, value)
                except InvalidPaper:
                    raise InvalidQuery(
                        "invalid_filter",
                        f"{name} is not a date: {value[:40]!r}.",
                        "Write a day, a month or a year, such as 2025-06-23, 2025-06 or 2025.",
                    ) from None
        for name in ("author", "category", "source"):
            if len(getattr(self, name) or "") > MAX_FILTER:
                raise InvalidQuery(
                    "invalid_filter", f"The {name} filter is longer than {MAX_FILTER} characters.", "Shorten it."
                )
        if self.author is not None and not name_words(self.author):
            raise InvalidQuery("invalid_filter", "The author filter holds no word.", "Give a name, or leave it out.")
        for name in ("category", "source"):
            if getattr(self, name) is not None and not getattr(self, name).strip():
                raise InvalidQuery("invalid_filter", f"The {name} filter is blank.", "Give a value, or leave it out.")
        for name in ("author", "category", "source"):
            if is_unsafe(getattr(self, name) or ""):
                raise InvalidQuery(
                    "invalid_filter",
                    f"The {name} filter holds control characters.",
                    "Send plain text, encoded as UTF-8.",
                )

    @property
    def first(self) -> str | None:
        """The first day that passes."""
        return None if self.date_from is None else first_day(self.date_from)

    @property
    def last(self) -> str | None:
        """A string that no passing day is greater than: `2025-06` reaches to the end of June."""
        return None if self.date_to is None else self.date_to + "\U0010ffff"

    @property
    def empty(self) -> bool:
        """Whether every paper passes."""
        return self == Filters()


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


def to_sql(filters: Filters) -> tuple[str, list[Any]]:
    """Filters as a condition on the table `paper`, and its values. No value becomes part of the text."""
    conditions: list[tuple[str, list[Any]]] = []
    if filters.first is not None:
        conditions.append(("day >= ?", [filters.first]))
    if filters.last is not None:
        conditions.append(("day <= ?", [filters.last]))
    if filters.source is not None:
        conditions.append(("key IN (SELECT key FROM record WHERE source = ?)", [_tidy(filters.source)]))
    if filters.category is not None:
        name = fold(filters.category)
        conditions.append(
            # "." and "/" are neighbours in ASCII: the range holds every name that begins with "name."
            (
                "key IN (SELECT key FROM category WHERE name = ? OR (name >= ? AND name < ?))",
                [name, name + ".", name + "/"],
            )
        )
    if filters.author is not None:
        words = sorted(set(name_words(filters.author)))
        conditions.append(
            (
                f"key IN (SELECT key FROM author_word WHERE word IN ({','.join('?' * len(words))})"  # noqa: S608
                " GROUP BY key, position HAVING count(*) = ?)",
                [*words, len(words)],
            )
        )
    where = " AND ".join(sql for sql, _ in conditions) or "TRUE"
    return where, [value for _, values in conditions for value in values]
