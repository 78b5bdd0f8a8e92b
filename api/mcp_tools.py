"""What language models may do with a collection: search, read, relate, explain. Nothing here changes anything.

The docstrings of the four tools are what a model is told of them: they say when to use which, and what comes back.
"""

from __future__ import annotations

from dataclasses import dataclass

from api import hf
from api.mcp_shapes import (
    MAX_FOUND,
    Author,
    Category,
    DateFrom,
    DateTo,
    Disliked,
    Found,
    Kin,
    LeanRecord,
    Liked,
    Name,
    Question,
    Skipped,
    Source,
    Wanted,
    Way,
    WholePaper,
    Why,
    WithSources,
)
from indexer.errors import InvalidQuery, shorten
from indexer.filters import Filters
from search.engine import Engine, index_version
from search.query import DEFAULT_K, Mode, Page, Query


@dataclass(frozen=True)
class Tools:
    """The tools over one engine. Each raises the `PaperkinError` that stops it."""

    engine: Engine

    def search(
        self,
        question: Question = "",
        k: Wanted = DEFAULT_K,
        offset: Skipped = 0,
        date_from: DateFrom = None,
        date_to: DateTo = None,
        author: Author = None,
        category: Category = None,
        source: Source = None,
        like: Liked = None,
        dislike: Disliked = None,
        mode: Way = "hybrid",
    ) -> Found:
        """Find papers of this collection for a question in plain words, best first.

        Describe what the papers should be about in a few words or a sentence; meaning counts, so no synonyms are
        needed. Look at `verdict` first: with "no good match" the collection has most likely nothing on it, whatever
        papers are listed; tell the user so instead of presenting them as an answer. Each hit has its id, title,
        authors, date and the sentence that is nearest to the question. Use `read` for a whole abstract, `relate` for
        more papers like one, `explain` for why a paper is here or is missing. `hints` say what in the question was
        not understood. With filters and no question the papers that pass are listed, newest first.
        """
        filters = Filters.of(date_from, date_to, author, category, source)
        liked, disliked = tuple(like or ()), tuple(dislike or ())
        return self._found(Query(question, _page(k, offset), Mode(mode), filters, "", liked, disliked, explain=True))

    def read(self, id: Name, sources: WithSources = False) -> WholePaper:
        """Read one paper of the collection, whole: title, authors, date, abstract, address (url) and identifiers.

        The full text of papers is not in the collection; `url` leads to it.
        """
        snapshot = self.engine.snapshot()
        key, _ = snapshot.store.find(id)
        records = snapshot.store.entries([key])[key].records if sources else None
        return WholePaper.of(
            snapshot.store.papers([key])[key],
            sources=None if records is None else [LeanRecord.of(record) for record in records],
            index_version=index_version(snapshot),
        )

    def relate(
        self,
        ids: Kin,
        away_from: Disliked = None,
        k: Wanted = DEFAULT_K,
        offset: Skipped = 0,
        date_from: DateFrom = None,
    ) -> Found:
        """Find the kin of one paper, or of several together, nearest first; the papers themselves are left out.

        Give ids that `search` or `relate` returned. `away_from` names papers that the kin should be unlike. There is
        no verdict here: some papers are always the nearest. To relate papers and ask in words at once, use `search`
        with `like`.
        """
        if not ids:
            raise InvalidQuery("ids_out_of_range", "No id is given.", "Give at least one id of a paper.")
        page, filters, disliked = _page(k, offset), Filters.of(date_from), tuple(away_from or ())
        return self._found(Query(page=page, filters=filters, liked=tuple(ids), disliked=disliked, explain=True))

    def explain(
        self,
        id: Name,
        question: Question = "",
        date_from: DateFrom = None,
        date_to: DateTo = None,
        author: Author = None,
        category: Category = None,
        source: Source = None,
        like: Liked = None,
        dislike: Disliked = None,
        mode: Way = "hybrid",
    ) -> Why:
        """Say why one paper was found, or was not found, for a question.

        Ask exactly as you asked `search`. The answer has the paper's rank among all papers, the sentence of it that is
        nearest to the question with its score (a cosine: 1 is the same, 0 is unrelated), the words they share, and
        what meaning, words and kin add to the score. `kept_out` names the filter or exclusion that keeps it out.
        """
        filters = Filters.of(date_from, date_to, author, category, source)
        liked, disliked = tuple(like or ()), tuple(dislike or ())
        query = Query(question, Page(), Mode(mode), filters, "", liked, disliked, explain=True)
        return Why.of(self.engine.standing(query, id))

    def markdown(self, id: str) -> str:
        """One paper as text to read."""
        return hf.markdown(self.engine.paper(id)[0])

    def _found(self, query: Query) -> Found:
        return Found.of(self.engine.search(query))


def _page(k: int, offset: int) -> Page:
    if not 1 <= k <= MAX_FOUND:
        step = f"Ask for 1 to {MAX_FOUND} papers at a time, and use offset for more."
        raise InvalidQuery("k_out_of_range", f"k is {shorten(str(k))}.", step)
    return Page(k, offset)
