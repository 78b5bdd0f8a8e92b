"""Groups of papers: k-means on their rows, then within each group; and where on the map a group is densest."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Groups = NDArray[np.int64]
"""The group of each row, from 0."""

MOST_COARSE: Final = 12
MOST_FINE: Final = 80
WHOLE: Final = 6
"""Papers below which there is one group."""
ONE_LEVEL: Final = 60
"""Papers below which there is one level of groups."""
PAPERS_A_GROUP: Final = 8
"""Of a collection with one level."""
SAMPLE: Final = 20_000
"""Rows that centres are learned from; all belong to the nearest of these then."""
ROUNDS: Final = 30
STARTS: Final = 4
"""Of the few coarse centres, whose best choice depends on where it begins."""
RARE: Final = 1 / 200
"""Of the papers of a coarse group, the share that a fine one has at least."""
SAME: Final = 1e-6
"""Sum of squared distances below which rows are the same: they make no further group."""
BLOCK: Final = 8_192
LOOKED_AT: Final = 500
"""Papers of a group among which the densest place is looked for."""
NEAR: Final = 0.025
"""Of the side of the map, how near papers lie that make a place dense."""


def counts(papers: int) -> tuple[int, int]:
    """How many coarse and fine groups so many papers make; 0 fine ones where one level is enough."""
    if papers < WHOLE:
        return 1, 0
    if papers < ONE_LEVEL:
        return max(2, papers // PAPERS_A_GROUP), 0
    fine = min(MOST_FINE, round(0.6 * math.sqrt(papers)))
    return min(MOST_COARSE, round(1.4 * math.sqrt(fine))), fine


def group(rows: Rows) -> tuple[Groups, Groups]:
    """The group of each row of shape (n, dimension), and of each group the coarse group that it is in, if any.

    Groups are numbered without gaps, and none is empty. The same rows make the same groups.
    """
    coarse, fine = counts(len(rows))
    sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(np.int64)]
    tried = [k_means(sample, coarse, seed) for seed in range(STARTS)]
    above = min(tried, key=lambda centres: _spread(sample, centres))
    if not fine:
        return _used(nearest(rows, above))[0], np.empty(0, dtype=np.int64)
    owners, within = nearest(rows, above), nearest(sample, above)
    groups, parents = np.zeros(len(rows), dtype=np.int64), list[int]()
    for number in range(len(above)):
        learned = sample[within == number]
        if not len(learned):
            continue
        centres = _common(learned, k_means(learned, max(1, round(fine * len(learned) / len(sample)))))
        own = np.flatnonzero(owners == number)
        groups[own] = len(parents) + nearest(rows[own], centres)
        parents += [number] * len(centres)
    groups, used = _used(groups)
    return groups, _used(np.array(parents)[used])[0]


def k_means(rows: Rows, k: int, seed: int = 0) -> Rows:
    """Up to k centres of rows, fewer where fewer rows differ: Lloyd's rounds after k-means++.

    D. Arthur and S. Vassilvitskii: k-means++, the advantages of careful seeding, SODA 2007.
    """
    centres = _begin(rows, k, np.random.default_rng(seed))
    groups: Groups | None = None
    for _ in range(ROUNDS):
        found = nearest(rows, centres)
        if groups is not None and np.array_equal(found, groups):
            break
        groups = found
        for number in range(len(centres)):
            if (own := groups == number).any():
                centres[number] = rows[own].mean(axis=0)
    return centres


def nearest(rows: Rows, centres: Rows) -> Groups:
    """The nearest centre of each row, by distance; of several the first."""
    halves = (centres * centres).sum(axis=1) / 2
    blocks = [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]
    return np.concatenate([(block @ centres.T - halves).argmax(axis=1) for block in blocks])


def densest(places: NDArray[np.uint16], side: int) -> int:
    """Which of some places, of shape (n, 2), has the most others near it; of several the first."""
    step = max(1, len(places) // LOOKED_AT)
    some = places[::step].astype(np.float64)
    x, y = some[:, 0], some[:, 1]
    near = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2 <= (NEAR * side) ** 2
    return int(near.sum(axis=1).argmax()) * step


def _begin(rows: Rows, k: int, random: np.random.Generator) -> Rows:
    """k-means++: each further centre is a row, drawn the likelier the farther it is from those before."""
    chosen = [int(random.integers(len(rows)))]
    far = _squared(rows, rows[chosen[0]])
    while len(chosen) < k and far.sum() > SAME:
        chosen.append(int(random.choice(len(rows), p=far / far.sum())))
        far = np.minimum(far, _squared(rows, rows[chosen[-1]]))
    return rows[chosen].copy()


def _squared(rows: Rows, centre: Rows) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = ((rows - centre) ** 2).sum(axis=1, dtype=np.float64)
    return squares


def _spread(rows: Rows, centres: Rows) -> float:
    """What k-means makes small: the squares of distances to the nearest centres."""
    return float(((rows - centres[nearest(rows, centres)]) ** 2).sum(dtype=np.float64))


def _common(rows: Rows, centres: Rows) -> Rows:
    """Without the centres of a few outliers, if any are left then: these papers belong to the next group."""
    common = np.bincount(nearest(rows, centres), minlength=len(centres)) >= max(2, RARE * len(rows))
    return centres[common] if common.any() else centres


def _used(groups: Groups) -> tuple[Groups, NDArray[np.int64]]:
    """The groups numbered without gaps, and the numbers that they had."""
    used, numbered = np.unique(groups, return_inverse=True)
    return numbered.reshape(-1).astype(np.int64), used
