"""BibTeX: what its fields mean, that a broken entry costs itself only, and the recorded files."""

from __future__ import annotations

import io
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.paper import Paper
from indexer.report import Note, Report
from indexer.sources import bibtex, bibtex_entries
from tests.indexer.sources.test_xml_records import Endless, recorded, samples


def parse(data: bytes | str) -> tuple[list[Paper], Report]:
    """The papers of a file called "file" and its report."""
    report = Report()
    content = data if isinstance(data, bytes) else data.encode()
    return list(bibtex.parse(io.BytesIO(content), "file", report)), report


def told(report: Report) -> list[Note]:
    return [note for note in report.notes if note.kind not in {"missing", "ignored"}]


def one(fields: str, kind: str = "article") -> Paper:
    """The paper of an entry with a title and these fields, which needs no note."""
    (paper,), report = parse(f"@{kind}{{key, title = {{T}}, {fields}}}")
    assert told(report) == []
    return paper


FULL = r"""% Encoding: UTF-8
@string{jml = "Journal of " # {Machine} # " Learning"}
@comment{jabref-meta: databaseType:bibtex;}
@preamble{"\newcommand{\x}{y}"}
@Article{Cao:2019,
  Title     = {{BERT} and {M{\"u}ller}'s 5\% of $O(n^2)$},
  subtitle  = {A Study},
  AUTHOR    = "Cao, Ruisheng  and
      {Planck Collaboration} and Ludwig van Beethoven and King, Jr., Martin and {\O}bro, Mikkel and others",
  editor    = {Itor, Ed},
  journal   = JML,
  year      = 2019, month = jul # "~25",
  abstract  = "We \emph{do} it: {\textquotedblleft}x{\textquotedblright}.

Twice.",
  doi       = {https://doi.org/10.1000/ABC\_1},
  url       = {\url{https://example.org/a\_b}},
  keywords  = {a, b, a},
  pages     = {1--2},
}
"""


def test_all_fields() -> None:
    """Macros, LaTeX, names as BibTeX reads them, dates in pieces; editors are no authors, other fields are named."""
    (paper,), report = parse(FULL)
    assert paper == Paper(
        "doi:10.1000/abc_1",
        "BERT and Müller's 5% of $O(n^2)$: A Study",
        abstract="We do it: “x”.\n\nTwice.",
        authors=(
            "Ruisheng Cao", "Planck Collaboration", "Ludwig van Beethoven", "Martin King Jr.", "Mikkel Øbro",
        ),
        published="2019-07-25",
        categories=("a", "b"),
        url="https://example.org/a_b",
        venue="Journal of Machine Learning",
        identifiers=("doi:10.1000/abc_1",),
        source="bibtex",
    )  # fmt: skip
    assert report.read == 1
    assert report.notes == [
        Note("ignored", "file:5", "field 'editor' is not part of a paper"),
        Note("ignored", "file:5", "field 'pages' is not part of a paper"),
    ]


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ("year = 2024", "2024"),
        ("year = {2024}, month = jun", "2024-06"),
        ("year = {2024}, month = {June}", "2024-06"),
        ("year = {2024}, month = June", "2024-06"),
        ("year = {2024}, month = 6", "2024-06"),
        ("year = {2024}, month = {06}, day = {5}", "2024-06-05"),
        ("year = {2024}, month = jun # 25", "2024-06-25"),
        ('year = {2024}, month = "25~" # jun', "2024-06-25"),
        ("year = {2024}, month = {June 25--27}", "2024-06"),
        ("year = {2024}, month = {jun/jul}", "2024"),
        ("date = {2024-06-25}", "2024-06-25"),
        ("date = {2024-06-25/2024-06-27}", "2024-06-25"),
        ("date = {2024-06}, year = {1999}", "2024-06"),
        ("year = {2024a}", "2024"),
        ("year = {c. 2024}", "2024"),
        ("month = jun", None),
    ],
)
def test_dates(fields: str, published: str | None) -> None:
    """The date at the precision that is certain, however its parts are written."""
    assert one(fields).published == published


def test_a_year_that_is_none_is_reported() -> None:
    """Words instead of a year are dropped, and the report says so."""
    (paper,), report = parse("@article{k, title = {T}, year = {in press}}")
    assert paper.published is None
    assert [note.kind for note in told(report)] == ["repaired"]
    assert "'in press' was dropped" in told(report)[0].what


