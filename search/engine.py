"""The façade: one question in, one answer out, over one snapshot."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Generic, TypeVar

from indexer import null_model, probes
from indexer.collection import Collection, Snapshot
from indexer.encoder import Encoder
from indexer.errors import InvalidQuery, shorten
from indexer.filters import Filters
from indexer.null_model import NullModel
from indexer.paper import Paper
from search import explain, facets
from search.answer import Answer, Hit, Standing
from search.asked import Asked, Log, many
from search.calibration import BEST_OF
from search.confidence import Confidence, assess
from search.facets import Facets, Matched
from search.maps import Maps
from search.places import UNRANKED, Place, Ranking
from search.query import Page, Query
from search.question import NEWEST, understand
from search.ranking import RANKING
from search.reading import Reading
from search.standing import NO_WORDS, reasons

T = TypeVar("T")

MAX_LISTED: Final = 1_000_000_000
_HEAD: Final = 1_000
"""Places among which a paper is looked for before all are ranked."""


class Engine:
    """Answers questions on a collection. Safe to use from several threads.

    Raises `CollectionMismatch` where the encoder is not of the model that made the collection.
    """

    def __init__(self, collection: Collection, encoder: Encoder) -> None:
        collection.expect(encoder.identity)
        self._collection = collection
        self._encoder = encoder
        self._sentences = explain.SentenceRows(encoder)
        self._drawn: _Latest[NullModel] = _Latest()
        self.maps: Final = Maps(collection)

    def search(self, query: Query) -> Answer:
        """Papers for a question, best first; ties by id."""
        return self._answer(self._ask(query), query)

    def survey(self, query: Query) -> tuple[Answer, Facets]:
        """The answer to a question and the counts of its answers, of one and the same state."""
        asked = self._ask(query)
        return self._answer(asked, query), _facets(asked)

    def _answer(self, asked: Asked, query: Query) -> Answer:
        question, log = asked.question, asked.log
        ranking, confidence = UNRANKED, None
        if question.way == NEWEST:
            hits = _newest(asked, query.page)
        else:
            ranking = asked.rank(query.page.end)
            log.done("rank", many(len(ranking), "candidate"))
            order = asked.order(ranking, max(query.page.end, BEST_OF))
            hits, confidence = self._hits(asked, order, query.page.offset, query.page.k)
        log.done("read", f"{many(len(hits), 'paper')}, {_match(confidence)}")
        if query.explain:
            hits = self._explained(asked, ranking, hits)
            log.done("explain", many(len(hits), "paper"))
        return Answer(
            hits,
            question.total,
            index_version(asked.snapshot),
            question.expansions,
            question.hints + asked.nothing(ranking),
            confidence,
            asked.plan(ranking),
        )

    def standing(self, query: Query, name: str) -> Standing:
        """Where one paper stands for a question, whatever its page, or what keeps it out. Raises `PaperNotFound`."""
        asked = self._ask(query)
        key, _ = asked.snapshot.store.find(name)
        kept_out, total = reasons(asked.snapshot, asked.question, key), asked.question.total
        if kept_out:
            asked = asked.without_filters()
        hit, ranking = (None, UNRANKED) if asked.question.way == NEWEST else self._place(asked, key)
        if hit is None:
            kept_out = kept_out or (NO_WORDS,)
        elif query.explain:
            (hit,) = self._explained(asked, ranking, (hit,))
        return Standing(
            asked.reading.papers([key])[key],
            hit,
            kept_out,
            total,
            index_version(asked.snapshot),
            asked.plan(ranking),
            asked.question.hints,
        )

    def facets(self, query: Query | None) -> Facets:
        """How many answers to a question have which date, category, source and author; `None` asks for all papers."""
        if query is None:
            snapshot = self._collection.snapshot()
            every = Matched(None, snapshot.papers, snapshot.papers)
            return facets.count(snapshot, Filters(), lambda _: every, index_version(snapshot))
        return _facets(self._ask(query))

    def paper(self, paper_id: str) -> tuple[Paper, str]:
        """A paper and the index version. Raises `PaperNotFound`."""
        snapshot = self._collection.snapshot()
        return snapshot.store.paper(paper_id), index_version(snapshot)

    def browse(self, filters: Filters, limit: int, offset: int) -> tuple[list[Paper], int, str]:
        """Papers, newest first, how many there are, and the index version. Lists may be paged to their end."""
        Page(k=limit)
        if not 0 <= offset <= MAX_LISTED:
            raise InvalidQuery("offset_out_of_range", f"offset is {shorten(str(offset))}.", f"Use 0 to {MAX_LISTED:,}.")
        snapshot = self._collection.snapshot()
        papers, total = snapshot.browse(filters, limit, offset)
        return papers, total, index_version(snapshot)

    def snapshot(self) -> Snapshot:
        """The state that the next question will be answered from."""
        return self._collection.snapshot()

    def _ask(self, query: Query) -> Asked:
        snapshot, log = self._collection.snapshot(), Log()
        area = None if query.area is None else self.maps.within(query.area, snapshot)
        question = understand(query, snapshot, self._encoder, area)
        log.done("understand", f"{question.total:,} of {snapshot.papers:,} papers may be found")
        return Asked(snapshot, question, Reading(snapshot), log)

    def _hits(
        self, asked: Asked, order: Sequence[Place], first: int, count: int
    ) -> tuple[tuple[Hit, ...], Confidence | None]:
        """`count` hits after the first `first`, and how sure it is that there is an answer."""
        shown = order[first : first + count]
        keys = [place.key for place in shown]
        judged, whole = self._judged(asked, [place.key for place in order[:BEST_OF]], keys)
        papers, contributions = asked.reading.papers(keys), asked.contributions(keys)
        hits = tuple(
            _hit(number, place, papers[place.key], contributions.get(place.key, {}), judged.get(place.key))
            for number, place in enumerate(shown, first + 1)
        )
        return hits, whole

    def _judged(
        self, asked: Asked, head: Sequence[int], keys: Sequence[int]
    ) -> tuple[Mapping[int, Confidence], Confidence | None]:
        """How sure the shown papers are, and the answer; nothing of likes alone: what they get by chance is unknown."""
        if asked.question.asked is None:
            return {}, None
        return assess(asked.snapshot, asked.reading, self._null(asked.snapshot), asked.question, head, keys)

    def _place(self, asked: Asked, key: int) -> tuple[Hit | None, Ranking]:
        """The hit that a paper is, however far down, or `None` where it has none of the words that are looked for."""
        ranking = asked.rank(_HEAD)
        parts = [ranking]
        order = asked.order(ranking, _HEAD)
        at = next((at for at, place in enumerate(order) if place.key == key), None)
        # Beyond its depth the order of a ranking is not yet that of the whole.
        if (at is None or at >= _HEAD) and asked.question.total > _HEAD:
            parts.append(asked.beyond(ranking))
            at = asked.ahead(parts, key)
        asked.log.done("rank", many(sum(len(part) for part in parts), "candidate"))
        place = next((place for part in parts if (place := part.find(key))), None)
        if at is None or place is None:
            return None, ranking
        judged, _ = self._judged(asked, [], [key])
        contributions = asked.contributions([key]).get(key, {})
        return _hit(at + 1, place, asked.reading.papers([key])[key], contributions, judged.get(key)), ranking

    def _null(self, snapshot: Snapshot) -> NullModel:
        """The null model of the snapshot; drawn here where no program with a model has yet changed the collection."""
        return snapshot.null or self._drawn.of(snapshot, self._draw)

    def _draw(self, snapshot: Snapshot) -> NullModel:
        return null_model.build(snapshot.dense.best, snapshot.papers, self._encoder.encode_queries(probes.questions()))

    def _explained(self, asked: Asked, ranking: Ranking, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        question, lexical = asked.question, asked.snapshot.lexical
        papers = [hit.paper for hit in hits]
        found: Sequence[explain.Passage | None] = [None] * len(hits)
        row = question.asked if question.composed is None else question.row
        if row is not None:
            weights = ranking.learned or dict.fromkeys(question.terms, 1.0)
            found = explain.passages(self._sentences, row, papers, weights, lexical.terms)
        terms = explain.question_terms(question.meaning or question.said, lexical.terms, question.phrases)
        return tuple(
            replace(
                hit,
                explanation=explain.explain(hit.paper, passage, terms, hit.parts, lexical.terms, question.phrases),
            )
            for hit, passage in zip(hits, found, strict=True)
        )


def index_version(snapshot: Snapshot) -> str:
    """Names the papers, the model and the ranking at once: the same version gives the same answer."""
    facts = snapshot.fingerprint + json.dumps(RANKING, sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


class _Latest(Generic[T]):
    """Something that is made of a state when a question first needs it, and kept until the state is another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[str, T] | None = None

    def of(self, snapshot: Snapshot, make: Callable[[Snapshot], T]) -> T:
        """What is kept of this state; many who ask at once wait for one to make it."""
        with self._lock:
            if self._kept is None or self._kept[0] != snapshot.fingerprint:
                self._kept = (snapshot.fingerprint, make(snapshot))
            return self._kept[1]


def _hit(
    number: int, place: Place, paper: Paper, contributions: Mapping[str, float], confidence: Confidence | None
) -> Hit:
    parts = {"meaning": place.meaning, "words": place.words, "kin": place.kin}
    return Hit(number, place.score, place.dense, place.lexical, paper, parts, contributions, confidence)


def _facets(asked: Asked) -> Facets:
    return facets.count(asked.snapshot, asked.question.filters, asked.matches, index_version(asked.snapshot))


def _newest(asked: Asked, page: Page) -> tuple[Hit, ...]:
    question = asked.question
    among = None if question.area is None else question.allowed
    papers, _ = asked.snapshot.browse(question.filters, page.k, page.offset, among)
    return tuple(Hit(number, None, None, None, paper) for number, paper in enumerate(papers, page.offset + 1))


def _match(confidence: Confidence | None) -> str:
    return "nothing to judge by" if confidence is None else f"the best match is {confidence.verdict}"
