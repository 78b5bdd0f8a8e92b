"""One writer at a time: between threads, between processes, and after a holder was killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from indexer.errors import CollectionBusy, CollectionError
from indexer.lock import HOLDER, writer_lock
from tests.conftest import ROOT
from tests.indexer.test_paper import assert_helpful


@contextmanager
def another_process(directory: Path, purpose: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock until it is killed or its input ends."""
    program = (
        "import sys; from pathlib import Path; from indexer.lock import writer_lock\n"
        "with writer_lock(Path(sys.argv[1]), sys.argv[2], 5):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(directory), purpose]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def refused(directory: Path, timeout: float = 0) -> CollectionBusy:
    with pytest.raises(CollectionBusy) as caught, writer_lock(directory, "second", timeout):
        pass
    return caught.value


def test_another_process_is_named(tmp_path: Path) -> None:
    """Who waits is told which process writes, for what and since when, so that it can be waited for or stopped."""
    with another_process(tmp_path, "import of papers") as process:
        error = refused(tmp_path)
        assert f"process {process.pid} (import of papers, since 20" in error.message
        assert error.code == "collection_busy"
        assert_helpful(error)


def test_another_thread_is_named(tmp_path: Path) -> None:
    """Two requests to one server exclude each other like two processes."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with writer_lock(tmp_path, "first", 0):
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(10)
        assert f"process {os.getpid()} (first, since 20" in refused(tmp_path).message
    finally:
        done.set()
        thread.join()
    with writer_lock(tmp_path, "third", 0):
        pass


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    """The system gives the lock back when its holder is killed; what it left behind accuses nobody."""
    with another_process(tmp_path, "import") as process:
        process.kill()  # SIGKILL: no code of ours runs any more
        process.wait(10)
    assert json.loads((tmp_path / HOLDER).read_text(encoding="utf-8"))["pid"] == process.pid
    with writer_lock(tmp_path, "after", 0):
        assert f"process {os.getpid()} (after," in refused(tmp_path).message
    assert not (tmp_path / HOLDER).exists()


def test_the_holder_says_who_it_is(tmp_path: Path) -> None:
    """While the lock is held a file says by which process, for what and since when; then it is gone."""
    with writer_lock(tmp_path, "import", 0):
        facts = json.loads((tmp_path / HOLDER).read_text(encoding="utf-8"))
        assert (facts["pid"], facts["purpose"]) == (os.getpid(), "import")
        assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(facts["since"]) < timedelta(minutes=1)
    assert not (tmp_path / HOLDER).exists()


def test_an_error_inside_gives_the_lock_back(tmp_path: Path) -> None:
    """Whatever happens while writing, the next one can write."""
    with pytest.raises(KeyboardInterrupt), writer_lock(tmp_path, "first", 0):
        raise KeyboardInterrupt
    with writer_lock(tmp_path, "second", 0):
        pass
    assert not (tmp_path / HOLDER).exists()


def test_waiting_ends_when_the_holder_does(tmp_path: Path) -> None:
    """Who waits long enough gets the lock, and who does not is refused when its time is up and not before."""
    with another_process(tmp_path, "import") as process:
        begun = time.monotonic()
        refused(tmp_path, timeout=0.2)
        assert 0.2 <= time.monotonic() - begun < 5
        assert process.stdin is not None
        process.stdin.close()
        with writer_lock(tmp_path, "second", 10):
            assert json.loads((tmp_path / HOLDER).read_text(encoding="utf-8"))["purpose"] == "second"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"pid": 1}', "\x00"])
def test_an_unreadable_holder_is_another_process(tmp_path: Path, content: str) -> None:
    """The lock counts and not the file beside it, which may be half-written."""
    with writer_lock(tmp_path, "first", 0):
        (tmp_path / HOLDER).write_text(content, encoding="utf-8")
        error = refused(tmp_path)
    assert "is being written by another process." in error.message
    assert_helpful(error)


def test_writing_does_not_need_the_name(tmp_path: Path) -> None:
    """Where the holder's name cannot be written, the lock still excludes, and is given back."""
    (tmp_path / HOLDER).mkdir()
    for _ in range(2):
        with writer_lock(tmp_path, "first", 0):
            assert "another process" in refused(tmp_path).message


def test_a_place_that_cannot_be_locked_is_told(tmp_path: Path) -> None:
    """A path below a file is no directory to write in: the error says so in our words."""
    (tmp_path / "file").touch()
    with pytest.raises(CollectionError, match="cannot be written") as caught, writer_lock(tmp_path / "file", "x", 0):
        pass
    assert caught.value.code == "collection_error"
    assert_helpful(caught.value)
