"""Bulk search: words and phrases of titles and abstracts, joined by and, or and not, answered exactly.

`fish -ladder`, `"fish ladder" | outflow`, `(fish | ladder) outflow`. Words stand for all their forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np

from api.s2.errors import Refused
from indexer.filters import Condition
from indexer.selection import Keys

MOST_WORDS: Final = 64
_TOKEN: Final = re.compile(r'"(?P<phrase>[^"]*)"|(?P<sign>[()|+])|(?P<minus>(?<!\w)-)|(?P<word>[^\s"()|+]+)')

Look = Callable[[Condition], Keys]
"""The keys, ascending, of the papers that meet a condition."""


def matching(text: str, look: Look, everything: Callable[[], Keys]) -> Keys:
    """The keys, ascending, of the papers that a question means. Raises `Refused` for one that cannot be read."""
    return _Reader(text, look, everything).read()


class _Reader:
    """Reads a question from left to right; `or` binds less than standing side by side, a minus binds most."""

    def __init__(self, text: str, look: Look, everything: Callable[[], Keys]) -> None:
        self._tokens = [match for match in _TOKEN.finditer(text) if match[0] != "+"]
        if len(self._tokens) > MOST_WORDS:
            raise Refused(f"query has more than {MOST_WORDS} parts")
        self._at = 0
        self._look = look
        self._everything = everything

    def read(self) -> Keys:
        found = self._any()
        if self._at < len(self._tokens):
            raise Refused("query has a closing parenthesis too many")
        return found if found is not None else self._everything()

    def _peek(self) -> re.Match[str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _any(self) -> Keys | None:
        found = self._all()
        while (token := self._peek()) is not None and token[0] == "|":
            self._at += 1
            other = self._all()
            if other is not None:
                found = other if found is None else np.union1d(found, other)
        return found

    def _all(self) -> Keys | None:
        found: Keys | None = None
        while (token := self._peek()) is not None and token[0] not in ("|", ")"):
            negated = False
            while token is not None and token["minus"]:
                negated = not negated
                self._at += 1
                token = self._peek()
            one = self._one()
            if one is None:
                continue
            if negated:
                found = np.setdiff1d(self._everything() if found is None else found, one)
            else:
                found = one if found is None else np.intersect1d(found, one)
        return found

    def _one(self) -> Keys | None:
        """A word, a phrase or a group; `None` for what holds no word."""
        token = self._peek()
        if token is None or token[0] in ("|", ")"):
            raise Refused("query ends behind a minus")
        self._at += 1
        if token[0] == "(":
            found = self._any()
            closing = self._peek()
            if closing is None or closing[0] != ")":
                raise Refused("query has an opening parenthesis too many")
            self._at += 1
            return found
        if token["word"] and re.search(r"[*~]", token["word"]):
            raise Refused(f"query has {token['word'][:40]}: beginnings of words and distances are not supported")
        text = token["word"] or token["phrase"] or ""
        if not any(letter.isalnum() for letter in text):
            return None
        # What is too long to look up is refused by the condition: to leave it out would find what was not asked for.
        return self._look(Condition("word" if token["word"] else "phrase", text))
