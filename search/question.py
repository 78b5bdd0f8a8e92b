"""Understands a query: its operators, its acronyms, its papers, and the one row that all of it amounts to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.collection import Snapshot
from indexer.encoder import Encoder
from indexer.filters import Filters
from indexer.selection import Selection
from search.acronyms import expand, expanded_text
from search.answer import Expansion
from search.feedback import Composed, Part, Role, compose
from search.hints import Hint, explain_empty
from search.query import Mode, Query
from search.syntax import Parsed, parse

Row = NDArray[np.float32]

NEWEST: Final = "newest"
"""The way of answering where nothing but filters is given."""
_ONLY_MEANING: Final = Hint(
    "liked, disliked", "Papers count by their meaning alone.", "Search by meaning and words, or by meaning."
)
_NOBODY_THERE: Final = "No paper that may be found otherwise lies in this area."
_NO_OTHER: Final = Hint("", "There is no other paper than those asked with.", "Index more papers.")


@dataclass(frozen=True, slots=True)
class Question:
    """A query as one snapshot understands it.

    `way` is how it is answered: a mode, or `NEWEST`. `meaning` are the words that carry meaning, acronyms spelled out,
    which are encoded; `terms` are the stems to look up. `composed` has the row, `None` where none is needed, and
    `parts` names what it is composed of; `said` and `asked` are its text, as it was put, or its abstract, and the row
    of that, by which answers are judged. `allowed` are the keys that pass the filters and lie in the area, `None` for
    all; `area` those that lie in it, `None` without one. `given` are the papers that the question was asked with, which
    are no answers to it; `total` counts the others.
    """

    way: str
    meaning: str
    terms: tuple[str, ...]
    filters: Filters
    expansions: tuple[Expansion, ...]
    hints: tuple[Hint, ...]
    said: str
    asked: Row | None
    composed: Composed | None
    parts: tuple[str, ...]
    given: Mapping[int, str]
    allowed: Selection | None
    total: int
    area: Selection | None = None

    @property
    def row(self) -> Row:
        """The question's row, of shape (dimension,)."""
        if self.composed is None:
            raise ValueError("This question is not asked by meaning.")
        return self.composed.row

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases that every hit has."""
        return tuple(each.value for each in self.filters.conditions if each.field == "phrase" and not each.excluded)

    def within(self, filters: Filters, snapshot: Snapshot) -> Question:
        """The same question with these filters instead."""
        allowed = _both(snapshot.matching(filters), self.area)
        return replace(self, filters=filters, allowed=allowed, total=_total(snapshot, allowed, self.given))


def understand(query: Query, snapshot: Snapshot, encoder: Encoder, area: Selection | None = None) -> Question:
    """`area` are the papers that lie in the query's. Raises `PaperNotFound` for a liked or disliked one not there."""
    parsed = parse(query.text) if query.syntax else Parsed(query.text, Filters(), ())
    filters = query.filters & parsed.filters
    expansions = expand(parsed.text, snapshot.store)
    meaning = expanded_text(parsed.text, expansions)
    liked, disliked = _papers(query.liked, snapshot), _papers(query.disliked, snapshot)
    way, hints = _way(query, parsed.text, (*liked, *disliked))
    passing = snapshot.matching(filters)
    allowed = _both(passing, area)
    given = liked | disliked
    total = _total(snapshot, allowed, given)
    if not total or any(each.field == "id" and not each.excluded for each in filters.conditions):
        hints += explain_empty(snapshot, filters)
    if not total and filters.empty and area is None and snapshot.papers:
        hints += (_NO_OTHER,)
    if area is not None and not total and (passing is None or len(passing)):
        hints += (Hint("area", _NOBODY_THERE, "Draw a larger one, or ask without it."),)
    composed, parts = None, []
    if way in (Mode.HYBRID, Mode.DENSE):
        parts = _parts(meaning, query.abstract, liked, disliked, snapshot, encoder)
        composed = compose(parts, snapshot.background)
    terms = tuple(snapshot.lexical.terms(meaning or query.abstract)) if way in (Mode.HYBRID, Mode.LEXICAL) else ()
    return Question(
        way,
        meaning,
        terms,
        filters,
        expansions,
        (*parsed.hints, *hints),
        parsed.text or query.abstract,
        _asked(meaning, query.abstract, parts, encoder),
        composed,
        tuple(f"{part.role} {part.name}".strip() for part in parts),
        given,
        allowed,
        total,
        area,
    )


def _way(query: Query, text: str, papers: Sequence[int]) -> tuple[str, tuple[Hint, ...]]:
    """How the question is answered, which is not always the mode: liked papers have no words to look up."""
    if text or query.abstract:
        return query.mode, (_ONLY_MEANING,) if papers and query.mode is Mode.LEXICAL else ()
    if papers:
        return Mode.DENSE, (_ONLY_MEANING,) if query.mode is Mode.LEXICAL else ()
    return NEWEST, ()


def _both(one: Selection | None, other: Selection | None) -> Selection | None:
    if one is None or other is None:
        return other if one is None else one
    return Selection(other.keys[one.has(other.keys)])


def _papers(names: Sequence[str], snapshot: Snapshot) -> dict[int, str]:
    """Key and id of each paper; one that is named twice counts once."""
    return dict(snapshot.store.find(name) for name in names)


def _total(snapshot: Snapshot, allowed: Selection | None, given: Mapping[int, str]) -> int:
    """How many papers may be found: those that pass the filters, without those that the question was asked with."""
    if allowed is None:
        return snapshot.papers - len(given)
    return len(allowed) - int(allowed.has(np.array(list(given), dtype=np.int64)).sum())


def _asked(meaning: str, abstract: str, parts: Sequence[Part], encoder: Encoder) -> Row | None:
    """The row of the text alone, or of the abstract; a question by words needs one of its own."""
    for part in parts:
        if part.role in (Role.TEXT, Role.ABSTRACT):
            return part.row
    if meaning:
        return encoder.encode_query(meaning)
    row: Row | None = encoder.encode([abstract])[0] if abstract else None
    return row


def _parts(
    meaning: str,
    abstract: str,
    liked: Mapping[int, str],
    disliked: Mapping[int, str],
    snapshot: Snapshot,
    encoder: Encoder,
) -> list[Part]:
    rows = snapshot.store.rows([*liked, *disliked])
    parts = [Part(Role.TEXT, encoder.encode_query(meaning))] if meaning else []
    if abstract:
        parts.append(Part(Role.ABSTRACT, encoder.encode([abstract])[0]))
    parts += [Part(Role.LIKED, rows[key].astype(np.float32), name) for key, name in liked.items()]
    parts += [Part(Role.DISLIKED, rows[key].astype(np.float32), name) for key, name in disliked.items()]
    return parts
