"""Commands that bring papers in and out: index, convert, export, fetch."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api import text
from api.commands.options import (
    CollectionOption,
    ColumnsOption,
    JsonOption,
    ModelOption,
    YearOption,
    announce,
    print_json,
    settings_of,
)
from indexer.errors import InvalidInput, PaperkinError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.settings import Settings
    from indexer.sources.registry import Options

FilesArgument = Annotated[
    list[Path], typer.Argument(help="Files, folders or patterns, packed or not; - is standard input.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Fail if any record was skipped.")]
DayOption = Annotated[str | None, typer.Option(metavar="DAY", help="A day such as 2026-01-31.")]


def index(
    files: FilesArgument,
    collection: CollectionOption = None,
    model: ModelOption = None,
    year: YearOption = None,
    columns: ColumnsOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Add papers to a collection, which is made if there is none."""
    _import(files, settings_of(collection, model), _options(year, columns), strict=strict, as_json=as_json)


def _import(files: Sequence[Path], settings: Settings, options: Options, *, strict: bool, as_json: bool) -> None:
    from api.importing import import_files
    from indexer.report import Report

    report = Report()
    try:
        papers, stopped = import_files(files, settings, options, report, announce)
    except PaperkinError:
        if report.read and not as_json:
            print(text.report(report, stored=True))  # what came of the records before the failure
        raise
    if as_json:
        print_json(report.to_json() | {"papers": papers, "stopped": stopped})
    else:
        print(text.report(report, papers))
    if stopped:
        print("Stopped. Run the same command again to go on: what is stored is not encoded again.", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130)  # a thread may be waiting for standard input, and Python's own way out would wait with it
    _draw(settings)
    skipped = report.counts["skipped"] + report.counts["unreadable"]
    if skipped and not report.kept:
        print(
            "paperkin: No record could be read as a paper.\nThe report says why; see docs/formats.md.", file=sys.stderr
        )
        raise typer.Exit(2)
    if skipped and strict:
        print(f"paperkin: {skipped:,} skipped or unreadable, which --strict does not allow.", file=sys.stderr)
        raise typer.Exit(1)


def _draw(settings: Settings) -> None:
    """The map, where it is missing or due. An import is done before it, whatever becomes of it."""
    from api.importing import share_done
    from api.mapping import draw_if_due
    from indexer.collection import Collection

    sys.stdout.flush()  # the report is read while the map is drawn
    with share_done("Drawing the map") as progress:
        draw_if_due(Collection(settings.collection), progress, announce)


def convert(
    files: FilesArgument, year: YearOption = None, columns: ColumnsOption = None, strict: StrictOption = False
) -> None:
    """Print the papers of files as JSON Lines, and the report on standard error. Nothing is stored."""
    from api.importing import read_all
    from indexer.paper import to_line
    from indexer.report import Report
    from indexer.sources.registry import find

    report = Report()
    for record in read_all(find(files), report, _options(year, columns)):
        print(to_line(record.paper))
    print(text.report(report), file=sys.stderr)
    if strict and report.counts["skipped"] + report.counts["unreadable"]:
        raise typer.Exit(1)


def export(collection: CollectionOption = None) -> None:
    """Print every paper as one line of JSON, which can be indexed again. A backup keeps records apart, too."""
    from indexer.directory import TRUTH, require
    from indexer.paper import to_line
    from indexer.store import Store

    directory = settings_of(collection).collection
    require(directory)
    store = Store(directory / TRUTH)  # the papers alone: also of a collection whose model or format is another one
    try:
        store.pin()
        for paper in store.all_papers():
            print(to_line(paper))
    finally:
        store.close()


fetch = typer.Typer(help="Fetch papers over the network and index them.", no_args_is_help=True, rich_markup_mode=None)
FolderOption = Annotated[
    Path | None, typer.Option(help="Where the answers are kept; by default in the cache. An interrupted fetch goes on.")
]


@fetch.command("arxiv")
def fetch_arxiv(
    category: Annotated[str, typer.Option(help="A category, such as cs.CL, or an archive, such as math.")],
    since: Annotated[str, typer.Option(metavar="DAY", help="First day of the last change to a record.")],
    until: DayOption = None,
    folder: FolderOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a category's records from arXiv by OAI-PMH, one request every three seconds, and index them."""
    from indexer.fetch import arxiv
    from indexer.fetch.polite import Client

    settings = settings_of(collection, model)
    place = folder or settings.cache / "fetched"
    address = os.environ.get("PAPERKIN_ARXIV_URL", arxiv.SERVICE.address)
    with Client(replace(arxiv.SERVICE, address=address), contact=_contact(), announce=announce) as client:
        days = (_day(since), _day(until) if until else None)
        pages = arxiv.fetch(client, category, *days, folder=place)
        _index_fetched(pages, place / arxiv.folder_name(category, *days), settings, as_json=as_json)


@fetch.command("hf")
def fetch_hf(
    day: Annotated[str | None, typer.Option("--date", metavar="DAY", help="One day of Daily Papers.")] = None,
    since: DayOption = None,
    until: DayOption = None,
    folder: FolderOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch days of Hugging Face's Daily Papers (today without --date and --since) and index them."""
    from indexer.fetch import huggingface
    from indexer.fetch.polite import Client

    settings = settings_of(collection, model)
    place = folder or settings.cache / "fetched"
    asked = day or since
    first = _day(asked) if asked else date.today()
    last = first if day else _day(until) if until else None
    address = os.environ.get("PAPERKIN_HF_URL", huggingface.SERVICE.address)
    with Client(replace(huggingface.SERVICE, address=address), contact=_contact(), announce=announce) as client:
        pages = huggingface.fetch(client, first, last, folder=place)
        _index_fetched(pages, place / huggingface.FOLDER, settings, as_json=as_json)


def _index_fetched(pages: Iterator[Path], folder: Path, settings: Settings, *, as_json: bool) -> None:
    """Fetch to the end, then index the whole folder: what an earlier run fetched and did not index is in it, too.

    Where fetching fails what has come is indexed before the failure is told.
    """
    from indexer.fetch.polite import FetchFailed
    from indexer.sources.registry import Options

    failed: FetchFailed | None = None
    try:
        for number, page in enumerate(pages, 1):
            print(f"Fetched {page.name} ({text.many(number, 'answer')}) …", file=sys.stderr, flush=True)
    except FetchFailed as error:
        failed = error
    if folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
        _import([folder], settings, Options(), strict=False, as_json=as_json)
    elif not failed:
        print_json({"read": 0}) if as_json else print("Nothing is there.")
    if failed:
        raise failed


def _contact() -> str | None:
    return os.environ.get("PAPERKIN_CONTACT") or None


def _day(text_: str) -> date:
    try:
        return date.fromisoformat(text_)
    except ValueError as error:
        raise InvalidInput(f"{text_!r} is not a day.", "Write it as 2026-01-31.") from error


def _options(year: int | None, columns: str | None) -> Options:
    from indexer.paper import FIELDS
    from indexer.sources.registry import Options

    mapping = {}
    for pair in filter(None, (columns or "").split(",")):
        field, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column or field not in (*FIELDS, "arxiv", "doi", "pmid"):
            raise InvalidInput(
                f"--columns has {pair!r}.",
                "Write title=Column,abstract=Column; the fields are those of data/README.md.",
            )
        mapping[field] = column
    return Options(year, mapping)
