"""Opening what a user names: which files are meant, and plain bytes of each, whole, damaged or hostile."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import io
import json
import lzma
import os
import random
import struct
import subprocess
import sys
import threading
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.collection import Collection
from indexer.errors import UnreadableSource
from indexer.readers import Readers
from indexer.report import Note, Report
from indexer.sources import archive, opening
from indexer.sources.opening import HEAD, STANDARD_INPUT, find, open_source
from indexer.sources.unpacking import FREE
from tests.conftest import ROOT

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = b"".join(b'{"title": "Paper %d", "abstract": "%s"}\n' % (i, b"speech " * (i % 50)) for i in range(2_000))

SMALL = TEXT[:40_000]
NOISE = random.Random(7)  # noqa: S311  test data


def zst(data: bytes) -> bytes:
    """zstd with a checksum, as its command line writes it."""
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


def one_zip(data: bytes) -> bytes:
    return zipped(("papers.jsonl", data))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": functools.partial(gzip.compress, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zst,
}
each_packer = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


def contents(path: Path) -> tuple[dict[str, bytes], Report]:
    """What is in a file, stream by stream, and the report."""
    report = Report()
    return {name: stream.read() for name, stream in open_source(path, report)}, report


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes bytes to a file whose name says nothing."""

    def write(data: bytes) -> Path:
        path = tmp_path / "dump"
        path.write_bytes(data)
        return path

    return write


Write = Callable[[bytes], Path]


def plain(path: Path) -> bytes:
    """What is in a file of one stream that needs no note."""
    read, report = contents(path)
    assert report.notes == []
    return read["dump"]


# What is meant


