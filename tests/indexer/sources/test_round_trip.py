"""What is written as a citation comes back: all that the format can carry."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pytest
import rispy  # type: ignore[import-untyped]
from hypothesis import example, given
from hypothesis import strategies as st
from pybtex.database import parse_string  # type: ignore[import-untyped]

from indexer.collection import Collection
from indexer.errors import InvalidPaper
from indexer.ingest import ingest
from indexer.paper import Paper, from_stored, to_record
from indexer.report import Report
from indexer.sources import bibtex, csl_json, json_records, registry, ris
from tests.conftest import ROOT
from tests.indexer.sources.test_xml_records import samples
from tests.toys import ToyEncoder


@dataclass(frozen=True)
class Way:
    """A format: out and in again. `one_line` says that it has no paragraphs."""

    name: str
    write: Callable[[Sequence[Paper]], str]
    parse: Callable[[BinaryIO, str, Report], Iterator[Paper]]
    one_line: bool = False

    def there_and_back(self, papers: Sequence[Paper]) -> list[Paper]:
        """The papers as they come back, of which nothing had to be repaired."""
        report = Report()
        found = list(self.parse(io.BytesIO(self.write(papers).encode()), "file", report))
        assert [note for note in report.notes if note.kind != "missing"] == []
        return found

    def carried(self, paper: Paper) -> Paper:
        """What must come back: all but what no citation has a place for."""
        return replace(
            paper,
            source=self.name,
            author_count=len(paper.authors) or None,
            comments=None,
            upvotes=None,
            updated=None,
            daily=None,
            extra=None,
            abstract=" ".join(paper.abstract.split()) if self.one_line else paper.abstract,
        )


WAYS = (
    Way("bibtex", bibtex.write, bibtex.parse),
    Way("ris", ris.write, ris.parse, one_line=True),
    Way("csl-json", csl_json.write, json_records.parse),
)
ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@cache
def read(*paths: Path) -> list[Paper]:
    return [record.paper for path in paths for record in registry.read(path, Report())]


@ways
def test_shipped_papers(way: Way) -> None:
    """Every shipped paper comes back: id, title, abstract, date; they have no names, venues and identifiers."""
    papers = read(ROOT / "data" / "papers.jsonl")
    assert len(papers) == 37
    assert way.there_and_back(papers) == [way.carried(paper) for paper in papers]


RECORDED = {
    "bibtex": ("bibtex", "*", 934),
    "ris": ("ris", "*", 529),
    "atom": ("arxiv_atom", "q_testing_*", 210),
    "semantic-scholar": ("s2", "test_search_paper_[!bm]*", 189),
    "pubmed": ("pubmed", "pubmed[1-7].xml", 8),
}


@ways
@pytest.mark.parametrize("collection", RECORDED)
def test_recorded_papers(collection: str, way: Way) -> None:
    """So does every recorded paper: LaTeX, formulas, accents, organisations, versions, several identifiers, links."""
    folder, pattern, least = RECORDED[collection]
    papers = read(*samples(folder, pattern))
    assert len(papers) >= least
    assert way.there_and_back(papers) == [way.carried(paper) for paper in papers]


def test_other_programs_read_all_entries() -> None:
    """The strict parser of pybtex finds each entry under its own key, and rispy as it comes each record."""
    papers = read(*samples("bibtex"))[:150] + read(ROOT / "data" / "papers.jsonl")
    entries = parse_string(bibtex.write(papers), "bibtex").entries
    assert len({key.lower() for key in entries}) == len(papers)
    assert [entry.fields.get("year") for entry in entries.values()] == [
        paper.published and paper.published[:4] for paper in papers
    ]
    records = rispy.loads(ris.write(papers))
    assert [record["title"] for record in records] == [paper.title for paper in papers]


HOSTILE = (
    "}", "{", "{{", "\\", "\\}", "%", "@article{x,", "@comment{", "$", "$$", "$x$", "$\\input{x}$",
    "$\\alpha_{1}$", "$%$", "$ {a}b$", "#", "~", "^", "^{", "_", "_{", "&", "&lt;", "&amp;lt;", "&amp;", "<b>",
    "</b>", "<!-- -->", "<sup>2</sup>", "--", "---", "``", "''", "`x'", '"', "\\'e", '\\"u', "\\o", "\\cite{x}",
    "\\begin{document}", "\\(x\\)", "{a,b}", "ER  - ", "TY  - JOUR", "and", "others", "et al", ",", ";", "*",
    "[x](y)", "😀", "ﬁ", "é", "İ", "ß", "中文", "\u200b", "Jr.", "van", "mT5", "BERT", "iPhone", "A", "of",
    "arXiv", "\x85", "\u2028",
)  # fmt: skip
pieces = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
lines = st.lists(pieces, min_size=1, max_size=6).flatmap(
    lambda parts: st.sampled_from([" ", ""]).map(lambda between: between.join(parts))
)
names = lines.filter(lambda name: " ".join(name.split()).casefold() not in {"others", "et al", "et al."})
dates = st.dates().filter(lambda day: 1500 <= day.year < 2100).map(lambda day: day.isoformat())
words = lines.filter(lambda word: ";" not in word and word.strip())


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    """Papers with whatever a stranger may write."""
    published = draw(st.none() | dates.flatmap(lambda day: st.sampled_from([day, day[:7], day[:4]])))
    try:
        return Paper(
            draw(st.sampled_from(["2401.00001", "a b", "x{}%", "doi:10.1000/a", "--"])),
            draw(lines),
            abstract=draw(st.just("") | st.lists(lines, max_size=3).map("\n\n".join)),
            authors=tuple(draw(st.lists(names, max_size=3))),
            published=published,
            categories=tuple(dict.fromkeys(" ".join(word.split()) for word in draw(st.lists(words, max_size=3)))),
            venue=draw(st.none() | lines),
            identifiers=tuple(draw(st.sampled_from([[], ["doi:10.1000/a{b}%_\\c"], ["acl:P19-1007", "pmid:12"]]))),
            url=draw(st.sampled_from([None, "https://example.org/a_b%20~c#d&amp;e"])),
        )
    except InvalidPaper:
        return Paper("t", "T")


@ways
def test_what_is_indexed_again_joins(way: Way, empty: Collection, encoder: ToyEncoder) -> None:
    """A citation is a record of the paper that it came from, by identifier, by id and title, or by title and author."""
    known = [
        Paper("W1", "Short", identifiers=("doi:10.1000/a",)),
        Paper("own", "Of speech and of emotion", published="2024"),
        Paper("of-speech-and-of-faces", "Of speech and of faces", authors=("Ada Lovelace",)),
    ]
    ingest(empty, encoder, known, Report())
    report = Report()
    ingest(empty, encoder, way.there_and_back(known), report)
    assert (report.added, report.merged) == (0, 3)
    assert [paper.id for paper in empty.snapshot().store.all_papers()] == [paper.id for paper in known]


@ways
def test_collections_of_strangers(way: Way) -> None:
    """What a stored record should not hold, since no paper may, ends no entry and is no failure."""
    line = "a}\nER  - \n\nTY  - JOUR\nTI  - b\n@article{c, title={d}}"
    values = to_record(Paper("t", "T", "A", ("N",))) | {
        "id": line, "title": line, "abstract": line, "authors": [line], "categories": [line], "venue": line,
        "identifiers": ["arxiv:}\nER  - ", "doi:10.1000/}\nER  - ", "pmid", "nothing:1", ""],
    }  # fmt: skip
    (found,) = way.there_and_back([from_stored(values)])
    assert found.title == found.venue == found.authors[0] == " ".join(line.split())


@ways
@given(written=st.lists(papers(), min_size=1, max_size=3, unique_by=lambda paper: paper.id))
def test_whatever_strangers_write(way: Way, written: list[Paper]) -> None:
    """Any title, name, venue, keyword and abstract comes back to the letter, and no record ends another."""
    assert way.there_and_back(written) == [way.carried(paper) for paper in written]


@ways
@given(title=lines.filter(str.strip))
@example(title="$,B and A,B")
@example(title="$x${A,B}")
@example(title="{A,B} {\\A} $k$-NN")
@example(title="-\u200b-{}-")
def test_titles(way: Way, title: str) -> None:
    """So does any title alone."""
    assert [paper.title for paper in way.there_and_back([Paper("t", title)])] == [Paper("t", title).title]
