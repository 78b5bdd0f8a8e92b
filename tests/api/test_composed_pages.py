"""The page of a composed question: what it keeps, what it shows of the reasons, and that text stays text."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.browser import Seen, asked_by, cards, chips, held, link, said, see, submit, titles, without
from tests.api.conftest import connect
from tests.toys import PAPERS, ToyEncoder

ASKED: Final = {
    "q": 'speech -graph "of"',
    "abstract": "emotion\nand face",
    "like": ["b", "10.1/d"],
    "dislike": ["c"],
    "mode": "dense",
    "category": "cs",
}


@pytest.fixture
def many(empty: Collection, encoder: ToyEncoder) -> TestClient:
    """A client of the toy papers and of 25 others."""
    more = [Paper(f"p{n:02}", f"speech of {n}", "of speech", categories=("cs.CL",)) for n in range(25)]
    ingest(empty, encoder, [*PAPERS, *more], Report())
    return connect(empty, encoder)


def address(**fields: Any) -> str:
    return "/search?" + urlencode(fields, doseq=True)


EXPECTED: Final = {name: value if isinstance(value, list) else [value] for name, value in ASKED.items()}


def test_the_form_keeps_the_whole_question(many: TestClient) -> None:
    """Every part of a question is in the form, and sent again with it."""
    seen = see(many, address(**ASKED))
    assert held(seen) == EXPECTED
    again = submit(many, seen)
    assert (held(again), titles(again)) == (EXPECTED, titles(seen))


def test_a_new_question_keeps_the_taste(many: TestClient) -> None:
    """Another text in the box is asked with the same papers, abstract and filters."""
    assert held(submit(many, see(many, address(**ASKED)), q="face")) == EXPECTED | {"q": ["face"]}


def test_filters_belong_to_the_form(many: TestClient) -> None:
    """The fields beside the answer are sent with the question: filters and the way of searching, each once."""
    seen = submit(many, see(many, "/search?q=speech"), date_from="2025", category="cs.SD", mode="dense")
    assert titles(seen) == ["speech and emotion"]
    assert held(seen) == {"q": ["speech"], "date_from": ["2025"], "category": ["cs.SD"], "mode": ["dense"]}


def test_pages_keep_the_whole_question(many: TestClient) -> None:
    """The links to the next page and back ask the same question."""
    seen = see(many, address(**ASKED))
    assert asked_by(link(seen, "Next →")) == EXPECTED | {"offset": ["10"]}
    second = see(many, link(seen, "Next →"))
    assert asked_by(link(second, "← Previous")) == EXPECTED | {"offset": ["0"]}
    assert not set(titles(seen)) & set(titles(second))
    assert held(second) == EXPECTED  # a new question begins at its first page


def test_chips(reader: TestClient) -> None:
    """Each liked and disliked paper has a chip with its title that leads to the paper, and a link that takes it out of
    the question and begins at the first page."""
    seen = see(reader, address(q="speech", like=["b", "10.1/d"], dislike=["c"], offset="0"))
    assert chips(seen) == ["like emotion ×", "like face ×", "not like speech and emotion ×"]
    assert link(seen, "face") == "/papers/10.1%2Fd"
    assert asked_by(without(seen, "like face")) == {"q": ["speech"], "like": ["b"], "dislike": ["c"]}
    assert chips(see(reader, without(seen, "like face"))) == ["like emotion ×", "not like speech and emotion ×"]
    last = without(seen, "not like speech and emotion")
    assert asked_by(last) == {"q": ["speech"], "like": ["b", "10.1/d"]}
    assert see(reader, "/search?q=speech").all("ul", **{"class": "chips"}) == []


def test_chips_of_all_other_parts(reader: TestClient) -> None:
    """The pasted abstract and each filter have a chip; without one of them all others stay."""
    fields = {"abstract": "A face " * 20, "date_from": "2024", "date_to": "2025-06", "author": "Lovelace"}
    fields |= {"category": "cs", "source": "toys"}
    seen = see(reader, address(**fields, q="emotion", offset="0"))
    assert chips(seen) == [
        "like the text " + ("A face " * 9)[:57] + "... ×", "from 2024 ×", "to 2025-06 ×", "author Lovelace ×",
        "category cs ×", "source toys ×",
    ]  # fmt: skip
    whole = {name: [value.strip()] for name, value in fields.items()} | {"q": ["emotion"]}
    asked = [asked_by(each.attributes["href"]) for each in seen.all("a", **{"class": "off"})]
    assert asked == [{name: v for name, v in whole.items() if name != gone} for gone in fields]
    assert "open" in seen.one("details", **{"class": "narrow"}).attributes
    assert "open" not in see(reader, "/search?q=emotion").one("details", **{"class": "narrow"}).attributes


def test_the_last_chip(reader: TestClient) -> None:
    """Without its only part a question is none: all papers are listed."""
    seen = see(reader, "/search?like=b")
    assert seen.one("h1").words == "Papers for “papers to your taste”"
    assert said(see(reader, without(seen, "like emotion"))) == "Newest of 4 papers"


def test_the_last_chip_of_what_is_wanted(reader: TestClient) -> None:
    """Without anything that is wanted, what is not wanted is no question: it goes with the last liked paper."""
    bare = without(see(reader, "/search?like=b&dislike=a"), "like emotion")
    assert bare == "/search"
    assert len(cards(see(reader, bare))) == 4
    asked = without(see(reader, "/search?q=speech&like=b&dislike=a"), "like emotion")
    assert asked_by(asked) == {"q": ["speech"], "dislike": ["a"]}


def test_more_and_less_like_this(reader: TestClient) -> None:
    """Each card adds its paper to what is liked or disliked, on the first page of the new answer; that paper is no
    answer any more. Where nothing is asked there is nothing to dislike: only a script shows that."""
    seen = see(reader, "/search?q=speech&like=b&category=cs&offset=0")
    assert titles(seen)[0] == "speech and emotion"
    kept = {"q": ["speech"], "category": ["cs"]}
    assert asked_by(link(seen, "More like this")) == kept | {"like": ["b", "c"]}
    assert asked_by(link(seen, "Less like this")) == kept | {"like": ["b"], "dislike": ["c"]}
    assert titles(see(reader, link(seen, "Less like this"))) == ["speech"]
    home = see(reader, "/search?category=cs")
    assert asked_by(link(home, "More like this")) == {"like": ["c"], "category": ["cs"]}
    assert [each.attributes["class"] for each in home.all("a", **{"data-taste": "dislike"})] == ["dislike script"] * 3
    assert {each.attributes["class"] for each in seen.all("a", **{"data-taste": "dislike"})} == {"dislike"}


def test_from_a_paper_to_a_question(reader: TestClient) -> None:
    """A paper's page leads to the same kin with the form around them."""
    seen = see(reader, "/papers/10.1%2Fd")
    refined = see(reader, link(seen, "Refine these with a question and other papers"))
    assert titles(refined) == titles(seen) == ["emotion", "speech and emotion", "speech"]
    assert held(refined) == {"like": ["10.1/d"], "mode": ["hybrid"]}
    added = asked_by(link(see(reader, "/papers/10.1%2Fd"), "Less like this"))
    assert added == {"dislike": ["10.1/d"]}  # of the paper itself
    related = seen.all("a", **{"data-taste": "dislike"})[1].attributes["href"]
    assert asked_by(related) == {"like": ["10.1/d"], "dislike": ["b"]}


