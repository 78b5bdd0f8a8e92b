"""Filters on a whole collection: SQLite, tantivy and FAISS obey what a plain reading of the papers says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.collection import Collection
from indexer.filters import Condition, Filters
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from search.query import Mode, Page, Query
from tests.toys import ToyEncoder

FOLDED: Final = str.maketrans("äéÄÉ", "aeAE")
STEMS: Final = {"speeches": "speech", "faces": "face", "emotional": "emot", "emotion": "emot", "faced": "face"}
"""The few words below by their English stems; every other word is its own."""
WORDS: Final = ("speech", "Speeches", "emotion", "emotional", "face", "faces", "Faced", "Émotion", "tts", "a", "to")
JOINTS: Final = (" ", " ", "-", ". ", ", ")
AUTHORS: Final = ("Ada Lovelace", "Grace Hopper", "Ada Hopper", "Zoé Ada")
CATEGORIES: Final = ("cs.CL", "cs.CV", "eess.AS", "cs")
DAYS: Final = ("2024", "2024-06", "2024-06-15", "2025", "2025-01-01", "2025-12-31")


# The slow and obvious way


def words_of(text: str) -> list[str]:
    return re.findall("[a-z0-9]+", text.translate(FOLDED).lower())


def stems_of(text: str) -> list[str]:
    return [STEMS.get(word, word) for word in words_of(text)]


def side_by_side(wanted: Sequence[str], found: Sequence[str]) -> bool:
    return any(list(found[at : at + len(wanted)]) == list(wanted) for at in range(len(found)))


def begin(day: str) -> str:
    return (day + "-01-01")[:10]


def has(paper: Paper, field: str, value: str) -> bool:
    """Whether a paper has one property, read from the paper itself."""
    parts = (paper.title, paper.abstract)
    day = begin(paper.published) if paper.published else None
    tests: dict[str, Callable[[], bool]] = {
        "word": lambda: any(side_by_side(stems_of(value), stems_of(part)) for part in parts),
        "phrase": lambda: any(side_by_side(words_of(value), words_of(part)) for part in parts),
        "author": lambda: any(set(words_of(value)) <= set(words_of(name)) for name in paper.authors),
        "category": lambda: any(name == value or name.startswith(value + ".") for name in paper.categories),
        "source": lambda: paper.source == value,
        "id": lambda: paper.id == value,
        "after": lambda: day is not None and day >= begin(value),
        "before": lambda: day is not None and day < begin(value),
        "until": lambda: day is not None and day[: len(value)] <= value,
    }
    return tests[field]()


def scan(papers: Sequence[Paper], filters: Filters) -> list[str]:
    """The ids of the papers that pass, by looking at every paper."""
    found = []
    for paper in papers:
        wanted_ids, passes = [], True
        for each in filters.conditions:
            if each.field == "id" and not each.excluded:
                wanted_ids.append(each.value)
            elif has(paper, each.field, each.value) == each.excluded:
                passes = False
        if passes and (not wanted_ids or paper.id in wanted_ids):
            found.append(paper.id)
    return sorted(found)


# Random collections and random filters

TEXTS: Final = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(JOINTS)), max_size=6).map(
    lambda parts: "".join(word + joint for word, joint in parts)
)
PAPERS: Final = st.lists(
    st.builds(
        Paper,
        id=st.from_regex("[a-e][0-9]", fullmatch=True),
        title=TEXTS.map(lambda text: f"x {text}"),
        abstract=TEXTS,
        authors=st.lists(st.sampled_from(AUTHORS), max_size=2).map(tuple),
        published=st.none() | st.sampled_from(DAYS),
        categories=st.lists(st.sampled_from(CATEGORIES), max_size=2).map(tuple),
        source=st.none() | st.sampled_from(["arxiv", "hf"]),
    ),
    unique_by=lambda paper: paper.id,
    min_size=1,
    max_size=14,
)
PHRASES: Final = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
VALUES: Final = {
    "word": st.sampled_from(WORDS) | PHRASES,
    "phrase": PHRASES,
    "author": st.sampled_from(["ada", "Lovelace, Ada", "hopper", "zoe", "grace lovelace"]),
    "category": st.sampled_from([*CATEGORIES, "eess"]),
    "source": st.sampled_from(["arxiv", "hf"]),
    "id": st.from_regex("[a-e][0-9]", fullmatch=True),
    "after": st.sampled_from(DAYS),
    "before": st.sampled_from(DAYS),
    "until": st.sampled_from(DAYS),
}
CONDITIONS: Final = st.sampled_from(sorted(VALUES)).flatmap(
    lambda field: st.builds(Condition, st.just(field), VALUES[field], st.booleans())
)
FILTERS: Final = st.lists(CONDITIONS, min_size=1, max_size=4).map(lambda each: Filters(tuple(each)))


def engine_of(folder: Path, papers: Sequence[Paper]) -> Engine:
    encoder = ToyEncoder()
    collection = Collection.create(folder / "c", encoder.identity)
    ingest(collection, encoder, papers, Report())
    return Engine(collection, encoder)


@settings(max_examples=25, deadline=None)
@given(papers=PAPERS, asked=st.lists(FILTERS, min_size=1, max_size=6), question=PHRASES, k=st.integers(1, 5))
def test_every_way_in_obeys_filters_exactly(
    tmp_path_factory: pytest.TempPathFactory, papers: list[Paper], asked: list[Filters], question: str, k: int
) -> None:
    """The keys that pass are those a scan finds. A search by meaning, by words or both, related papers and the list
    hold those papers and no others, count them, and join page by page to one order without gaps or repeats."""
    engine = engine_of(tmp_path_factory.mktemp("restricted"), papers)
    snapshot = engine.snapshot()
    alone = [Filters((each,)) for filters in asked for each in filters.conditions]
    for filters in [*asked, *alone, *unlikely(papers)]:
        expected = scan(papers, filters)
        selected = snapshot.matching(filters)
        assert selected is not None
        keys = selected.keys.tolist()
        assert keys == sorted(set(keys))
        assert sorted(snapshot.store.ids(keys).values()) == expected
    for filters in asked:
        expected = scan(papers, filters)
        for mode in Mode:
            check_search(
                engine, filters, Query(question, page=Page(1000), mode=mode, filters=filters), expected, papers, k
            )
        listed, total, _ = engine.browse(filters, 1000, 0)
        assert (sorted(paper.id for paper in listed), total) == (expected, len(expected))
        pages = [engine.browse(filters, k, offset)[0] for offset in range(0, len(papers), k)]
        assert [paper for page in pages for paper in page] == listed


def unlikely(papers: Sequence[Paper]) -> Iterator[Filters]:
    """What chance seldom makes: two ids that exist, and phrases from the last word of a title to the
    first of its abstract."""
    yield Filters(tuple(Condition("id", paper.id) for paper in papers[:2]))
    for paper in papers:
        if words := words_of(paper.abstract):
            across = f"{words_of(paper.title)[-1]} {words[0]}"
            yield Filters((Condition("phrase", across),))
            yield Filters((Condition("word", across, excluded=True),))


def check_search(
    engine: Engine, filters: Filters, query: Query, expected: list[str], papers: Sequence[Paper], k: int
) -> None:
    """One search: hits, total, pages."""
    answer = engine.search(query)
    found = [hit.paper.id for hit in answer.hits]
    assert answer.total == len(expected)
    if query.mode is Mode.LEXICAL:  # papers without a word of the question are no hits
        words = set(stems_of(query.text))
        with_words = {paper.id for paper in papers if words & set(stems_of(f"{paper.title} {paper.abstract}"))}
        assert sorted(found) == sorted(with_words & set(expected))
    else:
        assert sorted(found) == expected
    paged = [
        (hit.rank, hit.paper.id, hit.score)
        for offset in range(0, len(papers), k)
        for hit in engine.search(Query(query.text, page=Page(k, offset), mode=query.mode, filters=filters)).hits
    ]
    assert paged == [(hit.rank, hit.paper.id, hit.score) for hit in answer.hits]


MANY: Final = tuple(
    Paper(f"p{i:04}", f"{'speech' if i % 3 else 'face'} {i}", published=f"{2000 + i % 20}", categories=("cs.CL",))
    for i in range(1200)
)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return engine_of(tmp_path_factory.mktemp("large"), MANY)


@pytest.mark.parametrize(
    ("filters", "total"),
    [
        (Filters((Condition("word", "face", excluded=True),)), 800),
        (Filters((Condition("phrase", "face 3"),)), 1),
        (Filters((Condition("word", "speeches"), Condition("before", "2010"))), 400),
        (Filters((Condition("id", "p0001"), Condition("id", "p0002"), Condition("word", "face", excluded=True))), 2),
        (Filters((Condition("category", "cs"),)), 1200),
    ],
)
def test_totals_are_true_whatever_the_selectivity(large: Engine, filters: Filters, total: int) -> None:
    """From one paper to all of more than a thousand: beyond the 200 that the ranking by words looks at, too."""
    assert len(scan(MANY, filters)) == total
    for mode in (Mode.DENSE, Mode.HYBRID):
        pages = [
            large.search(Query("speech", page=Page(250, offset), mode=mode, filters=filters))
            for offset in range(0, 1200, 250)
        ]
        assert {page.total for page in pages} == {total}
        assert sorted(hit.paper.id for page in pages for hit in page.hits) == scan(MANY, filters)
