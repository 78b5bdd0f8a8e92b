"""The REST interface, asked as it should be: scores, filters, pages, ids, and its own description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.identity import Record
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.conftest import connect, error_code
from tests.toys import ToyEncoder

HALF_PRECISION = 2**-11  # rows are kept as float16, whose numbers below 1 are at most this far apart

# BM25 (k1 1.2, b 0.75) of "speech" in titles of 1 and 3 words, where a text has 2.5 words on average: the same
# idf and the same 2.2 above the line, so only what is below it differs.
LONG_TO_SHORT = (1 + 1.2 * (0.25 + 0.75 * 1 / 2.5)) / (1 + 1.2 * (0.25 + 0.75 * 3 / 2.5))


def ask(client: TestClient, address: str, **fields: Any) -> Any:
    response = client.get(f"/v1{address}", params=fields or None)
    assert response.status_code == 200, response.text
    return response.json()


def ids(answer: Any) -> list[str]:
    return [hit["paper"]["id"] for hit in answer["hits"]]


def test_a_dense_answer(reader: TestClient) -> None:
    """By meaning alone the score is the cosine, and papers with the same score come in the order of their ids."""
    answer = ask(reader, "/search", q="speech", mode="dense")
    assert ids(answer) == ["a", "c", "10.1/d", "b"]
    assert [hit["rank"] for hit in answer["hits"]] == [1, 2, 3, 4]
    assert [hit["score"] for hit in answer["hits"]] == pytest.approx([1, 1 / sqrt(2), 0, 0], abs=HALF_PRECISION)
    assert all(hit["dense"] == hit["score"] and hit["lexical"] is None for hit in answer["hits"])


def test_a_lexical_answer(reader: TestClient) -> None:
    """By words alone only papers with the words are hits, while the total still counts all that pass the filters."""
    answer = ask(reader, "/search", q="speech", mode="lexical")
    assert ids(answer) == ["a", "c"]
    assert answer["total"] == 4
    first, second = answer["hits"]
    assert second["score"] / first["score"] == pytest.approx(LONG_TO_SHORT)
    assert first["lexical"] == first["score"]
    assert first["dense"] is None


def test_a_hybrid_answer(reader: TestClient) -> None:
    """By default meaning, words and kin make the score: "emotion" is nearer to "speech and emotion", which matches,
    than "face" is, and so comes before it though neither has a word of the question."""
    answer = ask(reader, "/search", q="speech")
    assert ids(answer) == ["a", "c", "b", "10.1/d"]
    assert [hit["dense"] for hit in answer["hits"]] == pytest.approx([1, 1 / sqrt(2), 0, 0], abs=HALF_PRECISION)
    assert [hit["lexical"] is None for hit in answer["hits"]] == [False, False, True, True]
    for hit in answer["hits"]:
        assert list(hit["parts"]) == ["meaning", "words", "kin"]
        assert sum(hit["parts"].values()) == pytest.approx(hit["score"])


def test_a_paper_without_kin(empty: Collection, encoder: ToyEncoder) -> None:
    """Papers at right angles to one another have no kin: 0.8 of the cosine, scaled from -1 to the best, and 0.2 of
    BM25, scaled to the best."""
    ingest(empty, encoder, [Paper("a", "speech"), Paper("b", "face")], Report())
    first, second = ask(connect(empty, encoder), "/search", q="speech")["hits"]
    assert (first["score"], second["score"]) == (pytest.approx(0.8 + 0.2), pytest.approx(0.8 / 2))
    assert first["parts"] == pytest.approx({"meaning": 0.8, "words": 0.2, "kin": 0})
    assert second["parts"] == pytest.approx({"meaning": 0.4, "words": 0, "kin": 0})


def test_what_a_hit_shows(reader: TestClient) -> None:
    """A hit carries the whole paper; what is not known is null, and lists are empty."""
    answer = ask(reader, "/search", q="face", k=1)
    assert answer["hits"][0]["paper"] == {
        "id": "10.1/d",
        "title": "face",
        "abstract": "A face shows emotion.",
        "authors": [],
        "author_count": 2,
        "published": None,
        "comments": None,
        "upvotes": None,
        "categories": [],
        "url": "https://example.org/d",
        "venue": None,
        "identifiers": [],
        "version": None,
        "updated": None,
        "daily": None,
        "source": None,
    }
    assert set(answer["hits"][0]) == {
        "rank", "score", "dense", "lexical", "confidence", "parts", "contributions", "paper", "explanation",
    }  # fmt: skip
    assert set(answer) == {
        "hits", "total", "index_version", "took_ms", "confidence", "expansions", "hints", "plan",
    }  # fmt: skip
    assert (answer["hints"], answer["plan"], answer["hits"][0]["explanation"]) == ([], None, None)
    assert answer["took_ms"] > 0


def test_both_ways_of_asking_agree(reader: TestClient) -> None:
    """A question in a JSON body gets the answer that the same question in the address gets."""
    asked = {"q": "speech emotion", "k": 2, "offset": 1, "mode": "dense", "date_from": "2024", "category": "cs"}
    by_address = ask(reader, "/search", **asked)
    by_body = reader.post("/v1/search", json=asked).json()
    assert ids(by_address) == ["a", "b"]
    assert by_address.pop("took_ms") > 0
    assert by_body.pop("took_ms") > 0
    assert by_body == by_address


def test_a_question_of_ten_thousand_characters(reader: TestClient) -> None:
    """The longest question allowed is answered, in a body and in an address."""
    text = "speech ".ljust(10_000, "x")
    assert reader.post("/v1/search", json={"q": text}).status_code == 200
    assert ids(ask(reader, "/search", q=text, k=1)) == ["a"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"a", "b", "c", "10.1/d"}),
        ({"date_from": "2025"}, {"b", "c"}),
        ({"date_from": "2025-01-02"}, {"c"}),  # "2025" counts as its first day
        ({"date_to": "2024-05"}, {"a"}),
        ({"date_to": "2025-06"}, {"a", "b", "c"}),
        ({"date_from": "2024-05-01", "date_to": "2024-05-01"}, {"a"}),
        ({"date_from": "2026"}, set()),
        ({"author": "lovelace"}, {"a", "b"}),
        ({"author": "GRÂCE Lovelace"}, {"b"}),  # both words in one name, whatever their case and accents
        ({"author": "love"}, set()),
        ({"category": "cs"}, {"a", "b", "c"}),
        ({"category": "EESS.as"}, {"c"}),
        ({"category": "c"}, set()),
        ({"source": "toys"}, {"b"}),
        ({"source": "Toys"}, set()),
        ({"author": "grace", "category": "cs.CL"}, {"a"}),
    ],
)
def test_filters(reader: TestClient, filters: dict[str, str], expected: set[str]) -> None:
    """A filter means the same in a search and in a list, and the total is the exact number that passes."""
    found = ask(reader, "/search", q="speech", **filters)
    listed = ask(reader, "/papers", **filters)
    assert set(ids(found)) == {paper["id"] for paper in listed["papers"]} == expected
    assert found["total"] == listed["total"] == len(expected)


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_pages_of_a_search(reader: TestClient, mode: str) -> None:
    """Pages of one hit, put together, are the whole ranking, with its ranks and its scores."""
    whole = ask(reader, "/search", q="speech emotion", mode=mode)
    pages = [ask(reader, "/search", q="speech emotion", mode=mode, k=1, offset=n) for n in range(len(whole["hits"]))]
    assert [hit for page in pages for hit in page["hits"]] == whole["hits"]
    assert {page["total"] for page in pages} == {4}
    assert ask(reader, "/search", q="speech emotion", mode=mode, offset=10_000)["hits"] == []


def test_newest_first(reader: TestClient) -> None:
    """Papers are listed by date, a month and a year standing for their first day, those without a date last."""
    answer = ask(reader, "/papers")
    assert [paper["id"] for paper in answer["papers"]] == ["c", "b", "a", "10.1/d"]
    assert answer["total"] == 4
    assert set(answer) == {"papers", "total", "index_version", "took_ms"}


def test_pages_of_a_list_are_stable(empty: Collection, encoder: ToyEncoder) -> None:
    """Papers of one day are listed by id, so that pages show each paper exactly once, to the very end."""
    names = [f"{n:02}" for n in range(25)]
    ingest(empty, encoder, [Paper(name, "speech", published="2025-01-01") for name in reversed(names)], Report())
    client = connect(empty, encoder)
    pages = [ask(client, "/papers", k=10, offset=offset)["papers"] for offset in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert [paper["id"] for page in pages for paper in page] == names


def test_read_a_paper(reader: TestClient) -> None:
    """A paper's address gives the paper and the index version; the slash of a DOI may be quoted or not."""
    answer = ask(reader, "/papers/a")
    assert (answer["title"], answer["authors"]) == ("speech", ["Ada Lovelace", "Grace Hopper"])
    assert answer["index_version"] == ask(reader, "/collection")["index_version"]
    assert ask(reader, "/papers/10.1/d") == ask(reader, "/papers/10.1%2Fd")
    assert ask(reader, "/papers/10.1/d")["id"] == "10.1/d"


