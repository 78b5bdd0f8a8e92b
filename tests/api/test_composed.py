"""One question of several parts over REST, why each paper is an answer, and where a single paper stands."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import error_code
from tests.toys import PAPERS

HALF_PRECISION: Final = 2**-11
IDS: Final = tuple(paper.id for paper in PAPERS)


def ask(client: TestClient, address: str = "/search", **fields: Any) -> Any:
    response = client.get(f"/v1{address}", params=fields)
    assert response.status_code == 200, response.text
    return response.json()


def ids(answer: Any) -> list[str]:
    return [hit["paper"]["id"] for hit in answer["hits"]]


def code(client: TestClient, address: str = "/search", **fields: Any) -> tuple[int, str]:
    response = client.get(f"/v1{address}", params=fields)
    return response.status_code, error_code(response)


# Operators


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("speech", ["a", "c", "b", "10.1/d"]),
        ("speech -emotion", ["a"]),
        ("speech -emotional", ["a"]),  # in any form of the word
        ("speech -author:grace", ["c", "10.1/d"]),
        ("speech author:lovelace", ["a", "b"]),
        ('speech author:"Lovelace, Grace"', ["b"]),
        ("speech category:cs", ["a", "c", "b"]),
        ("speech -category:cs", ["10.1/d"]),
        ("speech source:toys", ["b"]),
        ("speech after:2025", ["c", "b"]),
        ("speech before:2025", ["a"]),
        ("speech after:2024-05-01 before:2025-01-02", ["a", "b"]),
        ("speech -after:2025", ["a", "10.1/d"]),  # what has no date is not after it
        ("speech id:b id:10.1/d", ["10.1/d", "b"]),  # which are as far from speech, so by id
        ('"speech and emotion"', ["c"]),
        ('face "shows EMOTION"', ["10.1/d"]),
        ('speech -"speech and"', ["a", "10.1/d", "b"]),
        ("speech author:ada -category:cs.CV after:2024", ["a"]),
    ],
)
def test_operators(reader: TestClient, q: str, expected: list[str]) -> None:
    """Operators in the text restrict what may be found, alike in an address and in a body; the total counts exactly
    the papers that pass, and nothing is to be hinted at."""
    answer = ask(reader, q=q)
    assert (ids(answer), answer["total"], answer["hints"]) == (expected, len(expected), [])
    assert reader.post("/v1/search", json={"q": q}).json()["hits"] == answer["hits"]


def test_operators_leave_the_meaning_alone(reader: TestClient) -> None:
    """What an operator takes is no part of what is looked for: without the other papers the cosines are the same."""
    free = {hit["paper"]["id"]: hit["dense"] for hit in ask(reader, q="speech", mode="dense")["hits"]}
    kept = ask(reader, q="speech author:lovelace -face", mode="dense")["hits"]
    assert [(hit["paper"]["id"], hit["dense"]) for hit in kept] == [("a", free["a"]), ("b", free["b"])]


def test_operators_and_fields_hold_together(reader: TestClient) -> None:
    """A filter in the text and one in a field both restrict."""
    answer = ask(reader, q="speech author:lovelace", category="cs.CV")
    assert (ids(answer), answer["total"]) == (["b"], 1)


def test_without_operators(reader: TestClient) -> None:
    """With `syntax` false signs are plain text: "-emotion" asks for emotion and leaves nothing out."""
    answer = ask(reader, q="-emotion author:nobody", syntax=False, mode="dense")
    assert (ids(answer)[0], answer["total"], answer["hints"]) == ("b", 4, [])


@pytest.mark.parametrize(
    ("q", "part", "says"),
    [
        ("autor:Ada speech", "autor:Ada", "author:Ada"),
        ("after:soon speech", "after:soon", "2025-06-23"),
        ("speech -", "-", "-word"),
        ("author: Ada speech", "author:", "author:value"),
        ('"speech and', '"speech', '"exact phrase"'),
        ("speech author:!", "author:!", "name"),
    ],
)
def test_a_mistake_gets_a_hint(reader: TestClient, q: str, part: str, says: str) -> None:
    """A mistake is answered as if it were plain words, and a hint names the part and what to write instead."""
    answer = ask(reader, q=q)
    (hint,) = answer["hints"]
    assert set(hint) == {"part", "message", "next_step"}
    assert (hint["part"], says in hint["next_step"]) == (part, True)
    assert answer["total"] == 4


@pytest.mark.parametrize(
    ("q", "part", "says"),
    [
        ("speech author:nobody", "author:nobody", "Check the spelling"),
        ("speech source:arxiv author:ada", "source:arxiv", "There is: toys."),
        ("speech -speech -emotion", "-speech -emotion", "Remove -emotion: 2 papers pass without it."),
        ('"speech emotion"', '"speech emotion"', "without the quotation marks"),
    ],
)
def test_an_empty_answer_says_why(reader: TestClient, q: str, part: str, says: str) -> None:
    """Where no paper passes, a hint names the filter that none passes, or the one to remove."""
    answer = ask(reader, q=q)
    (hint,) = answer["hints"]
    assert (answer["hits"], answer["total"], hint["part"]) == ([], 0, part)
    assert says in hint["next_step"]


# Papers and abstracts


def test_a_liked_paper_moves_the_question(reader: TestClient) -> None:
    """ "speech" with "emotion" liked is led by the paper of both, and the liked paper is no answer."""
    answer = ask(reader, q="speech", like="b")
    assert (ids(answer), answer["total"]) == (["c", "a", "10.1/d"], 3)
    first = answer["hits"][0]
    assert list(first["contributions"]) == ["text", "liked b"]
    assert min(first["contributions"].values()) > 0.4


def test_a_disliked_paper_moves_the_question(reader: TestClient) -> None:
    """ "speech" is (1, 0, …) and "emotion" is disliked: the row is ∝ (1, −0.15, …), so "speech" adds 1/r to its own
    paper and 1/(r√2) to "speech and emotion", and the disliked paper takes 0.15/(r√2) from the latter, r² being
    1 + 0.15²."""
    answer = ask(reader, q="speech", dislike="b", mode="dense")
    r = sqrt(1 + 0.15**2)
    assert (ids(answer), answer["total"]) == (["a", "c", "10.1/d"], 3)
    added = {hit["paper"]["id"]: list(hit["contributions"].values()) for hit in answer["hits"]}
    assert added["a"] == pytest.approx([1 / r, 0], abs=HALF_PRECISION)
    assert added["c"] == pytest.approx([1 / r / sqrt(2), -0.15 / r / sqrt(2)], abs=HALF_PRECISION)
    assert added["10.1/d"] == pytest.approx([0, -0.15 / r / sqrt(5)], abs=HALF_PRECISION)


def test_an_abstract_is_a_paper_that_is_not_here(reader: TestClient) -> None:
    """A pasted abstract asks for what a liked paper of that text asks for, but leaves that paper among the answers;
    signs in it are plain text."""
    pasted = ask(reader, abstract="emotion -speech author:nobody", mode="dense")
    assert (pasted["total"], pasted["hints"]) == (4, [])
    pasted = ask(reader, abstract="emotion", mode="dense")
    liked = ask(reader, like="b", mode="dense")
    assert ids(pasted)[0] == "b"
    scores = {hit["paper"]["id"]: hit["score"] for hit in pasted["hits"]}
    assert {hit["paper"]["id"]: hit["score"] for hit in liked["hits"]} == pytest.approx(
        {name: score for name, score in scores.items() if name != "b"}, abs=1e-6
    )


COMPOSED: Final[tuple[dict[str, Any], ...]] = (
    {"q": "speech", "like": ["b"]},
    {"q": "speech", "dislike": ["c"]},
    {"q": "face -graph", "abstract": "emotion", "like": ["a"], "dislike": ["b"]},
    {"like": ["a", "b"], "dislike": ["10.1/d"]},
    {"abstract": "speech", "dislike": ["c", "b"]},
    {"like": ["a", "b", "a"]},
)


@pytest.mark.parametrize("asked", COMPOSED)
@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_contributions_and_parts_are_sums(reader: TestClient, asked: dict[str, Any], mode: str) -> None:
    """What each part of the question adds makes the cosine, and what meaning, words and kin add makes the score; the
    papers that are named are no answers; a body asks the same."""
    answer = ask(reader, **asked, mode=mode)
    named = {*asked.get("like", ()), *asked.get("dislike", ())}
    assert set(ids(answer)) == set(IDS) - named
    for hit in answer["hits"]:
        assert len(hit["contributions"]) == len(named) + ("q" in asked) + ("abstract" in asked)
        assert sum(hit["contributions"].values()) == pytest.approx(hit["dense"], abs=1e-5)
        assert sum(hit["parts"].values()) == pytest.approx(hit["score"], abs=1e-9)
    by_body = reader.post("/v1/search", json={**asked, "mode": mode}).json()
    assert by_body["hits"] == answer["hits"]


def test_one_part_needs_no_sum(reader: TestClient) -> None:
    """A question of one part has no contributions: all of the cosine is its own."""
    for asked in ({"q": "speech"}, {"like": "a"}, {"abstract": "speech"}):
        assert all(hit["contributions"] == {} for hit in ask(reader, **asked)["hits"])


def test_papers_have_no_words(reader: TestClient) -> None:
    """By words alone liked papers count for nothing, or for all by meaning where there is no text; a hint says so."""
    for asked, ways in (({"q": "speech", "like": "b"}, (None, 1)), ({"like": "b"}, (1, None))):
        answer = ask(reader, **asked, mode="lexical")
        (hint,) = answer["hints"]
        assert hint["message"] == "Papers count by their meaning alone."
        hit = answer["hits"][0]
        assert (hit["dense"] is None, hit["lexical"] is None) == (ways[0] is None, ways[1] is None)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"author": "lovelace"}, ["b", "a"]),
        ({"q": "author:lovelace"}, ["b", "a"]),
        ({"q": "-face"}, ["c", "b", "a"]),
        ({"q": "-face", "date_from": "2025", "explain": True}, ["c", "b"]),
        ({"q": "id:10.1/d", "mode": "lexical"}, ["10.1/d"]),
        ({"category": "cs", "k": 2, "offset": 1}, ["b", "a"]),
    ],
)
def test_nothing_but_filters(reader: TestClient, asked: dict[str, Any], expected: list[str]) -> None:
    """With nothing but filters the papers that pass are listed, newest first, without scores."""
    answer = ask(reader, **asked)
    assert ids(answer) == expected
    first = asked.get("offset", 0) + 1
    assert [hit["rank"] for hit in answer["hits"]] == list(range(first, first + len(expected)))
    for hit in answer["hits"]:
        assert (hit["score"], hit["dense"], hit["lexical"]) == (None, None, None)
        assert (hit["parts"], hit["contributions"]) == ({}, {})


@pytest.mark.parametrize("address", ["/search", "/rank"])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"dislike": ["a"]}, (422, "nothing_wanted")),
        ({"dislike": ["a", "b"], "author": "ada"}, (422, "nothing_wanted")),
        ({"like": ["a"], "dislike": ["a"]}, (422, "liked_and_disliked")),
        ({"q": "speech", "like": ["b", "a"], "dislike": ["c", "a"]}, (422, "liked_and_disliked")),
        ({"like": ["nobody"]}, (404, "paper_not_found")),
        ({"q": "speech", "dislike": ["nobody"]}, (404, "paper_not_found")),
        ({"like": ["a"] * 60, "dislike": ["b"] * 41}, (422, "ids_out_of_range")),
        ({"like": ["a"] * 101}, (422, "ids_out_of_range")),
        ({"like": ["x" * 513]}, (422, "value_too_long")),
        ({"abstract": "x" * 10_001}, (422, "query_too_long")),
        ({"abstract": "x\0"}, (422, "invalid_text")),
        ({"q": "speech", "explain": "maybe"}, (422, "wrong_type")),
        ({"q": "speech", "syntax": ""}, (422, "wrong_type")),
        ({"dislike": []}, (422, "empty_query")),
    ],
)
def test_what_cannot_be_asked(
    reader: TestClient, address: str, asked: dict[str, Any], expected: tuple[int, str]
) -> None:
    """A question that wants nothing, contradicts itself or names unknown papers is refused, with its own code."""
    more = {"id": "a"} if address == "/rank" else {}
    assert code(reader, address, **asked, **more) == expected


def test_what_cannot_be_asked_for_kin(reader: TestClient) -> None:
    """Papers that are wanted far must not be among those that are wanted near, and must be there."""
    for disliked, expected in (("a", (422, "liked_and_disliked")), ("nobody", (404, "paper_not_found"))):
        response = reader.post("/v1/related", json={"ids": ["a"], "dislike": [disliked]})
        assert (response.status_code, error_code(response)) == expected


def test_kin_far_from_another(reader: TestClient) -> None:
    """Disliked papers leave the kin, and lower those that are near to them."""
    liked = {hit["paper"]["id"]: hit["score"] for hit in reader.post("/v1/related", json={"ids": ["c"]}).json()["hits"]}
    asked = {"ids": ["c"], "dislike": ["b"], "explain": True}
    answer = reader.post("/v1/related", json=asked).json()
    assert set(ids(answer)) == {"a", "10.1/d"}
    found = {hit["paper"]["id"]: hit for hit in answer["hits"]}
    assert found["a"]["score"] > liked["a"]
    assert found["10.1/d"]["contributions"]["disliked b"] < 0 == found["a"]["contributions"]["disliked b"]
    assert answer["plan"]["mode"] == "dense"
    assert found["a"]["explanation"] is not None


# Why


def test_why_a_paper(reader: TestClient) -> None:
    """On request a hit has the sentence nearest to the question, with its place and its own cosine, the words that
    both have, and the shares of the score. "face emotion" is (0, 1, 1, …)/√2, and so is the sentence."""
    hit = ask(reader, q="face emotion", mode="dense", explain=True)["hits"][0]
    assert hit["paper"]["id"] == "10.1/d"
    assert hit["explanation"] == {
        "passage": {
            "start": 0,
            "end": 21,
            "field": "abstract",
            "text": "A face shows emotion.",
            "score": pytest.approx(1),
        },
        "words": ["face", "emotion"],
        "title_matches": [{"start": 0, "end": 4, "term": "face"}],
        "abstract_matches": [{"start": 2, "end": 6, "term": "face"}, {"start": 13, "end": 20, "term": "emotion"}],
        "shares": {"meaning": 1, "words": 0, "kin": 0},
    }


LONG: Final = {
    "id": "long",
    "title": "Speech–faces: 𝒢raphs",
    "abstract": "Überall “graphs”! We look at faces. \n\nEmotional 👩‍👩‍👧 speeches show faces? Émotion, too.",
}


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "emotional speech faces"},
        {"q": '"look at faces" emotion', "mode": "lexical"},
        {"q": "the faces", "like": ["b"]},
        {"abstract": "We look at the speech of faces."},
        {"like": ["c", "b"]},
    ],
)
def test_where_the_reasons_are(client: TestClient, asked: dict[str, Any]) -> None:
    """Offsets count characters: they cut the passage and the words out of the texts as the answer has them."""
    client.post("/v1/papers", json=LONG)
    answer = ask(client, **asked, explain=True)
    assert "long" in ids(answer)
    for hit in answer["hits"]:
        why, paper = hit["explanation"], hit["paper"]
        passage = why["passage"]
        assert paper[passage["field"]][passage["start"] : passage["end"]] == passage["text"]
        for name in ("title", "abstract"):
            for match in why[f"{name}_matches"]:
                found = paper[name][match["start"] : match["end"]].casefold().replace("é", "e")
                assert found[:3] == match["term"].casefold()[:3]
                assert found.isalnum()
        assert sum(why["shares"].values()) in (pytest.approx(1), 0)


def test_the_plan(reader: TestClient) -> None:
    """With `explain` the answer says what was run: the text that was encoded, the stems, what was learned, the
    filters and each step; without it, nothing, and the hits are the same."""
    q = 'speech "speech and" -face after:2024'
    explained = ask(reader, q=q, explain=True)
    plan = explained["plan"]
    assert (plan["mode"], plan["meaning"], plan["words"]) == ("hybrid", "speech speech and", ["speech", "and"])
    assert plan["filters"] == ['"speech and"', "-face", "after:2024"]
    assert set(plan["words"]) <= set(plan["learned"])
    assert sum(plan["learned"].values()) == pytest.approx(1)
    names = [step["name"] for step in plan["steps"]]
    assert (names[0], names[-1]) == ("understand", "explain")
    assert all(step["ms"] >= 0 for step in plan["steps"])
    plain = ask(reader, q=q)
    assert plain["plan"] is None
    assert [hit | {"explanation": None} for hit in explained["hits"]] == plain["hits"]


def test_the_plan_of_a_list(reader: TestClient) -> None:
    """Where nothing is ranked, nothing is encoded or looked up."""
    plan = ask(reader, q="author:ada", explain=True)["plan"]
    assert (plan["mode"], plan["meaning"], plan["words"], plan["learned"]) == ("newest", "", [], {})
    assert plan["filters"] == ["author:ada"]


# Where a paper stands

RANKED: Final[tuple[dict[str, Any], ...]] = (
    {"q": "speech"},
    {"q": "speech emotion -graph"},
    {"q": "face emotion author:lovelace"},
    {"q": '"emotion"'},
    *COMPOSED,
)


@pytest.mark.parametrize("asked", RANKED)
@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_rank_is_the_place_in_the_list(reader: TestClient, asked: dict[str, Any], mode: str) -> None:
    """The hit of a paper is the one that paging finds; a paper that paging does not find is kept out, and told why."""
    pages = [ask(reader, **asked, mode=mode, k=1, offset=offset) for offset in range(len(IDS))]
    listed = {hit["paper"]["id"]: hit for page in pages for hit in page["hits"]}
    for name in IDS:
        standing = ask(reader, "/rank", **asked, mode=mode, id=name)
        assert standing["id"] == name
        assert name not in listed or standing["hit"] == listed[name]
        assert bool(standing["kept_out"]) == (name not in listed)
        assert standing["total"] == pages[0]["total"]
        assert standing["index_version"] == pages[0]["index_version"]


def test_rank_of_papers_far_down(client: TestClient) -> None:
    """However many papers come before it, a paper's rank is that of the whole list, ties by id included."""
    client.post("/v1/papers", json=[{"id": f"p{n:03}", "title": "face"} for n in range(150)])
    for mode in ("hybrid", "dense"):
        whole = ids(ask(client, q="speech", mode=mode, k=1_000))
        assert len(whole) == 154
        for place in (0, 9, 10, 11, 79, 80, 81, 153):
            standing = ask(client, "/rank", q="speech", mode=mode, id=whole[place])
            assert standing["hit"]["rank"] == place + 1


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ({"q": "speech -face"}, ["-face"]),
        ({"q": "speech -emotional after:2024"}, ["-emotional", "after:2024"]),
        ({"q": "speech", "date_from": "2024", "source": "toys"}, ["after:2024", "source:toys"]),
        ({"q": 'speech "a face" "emotion shows"'}, ['"emotion shows"']),
        ({"q": "speech id:a id:b"}, ["id:a id:b"]),
        ({"q": "speech -id:10.1/d"}, ["-id:10.1/d"]),
        ({"q": "speech", "like": ["10.1/d"]}, ["10.1/d"]),
        ({"q": "emotion author:nobody", "dislike": ["10.1/d"]}, ["10.1/d"]),
        ({"q": "speech", "mode": "lexical"}, [""]),  # no part of the question: all of it
    ],
)
def test_what_keeps_a_paper_out(reader: TestClient, asked: dict[str, Any], parts: list[str]) -> None:
    """Each filter, exclusion or phrase that the paper does not pass is named, as it is written in a question; so is
    the paper itself where the question is asked with it, and the words where it has none of them. Where it would be
    ranked otherwise, the place and the scores that it would have are told."""
    standing = ask(reader, "/rank", **asked, id="10.1/d")
    otherwise = ask(reader, "/search", q=asked["q"].split()[0], mode=asked.get("mode", "hybrid"))
    assert (standing["hit"] is None) == ("10.1/d" not in ids(otherwise))
    assert [each["part"] for each in standing["kept_out"]] == parts
    assert all(each["message"].endswith(".") and each["next_step"].endswith(".") for each in standing["kept_out"])


def test_rank_of_no_paper(reader: TestClient) -> None:
    """A paper that is not there has no record: that keeps it out."""
    assert code(reader, "/rank", q="speech", id="nobody") == (404, "paper_not_found")
    assert code(reader, "/rank", q="speech") == (422, "missing_field")
    assert code(reader, "/rank", id="a") == (422, "empty_query")
    assert code(reader, "/rank", q="speech", id="a", k=1) == (422, "unknown_field")


def test_rank_by_date(reader: TestClient) -> None:
    """Filters alone rank nothing, and the answer says so."""
    standing = ask(reader, "/rank", author="lovelace", id="a")
    assert standing["hit"] is None
    assert [each["message"] for each in standing["kept_out"]] == ["Filters alone order papers by date."]


def test_rank_says_what_was_run(reader: TestClient) -> None:
    """The plan is always there, the reasons of the hit on request."""
    plain = ask(reader, "/rank", q="face", id="10.1/d")
    assert (plain["plan"]["meaning"], plain["hit"]["explanation"]) == ("face", None)
    why = ask(reader, "/rank", q="face", id="10.1/d", explain=True)["hit"]["explanation"]
    assert why["words"] == ["face"]
