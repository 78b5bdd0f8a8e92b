"""Semantic Scholar's shape over toy papers: fields, filters, boolean questions, pages, and refusals in its words."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.routes import semantic_scholar
from api.routes.semantic_scholar import PAGE, likeness
from api.s2 import paging
from api.s2.boolean import matching
from api.s2.errors import Refused
from indexer.collection import Collection
from indexer.filters import Condition
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from indexer.selection import Keys
from tests.api.conftest import connect
from tests.conftest import SHARED
from tests.toys import ToyEncoder

SHA = "2d5673caa9e6af3a7b82a43f19ee920992db07ad"
PAPERS = (
    Paper("1706.03762", "Speech is all you need", "A speech. It is long.", ("Ada Bee", "Cy Dee"),
          published="2017-06-12", categories=("cs.CL", "stat.ML"), venue="NeurIPS", url="https://arxiv.org/abs/1706.03762"),
    Paper("turing", "Computing emotion and speech", published="1950-10", venue="Mind", categories=("Philosophy",),
          identifiers=("doi:10.1093/mind/lix.236.433", "corpusid:14636783", f"s2:{SHA}", "pmid:123", "pmc:PMC9",
                       "acl:P19-1001")),
    Paper("faces", "Faces of fish ladders", "A fish ladder shows a face.", published="2019", venue="Nature"),
    Paper("nobody", "graph"),
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("s2") / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    with connect(collection, encoder) as client:
        yield client


def ask(client: TestClient, address: str, **parameters: object) -> Any:
    response = client.get(address, params={name: str(value) for name, value in parameters.items()})
    assert response.status_code == 200, response.text
    return response.json()


def refused(client: TestClient, address: str, status: int = 400) -> str:
    response = client.get(address)
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    return str(response.json()["error"])


# Papers


@pytest.mark.parametrize(
    "name",
    [
        "turing", SHA, "DOI:10.1093/MIND/LIX.236.433", "doi:10.1093/mind/lix.236.433", "CorpusId:14636783", "PMID:123",
        "PMCID:PMC9", "PMCID:9", "ACL:P19-1001", "URL:https://doi.org/10.1093/mind/lix.236.433",
    ],
)  # fmt: skip
def test_a_paper_is_found_by_any_of_its_names(client: TestClient, name: str) -> None:
    """Theirs with a prefix, their own number, an address, and ours; without fields its id and title."""
    assert ask(client, f"/graph/v1/paper/{name}") == {"paperId": SHA, "title": "Computing emotion and speech"}


def test_arxiv_ids_are_found_without_their_version(client: TestClient) -> None:
    """As `ARXIV:`, as an address, and bare."""
    for name in ("ARXIV:1706.03762", "arXiv:1706.03762v5", "URL:https://arxiv.org/abs/1706.03762", "1706.03762"):
        assert ask(client, f"/graph/v1/paper/{name}")["paperId"] == "1706.03762"


def test_every_field(client: TestClient) -> None:
    """What is known, in their order and types; what cannot be known here is null, and an empty venue is a text."""
    fields = (
        "title,abstract,externalIds,corpusId,url,venue,year,publicationDate,authors,fieldsOfStudy,s2FieldsOfStudy,"
        "citationCount,referenceCount,influentialCitationCount,isOpenAccess,openAccessPdf,journal,publicationVenue,"
        "publicationTypes,citationStyles,citations,references,embedding,tldr,textAvailability"
    )
    found = ask(client, "/graph/v1/paper/1706.03762", fields=fields)
    unknown = {
        "citationCount", "referenceCount", "influentialCitationCount", "isOpenAccess", "openAccessPdf", "journal",
        "publicationVenue", "publicationTypes", "citationStyles", "citations", "references", "embedding", "tldr",
    }  # fmt: skip
    assert {name for name, value in found.items() if value is None} == unknown | {"corpusId"}
    assert {name: value for name, value in found.items() if value is not None} == {
        "paperId": "1706.03762",
        "externalIds": {"ArXiv": "1706.03762"},
        "url": "https://arxiv.org/abs/1706.03762",
        "title": "Speech is all you need",
        "abstract": "A speech. It is long.",
        "venue": "NeurIPS",
        "year": 2017,
        "fieldsOfStudy": ["Computer Science", "Mathematics"],
        "s2FieldsOfStudy": [
            {"category": "Computer Science", "source": "external"}, {"category": "Mathematics", "source": "external"},
        ],
        "publicationDate": "2017-06-12",
        "authors": [{"authorId": None, "name": "Ada Bee"}, {"authorId": None, "name": "Cy Dee"}],
        "textAvailability": "abstract",
    }  # fmt: skip
    other = ask(client, "/graph/v1/paper/turing", fields="externalIds,publicationDate,year,corpusId,abstract")
    assert other == {
        "paperId": SHA,
        "corpusId": 14636783,
        "externalIds": {
            "DOI": "10.1093/mind/lix.236.433", "ACL": "P19-1001", "PubMed": "123", "PubMedCentral": "9",
            "CorpusId": 14636783,
        },
        "abstract": None,
        "year": 1950,
        "publicationDate": None,
    }  # fmt: skip


def test_parts_of_authors(client: TestClient) -> None:
    """The id always, and of the rest what is asked for: names are all that is known of people."""
    found = ask(client, "/graph/v1/paper/1706.03762", fields="authors.name,authors.hIndex")
    assert found == {
        "paperId": "1706.03762",
        "authors": [
            {"authorId": None, "name": "Ada Bee", "hIndex": None}, {"authorId": None, "name": "Cy Dee", "hIndex": None},
        ],
    }  # fmt: skip


def recorded(name: str) -> dict[str, Any]:
    path = SHARED / "formats" / "s2" / f"{name}.json"
    if not path.exists():
        pytest.skip("the recorded answers are not beside this checkout")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_recorded_fields_are_all_known(client: TestClient) -> None:
    """Every field that their recorded answers have may be asked for, and comes in their order."""
    known = recorded("Paper")
    found = ask(client, "/graph/v1/paper/turing", fields=",".join(known))
    assert list(found) == list(known)


@pytest.mark.parametrize(
    ("address", "parameters", "name"),
    [
        ("/graph/v1/paper/search", {"limit": 2}, "test_search_paper_next_page__0_200"),
        ("/graph/v1/paper/search", {"year": 1800}, "test_empty_paginated_results__0_200"),
        ("/graph/v1/paper/search", {"year": 2017}, "test_search_paper_year__0_200"),
        ("/graph/v1/paper/search/match", {}, "test_search_paper_match_title__0_200"),
        ("/graph/v1/paper/search/bulk", {}, "test_search_paper_bulk_retrieval_sorted_results_asc__3_200"),
        ("/graph/v1/snippet/search", {}, "test_search_snippet__0_200"),
        ("/recommendations/v1/papers/forpaper/turing", {}, "test_get_recommended_papers__0_200"),
    ],
)
def test_answers_have_the_recorded_keys(
    client: TestClient, address: str, parameters: dict[str, object], name: str
) -> None:
    """The keys around the papers, and for snippets those within, in the order of the recorded answers."""
    theirs, query = recorded(name), "Speech is all you need"
    ours = ask(client, address, query="speech" if address.endswith("bulk") else query, **parameters)
    assert list(ours) == list(theirs)
    if "snippet" in address:
        one, other = ours["data"][0], theirs["data"][0]
        assert list(one) == list(other)
        assert [list(one[part]) for part in ("snippet", "paper")] == [
            list(other[part]) for part in ("snippet", "paper")
        ]


# Search


def test_search_has_pages(client: TestClient) -> None:
    """`next` leads from page to page until there are none."""
    first = ask(client, "/graph/v1/paper/search", query="speech", limit=3)
    assert (first["total"], first["offset"], first["next"], len(first["data"])) == (4, 0, 3, 3)
    assert {paper["paperId"] for paper in first["data"][:2]} == {"1706.03762", SHA}
    last = ask(client, "/graph/v1/paper/search", query="speech", limit=3, offset=3)
    assert ("next" in last, len(last["data"])) == (False, 1)
    assert ask(client, "/graph/v1/paper/search", query="speech", offset=9) == {"total": 4, "offset": 9}
    assert ask(client, "/graph/v1/paper/search", query="speech", year=1800) == {"total": 0, "offset": 0}


def test_no_page_is_named_that_is_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their client asks for `next` with the same limit: where that would reach too far, `next` is left out."""
    monkeypatch.setattr(semantic_scholar, "REACH", 3)
    assert ask(client, "/graph/v1/paper/search", query="speech", limit=1)["next"] == 1
    assert ask(client, "/graph/v1/paper/search", query="speech", limit=1, offset=1)["next"] == 2
    assert "next" not in ask(client, "/graph/v1/paper/search", query="speech", limit=1, offset=2)
    assert "next" not in ask(client, "/graph/v1/paper/search", query="speech", limit=2)
    assert refused(client, "/graph/v1/paper/search?query=speech&limit=2&offset=2") == (
        "offset + limit must be between 1 and 3"
    )


