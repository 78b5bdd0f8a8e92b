"""Keeps how well known items were found, and says whether a changed model or setting finds them worse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from indexer.errors import InvalidInput, PaperNotFound
from indexer.files import write_whole
from indexer.store import Store
from search.evaluate import Difference, difference
from search.known_items import Kind, KnownItem
from search.metrics import Values

FORMAT: Final = "paperkin gate/1"
TOLERANCE: Final = 0.02
"""A fall of MRR@10 by more than this is refused even where chance could explain it: a user would notice it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How well known items were found: each one's reciprocal rank, the setting that found them, and the seed
    that drew them."""

    setting: Mapping[str, str]
    seed: int
    items: tuple[KnownItem, ...]
    ranks: tuple[float, ...]

    def save(self, path: Path) -> None:
        """Write a gate file."""
        questions = [
            {"id": item.name, **asdict(item), "reciprocal_rank": rank}
            for item, rank in zip(self.items, self.ranks, strict=True)
        ]
        value = {"format": FORMAT, **self.setting, "seed": self.seed, "questions": questions}
        write_whole(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Kept:
        """Read a gate file. Raises `InvalidInput` where it is none."""
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            questions = value.pop("questions")
            items = tuple(
                KnownItem(Kind(one["kind"]), str(one["paper"]), str(one["text"]), tuple(map(str, one["right"])))
                for one in questions
            )
            ranks = tuple(float(one["reciprocal_rank"]) for one in questions)
            known, seed = value.pop("format") == FORMAT, int(value.pop("seed"))
            # NaN would let every change pass, and a question that is there twice would count twice.
            sane = all(0 <= rank <= 1 for rank in ranks) and len({item.name for item in items}) == len(items)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise InvalidInput(f"{path} is no gate file.", "Name another, or write it anew: --update-gate.") from error
        if not sane:
            raise InvalidInput(
                f"{path} holds ranks or questions that no evaluation gives.", "Write it anew: --update-gate."
            )
        if not known:
            raise InvalidInput(f"{path} is a gate file of another version.", "Write it anew: --update-gate.")
        return cls(value, seed, items, ranks)

    def of(self, store: Store) -> Kept:
        """What of this can be asked again: the questions whose papers a collection has, by their ids there.

        Raises `InvalidInput` where more than half of them are gone.
        """
        here = [(item, rank) for item, rank in zip(self.items, self.ranks, strict=True) if _has(store, item.paper)]
        if 2 * len(here) < len(self.items) or not here:
            raise InvalidInput(
                f"Of the {len(self.items)} papers that the gate asks for {len(here)} are in the collection.",
                "Name the collection that it was made on, or write it anew: --update-gate.",
            )
        items = [
            replace(item, right=tuple(store.find(name)[1] for name in item.right if _has(store, name)))
            for item, _ in here
        ]
        return Kept(self.setting, self.seed, tuple(items), tuple(rank for _, rank in here))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The change of MRR@10 since the gate was written, and how many of its questions could be asked again."""

    change: Difference
    asked: int
    gone: int

    @property
    def worse(self) -> bool:
        """Whether the change is refused: certainly a fall, or one by more than `TOLERANCE`."""
        return self.change.high < 0 or self.change.mean < -TOLERANCE


def judge(before: Sequence[float], now: Values, gone: int) -> Verdict:
    """Compare the reciprocal ranks of the same questions, then and now."""
    return Verdict(difference(now, np.array(before)), len(now), gone)


def _has(store: Store, name: str) -> bool:
    try:
        store.find(name)
    except PaperNotFound:
        return False
    return True
