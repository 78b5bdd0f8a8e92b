"""A toy encoder whose scores a reader can compute by hand, and papers for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import ModelIdentity
from indexer.filters import Filters
from indexer.matching import Matching
from indexer.paper import Paper
from indexer.store import Store

AXES: Final = ("speech", "emotion", "face", "graph", "other")


class ToyEncoder:
    """Counts the words of `AXES` in a text and normalises; a text with none of them points along "other".

    "speech emotion" is (1, 1, 0, 0, 0) / √2; its cosine with "speech" is 1/√2 ≈ 0.7071.
    `encoded` remembers every text that was encoded as a paper's, in order.
    """

    def __init__(self, name: str = "toy", dimension: int = len(AXES)) -> None:
        self.identity = ModelIdentity(name, f"sha256-of-{name}", dimension, 256)
        self.encoded: list[str] = []
        self.long_texts = 0

    def encode(self, texts: Sequence[str], titles: Sequence[str] = ()) -> NDArray[np.float32]:
        assert not titles or len(titles) == len(texts)
        self.encoded.extend(texts)
        return np.array([self._row(text) for text in texts], dtype=np.float32).reshape(-1, self.identity.dimension)

    def encode_apart(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode(texts)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        return self._row(text)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return _rows_of(tuple(texts))

    def _row(self, text: str) -> NDArray[np.float32]:
        words = re.findall(r"[a-z]+", text.lower())
        row = np.array([words.count(axis) for axis in AXES], dtype=np.float32)
        if not row.any():
            row[AXES.index("other")] = 1
        return np.asarray(row / np.linalg.norm(row), dtype=np.float32)


@cache
def _rows_of(questions: tuple[str, ...]) -> NDArray[np.float32]:
    """Every collection asks for the rows of the same questions."""
    encoder = ToyEncoder()
    return np.array([encoder.encode_query(text) for text in questions], dtype=np.float32)


PAPERS: Final = (
    Paper("a", "speech", authors=("Ada Lovelace", "Grace Hopper"), published="2024-05-01", categories=("cs.CL",)),
    Paper("b", "emotion", authors=("Grace Lovelace",), published="2025", categories=("cs.CV",), source="toys"),
    Paper("c", "speech and emotion", published="2025-06", categories=("cs.SD", "eess.AS"), upvotes=3),
    Paper("10.1/d", "face", abstract="A face shows emotion.", author_count=2, url="https://example.org/d"),
)
"""Titles are what is embedded, but for the last: its text is "face. A face shows emotion." = (0, 1, 2, 0, 0)/√5."""


def matching(store: Store, filters: Filters) -> list[int]:
    """The keys, ascending, of the papers that pass conditions that the store knows."""
    selected = Matching(store.passing, store.keys).of(filters)
    keys: list[int] = (store.keys() if selected is None else selected.keys).tolist()
    return keys
