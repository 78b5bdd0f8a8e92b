"""Commands that ask: search, related, rank, show, info."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from api import text, text_answers
from api.commands.options import (
    CollectionOption,
    CountOption,
    JsonOption,
    ModelOption,
    OffsetOption,
    asks,
    collection_of,
    print_json,
    service_of,
    standard_input,
)
from search.answer import Answer
from search.query import Page, Query

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TEXT",
        help='What you look for, in plain words; also "exact phrase", -word, author:, category:, source:, after:, '
        "before:, id:, all in single quotes, behind -- where it begins with a minus. A lone - reads standard input.",
    ),
]
Ask = Callable[..., Query]
"""Of a text, a page and, where a command names some itself, liked papers."""


@asks
def search(
    ask: Ask,
    words: Words = None,
    k: CountOption = 10,
    offset: OffsetOption = 0,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find papers for a question in plain words, for papers you like, or for both."""
    _search(ask(_text(words), Page(k, offset)), collection, model, as_json)


@asks
def related(
    ask: Ask,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Papers whose kin you want.")],
    k: CountOption = 10,
    offset: OffsetOption = 0,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the kin of one or several papers."""
    _search(ask("", Page(k, offset), tuple(ids)), collection, model, as_json)


@asks
def rank(
    ask: Ask,
    name: Annotated[str, typer.Argument(metavar="ID", help="The paper whose place you want to know.")],
    words: Words = None,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a paper stands for a question, or what keeps it out."""
    query = ask(_text(words), Page())
    engine = service_of(collection, model).engine
    start = perf_counter()
    standing = engine.standing(query, name)
    if as_json:
        from api.answers import RankAnswer

        print_json(RankAnswer.of(standing, (perf_counter() - start) * 1000).model_dump())
    else:
        print(text_answers.standing(standing, marks=sys.stdout.isatty()))


def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="An id, a DOI, an arXiv id, or an address with one.")],
    sources: Annotated[bool, typer.Option("--sources", help="Also every record that the paper was made of.")] = False,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one paper."""
    snapshot = collection_of(collection).snapshot()
    key, _ = snapshot.store.find(name)
    paper = snapshot.store.papers([key])[key]
    if sources:
        records = snapshot.store.entries([key])[key].records
        if as_json:
            from api.schemas import RecordShape

            print_json({"id": paper.id, "records": [RecordShape.of(record).model_dump() for record in records]})
        else:
            print(f"{text.paper(paper)}\n\n{text.records(records)}")
    elif as_json:
        from api.schemas import PaperAnswer
        from search.engine import index_version

        print_json(PaperAnswer.of(paper, index_version=index_version(snapshot)).model_dump())
    else:
        print(text.paper(paper))


def info(collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """Show what a collection is."""
    from importlib.metadata import version

    from api.schemas import CollectionAnswer

    opened = collection_of(collection)
    answer = CollectionAnswer.of(opened.snapshot(), opened, version("paperkin"))
    if as_json:
        print_json(answer.model_dump())
    else:
        print(text.info(opened.directory, answer))


def _text(words: list[str] | None) -> str:
    asked = " ".join(words or ())
    return standard_input() if asked == "-" else asked


def _search(query: Query, collection: Path | None, model: str | None, as_json: bool) -> None:
    engine = service_of(collection, model).engine
    start = perf_counter()
    answer = engine.search(query)
    _show(answer, (perf_counter() - start) * 1000, query, as_json)


def _show(answer: Answer, took_ms: float, query: Query, as_json: bool) -> None:
    if as_json:
        from api.answers import SearchAnswer

        print_json(SearchAnswer.of(answer, took_ms, explain=query.explain).model_dump())
    else:
        print(text_answers.answer(answer, explain=query.explain, marks=sys.stdout.isatty()))
