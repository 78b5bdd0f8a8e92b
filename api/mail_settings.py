"""Where mail goes out, and under which name: read once at the door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Final, Literal, cast, get_args

from api.loopback import is_loopback
from indexer.errors import InvalidSetting

Security = Literal["tls", "starttls", "none"]
_PORTS: Final[dict[str, int]] = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """A mail server, the sender, and the address under which readers reach this server.

    `send_at` is when digests go out each day, in UTC, while the server runs; `None` leaves that to `paperkin digest
    send`. `ca` is a file of certificates to trust instead of the system's.
    """

    host: str
    port: int
    security: Security
    sender: str
    public_url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    send_at: time | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> MailSettings | None:
        """`PAPERKIN_SMTP_HOST`, `_PORT`, `_SECURITY`, `_USER`, `_PASSWORD`, `_CA`, `PAPERKIN_MAIL_FROM`,
        `PAPERKIN_PUBLIC_URL` and `PAPERKIN_DIGEST_AT`; `None` without a host. Raises `InvalidSetting`.
        """
        host = environ.get("PAPERKIN_SMTP_HOST")
        if not host:
            return None
        security = environ.get("PAPERKIN_SMTP_SECURITY") or "starttls"
        if security not in get_args(Security):
            raise _wrong("SMTP_SECURITY", security, "tls (port 465), starttls (587) or none")
        user = _login(environ, "USER")
        if security == "none" and user and not is_loopback(host):
            raise InvalidSetting(
                f"PAPERKIN_SMTP_SECURITY is none: the password would go to {host} for anyone to read.",
                "Set it to tls or starttls.",
            )
        port = environ.get("PAPERKIN_SMTP_PORT") or str(_PORTS[security])
        if not re.fullmatch(r"\d{1,5}", port, re.ASCII) or not 0 < int(port) < 2**16:
            raise _wrong("SMTP_PORT", port, "a number such as 587")
        ca = environ.get("PAPERKIN_SMTP_CA")
        if ca and not Path(ca).is_file():
            raise _wrong("SMTP_CA", ca, "a file of certificates")
        return cls(
            host=host,
            port=int(port),
            security=cast(Security, security),
            sender=_sender(environ.get("PAPERKIN_MAIL_FROM") or ""),
            public_url=_url(environ.get("PAPERKIN_PUBLIC_URL") or ""),
            user=user,
            password=_login(environ, "PASSWORD"),
            ca=Path(ca) if ca else None,
            send_at=_time(environ.get("PAPERKIN_DIGEST_AT") or ""),
        )


def _wrong(name: str, value: str, wanted: str) -> InvalidSetting:
    return InvalidSetting(
        f"PAPERKIN_{name} is {value!r}." if value else f"PAPERKIN_{name} is not set.", f"Set it to {wanted}."
    )


def _login(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(f"PAPERKIN_SMTP_{name}") or None
    if value and not value.isascii():
        raise InvalidSetting(
            f"PAPERKIN_SMTP_{name} holds letters beyond ASCII, which cannot be logged in with.",
            "Have the mail server give you another.",
        )
    return value


def _sender(address: str) -> str:
    if not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address) or not address.isascii():
        raise _wrong("MAIL_FROM", address, "the address that mail comes from, such as papers@example.org")
    return address


def _url(address: str) -> str:
    if not re.fullmatch(r"https?://[^\s?#]+", address):
        raise _wrong("PUBLIC_URL", address, "the address of this server as readers type it: https://papers.example.org")
    return address.rstrip("/")


def _time(written: str) -> time | None:
    if not written:
        return None
    try:
        found = time.fromisoformat(written)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise _wrong("DIGEST_AT", written, "a time of day in UTC, such as 07:00")
    return found
