"""The lexical index of titles and abstracts: BM25 over English stems, words and phrases exactly.

The only import of tantivy.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import tantivy
from numpy.typing import NDArray

from indexer.errors import IndexDamaged, IndexUnwritable
from indexer.filters import Condition
from indexer.rarity import idf
from indexer.selection import Keys, Selection, ascending

Scores = NDArray[np.float32]
T = TypeVar("T")

SCHEMA: Final = "english stems, title and abstract as one field; exact words with positions/2"
"""Names the fields and the analysis. Stored in the manifest: an index of another schema is rebuilt."""

_STEMS: Final = "text"
"""The field of stems, which is ranked."""
_WORDS: Final = "exact"
"""The field of words as they are written, but for case and accents: phrases are looked up in it."""
_ANALYZERS: Final = {_STEMS: "paperkin_en", _WORDS: "paperkin_exact"}
_LONGEST_TERM: Final = 60
_HEAP: Final = 64_000_000
_BARE: Final = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(128)) + bytes(128)
"""ASCII in lower case, and a blank for whatever is neither letter nor digit."""
WORDS_KEPT: Final = 50_000
"""Words whose stems, and stems whose rarities are remembered: some megabytes. Few others are ever met."""

# A filter is obeyed in one of two ways: look at more of the unfiltered list until enough of it passes, or give the
# index all keys that pass. Measured with 100,000 papers, one hit more costs 1 µs, the other way 5 ms and 0.5 µs a key.
HITS_FIRST: Final = 5_000
KEYS_A_HIT: Final = 2
DEEPER: Final = 1.5
"""How many more hits than needed are looked at first, were the filter independent of the question."""
DEEPER_STILL: Final = 4


def _stemmer() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_LONGEST_TERM))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def _folder() -> tantivy.TextAnalyzer:
    """Words of any length: one that is left out would let a phrase skip it."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("key", indexed=True, fast=True)
    for field, analyzer in _ANALYZERS.items():
        builder.add_text_field(field, tokenizer_name=analyzer)
    return builder.build()


def _open(path: Path) -> tantivy.Index:
    try:
        index = tantivy.Index(_schema(), str(path))
    except ValueError as error:
        raise IndexDamaged(f"{path} cannot be read.") from error
    index.register_tokenizer(_ANALYZERS[_STEMS], _stemmer())
    index.register_tokenizer(_ANALYZERS[_WORDS], _folder())
    return index


def update(path: Path, forget: Keys, documents: Iterable[tuple[int, str, str]]) -> None:
    """Change the index in a directory, or make it: drop keys, then add (key, title, abstract).

    Returns when everything, merges included, is on disk. Raises `IndexUnwritable`.
    """
    try:
        # One thread and no merges left running: the same changes give the same segments, hence the same scores.
        writer = _open(path).writer(_HEAP, num_threads=1)
        for key in forget.tolist():
            writer.delete_documents_by_term("key", key)
        for key, title, abstract in documents:
            document = tantivy.Document()
            document.add_integer("key", key)
            for part in (title, abstract):  # two values of one field: no phrase reaches from one into the other
                for field in _ANALYZERS:
                    document.add_text(field, part)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
    except ValueError as error:  # what every failure of tantivy is
        raise IndexUnwritable(path, error) from error


def _links_to(path: Path) -> tempfile.TemporaryDirectory[str]:
    """A directory of links to the files of one that cannot be written: tantivy locks a file even to read."""
    place = tempfile.TemporaryDirectory(prefix="paperkin-")
    for file in path.iterdir():
        if file.suffix != ".lock":
            (Path(place.name) / file.name).symlink_to(file.absolute())
    return place


class _Kept(dict[str, T]):
    """What was found for a word, found once. A mapping, since a function call would cost more than most of this."""

    def __init__(self, find: Callable[[str], T]) -> None:
        self._find = find

    def __missing__(self, word: str) -> T:
        if len(self) >= WORDS_KEPT:
            self.clear()
        found = self[word] = self._find(word)
        return found


def _one_stem(stemmer: tantivy.TextAnalyzer) -> Callable[[str], str]:
    """Gives the stem of a word; nothing for one that is too long to have one."""
    return lambda word: next(iter(stemmer.analyze(word)), "")


def _rarity(searcher: tantivy.Searcher) -> Callable[[str], float]:
    def rarity(stem: str) -> float:
        count = int(searcher.doc_freq(_STEMS, stem))
        return idf(count, papers) if count else 0.0

    papers = searcher.num_docs
    return rarity


