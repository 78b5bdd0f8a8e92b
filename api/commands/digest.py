"""`paperkin digest`: send what is new to who has subscribed; for cron, where the server does not do it by itself."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api import text
from api.commands.options import (
    CollectionOption,
    JsonOption,
    ModelOption,
    announce,
    collection_of,
    print_json,
    settings_of,
)

if TYPE_CHECKING:
    from api.digest import Digest

digest = typer.Typer(help="New papers by mail: send them, or see how many are subscribed.", no_args_is_help=True)


@digest.command()
def send(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send each subscription what is new to it, and what could not be sent before."""
    opened, now = _open(collection, model), datetime.now(UTC)
    if dry_run:
        papers = opened.preview(now)
        if as_json:
            print_json({"papers": papers})
        else:
            print(f"{text.many(len(papers), 'digest')} would be sent, of {text.many(sum(papers), 'paper')} in all.")
        return
    done = opened.send(now)
    if as_json:
        print_json(None if done is None else asdict(done))
    elif done is None:
        print("Another program is sending at this moment.")
    else:
        print(
            f"Planned {text.many(done.planned, 'digest')}; sent {text.many(done.sent, 'message')},"
            f" put off {done.later}, gave up {done.failed}."
        )


@digest.command()
def status(collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """How many are subscribed, and how many messages wait. Addresses are shown to nobody."""
    from indexer.mailing import Mailing

    counts = Mailing.open(collection_of(collection).directory).counts()
    if as_json:
        print_json(counts)
        return
    for state, count in counts.items():
        print(f"{state:12}{count:7,}")


def _open(collection: CollectionOption, model: ModelOption) -> Digest:
    from api.digest import Digest
    from api.mail_settings import MailSettings
    from api.service import open_service
    from indexer.errors import InvalidSetting

    settings = MailSettings.from_environment(os.environ)
    if settings is None:
        raise InvalidSetting("PAPERKIN_SMTP_HOST is not set.", "Set up mail as docs/digest.md describes.")
    return Digest(open_service(settings_of(collection, model), announce=announce), settings)