@pytest.mark.parametrize(
    ("fields", "identifiers", "version"),
    [
        ("eprint = {1706.03762v5}, archivePrefix = {arXiv}, primaryClass = {cs.CL}", ("arxiv:1706.03762",), 5),
        ("eprint = {hep-th/9901001}, eprinttype = {arxiv}", ("arxiv:hep-th/9901001",), None),
        ("eprint = {1706.03762}", ("arxiv:1706.03762",), None),
        ("eprint = {12345}, eprinttype = {pubmed}", ("pmid:12345",), None),
        ("eprint = {12345}, eprinttype = {jstor}", (), None),
        ("journal = {arXiv preprint arXiv:1706.03762}", ("arxiv:1706.03762",), None),
        ("journal = {CoRR}, volume = {abs/1706.03762}", ("arxiv:1706.03762",), None),
        ("doi = {10.1000/a{\\_}b--c~d}", ("doi:10.1000/a_b--c~d",), None),
        ("pmid = {123}, pmcid = {PMC456}", ("pmc:PMC456", "pmid:123"), None),
        ("url = {https://doi.org/10.1000/x}", ("doi:10.1000/x",), None),
        ("doi = {10.18653/v1/P19-1007}", ("acl:P19-1007", "doi:10.18653/v1/p19-1007"), None),
    ],
)
def test_identifiers(fields: str, identifiers: tuple[str, ...], version: int | None) -> None:
    """The names of a paper in the fields of all dialects; signs of LaTeX in them mean themselves."""
    paper = one(fields)
    assert (paper.identifiers, paper.version) == (identifiers, version)


def test_a_wrong_doi_is_reported() -> None:
    """A DOI that is none is dropped, not the paper."""
    (paper,), report = parse("@article{k, title = {T}, doi = {unknown}}")
    assert (paper.id, paper.identifiers) == ("t", ())
    assert told(report) == [Note("repaired", "file:1", "'unknown' is not of the form of doi; it was dropped")]


@pytest.mark.parametrize(
    ("written", "authors"),
    [
        ("Bee, Ann and others", ("Ann Bee",)),
        ("{Barnes and Noble} and Bee, A.", ("Barnes and Noble", "A. Bee")),
        ("de la Cruz, Jos{\\'e}", ("José de la Cruz",)),
        ("Ann Bee, Carl Dee, Eve Eff", ("Ann Bee", "Carl Dee", "Eve Eff")),
        ("Bee, A.; Dee, C.", ("A. Bee", "C. Dee")),
        ("Bee, A., B, C, D", ("Bee", "A.", "B", "C", "D")),
        ("", ()),
    ],
)
def test_names(written: str, authors: tuple[str, ...]) -> None:
    """Names as BibTeX reads them, and lists with commas or semicolons that were not written for BibTeX."""
    assert one(f"author = {{{written}}}").authors == authors


def test_venue_and_link() -> None:
    """The journal, or the book of the proceedings; the link may stand where BibTeX has no field for it."""
    paper = one("booktitle = {Proc. of {ACL}}, howpublished = {\\url{https://x.org}}", "inproceedings")
    assert (paper.venue, paper.url) == ("Proc. of ACL", "https://x.org")


def test_proceedings() -> None:
    """A volume is no paper, unless it has an abstract as papers have."""
    read, report = parse("@proceedings{a, title={V}}\n@proceedings{b, title={W}, abstract={Of it.}}")
    assert [paper.title for paper in read] == ["W"]
    assert told(report) == [Note("skipped", "file:1", "A volume of proceedings without an abstract is no paper.")]


@pytest.mark.parametrize(
    "entry",
    [
        "@article(key, title = {Good (one)}, year = 2000)",
        '@article(key, title = "Good (one)", year = 2000)',
        "@article{key with blanks, title = {Good (one)}, year = 2000}",
        "@article{, title = {Good (one)}, year = 2000}",
        "@article{title = {Good (one)}, year = 2000}",
        "@article{Schrödinger2000, title = {Good (one)}, year = 2000}",
        "@article\n{key, title = {Good (one)}, year = 2000}",
        "  @ARTICLE { key , TITLE = {Good (one)} , YEAR = 2000 , }",
        "Some text. @article{key, title = {Good (one)}, year = 2000} and more",
        "\ufeff@article{key,\r\n title = {Good\r\n (one)},\r\n year = 2000\r\n}\r\n",
        "@article{key, title = {Good (one)}, title = {Second}, year = 2000}",
        "@string{Y = 2000}\n@article{key, title = {Good (one)}, year = y}",
    ],
)
def test_ways_to_write_an_entry(entry: str) -> None:
    """Round brackets, strange keys or none, any case, line ends and text around: the same paper."""
    read, report = parse(entry)
    assert read == [Paper("good-one", "Good (one)", published="2000", source="bibtex")]
    assert (told(report), report.read) == ([], 1)


