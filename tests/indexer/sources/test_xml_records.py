"""Reading XML record by record: what is found, what damage costs, and that no file can harm the machine."""

from __future__ import annotations

import io
import time
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableSource
from indexer.report import Note, Report
from indexer.sources import xml_spans
from indexer.sources.xml_records import Record, records, root
from tests.conftest import SHARED

FORMATS = SHARED / "formats"


def samples(folder: str, pattern: str = "*") -> list[Path]:
    """The recorded files of a format; where they are missing the test is skipped."""
    if not FORMATS.exists():
        pytest.skip("the recorded files are not beside this checkout")
    return sorted((FORMATS / folder).glob(pattern))


def recorded() -> Iterator[Path]:
    """All recorded files of all formats."""
    return (path for folder in samples(".") for path in sorted(folder.iterdir()) if path.is_file())


def read(
    data: bytes | str, *, context: tuple[str, ...] = (), starts: tuple[str, ...] = ()
) -> tuple[list[Record], Report]:
    """The records named `r` of a file called "f"."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(records(io.BytesIO(content), "f", report, ("r",), context=context, starts=starts)), report


def texts(data: bytes | str) -> tuple[list[str], list[Note]]:
    """The whole text of each record, and the notes."""
    found, report = read(data)
    return [record.node.text() for record in found], report.notes


def skipped(where: str, what: str) -> Note:
    return Note("skipped", where, what)


# Finding


def test_records_are_found_by_their_names_with_their_lines() -> None:
    """Records come in order, each with the line on which it begins; what stands between them is passed over."""
    found, report = read("<feed>\n<x>no</x>\n<r>one\n</r><r>two</r>\n\n<r a='>'/>\n</feed>")
    assert [(record.node.text(), record.where) for record in found] == [("one", "f:3"), ("two", "f:4"), ("", "f:6")]
    assert (report.read, report.notes) == (3, [])


def test_context_and_starts_come_where_they_stand() -> None:
    """Other elements are given whole or by their first tag alone; only records count as read."""
    data = '<c id="1"><v id=\'a\'><m>says <b>it</b></m><r>1</r></v><v id="b"/><r>2</r></c>'
    found, report = read(data, context=("m",), starts=("c", "v"))
    assert [(record.node.name, record.node.get("id"), record.node.text()) for record in found] == [
        ("c", "1", ""), ("v", "a", ""), ("m", "", "says it"), ("r", "", "1"), ("v", "b", ""), ("r", "", "2"),
    ]  # fmt: skip
    assert (report.read, report.notes) == (2, [])


@pytest.mark.parametrize(
    "data",
    [
        "<feed><r><t>x</t></r></feed>",
        '<feed xmlns="urn:a"><r><t>x</t></r></feed>',
        '<a:feed xmlns:a="urn:a" xmlns:b="urn:b"><a:r><b:t>x</b:t></a:r></a:feed>',
        "<feed><r xsi:type='y'><never:declared>!</never:declared><t xml:lang='en'>x</t></r></feed>",
        "<feed><r xmlns='urn:c' xmlns:d='urn:d'><d:t>x</d:t></r></feed>",
    ],
)
def test_namespaces_do_not_matter(data: str) -> None:
    """Elements are found by their local names, whatever namespace is declared, or none, or a prefix without one."""
    (record,), report = read(data)
    assert (record.node.text("t"), report.notes) == ("x", [])


def test_what_only_looks_like_a_record() -> None:
    """Comments, CDATA, instructions and the DOCTYPE hold no records and end none."""
    data = (
        "<?r <r> ?><!DOCTYPE feed [<!ELEMENT r (#PCDATA)> <!-- <r> don't ]> -->]><feed><!-- <r>a</r> -->"
        "<r>b<!-- </r> --><![CDATA[</r>]]></r><rr>c</rr><?x </feed> <r>?></feed>"
    )
    assert texts(data) == (["b</r>"], [])


def test_several_documents_are_read_like_one() -> None:
    """Files of answers one after another need no wrapping, and may be cut off in the middle."""
    part = '<?xml version="1.0"?>\n<feed><r>%s</r></feed>\n'
    assert texts(part % "a" + part % "b" + part % "c") == (["a", "b", "c"], [])
    cut = "<feed><r>a</r>\n" + part % "b"
    assert texts(cut) == (["a", "b"], [skipped("f:3", "a document is cut off before this line: </feed> is missing")])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_chunks_may_end_anywhere(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags, comments and letters that the end of a chunk cuts in two are read as if they were whole."""
    data = '<feed>\n<!-- <r> -->\n<r a="/>">ä€\n</r>\n<![CDATA[<r>]]><x:r xmlns:x="y">b</x:r></feed>'
    whole = [(record.node.text(), record.where) for record in read(data)[0]]
    first = root(data.encode())
    assert first is not None
    pieces = [data.encode()[at : at + size] for at in range(0, len(data.encode()), size)]
    monkeypatch.setattr(xml_spans, "_OVERLAP", 8)
    spans = list(xml_spans.Scanner(iter(pieces), first.name, {"r"}, ()).spans())
    assert [(span.tag, f"f:{span.line}", span.problem) for span in spans] == [("r", where, "") for _, where in whole]
    assert [text for text, _ in whole] == ["ä€", "b"]


