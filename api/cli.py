"""The command line. Heavy libraries are imported by the commands that need them."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api import text
from indexer.errors import InvalidInput, PaperkinError, UnreadableSource
from indexer.filters import Filters
from indexer.settings import Settings
from search.query import Answer, Mode, Page, Query

if TYPE_CHECKING:
    from api.service import Service
    from indexer.collection import Collection

app = typer.Typer(
    name="paperkin",
    help="Semantic search in a collection of papers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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


@app.callback(invoke_without_command=True)
def top(show_version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    """Semantic search in a collection of papers."""
    if show_version:
        from importlib.metadata import version

        print(f"paperkin {version('paperkin')}")
        raise typer.Exit


@app.command()
def index(
    files: Annotated[
        list[Path], typer.Argument(help="JSON Lines files, or Daily Papers pages pasted as text; - is standard input.")
    ],
    collection: CollectionOption = None,
    model: ModelOption = None,
    year: Annotated[int | None, typer.Option(min=1000, max=9999, help="Year of dates written without one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Add papers to a collection, which is made if there is none."""
    from api.importing import import_files
    from indexer.sources.registry import Options

    report, papers = import_files(files, _settings(collection, model), Options(year), _announce)
    if as_json:
        _print_json(report.to_json())
    else:
        print(text.report(report, papers))
    if report.counts["skipped"] and report.counts["skipped"] >= report.read:
        raise UnreadableSource("No record could be read as a paper.", "Put one JSON object with a title on each line.")


@app.command()
def convert(
    files: Annotated[list[Path], typer.Argument(help="Files of any known format; - is standard input.")],
    year: Annotated[int | None, typer.Option(min=1000, max=9999, help="Year of dates written without one.")] = None,
) -> None:
    """Print the papers of files as JSON Lines, and the report on standard error. Nothing is stored."""
    from indexer.paper import to_line
    from indexer.report import Report
    from indexer.sources.registry import Options, read

    report = Report()
    for path in files:
        for paper in read(path, report, Options(year)):
            print(to_line(paper))
    print(text.report(report), file=sys.stderr)


@app.command()
def search(
    words: Annotated[
        list[str],
        typer.Argument(metavar="TEXT", help="What you look for, in plain words; - reads it from standard input."),
    ],
    k: CountOption = 10,
    offset: OffsetOption = 0,
    mode: Annotated[Mode, typer.Option(help="By meaning and words, by meaning, or by words.")] = Mode.HYBRID,
    date_from: FromOption = None,
    date_to: ToOption = None,
    author: AuthorOption = None,
    category: CategoryOption = None,
    source: SourceOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find papers for a question in plain words."""
    question = " ".join(words)
    asked = question if question != "-" else sys.stdin.read() if sys.stdin else ""
    query = Query(asked, Page(k, offset), mode, Filters(date_from, date_to, author, category, source))
    engine = _service(collection, model).engine
    start = perf_counter()
    _show(engine.search(query), (perf_counter() - start) * 1000, as_json)


@app.command()
def related(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Papers whose kin you want.")],
    k: CountOption = 10,
    offset: OffsetOption = 0,
    date_from: FromOption = None,
    date_to: ToOption = None,
    author: AuthorOption = None,
    category: CategoryOption = None,
    source: SourceOption = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the kin of one or several papers."""
    engine = _service(collection, model).engine
    start = perf_counter()
    answer = engine.related(tuple(ids), Page(k, offset), Filters(date_from, date_to, author, category, source))
    _show(answer, (perf_counter() - start) * 1000, as_json)


@app.command()
def show(
    paper_id: Annotated[str, typer.Argument(metavar="ID")],
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one paper."""
    snapshot = _collection(collection).snapshot()
    paper = snapshot.store.paper(paper_id)
    if as_json:
        from api.schemas import PaperAnswer
        from search.engine import index_version

        _print_json(PaperAnswer.of(paper, index_version=index_version(snapshot)).model_dump())
    else:
        print(text.paper(paper))


@app.command()
def info(collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """Show what a collection is."""
    from importlib.metadata import version

    from api.schemas import CollectionAnswer

    opened = _collection(collection)
    answer = CollectionAnswer.of(opened.snapshot(), opened.identity, version("paperkin"))
    if as_json:
        _print_json(answer.model_dump())
    else:
        print(text.info(opened.directory, answer))


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID…")],
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove papers from a collection: all of the given ones, or none if one is unknown."""
    start = perf_counter()
    opened = _collection(collection)
    snapshot = opened.snapshot()
    for paper_id in ids:
        snapshot.store.paper(paper_id)
    with opened.writing("remove") as writer:
        removed = writer.remove(ids)
    if as_json:
        from api.schemas import ChangeAnswer
        from search.engine import index_version

        version, took_ms = index_version(opened.snapshot()), round((perf_counter() - start) * 1000, 2)
        _print_json(ChangeAnswer(ids=ids, removed=removed, index_version=version, took_ms=took_ms).model_dump())
    else:
        print(f"Removed {text.many(removed, 'paper')}.")


@app.command()
def verify(collection: CollectionOption = None) -> None:
    """Read everything on disk and compare it with its checksums."""
    opened = _collection(collection)
    problems = opened.verify()
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise typer.Exit(1)
    print(f"{opened.directory} is well: {text.many(opened.snapshot().papers, 'paper')}.")


@app.command()
def rebuild(collection: CollectionOption = None) -> None:
    """Make the indexes anew from the papers; nothing is encoded again."""
    opened = _collection(collection)
    with opened.writing("rebuild") as writer:
        writer.rebuild()
    print(f"Made the indexes of {text.many(opened.snapshot().papers, 'paper')} anew.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to bind; another than this machine's own opens it to others.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to bind; 0 takes a free one.")] = 8000,
    collection: CollectionOption = None,
    model: ModelOption = None,
) -> None:
    """Serve the page and the REST interface."""
    from api.server import run

    run(_settings(collection, model), host, port, _announce)


def _settings(collection: Path | None, model: str | None = None) -> Settings:
    return Settings.from_environment(os.environ, collection=collection, model=model)


def _collection(collection: Path | None) -> Collection:
    from indexer.collection import Collection

    return Collection(_settings(collection).collection)


def _service(collection: Path | None, model: str | None) -> Service:
    from api.service import open_service

    return open_service(_settings(collection, model), announce=_announce)


def _announce(message: str) -> None:
    print(f"{message} …", file=sys.stderr, flush=True)


def _show(answer: Answer, took_ms: float, as_json: bool) -> None:
    if as_json:
        from api.schemas import SearchAnswer

        _print_json(SearchAnswer.of(answer, took_ms).model_dump())
    else:
        print(text.answer(answer))


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


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
            _print_json(error.to_json())
        _fail(f"{error.message}\n{error.next_step}", 2 if isinstance(error, InvalidInput) else 1)
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 1)
    except Exception as error:  # the last door: what nobody foresaw is said, with the way to see all of it
        _fail(f"Unexpected {type(error).__name__}: {error}\nSet PAPERKIN_DEBUG=1 to see where, and report it.", 1)


def _fail(message: str, status: int) -> None:
    print(f"paperkin: {text.printable(message)}", file=sys.stderr)
    sys.exit(status)
