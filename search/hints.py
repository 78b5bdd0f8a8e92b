"""Hints: what in a question was not understood, or lets no paper pass, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from indexer.collection import Snapshot
from indexer.errors import shorten
from indexer.filters import Condition, Filters

MAX_COMPARED: Final = 8
"""Parts of a question up to which each is left out for once, to see whether papers pass without it."""
MAX_SOURCES: Final = 5

_NOBODY: Final = {
    "author": ("No paper has an author with this name.", "Check the spelling, or give the family name alone."),
    "category": ("No paper has this category.", "Write it as the papers do, such as cs.CL, or its archive alone: cs."),
    "source": ("No paper comes from this source.", "Check the spelling, which counts letter by letter."),
    "venue": ("No paper appeared at this venue.", "Write the venue's name in full, as the papers do."),
    "daily": ("No paper was listed in this period.", "Choose another day, week or month."),
    "since": ("No paper has come since.", "Choose an earlier moment."),
    "after": ("No paper is of this date or later.", "Choose an earlier date; papers without a date pass none."),
    "before": ("No paper is earlier than this date.", "Choose a later date; papers without a date pass none."),
    "until": ("No paper is of this date or earlier.", "Choose a later date; papers without a date pass none."),
    "id": ("No paper has this id.", "Check the id; a search shows the ids of its papers."),
    "word": ("No paper has this word in any form.", "Choose another word, or remove this one."),
    "phrase": ("No paper has exactly these words in this order.", "Write them without the quotation marks."),
}
_NAMED: Final = {"author": "the names of its authors", "category": "a category"}


@dataclass(frozen=True, slots=True)
class Hint:
    """A part of the question as it was written, what came of it, and what to write instead."""

    part: str
    message: str
    next_step: str


def explain_empty(snapshot: Snapshot, filters: Filters) -> tuple[Hint, ...]:
    """Which filters keep every paper out: each that no paper passes, else that only all of them together do.

    An id that no paper has is told even where other ids find theirs. Nothing else is told of filters that papers
    pass, and nothing of a collection without papers.
    """
    ids = tuple(each for each in filters.conditions if each.field == "id" and not each.excluded)
    hints = [_alone(each, snapshot) for each in ids if not _count(snapshot, Filters((each,)))]
    if not snapshot.papers or _count(snapshot, filters):
        return tuple(hints) if snapshot.papers else ()
    others = [each for each in filters.conditions if each not in ids]
    hints += [_alone(each, snapshot) for each in others if not _count(snapshot, Filters((each,)))]
    return tuple(hints) or (_together(snapshot, filters),)


def _count(snapshot: Snapshot, filters: Filters) -> int:
    keys = snapshot.matching(filters)
    return snapshot.papers if keys is None else len(keys)


def _alone(condition: Condition, snapshot: Snapshot) -> Hint:
    part = shorten(str(condition))
    if condition.excluded:
        return Hint(part, "This leaves every paper out.", "Remove it.")
    message, next_step = _NOBODY[condition.field]
    if condition.field in ("author", "category") and not snapshot.store.has_any(condition.field):
        return Hint(part, f"No paper here has {_NAMED[condition.field]}.", "Leave this out.")
    if condition.field == "source" and (known := [name for name in snapshot.store.sources() if name]):
        next_step += f" There {'is' if len(known) == 1 else 'are'}: {', '.join(known[:MAX_SOURCES])}."
    return Hint(part, message, next_step)


def _together(snapshot: Snapshot, filters: Filters) -> Hint:
    without = [(_count(snapshot, rest), part) for part, rest in _each_left_out(filters) if len(filters.conditions) > 1]
    papers, part = max(without, key=lambda pair: pair[0], default=(0, ""))
    return Hint(
        shorten(" ".join(str(each) for each in filters.conditions)),
        "Papers pass each of these, but none passes all of them.",
        f"Remove {part}: {papers:,} {'paper passes' if papers == 1 else 'papers pass'} without it."
        if papers
        else "Remove some of them.",
    )


def _each_left_out(filters: Filters) -> Iterator[tuple[str, Filters]]:
    if len(filters.conditions) <= MAX_COMPARED:
        for each in filters.conditions:
            yield shorten(str(each)), Filters(tuple(other for other in filters.conditions if other != each))