@pytest.mark.parametrize("query", ["-speech", '"emotion"', "id:turing speech", "before:1990 speech"])
def test_relevance_search_knows_no_operators(client: TestClient, query: str) -> None:
    """Their search takes plain words: nothing in them keeps a paper out, as it would in our own search."""
    assert ask(client, "/graph/v1/paper/search", query=query)["total"] == 4
    assert len(ask(client, "/graph/v1/snippet/search", query=query)["data"]) == 4


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"year": "2017"}, {"1706.03762"}),
        ({"year": "2017-2019"}, {"1706.03762", "faces"}),
        ({"year": "-1950"}, {SHA}),
        ({"year": "2018-"}, {"faces"}),
        ({"publicationDateOrYear": "2017-06-12"}, {"1706.03762"}),
        ({"publicationDateOrYear": "1950-10:2017-06"}, {SHA, "1706.03762"}),
        ({"publicationDateOrYear": ":1950"}, {SHA}),
        ({"publicationDateOrYear": "2017-06-13:"}, {"faces"}),
        ({"venue": "nature,Mind"}, {"faces", SHA}),
        ({"fieldsOfStudy": "Computer Science"}, {"1706.03762"}),
        ({"fieldsOfStudy": "Philosophy,Mathematics"}, {SHA, "1706.03762"}),
        ({"fieldsOfStudy": "Physics"}, set()),
        ({"year": "2017", "venue": "Mind"}, set()),
    ],
)
def test_filters(client: TestClient, parameters: dict[str, str], found: set[str]) -> None:
    """Years and days, one or from-to or open; any of several venues or fields; all of them together. Alike in bulk."""
    for address in ("/graph/v1/paper/search", "/graph/v1/paper/search/bulk"):
        body = ask(client, address, **({"query": "speech"} if address.endswith("search") else {}), **parameters)
        assert {paper["paperId"] for paper in body.get("data", [])} == found
        assert body["total"] == len(found)


