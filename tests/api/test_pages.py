"""The pages of papers, as a browser without JavaScript sees them: home, the answer to a question, one paper."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from starlette.testclient import TestClient

from api.pages import render
from api.showing import Chart
from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.answer import Answer, Hit
from search.facets import Choices, Dates, Facets
from search.query import MAX_OFFSET, Page
from tests.api.browser import asked_by, cards, chips, held, link, said, see, submit, titles, without
from tests.api.conftest import connect
from tests.toys import ToyEncoder


def test_home(reader: TestClient) -> None:
    """The home page has the search box and the papers of the latest days; what has no date stands among all papers."""
    seen = see(reader, "/")
    assert seen.one("form", role="search").attributes["action"] == "/search"
    assert seen.one("form", role="search").attributes["method"] == "get"
    assert seen.one("input", name="q").attributes["value"] == ""
    assert seen.texts("button", type="submit") == ["Search"]
    assert titles(seen) == ["speech and emotion", "emotion", "speech"]
    assert seen.texts("p", **{"class": "summary"}) == ["4 papers, newest first"]
    assert titles(see(reader, link(seen, "All papers"))) == ["speech and emotion", "emotion", "speech", "face"]


def test_the_first_question_of_a_reader(reader: TestClient) -> None:
    """What is typed on the home page is sent to the search page, and nothing else is."""
    seen = submit(reader, see(reader, "/"), q="speech")
    assert titles(seen)[0] == "speech"
    assert held(seen) == {"q": ["speech"], "mode": ["hybrid"]}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("q=speech", {"q": ["speech"]}),
        ("q=+speech+%26+%23&mode=dense&offset=10", {"q": ["speech & #"], "mode": ["dense"], "offset": ["10"]}),
        (
            "like=b&like=10.1%2Fd&dislike=c&abstract=a%0Ab&explain=1&date_from=2024&author=Ada&category=cs&source=toys",
            {
                "like": ["b", "10.1/d"], "dislike": ["c"], "abstract": ["a\nb"], "explain": ["1"],
                "date_from": ["2024"], "author": ["Ada"], "category": ["cs"], "source": ["toys"],
            },
        ),
        ("q=%3Cscript%3E&like=%22%0D%0Ax:1", {"q": ["<script>"], "like": ['"\r\nx:1']}),
    ],
)  # fmt: skip
def test_old_addresses_lead_to_the_answer(reader: TestClient, asked: str, expected: dict[str, list[str]]) -> None:
    """A question in the address of the home page, which answered it once, is found at its new address, for good."""
    response = reader.get(f"/?{asked}", follow_redirects=False)
    assert response.status_code == 308
    assert asked_by(response.headers["location"]) == expected


def test_blank_fields_are_no_question(reader: TestClient) -> None:
    """An address whose fields are all blank is the home page's."""
    assert reader.get("/?q=+&author=", follow_redirects=False).status_code == 200


def test_search(reader: TestClient) -> None:
    """A question is answered with cards, best first, and stays in the box to be changed."""
    seen = see(reader, "/search?q=+speech+&mode=dense")
    assert titles(seen) == ["speech", "speech and emotion", "face", "emotion"]
    assert seen.one("input", name="q").attributes["value"] == "speech"
    assert [option.attributes["value"] for option in seen.all("option") if "selected" in option.attributes] == ["dense"]
    assert seen.texts("span", **{"class": "score"})[:2] == ["1.000", "0.707"]
    assert said(seen) == "Best of 4 papers"
    assert seen.one("h1").words == "Papers for “speech”"
    assert seen.texts("title")[0] == "speech – Paperkin"


def test_all_papers(reader: TestClient) -> None:
    """Without a question all papers are listed, the newest first and those without a date last, without scores."""
    seen = see(reader, "/search")
    assert titles(seen) == ["speech and emotion", "emotion", "speech", "face"]
    assert (said(seen), seen.one("h1").words) == ("Newest of 4 papers", "All papers")
    assert seen.all("span", **{"class": "score"}) == seen.all("details", **{"class": "why"}) == []
    assert "as a feed" not in seen.texts("a")


