"""What a browser without JavaScript sees of a page, and what it sends when a form is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

from starlette.testclient import TestClient

VOID = {"meta", "link", "img", "input", "br"}


@dataclass
class Element:
    """An element of a page: its tag, its attributes, and the text inside."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Seen(HTMLParser):
    """Every element of a page, in order; parsing fails where tags do not close as they opened."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        return [e for e in self.elements if e.tag == tag and attributes.items() <= e.attributes.items()]

    def one(self, tag: str, **attributes: str) -> Element:
        (element,) = self.all(tag, **attributes)
        return element

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return [" ".join(element.text.split()) for element in self.all(tag, **attributes)]


def see(client: TestClient, address: str, status: int = 200) -> Seen:
    response = client.get(address, headers={"accept": "text/html"})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    seen = Seen()
    seen.feed(response.text)
    assert seen.open == []
    return seen


def titles(seen: Seen) -> list[str]:
    return seen.texts("h2")


def submit(client: TestClient, seen: Seen, **changed: str) -> Seen:
    """The page that the search form leads to, with some of its fields filled in anew."""
    fields = [(box.attributes["name"], box.attributes["value"]) for box in seen.all("input")]
    fields += [(area.attributes["name"], area.text) for area in seen.all("textarea")]
    fields += [("mode", choice.attributes["value"]) for choice in seen.all("option") if "selected" in choice.attributes]
    return see(client, "/search?" + urlencode([(name, changed.get(name, value)) for name, value in fields]))
