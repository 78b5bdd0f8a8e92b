"""The pages, as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from starlette.testclient import TestClient

from api.pages import render
from api.showing import authors, paper_address, when
from indexer.collection import Collection
from indexer.filters import Filters
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.answer import Answer, Hit
from search.query import MAX_OFFSET, Page
from tests.api.browser import Seen, see, titles
from tests.api.conftest import connect
from tests.toys import ToyEncoder


def test_home(reader: TestClient) -> None:
    """The home page has the search box and the newest papers, those without a date last."""
    seen = see(reader, "/")
    assert seen.one("form", role="search").attributes["action"] == "/"
    assert seen.one("form", role="search").attributes["method"] == "get"
    assert seen.one("input", name="q").attributes["value"] == ""
    assert seen.one("button", type="submit").text == "Search"
    assert titles(seen) == ["speech and emotion", "emotion", "speech", "face"]
    assert seen.texts("p", **{"class": "summary"}) == ["4 papers, newest first"]


def test_search(reader: TestClient) -> None:
    """A question is answered with cards, best first, and stays in the box to be changed."""
    seen = see(reader, "/search?q=+speech+&mode=dense")
    assert titles(seen) == ["speech", "speech and emotion", "face", "emotion"]
    assert seen.one("input", name="q").attributes["value"] == "speech"
    assert [option.attributes["value"] for option in seen.all("option") if "selected" in option.attributes] == ["dense"]
    assert seen.texts("span", **{"class": "score"})[:2] == ["score 1.000", "score 0.707"]
    assert seen.texts("p", **{"class": "summary"}) == ["Best of 4 papers Why these?"]


def test_a_card(client: TestClient) -> None:
    """A card shows title, abstract, authors or their number, date, comments, and the way to related papers."""
    facts: dict[str, Any] = {"abstract": "Of graphs.", "author_count": 8, "published": "2025-06-23", "comments": 1}
    client.post("/v1/papers", json={"id": "x/1", "title": "graph", "url": "https://example.org/x", **facts})
    seen = see(client, "/search?q=graph&mode=lexical")
    assert titles(seen) == ["graph"]
    assert seen.texts("p", **{"class": "abstract"}) == ["Of graphs."]
    assert seen.texts("li") == ["8 authors", "23 June 2025", "1 comment"]
    assert seen.one("time").attributes["datetime"] == "2025-06-23"
    links = {" ".join(link.text.split()): link.attributes["href"] for link in seen.all("a")}
    assert links["graph"] == "/papers/x%2F1"
    assert links["Related papers"] == "/papers/x%2F1#related"
    assert links["Source"] == "https://example.org/x"


def test_what_is_unknown_is_not_shown(reader: TestClient) -> None:
    """A card does not say zero, none or unknown about what nobody knows."""
    card = see(reader, "/search?q=face&mode=lexical")
    assert card.texts("li") == ["2 authors"]
    assert card.texts("p", **{"class": "abstract"}) == ["A face shows emotion."]
    assert see(reader, "/search?q=emotion&mode=lexical&source=toys").texts("li") == ["Grace Lovelace", "2025", "cs.CV"]


def test_filters_on_the_page(reader: TestClient) -> None:
    """The form's filters narrow a search and the list alike; blank ones do nothing; they stay in their boxes."""
    blank = "date_from=&date_to=+&author=&category=&source="
    assert len(titles(see(reader, f"/search?q=speech&{blank}"))) == 4
    assert titles(see(reader, "/search?author=grace+lovelace")) == ["emotion"]
    seen = see(reader, "/search?q=speech&date_from=2025&category=cs.SD")
    assert titles(seen) == ["speech and emotion"]
    values = {box.attributes["name"]: box.attributes["value"] for box in seen.all("input") if box.attributes["value"]}
    assert values == {"q": "speech", "date_from": "2025", "category": "cs.SD"}
    assert "open" in seen.one("details").attributes
    assert "open" not in see(reader, "/search?q=speech").one("details").attributes