class LexicalIndex:
    """An immutable view of the index in a directory."""

    def __init__(self, path: Path) -> None:
        """Raises `IndexDamaged` where the directory does not hold an index."""
        if not tantivy.Index.exists(str(path)):
            raise IndexDamaged(f"{path} holds no index.")
        self._links = None if os.access(path, os.W_OK) else _links_to(path)
        index = _open(Path(self._links.name) if self._links else path)
        self._schema = index.schema
        self._searcher = index.searcher()
        self._stemmer = _stemmer()
        self._folder = _folder()
        self._stem: _Kept[str] = _Kept(_one_stem(self._stemmer))
        self._rarity: _Kept[float] = _Kept(_rarity(self._searcher))

    @property
    def papers(self) -> int:
        """How many papers the index holds."""
        return self._searcher.num_docs

    def stems(self, text: str) -> list[str]:
        """The stems of a text, in order."""
        if not text.isascii():
            return list(self._stemmer.analyze(text))
        # The same words as the tokenizer's, where all letters are those of ASCII, at half the cost: most are known.
        words = text.encode().translate(_BARE).decode().split()
        return list(filter(None, map(self._stem.__getitem__, words)))

    def terms(self, text: str) -> list[str]:
        """The stems of a text, each once, in order."""
        return list(dict.fromkeys(self.stems(text)))

    def doc_freq(self, term: str) -> int:
        """How many papers have a stem of `terms`; those dropped since the index was made anew still count."""
        return int(self._searcher.doc_freq(_STEMS, term))

    @property
    def rarity(self) -> Callable[[str], float]:
        """Gives the idf of a stem of `terms`; 0 of one that no paper has."""
        return self._rarity.__getitem__

    def containing(self, condition: Condition) -> Keys:
        """The keys, ascending, of all papers that pass a condition on a word or phrase as if it were not excluded."""
        query = self._condition(condition)
        # None needs a score, but whoever asks for more than there are pays for the room.
        count = self._searcher.search(query, 1, count=True).count  # type: ignore[attr-defined]  # the stubs lack it
        if not count:
            return np.empty(0, dtype=np.int64)
        hits = self._searcher.search(tantivy.Query.const_score_query(query, 0.0), count, count=False).hits
        return ascending(self._keys([at for _, at in hits]))

    def _condition(self, condition: Condition) -> tantivy.Query:
        field, terms = _WORDS, self._folder.analyze(condition.value)
        if condition.field == "word":
            stems = self._stemmer.analyze(condition.value)
            if len(stems) == len(terms):  # a word too long to have a stem is looked up as it is written
                field, terms = _STEMS, stems
        if not terms:
            return tantivy.Query.empty_query()
        if len(terms) == 1:
            return tantivy.Query.term_query(self._schema, field, terms[0], index_option="basic")
        return tantivy.Query.phrase_query(self._schema, field, list(terms))

    def search(
        self, terms: Mapping[str, float] | Sequence[str], k: int, allowed: Selection | None = None
    ) -> tuple[Keys, Scores]:
        """The k best keys by BM25 over any of the terms, and their scores, best first.

        Terms with weights, which must be above 0, count times these; without, each counts once. Every key that ties
        with the last one comes too. `allowed` restricts the search to some keys, exactly.
        """
        if not terms or k < 1 or (allowed is not None and not len(allowed)):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        words = self._words(terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1.0))
        if allowed is None:
            return self._best(words, k)
        wanted = math.ceil(DEEPER * k * max(1.0, self.papers / len(allowed)))
        while wanted < HITS_FIRST + len(allowed) // KEYS_A_HIT:
            keys, scores = self._best(words, wanted)
            passing = allowed.has(keys)
            found, kept = keys[passing], scores[passing]
            if len(found) >= k or len(keys) < wanted:
                return _cut(found, kept, k)
            wanted *= DEEPER_STILL
        return self._best(self._among(words, allowed), k)

    def _best(self, query: tantivy.Query, k: int) -> tuple[Keys, Scores]:
        """The k best keys of a query and all that tie with the last, best first, ties by key."""
        wanted = k + 1
        while True:
            hits = self._searcher.search(query, wanted, count=False).hits
            if len(hits) < wanted or hits[k - 1][0] > hits[-1][0]:
                break
            wanted *= 2
        scores = np.array([score for score, _ in hits], dtype=np.float32)
        keys = self._keys([at for _, at in hits])
        order = np.lexsort((keys, -scores))
        return _cut(keys[order], scores[order], k)

    def _keys(self, places: list[tantivy.DocAddress]) -> Keys:
        return np.array(self._searcher.fast_field_values("key", places), dtype=np.int64)

    def _words(self, terms: Mapping[str, float]) -> tantivy.Query:
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, self._weighted(term, weight)) for term, weight in terms.items()]
        )

    def _among(self, words: tantivy.Query, allowed: Selection) -> tantivy.Query:
        """A filter decides who may be found and adds nothing to the score."""
        only = tantivy.Query.term_set_query(self._schema, "key", allowed.keys.tolist())
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, words), (tantivy.Occur.Must, tantivy.Query.const_score_query(only, 0.0))]
        )

    def _weighted(self, term: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, _STEMS, term)
        return query if weight == 1 else tantivy.Query.boost_query(query, weight)


def _cut(keys: Keys, scores: Scores, k: int) -> tuple[Keys, Scores]:
    """The first k of a list, best first, and all that tie with the last of them."""
    kept = len(keys) if len(keys) <= k else int(np.searchsorted(-scores, -scores[k - 1], side="right"))
    return keys[:kept], scores[:kept]
