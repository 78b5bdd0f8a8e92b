"""Periods of the calendar: days, ISO weeks, months and years, and moments, as they are written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

Period = Literal["day", "week", "month"]
Span = tuple[date, date]
"""First and last day of a period, both inclusive."""

_WRITTEN: Final = re.compile(r"(\d{4})(?:-W(\d\d)|-(\d\d)(?:-(\d\d))?)?")


def span(text: str) -> Span | None:
    """The days of `2026-08-21`, `2026-08`, `2026` or the ISO week `2026-W34`; `None` where there are none."""
    match = _WRITTEN.fullmatch(text)
    if match is None or not text.isascii():
        return None
    year, week, month, day = (int(part) if part else None for part in match.groups())
    try:
        if week is not None:
            first = date.fromisocalendar(year or 0, week, 1)
            return first, first + timedelta(days=6)
        if day is not None:
            return (only := date(year or 0, month or 0, day)), only
        first = date(year or 0, month or 1, 1)
        following = date(first.year + 1, 1, 1) if month in (None, 12) else date(first.year, first.month + 1, 1)
    except (ValueError, OverflowError):  # also the last year of the calendar, which nothing follows
        return None
    return first, following - timedelta(days=1)


def around(day: date, period: Period) -> Span:
    """The day, the week from Monday to Sunday, or the month that a day is in."""
    return span(name_of(day, period)) or (day, day)


def name_of(day: date, period: Period) -> str:
    """How the period around a day is written: `2026-08-21`, `2026-W34`, `2026-08`."""
    if period == "day":
        return day.isoformat()
    if period == "month":
        return f"{day.year:04d}-{day.month:02d}"
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def moment(at: datetime | None = None) -> str:
    """A moment, now if none is given, in UTC and to the second, as it is stored: `2026-11-24T07:00:00Z`."""
    return (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
