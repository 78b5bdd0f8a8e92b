"""The importer of Daily Papers pages: the real page to the last number, small pages for each oddity."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import UnreadableSource
from indexer.paper import LIMITS, Paper, id_from_title
from indexer.report import Note, Report
from indexer.sources import daily_papers
from indexer.sources.registry import Options, read
from tests.conftest import ROOT
from tests.indexer.test_paper import assert_helpful

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ABSTRACT: Final = "We show in eight words that this works."


def parse(text: str | bytes, year: int | None = None) -> tuple[list[Paper], Report]:
    """The papers of a page and the report; every page here is called "page"."""
    report = Report()
    data = text.encode() if isinstance(text, str) else text
    return list(daily_papers.parse(io.BytesIO(data), "page", report, year=year)), report


def notes(report: Report, kind: str) -> list[tuple[str, str]]:
    return [(note.where, note.what) for note in report.notes if note.kind == kind]


def entry(title: str, when: str, abstract: str = ABSTRACT) -> str:
    return f"{title}\n\n{abstract}\n\n  • 2 authors\n·\n{when}\n\n"


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes it 10 February 2026."""

    class Calendar(date):
        @classmethod
        def today(cls) -> Calendar:
            return cls(2026, 2, 10)

    monkeypatch.setattr(daily_papers, "date", Calendar)


# The real page


@pytest.fixture
def seed(seed_page: Path) -> tuple[list[Paper], Report]:
    report = Report()
    return [record.paper for record in read(seed_page, report)], report


def test_the_real_page_has_37_papers(seed: tuple[list[Paper], Report]) -> None:
    """All 37 papers are found with their abstracts; 35 have a number of authors and a date, in that order."""
    papers, report = seed
    assert (len(papers), report.read, len({paper.id for paper in papers})) == (37, 37, 37)
    assert all(len(paper.abstract) > 300 for paper in papers)
    assert sum(paper.author_count is not None for paper in papers) == 35
    assert sum(paper.published is not None for paper in papers) == 35
    assert {(paper.authors, paper.source, paper.url) for paper in papers} == {((), "daily-papers", None)}


def test_the_real_page_lacks_two_closings(seed: tuple[list[Paper], Report]) -> None:
    """Two papers are given without a last line; they get no made-up authors or date, least of all the next one's."""
    papers, _ = seed
    bare = [i for i, paper in enumerate(papers) if paper.author_count is None or paper.published is None]
    assert bare == [18, 36]
    assert [papers[i].title.split(":")[0] for i in bare] == [
        "VidEmo",
        "Do LLMs Feel? Teaching Emotion Recognition with Prompts, Retrieval, and Curriculum Learning",
    ]
    assert {(papers[i].author_count, papers[i].published, papers[i].comments) for i in bare} == {(None, None, None)}


def test_the_real_page_is_reported_in_full(seed: tuple[list[Paper], Report]) -> None:
    """Every line that was passed over, every guess and every gap is told, with its line number."""
    _, report = seed
    assert report.notes == [
        Note("ignored", "seed-page.txt:1", "new"),
        Note("ignored", "seed-page.txt:3", "Get trending papers in your email inbox!"),
        Note("ignored", "seed-page.txt:5", "Subscribe"),
        Note("ignored", "seed-page.txt:7", "Daily Papers"),
        Note("ignored", "seed-page.txt:9", "byAK and the research community"),
        Note(
            "guessed", "seed-page.txt", "dates without a year are of 2025: the latest year written on the page is 2024"
        ),
        Note(
            "missing",
            "seed-page.txt:157",
            "author count and date of 'VidEmo: Affective-Tree Reasoning for Emotion-Centric Video …'",
        ),
        Note(
            "missing",
            "seed-page.txt:297",
            "author count and date of 'Do LLMs Feel? Teaching Emotion Recognition with Prompts, Re…'",
        ),
    ]


