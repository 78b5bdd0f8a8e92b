"""Papers for the kills, and plain dictionaries of what a collection of them must hold.

Each version of a paper carries a word of its own ("mark17v2"), in the title and in the abstract, so that every text
can be told from every other: by the lexical index, and in the bytes of a file.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from indexer.identity import Record, fold_records
from indexer.paper import Paper, from_record

ROOT: Final = Path(__file__).parent.parent.parent
SENTENCES: Final = 3
"""Sentences of a real abstract that a paper here gets: enough to mean something, quick to encode."""

Contents = dict[str, Paper]
"""What a collection holds, by id."""


def _read() -> list[Paper]:
    with (ROOT / "data" / "papers.jsonl").open(encoding="utf-8") as lines:
        return [from_record(json.loads(line)) for line in lines]


_REAL: Final = _read()


def mark(paper: Paper) -> str:
    """The word that only this version of this paper has."""
    return paper.title.split()[-1]


def paper(number: int, version: int) -> Paper:
    """The title of one real paper and sentences of another; another version, another abstract."""
    one, other = _REAL[number % len(_REAL)], _REAL[(number * 5 + version * 7 + number // 37) % len(_REAL)]
    word = f"mark{number}v{version}"
    text = ". ".join(other.abstract.split(". ")[:SENTENCES])
    return Paper(
        f"paper-{number}", f"{one.title} {word}", f"{text} {word} {word}abstract.", authors=one.authors, source="kills"
    )


def changed(old: Paper, chance: random.Random) -> Paper:
    """An update: another text, other votes, or nothing new at all."""
    number, version = (int(part) for part in mark(old).removeprefix("mark").split("v"))
    kind = chance.random()
    if kind < 0.6:
        return paper(number, version + 1)
    return replace(old, upvotes=chance.randint(1, 99)) if kind < 0.85 else old


def pair(number: int) -> tuple[Paper, Paper]:
    """Two records of one paper, which a DOI tells."""
    one = paper(1_000 + number, 0)
    doi = (f"doi:10.5555/pair.{number}",)
    first = replace(one, id=f"pair-{number}", identifiers=doi, source="first")
    second = replace(one, id=f"other-{number}", identifiers=doi, source="second", upvotes=number, venue="A journal")
    return first, second


def states(
    operation: str, before: Contents, papers: Sequence[Paper], ids: Sequence[Sequence[str]], chunk: int
) -> list[Contents]:
    """What a collection holds before an operation and after each of its steps."""
    found = [before]
    match operation:
        case "import" | "update" | "create":
            for start in range(0, len(papers), chunk):
                found.append(found[-1] | {one.id: one for one in papers[start : start + chunk]})
        case "remove":
            for gone in ids:
                found.append({k: v for k, v in found[-1].items() if k not in gone})
        case "split and merge":
            for step, (first, second) in enumerate(ids):
                one, other = pair(int(first.removeprefix("pair-")))
                if step % 2 == 0:
                    found.append(found[-1] | {first: one, second: other})
                else:
                    folded = fold_records(first, [Record(one), Record(other)])
                    found.append({k: v for k, v in (found[-1] | {first: folded}).items() if k != second})
        case _:  # what changes no paper
            found.append(found[-1])
    return found
