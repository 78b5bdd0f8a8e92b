"""Files into a collection: what may be named, what is said of it, and an import that a person stops."""

from __future__ import annotations

import gzip
import io
import json
import os
import pty
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.ingest import CHUNK
from tests.api.conftest import PROGRAM, STOPPED, Run, Shell, open_shell
from tests.conftest import ROOT

MANY = 3_000


def lines(*ids: str) -> bytes:
    """Papers in JSON Lines that nothing is to be said of."""
    return b"".join(json.dumps({"id": name, "title": name, "abstract": "Speech."}).encode() + b"\n" for name in ids)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def papers(tmp_path: Path) -> set[str]:
    """The ids in the collection, which must be well."""
    collection = Collection(tmp_path / "collection")
    assert collection.verify() == []
    return {paper.id for paper in collection.snapshot().store.all_papers()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files in several formats and packings, with things in it that are not meant."""
    place = tmp_path / "papers"
    (place / "2024" / ".hidden").mkdir(parents=True)
    (place / "a.jsonl").write_bytes(lines("a"))
    (place / "2024" / "b.json.gz").write_bytes(gzip.compress(lines("b")))
    (place / "2024" / "c.zip").write_bytes(zipped(one=lines("c"), two=b"@article{d, title={Graphs}, abstract={Of d.}}"))
    (place / "2024" / ".hidden" / "x.jsonl").write_bytes(lines("x"))
    (place / ".y.jsonl").write_bytes(lines("y"))
    return place


# What may be named


def test_a_folder(index: Run, folder: Path, tmp_path: Path) -> None:
    """All files below a folder are read, packed or not, each in its own format; what is hidden is not."""
    done = index("index", str(folder))
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines()[0] == "Read 4 records: 4 added, 0 updated, 0 unchanged."
    assert papers(tmp_path) == {"a", "b", "c", "graphs"}
    snapshot = Collection(tmp_path / "collection").snapshot()
    ((record,),) = (entry.records for entry in snapshot.store.entries([snapshot.store.find("graphs")[0]]).values())
    assert record.origin == "c.zip/two"


def test_a_pattern(index: Run, folder: Path, tmp_path: Path) -> None:
    """A pattern means what it would mean to a shell, two stars any number of folders; a file is read once."""
    named = (str(folder / "**" / "*.js*"), str(folder / "a.jsonl"))
    assert index("index", *named).out.startswith("Read 2 records: 2 added, 0 updated, 0 unchanged.\n")
    assert papers(tmp_path) == {"a", "b"}


def test_the_collection_may_lie_in_the_folder(index: Run, folder: Path) -> None:
    """A collection among the papers is none of them: the folder can be indexed again and again."""
    place = ("--collection", str(folder / "collection"))
    assert index("index", str(folder), *place).out.startswith("Read 4 records: 4 added")
    again = index("index", str(folder), *place, "--json").json
    assert {name: again[name] for name in ("read", "added", "unchanged", "skipped")} == {
        "read": 4,
        "added": 0,
        "unchanged": 4,
        "skipped": 0,
    }
    assert again["notes"] == []


def test_a_folder_without_files(index: Run, tmp_path: Path) -> None:
    """There is nothing to be done, and nothing is made."""
    (tmp_path / "empty" / ".hidden").mkdir(parents=True)
    done = index("index", str(tmp_path / "empty"))
    assert (done.status, done.out) == (2, "")
    assert "has no files to read" in done.err
    assert not (tmp_path / "collection").exists()


def test_convert_takes_the_same(index: Run, folder: Path, tmp_path: Path) -> None:
    """Converting reads what indexing would, and stores nothing."""
    done = index("convert", str(folder))
    assert (done.status, done.err) == (0, "Read 4 records.\n")
    assert {json.loads(line)["id"] for line in done.out.splitlines()} == {"a", "b", "c", "graphs"}
    assert not (tmp_path / "collection").exists()


def test_columns(index: Run, tmp_path: Path) -> None:
    """Whoever names the columns has any table read, though none of its names says what it holds."""
    table = tmp_path / "t.csv"
    table.write_text("Nr;Titel;Zusammenfassung;Wer;DOI-Nummer\n1;Sprache;Sie spricht.;Bee, Ada;10.1093/X\n")
    columns = "title=Titel, abstract=Zusammenfassung,authors=Wer,doi=DOI-Nummer"
    done = index("index", str(table), "--columns", columns, "--json")
    assert (done.status, done.json["added"]) == (0, 1)
    paper = Collection(tmp_path / "collection").snapshot().store.paper("10.1093/x")
    assert (paper.title, paper.abstract, paper.authors) == ("Sprache", "Sie spricht.", ("Ada Bee",))
    refused = index("index", str(table), "--columns", "title=Name")
    assert (refused.status, refused.out) == (2, "")
    assert "'Name'" in refused.err


def test_a_column_that_is_guessed_is_told(index: Run, tmp_path: Path) -> None:
    """Without being told, columns are guessed by their names, and the report says how."""
    (tmp_path / "t.csv").write_text("Key,Article Title,Abstract\n1,Speech,It speaks.\n")
    done = index("index", str(tmp_path / "t.csv"), "--json")
    assert done.json["added"] == 1
    assert {note["kind"] for note in done.json["notes"]} <= {"guessed", "ignored"}
    assert any("Article Title" in note["what"] for note in done.json["notes"])


# What cannot be read


def test_one_file_of_several(index: Run, folder: Path, tmp_path: Path) -> None:
    """Of several files the one that cannot be read is named, with the reason, and the others are read."""
    (folder / "b.txt").write_bytes((ROOT / "LICENSE").read_bytes())
    done = index("index", str(folder))
    assert (done.status, done.err) == (0, "")
    assert "4 added" in done.out.splitlines()[0]
    assert "  b.txt: b.txt is in no format known here." in done.out.splitlines()
    assert papers(tmp_path) == {"a", "b", "c", "graphs"}


def test_one_paper_and_a_file_that_is_none(index: Run, tmp_path: Path) -> None:
    """One paper that was stored is a success, however many files were none."""
    (tmp_path / "a.jsonl").write_bytes(lines("a"))
    done = index("index", str(tmp_path / "a.jsonl"), str(ROOT / "LICENSE"), str(ROOT / "Makefile"))
    assert (done.status, done.err) == (0, "")
    assert papers(tmp_path) == {"a"}
    assert index("index", str(tmp_path / "a.jsonl"), str(ROOT / "LICENSE")).status == 0


def test_nothing_could_be_read(index: Run, tmp_path: Path) -> None:
    """Where no record became a paper that is a failure, with the report of why; programs get one JSON value."""
    (tmp_path / "f.jsonl").write_bytes(b'{"id": 1}\n{\n')
    for arguments in ([], ["--json"]):
        done = index("index", str(tmp_path / "f.jsonl"), *arguments)
        assert done.status == 2
        assert "No record could be read as a paper." in done.err
        if arguments:
            assert (done.json["read"], done.json["added"], done.json["skipped"]) == (2, 0, 2)
        else:
            assert done.out.splitlines()[0].startswith("Read 2 records: 0 added, 0 updated, 0 unchanged, 2 skipped.")


def test_a_file_that_is_cut_off(index: Run, tmp_path: Path) -> None:
    """What came of a file before it ends too early is kept, and the report says that there was more."""
    (tmp_path / "f.gz").write_bytes(gzip.compress(lines(*(f"p{n}" for n in range(500))))[:-600])
    done = index("index", str(tmp_path / "f.gz"), "--json")
    assert done.status == 0
    assert 0 < done.json["added"] < 500
    assert papers(tmp_path) == {f"p{n}" for n in range(done.json["added"])}
    assert any("what follows is lost" in note["what"] for note in done.json["notes"])
    assert index("index", str(tmp_path / "f.gz"), "--strict").status == 1


def test_strict(index: Run, tmp_path: Path) -> None:
    """Who wants no gaps is told of each by a failure, after what could be read has been stored."""
    (tmp_path / "whole.jsonl").write_bytes(lines("a", "b"))
    (tmp_path / "broken.jsonl").write_bytes(lines("c") + b"{\n")
    assert index("index", "--strict", str(tmp_path / "whole.jsonl")).status == 0
    done = index("index", "--strict", str(tmp_path / "broken.jsonl"))
    assert done.status == 1
    assert done.out.startswith("Read 2 records: 1 added, 0 updated, 0 unchanged, 1 skipped.\n")
    assert "--strict does not allow" in done.err
    assert papers(tmp_path) == {"a", "b", "c"}
    assert index("index", str(tmp_path / "broken.jsonl")).status == 0
    assert index("convert", "--strict", str(tmp_path / "broken.jsonl")).status == 1
    assert index("convert", str(tmp_path / "broken.jsonl")).status == 0


def test_strict_with_a_file_that_is_none(index: Run, tmp_path: Path) -> None:
    """A file among several that cannot be read is a gap as well."""
    (tmp_path / "whole.jsonl").write_bytes(lines("a"))
    done = index("index", "--strict", str(tmp_path / "whole.jsonl"), str(ROOT / "LICENSE"))
    assert done.status == 1
    assert papers(tmp_path) == {"a"}


def test_the_report_for_programs(index: Run, tmp_path: Path) -> None:
    """As JSON the report has every count, each note with its kind and place, and what the collection holds now."""
    records = [
        {"id": "a", "title": "Speech", "abstract": "Of speech.", "identifiers": ["doi:10.1093/x"]},
        {"id": "b", "title": "Face", "abstract": "Of faces.", "identifiers": ["doi:10.1093/x"], "source": "there"},
        {"id": "a", "title": "Graph", "abstract": "Of graphs."},
        {"title": "  "},
        {"id": "c", "title": "Face"},
    ]
    (tmp_path / "f.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    done = index("index", "--json", str(tmp_path / "f.jsonl"))
    assert (done.status, done.err) == (0, "")
    numbers = {name: value for name, value in done.json.items() if isinstance(value, int) and value}
    assert numbers == {"read": 5, "added": 2, "merged": 1, "superseded": 1, "skipped": 1, "papers": 2}
    assert done.json["stopped"] is False
    assert {(note["kind"], note["where"]) for note in done.json["notes"]} == {
        ("merged", "f.jsonl: b"),
        ("superseded", "f.jsonl: a"),
        ("skipped", "f.jsonl:4"),
        ("missing", "f.jsonl:5"),
    }
    assert {kind: count for kind, count in done.json["counts"].items() if count} == {
        "merged": 1,
        "superseded": 1,
        "skipped": 1,
        "missing": 1,
    }


# An import that is stopped, and one that is watched


def many(tmp_path: Path, numbers: Iterable[int] = range(MANY)) -> Path:
    path = tmp_path / "many.jsonl"
    path.write_bytes(lines(*(f"paper number {number}" for number in numbers)))
    return path


def test_an_import_that_is_stopped(
    index: Run, tmp_path: Path, real_encoder: CompiledEncoder, monkeypatch: pytest.MonkeyPatch, model_cache: Path
) -> None:
    """Ctrl-C ends an import after whole commits, with its report, the way to go on and status 130; run again, the same
    command encodes nothing but the rest."""
    file = many(tmp_path)
    shell = open_shell(model_cache, tmp_path / "collection")
    Collection.create(tmp_path / "collection", real_encoder.identity)
    collection = Collection(tmp_path / "collection")
    with shell.start("index", "--json", str(file)) as process:
        deadline = time.monotonic() + 60
        while not collection.snapshot().papers:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, STOPPED)
    report = json.loads(out)
    stored = collection.snapshot().papers
    assert report["stopped"] is True
    assert report["read"] == report["added"] == report["papers"] == stored
    assert 0 < stored < MANY
    assert stored % CHUNK == 0
    assert papers(tmp_path) == {f"paper number {number}" for number in range(stored)}

    encoded: list[str] = []
    encode = CompiledEncoder.encode

    def listening(self: CompiledEncoder, texts: list[str], titles: list[str]) -> object:
        encoded.extend(titles)
        return encode(self, texts, titles)

    monkeypatch.setattr(CompiledEncoder, "encode", listening)
    again = index("index", "--json", str(file))
    assert (again.status, again.json["added"], again.json["unchanged"]) == (0, MANY - stored, stored)
    assert encoded == [f"paper number {number}" for number in range(stored, MANY)]
    assert papers(tmp_path) == {f"paper number {number}" for number in range(MANY)}


def test_two_interrupts(shell: Shell, tmp_path: Path) -> None:
    """Whoever cannot wait presses Ctrl-C again: the import ends at once, and what was committed is safe."""
    pipe = tmp_path / "papers.jsonl"
    os.mkfifo(pipe)
    place = tmp_path / "collection"
    with shell.start("index", str(pipe), "--collection", str(place)) as process, pipe.open("wb") as stream:
        stream.write(lines(*(f"p{n}" for n in range(CHUNK * 2))))
        stream.flush()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "Stopping" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert Collection(place).verify() == []
    assert Collection(place).snapshot().papers % CHUNK == 0


@pytest.fixture(scope="module")
def shell(real_encoder: CompiledEncoder, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The program with the bundled model, whose preparation is done."""
    assert real_encoder.identity.dimension == 384
    return open_shell(model_cache, tmp_path_factory.mktemp("importing") / "collection")


def on_a_terminal(shell: Shell, *arguments: str) -> tuple[int, str, str]:
    """Status, standard output, and what is shown on a terminal of a hundred columns."""
    terminal, theirs = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, *arguments], env=shell.environment | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(terminal, 65_536):
                shown += part
        except OSError:  # Linux says so when the other side is closed
            pass
        finally:
            os.close(terminal)
        assert process.stdout is not None
        out = process.stdout.read()
    return process.returncode, out.decode(), shown.decode()


