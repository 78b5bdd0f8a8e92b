"""Which papers may be an answer: a set of keys that both indexes obey."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

SPARSE: Final = 64
"""Numbers up to the largest key for each key that is there, from which on to search the keys is better than a table."""

Keys = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Selection:
    """Keys, ascending, each once. Never changed once made: filters that are asked again share one."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.keys.flags.writeable = False

    def __len__(self) -> int:
        return len(self.keys)

    def has(self, keys: Keys) -> Mask:
        """Of any keys, shape (n,), which are selected."""
        if self._sparse:
            at = np.minimum(np.searchsorted(self.keys, keys), max(0, len(self.keys) - 1))
            return self.keys[at] == keys if len(self.keys) else np.zeros(len(keys), dtype=bool)
        known = self._by_key
        inside = (keys >= 0) & (keys < len(known))
        return inside & known[np.where(inside, keys, 0)]

    @property
    def size(self) -> int:
        """Bytes that it may take."""
        return self.keys.nbytes + (0 if self._sparse else int(self.keys[-1]) + 1)

    @property
    def _sparse(self) -> bool:
        """Whether its keys are so few that a table up to the largest would be mostly empty."""
        return not len(self.keys) or int(self.keys[-1]) >= SPARSE * len(self.keys)

    @cached_property
    def _by_key(self) -> Mask:
        """One truth value a key up to the largest; never empty."""
        known = np.zeros(int(self.keys[-1]) + 1 if len(self.keys) else 1, dtype=bool)
        known[self.keys] = True
        return known


def ascending(keys: Keys) -> Keys:
    """Keys in order, each once. A table is cheaper than sorting, where it is not mostly empty."""
    if not len(keys) or keys.min() < 0 or keys.max() >= SPARSE * max(len(keys), 100_000):
        return np.unique(keys)
    known = np.zeros(int(keys.max(initial=0)) + 1, dtype=bool)
    known[keys] = True
    return np.flatnonzero(known)
