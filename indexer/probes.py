"""The questions that a collection is not about: what they get there by chance is what chance looks like.

A fixed bank over some fifty fields, half of them no science, so that any collection, even one of all sciences, is
strange to most of it; and shuffled questions, words of the bank thrown together. Shuffling the collection's own words
was tried and is worse: to an encoder, words of one field are a question of that field (docs/confidence.md).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import resources
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

SHUFFLED: Final = 66
"""Shuffled questions beside the bank."""
LENGTHS: Final = (2, 3, 5, 8)
"""Words of a shuffled question, in turn."""

_WORD = re.compile(r"[A-Za-z]{4,}")


class Probe(NamedTuple):
    """A question and the field it was written for."""

    field: str
    text: str


@cache
def bank() -> tuple[Probe, ...]:
    """The questions of `probes.txt`, in its order."""
    lines = resources.files("indexer").joinpath("probes.txt").read_text(encoding="utf-8").splitlines()
    parts = (line.partition(" | ") for line in lines if not line.startswith("#"))
    return tuple(Probe(field, text) for field, _, text in parts)


@cache
def shuffled() -> tuple[str, ...]:
    """Words of the bank in an order that a hash draws: the same for ever, on every machine."""
    words = sorted({word.lower() for probe in bank() for word in _WORD.findall(probe.text)})
    drawn = sorted(words, key=lambda word: hashlib.sha256(word.encode()).digest())
    ends = accumulate((LENGTHS[number % len(LENGTHS)] for number in range(SHUFFLED)), initial=0)
    return tuple(" ".join(drawn[start:end]) for start, end in pairwise(ends))


@cache
def questions() -> tuple[str, ...]:
    """Everything to ask: the bank, then the shuffled ones. Rows of it are kept in this order."""
    return (*(probe.text for probe in bank()), *shuffled())


@cache
def fingerprint() -> str:
    """Names the questions: rows and null models made of others are out of date."""
    return hashlib.sha256("\n".join(questions()).encode()).hexdigest()[:16]
