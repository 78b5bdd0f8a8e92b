"""Which papers may be an answer: a set of keys that both indexes obey."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
        known = self._by_key
        inside = (keys >= 0) & (keys < len(known))
        return inside & known[np.where(inside, keys, 0)]

    @cached_property
    def _by_key(self) -> Mask:
        """One truth value a key up to the largest; never empty."""
        known = np.zeros(int(self.keys[-1]) + 1 if len(self.keys) else 1, dtype=bool)
        known[self.keys] = True
        return known


def ascending(keys: Keys) -> Keys:
    """Keys in order, each once. Cheaper than sorting: there are not many more keys than papers."""
    known = np.zeros(int(keys.max(initial=0)) + 1, dtype=bool)
    known[keys] = True
    return np.flatnonzero(known)
