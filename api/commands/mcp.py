"""The command that serves language models."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.options import CollectionOption, ModelOption, announce, settings_of
from indexer.errors import InvalidInput


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP instead of standard input and output.")] = False,
    host: Annotated[
        str | None,
        typer.Option(help="With --http, the address to bind, else 127.0.0.1; another opens it to other machines."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="With --http, the port to bind, else 8001; 0 takes a free one.")
    ] = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
) -> None:
    """Serve language models over the Model Context Protocol: search, read, relate, explain. It changes nothing."""
    if not http and (host is not None or port is not None):
        raise InvalidInput("An address is for HTTP, and this is standard input and output.", "Add --http.")
    from api import mcp_server

    settings = settings_of(collection, model)
    if http:
        mcp_server.run_http(settings, host or "127.0.0.1", 8001 if port is None else port, announce)
    else:
        mcp_server.run_stdio(settings, announce)
