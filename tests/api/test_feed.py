"""The feed over REST, votes, and both feed and questions as documents that feed readers accept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.periods import moment
from indexer.readers import Readers
from indexer.report import Report
from tests.api.conftest import KEY, connect, error_code
from tests.toys import ToyEncoder

PAPERS = (
    Paper("a", "speech", "About <speech> & signs\ufffe.", daily="2024-12-30", upvotes=5, authors=("Ada Lovelace", "B")),
    Paper("b", "emotion", "About emotion.", daily="2024-12-31", upvotes=9, categories=("cs.CL",), url="https://b.org/"),
    Paper("c", "speech emotion", daily="2025-01-02", upvotes=7),
    Paper("10.1/d", "face", daily="2025-01-02"),
    Paper("old", "graph", daily="2024-11-01", upvotes=100),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("feed") / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    return collection


@pytest.fixture(scope="module")
def client(made: Collection) -> Iterator[TestClient]:
    """A client whose votes must be taken back."""
    with connect(made, ToyEncoder()) as client:
        yield client


def ask(client: TestClient, address: str) -> Any:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return response.json()


def listed(body: Any) -> list[tuple[int, str, int | None]]:
    return [(paper["rank"], paper["id"], paper["upvotes"]) for paper in body["papers"]]


# The feed


def test_the_latest_day_comes_first(client: TestClient) -> None:
    """Without parameters the latest day, by votes, with the nearest days that have papers."""
    body = ask(client, "/v1/feed")
    assert listed(body) == [(1, "c", 7), (2, "10.1/d", None)]
    assert (body["name"], body["previous"], body["next"]) == ("2025-01-02", "2024-12-31", None)
    assert body["days"] == [{"day": "2025-01-02", "papers": 2}]


def test_a_week_spans_two_years(client: TestClient) -> None:
    """The week around a day, or by its name: latest day first, within a day by votes."""
    body = ask(client, "/v1/feed?period=week&date=2025-01-01")
    assert listed(body) == [(1, "c", 7), (2, "10.1/d", None), (3, "b", 9), (4, "a", 5)]
    assert (body["name"], body["date_from"], body["date_to"]) == ("2025-W01", "2024-12-30", "2025-01-05")
    assert (body["previous"], body["next"], body["total"], body["pages"]) == ("2024-W44", None, 4, 1)
    assert listed(ask(client, "/v1/feed?period=week&date=2025-W01")) == listed(body)


def test_pages_make_up_the_list(client: TestClient) -> None:
    """Every paper on exactly one page; behind the last there are none."""
    pages = [ask(client, f"/v1/feed?period=week&date=2025-W01&k=3&page={n}") for n in (1, 2, 3)]
    assert [paper["rank"] for page in pages for paper in page["papers"]] == [1, 2, 3, 4]
    assert [page["pages"] for page in pages] == [2, 2, 2]


def test_trending_and_relevance(client: TestClient) -> None:
    """By votes against age, whose score is shown; and by the answer to a question, within the period alone."""
    body = ask(client, "/v1/feed?period=week&date=2025-W01&sort=trending")
    assert [(p["id"], p["trend"]) for p in body["papers"]][:2] == [("c", 0.386324), ("b", 0.27106)]
    body = ask(client, "/v1/feed?period=week&date=2025-W01&sort=relevance&q=speech&mode=dense")
    assert [(p["id"], round(p["relevance"], 4)) for p in body["papers"]][:2] == [("a", 1.0), ("c", 0.707)]
    assert body["total"] == 4
    assert {p["id"] for p in ask(client, "/v1/feed?period=week&date=2025-W01&category=cs")["papers"]} == {"b"}


def test_new_is_what_came_since(client: TestClient) -> None:
    """Since the last visit where it is told, else in the last day."""
    now = datetime.now(UTC)
    later, earlier = moment(now + timedelta(hours=1)), moment(now - timedelta(hours=1))
    assert {p["new"] for p in ask(client, "/v1/feed")["papers"]} == {True}
    assert {p["new"] for p in ask(client, f"/v1/feed?since={earlier}")["papers"]} == {True}
    assert {p["new"] for p in ask(client, f"/v1/feed?since={later}")["papers"]} == {False}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("date=2024", "invalid_date"),
        ("date=2025-W54", "invalid_date"),
        ("date=2025-W01", "invalid_date"),
        ("period=month&date=2025-W01", "invalid_date"),
        ("since=yesterday", "invalid_filter"),
        ("sort=relevance", "invalid_value"),
        ("q=speech", "invalid_value"),
        ("sort=best", "invalid_value"),
        ("period=year", "invalid_value"),
        ("page=0", "page_out_of_range"),
        ("page=9999999999999", "page_out_of_range"),
        ("k=0", "k_out_of_range"),
        ("limit=3", "unknown_field"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, asked: str, code: str) -> None:
    """With what to write instead."""
    response = client.get(f"/v1/feed?{asked}")
    assert (response.status_code, error_code(response)) == (422, code)


def test_an_empty_collection_has_an_empty_feed(empty: Collection, encoder: ToyEncoder) -> None:
    """Today, with no day beside it; and its documents are valid."""
    with connect(empty, encoder) as client:
        body = ask(client, "/v1/feed")
        assert (body["total"], body["previous"], body["next"], body["papers"]) == (0, None, None, [])
        assert feedparser.parse(client.get("/v1/feed.atom").content).bozo == 0


# Votes


def test_a_vote_counts_once_and_can_be_undone(client: TestClient) -> None:
    """Also by an id with a slash; the list shows it."""
    for _ in range(2):
        assert client.post("/v1/papers/10.1%2Fd/upvote").json() == {"id": "10.1/d", "upvotes": 1, "upvoted": True}
    paper = ask(client, "/v1/feed")["papers"][1]
    assert (paper["id"], paper["upvotes"], paper["upvoted"]) == ("10.1/d", 1, True)
    for _ in range(2):
        assert client.delete("/v1/papers/10.1%2Fd/upvote").json() == {"id": "10.1/d", "upvotes": 0, "upvoted": False}
    response = client.post("/v1/papers/nothing/upvote")
    assert (response.status_code, error_code(response)) == (404, "paper_not_found")


def test_every_key_has_one_vote(collection: Collection, encoder: ToyEncoder) -> None:
    """With a server's key set nobody votes without one; each reader's key and the owner's count once."""
    ada = Readers.open(collection.directory).add_key("Ada")
    with connect(collection, encoder, api_key=KEY, loopback=False) as client:
        refused = client.post("/v1/papers/c/upvote")
        assert (refused.status_code, error_code(refused)) == (401, "key_required")
        assert client.post("/v1/papers/c/upvote", headers={"X-API-Key": "pk_wrong"}).status_code == 401
        for key, expected in ((ada, 4), (KEY, 5), (ada, 5)):
            answer = client.post("/v1/papers/c/upvote", headers={"Authorization": f"Bearer {key}"})
            assert answer.json() == {"id": "c", "upvotes": expected, "upvoted": True}
        # A reader's key is for voting alone.
        assert client.delete("/v1/papers/c", headers={"Authorization": f"Bearer {ada}"}).status_code == 401
        mine = client.get("/v1/feed?date=2025-06-01", headers={"X-API-Key": ada}).json()["papers"][0]
        assert (mine["id"], mine["upvoted"]) == ("c", True)
        assert client.get("/v1/feed?date=2025-06-01").json()["papers"][0]["upvoted"] is False


