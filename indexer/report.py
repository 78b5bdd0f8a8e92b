"""What an import did, for people and for programs: nothing is guessed, repaired or left out silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, get_args

Kind = Literal["unreadable", "skipped", "merged", "superseded", "repaired", "guessed", "missing", "ignored"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""In the order in which they matter. `unreadable` are files, or the rest of one; `skipped` are records."""
MAX_NOTES: Final = 1_000
"""Notes kept a kind. All are counted; a file with a million faults must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing worth knowing: what kind, where in the source, and what."""

    kind: Kind
    where: str
    what: str


@dataclass(slots=True)
class Report:
    """Counts and notes of one import. Importers fill `read` and the notes, the pipeline fills the rest.

    When an import has ended, every record that was read is counted once: it was added, updated a record, was unchanged,
    was merged into a paper that other records describe, was superseded by another record of the same name, or skipped.
    `long` counts the papers whose text did not fit into one window of the model.
    """

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    superseded: int = 0
    long: int = 0
    notes: list[Note] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        """How many records are in the collection now, under whatever paper, or were known to it."""
        return self.added + self.updated + self.unchanged + self.merged + self.superseded

    def note(self, kind: Kind, where: str, what: str) -> None:
        """Count a note, and keep it while there are fewer than `MAX_NOTES` of its kind."""
        self.counts[kind] += 1
        if self.counts[kind] <= MAX_NOTES:
            self.notes.append(Note(kind, where, what))

    def of(self, kind: Kind) -> Iterable[Note]:
        """The notes of one kind, in the order they came."""
        return (note for note in self.notes if note.kind == kind)

    def to_json(self) -> dict[str, Any]:
        """The whole report as JSON values."""
        return {
            "read": self.read,
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "merged": self.merged,
            "superseded": self.superseded,
            "skipped": self.counts["skipped"],
            "long": self.long,
            "counts": {kind: self.counts[kind] for kind in KINDS},
            "notes": [asdict(note) for note in self.notes],
        }
