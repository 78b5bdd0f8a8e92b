"""The names of authors in their parts, for the formats that want family names first.

Papers have names as they are read aloud. Where they are taken apart wrongly ("Wang Wei") nothing is lost: put together
again they are what they were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_BODY = re.compile(
    r"\b(?:collaborations?|consortium|team|group|network|committee|organi[sz]ation|institut\w*|universit\w*|laborator\w*"
    r"|labs?|foundation|association|society|agency|council|cent(?:er|re)|department|initiative|project|inc|ltd|llc|gmbh"
    r"|corp(?:oration)?|(?-i:AI))\b",
    re.IGNORECASE,
)
_SUFFIXES: Final = frozenset(("Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV"))


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name. `particle` is of the family name, as in "van Beethoven"; `suffix` is such as "Jr."."""

    given: str
    particle: str
    family: str
    suffix: str

    @property
    def last(self) -> str:
        """The family name with its particle."""
        return f"{self.particle} {self.family}".strip()


def take_apart(name: str) -> Name | None:
    """The parts of a name, or `None` for one that is not to be taken apart: of an organisation, or a single word.

    As in BibTeX, words that begin with a small letter are of the family name.
    """
    words = name.split()
    if len(words) < 2 or re.search(r"[,;{}&]|\band\b", name, re.IGNORECASE) or _BODY.search(name):
        return None
    suffix = words.pop() if len(words) > 2 and words[-1] in _SUFFIXES else ""
    last = len(words) - 1
    start = next((at for at in range(1, last) if words[at][0].islower()), last)
    family = next((at for at in range(start, last) if not words[at][0].islower()), last)
    return Name(" ".join(words[:start]), " ".join(words[start:family]), " ".join(words[family:]), suffix)
