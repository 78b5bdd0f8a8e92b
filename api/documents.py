"""Lists and questions as documents for feed readers: Atom (RFC 4287), RSS 2.0, JSON Feed 1.1.

The only import of feedgen. What is in a document depends on its papers alone: asked again, it is the same to the byte.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final, Literal

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from api.showing import paper_address
from indexer.paper import Paper
from search.feed import Listed

Format = Literal["atom", "rss", "json"]

MEDIA: Final = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
_NO_XML: Final = dict.fromkeys((0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}")
"""Characters that a paper may have and XML 1.0 may not."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is to be written.

    `address` is its own, `page` that of the same for people; `base` is the server's and ends without a slash.
    """

    title: str
    address: str
    page: str
    base: str
    papers: Sequence[Listed]

    @property
    def id(self) -> str:
        """Stays the same where the server moves: it depends on what is asked alone."""
        return _urn(f"feed:{self.address.removeprefix(self.base)}")

    def write(self, kind: Format) -> bytes:
        """The document's bytes."""
        if kind == "json":
            return self._json()
        generator = self._generator(kind)
        return bytes(generator.atom_str(pretty=True) if kind == "atom" else generator.rss_str(pretty=True))

    def _generator(self, kind: Format) -> FeedGenerator:
        made = FeedGenerator()
        if kind == "rss":  # whose own authors are addresses
            made.load_extension("dc")
        made.id(self.id)
        made.title(_xml(self.title))
        made.description(_xml(self.title))
        made.author({"name": "Paperkin"})
        made.link([{"href": self.page, "rel": "alternate"}, {"href": self.address, "rel": "self"}])
        made.generator("Paperkin")
        made.language("en")
        latest = max((_moment(paper.came) for paper in self.papers), default=datetime.fromtimestamp(0, UTC))
        made.updated(latest)
        made.lastBuildDate(latest)
        for paper in self.papers:
            self._entry(made.add_entry(order="append"), paper, kind)
        return made

    def _entry(self, entry: FeedEntry, listed: Listed, kind: Format) -> None:
        paper = listed.paper
        address = self.base + paper_address(paper.id)
        entry.id(entry_id(paper))
        entry.guid(entry_id(paper), permalink=False)
        entry.title(_xml(paper.heading))
        entry.link(href=address, rel="alternate")
        entry.updated(_moment(listed.came))
        entry.pubDate(_moment(listed.came))
        entry.summary(_xml(paper.abstract or paper.heading))
        entry.author([{"name": _xml(name)} for name in paper.authors] or [{"name": "unknown"}])
        if paper.authors and kind == "rss":
            entry.dc.dc_creator([_xml(name) for name in paper.authors])
        entry.category([{"term": _xml(name)} for name in paper.categories])

    def _json(self) -> bytes:
        items = [self._item(listed) for listed in self.papers]
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.title,
            "home_page_url": self.page,
            "feed_url": self.address,
            "language": "en",
            "items": items,
        }
        return json.dumps(feed, ensure_ascii=False, indent=1).encode()

    def _item(self, listed: Listed) -> dict[str, Any]:
        paper = listed.paper
        item = {
            "id": entry_id(paper),
            "url": self.base + paper_address(paper.id),
            "external_url": paper.url,
            "title": paper.heading,
            "content_text": paper.abstract or paper.heading,
            "date_published": _moment(listed.came).isoformat().replace("+00:00", "Z"),
            "authors": [{"name": name} for name in paper.authors],
            "tags": list(paper.categories),
        }
        return {name: value for name, value in item.items() if value not in (None, [])}


def entry_id(paper: Paper) -> str:
    """The id of a paper's entry in every document, wherever it is served."""
    return _urn(f"paper:{paper.id}")


def etag(content: bytes) -> str:
    """Names the bytes of a document."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_known(tag: str, changed: datetime, none_match: str | None, modified_since: str | None) -> bool:
    """Whether the asker has this very document (RFC 9110, 13.1): by its name, or else by when it changed."""
    if none_match is not None:
        return any(name.strip().removeprefix("W/") in (tag, "*") for name in none_match.split(","))
    try:
        since = parsedate_to_datetime(modified_since or "")
    except ValueError:
        return False
    return changed.replace(microsecond=0) <= (since if since.tzinfo else since.replace(tzinfo=UTC))


def http_date(at: datetime) -> str:
    """A moment as HTTP writes it."""
    return format_datetime(at.replace(microsecond=0), usegmt=True)


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"paperkin:{name}").urn


def _moment(came: str) -> datetime:
    """A moment, or the day that is all that is known of one."""
    return datetime.fromisoformat(came).replace(tzinfo=UTC)


def _xml(text: str) -> str:
    return text.translate(_NO_XML)
