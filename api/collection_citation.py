"""How to cite the state of a collection: what somebody needs who wants to get the same answers again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from api.text import many, printable

if TYPE_CHECKING:
    from api.schemas import CollectionAnswer

_WEIGHTS: Final = 12
"""Digits of the weights' SHA-256 that are written: enough to tell one model from another."""
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "{": r"\textbraceleft{}",  # BibTeX counts braces, also those behind a backslash
        "}": r"\textbraceright{}",
        **{each: f"\\{each}" for each in "$&#_%"},
    }
)


@dataclass(frozen=True, slots=True)
class Citation:
    """One citation twice: as a sentence for a text, and as an entry for BibTeX, which BibLaTeX reads, too."""

    plain: str
    bibtex: str


def cite(facts: CollectionAnswer, on: date) -> Citation:
    """Cite a state of a collection, as it was found on a day.

    It is named by its index version, which depends on papers, model and ranking: answers of the same version are equal.
    The directory is not named, which says nothing to others.
    """
    title = f"A collection of {many(facts.papers, 'paper')}, searched with Paperkin {facts.version}"
    # The name of the model is a stranger's text, where the collection is.
    model = f"model {_line(facts.model.name)} (weights {_line(facts.model.weights_sha256[:_WEIGHTS])})"
    about = [f"index version {facts.index_version}", model]
    if facts.first_day and facts.last_day:
        about.append(f"papers from {_line(facts.first_day)} to {_line(facts.last_day)}")
    note = ", ".join(about)
    fields = {
        "key": "{Paperkin}",  # BibTeX sorts by it, since there is no author
        "title": f"{{{{{title.translate(_LATEX)}}}}}",
        "year": f"{{{on.year:04d}}}",
        "month": _MONTHS[on.month - 1],
        "note": f"{{{note[0].upper()}{note[1:].translate(_LATEX)}, as of {on.isoformat()}}}",
    }
    entry = "".join(f"  {name:<5} = {value},\n" for name, value in fields.items())
    return Citation(f"{title}: {note}. As of {on.isoformat()}.", f"@misc{{paperkin-{facts.index_version},\n{entry}}}\n")


def _line(text: str) -> str:
    return " ".join(printable(text).split())
