"""Finding the importer for a file: by what is in it, and with a way out where there is none."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from indexer.errors import UnreadableSource
from indexer.identity import Record
from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources.opening import HEAD
from indexer.sources.registry import SOURCES, Options, check, find, read, recognise
from tests.conftest import ROOT, SHARED
from tests.indexer.test_paper import assert_helpful

LINES = b'{"id": "a", "title": "Speech"}\n'
PAGE = "Talking Faces\nWe show in eight words that this works.\n  • 2 authors\n·\nSep 25\n".encode()
JSON, ATOM, OAI, ACL, PUBMED, BIBTEX, RIS, NBIB, DAILY, TABLE = (source.name for source in SOURCES)
KNOWN = (
    "The known formats are: JSON (our own, Hugging Face, arXiv snapshot, Semantic Scholar, OpenAlex, CSL); arXiv Atom; "
    "arXiv OAI-PMH; ACL Anthology XML; PubMed XML; BibTeX; RIS; MEDLINE (nbib); Daily Papers page; CSV or TSV. "
    "If it is a table, name its columns: --columns title=…,abstract=…."
)


def format_of(path: Path) -> str:
    """The format of a file that can be read."""
    check(path)
    return recognise(path.name, path.read_bytes()[:HEAD]).name


@pytest.mark.parametrize(
    ("content", "format_name"),
    [
        (LINES, JSON),
        (b"\xef\xbb\xbf\n" + LINES, JSON),
        (b"[" + LINES + b"]", JSON),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/abc</id></feed>', ATOM),
        (b"<OAI-PMH><record><metadata><arXiv xmlns='http://arxiv.org/OAI/arXiv/'/></metadata></record></OAI-PMH>", OAI),
        (b'<?xml version="1.0"?>\n<collection id="P19"><volume id="1"/></collection>', ACL),
        (b"<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>", PUBMED),
        (b"@article{a, title={Speech}}\n", BIBTEX),
        (b"TY  - JOUR\nTI  - Speech\nER  - \n", RIS),
        (b"PMID- 1\nTI  - Speech\n", NBIB),
        (PAGE, DAILY),
        (b"new\n\nDaily Papers\n\nDec 11\n", DAILY),
        (b"new\r\n\r\n  DAILY PAPERS  \r\n", DAILY),
        (b"\xff" + PAGE, DAILY),
        (b"id,title\n1,Speech\n", TABLE),
        (b"abstract;title\n", TABLE),
        (b"title\tid\n", TABLE),
    ],
)
@pytest.mark.parametrize("name", ["papers.jsonl", "page.txt", "noname"])
def test_the_content_tells_the_format(tmp_path: Path, content: bytes, format_name: str, name: str) -> None:
    """People rename files; only what is in them counts."""
    (tmp_path / name).write_bytes(content)
    assert format_of(tmp_path / name) == format_name


def test_the_real_files_are_recognised(seed_page: Path) -> None:
    """The shipped papers and the page that they were made of are each read by the right importer."""
    assert format_of(seed_page) == DAILY
    assert format_of(ROOT / "data" / "papers.jsonl") == JSON


@pytest.mark.parametrize(
    ("folder", "format_name"),
    [
        ("arxiv_atom", ATOM),
        ("arxiv_kaggle", JSON),
        ("arxiv_oai", OAI),
        ("bibtex", BIBTEX),
        ("csv", TABLE),
        ("hf", JSON),
        ("medline_nbib", NBIB),
        ("openalex", JSON),
        ("pubmed", PUBMED),
        ("ris", RIS),
        ("s2", JSON),
    ],
)
def test_recorded_files_are_claimed_by_their_importer_alone(folder: str, format_name: str) -> None:
    """Every recorded file of every service is recognised, and no other importer takes it for its own."""
    files = sorted((SHARED / "formats" / folder).glob("*"))
    if not files:
        pytest.skip("the recorded files are not beside this checkout")
    for path in files:
        head = path.read_bytes()[:HEAD]
        if head.startswith(b"<!doctype html"):
            continue  # what a service answered instead of papers
        assert [source.name for source in SOURCES if source.recognises(head)] == [format_name], path.name


def test_reading_hands_on_the_options_and_the_name(tmp_path: Path) -> None:
    """The year reaches the page's importer, and notes and records name the file without its folders."""
    (tmp_path / "page.txt").write_bytes(PAGE + b"footer\n")
    report = Report()
    records = list(read(tmp_path / "page.txt", report, Options(year=2019)))
    assert [(r.paper.id, r.paper.published, r.origin) for r in records] == [("talking-faces", "2019-09-25", "page.txt")]
    assert [note.where for note in report.notes] == ["page.txt:6"]


def test_columns_make_any_text_a_table(tmp_path: Path) -> None:
    """Who names the columns says that it is a table, although nothing in it says so."""
    (tmp_path / "t").write_text("Titel;Zusammenfassung\nSprache;Sie spricht.\n")
    with pytest.raises(UnreadableSource, match="no format known"):
        list(read(tmp_path / "t", Report()))
    (record,) = read(tmp_path / "t", Report(), Options(columns={"title": "Titel", "abstract": "Zusammenfassung"}))
    assert (record.paper.title, record.paper.abstract) == ("Sprache", "Sie spricht.")


def test_reading_is_a_stream(tmp_path: Path) -> None:
    """Papers come one by one: a large file is never held as a whole."""
    (tmp_path / "f").write_bytes(LINES * 3)
    report = Report()
    records = read(tmp_path / "f", report)
    assert [next(records), report.read] == [Record(Paper("a", "Speech"), "f"), 1]
    assert [len(list(records)), report.read] == [2, 3]