MERGED: Final = (
    Record(Paper("2401.00001", "speech", source="arxiv", version=2, authors=("Ada Bee",)), "dump.json"),
    Record(Paper("W1", "Speech!", source="openalex", venue="Mind", identifiers=("doi:10.1093/x.1", "arxiv:2401.00001",
           "acl:P19-1001")), "answer.json"),
)  # fmt: skip
"""What two sources say of one paper."""


@pytest.fixture
def merged(empty: Collection, encoder: ToyEncoder) -> Iterator[TestClient]:
    """A client of one paper that two sources describe, and of two others."""
    ingest(empty, encoder, [*MERGED, Record(Paper("b", "emotion")), Record(Paper("c/sources", "face"))], Report())
    with connect(empty, encoder) as client:
        yield client


NAMES = (
    "2401.00001",
    "2401.00001v1",
    "arXiv:2401.00001",
    "https://arxiv.org/abs/2401.00001v2",
    "https://huggingface.co/papers/2401.00001",
    "10.1093/x.1",
    "doi:10.1093/X.1",
    "https://doi.org/10.1093/x.1",
    "https://aclanthology.org/P19-1001/",
    "https://aclanthology.org/P19-1001",
    "W1",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_paper_by_any_of_its_names(merged: TestClient, name: str) -> None:
    """A paper is read, and its kin and its sources are asked for, by an identifier in any form and by a source's id."""
    address = f"/papers/{quote(name, safe='')}"
    assert ask(merged, address)["id"] == "2401.00001"
    assert set(ids(ask(merged, f"{address}/related"))) == {"b", "c/sources"}
    assert ask(merged, f"{address}/sources")["id"] == "2401.00001"
    answer = merged.post("/v1/related", json={"ids": [name, "b"]}).json()
    assert ids(answer) == ["c/sources"]


def test_an_address_in_an_address(merged: TestClient) -> None:
    """The slashes of a name need not be quoted."""
    assert ask(merged, "/papers/10.1093/x.1")["id"] == "2401.00001"
    assert ask(merged, "/papers/doi.org/10.1093/x.1/sources")["id"] == "2401.00001"


def test_sources(merged: TestClient) -> None:
    """A paper has every record that it was made of, as its source gave it, with the file and the moment it came."""
    answer = ask(merged, "/papers/2401.00001/sources")
    assert set(answer) == {"id", "records", "index_version"}
    assert answer["index_version"] == ask(merged, "/collection")["index_version"]
    assert [(r["record"]["source"], r["record"]["id"], r["origin"], r["apart"]) for r in answer["records"]] == [
        ("arxiv", "2401.00001", "dump.json", False),
        ("openalex", "W1", "answer.json", False),
    ]
    first, second = answer["records"]
    for record in (first, second):
        assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(record["came"]) < timedelta(minutes=10)
    assert (first["record"]["title"], first["record"]["venue"], first["record"]["version"]) == ("speech", None, 2)
    assert (second["record"]["title"], second["record"]["venue"], second["record"]["authors"]) == (
        "Speech!",
        "Mind",
        [],
    )
    paper = ask(merged, "/papers/2401.00001")
    assert (paper["title"], paper["venue"], paper["authors"]) == ("speech", "Mind", ["Ada Bee"])
    assert paper["identifiers"] == ["acl:P19-1001", "arxiv:2401.00001", "doi:10.1093/x.1"]


def test_a_paper_whose_id_ends_like_the_address_of_sources(merged: TestClient) -> None:
    """Where one paper is "c" and another "c/sources", the address of both is the paper's."""
    assert merged.get("/v1/papers/c/sources").json()["title"] == "face"
    merged.post("/v1/papers", json={"id": "c", "title": "graph"})
    assert ask(merged, "/papers/c/sources")["title"] == "face"
    assert ask(merged, "/papers/c/sources/sources")["records"][0]["record"]["id"] == "c/sources"


def test_sources_of_no_paper(merged: TestClient) -> None:
    """A paper that is not there has no sources either."""
    response = merged.get("/v1/papers/nobody/sources")
    assert (response.status_code, error_code(response)) == (404, "paper_not_found")
    assert "'nobody'" in response.json()["error"]["message"]


def test_a_paper_is_counted_for_each_of_its_sources(merged: TestClient) -> None:
    """The collection tells how many papers each source describes, and a filter by either source finds the paper."""
    assert ask(merged, "/collection")["sources"] == {"": 2, "arxiv": 1, "openalex": 1}
    for source in ("arxiv", "openalex"):
        assert [paper["id"] for paper in ask(merged, "/papers", source=source)["papers"]] == ["2401.00001"]


@pytest.mark.parametrize(
    "paper_id",
    [
        "10.1/d/e//f/",
        "what?",
        "#1",
        "100%",
        "%2F",
        "a b",
        '"quoted" & <b>',
        "it's",
        "論文",
        "été",
        "e\u0301te\u0301",  # another spelling of the letters above, and another id
        "x/related",
        "related",
        "/related",
        "related/related",
        "a\nb",
        "\U0001f600",
        "+",
        ";,:@&=",
        "\\",
        "x" * 512,
    ],
)
def test_ids_are_kept_as_given(client: TestClient, paper_id: str) -> None:
    """Whatever an id holds, it is the paper's address once percent-encoded: to read, to ask for kin, to remove."""
    assert client.post("/v1/papers", json={"id": paper_id, "title": "speech"}).json()["ids"] == [paper_id]
    address = f"/papers/{quote(paper_id, safe='')}"
    assert ask(client, address)["id"] == paper_id
    assert ids(ask(client, f"{address}/related", k=1)) == ["a"]
    assert client.delete(f"/v1{address}").json()["removed"] == 1
    assert client.get(f"/v1{address}").status_code == 404


def test_an_id_is_compared_to_its_last_character(reader: TestClient) -> None:
    """A line break behind an id makes it another id, of no paper."""
    assert reader.get("/v1/papers/a%0A").status_code == 404


SPACE: Final = {
    "a": np.array([1, 0, 0, 0, 0]),
    "b": np.array([0, 1, 0, 0, 0]),
    "c": np.array([1, 1, 0, 0, 0]) / sqrt(2),
    "10.1/d": np.array([0, 1, 2, 0, 0]) / sqrt(5),
}
"""The toy papers' rows."""


def cosines(liked: NDArray[np.float64]) -> dict[str, float]:
    """Each paper's cosine with the direction of n liked rows: (n Σ N/(N+d) + 0.1 I)⁻¹ (their mean − n/(n+1) mean)."""
    rows, count = np.array(list(SPACE.values())), len(liked)
    spread = np.cov(rows.T, bias=True) * count * 4 / (4 + 5)  # four papers, five axes
    direction = np.linalg.solve(spread + 0.1 * np.eye(5), liked.mean(0) - count / (count + 1) * rows.mean(0))
    return {name: float(row @ direction / np.linalg.norm(direction)) for name, row in SPACE.items()}


def test_related_to_one(reader: TestClient) -> None:
    """The kin of a paper are ranked by their cosine with what tells it from the collection; the paper itself is left
    out and not counted."""
    answer = ask(reader, "/papers/10.1/d/related")
    assert ids(answer) == ["b", "c", "a"]
    expected = cosines(SPACE["10.1/d"][None, :])
    assert [hit["score"] for hit in answer["hits"]] == pytest.approx(
        [expected[each] for each in ("b", "c", "a")], abs=2e-3
    )
    assert answer["total"] == 3


def test_related_takes_pages_and_filters(reader: TestClient) -> None:
    """Kin can be paged and filtered as a search can."""
    assert ids(ask(reader, "/papers/a/related", k=1, offset=1)) == ["10.1/d"]
    filtered = ask(reader, "/papers/a/related", category="cs.CV")
    assert ids(filtered) == ["b"]
    assert filtered["total"] == 1


def test_related_to_several(reader: TestClient) -> None:
    """The kin of several papers are near to what these share and others do not, whatever their order and however
    often each is named; the score is the sum of what each adds."""
    answer = reader.post("/v1/related", json={"ids": ["a", "b"]}).json()
    assert ids(answer) == ["c", "10.1/d"]
    expected = cosines(np.array([SPACE["a"], SPACE["b"]]))
    assert [hit["score"] for hit in answer["hits"]] == pytest.approx([expected["c"], expected["10.1/d"]], abs=2e-3)
    for hit in answer["hits"]:
        assert list(hit["contributions"]) == ["liked a", "liked b"]
        assert sum(hit["contributions"].values()) == pytest.approx(hit["score"], abs=HALF_PRECISION)
    assert answer["total"] == 2
    again = reader.post("/v1/related", json={"ids": ["b", "a", "b"]}).json()
    assert again["hits"] == answer["hits"]


def test_a_paper_whose_id_ends_like_the_address_of_kin(client: TestClient) -> None:
    """Where one paper is "a" and another "a/related", the address of both is the paper's; kin are asked by body."""
    client.post("/v1/papers", json={"id": "a/related", "title": "graph"})
    assert ask(client, "/papers/a/related")["title"] == "graph"
    assert ids(client.post("/v1/related", json={"ids": ["a"]}).json())[0] == "c"


def test_acronyms_are_expanded(client: TestClient) -> None:
    """An acronym that a paper defines is read as what it stands for, and the answer says so."""
    client.post("/v1/papers", json={"id": "tts", "title": "Text-to-speech (TTS)"})
    answer = ask(client, "/search", q="TTS", mode="dense", k=2)
    assert answer["expansions"] == [{"short": "TTS", "long": "Text-to-speech"}]
    assert ids(answer) == ["a", "tts"]  # the word "speech" comes from the expansion alone
    assert answer["hits"][1]["score"] == pytest.approx(1)


def test_collection(reader: TestClient) -> None:
    """The collection tells how many papers it holds, from where, and which model made it."""
    answer = ask(reader, "/collection")
    assert answer["papers"] == 4
    assert answer["sources"] == {"": 3, "toys": 1}
    assert answer["model"] == {
        "name": "toy",
        "weights_sha256": "sha256-of-toy",
        "dimension": 5,
        "max_tokens": 256,
    }
    assert answer["encoded_by"] == []  # the toy was tried by nobody
    assert answer["sequence"] == 1


def test_one_index_version(reader: TestClient) -> None:
    """Every answer about one state of the collection carries the same index version."""
    addresses = ["/search?q=speech", "/papers", "/papers/a", "/papers/a/related", "/collection"]
    versions = {ask(reader, address)["index_version"] for address in addresses}
    versions.add(reader.post("/v1/related", json={"ids": ["b"]}).json()["index_version"])
    assert len(versions) == 1


def test_an_empty_collection(empty: Collection, encoder: ToyEncoder) -> None:
    """A collection without papers answers with no hits instead of failing."""
    client = connect(empty, encoder)
    for mode in ("hybrid", "dense", "lexical"):
        answer = ask(client, "/search", q="speech", mode=mode)
        assert (answer["hits"], answer["total"]) == ([], 0)
    assert ask(client, "/papers")["total"] == 0
    assert ask(client, "/collection")["papers"] == 0


def test_health(reader: TestClient) -> None:
    """Both health addresses of a server that is well say ok."""
    for address in ("/healthz", "/readyz"):
        response = reader.get(address)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_openapi_names_every_operation(reader: TestClient) -> None:
    """The description lists the operations of the interface, all of them and nothing else."""
    paths = reader.get("/openapi.json").json()["paths"]
    assert {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations} == {
        "GET /v1/search",
        "POST /v1/search",
        "GET /v1/rank",
        "GET /v1/facets",
        "GET /v1/papers",
        "POST /v1/papers",
        "GET /v1/papers/{paper_id}",
        "DELETE /v1/papers/{paper_id}",
        "GET /v1/papers/{paper_id}/sources",
        "GET /v1/papers/{paper_id}/related",
        "POST /v1/related",
        "GET /v1/cite",
        "POST /v1/cite",
        "GET /v1/collection",
        "GET /v1/feed",
        "GET /v1/feed.{kind}",
        "GET /v1/search.{kind}",
        "POST /v1/subscriptions",
        "POST /v1/papers/{paper_id}/upvote",
        "DELETE /v1/papers/{paper_id}/upvote",
        "GET /api/daily_papers",
        "GET /api/papers/search",
        "GET /api/papers/{paper_id}",
        "GET /api/arxiv/{paper_id}/repos",
        "GET /papers/{paper_id}.md",
        "GET /graph/v1/paper/search",
        "GET /graph/v1/paper/search/match",
        "GET /graph/v1/paper/search/bulk",
        "POST /graph/v1/paper/batch",
        "GET /graph/v1/snippet/search",
        "GET /graph/v1/paper/{paper_id}",
        "GET /recommendations/v1/papers/forpaper/{paper_id}",
        "POST /recommendations/v1/papers/",
        "GET /healthz",
        "GET /readyz",
    }


def test_openapi_describes_our_errors(reader: TestClient) -> None:
    """Every failure that the description names has our one shape or, where another's is answered, theirs."""
    described = reader.get("/openapi.json").json()
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    failures = [
        content["schema"]["$ref"].rpartition("/")[2]
        for operation in operations
        for status, response in operation["responses"].items()
        if status >= "400"
        for content in response["content"].values()
    ]
    assert len(failures) >= 9 * 7  # nine operations under /v1, seven statuses each
    assert set(failures) == {"ErrorAnswer", "ForeignErrorAnswer"}
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_openapi_tells_where_the_key_goes(reader: TestClient) -> None:
    """The description says which operations take a key as Bearer: those that change something, and the feed."""
    described = reader.get("/openapi.json").json()
    (name, scheme), *others = described["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["scheme"], others) == ("http", "bearer", [])
    guarded = {
        f"{method.upper()} {path}": operation["security"]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if "security" in operation
    }
    assert set(guarded) == {
        "POST /v1/papers", "DELETE /v1/papers/{paper_id}", "POST /v1/papers/{paper_id}/upvote",
        "DELETE /v1/papers/{paper_id}/upvote", "GET /v1/feed",
    }  # fmt: skip
    assert all(security == [{name: []}] for security in guarded.values())


def test_openapi_tells_the_limits(reader: TestClient) -> None:
    """The description tells the limits that are enforced: of k, of the offset, of texts and of the papers' number."""
    described = reader.get("/openapi.json").json()
    fields = {field["name"]: field["schema"] for field in described["paths"]["/v1/search"]["get"]["parameters"]}
    assert (fields["k"]["minimum"], fields["k"]["maximum"], fields["k"]["default"]) == (1, 1_000, 10)
    assert (fields["offset"]["minimum"], fields["offset"]["maximum"]) == (0, 10_000)
    assert (fields["q"]["maxLength"], fields["abstract"]["maxLength"]) == (10_000, 10_000)
    assert (fields["like"]["maxItems"], fields["dislike"]["maxItems"]) == (100, 100)
    question = {"q", "abstract", "like", "dislike", "mode", "syntax", "explain"}
    question |= {"date_from", "date_to", "author", "category", "source"}
    assert set(fields) == question | {"k", "offset"}
    parameters = described["paths"]["/v1/rank"]["get"]["parameters"]
    assert {field["name"] for field in parameters} == question | {"id"}
    assert {field["name"] for field in parameters if field["required"]} == {"id"}
