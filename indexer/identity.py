"""Which records are of one paper, and what the paper is that they describe together. Pure functions.

Two records are of one paper if they share an identifier, or else, as the last resort, if their titles are the same and
so are some of their authors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from indexer.extra import united
from indexer.filters import fold, name_words
from indexer.identifiers import PREPRINT_DOIS
from indexer.paper import Paper, id_from_title

BY_HAND: Final = "by hand"
"""The origin of a record that a person wrote, through REST for example: it is believed before every other."""

MIN_TITLE_WORDS: Final = 4
MIN_TITLE_LETTERS: Final = 20
"""Shorter titles ("Introduction", "Reply to Smith") are shared by different papers."""

TRUST: Final = {"arxiv": 3, "acl-anthology": 3, "pubmed": 3, "hf": 2, "semantic-scholar": 2, "openalex": 2}
"""Sources that look after their records come before what people have typed or pasted, which has 0."""

_UNIQUE: Final = ("arxiv", "acl", "pmid", "pmc", "openalex", "s2", "corpusid")
"""Schemes in which one paper has one name, so that two names mean two papers. Of DOIs a paper may have several."""
_ARCHIVES: Final = ("arxiv", "acl", "pmid")
"""Those kept with care enough to be believed against a common identifier, which may be a slip of a third party."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of a paper. `paper.source` and `paper.id` are its name; `origin` is the file it is from,
    `came` the moment in UTC at which it first came to the collection.

    `apart` keeps it from being merged; `named` says that a person gave the id, which then means that very paper.
    """

    paper: Paper
    origin: str = ""
    came: str = ""
    apart: bool = False
    named: bool = False

    @property
    def name(self) -> tuple[str, str]:
        """Source and id: a record of the same name replaces this one."""
        return self.paper.source or "", self.paper.id


def fold_records(paper_id: str, records: Sequence[Record]) -> Paper:
    """The paper that records describe together: each field from the best record that has it.

    Depends on the set of records and not on their order. One record with this id is the paper as it stands.
    """
    ranked = [record.paper for record in sorted(records, key=_rank, reverse=True)]
    best = ranked[0]
    if len(ranked) == 1:
        return best if best.id == paper_id else replace(best, id=paper_id)
    values: dict[str, Any] = {
        name: _first(getattr(paper, name) for paper in ranked)
        for name in ("title", "abstract", "published", "comments", "upvotes", "url", "venue", "source")
    }
    named = next((paper for paper in ranked if paper.authors), None)
    counted = next((paper for paper in ranked if paper.author_count is not None), best)
    return Paper(
        id=paper_id,
        **values | {"title": values["title"] or "", "abstract": values["abstract"] or ""},
        authors=named.authors if named else (),
        author_count=(named or counted).author_count,
        categories=_united(paper.categories for paper in ranked),
        identifiers=tuple(name for paper in ranked for name in paper.identifiers),
        version=max((paper.version for paper in ranked if paper.version is not None), default=None),
        updated=max((paper.updated for paper in ranked if paper.updated), default=None),
        daily=min((paper.daily for paper in ranked if paper.daily), default=None),
        extra=united(paper.extra for paper in ranked),
    )


def is_older(new: Paper, old: Paper) -> bool:
    """Whether a record is an earlier version of one that is known: then it says nothing new.

    Versions are compared with versions, else days of the last change with each other. Records of which only one has a
    version are neither older nor newer: any other rule has circles.
    """
    if new.version is not None or old.version is not None:
        return new.version is not None and old.version is not None and new.version < old.version
    return bool(new.updated and old.updated and new.updated < old.updated)


def title_key(paper: Paper) -> int:
    """63 bits that are equal for titles that differ in case, accents, punctuation or spacing alone.

    0 for a title that is too short to tell papers apart ("Editorial"): thousands may share it.
    """
    title = normal_title(paper.title)
    if not _tells(title):
        return 0
    return int.from_bytes(hashlib.sha256(title.encode()).digest()[:8]) >> 1


def normal_title(title: str) -> str:
    """The words of a title: letters and digits without case and accents."""
    return " ".join(name_words(title.replace("_", " ")))


def same_work(one: Paper, other: Paper) -> bool:
    """Whether two records without a common identifier are of one paper: the last resort.

    The same title, long enough to mean something; a common author or, where a side names none, the same number of
    them; and no identifier that tells them apart.
    """
    title = normal_title(one.title)
    if title != normal_title(other.title) or not _tells(title):
        return False
    return _share_author(one, other) and not are_told_apart(one, other)


def are_told_apart(one: Paper, other: Paper) -> bool:
    """Whether names say that two papers of one title are two: of one archive or catalogue, or DOIs of publishers."""
    return _told_apart(one, other, _UNIQUE) or _two_publishers(one, other)


def contradict(one: Paper, other: Paper) -> bool:
    """Whether two records, although they share an identifier, are of two papers: their own archives say so."""
    return _told_apart(one, other, _ARCHIVES)


def takes_id(new: Paper, old: Paper) -> bool:
    """Whether a record of a known name is of the known paper: a name made of the title alone may be of another."""
    if new.id != id_from_title(new.title or new.abstract):
        return True
    if new.authors and old.authors and not _people(new) & _people(old):
        return False
    return _tells(normal_title(new.title)) or not any(
        ours and theirs and ours != theirs
        for ours, theirs in ((new.day, old.day), (new.venue, old.venue), (new.url, old.url))
    )


def another_id(paper: Paper) -> str:
    """An id for a paper whose id is that of another one: told by title and authors."""
    digest = hashlib.sha256("\n".join((paper.id, paper.title, *paper.authors)).encode()).hexdigest()[:8]
    return f"{paper.id}-{digest}"


def _rank(record: Record) -> tuple[bool, bool, int, int, str, str, str]:
    paper = record.paper
    return (
        record.origin == BY_HAND,
        bool(paper.abstract),
        paper.version or 0,
        TRUST.get(paper.source or "", 0),
        paper.updated or "",
        *record.name,
    )


def _united(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Every label once, as it is written first."""
    found: dict[str, str] = {}
    for labels in lists:
        for label in labels:
            found.setdefault(fold(label), label)
    return tuple(found.values())


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value not in (None, "")), None)


