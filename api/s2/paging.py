"""Tokens of bulk search: the sort, and the day and id of the last paper of a page, so that no state is kept."""

from __future__ import annotations

import base64
import json

from api.s2.errors import Refused
from indexer.paper import is_unsafe


def write(sort: str, last: tuple[str, str]) -> str:
    """The token that leads on from a paper."""
    return base64.urlsafe_b64encode(json.dumps([sort, *last]).encode()).decode()


def read(token: str | None, sort: str) -> tuple[str, str] | None:
    """The day and id behind which the next page begins. Raises `Refused`, also for a token of another sort."""
    if token is None:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, RecursionError) as error:  # brackets can be nested more deeply than Python follows them
        raise Refused("token is not one of ours") from error
    if not isinstance(found, list) or len(found) != 3 or not all(isinstance(part, str) for part in found):
        raise Refused("token is not one of ours")
    of, day, paper_id = found
    if of != sort:
        raise Refused(f"token is of another sort: {of[:40]}")
    if is_unsafe(day + paper_id):  # half a letter, which SQLite cannot be asked for
        raise Refused("token is not one of ours")
    return day, paper_id
