"""Finding the importer for a file: by what is in it, and with a way out where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from indexer.errors import UnreadableSource
from indexer.report import Report
from indexer.sources import registry
from indexer.sources.registry import Options, check, read, recognise
from tests.conftest import ROOT
from tests.indexer.test_paper import assert_helpful

LINES = b'{"id": "a", "title": "Speech"}\n'
PAGE = "Talking Faces\nWe show in eight words that this works.\n  • 2 authors\n·\nSep 25\n".encode()


def format_of(path: Path) -> str:
    source = check(path)
    assert source is not None
    return source.name


@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        (LINES, "JSON Lines"),
        (b"\xef\xbb\xbf\n" + LINES, "JSON Lines"),
        (PAGE, "Daily Papers page"),
        (b"new\n\nDaily Papers\n\nDec 11\n", "Daily Papers page"),
        (b"new\r\n\r\n  DAILY PAPERS  \r\n", "Daily Papers page"),
        (b"\xff" + PAGE, "Daily Papers page"),
    ],
)
@pytest.mark.parametrize("name", ["papers.jsonl", "page.txt", "noname"])
def test_the_content_tells_the_format(tmp_path: Path, content: bytes, format_name: str, name: str) -> None:
    """People rename files; only what is in them counts."""
    (tmp_path / name).write_bytes(content)
    assert format_of(tmp_path / name) == format_name


def test_the_real_files_are_recognised(seed_page: Path) -> None:
    """The shipped papers and the page that they were made of are each read by the right importer."""
    assert format_of(seed_page) == "Daily Papers page"
    assert format_of(ROOT / "data" / "papers.jsonl") == "JSON Lines"


def test_reading_hands_on_the_options_and_the_name(tmp_path: Path) -> None:
    """The year reaches the page's importer, and notes name the file without its folders."""
    (tmp_path / "page.txt").write_bytes(PAGE + b"footer\n")
    report = Report()
    papers = list(read(tmp_path / "page.txt", report, Options(year=2019)))
    assert [(paper.id, paper.published) for paper in papers] == [("talking-faces", "2019-09-25")]
    assert [note.where for note in report.notes] == ["page.txt:6"]


def test_reading_is_a_stream(tmp_path: Path) -> None:
    """Papers come one by one: a large file is never held as a whole."""
    (tmp_path / "f").write_bytes(LINES * 3)
    report = Report()
    papers = read(tmp_path / "f", report)
    assert [next(papers).id, report.read] == ["a", 1]
    assert [len(list(papers)), report.read] == [2, 3]


@pytest.mark.parametrize(
    ("content", "message", "next_step"),
    [
        (b"", "f is empty.", "Give a file that holds papers."),
        (b" \n\t\r\n", "f is empty.", "Give a file that holds papers."),
        (
            b"id,title\n1,Speech\n",
            "f is in no format known here.",
            "The known formats are: JSON Lines and Daily Papers page.",
        ),
        (
            b"[" + LINES + b"]",
            "f is in no format known here.",
            "The known formats are: JSON Lines and Daily Papers page.",
        ),
        (
            b"\x89PNG\r\n\x1a\n\x00",
            "f is in no format known here.",
            "The known formats are: JSON Lines and Daily Papers page.",
        ),
        (
            '{"title": "t"}'.encode("utf-16"),
            "f is in no format known here.",
            "The known formats are: JSON Lines and Daily Papers page.",
        ),
    ],
)
def test_unknown_content_is_refused(tmp_path: Path, content: bytes, message: str, next_step: str) -> None:
    """An empty file and a foreign format are told apart, and the error says what would be read."""
    (tmp_path / "f").write_bytes(content)
    for attempt in (lambda: check(tmp_path / "f"), lambda: list(read(tmp_path / "f", Report()))):
        with pytest.raises(UnreadableSource) as caught:
            attempt()
        assert (caught.value.message, caught.value.next_step) == (message, next_step)
        assert caught.value.code == "unreadable_source"


@pytest.mark.parametrize(
    ("name", "reason"), [("missing.txt", "No such file"), ("", "Is a directory"), ("file/below", "Not a directory")]
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """A missing file and a folder give the system's reason and what to check."""
    (tmp_path / "file").touch()
    with pytest.raises(UnreadableSource, match=reason) as caught:
        check(tmp_path / name)
    assert "Check the path" in caught.value.next_step
    assert_helpful(caught.value)


def test_only_the_beginning_is_looked_at(tmp_path: Path) -> None:
    """Telling the format reads `HEAD` bytes, so that a closing after them does not count."""
    filler = b"x\n" * (registry.HEAD // 2)
    (tmp_path / "f").write_bytes(filler + PAGE)
    with pytest.raises(UnreadableSource, match="no format known"):
        check(tmp_path / "f")
    (tmp_path / "f").write_bytes(filler[: -2 * len(PAGE)] + PAGE)
    assert format_of(tmp_path / "f") == "Daily Papers page"


@pytest.mark.parametrize("unit", [b"\n", b" ", b"x\n", "•".encode(), "• 1".encode(), b"Daily Papers \n x"])
def test_telling_the_format_takes_linear_time(unit: bytes) -> None:
    """A file made of blank lines must not keep the product busy for half a minute."""
    begun = time.monotonic()
    head = b"x" + unit * (registry.HEAD // len(unit))
    if unit.startswith(b"Daily"):
        assert recognise("f", head.replace(b"xDaily", b"x\nDaily")).name == "Daily Papers page"
    else:
        with pytest.raises(UnreadableSource):
            recognise("f", head)
    assert time.monotonic() - begun < 2


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """What comes through a pipe can be read only once: looking at it beforehand would lose its beginning."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert check(pipe) is None
    with subprocess.Popen(["/bin/sh", "-c", f"cat > '{pipe}'"], stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(LINES)
        writer.stdin.close()
        assert len(list(read(pipe, Report()))) == 1


def test_standard_input() -> None:
    """A dash is standard input; notes call it by its name."""
    program = (
        "from pathlib import Path; from indexer.report import Report; from indexer.sources.registry import read;"
        "r = Report(); print([p.title for p in read(Path('-'), r)], r.notes[0].where)"
    )
    lines = b'{"title": "t", "abstract": "a"}\n{\n'
    done = subprocess.run([sys.executable, "-c", program], input=lines, capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.decode().strip() == "['t'] standard input:2"
