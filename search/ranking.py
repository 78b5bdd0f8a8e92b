"""Ranks the papers of a snapshot for a question: by meaning, by words, or by both and what both bring up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.collection import Snapshot
from indexer.vectors import DenseIndex
from search import calibration, expansion, feedback, fusion, kin
from search.reading import Reading

Keys = NDArray[np.int64]
Row = NDArray[np.float32]
Scores = dict[int, float]

LEXICAL_DEPTH: Final = 200
"""Papers that may gain by their words. Fixed, so that a ranking does not depend on which page of it is asked for."""
DECIMALS: Final = 6
"""Of a smoothed score: sums in another order differ behind these, and papers of one text must tie."""

RANKING: Final = {
    "fusion": ["TM2C2", fusion.DENSE_WEIGHT, LEXICAL_DEPTH],
    "expansion": [expansion.PAPERS, expansion.TERMS, expansion.WEIGHT, expansion.TEMPERATURE],
    "kin": [kin.POOL, kin.POWER, DECIMALS],
    "feedback": [feedback.LIKED_WEIGHT, feedback.DISLIKED_WEIGHT, feedback.RIDGE, feedback.SAMPLE],
    "confidence": [calibration.SURPRISE, calibration.COVERAGE, calibration.INTERCEPT],
    "acronyms": 2,
}
"""What the ranking depends on besides the collection. Part of the index version."""


class Place(NamedTuple):
    """A place in a ranking, before the paper is read. The three parts sum to the score."""

    key: int
    score: float
    dense: float | None
    lexical: float | None
    meaning: float = 0.0
    words: float = 0.0
    kin: float = 0.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """The beginning of a ranking, in no order, and the stems that were learned on the way, with their weights."""

    places: list[Place]
    learned: Mapping[str, float] = field(default_factory=dict)


def by_meaning(snapshot: Snapshot, row: Row, depth: int, allowed: Keys | None) -> Ranking:
    """The nearest papers; the score is the cosine."""
    found = _paired(*snapshot.dense.search(row, depth, allowed))
    return Ranking([Place(key, score, score, None, meaning=score) for key, score in found.items()])


def by_words(snapshot: Snapshot, terms: tuple[str, ...], depth: int, allowed: Keys | None) -> Ranking:
    """The papers that have any of the words; the score is BM25."""
    found = _paired(*snapshot.lexical.search(terms, depth, allowed))
    return Ranking([Place(key, score, None, score, words=score) for key, score in found.items()])


def by_both(
    snapshot: Snapshot, reading: Reading, row: Row, terms: tuple[str, ...], depth: int, allowed: Keys | None
) -> Ranking:
    """Fuse meaning and words, learn words from the best papers, fuse again, and let the best vouch for their kin.

    A paper's score depends on nothing but the question: paging cannot reorder a ranking.
    """
    meaning = _Meaning(snapshot.dense, row, allowed, max(depth, kin.POOL) + 2 * LEXICAL_DEPTH)
    plain = _paired(*snapshot.lexical.search(terms, LEXICAL_DEPTH, allowed))
    first = _fuse(meaning, plain, expansion.PAPERS)
    learned = _learn(snapshot, reading, terms, {key: sum(parts) for key, parts in first.items()})
    words = _paired(*snapshot.lexical.search(learned, LEXICAL_DEPTH, allowed)) if learned else {}
    fused = _fuse(meaning, words, max(depth, kin.POOL))
    dense = meaning.of(fused)
    places = {key: Place(key, sum(parts), dense[key], plain.get(key), *parts) for key, parts in fused.items()}
    return Ranking(list((places | _smoothed(snapshot, places)).values()), learned)


class _Meaning:
    """The cosines of one question, searched for once unless more of them are needed."""

    def __init__(self, index: DenseIndex, row: Row, allowed: Keys | None, depth: int) -> None:
        self._index = index
        self._row = row
        self._allowed = allowed
        self._depth = 0
        self._found: Scores = {}
        self._more: Scores = {}
        self.top(depth)

    def top(self, k: int) -> Scores:
        """The k nearest papers at least, with all that tie with the last."""
        if k > self._depth:
            self._depth = k
            self._found = _paired(*self._index.search(self._row, k, self._allowed))
        return self._found

    def of(self, keys: Mapping[int, object]) -> Scores:
        """The cosines of these papers."""
        missing = sorted(keys.keys() - self._found.keys() - self._more.keys())
        if missing:
            self._more |= self._index.scores(self._row, np.array(missing, dtype=np.int64))
        return {key: self._found[key] if key in self._found else self._more[key] for key in keys}


def _fuse(meaning: _Meaning, words: Scores, depth: int) -> dict[int, tuple[float, float]]:
    """What meaning and words add to the fused score of each candidate.

    Papers outside the lexical list are ordered by their cosine alone, so the best `depth` papers are among the
    lexical list and that many more from the top of the dense one.
    """
    dense = meaning.top(depth + len(words))
    best = max(dense.values(), default=fusion.COSINE_MINIMUM)
    return fusion.fuse(dense | meaning.of(words), words, best, max(words.values(), default=fusion.BM25_MINIMUM))


def _learn(snapshot: Snapshot, reading: Reading, terms: tuple[str, ...], scores: Scores) -> dict[str, float]:
    keys = _head(scores, expansion.PAPERS)
    reading.papers(keys)  # all at once
    lexical = snapshot.lexical
    known: dict[str, float] = {}

    def rarity(stem: str) -> float:
        if stem not in known:
            count = lexical.doc_freq(stem)
            known[stem] = expansion.idf(count, lexical.papers) if count else 0.0
        return known[stem]

    return expansion.learn(
        terms, [reading.stems(key) for key in keys], expansion.says([scores[key] for key in keys]), rarity
    )


def _smoothed(snapshot: Snapshot, places: Mapping[int, Place]) -> dict[int, Place]:
    """The places of the pool with their smoothed scores: what a paper keeps of its own parts, and what kin adds."""
    keys = _head({key: place.score for key, place in places.items()}, kin.POOL)
    if not keys:
        return {}
    rows = snapshot.store.rows(keys)
    influence = kin.influence(np.array([rows[key] for key in keys], dtype=np.float32))
    smoothed = (influence @ np.array([places[key].score for key in keys])).tolist()
    return {
        key: _shared(places[key], round(score, DECIMALS), own)
        for key, score, own in zip(keys, smoothed, np.diag(influence).tolist(), strict=True)
    }


def _shared(place: Place, score: float, own: float) -> Place:
    meaning, words = own * place.meaning, own * place.words
    return place._replace(score=score, meaning=meaning, words=words, kin=score - meaning - words)


def _head(scores: Scores, count: int) -> list[int]:
    """The best keys, best first, with all that tie with the last of them.

    Which of many papers that tie would be among them depends on nothing that people see, so where the ties are
    more than the rest they are left out.
    """
    order = sorted(scores, key=lambda key: (-scores[key], key))
    if not count or len(order) <= count:
        return order[:count]
    last = scores[order[count - 1]]
    head = [key for key in order if scores[key] >= last]
    return head if len(head) <= 2 * count else [key for key in head if scores[key] > last]


def _paired(keys: Keys, scores: Row) -> Scores:
    return dict(zip(keys.tolist(), scores.tolist(), strict=True))
