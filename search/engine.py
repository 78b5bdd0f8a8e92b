"""The façade: one question in, one answer out, over one snapshot."""

from __future__ import annotations

import hashlib
import json
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.collection import Collection, Snapshot
from indexer.encoder import Encoder
from indexer.errors import InvalidQuery, shorten
from indexer.filters import Filters
from indexer.paper import Paper
from search import fusion
from search.acronyms import expand, expanded_text
from search.query import Answer, Hit, Mode, Page, Query, check_ids

Keys = NDArray[np.int64]
Row = NDArray[np.float32]

MAX_LISTED: Final = 1_000_000_000
LEXICAL_DEPTH: Final = 200
"""Papers that may gain by their words. Fixed, so that a ranking does not depend on which page of it is asked for."""

RANKING: Final = {"fusion": "TM2C2", "dense_weight": fusion.DENSE_WEIGHT, "lexical_depth": LEXICAL_DEPTH, "acronyms": 2}
"""What the ranking depends on besides the collection. Part of the index version."""


class _Ranked(NamedTuple):
    """A place in the ranking, before the paper is read."""

    key: int
    score: float
    dense: float | None
    lexical: float | None


class Engine:
    """Answers questions on a collection. Safe to use from several threads.

    Raises `CollectionMismatch` where the encoder is not of the model that made the collection.
    """

    def __init__(self, collection: Collection, encoder: Encoder) -> None:
        collection.expect(encoder.identity)
        self._collection = collection
        self._encoder = encoder

    def search(self, query: Query) -> Answer:
        """Papers for a question in words, best first; ties by id."""
        snapshot = self._collection.snapshot()
        allowed, total = _compile(snapshot, query.filters)
        expansions = expand(query.text, snapshot.store)
        text = expanded_text(query.text, expansions)
        if query.mode is Mode.DENSE:
            ranked = self._dense(snapshot, self._encoder.encode_query(text), query.page, allowed)
        elif query.mode is Mode.LEXICAL:
            ranked = _lexical(snapshot, text, query.page, allowed)
        else:
            ranked = self._hybrid(snapshot, text, query.page, allowed)
        return Answer(_hits(snapshot, ranked, query.page), total, index_version(snapshot), expansions)

    def related(self, ids: tuple[str, ...], page: Page, filters: Filters) -> Answer:
        """Papers near the mean of some papers, by meaning, without those papers.

        `total` counts the papers that pass the filters, less the ones asked with. Raises `PaperNotFound`.
        """
        check_ids(ids)
        snapshot = self._collection.snapshot()
        keys = sorted({snapshot.store.find(name)[0] for name in ids})
        rows = snapshot.store.rows(keys)
        mean: Row = np.array([rows[key] for key in keys], dtype=np.float32).mean(axis=0)
        norm = float(np.linalg.norm(mean))
        # The rows of opposite papers can cancel out; then every paper is equally near.
        centre: Row = mean / np.float32(norm or 1.0)
        others = np.setdiff1d(snapshot.store.matching(filters), keys)
        ranked = self._dense(snapshot, centre, page, others)
        return Answer(_hits(snapshot, ranked, page), len(others), index_version(snapshot))

    def paper(self, paper_id: str) -> tuple[Paper, str]:
        """A paper and the index version. Raises `PaperNotFound`."""
        snapshot = self._collection.snapshot()
        return snapshot.store.paper(paper_id), index_version(snapshot)

    def browse(self, filters: Filters, limit: int, offset: int) -> tuple[list[Paper], int, str]:
        """Papers, newest first, how many there are, and the index version. Lists may be paged to their end."""
        Page(k=limit)
        if not 0 <= offset <= MAX_LISTED:
            raise InvalidQuery("offset_out_of_range", f"offset is {shorten(str(offset))}.", f"Use 0 to {MAX_LISTED:,}.")
        snapshot = self._collection.snapshot()
        papers = snapshot.store.browse(filters, limit, offset)
        return papers, snapshot.store.count(filters), index_version(snapshot)

    def snapshot(self) -> Snapshot:
        """The state that the next question will be answered from."""
        return self._collection.snapshot()

    def _dense(self, snapshot: Snapshot, row: Row, page: Page, allowed: Keys | None) -> list[_Ranked]:
        keys, scores = snapshot.dense.search(row, page.end, allowed)
        return [_Ranked(key, score, score, None) for key, score in zip(keys.tolist(), scores.tolist(), strict=True)]

    def _hybrid(self, snapshot: Snapshot, text: str, page: Page, allowed: Keys | None) -> list[_Ranked]:
        """Rank all papers by the fused score and return the beginning of that ranking.

        Papers outside the lexical list are ordered by their dense score alone, so the best `page.end` papers
        are among the lexical list and that many more from the top of the dense one.
        """
        row = self._encoder.encode_query(text)
        words, lexical_scores = snapshot.lexical.search(snapshot.lexical.terms(text), LEXICAL_DEPTH, allowed)
        lexical = dict(zip(words.tolist(), lexical_scores.tolist(), strict=True))
        keys, dense_scores = snapshot.dense.search(row, page.end + len(lexical), allowed)
        dense = dict(zip(keys.tolist(), dense_scores.tolist(), strict=True))
        best = float(dense_scores.max(initial=fusion.COSINE_MINIMUM))
        if missing := sorted(lexical.keys() - dense.keys()):
            dense |= snapshot.dense.scores(row, np.array(missing, dtype=np.int64))
        fused = fusion.fuse(dense, lexical, best, max(lexical.values(), default=fusion.BM25_MINIMUM))
        return [_Ranked(key, score, dense[key], lexical.get(key)) for key, score in fused.items()]


def index_version(snapshot: Snapshot) -> str:
    """Names the papers, the model and the ranking at once: the same version gives the same answer."""
    facts = snapshot.fingerprint + json.dumps(RANKING, sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _compile(snapshot: Snapshot, filters: Filters) -> tuple[Keys | None, int]:
    """The keys that pass, `None` for all, and how many they are: compiled once, obeyed by both indexes."""
    if filters.empty:
        return None, snapshot.papers
    allowed = snapshot.store.matching(filters)
    return allowed, len(allowed)


def _lexical(snapshot: Snapshot, text: str, page: Page, allowed: Keys | None) -> list[_Ranked]:
    keys, scores = snapshot.lexical.search(snapshot.lexical.terms(text), page.end, allowed)
    return [_Ranked(key, score, None, score) for key, score in zip(keys.tolist(), scores.tolist(), strict=True)]


def _hits(snapshot: Snapshot, ranked: list[_Ranked], page: Page) -> tuple[Hit, ...]:
    """Order by score, then by id, and read the papers of the page."""
    ids = snapshot.store.ids([place.key for place in ranked])
    order = sorted(ranked, key=lambda place: (-place.score, ids[place.key]))[page.offset : page.end]
    papers = snapshot.store.papers([place.key for place in order])
    return tuple(
        Hit(rank, place.score, place.dense, place.lexical, papers[place.key])
        for rank, place in enumerate(order, page.offset + 1)
    )
