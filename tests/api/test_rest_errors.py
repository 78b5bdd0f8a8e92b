"""Wrong questions: each gets its status, its code, a sentence and the next step, in one JSON shape."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api import errors as api_errors
from indexer import errors
from indexer.collection import Collection
from tests.api.conftest import connect, error_code
from tests.toys import ToyEncoder

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "empty_query"),
        ("mode=dense&explain=true", 422, "empty_query"),
        ("abstract=%20", 422, "empty_query"),
        ("q=", 422, "empty_query"),
        ("q=%20%0A%09", 422, "empty_query"),
        ("q=%E2%80%83", 422, "empty_query"),  # an em space
        ("q=" + "a" * 10_001, 422, "query_too_long"),
        ("q=a&k=0", 422, "k_out_of_range"),
        ("q=a&k=1001", 422, "k_out_of_range"),
        ("q=a&k=-1", 422, "k_out_of_range"),
        ("q=a&k=99999999999999999999999", 422, "k_out_of_range"),
        ("q=a&k=" + "9" * 5_000, 422, "wrong_type"),
        ("q=a&k=ten", 422, "wrong_type"),
        ("q=a&k=1.5", 422, "wrong_type"),
        ("q=a&k=", 422, "wrong_type"),
        ("q=a&offset=-1", 422, "offset_out_of_range"),
        ("q=a&offset=10001", 422, "offset_out_of_range"),
        ("q=a&offset=x", 422, "wrong_type"),
        ("q=a&limit=3", 422, "unknown_field"),
        ("q=a&authors=x", 422, "unknown_field"),
        ("q=a&%00=x", 422, "unknown_field"),
        ("q=a&mode=fuzzy", 422, "invalid_value"),
        ("q=a&mode=", 422, "invalid_value"),
        ("q=a&date_from=yesterday", 422, "invalid_filter"),
        ("q=a&date_from=2025-02-30", 422, "invalid_filter"),
        ("q=a&date_to=2025-1-1", 422, "invalid_filter"),
        ("q=a&date_to=", 422, "invalid_filter"),
        ("q=a&date_from=0000", 422, "invalid_filter"),
        ("q=a&date_from=%EF%BC%92%EF%BC%90%EF%BC%92%EF%BC%95", 422, "invalid_filter"),  # 2025 in full-width digits
        ("q=a&author=", 422, "invalid_filter"),
        ("q=a&author=%21%3F", 422, "invalid_filter"),
        ("q=a&category=%20", 422, "invalid_filter"),
        ("q=a&source=", 422, "invalid_filter"),
        ("q=a&author=" + "a" * 501, 422, "value_too_long"),
        ("q=a%00b", 422, "invalid_text"),
        ("q=%ff", 400, "invalid_text"),
        ("q=%ed%a0%80", 400, "invalid_text"),  # half a surrogate pair, encoded as if it were a character
        ("q=a&author=%c3", 400, "invalid_text"),
    ],
)
def test_wrong_questions_in_the_address(reader: TestClient, query: str, status: int, code: str) -> None:
    """What cannot be asked in an address is told by its own code."""
    response = reader.get(f"/v1/search?{query}")
    assert (response.status_code, error_code(response)) == (status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "missing_field"),
        (b"{", 400, "malformed_json"),
        (b"q=a", 400, "malformed_json"),
        (b'{"q": "a"} x', 400, "malformed_json"),
        (b"\xff", 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'{"q": "a", "k": ' + b"9" * 5_000 + b"}", 400, "malformed_json"),
        (b"null", 422, "wrong_type"),
        (b"[]", 422, "wrong_type"),
        (b'"speech"', 422, "wrong_type"),
        (b"3", 422, "wrong_type"),
        (b"{}", 422, "empty_query"),
        (b'{"q": null}', 422, "wrong_type"),
        (b'{"q": 1}', 422, "wrong_type"),
        (b'{"q": ["a"]}', 422, "wrong_type"),
        (b'{"q": ""}', 422, "empty_query"),
        (b'{"q": "a", "k": "3"}', 422, "wrong_type"),
        (b'{"q": "a", "k": 3.0}', 422, "wrong_type"),
        (b'{"q": "a", "k": true}', 422, "wrong_type"),
        (b'{"q": "a", "k": null}', 422, "wrong_type"),
        (b'{"q": "a", "k": NaN}', 422, "wrong_type"),
        (b'{"q": "a", "k": 1e400}', 422, "wrong_type"),
        (b'{"q": "a", "k": 0}', 422, "k_out_of_range"),
        (b'{"q": "a", "offset": 10001}', 422, "offset_out_of_range"),
        (b'{"q": "a", "mode": "fuzzy"}', 422, "invalid_value"),
        (b'{"q": "a", "mode": 1}', 422, "invalid_value"),
        (b'{"q": "a", "query": "b"}', 422, "unknown_field"),
        (b'{"q": "a", "{0}": 1}', 422, "unknown_field"),
        (b'{"q": "a", "date_from": 2025}', 422, "wrong_type"),
        (b'{"q": "a", "author": {}}', 422, "wrong_type"),
        (b'{"q": "a\\u0000"}', 422, "invalid_text"),
        (b'{"q": "\\ud800"}', 422, "invalid_text"),
        (b'{"q": "\xed\xa0\x80"}', 422, "invalid_text"),  # the same, encoded as if it were a character
        (b'{"q": "a", "\\ud800": 1}', 422, "invalid_text"),
        (b'{"q": "a", "mode": "\\ud800"}', 422, "invalid_text"),
        (b'{"q": "a", "source": "\\udfff"}', 422, "invalid_text"),
        (b'{"q": "a", "category": "\\ud800"}', 422, "invalid_text"),
        (b'{"q": "a", "author": "x\\ud800"}', 422, "invalid_text"),
        (b'{"q": "a", "date_to": "\\ud800"}', 422, "invalid_text"),
    ],
)
def test_wrong_questions_in_a_body(reader: TestClient, body: bytes, status: int, code: str) -> None:
    """What cannot be asked in a body is told by its own code; numbers must be numbers and texts texts."""
    response = reader.post("/v1/search", content=body, headers=JSON)
    assert (response.status_code, error_code(response)) == (status, code)


def test_a_name_of_very_many_words(reader: TestClient) -> None:
    """A filter that no database statement could hold is refused; it is not taken for a damaged collection."""
    asked = {"q": "a", "author": " ".join(map(str, range(300_000)))}
    response = reader.post("/v1/search", json=asked)
    assert (response.status_code, error_code(response)) == (422, "value_too_long")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_is_not_called_json(reader: TestClient, kind: str | None) -> None:
    """A body without the JSON content type is refused, which keeps pages of other sites out, and told what lacks."""
    headers = {} if kind is None else {"content-type": kind}
    response = reader.post("/v1/search", content=b'{"q": "a"}', headers=headers)
    assert (response.status_code, error_code(response)) == (422, "wrong_type")
    assert "Content-Type: application/json" in response.json()["error"]["next_step"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "missing_field"),
        ({"ids": []}, 422, "ids_out_of_range"),
        ({"ids": ["a"] * 101}, 422, "ids_out_of_range"),
        ({"ids": "a"}, 422, "wrong_type"),
        ({"ids": [1]}, 422, "wrong_type"),
        ({"ids": [None]}, 422, "wrong_type"),
        ({"ids": ["nobody"]}, 404, "paper_not_found"),
        ({"ids": ["a", "nobody"]}, 404, "paper_not_found"),
        ({"ids": [""]}, 404, "paper_not_found"),
        ({"ids": ["\x00"]}, 404, "paper_not_found"),
        ({"ids": ["x" * 513]}, 422, "value_too_long"),
        ({"ids": ["\ud800"]}, 422, "invalid_text"),
        ({"ids": ["a"], "k": 0}, 422, "k_out_of_range"),
        ({"ids": ["a"], "offset": -1}, 422, "offset_out_of_range"),
        ({"ids": ["a"], "mode": "dense"}, 422, "unknown_field"),
        ({"ids": ["a"], "date_from": "x"}, 422, "invalid_filter"),
    ],
)
def test_wrong_questions_for_kin(reader: TestClient, body: Any, status: int, code: str) -> None:
    """A question for the kin of several papers needs 1 to 100 ids, all of them known."""
    response = reader.post("/v1/related", content=json.dumps(body).encode(), headers=JSON)
    assert (response.status_code, error_code(response)) == (status, code)


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/papers/nobody", 404, "paper_not_found"),
        ("/papers/A", 404, "paper_not_found"),
        ("/papers/a%20", 404, "paper_not_found"),
        ("/papers/", 404, "paper_not_found"),
        ("/papers/%00", 404, "paper_not_found"),
        ("/papers/" + "x" * 10_000, 404, "paper_not_found"),
        ("/papers/%ff", 400, "invalid_text"),
        ("/papers/nobody/related", 404, "paper_not_found"),
        ("/papers/a/related?k=0", 422, "k_out_of_range"),
        ("/papers/a/related?q=x", 422, "unknown_field"),
        ("/papers?k=1001", 422, "k_out_of_range"),
        ("/papers?offset=-1", 422, "offset_out_of_range"),
        ("/papers?offset=1000000001", 422, "offset_out_of_range"),
        ("/papers?q=x", 422, "unknown_field"),
        ("/papers?date_to=x", 422, "invalid_filter"),
        ("", 404, "not_found"),
        ("/", 404, "not_found"),
        ("/search/", 404, "not_found"),
        ("/nothing", 404, "not_found"),
        ("/../v1/nothing", 404, "not_found"),
    ],
)
def test_wrong_addresses(reader: TestClient, address: str, status: int, code: str) -> None:
    """An unknown paper and an unknown address are two different errors."""
    response = reader.get(f"/v1{address}")
    assert (response.status_code, error_code(response)) == (status, code)


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("PUT", "/v1/papers/a", {"GET", "DELETE"}),
        ("DELETE", "/v1/papers", {"GET", "POST"}),
        ("POST", "/v1/collection", {"GET"}),
        ("GET", "/v1/related", {"POST"}),
        ("HEAD", "/v1/related", {"POST"}),
        ("POST", "/v1/papers/a", {"GET", "DELETE"}),
        ("OPTIONS", "/v1/search", {"GET", "POST"}),
        ("BREW", "/healthz", {"GET"}),
    ],
)
def test_wrong_methods(reader: TestClient, method: str, address: str, allowed: set[str]) -> None:
    """A method that an address does not take is named as the fault, with methods that it does take."""
    response = reader.request(method, address)
    assert response.status_code == 405
    assert method == "HEAD" or error_code(response) == "method_not_allowed"
    assert {name.strip() for name in response.headers["allow"].split(",")} <= allowed


def test_a_message_quotes_no_more_than_a_line(reader: TestClient) -> None:
    """A message that quotes what was sent stays readable, however long that was."""
    for address in ("/v1/papers/" + "x" * 5_000, f"/v1/search?q=a&{'x' * 5_000}=1", f"/v1/papers?date_to={'x' * 400}"):
        response = reader.get(address)
        assert error_code(response)
        assert 40 < len(response.json()["error"]["message"]) < 200


@pytest.mark.parametrize("size", [4_000_001, 10_000_000])
def test_a_body_over_the_limit(reader: TestClient, size: int) -> None:
    """A body of more than four million bytes is refused as too large, whatever is in it."""
    response = reader.post("/v1/search", content=b" " * size, headers=JSON)
    assert (response.status_code, error_code(response)) == (413, "body_too_large")


def test_a_body_at_the_limit(reader: TestClient) -> None:
    """A body of exactly four million bytes is read: white space around JSON is no fault."""
    response = reader.post("/v1/search", content=b'{"q": "speech"}'.ljust(4_000_000), headers=JSON)
    assert response.json()["hits"][0]["paper"]["id"] == "a"


def test_errors_outside_the_interface(reader: TestClient) -> None:
    """Outside /v1 a browser gets a page and any other client the JSON."""
    as_json = reader.get("/nothing")
    assert (as_json.status_code, error_code(as_json)) == (404, "not_found")
    as_page = reader.get("/nothing", headers={"accept": "text/html"})
    assert as_page.status_code == 404
    assert as_page.headers["content-type"] == "text/html; charset=utf-8"
    assert "There is nothing at this address." in as_page.text
    under_v1 = reader.get("/v1/nothing", headers={"accept": "text/html"})
    assert error_code(under_v1) == "not_found"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.PaperNotFound("x"), 404, "paper_not_found"),
        (errors.InvalidPaper("It is wrong.", "Mend it."), 422, "invalid_paper"),
        (errors.InvalidQuery("empty_query", "It is wrong.", "Mend it."), 422, "empty_query"),
        (errors.CollectionBusy("It is busy.", "Wait."), 503, "collection_busy"),
        (errors.CollectionDamaged("It is broken.", "Restore it."), 503, "collection_damaged"),
        (errors.IndexDamaged("It is broken."), 503, "index_damaged"),
        (errors.CollectionMissing("It is gone.", "Make one."), 503, "collection_missing"),
        (errors.EncoderError("It is gone.", "Get one."), 503, "encoder_error"),
    ],
)
def test_every_error_of_the_product_has_a_status(error: errors.PaperkinError, status: int, code: str) -> None:
    """What the caller can mend is 4xx; what only the keeper of the server can mend is 503."""
    app = FastAPI()
    api_errors.install(app)

    @app.get("/")
    def fail() -> None:
        raise error

    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, error_code(response)) == (status, code)


def test_what_nobody_foresaw(caplog: pytest.LogCaptureFixture) -> None:
    """An unforeseen failure answers 500 in our shape; its words go to the log and not to the client."""
    app = FastAPI()
    api_errors.install(app)

    @app.get("/")
    def fail() -> None:
        raise RuntimeError("the secret")

    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, error_code(response)) == (500, "internal_error")
    assert "the secret" not in response.text
    assert "the secret" in caplog.text


def test_a_collection_that_was_taken_away(collection: Collection, encoder: ToyEncoder) -> None:
    """When the directory is gone, the server still lives but is not ready, and says what is missing."""
    client = connect(collection, encoder)
    shutil.rmtree(collection.directory)
    assert client.get("/healthz").status_code == 200
    for address in ("/readyz", "/v1/search?q=speech", "/v1/collection"):
        response = client.get(address)
        assert (response.status_code, error_code(response)) == (503, "collection_missing")