@pytest.mark.parametrize("folder", ["arxiv_atom", "arxiv_oai", "pubmed"])
def test_recorded_files_give_what_a_whole_tree_gives(folder: str) -> None:
    """Cutting a file into records finds the same ones, with the same text, as parsing it in one piece does."""
    tag = {"arxiv_atom": "entry", "arxiv_oai": "record", "pubmed": "PubmedArticle"}[folder]
    for path in samples(folder):
        tree = ET.parse(path)  # noqa: S314  recorded files, read whole to compare
        slow = [list(element.itertext()) for element in tree.iter() if element.tag.rpartition("}")[2] == tag]
        with path.open("rb") as stream:
            fast = [list(record.node._element.itertext()) for record in records(stream, "f", Report(), (tag,))]
        # Records that were written as UTF-8 twice over are mended; the others must be equal to the letter.
        twice = ["".join(text).isascii() for text in slow]
        assert len(fast) == len(slow)
        assert [a for a, same in zip(fast, twice, strict=True) if same] == [
            b for b, same in zip(slow, twice, strict=True) if same
        ]


# Text


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("  plain \n", "plain"),
        ("<fixed-case>P</fixed-case>riv<fixed-case>LM</fixed-case>-Bench", "PrivLM-Bench"),
        ("in <i>Nicotiana</i> <b>and <i>so</i></b> on", "in Nicotiana and so on"),
        ("the C<sub>4</sub> crop, CO<sub>2</sub>", "the C4 crop, CO2"),
        ("10<sup>-3</sup> of Me<sup>1</sup>, 2 <sup>3</sup>", "10^-3 of Me1, 2 3"),
        ("3<tex-math>\\times</tex-math> as fast", "3$\\times$ as fast"),
        ("one<p>two</p>three<br/>four", "onetwo three four"),
        ("a <!-- not this --> b<?nor this?>", "a  b"),
        ("&lt;&amp;&#65;&#x42;<![CDATA[<c>]]>", "<&AB<c>"),
        (
            "V<mml:math xmlns:mml='m'>\n  <mml:msub>\n    <mml:mi>O</mml:mi>\n    <mml:mn>2</mml:mn>\n  </mml:msub>\n"
            "</mml:math> max",
            "VO2 max",
        ),
    ],
)
def test_text_with_markup_inside(inside: str, text: str) -> None:
    """Inline markup leaves its text, TeX stands between dollars, and the layout of MathML is none of the text."""
    assert texts(f"<feed><r>{inside}</r></feed>") == ([text], [])


def test_nodes() -> None:
    """Paths of names lead to elements; what is missing is empty text and no node."""
    (record,), _ = read("<feed><r><a><b n=' 1 '>x</b><b/><b>y</b></a><b>z</b></r></feed>")
    node = record.node
    assert (node.texts("a/b"), node.text("a/b"), node.text("b"), node.text("c/b")) == (["x", "y"], "x", "z", "")
    assert ([one.get("n") for one in node.all("a/b")], node.first("c")) == (["1", "", ""], None)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")), max_size=5))
@settings(max_examples=100)
def test_reading_undoes_escaping(written: list[str]) -> None:
    """Any text comes back as it was written, unless it was a text that had been UTF-8 twice over."""
    element = ET.Element("feed")
    for text in written:
        ET.SubElement(element, "r").text = f"{text}\N{GREEK SMALL LETTER ALPHA}"
    found, notes = texts(ET.tostring(element, encoding="utf-8"))
    assert (found, notes) == ([f"{text}α".strip() for text in written], [])


