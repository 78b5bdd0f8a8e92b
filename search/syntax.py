"""The operators of a question: quotation marks, a minus, and names with a colon.

A mistake is no error. What cannot be obeyed is read as plain words, or left out if it stands behind a minus, and a
hint says so. docs/syntax.md describes the syntax to its users.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from indexer.errors import InvalidQuery, shorten
from indexer.filters import DATES, Condition, Field, Filters
from indexer.identifiers import find_identifier
from search.hints import Hint

OPERATORS: Final[dict[str, Field]] = {
    "author": "author",
    "category": "category",
    "source": "source",
    "after": "after",
    "before": "before",
    "id": "id",
}
MAX_OPERATORS: Final = 32
"""Conditions that one text makes; filters that are given apart from it find room beside them."""
MAX_HINTS: Final = 10

_SYNONYMS: Final = {
    **dict.fromkeys(("date", "dated", "from", "since", "year"), "after"),
    "until": "before",
    **dict.fromkeys(("cat", "categories"), "category"),
}
_CLOSE: Final = 0.82
"""Similarity, as difflib counts it, from which a name is taken for a misspelt operator: that of "auther"."""

_QUOTES: Final = '"“”„'
_TOKEN: Final = re.compile(
    rf"""
    (?<!\S)(?P<minus>-?)                                    # at the beginning or after white space
    (?:(?P<name>[^\W\d_]+):)?
    (?:[{_QUOTES}](?P<quoted>[^{_QUOTES}]*)[{_QUOTES}](?:[,;]+(?!\S))?
    |  (?P<bare>\S+))
    """,
    re.VERBOSE,
)
_NUMBER_WORD: Final = re.compile(r"-([0-9]+[^\W\d_]+)[,;.]*")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A question taken apart: the words that carry its meaning, the filters in it, and hints about mistakes."""

    text: str
    filters: Filters
    hints: tuple[Hint, ...]


def parse(text: str) -> Parsed:
    """Take the operators out of a question. Never raises; white space becomes single blanks."""
    reading, end = _Reading(), 0
    for match in _TOKEN.finditer(text):
        reading.words.append(text[end : match.start()])
        reading.take(match, text[match.end() :] if match["bare"] == "-" else "")
        end = match.end()
    reading.words.append(text[end:])
    return reading.parsed()


class _Reading:
    """What has been read so far."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._conditions: dict[Condition, None] = {}
        self._hints: dict[Hint, None] = {}

    def parsed(self) -> Parsed:
        return Parsed(
            " ".join("".join(self.words).split()), Filters(tuple(self._conditions)), tuple(self._hints)[:MAX_HINTS]
        )

    def take(self, match: re.Match[str], rest: str) -> None:
        """Read one token; `rest` is what follows a minus that stands alone."""
        minus, name, quoted, bare = match["minus"], match["name"], match["quoted"], match["bare"] or ""
        field = OPERATORS.get((name or "").lower())
        if quoted is None and not name and bare.endswith(":") and bare[:-1].lower() in OPERATORS:
            self._mistake(
                match,
                "Nothing stands right behind the colon.",
                f'Write the value there, without a blank: {bare}value or {bare}"two words".',
            )
        elif bare[:1] in _QUOTES and bare and (field or not name):
            self._mistake(match, "The quotation mark is never closed.", 'Close it, as in "exact phrase".')
        elif field:
            self._add(match, field, bare.rstrip(".,;") if quoted is None else quoted)
        elif name and (meant := _meant(minus, name, match[0], bare if quoted is None else quoted)):
            self._mistake(match, *meant)
        elif quoted is not None and not name:
            if self._add(match, "phrase", quoted) and not minus:
                self.words.append(f"{quoted} ")
        elif minus and (name or bare[0].isalpha()):
            self._add(match, "word", match[0][1:].rstrip(".,;:!?"))
        else:
            self._plain(match[0], rest)

    def _plain(self, part: str, rest: str) -> None:
        """Ordinary text, though some of it may have been meant otherwise."""
        self.words.append(part)
        if part == "-" and (not rest.strip() or _is_operator(rest.lstrip())):
            self._hint(part, "A minus stands alone.", "Write it right before what is to be left out, as in -word.")
        elif match := _NUMBER_WORD.fullmatch(part):
            self._hint(
                part, "Before a digit a minus is read as part of the number.", f'To leave a word out: -"{match[1]}".'
            )

    def _add(self, match: re.Match[str], field: Field, value: str) -> bool:
        """Add a condition; returns whether it is one."""
        try:
            condition = Condition(field, value, bool(match["minus"]))
        except InvalidQuery as error:
            self._mistake(match, error.message, error.next_step)
            return False
        if condition not in self._conditions and len(self._conditions) == MAX_OPERATORS:
            self._mistake(match, f"There are more than {MAX_OPERATORS} filters.", "Remove some of them.")
            return False
        self._conditions[condition] = None
        return True

    def _mistake(self, match: re.Match[str], message: str, next_step: str) -> None:
        """Read as plain words what cannot be obeyed, but never look for what was to be left out."""
        if not match["minus"]:
            self.words.append(f"{match['quoted']} " if match["quoted"] and not match["name"] else match[0])
        outcome = "It was left out." if match["minus"] else "It was read as plain words."
        self._hint(match[0], f"{message} {outcome}", next_step)

    def _hint(self, part: str, message: str, next_step: str) -> None:
        self._hints[Hint(shorten(part), message, next_step)] = None


def _meant(minus: str, name: str, token: str, value: str) -> tuple[str, str] | None:
    """A message and a next step for what resembles an operator and is none; `None` for ordinary text."""
    written = token.removeprefix("-")
    if find_identifier(written):
        return "This names a paper.", f"If that paper is meant, write {minus}id:{shorten(written)}."
    close = _SYNONYMS.get(name.lower()) or next(iter(get_close_matches(name.lower(), OPERATORS, 1, _CLOSE)), None)
    if close is None or not value[:1].isalnum():
        return None
    meant = " or ".join(
        minus + each + shorten(written[len(name) :]) for each in (("after", "before") if close in DATES else (close,))
    )
    return f"There is no operator {shorten(name)!r}.", f"If a filter is meant, write {meant}."


def _is_operator(text: str) -> bool:
    """Whether a text begins with a quotation mark or the name of an operator and a colon."""
    name, colon, _ = text.partition(":")
    return text[0] in _QUOTES or (bool(colon) and name.lower() in OPERATORS)
