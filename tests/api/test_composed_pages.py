"""The page of a composed question: what it keeps, what it shows of the reasons, and that text stays text."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.browser import Seen, see, submit, titles
from tests.api.conftest import connect
from tests.toys import PAPERS, ToyEncoder

ASKED: Final = {
    "q": 'speech -graph "of"',
    "abstract": "emotion\nand face",
    "like": ["b", "10.1/d"],
    "dislike": ["c"],
    "explain": "1",
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


def held(seen: Seen) -> dict[str, list[str]]:
    """What the form holds, apart from what is empty."""
    found: dict[str, list[str]] = {}
    for box in seen.all("input"):
        if box.attributes["value"]:
            found.setdefault(box.attributes["name"], []).append(box.attributes["value"])
    found |= {area.attributes["name"]: [area.text] for area in seen.all("textarea") if area.text}
    found["mode"] = [each.attributes["value"] for each in seen.all("option") if "selected" in each.attributes]
    return found


def asked_by(href: str) -> dict[str, list[str]]:
    target = urlsplit(href)
    assert (target.scheme, target.netloc, target.path) == ("", "", "/")
    return parse_qs(target.query)


def link(seen: Seen, text: str) -> str:
    """Where the first link with this text leads."""
    return next(each.attributes["href"] for each in seen.all("a") if " ".join(each.text.split()) == text)


EXPECTED: Final = {name: value if isinstance(value, list) else [value] for name, value in ASKED.items()}


def test_the_form_keeps_the_whole_question(many: TestClient) -> None:
    """Every part of a question is in the form, and sent again with it."""
    seen = see(many, address(**ASKED))
    assert held(seen) == EXPECTED
    again = submit(many, seen)
    assert (held(again), titles(again)) == (EXPECTED, titles(seen))


def test_a_new_question_keeps_the_taste(many: TestClient) -> None:
    """Another text in the box is asked with the same papers, abstract and filters, and explained as before."""
    seen = submit(many, see(many, address(**ASKED)), q="face")
    assert held(seen) == EXPECTED | {"q": ["face"]}
    assert seen.all("details", **{"class": "plan"})


def test_pages_keep_the_whole_question(many: TestClient) -> None:
    """The links to the next page and back ask the same question."""
    seen = see(many, address(**ASKED))
    assert asked_by(link(seen, "Next →")) == EXPECTED | {"offset": ["10"]}
    second = see(many, link(seen, "Next →"))
    assert asked_by(link(second, "← Previous")) == EXPECTED | {"offset": ["0"]}
    assert not set(titles(seen)) & set(titles(second))
    assert held(second) == EXPECTED  # a new question begins at its first page


def test_chips(reader: TestClient) -> None:
    """Each liked and disliked paper has a chip that leads to the paper, and a link that takes it out of the question
    and begins at the first page."""
    seen = see(reader, address(q="speech", like=["b", "10.1/d"], dislike=["c"], offset="0"))
    assert seen.texts("span", **{"class": "chip"}) == ["like b ×", "like 10.1/d ×", "not like c ×"]
    assert link(seen, "10.1/d") == "/papers/10.1%2Fd"
    (without,) = (each.attributes["href"] for each in seen.all("a", **{"aria-label": "Without 10.1/d"}))
    assert asked_by(without) == {"q": ["speech"], "like": ["b"], "dislike": ["c"]}
    assert see(reader, without).texts("span", **{"class": "chip"}) == ["like b ×", "not like c ×"]
    (last,) = (each.attributes["href"] for each in seen.all("a", **{"aria-label": "Without c"}))
    assert asked_by(last) == {"q": ["speech"], "like": ["b", "10.1/d"]}
    assert see(reader, "/search?q=speech").all("span", **{"class": "chip"}) == []


def test_the_last_chip(reader: TestClient) -> None:
    """Without its only part a question is none: the newest papers are listed."""
    seen = see(reader, "/search?like=b")
    (without,) = (each.attributes["href"] for each in seen.all("a", **{"aria-label": "Without b"}))
    assert see(reader, without).texts("p", **{"class": "summary"}) == ["4 papers, newest first"]


def test_more_and_less_like_this(reader: TestClient) -> None:
    """Each card adds its paper to what is liked or disliked, on the first page of the new answer; that paper is no
    answer any more. Where nothing is asked there is nothing to dislike."""
    seen = see(reader, "/search?q=speech&like=b&category=cs&explain=1")
    assert titles(seen)[0] == "speech and emotion"
    kept = {"q": ["speech"], "category": ["cs"], "explain": ["1"]}
    assert asked_by(link(seen, "More like this")) == kept | {"like": ["b", "c"]}
    assert asked_by(link(seen, "Less like this")) == kept | {"like": ["b"], "dislike": ["c"]}
    assert titles(see(reader, link(seen, "Less like this"))) == ["speech"]
    home = see(reader, "/search?category=cs")
    assert asked_by(link(home, "More like this")) == {"like": ["c"], "category": ["cs"]}
    assert "Less like this" not in home.texts("a")
    assert "Less like this" in see(reader, "/search?like=c").texts("a")


def test_from_a_paper_to_a_question(reader: TestClient) -> None:
    """A paper's page leads to the same kin with the form around them."""
    seen = see(reader, "/papers/10.1%2Fd")
    refined = see(reader, link(seen, "Refine these with a question and other papers"))
    assert titles(refined) == titles(seen)[1:]
    assert held(refined) == {"like": ["10.1/d"], "mode": ["hybrid"]}


