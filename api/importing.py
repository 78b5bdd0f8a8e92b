"""Files into a collection, with a progress bar: what `paperkin index` does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from indexer.collection import Collection
from indexer.encoder import open_encoder
from indexer.ingest import ingest
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources import registry


def import_files(
    files: Sequence[Path], settings: Settings, options: registry.Options, announce: Callable[[str], None]
) -> tuple[Report, int]:
    """Import files in order; returns the report and the number of papers in the collection.

    Every file is looked at before anything is stored. Raises `UnreadableSource` for one that cannot be read.
    """
    for path in files:
        registry.check(path)
    exists = Collection.exists(settings.collection)
    opened = Collection(settings.collection) if exists else None
    encoder = open_encoder(settings.model, settings.cache, announce)
    collection = opened or Collection.create(settings.collection, encoder.identity)
    report = Report()
    papers = (paper for path in files for paper in registry.read(path, report, options))
    with _progress(files, options) as progress:
        ingest(collection, encoder, papers, report, progress)
    return report, collection.snapshot().papers


@contextmanager
def _progress(files: Sequence[Path], options: registry.Options) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    counted = TextColumn("{task.completed:,} of {task.total:,} papers")
    total = _count(files, options)
    columns = (BarColumn(), counted, TimeRemainingColumn()) if total else (TextColumn("{task.completed:,} papers"),)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("import", total=total)
        yield lambda done: bar.update(task, completed=done)


def _count(files: Sequence[Path], options: registry.Options) -> int | None:
    """The papers in files, which takes little beside encoding them; `None` where they can be read only once."""
    if not all(path.is_file() for path in files):
        return None
    return sum(1 for path in files for _ in registry.read(path, Report(), options))
