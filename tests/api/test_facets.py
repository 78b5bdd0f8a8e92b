"""`GET /v1/facets`: the counts of a question's answers."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import error_code


def test_facets_of_a_question(reader: TestClient) -> None:
    """The shape in full: two toys answer in 2025, one of the categories is chosen."""
    body = reader.get("/v1/facets?q=emotion&date_from=2025&category=cs.SD").json()
    assert body.pop("took_ms") >= 0
    assert body.pop("index_version") == reader.get("/v1/search?q=emotion").json()["index_version"]
    assert body == {
        "of": 1,
        "best": False,
        "total": 1,
        "dates": {
            "of": 1,
            "unit": "day",
            "bins": [{"date_from": "2025-06-01", "date_to": "2025-06-01", "papers": 1}],
            "without": 0,
        },
        "categories": {
            "of": 2,
            "values": [
                {"value": "cs.CV", "papers": 1, "chosen": False},
                {"value": "cs.SD", "papers": 1, "chosen": True},
                {"value": "eess.AS", "papers": 1, "chosen": False},
            ],
            "more": 0,
            "without": 0,
        },
        "sources": {"of": 1, "values": [], "more": 0, "without": 1},
        "authors": {"of": 1, "values": [], "more": 0, "without": 1},
    }


def test_a_bin_is_a_filter(reader: TestClient) -> None:
    """The ends of a bin, given as filters, find the papers that it counts."""
    bins = reader.get("/v1/facets").json()["dates"]["bins"]
    assert [each["papers"] for each in bins if each["papers"]] == [1, 1, 1]
    for each in bins:
        asked = {"date_from": each["date_from"], "date_to": each["date_to"]}
        assert reader.get("/v1/papers", params=asked).json()["total"] == each["papers"]


@pytest.mark.parametrize("address", ["/v1/facets", "/v1/facets?q=%20"])
def test_without_a_question_all_papers_are_counted(reader: TestClient, address: str) -> None:
    """Nothing asked is no error here: the whole collection is what can be narrowed."""
    body = reader.get(address).json()
    assert (body["of"], body["total"]) == (4, 4)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("q=speech&mode=psychic", 422),
        ("q=speech&taste=good", 422),
        ("date_from=yesterday", 422),
        ("author=%20", 422),
        ("like=nobody", 404),
        ("q=" + "x" * 10_001, 422),
    ],
)
def test_mistakes(reader: TestClient, asked: str, status: int) -> None:
    """What cannot be meant is told as in a search."""
    response = reader.get(f"/v1/facets?{asked}")
    assert response.status_code == status
    assert error_code(response) == error_code(reader.get(f"/v1/search?{asked}"))


def test_a_page_is_no_part_of_it(reader: TestClient) -> None:
    """Hits wanted mean nothing here."""
    assert reader.get("/v1/facets?q=speech&k=5").status_code == 422