def tree(root: Path, *names: str) -> None:
    """Files with these names below a folder."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def found(root: Path, *names: str) -> list[str]:
    """What `find` makes of names below a folder, relative to it."""
    return [path.relative_to(root).as_posix() for path in find([root / name for name in names])]


def test_a_file_is_meant_by_its_name_in_the_order_given(tmp_path: Path) -> None:
    """Files come in the order in which they are named, whatever they are called."""
    tree(tmp_path, "b", "a", ".hidden", "papers.db")
    assert found(tmp_path, "b", "a", ".hidden", "papers.db") == ["b", "a", ".hidden", "papers.db"]


def test_a_folder_means_all_files_below_it(tmp_path: Path) -> None:
    """A folder is read to its depth, sorted by names, without hidden files and folders."""
    tree(tmp_path, "d/b.xml", "d/a.xml", "d/c/deep/x.xml", "d/c.xml", "d/.state.json", "d/.git/config", "other.xml")
    assert found(tmp_path, "d") == ["d/a.xml", "d/b.xml", "d/c/deep/x.xml", "d/c.xml"]


def test_a_collection_below_a_folder_is_left_out(tmp_path: Path) -> None:
    """The database and what lies beside it is no source; files of the same names elsewhere are."""
    ours = ("papers.db", "papers.db-wal", "manifest.json", "writer.lock", "writer.json", "index-000001/dense/1.rows")
    tree(tmp_path, *(f"d/collection/{name}" for name in ours), "d/collection/mine.jsonl")
    tree(tmp_path, "d/manifest.json", "d/index-1/a.jsonl")
    mine = ["d/collection/mine.jsonl", "d/index-1/a.jsonl", "d/manifest.json"]
    assert found(tmp_path, "d") == mine
    assert sorted(found(tmp_path, "d/**")) == mine


def test_every_file_of_a_used_collection_is_passed_over(collection: Collection) -> None:
    """One that is drawn, evaluated, written, voted in and mailed of: of its folder only what is somebody's own is read.

    The names are written out, as they are on disk; what is missing here because another part makes it is added by hand.
    """
    folder = collection.directory
    Readers.open(folder).close()
    with collection.writing("test"):
        for name in ("atlas.bin", "evaluation.json", "digest.lock", "readers.db-wal", "readers.db-shm"):
            (folder / name).touch()
        for name in ("papers.db.making", "papers.db.making-journal", "readers.db.making"):
            (folder / name).touch()
        (folder / "own.jsonl").touch()
        present = {path.name for path in folder.iterdir()}
        assert {"papers.db", "readers.db", "manifest.json", "writer.lock", "writer.json"} <= present
        assert find([folder]) == find([folder / "*"]) == [folder / "own.jsonl"]


def test_a_pattern_is_expanded_if_the_shell_did_not(tmp_path: Path) -> None:
    """Quoted patterns mean what they would mean to a shell; folders that match mean their files."""
    tree(tmp_path, "b.xml", "a.xml", "a.json", "d/c.xml", "d/e/f.xml", ".g.xml")
    assert found(tmp_path, "*.xml") == ["a.xml", "b.xml"]
    assert found(tmp_path, "[ab].xml") == ["a.xml", "b.xml"]
    assert found(tmp_path, "?.json") == ["a.json"]
    assert found(tmp_path, "**/*.xml") == ["a.xml", "b.xml", "d/c.xml", "d/e/f.xml"]
    assert found(tmp_path, "d*") == ["d/c.xml", "d/e/f.xml"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    """`export[1].bib` is what browsers call a second download."""
    tree(tmp_path, "export[1].bib", "export1.bib")
    assert found(tmp_path, "export[1].bib") == ["export[1].bib"]


def test_each_file_is_meant_once(tmp_path: Path) -> None:
    """A file that is named twice, by another spelling, a link or its folder, is read once, where it came first."""
    tree(tmp_path, "d/a", "d/b")
    (tmp_path / "link").symlink_to("d/b")
    assert found(tmp_path, "link", "d", "d/../d/a", "*/a") == ["link", "d/a"]
    assert find([STANDARD_INPUT, tmp_path / "d", STANDARD_INPUT]) == [STANDARD_INPUT, *find([tmp_path / "d"])]


def test_links_below_a_folder(tmp_path: Path) -> None:
    """Links to files are followed, links to folders are not: they may lead in circles. Dead links are no files."""
    tree(tmp_path, "elsewhere/a", "d/b")
    (tmp_path / "d" / "circle").symlink_to(tmp_path / "d")
    (tmp_path / "d" / "linked").symlink_to(tmp_path / "elsewhere" / "a")
    (tmp_path / "d" / "dead").symlink_to("nowhere")
    os.mkfifo(tmp_path / "d" / "pipe")
    assert found(tmp_path, "d") == ["d/b", "d/linked"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.jsonl", "Cannot read .*gone.jsonl: No such file or directory."),
        ("empty", "The folder .*empty has no files to read."),
        ("*.xml", "No file matches .*xml."),
        ("empty*", "No file matches .*empty"),
        ("x" * 300, "Cannot read .*: File name too long."),
        ("circle", "Cannot read .*circle: "),
    ],
)
def test_nothing_meant(tmp_path: Path, name: str, message: str) -> None:
    """A name that means no file is an error at once, with a next step."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(UnreadableSource, match=message) as caught:
        find([tmp_path / name])
    assert caught.value.next_step


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    """Files that cannot even be listed are not left out silently."""
    tree(tmp_path, "d/a", "d/closed/b")
    (tmp_path / "d" / "closed").chmod(0)
    with pytest.raises(UnreadableSource, match=r"Permission denied"):
        find([tmp_path / "d"])


# Plain and packed


@pytest.mark.parametrize("data", [b"", b"x", TEXT], ids=["empty", "byte", "text"])
@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()], ids=["plain", *PACKERS])
def test_content_is_the_same_whatever_it_is_packed_in(file: Write, pack: Callable[[bytes], bytes], data: bytes) -> None:
    """How a file is compressed is told by its first bytes; its name is not asked."""
    assert plain(file(pack(data))) == data


def test_the_name_says_nothing(tmp_path: Path) -> None:
    """A plain file called `.gz` is plain, and an archive called `.txt` an archive."""
    (tmp_path / "plain.gz").write_bytes(b"not packed")
    (tmp_path / "zip.txt").write_bytes(one_zip(b"packed"))
    assert contents(tmp_path / "plain.gz")[0] == {"plain.gz": b"not packed"}
    assert contents(tmp_path / "zip.txt")[0] == {"zip.txt/papers.jsonl": b"packed"}


@each_packer
def test_streams_that_follow_each_other_are_one(file: Write, pack: Callable[[bytes], bytes]) -> None:
    """Parts that were packed one by one and joined, an empty one among them, are read to the end."""
    assert plain(file(pack(b"a\n") + pack(b"") + pack(b"b\n") * 3)) == b"a\nb\nb\nb\n"


