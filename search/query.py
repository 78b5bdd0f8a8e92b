"""The values of a question and of its answer, and the limits that a question must keep."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from indexer.errors import InvalidQuery, shorten
from indexer.filters import Filters
from indexer.paper import Paper

MAX_TEXT: Final = 10_000
"""Characters of a question: a pasted abstract is a good one."""
MAX_K: Final = 1_000
MAX_OFFSET: Final = 10_000
MAX_LIKED: Final = 100
DEFAULT_K: Final = 10

_SURROGATE = re.compile(r"[\x00\ud800-\udfff]")


class Mode(StrEnum):
    """How papers are found: by meaning, by words, or both."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the ranking is asked for: `k` hits after the first `offset`."""

    k: int = DEFAULT_K
    offset: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise InvalidQuery("k_out_of_range", f"k is {shorten(str(self.k))}.", f"Ask for 1 to {MAX_K:,} papers.")
        if not 0 <= self.offset <= MAX_OFFSET:
            raise InvalidQuery(
                "offset_out_of_range",
                f"offset is {shorten(str(self.offset))}.",
                f"Use an offset of 0 to {MAX_OFFSET:,}; to see other papers, narrow the question with filters.",
            )

    @property
    def end(self) -> int:
        """How much of the ranking must be known."""
        return self.offset + self.k


@dataclass(frozen=True, slots=True)
class Query:
    """A question in words."""

    text: str
    page: Page = field(default_factory=Page)
    mode: Mode = Mode.HYBRID
    filters: Filters = field(default_factory=Filters)

    def __post_init__(self) -> None:
        check_text(self.text)
        # As papers' texts are: an accent that was typed or copied apart from its letter is the same accent.
        object.__setattr__(self, "text", unicodedata.normalize("NFC", self.text))


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper found: its rank from 1, its score, and the parts of the score.

    `dense` is the cosine of question and paper, `lexical` the BM25 score of their common words; `None` where
    the mode does not use it or, for `lexical`, where the paper is not among the best matches by words.
    """

    rank: int
    score: float
    dense: float | None
    lexical: float | None
    paper: Paper


@dataclass(frozen=True, slots=True)
class Expansion:
    """An acronym of the question and what the collection's own papers say it stands for."""

    short: str
    long: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits, the number of papers that pass the filters, and the index version that says so."""

    hits: tuple[Hit, ...]
    total: int
    index_version: str
    expansions: tuple[Expansion, ...] = ()


def check_text(text: str) -> None:
    """Raise `InvalidQuery` for a text that cannot be asked."""
    if not text.strip():
        raise InvalidQuery("empty_query", "The question is empty.", "Write what you are looking for, in plain words.")
    if len(text) > MAX_TEXT:
        raise InvalidQuery(
            "query_too_long",
            f"The question has {len(text):,} characters.",
            f"Shorten it to {MAX_TEXT:,}; an abstract is enough.",
        )
    if _SURROGATE.search(text):
        raise InvalidQuery(
            "invalid_text", "The question holds NUL or half a surrogate pair.", "Send plain text, encoded as UTF-8."
        )


def check_ids(ids: tuple[str, ...]) -> None:
    """Raise `InvalidQuery` unless 1 to `MAX_LIKED` ids are given."""
    if not 1 <= len(ids) <= MAX_LIKED:
        raise InvalidQuery("ids_out_of_range", f"{len(ids)} ids are given.", f"Give 1 to {MAX_LIKED} ids of papers.")
