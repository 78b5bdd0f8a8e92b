"""Papers as citations: the formats, and which papers are meant. REST and the command line share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Literal

from indexer.collection import Snapshot
from indexer.paper import Paper

FormatName = Literal["bibtex", "ris", "csl-json", "markdown"]
MAX_CITED: Final = 1_000
"""Papers of one request."""


@dataclass(frozen=True, slots=True)
class Format:
    """How citations are sent: the media type, how a file's name ends, and the module that writes them."""

    media: str
    ending: str
    module: str

    def write(self, papers: Sequence[Paper]) -> str:
        """The papers in this format, whose libraries are imported now."""
        return str(import_module(self.module).write(papers))


FORMATS: Final[Mapping[FormatName, Format]] = {
    "bibtex": Format("application/x-bibtex", "bib", "indexer.sources.bibtex"),
    "ris": Format("application/x-research-info-systems", "ris", "indexer.sources.ris"),
    "csl-json": Format("application/vnd.citationstyles.csl+json", "json", "indexer.sources.csl_json"),
    "markdown": Format("text/markdown; charset=utf-8", "md", "api.markdown"),
}


def cited(snapshot: Snapshot, names: Sequence[str]) -> list[Paper]:
    """The papers that names mean, in that order, each of them once. Raises `PaperNotFound` for the first unknown."""
    keys = list(dict.fromkeys(snapshot.store.find(name)[0] for name in names))
    papers = snapshot.store.papers(keys)
    return [papers[key] for key in keys]
