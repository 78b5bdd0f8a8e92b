"""Runs the application on a socket. The only import of uvicorn."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.app import create_app
from api.errors import error_body
from api.loopback import is_loopback
from api.mail_settings import MailSettings
from api.service import open_service
from indexer.errors import InvalidInput
from indexer.settings import Settings

_log = logging.getLogger(__name__)


class Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, but for a request that is none: that too is answered in our shape."""

    def send_400_response(self, msg: str) -> None:
        """Refuse and close. `msg` is uvicorn's own sentence; no route, and no middleware, ever sees the request."""
        _log.info("Refused a request: %s", msg)
        step = "Percent-encode the address as UTF-8, and keep it under 64 kB."
        body = json.dumps(error_body("malformed_request", "The request is not HTTP as it should be.", step)).encode()
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.transport.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        self.transport.close()


def run(settings: Settings, mail: MailSettings | None, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until interrupted. Raises `InvalidInput` where the address cannot be bound."""
    service = open_service(settings, loopback=is_loopback(host), many=True, mail=mail, announce=announce)
    papers = service.engine.snapshot().papers
    with bind(host, port) as listening:
        address = address_of(host, listening)
        print(f"Paperkin serves {papers:,} papers at {address} (REST: {address}/docs). Ctrl-C stops.", flush=True)
        if not service.loopback and service.api_key is None:
            print("It takes no changes: set PAPERKIN_API_KEY to allow them with that key.", flush=True)
        serve(create_app(service), listening)


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Answer what comes to a socket until interrupted."""
    config = uvicorn.Config(app, log_level="warning", server_header=False, lifespan="on", http=Protocol)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # the way to stop it, not a failure; requests under way have been answered
        print("Stopped.")


def address_of(host: str, listening: socket.socket) -> str:
    """Where a socket that listens can be asked."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listening.getsockname()[1]}"


def bind(host: str, port: int) -> socket.socket:
    """Bind before serving, so that a taken port is told in a sentence. Raises `InvalidInput`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # The protocol by its number: only then does asyncio send small packets at once. Otherwise the end of an answer
        # waits until its beginning is acknowledged, which takes 40 ms.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:  # a name that cannot be looked up, or cannot even be a name
        raise InvalidInput(f"There is no address {host!r} to bind.", "Use --host 127.0.0.1.") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()  # now: who reads the address may connect at once, and two servers cannot share the port
    except OSError as error:
        listening.close()
        raise InvalidInput(
            f"Cannot serve on {host}, port {port}: {error.strerror or error}.", "Choose another port with --port."
        ) from error
    return listening