def test_nothing_found(reader: TestClient, empty: Collection, encoder: ToyEncoder) -> None:
    """An empty page says why it is empty."""
    assert see(reader, "/search?q=speech&source=nowhere").texts("p", **{"class": "summary"}) == [
        "No paper passes the filters"
    ]
    assert see(reader, "/search?q=xyz&mode=lexical").texts("p", **{"class": "summary"}) == ["No paper has these words"]
    assert see(reader, "/search?q=speech&offset=90").texts("p", **{"class": "summary"}) == ["No paper is left here"]
    assert see(reader, "/search?source=nowhere").texts("p", **{"class": "summary"}) == ["No paper passes the filters"]
    nothing = connect(empty, encoder)
    assert see(nothing, "/").texts("p", **{"class": "summary"}) == ["No paper is here yet"]


def test_an_expansion_is_told(client: TestClient) -> None:
    """The page says how it read an acronym."""
    client.post("/v1/papers", json={"title": "Text-to-speech (TTS)"})
    assert see(client, "/search?q=TTS").texts("span", **{"class": "expansion"}) == ["TTS read as Text-to-speech"]


def many(collection: Collection, encoder: ToyEncoder, count: int) -> TestClient:
    """A client of papers p00, p01 …, all of one day and one text."""
    papers = [Paper(f"p{n:02}", "speech", published="2025-01-01") for n in range(count)]
    ingest(collection, encoder, papers, Report())
    return connect(collection, encoder)


@pytest.mark.parametrize(
    "start", ["/", "/search?q=speech", "/search?q=speech&mode=lexical", "/search?q=speech&mode=dense", "/papers/p00"]
)
def test_paging(empty: Collection, encoder: ToyEncoder, start: str) -> None:
    """Following the links to the next page shows every paper once; those to the previous one lead back."""
    client = many(empty, encoder, 25)
    address, visited, shown = start, [start], []
    while True:
        seen = see(client, address)
        shown += [link.attributes["href"] for link in seen.all("a") if link.attributes["href"].endswith("#related")]
        following = seen.all("a", rel="next")
        if not following:
            break
        address = following[0].attributes["href"]
        visited.append(address)
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
    assert (target.scheme, target.netloc, target.path) == ("", "", "/")
    expected = {"q": [question], "date_from": ["2024"], "mode": ["dense"], "offset": ["10"]}
    assert parse_qs(target.query) == expected


def test_paging_carries_any_field(reader: TestClient) -> None:
    """A field that the page does not know, whatever its name, is carried along and breaks nothing."""
    for name in ("path", "fields", "self", "class", "%3Cscript%3E", "\u00e9"):
        seen = see(reader, f"/search?{name}=1&offset=1")
        assert "offset=0" in seen.one("a", rel="prev").attributes["href"]


@pytest.mark.parametrize("template", ["home.html", "search.html", "paper.html"])
def test_the_last_page_that_can_be_asked_for(template: str) -> None:
    """No page offers a next one that would be refused: pages end where offsets do, at ten thousand."""
    paper = Paper("x", "speech")
    values: dict[str, Any] = {"text": "speech", "mode": "hybrid", "fields": {}, "filters": Filters(), "total": 20_000}
    values |= {"asked": "speech", "paper": paper, "papers": [paper] * 10}
    values |= {"answer": Answer((Hit(1, 1, 1, 1, paper),) * 10, 20_000, "v")}
    for offset, offered in ((MAX_OFFSET - 10, True), (MAX_OFFSET - 9, False), (MAX_OFFSET, False)):
        page = render(template, page=Page(10, offset), **values)
        assert ('rel="next"' in bytes(page.body).decode()) is offered


def test_a_paper(reader: TestClient) -> None:
    """A paper's page shows the paper and its kin, nearest first, without itself."""
    seen = see(reader, "/papers/10.1%2Fd")
    assert seen.one("h1").text == "face"
    assert seen.texts("p", **{"class": "id"}) == ["id 10.1/d"]
    assert seen.texts("h2") == ["Related papers", "emotion", "speech and emotion", "speech"]
    scores = [float(score.removeprefix("score ")) for score in seen.texts("span", **{"class": "score"})]
    assert scores == sorted(scores, reverse=True)
    assert seen.one("section", id="related").text.strip().startswith("Related papers")
    assert see(reader, "/papers/10.1/d").one("h1").text == "face"


def test_a_paper_alone(empty: Collection, encoder: ToyEncoder) -> None:
    """The only paper of a collection has a page too, which says that there is no other."""
    seen = see(many(empty, encoder, 1), "/papers/p00")
    assert "There is no other paper." in seen.texts("p", **{"class": "summary"})
    assert "The abstract is not known." in seen.texts("p", **{"class": "unknown"})


