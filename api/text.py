"""Papers and reports as plain text for a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.identity import Record
from indexer.paper import Paper
from indexer.report import KINDS, Report

if TYPE_CHECKING:
    from api.schemas import CollectionAnswer, EvaluationShape

NO_SOURCE = "unknown"
MAX_NOTES = 20
"""Notes of a kind that are shown; the JSON report has more."""


def paper(shown: Paper) -> str:
    """All that is known of a paper."""
    facts = {
        "id": shown.id,
        "authors": authors(shown, most=len(shown.authors)),
        "published": shown.published,
        "venue": shown.venue,
        "categories": ", ".join(shown.categories),
        "comments": shown.comments,
        "upvotes": shown.upvotes,
        "url": shown.url,
        "source": shown.source,
    }
    # What few papers have is shown where it is known.
    known = {
        "known as": ", ".join(shown.identifiers),
        "version": shown.version,
        "updated": shown.updated,
        "daily": shown.daily,
    }
    facts |= {name: value for name, value in known.items() if value}
    lines = [*wrap(shown.heading), ""]
    for name, value in facts.items():
        lines += wrap("unknown" if value in (None, "") else str(value), f"{name:<11}")
    for paragraph in filter(None, shown.abstract.split("\n\n")):
        lines += ["", *wrap(paragraph)]
    return "\n".join(lines)


def records(shown: Sequence[Record]) -> str:
    """The records that a paper was made of: source, id, title, and where each came from."""
    lines = [f"made of {many(len(shown), 'record')}:"]
    for record in shown:
        of = record.paper
        version = f" v{of.version}" if of.version else ""
        lines += wrap(f"{of.source or NO_SOURCE} · {of.id}{version} · {of.heading}", "  ")
        lines += wrap(
            f"from {record.origin or 'a program'} on {record.came[:10]}{', kept apart' if record.apart else ''}", "    "
        )
    return "\n".join(lines)


def report(done: Report, papers: int | None = None, *, stored: bool = False) -> str:
    """What an import did: the counts, then the notes, kind by kind. `papers` is what the collection holds now.

    Where only reading was asked for (neither `papers` nor `stored`) there is nothing to count but the records.
    """
    counts = ", ".join(
        f"{count:,} {name}"
        for name, count in (
            ("added", done.added),
            ("updated", done.updated),
            ("unchanged", done.unchanged),
            ("merged", done.merged),
            ("superseded", done.superseded),
            ("skipped", done.counts["skipped"]),
        )
        if count or name in {"added", "updated", "unchanged"}
    )
    lines = [f"Read {many(done.read, 'record')}{f': {counts}' if stored or papers is not None else ''}."]
    if done.long:
        lines.append(f"Longer than the model's window, encoded in parts: {many(done.long, 'paper')}.")
    for kind in KINDS:
        if count := done.counts[kind]:
            lines.append(f"{kind.capitalize()}: {count:,}")
            shown = list(done.of(kind))[:MAX_NOTES]
            lines += [line for note in shown for line in wrap(f"{note.where}: {note.what}", "  ")]
            if count > len(shown):
                lines.append(f"  … and {count - len(shown):,} more")
    if papers is not None:
        lines.append(f"The collection holds {many(papers, 'paper')}.")
    return "\n".join(lines)


def info(directory: Path, facts: CollectionAnswer) -> str:
    """What a collection is."""
    sources = ", ".join(f"{name or 'unknown'} {count:,}" for name, count in facts.sources.items())
    rows = {
        "collection": str(directory),
        "papers": f"{facts.papers:,}",
        "sources": sources or "none",
        "model": f"{facts.model.name}, {facts.model.dimension} dimensions, {facts.model.max_tokens} tokens",
        "weights": facts.model.weights_sha256,
        "encoded by": _runtimes(facts),
        "index": f"version {facts.index_version}, change {facts.sequence:,}",
        "paperkin": facts.version,
    }
    if facts.first_day and facts.last_day:
        rows["days"] = f"{facts.first_day} … {facts.last_day}"
    if facts.bytes:
        rows["on disk"] = f"{facts.bytes / 1e6:,.1f} MB"
    if facts.evaluation:
        rows["evaluated"] = _evaluated(facts.evaluation)
    return "\n".join(line for name, value in rows.items() for line in wrap(value, f"{name:<12}"))


def _evaluated(last: EvaluationShape) -> str:
    """The last part, which is all questions, by its first measure."""
    part = last.parts[-1]
    name, measured = next(iter(part.measures.items()), ("", None))
    shown = f", {name} {measured.mean:.3f}" if measured else ""
    state = "" if last.current else "; the collection has changed since"
    return f"{last.at[:10]}, {last.kind}, {last.mode}: {many(part.questions, 'question')}{shown}{state}"


def _runtimes(facts: CollectionAnswer) -> str:
    shown = [
        f"{each.runtime} ({each.version}; in its trial {each.texts_per_second:g} texts a second, "
        f"cosine {each.cosine:.4f} to float32)"
        for each in facts.encoded_by
    ]
    return ", ".join(shown) or "not known"


def many(count: int, noun: str) -> str:
    """ "1 paper", "37 papers"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def authors(shown: Paper, most: int = 3) -> str | None:
    """Names, or how many where the names are not known."""
    if not shown.authors:
        return None if shown.author_count is None else many(shown.author_count, "author")
    named = shown.authors[:most]
    more = (shown.author_count or 0) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more > 0 else "")


def wrap(line: str, head: str = "", keep: str = "") -> list[str]:
    """A line broken to the terminal's width, the rest of it under its beginning. `keep` are characters to let be."""
    width = max(40, shutil.get_terminal_size((100, 24)).columns)
    return textwrap.wrap(
        printable(line, keep),
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head]


def printable(line: str, keep: str = "") -> str:
    """Without characters that steer a terminal: a title is other people's text."""
    return "".join(c if c.isprintable() or c in ("\n", *keep) else " " for c in line)
