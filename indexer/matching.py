"""Which papers of one state pass which filters. Each group of conditions is looked up once; what was found is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from indexer.filters import Condition, Filters, grouped
from indexer.selection import Keys, Selection, ascending

MOST_BYTES: Final = 64_000_000
"""Bytes that are kept in all."""
MOST: Final = 256
"""Selections that are kept, however small."""


def combine(
    filters: Filters, passing: Callable[[tuple[Condition, ...]], Selection], everything: Callable[[], Selection]
) -> Selection:
    """The papers that pass all conditions. `passing` is asked for each group of them as if none were excluded.

    Ids that are not excluded are alternatives: a paper passes them if it passes one.
    """
    ids = [each for each in filters.conditions if each.field == "id" and not each.excluded]
    wanted = [passing(each) for each in grouped(c for c in filters.conditions if not c.excluded and c not in ids)]
    if ids:
        found = [passing((each,)) for each in ids]
        wanted.append(found[0] if len(found) == 1 else Selection(ascending(np.concatenate([f.keys for f in found]))))
    wanted.sort(key=len)
    kept = wanted[0] if wanted else everything()
    for each in wanted[1:]:
        kept = Selection(kept.keys[each.has(kept.keys)])
    for condition in filters.conditions:
        if condition.excluded:
            kept = Selection(kept.keys[~passing((replace(condition, excluded=False),)).has(kept.keys)])
    return kept


class Matching:
    """What passes, for one state of a collection. Safe to use from several threads.

    People page, and ask again with the same filters or with one more: what was found last is kept.
    """

    def __init__(self, passing: Callable[[tuple[Condition, ...]], Keys], everything: Callable[[], Keys]) -> None:
        """`passing` gives the keys that pass a group of conditions, `everything` all keys; both ascending."""
        self._look_up = passing
        self._everything = everything
        self._kept: OrderedDict[frozenset[Condition], Selection] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, filters: Filters) -> Selection | None:
        """The papers that pass, `None` where nothing is asked of them."""
        if filters.empty:
            return None
        return self._once(frozenset(filters.conditions), lambda: combine(filters, self._passing, self._all))

    def _passing(self, conditions: tuple[Condition, ...]) -> Selection:
        return self._once(frozenset(conditions), lambda: Selection(self._look_up(conditions)))

    def _all(self) -> Selection:
        return self._once(frozenset(), lambda: Selection(self._everything()))

    def _once(self, conditions: frozenset[Condition], make: Callable[[], Selection]) -> Selection:
        with self._lock:
            if conditions in self._kept:
                self._kept.move_to_end(conditions)
                return self._kept[conditions]
        found = make()  # two threads may look the same up at once, which does no harm
        with self._lock:
            self._kept[conditions] = found
            while len(self._kept) > 1 and (
                len(self._kept) > MOST or sum(each.size for each in self._kept.values()) > MOST_BYTES
            ):
                self._kept.popitem(last=False)
        return found
