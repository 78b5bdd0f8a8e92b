"""Commands that look after a collection: remove, split, merge, verify, rebuild, compact, backup, restore, serve."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from api import text
from api.commands.options import (
    CollectionOption,
    JsonOption,
    ModelOption,
    announce,
    collection_of,
    print_json,
    settings_of,
)


def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID…")],
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove papers from a collection: all of the given ones, or none if one is unknown."""
    start = perf_counter()
    opened = collection_of(collection)
    snapshot = opened.snapshot()
    ids = [snapshot.store.find(name)[1] for name in ids]
    with opened.writing("remove") as writer:
        removed = writer.remove(ids)
    if as_json:
        from api.schemas import ChangeAnswer
        from search.engine import index_version

        version, took_ms = index_version(opened.snapshot()), round((perf_counter() - start) * 1000, 2)
        print_json(ChangeAnswer(ids=ids, removed=removed, index_version=version, took_ms=took_ms).model_dump())
    else:
        print(f"Removed {text.many(removed, 'paper')}.")


def verify(collection: CollectionOption = None) -> None:
    """Read everything on disk and compare it with its checksums."""
    opened = collection_of(collection)
    problems = opened.verify() + _of_readers(opened.directory)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise typer.Exit(1)
    print(f"{opened.directory} is well: {text.many(opened.snapshot().papers, 'paper')}.")


def rebuild(collection: CollectionOption = None) -> None:
    """Make the indexes anew from the papers; nothing is encoded again."""
    opened = collection_of(collection)
    with opened.writing("rebuild") as writer:
        writer.rebuild()
    print(f"Made the indexes of {text.many(opened.snapshot().papers, 'paper')} anew.")


def serve(
    host: Annotated[str, typer.Option(help="Address to bind; another than this machine's own opens it to others.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to bind; 0 takes a free one.")] = 8000,
    collection: CollectionOption = None,
    model: ModelOption = None,
) -> None:
    """Serve the page and the REST interface."""
    from api.mail_settings import MailSettings
    from api.server import run

    run(settings_of(collection, model), MailSettings.from_environment(os.environ), host, port, announce)


def compact(collection: CollectionOption = None) -> None:
    """Leave nothing of removed papers in any file: write the papers and their indexes anew."""
    opened = collection_of(collection)
    before = _size(opened.directory)
    with opened.writing("compact") as writer:
        writer.compact()
    print(f"{opened.directory} is compact: {before / 1e6:,.1f} MB before, {_size(opened.directory) / 1e6:,.1f} MB now.")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier backup.")] = False,
    readers: Annotated[
        Path | None, typer.Option(help="Another file, for keys, votes and subscriptions, which the first leaves out.")
    ] = None,
    collection: CollectionOption = None,
) -> None:
    """Write the whole collection into one file, also while it is served and written."""
    from indexer import upkeep

    opened = collection_of(collection)
    papers = upkeep.backup(opened, file, overwrite=overwrite)
    if readers:
        upkeep.backup_readers(opened.directory, readers)
        print(f"{readers} holds the readers, their addresses included: keep it to yourself.")
    print(f"{file} holds {text.many(papers, 'paper')}, checked ({file.stat().st_size / 1e6:,.1f} MB).")


def restore(
    file: Annotated[Path, typer.Argument(help="A file made by backup.")],
    readers: Annotated[Path | None, typer.Option(help="A file made by backup --readers.")] = None,
    collection: CollectionOption = None,
) -> None:
    """Make a collection of a backup, in a new or empty directory, after checking all of it."""
    from indexer import upkeep

    opened = upkeep.restore(file, settings_of(collection).collection)
    if readers:
        upkeep.restore_readers(readers, opened.directory)
    print(f"{opened.directory} holds {text.many(opened.snapshot().papers, 'paper')} again.")


def split(
    name: Annotated[str, typer.Argument(metavar="ID", help="The paper that the record was merged into.")],
    source: Annotated[str, typer.Argument(help="The record's source, as show --sources names it.")],
    record: Annotated[str, typer.Argument(metavar="RECORD", help="The record's id.")],
    collection: CollectionOption = None,
    model: ModelOption = None,
) -> None:
    """Undo a merge: make one record of a paper a paper of its own, for good."""
    from indexer import upkeep
    from indexer.encoder import open_encoder

    settings = settings_of(collection, model)
    opened = collection_of(collection)  # first: a missing collection is told before a model is loaded
    encoder = open_encoder(settings.model, settings.cache, announce, settings.runtime)
    source = "" if source == text.NO_SOURCE else source
    print(f"It is the paper {upkeep.split(opened, encoder, name, source, record)} now.")


def merge(
    name: Annotated[str, typer.Argument(metavar="ID", help="The paper that stays.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The paper that becomes part of it.")],
    collection: CollectionOption = None,
    model: ModelOption = None,
) -> None:
    """Make two papers one. Both keep their records; split undoes it."""
    from indexer import upkeep
    from indexer.encoder import open_encoder

    settings = settings_of(collection, model)
    opened = collection_of(collection)
    encoder = open_encoder(settings.model, settings.cache, announce, settings.runtime)
    print(f"Both are the paper {upkeep.merge(opened, encoder, name, other)} now.")


def _of_readers(directory: Path) -> list[str]:
    from indexer.readers import READERS, Readers

    if not (directory / READERS).exists():
        return []
    readers = Readers(directory / READERS)
    try:
        return [f"{directory / READERS}: {problem}" for problem in readers.problems()]
    finally:
        readers.close()


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
