"""The values of an answer: hits, what was run to find them, and where a single paper stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from indexer.paper import Paper

if TYPE_CHECKING:  # the command line shows its help without numpy
    from search.confidence import Confidence
    from search.explain import Explanation
    from search.hints import Hint


@dataclass(frozen=True, slots=True)
class Expansion:
    """An acronym of the question and what the collection's own papers say it stands for."""

    short: str
    long: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper found: its rank from 1, its score, and what the score is made of.

    `dense` is the cosine of question and paper, `lexical` the BM25 score of their common words; `None` where
    the mode does not use it or, for `lexical`, where the paper is not among the best matches by words. `parts` are
    what meaning, words and kin add to the score: their sum is the score. `contributions` are what each part of a
    composed question adds to `dense`. `confidence` is there for questions with a text. A paper of a mere list, newest
    first, has no score.
    """

    rank: int
    score: float | None
    dense: float | None
    lexical: float | None
    paper: Paper
    parts: Mapping[str, float] = field(default_factory=dict)
    contributions: Mapping[str, float] = field(default_factory=dict)
    confidence: Confidence | None = None
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done for a question: its name, what came of it, and the milliseconds that it took."""

    name: str
    result: str
    ms: float = field(compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was run. `meaning` is the text that was encoded, `words` the stems that were looked up, `learned` the
    stems of the second search with their weights, `filters` the conditions as they are written in a question."""

    mode: str
    meaning: str = ""
    words: tuple[str, ...] = ()
    learned: Mapping[str, float] = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


NO_PLAN: Final = Plan("hybrid")


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits, the number of papers that pass the filters, and the index version that says so.

    `confidence` is that there is an answer at all: that of the best match among the first papers of the ranking,
    whatever page is shown.
    """

    hits: tuple[Hit, ...]
    total: int
    index_version: str
    expansions: tuple[Expansion, ...] = ()
    hints: tuple[Hint, ...] = ()
    confidence: Confidence | None = None
    plan: Plan = NO_PLAN


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one paper stands for a question: its hit with its rank.

    Where `kept_out` names reasons it is not among the answers, and the hit is what it would be without them; `None`
    where there would be none either. `total` counts the papers that may be found.
    """

    paper: Paper
    hit: Hit | None
    kept_out: tuple[Hint, ...]
    total: int
    index_version: str
    plan: Plan
    hints: tuple[Hint, ...] = ()
