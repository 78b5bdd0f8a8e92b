"""What the commands share: their options, and the way from options to a collection."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer

from indexer.filters import Filters
from indexer.settings import Settings
from search.query import Mode, Page, Query

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
ModeOption = Annotated[Mode, typer.Option(help="By meaning and words, by meaning, or by words.")]
LikeOption = Annotated[
    list[str] | None, typer.Option("--like", metavar="ID", help="A paper that answers should be near to; repeatable.")
]
DislikeOption = Annotated[
    list[str] | None,
    typer.Option("--dislike", metavar="ID", help="A paper that answers should be far from; repeatable."),
]
AbstractOption = Annotated[
    str, typer.Option(metavar="TEXT", help="A text to find papers like, taken as it is; - reads standard input.")
]
PlainOption = Annotated[bool, typer.Option("--plain", help='No operators: quotation marks and "-" are plain text.')]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Say why each paper is found, and what was run.")]
YearOption = Annotated[int | None, typer.Option(min=1000, max=9999, help="Year of dates written without one.")]
ColumnsOption = Annotated[
    str | None, typer.Option(help="Columns of a table, as title=Titel,abstract=Summary,…; guessed without it.")
]


_FILTERS: Final[dict[str, Any]] = {
    "date_from": FromOption,
    "date_to": ToOption,
    "author": AuthorOption,
    "category": CategoryOption,
    "source": SourceOption,
}
_QUESTION: Final[dict[str, tuple[Any, Any]]] = {
    "mode": (ModeOption, Mode.HYBRID),
    "like": (LikeOption, None),
    "dislike": (DislikeOption, None),
    "abstract": (AbstractOption, ""),
    "plain": (PlainOption, False),
    "explain": (ExplainOption, False),
    **{name: (option, None) for name, option in _FILTERS.items()},
}


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that a question is composed of.

    It gets them as `ask`, which makes the `Query` from the text, the page and papers that the command itself likes.
    """

    def with_options(**values: Any) -> None:
        given = {name: values.pop(name) for name in _QUESTION}
        command(ask=lambda text, page, liked=(): _query(text, page, liked, **given), **values)

    own = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=option)
        for name, (option, default) in _QUESTION.items()
    ]
    parameters = [each.replace(kind=each.KEYWORD_ONLY, annotation=hints[each.name]) for each in own.parameters.values()]
    with_options.__name__, with_options.__doc__ = command.__name__, command.__doc__
    with_options.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[each for each in parameters if each.name != "ask"] + more
    )
    with_options.__annotations__ = {each.name: each.annotation for each in parameters if each.name != "ask"} | {
        name: option for name, (option, _) in _QUESTION.items()
    }
    return with_options


def _query(
    text: str,
    page: Page,
    liked: tuple[str, ...],
    mode: Mode,
    like: list[str] | None,
    dislike: list[str] | None,
    abstract: str,
    plain: bool,
    explain: bool,
    **filters: str | None,
) -> Query:
    pasted = standard_input() if abstract == "-" else abstract
    return Query(
        text,
        page,
        mode,
        Filters.of(**filters),
        pasted,
        (*liked, *(like or ())),
        tuple(dislike or ()),
        syntax=not plain,
        explain=explain,
    )


def standard_input() -> str:
    """All of it; nothing where there is none."""
    return sys.stdin.read() if sys.stdin else ""


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