def _people(paper: Paper) -> set[tuple[str, str]]:
    """(family name, first initial) of each author, whichever way round the name is written."""
    found = set()
    for name in paper.authors:
        last, comma, first = name.partition(",")
        words = normal_title(name).split()
        if comma:
            found.add((normal_title(last), normal_title(first)[:1]))
        elif words:
            found.add((words[-1], words[0][0]))
    return found


def _tells(title: str) -> bool:
    return len(title.split()) >= MIN_TITLE_WORDS and len(title) >= MIN_TITLE_LETTERS


def _share_author(one: Paper, other: Paper) -> bool:
    if one.authors and other.authors:
        return bool(_people(one) & _people(other))
    return one.author_count is not None and one.author_count == other.author_count


def _told_apart(one: Paper, other: Paper, schemes: Sequence[str]) -> bool:
    """Whether both have a name in one of these schemes and none is common."""
    for scheme in schemes:
        ours, theirs = _names(one, scheme), _names(other, scheme)
        if ours and theirs and not ours & theirs:
            return True
    return False


def _two_publishers(one: Paper, other: Paper) -> bool:
    """Whether both have DOIs of publishers, none of them common; a preprint's DOI says nothing against another."""
    ours, theirs = ({n for n in _names(p, "doi") if not n[4:].startswith(PREPRINT_DOIS)} for p in (one, other))
    return bool(ours and theirs and not ours & theirs)


def _names(paper: Paper, scheme: str) -> set[str]:
    return {name for name in paper.identifiers if name.startswith(f"{scheme}:")}
