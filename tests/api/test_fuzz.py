"""Whatever is sent: never a failure of the server, and every refusal in the one shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.errors import InvalidPaper
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.conftest import Answered, connect, error_code
from tests.toys import PAPERS, ToyEncoder

JSON = {"content-type": "application/json"}
DOTS = {".", ".."}
"""Ids that no client can ask for: it takes them for a folder and the one above it, and shortens the address."""

# One client for all examples of a test: it is not to be made anew for each, and no example depends on another.
fuzz = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)

# Any character at all, half surrogate pairs included, which JSON can spell.
any_text = st.text(st.characters(), max_size=30)
encodable = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
plausible = st.sampled_from(
    [
        "speech",
        "a",
        "10.1/d",
        "",
        " ",
        "\x00",
        "2025",
        "2025-06-31",
        "dense",
        "hybrid",
        "-speech",
        '"speech" author:x',
        "after:2025 -",
        "true",
        0,
        1,
        5,
        1_000,
        -1,
        10**30,
        True,
    ]
)
QUESTION = (
    "q", "k", "offset", "mode", "date_from", "date_to", "author", "category", "source",
    "abstract", "like", "dislike", "syntax", "explain",
)  # fmt: skip
RECORD = (
    "id", "title", "abstract", "authors", "author_count", "published",
    "comments", "upvotes", "categories", "url", "venue", "identifiers", "version", "updated", "daily", "source",
)  # fmt: skip


def bodies(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of some of these fields with any values, which are now and then the right ones."""
    values = plausible | any_json | st.lists(plausible, max_size=3)
    return st.dictionaries(st.sampled_from(names), values, max_size=len(names))


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of toy papers that the examples of this module change."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("fuzz") / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    with connect(collection, encoder) as client:
        yield client


def check(response: Answered) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert error_code(response)


@given(text=any_text)
@example(text="x" * 10_001)
@fuzz
def test_questions(reader: TestClient, text: str) -> None:
    """Any text as a question is answered or refused, alike in an address and in a body."""
    by_body = reader.post("/v1/search", content=json.dumps({"q": text}).encode(), headers=JSON)
    check(by_body)
    by_address = reader.get(f"/v1/search?q={quote_from_bytes(text.encode('utf-8', 'surrogatepass'))}")
    check(by_address)
    assert (by_body.status_code == 200) == (by_address.status_code == 200)
    if by_body.status_code == 200:
        assert by_body.json()["hits"] == by_address.json()["hits"]


@given(
    fields=st.lists(
        st.tuples(st.sampled_from([*QUESTION, "id", "path", "x"]), encodable | plausible.map(str)), max_size=12
    )
)
@example(fields=[("q", "speech"), ("like", "a"), ("like", "a"), ("dislike", "b"), ("explain", "1")])
@example(fields=[("like", ""), ("like", " "), ("offset", "1")])
@example(fields=[("like", "a")] * 101)
@fuzz
def test_fields_in_an_address(reader: TestClient, fields: list[tuple[str, str]]) -> None:
    """Any values of the fields, also several of one, are taken or refused, by the interface and by the page."""
    query = urlencode(fields)
    for address in ("/v1/search", "/v1/rank", "/v1/papers", "/v1/papers/a/related"):
        check(reader.get(f"{address}?{query}"))
    for address in ("/", "/papers/a"):
        response = reader.get(f"{address}?{query}")
        assert response.status_code in ({200, 404, 422} if address == "/" else {200, 422})
        assert response.headers["content-type"] == "text/html; charset=utf-8"


@given(query=st.binary(max_size=20), name=st.sampled_from(["q", "abstract", "like", "dislike", "explain", "offset"]))
@fuzz
def test_any_bytes_in_a_field(reader: TestClient, query: bytes, name: str) -> None:
    """Bytes that are no text are refused, or read as far as they are text, wherever they stand."""
    written = quote_from_bytes(query, safe="")
    for address in ("/v1/search", "/v1/rank"):
        check(reader.get(f"{address}?id=a&q=speech&{name}={written}"))
    assert reader.get(f"/?{name}={written}").status_code in {200, 400, 404, 422}


@given(path=st.binary(max_size=20), query=st.binary(max_size=20))
@fuzz
def test_any_bytes_in_an_address(reader: TestClient, path: bytes, query: bytes) -> None:
    """Any bytes, percent-encoded, behind any address are answered or refused."""
    for start in ("/v1/papers/", "/v1/", "/assets/", "/docs/assets/", "/"):
        response = reader.get(f"{start}{quote_from_bytes(path, safe='')}?{quote_from_bytes(query, safe='=&')}")
        assert response.status_code < 500
        if start.startswith("/v1"):
            check(response)


