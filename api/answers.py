"""The JSON shapes of answers to questions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

from api.schemas import PaperShape
from indexer.paper import to_record

if TYPE_CHECKING:  # a client has these shapes without the libraries of an engine
    from search.answer import Answer, Hit, Plan, Standing
    from search.confidence import Confidence
    from search.explain import Explanation, Match
    from search.feed import Listed
    from search.hints import Hint


class SpanShape(BaseModel):
    """A part of a text: characters from `start` to before `end`."""

    start: int
    end: int


class MatchShape(SpanShape):
    """A word of a text, and the word of the question that it is a form of."""

    term: str

    @classmethod
    def of(cls, match: Match) -> MatchShape:
        """The shape of a match."""
        return cls(start=match.start, end=match.end, term=match.term)


class PassageShape(SpanShape):
    """The sentence that is nearest to the question."""

    field: Annotated[Literal["title", "abstract"], Field(description="the text that it is a part of")]
    text: str
    score: Annotated[float, Field(description="cosine of the question and this sentence alone")]


class ExplanationShape(BaseModel):
    """Why a paper is a hit."""

    passage: PassageShape | None
    words: Annotated[list[str], Field(description="the question's words that are in the paper, in any form")]
    title_matches: list[MatchShape]
    abstract_matches: list[MatchShape]
    shares: Annotated[dict[str, float], Field(description="of the score: meaning, words, and kin among the best")]

    @classmethod
    def of(cls, why: Explanation) -> ExplanationShape:
        """The shape of an explanation."""
        found = why.passage
        return cls(
            passage=None if found is None else PassageShape(**asdict(found)),
            words=list(why.words),
            title_matches=[MatchShape.of(match) for match in why.title_matches],
            abstract_matches=[MatchShape.of(match) for match in why.abstract_matches],
            shares=dict(why.shares),
        )


class ConfidenceShape(BaseModel):
    """How sure it is that what was asked is found: the same numbers and words in every collection."""

    probability: Annotated[float, Field(description="of equal odds before: 0.5 says that it may or may not be")]
    verdict: Literal["strong", "weak", "none"]

    @classmethod
    def of(cls, confidence: Confidence | None) -> ConfidenceShape | None:
        """The shape of a confidence, where there is one."""
        if confidence is None:
            return None
        return cls(probability=round(confidence.probability, 4), verdict=confidence.verdict.value)


class HitShape(BaseModel):
    """A paper found. Scores: higher is better; null where the mode does not use one."""

    rank: int
    score: Annotated[float | None, Field(description="null where nothing but filters is asked")]
    dense: Annotated[float | None, Field(description="cosine of question and paper")]
    lexical: Annotated[float | None, Field(description="BM25 of their common words; null outside the best matches")]
    parts: Annotated[dict[str, float], Field(description="what meaning, words and kin add to the score")]
    contributions: Annotated[
        dict[str, float], Field(description="what each part of a composed question adds to the cosine")
    ]
    confidence: Annotated[ConfidenceShape | None, Field(description="null for questions without a text")]
    paper: PaperShape
    explanation: ExplanationShape | None = None

    @classmethod
    def of(cls, hit: Hit) -> HitShape:
        """The shape of a hit."""
        return cls(
            rank=hit.rank,
            score=hit.score,
            dense=hit.dense,
            lexical=hit.lexical,
            parts=dict(hit.parts),
            contributions=dict(hit.contributions),
            confidence=ConfidenceShape.of(hit.confidence),
            paper=PaperShape.of(hit.paper),
            explanation=None if hit.explanation is None else ExplanationShape.of(hit.explanation),
        )


class ExpansionShape(BaseModel):
    """An acronym of the question and what the collection's papers say it stands for."""

    short: str
    long: str


class HintShape(BaseModel):
    """A part of the question that was not understood, or that keeps papers out, and what to write instead."""

    part: str
    message: str
    next_step: str

    @classmethod
    def of(cls, hint: Hint) -> HintShape:
        """The shape of a hint."""
        return cls(part=hint.part, message=hint.message, next_step=hint.next_step)


class StepShape(BaseModel):
    """One thing that was done."""

    name: str
    result: str
    ms: float


