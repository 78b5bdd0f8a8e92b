"""A question on its way to its answer: its ranking, the order of that, and what was run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from indexer.collection import Snapshot
from indexer.filters import Filters
from indexer.selection import Keys
from search.answer import Plan, Step
from search.facets import MATCHES, Matched
from search.hints import Hint
from search.places import Place, Ranking
from search.query import Mode
from search.question import NEWEST, Question
from search.ranking import Candidates, beyond, by_both, by_meaning, by_words
from search.reading import Reading
from search.standing import UNKNOWN_WORDS


class Log:
    """What was done so far, and when the last of it ended."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._last = perf_counter()

    def done(self, name: str, result: str) -> None:
        """Remember what was done, and how long it took."""
        now = perf_counter()
        self.steps.append(Step(name, result, round((now - self._last) * 1000, 2)))
        self._last = now


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way to its answer, over one snapshot."""

    snapshot: Snapshot
    question: Question
    reading: Reading
    log: Log

    def without_filters(self) -> Asked:
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


def many(count: int, noun: str) -> str:
    """ "1 paper", "37 papers"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