@pytest.mark.parametrize("pack", [PACKERS["gzip"], PACKERS["xz"]], ids=["gzip", "xz"])
def test_zeros_between_streams_are_padding(file: Write, pack: Callable[[bytes], bytes]) -> None:
    """Tapes and block devices pad with zeros, and `xz` allows it."""
    padding = b"\0" * 70_000
    assert plain(file(pack(b"a") + padding + pack(b"b") + padding)) == b"ab"


def test_frames_of_zstd_that_hold_no_content_are_passed(file: Write) -> None:
    """zstd lets others put frames of their own before and between its frames."""
    foreign = b"\x50\x2a\x4d\x18\x05\x00\x00\x00other"
    assert plain(file(foreign + zst(b"a") + foreign + zst(b"b") + foreign)) == b"ab"


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values(), one_zip], ids=["plain", *PACKERS, "zip"])
def test_a_stream_shows_its_head(file: Write, pack: Callable[[bytes], bytes]) -> None:
    """What tells the format sees 64 KiB, and the reader still gets them."""
    for _, stream in open_source(file(pack(TEXT)), Report()):
        assert stream.peek(HEAD) == TEXT[:HEAD]
        assert stream.read() == TEXT


def test_layers(file: Write) -> None:
    """Three layers of packing are opened."""
    assert plain(file(zst(lzma.compress(gzip.compress(TEXT))))) == TEXT
    assert contents(file(zipped(("a/b.zip", zipped(("c.gz", gzip.compress(b"x")))))))[0] == {"dump/a/b.zip/c.gz": b"x"}


def test_more_layers_are_refused(file: Write) -> None:
    """Nobody packs four times: what does so is made to cost time."""
    packed = functools.reduce(lambda data, _: gzip.compress(data), range(4), TEXT)
    with pytest.raises(UnreadableSource, match=r"dump is packed more than 3 times\."):
        contents(file(packed))


# Archives


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_come_in_order(file: Write, method: int) -> None:
    """Each member of a zip archive is a source of its own, named by the archive and itself."""
    read, report = contents(file(zipped(("b.json", b"1"), ("a/c.json", TEXT), ("a.json", b""), method=method)))
    assert list(read.items()) == [("dump/b.json", b"1"), ("dump/a/c.json", TEXT), ("dump/a.json", b"")]
    assert report.notes == []


def test_members_packed_with_zstd(file: Write) -> None:
    """Method 93, which the newer packers write."""
    data = zst(TEXT)
    header = struct.pack("<4s5H3I2H", b"PK\x03\x04", 63, 0, 93, 0, 0, zlib.crc32(TEXT), len(data), len(TEXT), 1, 0)
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 63, 63, 0, 93, 0, 0, zlib.crc32(TEXT), len(data), len(TEXT), 1,
                        0, 0, 0, 0, 0, 0)  # fmt: skip
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) + 1, len(header) + 1 + len(data), 0)
    assert contents(file(header + b"a" + data + entry + b"a" + end))[0] == {"dump/a": TEXT}


def test_what_nobody_meant_is_passed(file: Write) -> None:
    """Directories, hidden files and what macOS adds are no sources."""
    names = ("d/", "__MACOSX/d/._a.json", "d/.DS_Store", ".git/config", "d\\.hidden", "d/a.json")
    read, report = contents(file(zipped(*((name, b"" if name.endswith("/") else b"x") for name in names))))
    assert (list(read), report.notes) == (["dump/d/a.json"], [])


@pytest.mark.parametrize("packed", [zipped(), zipped(("d/", b"")), zipped((".hidden", b"x"))])
def test_an_archive_of_nothing(file: Write, packed: bytes) -> None:
    """An archive without files is said to be one."""
    with pytest.raises(UnreadableSource, match=r"Nothing in dump can be read: it has no files\."):
        contents(file(packed))


def patched(packed: bytes, member: int, *, flags: int = 0, method: int | None = None) -> bytes:
    """The archive with other flags or another method of one member, in its header and in the list."""
    data = bytearray(packed)
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        for _ in range(member + 1):
            place = data.index(magic, place + 1)
        data[place + at] |= flags
        if method is not None:
            data[place + at + 2] = method
    return bytes(data)