@pytest.mark.parametrize(
    ("content", "message", "next_step"),
    [
        (b"", "f is empty.", "Give a file that holds papers."),
        (b" \n\t\r\n", "f is empty.", "Give a file that holds papers."),
        (b"id,name\n1,Speech\n", "f is in no format known here.", KNOWN),
        (b"Speech is what people speak.\n", "f is in no format known here.", KNOWN),
        (b"<html><body>Speech</body></html>", "f is in no format known here.", KNOWN),
        (b"\x89PNG\r\n\x1a\n\x00", "f is in no format known here.", KNOWN),
        ('{"title": "t"}'.encode("utf-16"), "f is in no format known here.", KNOWN),
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
    for attempt in (check, lambda path: list(read(path, Report()))):
        with pytest.raises(UnreadableSource, match=reason) as caught:
            attempt(tmp_path / name)
        assert "Check the path" in caught.value.next_step
        assert_helpful(caught.value)


def test_finding_comes_before_reading(tmp_path: Path) -> None:
    """Folders and patterns become files, each once; what is not there is told before anything is read."""
    (tmp_path / "a.jsonl").write_bytes(LINES)
    assert find([tmp_path, tmp_path / "*.jsonl"]) == [tmp_path / "a.jsonl"]
    with pytest.raises(UnreadableSource, match="No such file"):
        find([tmp_path, tmp_path / "missing"])


def test_packed_files_are_read_as_what_is_in_them(tmp_path: Path) -> None:
    """A compressed file keeps its name; the members of an archive have one behind it; each is of its own format."""
    (tmp_path / "f.gz").write_bytes(gzip.compress(LINES))
    assert list(read(tmp_path / "f.gz", Report())) == [Record(Paper("a", "Speech"), "f.gz")]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("read me.txt", "These are papers.")
        made.writestr("a.jsonl", LINES)
        made.writestr("b.bib", "@article{a, title={Faces}, author={Bee, Ada}}")
    (tmp_path / "f.zip").write_bytes(archive.getvalue())
    report = Report()
    records = list(read(tmp_path / "f.zip", report))
    assert [(r.paper.title, r.origin) for r in records] == [("Speech", "f.zip/a.jsonl"), ("Faces", "f.zip/b.bib")]
    assert [note for note in report.notes if note.kind != "missing"] == [
        Note("unreadable", "f.zip/read me.txt", "f.zip/read me.txt is in no format known here.")
    ]


def test_looking_at_a_file_refuses_what_reading_would(tmp_path: Path) -> None:
    """An archive that can be read passes, whatever its first file is."""
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as made:
        made.writestr("read me.txt", "These are papers.")
        made.writestr("a.jsonl", LINES)
    assert len(list(read(tmp_path / "f.zip", Report()))) == 1
    check(tmp_path / "f.zip")


def test_an_archive_without_a_known_format_is_refused(tmp_path: Path) -> None:
    """Where nothing in an archive can be read the error is that of its first file."""
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as made:
        made.writestr("read me.txt", "These are papers.")
        made.writestr("empty", "")
    with pytest.raises(UnreadableSource, match=r"f\.zip/read me\.txt is in no format known here\."):
        list(read(tmp_path / "f.zip", Report()))


def test_only_the_beginning_is_looked_at(tmp_path: Path) -> None:
    """Telling the format reads `HEAD` bytes, so that a closing after them does not count."""
    filler = b"x\n" * (HEAD // 2)
    (tmp_path / "f").write_bytes(filler + PAGE)
    with pytest.raises(UnreadableSource, match="no format known"):
        check(tmp_path / "f")
    (tmp_path / "f").write_bytes(filler[: -2 * len(PAGE)] + PAGE)
    assert format_of(tmp_path / "f") == DAILY


@pytest.mark.parametrize(
    "unit",
    [
        b"\n", b" ", b"x\n", "•".encode(), "• 1".encode(), b"Daily Papers \n x", b"<", b"<a>", b"@", b"@article",
        b"TY - ", b"PMID", b",", b'"', b"\t;", b"title",
    ],
)  # fmt: skip
def test_telling_the_format_takes_linear_time(unit: bytes) -> None:
    """A file made of blank lines must not keep the product busy for half a minute."""
    begun = time.monotonic()
    head = b"x" + unit * (HEAD // len(unit))
    if unit.startswith(b"Daily"):
        assert recognise("f", head.replace(b"xDaily", b"x\nDaily")).name == DAILY
    else:
        with pytest.raises(UnreadableSource):
            recognise("f", head)
    assert time.monotonic() - begun < 2


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """What comes through a pipe can be read only once: looking at it beforehand would lose its beginning."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check(pipe)
    with subprocess.Popen(["/bin/sh", "-c", f"cat > '{pipe}'"], stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(LINES)
        writer.stdin.close()
        assert len(list(read(pipe, Report()))) == 1


def test_standard_input() -> None:
    """A dash is standard input; notes call it by its name."""
    program = (
        "from pathlib import Path; from indexer.report import Report; from indexer.sources.registry import read;"
        "r = Report(); print([(p.paper.title, p.origin) for p in read(Path('-'), r)], r.notes[0].where)"
    )
    lines = b'{"title": "t", "abstract": "a"}\n{\n'
    done = subprocess.run([sys.executable, "-c", program], input=lines, capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.decode().strip() == "[('t', 'standard input')] standard input:2"