def test_a_title_is_matched(client: TestClient) -> None:
    """The nearest title with its score, if it is near: nothing is made of a title that is not here."""
    (found,) = ask(client, "/graph/v1/paper/search/match", query="Speech is all you need!", fields="year")["data"]
    assert (found["paperId"], found["year"]) == ("1706.03762", 2017)
    assert found["matchScore"] > 0
    assert refused(client, "/graph/v1/paper/search/match?query=Fish+are+all+we+want", 404) == "Title match not found"
    assert likeness("Speech is all", "SPEECH: is, all!") == 1
    assert likeness("speech is all", "speech") == 0.5


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("speech", {"1706.03762", SHA}),
        ("speech emotion", {SHA}),
        ("speech -emotion", {"1706.03762"}),
        ('"fish ladder"', {"faces"}),
        ('"ladder fish"', set()),
        ("graph | face", {"nobody", "faces"}),
        ("(graph | speech) -emotion", {"nobody", "1706.03762"}),
        ("-speech", {"faces", "nobody"}),
        ("-(speech | graph)", {"faces"}),
        ("fishes + ladder", {"faces"}),
        ("text-to-speech", set()),
        ("?!", {"1706.03762", SHA, "faces", "nobody"}),
    ],
)
def test_bulk_search_is_boolean(client: TestClient, query: str, found: set[str]) -> None:
    """Words side by side are all wanted, in any form; or, not, phrases and groups."""
    body = ask(client, "/graph/v1/paper/search/bulk", query=query)
    assert ({paper["paperId"] for paper in body["data"]}, body["total"]) == (found, len(found))