def test_what_each_part_adds(reader: TestClient) -> None:
    """A card tells what each part of the question adds to the cosine; long ids are cut."""
    seen = see(reader, "/search?q=speech&dislike=b&mode=dense")
    card = seen.all("p", **{"class": "why"})[1]
    assert " ".join(card.text.split()) == "text +0.70 disliked b −0.10"  # 1/√2 and 0.15/√2, over √(1 + 0.15²)
    assert see(reader, "/search?q=speech").all("p", **{"class": "why"}) == []


def test_hints_are_shown(reader: TestClient) -> None:
    """A mistake is answered, and the hint stands above the answer: the part, what came of it, what to write."""
    seen = see(reader, address(q="autor:Ada speech -"))
    assert len(titles(seen)) == 4
    assert seen.texts("p", **{"class": "hint"})[:2] == [
        "autor:Ada There is no operator 'autor'. It was read as plain words. If a filter is meant, write author:Ada.",
        "- A minus stands alone. Write it right before what is to be left out, as in -word.",
    ]
    nothing = see(reader, address(q="speech author:nobody"))
    assert nothing.texts("p", **{"class": "summary"}) == ["No paper passes the filters"]
    assert nothing.texts("p", **{"class": "hint"})[0].startswith("author:nobody No paper has an author with this name.")


def test_a_list_by_operators(reader: TestClient) -> None:
    """Filters alone, in the box, list what passes, newest first, without scores."""
    seen = see(reader, address(q="author:lovelace"))
    assert titles(seen) == ["emotion", "speech"]
    assert seen.texts("p", **{"class": "summary"})[0].startswith("Newest of 2 papers")
    assert seen.all("span", **{"class": "score"}) == []


def test_why_these(reader: TestClient) -> None:
    """ "Why these?" marks the words of the question in title and abstract and the sentence nearest to it, tells what
    the score is made of, and folds up what was run; "Without reasons" leads back."""
    plain = see(reader, "/search?q=faces+emotion&mode=dense&k=1")
    assert (plain.all("mark"), plain.all("details", **{"class": "plan"})) == ([], [])
    assert plain.all("span", **{"class": "passage"}) == []
    seen = see(reader, link(plain, "Why these?"))
    cards = seen.texts("article")
    assert [card.split()[0] for card in cards] == ["emotion", "speech", "face", "speech"]
    assert seen.texts("mark") == ["emotion", "emotion", "face", "face", "emotion"]
    abstract = seen.one("p", **{"class": "abstract whole"})
    assert abstract.text == "A face shows emotion."
    assert [each.text for each in seen.all("mark", **{"class": "passage"})][-2:] == ["face", "emotion"]
    assert "A " in [each.text for each in seen.all("span", **{"class": "passage"})]
    assert "100 % meaning has faces, emotion nearest sentence 0.71" in seen.texts("p", **{"class": "why"})
    plan = seen.one("details", **{"class": "plan"})
    assert "open" not in plan.attributes
    terms = dict(zip(seen.texts("dt"), seen.texts("dd"), strict=True))
    assert (terms["mode"], terms["meaning"]) == ("dense", "faces emotion")
    assert terms["index"].startswith("version ")
    assert "explain" not in asked_by(link(seen, "Without reasons"))


def test_a_plan_of_everything(reader: TestClient) -> None:
    """What was run is all there: the text, the stems, what was learned, the filters, the steps."""
    seen = see(reader, address(q="face -graph category:cs", explain="1"))
    names = seen.texts("dt")
    assert names[:6] == ["mode", "meaning", "words", "learned", "filters", "understand"]
    terms = dict(zip(names, seen.texts("dd"), strict=True))
    assert (terms["words"], terms["filters"]) == ("face", "-graph category:cs")
    assert "face 0." in terms["learned"]
    assert see(reader, "/search?q=face&explain=0").all("dl") == []


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