# Encodings


@pytest.mark.parametrize(
    ("declared", "actual", "note"),
    [
        ("utf-8", "utf-8", None),
        ("utf-8", "utf-8-sig", None),
        ("utf-16", "utf-16", None),
        ("utf-8", "utf-16-le", None),
        ("utf-16", "utf-16-be", None),
        ("utf-8", "utf-32", None),
        ("utf-16", "utf-8", None),
        ("iso-8859-1", "cp1252", None),
        ("windows-1252", "cp1252", None),
        ("nonsense", "utf-8", None),
        ("zlib", "utf-8", None),
        ("gb18030", "gb18030", None),
        ("utf-8", "cp1252", Note("guessed", "f:1", "not UTF-8, so read as Windows-1252")),
        ("iso-8859-1", "utf-8", Note("guessed", "f:1", "UTF-8, though the file says cp1252")),
    ],
)
def test_encodings(declared: str, actual: str, note: Note | None) -> None:
    """The bytes decide where the declaration is wrong; a guess is told, record by record."""
    data = f'<?xml version="1.0" encoding="{declared}"?><feed><r>Götz – 5 €</r></feed>'.encode(actual)
    assert texts(data) == (["Götz – 5 €"], [note] if note else [])


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
def test_utf8_twice_over_is_undone(wrong: str) -> None:
    """`GÃ¶tz` was Götz before a program took UTF-8 for Latin-1; a text that merely has these letters is left alone."""
    data = "<feed><r>Götz Ñandú</r><r>ASCII</r><r>Götz</r></feed>".encode()
    data = data.replace("Götz Ñandú".encode(), "Götz Ñandú".encode().decode(wrong).encode())
    note = Note("repaired", "f:1", "what had been written as UTF-8 twice over was undone")
    assert texts(data) == (["Götz Ñandú", "ASCII", "Götz"], [note])


def test_bytes_that_are_no_text_are_replaced() -> None:
    """A broken letter in UTF-8 costs itself; the record says that it is damaged."""
    found, report = read("<feed><r>ä".encode() + b"\xff b</r><r>c</r></feed>")
    assert [(record.node.text(), record.damaged) for record in found] == [("ä\ufffd b", True), ("c", False)]
    assert report.notes == []


# Damage


@pytest.mark.parametrize(
    ("inside", "text", "told"),
    [
        ("R&D, AT&T; & Co", "R&D, AT&T; & Co", "& that begins nothing, &T; stays as it is"),
        ("p < 0.05 <= q <- r <", "p < 0.05 <= q <- r <", "< that begins nothing"),
        ("caf&eacute;&nbsp;&alpha;&LT;", "café\xa0α<", "characters named as in HTML"),
        ("a <i>b", "a b", "tags of bold, italic and the like that do not match"),
        ("<b>a <i>b</b></i> c</sup>", "a b c", "tags of bold, italic and the like that do not match"),
        ("&amp; &lt; <![CDATA[&x;]]> & &#65;", "& < &x; & A", "& that begins nothing"),
    ],
)
def test_small_damage_is_mended(inside: str, text: str, told: str) -> None:
    """Signs that should have been escaped and inline tags without an end are read as they were meant, and told."""
    assert texts(f"<feed><r>{inside}</r><r>next</r></feed>") == (
        [text, "next"],
        [Note("repaired", "f:1", f"the XML was mended: {told}")],
    )


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "&#0;", "&#x1F;", "&#xD800;", "&#1114112;", "\ufffe"])
def test_characters_that_xml_forbids_are_replaced(sign: str) -> None:
    """Control characters and their like become U+FFFD, and the record says that it is damaged."""
    found, report = read(f"<feed><r>a{sign}b</r></feed>")
    assert [(record.node.text(), record.damaged) for record in found] == [("a\ufffdb", True)]
    assert report.notes == []


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ("<t>a", "Opening and ending tag mismatch: t"),
        ("<t a=1/>", "AttValue: \" or ' expected"),
        ("a <t", "error parsing attribute name"),
        ("<a>" * 300 + "</a>" * 300, "Excessive depth in document: 256"),
    ],
)
def test_a_broken_record_costs_itself_only(inside: str, what: str) -> None:
    """A record whose structure is broken is skipped with its line, since what follows might be another's."""
    found, report = read(f"<feed><r>1</r>\n<r>\n{inside}</r>\n<r>3</r></feed>")
    assert ([record.node.text() for record in found], report.read) == (["1", "3"], 3)
    (note,) = report.notes
    assert (note.kind, note.where) == ("skipped", "f:3")
    assert note.what.startswith(f"the XML of the r is broken: {what}")
    assert "HUGE" not in note.what


