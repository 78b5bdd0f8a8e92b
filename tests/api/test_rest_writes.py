"""Changes over REST: add, update, remove, and who may."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.identity import Record
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.conftest import KEY, connect, error_code
from tests.toys import ToyEncoder

JSON = {"content-type": "application/json"}


def add(client: TestClient, body: Any) -> Any:
    response = client.post("/v1/papers", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def counts(answer: Any) -> tuple[int, int, int, int]:
    return answer["added"], answer["updated"], answer["unchanged"], answer["removed"]


def found(client: TestClient, question: str, **fields: Any) -> list[str]:
    answer = client.get("/v1/search", params={"q": question, **fields}).json()
    return [hit["paper"]["id"] for hit in answer["hits"]]


def test_an_added_paper_is_found_at_once(client: TestClient) -> None:
    """When the answer to an addition arrives, the paper is in every mode of search, and the version says so."""
    answer = add(client, {"id": "g", "title": "graph"})
    assert counts(answer) == (1, 0, 0, 0)
    assert answer["ids"] == ["g"]
    for mode in ("hybrid", "dense", "lexical"):
        assert found(client, "graph", mode=mode)[0] == "g"
    facts = client.get("/v1/collection").json()
    assert (facts["papers"], facts["index_version"]) == (5, answer["index_version"])


def test_a_known_id_is_replaced(client: TestClient) -> None:
    """A paper with a known id takes the place of the one that is there: all of it, not only what was sent."""
    answer = add(client, {"id": "a", "title": "graph"})
    assert counts(answer) == (0, 1, 0, 0)
    paper = client.get("/v1/papers/a").json()
    assert (paper["title"], paper["authors"], paper["published"]) == ("graph", [], None)
    assert found(client, "graph", k=1) == ["a"]
    assert "a" not in found(client, "speech", mode="lexical")
    assert client.get("/v1/collection").json()["papers"] == 4


def test_the_same_paper_again_changes_nothing(client: TestClient, encoder: ToyEncoder) -> None:
    """A paper that is stored already is counted as unchanged, is not encoded, and leaves the version as it was."""
    first = add(client, {"id": "g", "title": "graph"})
    encoder.encoded.clear()
    second = add(client, {"id": "g", "title": "graph"})
    assert counts(second) == (0, 0, 1, 0)
    assert second["index_version"] == first["index_version"]
    assert encoder.encoded == []


def test_a_change_that_leaves_the_text_is_not_encoded(client: TestClient, encoder: ToyEncoder) -> None:
    """A new comment count is an update, and the model is not asked again: the text is the same."""
    assert counts(add(client, {"id": "c", "title": "speech and emotion", "comments": 7})) == (0, 1, 0, 0)
    assert client.get("/v1/papers/c").json()["comments"] == 7
    assert encoder.encoded == []


def test_an_id_from_the_title(client: TestClient) -> None:
    """A paper without an id gets one from its title, and the answer tells it."""
    assert add(client, {"title": "Graphs: a Face"})["ids"] == ["graphs-a-face"]
    assert add(client, {"title": "Graphs and more", "id": ""})["ids"] == ["graphs-and-more"]
    assert client.get("/v1/papers/graphs-a-face").json()["title"] == "Graphs: a Face"


def test_a_paper_without_a_title(client: TestClient) -> None:
    """An abstract is enough of a paper: it is found by it and has an id, and the title stays empty."""
    answer = add(client, {"abstract": "Of a graph."})
    assert client.get(f"/v1/papers/{answer['ids'][0]}").json()["title"] == ""
    assert found(client, "graph", k=1) == answer["ids"]


def test_every_field_comes_back(client: TestClient) -> None:
    """What is sent of a paper is what is read of it."""
    paper = {
        "id": "doi:10.1/x",
        "title": "A graph",
        "abstract": "One paragraph.\n\nAnother one.",
        "authors": ["Ana Müller", "李 明"],
        "author_count": 5,
        "published": "2025-06",
        "comments": 0,
        "upvotes": 2**53 - 1,
        "categories": ["cs.CL"],
        "url": "https://example.org/x?y=1#z",
        "venue": "Mind",
        "identifiers": ["arxiv:2401.00001", "doi:10.1234/x"],
        "version": 2,
        "updated": "2025-07",
        "daily": "2025-06-23",
        "source": "by hand",
        "extra": {"hf": {"paper": {"githubStars": 8}}},
    }
    version = add(client, paper)["index_version"]
    assert client.get("/v1/papers/doi:10.1/x").json() == paper | {"index_version": version}


def test_several_at_once(client: TestClient) -> None:
    """A list is added as a whole, and its counts are told together; the same paper twice is one."""
    papers = [{"id": "x", "title": "face"}, {"id": "a", "title": "speech!"}, {"id": "x", "title": "face"}]
    answer = add(client, papers)
    assert answer["ids"] == ["x", "a", "x"]
    assert counts(answer) == (1, 1, 1, 0)
    assert client.get("/v1/papers/x").json()["title"] == "face"


def test_two_papers_with_one_id(client: TestClient) -> None:
    """Two different papers with one id are refused: one of them would be lost without a word."""
    refused = client.post("/v1/papers", json=[{"title": "Graph"}, {"title": "graph!"}])
    assert (refused.status_code, error_code(refused)) == (422, "duplicate_id")
    assert client.get("/v1/collection").json()["papers"] == 4


def test_a_thousand_at_once(client: TestClient) -> None:
    """A request may bring a thousand papers, and not one more."""
    papers = [{"id": f"n{n}", "title": "graph"} for n in range(1_001)]
    refused = client.post("/v1/papers", json=papers)
    assert (refused.status_code, error_code(refused)) == (422, "papers_out_of_range")
    assert counts(add(client, papers[:1_000])) == (1_000, 0, 0, 0)
    assert client.get("/v1/collection").json()["papers"] == 1_004


ARXIV: Final = Record(Paper("2401.00001", "speech", abstract="Of speech.", source="arxiv", version=1), "dump.json")


def test_a_paper_that_sources_describe_is_corrected(
    client: TestClient, collection: Collection, encoder: ToyEncoder
) -> None:
    """What is sent of a known paper, by any identifier, is believed before its sources; what is not sent stays theirs,
    and what they say later changes nothing of what was sent."""
    ingest(collection, encoder, [ARXIV], Report())
    answer = add(client, {"id": "mine", "title": "A graph", "identifiers": ["arXiv:2401.00001v1"], "categories": ["x"]})
    assert (counts(answer), answer["merged"], answer["ids"]) == ((0, 0, 0, 0), 1, ["2401.00001"])
    newer = replace(ARXIV, paper=replace(ARXIV.paper, title="speech again", version=2, upvotes=3))
    ingest(collection, encoder, [newer], Report())
    paper = client.get("/v1/papers/2401.00001").json()
    assert (paper["title"], paper["abstract"], paper["categories"]) == ("A graph", "Of speech.", ["x"])
    assert (paper["version"], paper["upvotes"], paper["source"]) == (2, 3, "arxiv")
    assert client.get("/v1/collection").json()["papers"] == 5
    records = client.get("/v1/papers/mine/sources").json()["records"]
    assert {(r["origin"], r["record"]["id"]) for r in records} == {("dump.json", "2401.00001"), ("by hand", "mine")}


def test_two_papers_that_are_one_are_united(client: TestClient, collection: Collection, encoder: ToyEncoder) -> None:
    """A paper with the identifiers of two that are there makes one of them, and every name goes on meaning it."""
    ingest(collection, encoder, [ARXIV, Record(Paper("p", "graph", identifiers=("doi:10.1093/x.1",)))], Report())
    answer = add(client, {"title": "A face", "identifiers": ["arxiv:2401.00001", "doi:10.1093/x.1"]})
    assert (answer["merged"], answer["ids"]) == (1, ["2401.00001"])
    assert client.get("/v1/collection").json()["papers"] == 5
    for name in ("p", "10.1093/x.1", "2401.00001"):
        assert client.get(f"/v1/papers/{name}").json()["title"] == "A face"


def test_a_title_that_is_another_papers(client: TestClient) -> None:
    """A paper of other authors with the title, and so the id, of one that is there is another paper; the answer tells
    the id that it got."""
    title = "What people say of speech"
    first = add(client, {"title": title, "authors": ["Ada Bee"]})
    second = add(client, {"title": title, "authors": ["Cy Dee"]})
    assert (counts(first), counts(second)) == ((1, 0, 0, 0), (1, 0, 0, 0))
    assert first["ids"] == ["what-people-say-of-speech"]
    assert second["ids"] != first["ids"]
    assert client.get(f"/v1/papers/{second['ids'][0]}").json()["authors"] == ["Cy Dee"]


@pytest.mark.parametrize("name", ["10.1093/x.1", "doi:10.1093/x.1", "https%3A%2F%2Farxiv.org%2Fabs%2F2401.00001v7"])
def test_remove_by_an_identifier(client: TestClient, collection: Collection, encoder: ToyEncoder, name: str) -> None:
    """A paper is removed by any of its names, with all its records; the answer tells its id."""
    also = Record(Paper("also", "speech", identifiers=("arxiv:2401.00001", "doi:10.1093/x.1"), source="hf"))
    ingest(collection, encoder, [ARXIV, also], Report())
    answer = client.delete(f"/v1/papers/{name}").json()
    assert (answer["ids"], counts(answer)) == (["2401.00001"], (0, 0, 0, 1))
    for known in (name, "2401.00001", "also"):
        assert client.get(f"/v1/papers/{known}").status_code == 404
    assert client.get("/v1/collection").json()["papers"] == 4


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_paper"),
        ({"title": "x", "identifiers": ["10.1093/x.1"]}, 422, "invalid_paper"),
        ({"title": "x", "identifiers": ["isbn:1"]}, 422, "invalid_paper"),
        ({"title": "x", "identifiers": ["doi:x"]}, 422, "invalid_paper"),
        ({"title": "x", "identifiers": "doi:10.1093/x.1"}, 422, "wrong_type"),
        ({"title": "x", "version": -1}, 422, "invalid_paper"),
        ({"title": "x", "version": "2"}, 422, "wrong_type"),
        ({"title": "x", "updated": "soon"}, 422, "invalid_paper"),
        ({"title": "x", "daily": "2025-02-30"}, 422, "invalid_paper"),
        ({"title": "x", "venue": "x" * 501}, 422, "invalid_paper"),
        (None, 422, "wrong_type"),
        ("graph", 422, "wrong_type"),
        ([], 422, "papers_out_of_range"),
        ([1], 422, "wrong_type"),
        ([[]], 422, "wrong_type"),
        ({"id": "x"}, 422, "invalid_paper"),
        ({"title": None}, 422, "invalid_paper"),
        ({"title": 3}, 422, "wrong_type"),
        ({"title": ""}, 422, "invalid_paper"),
        ({"title": " \n"}, 422, "invalid_paper"),
        ({"title": "x" * 4_001}, 422, "invalid_paper"),
        ({"title": "x", "abstract": "x" * 100_001}, 422, "invalid_paper"),
        ({"title": "x\x00"}, 422, "invalid_paper"),
        ({"title": "\ud800"}, 422, "invalid_paper"),
        ({"title": "x", "id": "  "}, 422, "invalid_paper"),
        ({"title": "x", "id": "x" * 513}, 422, "invalid_paper"),
        ({"title": "x", "id": "\x00"}, 422, "invalid_paper"),
        ({"title": "x", "id": "\udc00"}, 422, "invalid_paper"),
        ({"title": "x", "id": 7}, 422, "wrong_type"),
        ({"title": "x", "authors": "Ada"}, 422, "wrong_type"),
        ({"title": "x", "authors": [None]}, 422, "wrong_type"),
        ({"title": "x", "authors": ["\ud800"]}, 422, "invalid_paper"),
        ({"title": "x", "authors": ["Ada"] * 10_001}, 422, "invalid_paper"),
        ({"title": "x", "comments": -1}, 422, "invalid_paper"),
        ({"title": "x", "comments": 2**53}, 422, "invalid_paper"),
        ({"title": "x", "comments": 1.5}, 422, "wrong_type"),
        ({"title": "x", "comments": True}, 422, "wrong_type"),
        ({"title": "x", "published": "2025-02-30"}, 422, "invalid_paper"),
        ({"title": "x", "published": "June 2025"}, 422, "invalid_paper"),
        ({"title": "x", "url": "javascript:alert(1)"}, 422, "invalid_paper"),
        ({"title": "x", "doi": "10.1/x"}, 422, "unknown_field"),
        ({"title": "x", "\ud800": 1}, 422, "invalid_text"),
    ],
)
def test_what_is_not_a_paper(reader: TestClient, body: Any, status: int, code: str) -> None:
    """A record that is not a paper is refused with its reason, and nothing is stored."""
    before = reader.get("/v1/collection").json()
    response = reader.post("/v1/papers", content=json.dumps(body).encode(), headers=JSON)
    assert (response.status_code, error_code(response)) == (status, code)
    assert reader.get("/v1/collection").json() == before


def test_a_list_with_one_wrong_paper(client: TestClient) -> None:
    """One wrong paper stops the whole list, and the message says which one it is, counting from 1."""
    response = client.post("/v1/papers", json=[{"id": "x", "title": "graph"}, {"id": "y", "title": " "}])
    assert (response.status_code, error_code(response)) == (422, "invalid_paper")
    assert response.json()["error"]["message"].startswith("Paper 2 of 2: The paper's title is empty")
    assert client.get("/v1/papers/x").status_code == 404


def test_remove(client: TestClient) -> None:
    """A removed paper is gone from every answer at once."""
    response = client.delete("/v1/papers/10.1/d")
    assert response.status_code == 200
    assert response.json()["ids"] == ["10.1/d"]
    assert counts(response.json()) == (0, 0, 0, 1)
    assert client.get("/v1/papers/10.1/d").status_code == 404
    assert found(client, "face") == ["a", "b", "c"]
    assert found(client, "face", mode="lexical") == []
    facts = client.get("/v1/collection").json()
    assert (facts["papers"], facts["index_version"]) == (3, response.json()["index_version"])


def test_remove_twice(client: TestClient) -> None:
    """Removing what is not there is an unknown paper, and changes nothing."""
    assert client.delete("/v1/papers/a").status_code == 200
    before = client.get("/v1/collection").json()
    again = client.delete("/v1/papers/a")
    assert (again.status_code, error_code(again)) == (404, "paper_not_found")
    assert client.get("/v1/collection").json() == before


def test_remove_needs_the_very_id(client: TestClient) -> None:
    """A line break behind an id does not remove the paper before it."""
    assert client.delete("/v1/papers/a%0A").status_code == 404
    assert client.get("/v1/papers/a").status_code == 200


def write(client: TestClient, headers: dict[str, str] | None = None) -> list[Any]:
    """One addition and one removal."""
    sent = {name.encode(): value.encode("latin-1") for name, value in (headers or {}).items()}
    return [
        client.post("/v1/papers", json={"id": "g", "title": "graph"}, headers=sent),
        client.delete("/v1/papers/g", headers=sent),
    ]


def test_this_machine_may_write_without_a_key(collection: Collection, encoder: ToyEncoder) -> None:
    """A server that only this machine can reach and that has no key takes changes as they come."""
    assert [answer.status_code for answer in write(connect(collection, encoder))] == [200, 200]


def test_other_machines_may_not_write_without_a_key(collection: Collection, encoder: ToyEncoder) -> None:
    """A server that others can reach and that has no key takes no change, whatever is sent, and still answers."""
    client = connect(collection, encoder, loopback=False)
    for headers in ({}, {"authorization": "Bearer "}, {"authorization": f"Bearer {KEY}"}):
        for answer in write(client, headers):
            assert (answer.status_code, error_code(answer)) == (403, "writing_disabled")
    assert found(client, "speech", k=1) == ["a"]
    assert client.get("/v1/collection").json()["papers"] == 4


@pytest.mark.parametrize("loopback", [True, False])
def test_the_key(collection: Collection, encoder: ToyEncoder, loopback: bool) -> None:
    """Where there is a key, a change needs it, on this machine too; reading does not."""
    client = connect(collection, encoder, api_key=KEY, loopback=loopback)
    for headers in (
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {KEY[:-1]}"},
        {"authorization": f"Bearer {KEY}x"},
        {"authorization": f"Basic {KEY}"},
        {"authorization": "Bearer cl\xe9"},
        {"x-api-key": KEY},
    ):
        for answer in write(client, headers):
            assert (answer.status_code, error_code(answer)) == (401, "key_required")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert found(client, "speech", k=1) == ["a"]
    for scheme in ("Bearer", "bearer"):  # the name of the scheme has no case
        assert [answer.status_code for answer in write(client, {"authorization": f"{scheme} {KEY}"})] == [200, 200]


def test_without_the_key_nothing_is_told(collection: Collection, encoder: ToyEncoder) -> None:
    """A caller without the key learns neither which papers exist nor what is wrong with a record."""
    client = connect(collection, encoder, api_key=KEY, loopback=False)
    assert error_code(client.delete("/v1/papers/nobody")) == "key_required"
    assert error_code(client.post("/v1/papers", json={"bad": 1})) == "key_required"


def test_a_page_of_another_site_cannot_write(client: TestClient) -> None:
    """What a browser sends for another site without asking first, a body that is not called JSON, changes nothing;
    and asking first is not answered with a permission."""
    sent = client.post("/v1/papers", content=b'{"title": "graph"}', headers={"content-type": "text/plain"})
    assert sent.status_code == 422
    asked = client.options(
        "/v1/papers", headers={"origin": "https://example.org", "access-control-request-method": "POST"}
    )
    assert asked.status_code == 405
    assert not [name for name in asked.headers if name.startswith("access-control-")]
    assert client.get("/v1/collection").json()["papers"] == 4