@pytest.mark.parametrize(
    ("place", "begin", "authors", "published", "comments"),
    [
        (0, "UniSS: Unified Expressive", 8, "2025-09-25", None),
        (4, "X-Actor: Emotional", 11, "2025-08-04", None),
        (8, "EmoReg: Directional", 5, "2024-12-29", 1),
        (11, "EmoVid: A Multimodal", 5, "2025-11-14", 1),
        (15, "The OMG-Empathy Dataset", 4, "2019-08-30", None),
        (22, "FiVA: Fine-grained", 9, "2024-12-10", 2),
        (35, "ExpLLM: Towards Chain", 6, "2024-09-04", None),
    ],
)
def test_facts_of_the_real_page(
    seed: tuple[list[Paper], Report], place: int, begin: str, authors: int, published: str, comments: int | None
) -> None:
    """Numbers that were read off the page by eye."""
    paper = seed[0][place]
    assert paper.title.startswith(begin)
    assert (paper.author_count, paper.published, paper.comments) == (authors, published, comments)


def test_the_shipped_papers_are_the_real_page(seed: tuple[list[Paper], Report]) -> None:
    """`data/papers.jsonl` is what the importer makes of the page, record by record."""
    shipped = [record.paper for record in read(ROOT / "data" / "papers.jsonl", Report())]
    assert len(shipped) == len(seed[0])
    for ours, theirs in zip(shipped, seed[0], strict=True):
        assert ours == theirs


def test_a_year_that_is_given_wins(seed_page: Path) -> None:
    """Who knows the year says so: nothing is guessed, and years that are written stay."""
    report = Report()
    papers = [record.paper for record in read(seed_page, report, Options(year=2031))]
    assert [papers[0].published, papers[8].published] == ["2031-09-25", "2024-12-29"]
    assert notes(report, "guessed") == []


# The year


@pytest.mark.parametrize(
    ("header", "when", "published", "why"),
    [
        ("Feb 9", "Jan 3", "2026-01-03", "no year is written on the page"),
        ("Feb 10", "Feb 10", "2026-02-10", "no year is written on the page"),
        ("Dec 11", "Jan 3", "2025-01-03", "no year is written on the page"),
        ("Dec 11", "Sep 25", "2025-09-25", "no year is written on the page"),
        ("", "Feb 10", "2026-02-10", "no year is written on the page"),
        ("", "Feb 11", "2025-02-11", "no year is written on the page"),
        ("", "Feb 29", "2024-02-29", "no year is written on the page"),
        ("Dec 11", "Feb 29", "2024-02-29", "no year is written on the page"),
    ],
)
@pytest.mark.usefixtures("today")
def test_todays_calendar_decides_where_no_year_is_written(header: str, when: str, published: str, why: str) -> None:
    """A page and its papers are not from the future: the year is the last one that has all their days behind it."""
    papers, report = parse(f"Daily Papers\n{header}\n" + entry("Talking Faces", when))
    assert [paper.published for paper in papers] == [published]
    assert notes(report, "guessed") == [("page", f"dates without a year are of {published[:4]}: {why}")]


@pytest.mark.parametrize(
    ("written", "bare", "year"),
    [("Dec 7, 2023", "Mar 1", 2024), ("Dec 7, 2023", "Feb 29", 2024), ("Dec 7, 2024", "Feb 29", 2028)],
)
def test_the_page_is_younger_than_every_written_year(written: str, bare: str, year: int) -> None:
    """The site leaves out its own year, so its year is after every written one; 29 February needs a leap year."""
    papers, report = parse("Daily Papers\nDec 11\n" + entry("Old", written) + entry("New", bare))
    assert papers[1].published is not None
    assert papers[1].published.startswith(str(year))
    assert notes(report, "guessed") == [
        ("page", f"dates without a year are of {year}: the latest year written on the page is {written[-4:]}")
    ]


def test_a_header_with_its_year_is_no_guess() -> None:
    """A page that says its year leaves nothing to guess."""
    papers, report = parse("Daily Papers\nDec 11, 2022\n" + entry("Talking Faces", "Sep 25"))
    assert [paper.published for paper in papers] == ["2022-09-25"]
    assert notes(report, "guessed") == []