def test_a_paper_without_a_title(client: TestClient) -> None:
    """Where there is no title, the beginning of the abstract stands in its place, in cards and on the page."""
    client.post("/v1/papers", json={"id": "x", "abstract": "Of graphs."})
    assert see(client, "/papers/x").one("h1").text == "Of graphs."
    assert see(client, "/search?q=graphs&mode=lexical").texts("h2") == ["Of graphs."]


@pytest.mark.parametrize("paper_id", ["a/../b", "what?#", "100%41", "x/related", '"><b>', "論 文", "a\nb", "'"])
def test_links_lead_to_the_paper(client: TestClient, paper_id: str) -> None:
    """The link on a card leads to the paper, whatever its id holds."""
    client.post("/v1/papers", json={"id": paper_id, "title": "graph"})
    link = see(client, "/search?q=graph&mode=lexical").one("h2").text
    (href,) = {
        a.attributes["href"] for a in see(client, "/search?q=graph&mode=lexical").all("a") if a.text.strip() == link
    }
    seen = see(client, href)
    assert seen.one("h1").text == "graph"
    assert paper_id in [code.text for code in seen.all("code")]


HOSTILE = "<script>alert(1)</script>"
ATTACK: dict[str, Any] = {
    "id": f'x"onmouseover="alert(1)" {HOSTILE}',
    "title": HOSTILE,
    "abstract": f"{HOSTILE} graph {{{{ 7*7 }}}}",
    "authors": [f"{HOSTILE}'\""],
    "categories": [HOSTILE],
    "source": HOSTILE,
    "url": 'https://example.org/"onclick="alert(1)',
}


def test_other_peoples_text_is_text(client: TestClient) -> None:
    """Markup in a paper, in a question or in a filter is shown letter by letter and never becomes part of the page."""
    client.post("/v1/papers", json=ATTACK)
    hostile = quote(HOSTILE)
    addresses = [
        "/",
        "/search?q=graph",
        f"/search?q={hostile}&author={hostile}&category={hostile}",
        f"/search?q=x&mode={hostile}",
        f"/search?q={quote(chr(34))}onfocus=alert(1)&offset=1&{hostile}={hostile}",
        f"/papers/{hostile}",
        f"/papers/{quote(ATTACK['id'], safe='')}",
        "/papers/a",
        f"/{hostile}",
    ]
    for address in addresses:
        response = client.get(address, headers={"accept": "text/html"})
        assert response.status_code in {200, 404, 422}
        assert "<script" not in response.text.lower()
        seen = Seen()
        seen.feed(response.text)
        assert not seen.all("script")
        assert not [name for element in seen.elements for name in element.attributes if name.startswith("on")]
    assert HOSTILE in see(client, "/search?q=graph&mode=lexical").texts("h2")
    page = client.get("/search?q=graph&mode=lexical").text
    assert "<a href=" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in unescape(page)


def test_headers(reader: TestClient) -> None:
    """Every page forbids scripts, frames and everything from elsewhere; nor does it tell others where one came from."""
    for address in ("/", "/search?q=speech", "/papers/a", "/papers/nobody", "/search?mode=x", "/nothing"):
        headers = reader.get(address, headers={"accept": "text/html"}).headers
        policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert "script-src" not in policy
        assert {policy["style-src"], policy["img-src"], policy["form-action"]} == {"'self'"}
        assert policy["frame-ancestors"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("address", ["/", "/search?q=speech&offset=1", "/papers/a", "/papers/nobody", "/docs"])
def test_nothing_comes_from_another_host(reader: TestClient, address: str) -> None:
    """Whatever a page loads lies on this server, and is there."""
    page = reader.get(address).text
    seen = Seen()
    seen.feed(page)
    parts = [element.attributes for element in seen.elements if element.tag in {"link", "script", "img"}]
    loaded = [part.get("src") or part["href"] for part in parts if {"src", "href"} & set(part)]
    assert len(loaded) >= 2
    for target in loaded:
        assert re.match(r"/[^/]", target)
        response = reader.get(target)
        assert response.status_code == 200
        assert "url(http" not in response.text
    assert "//" not in page.replace("https://example.org/d", "")  # the link to a paper is followed, not loaded


def test_no_inline_code_or_style(reader: TestClient) -> None:
    """The pages need nothing that their own policy forbids: no script, no style attribute, no style element."""
    for address in ("/", "/search?q=speech", "/papers/a"):
        seen = see(reader, address)
        assert not seen.all("script")
        assert not seen.all("style")
        assert not [element for element in seen.elements if "style" in element.attributes]


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
        ("/nothing", 404, "There is nothing at this address."),
        ("/assets/nothing", 404, "There is no such file."),
        ("/assets/..%2Fpages.py", 404, "There is nothing at this address."),
    ],
)
def test_error_pages(reader: TestClient, address: str, status: int, message: str) -> None:
    """A wrong request gets a page that says what is wrong and what to do, with the search box and a way back."""
    seen = see(reader, address, status)
    assert seen.one("h1").text == message
    (error,) = seen.all("section", **{"class": "error"})
    assert len(error.text.replace(message, "").split()) > 3
    assert seen.one("input", name="q").attributes["name"] == "q"
    assert "/" in {link.attributes["href"] for link in seen.all("a")}


