"""What holds for every page: one script, nothing from elsewhere, the policy, and what a keyboard meets first."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

import pytest
from starlette.testclient import TestClient

from api.assets import VERSION
from tests.api.browser import parse, see

PAGES: Final = (
    "/",
    "/search",
    "/search?q=speech",
    "/search?q=speech&mode=dense&like=b&dislike=c&date_from=2024&author=Lovelace&category=cs&abstract=face&offset=1",
    "/search?q=xyzzy",
    "/search?category=cs",
    "/papers/a",
    "/papers/10.1%2Fd",
    "/feed",
    "/feed?period=month&sort=trending",
    "/feed?period=week&date=2024-05-01",
    "/saved",
    "/help",
    "/digest",
)
WRONG: Final = ("/papers/nobody", "/papers/speech-1", "/search?mode=x", "/nothing", "/feed?period=x", "/assets/1/x")


@pytest.mark.parametrize("address", [*PAGES, *WRONG])
def test_headers(reader: TestClient, address: str) -> None:
    """Only own scripts run; no frames, nothing from elsewhere, and others are not told who sends a reader."""
    headers = reader.get(address, headers={"accept": "text/html"}).headers
    policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    own = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action")
    closed = ("default-src", "base-uri", "frame-ancestors")
    assert policy == dict.fromkeys(own, "'self'") | dict.fromkeys(closed, "'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("address", PAGES)
def test_the_frame_of_a_page(reader: TestClient, address: str) -> None:
    """Every page is sound HTML with one script, a module of this version; it names its language, has a title, one
    heading above all others, a way to skip to the content, and all other pages in reach."""
    seen = see(reader, address)
    (script,) = seen.all("script")
    assert script.attributes == {"type": "module", "src": f"/assets/{VERSION}/js/app.js"}
    assert script.text == ""
    assert not seen.all("style")
    assert not [each for each in seen.elements if "style" in each.attributes]
    assert not [name for each in seen.elements for name in each.attributes if name.startswith("on")]
    assert seen.one("html").attributes["lang"] == "en"
    assert "Paperkin" in seen.texts("title")[0]
    assert len(seen.all("h1")) == len(seen.all("main", id="main")) == 1
    assert seen.all("a")[0].attributes == {"class": "skip", "href": "#main"}
    assert {"/", "/feed", "/map", "/saved", "/digest", "/help", "/docs"} <= {
        each.attributes["href"] for each in seen.all("a")
    }


@pytest.mark.parametrize("address", PAGES)
def test_headings_skip_no_level(reader: TestClient, address: str) -> None:
    """A heading is at most one level below the one before it: a screen reader's outline has no holes."""
    seen = see(reader, address)
    levels = [int(each.tag[1]) for each in seen.elements if re.fullmatch("h[1-6]", each.tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


@pytest.mark.parametrize("address", [*PAGES, *WRONG])
def test_where_a_keyboard_starts(reader: TestClient, address: str) -> None:
    """The search box has the keyboard on the home page alone: elsewhere a reader begins at the top of the page."""
    seen = parse(reader.get(address, headers={"accept": "text/html"}).text)
    focused = [each.attributes["name"] for each in seen.elements if "autofocus" in each.attributes]
    assert focused == (["q"] if address == "/" else [])


@pytest.mark.parametrize("address", PAGES)
def test_everything_has_a_name(reader: TestClient, address: str) -> None:
    """Links, buttons and fields say what they are to whoever cannot see them; histograms are hidden from those."""
    seen = see(reader, address)
    for each in [*seen.all("a"), *seen.all("button"), *seen.all("summary")]:
        assert each.words or each.attributes.get("aria-label"), each
    for each in [*seen.all("input"), *seen.all("textarea"), *seen.all("select")]:
        if each.attributes.get("type") != "hidden":
            assert each.attributes.get("aria-label") or each.is_within("label"), each
    for each in seen.all("svg"):
        assert each.attributes["aria-hidden"] == "true"
    for each in seen.all("nav"):
        assert each.attributes["aria-label"]


@pytest.mark.parametrize("address", [*PAGES, "/papers/nobody", "/docs"])
def test_nothing_comes_from_another_host(reader: TestClient, address: str) -> None:
    """Whatever a page loads lies on this server, and is there."""
    page = reader.get(address).text.replace("https://example.org/d", "")  # the link to a paper is followed, not loaded
    parts = re.findall(r"<(?:link|script|img)\b[^>]*", page)
    loaded = [target for part in parts for target in re.findall(r'(?:src|href)="([^"]*)"', part)]
    loaded += re.findall(r'data-katex(?:-style)?="([^"]*)"', page)
    assert len(loaded) >= 2
    for target in loaded:
        assert re.match(r"/[^/]", target)
        response = reader.get(target.replace("&amp;", "&"))
        assert response.status_code == 200
        assert "url(http" not in response.text
    assert "//" not in page
