"""How papers, dates and counts are shown to people, apart from the templates that show them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote

from indexer.identifiers import ADDRESSES
from indexer.paper import Paper
from search.explain import Match, Passage, Piece, snippet
from search.facets import Bin, Dates

MEANINGS: Final = {
    "strong": "it very probably is about what you asked",
    "weak": "it may be about what you asked",
    "none": "it is probably about something else",
}
"""What each verdict of confidence means."""

EXCERPT: Final = 240
"""Characters of an abstract before the sentence that matched, from which on an excerpt begins with that sentence."""
TALLEST: Final = 56
_FORMULA = re.compile(r"\$[^$]{1,500}\$|\\\([^\\]{0,500}\\\)|\\\[[^\\]{0,500}\\\]")
_WEEK = re.compile(r"(\d{4})-W(\d\d)")
_PLACES: Final = {"arxiv": "arXiv", "doi": "DOI", "acl": "ACL Anthology", "pmid": "PubMed", "pmc": "PubMed Central"}
"""Where a paper of an identifier can be read."""


def when(paper: Paper) -> str | None:
    """The date as a person writes it, at the precision that is known: 23 June 2025, June 2025, 2025."""
    if paper.published is None or paper.day is None:
        return None
    return _written(date.fromisoformat(paper.day), len(paper.published))


def day(name: str) -> str:
    """A day as a person writes it: 23 June 2025."""
    return _written(date.fromisoformat(name), 10)


def period(name: str) -> str:
    """A day, a week or a month by its name: 23 June 2025, week 34 of 2025, August 2025."""
    if week := _WEEK.fullmatch(name):
        return f"week {int(week[2])} of {week[1]}"
    return _written(date.fromisoformat(name if len(name) > 7 else f"{name}-01"), len(name))


def _written(at: date, precision: int) -> str:
    month = f"{at:%B} {at.year}"
    return {4: str(at.year), 7: month}.get(precision, f"{at.day} {month}")


def authors(paper: Paper, most: int = 6) -> str | None:
    """Names, or how many where the names are not known."""
    count = paper.author_count
    if not paper.authors:
        return None if count is None else f"{count} author{'' if count == 1 else 's'}"
    named = paper.authors[:most]
    more = (count or 0) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def paper_address(paper_id: str) -> str:
    """The page of a paper."""
    return f"/papers/{quote(paper_id, safe='')}"


def links(paper: Paper) -> list[tuple[str, str]]:
    """Where else a paper is to be found: what the place is called, and its address; each address once."""
    found = {}
    for identifier in paper.identifiers:
        scheme, _, value = identifier.partition(":")
        if scheme in _PLACES:
            found[ADDRESSES[scheme] + quote(value, safe="/:;()")] = f"{_PLACES[scheme]} {value}"
    if paper.url and paper.url not in found:
        found = {paper.url: paper.url, **found}
    return [(label, target) for target, label in found.items()]


def shown(text: str, found: Sequence[Match], passage: Passage | None) -> list[Piece]:
    """A text to be shown in pieces: from its beginning, or where the sentence that matched comes late, from there.

    Words within a formula are not marked, which would cut it.
    """
    formulas = [match.span() for match in _FORMULA.finditer(text)]
    starts = [start for start, _ in formulas]

    def is_whole(each: Match) -> bool:
        before = bisect_left(starts, each.end) - 1  # the last formula that begins before the word ends
        return before < 0 or formulas[before][1] <= each.start

    pieces = snippet(text, [each for each in found if is_whole(each)], passage)
    if passage is None or passage.start <= EXCERPT:
        return pieces
    first = next(at for at, piece in enumerate(pieces) if piece.passage)
    return [Piece("… ", marked=False, passage=False), *pieces[first:]]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram: its left edge, its height from 0 to `TALLEST`, and the dates that it stands for."""

    x: int
    height: float
    first: str
    last: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A histogram to be drawn: bars of a width of 10 side by side."""

    bars: tuple[Bar, ...]

    @property
    def width(self) -> int:
        """Of all bars."""
        return 10 * len(self.bars)


def chart(dates: Dates, fields: Mapping[str, str]) -> Chart:
    """The papers of a question by date; what lies within the dates that are asked for is chosen."""
    most = max((each.papers for each in dates.bins), default=0) or 1
    return Chart(
        tuple(
            Bar(10 * at, _height(each.papers, most), each.first, each.last, _label(each), _is_within(each, fields))
            for at, each in enumerate(dates.bins)
        )
    )


def _height(papers: int, most: int) -> float:
    """At least 2 for a bin with papers, so that it can be seen."""
    return round(max(2.0, TALLEST * papers / most), 1) if papers else 0.0


def _label(each: Bin) -> str:
    dates = each.first if each.first == each.last else f"{each.first} to {each.last}"
    return f"{dates}: {each.papers:,} paper{'' if each.papers == 1 else 's'}"


def _is_within(each: Bin, fields: Mapping[str, str]) -> bool:
    """Compared as far as both are written: 2024 has 2024-06 within it."""
    first, last = fields.get("date_from", ""), fields.get("date_to", "")
    after = each.first[: len(first)] >= first[: len(each.first)]
    before = not last or each.last[: len(last)] <= last[: len(each.last)]
    return bool(first or last) and after and before
