"""A client of the REST interface: questions as methods, answers as the shapes that the server itself writes.

    with Client("http://127.0.0.1:8000") as paperkin:
        paperkin.search("emotional TTS", k=3).hits[0].paper.title

The fields of each method are those of `/docs`, and the server alone judges them: a method is its address, the shape of
its answer and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, TypeVar, Unpack
from urllib.parse import quote, urlsplit

import httpx2
from pydantic import BaseModel, ValidationError

from api.answers import FeedAnswer, RankAnswer, SearchAnswer, VoteAnswer
from api.facet_answers import FacetsAnswer
from api.loopback import is_loopback
from api.map_answers import LitAnswer, MapAnswer
from api.schemas import (
    ChangeAnswer,
    CollectionAnswer,
    ErrorAnswer,
    PaperAnswer,
    PapersAnswer,
    PaperShape,
    SourcesAnswer,
)
from indexer.errors import PaperkinError

S = TypeVar("S", bound=BaseModel)
CitationFormat = Literal["bibtex", "ris", "csl-json", "markdown"]

TIMEOUT: Final = 30.0
"""Seconds; a change may wait as long for others."""
PAGE: Final = 200
"""Papers of one request when all are listed."""


class ApiError(PaperkinError):
    """What a server answered instead: `code`, `message` and `next_step` are the server's own, `status` is HTTP's."""

    def __init__(self, code: str, message: str, next_step: str, status: int) -> None:
        super().__init__(message, next_step)
        self.code = code  # type: ignore[misc]  # one class for all that servers say
        self.status = status


class ServerUnreachable(PaperkinError):
    """No server answers there."""

    code = "server_unreachable"


class FilterFields(TypedDict, total=False):
    """Which papers may be found."""

    date_from: str | None
    date_to: str | None
    author: str | None
    category: str | None
    source: str | None


class QuestionFields(FilterFields, total=False):
    """What a question may have beside its words."""

    abstract: str
    like: Sequence[str]
    dislike: Sequence[str]
    mode: Literal["hybrid", "dense", "lexical"]
    syntax: bool
    explain: bool


class PlacedFields(QuestionFields, total=False):
    """A question that may be restricted to an area of the map, as the map's page writes it."""

    area: str


class SearchFields(PlacedFields, total=False):
    """A question, and which part of its answers."""

    k: int
    offset: int


class RelatedFields(FilterFields, total=False):
    """What may be asked of the kin of papers."""

    dislike: Sequence[str]
    explain: bool
    k: int
    offset: int


class FeedFields(QuestionFields, total=False):
    """Which list, and which page of it."""

    q: str
    period: Literal["day", "week", "month"]
    date: str | None
    sort: Literal["published", "trending", "relevance"]
    page: int
    k: int
    since: str | None


