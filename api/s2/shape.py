"""Papers in Semantic Scholar's shape. docs/semantic-scholar.md lists what is null here, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.s2.errors import Refused
from indexer.paper import Paper

ARCHIVES: Final[Mapping[str, str]] = {
    "cs": "Computer Science",
    "eess": "Engineering",
    "econ": "Economics",
    "q-fin": "Economics",
    "q-bio": "Biology",
    "math": "Mathematics",
    "stat": "Mathematics",
    **dict.fromkeys(
        ("physics", "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin",
         "nucl-ex", "nucl-th", "quant-ph"),
        "Physics",
    ),
}  # fmt: skip
"""arXiv's archives, and the field of study that each belongs to."""

STUDIES: Final = frozenset(ARCHIVES.values()) | {
    "Agricultural and Food Sciences", "Art", "Business", "Chemistry", "Education", "Environmental Science",
    "Geography", "Geology", "History", "Law", "Linguistics", "Materials Science", "Medicine", "Philosophy",
    "Political Science", "Psychology", "Sociology",
}  # fmt: skip

_EXTERNAL: Final = {"arxiv": "ArXiv", "doi": "DOI", "acl": "ACL", "pmid": "PubMed", "pmc": "PubMedCentral"}
_AUTHOR: Final = (
    "authorId",
    "externalIds",
    "url",
    "name",
    "affiliations",
    "homepage",
    "paperCount",
    "citationCount",
    "hIndex",
)
_OTHERS: Final = ("citations", "references")


def paper_id(paper: Paper) -> str:
    """Their id where the paper has one, else ours."""
    return _named(paper, "s2") or paper.id


def _corpus_id(paper: Paper) -> int | None:
    number = _named(paper, "corpusid")
    return int(number) if number and number.isdecimal() else None


def _named(paper: Paper, scheme: str) -> str | None:
    found = (name.partition(":")[2] for name in paper.identifiers if name.startswith(f"{scheme}:"))
    return next(found, None)


def _external_ids(paper: Paper) -> dict[str, Any]:
    found: dict[str, Any] = {theirs: value for ours, theirs in _EXTERNAL.items() if (value := _named(paper, ours))}
    if "PubMedCentral" in found:
        found["PubMedCentral"] = found["PubMedCentral"].removeprefix("PMC")  # they write the number alone
    number = _corpus_id(paper)
    return found if number is None else found | {"CorpusId": number}


def fields_of_study(paper: Paper) -> list[str]:
    """The fields that its categories name, or belong to as arXiv's."""
    archives = (ARCHIVES.get(name.partition(".")[0]) if name not in STUDIES else name for name in paper.categories)
    return list(dict.fromkeys(name for name in archives if name))


def _tldr(paper: Paper) -> dict[str, Any] | None:
    """A model's summary that the paper came with, and which model's it is where that is known."""
    facts = paper.more.get("hf", {}).get("paper", {})
    text = facts.get("ai_summary") if isinstance(facts, dict) else None
    return {"model": facts.get("ai_summary_model"), "text": text} if isinstance(text, str) else None


def _unknown(_: Paper) -> None:
    return None


_FIELDS: Final[Mapping[str, Callable[[Paper], Any]]] = {
    "paperId": paper_id,
    "externalIds": _external_ids,
    "corpusId": _corpus_id,
    "publicationVenue": _unknown,
    "url": lambda paper: paper.url,
    "title": lambda paper: paper.title,
    "abstract": lambda paper: paper.abstract or None,
    "venue": lambda paper: paper.venue or "",
    "year": lambda paper: int(paper.published[:4]) if paper.published else None,
    "referenceCount": _unknown,
    "citationCount": _unknown,
    "influentialCitationCount": _unknown,
    "isOpenAccess": _unknown,
    "openAccessPdf": _unknown,
    "fieldsOfStudy": lambda paper: fields_of_study(paper) or None,
    "s2FieldsOfStudy": lambda paper: [{"category": name, "source": "external"} for name in fields_of_study(paper)],
    "tldr": _tldr,
    "publicationTypes": _unknown,
    "publicationDate": lambda paper: paper.published if paper.published and len(paper.published) == 10 else None,
    "journal": _unknown,
    "citationStyles": _unknown,
    "embedding": _unknown,
    "authors": _unknown,  # put together below, of the parts that are asked for
    "citations": _unknown,
    "references": _unknown,
    "textAvailability": lambda paper: "abstract" if paper.abstract else "none",
}
_NESTED: Final = (
    {f"authors.{name}" for name in _AUTHOR}
    | {f"{other}.{name}" for other in _OTHERS for name in _FIELDS if name not in _OTHERS}
    | {"embedding.specter_v1", "embedding.specter_v2"}
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields that are asked for, in their order, and the parts of authors."""

    fields: tuple[str, ...]
    of_authors: tuple[str, ...]

    @classmethod
    def of(cls, asked: str | None) -> Shape:
        """What a list with commas asks for; the id always, and without a list the title. Raises `Refused`."""
        names = [name.strip() for name in (asked or "title").split(",") if name.strip()]
        if unknown := [name for name in names if name not in _FIELDS and name not in _NESTED]:
            raise Refused(f"Unrecognized or unsupported fields: [{', '.join(unknown)}]")
        parts = tuple(name.partition(".")[2] for name in names if name.startswith("authors."))
        wanted = {"paperId"} | {name.partition(".")[0] for name in names}
        return cls(
            tuple(name for name in _FIELDS if name in wanted),
            tuple(name for name in _AUTHOR if name in {"authorId", *parts} | (set() if parts else {"name"})),
        )

    def record(self, paper: Paper) -> dict[str, Any]:
        """The paper with these fields."""
        return {name: self._authors(paper) if name == "authors" else _FIELDS[name](paper) for name in self.fields}

    def records(self, papers: Sequence[Paper]) -> list[dict[str, Any]]:
        """Several papers."""
        return [self.record(paper) for paper in papers]

    def _authors(self, paper: Paper) -> list[dict[str, Any]]:
        return [{part: name if part == "name" else None for part in self.of_authors} for name in paper.authors]
