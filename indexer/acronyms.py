"""Finds the acronyms that a text defines, "text-to-speech (TTS)", by the method of Schwartz and Hearst.

A. Schwartz, M. Hearst: A simple algorithm for identifying abbreviation definitions in biomedical text.
Pacific Symposium on Biocomputing 2003, 451-462.
"""

from __future__ import annotations

import re
from typing import Final

MIN_SHORT: Final = 2
MAX_SHORT: Final = 10
MAX_LONG: Final = 200
LOOK_BACK: Final = 1_000
"""Characters before a parenthesis: more than the 15 words that a long form can have."""

_PARENTHESIS = re.compile(r"\(([^()]+)\)")
_SENTENCE_BREAK = re.compile(r"[.!?;:]\s+(?=\S*[A-Z])")


def find_acronyms(text: str) -> list[tuple[str, str]]:
    """The (short form, long form) pairs of a text, in order, each once.

    Looks at "long form (SF)" and, where the parenthesis holds the long form, at "SF (long form)".
    """
    pairs: dict[tuple[str, str], None] = {}
    for match in _PARENTHESIS.finditer(text):
        before = _SENTENCE_BREAK.split(text[max(0, match.start() - LOOK_BACK) : match.start()])[-1].split()
        inside = re.split(r"[,;]", match[1])[0].strip()
        if _is_short(inside):
            short, candidate = inside, " ".join(before[-_window(inside) :])
        elif before and _is_short(before[-1]):
            short, candidate = before[-1], inside
        else:
            continue
        for form in dict.fromkeys((singular(short), short)):
            long = _long_form(form, candidate)
            if long is not None:
                pairs[form, long] = None
                break
    return list(pairs)


def _window(short: str) -> int:
    """Words in which the long form must stand: min(|SF| + 5, |SF| * 2), as published."""
    return min(len(short) + 5, len(short) * 2)


def _is_short(text: str) -> bool:
    """As published: at most two words, 2 to 10 characters, a letter, an alphanumeric start. Here also a capital,
    without which "(right)" and "(see below)" would pass."""
    return (
        MIN_SHORT <= len(text) <= MAX_SHORT
        and len(text.split()) <= 2
        and text[0].isalnum()
        and any(c.isupper() for c in text)
    )


def singular(short: str) -> str:
    """ "LLMs" is defined by "large language models": the plural s belongs to neither."""
    return short[:-1] if short.endswith("s") and short[:-1].isupper() and len(short) > MIN_SHORT else short


def _long_form(short: str, candidate: str) -> str | None:
    """The shortest end of `candidate` whose characters, from right to left, spell the short form.

    Each letter or digit of the short form must be found in order; its first one must begin a word.
    """
    at = len(candidate)
    for i in range(len(short) - 1, -1, -1):
        letter = short[i].lower()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (candidate[at].lower() != letter or (i == 0 and at > 0 and candidate[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    long = candidate[at:].strip(" \"'`")
    return long if _is_long(short, long) else None


def _is_long(short: str, long: str) -> bool:
    """As published: longer than the short form, not containing it, and not too many words; here also no longer than
    a phrase can be, and within one pair of parentheses."""
    words = re.split(r"[\s-]+", long)
    fits = len(short) < len(long) <= MAX_LONG and len(words) <= _window(short)
    return fits and short not in words and not {"(", ")"} & set(long)
