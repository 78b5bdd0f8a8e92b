"""Commands that ask: search, related, show, info."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Annotated

import typer

from api import text
from api.commands.options import (
    AuthorOption,
    CategoryOption,
    CollectionOption,
    CountOption,
    FromOption,
    JsonOption,
    ModelOption,
    OffsetOption,
    SourceOption,
    ToOption,
    collection_of,
    print_json,
    service_of,
)
from indexer.filters import Filters
from search.query import Answer, Mode, Page, Query


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
    engine = service_of(collection, model).engine
    start = perf_counter()
    _show(engine.search(query), (perf_counter() - start) * 1000, as_json)


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
    engine = service_of(collection, model).engine
    start = perf_counter()
    answer = engine.related(tuple(ids), Page(k, offset), Filters(date_from, date_to, author, category, source))
    _show(answer, (perf_counter() - start) * 1000, as_json)


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
    answer = CollectionAnswer.of(opened.snapshot(), opened.identity, version("paperkin"))
    if as_json:
        print_json(answer.model_dump())
    else:
        print(text.info(opened.directory, answer))


def _show(answer: Answer, took_ms: float, as_json: bool) -> None:
    if as_json:
        from api.schemas import SearchAnswer

        print_json(SearchAnswer.of(answer, took_ms).model_dump())
    else:
        print(text.answer(answer))
