"""What sources say of a paper beyond its fields, kept so that it can be given back as it was said.

It is one JSON object with an object a source: `{"hf": {"paper": {"githubRepo": "https://…"}}}`. Papers hold it as text
in the one way of writing it, so that equal facts are equal texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from indexer.errors import InvalidPaper

MAX_EXTRA: Final = 400_000
"""Characters of the text: a paper of three thousand authors, each with what Hugging Face knows of them."""


def canonical(facts: Mapping[str, Any]) -> str:
    """The text of an object. Raises `ValueError`, `TypeError` or `RecursionError` for what is no JSON."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_extra(text: str) -> str | None:
    """Text of JSON in the one way of writing it; `None` for an empty object. Raises `InvalidPaper`."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        raise _wrong("is not JSON") from None
    return text_of(found)


def text_of(value: object) -> str | None:
    """The text of an object; `None` for an empty one. Raises `InvalidPaper` for what cannot be kept."""
    if not isinstance(value, Mapping) or not all(isinstance(part, Mapping) for part in value.values()):
        raise _wrong("must be a JSON object of objects, one a source")
    try:
        text = canonical(value)
        text.encode()
    except UnicodeEncodeError:
        raise _wrong("holds lone surrogates") from None
    except (ValueError, TypeError, RecursionError):
        raise _wrong("cannot be written as JSON") from None
    if len(text) > MAX_EXTRA:
        raise _wrong(f"is longer than {MAX_EXTRA:,} characters")
    return text if value else None


def _wrong(what: str) -> InvalidPaper:
    return InvalidPaper(f"The paper's extra {what}.", "Correct the record and send it again.")


def united(texts: Iterable[str | None]) -> str | None:
    """The facts of several records together: of each source those of the first record that has any."""
    given = [text for text in texts if text is not None]
    if len(given) < 2:
        return given[0] if given else None
    found: dict[str, Any] = {}
    for text in given:
        found = {**json.loads(text), **found}
    return canonical(found)


def submitter_of(text: str | None) -> str | None:
    """Who put the paper on the list of Daily Papers, by the name of their account."""
    if text is None or '"submitted' not in text:
        return None
    facts = json.loads(text).get("hf", {})
    for part, name, key in (("row", "submittedBy", "name"), ("paper", "submittedOnDailyBy", "user")):
        account = facts.get(part, {}).get(name) if isinstance(facts.get(part), dict) else None
        if isinstance(account, dict) and isinstance(account.get(key), str) and account[key].strip():
            return str(account[key])
    return None
