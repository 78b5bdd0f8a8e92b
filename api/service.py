"""What the faces share: one collection, one encoder, one engine, and who may write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from indexer.batching import BatchingEncoder
from indexer.collection import Collection
from indexer.encoder import Encoder, open_encoder
from indexer.errors import MailNotConfigured
from indexer.identity import BY_HAND, Record
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.readers import READERS, Readers
from indexer.report import Report
from indexer.settings import Settings
from search.engine import Engine

if TYPE_CHECKING:
    from api.digest import Digest
    from api.mail_settings import MailSettings

RATE_LIMIT: Final = "300/minute"
"""Where others can ask: five questions a second of one asker, which no person reaches."""


@dataclass(frozen=True)
class Service:
    """Everything a face needs to answer, made once at the door.

    `loopback` says that only this machine can reach the server, which is then free to accept writes and to refuse
    requests that were meant for another host. `rate_limit` is how often one asker may ask; `None` is no limit.
    `mail` is how digests go out; `None` where they do not.
    """

    collection: Collection
    encoder: Encoder
    engine: Engine
    api_key: str | None = None
    loopback: bool = True
    rate_limit: str | None = None
    mail: MailSettings | None = None

    @cached_property
    def readers(self) -> Readers:
        """Who uses the collection. Raises `CollectionError` where that cannot be kept."""
        return Readers.open(self.collection.directory)

    @cached_property
    def digest(self) -> Digest:
        """New papers by mail. Raises `MailNotConfigured`."""
        from api.digest import Digest

        if self.mail is None:
            raise MailNotConfigured(
                "This server cannot send mail.", "Its operator sets it up as docs/digest.md describes."
            )
        return Digest(self, self.mail)

    def votes(self) -> Mapping[str, frozenset[str]]:
        """Who has voted for what; nothing is made where nobody ever has."""
        return self.readers.votes() if (self.collection.directory / READERS).exists() else {}

    def add(self, papers: Sequence[Paper], named: Sequence[bool]) -> tuple[Report, list[str]]:
        """Add papers that a person wrote, or change those that are known.

        `named` tells whose id the person gave. Returns the report and the id under which each paper stands.
        """
        report = Report(read=len(papers))
        ids: list[str] = []

        def note(_: object, paper_id: str) -> None:
            ids.append(paper_id)

        records = [Record(paper, BY_HAND, named=given) for paper, given in zip(papers, named, strict=True)]
        ingest(self.collection, self.encoder, records, report, placed=note, tidy=False)
        return report, ids

    def remove(self, ids: Sequence[str]) -> int:
        """Remove papers; returns how many there were."""
        with self.collection.writing("remove") as writer:
            return writer.remove(ids)


def open_service(
    settings: Settings,
    *,
    loopback: bool = True,
    many: bool = False,
    mail: MailSettings | None = None,
    announce: Callable[[str], None] = lambda _: None,
) -> Service:
    """Open the collection and the encoder of the settings, for one asker or for `many`.

    Raises the `PaperkinError` that stops either.
    """
    collection = Collection(settings.collection)  # first: a missing collection is told before a model is loaded
    encoder: Encoder = open_encoder(settings.model, settings.cache, announce, settings.runtime)
    if many:
        encoder = BatchingEncoder(encoder)
    limit = settings.rate_limit or ("off" if loopback else RATE_LIMIT)
    return Service(
        collection,
        encoder,
        Engine(collection, encoder),
        settings.api_key,
        loopback,
        rate_limit=None if limit == "off" else limit,
        mail=mail,
    )