def test_nothing_is_guessed_where_nothing_needs_it() -> None:
    """With a year at every paper the page's own date does not matter."""
    papers, report = parse("Daily Papers\nDec 11\n" + entry("Talking Faces", "Sep 25, 2021"))
    assert [paper.published for paper in papers] == ["2021-09-25"]
    assert report.notes == [Note("ignored", "page:1", "Daily Papers")]


@pytest.mark.parametrize("when", ["Feb 30", "Sep 31, 2024", "Jan 0, 2024", "Feb 29, 2023"])
def test_a_day_that_does_not_exist_is_unknown(when: str) -> None:
    """An impossible date becomes no date, and the report says that it is missing."""
    papers, report = parse("Daily Papers\nDec 11, 2025\n" + entry("Talking Faces", when))
    assert [(paper.author_count, paper.published) for paper in papers] == [(2, None)]
    assert notes(report, "missing") == [("page:3", "date of 'Talking Faces'")]


@pytest.mark.parametrize(("name", "month"), [("Sep", 9), ("Sept", 9), ("September", 9), ("May", 5), ("Decem", 12)])
def test_months_may_be_written_out(name: str, month: int) -> None:
    """Any beginning of a month's name, three letters or more, is the month."""
    papers, _ = parse(entry("Talking Faces", f"{name} 5, 2024"))
    assert papers[0].published == f"2024-{month:02d}-05"


@pytest.mark.parametrize("title", ["Octopus 2", "Marvel 12", "Junction 5", "Separate 3", "Decode 1"])
def test_a_title_that_begins_like_a_month_is_a_title(title: str) -> None:
    """ "Octopus 2" is a model and not the second of October, also after a paper that lacks its closing."""
    page = f"Daily Papers\nDec 11, 2025\nOther\n{ABSTRACT}\n{entry(title, 'Nov 5')}"
    papers, _ = parse(page)
    assert [(paper.title, paper.published) for paper in papers] == [("Other", None), (title, "2025-11-05")]


# The shape of a paper


@pytest.mark.parametrize(
    ("closing", "authors", "published", "comments"),
    [
        ("  • 8 authors\n·\nSep 25", 8, "2025-09-25", None),
        ("• 8 authors · Sep 25", 8, "2025-09-25", None),
        ("· 8 authors • Sep 25, 2023 4", 8, "2023-09-25", 4),
        ("8 authors\nSep 25", 8, "2025-09-25", None),
        ("- 8 authors\n•\nSep 25 12", 8, "2025-09-25", 12),
        ("• 1 author\n·\nSep 25, 2024 1", 1, "2024-09-25", 1),
        ("• 3 authors", 3, None, None),
        ("• 3 authors · yesterday", 3, None, None),
        ("Sep 25", None, "2025-09-25", None),
    ],
)
def test_closings(closing: str, authors: int | None, published: str | None, comments: int | None) -> None:
    """A closing on one line or three, with one author or many, with or without its date, means the same."""
    papers, _ = parse(f"Daily Papers\nDec 11, 2025\nFirst\n{ABSTRACT}\n{closing}\n" + entry("Second", "Oct 1"))
    assert [(p.title, p.author_count, p.published, p.comments) for p in papers] == [
        ("First", authors, published, comments),
        ("Second", 2, "2025-10-01", None),
    ]
    assert {paper.abstract for paper in papers} == {ABSTRACT}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_of_other_systems(end: str) -> None:
    """A page saved on Windows, or by an old Mac program, is the same page."""
    page = "Daily Papers\nDec 11, 2025\n" + entry("Talking Faces", "Sep 25")
    assert parse(page.replace("\n", end)) == parse(page)


def test_byte_order_mark() -> None:
    """A byte order mark, as editors on Windows write it, is no part of the first title."""
    papers, report = parse(b"\xef\xbb\xbf" + entry("Talking Faces", "Sep 25, 2024").encode())
    assert ([paper.title for paper in papers], report.notes) == (["Talking Faces"], [])