def test_a_card(client: TestClient) -> None:
    """A card shows title, abstract, authors or their number, date, place, comments, how sure the match is, and the way
    to the paper, to its kin and to its source."""
    facts: dict[str, Any] = {"abstract": "Of graphs.", "author_count": 8, "published": "2025-06-23", "comments": 1}
    more = {"url": "https://example.org/x", "venue": "Graphs 2025"}
    client.post("/v1/papers", json={"id": "x/1", "title": "graph", **facts, **more})
    seen = see(client, "/search?q=graph&mode=lexical")
    (card,) = cards(seen)
    assert titles(seen) == ["graph"]
    assert seen.of_class("p", "abstract") == ["Of graphs."]
    facts_shown = [item.words for item in seen.within(card, "li")]
    assert facts_shown == ["8 authors", "23 June 2025", "Graphs 2025", "1 comment"]
    sure = [button for button in seen.within(card, "button") if "sure" in button.attributes.get("class", "")]
    assert [button.words for button in sure] == ["strong match"]
    assert seen.one("time").attributes["datetime"] == "2025-06-23"
    assert (card.attributes["data-id"], card.attributes["data-title"]) == ("x/1", "graph")
    links = {each.words: each.attributes["href"] for each in seen.within(card, "a")}
    assert links["graph"] == "/papers/x%2F1"
    assert links["Related papers"] == "/papers/x%2F1#related"
    assert links["Source"] == "https://example.org/x"


def test_what_is_unknown_is_not_shown(reader: TestClient) -> None:
    """A card does not say zero, none or unknown about what nobody knows."""
    seen = see(reader, "/search?q=face&mode=lexical")
    (card,) = cards(seen)
    assert [item.words for item in seen.within(card, "li")] == ["2 authors"]
    assert seen.of_class("p", "abstract") == ["A face shows emotion."]
    seen = see(reader, "/search?source=toys")
    assert [item.words for item in seen.within(cards(seen)[0], "li")] == ["Grace Lovelace", "2025", "cs.CV"]
    assert seen.of_class("p", "abstract") == []


def test_nothing_found(reader: TestClient, empty: Collection, encoder: ToyEncoder) -> None:
    """An empty page says why it is empty."""
    assert said(see(reader, "/search?q=speech&source=nowhere")) == "No paper passes the filters"
    assert said(see(reader, "/search?q=xyz&mode=lexical")) == "No paper has these words"
    assert said(see(reader, "/search?q=speech&offset=90")) == "No paper is left here"
    assert said(see(reader, "/search?source=nowhere")) == "No paper passes the filters"
    nothing = connect(empty, encoder)
    assert see(nothing, "/").texts("p", **{"class": "summary"}) == [
        "No paper is here yet. Add some: paperkin index FILE…"
    ]
    assert cards(see(nothing, "/search")) == cards(see(nothing, "/search?q=speech")) == []


def test_an_expansion_is_told(client: TestClient) -> None:
    """The page says how it read an acronym."""
    client.post("/v1/papers", json={"title": "Text-to-speech (TTS)"})
    assert see(client, "/search?q=TTS").texts("span", **{"class": "expansion"}) == ["TTS read as Text-to-speech"]


def many(collection: Collection, encoder: ToyEncoder, count: int) -> TestClient:
    """A client of so many papers about speech, each a little less than the one before."""
    papers = [Paper(f"p{n:02}", "speech " * 30 + "emotion " * n, published=f"2024-01-{n + 1:02}") for n in range(count)]
    ingest(collection, encoder, papers, Report())
    return connect(collection, encoder)


@pytest.mark.parametrize("start", ["/search", "/search?q=speech&mode=dense", "/papers/p00"])
def test_paging(empty: Collection, encoder: ToyEncoder, start: str) -> None:
    """Following "next" shows every paper once, in three pages of ten; "previous" leads back."""
    client = many(empty, encoder, 25)
    shown: list[str] = []
    address, visited = start, []
    while True:
        seen = see(client, address)
        shown += [card.attributes["data-id"] for card in cards(seen)]
        visited.append(address)
        following = seen.all("a", rel="next")
        if not following:
            break
        address = following[0].attributes["href"]
    expected = 24 if start.startswith("/papers") else 25
    assert len(shown) == len(set(shown)) == expected
    assert len(visited) == 3
    assert seen.texts("nav", **{"class": "turn"}) == [f"← Previous 21–{expected}"]
    back = see(client, seen.one("a", rel="prev").attributes["href"])
    assert back.texts("nav", **{"class": "turn"}) == ["← Previous 11–20 Next →"]


