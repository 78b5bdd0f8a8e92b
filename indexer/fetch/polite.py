"""Asking other machines for papers: who asks, how often, and how long it keeps trying.

The only file that knows the HTTP library. Nothing is connected before the first `get`, and no host is asked but the
service's own.
"""

from __future__ import annotations

import math
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import TracebackType
from typing import Final, Self

import httpx2

from indexer.errors import InvalidSetting, PaperkinError, shorten

RETRIED: Final = frozenset({429, 500, 502, 503, 504})
"""Answers that say "not now" and nothing about the question."""
MAX_REDIRECTS: Final = 5
KEPT: Final = "What came is kept: fetch again later, and it goes on from there."

_RESET = re.compile(r"(?:^|;)\s*t\s*=\s*(\d{1,9})")


class FetchFailed(PaperkinError):
    """Another machine did not give what it was asked for."""

    code = "fetch_failed"


@dataclass(frozen=True, slots=True)
class Service:
    """A service by name and address; `delay` is the seconds it is left alone after each answer."""

    name: str
    address: str
    delay: float


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to keep trying, in seconds: `silence` without a byte, `answer` for a whole one, `wait` between tries.

    The wait doubles with each try, by up to a quarter more at random, unless the service says how long it wants to be
    left alone. If that is longer than `longest`, the fetch ends: asking earlier would be rude, and waiting is for the
    user to decide.
    """

    tries: int = 6
    silence: float = 120.0
    answer: float = 900.0
    wait: float = 3.0
    longest: float = 900.0
    max_bytes: int = 100_000_000


class _NotNow(Exception):
    """A try that may succeed when repeated; `wait` is what the service asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Client:
    """Asks one service, over one connection, one question after the other.

    `contact` is an address at which the service's operators can reach who is asking. `announce` is told of each wait
    that the user may wonder about. `clock` and `now` give seconds, monotonic and since 1970; `jitter` a number from
    0 to 1.
    """

    def __init__(
        self,
        service: Service,
        *,
        contact: str | None = None,
        patience: Patience | None = None,
        announce: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.service = service
        self._address = _checked(service)
        self._patience = patience or Patience()
        self.announce = announce
        self._clock, self._now, self._sleep, self._jitter = clock, now, sleep, jitter
        self._free_at = -math.inf
        self._http = httpx2.Client(
            headers={"User-Agent": user_agent(contact), "Accept-Encoding": "gzip"},
            timeout=self._patience.silence,
            limits=httpx2.Limits(max_connections=1),
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, parameters: Mapping[str, str], *, whole: Callable[[bytes], bool] = lambda _: True) -> bytes:
        """The service's answer to a question. One that is not `whole` counts as a broken connection.

        Raises `FetchFailed` after the last try, or at once where trying again is of no use.
        """
        url = self._address.copy_merge_params(dict(parameters))
        asked = shorten(str(_without_secrets(self._address).copy_merge_params(dict(parameters))), 300)
        for attempt in range(1, self._patience.tries + 1):
            try:
                data = self._ask(url, asked)
                if whole(data):
                    return data
                raise _NotNow("was cut off or is not what was asked for")  # noqa: TRY301  like any broken answer
            except _NotNow as reason:
                self._wait(asked, attempt, reason)
        raise AssertionError("the last try raises")

    def _wait(self, asked: str, attempt: int, reason: _NotNow) -> None:
        """Wait before the next try. Raises `FetchFailed` if there is none."""
        name, patience = self.service.name, self._patience
        tries = f"{attempt} {'try' if attempt == 1 else 'tries'}"
        if attempt == patience.tries:
            raise FetchFailed(f"{name} gave no answer after {tries}: {asked} {reason}.", KEPT) from reason
        wait = reason.wait
        if wait is None:
            wait = min(patience.wait * 2 ** (attempt - 1) * (1 + self._jitter() / 4), patience.longest)
        if wait > patience.longest:
            left_alone = f"{name} wants to be left alone for {wait:,.0f} seconds after {tries}: {asked} {reason}."
            raise FetchFailed(left_alone, KEPT) from reason
        self.announce(f"{name} {reason}; asking again in {wait:,.0f} s (try {attempt + 1} of {patience.tries})")
        self._free_at = max(self._free_at, self._clock() + wait)

    def _ask(self, url: httpx2.URL, asked: str) -> bytes:
        """One try, redirects included. Raises `_NotNow` and `FetchFailed`."""
        for _ in range(MAX_REDIRECTS + 1):
            if (pause := self._free_at - self._clock()) > 0:
                self._sleep(pause)
            try:
                with self._http.stream("GET", url) as response:
                    following = response.next_request
                    if following is None:
                        self._accept(response, asked)
                        return self._body(response, asked)
            except httpx2.UnsupportedProtocol as error:
                raise self._failed(asked, f"cannot be asked: {error}") from error
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                raise _NotNow(_reason(error)) from error
            finally:
                self._free_at = self._clock() + self.service.delay
            url = self._same_host(url, following.url, asked)
        raise self._failed(asked, "leads in circles")

    def _accept(self, response: httpx2.Response, asked: str) -> None:
        status = f"answered {response.status_code} {response.reason_phrase}".strip()
        if response.status_code in RETRIED:
            raise _NotNow(status, self._wanted(response.headers))
        if response.status_code != httpx2.codes.OK:
            raise self._failed(asked, status)

    def _body(self, response: httpx2.Response, asked: str) -> bytes:
        data, begun = bytearray(), self._clock()
        for piece in response.iter_bytes():
            data += piece
            if len(data) > self._patience.max_bytes:
                raise self._failed(asked, f"answered with more than {self._patience.max_bytes:,} bytes")
            if self._clock() - begun > self._patience.answer:
                raise _NotNow(f"took more than {self._patience.answer:,.0f} s to answer")
        return bytes(data)

    def _wanted(self, headers: Mapping[str, str]) -> float | None:
        """How many seconds the service wants to be left alone, if it says so."""
        after = headers.get("Retry-After", "").strip()
        if after.isascii() and after.isdigit():
            return float(after[:9])
        if after:
            try:
                day = parsedate_to_datetime(after)
            except ValueError:
                return None
            return max(0.0, day.replace(tzinfo=day.tzinfo or UTC).timestamp() - self._now())
        # The draft that Hugging Face follows: `RateLimit: "api";r=0;t=55`.
        reset = _RESET.search(headers.get("RateLimit", ""))
        return float(reset[1]) if reset else None

    def _same_host(self, old: httpx2.URL, new: httpx2.URL, asked: str) -> httpx2.URL:
        """Where a redirect leads, if that is no other service; from http to https is none."""
        ports = {"http": 80, "https": 443}
        was, is_now = (old.port or ports[old.scheme]), (new.port or ports.get(new.scheme))
        upgraded = (old.scheme, was, new.scheme, is_now) == ("http", 80, "https", 443)
        if new.host != old.host or not (upgraded or (old.scheme, was) == (new.scheme, is_now)):
            where = shorten(f"{new.scheme}://{new.netloc.decode('ascii', 'replace')}", 100)
            raise self._failed(
                asked, f"sends elsewhere, to {where}", "If you trust it, set the service's address to it."
            )
        return new

    def _failed(
        self, asked: str, reason: str, next_step: str = "Check the address and what was asked for."
    ) -> FetchFailed:
        return FetchFailed(f"{self.service.name} gave no answer: {asked} {reason}.", next_step)


def user_agent(contact: str | None) -> str:
    """How we introduce ourselves. Raises `InvalidSetting` for a contact that cannot be sent."""
    if contact is not None and (not contact.isascii() or not contact.isprintable() or len(contact) > 200):
        raise InvalidSetting(
            "The contact must be at most 200 printable ASCII characters.", "Set PAPERKIN_CONTACT to a mail address."
        )
    return f"paperkin/{version('paperkin')}" + (f" (+{contact})" if contact else "")


def _checked(service: Service) -> httpx2.URL:
    """The service's address. Raises `InvalidSetting` for what is none."""
    try:
        url = httpx2.URL(service.address)
        usable = url.scheme in {"http", "https"} and url.host.encode("idna") and "%" not in url.host
    except (httpx2.InvalidURL, UnicodeError):
        usable = False
    if not usable:
        raise InvalidSetting(
            f"The address of {service.name} must start with http:// or https://, and name a host.", "Mend the setting."
        )
    return url


def _without_secrets(url: httpx2.URL) -> httpx2.URL:
    """An address that may be shown: without user, password and parameters of its own."""
    return url.copy_with(username=None, password=None, query=None, fragment=None)


def _reason(error: Exception) -> str:
    """What went wrong, after the name of the service."""
    if isinstance(error, httpx2.TimeoutException):
        return "did not answer in time"
    return f"could not be asked ({shorten(str(error), 200) or type(error).__name__})"
