"""Rows of many dimensions as places in two, so that kin lie together. The only import of openTSNE.

t-SNE on the graph of nearest papers: L. van der Maaten and G. Hinton, Visualizing Data using t-SNE, JMLR 2008; its
repulsion by Fourier transforms: G. Linderman et al., Fast interpolation-based t-SNE, Nature Methods 2019; begun from
principal components: D. Kobak and P. Berens, The art of using t-SNE for single-cell transcriptomics, Nature
Communications 2019. What else was measured is in docs/map.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.vectors import neighbours

Rows = NDArray[np.float32]
Spots = NDArray[np.float64]
"""Places of any scale, of shape (n, 2)."""
Kin = NDArray[np.int64]
"""Positions of the nearest others of each paper, of shape (n, k)."""
Progress = Callable[[float], None]
"""Is told the share that is done, from 0 to 1."""

KIN: Final = 15
"""Nearest papers that each is drawn to, all alike. To weigh 90 of them keeps a tenth more of the nearest ten, is a
little less trustworthy, and takes 1.4 times as long."""
FEW: Final = 8
"""Papers below which principal components are all that can be told."""
PLAIN: Final = 500
"""Papers up to which nothing is left out of the sums."""
TREES: Final = 3_000
"""Papers up to which far ones are summed up by trees, which is quicker than Fourier transforms there."""
EARLY: Final = 250
"""Steps in which kin are drawn together more strongly than they are to stay."""
EXAGGERATION: Final = 12.0
FIRST_MOMENTUM: Final = 0.5
MOMENTUM: Final = 0.8
LONGEST_STEP: Final = 5.0
SPREAD: Final = 1e-4
"""Standard deviation of the places that t-SNE begins from: so small that repulsion can order them."""
LATE: Final = 250
"""Steps after that. Twice as many take three times as long in all, and keep one kin in two hundred more."""
THREADS: Final = 1
"""The places are the same with any number. Two take a quarter less time on two processors that have nothing else to
do, and ten times as much where others work: each step of each thread waits for the others."""
STEP: Final = 10
"""Steps between two words on progress."""
_NEIGHBOURS_DONE: Final = 0.1
_SAME: Final = 1e-6
"""Standard deviation of first principal components below which the rows, whose length is 1, are one text but for
rounding: nothing can be told of them, and openTSNE ends the whole process."""


def lay_out(rows: Rows, progress: Progress) -> Spots:
    """A place for each row of shape (n, dimension). The same rows get the same places on the same machine."""
    rows = finite(rows)
    start = components(rows)
    spread = float(start[:, 0].std())
    if len(rows) < FEW or spread < _SAME:
        return start
    count = min(KIN, len(rows) - 1)
    kin, cosines = neighbours(rows, count)
    progress(_NEIGHBOURS_DONE)
    start = start / spread * SPREAD

    def told(step: float) -> None:
        progress(_NEIGHBOURS_DONE + (1 - _NEIGHBOURS_DONE) * step / (EARLY + LATE))

    if len(rows) <= PLAIN:
        return plainly(start, kin)
    return _quickly(start, kin, np.sqrt(np.maximum(2 - 2 * cosines, 0)), told)


def finite(rows: Rows) -> Rows:
    """The same rows, with 0 for what is no number: a collection may come from a stranger, or be damaged."""
    return rows if np.isfinite(rows).all() else np.nan_to_num(rows, nan=0.0, posinf=0.0, neginf=0.0)


def plainly(spots: Spots, kin: Kin) -> Spots:
    """t-SNE as it is written down, all pairs at once: for few papers quicker than to import a library for many."""
    count = len(spots)
    near = np.zeros((count, count))
    near[np.arange(count)[:, None], kin] = 1 / kin.shape[1]
    near = (near + near.T) / (2 * count)
    gains, moved = np.ones_like(spots), np.zeros_like(spots)
    for step in range(EARLY + LATE):
        early = step < EARLY
        if step in (0, EARLY):
            gains, moved = np.ones_like(spots), np.zeros_like(spots)
        exaggeration, momentum = (EXAGGERATION, FIRST_MOMENTUM) if early else (1.0, MOMENTUM)
        squares = (spots**2).sum(axis=1)
        closeness = 1 / (1 + np.maximum(squares[:, None] + squares - 2 * spots @ spots.T, 0))
        np.fill_diagonal(closeness, 0)
        pull = (exaggeration * near - closeness / closeness.sum()) * closeness
        slope = pull.sum(axis=1)[:, None] * spots - pull @ spots
        # Each coordinate goes faster while it keeps its direction: R. Jacobs, 1988, as in van der Maaten's own code.
        gains = np.maximum(np.where(np.sign(slope) == np.sign(moved), gains * 0.8, gains + 0.2), 0.01)
        moved = momentum * moved - count / exaggeration * gains * slope
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        moved *= np.minimum(1, LONGEST_STEP / np.maximum(length, LONGEST_STEP))
        spots = spots + moved
        spots = spots - spots.mean(axis=0)
    return spots


def _quickly(start: Spots, kin: Kin, distances: NDArray[np.float32], told: Progress) -> Spots:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import Uniform
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    near = PrecomputedNeighbors(kin, distances.astype(np.float64))
    spots = TSNEEmbedding(
        start,
        Uniform(knn_index=near, k_neighbors=kin.shape[1], n_jobs=THREADS),
        negative_gradient_method="bh" if len(start) <= TREES else "fft",
        n_jobs=THREADS,
        random_state=1,
    )
    done = 0

    def heard(step: int, *_: object) -> None:
        told(done + step)

    watched = {"callbacks": heard, "callbacks_every_iters": STEP, "max_step_norm": LONGEST_STEP}
    spots = spots.optimize(n_iter=EARLY, exaggeration=EXAGGERATION, momentum=FIRST_MOMENTUM, **watched)
    done = EARLY
    spots = spots.optimize(n_iter=LATE, momentum=MOMENTUM, **watched)
    return np.asarray(spots, dtype=np.float64)


def components(rows: Rows) -> Spots:
    """The first two principal components of rows; the second is 0 where there is none."""
    centred = (rows - rows.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    # An axis may point either way: each is turned so that its largest part is positive.
    first = axes[:, ::-1][:, :2]
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    spots = np.zeros((len(rows), 2))
    spots[:, : first.shape[1]] = centred @ first
    return spots
