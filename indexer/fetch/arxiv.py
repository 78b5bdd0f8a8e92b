"""Papers of one arXiv category that changed since a day, by OAI-PMH, the way that arXiv recommends for many.

https://info.arxiv.org/help/oa says how: a list comes in pages, each with a token for the next; days are those of the
last change to a record, not of submission; a later harvest begins with the day on which the last one was answered.

Each page is a file, beside a small one that says how far the harvest is. It survives being killed at any moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from indexer.errors import InvalidInput, UnreadableSource, shorten
from indexer.fetch.polite import Client, FetchFailed, Service
from indexer.fetch.saving import load, make, save
from indexer.report import Report
from indexer.sources.arxiv_oai import resumption_token
from indexer.sources.xml_records import records

SERVICE: Final = Service("arXiv", "https://oaipmh.arxiv.org/oai", delay=3.0)
"""arXiv's terms of use ask for three seconds between requests and one connection, over all its interfaces."""
FIRST_DAY: Final = date(2005, 9, 16)
"""arXiv's earliest day of change; it refuses questions about earlier ones."""

_STATE: Final = ".state.json"
_PHYSICS: Final = frozenset({
    "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex", "nucl-th",
    "physics", "quant-ph",
})  # fmt: skip
_ALONE: Final = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})
_CATEGORY = re.compile(r"([a-z-]+)(?:\.([A-Za-z][A-Za-z-]*))?")
_END = re.compile(rb"</(?:[\w.-]+:)?OAI-PMH\s*>\s*\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class _State:
    """How far a harvest is. Pages up to `saved` are files; those up to `taken` were used by whoever asked for them.

    `since` is the first day of the list being read, `answered` the day on which the service began to answer it, and
    `token` what asks for its next page; without it the list has yet to be begun. While the records are `ordered` by
    day, all before the day `reached` have come.
    """

    since: str
    saved: int = 0
    taken: int = 0
    token: str = ""
    answered: str = ""
    reached: str = ""
    ordered: bool = True
    complete: bool = False

    @property
    def safe(self) -> str:
        """The day with which the list can begin again, so that nothing is missed."""
        return self.reached if self.ordered and self.reached else self.since

    def after(self, answer: _Answer) -> _State:
        """The state after a page."""
        days = [self.reached or self.since, *answer.days]
        return replace(
            self,
            token=answer.token,
            answered=self.answered or answer.answered,
            reached=days[-1],
            ordered=self.ordered and days == sorted(days),
            complete=not answer.token,
        )


@dataclass(frozen=True, slots=True)
class _Answer:
    """What surrounds the records of an answer."""

    data: bytes
    token: str
    answered: str
    days: tuple[str, ...]
    error: str
    reason: str


def fetch(
    client: Client,
    category: str,
    since: date,
    until: date | None = None,
    *,
    folder: Path,
    today: Callable[[], date] = lambda: datetime.now(UTC).date(),
) -> Iterator[Path]:
    """The pages of a category's papers that changed from `since` to `until`, as files below `folder`.

    A page counts as taken when the next is asked for: one that was saved but not taken comes first in the next run,
    without being fetched again. A finished harvest that is run again asks for what changed meanwhile.
    Raises `InvalidInput` at once; `FetchFailed` while pages are taken, and what came before is kept.
    """
    wanted = set_of(category)
    first, last = max(since, FIRST_DAY), min(until or today(), today())
    if first > last:
        raise InvalidInput(
            f"No change from {since} to {until or 'now'} can be known.",
            f"Give days from {FIRST_DAY} to {today()}, the first of them not after the last.",
        )
    below = folder / folder_name(category, since, until)
    return _Harvest(client, wanted, first, until, below, today).pages()


def folder_name(category: str, since: date, until: date | None = None) -> str:
    """What the folder of a harvest is called."""
    return f"arxiv-{category}-{since}" + (f"-to-{until}" if until else "")


def set_of(category: str) -> str:
    """What OAI-PMH calls a category: `cs.CL` is `cs:cs:CL`, `hep-th` is `physics:hep-th`. Raises `InvalidInput`."""
    found = _CATEGORY.fullmatch(category)
    if not found or found[1] not in _PHYSICS | _ALONE:
        raise InvalidInput(
            f"{shorten(category)!r} is no category of arXiv.",
            "Give one such as cs.CL, hep-th or q-bio, as arXiv writes it.",
        )
    group = "physics" if found[1] in _PHYSICS else found[1]
    return ":".join(filter(None, (group, found[1], found[2])))


@dataclass(frozen=True, slots=True)
class _Harvest:
    client: Client
    wanted: str
    since: date
    until: date | None
    folder: Path
    today: Callable[[], date]

    def pages(self) -> Iterator[Path]:
        """First what is saved and was not taken, then what is missing."""
        make(self.folder)
        state = self._load()
        while state.taken < state.saved:
            yield self._page(state.taken + 1)
            state = self._keep(replace(state, taken=state.taken + 1))
        if state.complete:
            if self.until and state.answered > str(self.until):
                return
            state = _State(state.answered, state.saved, state.taken)
        begun_again = ""
        while not state.complete:
            answer = self._ask(state)
            if answer.error == "badResumptionToken" and state.token and begun_again != state.safe:
                begun_again = state.safe
                self.client.announce(f"arXiv has forgotten this harvest; it begins again with {begun_again}")
                state = replace(state, since=begun_again, token="")
            elif answer.error == "noRecordsMatch":
                state = self._keep(state.after(answer))
            elif answer.error:
                told = f"{shorten(answer.error)}: {shorten(answer.reason, 200)}"
                raise FetchFailed(f"arXiv answered {told}.", "Check the category and the days.")
            else:
                save(self._page(state.saved + 1), answer.data)
                state = self._keep(replace(state.after(answer), saved=state.saved + 1))
                yield self._page(state.saved)
                state = self._keep(replace(state, taken=state.saved))

    def _ask(self, state: _State) -> _Answer:
        question = {"verb": "ListRecords"}
        if state.token:
            question["resumptionToken"] = state.token
        else:
            question |= {"metadataPrefix": "arXiv", "set": self.wanted, "from": state.since}
            if self.until:
                question["until"] = str(min(self.until, self.today()))  # later days are refused
        return _understood(self.client.get(question, whole=_is_whole), self.today())

    def _page(self, number: int) -> Path:
        return self.folder / f"page-{number:06}.xml"

    def _keep(self, state: _State) -> _State:
        save(self.folder / _STATE, json.dumps(asdict(state), indent=1).encode())
        return state

    def _load(self) -> _State:
        """How far the harvest is; from the beginning if that cannot be told, and then after the pages there are."""
        found = load(self.folder / _STATE)
        pages = sorted(self.folder.glob("page-*.xml"))
        highest = int(pages[-1].stem[5:]) if pages and pages[-1].stem[5:].isdigit() else 0
        kinds = {name: type(value) for name, value in asdict(_State("")).items()}
        if {name: type(value) for name, value in found.items()} == kinds:
            state = _State(**found)
            if all(self._page(number).exists() for number in range(state.taken + 1, state.saved + 1)):
                return state
        if found or pages:
            self.client.announce(
                f"It cannot be told how far {self.folder} is; the harvest begins again with {self.since}"
            )
        return _State(str(self.since), highest, highest)


def _is_whole(data: bytes) -> bool:
    """Whether an answer came to its end: one that is cut off has no token, and would pass for the last page."""
    return _END.search(data[-200:]) is not None


def _understood(data: bytes, today: date) -> _Answer:
    """What surrounds the records of an answer."""
    names = ("responseDate", "datestamp", "error")
    try:
        found = list(records(BytesIO(data), "the answer", Report(), (), context=names))
    except UnreadableSource as error:
        raise FetchFailed(f"arXiv's answer makes no sense: {error.message}", "Check the address.") from error
    texts = {name: [one.node.text() for one in found if one.node.name == name] for name in names}
    days = [text[:10] for text in texts["datestamp"] if _DAY.match(text)]
    answered = next((text[:10] for text in texts["responseDate"] if _DAY.match(text)), str(today))
    code = next((one.node.get("code") or "an error" for one in found if one.node.name == "error"), "")
    return _Answer(data, resumption_token(data) or "", answered, tuple(days), code, "".join(texts["error"][:1]))
