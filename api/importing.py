"""Files into a collection, with a progress bar: what `paperkin index` does."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from indexer.collection import Collection
from indexer.encoder import open_encoder
from indexer.errors import UnreadableSource
from indexer.identity import Record
from indexer.ingest import ingest
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources import registry


def import_files(
    names: Sequence[Path],
    settings: Settings,
    options: registry.Options,
    report: Report,
    announce: Callable[[str], None],
) -> tuple[int, bool]:
    """Import files, folders and patterns in order, and say in the report what became of each record.

    Returns the number of papers in the collection, and whether a person stopped the import: then what was under way
    has been finished and stored. Raises `UnreadableSource` for a single file that cannot be read, and for what is not
    there.
    """
    files = registry.find(names)
    for path in files if len(files) == 1 else []:
        registry.check(path, options)
    exists = Collection.exists(settings.collection)
    opened = Collection(settings.collection) if exists else None
    encoder = open_encoder(settings.model, settings.cache, announce, settings.runtime)
    collection = opened or Collection.create(settings.collection, encoder.identity)
    stopped = threading.Event()
    with _stop_on_interrupt(stopped), _progress(files, options, stopped.is_set) as progress:
        ingest(collection, encoder, read_all(files, report, options), report, progress, stopped.is_set)
    return collection.snapshot().papers, stopped.is_set()


def read_all(files: Sequence[Path], report: Report, options: registry.Options) -> Iterator[Record]:
    """The records of all files. Where there are several, one that cannot be read is reported and the rest are read."""
    for path in files:
        try:
            yield from registry.read(path, report, options)
        except UnreadableSource as error:
            if len(files) == 1:
                raise
            report.note("unreadable", path.name, error.message)


@contextmanager
def _stop_on_interrupt(stopped: threading.Event) -> Iterator[None]:
    """The first Ctrl-C asks the import to finish what is under way; the second one ends it as usual."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stopped.set()
        signal.signal(signal.SIGINT, before)
        print("\nStopping: what has been encoded is being stored …", file=sys.stderr, flush=True)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(
    files: Sequence[Path], options: registry.Options, stop: Callable[[], bool]
) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal with the rate and the time left, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f}/s")

    counted = TextColumn("{task.completed:,} of {task.total:,} records")
    total = _count(files, options, stop)
    columns: tuple[ProgressColumn, ...] = (TextColumn("{task.completed:,} records"), Rate(), TimeElapsedColumn())
    if total:
        columns = (BarColumn(), counted, Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=60) as bar:
        task = bar.add_task("import", total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def share_done(what: str) -> Iterator[Callable[[float], None]]:
    """A bar for work that is told by its share, from 0 to 1, with the time left; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=60) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda done: bar.update(task, completed=done)


def _count(files: Sequence[Path], options: registry.Options, stop: Callable[[], bool]) -> int | None:
    """The records in files, which takes little beside encoding them.

    `None` where they can be read only once or not to their end, and where a person does not want to wait.
    """
    if not all(path.is_file() for path in files):
        return None
    total = 0
    try:
        for _ in read_all(files, Report(), options):
            total += 1
            if stop():
                return None
    except UnreadableSource:
        return None
    return total