def test_what_each_part_adds(reader: TestClient) -> None:
    """A card tells what each part of the question adds to the cosine, papers by their titles."""
    seen = see(reader, "/search?q=speech&dislike=b&mode=dense")
    # 1/√2 and 0.15/√2, over √(1 + 0.15²)
    assert reasons(seen)[1]["Adds"] == "text +0.70, disliked emotion −0.10"
    assert all("Adds" not in each for each in reasons(see(reader, "/search?q=speech")))


def test_long_titles_are_cut(client: TestClient) -> None:
    """Where a paper is a part of the question, in its chip and among the reasons, sixty characters of its title do."""
    client.post("/v1/papers", json={"id": "long", "title": "Speech, and a word or two of " * 5})
    seen = see(client, "/search?q=speech&like=long")
    cut = ("Speech, and a word or two of " * 5)[:57] + "..."
    assert chips(seen) == [f"like {cut} ×"]
    assert reasons(seen)[0]["Adds"].split("liked ")[1].rpartition(" ")[0] == cut
    assert asked_by(without(seen, f"like {cut}")) == {"q": ["speech"]}


def test_hints_are_shown(reader: TestClient) -> None:
    """A mistake is answered, and the hint stands above the answer: the part, what came of it, what to write."""
    seen = see(reader, address(q="autor:Ada speech -"))
    assert len(titles(seen)) == 4
    assert seen.texts("p", **{"class": "hint"})[:2] == [
        "autor:Ada There is no operator 'autor'. It was read as plain words. If a filter is meant, write author:Ada.",
        "- A minus stands alone. Write it right before what is to be left out, as in -word.",
    ]
    nothing = see(reader, address(q="speech author:nobody"))
    assert said(nothing) == "No paper passes the filters"
    assert nothing.texts("p", **{"class": "hint"})[0].startswith("author:nobody No paper has an author with this name.")


