"""Why a paper is not among the answers: which filter, exclusion or part of the question keeps it out."""

from __future__ import annotations

from typing import Final

import numpy as np

from indexer.collection import Snapshot
from indexer.filters import Condition, Filters
from search.hints import Hint
from search.question import NEWEST, Question

NO_WORDS: Final = Hint("", "The paper has none of the question's words.", "Search by meaning as well.")
UNKNOWN_WORDS: Final = Hint("", "No paper has any of the question's words.", "Search by meaning as well.")
_OUTSIDE: Final = Hint("area", "The paper lies outside the area.", "Ask without it.")
_LISTED: Final = Hint("", "Filters alone order papers by date.", "Ask for something, to see where the paper stands.")


def reasons(snapshot: Snapshot, question: Question, key: int) -> tuple[Hint, ...]:
    """Everything that keeps a paper of the collection out of every ranking; nothing where it may be found."""
    if key in question.given:
        name = question.given[key]
        return (Hint(name, "The question is asked with this paper.", "Ask without it to see where it stands."),)
    ids = tuple(each for each in question.filters.conditions if each.field == "id" and not each.excluded)
    others = [(each,) for each in question.filters.conditions if each not in ids]
    # Ids are alternatives: a paper need pass only one of them.
    kept = [group for group in (*others, ids) if group and not _passes(snapshot, group, key)]
    hints = tuple(_hint(group) for group in kept)
    if question.area is not None and not question.area.has(np.array([key]))[0]:
        hints += (_OUTSIDE,)
    return hints or ((_LISTED,) if question.way == NEWEST else ())


def _passes(snapshot: Snapshot, conditions: tuple[Condition, ...], key: int) -> bool:
    allowed = snapshot.matching(Filters(conditions))
    return allowed is None or bool(allowed.has(np.array([key]))[0])


def _hint(conditions: tuple[Condition, ...]) -> Hint:
    written = " ".join(str(each) for each in conditions)
    message = (
        "This exclusion keeps the paper out." if conditions[0].excluded else "The paper does not pass this filter."
    )
    return Hint(written, message, "Ask without it.")
