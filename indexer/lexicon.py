"""The lexical index of titles and abstracts: BM25 over English stems, words and phrases exactly.

The only import of tantivy.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import tantivy
from numpy.typing import NDArray

from indexer.errors import IndexDamaged, IndexUnwritable
from indexer.filters import Condition

Keys = NDArray[np.int64]
Scores = NDArray[np.float32]

SCHEMA: Final = "english stems, title and abstract as one field; exact words with positions/2"
"""Names the fields and the analysis. Stored in the manifest: an index of another schema is rebuilt."""

_STEMS: Final = "text"
"""The field of stems, which is ranked."""
_WORDS: Final = "exact"
"""The field of words as they are written, but for case and accents: phrases are looked up in it."""
_ANALYZERS: Final = {_STEMS: "paperkin_en", _WORDS: "paperkin_exact"}
_LONGEST_TERM: Final = 60
_HEAP: Final = 64_000_000


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

    @property
    def papers(self) -> int:
        """How many papers the index holds."""
        return self._searcher.num_docs

    def stems(self, text: str) -> list[str]:
        """The stems of a text, in order."""
        return list(self._stemmer.analyze(text))

    def terms(self, text: str) -> list[str]:
        """The stems of a text, each once, in order."""
        return list(dict.fromkeys(self.stems(text)))

    def doc_freq(self, term: str) -> int:
        """How many papers have a stem of `terms`; those dropped since the index was made anew still count."""
        return int(self._searcher.doc_freq(_STEMS, term))

    def containing(self, conditions: Sequence[Condition]) -> Keys:
        """The keys, ascending, of all papers that pass every one of these conditions on words and phrases."""
        if not self.papers:
            return np.empty(0, dtype=np.int64)
        parts = [
            (tantivy.Occur.MustNot if each.excluded else tantivy.Occur.Must, self._condition(each))
            for each in conditions
        ]
        # Something must be there for exclusions to be taken from.
        query = tantivy.Query.boolean_query([(tantivy.Occur.Must, tantivy.Query.all_query()), *parts])
        hits = self._searcher.search(
            query, self.papers, count=False, order_by_field="key", order=tantivy.Order.Asc
        ).hits
        return np.fromiter((key for key, _ in hits), dtype=np.int64, count=len(hits))

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
        self, terms: Mapping[str, float] | Sequence[str], k: int, allowed: Keys | None = None
    ) -> tuple[Keys, Scores]:
        """The k best keys by BM25 over any of the terms, and their scores, best first.

        Terms with weights, which must be above 0, count times these; without, each counts once. Every key that ties
        with the last one comes too. `allowed` restricts the search to some keys, exactly.
        """
        if not terms or k < 1 or (allowed is not None and not len(allowed)):
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        query = self._query(terms if isinstance(terms, Mapping) else dict.fromkeys(terms, 1.0), allowed)
        wanted = k + 1
        while True:
            hits = self._searcher.search(query, wanted, count=False).hits
            if len(hits) < wanted or hits[k - 1][0] > hits[-1][0]:
                break
            wanted *= 2
        scores = np.array([score for score, _ in hits], dtype=np.float32)
        keys = np.array(self._searcher.fast_field_values("key", [at for _, at in hits]), dtype=np.int64)
        kept = len(hits) if len(hits) <= k else int(np.count_nonzero(scores >= scores[k - 1]))
        order = np.lexsort((keys[:kept], -scores[:kept]))
        return keys[order], scores[order]

    def _query(self, terms: Mapping[str, float], allowed: Keys | None) -> tantivy.Query:
        words = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, self._weighted(term, weight)) for term, weight in terms.items()]
        )
        if allowed is None:
            return words
        # A filter decides who may be found and adds nothing to the score.
        only = tantivy.Query.term_set_query(self._schema, "key", allowed.tolist())
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, words), (tantivy.Occur.Must, tantivy.Query.const_score_query(only, 0.0))]
        )

    def _weighted(self, term: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(self._schema, _STEMS, term)
        return query if weight == 1 else tantivy.Query.boost_query(query, weight)
