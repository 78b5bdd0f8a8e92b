"""The command line: what it prints, what it exits with, and that nobody ever sees a traceback."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.service import Service
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from search.engine import Engine
from tests.api.conftest import PAPERS, PROGRAM, STOPPED, Done, Run, Shell, connect, open_shell
from tests.conftest import ROOT
from tests.toys import ToyEncoder

COMMANDS = (
    "index", "search", "related", "rank", "show", "cite", "info", "evaluate", "convert", "export", "remove", "split",
    "merge", "verify", "rebuild", "compact", "backup", "restore", "serve", "mcp", "fetch", "key", "digest",
)  # fmt: skip


@pytest.fixture(scope="module")
def shell(real_encoder: CompiledEncoder, model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The program on the shipped papers and the bundled model, whose preparation is done."""
    assert real_encoder.identity.name == "all-MiniLM-L6-v2"
    shell = open_shell(model_cache, tmp_path_factory.mktemp("cli") / "collection")
    done = shell.run("index", str(PAPERS))
    report = (
        "Read 37 records: 37 added, 0 updated, 0 unchanged.\n"
        "Longer than the model's window, encoded in parts: 37 papers.\n"
        "The collection holds 37 papers.\n"
    )
    assert done == Done(0, report, "")
    return shell


# The whole program


def test_index_again(shell: Shell) -> None:
    """Indexing the same file again changes nothing, and the JSON report says so."""
    done = shell.run("index", "--json", str(PAPERS))
    assert done.status == 0
    numbers = {name: value for name, value in done.json.items() if name not in {"notes", "counts"}}
    assert numbers == {
        "read": 37,
        "added": 0,
        "updated": 0,
        "unchanged": 37,
        "merged": 0,
        "superseded": 0,
        "skipped": 0,
        "long": 0,
        "papers": 37,
        "stopped": False,
    }
    assert shell.run("info", "--json").json["sequence"] == 1


def test_search(shell: Shell) -> None:
    """A search prints how it read the acronym, then rank, score, title, and below them how sure it is, date, authors
    and id."""
    done = shell.run("search", "emotional TTS", "-k", "2")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "TTS read as text-to-speech"
    assert lines[1].startswith("  1  0.")
    assert {name for name in ("IndexTTS2", "MM-TTS") if f"{name}: " in done.out} == {"IndexTTS2", "MM-TTS"}
    at = lines.index("            indextts2-a-breakthrough-in-emotionally-expressive-and-29cbb0e0")
    assert lines[at - 1].startswith("            strong match (")
    assert lines[at - 1].endswith(") · 2025-06-23 · 7 authors ·")
    assert lines[-1] == "1–2 of 37 papers"


def test_json_is_what_rest_answers(shell: Shell, real_encoder: CompiledEncoder) -> None:
    """With --json, search and related print what the REST interface answers on the same collection."""
    collection = Collection(Path(shell.environment["PAPERKIN_COLLECTION"]))
    service = Service(collection, real_encoder, Engine(collection, real_encoder))
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    printed = shell.run("search", "emotional TTS", "--json", "-k", "3", "--offset", "1", "--from", "2025").json
    fields = {"q": "emotional TTS", "k": "3", "offset": "1", "date_from": "2025"}
    answered = client.get("/v1/search", params=fields).json()
    assert (printed.pop("took_ms") > 0, answered.pop("took_ms") > 0) == (True, True)
    assert printed == answered
    assert len(printed["hits"]) == 3
    two = [hit["paper"]["id"] for hit in printed["hits"][:2]]
    kin = shell.run("related", "--json", "-k", "2", *two).json
    answered = client.post("/v1/related", json={"ids": two, "k": 2}).json()
    assert kin["hits"] == answered["hits"]
    assert kin["total"] == 35


def test_a_question_from_standard_input(shell: Shell) -> None:
    """A single hyphen reads the question, such as a whole abstract, from standard input."""
    done = shell.run("search", "-", "-k", "1", "--json", text=b"emotional\ntext-to-speech\n")
    assert done.json["hits"][0]["paper"]["title"].startswith(("IndexTTS2", "MM-TTS"))
    assert shell.run("search", "-", text=b"").status == 2


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("search", b"\xff"), 2),
        (("search", "x", "--category", b"\xff"), 2),
        (("show", b"\xff"), 1),
        (("index", b"\xff"), 2),
    ],
)
def test_arguments_that_are_not_utf8(shell: Shell, arguments: tuple[str | bytes, ...], status: int) -> None:
    """An argument in another encoding is no question, no filter, no paper and no file, and told so in a sentence."""
    done = shell.run(*arguments)
    assert (done.status, done.out) == (status, "")
    assert done.err.startswith("paperkin: ")
    assert "Unexpected" not in done.err


