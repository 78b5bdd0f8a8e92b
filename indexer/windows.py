"""Texts that are longer than a model's window: how they are divided, and how the rows of the parts become one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
T = TypeVar("T")

TITLE_TOKENS: Final = 60
"""Tokens of the title, at most, that every further window begins with: it says what the rest is about."""


def divide(body: Sequence[T], title: Sequence[T], limit: int) -> list[list[T]]:
    """The windows of a text, each of at most `limit` tokens: equal parts, all but the first behind the title."""
    if len(body) <= limit:
        return [list(body)]
    head = list(title[: min(TITLE_TOKENS, limit // 4)])
    room = limit - len(head)
    count = -(-len(body) // room)
    cuts = [len(body) * i // count for i in range(count + 1)]
    return [(head if start else []) + list(body[start:end]) for start, end in pairwise(cuts)]


def pool(rows: Rows, sizes: Sequence[int], counts: Sequence[int]) -> Rows:
    """The row of each text: the mean of those of its windows, weighted by their sizes, of length 1.

    `rows` has shape (windows, dimension); the first `counts[0]` are of the first text, and so on.
    """
    starts = np.cumsum([0, *counts[:-1]])
    pooled = np.add.reduceat(rows * np.asarray(sizes, dtype=np.float32)[:, None], starts, axis=0)
    norms = np.linalg.norm(pooled, axis=1, keepdims=True)
    return np.asarray(pooled / np.where(norms == 0, 1, norms), dtype=np.float32)
