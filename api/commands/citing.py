"""The command that writes citations."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from api.commands.options import CollectionOption, collection_of


def cite(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Ids, DOIs, arXiv ids, or addresses with one.")],
    form: Annotated[
        Literal["bibtex", "ris", "csl-json", "markdown"], typer.Option("--format", "-f", help="What to write.")
    ] = "bibtex",
    collection: CollectionOption = None,
) -> None:
    """Print papers as citations, in their order."""
    from api.citations import FORMATS, cited

    print(FORMATS[form].write(cited(collection_of(collection).snapshot(), ids)), end="")