def test_bulk_search_is_sorted(client: TestClient) -> None:
    """By id, or by day: papers without one come first."""
    for sort, expected in [
        ("paperId", ["1706.03762", "faces", "nobody", "turing"]),
        ("paperId:desc", ["turing", "nobody", "faces", "1706.03762"]),
        ("publicationDate:asc", ["nobody", "turing", "1706.03762", "faces"]),
        ("publicationDate:desc", ["faces", "1706.03762", "turing", "nobody"]),
    ]:
        data = ask(client, "/graph/v1/paper/search/bulk", sort=sort)["data"]
        assert [paper["paperId"].replace(SHA, "turing") for paper in data] == expected


@pytest.mark.parametrize("sort", ["paperId:asc", "paperId:desc", "publicationDate:asc", "publicationDate:desc"])
def test_tokens_lead_through_all_papers(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """Pages make up the whole, each paper once, also where one is removed in between. A page has a thousand papers,
    and here fifty."""
    assert PAGE == 1_000
    page = 50
    monkeypatch.setattr(semantic_scholar, "PAGE", page)
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("bulk") / "collection", encoder.identity)
    papers = [Paper(f"p{n:04}", f"speech {n}", published=f"20{n % 7:02}-01") for n in range(2 * page + 5)]
    ingest(collection, encoder, papers, Report())
    with connect(collection, encoder) as client:
        found, token = [], None
        while True:
            parameters = {"query": "speech", "sort": sort} | ({"token": token} if token else {})
            body = ask(client, "/graph/v1/paper/search/bulk", **parameters)
            found += [paper["paperId"] for paper in body["data"]]
            if token is None:
                client.delete(f"/v1/papers/{found[0]}")  # behind us: nothing that follows moves
            token = body.get("token")
            if token is None:
                break
        assert len(found) == len(set(found)) == 2 * page + 5
        ordered = sorted(papers, key=lambda paper: paper.id if sort.startswith("paperId") else (paper.day, paper.id))
        assert found == [paper.id for paper in (ordered[::-1] if sort.endswith("desc") else ordered)]


def test_snippets_are_sentences(client: TestClient) -> None:
    """The sentence that is nearest, with its place in the abstract or the title."""
    body = ask(client, "/graph/v1/snippet/search", query="speech", limit=2)
    assert set(body) == {"data", "retrievalVersion"}
    for found in body["data"]:
        assert set(found) == {"snippet", "score", "paper"}
        assert set(found["paper"]) == {"corpusId", "title", "authors", "openAccessInfo"}
        snippet = found["snippet"]
        paper = next(paper for paper in PAPERS if paper.title == found["paper"]["title"])
        start, end = snippet["snippetOffset"]["start"], snippet["snippetOffset"]["end"]
        assert getattr(paper, snippet["snippetKind"])[start:end] == snippet["text"]
    only = ask(
        client, "/graph/v1/snippet/search", query="speech", paperIds="CorpusId:14636783,DOI:10.1093/mind/lix.236.433"
    )
    assert [found["paper"]["corpusId"] for found in only["data"]] == ["14636783"]
    by = ask(client, "/graph/v1/snippet/search", query="speech", authors="Ada Bee,Dee")
    assert [found["paper"]["title"] for found in by["data"]] == ["Speech is all you need"]


def test_parts_of_snippets(client: TestClient) -> None:
    """Those that are asked for; score and paper always; of a nested part the whole."""
    fields = "snippet.text,snippet.annotations.sentences"
    for found in ask(client, "/graph/v1/snippet/search", query="speech", fields=fields)["data"]:
        assert list(found) == ["snippet", "score", "paper"]
        assert list(found["snippet"]) == ["text", "annotations"]
        assert found["snippet"]["annotations"]["sentences"] == [{"start": 0, "end": len(found["snippet"]["text"])}]


