"""Papers of Hugging Face: rows of Daily Papers, and single papers as its interface gives them.

A row is `{"paper": {…}, "title": …, "numComments": …}`. The row's own `publishedAt` was the day on the page until 2024
and is the paper's since; `submittedOnDailyAt` of the paper says the day where it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.json_values import arxiv_id, items, labels, mapping, names, paper_id, prose, text

SOURCE: Final = "hf"


def matches(record: Mapping[str, Any]) -> bool:
    """A row holds its paper as `paper`; a single paper has `publishedAt`, a line of a dump the day of the list."""
    if {"daily_date", "submitted_by"} <= set(record):
        return True
    paper = record.get("paper")
    return isinstance(paper, Mapping) and "id" in paper if "paper" in record else {"id", "publishedAt"} <= set(record)


def paper(record: Mapping[str, Any], where: str, report: Report) -> Paper:
    """The paper of a row or of a bare record. Title and summary are taken from where they are: rows lack either."""
    if "daily_date" in record:
        record = _row(record)
    row = record if "paper" in record else {}
    inner = mapping(record["paper"]) if row else record
    number = arxiv_id(inner.get("id")) or text(inner.get("id"))
    values = {
        "id": paper_id(inner.get("id")),
        "title": prose(inner.get("title") or row.get("title")),
        "abstract": prose(inner.get("summary") or row.get("summary")),
        # An author who is hidden wants no link to an account; the name stands on the paper.
        "authors": names(inner.get("authors"), "name"),
        "published": inner.get("publishedAt"),
        "daily": text(inner.get("submittedOnDailyAt")) or row.get("publishedAt"),
        "upvotes": inner.get("upvotes"),
        "comments": row.get("numComments", inner.get("numComments")),
        "categories": labels(inner.get("ai_keywords"), "name"),
        "url": f"https://huggingface.co/papers/{number}" if number else None,
        "source": SOURCE,
    }
    values["extra"] = _extra(inner, row, values)
    return build(values, where, report)


def _row(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """A line of a dump, which has short names and no objects, as the row that it was made of."""
    submitter, organization = text(line.get("submitted_by")), text(line.get("organization"))
    inner = {
        "id": line.get("id"),
        "title": line.get("title"),
        "summary": line.get("abstract"),
        "authors": [{"name": name} for name in items(line.get("authors"))],
        "publishedAt": line.get("date"),
        "submittedOnDailyAt": line.get("submitted_on_daily") or line.get("daily_date"),
        "submittedOnDailyBy": {"user": submitter, "name": submitter} if submitter else None,
        "upvotes": line.get("upvotes"),
        "projectPage": line.get("project"),
        "githubRepo": line.get("github"),
        "githubStars": line.get("github_stars"),
        "ai_summary": line.get("ai_summary"),
        "ai_keywords": line.get("categories"),
        "organization": {"name": organization, "fullname": organization} if organization else None,
    }
    row = {"numComments": line.get("comments"), "submittedBy": {"name": submitter} if submitter else None}
    return {"paper": _known(inner), **_known(row)}


_GIVEN: Final = {"id", "title", "summary", "authors", "upvotes", "ai_keywords", "numComments"}
"""What becomes a field of the paper."""
_PICTURES: Final = {"avatar", "avatarUrl", "thumbnail"}
"""Addresses of pictures on other hosts, which a page would make its readers ask for."""


def _extra(inner: Mapping[str, Any], row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the fields of a paper do not say, so that the row can be given back as it was."""
    facts = {name: value for name, value in inner.items() if name not in _GIVEN}
    for name, ours in (("title", values["title"]), ("summary", values["abstract"])):
        if isinstance(inner.get(name), str) and isinstance(ours, str) and inner[name].split() != ours.split():
            facts[name] = " ".join(inner[name].split())
    if "ai_keywords" in inner and inner["ai_keywords"] != values["categories"]:
        facts["ai_keywords"] = inner["ai_keywords"]
    people = [{k: v for k, v in one.items() if k != "name"} for one in items(inner.get("authors")) if _named(one)]
    if any(people):
        facts["authors"] = people
    about = {name: value for name, value in row.items() if name not in _GIVEN | {"paper", "organization"}}
    if isinstance(row.get("title"), str) and row["title"].split() != str(inner.get("title") or row["title"]).split():
        about["title"] = " ".join(row["title"].split())
    found = {"paper": _plain(facts), "row": _plain(about)}
    return {SOURCE: _known(found)} if any(found.values()) else None


def _named(author: object) -> bool:
    return isinstance(author, Mapping) and text(author.get("name")) is not None


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in (None, {}, [])}


def _plain(value: Any) -> Any:
    """A value without pictures."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items() if name not in _PICTURES}
    return [_plain(part) for part in value] if isinstance(value, list) else value
