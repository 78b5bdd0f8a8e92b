"""When the map is drawn: by hand, after an import, and by a server in the background."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from api.service import Service
from indexer.collection import Collection
from indexer.errors import PaperkinError
from search import drawing
from search.atlas import Atlas
from search.maps import Maps

LOOK: Final = 1.0
"""Seconds between two looks at whether the map is due. It is drawn when nothing has changed between two."""
PATIENCE: Final = 60.0
"""Seconds until the next look after one that failed."""
MOST: Final = 200_000
"""Papers up to which a server draws by itself; above that it takes minutes, and is left to `paperkin map`."""
_log = logging.getLogger(__name__)


def draw_if_due(collection: Collection, progress: Callable[[float], None], announce: Callable[[str], None]) -> None:
    """Draw the map where it is missing or due. That it cannot be drawn is told in one sentence and stops nothing."""
    try:
        if drawing.is_due(collection.snapshot(), Maps(collection).drawn()):
            drawing.draw_and_keep(collection, progress)
    except PaperkinError as error:
        announce(f"The map could not be drawn: {error.message} The papers are safe; try again with: paperkin map.")
    except KeyboardInterrupt:
        announce("The map was not drawn. The papers are safe; draw it with: paperkin map.")
    except Exception as error:  # the papers are stored: nothing that becomes of their map may look as if they were not
        announce(f"The map could not be drawn ({error}). The papers are safe; try again with: paperkin map.")


@contextmanager
def keeping_drawn(service: Service) -> Iterator[None]:
    """Draw the map whenever it is due, and find a place for what comes, also while nobody asks."""
    stopped = threading.Event()
    drawer = threading.Thread(target=_watch, args=(service, stopped), name="map", daemon=True)
    drawer.start()
    try:
        yield
    finally:
        stopped.set()
        drawer.join(LOOK)


def _watch(service: Service, stopped: threading.Event) -> None:
    maps = service.engine.maps
    seen: tuple[str, int | None] | None = None
    well: tuple[str, int | None] | None = None
    while not stopped.wait(LOOK):
        try:
            before, seen = seen, _state(service)
            if seen != before or seen == well:
                continue
            snapshot, atlas = service.engine.snapshot(), maps.drawn()
            if snapshot.papers <= MOST and drawing.is_due(snapshot, atlas):
                _draw_apart(service.collection, stopped)
                continue
            if atlas is not None:
                maps.of(snapshot)
            well = seen
        except (PaperkinError, OSError) as error:
            _log.warning("The map cannot be drawn: %s", error)
            stopped.wait(PATIENCE)
        except Exception:  # a defect of ours, which must not end the watching
            _log.exception("The map cannot be drawn.")
            stopped.wait(PATIENCE)


def _state(service: Service) -> tuple[str, int | None]:
    """Tells one state of the papers and of their map from the next."""
    atlas = service.engine.maps.drawn()
    return service.engine.snapshot().fingerprint, None if atlas is None else id(atlas)


def _draw_apart(collection: Collection, stopped: threading.Event) -> None:
    """Draw in a process of its own, at low priority: questions do not wait for it, and its memory is given back.

    Raises `OSError` where it fails. It ends with the server.
    """
    if not os.access(collection.directory, os.W_OK):
        stopped.wait(PATIENCE)
        return
    command = [sys.executable, "-m", "search.drawing", str(collection.directory.absolute())]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # noqa: S603  ourselves
        try:
            while process.poll() is None:
                if stopped.wait(0.1):
                    return
            if process.returncode:
                said = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
                raise OSError(said.rpartition("\n")[2] or f"status {process.returncode}")
            if Atlas.load(collection.directory, collection.identity.weights_sha256) is None:
                raise OSError("it is not as it was written")  # or else it would be drawn again and again
        finally:
            if process.poll() is None:
                process.kill()