def test_batch_keeps_the_order(client: TestClient) -> None:
    """Null stands for a paper that is not here."""
    names = {"ids": ["ARXIV:1706.03762", "DOI:10.9999/none", "turing", ""]}
    response = client.post("/graph/v1/paper/batch?fields=year", json=names)
    assert response.json() == [{"paperId": "1706.03762", "year": 2017}, None, {"paperId": SHA, "year": 1950}, None]


def test_recommendations_are_kin(client: TestClient) -> None:
    """Of one paper or several, without them, far from others; as many as are asked for."""
    body = ask(client, "/recommendations/v1/papers/forpaper/ARXIV:1706.03762", limit=2)
    assert list(body) == ["recommendedPapers"]
    assert body["recommendedPapers"][0]["paperId"] == SHA
    assert len(body["recommendedPapers"]) == 2
    for address in ("/recommendations/v1/papers/", "/recommendations/v1/papers"):
        several = client.post(address, json={"positivePaperIds": ["turing"], "negativePaperIds": ["faces"]}).json()
        assert several["recommendedPapers"][0] == {"paperId": "1706.03762", "title": "Speech is all you need"}
        assert {paper["paperId"] for paper in several["recommendedPapers"]} == {"1706.03762", "nobody"}


# Refusals


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/graph/v1/paper/turing?fields=title,x,authors.y", "Unrecognized or unsupported fields: [x, authors.y]"),
        ("/graph/v1/paper/search?query=a&fields=bad", "Unrecognized or unsupported fields: [bad]"),
        ("/graph/v1/paper/search?query=a&limit=101", "limit must be between 1 and 100"),
        ("/graph/v1/paper/search?query=a&offset=950&limit=100", "offset + limit must be between 1 and 1000"),
        ("/graph/v1/paper/search?query=a&minCitationCount=5", "minCitationCount is not supported"),
        ("/graph/v1/paper/search?query=a&openAccessPdf", "openAccessPdf is not supported"),
        ("/graph/v1/paper/search?query=a&publicationTypes=Review", "publicationTypes is not supported"),
        ("/graph/v1/paper/search?query=a&year=soon", "year is not a date or a range of dates: soon"),
        ("/graph/v1/paper/search?query=a&publicationDateOrYear=:", "publicationDateOrYear is not a date"),
        ("/graph/v1/paper/search?query=a&publicationDateOrYear=2020-02-30", "publicationDateOrYear is not a date"),
        ("/graph/v1/paper/search?query=a&fieldsOfStudy=Magic", "Unrecognized or unsupported fieldsOfStudy: [Magic]"),
        ("/graph/v1/paper/search", "The field 'query' is missing."),
        ("/graph/v1/paper/search?query=", "The question is empty."),
        (
            "/graph/v1/paper/search/bulk?sort=citationCount:desc",
            "Unrecognized or unsupported sort: [citationCount:desc]",
        ),
        ("/graph/v1/paper/search/bulk?query=fish*", "query has fish*: beginnings of words and distances are not"),
        ("/graph/v1/paper/search/bulk?query=(fish", "query has an opening parenthesis too many"),
        ("/graph/v1/paper/search/bulk?query=fish)", "query has a closing parenthesis too many"),
        ("/graph/v1/paper/search/bulk?query=fish+-", "query ends behind a minus"),
        ("/graph/v1/paper/search/bulk?query=" + "a|" * 40, "query has more than 64 parts"),
        ("/graph/v1/paper/search/bulk?query=" + "a" * 600, "The word filter is longer than 512 characters."),
        ("/graph/v1/paper/search/bulk?query=%22" + "a+" * 300 + "%22", "The phrase filter is longer than 512"),
        ("/graph/v1/paper/search/bulk?query=fish%01", "The word filter holds control characters."),
        ("/graph/v1/paper/search/bulk?token=abc", "token is not one of ours"),
        ("/graph/v1/paper/search?query=+&year=2017", "The question is empty."),
        ("/graph/v1/snippet/search?query=+&year=2017", "The question is empty."),
        ("/graph/v1/snippet/search?query=a&fields=snippet.text,bad", "Unrecognized or unsupported fields: [bad]"),
        ("/recommendations/v1/papers/forpaper/turing?limit=501", "limit must be between 1 and 500"),
    ],
)
def test_refusals_are_in_their_words(client: TestClient, address: str, message: str) -> None:
    """Status 400, and the one field that their clients read."""
    assert message in refused(client, address)