def test_encrypted_members_are_skipped(file: Write) -> None:
    """An encrypted member is noted and the others are read; if all are, the archive fails with the reason."""
    packed = patched(zipped(("a", b"1"), ("b", b"2")), 0, flags=1)
    read, report = contents(file(packed))
    assert read == {"dump/b": b"2"}
    assert report.notes == [Note("unreadable", "dump/a", "the file is encrypted")]
    with pytest.raises(UnreadableSource, match=r"Nothing in dump can be read: dump/b is encrypted\."):
        contents(file(patched(packed, 1, flags=1)))


def test_methods_that_are_not_known_are_skipped(file: Write) -> None:
    """Deflate64, which Windows uses for large files, is not read; the report says so."""
    read, report = contents(file(patched(zipped(("a", b"1"), ("b", b"2")), 1, method=9)))
    assert read == {"dump/a": b"1"}
    assert report.notes == [Note("unreadable", "dump/b", "the file is packed by a method that is not read here (9)")]


@each_packer
def test_packed_members(file: Write, pack: Callable[[bytes], bytes]) -> None:
    """A compressed file in an archive is opened too; one that is damaged or too deep does not stop the next."""
    deep = functools.reduce(lambda data, _: pack(data), range(3), b"x")
    read, report = contents(file(zipped(("a", pack(TEXT)), ("b", deep), ("c", pack(TEXT)[:12]), ("d", b"end"))))
    assert read == {"dump/a": TEXT, "dump/d": b"end"}
    assert [(note.kind, note.where) for note in report.notes] == [("unreadable", "dump/b"), ("unreadable", "dump/c")]


def test_names_that_strangers_chose(file: Write, tmp_path: Path) -> None:
    """A name may hold anything; what is shown of it cannot steer a terminal, and it is never a path to write to."""
    read, _ = contents(file(zipped(("../../\x1b[31mred", b"1"), ("/etc/x" * 100, b"2"))))
    first, second = read
    assert first == "dump/../../\ufffd[31mred"
    assert len(second) < 210
    path = Path(os.fsdecode(bytes(tmp_path) + b"/\xff.gz"))
    path.write_bytes(gzip.compress(b"x"))
    assert contents(path)[0] == {"\ufffd.gz": b"x"}


def test_a_wrong_checksum_costs_one_member(file: Write) -> None:
    """A damaged member is given as it is and noted; its neighbours are whole."""
    packed = bytearray(zipped(("a", b"first"), ("b", b"second"), ("c", b"third"), method=zipfile.ZIP_STORED))
    packed[packed.index(b"second")] ^= 1
    read, report = contents(file(bytes(packed)))
    assert read == {"dump/a": b"first", "dump/b": b"recond", "dump/c": b"third"}
    damaged = "what follows is lost: the file is damaged: its checksum is wrong"
    assert report.notes == [Note("unreadable", "dump/b", damaged)]


def streamed_zip(*members: tuple[str, bytes]) -> bytes:
    """A zip archive as written to a pipe: sizes follow the members."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("make", [zipped, streamed_zip])
def test_an_archive_without_its_end(file: Write, make: Callable[..., bytes]) -> None:
    """A download that broke off has no list of members: those that came are found by their own headers."""
    packed = make(("a", TEXT), (".hidden", b"x"), ("b", TEXT[::-1]), ("c", TEXT))
    assert list(contents(file(packed))[0].values()) == [TEXT, TEXT[::-1], TEXT]
    cut = packed[: packed.rindex(b"PK\x03\x04") + 2_000]
    read, report = contents(file(cut))
    assert list(read) == ["dump/a", "dump/b", "dump/c"]
    assert read["dump/a"] + read["dump/b"] == TEXT + TEXT[::-1]
    assert 1_000 < len(read["dump/c"]) < len(TEXT)
    assert TEXT.startswith(read["dump/c"])
    assert [note.where for note in report.notes] == ["dump/c", "dump"]
    assert "has lost the list of its members" in report.notes[1].what


# Standard input and pipes


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values(), one_zip], ids=["plain", *PACKERS, "zip"])
def test_standard_input(pack: Callable[[bytes], bytes]) -> None:
    """What is piped in may be packed like any file, even as an archive, which is read from its end."""
    program = (
        "import sys\nfrom indexer.report import Report\nfrom indexer.sources.opening import *\n"
        "for name, stream in open_source(STANDARD_INPUT, Report()): print(name, len(stream.read()))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=pack(TEXT), capture_output=True, check=True, cwd=ROOT)
    name = "standard input/papers.jsonl" if pack is one_zip else "standard input"
    assert done.stdout.decode() == f"{name} {len(TEXT)}\n"


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program started without standard input says so."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UnreadableSource, match="There is no standard input"):
        contents(STANDARD_INPUT)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, one_zip], ids=["plain", "gzip", "zip"])
def test_a_named_pipe(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """`paperkin index <(…)` gives a pipe under a name; it comes in pieces, and the head is shown whole."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            packed = pack(TEXT)
            for i in range(0, len(packed), 5_000):
                pipe.write(packed[i : i + 5_000])

    writer = threading.Thread(target=write)
    writer.start()
    for _, stream in open_source(path, Report()):
        assert stream.peek(HEAD) == TEXT[:HEAD]
        assert stream.read() == TEXT
    writer.join()