@pytest.mark.parametrize("damage", [b"\xff", b"\xc3", b"\x00", b"\x1b", b"\xed\xa0\x80"])
def test_damaged_text_is_repaired_and_told(damage: bytes) -> None:
    """A broken byte costs one character, not the paper, and never silently."""
    page = entry("Talking Xaces", "Sep 25, 2024").encode().replace(b"X", damage)
    papers, report = parse(page)
    assert [paper.title.replace("\ufffd", "") for paper in papers] == ["Talking aces"]
    assert notes(report, "repaired") == [("page", "unreadable characters were replaced by U+FFFD")]


def test_a_replacement_character_of_the_page_is_no_damage() -> None:
    """U+FFFD that stands in the file was read correctly; there is nothing to report."""
    papers, report = parse(entry("Talking \ufffdaces", "Sep 25, 2024"))
    assert ([paper.title for paper in papers], report.notes) == (["Talking \ufffdaces"], [])


def test_a_short_last_line_belongs_to_the_abstract() -> None:
    """ "Code: …" before the closing is the abstract's end, not a paper."""
    papers, _ = parse(entry("Talking Faces", "Sep 25, 2024", f"{ABSTRACT}\n\nCode: https://example.org"))
    assert [paper.abstract for paper in papers] == [f"{ABSTRACT}\n\nCode: https://example.org"]


def test_an_abstract_may_have_paragraphs() -> None:
    """Paragraphs stay apart; a long one needs no full stop."""
    long = "word " * 61
    papers, _ = parse(entry("Talking Faces", "Sep 25, 2024", f"{ABSTRACT}\n{long}\n{ABSTRACT}"))
    assert [paper.abstract for paper in papers] == [f"{ABSTRACT}\n\n{long.strip()}\n\n{ABSTRACT}"]


def test_a_title_with_a_closing_needs_no_abstract() -> None:
    """A paper without an abstract is a paper, and its gap is reported."""
    papers, report = parse(
        "Daily Papers\nDec 11, 2025\nTalking Faces\n• 2 authors\n·\nSep 25\n" + entry("Other", "Sep 24")
    )
    assert [(p.title, p.abstract, p.published) for p in papers] == [
        ("Talking Faces", "", "2025-09-25"),
        ("Other", ABSTRACT, "2025-09-24"),
    ]
    assert notes(report, "missing") == [("page:3", "abstract of 'Talking Faces'")]


def test_what_follows_the_last_paper_is_ignored() -> None:
    """Links at the foot of the page are no papers; each is reported."""
    papers, report = parse(entry("Talking Faces", "Sep 25, 2024") + "Previous\nNext\n\nCompany\n© Hugging Face\n")
    assert [paper.title for paper in papers] == ["Talking Faces"]
    assert [what for _, what in notes(report, "ignored")] == ["Previous", "Next", "Company", "© Hugging Face"]


def test_a_page_without_papers_has_none() -> None:
    """Only labels: no paper, no guess, and every label reported."""
    papers, report = parse("Daily Papers\nbyAK and the research community\nDec 11\n")
    assert (papers, report.read, len(notes(report, "ignored")), len(report.notes)) == ([], 0, 2, 2)


def test_the_id_comes_from_the_title() -> None:
    """Pages have no ids: importing tomorrow's page finds today's papers again by their titles."""
    papers, _ = parse(entry("Talking Faces", "Sep 25, 2024") + entry("  Talking\tFaces ", "Sep 26, 2024"))
    assert {paper.id for paper in papers} == {"talking-faces"}


def test_a_paper_over_a_limit_costs_itself_only() -> None:
    """A paper that cannot be kept is skipped and reported; the rest of the page is read."""
    long = "x" * (LIMITS["abstract"] + 1)
    papers, report = parse(entry("Long", "Sep 25, 2024", long) + entry("Other", "Sep 25, 2024"))
    assert ([paper.title for paper in papers], report.read) == (["Other"], 2)
    assert notes(report, "skipped") == [("page:1", "The paper's abstract is longer than 100,000 characters.")]


