"""When the map is drawn: by hand, after an import, and by a server in the background."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import Final

from api.service import Service
from indexer import lock
from indexer.collection import Collection
from indexer.errors import MapMissing, PaperkinError
from search import drawing
from search.atlas import Atlas
from search.maps import Maps

LOOK: Final = 1.0
"""Seconds between two looks at whether the map is due. It is drawn when nothing has changed between two."""
PATIENCE: Final = 60.0
"""Seconds until the next look after one that failed. What fails again waits twice as long each time, up to a day."""
LONGEST_PATIENCE: Final = 24 * 3_600.0
MOST: Final = 200_000
"""Papers up to which a server draws by itself; above that it is left to `paperkin map`, which `MapMissing` says."""
State = tuple[str, int, str | None]
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
    seen: State | None = None
    well: State | None = None
    patience = Patience()
    while not stopped.wait(LOOK):
        try:
            before, seen = seen, _state(service)
            if seen != before or seen == well or patience.lasts(seen):
                continue
            match to_do(service):
                case ToDo.DRAW:
                    draw_apart(service.collection, stopped)
                case ToDo.PLACE:
                    _place(service)
                    well = seen
                case ToDo.WAIT:
                    _place(service)
        except (PaperkinError, OSError) as error:
            _log.warning("The map cannot be drawn: %s", error)
            patience.try_later(seen)
            stopped.wait(PATIENCE)
        except Exception:  # a defect of ours, which must not end the watching
            _log.exception("The map cannot be drawn.")
            patience.try_later(seen)
            stopped.wait(PATIENCE)


class Patience:
    """Each failure of one state doubles the time until it is tried again: to draw takes long, and nothing is new."""

    def __init__(self) -> None:
        self.seconds = PATIENCE
        self._failed: State | None = None
        self._until = 0.0

    def try_later(self, state: State | None) -> None:
        """Something has failed in a state."""
        self.seconds = min(2 * self.seconds, LONGEST_PATIENCE) if state == self._failed else PATIENCE
        self._failed, self._until = state, time.monotonic() + self.seconds

    def lasts(self, state: State) -> bool:
        """Whether it is too early to try again."""
        return state == self._failed and time.monotonic() < self._until


class ToDo(Enum):
    """What is to be done about the map."""

    DRAW = "draw it"
    WAIT = "draw it when nobody writes any more"
    PLACE = "find places for what has come since"


def to_do(service: Service) -> ToDo:
    """Look at a collection that did not change for a while. Raises `OSError`.

    Of no state that an import leaves behind on its way a map is drawn: it draws one itself when it is done. No snapshot
    outlives this look, for a map is drawn for long and nobody could compact the collection meanwhile.
    """
    snapshot, directory = service.engine.snapshot(), service.collection.directory
    if snapshot.papers > MOST or not drawing.is_due(snapshot, service.engine.maps.drawn()):
        return ToDo.PLACE
    if not os.access(directory, os.W_OK):
        return ToDo.PLACE
    with lock.alone(directory, lock.LOCK) as free:
        return ToDo.DRAW if free else ToDo.WAIT


def _place(service: Service) -> None:
    with suppress(MapMissing):
        service.engine.maps.of(service.engine.snapshot())


def _state(service: Service) -> State:
    """Tells one state of the papers and of their map from the next."""
    snapshot, atlas = service.engine.snapshot(), service.engine.maps.drawn()
    return snapshot.fingerprint, snapshot.sequence, None if atlas is None else atlas.id


def draw_apart(collection: Collection, stopped: threading.Event) -> None:
    """Draw in a process of its own, at low priority: questions do not wait for it, and its memory is given back.

    Raises `OSError` where it fails. It ends with the server, and not by a Ctrl-C that is meant for that. Nothing of the
    working directory is run (-P), which may be anybody's.
    """
    command = [sys.executable, "-P", "-m", "search.drawing", str(collection.directory.absolute())]
    with subprocess.Popen(  # noqa: S603  ourselves
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
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