def test_paging_keeps_the_question(empty: Collection, encoder: ToyEncoder) -> None:
    """The link to the next page asks the same question with the same filters."""
    question = "speech & -“ém” #1?"
    seen = see(many(empty, encoder, 11), f"/search?q={quote(question)}&date_from=2024&mode=dense")
    target = urlsplit(seen.one("a", rel="next").attributes["href"])
    assert (target.scheme, target.netloc, target.path) == ("", "", "/search")
    expected = {"q": [question], "date_from": ["2024"], "mode": ["dense"], "offset": ["10"]}
    assert parse_qs(target.query) == expected


def test_paging_carries_any_field(reader: TestClient) -> None:
    """A field that the page does not know, whatever its name, is carried along and breaks nothing."""
    for name in ("path", "fields", "self", "class", "changed", "names", "%3Cscript%3E", "\u00e9"):
        seen = see(reader, f"/search?{name}=1&offset=1")
        assert "offset=0" in seen.one("a", rel="prev").attributes["href"]


@pytest.mark.parametrize("template", ["search.html", "paper.html"])
def test_the_last_page_that_can_be_asked_for(template: str) -> None:
    """No page offers a next one that would be refused: pages end where offsets do, at ten thousand."""
    paper = Paper("x", "speech")
    none = Choices(0, (), 0, 0)
    values: dict[str, Any] = {"asked": "speech", "asks": False, "fields": {}, "names": {}, "mode": "hybrid"}
    values |= {"found": Facets(0, 0, Dates(0, "year", (), 0), none, none, None, "v"), "chart": Chart(())}
    values |= {"restricted": False, "unrestricted": {}, "paper": paper, "links": [], "place": None}
    values |= {"answer": Answer((Hit(1, 1, 1, 1, paper),) * 10, 20_000, "v")}
    for offset, offered in ((MAX_OFFSET - 10, True), (MAX_OFFSET - 9, False), (MAX_OFFSET, False)):
        page = render(template, page=Page(10, offset), **values)
        assert ('rel="next"' in bytes(page.body).decode()) is offered


def test_a_paper(reader: TestClient) -> None:
    """A paper's page shows the paper and its kin, nearest first, without itself."""
    seen = see(reader, "/papers/10.1%2Fd")
    assert seen.one("h1").text == "face"
    assert seen.texts("p", **{"class": "id"}) == ["id 10.1/d · as text"]
    assert reader.get(link(seen, "as text")).text.startswith("# face")
    related = seen.one("section", id="related")
    assert [heading.words for heading in seen.within(related, "h2")] == ["Related papers"]
    assert [each.words for each in seen.within(related, "h3")] == ["emotion", "speech and emotion", "speech"]
    assert see(reader, "/papers/10.1/d").one("h1").text == "face"
    assert seen.one("p", **{"class": "abstract tex"}).text == "A face shows emotion."


def test_the_links_of_a_paper(client: TestClient) -> None:
    """A paper's page leads to where it can be read, each address once."""
    identifiers = ["arxiv:2501.00001", "doi:10.1000/a<b>", "acl:P19-1001", "pmid:12345", "s2:" + "0" * 40]
    client.post("/v1/papers", json={"id": "x", "title": "graph", "identifiers": identifiers, "url": "https://a.org/"})
    seen = see(client, "/papers/x")
    (listed,) = seen.all("ul", **{"class": "links"})
    found = {each.words: each.attributes for each in seen.within(listed, "a")}
    assert {label: each["href"] for label, each in found.items()} == {
        "https://a.org/": "https://a.org/",
        "arXiv 2501.00001": "https://arxiv.org/abs/2501.00001",
        "DOI 10.1000/a<b>": "https://doi.org/10.1000/a%3Cb%3E",
        "ACL Anthology P19-1001": "https://aclanthology.org/P19-1001",
        "PubMed 12345": "https://pubmed.ncbi.nlm.nih.gov/12345",
    }
    assert {each["rel"] for each in found.values()} == {"noreferrer"}
    assert see(client, "/papers/a").all("ul", **{"class": "links"}) == []


