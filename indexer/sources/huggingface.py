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
from indexer.sources.json_values import arxiv_id, labels, mapping, names, paper_id, prose, text

SOURCE: Final = "hf"


def matches(record: Mapping[str, Any]) -> bool:
    """A row holds its paper as `paper`; a single paper has `publishedAt`, which no other shape has."""
    paper = record.get("paper")
    return isinstance(paper, Mapping) and "id" in paper if "paper" in record else {"id", "publishedAt"} <= set(record)


def paper(record: Mapping[str, Any], where: str, report: Report) -> Paper:
    """The paper of a row or of a bare record. Title and summary are taken from where they are: rows lack either."""
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
    return build(values, where, report)
