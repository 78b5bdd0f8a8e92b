"""Makes questions from a collection's own papers, whose right answers are known without anybody's judgment."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np

from indexer.acronyms import find_acronyms
from indexer.filters import name_words
from indexer.paper import Paper
from search.metrics import Values, recall, reciprocal_rank
from search.sentences import split

TITLE_WORDS: Final = 4
"""Content words of a title that make a question. The whole title would be too easy: the indexes hold it."""
ACRONYM_WORDS: Final = 2
MIN_SENTENCE: Final = 8
"""Words of a sentence that says something of its own."""
MOST_DEFINERS: Final = 10
"""Papers that define an acronym alike. Were there more, no ten hits could hold them all."""

_WORD = re.compile(r"(?<![\\\w])[^\W_](?:[\w-]*[^\W_])?")  # but no command of LaTeX
_STOP_WORDS: Final = (
    "a about above across after against all also am among an and any approach are as at based be been before "
    "being below between beyond both but by can could did do does doing done down during each few for from "
    "further had has have having here how i if in into is it its itself just less many may method might more most "
    "much must my new no nor not novel of off on once one only onto or other our out over own paper per same "
    "should so some study such than that the their them then there these they this those through to too toward "
    "towards under until up upon use used using versus very via was we were what when where whether which while "
    "who whom whose why will with within without would yet you your"
)
_STOP: Final = frozenset(_STOP_WORDS.split())
KNOWN: Final = ("MRR@10", "recall@10")
"""How well known items are found. Where one paper is right, recall@10 is the share of those found among ten."""


class Kind(StrEnum):
    """From what a question is made: words of the title, a sentence of the abstract, an acronym with words beside it."""

    TITLE = "title"
    SENTENCE = "sentence"
    ACRONYM = "acronym"


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A question, the paper that it was made of, and the ids of all papers that are right answers."""

    kind: Kind
    paper: str
    text: str
    right: tuple[str, ...]

    @property
    def name(self) -> str:
        """Tells the question from every other one of a collection."""
        return f"{self.kind}:{self.paper}"


@dataclass(slots=True)
class _Catalogue:
    """What is remembered of every paper: enough to choose some, and to know which others are as right as they are."""

    ids: list[str] = field(default_factory=list)
    same: dict[bytes, list[str]] = field(default_factory=lambda: defaultdict(list))
    defined: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, paper: Paper) -> None:
        self.ids.append(paper.id)
        for key in _texts(paper):
            self.same[key].append(paper.id)
        for pair in {_folded(*pair) for pair in find_acronyms(paper.text)}:
            self.defined[pair].append(paper.id)

    def twins(self, paper: Paper) -> set[str]:
        """The paper itself and those with the same title or abstract."""
        return {paper.id}.union(*(self.same[key] for key in _texts(paper)))


def known_items(papers: Iterable[Paper], read: Callable[[str], Paper], count: int, seed: int) -> list[KnownItem]:
    """Up to `count` questions of each kind. The same papers and seed give the same questions, in whatever order.

    `papers` is read once, `read` gives the paper of an id.
    """
    catalogue = _Catalogue()
    for paper in papers:
        catalogue.add(paper)
    makers = {Kind.TITLE: _from_title, Kind.SENTENCE: _from_sentence, Kind.ACRONYM: _from_acronym}
    items: list[KnownItem] = []
    for kind, make in makers.items():
        made = 0
        for paper_id in sorted(catalogue.ids, key=lambda one, kind=kind: _draw(seed, kind, one)):  # type: ignore[misc]
            if made == count:
                break
            item = make(read(paper_id), catalogue, seed)
            if item is not None:
                items.append(item)
                made += 1
    return items


def measure(rankings: Mapping[str, Sequence[str]], items: Sequence[KnownItem]) -> Values:
    """Reciprocal rank and recall within ten hits of every item, of shape (items, 2); 0 for one without an answer."""
    values = [
        [
            function(rankings.get(item.name, ()), dict.fromkeys(item.right, 1), 10)
            for function in (reciprocal_rank, recall)
        ]
        for item in items
    ]
    return np.array(values, dtype=np.float64)


def _from_title(paper: Paper, catalogue: _Catalogue, seed: int) -> KnownItem | None:
    """Some content words of the title, in its order. The paper is to be found by its abstract."""
    words = list(_content_words(paper.title))
    if len(words) < TITLE_WORDS or not paper.abstract:
        return None
    return _item(Kind.TITLE, paper, " ".join(_some(words, TITLE_WORDS, seed, paper)), catalogue.twins(paper))


def _from_sentence(paper: Paper, catalogue: _Catalogue, seed: int) -> KnownItem | None:
    """A sentence of the abstract that is neither its first nor its last."""
    sentences = [paper.abstract[span.start : span.end] for span in split(paper.abstract)][1:-1]
    sentences = [sentence for sentence in sentences if len(sentence.split()) >= MIN_SENTENCE]
    if not sentences:
        return None
    return _item(Kind.SENTENCE, paper, _some(sentences, 1, seed, paper)[0], catalogue.twins(paper))


def _from_acronym(paper: Paper, catalogue: _Catalogue, seed: int) -> KnownItem | None:
    """An acronym that the paper defines, with words of its title; every paper that defines it alike is right."""
    for short, long in find_acronyms(paper.text):
        definers = catalogue.defined[_folded(short, long)]
        spoken = set(name_words(f"{short} {long}"))
        words = [word for word in _content_words(paper.title or paper.abstract) if not spoken & set(name_words(word))]
        if len(definers) <= MOST_DEFINERS and sum(c.isupper() for c in short) > 1 and words:
            text = " ".join([short, *_some(words, ACRONYM_WORDS, seed, paper)])
            return _item(Kind.ACRONYM, paper, text, catalogue.twins(paper) | set(definers))
    return None


def _item(kind: Kind, paper: Paper, text: str, right: set[str]) -> KnownItem:
    return KnownItem(kind, paper.id, text, tuple(sorted(right)))


def _content_words(text: str) -> Iterator[str]:
    """The words that carry meaning, each once, as they are written."""
    seen: set[str] = set()
    for word in _WORD.findall(text):
        if len(word) > 2 and word.casefold() not in _STOP and word.casefold() not in seen:
            seen.add(word.casefold())
            yield word


def _some(values: list[str], count: int, seed: int, paper: Paper) -> list[str]:
    """Some of the values, drawn by the seed, in their order."""
    drawn = sorted(range(len(values)), key=lambda place: _draw(seed, str(place), paper.id))[:count]
    return [values[place] for place in sorted(drawn)]


def _draw(seed: int, *names: str) -> bytes:
    """A number that is as good as drawn: an order by it is the same wherever and whenever it is made."""
    return hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()


def _folded(short: str, long: str) -> tuple[str, str]:
    return short, re.sub(r"[\s-]+", " ", long.casefold()).removesuffix("s")


def _texts(paper: Paper) -> set[bytes]:
    """Names of the title and of the abstract, without case, accents and punctuation."""
    return {
        hashlib.sha256(name.encode() + b"\0" + " ".join(words).encode()).digest()[:12]
        for name, text in (("title", paper.title), ("abstract", paper.abstract))
        if (words := name_words(text))
    }
