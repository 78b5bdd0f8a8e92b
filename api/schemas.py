"""The JSON shapes of papers, of the collection and of errors. They are apart from the records that they show."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, Field
from starlette.responses import Response

from indexer.paper import Paper, to_record

if TYPE_CHECKING:  # a client has these shapes without the libraries of an engine
    from api.last_evaluation import Evaluation
    from indexer.collection import Collection, Snapshot
    from indexer.identity import Record

DATE_HINT = "a day, month or year: 2025-06-23, 2025-06 or 2025; a paper without a day counts as of the first one"
IDENTIFIER_HINT = "arxiv:…, doi:…, acl:…, pmid:… and the like, by which records of one paper are known"


class ShapeResponse(Response):
    """An answer in one of our shapes, which becomes JSON in the thread that has made it.

    FastAPI itself would do that on the event loop, where a thousand hits hold up everybody.
    """

    media_type = "application/json"

    def render(self, content: BaseModel) -> bytes:
        """The bytes that FastAPI itself would make."""
        return content.__pydantic_serializer__.to_json(content)


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

    extra: Annotated[
        dict[str, dict[str, Any]] | None, Field(description="what sources say beyond these fields, an object a source")
    ] = None
    index_version: str


class RecordShape(BaseModel):
    """What one source says of a paper."""

    origin: Annotated[str, Field(description="the file it came from, or the way it came")]
    came: Annotated[str, Field(description="the moment at which it first came, or the day")]
    apart: Annotated[bool, Field(description="taken out of another paper, and not to be merged again")]
    record: PaperShape

    @classmethod
    def of(cls, record: Record) -> RecordShape:
        """The shape of a record."""
        return cls(origin=record.origin, came=record.came, apart=record.apart, record=PaperShape.of(record.paper))


class SourcesAnswer(BaseModel):
    """Every record that a paper was made of."""

    id: str
    records: list[RecordShape]
    index_version: str


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


class RuntimeShape(BaseModel):
    """What ran the model, and how it did in its trial on texts like abstracts."""

    runtime: str
    version: str
    texts_per_second: float
    cosine: Annotated[float, Field(description="mean, to sentence-transformers in float32")]


class MeasuredShape(BaseModel):
    """A mean over questions, and its 95 % interval by the bootstrap."""

    mean: float
    low: float
    high: float


class EvaluationPartShape(BaseModel):
    """Questions of one kind, and what was measured with them."""

    made_of: Annotated[
        str, Field(description="judged by people; or a title, sentence or acronym of the papers, or all")
    ]
    questions: int
    measures: dict[str, MeasuredShape]


class EvaluationShape(BaseModel):
    """How good search was found to be when `paperkin evaluate` was last run on the collection."""

    at: str
    kind: Annotated[str, Field(description="judged: questions of people; self: questions made of the papers")]
    mode: str
    parts: list[EvaluationPartShape]
    index_version: str
    version: Annotated[str, Field(description="version of Paperkin")]
    current: Annotated[bool, Field(description="whether it is of the present index version")]

    @classmethod
    def of(cls, evaluation: Evaluation | None, index_version: str) -> EvaluationShape | None:
        """The shape of an evaluation, where there is one."""
        if evaluation is None:
            return None
        return cls(**asdict(evaluation), current=evaluation.index_version == index_version)


class CollectionAnswer(BaseModel):
    """What the collection is."""

    papers: int
    sources: dict[str, int]
    first_day: Annotated[str | None, Field(description="the earliest day of a paper")] = None
    last_day: Annotated[str | None, Field(description="the latest day of a paper")] = None
    last_came: Annotated[str | None, Field(description="when a record last came, a moment in UTC or a day")] = None
    bytes: Annotated[int, Field(description="of papers and indexes on disk")] = 0
    model: ModelShape
    encoded_by: Annotated[list[RuntimeShape], Field(description="the runtimes that have encoded papers, latest last")]
    index_version: str
    sequence: Annotated[int, Field(description="number of changes so far")]
    version: Annotated[str, Field(description="version of Paperkin")]
    evaluation: Annotated[EvaluationShape | None, Field(description="the last one; null where there is none")] = None

    @classmethod
    def of(cls, snapshot: Snapshot, collection: Collection, version: str) -> CollectionAnswer:
        """The shape of a collection and a snapshot of it."""
        from api.last_evaluation import Evaluation
        from indexer.directory import size
        from search.engine import index_version

        identity, now = collection.identity, index_version(snapshot)
        first, last, came = snapshot.store.extent()
        return cls(
            papers=snapshot.papers,
            sources=snapshot.store.sources(),
            first_day=first,
            last_day=last,
            last_came=came,
            bytes=size(collection.directory),
            model=ModelShape(
                name=identity.name,
                weights_sha256=identity.weights_sha256,
                dimension=identity.dimension,
                max_tokens=identity.max_tokens,
            ),
            encoded_by=[
                RuntimeShape(
                    runtime=trial.runtime,
                    version=trial.version,
                    texts_per_second=trial.texts_per_second,
                    cosine=trial.cosine,
                )
                for trial in snapshot.store.encoded_by()
            ],
            index_version=now,
            sequence=snapshot.sequence,
            version=version,
            evaluation=EvaluationShape.of(Evaluation.load(collection.directory), now),
        )


class AcceptedAnswer(BaseModel):
    """What was asked for is on its way; the same for every address."""

    status: Literal["confirmation needed"] = "confirmation needed"


class HealthAnswer(BaseModel):
    """Whether the server is well."""

    status: Literal["ok"] = "ok"


class ErrorFacts(BaseModel):
    """What went wrong, for programs (`code`) and for people, and what to do next."""

    code: str
    message: str
    next_step: str


class ForeignErrorAnswer(BaseModel):
    """The shape of errors where Hugging Face's or Semantic Scholar's shape is answered."""

    error: str


class ErrorAnswer(BaseModel):
    """The shape of every error."""

    error: ErrorFacts
