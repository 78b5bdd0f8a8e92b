"""The one record of the product: a paper, its identity, its JSON form and the text that is embedded."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import chain
from typing import Any, Final

from indexer.errors import InvalidPaper, shorten
from indexer.extra import read_extra, text_of
from indexer.identifiers import SCHEMES, best_id, complete, identifier, split_arxiv

TEXT_RECIPE: Final = "title. abstract, windows with the title averaged/2"
"""Names how `Paper.text` is made and encoded. Stored with a collection: another recipe means other embeddings."""

LIMITS: Final = {
    "id": 512,
    "venue": 500,
    "title": 4_000,
    "abstract": 100_000,
    "author": 500,
    "category": 200,
    "url": 2_000,
    "identifier": 320,
}
MAX_SLUG: Final = 64
MAX_LIST: Final = 10_000
MAX_COUNT: Final = 2**53 - 1  # the largest integer that every JSON reader keeps exact

_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_PARAGRAPHS = re.compile(r"\n\s*\n\s*")
_PROSE_SIGNS = frozenset("-‐‑–—:;,.!?'\"()[]/…‘’“”")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper. Making one tidies white space and checks every field; `InvalidPaper` says which is wrong.

    A title or an abstract is enough: the other may be empty.
    `published` is an ISO 8601 date at the precision that is known: a day, a month or a year.
    `author_count` may be known where the names are not. `None` means unknown, never zero.
    `identifiers` are names such as `doi:10.1093/mind/lix.236.433` (see `indexer.identifiers`); those that `id` and
    `url` are join them. `version` is that of arXiv, `updated` the day of the last change to the record, `daily` the
    day on which the paper was on Daily Papers. An arXiv id is kept without its version, which becomes `version`.
    `extra` is what sources say beyond these fields, in their own words: the text of one JSON object with an object a
    source (see `indexer.extra`).
    """

    id: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    published: str | None = None
    comments: int | None = None
    upvotes: int | None = None
    categories: tuple[str, ...] = ()
    url: str | None = None
    venue: str | None = None
    identifiers: tuple[str, ...] = ()
    version: int | None = None
    updated: str | None = None
    daily: str | None = None
    source: str | None = None
    extra: str | None = None

    def __post_init__(self) -> None:
        tidy: dict[str, Any] = {
            "id": _line("id", self.id, required=True),
            "title": _line("title", self.title),
            "abstract": _prose("abstract", self.abstract),
            "authors": _lines("author", self.authors),
            "categories": _lines("category", self.categories),
            **{
                name: None if (value := getattr(self, name)) is None else check_date(name, value)
                for name in ("published", "updated", "daily")
            },
            "venue": None if self.venue is None else _line("venue", self.venue) or None,
            "url": None if self.url is None else check_url(self.url),
            "extra": None if self.extra is None else read_extra(self.extra),
            "source": None if self.source is None else _line("source", self.source) or None,
        }
        tidy["id"], tidy["version"] = _without_version(tidy["id"], self.version)
        tidy["identifiers"] = complete(_identifiers(self.identifiers), tidy["id"], tidy["url"])
        for name, value in tidy.items():
            object.__setattr__(self, name, value)
        if self.id in {".", ".."}:
            raise _wrong("id", f"is {self.id!r}, which no address can end in")
        if not self.title and not self.abstract:
            raise _wrong("title", "is empty, and it has no abstract")
        for name in ("author_count", "comments", "upvotes", "version"):
            _count(name, getattr(self, name))
        if self.authors:
            object.__setattr__(self, "author_count", max(self.author_count or 0, len(self.authors)))

    @property
    def text(self) -> str:
        """What is embedded (see `TEXT_RECIPE`): the title alone where there is no abstract, and the reverse."""
        if not self.title or not self.abstract:
            return self.title or self.abstract
        return f"{self.title}{'' if self.title[-1] in '.?!' else '.'} {self.abstract}"

    @property
    def heading(self) -> str:
        """What people see in a list: the title, or how the abstract begins."""
        begin = " ".join(self.abstract[:200].split())
        return self.title or (begin if len(begin) <= 100 else f"{begin[:100].rsplit(' ', 1)[0]} …")

    @property
    def day(self) -> str | None:
        """The first day of `published`, by which papers are filtered and sorted."""
        return None if self.published is None else first_day(self.published)

    @property
    def listed(self) -> str | None:
        """The day of the list that it was on: that of `daily`, else that on which it was published."""
        return self.day if self.daily is None else first_day(self.daily)

    @property
    def more(self) -> dict[str, Any]:
        """What `extra` says."""
        return {} if self.extra is None else dict(json.loads(self.extra))

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of the record: two papers with the same id are the same paper if this is equal."""
        return hashlib.sha256(to_line(self).encode()).digest()


FIELDS: Final = tuple(field.name for field in fields(Paper))
_NAMES: Final = frozenset(FIELDS) - {"extra"}
_LISTS: Final = ("authors", "categories", "identifiers")
_NUMBERS: Final = ("author_count", "comments", "upvotes", "version")
_DATES: Final = ("published", "updated", "daily")
_TEXTS: Final = tuple(name for name in FIELDS if name not in (*_LISTS, *_NUMBERS, "extra"))


def to_record(paper: Paper) -> dict[str, Any]:
    """The paper as JSON values, in a fixed order, unknown values as `None`; `extra` as an object, only where it is."""
    # dataclasses.asdict copies deeply, at ten times the cost.
    record: dict[str, Any] = {name: getattr(paper, name) for name in FIELDS if name != "extra"}
    return record if paper.extra is None else record | {"extra": paper.more}


def to_line(paper: Paper) -> str:
    """The paper as one line of JSON, without a line break."""
    return json.dumps(to_record(paper), ensure_ascii=False)


def from_record(record: Mapping[str, object]) -> Paper:
    """Make a paper of JSON values in the product's own names.

    Where there is no id it comes from the identifiers, from the title, or from the abstract if there is no title
    either. Raises `InvalidPaper` where both are missing, for an unknown name and for a value of the wrong type.
    """
    if unknown := sorted(set(record) - set(FIELDS)):
        raise InvalidPaper(
            f"A paper has no field {shorten(str(unknown[0]))!r}.", f"The fields are: {', '.join(FIELDS)}."
        )
    values: dict[str, Any] = {name: value for name, value in record.items() if value is not None}
    for name in ("authors", "categories", "identifiers"):
        if name in values:
            if not isinstance(values[name], list | tuple):
                raise _wrong(name, "must be a list of strings")
            values[name] = tuple(values[name])
    if "extra" in values:
        values["extra"] = text_of(values["extra"])
    if not values.get("title") and not values.get("abstract"):
        raise _wrong("title", "is empty" if "title" in values else "is missing")
    values.setdefault("title", "")
    if values.get("id", "") == "":
        title, abstract = _line("title", values["title"]), _prose("abstract", values.get("abstract", ""))
        url = None if values.get("url") is None else check_url(values["url"])
        names = complete(_identifiers(values.get("identifiers", ())), url)
        values["id"] = best_id(names) or id_from_title(title or abstract)
    return Paper(**values)


def from_stored(values: Mapping[str, Any]) -> Paper:
    """Make a paper of the values of `to_record`, which are as tidy as a paper is.

    At a quarter of the cost of `from_record`, which matters where twenty are shown: only what could do harm is checked,
    since a collection may come from a stranger. Raises `InvalidPaper`.
    """
    if values.keys() - {"extra"} != _NAMES or not all(type(values[name]) is list for name in _LISTS):
        return from_record(values)
    texts = [text for name in _TEXTS if (text := values[name]) is not None]
    texts += chain.from_iterable(values[name] for name in _LISTS)
    numbers = [number for name in _NUMBERS if (number := values[name]) is not None]
    if (
        not all(type(text) is str for text in texts)
        or not all(type(number) is int for number in numbers)
        or not all(values[name] for name in ("id", "title", "abstract"))
        or is_unsafe(" ".join(texts))
    ):
        return from_record(values)
    for name in _DATES:
        if values[name] is not None:
            check_date(name, values[name])
    if values["url"] is not None:
        check_url(values["url"])
    paper = object.__new__(Paper)
    for name, value in values.items():
        object.__setattr__(paper, name, tuple(value) if type(value) is list else value)
    object.__setattr__(paper, "extra", text_of(values["extra"]) if "extra" in values else None)
    return paper


def id_from_title(title: str) -> str:
    """A readable id that depends on the title alone.

    The words of the title joined by hyphens. Where that loses something (a long title, letters that have no
    ASCII form, the signs of "C++" or of a formula) eight hex digits of the title's SHA-256 keep different titles apart.
    """
    folded = unicodedata.normalize("NFKD", title.casefold())
    letters = "".join(c for c in folded if not unicodedata.combining(c))
    words = re.findall(r"[a-z0-9]+", letters)
    slug = "-".join(words)
    # Letters without an ASCII form, and signs that tell "C++" from "C"; punctuation of prose tells nothing.
    lossy = any(not (c.isspace() or (c.isascii() and c.isalnum()) or c in _PROSE_SIGNS) for c in letters)
    if slug and len(slug) <= MAX_SLUG and not lossy:
        return slug
    digest = hashlib.sha256(" ".join(folded.split()).encode()).hexdigest()[:8]
    kept = slug if len(slug) <= MAX_SLUG else slug[: MAX_SLUG - 9].rsplit("-", 1)[0]
    return f"{kept}-{digest}" if kept else f"paper-{digest}"


def check_date(name: str, text: object) -> str:
    """An ISO 8601 day, month or year that exists; `InvalidPaper` otherwise."""
    match = _DATE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise _wrong(name, "must be a date such as 2025-06-23, 2025-06 or 2025")
    try:
        date.fromisoformat(first_day(match[0]))
    except ValueError:
        raise _wrong(name, f"is not a day of the calendar: {match[0]}") from None
    return match[0]


def check_url(value: object) -> str | None:
    """A web address, or `None` for a blank one; `InvalidPaper` otherwise."""
    text = _line("url", value)
    if not text:
        return None
    # A link is shown to people: "javascript:" and its kind must never become one.
    if not re.match(r"https?://[^\s]+$", text, re.IGNORECASE):
        raise _wrong("url", "must start with http:// or https:// and hold no spaces")
    return text


def first_day(published: str) -> str:
    """`2025` → `2025-01-01`, `2025-06` → `2025-06-01`, a day as it is."""
    return published + "-01-01"[len(published) - 4 :] if len(published) < len("2025-06-23") else published


def is_unsafe(text: str) -> bool:
    """Whether a text holds NUL, other control characters or lone surrogates."""
    return _UNSAFE.search(text) is not None


def make_safe(text: str) -> str:
    """Replace what `is_unsafe` finds by U+FFFD, so that a damaged record can be kept."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def _wrong(name: str, what: str) -> InvalidPaper:
    return InvalidPaper(f"The paper's {name} {what}.", "Correct the record and send it again.")


