"""The façade: one question in, one answer out, over one snapshot."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final, Generic, TypeVar

import numpy as np

from indexer import null_model, probes
from indexer.collection import Collection, Snapshot
from indexer.encoder import Encoder
from indexer.errors import InvalidQuery, shorten
from indexer.filters import Filters
from indexer.null_model import NullModel
from indexer.paper import Paper
from indexer.selection import Keys
from search import explain, facets
from search.answer import Answer, Hit, Plan, Standing, Step
from search.calibration import BEST_OF
from search.confidence import Confidence, assess
from search.facets import MATCHES, Facets, Matched
from search.hints import Hint
from search.maps import Maps
from search.places import UNRANKED, Place, Ranking
from search.query import Mode, Page, Query
from search.question import NEWEST, Question, understand
from search.ranking import RANKING, Candidates, beyond, by_both, by_meaning, by_words
from search.reading import Reading
from search.standing import NO_WORDS, UNKNOWN_WORDS, reasons

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
        asked = self._ask(query)
        question, log = asked.question, asked.log
        ranking, confidence = UNRANKED, None
        if question.way == NEWEST:
            hits = _newest(asked, query.page)
        else:
            ranking = asked.rank(query.page.end)
            log.done("rank", _many(len(ranking), "candidate"))
            order = asked.order(ranking, max(query.page.end, BEST_OF))
            hits, confidence = self._hits(asked, order, query.page.offset, query.page.k)
        log.done("read", f"{_many(len(hits), 'paper')}, {_match(confidence)}")
        if query.explain:
            hits = self._explained(asked, ranking, hits)
            log.done("explain", _many(len(hits), "paper"))
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
        asked = self._ask(query)
        return facets.count(asked.snapshot, asked.question.filters, asked.matches, index_version(asked.snapshot))

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
        area = None if query.area is None else self.maps.within(query.area, snapshot)
        question = understand(query, snapshot, self._encoder, area)
        log.done("understand", f"{question.total:,} of {snapshot.papers:,} papers may be found")
        return _Asked(snapshot, question, Reading(snapshot), log)

    def _hits(
        self, asked: _Asked, order: Sequence[Place], first: int, count: int
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
        self, asked: _Asked, head: Sequence[int], keys: Sequence[int]
    ) -> tuple[Mapping[int, Confidence], Confidence | None]:
        """How sure the shown papers are, and the answer; nothing of likes alone: what they get by chance is unknown."""
        if asked.question.asked is None:
            return {}, None
        return assess(asked.snapshot, asked.reading, self._null(asked.snapshot), asked.question, head, keys)

    def _place(self, asked: _Asked, key: int) -> tuple[Hit | None, Ranking]:
        """The hit that a paper is, however far down, or `None` where it has none of the words that are looked for."""
        ranking = asked.rank(_HEAD)
        parts = [ranking]
        order = asked.order(ranking, _HEAD)
        at = next((at for at, place in enumerate(order) if place.key == key), None)
        # Beyond its depth the order of a ranking is not yet that of the whole.
        if (at is None or at >= _HEAD) and asked.question.total > _HEAD:
            parts.append(asked.beyond(ranking))
            at = asked.ahead(parts, key)
        asked.log.done("rank", _many(sum(len(part) for part in parts), "candidate"))
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

    def _explained(self, asked: _Asked, ranking: Ranking, hits: Sequence[Hit]) -> tuple[Hit, ...]:
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question on its way to its answer, over one snapshot."""

    snapshot: Snapshot
    question: Question
    reading: Reading
    log: _Log

    def without_filters(self) -> _Asked:
        """The same question, but every paper may be found, also those that it is asked with."""
        return replace(
            self, question=replace(self.question, allowed=None, area=None, given={}, total=self.snapshot.papers)
        )

    def rank(self, depth: int) -> Ranking:
        """The beginning of the ranking, at least `depth` papers of it if there are so many."""
        question = self.question
        candidates = Candidates(self.snapshot, question.allowed, question.given)
        if question.way == Mode.DENSE:
            return by_meaning(candidates, question.row, depth)
        if question.way == Mode.LEXICAL:
            return by_words(candidates, question.terms, depth)
        return by_both(candidates, self.reading, question.row, question.terms, depth)

    def nothing(self, ranking: Ranking) -> tuple[Hint, ...]:
        """What to say where papers may be found, but none has a word of the question."""
        no_words = self.question.way == Mode.LEXICAL and self.question.total and not len(ranking)
        return (UNKNOWN_WORDS,) if no_words else ()

    def beyond(self, ranking: Ranking) -> Ranking:
        """All papers that a ranking does not reach."""
        question = self.question
        candidates = Candidates(self.snapshot, question.allowed, question.given)
        if question.way == Mode.LEXICAL:
            return by_words(candidates, question.terms, question.total).without(ranking.keys)
        return beyond(candidates, question.row, ranking, fused=question.way == Mode.HYBRID)

    def order(self, ranking: Ranking, count: int) -> list[Place]:
        """The best places, by score, then by id, with all that tie with the last."""
        head = ranking.head(count)
        scores = ranking.scores[head]
        tied = np.zeros(len(head), dtype=bool)
        tied[1:] = scores[1:] == scores[:-1]
        tied[:-1] |= tied[1:]
        ids = self.snapshot.store.ids(ranking.keys[head[tied]].tolist())  # of others they would change nothing
        places = [ranking.place(at) for at in head]
        return sorted(places, key=lambda place: (-place.score, ids.get(place.key, "")))

    def matches(self, filters: Filters) -> Matched:
        """The answers if these were the filters: the best of the ranking, or where nothing is to be ranked all."""
        question = self.question.within(filters, self.snapshot)
        if question.way == Mode.LEXICAL or (question.way != NEWEST and question.total > MATCHES):
            best = self._best(replace(self, question=question).rank(MATCHES), MATCHES)
            return Matched(best, len(best), question.total)
        keys = None if question.allowed is None else question.allowed.keys
        if question.given:
            keys = np.setdiff1d(self.snapshot.store.keys() if keys is None else keys, list(question.given))
        return Matched(keys, question.total, question.total)

    def _best(self, ranking: Ranking, count: int) -> Keys:
        """The keys, ascending, of the first places of `order`, which are not made here."""
        head = ranking.head(count)
        keys, scores = ranking.keys[head], ranking.scores[head]
        if len(keys) > count:
            tied = keys[scores == scores[count - 1]]
            ids = self.snapshot.store.ids(tied.tolist())
            keys = np.concatenate((keys[: len(keys) - len(tied)], np.array(sorted(ids, key=ids.__getitem__))))
        return np.sort(keys[:count])

    def ahead(self, parts: Sequence[Ranking], key: int) -> int | None:
        """How many papers of rankings that share none stand before one of them; `None` where it is in none."""
        place = next((place for part in parts if (place := part.find(key))), None)
        if place is None:
            return None
        better = sum(int(np.count_nonzero(part.scores > place.score)) for part in parts)
        tied = np.concatenate([part.keys[part.scores == place.score] for part in parts])
        ids = self.snapshot.store.ids(tied.tolist())
        return better + sum(each < ids[key] for each in ids.values())

    def contributions(self, keys: Sequence[int]) -> dict[int, Mapping[str, float]]:
        """What each part of a question of several parts adds to the cosine of each paper."""
        parts, composed = self.question.parts, self.question.composed
        if composed is None or len(parts) < 2 or not keys:
            return {}
        added = composed.contributions(self.reading.rows(keys)).tolist()
        return {key: dict(zip(parts, values, strict=True)) for key, values in zip(keys, added, strict=True)}

    def plan(self, ranking: Ranking) -> Plan:
        """What was run so far."""
        question = self.question
        filters = tuple(str(each) for each in question.filters.conditions)
        return Plan(
            mode=question.way,
            meaning=question.meaning if question.composed is not None else "",
            words=question.terms,
            learned=ranking.learned,
            filters=filters if question.area is None else (*filters, "area"),
            steps=tuple(self.log.steps),
        )


def _hit(
    number: int, place: Place, paper: Paper, contributions: Mapping[str, float], confidence: Confidence | None
) -> Hit:
    parts = {"meaning": place.meaning, "words": place.words, "kin": place.kin}
    return Hit(number, place.score, place.dense, place.lexical, paper, parts, contributions, confidence)


def _newest(asked: _Asked, page: Page) -> tuple[Hit, ...]:
    question = asked.question
    among = None if question.area is None else question.allowed
    papers, _ = asked.snapshot.browse(question.filters, page.k, page.offset, among)
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


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _match(confidence: Confidence | None) -> str:
    return "nothing to judge by" if confidence is None else f"the best match is {confidence.verdict}"
