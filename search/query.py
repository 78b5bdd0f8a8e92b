"""The values of a question, and the limits that it must keep."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from indexer.errors import InvalidQuery, shorten
from indexer.filters import Filters
from search.area import Area

MAX_TEXT: Final = 10_000
"""Characters of a question, and of a pasted abstract."""
MAX_K: Final = 1_000
MAX_OFFSET: Final = 10_000
MAX_LIKED: Final = 100
"""Papers that are liked and disliked in one question, together."""
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
    """One composed question; at least one of its parts must be there.

    `text` may hold operators (see `search.syntax`), unless `syntax` is false. `abstract` is another text to find
    papers like, taken as it is. `liked` and `disliked` are names of papers in the collection, as `Store.find`
    understands them. `area` leaves the papers that lie in it on the map. With nothing but filters and an area the
    papers that pass are listed, newest first.
    """

    text: str = ""
    page: Page = field(default_factory=Page)
    mode: Mode = Mode.HYBRID
    filters: Filters = field(default_factory=Filters)
    abstract: str = ""
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()
    syntax: bool = True
    explain: bool = False
    area: Area | None = None

    def __post_init__(self) -> None:
        asks = self.text.strip() or self.abstract.strip() or self.liked or self.disliked
        if not asks and self.filters.empty and self.area is None:
            raise InvalidQuery(
                "empty_query", "The question is empty.", "Write what you are looking for, in plain words."
            )
        for name, called in (("text", "question"), ("abstract", "pasted abstract")):
            value = getattr(self, name)
            _check_text(value, called)
            # As papers' texts are: an accent that was typed or copied apart from its letter is the same accent.
            object.__setattr__(self, name, unicodedata.normalize("NFC", value).strip())
        if len(self.liked) + len(self.disliked) > MAX_LIKED:
            raise InvalidQuery(
                "ids_out_of_range",
                f"{len(self.liked) + len(self.disliked)} papers are liked or disliked.",
                f"Give up to {MAX_LIKED} ids of papers.",
            )

    def within(self, filters: Filters) -> Query:
        """The same question, answered by papers that pass further filters."""
        return replace(self, filters=self.filters & filters)


def _check_text(text: str, called: str) -> None:
    if len(text) > MAX_TEXT:
        raise InvalidQuery(
            "query_too_long",
            f"The {called} has {len(text):,} characters.",
            f"Shorten it to {MAX_TEXT:,}; an abstract is enough.",
        )
    if _SURROGATE.search(text):
        raise InvalidQuery(
            "invalid_text", f"The {called} holds NUL or half a surrogate pair.", "Send plain text, encoded as UTF-8."
        )
