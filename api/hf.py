"""Papers in the shape of Hugging Face's Daily Papers. docs/hugging-face.md lists what cannot be known here."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from indexer.paper import Paper
from indexer.sources.cleaning import plain
from search.feed import Listed


def paper(listed: Listed) -> dict[str, Any]:
    """A paper as `/api/papers/{id}` gives it."""
    one = listed.paper
    facts = dict(_facts(one, "paper"))
    daily = {"submittedOnDailyAt": _midnight(one.daily)} if one.daily else {}
    return {
        **daily,
        **facts,
        "id": one.id,
        "authors": _authors(one, facts.get("authors")),
        "publishedAt": facts.get("publishedAt") or _midnight(one.day),
        "title": _as_written(facts.get("title"), one.title),
        "summary": _as_written(facts.get("summary"), one.abstract),
        "upvotes": listed.upvotes or 0,
        "discussionId": facts.get("discussionId"),
        **({"ai_keywords": facts.get("ai_keywords") or list(one.categories)} if one.categories else {}),
    }


def row(listed: Listed) -> dict[str, Any]:
    """A paper as `/api/daily_papers` and the search list it."""
    inner = paper(listed)
    facts = _facts(listed.paper, "row")
    return {
        "paper": inner,
        **facts,
        "publishedAt": facts.get("publishedAt") or inner["publishedAt"],
        "title": _as_written(facts.get("title"), listed.paper.title) if facts.get("title") else inner["title"],
        "summary": inner["summary"],
        "thumbnail": None,
        "numComments": listed.paper.comments,
        "submittedBy": facts.get("submittedBy"),
        "organization": inner.get("organization"),
        "isAuthorParticipating": facts.get("isAuthorParticipating"),
    }


def single(listed: Listed) -> dict[str, Any]:
    """A paper alone, with what is said of it on the list."""
    facts = _facts(listed.paper, "row")
    known = {"numComments": listed.paper.comments, "submittedBy": facts.get("submittedBy")}
    return paper(listed) | {name: value for name, value in known.items() if value is not None}


def markdown(one: Paper, base: str | None = None) -> str:
    """A paper as text to read; with links into the server whose address is `base`."""
    facts = _facts(one, "paper")
    unnamed = f"{one.author_count}, whose names are not known" if one.author_count else None
    here = None if base is None else f"{base}/v1/papers/{quote(one.id, safe='')}"
    about = [
        ("Authors", ", ".join(one.authors) or unnamed),
        ("Published", one.published),
        ("Venue", one.venue),
        ("Categories", ", ".join(one.categories)),
        ("Id", one.id),
        ("Identifiers", ", ".join(one.identifiers)),
        ("Source", one.url),
        ("Code", facts.get("githubRepo")),
        ("Project", facts.get("projectPage")),
        ("All fields", here),
        ("Related papers", here and f"{here}/related"),
    ]
    lines = "\n".join(f"- {name}: {value}" for name, value in about if value)
    return f"# {one.heading}\n\n{lines}\n\n## Abstract\n\n{one.abstract or 'The abstract is not known.'}\n"


def _facts(one: Paper, part: str) -> dict[str, Any]:
    """What Hugging Face said beyond the fields of a paper; whatever else stands there is not theirs."""
    found = one.more.get("hf", {}).get(part, {})
    return found if isinstance(found, dict) else {}


def _authors(one: Paper, known: object) -> list[dict[str, Any]]:
    if isinstance(known, list) and len(known) == len(one.authors) and all(isinstance(each, dict) for each in known):
        return [{**facts, "name": name} for facts, name in zip(known, one.authors, strict=True)]
    return [
        {"_id": hashlib.sha256(f"{one.id}\n{at}".encode()).hexdigest()[:24], "name": name, "hidden": False}
        for at, name in enumerate(one.authors)
    ]


def _as_written(theirs: object, ours: str) -> str:
    """The text with the marks that its source wrote, unless it has changed since."""
    return theirs if isinstance(theirs, str) and plain(theirs).split() == ours.split() else ours


def _midnight(day: str | None) -> str | None:
    return f"{day}T00:00:00.000Z" if day else None
