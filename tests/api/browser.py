"""What a browser without JavaScript sees of a page, and what it sends when a form is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.testclient import TestClient

VOID: Final = {"meta", "link", "img", "input", "br"}
NEVER_WITHIN: Final = {
    "a": {"a", "button"},
    "button": {"a", "button"},
    "form": {"form", "p"},
    "article": {"article", "p"},
    **{tag: {"p"} for tag in ("p", "div", "ul", "dl", "details", "nav", "section", "h1", "h2", "h3")},
}
"""What a browser would take apart, or close on its own, by the element around it."""
REFERENCES: Final = ("form", "popovertarget")
"""Attributes that name another element of the page by its id."""


@dataclass(eq=False)
class Element:
    """An element of a page: its tag, its attributes, the text inside, and the elements around it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    around: tuple[Element, ...] = field(default=(), repr=False)

    @property
    def words(self) -> str:
        """The text as it is read: white space counts once."""
        return " ".join(self.text.split())

    def is_within(self, tag: str, **attributes: str) -> bool:
        return any(each.tag == tag and attributes.items() <= each.attributes.items() for each in self.around)


@dataclass
class Seen(HTMLParser):
    """Every element of a page, in order; parsing fails where tags do not close as they opened."""

    elements: list[Element] = field(default_factory=list, repr=False)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, around=tuple(self.open))
        assert len(element.attributes) == len(attrs), f"{tag} has an attribute twice: {attrs}"
        assert not {each.tag for each in self.open} & NEVER_WITHIN.get(tag, set()), f"{tag} within {self.open[-1].tag}"
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
        return [element.words for element in self.all(tag, **attributes)]

    def of_class(self, tag: str, name: str) -> list[str]:
        """The texts of elements of a class, whatever other classes they have."""
        return [e.words for e in self.all(tag) if name in e.attributes.get("class", "").split()]

    def within(self, element: Element, tag: str, **attributes: str) -> list[Element]:
        """The elements inside another one."""
        return [each for each in self.all(tag, **attributes) if element in each.around]

    def check(self) -> None:
        """Everything is closed, every id is there once, and what is referred to is there."""
        assert self.open == []
        ids = Counter(each.attributes["id"] for each in self.elements if "id" in each.attributes)
        assert [name for name, count in ids.items() if count > 1] == []
        named = {e.attributes[name] for e in self.elements for name in REFERENCES if name in e.attributes}
        named |= {
            link.attributes["href"][1:] for link in self.all("a") if link.attributes.get("href", "").startswith("#")
        }
        assert named <= ids.keys()


def parse(page: str) -> Seen:
    """A page as a browser sees it; fails where it would have to mend it."""
    seen = Seen()
    seen.feed(page)
    seen.check()
    return seen


def see(client: TestClient, address: str, status: int = 200) -> Seen:
    response = client.get(address, headers={"accept": "text/html"})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return parse(response.text)


def cards(seen: Seen) -> list[Element]:
    """The papers that are listed."""
    return seen.all("article", **{"class": "card"})


def titles(seen: Seen) -> list[str]:
    """The headings of the papers that are listed."""
    return [each.words for each in seen.elements if each.tag in {"h2", "h3"} and each.is_within("article")]


def said(seen: Seen) -> str:
    """What an answer says of itself: how many papers it is of, or why there are none."""
    return seen.one("span", **{"class": "total"}).words


def link(seen: Seen, text: str) -> str:
    """Where the first link with this text leads."""
    return next(each.attributes["href"] for each in seen.all("a") if each.words == text)


def without(seen: Seen, part: str) -> str:
    """Where the × leads that takes a part out of the question."""
    return seen.one("a", **{"aria-label": f"Without {part}"}).attributes["href"]


def chips(seen: Seen) -> list[str]:
    """The parts of the question that stand above its answer."""
    return seen.texts("li", **{"class": "chip"})


def asked_by(href: str, path: str = "/search") -> dict[str, list[str]]:
    """What an address of this server asks."""
    target = urlsplit(href)
    assert (target.scheme, target.netloc, target.path) == ("", "", path)
    return parse_qs(target.query)


def sent(seen: Seen) -> list[tuple[str, str]]:
    """What the search form sends: its fields, and those elsewhere that belong to it."""
    fields = [
        each for each in seen.elements if each.attributes.get("form") == "ask" or each.is_within("form", id="ask")
    ]
    pairs = []
    for each in fields:
        name = each.attributes.get("name")
        if each.tag == "select" and name:
            chosen = [o for o in seen.within(each, "option") if "selected" in o.attributes]
            pairs += [(name, option.attributes["value"]) for option in chosen]
        elif each.tag in {"input", "textarea"} and name:
            pairs.append((name, each.attributes["value"] if each.tag == "input" else each.text))
    return pairs


def held(seen: Seen) -> dict[str, list[str]]:
    """What the search form holds, apart from what is empty."""
    found: dict[str, list[str]] = {}
    for name, value in sent(seen):
        if value:
            found.setdefault(name, []).append(value)
    return found


def submit(client: TestClient, seen: Seen, **changed: str) -> Seen:
    """The page that the search form leads to, with some of its fields filled in anew."""
    form = seen.one("form", role="search")
    assert (form.attributes["id"], form.attributes["method"]) == ("ask", "get")
    fields = [(name, changed.get(name, value)) for name, value in sent(seen)]
    return see(client, f"{form.attributes['action']}?{urlencode(fields)}")
