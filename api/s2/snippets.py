"""Sentences in Semantic Scholar's shape."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query

from api.s2.errors import Refused
from api.s2.shape import Shape
from indexer.paper import Paper
from search.answer import Hit

_PARTS: Final = ("text", "snippetKind", "section", "snippetOffset", "annotations")
_DEEPER: Final = ("annotations.sentences", "annotations.refMentions")
_FIELDS: Final = frozenset(f"snippet.{name}" for name in (*_PARTS, *_DEEPER))


def asked_parts(
    fields: Annotated[str | None, Query(description="parts such as snippet.text, with commas; else all")] = None,
) -> frozenset[str]:
    """The parts of a snippet that are asked for; of the nested ones the whole that they are in. Raises `Refused`."""
    names = [name.strip() for name in (fields or "").split(",") if name.strip()]
    if unknown := [name for name in names if name not in _FIELDS]:
        raise Refused(f"Unrecognized or unsupported fields: [{', '.join(unknown)}]")
    return frozenset(name.split(".")[1] for name in names) or frozenset(_PARTS)


AskedParts = Annotated[frozenset[str], Depends(asked_parts)]


def snippet(hit: Hit, parts: frozenset[str]) -> dict[str, Any] | None:
    """The sentence of a hit that is nearest, its score and its paper; `None` where none is."""
    if hit.explanation is None or hit.explanation.passage is None:
        return None
    found = hit.explanation.passage
    whole = {
        "text": found.text,
        "snippetKind": found.field,
        "section": None,
        "snippetOffset": {"start": found.start, "end": found.end},
        "annotations": {"sentences": [{"start": 0, "end": len(found.text)}], "refMentions": []},
    }
    return {
        "snippet": {name: value for name, value in whole.items() if name in parts},
        "score": hit.score,
        "paper": _paper(hit.paper),
    }


def _paper(paper: Paper) -> dict[str, Any]:
    number = Shape.of("corpusId").record(paper)["corpusId"]
    return {
        "corpusId": None if number is None else str(number),
        "title": paper.title,
        "authors": list(paper.authors),
        "openAccessInfo": None,
    }
