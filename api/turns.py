"""Who may compute at once, so that the event loop stays free and no request waits behind work of another kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from anyio import CapacityLimiter, Semaphore, move_on_after
from anyio.to_thread import run_sync
from fastapi import Depends, Request

from indexer.errors import CollectionBusy
from indexer.machine import processors

T = TypeVar("T")

QUESTIONS: Final = processors() + 1
"""Questions that are answered at once. More threads would only take Python's lock from each other: with eight on two
processors a question costs a fifth more."""
WAITING_CHANGES: Final = 16
"""Changes that may wait for the one that is being made: there is one writer, and more would only wait longer."""
CHANGE_WAIT: Final = 30.0
"""Seconds that a change waits for others of this server; after that it may wait for those of other processes."""


class Turns:
    """Threads for questions and for changes, apart from those of everything else, which is quick.

    So reading a paper never waits for a search, nor a search for a change. Health is answered by the event loop itself.
    """

    def __init__(
        self, questions: int = QUESTIONS, waiting_changes: int = WAITING_CHANGES, change_wait: float = CHANGE_WAIT
    ) -> None:
        self._questions = CapacityLimiter(questions)
        self._thread_of_changes = CapacityLimiter(1)
        self._changing = Semaphore(1)
        self._waiting_changes = waiting_changes
        self._change_wait = change_wait

    async def ask(self, answer: Callable[[], T]) -> T:
        """What a question comes to, in its turn."""
        return await run_sync(answer, limiter=self._questions)

    async def change(self, make: Callable[[], T]) -> T:
        """What a change comes to, in its turn. Raises `CollectionBusy` where too many wait, or one waits too long."""
        waiting = self._changing.statistics().tasks_waiting
        if waiting >= self._waiting_changes:
            raise CollectionBusy(f"{waiting} changes are waiting for another already.", _LATER)
        with move_on_after(self._change_wait) as waited:
            await self._changing.acquire()
        if waited.cancelled_caught:
            raise CollectionBusy("Another change takes long.", _LATER)
        try:
            return await run_sync(make, limiter=self._thread_of_changes)
        finally:
            self._changing.release()


_LATER: Final = "Send it again in a while. Papers that are sent in one request are stored sooner than one by one."


async def get_turns(request: Request) -> Turns:
    """The turns of the application."""
    turns: Turns = request.app.state.turns
    return turns


Taken = Annotated[Turns, Depends(get_turns)]
