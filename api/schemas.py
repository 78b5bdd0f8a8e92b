"""The JSON shapes of the REST interface. They are apart from the records that they show."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from indexer.collection import Snapshot
from indexer.encoder import ModelIdentity
from indexer.filters import Filters
from indexer.identity import Record
from indexer.paper import LIMITS, Paper, to_record
from search.engine import index_version
from search.query import (
    DEFAULT_K,
    MAX_K,
    MAX_LIKED,
    MAX_OFFSET,
    MAX_TEXT,
    Answer,
    Mode,
    Page,
    Query,
)

MAX_PAPERS: Final = 1_000
ModeName = Literal["hybrid", "dense", "lexical"]
DATE_HINT = "a day, month or year: 2025-06-23, 2025-06 or 2025; a paper without a day counts as of the first one"
IDENTIFIER_HINT = "arxiv:…, doi:…, acl:…, pmid:… and the like, by which records of one paper are known"

# A string with a limit is also checked for half surrogate pairs, which JSON can spell and nothing can store.
FilterText = Annotated[str, Field(max_length=LIMITS["author"])]
"""No label of a paper is longer; a name of a hundred thousand words would be more than SQLite compares at once."""
IdText = Annotated[str, Field(max_length=LIMITS["id"])]


class _Asked(BaseModel):
    """A request: what is not known is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class _FilterFields(_Asked):
    date_from: Annotated[FilterText | None, Field(description=f"first date of the papers, {DATE_HINT}")] = None
    date_to: Annotated[FilterText | None, Field(description=f"last date of the papers, inclusive, {DATE_HINT}")] = None
    author: Annotated[FilterText | None, Field(description="words of one author's name")] = None
    category: Annotated[FilterText | None, Field(description="a category, or the archive before its dot")] = None
    source: Annotated[FilterText | None, Field(description="where the paper came from")] = None

    def filters(self) -> Filters:
        """The filters as the engine knows them."""
        return Filters(self.date_from, self.date_to, self.author, self.category, self.source)


class _PagedFields(_FilterFields):
    # The limits are enforced by the values of search.query; here they are shown to readers of /docs.
    k: Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_K}, description="hits wanted")] = DEFAULT_K
    offset: Annotated[
        int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_OFFSET}, description="hits to leave out first")
    ] = 0

    def page(self) -> Page:
        """The part of the ranking that is asked for."""
        return Page(self.k, self.offset)


class SearchFields(_PagedFields):
    """A question, in the query string."""

    q: Annotated[
        str,
        Field(
            json_schema_extra={"minLength": 1, "maxLength": MAX_TEXT},
            description="what you look for, in plain words",
            examples=["emotional TTS"],
        ),
    ]
    mode: Annotated[ModeName, Field(description="by meaning, by words, or both")] = "hybrid"

    def query(self) -> Query:
        """The question as the engine knows it."""
        return Query(self.q, self.page(), Mode(self.mode), self.filters())


class SearchBody(SearchFields):
    """A question, as a JSON body: numbers must be numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class PageFields(_PagedFields):
    """How many related papers, in the query string."""


class ListFields(_FilterFields):
    """Which papers to list, in the query string."""

    k: Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_K}, description="papers wanted")] = (
        DEFAULT_K
    )
    offset: Annotated[int, Field(json_schema_extra={"minimum": 0}, description="papers to leave out first")] = 0


class RelatedBody(_PagedFields):
    """Papers to find the kin of, as a JSON body."""

    model_config = ConfigDict(extra="forbid", strict=True)

    # A real limit, which pydantic holds before it looks at the items: millions of them would stop the server.
    ids: Annotated[list[IdText], Field(max_length=MAX_LIKED, fail_fast=True, json_schema_extra={"minItems": 1})]


class PaperBody(_Asked):
    """A paper to add: a title or an abstract is needed. Without an id it gets one from its title."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str | None = None
    title: Annotated[str | None, Field(json_schema_extra={"maxLength": LIMITS["title"]})] = None
    abstract: str | None = None
    authors: list[str] | None = None
    author_count: int | None = None
    published: Annotated[str | None, Field(description=DATE_HINT)] = None
    comments: int | None = None
    upvotes: int | None = None
    categories: list[str] | None = None
    url: str | None = None
    venue: str | None = None
    identifiers: Annotated[list[str] | None, Field(description=IDENTIFIER_HINT)] = None
    version: int | None = None
    updated: Annotated[str | None, Field(description=DATE_HINT)] = None
    daily: Annotated[str | None, Field(description="the day on which it was on Daily Papers")] = None
    source: str | None = None


PaperBodies = Annotated[
    Annotated[PaperBody, Tag("one")]
    | Annotated[list[PaperBody], Field(max_length=MAX_PAPERS, fail_fast=True), Tag("many")],
    Discriminator(lambda value: "many" if isinstance(value, list) else "one"),
]
"""One paper, or a list of them."""


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


class HitShape(BaseModel):
    """A paper found. Scores: higher is better; null where the mode does not use one."""

    rank: int
    score: float
    dense: Annotated[float | None, Field(description="cosine of question and paper")]
    lexical: Annotated[float | None, Field(description="BM25 of their common words; null outside the best matches")]
    paper: PaperShape


class ExpansionShape(BaseModel):
    """An acronym of the question and what the collection's papers say it stands for."""

    short: str
    long: str


class SearchAnswer(BaseModel):
    """The best papers, and how many pass the filters."""

    hits: list[HitShape]
    total: int
    index_version: str
    took_ms: float
    expansions: list[ExpansionShape]

    @classmethod
    def of(cls, answer: Answer, took_ms: float) -> SearchAnswer:
        """The shape of an answer."""
        return cls(
            hits=[
                HitShape(
                    rank=hit.rank, score=hit.score, dense=hit.dense, lexical=hit.lexical, paper=PaperShape.of(hit.paper)
                )
                for hit in answer.hits
            ],
            total=answer.total,
            index_version=answer.index_version,
            took_ms=round(took_ms, 2),
            expansions=[ExpansionShape(short=e.short, long=e.long) for e in answer.expansions],
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