# Documents

ADDRESSES = (
    "/v1/feed.{}", "/v1/feed.{}?period=week&date=2025-W01", "/v1/feed.{}?period=month&sort=trending",
    "/v1/search.{}?q=speech", "/v1/search.{}?like=a&dislike=b", "/v1/search.{}?category=cs.CL",
    "/v1/search.{}?q=nothing",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_feed_readers_accept_documents(client: TestClient, address: str) -> None:
    """feedparser finds nothing to complain of, and the same entries in all three formats, under the same ids."""
    atom, rss = (feedparser.parse(client.get(address.format(kind)).content) for kind in ("atom", "rss"))
    assert (atom.bozo, atom.version, rss.bozo, rss.version) == (0, "atom10", 0, "rss20")
    items = client.get(address.format("json")).json()["items"]
    assert [e.id for e in atom.entries] == [e.id for e in rss.entries] == [item["id"] for item in items]
    assert [e.title for e in atom.entries] == [item["title"] for item in items]
    assert RELAX_NG.validate(etree.fromstring(client.get(address.format("atom")).content)), RELAX_NG.error_log


def test_an_entry_tells_the_paper(client: TestClient) -> None:
    """Title, abstract, authors, labels, a link to its page here, and the moment it came; characters XML lacks go."""
    response = client.get("/v1/feed.atom?date=2024-12-30")
    assert response.headers["content-type"] == "application/atom+xml; charset=utf-8"
    (entry,) = feedparser.parse(response.content).entries
    assert (entry.title, entry.summary) == ("speech", "About <speech> & signs\N{REPLACEMENT CHARACTER}.")
    assert [author.name for author in entry.authors] == ["Ada Lovelace", "B"]
    assert entry.link == "http://127.0.0.1/papers/a"
    assert abs(datetime.now(UTC) - datetime.fromisoformat(entry.updated)) < timedelta(minutes=10)
    item = client.get("/v1/feed.json?date=2024-12-31").json()["items"][0]
    assert (item["tags"], item["external_url"], item["content_text"]) == (["cs.CL"], "https://b.org/", "About emotion.")
    assert "authors" not in item


def test_ids_of_entries_stay(client: TestClient, made: Collection) -> None:
    """Whatever the host, the list and the format: a reader shows a paper once."""
    (first,) = feedparser.parse(client.get("/v1/feed.atom?date=2024-12-31").content).entries
    assert first.id == "urn:uuid:fa4435b0-78b1-57bc-8069-f4e5e0dbb526"
    with connect(made, ToyEncoder(), loopback=False) as elsewhere:
        elsewhere.base_url = "https://papers.example.org"
        found = feedparser.parse(elsewhere.get("/v1/search.rss?q=emotion").content).entries
        assert first.id in {entry.id for entry in found}
        assert found[0].link.startswith("https://papers.example.org/papers/")


def test_a_list_without_a_date_reaches_back(client: TestClient) -> None:
    """It holds the period before the latest too, so that who looks once a period misses nothing."""
    titles = [item["title"] for item in client.get("/v1/feed.json").json()["items"]]
    assert titles == ["speech emotion", "face", "emotion"]


def test_since_leaves_out_what_came_before(client: TestClient) -> None:
    """In lists and in questions, whose own words of time do not mean arrival."""
    later = moment(datetime.now(UTC) + timedelta(hours=1))
    for address in ("/v1/feed.json?period=week", "/v1/search.json?q=speech"):
        joiner = "&"
        assert client.get(f"{address}{joiner}since=2020-01-01").json()["items"]
        assert client.get(f"{address}{joiner}since={later}").json()["items"] == []
    assert error_code(client.get("/v1/search.atom?q=speech&since=soon")) == "invalid_filter"
    assert error_code(client.get("/v1/search.atom")) == "empty_query"


def test_a_document_is_sent_once(tmp_path: Path) -> None:
    """Unchanged it is told by its tag or its date, the tag first; a change of the collection makes it another."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    with connect(collection, encoder) as client:
        address = "/v1/feed.atom?period=month&sort=trending"
        first = client.get(address)
        tag, changed = first.headers["etag"], first.headers["last-modified"]
        assert client.get(address).content == first.content
        for headers, status in [
            ({"If-None-Match": tag}, 304),
            ({"If-None-Match": f'"x", W/{tag}'}, 304),
            ({"If-None-Match": '"x"', "If-Modified-Since": changed}, 200),
            ({"If-Modified-Since": changed}, 304),
            ({"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}, 200),
            ({"If-Modified-Since": "long ago"}, 200),
        ]:
            response = client.get(address, headers=headers)
            assert response.status_code == status, headers
            assert response.headers["etag"] == tag
            assert bool(response.content) == (status == 200)
        client.post("/v1/papers", json={"id": "e", "title": "new", "daily": "2025-01-03"})
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_json_feeds_have_what_the_format_asks_for(client: TestClient) -> None:
    """Version 1.1: a title, the address, and an id and a text for every item."""
    response = client.get("/v1/search.json?q=speech")
    assert response.headers["content-type"] == "application/feed+json; charset=utf-8"
    feed = json.loads(response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "http://127.0.0.1/v1/search.json?q=speech"
    assert feed["items"]
    assert all({"id", "content_text", "url", "date_published"} <= set(item) for item in feed["items"])


RELAX_NG = etree.RelaxNG(
    etree.fromstring("""
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <start><element name="feed"><ref name="common"/><interleave>
    <element name="id"><data type="anyURI"><param name="minLength">1</param></data></element>
    <ref name="title"/><ref name="updated"/>
    <zeroOrMore><ref name="author"/></zeroOrMore>
    <zeroOrMore><ref name="link"/></zeroOrMore>
    <optional><element name="subtitle"><ref name="common"/><text/></element></optional>
    <optional><element name="generator"><ref name="common"/><text/></element></optional>
    <zeroOrMore><ref name="entry"/></zeroOrMore>
  </interleave></element></start>
  <define name="entry"><element name="entry"><ref name="common"/><interleave>
    <element name="id"><data type="anyURI"><param name="minLength">1</param></data></element>
    <ref name="title"/><ref name="updated"/>
    <oneOrMore><ref name="author"/></oneOrMore>
    <oneOrMore><ref name="link"/></oneOrMore>
    <zeroOrMore><element name="category"><ref name="common"/><attribute name="term"/>
      <optional><attribute name="label"/></optional></element></zeroOrMore>
    <optional><element name="published"><ref name="moment"/></element></optional>
    <optional><element name="summary"><ref name="common"/>
      <optional><attribute name="type"><choice><value>text</value><value>html</value></choice></attribute></optional>
      <text/></element></optional>
    <zeroOrMore><element><anyName><except><nsName/></except></anyName><text/></element></zeroOrMore>
  </interleave></element></define>
  <define name="title"><element name="title"><ref name="common"/>
    <optional><attribute name="type"/></optional><text/></element></define>
  <define name="updated"><element name="updated"><ref name="moment"/></element></define>
  <define name="moment"><ref name="common"/><data type="dateTime">
    <param name="pattern">.*(Z|[+\\-][0-9]{2}:[0-9]{2})</param></data></define>
  <define name="author"><element name="author"><ref name="common"/><interleave>
    <element name="name"><data type="string"><param name="minLength">1</param></data></element>
    <optional><element name="uri"><data type="anyURI"/></element></optional>
    <optional><element name="email"><text/></element></optional></interleave></element></define>
  <define name="link"><element name="link"><ref name="common"/><attribute name="href"><data type="anyURI"/></attribute>
    <optional><attribute name="rel"><choice><value>alternate</value><value>self</value></choice></attribute></optional>
    <optional><attribute name="type"/></optional></element></define>
  <define name="common"><optional><attribute name="xml:lang" ns="http://www.w3.org/XML/1998/namespace"/></optional></define>
</grammar>""")
)
"""Atom as RFC 4287 has it, of the elements that may be in our documents: ids, titles, moments with a zone, authors."""
