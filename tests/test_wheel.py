"""The wheel, built from this checkout and used where nothing else is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "indexer", "search", "api")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that no build products are left in the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(place / "out"), str(place)]
    subprocess.run(pip, check=True, capture_output=True, cwd=place)
    (built,) = (place / "out").glob("*.whl")
    return built


def test_wheel_holds_exactly_the_product(wheel: Path) -> None:
    """Every file of the three rooms, package data included, and the licence; no tests, no data."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    expected = {
        path.relative_to(ROOT).as_posix()
        for room in ("indexer", "search", "api")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == expected


def test_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed with nothing but what it asks for, it indexes, searches and knows its pages."""
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / "bin"
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PAPERKIN_COLLECTION": str(tmp_path / "collection"),
        "PAPERKIN_CACHE": str(tmp_path / "cache"),
        **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(str(programs / "python"), "-m", "pip", "install", "--quiet", "--no-compile", str(wheel))
    run("paperkin", "index", str(ROOT / "data" / "papers.jsonl"))
    answer = json.loads(run("paperkin", "search", "emotional TTS", "-k", "2", "--json"))
    assert {hit["paper"]["title"].partition(":")[0] for hit in answer["hits"]} == {"IndexTTS2", "MM-TTS"}
    assert "37" in run("paperkin", "info")
    pages = "from api.assets import asset; print(len(asset('style.css')) > 500, 'Paperkin' in error())"
    program = f"from api.pages import error_page\nerror = lambda: error_page(404, 'a', 'b').body.decode()\n{pages}"
    assert run(str(programs / "python"), "-c", program).split() == ["True", "True"]
