"""What was fetched, on disk: each file whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from indexer.fetch.polite import FetchFailed


def make(folder: Path) -> None:
    """Make a folder if there is none. Raises `FetchFailed`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failed(folder, error) from error


def save(path: Path, data: bytes) -> None:
    """Replace a file by one with these bytes; until it is whole it lies beside it under a hidden name.

    Raises `FetchFailed`.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o644)  # noqa: PTH101  mkstemp's own mode would keep other readers out
            os.replace(name, path)  # noqa: PTH105
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
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
