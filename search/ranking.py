"""Ranks the papers of a snapshot for a question: by meaning, by words, or by both and what both bring up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer import probes
from indexer.collection import Snapshot
from search import acronyms, calibration, expansion, explain, feedback, fusion, kin, sentences
from search.rarity import idf
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
    "confidence": [
        probes.fingerprint(),
        calibration.SURPRISE,
        calibration.COVERAGE,
        calibration.INTERCEPT,
        calibration.LEAST_WEIGHT,
        calibration.STRONG,
        calibration.WEAK,
        calibration.BEST_OF,
    ],
    "explanation": [explain.PER_HIT, sentences.LONGEST],
    "acronyms": [2, acronyms.MAX_WORDS],
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


@dataclass(frozen=True, slots=True)
class Candidates:
    """The papers that may be found: `allowed`, `None` for all, but those that the question is asked `without`."""

    snapshot: Snapshot
    allowed: Keys | None
    without: Collection[int]

    def near(self, row: Row, k: int) -> Scores:
        """The k nearest papers and all that tie with the last, best first, with their cosines."""
        return self._cut(*self.snapshot.dense.search(row, k + len(self.without), self.allowed), k)

    def having(self, terms: Mapping[str, float] | Sequence[str], k: int) -> Scores:
        """The k best papers by words and all that tie with the last, best first, with their BM25 scores."""
        return self._cut(*self.snapshot.lexical.search(terms, k + len(self.without), self.allowed), k)

    def cosines(self, row: Row, keys: Sequence[int]) -> Scores:
        """The cosines of some of them."""
        return self.snapshot.dense.scores(row, np.array(keys, dtype=np.int64))

    def _cut(self, keys: Keys, scores: Row, k: int) -> Scores:
        found = dict(zip(keys.tolist(), scores.tolist(), strict=True))
        if not self.without:
            return found
        # A few are searched for in vain: a set of all others would cost as much as the collection is large.
        left = [(key, score) for key, score in found.items() if key not in self.without]
        return {key: score for key, score in left if len(left) <= k or score >= left[k - 1][1]}


def by_meaning(candidates: Candidates, row: Row, depth: int) -> Ranking:
    """The nearest papers; the score is the cosine."""
    found = candidates.near(row, depth)
    return Ranking([Place(key, score, score, None, meaning=score) for key, score in found.items()])


def by_words(candidates: Candidates, terms: tuple[str, ...], depth: int) -> Ranking:
    """The papers that have any of the words; the score is BM25."""
    found = candidates.having(terms, depth)
    return Ranking([Place(key, score, None, score, words=score) for key, score in found.items()])


def by_both(candidates: Candidates, reading: Reading, row: Row, terms: tuple[str, ...], depth: int) -> Ranking:
    """Fuse meaning and words, learn words from the best papers, fuse again, and let the best vouch for their kin.

    A paper's score depends on nothing but the question: paging cannot reorder a ranking.
    """
    meaning = _Meaning(candidates, row, max(depth, kin.POOL) + 2 * LEXICAL_DEPTH)
    plain = candidates.having(terms, LEXICAL_DEPTH)
    first = _fuse(meaning, plain, expansion.PAPERS)
    learned = _learn(candidates.snapshot, reading, terms, {key: sum(parts) for key, parts in first.items()})
    words = candidates.having(learned, LEXICAL_DEPTH) if learned else {}
    fused = _fuse(meaning, words, max(depth, kin.POOL))
    dense = meaning.of(fused)
    places = {key: Place(key, sum(parts), dense[key], plain.get(key), *parts) for key, parts in fused.items()}
    return Ranking(list((places | _smoothed(candidates.snapshot, places)).values()), learned)


class _Meaning:
    """The cosines of one question, searched for once unless more of them are needed."""

    def __init__(self, candidates: Candidates, row: Row, depth: int) -> None:
        self._candidates = candidates
        self._row = row
        self._depth = 0
        self._found: Scores = {}
        self._more: Scores = {}
        self.top(depth)

    def top(self, k: int) -> Scores:
        """The k nearest papers at least, with all that tie with the last."""
        if k > self._depth:
            self._depth = k
            self._found = self._candidates.near(self._row, k)
        return self._found

    def of(self, keys: Mapping[int, object]) -> Scores:
        """The cosines of these papers."""
        missing = sorted(keys.keys() - self._found.keys() - self._more.keys())
        if missing:
            self._more |= self._candidates.cosines(self._row, missing)
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
            known[stem] = idf(count, lexical.papers) if count else 0.0
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