@pytest.mark.parametrize("text", ["% @article{key, title = {T}}", "@comment{x}", "@preamble{{x}}", "@string{a = {b}}"])
def test_what_is_no_entry_is_passed_over(text: str) -> None:
    """Remarks, preambles and abbreviations are neither papers nor faults."""
    read, report = parse(text)
    assert (read, report.read, report.notes) == ([], 0, [])


GOOD = "@article{good, title = {Good}}\n"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("@article{a, title = {Bad},\n", "BibTeX: the entry is not closed"),
        ("@article{a, title = {Bad {worse},\n abstract = {x}\n}\n", "BibTeX: the entry is not closed"),
        ('@article{a, title = "Bad, year = 2000}\n', "BibTeX: unbalanced braces in line 2"),
        ("@article{a,\n title = {Bad}\n year = 2000}\n", "BibTeX: '}' expected in line 4"),
        ("@article{a, title = }\n", "BibTeX: field value expected in line 2"),
        ("@article{a, title = " + "{" * 200 + "}" * 200 + "}\n", "BibTeX: too many nested braces in line 2"),
        ("@article{a}\n", "BibTeX: '=' expected in line 2"),
        ("@article{a, year = 2000}\n", "The paper's title is missing."),
    ],
)
def test_a_broken_entry_costs_itself_only(broken: str, reason: str) -> None:
    """What is wrong is named with its line, and the entries around it are read."""
    read, report = parse(GOOD + broken + GOOD.replace("ood", "ood too"))
    assert [paper.title for paper in read] == ["Good", "Good too"]
    assert [(note.kind, note.where, note.what) for note in told(report)] == [("skipped", "file:2", reason)]
    assert report.read == 3


def test_a_broken_abbreviation_is_no_lost_paper() -> None:
    """It is named, and counts neither as read nor as skipped."""
    read, report = parse("@string{bad = }\n" + GOOD)
    assert (len(read), report.read) == (1, 1)
    assert list(report.of("ignored")) == [Note("ignored", "file:1", "BibTeX: field value expected in line 1")]


def test_an_entry_within_a_comment_is_read() -> None:
    """`@comment` hides no entry from BibTeX, and one that is never closed must not hide the rest of the file."""
    read, report = parse("@comment{\n" + GOOD + "}\n@comment{ never closed\n" + GOOD)
    assert [paper.title for paper in read] == ["Good", "Good"]
    assert told(report) == []


def test_an_abbreviation_that_is_not_defined_stands_for_itself() -> None:
    """Without the file that defines it, its name is the best that is known."""
    assert one("journal = jmlr").venue == "jmlr"


def test_abbreviations_cannot_grow_beyond_measure() -> None:
    """Ten abbreviations that each hold ten of the one before would be ten billion characters."""
    laughs = "".join(f"@string{{{b} = {'#'.join(a * 10)}}}\n" for a, b in zip("abcdefghij", "bcdefghijk", strict=True))
    read, report = parse('@string{a = "0123456789"}\n' + laughs + GOOD)
    assert [paper.title for paper in read] == ["Good"]
    assert [(note.where, note.what) for note in report.of("ignored")] == [
        ("file:7", "the entry is longer than 4,000,000 characters")
    ]


def test_other_encodings() -> None:
    """Windows-1252 costs a note; damaged bytes cost themselves."""
    read, report = parse("@article{k, title = {Café}}\n".encode("cp1252") + GOOD.encode())
    assert [paper.title for paper in read] == ["Café", "Good"]
    assert told(report) == [Note("repaired", "file:1", "bytes that are not UTF-8 were read as Windows-1252")]
    assert [paper.title for paper in parse("@article{k, title = {Café}}".encode("utf-16"))[0]] == ["Café"]


