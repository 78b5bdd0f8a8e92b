"""`paperkin key`: who may vote, and has a rate limit of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import CollectionOption, JsonOption, print_json, settings_of
from indexer.errors import InvalidInput

if TYPE_CHECKING:
    from indexer.readers import Readers

key = typer.Typer(help="Keys of readers: to vote with, and for a rate limit of one's own.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The reader's name.", metavar="NAME")]


@key.command()
def add(name: Name, collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """Make a key for a reader. It is shown this once."""
    made = _readers(collection).add_key(name)
    if as_json:
        print_json({"name": name, "key": made})
    else:
        print(made)


@key.command("list")
def list_(collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """Who has a key, and since when."""
    found = _readers(collection).holders()
    if as_json:
        print_json([{"name": name, "made": made} for name, made in found])
        return
    for name, made in found:
        print(f"{made[:10]}  {name}")
    if not found:
        print("Nobody has a key. Make one with: paperkin key add NAME")


@key.command()
def remove(name: Name, collection: CollectionOption = None) -> None:
    """Take a reader's key away, and their votes back."""
    if not _readers(collection).remove_key(name):
        raise InvalidInput(f"Nobody called {name!r} has a key.", "See who has: paperkin key list.")
    print(f"The key of {name} is no longer valid.")


def _readers(collection: CollectionOption) -> Readers:
    from indexer.directory import require
    from indexer.readers import Readers

    settings = settings_of(collection)
    require(settings.collection)
    return Readers.open(settings.collection)
