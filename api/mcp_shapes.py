"""What language models ask with, and lean answers: a model pays for every word that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, Field

from api.answers import ExpansionShape, HintShape
from api.requests import ModeName
from api.schemas import DATE_HINT, PaperShape
from search.query import MAX_LIKED, MAX_OFFSET, MAX_TEXT

if TYPE_CHECKING:
    from indexer.identity import Record
    from search.answer import Answer, Hit, Standing
    from search.confidence import Confidence
    from search.explain import Explanation

MAX_FOUND: Final = 50
"""Hits of one answer: some 30 kB, or 7,000 tokens."""
MAX_NAMES: Final = 6
"""Authors of a hit that are named; how many there are is told."""
MAX_BEGINNING: Final = 300
"""Characters of an abstract that stand where no sentence is the best."""

# Limits are shown to the model here and enforced by the values of search.query, whose errors say the next step.
Question = Annotated[
    str,
    Field(
        json_schema_extra={"maxLength": MAX_TEXT},
        description='What you look for, in plain words, or a pasted abstract. Also operators: "exact phrase", -word, '
        "author:name, category:cs.CL, source:name, after:2025-06, before:2026, id:…",
    ),
]
Wanted = Annotated[
    int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_FOUND}, description="How many papers to return.")
]
Skipped = Annotated[
    int,
    Field(
        json_schema_extra={"minimum": 0, "maximum": MAX_OFFSET}, description="How many to leave out first, for pages."
    ),
]
DateFrom = Annotated[str | None, Field(description=f"First date of the papers, {DATE_HINT}.")]
DateTo = Annotated[str | None, Field(description=f"Last date of the papers, inclusive, {DATE_HINT}.")]
Author = Annotated[str | None, Field(description="Words of one author's name.")]
Category = Annotated[str | None, Field(description="A category such as cs.CL, or the archive before its dot: cs.")]
Source = Annotated[str | None, Field(description="Where the papers came from.")]
Liked = Annotated[
    list[str] | None,
    Field(json_schema_extra={"maxItems": MAX_LIKED}, description="Ids of papers that answers should be near to."),
]
Disliked = Annotated[
    list[str] | None,
    Field(json_schema_extra={"maxItems": MAX_LIKED}, description="Ids of papers that answers should be far from."),
]
Kin = Annotated[
    list[str],
    Field(
        json_schema_extra={"minItems": 1, "maxItems": MAX_LIKED}, description="Ids of the papers whose kin you want."
    ),
]
Way = Annotated[
    ModeName, Field(description="hybrid: by meaning and words, the best for most; dense: by meaning; lexical: by words")
]
Name = Annotated[
    str,
    Field(description="A paper's id as an answer gave it, or a DOI, an arXiv id, an ACL id, or an address with one."),
]
WithSources = Annotated[bool, Field(description="Also tell which records of which sources the paper was made of.")]

Verdict = Literal["strong", "weak", "no good match"]
"""The words of a confidence, spelled out for readers who have not read what they mean."""
_VERDICT_HINT = "strong: it answers the question; weak: it may; no good match: it most likely does not, say so"


def _verdict(confidence: Confidence | None) -> Verdict | None:
    return None if confidence is None else _VERDICTS[confidence.verdict.value]


_VERDICTS: Final[dict[str, Verdict]] = {"strong": "strong", "weak": "weak", "none": "no good match"}


class LeanHit(BaseModel):
    """A paper found, without most of its abstract."""

    rank: int
    id: str
    title: str
    authors: Annotated[list[str], Field(description=f"the first {MAX_NAMES}")]
    author_count: int | None
    published: str | None
    verdict: Annotated[Verdict | None, Field(description=f"{_VERDICT_HINT}; null where no text was asked")]
    probability: Annotated[float | None, Field(description="that this is what was asked for")]
    excerpt: Annotated[str, Field(description="the paper's own words, written by others")]
    excerpt_is: Literal["nearest sentence", "start of the abstract"]

    @classmethod
    def of(cls, hit: Hit) -> LeanHit:
        """The shape of a hit."""
        paper = hit.paper
        sentence = _sentence(hit.explanation)
        return cls(
            rank=hit.rank,
            id=paper.id,
            title=paper.heading,
            authors=list(paper.authors[:MAX_NAMES]),
            author_count=paper.author_count if paper.author_count is not None else len(paper.authors) or None,
            published=paper.published,
            verdict=_verdict(hit.confidence),
            probability=None if hit.confidence is None else round(hit.confidence.probability, 2),
            excerpt=sentence or _beginning(paper.abstract),
            excerpt_is="nearest sentence" if sentence else "start of the abstract",
        )


class Found(BaseModel):
    """Papers found, best first, and whether they are an answer at all."""

    verdict: Annotated[Verdict | None, Field(description=f"on the whole answer; {_VERDICT_HINT}; null without a text")]
    probability: Annotated[float | None, Field(description="that the collection has what was asked for")]
    hits: list[LeanHit]
    total: Annotated[int, Field(description="papers that pass the filters; all of them are ranked")]
    hints: Annotated[list[HintShape], Field(description="what of the question was not understood, or finds nothing")]
    read_as: Annotated[list[ExpansionShape], Field(description="acronyms, as the papers themselves define them")]
    index_version: Annotated[str, Field(description="the same version gives the same answer")]

    @classmethod
    def of(cls, answer: Answer) -> Found:
        """The shape of an answer."""
        sure = answer.confidence
        return cls(
            verdict=_verdict(sure),
            probability=None if sure is None else round(sure.probability, 2),
            hits=[LeanHit.of(hit) for hit in answer.hits],
            total=answer.total,
            hints=[HintShape.of(hint) for hint in answer.hints],
            read_as=[ExpansionShape(short=each.short, long=each.long) for each in answer.expansions],
            index_version=answer.index_version,
        )


class LeanRecord(BaseModel):
    """What a paper was made of: one record of one source, without its texts."""

    source: str | None
    origin: Annotated[str, Field(description="the file it came from, or the way it came")]
    came: str
    id: str
    title: str
    url: str | None
    identifiers: list[str]

    @classmethod
    def of(cls, record: Record) -> LeanRecord:
        """The shape of a record."""
        paper = record.paper
        return cls(
            source=paper.source,
            origin=record.origin,
            came=record.came,
            id=paper.id,
            title=paper.heading,
            url=paper.url,
            identifiers=list(paper.identifiers),
        )


class WholePaper(PaperShape):
    """One paper, whole."""

    sources: Annotated[list[LeanRecord] | None, Field(description="null unless asked for")] = None
    index_version: str


class Why(BaseModel):
    """Where one paper stands for a question, and why."""

    id: str
    title: str
    found: Annotated[bool, Field(description="whether it is among the answers")]
    rank: Annotated[int | None, Field(description="from 1; where it is kept out, what it would be otherwise")]
    total: Annotated[int, Field(description="papers that may be found")]
    verdict: Annotated[Verdict | None, Field(description=_VERDICT_HINT)]
    probability: float | None
    sentence: Annotated[str | None, Field(description="of the paper, the nearest to the question")]
    sentence_score: Annotated[float | None, Field(description="cosine of the question and this sentence alone")]
    words: Annotated[list[str], Field(description="the question's words that are in the paper, in any form")]
    shares: Annotated[dict[str, float], Field(description="of the score: meaning, words, and kin among the best")]
    contributions: Annotated[dict[str, float], Field(description="what text, likes and dislikes add to the cosine")]
    kept_out: Annotated[list[HintShape], Field(description="what keeps it out of the answers; empty where nothing")]
    hints: list[HintShape]
    meaning: Annotated[str, Field(description="the text that was compared, acronyms spelled out")]
    index_version: str

    @classmethod
    def of(cls, standing: Standing) -> Why:
        """The shape of a standing."""
        hit = standing.hit
        sure, why = (hit.confidence, hit.explanation) if hit else (None, None)
        passage = why.passage if why else None
        return cls(
            id=standing.paper.id,
            title=standing.paper.heading,
            found=hit is not None and not standing.kept_out,
            rank=hit.rank if hit else None,
            total=standing.total,
            verdict=_verdict(sure),
            probability=None if sure is None else round(sure.probability, 2),
            sentence=passage.text if passage else None,
            sentence_score=round(passage.score, 3) if passage else None,
            words=list(why.words) if why else [],
            shares=_rounded(why.shares) if why else {},
            contributions=_rounded(hit.contributions) if hit else {},
            kept_out=[HintShape.of(hint) for hint in standing.kept_out],
            hints=[HintShape.of(hint) for hint in standing.hints],
            meaning=standing.plan.meaning,
            index_version=standing.index_version,
        )


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


def _sentence(why: Explanation | None) -> str | None:
    """The nearest sentence; none where that is the title, which is told anyway."""
    passage = why.passage if why else None
    return passage.text if passage and passage.field == "abstract" else None


def _beginning(abstract: str) -> str:
    start = " ".join(abstract[: 2 * MAX_BEGINNING].split())
    return start if len(start) <= MAX_BEGINNING else f"{start[:MAX_BEGINNING].rsplit(' ', 1)[0]} …"