def test_a_list_by_operators(reader: TestClient) -> None:
    """Filters alone, in the box, list what passes, newest first, without scores."""
    seen = see(reader, address(q="author:lovelace"))
    assert titles(seen) == ["emotion", "speech"]
    assert said(seen) == "Newest of 2 papers"
    assert seen.all("span", **{"class": "score"}) == []


def reasons(seen: Seen) -> list[dict[str, str]]:
    """What each card says of why it is there."""
    found = []
    for card in cards(seen):
        (why,) = [each for each in seen.within(card, "details") if each.attributes["class"] == "why"]
        names, texts = ([each.words for each in seen.within(why, tag)] for tag in ("dt", "dd"))
        found.append(dict(zip(names, texts, strict=True)))
    return found


def test_why_this_paper(reader: TestClient) -> None:
    """Every answer marks the words of the question in title and abstract and the sentence nearest to it; what the score
    is made of, and what was run, is folded up."""
    seen = see(reader, "/search?q=faces+emotion&mode=dense")
    assert titles(seen) == ["emotion", "speech and emotion", "face", "speech"]
    assert seen.texts("mark") == ["emotion", "emotion", "face", "face", "emotion"]
    assert seen.one("p", **{"class": "abstract tex"}).text == "A face shows emotion."
    assert [each.text for each in seen.all("mark", **{"class": "passage"})][-2:] == ["face", "emotion"]
    assert "A " in [each.text for each in seen.all("span", **{"class": "passage"})]
    assert reasons(seen)[2] == {
        "Score": "0.447: 100 % meaning",  # (0, 1, 2)/√5 and (0, 1, 0): only the model would know that faces have a face
        "Confidence": reasons(seen)[2]["Confidence"],
        "Words": "has faces, emotion",
        "Sentence": "marked above: the nearest one, cosine 0.71",
        "Alone": "by meaning 0.447 (cosine), by words – (BM25)",
    }
    assert all("open" not in each.attributes for each in seen.all("details", **{"class": "why"}))
    plan = seen.one("details", **{"class": "plan"})
    assert "open" not in plan.attributes
    terms = dict(zip(*([each.words for each in seen.within(plan, tag)] for tag in ("dt", "dd")), strict=True))
    assert (terms["mode"], terms["meaning"]) == ("dense", "faces emotion")
    assert terms["index"].startswith("version ")


def test_the_verdict_of_a_card(reader: TestClient) -> None:
    """Each card says how sure its match is, and why says it in figures; likes alone have no text to be judged by."""
    seen = see(reader, "/search?q=speech")
    verdicts = [each.words for each in seen.all("button", popovertarget="sure") if each.is_within("article")]
    assert verdicts == ["strong match", "strong match", "no good match", "no good match"]
    assert [each["Confidence"].split(", ")[1] for each in reasons(seen)] == verdicts
    assert "How sure is a match?" in seen.texts("h2")
    liked = see(reader, "/search?like=b")
    assert not [each for each in liked.all("button", popovertarget="sure") if each.is_within("article")]
    assert all("Confidence" not in each and each["Score"] for each in reasons(liked))


