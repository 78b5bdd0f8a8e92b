"""Sends digests while the server runs: at a time of each day, and what was put off in between."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Final

from api.service import Service
from indexer.errors import PaperkinError

LOOK: Final = 15.0
"""Seconds between two looks at the clock, and at what waits."""
PATIENCE: Final = 300.0
"""Seconds until the next try after one that failed: a mail server that refuses a password may lock who tries often."""
_log = logging.getLogger(__name__)


@contextmanager
def sending(service: Service) -> Iterator[None]:
    """Send while inside, if mail is set up with a time for digests."""
    if service.mail is None:
        yield
        return
    stopped = threading.Event()
    thread = threading.Thread(target=_run, args=(service, stopped), name="digest", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(1.0)  # a message that is being handed over is on record, and goes again where it must


def _run(service: Service, stopped: threading.Event) -> None:
    planned: date | None = None
    wait = min(LOOK, 1.0)
    while not stopped.wait(wait):
        wait = LOOK
        try:
            planned = _look(service, datetime.now(UTC), planned)
        except (PaperkinError, OSError) as error:
            _log.warning("Digests are not sent now: %s", getattr(error, "message", error))
            wait = PATIENCE
        except Exception:  # a defect of ours, which must not end the sending
            _log.exception("Digests are not sent now.")
            wait = PATIENCE


def _look(service: Service, now: datetime, planned: date | None) -> date | None:
    """Send what is due at this moment; returns the day for which that was done last."""
    settings = service.mail
    if settings is None:
        return planned
    digest = service.digest
    if settings.send_at is None or now.time() < settings.send_at or planned == now.date():
        digest.flush(now)  # confirmations, and what was put off
        return planned
    return now.date() if digest.send(now) else planned