def test_out_of_a_question_with_a_paper_that_is_gone(client: TestClient) -> None:
    """Where a liked paper was removed, its chip still takes it out of the question."""
    client.delete("/v1/papers/b")
    seen = see(client, "/search?q=speech&like=b", 404)
    (without,) = (each.attributes["href"] for each in seen.all("a", **{"aria-label": "Without b"}))
    assert titles(see(client, without))[0] == "speech"


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


# Text stays text

SCRIPT: Final = "<script>alert(1)</script>"
BREAK: Final = '"><b>speech</b>'
HOSTILE: Final = {
    "id": f"'{BREAK} {SCRIPT} &amp;",
    "title": f"{SCRIPT} speech {BREAK} &lt;b&gt;",
    "abstract": f"Speech {SCRIPT} of {BREAK} & &amp; emotion {{{{ 7*7 }}}}. <b>A script</b> of speech. {SCRIPT}",
}


@pytest.mark.parametrize(
    "fields",
    [
        {"q": "speech script alert b amp", "explain": "1"},
        {"q": f"speech {SCRIPT}", "explain": "1"},
        {"q": f"{BREAK} -{SCRIPT}", "explain": "1"},
        {"q": f'"{SCRIPT}" speech', "explain": "1", "mode": "lexical"},
        {"q": f"autor:{SCRIPT} author:{BREAK}", "explain": "1"},
        {"q": "speech", "like": HOSTILE["id"], "explain": "1"},
        {"q": "speech", "like": "a", "dislike": HOSTILE["id"], "explain": "1"},
        {"q": "speech", "like": SCRIPT},
        {"q": "speech", "dislike": BREAK},
        {"abstract": f"{SCRIPT}</textarea>{BREAK}", "explain": "1"},
        {"abstract": f"</textarea>{SCRIPT}", "mode": BREAK},
        {"q": "speech", "explain": f"1{BREAK}", "offset": "1"},
        {"like": [HOSTILE["id"], SCRIPT, BREAK]},
    ],
)
def test_markup_in_any_part(client: TestClient, fields: dict[str, Any]) -> None:
    """Markup in a title, an abstract, an id, a question, a paper's name or a pasted abstract is shown letter by letter,
    also where words in it are marked."""
    client.post("/v1/papers", json=HOSTILE)
    response = client.get(address(**fields), headers={"accept": "text/html"})
    assert response.status_code in {200, 404, 422}
    assert "<script" not in response.text.lower()
    assert "{{" not in response.text.replace("{{ 7*7 }}", "")
    seen = Seen()
    seen.feed(response.text)
    assert seen.open == []
    assert not [each for each in seen.elements if each.tag in {"script", "b"}]
    allowed = {
        "action", "alt", "aria-label", "autofocus", "charset", "class", "content", "datetime", "height", "href", "lang",
        "maxlength", "method", "name", "open", "placeholder", "rel", "role", "rows", "selected", "src", "title", "type",
        "value", "width",
    }  # fmt: skip
    assert {name for each in seen.elements for name in each.attributes} <= allowed
    if "q" in fields:
        assert seen.one("input", name="q").attributes["value"] == fields["q"]
    if "abstract" in fields:
        assert seen.one("textarea", name="abstract").text == fields["abstract"]
    for href in (each.attributes["href"] for each in seen.all("a")):
        assert href.startswith(("/", "https://example.org/"))


def test_marks_in_hostile_text(client: TestClient) -> None:
    """The marked words are the words alone, and all pieces together are the text as it was given."""
    client.post("/v1/papers", json=HOSTILE)
    seen = see(client, address(q='speech scripts "alert"', explain="1"))
    assert seen.texts("h2") == [HOSTILE["title"]]
    assert seen.one("h2").text == HOSTILE["title"]
    assert seen.one("p", **{"class": "abstract whole"}).text == HOSTILE["abstract"]
    assert {each.text.lower() for each in seen.all("mark")} == {"speech", "script", "alert"}
    (paper,) = {each.attributes["href"] for each in seen.all("a") if each.text == HOSTILE["title"]}
    assert HOSTILE["id"] in [code.text for code in see(client, paper).all("code")]
    more = see(client, link(seen, "More like this"))
    assert [box.attributes["value"] for box in more.all("input", name="like")] == [HOSTILE["id"]]
