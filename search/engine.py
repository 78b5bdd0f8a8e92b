"""The façade: one question in, one answer out, over one snapshot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from search.hints import Hint
from search.query import Mode, Page, Query
from search.question import NEWEST, Question, understand
from search.ranking import RANKING, Place, Ranking, by_both, by_meaning, by_words
from search.standing import reasons

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
        snapshot, log = self._collection.snapshot(), _Log()
        question = self._understand(query, snapshot)
        log.done("understand", f"{question.total:,} of {snapshot.papers:,} papers may be found")
        if question.way == NEWEST:
            papers, _ = snapshot.browse(question.filters, query.page.k, query.page.offset)
            hits = tuple(Hit(rank, None, None, None, paper) for rank, paper in enumerate(papers, query.page.offset + 1))
            ranking, confidence = Ranking([]), None
        else:
            ranking = rank(snapshot, question, query.page.end)
            log.done("rank", f"{len(ranking.places):,} candidates")
            hits, confidence = self._hits(snapshot, question, ranking, query.page.offset, query.page.k)
            log.done("judge", "no text to judge by" if confidence is None else confidence.verdict)
        log.done("read", f"{len(hits)} papers")
        if query.explain:
            hits = self._explained(snapshot, question, hits)
            log.done("explain", f"{len(hits)} papers")
        return Answer(
            hits,
            question.total,
            index_version(snapshot),
            question.expansions,
            question.hints,
            confidence,
            _plan(question, ranking, log),
        )

    def related(self, ids: tuple[str, ...], page: Page, filters: Filters) -> Answer:
        """Papers near the mean of some papers, by meaning, without those papers. Raises `PaperNotFound`."""
        if not ids:
            raise InvalidQuery("ids_out_of_range", "No id is given.", "Give at least one id of a paper.")
        return self.search(Query(liked=ids, page=page, filters=filters))

    def standing(self, query: Query, name: str) -> Standing:
        """Where one paper stands for a question, whatever its page, or what keeps it out. Raises `PaperNotFound`."""
        snapshot, log = self._collection.snapshot(), _Log()
        key, _ = snapshot.store.find(name)
        paper = snapshot.store.papers([key])[key]
        question = self._understand(query, snapshot)
        kept_out = reasons(snapshot, question, key)
        hit, ranking = None, Ranking([])
        if question.way == NEWEST and not kept_out:
            kept_out = (Hint("", "Filters alone order papers by date.", "Ask for something, to see where it stands."),)
        if not kept_out:
            hit, ranking = self._place(snapshot, question, key)
            log.done("rank", "deep enough to find the paper")
            if hit is None:
                kept_out = (Hint(question.text, "The paper has none of the words.", "Search by meaning as well."),)
            elif query.explain:
                (hit,) = self._explained(snapshot, question, (hit,))
        plan = _plan(question, ranking, log)
        return Standing(paper, hit, kept_out, question.total, index_version(snapshot), plan)

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

    def _understand(self, query: Query, snapshot: Snapshot) -> Question:
        return understand(query, snapshot, self._encoder, lambda: self._seen(snapshot))

    def _hits(
        self, snapshot: Snapshot, question: Question, ranking: Ranking, first: int, count: int
    ) -> tuple[tuple[Hit, ...], Confidence | None]:
        """`count` hits after the first `first`, and how sure it is that there is an answer."""
        order = _order(snapshot, ranking)
        shown = order[first : first + count]
        keys = [place.key for place in shown]
        papers = snapshot.store.papers(keys)
        contributions = _contributions(snapshot, question, keys)
        judged, whole = assess(snapshot, self._null(snapshot), question, order, keys) or ({}, None)
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

    def _place(self, snapshot: Snapshot, question: Question, key: int) -> tuple[Hit | None, Ranking]:
        """The hit that a paper is, however far down, or `None` where it has none of the words that are looked for."""
        depth = Page().k
        while True:
            ranking = rank(snapshot, question, depth)
            at = next((at for at, place in enumerate(_order(snapshot, ranking)) if place.key == key), None)
            # Beyond the depth the order is not yet that of the whole ranking.
            if at is not None and (at < depth or depth >= question.total):
                (hit,), _ = self._hits(snapshot, question, ranking, at, 1)
                return hit, ranking
            if depth >= question.total:
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

    def _explained(self, snapshot: Snapshot, question: Question, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        lexical = snapshot.lexical
        papers = [hit.paper for hit in hits]
        found: list[explain.Passage | None] = [None] * len(hits)
        if question.composed is not None:
            found = explain.passages(self._sentences, question.row, papers, question.terms, lexical)
        terms = explain.question_terms(question.meaning, lexical.terms, question.phrases)
        return tuple(
            replace(
                hit,
                explanation=explain.explain(hit.paper, passage, terms, hit.parts, lexical.terms, question.phrases),
            )
            for hit, passage in zip(hits, found, strict=True)
        )


def rank(snapshot: Snapshot, question: Question, depth: int) -> Ranking:
    """The beginning of the ranking, at least `depth` papers of it if there are so many."""
    if question.way == Mode.DENSE:
        return by_meaning(snapshot, question.row, depth, question.allowed)
    if question.way == Mode.LEXICAL:
        return by_words(snapshot, question.terms, depth, question.allowed)
    return by_both(snapshot, question.row, question.terms, depth, question.allowed)


def index_version(snapshot: Snapshot) -> str:
    """Names the papers, the model and the ranking at once: the same version gives the same answer."""
    facts = snapshot.fingerprint + json.dumps(RANKING, sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _order(snapshot: Snapshot, ranking: Ranking) -> list[Place]:
    """By score, then by id."""
    ids = snapshot.store.ids([place.key for place in ranking.places])
    return sorted(ranking.places, key=lambda place: (-place.score, ids[place.key]))


def _contributions(snapshot: Snapshot, question: Question, keys: list[int]) -> dict[int, Mapping[str, float]]:
    """What each part of a question of several parts adds to the cosine of each paper."""
    if question.composed is None or len(question.parts) < 2 or not keys:
        return {}
    rows = snapshot.store.rows(keys)
    added = question.composed.contributions(np.array([rows[key] for key in keys])).tolist()
    return {key: dict(zip(question.parts, values, strict=True)) for key, values in zip(keys, added, strict=True)}


def _plan(question: Question, ranking: Ranking, log: _Log) -> Plan:
    return Plan(
        mode=question.way,
        meaning=question.meaning if question.composed is not None else "",
        words=question.terms,
        learned=ranking.learned,
        filters=tuple(str(each) for each in question.filters.conditions),
        steps=tuple(log.steps),
    )


class _Log:
    """What was done so far, and when the last of it ended."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._last = perf_counter()

    def done(self, name: str, result: str) -> None:
        now = perf_counter()
        self.steps.append(Step(name, result, round((now - self._last) * 1000, 2)))
        self._last = now
