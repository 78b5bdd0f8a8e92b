"""Why a paper was found: the sentence nearest to the question, the words they share, and what its score is made of."""

from __future__ import annotations

import hashlib
import re
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Encoder
from indexer.paper import Paper
from search.sentences import Span, split

Row = NDArray[np.float32]
Rows = NDArray[np.float32]
Analyze = Callable[[str], Sequence[str]]

PER_HIT: Final = 3
"""Sentences of a hit that are encoded, of about seven. benchmarks/explaining.py measures what that saves and how often
the nearest sentence is among them."""

# They are in nearly every text, so marking them would hide the words that tell papers apart.
_COMMON: Final = frozenset(
    word
    for line in (
        "a about after all also an and any are as at be been before being between both but by can could did do does",
        "doing during each for from had has have having he her how i if in into is it its may might more most no nor",
        "not of on or our over same she should so some such than that the their them then there these they this those",
        "through to under up upon very via was we were what when where which while who whom whose why will with would",
    )
    for word in line.split()
)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """The part `[start:end]` of a paper's "abstract", or of its "title", that is nearest in meaning to the question.

    `score` is the cosine of the question and of this sentence alone, without the sentences around it: it may be
    above or below the paper's own, which is of the whole text.
    """

    field: str
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    """A word `[start:end]` of a text, and the word of the question that has the same stem."""

    start: int
    end: int
    term: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, to be shown: whether it is a matching word, whether it belongs to the passage."""

    text: str
    marked: bool
    passage: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a paper is a hit. `words` are those of the question that were found in it, as the question wrote them."""

    passage: Passage | None
    title_matches: tuple[Match, ...]
    abstract_matches: tuple[Match, ...]
    words: tuple[str, ...]
    shares: Mapping[str, float]


class SentenceRows:
    """Rows of sentences, the latest of them kept in memory. Safe to use from several threads.

    A sentence is encoded apart from all others: its row, and so its score, is the same whatever is kept.
    """

    def __init__(self, encoder: Encoder, memory: int = 16_000_000) -> None:
        """`memory` bounds the bytes of the rows that are kept: 16 MB hold about 10,000 rows of 384 numbers."""
        self._encoder = encoder
        self._most = memory // (4 * encoder.identity.dimension)
        self._kept: OrderedDict[bytes, Row] = OrderedDict()
        self._lock = threading.Lock()

    def rows(self, texts: Sequence[str]) -> Rows:
        """Shape (texts, dimension)."""
        keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            found.update(zip(missing, self._encoder.encode_apart(list(missing.values())), strict=True))
        with self._lock:
            for key in keys:
                self._kept[key] = found[key].copy()  # a view would keep the rows of the whole call in memory
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return np.array([found[key] for key in keys], dtype=np.float32).reshape(-1, self._encoder.identity.dimension)


class _Text(NamedTuple):
    """The text of a paper that passages are taken from, and its sentences."""

    field: str
    text: str
    spans: list[Span]

    def part(self, at: int) -> str:
        start, end = self.spans[at]
        return self.text[start:end]


def passages(
    sentences: SentenceRows, row: Row, papers: Sequence[Paper], weights: Mapping[str, float], analyze: Analyze
) -> list[Passage | None]:
    """For each paper of a page the sentence nearest to the question's row; `None` where no text has a word.

    `weights` are stems of the question and of what was learned for it; `analyze` gives those of a text, each once.
    Encoding every sentence would cost more than all the rest of a search, so those of each paper that have most of
    these stems are encoded. What is chosen for a paper depends on no other paper: it is the same on every page.
    """
    texts = [_text(paper) for paper in papers]
    places = [(hit, at) for hit, text in enumerate(texts) for at in _likeliest(text, weights, analyze)]
    rows = sentences.rows([texts[hit].part(at) for hit, at in places])
    best: dict[int, tuple[float, int]] = {}
    # A matrix product would round differently with another number of rows.
    for (hit, at), score in zip(places, (rows * row).sum(axis=1).tolist(), strict=True):
        if hit not in best or score > best[hit][0]:
            best[hit] = score, at
    return [_passage(text, *best[hit]) if hit in best else None for hit, text in enumerate(texts)]


def _text(paper: Paper) -> _Text:
    spans = [span for span in split(paper.abstract) if _WORD.search(paper.abstract, *span)]
    if spans:
        return _Text("abstract", paper.abstract, spans)
    return _Text("title", paper.title, [Span(0, len(paper.title))] if _WORD.search(paper.title) else [])


