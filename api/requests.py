"""The JSON shapes of requests to the REST interface."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from api.citations import MAX_CITED, FormatName
from api.schemas import DATE_HINT, IDENTIFIER_HINT
from indexer.filters import Filters
from indexer.paper import LIMITS
from indexer.periods import Period
from search.area import LONGEST, Area
from search.query import DEFAULT_K, MAX_K, MAX_LIKED, MAX_OFFSET, MAX_TEXT, Mode, Page, Query

MAX_PAPERS: Final = 1_000
MAX_POINTED: Final = 100
"""Papers of the map that are told of at once."""
MOMENT_HINT = "a moment in UTC or a day: 2026-11-24T07:00:00Z or 2026-11-24"
ModeName = Literal["hybrid", "dense", "lexical"]

# A string with a limit is also checked for half surrogate pairs, which JSON can spell and nothing can store.
FilterText = Annotated[str, Field(max_length=LIMITS["author"])]
"""No label of a paper is longer; a name of a hundred thousand words would be more than SQLite compares at once."""
IdText = Annotated[str, Field(max_length=LIMITS["id"])]
# A real limit, which pydantic holds before it looks at the items: millions of them would stop the server.
Ids = Annotated[list[IdText], Field(max_length=MAX_LIKED, fail_fast=True)]


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
        return Filters.of(self.date_from, self.date_to, self.author, self.category, self.source)


class _AreaField(_Asked):
    # Not of feeds and subscriptions: an area is good for one drawing of the map.
    area: Annotated[
        str | None,
        Field(
            json_schema_extra={"maxLength": LONGEST},
            description="a polygon on the map, within which papers must lie: the map's id and 3 to 64 points from 0 to "
            "65535, MAP:x.y-x.y-x.y",
        ),
    ] = None

    def within(self) -> Area | None:
        """The area as the engine knows it."""
        return Area.parse(self.area) if self.area else None


class _PagedFields(_FilterFields):
    # The limits are enforced by the values of search.query; here they are shown to readers of /docs.
    k: Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_K}, description="hits wanted")] = DEFAULT_K
    offset: Annotated[
        int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_OFFSET}, description="hits to leave out first")
    ] = 0

    def page(self) -> Page:
        """The part of the ranking that is asked for."""
        return Page(self.k, self.offset)


class _QuestionFields(_FilterFields):
    q: Annotated[
        str,
        Field(
            json_schema_extra={"maxLength": MAX_TEXT},
            description='what you look for, in plain words; also "exact phrase", -word, author:, category:, source:, '
            "after:, before:, id:",
            examples=["emotional TTS"],
        ),
    ] = ""
    abstract: Annotated[
        str, Field(json_schema_extra={"maxLength": MAX_TEXT}, description="a text to find papers like, taken as it is")
    ] = ""
    like: Annotated[Ids, Field(description="ids of papers that answers should be near to")] = []
    dislike: Annotated[Ids, Field(description="ids of papers that answers should be far from")] = []
    mode: Annotated[ModeName, Field(description="by meaning, by words, or both")] = "hybrid"
    syntax: Annotated[bool, Field(description="whether q may hold operators")] = True
    explain: Annotated[bool, Field(description="whether each hit says why it is one, and the answer what was run")] = (
        False
    )

    @property
    def asks(self) -> bool:
        """Whether there is a question."""
        return bool(self.q.strip() or self.abstract.strip() or self.like or self.dislike)

    def within(self) -> Area | None:
        """The area that papers must lie in, where one can be given."""
        return None

    def query(self, page: Page) -> Query:
        """The question as the engine knows it."""
        return Query(
            self.q,
            page,
            Mode(self.mode),
            self.filters(),
            self.abstract,
            tuple(self.like),
            tuple(self.dislike),
            self.syntax,
            self.explain,
            self.within(),
        )


class SearchFields(_AreaField, _QuestionFields, _PagedFields):
    """A question, in the query string."""


class FollowedBody(_QuestionFields, _PagedFields):
    """A question that is asked again and again, as a JSON body: numbers must be numbers."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SearchBody(_AreaField, FollowedBody):
    """A question, as a JSON body."""

    model_config = ConfigDict(extra="forbid", strict=True)


class RankFields(_AreaField, _QuestionFields):
    """A question, and the paper whose place is asked for."""

    id: Annotated[IdText, Field(description="the paper whose place is asked for")]


class FacetFields(_AreaField, _QuestionFields):
    """A question whose answers are counted, in the query string; without any part all papers are."""

    def question(self) -> Query | None:
        """The question as the engine knows it, if there is one."""
        return self.query(Page()) if self.asks or not self.filters().empty or self.within() else None


