"""The command line. Heavy libraries are imported by the commands that need them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from api import text
from api.commands import asking, citing, digest, evaluating, filling, keys, mapping, mcp, upkeep
from api.commands.options import print_json
from indexer.errors import InvalidInput, PaperkinError

app = typer.Typer(
    name="paperkin",
    help="Semantic search in a collection of papers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def top(show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    """Semantic search in a collection of papers."""
    if show_version:
        from importlib.metadata import version

        print(f"paperkin {version('paperkin')}")
        raise typer.Exit


_COMMANDS: tuple[Callable[..., None], ...] = (
    filling.index, asking.search, asking.related, asking.rank, asking.show, citing.cite, asking.info,
    evaluating.evaluate, filling.convert, filling.export, upkeep.remove, upkeep.split, upkeep.merge, upkeep.verify,
    upkeep.rebuild, upkeep.compact, upkeep.backup, upkeep.restore, upkeep.serve, mcp.mcp,
)  # fmt: skip
for _command in _COMMANDS:
    app.command()(_command)
app.command("map")(mapping.draw_map)
app.add_typer(filling.fetch, name="fetch")
app.add_typer(keys.key, name="key")
app.add_typer(digest.digest, name="digest")


def main() -> None:
    """Run the command line. Every failure becomes a sentence; PAPERKIN_DEBUG=1 shows the traceback instead.

    Exit status: 0 done, 1 failed, 2 wrongly asked, 130 interrupted.
    """
    # A paper may hold any character; a terminal that cannot show one gets its escape, not an exception.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if os.environ.get("PAPERKIN_DEBUG"):
        app(prog_name="paperkin")
        return
    try:
        app(prog_name="paperkin")
    except PaperkinError as error:
        if "--json" in sys.argv:
            print_json(error.to_json())
        _fail(f"{error.message}\n{error.next_step}", 2 if isinstance(error, InvalidInput) else 1)
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 1)
    except Exception as error:  # the last door: what nobody foresaw is said, with the way to see all of it
        _fail(f"Unexpected {type(error).__name__}: {error}\nSet PAPERKIN_DEBUG=1 to see where, and report it.", 1)


def _fail(message: str, status: int) -> None:
    print(f"paperkin: {text.printable(message)}", file=sys.stderr)
    sys.exit(status)
