"""How the dense index grows: new rows make a segment of their own, and small segments are folded into larger ones.

A segment stays at least `GROWTH` times as large as what follows it: there are few, and how often a row is written anew
grows with the logarithm of the collection: in an import in chunks of 512 papers 8 times of 100,000, 11.5 times of a
million. It is a log-structured merge tree (P. O'Neil, E. Cheng, D. Gawlick and E. O'Neil, Acta Informatica 33, 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from indexer.dense import DenseIndex
from indexer.segment import Segment, SegmentFacts, write
from indexer.selection import Keys
from indexer.store import Store
from indexer.vectors import BLOCK, Positions, Rows16

INLINE: Final = 10_000
"""Papers up to which segments are folded with the change itself: that takes milliseconds."""
GROWTH: Final = 4
STALE_SHARE: Final = 0.2
"""Share of stale rows from which a large segment is written anew; a small one is as soon as it has any."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Keys, ascending, and where their rows are."""

    keys: Keys
    rows: Callable[[Positions], Rows16]


def extend(
    directory: Path, facts: Sequence[SegmentFacts], store: Store, dimension: int, covered: int
) -> list[SegmentFacts]:
    """The segments with what the truth has more since change `covered`; small ones that are due are folded.

    The cost depends on what has changed and not on how many papers there are.
    """
    segments = DenseIndex.open(directory, facts, store.changed, dimension).segments
    if not facts:
        # Nothing is known yet: a whole collection may be too large to be held in memory.
        pages: Iterable[tuple[Keys, Rows16]] = store.embedding_pages(dimension, covered)
        return _present([write(directory, _name(facts), store.state().sequence, pages, dimension)])
    keys, rows = store.embeddings(dimension, covered)
    fresh = _Part(keys, lambda positions: rows[positions])
    return _folded(directory, segments, store.state().sequence, dimension, INLINE, fresh)


def tidy(directory: Path, facts: Sequence[SegmentFacts], store: Store, dimension: int) -> list[SegmentFacts]:
    """The segments with all that are due folded, however large."""
    segments = DenseIndex.open(directory, facts, store.changed, dimension).segments
    return _folded(directory, segments, store.state().sequence, dimension, None, None)


def is_due(index: DenseIndex) -> bool:
    """Whether `tidy` has something to do."""
    segments = index.segments
    return _tail(segments, 0, None) < len(segments) - 1 or any(_is_stale(segment) for segment in segments)


def _folded(
    directory: Path,
    segments: Sequence[Segment],
    sequence: int,
    dimension: int,
    limit: int | None,
    fresh: _Part | None,
) -> list[SegmentFacts]:
    added = 0 if fresh is None else len(fresh.keys)
    start = _tail(segments, added, limit)
    made: list[SegmentFacts | None] = []
    for segment in segments[:start]:
        if _is_stale(segment) and (limit is None or segment.live <= limit):
            made.append(_write(directory, _name([*_facts(segments), *made]), sequence, [_part(segment)], dimension))
        else:
            made.append(_carried(segment, sequence))
    parts = [_part(segment) for segment in segments[start:]] + ([fresh] if fresh is not None and added else [])
    last = segments[start] if start == len(segments) - 1 and not added else None
    if last and (not _is_stale(last) or (limit is not None and last.live > limit)):
        made.append(_carried(segments[start], sequence))
    elif parts:
        made.append(_write(directory, _name([*_facts(segments), *made]), sequence, parts, dimension))
    return _present(made)


def _tail(segments: Sequence[Segment], added: int, limit: int | None) -> int:
    """From which segment on all are folded into one, with so many new rows: without any, the last at least is."""
    start, total = len(segments), added
    if not added and segments:
        start, total = start - 1, segments[-1].live
    while start and segments[start - 1].live < GROWTH * total:
        if limit is not None and segments[start - 1].live + total > limit:
            break
        start -= 1
        total += segments[start].live
    return start


def _is_stale(segment: Segment) -> bool:
    stale = segment.facts.papers - segment.live
    return stale > (0 if segment.live <= INLINE else STALE_SHARE * segment.facts.papers)


def _carried(segment: Segment, sequence: int) -> SegmentFacts:
    """A segment that stays. Where none of its rows is stale, nothing before this change need be looked at again."""
    return replace(segment.facts, sequence=sequence) if segment.live == segment.facts.papers else segment.facts


def _part(segment: Segment) -> _Part:
    positions = segment.living()
    return _Part(segment.keys[positions], lambda places: segment.rows(positions[places]))


def _write(directory: Path, name: str, sequence: int, parts: Sequence[_Part], dimension: int) -> SegmentFacts | None:
    return write(directory, name, sequence, _sorted(parts, dimension), dimension)


def _sorted(parts: Sequence[_Part], dimension: int) -> Iterator[tuple[Keys, Rows16]]:
    """The papers of several parts, which share no key, by key."""
    keys = np.concatenate([part.keys for part in parts])
    part_of = np.repeat(np.arange(len(parts)), [len(part.keys) for part in parts])
    place = np.concatenate([np.arange(len(part.keys)) for part in parts])
    order = np.argsort(keys)
    for start in range(0, len(order), BLOCK):
        block = order[start : start + BLOCK]
        rows = np.empty((len(block), dimension), dtype=np.float16)
        for number, part in enumerate(parts):
            here = part_of[block] == number
            rows[here] = part.rows(place[block[here]])
        yield keys[block], rows


def _facts(segments: Sequence[Segment]) -> list[SegmentFacts]:
    return [segment.facts for segment in segments]


def _name(known: Iterable[SegmentFacts | None]) -> str:
    return f"{max((int(facts.name) for facts in known if facts), default=0) + 1:06d}"


def _present(made: Iterable[SegmentFacts | None]) -> list[SegmentFacts]:
    return [facts for facts in made if facts]