def test_all_authors_of_a_paper(client: TestClient) -> None:
    """A card names six authors, the paper's page all of them."""
    client.post("/v1/papers", json={"id": "x", "title": "graph", "authors": [f"A{n}" for n in range(9)]})
    assert "A0, A1, A2, A3, A4, A5 and 3 more" in see(client, "/search?q=graph&mode=lexical").texts("li")
    assert "A0, A1, A2, A3, A4, A5, A6, A7, A8" in see(client, "/papers/x").texts("li")


def test_paragraphs_of_an_abstract(client: TestClient) -> None:
    """The paragraphs of an abstract are those of the page."""
    client.post("/v1/papers", json={"id": "x", "title": "graph", "abstract": "One.\n\nTwo\nlines.\n\n\n\nThree."})
    seen = see(client, "/papers/x")
    own = [p.text for p in seen.all("p", **{"class": "abstract tex"}) if not p.is_within("section")]
    assert own == ["One.", "Two lines.", "Three."]


def test_a_paper_alone(empty: Collection, encoder: ToyEncoder) -> None:
    """The only paper of a collection has a page too, which says that there is no other."""
    seen = see(many(empty, encoder, 1), "/papers/p00")
    assert "There is no other paper." in seen.texts("p", **{"class": "summary"})
    assert "The abstract is not known." in seen.texts("p", **{"class": "unknown"})


def test_a_paper_without_a_title(client: TestClient) -> None:
    """Where there is no title, the beginning of the abstract stands in its place, in cards and on the page."""
    client.post("/v1/papers", json={"id": "x", "abstract": "Of graphs."})
    assert see(client, "/papers/x").one("h1").text == "Of graphs."
    assert titles(see(client, "/search?q=graphs&mode=lexical")) == ["Of graphs."]


@pytest.mark.parametrize("paper_id", ["a/../b", "what?#", "100%41", "x/related", '"><b>', "論 文", "a\nb", "'"])
def test_links_lead_to_the_paper(client: TestClient, paper_id: str) -> None:
    """The link on a card leads to the paper, whatever its id holds."""
    client.post("/v1/papers", json={"id": paper_id, "title": "graph"})
    seen = see(client, link(see(client, "/search?q=graph&mode=lexical"), "graph"))
    assert seen.one("h1").text == "graph"
    assert paper_id in [code.text for code in seen.all("code")]
    assert seen.one("article", **{"class": "paper"}).attributes["data-id"] == paper_id


def test_a_paper_that_is_not_there(reader: TestClient) -> None:
    """Its page offers the papers nearest to the words of the id; a number or a sign has none."""
    seen = see(reader, "/papers/speech_of-2024%2F1", 404)
    assert seen.one("h1").text == "No paper has the id 'speech_of-2024/1'."
    assert seen.texts("h2") == ["Perhaps one of these"]
    assert titles(seen) == ["speech", "speech and emotion", "emotion"]
    assert cards(see(reader, "/papers/2501.00001", 404)) == cards(see(reader, "/papers/%2F", 404)) == []
    assert "Perhaps one of these" not in see(reader, "/papers/2501.00001", 404).texts("h2")
    assert len(cards(see(reader, "/papers/" + "author-" * 600, 404))) == 3  # no operator, and not too long to be asked
    assert len(cards(see(reader, "/papers/author:nobody", 404))) == 3