def test_no_good_match(reader: TestClient) -> None:
    """Where probably nothing here is about what was asked, that is said above the nearest papers, with what to try."""
    seen = see(reader, "/search?q=xyzzy&category=cs&offset=0")
    (hint,) = seen.all("div", **{"class": "hint"})
    assert hint.words.startswith("No good match. This collection probably has no paper about that")
    assert len(cards(seen)) == 3
    ways = {each.words: each.attributes["href"] for each in seen.within(hint, "a")}
    assert asked_by(ways["without filters"]) == {"q": ["xyzzy"]}
    assert asked_by(ways["by meaning alone"]) == {"q": ["xyzzy"], "category": ["cs"], "mode": ["dense"]}
    assert len(cards(see(reader, ways["without filters"]))) == 4
    plain = see(reader, "/search?q=xyzzy&mode=dense").one("div", **{"class": "hint"}).words
    assert "without filters" not in plain
    assert "by meaning alone" not in plain
    for other in ("/search?q=speech", "/search?like=b", "/search?category=cs", "/search?q=xyzzy&source=nowhere"):
        assert see(reader, other).all("div", **{"class": "hint"}) == []


def test_a_plan_of_everything(reader: TestClient) -> None:
    """What was run is all there: the text, the stems, what was learned, the filters, the steps."""
    seen = see(reader, address(q="face -graph category:cs"))
    plan = seen.one("details", **{"class": "plan"})
    names, texts = ([each.words for each in seen.within(plan, tag)] for tag in ("dt", "dd"))
    assert names[:6] == ["mode", "meaning", "words", "learned", "filters", "understand"]
    terms = dict(zip(names, texts, strict=True))
    assert (terms["words"], terms["filters"]) == ("face", "-graph category:cs")
    assert "face 0." in terms["learned"]
    assert see(reader, "/search").all("details", **{"class": "plan"}) == []


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("like=nobody", 404, "No paper has the id 'nobody'."),
        ("q=speech&dislike=nobody", 404, "No paper has the id 'nobody'."),
        ("like=a&dislike=a", 422, "'a' is both liked and disliked."),
        ("dislike=a", 422, "The question says only what is not wanted."),
        ("abstract=" + "x" * 10_001, 422, "The pasted abstract has 10,001 characters."),
        ("abstract=%00x", 422, "The pasted abstract holds NUL or half a surrogate pair."),
        ("&".join(f"like={n}" for n in range(101)), 422, "101 papers are liked or disliked."),
    ],
)
def test_what_cannot_be_asked(reader: TestClient, query: str, status: int, message: str) -> None:
    """A composed question that cannot be answered gets a page that says why, and keeps what was asked."""
    seen = see(reader, f"/search?{query}", status)
    assert seen.one("h1").text == message
    liked = [value for name, value in (part.split("=") for part in query.split("&")) if name == "like"]
    assert [box.attributes["value"] for box in seen.all("input", name="like")] == liked
    assert len(chips(seen)) == query.count("like=") + ("abstract=" in query)


def test_out_of_a_question_with_a_paper_that_is_gone(client: TestClient) -> None:
    """Where a liked paper was removed, its chip still takes it out of the question."""
    client.delete("/v1/papers/b")
    seen = see(client, "/search?q=speech&like=b", 404)
    assert titles(see(client, without(seen, "like b")))[0] == "speech"


@pytest.mark.parametrize(
    "query",
    [
        "like", "like=", "like=&like=+", "dislike=%20", "explain=2", "explain=", "explain=1", "abstract=", "q=&like=a",
        "like=a&like=a&like=a", "syntax=0&q=speech", "offset=00&like=a", "q=%22", "q=-", "q=-%22%22", "q=author:",
        "q=" + "%22a%22+" * 100, "q=" + "-a+" * 100, "q=id:" + "x" * 600, "explain=1&offset=10000&q=speech",
        "like%5B%5D=a&q=speech", "LIKE=a", "k=0&q=speech", "id=a&q=speech", "explain=1&q=a&explain=0",
    ],
)  # fmt: skip
def test_odd_addresses(reader: TestClient, query: str) -> None:
    """What can be understood is answered: an odd or repeated field, and any mistake in the text, is no failure."""
    see(reader, f"/search?{query}")
