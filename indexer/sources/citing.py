"""What the formats for citations share when they are written: keys, kinds of papers, dates in parts, lists of words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal

from indexer.identifiers import identifier
from indexer.paper import Paper
from indexer.sources.names import take_apart

MADE_BY: Final = "Paperkin"
"""Stands in records that we have written, whose texts hold no markup but mean themselves."""

Kind = Literal["journal", "conference", "preprint", "other"]

_MEETING = re.compile(
    r"\b(?:proceedings|proc|conference|workshops?|symposium|congress|(?:annual|biennial|joint) meeting"
    r"|(?-i:ACL|EMNLP|NAACL|EACL|COLING|LREC|NeurIPS|NIPS|ICML|ICLR|CVPR|ICCV|ECCV|AAAI|IJCAI|INTERSPEECH|Interspeech|ICASSP|KDD"
    r"|SIGIR))\b",
    re.IGNORECASE,
)
_JOURNAL = re.compile(
    r"\b(?:journal|transactions|letters|proceedings of the (?:national academy|royal society|ieee$))", re.IGNORECASE
)
_SMALL: Final = frozenset((
    "a", "an", "the", "on", "of", "for", "in", "to", "and", "or", "with", "from", "by", "at", "via", "as", "is",
    "are", "be", "do", "does", "can", "how", "what", "why", "when", "towards", "toward",
))  # fmt: skip
_LETTERS: Final = 24
"""Of a name or a word in a key: what is longer is cut."""


def keys(papers: Sequence[Paper]) -> list[str]:
    """A key a paper, such as `lovelace2025speech`: first author, year, first word of the title that says something.

    Small letters and digits of ASCII only, which every program takes. Keys of papers that would have the same one end
    in b, c and so on, in the order of the list.
    """
    taken: set[str] = set()
    counts: dict[str, int] = {}
    found = []
    for paper in papers:
        base = _key(paper)
        key = base
        while key in taken:
            counts[base] = counts.get(base, 0) + 1
            key = base + _letters(counts[base])
        taken.add(key)
        found.append(key)
    return found


def kind_of(paper: Paper) -> Kind:
    """What a paper is, as far as its venue and its identifiers tell."""
    if paper.venue:
        return "conference" if _MEETING.search(paper.venue) and not _JOURNAL.search(paper.venue) else "journal"
    return "preprint" if "arxiv" in named(paper) else "other"


def named(paper: Paper) -> dict[str, str]:
    """The first identifier of each scheme."""
    found: dict[str, str] = {}
    for name in _sound(paper):
        scheme, _, value = name.partition(":")
        found.setdefault(scheme, value)
    return found


def others(paper: Paper, *written: str) -> list[str]:
    """All identifiers but the first ones of these schemes."""
    first = {f"{scheme}:{value}" for scheme, value in named(paper).items() if scheme in written}
    return [name for name in _sound(paper) if name not in first]


def _sound(paper: Paper) -> list[str]:
    # A collection may come from a stranger, and what it calls an identifier may hold anything.
    return [name for name in paper.identifiers if identifier(name.partition(":")[0], name.partition(":")[2]) == name]


def own_id(paper: Paper) -> str:
    """The paper's id, or nothing for one that no line can hold."""
    return paper.id if one_line(paper.id) == paper.id else ""


def arxiv_of(paper: Paper) -> str | None:
    """The arXiv id with its version, where it is known."""
    number = named(paper).get("arxiv")
    return number and f"{number}v{paper.version}" if number and paper.version else number


def one_line(text: str | None) -> str:
    """A text on one line, whatever it holds: a collection of strangers may hold what no paper should."""
    return " ".join((text or "").split())


def paragraphs(text: str) -> str:
    """A text of which only blank lines are kept, between paragraphs."""
    return "\n\n".join(filter(None, map(one_line, re.split(r"\n\s*\n", text))))


def join_words(words: Sequence[str]) -> str:
    """Keywords as one text, with commas between them, or with semicolons where one has a comma itself."""
    tidy = [one_line(word) for word in words]
    if not any("," in word for word in tidy):
        return ", ".join(tidy)
    return "; ".join(tidy) if len(tidy) > 1 else f"{tidy[0]};"


def split_words(text: str) -> list[str]:
    """The keywords of one text, each once."""
    return list(dict.fromkeys(word.strip() for word in text.split(";" if ";" in text else ",") if word.strip()))


def _key(paper: Paper) -> str:
    name = paper.authors[0] if paper.authors else ""
    parts = take_apart(name)
    family = _ascii(parts.family if parts else name).lstrip("0123456789")[:_LETTERS] or "anon"
    words = [found for word in paper.heading.split() if (found := _ascii(word)) and found not in _SMALL]
    return f"{family}{(paper.published or '')[:4]}{next(iter(words), '')[:_LETTERS]}"


def _ascii(text: str) -> str:
    """Its letters and digits without accents; of one word the part before a hyphen."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    word = folded if " " in folded else re.split(r"[-/:–—]", folded.lstrip("-/:–—"), maxsplit=1)[0]
    return re.sub(r"[^a-z0-9]+", "", word)


def _letters(number: int) -> str:
    """1 → b, 25 → z, 26 → aa, 27 → ab."""
    head, last = divmod(number, 26)
    return (_letters(head - 1) if head else "") + chr(ord("a") + last)
