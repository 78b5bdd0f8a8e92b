"""A mail server on loopback: a real one, which keeps what it takes and refuses what it is told to."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from asyncio import Server
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from api.mail_settings import MailSettings

USER, PASSWORD = "sender", "a password"
TAKEN = "250 OK"


@dataclass
class Mailbox:
    """What was handed over, in order; and what is answered to recipients and to messages."""

    raw: list[tuple[str, bytes]] = field(default_factory=list)
    on_recipient: Callable[[str], str] = lambda _: TAKEN
    on_message: Callable[[str], str] = lambda _: TAKEN
    taken: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(  # noqa: N802  the server's name for it
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        del server, session, options
        answer = self.on_recipient(address)
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        del server, session
        (address,) = envelope.rcpt_tos
        answer = self.on_message(address)
        if answer == TAKEN:
            self.raw.append((address, envelope.content))
            self.taken.set()
        return answer

    @property
    def messages(self) -> list[tuple[str, EmailMessage]]:
        """Recipient and message of each that was taken."""
        found = []
        for address, content in self.raw:
            message = message_from_bytes(content, policy=default)
            assert isinstance(message, EmailMessage)
            found.append((address, message))
        return found


@contextmanager
def serving_mail(
    mailbox: Mailbox, security: str = "none", *, auth: bool = False, folder: Path | None = None
) -> Iterator[MailSettings]:
    """The settings that reach a server for this mailbox; with TLS a certificate is made in `folder`."""
    values: dict[str, Any] = {}
    if security != "none":
        assert folder is not None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate(folder))
        values = {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    if auth:
        values |= {"authenticator": _authenticate, "auth_required": True, "auth_require_tls": security == "starttls"}
    controller = _Controller(mailbox, hostname="127.0.0.1", port=0, **values)
    controller.start()
    try:
        port = controller.bound()
        yield MailSettings(
            host="localhost" if security != "none" else "127.0.0.1",
            port=port,
            security=security,  # type: ignore[arg-type]
            sender="papers@example.org",
            public_url="https://papers.example.org",
            user=USER if auth else None,
            password=PASSWORD if auth else None,
            ca=folder / "cert.pem" if folder else None,
        )
    finally:
        controller.stop(no_assert=True)


class _Controller(Controller):
    """One that takes a free port, and asks that one whether it is served."""

    def bound(self) -> int:
        assert isinstance(self.server, Server)
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        socket.create_connection(("127.0.0.1", self.bound())).close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody but its owner trusts, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert, key


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    del server, session, envelope, mechanism
    good = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)
