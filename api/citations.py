"""Papers as citations: the formats, and which papers are meant. REST and the command line share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from indexer.collection import Snapshot
from indexer.paper import Paper

FormatName = Literal["bibtex", "ris", "csl-json", "markdown"]
MAX_CITED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Format:
    """How citations are sent: the media type, how a file's name ends, and what writes them."""

    media: str
    ending: str
    write: Callable[[Sequence[Paper]], str]


def cited(snapshot: Snapshot, names: Sequence[str]) -> list[Paper]:
    """The papers that names mean, in that order, each of them once. Raises `PaperNotFound` for the first unknown."""
    keys = list(dict.fromkeys(snapshot.store.find(name)[0] for name in names))
    papers = snapshot.store.papers(keys)
    return [papers[key] for key in keys]


def format_of(name: FormatName) -> Format:
    """The format of that name. Only what writes it is imported."""
    if name == "bibtex":
        from indexer.sources import bibtex

        return Format("application/x-bibtex", "bib", bibtex.write)
    if name == "ris":
        from indexer.sources import ris

        return Format("application/x-research-info-systems", "ris", ris.write)
    if name == "csl-json":
        from indexer.sources import csl_json

        return Format("application/vnd.citationstyles.csl+json", "json", csl_json.write)
    from api import markdown

    return Format("text/markdown; charset=utf-8", "md", markdown.write)
