"""Expands the acronyms of a question by what the collection's own papers say they stand for."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Protocol

from indexer.acronyms import MAX_SHORT, MIN_SHORT, singular
from search.query import Expansion

_WORD = re.compile(r"[^\W_](?:[\w/-]*[^\W_])?")
_CASE_MATTERS: Final = 3
"""An acronym shorter than this is meant only if it is written as the papers write it: "as" is not "AS"."""
MAX_EXPANSIONS: Final = 8
"""A pasted abstract has many acronyms and says itself what they mean."""


class Definitions(Protocol):
    """Where the papers' definitions are kept."""

    def long_forms(self, short: str) -> list[tuple[str, str, int]]:
        """(short, long, papers) for an acronym, whatever its case."""


def expand(text: str, definitions: Definitions) -> tuple[Expansion, ...]:
    """The acronyms of a text that papers define, each with the long form that most papers give it."""
    found: dict[str, Expansion] = {}
    lowered = text.casefold()
    for word in _WORD.findall(text):
        short = singular(word)
        if not MIN_SHORT <= len(short) <= MAX_SHORT or short in found or len(found) == MAX_EXPANSIONS:
            continue
        long = _best(short, definitions.long_forms(short))
        if long is not None and long.casefold() not in lowered:
            found[short] = Expansion(short, long)
    return tuple(found.values())


def expanded_text(text: str, expansions: tuple[Expansion, ...]) -> str:
    """The text with each long form behind its acronym, as a paper would define it."""
    for expansion in expansions:
        pattern = rf"(?<!\w){re.escape(expansion.short)}(s?)(?!\w)"
        text = re.sub(pattern, lambda match, e=expansion: f"{match[0]} ({e.long})", text, count=1)  # type: ignore[misc]
    return text


def _best(short: str, forms: list[tuple[str, str, int]]) -> str | None:
    """The long form of most papers; forms that differ in case, hyphens and plural count together."""
    papers: Counter[str] = Counter()
    written: dict[str, tuple[int, str]] = {}
    for form, long, count in forms:
        if form != short and len(short) < _CASE_MATTERS:
            continue
        folded = re.sub(r"[\s-]+", " ", long.casefold()).removesuffix("s")
        papers[folded] += count
        written[folded] = min(written.get(folded, (0, long)), (-count, long))
    if not papers:
        return None
    best = min(papers, key=lambda folded: (-papers[folded], folded))
    return written[best][1]
