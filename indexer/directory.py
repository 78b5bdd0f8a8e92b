"""What a directory is: a collection, a place for one, someone else's, or one that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from indexer import lock
from indexer.encoder import ModelIdentity
from indexer.errors import CollectionDamaged, CollectionForeign, CollectionMismatch, CollectionMissing
from indexer.manifest import MANIFEST
from indexer.paper import TEXT_RECIPE
from indexer.readers import READERS

FORMAT: Final = "3"
TRUTH: Final = "papers.db"
ATLAS: Final = "atlas.bin"
"""The map: derived, drawn by `search`, no part of the index version. It has words of the papers it was drawn of."""
EVALUATION: Final = "evaluation.json"
"""How good the collection was found to be, kept by `api`."""
DIGESTING: Final = "digest.lock"
"""Held by the one server that hands over messages."""
MAKING: Final = "papers.db.making"
OURS: Final = frozenset(
    {MANIFEST, ATLAS, EVALUATION, DIGESTING, lock.LOCK, lock.HOLDER}
    | {
        f"{database}{making}{log}"
        for database in (TRUTH, READERS)
        for making in ("", ".making")
        for log in ("", "-wal", "-shm", "-journal")
    }
)
"""Every file that a collection may have beside its indexes, but for hidden ones."""
ELSEWHERE: Final = "Choose another directory with --collection or PAPERKIN_COLLECTION."


def require(directory: Path) -> None:
    """Raise the error that says why a directory is not a collection that can be opened."""
    if (directory / TRUTH).is_file():
        return
    if not directory.exists() or (directory.is_dir() and is_vacant(directory)):
        raise CollectionMissing(
            f"There is no collection in {directory} yet.", "Make one from your papers: paperkin index FILE…"
        )
    if not directory.is_dir():
        raise CollectionForeign(f"{directory} is a file, not a collection.", ELSEWHERE)
    if (directory / MANIFEST).exists():
        raise CollectionDamaged(
            f"{directory} lacks {TRUTH}, which holds its papers.",
            "Restore it from a backup, or index the papers again into another directory.",
        )
    raise CollectionForeign(f"{directory} holds something that is not a collection.", ELSEWHERE)


def is_vacant(directory: Path) -> bool:
    """Whether a directory is empty, or holds only what a `create` that was killed has left."""
    ours = {lock.LOCK, lock.HOLDER, MAKING, f"{MAKING}-journal", f"{MAKING}-wal", f"{MAKING}-shm"}
    return all(path.name in ours or path.name.startswith(f".{lock.HOLDER}.") for path in directory.iterdir())


def size(directory: Path) -> int:
    """Bytes of the papers and their indexes on disk, without SQLite's log; what goes away meanwhile is not counted."""
    total = 0
    for path in (directory / TRUTH, *directory.glob("index-*/**/*")):
        with suppress(OSError):
            total += path.lstat().st_size if path.is_file() else 0
    return total


def read_identity(meta: Mapping[str, str], directory: Path) -> ModelIdentity:
    """What the collection says of itself, or the error that says why it cannot be used."""
    again = "Index the papers again into another directory."
    if "format" not in meta:
        raise CollectionForeign(f"{directory / TRUTH} is a database of something else.", ELSEWHERE)
    if meta["format"] != FORMAT:
        raise CollectionMismatch(
            f"{directory} is in format {meta['format']}; this version reads format {FORMAT}.",
            f"Move its papers: paperkin export -c {directory} > papers.jsonl; index that file into another directory.",
        )
    if meta.get("recipe") != TEXT_RECIPE:
        raise CollectionMismatch(f"{directory} embeds its papers by the recipe {meta.get('recipe')!r}.", again)
    try:
        return ModelIdentity(**json.loads(meta["model"]))
    except (KeyError, ValueError, TypeError) as error:
        raise CollectionDamaged(f"{directory} does not say which model made it.", again) from error
