"""Links that only we can have made: to confirm a subscription and to end it. The only import of itsdangerous."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from indexer.errors import InvalidInput

CONFIRM_WITHIN: Final = 7 * 24 * 3600
"""Seconds for which an address may be confirmed."""


@dataclass(frozen=True, slots=True)
class Links:
    """Signed with the readers' own secret. Each kind is of no use for the other."""

    secret: str
    base: str

    def confirm(self, subscription_id: int) -> str:
        """The address of the page that confirms a subscription."""
        return f"{self.base}/digest/confirm/{self._confirming.dumps(subscription_id)}"

    def unsubscribe(self, subscription_id: int) -> str:
        """The address that ends a subscription, at any time."""
        return f"{self.base}/digest/unsubscribe/{self._ending.dumps(subscription_id)}"

    def read_confirm(self, token: str) -> int:
        """The subscription that a link is for. Raises `InvalidInput` where it is not ours, or too old."""
        return _number(lambda: self._confirming.loads(token, max_age=CONFIRM_WITHIN))

    def read_unsubscribe(self, token: str) -> int:
        """The same for a link that ends one, which never grows old."""
        return _number(lambda: self._ending.loads(token))

    @property
    def _confirming(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt="confirm")

    @property
    def _ending(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt="unsubscribe")


def _number(load: Callable[[], object]) -> int:
    try:
        found = load()
    except BadData:
        found = None
    if not isinstance(found, int):
        raise InvalidInput("This link is not valid any more.", "Subscribe again to get another.")
    return found
