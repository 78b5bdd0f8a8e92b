"""`manifest.json`: which derived indexes are in force, what made them, and their checksums.

It is replaced in one rename. Whoever has read it knows a directory of indexes that never changes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from indexer.background import BACKGROUND
from indexer.errors import IndexDamaged
from indexer.files import write_whole
from indexer.model import file_hash
from indexer.null_model import NullModel
from indexer.segment import SegmentFacts
from indexer.store import State

MANIFEST: Final = "manifest.json"
DENSE: Final = "dense"
DIRECTORY: Final = re.compile(r"index-\d{6,}")
EAGER_BYTES: Final = 64_000_000
"""Files up to this size in all are compared with their checksums on opening; `verify` compares any size."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as it was written."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The derived indexes in force.

    `content` is the fingerprint of the papers that both cover: a database put back from a backup can have the same
    sequence number for other papers. `sequence` is the change of the truth that both cover. `segments` are those of
    the dense index, each good up to a change of its own. No key above `last_key` is in either. `residue`
    counts the papers that the lexical index has dropped since it was made anew: their words still weigh in its
    statistics, so that scores depend on history while it is not zero. `null` says what questions get by chance.
    """

    directory: str
    content: str
    sequence: int
    last_key: int
    residue: int
    factory: str
    segments: tuple[SegmentFacts, ...]
    lexical_schema: str
    null: NullModel | None
    files: Mapping[str, FileFacts]

    def save(self, collection: Path) -> None:
        """Put this manifest in force."""
        values = asdict(self)
        write_whole(collection / MANIFEST, json.dumps(values | {"sha256": _digest(values)}, indent=2) + "\n")

    @classmethod
    def load(cls, collection: Path) -> Manifest | None:
        """The manifest in force; `None` where it is missing or damaged: it is derived and can be made anew."""
        try:
            values = json.loads((collection / MANIFEST).read_text(encoding="utf-8"))
            if values.pop("sha256") != _digest(values):
                return None
            files = {name: FileFacts(**facts) for name, facts in values.pop("files").items()}
            segments = tuple(SegmentFacts.from_json(facts) for facts in values.pop("segments"))
            manifest = cls(files=files, segments=segments, null=NullModel.from_json(values.pop("null")), **values)
            return manifest if manifest._is_sane() else None
        except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return None

    def _is_sane(self) -> bool:
        """Whether the values are of their types and name nothing outside an index directory.

        A collection may come from a stranger, who can write any manifest with a checksum that fits.
        """
        numbers = (self.sequence, self.last_key, self.residue)
        names = [Path(name) for name in self.files]
        return (
            all(type(number) is int for number in (*numbers, *(facts.size for facts in self.files.values())))
            and DIRECTORY.fullmatch(self.directory) is not None
            and not any(name.is_absolute() or ".." in name.parts for name in names)
            and {Path(DENSE, name) for segment in self.segments for name in segment.files} <= set(names)
            and len({segment.name for segment in self.segments}) == len(self.segments)
            and BACKGROUND in self.files
        )

    def covers(self, state: State) -> bool:
        """Whether the indexes are of exactly this state of the truth."""
        return (self.sequence, self.content) == (state.sequence, state.content)

    def check(self, collection: Path, *, thorough: bool = False) -> None:
        """Compare the files with what was written. Raises `IndexDamaged` for the first that differs."""
        hashing = thorough or sum(facts.size for facts in self.files.values()) <= EAGER_BYTES
        for name, facts in self.files.items():
            path = collection / self.directory / name
            try:
                same = path.stat().st_size == facts.size and not (hashing and file_hash(path) != facts.sha256)
            except OSError:  # missing, or removed meanwhile by a writer that has put another in force
                same = False
            if not same:
                raise IndexDamaged(f"{path} is not as it was written.")


def _digest(values: Mapping[str, object]) -> str:
    """SHA-256 of the manifest's own facts: one changed digit in it would be believed otherwise."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def list_files(directory: Path, previous: Path | None, known: Mapping[str, FileFacts]) -> dict[str, FileFacts]:
    """Facts of every file below a directory; those that are the same files as in `previous` are not read again."""
    facts: dict[str, FileFacts] = {}
    for path in sorted(path for path in directory.rglob("*") if path.is_file() and path.suffix != ".lock"):
        name = path.relative_to(directory).as_posix()
        shared = previous and name in known and _is_same(path, previous / name)
        facts[name] = known[name] if shared else FileFacts(path.stat().st_size, file_hash(path))
    return facts


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False
