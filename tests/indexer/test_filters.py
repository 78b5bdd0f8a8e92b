"""Filters: what is refused, how names are folded, and that SQL obeys each filter exactly."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.change import Change
from indexer.errors import InvalidQuery
from indexer.filters import Filters, fold, name_words, to_sql
from indexer.identity import Record
from indexer.paper import Paper
from indexer.store_writer import StoreWriter
from tests.indexer.test_paper import DATES, assert_helpful

ROW: Final = np.array([1, 0], dtype=np.float16)


@contextmanager
def store_of(folder: Path, papers: Sequence[Paper]) -> Iterator[StoreWriter]:
    StoreWriter.create(folder / "papers.db", {"sequence": "0", "papers": "0", "fingerprint": "0"})
    store = StoreWriter(folder / "papers.db")
    try:
        with store.transaction():
            store.apply([Change.of(paper, ROW) for paper in papers])
        yield store
    finally:
        store.close()


# The values


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("date_from", "yesterday", "date_from is not a date: 'yesterday'."),
        ("date_to", "2025-02-30", "date_to is not a date: '2025-02-30'."),
        ("date_to", "", "date_to is not a date: ''."),
        ("date_from", "2025-1", "date_from is not a date: '2025-1'."),
        ("date_from", "9" * 900, f"date_from is not a date: '{'9' * 40}'."),
        ("author", "", "The author filter holds no word."),
        ("author", " .,- ", "The author filter holds no word."),
        ("author", "Ada\x00", "The author filter holds control characters."),
        ("category", "", "The category filter is blank."),
        ("category", " \n", "The category filter is blank."),
        ("category", "cs\udcff", "The category filter holds control characters."),
        ("source", "  ", "The source filter is blank."),
        ("source", "\ud800", "The source filter holds control characters."),
    ],
)
def test_what_could_not_be_meant_is_refused(name: str, value: str, message: str) -> None:
    """A filter that cannot be obeyed is an error: silently ignored, it would give papers that nobody asked for."""
    with pytest.raises(InvalidQuery) as caught:
        Filters(**{name: value})
    assert (caught.value.code, caught.value.message) == ("invalid_filter", message)
    assert_helpful(caught.value)


def test_no_filter_is_empty() -> None:
    """Only a filter without any value lets every paper pass unseen."""
    assert Filters().empty
    assert to_sql(Filters()) == ("TRUE", [])
    for name, value in (("date_from", "0001"), ("author", "a"), ("category", "c"), ("source", "s")):
        assert not Filters(**{name: value}).empty


@pytest.mark.parametrize(("value", "first"), [("2025", "2025-01-01"), ("2025-06", "2025-06-01"), ("2025-06-23",) * 2])
def test_date_from_begins_with_its_first_day(value: str, first: str) -> None:
    """A year or a month begins on its first day."""
    assert Filters(date_from=value).first == first


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ada Lovelace", ["ada", "lovelace"]),
        ("GRÄßER, José-María", ["grasser", "jose", "maria"]),
        ("Zoe\u0308 O'Brien", ["zoe", "o", "brien"]),
        ("Ｆｕｌｌ ﬁeld", ["full", "field"]),
        ("王 小明", ["王", "小明"]),
        ("J. R. R.", ["j", "r", "r"]),
        (" .-' ", []),
    ],
)
def test_names_are_folded(name: str, words: list[str]) -> None:
    """People type names without accents, in any case, with or without hyphens and points."""
    assert name_words(name) == words


@pytest.mark.parametrize("label", ["cs.CL", " CS.cl ", "Cs.Cl"])
def test_categories_are_folded(label: str) -> None:
    """Case and outer blanks of a category mean nothing."""
    assert fold(label) == "cs.cl"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(category="Re\u0301seaux  neuronaux"), ["a"]),
        (Filters(source="Atelier d\u2019e\u0301te\u0301"), ["a"]),
        (Filters(source="  toys\n"), ["b"]),
        (Filters(source="Toys"), []),
        (Filters(source="' OR TRUE --"), []),
        (Filters(category="%"), []),
        (Filters(category="cs.'x"), ["b"]),
    ],
)
def test_labels_are_compared_as_papers_keep_them(tmp_path: Path, filters: Filters, ids: list[str]) -> None:
    """Decomposed letters and double blanks are tidied on both sides; nothing in a value is a pattern or SQL."""
    papers = [
        Paper("a", "t", categories=("Réseaux neuronaux",), source="Atelier d’été"),
        Paper("b", "t", categories=("cs.'X",), source="toys"),
    ]
    with store_of(tmp_path, papers) as store:
        assert [paper.id for paper in store.browse(filters, 9, 0)] == ids


def test_a_paper_is_of_every_source_that_has_a_record_of_it(tmp_path: Path) -> None:
    """A paper that arXiv and Hugging Face both describe is found under either, and each of them counts it once."""
    names = [("arxiv", "1"), ("arxiv", "2"), ("hf", "1"), (None, "1")]
    records = tuple(Record(Paper(paper_id, "t", source=source), "a file") for source, paper_id in names)
    merged = Change(Paper("1", "t", source="arxiv"), records, ROW)
    with store_of(tmp_path, [Paper("3", "t", source="hf")]) as store:
        with store.transaction():
            store.apply([merged])
        for source, ids in (("arxiv", ["1"]), ("hf", ["1", "3"]), ("arXiv", []), ("h", [])):
            filters = Filters(source=source)
            assert [paper.id for paper in store.browse(filters, 9, 0)] == ids
            assert store.count(filters) == len(store.matching(filters)) == len(ids)
        assert store.sources() == {"hf": 2, "": 1, "arxiv": 1}


# Exactness


@pytest.mark.parametrize(
    ("category", "ids"),
    [
        ("cs", ["cs", "cs.", "cs.CL", "cs.CL.x"]),
        ("CS.cl", ["cs.CL", "cs.CL.x"]),
        ("cs.", ["cs."]),
        ("cs.C", []),
        ("c", []),
        ("cs/", ["cs/"]),
    ],
)
def test_a_category_takes_in_what_follows_its_dot(tmp_path: Path, category: str, ids: list[str]) -> None:
    """An archive holds its categories; a name that merely begins alike, before or after "." in ASCII, is another."""
    names = ("cs", "cs.", "cs.CL", "cs.CL.x", "csx", "cs-x", "cs/", "cs/x", "ds")
    with store_of(tmp_path, [Paper(name, "t", categories=(name,)) for name in names]) as store:
        assert [paper.id for paper in store.browse(Filters(category=category), 99, 0)] == ids


NAMES: Final = (
    "Ada Lovelace",
    "Grace Hopper",
    "ADA  Hopper",
    "Zoë O'Brien",
    "José-María Ada",
    "zoe lovelace",
    "Ada Ada",
)
AUTHORS: Final = (
    "ada",
    "Lovelace Ada",
    "hopper",
    "ZOE",
    "Zoë",
    "o brien",
    "maria jose",
    "ada ada",
    "grace lovelace",
    "nobody",
)
CATEGORIES: Final = ("cs", "cs.CL", "CS.cl", "cs.CL.x", "csx", "cs-x", "cs/1", "math.AG", "math", "cs.", "Δ.x", "Δ")
SOURCES: Final = ("toys", "Toys", "daily-papers", "a b")


def plain(name: str) -> set[str]:
    """The words of the few names above, without case and accents."""
    return set(re.findall("[a-z]+", name.lower().translate(str.maketrans("ëéí", "eei"))))


def last_day(text: str) -> date:
    """The last day of a year, a month or a day."""
    parts = [int(part) for part in text.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    return date(year, month, parts[2] if len(parts) > 2 else calendar.monthrange(year, month)[1])


def begin(text: str) -> date:
    """The first day of a year, a month or a day."""
    return date(*[int(part) for part in f"{text}-01-01".split("-")[:3]])


def passes(paper: Paper, filters: Filters) -> bool:
    """What the documentation of `Filters` says, word by word."""
    day = None if paper.published is None else begin(paper.published)
    if filters.date_from is not None and (day is None or day < begin(filters.date_from)):
        return False
    if filters.date_to is not None and (day is None or day > last_day(filters.date_to)):
        return False
    if filters.author is not None and not any(plain(filters.author) <= plain(name) for name in paper.authors):
        return False
    if filters.category is not None:
        wanted = filters.category.lower()
        names = [name.lower() for name in paper.categories]
        if not any(name == wanted or name.startswith(wanted + ".") for name in names):
            return False
    return filters.source is None or paper.source == filters.source.strip()


# Few years and months, so that limits and dates often meet.
DAYS: Final = st.sampled_from(
    [
        "2024",
        "2025",
        "2024-02",
        "2025-01",
        "2025-12",
        "2024-02-29",
        "2025-01-01",
        "2025-12-31",
        "2024-12-31",
        "2024-03-01",
    ]
)
PAPERS: Final = st.lists(
    st.builds(
        Paper,
        id=st.from_regex(r"[a-c][0-9]", fullmatch=True),
        title=st.just("t"),
        published=st.none() | DAYS | DATES,
        authors=st.lists(st.sampled_from(NAMES), max_size=3).map(tuple),
        categories=st.lists(st.sampled_from(CATEGORIES), max_size=3).map(tuple),
        source=st.none() | st.sampled_from(SOURCES),
    ),
    unique_by=lambda paper: paper.id,
    max_size=12,
)
FILTERS: Final = st.builds(
    Filters,
    date_from=st.none() | DAYS,
    date_to=st.none() | DAYS | DATES,
    author=st.none() | st.sampled_from(AUTHORS),
    category=st.none() | st.sampled_from(CATEGORIES),
    source=st.none() | st.sampled_from([*SOURCES, " toys "]),
)


@settings(max_examples=50, deadline=None)
@given(PAPERS, st.lists(FILTERS, min_size=1, max_size=8), st.integers(0, 5), st.integers(1, 5))
def test_sql_obeys_filters_exactly(
    tmp_path_factory: pytest.TempPathFactory, papers: list[Paper], asked: list[Filters], offset: int, limit: int
) -> None:
    """SQL finds the papers that a plain reading of the filters lets pass, counts them, and lists them newest first,
    those without a date last, then by id, in pages that fit together."""
    with store_of(tmp_path_factory.mktemp("filters"), papers) as store:
        keys = {paper_id: stored.key for paper_id, stored in store.lookup([paper.id for paper in papers]).items()}
        # One filter alone first: together they leave few papers.
        for filters in [
            *asked,
            *(Filters(category=f.category) for f in asked),
            *(Filters(author=f.author) for f in asked),
        ]:
            expected = [paper for paper in papers if passes(paper, filters)]
            assert store.matching(filters).tolist() == sorted(keys[paper.id] for paper in expected)
            assert store.count(filters) == len(expected)
            expected.sort(key=lambda paper: paper.id)
            expected.sort(key=lambda paper: paper.day or "", reverse=True)
            assert store.browse(filters, 100, 0) == expected
            assert store.browse(filters, limit, offset) == expected[offset : offset + limit]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(author="ada lovelace"), ["a"]),
        (Filters(author="lovelace"), ["a", "b"]),
        (Filters(author="grace lovelace"), ["b"]),
        (Filters(date_from="2025-01"), ["b", "c"]),
        (Filters(date_to="2025"), ["a", "b", "c"]),
        (Filters(date_from="2025-06", date_to="2025-06"), ["c"]),
        (Filters(date_to="2024-05-01"), ["a"]),
        (Filters(category="CS"), ["a", "b", "c"]),
        (Filters(category="eess.as"), ["c"]),
        (Filters(category="c"), []),
        (Filters(source="toys"), ["b"]),
        (Filters(category="cs", author="grace", date_from="2025"), ["b"]),
    ],
)
def test_examples(tmp_path: Path, filters: Filters, ids: list[str]) -> None:
    """The toy papers, filtered by hand: "ada lovelace" must be one person, not Ada of one and Lovelace of another."""
    from tests.toys import PAPERS as TOYS

    with store_of(tmp_path, TOYS) as store:
        assert sorted(paper.id for paper in store.browse(filters, 9, 0)) == ids