def test_a_file_that_is_no_page_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file larger than any page is refused before it fills the memory; one of the largest size is read."""
    page = entry("Talking Faces", "Sep 25, 2024").encode()
    monkeypatch.setattr(daily_papers, "MAX_BYTES", len(page))
    assert len(parse(page)[0]) == 1
    with pytest.raises(UnreadableSource, match="larger than a page") as caught:
        parse(page + b"\n")
    assert_helpful(caught.value)


# Any page


@dataclass(frozen=True)
class Written:
    """A paper as a page writes it; `author_count` and `when` may be missing."""

    title: str
    abstract: tuple[str, ...]
    author_count: int | None
    when: date | None
    comments: int | None


PAGE_YEAR: Final = 2025
WORD = st.text("abcdefgXYZé中-:?!'", min_size=1, max_size=8)
TITLES = st.lists(WORD, min_size=1, max_size=12).map(" ".join) | st.sampled_from(
    ["May I?", "Octopus 2", "2 authors walk into a bar", "Sep 25, 2024: a day", "Daily Papers", "No. 5", "Go."]
)
SENTENCE = st.lists(WORD, min_size=8, max_size=12).map(lambda words: " ".join(words) + ".")
DAYS = st.dates(date(1998, 1, 1), date(PAGE_YEAR, 12, 31))


@st.composite
def pages(draw: st.DrawFn) -> list[Written]:
    """Papers as they can follow one another on a page.

    A title alone after a paper without any closing is left out: nobody could tell it from that paper's last line.
    """
    written: list[Written] = []
    for _ in range(draw(st.integers(0, 6))):
        count = draw(st.none() | st.integers(1, 99_999))
        when = draw(st.none() | DAYS)
        closed = not written or written[-1].author_count is not None or written[-1].when is not None
        may_be_bare = closed and count is not None
        abstract = tuple(draw(st.lists(SENTENCE, min_size=0 if may_be_bare else 1, max_size=3)))
        comments = None if when is None else draw(st.none() | st.integers(0, 999_999))
        written.append(Written(draw(TITLES), abstract, count, when, comments))
    return written


def render_page(papers: list[Written], end: str, blank: str, *, one_line: bool) -> str:
    """The page's own format: `blank` stands between lines, `one_line` puts the closing on one."""
    lines = ["Daily Papers", "byAK and the research community", f"Dec 31, {PAGE_YEAR}"]
    for paper in papers:
        lines += [paper.title, *paper.abstract]
        count = (
            None if paper.author_count is None else f"  • {paper.author_count} author{'s' * (paper.author_count > 1)}"
        )
        day = None if paper.when is None else f"{MONTHS[paper.when.month - 1]} {paper.when.day}"
        if paper.when is not None and paper.when.year != PAGE_YEAR:
            day = f"{day}, {paper.when.year}"
        if paper.comments is not None:
            day = f"{day} {paper.comments}"
        if one_line and count and day:
            lines.append(f"{count} · {day}")
        else:
            lines += [part for part in (count, "·" if count else None, day) if part]
    return (end + blank).join(lines) + end


@settings(deadline=None)
@given(pages(), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\n", " \n\n"]), st.booleans())
def test_reading_undoes_writing(written: list[Written], end: str, blank: str, one_line: bool) -> None:
    """Whatever papers a page holds, and whichever closings it lacks, reading it gives these papers and no others."""
    papers, report = parse(render_page(written, end, blank, one_line=one_line))
    assert papers == [
        Paper(
            id_from_title(paper.title),
            paper.title,
            abstract="\n\n".join(paper.abstract),
            author_count=paper.author_count,
            published=None if paper.when is None else paper.when.isoformat(),
            comments=paper.comments,
            source="daily-papers",
        )
        for paper in written
    ]
    assert report.counts["missing"] == sum(not (p.abstract and p.author_count and p.when) for p in written)
    assert [what for _, what in notes(report, "ignored")] == ["Daily Papers", "byAK and the research community"]
