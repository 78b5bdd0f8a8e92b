"""The command that draws the map."""

from __future__ import annotations

import sys
from time import perf_counter

import typer

from api import text
from api.commands.options import CollectionOption, JsonOption, collection_of, print_json


def draw_map(collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """Draw the map of a collection anew: a place for each paper, and names for its regions."""
    from api.importing import share_done
    from search.drawing import draw_and_keep

    opened = collection_of(collection)
    if not opened.snapshot().papers:
        print("There are no papers to draw a map of.", file=sys.stderr)
        raise typer.Exit(2)
    start = perf_counter()
    with share_done("Drawing the map") as progress:
        atlas = draw_and_keep(opened, progress)
    took = perf_counter() - start
    if as_json:
        facts = {"map": atlas.id, "papers": len(atlas.keys), "clusters": len(atlas.clusters)}
        print_json(facts | {"took_ms": round(took * 1000)})
        return
    print(
        f"Drew {text.many(len(atlas.keys), 'paper')} in {took:,.1f} s, in {text.many(len(atlas.clusters), 'region')}:"
    )
    for each in atlas.clusters:
        if each.level == 0:
            print(f"  {each.papers:>7,}  {each.label}")
