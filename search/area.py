"""An area that somebody has drawn around papers on the map: a polygon, and which places lie in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from indexer.errors import InvalidQuery, shorten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.uint16]
    Mask = NDArray[np.bool_]

SIDE: Final = 65_535
"""The largest coordinate of a place; the smallest is 0."""
MIN_POINTS: Final = 3
MAX_POINTS: Final = 64
LONGEST: Final = 1_000
"""Characters of an area as it is written: more than the largest one has."""

_WRITTEN = re.compile(r"([0-9a-f]{1,32}):(\d{1,5}\.\d{1,5}(?:-\d{1,5}\.\d{1,5})*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon on one drawn map; its last point is joined to its first. Its sides may cross.

    Raises `InvalidQuery` for one that cannot be drawn.
    """

    map_id: str
    points: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if not MIN_POINTS <= len(self.points) <= MAX_POINTS:
            raise _invalid(f"The area has {len(self.points)} points.")
        if any(not 0 <= value <= SIDE for point in self.points for value in point):
            raise _invalid("The area leaves the map.")

    @classmethod
    def parse(cls, written: str) -> Area:
        """An area as it stands in an address: MAP:x.y-x.y-x.y. Raises `InvalidQuery`."""
        found = _WRITTEN.fullmatch(written) if len(written) <= LONGEST else None
        if found is None:
            raise _invalid(f"{shorten(written)!r} is no area.")
        corners = (point.split(".") for point in found[2].split("-"))
        return cls(found[1], tuple((int(x), int(y)) for x, y in corners))

    def __str__(self) -> str:
        return f"{self.map_id}:{'-'.join(f'{x}.{y}' for x, y in self.points)}"

    def has(self, places: Places) -> Mask:
        """Of places of shape (n, 2), which lie inside: from these a ray to the right meets an odd number of sides.

        Whole numbers throughout, so that no rounding decides. A side has its lower end and not its upper one: of two
        areas with a common side, every place near it lies in just one.
        """
        import numpy as np  # here: every command line reads this module

        x, y = places[:, 0].astype(np.int64), places[:, 1].astype(np.int64)
        inside = np.zeros(len(places), dtype=bool)
        for (x1, y1), (x2, y2) in zip(self.points, (*self.points[1:], self.points[0]), strict=True):
            if y1 == y2:
                continue
            low, high = ((x1, y1), (x2, y2)) if y1 < y2 else ((x2, y2), (x1, y1))
            beside = (y >= low[1]) & (y < high[1])
            # x < low.x + (y - low.y)·(high.x - low.x)/(high.y - low.y), multiplied by the height, which is positive
            inside ^= beside & ((x - low[0]) * (high[1] - low[1]) < (y - low[1]) * (high[0] - low[0]))
        return inside


def _invalid(message: str) -> InvalidQuery:
    return InvalidQuery(
        "invalid_area",
        message,
        f"Write it as MAP:x.y-x.y-x.y, with {MIN_POINTS} to {MAX_POINTS} points from 0 to {SIDE}.",
    )
