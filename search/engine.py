"""The façade: one question in, one answer out, over one snapshot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final

import numpy as np

from indexer import null_model, probes
from indexer.collection import Collection, Snapshot
from indexer.encoder import Encoder
from indexer.errors import InvalidQuery, shorten
from indexer.filters import Filters
from indexer.null_model import NullModel
from indexer.paper import Paper
from search import explain
from search.answer import Answer, Hit, Plan, Standing, Step
from search.confidence import Confidence, assess
from search.feedback import Background, look_at
from search.query import Mode, Page, Query
from search.question import NEWEST, Question, understand
from search.ranking import RANKING, Place, Ranking, by_both, by_meaning, by_words
from search.reading import Reading
from search.standing import NO_WORDS, reasons

MAX_LISTED: Final = 1_000_000_000
_DEEPER: Final = 8


class Engine:
    """Answers questions on a collection. Safe to use from several threads.

    Raises `CollectionMismatch` where the encoder is not of the model that made the collection.
    """

    def __init__(self, collection: Collection, encoder: Encoder) -> None:
        collection.expect(encoder.identity)
        self._collection = collection
        self._encoder = encoder
        self._sentences = explain.SentenceRows(encoder)
        self._background: tuple[str, Background] | None = None
        self._drawn: tuple[str, NullModel] | None = None

    def search(self, query: Query) -> Answer:
        """Papers for a question, best first; ties by id."""
        asked = self._ask(query)
        question, log = asked.question, asked.log
        ranking, confidence = Ranking([]), None
        if question.way == NEWEST:
            hits = _newest(asked, query.page)
        else:
            ranking = asked.rank(query.page.end)
            log.done("rank", f"{len(ranking.places):,} candidates")
            hits, confidence = self._hits(asked, ranking, query.page.offset, query.page.k)
        log.done("read", f"{len(hits)} papers, {confidence.verdict if confidence else 'no'} match")
        if query.explain:
            hits = self._explained(asked, hits)
            log.done("explain", f"{len(hits)} papers")
        return Answer(
            hits,
            question.total,
            index_version(asked.snapshot),
            question.expansions,
            question.hints,
            confidence,
            asked.plan(ranking),
        )

    def related(self, ids: tuple[str, ...], page: Page, filters: Filters) -> Answer:
        """Papers of the kind of some papers, by meaning, without those papers. Raises `PaperNotFound`."""
        if not ids:
            raise InvalidQuery("ids_out_of_range", "No id is given.", "Give at least one id of a paper.")
        return self.search(Query(liked=ids, page=page, filters=filters))

    def standing(self, query: Query, name: str) -> Standing:
        """Where one paper stands for a question, whatever its page, or what keeps it out. Raises `PaperNotFound`."""
        asked = self._ask(query)
        key, _ = asked.snapshot.store.find(name)
        kept_out = reasons(asked.snapshot, asked.question, key)
        hit, ranking = None, Ranking([])
        if not kept_out:
            hit, ranking = self._place(asked, key)
            asked.log.done("rank", f"{len(ranking.places):,} candidates")
            if hit is None:
                kept_out = (NO_WORDS,)
            elif query.explain:
                (hit,) = self._explained(asked, (hit,))
        paper, version = asked.reading.papers([key])[key], index_version(asked.snapshot)
        return Standing(paper, hit, kept_out, asked.question.total, version, asked.plan(ranking))

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

    def _ask(self, query: Query) -> _Asked:
        snapshot, log = self._collection.snapshot(), _Log()
        question = understand(query, snapshot, self._encoder, lambda: self._seen(snapshot))
        log.done("understand", f"{question.total:,} of {snapshot.papers:,} papers may be found")
        return _Asked(snapshot, question, Reading(snapshot), log)

    def _hits(
        self, asked: _Asked, ranking: Ranking, first: int, count: int
    ) -> tuple[tuple[Hit, ...], Confidence | None]:
        """`count` hits after the first `first`, and how sure it is that there is an answer."""
        order = asked.order(ranking)
        shown = order[first : first + count]
        keys = [place.key for place in shown]
        judged, whole = self._judged(asked, order, keys)
        papers, contributions = asked.reading.papers(keys), asked.contributions(keys)
        hits = tuple(
            Hit(
                number,
                place.score,
                place.dense,
                place.lexical,
                papers[place.key],
                {"meaning": place.meaning, "words": place.words, "kin": place.kin},
                contributions.get(place.key, {}),
                judged.get(place.key),
            )
            for number, place in enumerate(shown, first + 1)
        )
        return hits, whole

    def _judged(
        self, asked: _Asked, order: Sequence[Place], keys: Sequence[int]
    ) -> tuple[Mapping[int, Confidence], Confidence | None]:
        """How sure the shown papers are, and the answer; nothing of likes alone: what they get by chance is unknown."""
        if asked.question.asked is None:
            return {}, None
        return assess(asked.snapshot, asked.reading, self._null(asked.snapshot), asked.question, order, keys)

    def _place(self, asked: _Asked, key: int) -> tuple[Hit | None, Ranking]:
        """The hit that a paper is, however far down, or `None` where it has none of the words that are looked for."""
        depth = Page().k
        while True:
            ranking = asked.rank(depth)
            at = next((at for at, place in enumerate(asked.order(ranking)) if place.key == key), None)
            # Beyond the depth the order is not yet that of the whole ranking.
            if at is not None and (at < depth or depth >= asked.question.total):
                (hit,), _ = self._hits(asked, ranking, at, 1)
                return hit, ranking
            if depth >= asked.question.total:
                return None, ranking
            depth *= _DEEPER

    def _null(self, snapshot: Snapshot) -> NullModel:
        """The null model of the snapshot; drawn here where no program with a model has yet changed the collection."""
        if snapshot.null is not None:
            return snapshot.null
        if self._drawn is None or self._drawn[0] != snapshot.fingerprint:
            rows = self._encoder.encode_queries(probes.questions())
            self._drawn = snapshot.fingerprint, null_model.build(snapshot.dense.best, snapshot.papers, rows)
        return self._drawn[1]

    def _seen(self, snapshot: Snapshot) -> Background:
        """What the rows of the snapshot look like: read once a state, when the first question needs it."""
        known = self._background
        if known is None or known[0] != snapshot.fingerprint:
            dimension = self._encoder.identity.dimension
            background = look_at(snapshot.store.embedding_pages(dimension), snapshot.papers, dimension)
            known = self._background = (snapshot.fingerprint, background)
        return known[1]

    def _explained(self, asked: _Asked, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        question, lexical = asked.question, asked.snapshot.lexical
        papers = [hit.paper for hit in hits]
        found: Sequence[explain.Passage | None] = [None] * len(hits)
        row = question.asked if question.composed is None else question.row
        if row is not None:
            found = explain.passages(self._sentences, row, papers, question.terms, lexical)
        terms = explain.question_terms(question.meaning, lexical.terms, question.phrases)
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question on its way to its answer, over one snapshot."""

    snapshot: Snapshot
    question: Question
    reading: Reading
    log: _Log

    def rank(self, depth: int) -> Ranking:
        """The beginning of the ranking, at least `depth` papers of it if there are so many."""
        snapshot, question = self.snapshot, self.question
        if question.way == Mode.DENSE:
            return by_meaning(snapshot, question.row, depth, question.allowed)
        if question.way == Mode.LEXICAL:
            return by_words(snapshot, question.terms, depth, question.allowed)
        return by_both(snapshot, self.reading, question.row, question.terms, depth, question.allowed)

    def order(self, ranking: Ranking) -> list[Place]:
        """By score, then by id."""
        ids = self.snapshot.store.ids([place.key for place in ranking.places])
        return sorted(ranking.places, key=lambda place: (-place.score, ids[place.key]))

    def contributions(self, keys: Sequence[int]) -> dict[int, Mapping[str, float]]:
        """What each part of a question of several parts adds to the cosine of each paper."""
        parts, composed = self.question.parts, self.question.composed
        if composed is None or len(parts) < 2 or not keys:
            return {}
        rows = self.snapshot.store.rows(keys)
        added = composed.contributions(np.array([rows[key] for key in keys])).tolist()
        return {key: dict(zip(parts, values, strict=True)) for key, values in zip(keys, added, strict=True)}

    def plan(self, ranking: Ranking) -> Plan:
        """What was run so far."""
        question = self.question
        return Plan(
            mode=question.way,
            meaning=question.meaning if question.composed is not None else "",
            words=question.terms,
            learned=ranking.learned,
            filters=tuple(str(each) for each in question.filters.conditions),
            steps=tuple(self.log.steps),
        )


def _newest(asked: _Asked, page: Page) -> tuple[Hit, ...]:
    papers, _ = asked.snapshot.browse(asked.question.filters, page.k, page.offset)
    return tuple(Hit(number, None, None, None, paper) for number, paper in enumerate(papers, page.offset + 1))


class _Log:
    """What was done so far, and when the last of it ended."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._last = perf_counter()

    def done(self, name: str, result: str) -> None:
        now = perf_counter()
        self.steps.append(Step(name, result, round((now - self._last) * 1000, 2)))
        self._last = now