def test_a_record_without_an_end_costs_itself_only() -> None:
    """The next record, or the next document, shows that one has no end."""
    assert texts("<feed><r>1</r>\n<r>2\n<r>3</r></feed>") == (
        ["1", "3"], [skipped("f:2", "the r that begins here has no end before the next r")]
    )  # fmt: skip


def test_truncation_at_every_byte() -> None:
    """A file that is cut off gives the records before the cut, says where it ends, and never an error."""
    data = (
        '<?xml version="1.0"?>\n<!DOCTYPE feed SYSTEM "f.dtd">\n<feed a="b">\n<r>ä <i>1</i></r>\n<!-- x -->'
        "<r><![CDATA[2]]></r>\n<r c='d'>&#51;</r>\n</feed>\n"
    ).encode()
    whole = [record.node.text() for record in read(data)[0]]
    assert whole == ["ä 1", "2", "3"]
    for cut in range(len(data)):
        try:
            found, notes = texts(data[:cut])
        except UnreadableSource:
            assert cut < data.index(b'<feed a="b">') + len(b'<feed a="b">')
            continue
        assert found == whole[: len(found)]
        assert len(found) == data[:cut].count(b"</r>")
        complete = data[:cut].rstrip().endswith(b"</feed>")
        assert [note.kind for note in notes] == ([] if complete else ["skipped"])
        assert complete or "cut off" in notes[0].what


@pytest.mark.parametrize(
    "data", [b"", b"plain text", b"{}", b"<", b"<feed a='", b"\xff\xfe", b"\x00\x01", b"<!DOCTYPE x"]
)
def test_what_is_no_xml_is_refused(data: bytes) -> None:
    """A file without any element is not read as an empty one."""
    with pytest.raises(UnreadableSource, match="is not XML"):
        read(data)


@given(st.one_of(st.binary(max_size=300), st.text("<>r/!-[]?&;'\"= a", max_size=200).map(str.encode)))
@settings(max_examples=300)
def test_nothing_raises(data: bytes) -> None:
    """Whatever bytes come, there are records, notes, or the refusal of the whole file."""
    root(data)
    for content in (data, b"<feed>" + data + b"</feed>", b"<feed><r>" + data + b"</r></feed>"):
        try:
            found, report = read(content, context=("m",), starts=("v",))
        except UnreadableSource:
            continue
        read_well = sum(record.node.name == "r" for record in found)
        assert read_well <= report.read <= read_well + report.counts["skipped"]


# Hostile files


def laughs(levels: int = 9) -> str:
    """Entities that would grow tenfold at each level."""
    grown = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, levels + 1))
    return f'<!DOCTYPE feed [<!ENTITY lol0 "lol">{grown}]>'


def test_a_billion_laughs_stay_untold() -> None:
    """Entities that a file declares are never put in, in text and in attributes; the report says so."""
    assert texts(f"{laughs()}<feed><r a='&lol9;'>ha &lol9;</r></feed>") == (
        ["ha &lol9;"],
        [
            Note("ignored", "f:1", "the file declares entities; none is put in"),
            Note("repaired", "f:1", "the XML was mended: &lol9; stays as it is"),
        ],
    )


def test_no_other_file_is_read(tmp_path: Path) -> None:
    """External entities, parameters and a DTD of a file's own are left alone: what they name is not opened."""
    secret = tmp_path / "secret"
    secret.write_text('<!ENTITY leak "secret words">', encoding="utf-8")
    data = (
        f'<!DOCTYPE feed SYSTEM "{secret.as_uri()}" [<!ENTITY % more SYSTEM "{secret.as_uri()}">%more;'
        f'<!ENTITY here SYSTEM "{secret.as_uri()}"><!ENTITY amp2 "<r>made up</r>">]>'
        '<feed><r xmlns:xi="http://www.w3.org/2001/XInclude">&here;&leak;&amp2;'
        f'<xi:include href="{secret.as_uri()}" parse="text"/></r></feed>'
    )
    found, notes = texts(data)
    assert found == ["&here;&leak;&amp2;"]
    assert [note.kind for note in notes] == ["ignored", "repaired"]


