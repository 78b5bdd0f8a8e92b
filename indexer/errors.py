"""The errors of Paperkin. Each carries a sentence on what is wrong and one on what to do next.

PaperkinError
├── InvalidInput            what the caller gave cannot be used
│   ├── InvalidPaper            a record that is not a paper
│   ├── InvalidQuery            a question that cannot be asked
│   ├── InvalidSetting          a setting with an unusable value
│   └── UnreadableSource        a file that cannot be read as papers
├── PaperNotFound           no paper has this id
├── MapMissing              no map has been drawn yet
├── MapChanged              what was asked of the map was about an earlier one
├── CollectionError
│   ├── CollectionMissing       nothing has been indexed here yet
│   ├── CollectionForeign       the directory holds something else
│   ├── CollectionDamaged       the truth on disk cannot be trusted
│   │   └── IndexDamaged            a derived file: it is made anew from the truth
│   ├── CollectionMismatch      made by another model or format
│   └── CollectionBusy          another process is writing
├── MailError
│   ├── MailNotConfigured       no mail server is set
│   └── MailFailed              the mail server cannot be reached, or does not let us in
└── EncoderError            the model is missing, altered or unusable
"""

from __future__ import annotations

from typing import ClassVar


class PaperkinError(Exception):
    """An error to be shown to a person: `message` says what is wrong, `next_step` what to do.

    `code` is the stable word that programs compare.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def to_json(self) -> dict[str, dict[str, str]]:
        """The shape of every error that programs see."""
        return {"error": {"code": self.code, "message": self.message, "next_step": self.next_step}}

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}"


class InvalidInput(PaperkinError):
    """What the caller gave cannot be used."""

    code = "invalid_input"


class InvalidPaper(InvalidInput):
    """A record that is not a paper."""

    code = "invalid_paper"


class InvalidQuery(InvalidInput):
    """A question that cannot be asked as it stands; `code` says which part."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(message, next_step)
        self.code = code  # type: ignore[misc]  # one class for every part of a question


class InvalidSetting(InvalidInput):
    """A setting with an unusable value."""

    code = "invalid_setting"


class UnreadableSource(InvalidInput):
    """A file that cannot be read as papers."""

    code = "unreadable_source"


class MailError(PaperkinError):
    """Mail cannot be sent; what was to be sent is kept."""

    code = "mail_error"


class MailNotConfigured(MailError):
    """No mail server is set."""

    code = "mail_not_configured"


class MailFailed(MailError):
    """No message can be handed over: the server cannot be reached, or does not let us in."""

    code = "mail_failed"


class PaperNotFound(PaperkinError):
    """No paper has this id."""

    code = "paper_not_found"

    def __init__(self, paper_id: str) -> None:
        super().__init__(
            f"No paper has the id {shorten(paper_id)!r}.", "Check the id; a search shows the ids of its papers."
        )


class MapMissing(PaperkinError):
    """No map has been drawn yet."""

    code = "map_missing"

    def __init__(self) -> None:
        super().__init__(
            "There is no map of these papers yet.",
            "Draw it: paperkin map. Of up to 200,000 papers a server does so by itself, if it may write there.",
        )


class MapChanged(PaperkinError):
    """What was asked of the map was about an earlier one."""

    code = "map_changed"

    def __init__(self) -> None:
        super().__init__("The map has changed since.", "Load it again.")


class CollectionError(PaperkinError):
    """The collection on disk cannot be used."""

    code = "collection_error"


class CollectionMissing(CollectionError):
    """Nothing has been indexed here yet."""

    code = "collection_missing"


class CollectionForeign(CollectionError):
    """The directory holds something that is not a collection."""

    code = "collection_foreign"


class CollectionDamaged(CollectionError):
    """The truth on disk cannot be trusted."""

    code = "collection_damaged"


class IndexDamaged(CollectionDamaged):
    """A derived file cannot be used; it is made anew from the truth."""

    code = "index_damaged"

    def __init__(self, message: str) -> None:
        super().__init__(message, "Make the indexes anew: paperkin rebuild.")


class IndexUnwritable(CollectionError):
    """A derived file cannot be written; the papers are safe."""

    code = "index_unwritable"

    def __init__(self, path: object, reason: object) -> None:
        super().__init__(
            f"The index {path} cannot be written: {reason}.",
            "Free some space, or check the disk, and run this again: the papers are safe, their index is made anew.",
        )


class CollectionMismatch(CollectionError):
    """The collection was made by another model or format."""

    code = "collection_mismatch"


class CollectionBusy(CollectionError):
    """Another process is writing."""

    code = "collection_busy"


class EncoderError(PaperkinError):
    """The model is missing, altered or unusable."""

    code = "encoder_error"


def shorten(text: str, limit: int = 80) -> str:
    """Cut a quoted value so that a message stays readable whatever was sent."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
