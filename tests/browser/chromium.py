"""The browser that pages are tested in: Debian's Chromium, and what is asked of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final, NoReturn

import pytest

from tests.conftest import ROOT

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    # A container's only user is root, for whom Chromium has no sandbox.
    "--no-sandbox",
    # Nothing but the pages may ask for anything.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # WebGL without a graphics processor.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    # But pages are put together without it: a picture costs a third.
    "--disable-gpu-compositing",
)
AXE: Final = ROOT / "node_modules" / "axe-core" / "axe.min.js"
KATEX: Final = ROOT / "api" / "web" / "static" / "katex" / "katex.min.js"
SCREENSHOTS: Final = Path(os.environ.get("PAPERKIN_SCREENSHOTS") or ROOT / "build" / "screenshots")


def executable() -> str:
    """The path of the browser; the test is skipped where there is none."""
    named = os.environ.get("PAPERKIN_CHROMIUM")
    for name in (named,) if named else NAMES:
        if found := shutil.which(name):
            return found
    return lacking(f"there is no Chromium: {named or ', '.join(NAMES)} cannot be run")


def fetched(path: Path) -> Path:
    """A file that `make test` fetches from npm; the test is skipped where it is not there."""
    if not path.exists():
        lacking(f"{path.relative_to(ROOT)} is not there, which `make test` fetches")
    return path


def lacking(reason: str) -> NoReturn:
    """Skip; where everything must be tested, fail."""
    if os.environ.get("PAPERKIN_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and PAPERKIN_REQUIRE_BROWSER=1 asks for it", pytrace=False)
    pytest.skip(reason)
