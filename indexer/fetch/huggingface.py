"""Hugging Face's Daily Papers, one file a day (https://huggingface.co/docs/hub/api#daily-papers).

A day's list grows until the day is over everywhere. What is fetched before is saved under another name, and asked for
again in the next run.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from indexer.errors import InvalidInput
from indexer.fetch.polite import Client, Service
from indexer.fetch.saving import load, make, save

SERVICE: Final = Service("Hugging Face", "https://huggingface.co/api/daily_papers", delay=1.0)
"""Less often than it allows without a key, which is 500 requests in 5 minutes."""
FIRST_DAY: Final = date(2023, 5, 4)
"""The first Daily Papers."""
FOLDER: Final = "hf-daily-papers"

_PAGE: Final = 100  # what the service gives at most
_MAX_PAGES: Final = 100
_STATE: Final = ".state.json"
_GROWING: Final = timedelta(days=2)  # today and yesterday, for a day ends last where it is twelve hours behind UTC


def fetch(
    client: Client,
    since: date,
    until: date | None = None,
    *,
    folder: Path,
    today: Callable[[], date] = lambda: datetime.now(UTC).date(),
) -> Iterator[Path]:
    """The days from `since` to `until`, which is today if not given, as files in `FOLDER` below `folder`.

    Complete days that are there are neither asked for again nor given again, unless a run ended before they were
    taken: a day counts as taken when the next is asked for. Days of earlier runs that were incomplete are asked for
    again too. Days without papers make no file.
    Raises `InvalidInput` at once; `FetchFailed` while days are taken, and what came before is kept.
    """
    last = until or today()
    if since < FIRST_DAY:
        raise InvalidInput(f"There were no Daily Papers on {since}.", f"They begin on {FIRST_DAY}.")
    if last > today():
        raise InvalidInput(f"The Daily Papers of {last} have yet to be written.", f"The last day can be {today()}.")
    if since > last:
        raise InvalidInput(f"There is no day from {since} to {last}.", "Give a first day that is not after the last.")
    days = [since + timedelta(days=i) for i in range((last - since).days + 1)]
    return _Days(client, folder / FOLDER, today).fetch(days)


@dataclass(frozen=True, slots=True)
class _Days:
    client: Client
    folder: Path
    today: Callable[[], date]

    def fetch(self, days: list[date]) -> Iterator[Path]:
        """First what was saved and not taken, then each day that is missing or was incomplete."""
        make(self.folder)
        state = load(self.folder / _STATE)
        listed, waiting = state.get("empty"), state.get("waiting")
        empty = {day for day in listed if isinstance(day, str)} if isinstance(listed, list) else set()
        if isinstance(waiting, str) and (path := self.folder / Path(waiting).name).is_file():
            yield path
            self._keep(empty, None)
        for day in sorted({*days, *self._growing()}):
            if str(day) in empty or self._file(day).exists():
                continue
            complete = self.today() - day >= _GROWING
            data = self._ask(day)
            if data is None:
                if complete:
                    empty.add(str(day))
                self._keep(empty, None)
                continue
            path = self._file(day) if complete else self._file(day, "-so-far")
            self._keep(empty, path)
            save(path, data)
            if complete:
                self._file(day, "-so-far").unlink(missing_ok=True)
            yield path
            self._keep(empty, None)

    def _file(self, day: date, suffix: str = "") -> Path:
        return self.folder / f"daily_papers_{day}{suffix}.json"

    def _growing(self) -> Iterator[date]:
        """Days that were incomplete when they were fetched, whichever days are asked for now."""
        for path in self.folder.glob("daily_papers_*-so-far.json"):
            with contextlib.suppress(ValueError):
                yield date.fromisoformat(path.stem.removeprefix("daily_papers_").removesuffix("-so-far"))

    def _keep(self, empty: set[str], waiting: Path | None) -> None:
        state = {"waiting": waiting and waiting.name, "empty": sorted(empty)}
        save(self.folder / _STATE, json.dumps(state, indent=1).encode())

    def _ask(self, day: date) -> bytes | None:
        """A day's papers as the service gives them, or joined from pages; `None` if there are none.

        A page may have fewer papers than asked for and not be the last, so pages are asked for until nothing is new.
        """
        pages: list[bytes] = []
        papers: dict[str, Any] = {}
        for number in range(_MAX_PAGES):
            data = self.client.get({"date": str(day), "limit": str(_PAGE), "p": str(number)}, whole=_is_list)
            new = {_id(paper): paper for paper in json.loads(data)}
            if new.keys() <= papers.keys():
                break
            papers |= new
            pages.append(data)
        if len(pages) == 1:
            return pages[0]
        return json.dumps(list(papers.values()), ensure_ascii=False).encode() if papers else None


def _is_list(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), list)
    except (ValueError, RecursionError):
        return False


def _id(paper: Any) -> str:
    """What tells papers apart: their id, or all that is said of them."""
    inner = paper.get("paper") if isinstance(paper, dict) else None
    found = inner.get("id") if isinstance(inner, dict) else None
    return found if isinstance(found, str) else json.dumps(paper, sort_keys=True)
