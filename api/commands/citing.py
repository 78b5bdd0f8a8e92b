"""The command that writes citations."""

from __future__ import annotations

from typing import Annotated

import typer

from api.citations import FormatName
from api.commands.options import CollectionOption, collection_of


def cite(
    ids: Annotated[
        list[str],
        typer.Argument(metavar="ID…", help="Papers: ids, DOIs, arXiv ids, or addresses with one."),
    ],
    form: Annotated[FormatName, typer.Option("--format", "-f", help="What to write.")] = "bibtex",
    collection: CollectionOption = None,
) -> None:
    """Print papers as citations: BibTeX, RIS, CSL-JSON or Markdown."""
    from api.citations import cited, format_of

    print(format_of(form).write(cited(collection_of(collection).snapshot(), ids)), end="")
