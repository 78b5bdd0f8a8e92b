"""The JSON shapes of answers of the REST interface. They are apart from the records that they show."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from indexer.collection import Snapshot
from indexer.encoder import ModelIdentity
from indexer.identity import Record
from indexer.paper import Paper, to_record
from search.answer import Answer, Hit, Plan, Standing
from search.confidence import Confidence
from search.engine import index_version
from search.explain import Explanation, Match
from search.hints import Hint

DATE_HINT = "a day, month or year: 2025-06-23, 2025-06 or 2025; a paper without a day counts as of the first one"
IDENTIFIER_HINT = "arxiv:…, doi:…, acl:…, pmid:… and the like, by which records of one paper are known"


class PaperShape(BaseModel):
    """A paper; null is unknown."""

    id: str
    title: str
    abstract: str
    authors: list[str]
    author_count: int | None
    published: Annotated[str | None, Field(description=DATE_HINT)]
    comments: int | None
    upvotes: int | None
    categories: list[str]
    url: str | None
    venue: str | None
    identifiers: Annotated[list[str], Field(description=IDENTIFIER_HINT)]
    version: Annotated[int | None, Field(description="the version of the arXiv record")]
    updated: Annotated[str | None, Field(description=DATE_HINT)]
    daily: Annotated[str | None, Field(description="the day on which it was on Daily Papers")]
    source: str | None

    @classmethod
    def of(cls, paper: Paper, **more: Any) -> Self:
        """The shape of a paper."""
        return cls(**to_record(paper), **more)


class PaperAnswer(PaperShape):
    """One paper, and the index version it was read from."""

    index_version: str


class RecordShape(BaseModel):
    """What one source says of a paper."""

    origin: Annotated[str, Field(description="the file it came from, or the way it came")]
    came: Annotated[str, Field(description="the day on which it came")]
    apart: Annotated[bool, Field(description="taken out of another paper, and not to be merged again")]
    record: PaperShape

    @classmethod
    def of(cls, record: Record) -> RecordShape:
        """The shape of a record."""
        return cls(origin=record.origin, came=record.day, apart=record.apart, record=PaperShape.of(record.paper))


class SourcesAnswer(BaseModel):
    """Every record that a paper was made of."""

    id: str
    records: list[RecordShape]
    index_version: str


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
    """Where one paper stands for a question: its hit, or what keeps it out."""

    id: str
    hit: Annotated[HitShape | None, Field(description="with its rank; null where the paper is kept out")]
    kept_out: list[HintShape]
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
            total=standing.total,
            index_version=standing.index_version,
            took_ms=round(took_ms, 2),
            plan=PlanShape.of(standing.plan),
        )


class PapersAnswer(BaseModel):
    """Papers, newest first, and how many pass the filters."""

    papers: list[PaperShape]
    total: int
    index_version: str
    took_ms: float


class ChangeAnswer(BaseModel):
    """What a change did. The index version is the one that holds it."""

    ids: list[str]
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: Annotated[int, Field(description="papers that joined one that is known by another record")] = 0
    removed: int = 0
    index_version: str
    took_ms: float


class ModelShape(BaseModel):
    """The model that made the embeddings."""

    name: str
    weights_sha256: str
    dimension: int
    max_tokens: int


class CollectionAnswer(BaseModel):
    """What the collection is."""

    papers: int
    sources: dict[str, int]
    model: ModelShape
    index_version: str
    sequence: Annotated[int, Field(description="number of changes so far")]
    version: Annotated[str, Field(description="version of Paperkin")]

    @classmethod
    def of(cls, snapshot: Snapshot, identity: ModelIdentity, version: str) -> CollectionAnswer:
        """The shape of a snapshot."""
        return cls(
            papers=snapshot.papers,
            sources=snapshot.store.sources(),
            model=ModelShape(
                name=identity.name,
                weights_sha256=identity.weights_sha256,
                dimension=identity.dimension,
                max_tokens=identity.max_tokens,
            ),
            index_version=index_version(snapshot),
            sequence=snapshot.sequence,
            version=version,
        )


class HealthAnswer(BaseModel):
    """Whether the server is well."""

    status: Literal["ok"] = "ok"


class ErrorFacts(BaseModel):
    """What went wrong, for programs (`code`) and for people, and what to do next."""

    code: str
    message: str
    next_step: str


class ErrorAnswer(BaseModel):
    """The shape of every error."""

    error: ErrorFacts