MILLION = 1_000_000


@pytest.mark.parametrize(
    "data",
    [
        b"<feed><r>" + b"<!-- " * MILLION,
        b"<feed>" + b"<!--x" * MILLION + b"</feed>",
        b"<feed><r>" + b"<![CDATA[" * MILLION + b"</r></feed>",
        b"<feed><r>" + b"<? " * MILLION + b"</r></feed>",
        b"<feed>" + b"<!DOCTYPE a [" * MILLION + b"</feed>",
        b"<!DOCTYPE a [" + b"\"'" * MILLION,
        b"<!--" * MILLION,
        b"<feed><r>" + b"&" * MILLION + b"< " * MILLION + b"</r></feed>",
        b"<feed><r>" + b"<a>" * MILLION + b"</a>" * MILLION + b"</r></feed>",
        b"<feed><r " + b"a " * MILLION,
        b"<feed>" + b"<r a=\"'" * 100_000,
        b"<feed><r>" + b"<i " * MILLION + b"</r></feed>",
        b"<feed><r>" + b" ".join(b"<a%d:b/>" % n for n in range(100_000)) + b"</r></feed>",
    ],
    ids=lambda data: data[:24].decode(),
)
def test_time_grows_with_the_file_alone(data: bytes) -> None:
    """No file makes the reader look at the same bytes again and again: megabytes take seconds, not hours."""
    begin = time.perf_counter()
    try:
        read(data)
    except UnreadableSource:
        assert not data.startswith(b"<feed>")
    assert time.perf_counter() - begin < 60


class Endless(io.RawIOBase):
    """A file of a given size, made while it is read."""

    def __init__(self, begin: bytes, part: bytes, times: int, end: bytes) -> None:
        super().__init__()
        self._parts = iter([begin, *[part] * times, end])
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._rest = self._rest or next(self._parts, b"")
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)], self._rest = taken, self._rest[len(taken) :]
        return len(taken)


def test_memory_does_not_grow_with_the_file() -> None:
    """Of 50 MB of records one after another no more than a few megabytes are held at a time."""
    part = b"<r><t>word</t>" + b"x" * 10_000 + b"</r>\n<other>" + b"y" * 10_000 + b"</other>"
    stream = io.BufferedReader(Endless(b"<feed>", part, 2_500, b"</feed>"))
    tracemalloc.start()
    report = Report()
    count = sum(1 for _ in records(stream, "f", report, ("r",)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, report.notes) == (2_500, [])
    assert peak < 8_000_000


@pytest.mark.parametrize("part", [b"x" * 100_000, b"<!-- " * 2_000, b"<r " * 1_000])
def test_an_endless_record_is_given_up(part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that never ends is not held beyond the limit, and those behind it are read."""
    monkeypatch.setattr(xml_spans, "MAX_RECORD", 1_000_000)
    stream = io.BufferedReader(Endless(b"<feed><r>1</r><r>", part, 100, b"</r><r>3</r></feed>"))
    tracemalloc.start()
    report = Report()
    found = [record.node.text() for record in records(stream, "f", report, ("r",))]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found[0], found[-1]) == ("1", "3")
    assert report.counts["skipped"] >= 1
    assert peak < 12_000_000


# Telling


@pytest.mark.parametrize(
    ("head", "name", "namespace"),
    [
        (b"<feed>", "feed", ""),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- <x> --><feed xmlns='urn:a' b=\"c\">", "feed", "urn:a"),
        (b'<!DOCTYPE f PUBLIC "-//>//" "x" [<!ENTITY a ">]">\n]><a:f xmlns:a="urn:a" xmlns="urn:b"/>', "f", "urn:a"),
        ("<?xml version='1.0'?><feed>".encode("utf-16"), "feed", ""),
        ("<?xml version='1.0'?><feed>".encode("utf-16-be"), "feed", ""),
    ],
)
def test_root(head: bytes, name: str, namespace: str) -> None:
    """The first element is found behind everything that may stand before it, in whatever encoding."""
    top = root(head)
    assert top is not None
    assert (top.name, top.namespace) == (name, namespace)


@pytest.mark.parametrize("head", [b"", b"text <feed>", b"{}", b"< feed>", b"<!-- <feed>", b"@article{<feed>}"])
def test_root_of_something_else(head: bytes) -> None:
    """What does not begin as XML has no first element."""
    assert root(head) is None
