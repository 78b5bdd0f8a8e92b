"""The rules that keep the rooms apart, read from the code itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("indexer", "search", "api")
FORBIDDEN = {
    "indexer": ("search", "api"),
    "search": ("api", "indexer.sources"),
    "api": (),
}
ONE_FILE_EACH = {
    "sqlite3": "indexer/database.py",
    "faiss": "indexer/vectors.py",
    "tantivy": "indexer/lexicon.py",
    "openvino": "indexer/runtime.py",
    "tokenizers": "indexer/compiled.py",
    "sentence_transformers": "indexer/sentence_model.py",
    "torch": "indexer/sentence_model.py",
    "transformers": "indexer/sentence_model.py",
    "huggingface_hub": "indexer/sentence_model.py",
    "openTSNE": "search/layout.py",
    "platformdirs": "indexer/settings.py",
    "filelock": "indexer/lock.py",
    "jinja2": "api/pages.py",
    "feedgen": "api/documents.py",
    "limits": "api/limits.py",
    "smtplib": "api/mail.py",
    "itsdangerous": "api/links.py",
    "email_validator": "api/routes/subscriptions.py",
    "uvicorn": "api/server.py",
    "rich": "api/importing.py",
    "lxml": "indexer/sources/xml_records.py",
    "mcp": "api/mcp_server.py",
    "backports": "indexer/sources/unpacking.py",
    "ijson": "indexer/sources/json_records.py",
    "rispy": "indexer/sources/ris.py",
    "pybtex": "indexer/sources/bibtex_entries.py",
    "pylatexenc": "indexer/sources/cleaning.py",
}
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_left(path: Path) -> None:
    """The indexer knows nothing of search and api; search knows nothing of api and of the importers."""
    room = path.relative_to(ROOT).parts[0]
    wrong = [
        name for name in imports(path) for banned in FORBIDDEN[room] if name == banned or name.startswith(f"{banned}.")
    ]
    assert wrong == []


def test_one_foreign_library_one_file() -> None:
    """Each large library is imported by one file, so that replacing it changes one file."""
    users: dict[str, set[str]] = defaultdict(set)
    for path in FILES:
        for name in imports(path):
            users[name.partition(".")[0]].add(path.relative_to(ROOT).as_posix())
    assert {library: users[library] for library in ONE_FILE_EACH} == {
        library: {file} for library, file in ONE_FILE_EACH.items()
    }
    # Two that share nothing: one waits between requests and remembers pages, the other asks one server of ours.
    assert users["httpx2"] == {"indexer/fetch/polite.py", "api/client.py"}
    answers = {"api/answers.py", "api/facet_answers.py", "api/map_answers.py"}
    shapes = {"api/requests.py", "api/schemas.py", "api/mcp_shapes.py"} | answers
    assert users["pydantic"] == shapes | {"api/client.py"}  # where REST and models are spoken to; who reads the shapes


def test_indexer_core_does_not_know_the_importers() -> None:
    """Only importers import importers: the pipeline takes papers from anywhere."""
    core = [path for path in FILES if path.parent == ROOT / "indexer"]
    assert [path.name for path in core if any(name.startswith("indexer.sources") for name in imports(path))] == []


def test_reading_and_fetching_are_apart() -> None:
    """Importers take bytes and know no network: only the commands that are asked to fetch know the fetchers."""
    users = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if any(name.startswith("indexer.fetch") for name in imports(path)) and path.parent != ROOT / "indexer" / "fetch"
    }
    assert users == {"api/commands/filling.py"}


def test_help_is_light() -> None:
    """Showing the help imports no numeric library: a command line must answer at once."""
    program = (
        "import sys; sys.argv = ['paperkin', '--help']\n"
        "from api.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'faiss', 'torch', 'openvino', 'fastapi', 'pydantic', 'rich', 'lxml', 'httpx2', 'mcp'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_client_is_light() -> None:
    """A program that only asks a server loads nothing that an engine or a server needs."""
    program = (
        "import sys, api.client\n"
        "heavy = {'numpy', 'faiss', 'tantivy', 'torch', 'openvino', 'fastapi', 'uvicorn', 'sqlite3', 'rich', 'mcp'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_no_pickle() -> None:
    """A collection received from a stranger is data: nothing here reads or writes pickles."""
    assert [path.name for path in FILES if {"pickle", "joblib", "shelve", "marshal"} & imports(path)] == []
