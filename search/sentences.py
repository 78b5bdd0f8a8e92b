"""Divides a text into sentences by character offsets, with rules for the way abstracts are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LONGEST: Final = 400
"""Characters of a span. A longer sentence, or text without any, is divided further: a passage is there to be read."""

_LABELS = "BACKGROUND|CONTEXT|INTRODUCTION|OBJECTIVES?|AIMS?|PURPOSE|DESIGN|METHODS?|RESULTS?|FINDINGS|CONCLUSIONS?"
# Formulas are matched so that no stop within them counts. Prices are not formulas: "$5 a copy, or $9".
_BREAK = re.compile(
    r"(?P<formula>\$\$[^$]{1,500}\$\$|\$(?=\S)[^$]{1,300}(?<=\S)\$(?!\d))"
    r"|(?P<wide>[。！？]+[」』”’）]*)"
    r"|(?P<glued>(?<=[a-z]{3})[.!?](?=[A-Z][a-z]))"
    r"|(?P<stop>(?<![.!?…])[.!?…]++[\"'”’»)\]]*(?:\s++[.!?…]++)*)(?=\s)"
    rf"|(?P<other>\n\s*\n|\n(?=\s*(?:[-*•–]|\(?\w{{1,2}}[.)])\s)|(?<!AND)\s(?=(?:{_LABELS})\b[A-Z ]{{0,20}}:))"
)
_BEFORE = re.compile(r"[\w.]*\s*$")
_AFTER = re.compile(r"\s+[\"'“‘«(\[]*(\S)([\w’'-]*)")
_ITEM = re.compile(r"\s+\(\w{1,3}\)\s")
_MARKER = re.compile(r"\W*(?:(?:\d{1,4}|[A-Za-z]|[ivxIVX]{1,4})[.)]+\s)?")
_CLAUSE = re.compile(r"(?<=[;:,])\s|(?<=[，；、])(?=\S)")
_SPACE = re.compile(r"\s")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words before a stop that is theirs: always, before a number, and unless a word follows that often opens a sentence.
_GOES_ON: Final = _words(
    "e.g i.e eg ie cf vs viz approx ca resp incl fig figs eq eqs eqn ref refs sec sect tab vol pp chap dr prof mr mrs"
    " ms st thm prop"
)
_BEFORE_NUMBERS: Final = _words("no nos p ch art app col ser")
_MAY_END: Final = _words("al etc inc ltd co corp jr sp spp")
_OPENINGS: Final = _words(
    "a although an as at based because both but by each finally first for from furthermore given here how however if"
    " in it its later moreover most no on our results several since so some such that the their then there therefore"
    " these they this those though through thus to two under using we what when where whereas while with"
)


class Span(NamedTuple):
    """The part `text[start:end]` of a text, in characters."""

    start: int
    end: int


def split(text: str) -> list[Span]:
    """The sentences of a text, in order.

    A span has no outer white space, and every other character of the text is in exactly one span. Texts that were
    lower-cased as a whole are split too. Where it is not clear whether a sentence ends, it goes on.
    """
    return [span for sentence in _sentences(text) for span in _divided(text, sentence)]


def _sentences(text: str) -> Iterator[Span]:
    lowered, start, begin = text.islower(), 0, _begin(text, 0)
    for match in _BREAK.finditer(text):
        if match.lastgroup == "formula" or match.end() <= begin:
            continue
        if match.lastgroup != "stop" or _is_end(text, match, lowered):
            yield _trimmed(text, start, match.end())
            start, begin = match.end(), _begin(text, match.end())
    if text[start:].strip():
        yield _trimmed(text, start, len(text))


def _begin(text: str, start: int) -> int:
    """Where a sentence begins behind its bullet or number, "2." or "(b)", which is no sentence of its own."""
    found = _MARKER.match(text, start)
    return found.end() if found else start


def _is_end(text: str, stop: re.Match[str], lowered: bool) -> bool:
    """Whether a sentence ends at a stop that has white space behind it."""
    after = _AFTER.match(text, stop.end())
    if after is None:
        return True
    first, word = after[1], after[1] + after[2]
    if first in ",;:.!?)]" or (stop[0] == "." and _is_abbreviation(text, stop.start(), word)):
        return False
    apart = text[stop.start() - 1 : stop.start()].isspace() or _ITEM.match(text, stop.end()) is not None
    # Some words begin in lower case wherever they stand: mRNA, p53.
    return lowered or apart or not first.islower() or any(c.isupper() or c.isdigit() for c in word)


def _is_abbreviation(text: str, at: int, following: str) -> bool:
    """Whether the stop at a place belongs to the word before it, judged by that word and the one that follows."""
    found = _BEFORE.search(text, max(0, at - 20), at)
    before = found[0] if found else ""
    word, following = before.strip().casefold(), following.casefold()
    if word in _GOES_ON:
        return True
    if word in _BEFORE_NUMBERS and following[0].isdigit():
        return True
    initial = not before[-1:].isspace() and re.fullmatch(r"(?:\w+\.)*[^\W\d_]", word) is not None
    return (initial or word in _MAY_END) and following not in _OPENINGS


def _divided(text: str, span: Span) -> Iterator[Span]:
    """The span itself, or halves of halves of it, parted near the middle: between clauses, words, or anywhere."""
    length = span.end - span.start
    if length <= LONGEST:
        yield span
        return
    middle, reach = span.start + length // 2, length // 4
    places = [match.end() for match in _CLAUSE.finditer(text, middle - reach, middle + reach)]
    places = places or [match.end() for match in _SPACE.finditer(text, span.start + 1, span.end - 1)]
    cut = min(places, key=lambda place: abs(place - middle), default=middle)
    yield from _divided(text, _trimmed(text, span.start, cut))
    yield from _divided(text, _trimmed(text, cut, span.end))


def _trimmed(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return Span(start + len(part) - len(part.lstrip()), start + len(part.rstrip()))