def test_an_archive_from_a_pipe_has_a_limit(file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive in an archive is copied to a temporary file, which must not fill the disk."""
    packed = file(zipped(("a.zip", zipped(("b", NOISE.randbytes(90_000)))), ("c", b"x")))
    assert list(contents(packed)[0]) == ["dump/a.zip/b", "dump/c"]
    monkeypatch.setattr(opening, "MAX_SPOOLED", 80_000)
    read, report = contents(packed)
    assert read == {"dump/c": b"x"}
    assert report.notes == [Note("unreadable", "dump/a.zip", "dump/a.zip is an archive of more than 80,000 bytes.")]


# What is not opened


def tar(data: bytes) -> bytes:
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        info = tarfile.TarInfo("papers.jsonl")
        info.size = len(data)
        made.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (tar(TEXT), "tar"),
        (gzip.compress(tar(TEXT)), "tar"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"\x04\x22\x4d\x18\x64", "lz4"),
    ],
)
def test_other_archives(file: Write, data: bytes, format: str) -> None:
    """What is not read here is called by its name, with the way out."""
    with pytest.raises(UnreadableSource, match=rf"dump is a {format} archive\.") as caught:
        contents(file(data))
    assert caught.value.next_step == "Unpack it first."


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    """A missing file and a folder are errors with a next step."""
    with pytest.raises(UnreadableSource, match=r"gone: No such file or directory"):
        contents(tmp_path / "gone")
    with pytest.raises(UnreadableSource, match=r"Is a directory"):
        contents(tmp_path)


# Damage


def lines_before(path: Path) -> tuple[list[bytes], Report]:
    """The lines of a file, read one by one as importers do."""
    report = Report()
    return [line for _, stream in open_source(path, report) for line in iter(stream.readline, b"")], report


@each_packer
@settings(max_examples=25)
@given(part=st.floats(0.0, 0.999))
def test_what_is_cut_off_is_read_up_to_there(
    tmp_path_factory: pytest.TempPathFactory, pack: Callable[[bytes], bytes], part: float
) -> None:
    """A file cut off anywhere gives a beginning of what was in it, and says that and where it is cut off."""
    packed = pack(SMALL) + pack(SMALL)
    path = tmp_path_factory.mktemp("cut") / "dump"
    path.write_bytes(packed[: (keep := int(len(packed) * part))])
    if keep < 10:
        return
    try:
        read, report = contents(path)
    except UnreadableSource as error:
        assert error.message.startswith("dump is cut off after byte ")  # noqa: PT017  either outcome is right
        return
    assert (SMALL + SMALL).startswith(read["dump"])
    if read["dump"] != SMALL:
        (note,) = report.notes
        assert (note.kind, note.where) == ("unreadable", "dump")
        assert f"the file is cut off after byte {keep:,} of its" in note.what


@pytest.mark.parametrize("pack", [*PACKERS.values(), one_zip], ids=[*PACKERS, "zip"])
@settings(max_examples=60)
@given(place=st.floats(0.0, 1.0, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_is_told_or_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, pack: Callable[[bytes], bytes], place: float, bit: int
) -> None:
    """Wherever one bit of a packed file is wrong: the content is right, or the report says that it may not be."""
    packed = bytearray(pack(SMALL))
    packed[max(10, int(len(packed) * place))] ^= 1 << bit
    path = tmp_path_factory.mktemp("bit") / "dump"
    path.write_bytes(packed)
    try:
        read, report = contents(path)
    except UnreadableSource as error:
        assert error.next_step  # noqa: PT017  either outcome is right
        return
    assert list(read.values()) == [SMALL] or report.counts["unreadable"]


def test_lines_before_the_damage_are_kept(file: Write) -> None:
    """A hole in a gzip file costs not one line that can be unpacked before it."""
    lines = [json.dumps({"title": NOISE.randbytes(400).hex()}).encode() + b"\n" for _ in range(500)]
    packed = bytearray(gzip.compress(b"".join(lines)))
    hole = len(packed) * 3 // 5
    packed[hole : hole + 512] = bytes(512)
    engine, reachable = zlib.decompressobj(31), b""
    with contextlib.suppress(zlib.error):
        for i in range(len(packed)):
            reachable += engine.decompress(packed[i : i + 1])
    assert not engine.eof
    read, report = lines_before(file(bytes(packed)))
    whole = hole * 500 // len(packed) - 2
    assert read[:whole] == lines[:whole]
    assert b"".join(read) == reachable
    (note,) = report.notes
    assert "the file is damaged near byte" in note.what


@pytest.mark.parametrize("name", ["bzip2", "xz", "zstd"])
def test_the_others_lose_little_before_the_damage(file: Write, name: str) -> None:
    """Of the other packings at most 1,024 bytes before the damaged block are lost."""
    lines = [b"%d\n" % i for i in range(40_000)]
    parts = [PACKERS[name](b"".join(lines[i : i + 10_000])) for i in range(0, 40_000, 10_000)]
    parts[3] = parts[3][: len(parts[3]) // 2] + bytes(512) + parts[3][len(parts[3]) // 2 + 512 :]
    read, report = lines_before(file(b"".join(parts)))
    whole = b"".join(lines)
    assert sum(map(len, read)) >= len(b"".join(lines[:30_000])) - 1_024
    assert whole.startswith(b"".join(read)) or name == "xz"
    assert report.counts["unreadable"] == 1


@each_packer
def test_what_follows_and_is_something_else(file: Write, pack: Callable[[bytes], bytes]) -> None:
    """What somebody appended is not read, and not ignored silently."""
    packed = pack(b"a\n")
    read, report = contents(file(packed + b"appended by mistake"))
    assert read == {"dump": b"a\n"}
    (note,) = report.notes
    assert f"goes on after byte {len(packed):,} of its" in note.what


@settings(max_examples=300)
@given(
    st.sampled_from(
        [b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06"]
    ),
    st.binary(max_size=400),
    st.sampled_from([b"", b"PK\x05\x06" + bytes(18), b"PK\x05\x06\0\0\0\0\1\0\1\0\x40\0\0\0\0\0\0\0\0\0"]),
)
def test_anything_behind_a_known_beginning(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, data: bytes, end: bytes
) -> None:
    """Whatever follows the first bytes of a known packing, nothing but `UnreadableSource` comes out."""
    path = tmp_path_factory.getbasetemp() / "anything"
    path.write_bytes(magic + data + end)
    try:
        contents(path)
    except UnreadableSource as error:
        assert error.next_step  # noqa: PT017  either outcome is right


# Bombs


def drain(path: Path) -> int:
    """Read all of a file in pieces; the bytes read."""
    read = 0
    for _, stream in open_source(path, Report()):
        while piece := stream.read(HEAD):
            read += len(piece)
    return read


def peak(action: Callable[[], object]) -> int:
    """The most memory that Python held during an action, in bytes."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


ZEROS = gzip.compress(bytes(1_000_000))
"""A thousandth of its content."""


def test_two_hundred_megabytes_are_no_bomb(file: Write) -> None:
    """A large file that is packed as text packs is read in constant memory."""
    words = [NOISE.randbytes(NOISE.randint(1, 5)).hex() for _ in range(2_000)]
    block = b"".join(b" ".join([NOISE.choice(words).encode() for _ in range(100)]) + b"\n" for _ in range(2_000))
    path = file(gzip.compress(block) * (times := 200_000_000 // len(block) + 1))
    read = 0

    def action() -> None:
        nonlocal read
        read = drain(path)

    assert peak(action) < 1_500_000
    assert read == times * len(block) >= 200_000_000


@pytest.mark.parametrize(
    "packed",
    [
        ZEROS * 400,
        zipped(("a", ZEROS * 400), method=zipfile.ZIP_STORED),
        zipped(("a.zip", zipped(("b", ZEROS * 400)))),
        gzip.compress(ZEROS * 400),
        zipped(*((str(i), ZEROS * 40) for i in range(10)), method=zipfile.ZIP_STORED),
    ],
    ids=["gzip", "zip", "zip in zip", "twice", "many members"],
)
def test_bombs_are_stopped(file: Write, packed: bytes) -> None:
    """What unpacks to 100 MB and 200 times its size ends there, in small memory, with an error for the whole file."""
    path = file(packed)
    given = [0]

    def action() -> None:
        for _, stream in open_source(path, Report()):
            while piece := stream.read(HEAD):
                given[0] += len(piece)

    def stopped() -> None:
        with pytest.raises(UnreadableSource, match="unpacks to more than 200 times its size") as caught:
            action()
        assert "unpack it yourself" in caught.value.next_step

    assert peak(stopped) < 4_000_000
    assert FREE - 2_000_000 < given[0] <= FREE + HEAD


def test_members_that_overlap(file: Write) -> None:
    """Members that share their bytes cannot pass for more than the file is."""
    data = zlib.compress(bytes(30_000_000), wbits=-15)
    crc = zlib.crc32(bytes(30_000_000))
    fields = (8, 0, 0, crc, len(data), 30_000_000, 1, 0)
    header = struct.pack("<4s2H", b"PK\x03\x04", 20, 0) + struct.pack("<3H3I2H", *fields) + b"a"
    entry = struct.pack("<4s3H", b"PK\x01\x02", 20, 20, 0) + struct.pack("<3H3I2H", *fields) + bytes(14) + b"a"
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, 9 * len(entry), len(header) + len(data), 0)
    with pytest.raises(UnreadableSource, match="unpacks to more than 200 times its size"):
        contents(file(header + data + entry * 9 + end))


def test_memory_of_a_member_that_zipfile_would_unpack_whole(file: Write) -> None:
    """A member of bzip2 holds 10,000 times its size; it comes in pieces like any other."""
    path = file(zipped(("a", bytes(20_000_000)), method=zipfile.ZIP_BZIP2))
    assert peak(lambda: drain(path)) < 1_500_000


def test_dictionaries_that_fill_the_memory(file: Write) -> None:
    """A file of a few bytes may ask for gigabytes to be unpacked; it does not get them."""
    packed = bytearray(lzma.compress(b"x"))
    size = (packed[12] + 1) * 4
    packed[16] = 40  # the largest dictionary there is, 4 GiB
    packed[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(packed[12 : 12 + size - 4]))
    zstd_frame = b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + struct.pack("<I", 1 | 1 << 3)[:3] + b"x"
    for data in (bytes(packed), zstd_frame):
        with pytest.raises(UnreadableSource, match="needs more than 132 MiB of memory") as caught:
            contents(file(data))
        assert "unpack it yourself" in caught.value.next_step


def test_the_largest_usual_dictionaries_are_read(file: Write) -> None:
    """`xz -9` and `zstd --long` take 64 and 128 MiB."""
    assert plain(file(lzma.compress(TEXT, preset=9))) == TEXT
    engine = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    assert plain(file(engine.compress(TEXT) + engine.flush())) == TEXT


def test_archives_of_too_many_members(file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members are counted over all archives of a file, and a list that would fill the memory is not read."""
    path = file(zipped(*((f"{i}.zip", zipped(("a", b"1"), ("b", b"2"))) for i in range(4))))
    assert len(contents(path)[0]) == 8
    monkeypatch.setattr(opening, "MAX_MEMBERS", 5)
    with pytest.raises(UnreadableSource, match="has more than 5 members"):
        contents(path)
    monkeypatch.setattr(archive, "MAX_LIST", 100)
    with pytest.raises(UnreadableSource, match="dump lists too many members"):
        contents(path)
