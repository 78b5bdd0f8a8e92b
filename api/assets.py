"""The files that pages refer to: style, scripts, the icon, and KaTeX where it was fetched.

Their addresses hold a hash of all of them: a browser may keep what it has for ever, and never mixes two versions.
"""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import Final

_ROOT: Final = Path(str(resources.files("api"))) / "web" / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}

FILES: Final = {
    path.relative_to(_ROOT).as_posix(): _TYPES[path.suffix]
    for path in sorted(_ROOT.rglob("*"))
    if path.suffix in _TYPES and path.is_file()
}
"""Every file that may be asked for, by its name, and its media type: nothing else can be, whatever the address."""


def _version() -> str:
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(name.encode() + b"\0" + (_ROOT / name).read_bytes())
    return digest.hexdigest()[:12]


VERSION: Final = _version()
TYPESETS: Final = "katex/katex.min.js" in FILES
"""Whether formulas are typeset; where KaTeX could not be fetched they are shown as they are written."""


def asset(name: str) -> bytes:
    """A file that pages refer to."""
    return (_ROOT / name).read_bytes()


def asset_address(name: str) -> str:
    """Where a page finds a file. Raises `KeyError` for one that is not there."""
    if name not in FILES:
        raise KeyError(name)
    return f"/assets/{VERSION}/{name}"