class PlanShape(BaseModel):
    """What was run for a question."""

    mode: str
    meaning: Annotated[str, Field(description="the text that was encoded, acronyms spelled out")]
    words: Annotated[list[str], Field(description="stems that were looked up")]
    learned: Annotated[dict[str, float], Field(description="stems of the second search, with their weights")]
    filters: list[str]
    steps: list[StepShape]

    @classmethod
    def of(cls, plan: Plan) -> PlanShape:
        """The shape of a plan."""
        return cls(
            mode=plan.mode,
            meaning=plan.meaning,
            words=list(plan.words),
            learned=dict(plan.learned),
            filters=list(plan.filters),
            steps=[StepShape(name=step.name, result=step.result, ms=step.ms) for step in plan.steps],
        )


class SearchAnswer(BaseModel):
    """The best papers, and how many pass the filters."""

    hits: list[HitShape]
    total: int
    index_version: str
    took_ms: float
    confidence: Annotated[ConfidenceShape | None, Field(description="that there is an answer, on whatever page")]
    expansions: list[ExpansionShape]
    hints: list[HintShape]
    plan: PlanShape | None = None

    @classmethod
    def of(cls, answer: Answer, took_ms: float, *, explain: bool = False) -> SearchAnswer:
        """The shape of an answer."""
        return cls(
            hits=[HitShape.of(hit) for hit in answer.hits],
            total=answer.total,
            index_version=answer.index_version,
            took_ms=round(took_ms, 2),
            confidence=ConfidenceShape.of(answer.confidence),
            expansions=[ExpansionShape(short=e.short, long=e.long) for e in answer.expansions],
            hints=[HintShape.of(hint) for hint in answer.hints],
            plan=PlanShape.of(answer.plan) if explain else None,
        )


class RankAnswer(BaseModel):
    """Where one paper stands for a question. What keeps it out is named, with where it would stand otherwise."""

    id: str
    hit: Annotated[HitShape | None, Field(description="with its rank; where it is kept out, what it would be without")]
    kept_out: Annotated[list[HintShape], Field(description="why it is not among the answers; empty where it is")]
    hints: list[HintShape]
    total: int
    index_version: str
    took_ms: float
    plan: PlanShape

    @classmethod
    def of(cls, standing: Standing, took_ms: float) -> RankAnswer:
        """The shape of a standing."""
        return cls(
            id=standing.paper.id,
            hit=None if standing.hit is None else HitShape.of(standing.hit),
            kept_out=[HintShape.of(hint) for hint in standing.kept_out],
            hints=[HintShape.of(hint) for hint in standing.hints],
            total=standing.total,
            index_version=standing.index_version,
            took_ms=round(took_ms, 2),
            plan=PlanShape.of(standing.plan),
        )


class DayShape(BaseModel):
    """A day with papers."""

    day: str
    papers: int


class ListedShape(PaperShape):
    """A paper on a list. Its upvotes are those of its sources and of this collection's readers together."""

    rank: int
    day: Annotated[str | None, Field(description="the day of the list that it is on")]
    came: Annotated[str, Field(description="when it came to the collection")]
    new: Annotated[
        bool, Field(description="it came since the reader's last visit or, if that is unknown, in the last day")
    ]
    upvoted: Annotated[bool, Field(description="the reader whose key was sent has voted for it")]
    trend: Annotated[float, Field(description="votes / (age in days + 2)^1.8")]
    relevance: Annotated[float | None, Field(description="the score of the question's answer")] = None

    @classmethod
    def listed(
        cls, rank: int, listed: Listed, since: str, reader: str | None, score: float | None = None
    ) -> ListedShape:
        """The shape of a paper on a list; `since` is when the reader was here last."""
        values = to_record(listed.paper) | {"upvotes": listed.upvotes}
        return cls(
            **values,
            rank=rank,
            day=listed.day,
            came=listed.came,
            new=listed.came >= since,
            upvoted=reader in listed.voters,
            trend=round(listed.score, 6),
            relevance=score,
        )


class FeedAnswer(BaseModel):
    """A list of a day, a week or a month, one page of it."""

    period: Literal["day", "week", "month"]
    name: Annotated[str, Field(description="of the period: 2026-08-21, 2026-W34, 2026-08")]
    date_from: str
    date_to: str
    previous: Annotated[str | None, Field(description="the nearest earlier period with papers")]
    next: Annotated[str | None, Field(description="the nearest later period with papers")]
    days: Annotated[list[DayShape], Field(description="the days with papers in the months of the period")]
    sort: Literal["published", "trending", "relevance"]
    page: int
    pages: int
    total: int
    papers: list[ListedShape]
    index_version: str
    took_ms: float


class VoteAnswer(BaseModel):
    """What became of a vote."""

    id: str
    upvotes: Annotated[int, Field(description="of its sources and of this collection's readers together")]
    upvoted: bool
