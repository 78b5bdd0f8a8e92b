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

from indexer.machine import processors
from indexer.vectors import neighbours

Rows = NDArray[np.float32]
Spots = NDArray[np.float64]
"""Places of any scale, of shape (n, 2)."""
Progress = Callable[[float], None]
"""Is told the share that is done, from 0 to 1."""

KIN: Final = 15
"""Nearest papers that each is drawn to, all alike: as good as weighing 90 of them, in a third of the time."""
FEW: Final = 8
"""Papers below which principal components are all that can be told."""
EXACT: Final = 3_000
"""Papers up to which repulsion is computed by trees, which is quicker than Fourier transforms there."""
EARLY: Final = 250
"""Steps in which kin are drawn together more strongly than they are to stay."""
EXAGGERATION: Final = 12.0
LATE: Final = 250
"""Steps after that. Twice as many take four times as long, and keep one kin in two hundred more."""
STEP: Final = 10
"""Steps between two words on progress."""
_NEIGHBOURS_DONE: Final = 0.1


def lay_out(rows: Rows, progress: Progress) -> Spots:
    """A place for each row of shape (n, dimension). The same rows get the same places on the same machine."""
    start = components(rows)
    if len(rows) < FEW:
        return start
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import Uniform
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    count = min(KIN, len(rows) - 1)
    kin, cosines = neighbours(rows, count)
    progress(_NEIGHBOURS_DONE)
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 0)).astype(np.float64)
    graph = Uniform(knn_index=PrecomputedNeighbors(kin, distances), k_neighbors=count, n_jobs=processors())
    spots = TSNEEmbedding(
        start / max(start[:, 0].std(), np.finfo(float).tiny) * 1e-4,
        graph,
        negative_gradient_method="bh" if len(rows) <= EXACT else "fft",
        n_jobs=processors(),
        random_state=1,
    )

    def told(step: int, *_: object) -> None:
        progress(_NEIGHBOURS_DONE + (1 - _NEIGHBOURS_DONE) * (done + step) / (EARLY + LATE))

    done, watched = 0, {"callbacks": told, "callbacks_every_iters": STEP}
    spots = spots.optimize(n_iter=EARLY, exaggeration=EXAGGERATION, momentum=0.5, **watched)
    done = EARLY
    spots = spots.optimize(n_iter=LATE, momentum=0.8, **watched)
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
