"""What groups of papers are about, in their own words: c-TF-IDF.

M. Grootendorst: BERTopic, neural topic modeling with a class-based TF-IDF procedure, 2022, arXiv 2203.05794.
Changed here: words and pairs of words are counted once a paper, those of a title as three; forms of a word count
together and are shown as the papers write them; and no word of a label is part of another.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

WORDS: Final = 3
"""Words, or pairs of words, of a label."""
TITLE: Final = 3.0
"""What a word of a title counts, where one of an abstract counts 1."""
BEGINNING: Final = 600
"""Characters of an abstract that are read: what it is about is said first."""
TOLD: Final = 0.4
"""Share of a word's papers from which on a pair that it is part of says the same, and more."""
LONGEST: Final = 30
"""Characters of a word: what is longer is no word but a formula or an address."""
CANDIDATES: Final = 40
"""Best words of a group among which those of its label are chosen."""
OTHERS: Final = 10
"""Of these, those that are tried in any combination where the best label is another group's."""
_DOUBTFUL: Final = 0.2
"""What a spelling counts that says little: words of titles are often written with capitals that they otherwise lack."""

_TOKEN = re.compile(r"\w+(?:[-’']\w+)*")
_FORMULA = re.compile(r"\$[^$]*\$|\\[a-zA-Z]+|https?://\S+")
_BREAK = re.compile(r"[.!?:;,()\[\]{}\"“”—–/|]+")
_NO_WORDS: Final = "papers"
_STOP: Final = frozenset(
    word
    for line in resources.files("search").joinpath("common_words.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)
# These say little by themselves and much in a pair: "reinforcement learning", "world models".
_PAIRED: Final = frozenset(
    """learning model models modeling training data dataset datasets understanding system systems world natural
    evaluation benchmark benchmarks scaling analysis zero open code quality question questions long""".split()  # noqa: SIM905
)

Texts = Iterable[tuple[int, str, str]]
"""The group, title and abstract of each paper."""


class Words:
    """What the papers of some groups say: how many papers of each group have a word, and how it is written."""

    def __init__(self, groups: int) -> None:
        self.counts: Final = [Counter[str]() for _ in range(groups)]
        self._papers = [0] * groups
        self._written: dict[str, Counter[str]] = defaultdict(Counter)

    @classmethod
    def of(cls, texts: Texts, groups: int) -> Words:
        """Read papers."""
        words = cls(groups)
        for number, title, abstract in texts:
            words.add(number, title, abstract)
        return words

    def add(self, number: int, title: str, abstract: str) -> None:
        """Count the words of a paper of a group."""
        said = dict.fromkeys(self._terms(abstract[:BEGINNING], title=False), 1.0)
        said |= dict.fromkeys(self._terms(title, title=True), TITLE)
        self._papers[number] += 1
        self.counts[number].update(said)

    def above(self, parents: Sequence[int], sizes: Sequence[int]) -> Words:
        """The same words for groups of groups, in each of which a group counts by its size."""
        above = Words(max(parents, default=-1) + 1)
        above._written = self._written
        for counts, read, parent, size in zip(self.counts, self._papers, parents, sizes, strict=True):
            above._papers[parent] += size
            for term, count in counts.items():
                above.counts[parent][term] += count * size / max(read, 1)  # type: ignore[assignment]
        return above

    def labels(self) -> list[tuple[str, ...]]:
        """The words of each group; no two groups have the same."""
        everywhere = Counter[str]()
        for counts in self.counts:
            everywhere.update(counts)
        average = everywhere.total() / max(len(self.counts), 1)
        taken: set[frozenset[str]] = set()
        labels: list[tuple[str, ...]] = [()] * len(self.counts)
        # Larger groups choose first; of equal ones the first.
        for number in sorted(range(len(self.counts)), key=lambda at: -self._papers[at]):
            ranked = self._ranked(number, everywhere, average)
            labels[number] = self._free(ranked, taken)
            taken.add(frozenset(map(str.casefold, labels[number])))
        return labels

    def written(self, term: str) -> str:
        """A word as most papers write it."""
        forms = self._written[term]
        return min(forms, key=lambda form: (-forms[form], form))

    def _ranked(self, number: int, everywhere: Mapping[str, float], average: float) -> list[str]:
        """The best terms of a group: tf · log(1 + A / f), A being the words of a group on average."""
        counts, papers = self.counts[number], self._papers[number]
        least = TITLE + 1 if papers >= 2 * WORDS else 1.0  # what a single paper says is not what its group is about
        scores = {
            term: math.sqrt(count) * math.log(1 + average / everywhere[term])
            for term, count in counts.items()
            if count >= least and (" " in term or not _plain(term))
        }
        best = sorted(scores, key=lambda term: (-scores[term], term))[:CANDIDATES]
        pairs = [term for term in best if " " in term]
        return [_fuller(term, pairs, counts) for term in best]

    def _free(self, ranked: Sequence[str], taken: set[frozenset[str]]) -> tuple[str, ...]:
        """The first words that overlap in nothing and are together no other group's."""
        for chosen in _choices(ranked):
            label = tuple(self.written(term) for term in chosen)
            if frozenset(map(str.casefold, label)) not in taken:
                return label
        number = 1
        while frozenset({name := f"{_NO_WORDS} {number}"}) in taken:
            number += 1
        return (name,)

    def _terms(self, text: str, *, title: bool) -> Iterator[str]:
        """The words of a text and the pairs of words beside each other."""
        for part in _BREAK.split(_FORMULA.sub(" ", text)):
            before: tuple[str, str] | None = None
            for at, token in enumerate(_TOKEN.findall(part)):
                word = token.removesuffix("'s").removesuffix("’s")
                key = _key(word)
                if key is None:
                    before = None
                    continue
                # How the first word of a part, or a word of a title, is written tells nothing but for "TTS" and "iPad".
                doubtful = (title or at == 0) and not any(letter.isupper() for letter in word[1:])
                form = word.lower() if doubtful else word
                weight = _DOUBTFUL if doubtful else 1.0
                self._written[key][form] += weight  # type: ignore[assignment]
                yield key
                if before is not None and before[0] != key:
                    pair = f"{before[0]} {key}"
                    self._written[pair][f"{before[1]} {form}"] += weight  # type: ignore[assignment]
                    yield pair
                before = (key, form)


@lru_cache(100_000)
def _key(word: str) -> str | None:
    """What the forms of a word have in common: it without case and plural. `None` for what is no word of a label."""
    lower = word.lower()
    if not 2 <= len(word) <= LONGEST or not any(letter.isalpha() for letter in word):
        return None
    if lower in _STOP and lower not in _PAIRED:
        return None
    if len(lower) > 4 and lower.endswith("ies"):
        return f"{lower[:-3]}y"
    plural = len(lower) > 3 and lower.endswith("s") and not lower.endswith(("ss", "us", "is"))
    return lower[:-1] if plural else lower


def _plain(term: str) -> bool:
    """Whether a word says little alone."""
    return term in _STOP or f"{term}s" in _STOP


def _fuller(term: str, pairs: Sequence[str], counts: Mapping[str, float]) -> str:
    """The pair that a word is mostly part of; else the word."""
    if " " in term:
        return term
    within = [pair for pair in pairs if term in pair.split() and counts[pair] >= TOLD * counts[term]]
    return max(within, key=lambda pair: (counts[pair], pair), default=term)


def _choices(ranked: Sequence[str]) -> Iterator[Sequence[str]]:
    """The best words that overlap in nothing; then others of the best, the last of which gives way first."""
    if best := _apart(ranked)[:WORDS]:
        yield best
    some = list(dict.fromkeys(ranked))[:OTHERS]
    for count in range(len(best), 0, -1):
        yield from (chosen for chosen in itertools.combinations(some, count) if len(_apart(chosen)) == count)


def _apart(terms: Sequence[str]) -> list[str]:
    """Terms of which none has a word, or a part of one, of those before it: not "speech", then "speech synthesis"."""
    kept: list[str] = []
    used: set[str] = set()
    for term in terms:
        parts = {part for word in term.split() for part in (word, *word.split("-"))}
        if not any(one == other or (min(len(one), len(other)) > 3 and (one.startswith(other) or other.startswith(one)))
                   for one in parts for other in used):  # fmt: skip
            kept.append(term)
            used |= parts
    return kept