def test_interrupt(shell: Shell, tmp_path: Path) -> None:
    """Ctrl-C ends an import with status 130, its report, the way to go on, and without a traceback."""
    pipe = tmp_path / "papers.jsonl"
    os.mkfifo(pipe)
    with shell.start("index", str(pipe)) as process, pipe.open("wb"):  # open returns when the program waits for papers
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == "Read 0 records: 0 added, 0 updated, 0 unchanged.\nThe collection holds 37 papers.\n"
    assert err == STOPPED


def test_interrupt_while_standard_input_is_awaited(shell: Shell) -> None:
    """Ctrl-C ends a command that waits for what is typed or piped as it ends any other."""
    with shell.start("index", "-") as process:
        assert process.stdin is not None
        process.stdin.write('{"title": "Speech"}' + "\n" * 300_000)  # more than a pipe holds: the program reads
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr is not None
        assert process.stderr.read() == STOPPED


def test_a_reader_that_goes_away(shell: Shell) -> None:
    """A reader that has seen enough, as head has, is no reason to complain."""
    with shell.start("convert", str(PAPERS)) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("{")
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) in {0, 1}


def test_debug(shell: Shell, tmp_path: Path) -> None:
    """Who asks for the traceback gets it."""
    environment = shell.environment | {"PAPERKIN_DEBUG": "1"}
    command = [str(PROGRAM), "info", "--collection", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert "Traceback" in done.stderr
    assert "CollectionMissing" in done.stderr


def test_another_model(toys: Run, real_encoder: CompiledEncoder) -> None:
    """A collection of another model is not searched with this one; the message names both and the way out."""
    assert real_encoder.identity.dimension == 384
    done = toys("search", "speech")
    assert (done.status, done.out) == (1, "")
    assert "was made with the model toy (" in done.err
    assert "not with all-MiniLM-L6-v2" in done.err
    assert "Set the model to toy" in done.err


# Help and wrong use


def test_help(run: Run) -> None:
    """The help names every command; no command at all prints it too, as a mistake."""
    for arguments, status in ((["--help"], 0), (["-h"], 0), ([], 2)):
        done = run(*arguments)
        assert done.status == status
        listed = [line.split()[0] for line in (done.out + done.err).partition("Commands:\n")[2].splitlines() if line]
        assert tuple(listed) == COMMANDS


@pytest.mark.parametrize("command", [*COMMANDS, "fetch arxiv", "fetch hf"])
def test_help_of_a_command(run: Run, command: str) -> None:
    """Every command has a help, which says what it does before it lists its options."""
    done = run(*command.split(), "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"Usage: paperkin {command} ")
    purpose = done.out.split("\n\n")[1]
    assert purpose.strip().endswith(".")
    assert "--help" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["find"], "No such command 'find'"),
        (["search"], "The question is empty."),
        (["search", "x", "--limit", "3"], "No such option: --limit"),
        (["search", "x", "-k", "ten"], "Invalid value for '-k'"),
        (["search", "x", "--mode", "fuzzy"], "'fuzzy' is not one of 'hybrid', 'dense', 'lexical'"),
        (["related"], "Missing argument"),
        (["rank"], "Missing argument"),
        (["rank", "x"], "The question is empty."),
        (["search", "--explain", "--plain", "--mode", "dense"], "The question is empty."),
        (["search", "x", *["--like", "y"] * 101], "101 papers are liked or disliked."),
        (["search", "--abstract", "x" * 10_001], "The pasted abstract has 10,001 characters."),
        (["show"], "Missing argument"),
        (["remove"], "Missing argument"),
        (["index"], "Missing argument"),
        (["split", "a", "arxiv"], "Missing argument"),
        (["merge", "a"], "Missing argument"),
        (["backup"], "Missing argument"),
        (["restore"], "Missing argument"),
        (["fetch"], "Usage: paperkin fetch"),
        (["fetch", "arxiv", "--category", "cs.CL"], "Missing option '--since'"),
        (["index", "x", "--year", "0"], "Invalid value for '--year'"),
        (["serve", "--port", "65536"], "Invalid value for '--port'"),
        (["search", ""], "The question is empty."),
        (["search", " \n"], "The question is empty."),
        (["search", "x" * 10_001], "The question has 10,001 characters."),
        (["search", "x\0"], "The question holds NUL"),
        (["search", "x", "-k", "0"], "k is 0."),
        (["search", "x", "-k", "1001"], "k is 1001."),
        (["search", "x", "--offset", "-1"], "offset is -1."),
        (["search", "x", "--from", "soon"], "date_from is not a date: 'soon'."),
        (["search", "x", "--to", "2025-13"], "date_to is not a date: '2025-13'."),
        (["search", "x", "--author", "!"], "The author filter holds no word."),
        (["search", "x", "--category", ""], "The category filter is blank."),
        (["index", "nothing.jsonl"], "Cannot read nothing.jsonl: No such file or directory."),
        (["convert", "nothing.jsonl"], "Cannot read nothing.jsonl: No such file or directory."),
        (["index", str(ROOT / "api" / "nothing*")], "No file matches "),
        (["index", str(ROOT / "LICENSE")], "LICENSE is in no format known here."),
        (["index", os.devnull], "null is empty."),
        (["index", str(PAPERS), "nothing.jsonl"], "Cannot read nothing.jsonl"),
        (["index", str(PAPERS), "--columns", "title"], "--columns has 'title'."),
        (["index", str(PAPERS), "--columns", "title=Titel,colour=Farbe"], "--columns has 'colour=Farbe'."),
        (["convert", str(PAPERS), "--columns", "title="], "--columns has 'title='."),
        (["restore", str(ROOT / "LICENSE")], "LICENSE is not a backup."),
        (["restore", "nothing.db"], "nothing.db is not a backup."),
        (["fetch", "hf", "--date", "soon"], "'soon' is not a day."),
        (["fetch", "hf", "--date", "2020-01-01"], "There were no Daily Papers on 2020-01-01."),
        (["fetch", "arxiv", "--category", "cs.CL", "--since", "2026"], "'2026' is not a day."),
    ],
)
def test_wrong_use(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    """What is wrongly asked exits with 2, says what is wrong and what to do, and makes nothing."""
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert len(done.err.splitlines()) >= 2
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "x"], ["related", "x"], ["rank", "x", "y"], ["show", "x"], ["cite", "x"], ["info"], ["export"],
        ["remove", "x"], ["split", "x", "y", "z"], ["merge", "x", "y"], ["verify"], ["rebuild"], ["compact"],
        ["backup", "x"], ["serve"],
    ],
    ids=lambda arguments: str(arguments[0]),
)  # fmt: skip
def test_no_collection_yet(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    """Before anything is indexed every command says so and how to begin, at once and without making anything."""
    done = run(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        f"paperkin: There is no collection in {tmp_path / 'nowhere'} yet.\n"
        "Make one from your papers: paperkin index FILE…\n"
    )
    assert not (tmp_path / "nowhere").exists()


def test_a_directory_of_something_else(run: Run, tmp_path: Path) -> None:
    """A directory that holds other things is left alone."""
    (tmp_path / "note.txt").write_text("mine")
    done = run("info", "--collection", str(tmp_path))
    assert done.status == 1
    assert "holds something that is not a collection" in done.err
    done = run("info", "--collection", str(tmp_path / "note.txt"))
    assert done.status == 1
    assert "is a file, not a collection" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PAPERKIN_API_KEY", "short", "PAPERKIN_API_KEY must be at least 16 printable ASCII characters."),
        ("PAPERKIN_API_KEY", "", "PAPERKIN_API_KEY must be at least 16 printable ASCII characters."),
        ("PAPERKIN_COLLECTION", str(ROOT / "LICENSE"), "which is a file."),
    ],
)
def test_wrong_settings(run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    """A setting that cannot be used is named, with what it should be."""
    monkeypatch.setenv(name, value)
    done = run("info")
    assert done.status == 2
    assert message in done.err


# Commands that need no model


def test_convert(run: Run) -> None:
    """Converting the shipped file prints it letter by letter, the report apart from it."""
    done = run("convert", str(PAPERS))
    assert (done.status, done.err) == (0, "Read 37 records.\n")
    assert done.out == PAPERS.read_text(encoding="utf-8")


def test_show(toys: Run) -> None:
    """A paper is shown with all that is known of it."""
    done = toys("show", "10.1/d")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "face"
    assert "authors    2 authors" in lines
    assert lines[-1] == "A face shows emotion."


def test_show_json_is_what_rest_answers(toys: Run, collection: Collection, encoder: ToyEncoder) -> None:
    """With --json, show and info print what the REST interface answers."""
    client = connect(collection, encoder)
    assert toys("show", "10.1/d", "--json").json == client.get("/v1/papers/10.1/d").json()
    assert toys("info", "--json").json == client.get("/v1/collection").json()


def test_info(toys: Run, collection: Collection) -> None:
    """What the collection is: its place, its papers and where they came from, its model."""
    done = toys("info")
    assert (done.status, done.err) == (0, "")
    shown = dict(line.split(maxsplit=1) for line in done.out.splitlines() if not line.startswith(" "))
    assert shown["papers"] == "4"
    assert shown["sources"] == "unknown 3, toys 1"
    assert shown["model"] == "toy, 5 dimensions, 256 tokens"
    assert shown["encoded"] == "by  not known"
    assert "".join(done.out.split()).startswith(f"collection{collection.directory}")


def test_the_option_wins(run: Run, collection: Collection) -> None:
    """The collection that is named on the command line is used instead of the one in the environment."""
    for option in ("--collection", "-c"):
        assert run("info", option, str(collection.directory), "--json").json["papers"] == 4


def test_remove(toys: Run, collection: Collection) -> None:
    """Removing papers says how many were removed; one that is named twice is one paper."""
    assert toys("remove", "a", "b", "a") == Done(0, "Removed 2 papers.\n", "")
    assert collection.snapshot().papers == 2
    done = toys("remove", "c", "--json")
    assert {name: done.json[name] for name in ("ids", "added", "updated", "unchanged", "removed")} == {
        "ids": ["c"],
        "added": 0,
        "updated": 0,
        "unchanged": 0,
        "removed": 1,
    }
    assert done.json["index_version"] == toys("info", "--json").json["index_version"]


def test_remove_all_or_none(toys: Run, collection: Collection) -> None:
    """If one of the papers is unknown, none is removed."""
    done = toys("remove", "a", "nobody")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("paperkin: No paper has the id 'nobody'.\n")
    assert collection.snapshot().papers == 4


def test_unknown_papers(toys: Run) -> None:
    """A paper that is not there exits with 1; where JSON was asked for, the error is the JSON of the REST interface."""
    for arguments in (["show", "nobody"], ["show", "nobody", "--json"], ["show", "--", "--x"]):
        done = toys(*arguments)
        assert done.status == 1
        assert done.err.startswith("paperkin: No paper has the id ")
        if "--json" in arguments:
            assert done.json["error"]["code"] == "paper_not_found"
        else:
            assert done.out == ""


def test_verify(toys: Run, collection: Collection) -> None:
    """Verify says that all is well, or names what is damaged and exits with 1."""
    assert toys("verify") == Done(0, f"{collection.directory} is well: 4 papers.\n", "")
    with closing(sqlite3.connect(collection.directory / "papers.db")) as database, database:
        database.execute("UPDATE paper SET record = replace(record, 'Ada', 'Eva') WHERE id = 'a'")
    done = toys("verify")
    assert (done.status, done.out) == (1, "")
    assert "the record or the embedding of 'a' is damaged" in done.err.splitlines()
    assert "'b'" not in done.err


def test_rebuild(toys: Run, collection: Collection) -> None:
    """Rebuild makes the indexes from the papers alone: one that is lost comes back, and all is well."""
    (rows,) = collection.directory.rglob("*.rows")
    rows.unlink()
    assert toys("rebuild") == Done(0, "Made the indexes of 4 papers anew.\n", "")
    assert toys("verify").status == 0
    assert len(list(collection.directory.rglob("*.rows"))) == 1


def test_json_is_utf8(toys: Run, collection: Collection, encoder: ToyEncoder) -> None:
    """JSON is printed as text that people can read: letters beyond ASCII are not escaped."""
    connect(collection, encoder).post("/v1/papers", json={"id": "é", "title": "Überblick 論文"})
    assert '"title": "Überblick 論文"' in toys("show", "é", "--json").out