@pytest.mark.parametrize(
    "token",
    ["", "=", "é", *(urlsafe_b64encode(text).decode() for text in (
        b"\xff", b"{}", b"3", b"[1, 2, 3]", b'["paperId:asc", "", "a", "b"]', b'["paperId:asc", "", "\\ud800"]',
        b'["paperId:asc", "\\u0000", "a"]', b"[" * 20_000,
    ))],
)  # fmt: skip
def test_tokens_of_others_are_refused(client: TestClient, token: str) -> None:
    """Whatever they hold, also what could not be looked up."""
    answer = client.get("/graph/v1/paper/search/bulk", params={"token": token})
    assert (answer.status_code, answer.json()) == (400, {"error": "token is not one of ours"})


def test_a_token_is_of_one_sort(client: TestClient) -> None:
    """The last paper of a page in one order says nothing of another."""
    token = paging.write("paperId:desc", ("", "faces"))
    answer = client.get("/graph/v1/paper/search/bulk", params={"token": token, "sort": "paperId:asc"})
    assert (answer.status_code, answer.json()) == (400, {"error": "token is of another sort: paperId:desc"})
    found = ask(client, "/graph/v1/paper/search/bulk", token=token, sort="paperId:desc")
    assert [paper["paperId"] for paper in found["data"]] == ["1706.03762"]


def test_what_is_not_here_is_not_found(client: TestClient) -> None:
    """Papers, and addresses that nobody serves."""
    assert refused(client, "/graph/v1/paper/0", 404) == "Paper with id 0 not found"
    assert refused(client, "/graph/v1/paper/DOI:10.1/x", 404) == "Paper with id DOI:10.1/x not found"
    assert refused(client, "/recommendations/v1/papers/forpaper/0", 404) == "Paper with id 0 not found"
    assert "nothing at this address" in refused(client, "/graph/v1/author/1", 404)
    answer = client.post("/recommendations/v1/papers/", json={"positivePaperIds": [], "negativePaperIds": ["turing"]})
    assert (answer.status_code, answer.json()) == (400, {"error": "No positive paper examples given"})
    answer = client.post("/graph/v1/paper/batch", json={"ids": ["0"] * 501})
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


# Boolean questions against a slow look

WORDS = {"a": {1, 2, 3}, "b": {2, 3, 4}, "c": {5}}
ALL = frozenset(range(1, 7))


def look(condition: Condition) -> Keys:
    return np.array(sorted(WORDS[condition.value]), dtype=np.int64)


QUESTIONS = st.recursive(
    st.sampled_from(sorted(WORDS)).map(lambda word: (word, frozenset(WORDS[word]))),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: (f"({p[0][0]} {p[1][0]})", p[0][1] & p[1][1])),
        st.tuples(inner, inner).map(lambda p: (f"({p[0][0]}|{p[1][0]})", p[0][1] | p[1][1])),
        inner.map(lambda one: (f"-{one[0]}" if one[0][0] != "-" else f"-({one[0]})", ALL - one[1])),
    ),
    max_leaves=8,
)


@given(QUESTIONS)
def test_boolean_questions_mean_sets(question: tuple[str, frozenset[int]]) -> None:
    """And is what both have, or what either has, not what is left of all."""
    text, expected = question
    found = matching(text, look, lambda: np.array(sorted(ALL), dtype=np.int64))
    assert found.tolist() == sorted(expected), text


@given(st.text(alphabet='abc ()|-+"*~?', max_size=30))
def test_any_text_is_answered_or_refused(text: str) -> None:
    """Never anything else."""
    try:
        found = matching(text, lambda c: look(c) if c.value in WORDS else np.array([], dtype=np.int64),
                         lambda: np.array(sorted(ALL), dtype=np.int64))  # fmt: skip
    except Refused:
        return
    assert set(found.tolist()) <= ALL