@given(body=any_json | bodies(QUESTION))
@example(body={"q": "a", "k": 10**400})
@example(body={"q": "a", "author": "\ud800"})
@fuzz
def test_bodies_of_questions(reader: TestClient, body: Any) -> None:
    """Any JSON as a question is answered or refused, and an answer has no more hits than were asked for."""
    response = reader.post("/v1/search", content=json.dumps(body).encode(), headers=JSON)
    check(response)
    if response.status_code == 200:
        assert len(response.json()["hits"]) <= body.get("k", 10)


@given(body=any_json | bodies((*QUESTION, "ids")))
@example(body={"ids": ["\ud800"]})
@fuzz
def test_bodies_of_questions_for_kin(reader: TestClient, body: Any) -> None:
    """Any JSON as a question for kin is answered or refused."""
    check(reader.post("/v1/related", content=json.dumps(body).encode(), headers=JSON))


@given(body=any_json | bodies(("ids", "format", "download")))
@example(body={"ids": ["\ud800"]})
@fuzz
def test_bodies_of_citations(reader: TestClient, body: Any) -> None:
    """Any JSON as a question for citations is answered or refused."""
    check(reader.post("/v1/cite", content=json.dumps(body).encode(), headers=JSON))


@given(body=any_json | bodies(RECORD) | st.lists(bodies(RECORD), max_size=3))
@example(body={"title": "x", "comments": 10**400})
@fuzz
def test_bodies_of_papers(writer: TestClient, body: Any) -> None:
    """Any JSON as a paper is stored or refused; when it is stored, every paper of it can be read."""
    response = writer.post("/v1/papers", content=json.dumps(body).encode(), headers=JSON)
    check(response)
    if response.status_code == 200:
        for paper_id in set(response.json()["ids"]) - DOTS:
            assert writer.get(f"/v1/papers/{quote(paper_id, safe='')}").json()["id"] == paper_id
            assert writer.get(f"/papers/{quote(paper_id, safe='')}").status_code == 200


@given(body=st.binary(max_size=60) | any_json.map(lambda value: json.dumps(value).encode("utf-16")))
@example(body=b"[" * 50_000)
@example(body=b"9" * 5_000)
@fuzz
def test_bodies_of_bytes(writer: TestClient, body: bytes) -> None:
    """Any bytes as a body are answered or refused."""
    for address in ("/v1/search", "/v1/related", "/v1/papers"):
        check(writer.post(address, content=body, headers=JSON))


@given(paper_id=any_text)
@example(paper_id="/related")
@example(paper_id="a\n")
@fuzz
def test_unknown_ids(reader: TestClient, paper_id: str) -> None:
    """Any id of no paper is an unknown paper, or is refused for not being text, to read, to ask for kin, to remove."""
    known = {paper.id for paper in PAPERS}
    assume(paper_id not in known | DOTS and not paper_id.endswith("/related"))
    address = f"/papers/{quote_from_bytes(paper_id.encode('utf-8', 'surrogatepass'), safe='')}"
    for response in (reader.get(f"/v1{address}"), reader.get(f"/v1{address}/related"), reader.delete(f"/v1{address}")):
        assert (response.status_code, error_code(response)) in {(404, "paper_not_found"), (400, "invalid_text")}
    assert reader.get(address).status_code in {400, 404}


@given(paper_id=st.text(st.characters(), min_size=1, max_size=40))
@example(paper_id="a/related")
@example(paper_id="a\nb")
@example(paper_id="%2F")
@example(paper_id="../a")
@settings(fuzz, max_examples=25)
def test_any_valid_id(writer: TestClient, paper_id: str) -> None:
    """A paper with any id that a paper can have is read and removed at the address that quotes the id."""
    try:
        expected = Paper(paper_id, "graph").id
    except InvalidPaper:
        assume(False)
    assume(expected not in DOTS)
    added = writer.post("/v1/papers", json={"id": paper_id, "title": "graph"})
    assert added.json()["ids"] == [expected]
    address = f"/v1/papers/{quote(expected, safe='')}"
    read = writer.get(address)
    assert (read.status_code, read.json().get("id")) == (200, expected)
    removed = writer.delete(address)
    assert (removed.status_code, removed.json()["removed"]) == (200, 1)
    assert writer.delete(address).status_code == 404
