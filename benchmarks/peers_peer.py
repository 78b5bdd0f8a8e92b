"""What a peer must be able to do to be compared, and the memory of a process."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from benchmarks.peers_data import Condition, Papers, Rows

Effort = Mapping[str, int]
"""Settings of a search by name; what is slower and finds more comes later in `Peer.efforts`."""
GRAPH: Final = (*range(16, 256, 16), *range(256, 512, 32), 512, 768, 1024)
"""How many candidates a search in a graph keeps: the one setting that all graphs have."""


class Peer(ABC):
    """One engine with its usual settings. Making it imports it; that is not timed.

    What `add` and `delete` did is searchable when they return, and on disk as far as the engine sees to that; an
    engine that has no store of its own writes its whole file again, as its users must.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    """The module that it needs."""
    distribution: ClassVar[str]
    """What pip calls it."""
    settings: ClassVar[str]
    """How it is built, in its own words."""
    efforts: ClassVar[Sequence[Effort]] = ({},)
    """What may be tried to reach the recall that is asked for; an exact engine has nothing to choose."""

    filters: ClassVar[bool] = True
    """Whether it knows any."""

    def __init__(self) -> None:
        self.module: Any = importlib.import_module(self.package)

    @abstractmethod
    def build(self, place: Path, papers: Papers) -> None:
        """From rows in memory to an index on disk that `open` opens."""

    @abstractmethod
    def open(self, place: Path) -> None:
        """As a program does that starts."""

    @abstractmethod
    def where(self, condition: Condition | None) -> Any:
        """A condition as the engine takes it; its cost is part of the search."""

    @abstractmethod
    def search(self, row: Rows, where: Any, effort: Effort) -> list[int]:
        """The keys of the ten nearest papers, best first; fewer where it finds no more."""

    @abstractmethod
    def add(self, papers: Papers) -> None:
        """Papers with keys that follow on the last."""

    @abstractmethod
    def delete(self, keys: Sequence[int]) -> None:
        """Papers that are there."""

    @abstractmethod
    def count(self) -> int:
        """Papers in it."""

    def close(self) -> None:  # noqa: B027  most ask nothing
        """What the engine asks of a program that ends."""

    def filtered_efforts(self, chosen: Effort) -> Sequence[Effort]:
        """What may be tried under a filter, when `chosen` did without one."""
        return self.efforts[self.efforts.index(chosen) :]

    def alone(self, place: Path, papers: Papers) -> Callable[[], None] | None:  # noqa: ARG002  most have nothing
        """What makes the index and nothing else in an empty folder, where `build` does more than that."""
        return None


def memory() -> dict[str, float]:
    """MiB of this process now (`resident`: `anonymous` and pages of `file`s), and the `peak`."""
    names = {"VmRSS": "resident", "RssAnon": "anonymous", "RssFile": "file", "VmHWM": "peak"}
    lines = (line.partition(":") for line in Path("/proc/self/status").read_text().splitlines())
    return {names[name]: round(int(size.split()[0]) / 1024, 1) for name, _, size in lines if name in names}


def disk_bytes(place: Path) -> int:
    """Bytes of all files below a folder, each once however many names it has."""
    facts = [path.stat() for path in place.rglob("*") if path.is_file()]
    return sum({fact.st_ino: fact.st_size for fact in facts}.values())


def keys_of(found: Any) -> list[int]:
    """Plain integers."""
    return [int(key) for key in np.asarray(found).ravel() if int(key) > 0]
