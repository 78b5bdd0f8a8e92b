"""Ranks the papers of a snapshot for a question: by meaning, by words, or by both and what both bring up."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer import background, probes
from indexer.collection import Snapshot
from indexer.rarity import idf
from indexer.selection import Keys, Selection
from search import acronyms, calibration, expansion, explain, feedback, fusion, kin, sentences
from search.fusion import Column
from search.places import NOTHING, Found, Positions, Ranking, last_tie
from search.reading import Reading

Row = NDArray[np.float32]

LEXICAL_DEPTH: Final = 100
"""Papers that may gain by their words. Fixed, so that a ranking does not depend on which page of it is asked for."""
FIRST: Final = 250
"""Nearest papers that every question looks for: what a hybrid ranking of up to 50 hits needs."""
DEEPER: Final = 5
"""How many times more are looked for where these are not enough."""
COMMON_SHARE: Final = 0.6
"""Of more than `COMMON_FROM` papers, share from which on a word that they have is not looked up beside others. To read
the long lists of such words is half of what words cost; they tell little, and without them nDCG@10 is the same."""
COMMON_FROM: Final = 10_000
DECIMALS: Final = 6
"""Of a smoothed score: sums in another order differ behind these, and papers of one text must tie."""

RANKING: Final = {
    "fusion": ["TM2C2", fusion.DENSE_WEIGHT, LEXICAL_DEPTH, COMMON_SHARE, COMMON_FROM, FIRST, DEEPER],
    "expansion": [expansion.PAPERS, expansion.TERMS, expansion.WEIGHT, expansion.TEMPERATURE, expansion.LEAST_SAY],
    "kin": [kin.POOL, kin.POWER, DECIMALS],
    "feedback": [feedback.LIKED_WEIGHT, feedback.DISLIKED_WEIGHT, feedback.RIDGE, background.SAMPLE],
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


@dataclass(frozen=True, slots=True)
class Candidates:
    """The papers that may be found: `allowed`, `None` for all, but those that the question is asked `without`."""

    snapshot: Snapshot
    allowed: Selection | None
    without: Collection[int]

    def near(self, row: Row, k: int) -> Found:
        """The k nearest papers and all that tie with the last, with their cosines. Fewer of them are the first of more.

        A large index can miss a near paper, and find it when it is asked for more. Then it stays missed: what has once
        been the first of the list is so however much of it is asked for, so that pages join.
        """
        found, depth = self._nearest(row, FIRST), FIRST
        while depth < k and len(found.keys) >= depth:
            depth *= DEEPER
            more = self._nearest(row, depth)
            behind = more.scores < found.scores[-1]
            found = Found(*(np.concatenate((a, b[behind])) for a, b in zip(found, more, strict=True)))
        kept = last_tie(found.scores, k)
        return Found(found.keys[:kept], found.scores[:kept])

    def _nearest(self, row: Row, k: int) -> Found:
        return self._cut(*self.snapshot.dense.search(row, k + len(self.without), self.allowed), k)

    def every(self, row: Row) -> Found:
        """All of them with their cosines, which takes long where there are many."""
        papers = self.snapshot.papers
        return self._cut(*self.snapshot.dense.search(row, papers, self.allowed, exact=True), papers)

    def having(self, terms: Mapping[str, float] | tuple[str, ...], k: int) -> Found:
        """The k best papers by words and all that tie with the last, with their BM25 scores."""
        return self._cut(*self.snapshot.lexical.search(terms, k + len(self.without), self.allowed), k)

    def cosines(self, row: Row, keys: list[int]) -> dict[int, float]:
        """The cosines of some of them, whose keys ascend."""
        return self.snapshot.dense.scores(row, np.array(keys, dtype=np.int64))

    def _cut(self, keys: Keys, scores: Row, k: int) -> Found:
        if self.without:
            # A few are searched for in vain: a set of all others would cost as much as the collection is large.
            left = ~np.isin(keys, list(self.without))
            keys, scores = keys[left], scores[left]
            kept = last_tie(scores, k)
            keys, scores = keys[:kept], scores[:kept]
        return Found(keys, scores.astype(np.float64))


def by_meaning(candidates: Candidates, row: Row, depth: int) -> Ranking:
    """The nearest papers; the score is the cosine."""
    return _of_cosines(candidates.near(row, depth))


def by_words(candidates: Candidates, terms: tuple[str, ...], depth: int) -> Ranking:
    """The papers that have any of the words; the score is BM25."""
    found = candidates.having(terms, depth)
    none = np.zeros(len(found.keys))
    return Ranking(found.keys, found.scores, none, found.scores, none, lexical=found)


def by_both(candidates: Candidates, reading: Reading, row: Row, terms: tuple[str, ...], depth: int) -> Ranking:
    """Fuse meaning and words, learn words from the best papers, fuse again, and let the best vouch for their kin.

    A paper's score depends on nothing but the question: paging cannot reorder a ranking.
    """
    meaning = _Meaning(candidates, row, max(depth, kin.POOL) + 2 * LEXICAL_DEPTH)
    telling = _telling(candidates.snapshot, terms)
    plain = candidates.having({term: 1.0 for term in terms if term in telling}, LEXICAL_DEPTH)
    learned = _learn(candidates.snapshot, reading, terms, _fuse(meaning, plain, expansion.PAPERS))
    weights = {stem: weight for stem, weight in learned.items() if stem in telling or stem not in terms}
    words = candidates.having(weights, LEXICAL_DEPTH) if learned else NOTHING
    fused = _fuse(meaning, words, max(depth, kin.POOL))
    return _smoothed(reading, replace(fused, lexical=plain, learned=learned))


def beyond(candidates: Candidates, row: Row, ranking: Ranking, *, fused: bool) -> Ranking:
    """All papers that a ranking by meaning, or by both where it is `fused`, does not reach.

    A paper that is neither among the best by words nor among those that are smoothed has the score of its cosine.
    """
    every = candidates.every(row)
    if not fused:
        return _of_cosines(every).without(ranking.keys)
    # The best cosine is that of the ranking: the same for all.
    best = _most(every.scores if ranking.dense is None or not len(ranking) else ranking.dense)
    others = _fused(every, np.zeros(len(every.keys)), best, fusion.BM25_MINIMUM)
    return replace(others.without(ranking.keys), lexical=ranking.lexical)


class _Meaning:
    """The cosines of one question, searched for once unless more of them are needed."""

    def __init__(self, candidates: Candidates, row: Row, depth: int) -> None:
        self._candidates = candidates
        self._row = row
        self._depth = 0
        self._found = NOTHING
        self._held: set[int] = set()
        self._more: dict[int, float] = {}
        self.top(depth)

    def top(self, k: int) -> Found:
        """The k nearest papers at least, with all that tie with the last."""
        if k > self._depth:
            self._depth = k
            self._found = self._candidates.near(self._row, k)
            self._held = set(self._found.keys.tolist())
        return self._found

    def others(self, keys: Keys) -> Found:
        """The cosines of those of some papers that `top` does not hold; in no order."""
        others = sorted(key for key in keys.tolist() if key not in self._held)
        if missing := [key for key in others if key not in self._more]:
            self._more |= self._candidates.cosines(self._row, missing)
        return Found(np.array(others, dtype=np.int64), np.array([self._more[key] for key in others]))


def _of_cosines(found: Found) -> Ranking:
    none = np.zeros(len(found.keys))
    return Ranking(found.keys, found.scores, found.scores, none, none, dense=found.scores)


def _fuse(meaning: _Meaning, words: Found, depth: int) -> Ranking:
    """Each candidate with its fused score.

    Papers outside the lexical list are ordered by their cosine alone, so the best `depth` papers are among the
    lexical list and that many more from the top of the dense one.
    """
    top = meaning.top(depth + len(words.keys))
    others = meaning.others(words.keys)
    found = Found(np.concatenate((top.keys, others.keys)), np.concatenate((top.scores, others.scores)))
    return _fused(
        found, words.within(found.keys), _most(found.scores), float(words.scores.max(initial=fusion.BM25_MINIMUM))
    )


def _fused(found: Found, lexical: Column, best_dense: float, best_lexical: float) -> Ranking:
    meaning, words = fusion.fuse(found.scores, lexical, best_dense, best_lexical)
    return Ranking(found.keys, meaning + words, meaning, words, np.zeros(len(found.keys)), found.scores)


def _most(cosines: Column) -> float:
    return float(cosines.max(initial=fusion.COSINE_MINIMUM))


def _telling(snapshot: Snapshot, terms: tuple[str, ...]) -> frozenset[str]:
    """The terms that are worth looking up: those that are not nearly everywhere; all, where every one is."""
    papers = snapshot.lexical.papers
    if papers <= COMMON_FROM:
        return frozenset(terms)
    least = idf(math.ceil(COMMON_SHARE * papers), papers)
    return frozenset(term for term in terms if not 0 < snapshot.lexical.rarity(term) <= least) or frozenset(terms)


def _learn(snapshot: Snapshot, reading: Reading, terms: tuple[str, ...], first: Ranking) -> dict[str, float]:
    head = _head(first, expansion.PAPERS)
    says = dict(zip(first.keys[head].tolist(), expansion.says(first.scores[head].tolist()), strict=True))
    heard = {key: say for key, say in says.items() if say >= expansion.LEAST_SAY}
    return expansion.learn(terms, reading.bags([*heard]), [*heard.values()], snapshot.lexical.rarity)


def _smoothed(reading: Reading, ranking: Ranking) -> Ranking:
    """The ranking with the smoothed scores of its pool: what a paper keeps of its own parts, and what kin adds."""
    head = _head(ranking, kin.POOL)
    if not len(head):
        return ranking
    influence = kin.influence(reading.rows(ranking.keys[head].tolist()))
    smoothed = influence @ ranking.scores[head]
    own = np.diag(influence)
    scores, meaning, words, added = (
        each.copy() for each in (ranking.scores, ranking.meaning, ranking.words, ranking.kin)
    )
    scores[head] = [round(score, DECIMALS) for score in smoothed.tolist()]
    meaning[head] *= own
    words[head] *= own
    added[head] = scores[head] - meaning[head] - words[head]
    return replace(ranking, scores=scores, meaning=meaning, words=words, kin=added)


def _head(ranking: Ranking, count: int) -> Positions:
    """Where the best are, best first, ties by key, with all that tie with the last of them.

    Which of many papers that tie would be among them depends on nothing that people see, so where the ties are
    more than the rest they are left out.
    """
    head = ranking.head(count)
    if len(head) <= 2 * count:
        return head
    scores = ranking.scores[head]
    return head[scores > scores[count - 1]] if count else head[:0]
