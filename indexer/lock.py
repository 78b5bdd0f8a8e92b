"""One writer a collection, across processes: a lock that names its holder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from indexer.errors import CollectionBusy, CollectionError
from indexer.files import write_whole

LOCK: Final = "writer.lock"
HOLDER: Final = "writer.json"


@contextmanager
def writer_lock(directory: Path, purpose: str, timeout: float) -> Iterator[None]:
    """Hold the right to write. The system gives it back when the process ends, however it ends.

    Raises `CollectionBusy`, naming the holder, after `timeout` seconds.
    """
    from filelock import FileLock, Timeout  # a reader never pays for it: it imports asyncio

    # An object of its own for each use: two threads of one process exclude each other too.
    lock = FileLock(directory / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise CollectionBusy(
            f"{directory} is being written by {_holder(directory)}.", "Wait until it has finished, or stop it."
        ) from error
    except OSError as error:
        raise CollectionError(
            f"{directory} cannot be written: {error.strerror or error}.", "Check the directory's permissions."
        ) from error
    try:
        facts = {"pid": os.getpid(), "purpose": purpose, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        with suppress(OSError):  # the name is a courtesy; the lock is what counts
            write_whole(directory / HOLDER, json.dumps(facts) + "\n")
        yield
    finally:
        with suppress(OSError):
            (directory / HOLDER).unlink(missing_ok=True)
        lock.release()


@contextmanager
def alone(directory: Path, name: str) -> Iterator[bool]:
    """Hold a lock of another name for a while, if nobody else does; tells whether it is held."""
    from filelock import FileLock, Timeout

    lock = FileLock(directory / name, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _holder(directory: Path) -> str:
    try:
        facts = json.loads((directory / HOLDER).read_text(encoding="utf-8"))
        return f"process {facts['pid']} ({facts['purpose']}, since {facts['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
