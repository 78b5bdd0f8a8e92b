"""Expands the acronyms of a question by what the collection's own papers say they stand for."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Protocol

from indexer.acronyms import MAX_SHORT, MIN_SHORT, singular
from search.answer import Expansion

_WORD = re.compile(r"[^\W_](?:[\w/-]*[^\W_])?")
MAX_WORDS: Final = 6
"""Words of a question that is expanded. A longer one says itself what it means: expanding it was measured to cost
more than it brings (docs/design.md)."""
MIN_CAPITALS: Final = 2
_VOWELS: Final = frozenset("aeiouy")


class Definitions(Protocol):
    """Where the papers' definitions are kept."""

    def long_forms(self, short: str) -> list[tuple[str, str, int]]:
        """(short, long, papers) for an acronym, whatever its case."""


def expand(text: str, definitions: Definitions) -> tuple[Expansion, ...]:
    """The acronyms of a text that papers define, each with the long form that most papers give it."""
    words = _WORD.findall(text)
    if len(words) > MAX_WORDS:
        return ()
    found: dict[str, Expansion] = {}
    for word in words:
        short = singular(word)
        if MIN_SHORT <= len(short) <= MAX_SHORT and short.casefold() not in found:
            long = _best(short, definitions.long_forms(short))
            if long is not None and long.casefold() not in text.casefold():
                found[short.casefold()] = Expansion(short, long)
    return tuple(found.values())


def expanded_text(text: str, expansions: tuple[Expansion, ...]) -> str:
    """The text with each long form behind its acronym, as a paper would define it."""
    for expansion in expansions:
        pattern = rf"(?<!\w){re.escape(expansion.short)}(s?)(?!\w)"
        text = re.sub(pattern, lambda match, e=expansion: f"{match[0]} ({e.long})", text, count=1)  # type: ignore[misc]
    return text


def _is_meant(written: str, defined: str) -> bool:
    """Whether a word of the question is the acronym and not an ordinary word that is spelled like it.

    It is if it is written as the papers write it, with two capitals or digits; in another case only if no word can
    be spelled so, for want of a vowel: "tts" is the acronym, "who" is not the World Health Organization.
    """
    if sum(c.isupper() or c.isdigit() for c in defined) < MIN_CAPITALS:
        return False
    return written == defined or not _VOWELS & set(written.casefold())


def _best(short: str, forms: list[tuple[str, str, int]]) -> str | None:
    """The long form of most papers; forms that differ in case, hyphens and plural count together."""
    papers: Counter[str] = Counter()
    written: dict[str, tuple[int, str]] = {}
    for form, long, count in forms:
        if not _is_meant(short, form):
            continue
        folded = re.sub(r"[\s-]+", " ", long.casefold()).removesuffix("s")
        papers[folded] += count
        written[folded] = min(written.get(folded, (0, long)), (-count, long))
    if not papers:
        return None
    best = min(papers, key=lambda folded: (-papers[folded], folded))
    return written[best][1]
