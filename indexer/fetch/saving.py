"""What was fetched, on disk: each file whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from indexer.fetch.polite import FetchFailed
from indexer.files import write_whole


def make(folder: Path) -> None:
    """Make a folder if there is none. Raises `FetchFailed`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(folder, error) from error


def save(path: Path, data: bytes) -> None:
    """Replace a file by one with these bytes. Raises `FetchFailed`."""
    try:
        write_whole(path, data)
    except OSError as error:
        raise _failed(path, error) from error


def load(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty if there is none that can be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _failed(path: Path, error: OSError) -> FetchFailed:
    return FetchFailed(f"Cannot write {path}: {error.strerror or error}.", "Give another folder, or make room in it.")
