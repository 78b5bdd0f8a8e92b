"""What the commands share: their options, and the way from options to a collection."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from indexer.settings import Settings

if TYPE_CHECKING:
    from api.service import Service
    from indexer.collection import Collection

CollectionOption = Annotated[
    Path | None,
    typer.Option("--collection", "-c", help="Directory of the collection [env: PAPERKIN_COLLECTION]."),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", help="A sentence-transformers name or folder instead of the bundled model [env: PAPERKIN_MODEL]."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for programs, in the shapes of the REST interface.")]
CountOption = Annotated[int, typer.Option("-k", help="How many papers.")]
OffsetOption = Annotated[int, typer.Option(help="How many to leave out first.")]
FromOption = Annotated[str | None, typer.Option("--from", help="First date: 2025-06-23, 2025-06 or 2025.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Last date, inclusive.")]
AuthorOption = Annotated[str | None, typer.Option(help="Words of one author's name.")]
CategoryOption = Annotated[str | None, typer.Option(help="A category, or the archive before its dot.")]
SourceOption = Annotated[str | None, typer.Option(help="Where the paper came from.")]
YearOption = Annotated[int | None, typer.Option(min=1000, max=9999, help="Year of dates written without one.")]
ColumnsOption = Annotated[
    str | None, typer.Option(help="Columns of a table, as title=Titel,abstract=Summary,…; guessed without it.")
]


def settings_of(collection: Path | None, model: str | None = None) -> Settings:
    """The settings of the environment and these options."""
    return Settings.from_environment(os.environ, collection=collection, model=model)


def collection_of(collection: Path | None) -> Collection:
    """The collection that is meant, open."""
    from indexer.collection import Collection

    return Collection(settings_of(collection).collection)


def service_of(collection: Path | None, model: str | None) -> Service:
    """Collection, encoder and engine."""
    from api.service import open_service

    return open_service(settings_of(collection, model), announce=announce)


def announce(message: str) -> None:
    """Say on standard error that something slow begins."""
    print(f"{message} …", file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """For programs."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
