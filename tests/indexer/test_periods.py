"""Days, weeks and months as they are written, checked against the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.periods import Period, around, moment, name_of, span

DAYS = st.dates(date(1, 1, 8), date(9998, 12, 20))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-08-21", "2026-08-21", "2026-08-21"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-W34", "2026-08-17", "2026-08-23"),
        ("2025-W01", "2024-12-30", "2025-01-05"),  # a week that spans two years
        ("2020-W53", "2020-12-28", "2021-01-03"),
    ],
)
def test_a_period_is_its_days(text: str, first: str, last: str) -> None:
    """A day, a month, a year, and a week from Monday to Sunday."""
    assert span(text) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2025-W53", "2026-13", "2026-W00", "26-08", "2026-8", "W34", "", "٢٠٢٦"]
)
def test_what_the_calendar_lacks_is_none(text: str) -> None:
    """A day, week or month that does not exist, and what is not written as one."""
    assert span(text) is None


@given(DAYS, st.sampled_from(["day", "week", "month"]))
def test_a_period_is_found_by_its_name(day: date, period: Period) -> None:
    """Every day is in the period around it, whose name means exactly the same days."""
    first, last = around(day, period)
    assert first <= day <= last
    assert span(name_of(day, period)) == (first, last)
    assert name_of(first, period) == name_of(last, period) == name_of(day, period)
    assert name_of(last + timedelta(days=1), period) != name_of(day, period)


def test_a_moment_is_in_utc() -> None:
    """Whatever the zone it is given in."""
    at = datetime(2026, 11, 24, 8, 30, 15, 999, tzinfo=timezone(timedelta(hours=1)))
    assert moment(at) == "2026-11-24T07:30:15Z"
    assert datetime.fromisoformat(moment()) <= datetime.now(UTC)
