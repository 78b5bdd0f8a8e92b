"""Dates as bibliographies write them, at the precision that is certain."""

from __future__ import annotations

import re
from typing import Final

from indexer.errors import InvalidPaper
from indexer.paper import check_date

_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_YEAR = r"(1[5-9]\d\d|20\d\d)"
_NUMBERS = re.compile(rf"{_YEAR}(?:$|([-/.])(\d{{1,2}})?(?:\2(\d{{1,2}})?)?(?=$|[\sT/]))", re.ASCII)
_COMPACT = re.compile(rf"{_YEAR}(\d\d)(\d\d)?", re.ASCII)
_DAY_FIRST = re.compile(rf"(\d{{1,2}})[/.](\d{{1,2}})[/.]{_YEAR}(?=$|[\sT])", re.ASCII)
_YEARS = re.compile(rf"(?<!\d){_YEAR}(?!\d)", re.ASCII)
_NAMES = re.compile(rf"(?<![a-z])({_MONTHS.replace(' ', '|')})[a-z]*", re.IGNORECASE)
_DAYS = re.compile(r"(?<!\d)\d{1,2}(?!\d)", re.ASCII)


def read_date(text: str) -> str | None:
    """The ISO date that a text begins with or holds; `None` where there is no year.

    What is not certain is left out: `2003 Winter` is of 2003, `2018 Jul-Aug` of 2018, `3/4/2020` of 2020.
    """
    text = text.strip()
    if match := _NUMBERS.match(text):
        return _date(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(text):
        return _date(*match.groups())
    if match := _DAY_FIRST.match(text):
        first, second = int(match[1]), int(match[2])
        certain = first == second or max(first, second) > 12
        return _date(match[3], str(min(first, second)), str(max(first, second))) if certain else match[3]
    years = _YEARS.findall(text)
    months = {_number(name) for name in _NAMES.findall(text)}
    days = _DAYS.findall(text)
    if not years:
        return None
    if len(set(years)) > 1 or len(months) != 1:
        return str(years[0])
    return _date(years[0], months.pop(), days[0] if len(days) == 1 else None)


def join_date(year: str, month: str = "", day: str = "") -> str | None:
    """The ISO date of fields that were written apart; the month is a number or a name, and may hold the day."""
    if re.fullmatch(r"0?[1-9]|1[0-2]", month.strip()):
        month = _MONTHS.split()[int(month) - 1]
    found = _YEARS.findall(year)
    if found and (pair := re.fullmatch(r"(\d{1,2})[\s/-]+(\d{1,2})", month.strip())):
        return read_date(f"{pair[1]}/{pair[2]}/{found[0]}")
    return read_date(f"{found[0]} {month} {day}") if found else None


def _number(name: str) -> str:
    return str(_MONTHS.split().index(name.lower()) + 1)


def _date(year: str, month: str | None, day: str | None) -> str:
    """The longest part that exists: 30 February is of February."""
    known = year
    for part in (month, day):
        longer = f"{known}-{int(part or 0):02}"
        try:
            known = check_date("published", longer)
        except InvalidPaper:
            break
    return known