def test_a_wrong_question_stays_in_the_box(reader: TestClient) -> None:
    """A question that was refused is still in the box, to be mended."""
    seen = see(reader, "/search?q=speech&date_from=soon", 422)
    assert seen.one("input", name="q").attributes["value"] == "speech"


def test_assets(reader: TestClient) -> None:
    """The style sheet and the icon have their own types; nothing else of the package can be read."""
    assert reader.get("/assets/style.css").headers["content-type"] == "text/css; charset=utf-8"
    assert reader.get("/assets/icon.svg").headers["content-type"] == "image/svg+xml"
    for name in ("base.html", "..%2Fcli.py", "%00", "style.css%00", ""):
        assert reader.get(f"/assets/{name}").status_code == 404
    for name in ("..%2F__init__.py", "..%2F..%2F__init__.py", "%00", "x" * 5_000, ""):
        assert reader.get(f"/docs/assets/{name}").status_code == 404


def test_docs(reader: TestClient) -> None:
    """The description of the interface can be read in a browser, which asks this server for it."""
    page = reader.get("/docs")
    assert page.status_code == 200
    assert "'/openapi.json'" in page.text


@pytest.mark.parametrize(
    ("published", "expected"),
    [("2025-06-03", "3 June 2025"), ("2025-06", "June 2025"), ("2025", "2025"), (None, None)],
)
def test_dates(published: str | None, expected: str | None) -> None:
    """A date is written out at the precision that is known."""
    assert when(Paper("x", "speech", published=published)) == expected


@pytest.mark.parametrize(
    ("names", "count", "expected"),
    [
        ((), None, None),
        ((), 1, "1 author"),
        ((), 8, "8 authors"),
        (("Ada",), None, "Ada"),
        (tuple("ABCDEF"), None, "A, B, C, D, E, F"),
        (tuple("ABCDEFGH"), None, "A, B, C, D, E, F and 2 more"),
        (("Ada",), 9, "Ada and 8 more"),
    ],
)
def test_authors(names: tuple[str, ...], count: int | None, expected: str | None) -> None:
    """Authors are named, at most six of them, or counted where their names are not known."""
    assert authors(Paper("x", "speech", authors=names, author_count=count)) == expected


def test_the_address_of_a_paper() -> None:
    """The address of a paper is one segment, whatever its id holds."""
    assert paper_address("10.1/d?e#f%") == "/papers/10.1%2Fd%3Fe%23f%25"


def test_a_question_can_be_followed(reader: TestClient) -> None:
    """Its page leads to a feed of the same question, filters and likes included, and to the form for mail."""
    page = reader.get("/search?q=speech&category=cs&like=b&offset=0&explain=1").text
    assert '<a href="/v1/search.atom?q=speech&amp;category=cs&amp;like=b" rel="nofollow">as a feed</a>' in page
    assert '<a href="/digest?q=speech" rel="nofollow">by mail</a>' in page
    assert reader.get("/v1/search.atom?q=speech&category=cs&like=b").status_code == 200
    assert '<link rel="alternate" type="application/atom+xml"' in reader.get("/").text
