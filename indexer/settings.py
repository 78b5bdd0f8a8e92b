"""Every setting, read once at the door and passed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from indexer.errors import InvalidSetting
from indexer.model import Runtime


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and who may write. Build it with `from_environment` at the entry point only.

    `model` is a sentence-transformers name or folder; `None` means the bundled model.
    `runtime` is what runs the model; `None` means the fastest that is correct.
    `api_key` guards writing over REST; `None` means that only a server bound to loopback accepts writes.
    `rate_limit` is how often one asker may ask, such as `300/minute`, or `off`; `None` leaves it to the server.
    """

    collection: Path
    cache: Path
    model: str | None = None
    runtime: Runtime | None = None
    api_key: str | None = None
    rate_limit: str | None = None

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], *, collection: Path | None = None, model: str | None = None
    ) -> Settings:
        """`PAPERKIN_COLLECTION`, `_CACHE`, `_MODEL`, `_RUNTIME`, `_API_KEY` and `_RATE_LIMIT`; arguments win.

        Raises `InvalidSetting` for a path that cannot be a directory, for a runtime that there is not, and for an empty
        or unprintable key.
        """
        default = platformdirs.PlatformDirs("paperkin", appauthor=False)
        chosen = collection or _path(environ, "PAPERKIN_COLLECTION") or default.user_data_path / "collection"
        cache = _path(environ, "PAPERKIN_CACHE") or default.user_cache_path
        key = environ.get("PAPERKIN_API_KEY")
        if key is not None and (len(key) < 16 or not key.isascii() or not key.isprintable()):
            raise InvalidSetting(
                "PAPERKIN_API_KEY must be at least 16 printable ASCII characters.",
                'Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
            )
        return cls(
            collection=_whole("The collection", chosen),
            cache=_whole("The cache", cache),
            model=model or environ.get("PAPERKIN_MODEL") or None,
            runtime=_runtime(environ.get("PAPERKIN_RUNTIME") or "auto"),
            api_key=key,
            rate_limit=_rate_limit(environ.get("PAPERKIN_RATE_LIMIT") or None),
        )


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name)
    if not value:
        return None
    path = _whole(name, Path(value))
    if path.exists() and not path.is_dir():
        raise InvalidSetting(f"{name} is set to {value}, which is a file.", f"Set {name} to a directory.")
    return path


def _runtime(name: str) -> Runtime | None:
    if name == "auto":
        return None
    try:
        return Runtime(name)
    except ValueError as error:
        raise InvalidSetting(
            f"PAPERKIN_RUNTIME is set to {name}, which is no runtime.",
            f"Set it to one of: auto, {', '.join(Runtime)}.",
        ) from error


def _rate_limit(written: str | None) -> str | None:
    if written is None or written == "off" or re.fullmatch(r"[1-9]\d{0,8}/(second|minute|hour|day)", written):
        return written
    raise InvalidSetting(
        f"PAPERKIN_RATE_LIMIT is set to {written}, which is no limit.", "Write it as 300/minute, or off."
    )


def _whole(name: str, path: Path) -> Path:
    """The path from the root on, with `~` as the home directory."""
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise InvalidSetting(
            f"{name} is set to {path}, whose home directory is not known.", "Write the whole path."
        ) from error