class PageFields(_AreaField, _PagedFields):
    """How many related papers, in the query string."""


MapVersion = Annotated[
    str, Field(max_length=40, description="of the map, as /v1/map names it", examples=["04f6932e8009-440abe0258c084bc"])
]
"""Which state of the map is meant."""


class LitFields(_AreaField, _QuestionFields):
    """A question whose answers are to be shown on the map, in the query string."""

    version: MapVersion
    k: Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_K}, description="hits wanted")] = 100


class PointsFields(_Asked):
    """Which state of the map is wanted, in the query string."""

    version: MapVersion


class PointedFields(_Asked):
    """Positions on the map whose papers are wanted, in the query string."""

    version: MapVersion
    at: Annotated[
        list[Annotated[int, Field(ge=0)]],
        Field(max_length=MAX_POINTED, fail_fast=True, description="positions in the list of points, from 0"),
    ] = []


class ListFields(_FilterFields):
    """Which papers to list, in the query string."""

    k: Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_K}, description="papers wanted")] = (
        DEFAULT_K
    )
    offset: Annotated[int, Field(json_schema_extra={"minimum": 0}, description="papers to leave out first")] = 0


class FeedFields(_QuestionFields):
    """A list of a day, a week or a month, in the query string."""

    period: Annotated[Period, Field(description="a day, a week from Monday to Sunday, or a month")] = "day"
    date: Annotated[
        FilterText | None,
        Field(
            description="a day of the period, 2026-08-21, or its name, 2026-W34 or 2026-08; else the latest with papers"
        ),
    ] = None
    sort: Annotated[
        Literal["published", "trending", "relevance"],
        Field(description="by day and votes, by votes against age, or by how well papers answer the question"),
    ] = "published"
    page: Annotated[int, Field(json_schema_extra={"minimum": 1}, description="from 1")] = 1
    k: Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_K}, description="papers a page")] = 50
    since: Annotated[
        FilterText | None,
        Field(description=f"when the reader was here last, {MOMENT_HINT}; papers that came later are new"),
    ] = None


class SearchFeedFields(_QuestionFields):
    """A question whose answers are to be followed, in the query string."""

    since: Annotated[FilterText | None, Field(description=f"only papers that came later than {MOMENT_HINT}")] = None


class RelatedBody(_AreaField, _PagedFields):
    """Papers to find the kin of, as a JSON body."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: Annotated[Ids, Field(json_schema_extra={"minItems": 1}, description="papers that answers should be near to")]
    dislike: Annotated[Ids, Field(description="papers that answers should be far from")] = []
    explain: Annotated[bool, Field(description="whether each hit says why it is one")] = False


class _CiteOptions(_Asked):
    format: Annotated[FormatName, Field(description="what to write")] = "bibtex"
    download: Annotated[bool, Field(description="whether a browser should save it as a file")] = False


class CiteFields(_CiteOptions):
    """Papers to cite, in the query string."""

    id: Annotated[
        list[IdText],
        Field(
            max_length=MAX_CITED, fail_fast=True, description="an id or an identifier of a paper, as often as needed"
        ),
    ]


class CiteBody(_CiteOptions):
    """Papers to cite, as a JSON body."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: Annotated[
        list[IdText],
        Field(
            max_length=MAX_CITED,
            fail_fast=True,
            json_schema_extra={"minItems": 1},
            description="ids or identifiers of papers",
        ),
    ]


class SubscriptionBody(_Asked):
    """An address to send new papers to: those that answer a question, or without one what is trending."""

    model_config = ConfigDict(extra="forbid", strict=True)

    address: Annotated[str, Field(max_length=254)]
    period: Annotated[Literal["daily", "weekly"], Field(description="how often at most")] = "daily"
    question: Annotated[FollowedBody | None, Field(description="the fields of a search")] = None


class BatchBody(BaseModel):
    """Names of papers, in Semantic Scholar's shape."""

    ids: Annotated[list[IdText], Field(max_length=500, fail_fast=True)]


class RecommendBody(BaseModel):
    """Names of papers, in Semantic Scholar's shape."""

    positivePaperIds: Ids = []  # noqa: N815  their names
    negativePaperIds: Ids | None = None  # noqa: N815


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
    extra: Annotated[
        dict[str, dict[str, Any]] | None, Field(description="what sources say beyond these fields, an object a source")
    ] = None


PaperBodies = Annotated[
    Annotated[PaperBody, Tag("one")]
    | Annotated[list[PaperBody], Field(max_length=MAX_PAPERS, fail_fast=True), Tag("many")],
    Discriminator(lambda value: "many" if isinstance(value, list) else "one"),
]
"""One paper, or a list of them."""
