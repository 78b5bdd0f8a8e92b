"""The command that serves language models."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.options import CollectionOption, ModelOption, announce, settings_of


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP instead of standard input and output.")] = False,
    host: Annotated[
        str, typer.Option(help="With --http, the address to bind; another than this machine's own opens it to others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --http, the port to bind; 0 takes a free one.")] = (
        8001
    ),
    collection: CollectionOption = None,
    model: ModelOption = None,
) -> None:
    """Serve language models over the Model Context Protocol: search, read, relate, explain. It changes nothing."""
    from api import mcp_server

    settings = settings_of(collection, model)
    if http:
        mcp_server.run_http(settings, host, port, announce)
    else:
        mcp_server.run_stdio(settings, announce)
