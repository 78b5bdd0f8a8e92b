"""Dates as bibliographies write them: never more than is certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.paper import check_date
from indexer.sources.dates import join_date, read_date


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("2024", "2024"),
        ("2024-06", "2024-06"),
        ("2024-06-25", "2024-06-25"),
        ("2024-06-25T10:00:00Z", "2024-06-25"),
        ("2024-06-25 00:00:00", "2024-06-25"),
        ("2024/6/5", "2024-06-05"),
        ("2020//", "2020"),
        ("2020/06//", "2020-06"),
        ("2020/06/25/", "2020-06-25"),
        ("2024-06-25/2024-06-27", "2024-06-25"),
        ("20060110", "2006-01-10"),
        ("2024.0", "2024"),
        ("2002 Sep", "2002-09"),
        ("2004 Dec 15", "2004-12-15"),
        ("June 25, 2024", "2024-06-25"),
        ("25 June 2024", "2024-06-25"),
        ("25/06/2024", "2024-06-25"),
        ("6/25/2024", "2024-06-25"),
        ("5.5.2024", "2024-05-05"),
        ("c. 2024", "2024"),
        ("2024a", "2024"),
    ],
)
def test_dates(written: str, known: str) -> None:
    """All usual ways to write a date."""
    assert read_date(written) == known


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("2003 Winter", "2003"),
        ("2018 Jul-Aug", "2018"),
        ("1998 Dec-1999 Jan", "1998"),
        ("June 25--27 2024", "2024-06"),
        ("3/4/2020", "2020"),
        ("2015-16", "2015"),
        ("2015-2016", "2015"),
        ("2024-02-30", "2024-02"),
        ("2024-13-01", "2024"),
        ("0000", None),
        ("May", None),
        ("in press", None),
        ("", None),
        ("٢٠٢٤", None),
    ],
)
def test_what_is_not_certain_is_left_out(written: str, known: str | None) -> None:
    """Seasons, ranges, days that do not exist, and months that may be days."""
    assert read_date(written) == known


@pytest.mark.parametrize(
    ("year", "month", "day", "known"),
    [
        ("2024", "", "", "2024"),
        ("2024", "6", "", "2024-06"),
        ("2024", "06", "3", "2024-06-03"),
        ("2024", "Sept.", "", "2024-09"),
        ("2024", "June25", "", "2024-06-25"),
        ("2024", "25~June", "", "2024-06-25"),
        ("2024", "12 14", "", "2024-12-14"),
        ("2024", "11 12", "", "2024"),
        ("{2024}", "jun", "31", "2024-06"),
        ("soon", "jun", "3", None),
    ],
)
def test_dates_in_pieces(year: str, month: str, day: str, known: str | None) -> None:
    """Fields of their own for the parts, and the day within the month."""
    assert join_date(year, month, day) == known


@given(st.text("0123456789-/. JunedcMay,T:", max_size=24))
def test_every_date_exists(text: str) -> None:
    """Whatever is written, the answer is a date of the calendar or none."""
    for found in (read_date(text), join_date("2024", text), join_date(text, "6", text)):
        assert found is None or check_date("published", found) == found