def test_an_entry_over_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endless entry is skipped without being held, and the next one is read."""
    monkeypatch.setattr(bibtex_entries, "RECORD", 50)
    read, report = parse("@article{a, title = {" + "x" * 60 + "}}\n" + GOOD)
    assert [paper.title for paper in read] == ["Good"]
    assert [(note.kind, note.where) for note in told(report)] == [("skipped", "file:1")]


@pytest.mark.parametrize(
    "data",
    [
        "@article{a, title = {T}, author = {" + " and ".join(["Bee, Ann"] * 9_000) + "}}",
        "@article{a, title = {T}, author = {" + "," * 300_000 + "}}",
        '@article{a, title = "' + "{x}" * 200_000 + '"}',
        "@article{a, title=" + "#".join(["a"] * 50_000) + "}",
        "@a{\n" * 50_000,
        "@article{a" + " " * 1_000_000 + "title={T}}",
        "@" * 500_000,
    ],
    ids=lambda data: data[:30],
)
def test_hostile_entries_take_a_moment(data: str) -> None:
    """Nothing takes time beyond proportion."""
    start = time.process_time()
    parse(data)
    assert time.process_time() - start < 10


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text('@article{}(),="#\\%\n abné', max_size=60).map(str.encode))
def test_nothing_makes_it_fail(data: bytes) -> None:
    """Any bytes give papers or notes, never an error, and every entry is one or the other."""
    read, report = parse(b"@article{" + data + b"\n" + GOOD.encode())
    assert report.read <= len(read) + report.counts["skipped"]


def test_a_file_cut_anywhere_gives_what_comes_before() -> None:
    """Wherever the file ends, the entries before are read, and the last one is read whole or reported."""
    data = (FULL + GOOD + FULL.replace("1000", "1001")).encode()
    whole, _ = parse(data)
    assert len(whole) == 3
    for end in range(len(data)):
        read, report = parse(data[:end])
        assert read == whole[: len(read)]
        assert report.read == len(read) + report.counts["skipped"]


def test_memory_does_not_grow_with_the_file() -> None:
    """Nine megabytes of entries need less than half of that."""
    part = ("@article{k, title = {T}, abstract = {" + "word " * 9_000 + "}}\n").encode()
    stream = io.BufferedReader(Endless(b"", part, 200, b""))
    tracemalloc.start()
    assert sum(1 for _ in bibtex.parse(stream, "file", Report())) == 200
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"@article{a,", True),
        (b"\xef\xbb\xbf\n% remark\n\n@InProceedings(a,", True),
        (b"Automatically generated by a program\n\n@string {x = 1}", True),
        ("@misc{".encode("utf-16"), True),
        (b"", False),
        (b"write to me@article{", False),
        (b"@someone{ said", False),
        (b'{"a": 1}\n@article{', False),
        (b"title,abstract\n", False),
    ],
)
def test_recognises(head: bytes, expected: bool) -> None:
    """An entry of a usual type at the start of a line makes BibTeX, after whatever remarks."""
    assert bibtex.recognises(head) is expected


def test_recognises_no_other_format() -> None:
    """Of all recorded files, those of BibTeX and no others."""
    found = [path for path in recorded() if bibtex.recognises(path.read_bytes()[:65_536])]
    assert found == samples("bibtex")


def read(path: Path) -> tuple[list[Paper], Report]:
    report = Report()
    with path.open("rb") as stream:
        return list(bibtex.parse(stream, path.name, report)), report


def test_recorded_files() -> None:
    """The Anthology's files: every entry is a paper, and all that is known of one is as it stands there."""
    single, many = samples("bibtex")
    (paper,), _ = read(single)
    assert (paper.id, paper.title, paper.published) == (
        "acl:P19-1007",
        "Semantic Parsing with Dual Learning",
        "2019-07",
    )
    assert paper.authors == ("Ruisheng Cao", "Su Zhu", "Chen Liu", "Jieyu Li", "Kai Yu")
    assert paper.identifiers == ("acl:P19-1007", "doi:10.18653/v1/p19-1007")
    papers, report = read(many)
    assert (report.read, len(papers)) == (933, 933)
    assert {kind: count for kind, count in report.counts.items() if count} == {"ignored": 4, "missing": 2}
    assert {paper.published for paper in papers} == {"2024-08"}
    assert all(paper.authors and paper.venue and paper.url for paper in papers)
    assert "up to 2.3× and" in papers[0].abstract
    assert "an LLM's model weights" in papers[0].abstract
    assert r"up to 3$\times$ while" in papers[0].abstract


def test_recorded_papers_are_known_by_their_anthology_id() -> None:
    """The address of a paper in the Anthology names it."""
    papers, _ = read(samples("bibtex")[1])
    assert papers[0].id == "acl:2024.acl-long.1"
    assert sum(paper.id.startswith("acl:") for paper in papers) == 933