def _passage(text: _Text, score: float, at: int) -> Passage:
    start, end = text.spans[at]
    return Passage(text.field, start, end, text.part(at), score)


def _likeliest(text: _Text, weights: Mapping[str, float], analyze: Analyze) -> list[int]:
    """The numbers of the sentences of a text to encode, ascending: those whose stems weigh most."""
    values = [sum(weights.get(stem, 0.0) for stem in analyze(text.part(at))) for at in range(len(text.spans))]
    return sorted(sorted(range(len(values)), key=lambda at: (-values[at], at))[:PER_HIT])


def question_terms(text: str, analyze: Analyze, phrases: Iterable[str] = ()) -> dict[str, str]:
    """Stem → word as the question first wrote it, in the question's order, for `matches` to look for.

    Single letters and common words such as "the" are left out: they count for the ranking, as rare as that makes
    them, but they are marked only within a quoted phrase.
    """
    found: dict[str, str] = {}
    for word in _WORD.findall(" ".join((text, *phrases))):
        if len(word) > 1 and word.casefold() not in _COMMON:
            for stem in analyze(word):
                found.setdefault(stem, word)
    return found


def matches(terms: Mapping[str, str], text: str, analyze: Analyze, phrases: Iterable[str] = ()) -> list[Match]:
    """The words of a text whose stem is among `terms`, and every word of each `phrase` where it stands as a whole.

    Words are runs of letters and digits, as the lexical index sees them; `analyze` gives the stem of one.
    """
    places = list(_WORD.finditer(text))
    known: dict[str, str] = {}
    for place in places:
        if place[0] not in known:
            known[place[0]] = next(iter(analyze(place[0])), place[0])
    stems = [known[place[0]] for place in places]
    found = {at: terms[stem] for at, stem in enumerate(stems) if stem in terms}
    for phrase in phrases:
        words = _WORD.findall(phrase)
        wanted = [next(iter(analyze(word)), word) for word in words]
        for at in range(len(stems) - len(words) + 1):
            if words and stems[at : at + len(words)] == wanted:
                found |= {at + i: found.get(at + i, word) for i, word in enumerate(words)}
    return [Match(places[at].start(), places[at].end(), found[at]) for at in sorted(found)]


def shares(parts: Mapping[str, float]) -> dict[str, float]:
    """How much of a score each of its additive parts makes, from 0 to 1: together 1.

    A part below 0 took from the score and made none of it: its share is 0. Where no part is above 0 nothing made the
    score, and every share is 0.
    """
    largest = max(parts.values(), default=0.0)
    if largest <= 0:
        return dict.fromkeys(parts, 0.0)
    made = {name: max(part, 0.0) / largest for name, part in parts.items()}  # no sum of these can overflow
    total = sum(made.values())
    return {name: part / total for name, part in made.items()}


def explain(
    paper: Paper,
    passage: Passage | None,
    terms: Mapping[str, str],
    parts: Mapping[str, float],
    analyze: Analyze,
    phrases: Sequence[str] = (),
) -> Explanation:
    """All that is said of one hit; `terms` come from `question_terms`, `parts` are those of its score."""
    title = tuple(matches(terms, paper.title, analyze, phrases))
    abstract = tuple(matches(terms, paper.abstract, analyze, phrases))
    matched = {match.term for match in (*title, *abstract)}
    words = dict.fromkeys((*terms.values(), *(word for phrase in phrases for word in _WORD.findall(phrase))))
    return Explanation(passage, title, abstract, tuple(word for word in words if word in matched), shares(parts))


def snippet(text: str, found: Sequence[Match], passage: Passage | None) -> list[Piece]:
    """A text cut where its words and its passage begin and end; the pieces joined are the text.

    `found` ascends, as `matches` gives it; `passage` is one of this text, or `None`.
    """
    inside = Span(0, 0) if passage is None else Span(passage.start, passage.end)
    starts = [match.start for match in found]
    cuts = {0, len(text), *inside, *starts, *(match.end for match in found)}
    pieces = []
    for start, end in pairwise(sorted(cuts)):
        before = bisect_right(starts, start) - 1
        marked = before >= 0 and start < found[before].end
        pieces.append(Piece(text[start:end], marked, inside.start <= start < inside.end))
    return pieces
