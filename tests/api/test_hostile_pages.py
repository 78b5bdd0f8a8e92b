"""Text stays text: markup in a paper, a question, a filter or an id, through every page."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.report import Report
from tests.api.browser import Seen, link, parse, see, titles, without
from tests.api.conftest import connect
from tests.toys import PAPERS, ToyEncoder

SCRIPT: Final = "<script>alert(1)</script>"
BREAK: Final = '"><b>speech</b>'
HOSTILE: Final = {
    "id": f"'{BREAK} {SCRIPT} &amp;",
    "title": f"{SCRIPT} speech {BREAK} &lt;b&gt;",
    "abstract": f"Speech {SCRIPT} of {BREAK} & &amp; emotion {{{{ 7*7 }}}}. <b>A script</b> of speech. {SCRIPT}",
}
ATTACK: Final[dict[str, Any]] = {
    "id": f'x"onmouseover="alert(1)" {SCRIPT}',
    "title": SCRIPT,
    "abstract": f"{SCRIPT} graph {{{{ 7*7 }}}}",
    "authors": [f"{SCRIPT}'\""],
    "categories": [SCRIPT, f"cs{BREAK}"],
    "source": SCRIPT,
    "venue": f"{BREAK}{SCRIPT}",
    "url": 'https://example.org/"onclick="alert(1)',
    "identifiers": ['doi:10.1000/"onclick="alert(1)<script>'],
    "published": "2025-06-20",
    "daily": "2025-06-21",
}
ALLOWED: Final = {
    "action", "alt", "aria-current", "aria-hidden", "aria-label", "autocomplete", "autofocus", "charset", "checked",
    "class", "content", "d", "datetime", "download", "fill", "form", "height", "href", "id", "lang", "maxlength",
    "method", "name", "open", "placeholder", "popover", "popovertarget", "popovertargetaction", "preserveaspectratio",
    "rel", "role", "rows", "rx", "selected", "src", "stroke", "stroke-linecap", "stroke-linejoin", "stroke-width",
    "tabindex", "title", "type", "value", "viewbox", "width", "x", "y", "cx", "cy", "r", "scope", "hidden", "accept",
}  # fmt: skip
"""Attributes that pages have, apart from those for scripts, `data-…`."""


def client_with(directory: Path, record: dict[str, Any]) -> TestClient:
    """A client of the toy papers and of one that came over REST."""
    encoder = ToyEncoder()
    collection = Collection.create(directory / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    client = connect(collection, encoder)
    assert client.post("/v1/papers", json=record).status_code == 200
    return client


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return client_with(tmp_path_factory.mktemp("attacked"), ATTACK)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return client_with(tmp_path_factory.mktemp("hostile"), HOSTILE)


def address(**fields: Any) -> str:
    return "/search?" + urlencode(fields, doseq=True)


def check(page: str) -> Seen:
    """A page in which no markup came to be: one script, ours; no attribute that runs something; no foreign link."""
    seen = parse(page)
    (script,) = seen.all("script")
    assert script.attributes["src"].startswith("/assets/")
    assert script.text == ""
    assert page.lower().count("<script") == 1
    assert not [each for each in seen.elements if each.tag in {"b", "style", "iframe", "object", "base"}]
    names = {name for each in seen.elements for name in each.attributes if not name.startswith("data-")}
    assert names <= ALLOWED
    for name in ("href", "src", "action"):
        for target in (each.attributes[name] for each in seen.elements if name in each.attributes):
            assert target.startswith(("/", "#", "https://example.org/", "https://doi.org/10.1000/"))
            assert not target.startswith("//")
    assert "{{" not in unescape(page).replace("{{ 7*7 }}", "")
    return seen


@pytest.mark.parametrize(
    "asked",
    [
        "/",
        "/search",
        "/search?q=graph",
        f"/search?q={quote(SCRIPT)}&author={quote(SCRIPT)}&category={quote(SCRIPT)}&source={quote(SCRIPT)}",
        f"/search?author=script&category={quote(SCRIPT)}&source={quote(SCRIPT)}",
        f"/search?category=cs{quote(BREAK)}",
        f"/search?q=x&mode={quote(SCRIPT)}",
        f"/search?q=x&date_from={quote(BREAK)}&date_to={quote(SCRIPT)}",
        f"/search?q={quote(chr(34))}onfocus=alert(1)&offset=1&{quote(SCRIPT)}={quote(SCRIPT)}",
        f"/search?q=x&area={quote(BREAK)}",
        f"/search?like={quote(ATTACK['id'])}&dislike=a&q=graph",
        f"/papers/{quote(SCRIPT)}",
        f"/papers/{quote(SCRIPT, safe='')}speech",
        f"/papers/{quote(ATTACK['id'], safe='')}",
        "/papers/a",
        "/feed",
        "/feed?period=month&date=2025-06&sort=trending",
        f"/feed?period=month&date=2025-06&category=cs{quote(BREAK)}",
        f"/feed?date={quote(SCRIPT)}",
        f"/feed?period={quote(SCRIPT)}",
        f"/feed?{quote(BREAK)}={quote(SCRIPT)}",
        "/saved",
        "/help",
        f"/digest?q={quote(BREAK + SCRIPT)}",
        f"/{quote(SCRIPT)}",
        f"/assets/{quote(SCRIPT)}/{quote(BREAK)}",
    ],
)
def test_other_peoples_text_is_text(attacked: TestClient, asked: str) -> None:
    """Markup in a paper, in a question or in a filter is shown letter by letter and never becomes part of the page."""
    response = attacked.get(asked, headers={"accept": "text/html"})
    assert response.status_code in {200, 404, 422}
    check(response.text)


def test_every_field_is_shown_as_it_is(attacked: TestClient) -> None:
    """What a paper holds is there, letter by letter, on its card and on its page."""
    seen = see(attacked, "/search?q=graph&mode=lexical")
    assert titles(seen) == [SCRIPT]
    facts = seen.texts("li")
    assert {ATTACK["authors"][0], ATTACK["venue"], *ATTACK["categories"]} <= set(facts)
    own = see(attacked, link(seen, SCRIPT))
    assert own.one("h1").text == SCRIPT
    assert own.one("article", **{"class": "paper"}).attributes["data-id"] == ATTACK["id"]
    source = link(seen, "Source")
    assert source == ATTACK["url"]
    (listed,) = own.all("ul", **{"class": "links"})
    assert [each.attributes["href"] for each in own.within(listed, "a")] == [
        source, "https://doi.org/10.1000/%22onclick%3D%22alert(1)%3Cscript%3E",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " data:text/html,x", "//example.org", "https:// x", "vbscript:x"],
)
def test_no_address_runs_anything(client: TestClient, url: str) -> None:
    """A link that would run something, or leads nobody knows where, cannot get in."""
    response = client.post("/v1/papers", json={"id": "x", "title": "graph", "url": url})
    assert response.status_code == 422
    assert titles(see(client, "/search?q=graph&mode=lexical")) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"q": "speech script alert b amp"},
        {"q": f"speech {SCRIPT}"},
        {"q": f"{BREAK} -{SCRIPT}"},
        {"q": f'"{SCRIPT}" speech', "mode": "lexical"},
        {"q": f"autor:{SCRIPT} author:{BREAK}"},
        {"q": "speech", "like": HOSTILE["id"]},
        {"q": "speech", "like": "a", "dislike": HOSTILE["id"]},
        {"q": "speech", "like": SCRIPT},
        {"q": "speech", "dislike": BREAK},
        {"abstract": f"{SCRIPT}</textarea>{BREAK}"},
        {"abstract": f"</textarea>{SCRIPT}", "mode": BREAK},
        {"q": "speech", "explain": f"1{BREAK}", "offset": "1"},
        {"like": [HOSTILE["id"], SCRIPT, BREAK]},
    ],
)
def test_markup_in_any_part(hostile: TestClient, fields: dict[str, Any]) -> None:
    """Markup in a title, an abstract, an id, a question, a paper's name or a pasted abstract is shown letter by letter,
    also where words in it are marked."""
    response = hostile.get(address(**fields), headers={"accept": "text/html"})
    assert response.status_code in {200, 404, 422}
    seen = check(response.text)
    if "q" in fields:
        assert seen.one("input", name="q").attributes["value"] == fields["q"]
    if "abstract" in fields:
        assert seen.one("textarea", name="abstract").text == fields["abstract"]


def test_marks_in_hostile_text(hostile: TestClient) -> None:
    """The marked words are the words alone, and all pieces together are the text as it was given."""
    seen = see(hostile, address(q='speech scripts "alert"'))
    assert titles(seen) == [HOSTILE["title"]]
    assert link(seen, HOSTILE["title"]).startswith("/papers/%27%22%3E%3Cb%3E")
    assert seen.one("p", **{"class": "abstract tex"}).text == HOSTILE["abstract"]
    assert {each.text.lower() for each in seen.all("mark")} == {"speech", "script", "alert"}
    assert HOSTILE["id"] in [code.text for code in see(hostile, link(seen, HOSTILE["title"])).all("code")]
    more = see(hostile, link(seen, "More like this"))
    assert [box.attributes["value"] for box in more.all("input", name="like")] == [HOSTILE["id"]]
    label = HOSTILE["title"]  # shorter than the sixty characters of a chip
    assert titles(see(hostile, without(more, f"like {label}"))) == [HOSTILE["title"]]


def test_a_facet_of_markup_can_be_chosen(attacked: TestClient) -> None:
    """A category of markup is a choice like any other: its link chooses it and, once chosen, leads back."""
    seen = see(attacked, "/search?q=graph")
    chosen = see(attacked, next(a.attributes["href"] for a in seen.all("a") if a.words == f"{SCRIPT} 1"))
    assert titles(chosen) == [SCRIPT]
    (back,) = chosen.all("a", **{"aria-current": "true"})
    assert back.words == f"{SCRIPT} 1"
    assert len(titles(see(attacked, back.attributes["href"]))) == len(PAPERS) + 1