def _checked(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "must be a string")
    if is_unsafe(value):
        raise _wrong(name, "holds control characters or lone surrogates")
    return unicodedata.normalize("NFC", value)


def _line(name: str, value: object, *, required: bool = False) -> str:
    # An id is kept letter by letter: normalising it would change what other programs ask for.
    checked = _checked(name, value)
    text = value.strip() if name == "id" and isinstance(value, str) else " ".join(checked.split())
    if required and not text:
        raise _wrong(name, "is empty")
    if len(text) > LIMITS.get(name, LIMITS["category"]):
        raise _wrong(name, f"is longer than {LIMITS.get(name, LIMITS['category']):,} characters")
    return text


def _prose(name: str, value: object) -> str:
    """Hard-wrapped lines are joined; blank lines between paragraphs are kept."""
    text = _checked(name, value).replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > LIMITS[name]:
        raise _wrong(name, f"is longer than {LIMITS[name]:,} characters")
    if "\n" not in text:
        return " ".join(text.split())
    return "\n\n".join(" ".join(part.split()) for part in _PARAGRAPHS.split(text))


def _lines(name: str, values: tuple[object, ...]) -> tuple[str, ...]:
    if len(values) > MAX_LIST:
        raise _wrong(f"list of {name} entries", f"is longer than {MAX_LIST:,}")
    return tuple(text for value in values if (text := _line(name, value)))


def _identifiers(values: tuple[object, ...]) -> list[str]:
    found = []
    for value in _lines("identifier", values):
        scheme, colon, rest = value.partition(":")
        name = identifier(scheme, rest)
        if not colon or name is None:
            raise _wrong(
                "identifier", f"{shorten(value)!r} is not one of {', '.join(SCHEMES)} with a value behind a colon"
            )
        found.append(name)
    return found


def _without_version(paper_id: str, version: int | None) -> tuple[str, int | None]:
    """`2405.15738v2` → (`2405.15738`, 2): all versions are one paper."""
    found = split_arxiv(paper_id)
    return (paper_id, version) if found is None else (found[0], version if version is not None else found[1])


def _count(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise _wrong(name, "must be a whole number, zero or more")
