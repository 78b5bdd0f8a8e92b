"""Refusals in Semantic Scholar's words, which its clients read."""

from __future__ import annotations

from indexer.errors import InvalidInput, PaperkinError, PaperNotFound


class Refused(InvalidInput):
    """What was asked cannot be answered; the message is the whole of the answer."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "")


class NotThere(PaperNotFound):
    """There is no such paper."""

    def __init__(self, message: str) -> None:
        PaperkinError.__init__(self, message, "")