class Client:
    """Asks one server; use it in a `with` block, or `close` it. Safe to use from several threads.

    `http` replaces the connection, for a proxy, certificates, or an application in this process; it is then the
    caller's to close. `api_key` is needed for changes and votes where the server asks for one. Every method raises
    `ApiError` where the server refuses, and `ServerUnreachable` where there is none.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8000",
        api_key: str | None = None,
        timeout: float = TIMEOUT,
        *,
        http: httpx2.Client | None = None,
    ) -> None:
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._own = http is None
        # A proxy of the environment is not for this machine: it would be told what is asked, and answer something else.
        try:
            local = is_loopback(urlsplit(self._address).hostname or "")
        except ValueError as error:
            raise ServerUnreachable(f"{address!r} is no address.", "Write it as http://127.0.0.1:8000.") from error
        self._http = http or httpx2.Client(timeout=timeout, trust_env=not local)

    def search(self, q: str = "", **asked: Unpack[SearchFields]) -> SearchAnswer:
        """Papers for a question in plain words, best first."""
        return self._post(SearchAnswer, "/v1/search", {"q": q, **asked})

    def related(self, *ids: str, **asked: Unpack[RelatedFields]) -> SearchAnswer:
        """The kin of one or several papers, without these."""
        return self._post(SearchAnswer, "/v1/related", {"ids": ids, **asked})

    def rank(self, id: str, q: str = "", **asked: Unpack[PlacedFields]) -> RankAnswer:
        """Where one paper stands for a question, or what keeps it out."""
        return self._get(RankAnswer, "/v1/rank", {"id": id, "q": q, **asked})

    def facets(self, q: str = "", **asked: Unpack[PlacedFields]) -> FacetsAnswer:
        """How many answers to a question have which date, category, source and author."""
        return self._get(FacetsAnswer, "/v1/facets", {"q": q, **asked})

    def cite(self, *ids: str, format: CitationFormat = "bibtex") -> str:
        """Papers as citations, in the order of their ids."""
        return self._request("POST", "/v1/cite", json={"ids": ids, "format": format}).text

    def map(self) -> MapAnswer:
        """The regions of the map. Raises `ApiError` with the code `map_missing` while there is none."""
        return self._get(MapAnswer, "/v1/map")

    def lit(self, version: str, q: str = "", k: int = 100, **asked: Unpack[PlacedFields]) -> LitAnswer:
        """Where the answers to a question are on the map of a version, as `map` tells it."""
        return self._get(LitAnswer, "/v1/map/lit", {"version": version, "q": q, "k": k, **asked})

    def paper(self, id: str) -> PaperAnswer:
        """One paper, by its id or by any of its identifiers."""
        return self._get(PaperAnswer, f"/v1/papers/{quote(id, safe='')}")

    def sources(self, id: str) -> SourcesAnswer:
        """Every record that a paper was made of."""
        return self._get(SourcesAnswer, f"/v1/papers/{quote(id, safe='')}/sources")

    def papers(self, **asked: Unpack[FilterFields]) -> Iterator[PaperShape]:
        """All papers that pass, newest first, a page whenever one is needed.

        A paper that comes or goes meanwhile shifts those behind it: one may be seen twice, or not at all.
        """
        seen, total = 0, 1
        while seen < total:
            page = self._get(PapersAnswer, "/v1/papers", {"k": PAGE, "offset": seen, **asked})
            yield from page.papers
            seen += len(page.papers)
            total = page.total if page.papers else 0

    def add(self, *papers: Mapping[str, Any]) -> ChangeAnswer:
        """Add papers, or change those that are known: objects with a paper's fields, of which a title is enough."""
        return self._post(ChangeAnswer, "/v1/papers", [dict(paper) for paper in papers])

    def remove(self, id: str) -> ChangeAnswer:
        """Remove a paper."""
        return self._ask(ChangeAnswer, "DELETE", f"/v1/papers/{quote(id, safe='')}")

    def feed(self, **asked: Unpack[FeedFields]) -> FeedAnswer:
        """The papers of a day, a week or a month."""
        return self._get(FeedAnswer, "/v1/feed", asked)

    def upvote(self, id: str) -> VoteAnswer:
        """Vote for a paper, once a key."""
        return self._post(VoteAnswer, f"/v1/papers/{quote(id, safe='')}/upvote")

    def take_back(self, id: str) -> VoteAnswer:
        """Undo a vote."""
        return self._ask(VoteAnswer, "DELETE", f"/v1/papers/{quote(id, safe='')}/upvote")

    def collection(self) -> CollectionAnswer:
        """What the collection holds, and which model made it."""
        return self._get(CollectionAnswer, "/v1/collection")

    def close(self) -> None:
        """Let go of the connections, unless they were given."""
        if self._own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _get(self, shape: type[S], path: str, asked: Mapping[str, Any] | None = None) -> S:
        # What is not given stays unsaid: an empty value in an address is one.
        given = {name: value for name, value in (asked or {}).items() if value is not None}
        return self._ask(shape, "GET", path, params=given)

    def _post(self, shape: type[S], path: str, body: Any = None) -> S:
        return self._ask(shape, "POST", path, json=body)

    def _ask(self, shape: type[S], method: str, path: str, **sent: Any) -> S:
        response = self._request(method, path, **sent)
        try:
            return shape.model_validate_json(response.content)
        except ValidationError as error:
            raise self._unexpected(path, response) from error

    def _request(self, method: str, path: str, **sent: Any) -> httpx2.Response:
        """What a server answers that does not refuse."""
        try:
            response = self._http.request(method, f"{self._address}{path}", headers=self._headers, **sent)
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            said = str(error).rstrip(".") or type(error).__name__
            raise ServerUnreachable(
                f"No server answers at {self._address}: {said}.",
                "Start one with paperkin serve, or check the address.",
            ) from error
        if response.is_success:
            return response
        try:
            facts = ErrorAnswer.model_validate_json(response.content).error
        except ValidationError as error:
            raise self._unexpected(path, response) from error
        raise ApiError(facts.code, facts.message, facts.next_step, response.status_code)

    def _unexpected(self, path: str, response: httpx2.Response) -> ApiError:
        return ApiError(
            "unexpected_answer",
            f"What {self._address}{path} answers, with status {response.status_code}, is not what Paperkin does.",
            "Check the address, and that client and server are of one version.",
            response.status_code,
        )
