"""Turns a process that answers for long to what others have written, also while nobody asks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from indexer.collection import Collection
from indexer.errors import PaperkinError

REFRESH: Final = 0.5
"""Seconds between two looks at the collection's manifest."""
PATIENCE: Final = 5.0
"""Seconds until the next look after one that failed."""
_log = logging.getLogger(__name__)


@contextmanager
def kept_fresh(collection: Collection) -> Iterator[None]:
    """Look at a collection from time to time.

    So the next question does not wait for it, and no earlier state is held longer than needed: what was removed from
    it can then leave the disk.
    """
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(REFRESH):
            try:
                collection.tidy()  # looks at the present state first
            except (PaperkinError, OSError) as error:  # the next question will meet it and say so
                _log.warning("%s", error)
                stopped.wait(PATIENCE)
            except Exception:  # a defect of ours, which must not end the watching
                _log.exception("The collection cannot be looked at.")
                stopped.wait(PATIENCE)

    watcher = threading.Thread(target=watch, name="refresh", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join(REFRESH)  # a fold that is under way is left: what it has written so far counts for nothing