def test_progress_on_a_terminal(shell: Shell, tmp_path: Path) -> None:
    """On a terminal a bar shows how many records are safe, of how many, and how many a second; then it is gone."""
    status, out, shown = on_a_terminal(shell, "index", str(many(tmp_path, range(1_100))))
    assert status == 0
    assert out.startswith("Read 1,100 records: 1,100 added, 0 updated, 0 unchanged.\n")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert {"512 of 1,100 records", "1,024 of 1,100 records"} & set(re.findall(r"[\d,]+ of 1,100 records", plain))
    rates = [int(rate.replace(",", "")) for rate in re.findall(r"([\d,]+)/s", plain)]
    assert any(0 < rate < 1_000_000 for rate in rates)
    assert re.search(r"\d:\d\d", plain)
    assert "\x1b[2K" in shown  # the line is cleared


def test_progress_of_what_comes_through_a_pipe(shell: Shell, tmp_path: Path) -> None:
    """What can be read only once is not counted beforehand: the records so far and their rate are shown."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/sh", "-c", f"cat '{many(tmp_path, range(1_100, 2_200))}' > '{pipe}'"]):
        status, out, shown = on_a_terminal(shell, "index", str(pipe))
    assert (status, out[:26]) == (0, "Read 1,100 records: 1,100 ")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(r"(512|1,024|1,100) records +[\d,]+/s", plain)
    assert " of 1,100" not in plain


def test_no_progress_elsewhere(shell: Shell, tmp_path: Path) -> None:
    """A log or another program gets no bar."""
    assert shell.run("index", str(many(tmp_path, range(10)))).err == ""