def test_a_paper_that_is_not_there_in_an_empty_collection(empty: Collection, encoder: ToyEncoder) -> None:
    """There is nothing to offer, which is no failure."""
    assert cards(see(connect(empty, encoder), "/papers/speech", 404)) == []


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("/papers/nobody", 404, "No paper has the id 'nobody'."),
        ("/papers/", 404, "No paper has the id ''."),
        ("/papers/a?offset=x", 422, "The offset is not a number."),
        ("/papers/a?offset=10001", 422, "offset is 10001."),
        ("/search?q=a&offset=-1", 422, "The offset is not a number."),
        ("/search?q=a&offset=%C2%B2", 422, "The offset is not a number."),
        ("/search?offset=10001", 422, "offset is 10001."),
        ("/search?q=a&mode=fuzzy", 422, "There is no such way of searching."),
        ("/search?q=a&date_from=soon", 422, "date_from is not a date: 'soon'."),
        ("/search?q=a%00", 422, "The question holds NUL or half a surrogate pair."),
        ("/search?q=" + "a" * 10_001, 422, "The question has 10,001 characters."),
        ("/search?author=%21", 422, "The author filter holds no word."),
        ("/feed?period=year", 422, "The field 'period' has an unknown value."),
        ("/nothing", 404, "There is nothing at this address."),
        ("/assets/nothing", 404, "There is nothing at this address."),
        ("/assets/1/nothing", 404, "There is no such file."),
        ("/assets/1/..%2Fpages.py", 404, "There is no such file."),
    ],
)
def test_error_pages(reader: TestClient, address: str, status: int, message: str) -> None:
    """A wrong request gets a page that says what is wrong and what to do, with the search box and ways back."""
    seen = see(reader, address, status)
    assert seen.one("h1").text == message
    (error,) = seen.all("section", **{"class": "error"})
    assert len(error.text.replace(message, "").split()) > 3
    assert seen.one("input", name="q").attributes["name"] == "q"
    assert {"/", "/search", "/feed", "/help"} <= {each.attributes["href"] for each in seen.all("a")}


def test_a_wrong_question_can_be_mended(reader: TestClient) -> None:
    """A question that was refused is still in the box, with its other parts; what was wrong can be taken out."""
    seen = see(reader, "/search?q=speech&date_from=soon&like=b&author=Ada", 422)
    assert held(seen) == {"q": ["speech"], "date_from": ["soon"], "like": ["b"], "author": ["Ada"]}
    assert chips(seen) == ["like b ×", "from soon ×", "author Ada ×"]
    assert asked_by(without(seen, "from soon")) == {"q": ["speech"], "like": ["b"], "author": ["Ada"]}
    assert titles(see(reader, without(seen, "from soon"))) == ["speech"]


def test_an_unknown_mode_is_not_sent_again(reader: TestClient) -> None:
    """No field shows a mode that does not exist, so the next question would be refused for it as well; others stay."""
    assert titles(submit(reader, see(reader, "/search?q=a&mode=fuzzy", 422), q="speech"))[0] == "speech"
    assert held(see(reader, "/search?q=a&mode=dense&author=%21", 422))["mode"] == ["dense"]


def test_a_question_can_be_followed(reader: TestClient) -> None:
    """Its page leads to a feed of the same question, filters and likes included, to mail about it, and to the map."""
    seen = see(reader, "/search?q=speech&category=cs&like=b&mode=dense&offset=0&explain=1&other=1")
    followed = asked_by(link(seen, "as a feed"), "/v1/search.atom")
    assert followed == {"q": ["speech"], "category": ["cs"], "like": ["b"], "mode": ["dense"]}
    assert reader.get(link(seen, "as a feed")).status_code == 200
    (announced,) = seen.all("link", rel="alternate", title="New papers for this question")
    assert announced.attributes["href"] == link(seen, "as a feed")
    assert link(seen, "by mail") == "/digest?q=speech"
    assert followed.items() <= asked_by(link(seen, "on the map"), "/map").items()


def test_help_and_saved(reader: TestClient) -> None:
    """How to search is told; what is saved stays in the browser, which a reader without JavaScript is told."""
    seen = see(reader, "/help")
    assert seen.texts("h2") == ["Operators", "To your taste", "Keyboard", "How sure is a match?"]
    operators = [code.text for code in seen.all("code")]
    assert {'"exact phrase"', "-word", "author:Lovelace", "category:cs", "after:2024-06"} <= set(operators)
    saved = see(reader, "/saved")
    assert "This page needs JavaScript" in saved.one("noscript").words
    assert cards(saved) == []
    assert saved.one("a", **{"aria-current": "page"}).words == "Saved"
