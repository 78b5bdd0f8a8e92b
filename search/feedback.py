"""How liked and disliked papers and a pasted abstract move the row that a question is asked with.

    row  ∝  text  +  1.5 n/(n+1) · kind  −  0.3 m/(m+1) · mean of the m disliked rows
    kind ∝  (n Σ N/(N+d) + κ I)⁻¹ · (mean of the n liked rows − n/(n+1) · mean of the collection)

Weights: J. Rocchio 1971; the usual 1, 0.75 and 0.15 (Manning, Raghavan and Schütze: Introduction to Information
Retrieval, section 9.1.1) are what one liked and one disliked paper get here. `kind` is the regularised linear
discriminant of the liked papers against the collection, whose mean and covariance Σ stand for "not liked" (Hariharan,
Malik and Ramanan: Discriminative decorrelation for clustering and classification. ECCV 2012). It asks for what the
liked papers share and most papers do not. Everything is linear in the rows, so the score of a paper is a sum with
one term for each text and each paper asked with. docs/taste.md has what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer.background import Background
from indexer.errors import InvalidQuery, shorten

Row = NDArray[np.float32]
Rows = NDArray[np.float32]

LIKED_WEIGHT: Final = 1.5
DISLIKED_WEIGHT: Final = 0.3
"""Against 1 for the text; n papers get n/(n+1) of it, so one gets half and many never drown the text."""
RIDGE: Final = 0.1
"""κ. A variance: rows are unit vectors, so the variances of all directions of a collection sum to less than 1."""
CANCELLED: Final = 1e-3
"""A sum shorter than this is rounding: stored rows are float16."""


class Role(StrEnum):
    """What a part of a question is. An abstract counts as a liked paper that is not in the collection."""

    TEXT = "text"
    ABSTRACT = "abstract"
    LIKED = "liked"
    DISLIKED = "disliked"


EXAMPLES: Final = (Role.ABSTRACT, Role.LIKED)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of a question: an L2-normalised row, and for a paper its id."""

    role: Role
    row: Row
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Composed:
    """One L2-normalised row to search with, and the share of each part in it: the rows of `shares` sum to `row`."""

    row: Row
    shares: Rows

    def contributions(self, rows: NDArray[np.floating]) -> NDArray[np.float32]:
        """What each part adds to the dense score of each paper: (papers, d) to (papers, parts).

        A line sums to the paper's dense score; a negative term says that the part speaks against the paper.
        """
        # Not a matrix product, which rounds differently with another number of rows.
        found: NDArray[np.float32] = np.einsum("pd,sd->ps", rows.astype(np.float32), self.shares)
        return found


def compose(parts: Sequence[Part], background: Background) -> Composed:
    """Make one question of several parts. The background counts only where there are liked papers.

    Raises `InvalidQuery` where nothing is wanted, one paper is liked and disliked, or the parts cancel out.
    """
    _check(parts)
    shares = np.array([part.row for part in parts], dtype=np.float32)
    places = {role: [place for place, part in enumerate(parts) if part.role is role] for role in Role}
    examples = [place for role in EXAMPLES for place in places[role]]
    if examples:
        shares[examples] = _kind(shares[examples], background) * np.float32(LIKED_WEIGHT * _trust(len(examples)))
    if disliked := places[Role.DISLIKED]:
        shares[disliked] *= np.float32(-DISLIKED_WEIGHT * _trust(len(disliked)) / len(disliked))
    row = shares.sum(axis=0)
    norm = _norm(row)
    return Composed(row / norm, shares / norm)


def _check(parts: Sequence[Part]) -> None:
    liked = {part.name for part in parts if part.role is Role.LIKED and part.name}
    both = sorted(liked & {part.name for part in parts if part.role is Role.DISLIKED})
    if both:
        raise InvalidQuery(
            "liked_and_disliked",
            f"{shorten(both[0])!r} is both liked and disliked.",
            "Take it out of one of the two.",
        )
    if all(part.role is Role.DISLIKED for part in parts):
        # Far from something lies everything else: such a list would be led by oddities.
        raise InvalidQuery(
            "nothing_wanted",
            "The question says only what is not wanted.",
            "Add a text, an abstract or a paper you like.",
        )


def _kind(rows: Rows, background: Background) -> Rows:
    """The share of each liked row in the direction that tells them from the collection; the sum has length 1."""
    count, dimension = rows.shape
    known = background.rows / (background.rows + dimension)  # a covariance of few papers is mostly chance
    spread = background.covariance * np.float32(count * known)
    spread[np.diag_indices(dimension)] += np.float32(RIDGE)
    centred = rows - background.mean * np.float32(_trust(count))
    _norm(centred.mean(axis=0))
    shares: Rows = np.linalg.solve(spread, centred.T).T
    return shares / np.linalg.norm(shares.sum(axis=0))


def _trust(count: int) -> float:
    """How far a mean of few papers is believed: as if one more had been seen that says nothing."""
    return count / (count + 1)


def _norm(row: Row) -> np.float32:
    norm = np.float32(np.linalg.norm(row))
    if norm < CANCELLED:
        raise InvalidQuery(
            "parts_cancel", "The parts of the question cancel out.", "Take out one of the papers or the text."
        )
    return norm
