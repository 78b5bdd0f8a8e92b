"""Why a paper is not among the answers: which filter, exclusion or part of the question keeps it out."""

from __future__ import annotations

import numpy as np

from indexer.collection import Snapshot
from indexer.filters import Condition, Filters
from search.hints import Hint
from search.question import Question


def reasons(snapshot: Snapshot, question: Question, key: int) -> tuple[Hint, ...]:
    """Everything that keeps a paper of the collection out of every ranking; nothing where it may be found."""
    if key in question.given:
        name = question.given[key]
        return (Hint(name, "The question is asked with this paper.", "Ask without it to see where it stands."),)
    ids = tuple(each for each in question.filters.conditions if each.field == "id" and not each.excluded)
    others = [(each,) for each in question.filters.conditions if each not in ids]
    # Ids are alternatives: a paper need pass only one of them.
    kept = [group for group in (*others, ids) if group and not _passes(snapshot, group, key)]
    return tuple(_hint(group) for group in kept)


def _passes(snapshot: Snapshot, conditions: tuple[Condition, ...], key: int) -> bool:
    allowed = snapshot.matching(Filters(conditions))
    return allowed is None or bool(np.isin(key, allowed))


def _hint(conditions: tuple[Condition, ...]) -> Hint:
    written = " ".join(str(each) for each in conditions)
    message = (
        "This exclusion keeps the paper out." if conditions[0].excluded else "The paper does not pass this filter."
    )
    return Hint(written, message, "Ask without it.")
