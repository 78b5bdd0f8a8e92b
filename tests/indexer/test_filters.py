"""Filters: what is refused, how names are folded, and that SQL obeys each filter exactly."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.change import Change
from indexer.errors import InvalidQuery
from indexer.filters import MAX_CONDITIONS, Condition, Field, Filters, fold, name_words, to_sql
from indexer.identity import Record
from indexer.paper import Paper
from indexer.store_writer import StoreWriter
from tests.indexer.test_paper import DATES, assert_helpful
from tests.toys import matching

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
        Filters.of(**{name: value})
    assert (caught.value.code, caught.value.message) == ("invalid_filter", message)
    assert_helpful(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("after", "soon", "after is not a date: 'soon'."),
        ("before", "2025-02-30", "before is not a date: '2025-02-30'."),
        ("until", "", "until is not a date: ''."),
        ("author", "-", "The author filter holds no word."),
        ("word", "…", "The word filter holds no word."),
        ("phrase", " ", "The phrase filter holds no word."),
        ("phrase", "a\x00", "The phrase filter holds control characters."),
        ("id", " ", "The id filter is blank."),
        ("id", "x" * 513, "The id filter is longer than 512 characters."),
        ("word", "x" * 513, "The word filter is longer than 512 characters."),
        ("title", "x", "There is no filter 'title'."),
    ],
)
def test_a_condition_that_could_not_be_meant_is_refused(field: Any, value: str, message: str) -> None:
    """The same holds for a single condition, excluded or not."""
    for excluded in (False, True):
        with pytest.raises(InvalidQuery) as caught:
            Condition(field, value, excluded)
        assert (caught.value.code, caught.value.message) == ("invalid_filter", message)
        assert_helpful(caught.value)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition("author", "Ada  Lovelace"), 'author:"Ada Lovelace"'),
        (Condition("category", "cs.CL", excluded=True), "-category:cs.CL"),
        (Condition("phrase", "speech"), '"speech"'),
        (Condition("phrase", "emotional speech", excluded=True), '-"emotional speech"'),
        (Condition("word", "speech", excluded=True), "-speech"),
        (Condition("word", "speech"), "word:speech"),
        (Condition("until", "2025"), "until:2025"),
        (Condition("id", " A  b "), 'id:"A  b"'),
    ],
)
def test_a_condition_is_shown_as_it_is_written(condition: Condition, text: str) -> None:
    """People see a condition in the syntax of questions, its value tidied as papers' labels are; an id is kept."""
    assert str(condition) == text


def test_no_filter_is_empty() -> None:
    """Only a filter without any value lets every paper pass unseen."""
    assert Filters().empty
    assert to_sql(Filters()) == ("TRUE", [])
    for name, value in (("date_from", "0001"), ("author", "a"), ("category", "c"), ("source", "s")):
        assert not Filters.of(**{name: value}).empty


def test_filters_join() -> None:
    """Both sides hold; what both say is said once; the store and the lexical index part the whole between them."""
    ada, word = Condition("author", "Ada"), Condition("word", "speech", excluded=True)
    both = Filters.of(author="Ada", date_from="2024", date_to="2025") & Filters((word, ada))
    assert [str(each) for each in both.conditions] == ["after:2024", "until:2025", "author:Ada", "-speech"]
    assert both.stored == Filters.of(author="Ada", date_from="2024", date_to="2025")
    assert both.written == (word,)


def test_the_number_of_conditions_is_limited() -> None:
    """64 conditions are taken and no more: each costs time."""
    conditions = [Condition("author", f"ada {number}") for number in range(MAX_CONDITIONS + 1)]
    assert len(Filters(tuple(conditions[1:] * 2)).conditions) == 64
    with pytest.raises(InvalidQuery, match=r"There are 65 filters\. Use up to 64\.") as caught:
        Filters(tuple(conditions))
    assert caught.value.code == "invalid_filter"


def test_values_stay_out_of_sql() -> None:
    """Whatever the values are, the text of the statement is the same."""
    fields: tuple[Field, ...] = ("author", "category", "source", "id")
    texts = {to_sql(Filters(tuple(Condition(f, v) for f in fields)))[0] for v in ("x", "x') OR TRUE --", "%_'\"[x]")}
    assert len(texts) == 1


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
        (Filters.of(category="Re\u0301seaux  neuronaux"), ["a"]),
        (Filters.of(source="Atelier d\u2019e\u0301te\u0301"), ["a"]),
        (Filters.of(source="  toys\n"), ["b"]),
        (Filters.of(source="Toys"), []),
        (Filters.of(source="' OR TRUE --"), []),
        (Filters.of(category="%"), []),
        (Filters.of(category="cs.'x"), ["b"]),
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
            filters = Filters.of(source=source)
            assert [paper.id for paper in store.browse(filters, 9, 0)] == ids
            assert len(matching(store, filters)) == len(ids)
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
        assert [paper.id for paper in store.browse(Filters.of(category=category), 99, 0)] == ids


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


def meets(paper: Paper, field: str, value: str) -> bool:
    """What the documentation of `Condition` says, word by word."""
    if paper.published is None and field in ("after", "before", "until"):
        return False
    if field == "until":
        return begin(paper.published or "") <= last_day(value)
    if field in ("after", "before"):
        return (begin(paper.published or "") >= begin(value)) is (field == "after")
    if field == "author":
        return any(plain(value) <= plain(name) for name in paper.authors)
    if field == "category":
        names = [name.lower() for name in paper.categories]
        return any(name == value.lower() or name.startswith(value.lower() + ".") for name in names)
    return value.strip() == {"source": paper.source, "id": paper.id}[field]


def passes(paper: Paper, filters: Filters) -> bool:
    """All conditions hold, of the ids one."""
    ids = [each for each in filters.conditions if each.field == "id" and not each.excluded]
    others = [each for each in filters.conditions if each not in ids]
    return (not ids or any(meets(paper, "id", each.value) for each in ids)) and all(
        meets(paper, each.field, each.value) is not each.excluded for each in others
    )


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
VALUES: Final = {
    "after": DAYS | DATES,
    "before": DAYS | DATES,
    "until": DAYS | DATES,
    "author": st.sampled_from(AUTHORS),
    "category": st.sampled_from(CATEGORIES),
    "source": st.sampled_from([*SOURCES, " toys "]),
    "id": st.from_regex(r" ?[a-c][0-9]", fullmatch=True),
}
CONDITIONS: Final = st.sampled_from(sorted(VALUES)).flatmap(
    lambda field: st.builds(Condition, st.just(field), VALUES[field], st.booleans())
)
FILTERS: Final = st.lists(CONDITIONS, max_size=4).map(lambda conditions: Filters(tuple(conditions)))


@settings(max_examples=50, deadline=None)
@given(PAPERS, st.lists(FILTERS, min_size=1, max_size=8), st.integers(0, 5), st.integers(1, 5))
def test_sql_obeys_filters_exactly(
    tmp_path_factory: pytest.TempPathFactory, papers: list[Paper], asked: list[Filters], offset: int, limit: int
) -> None:
    """SQL finds the papers that a plain reading of the filters lets pass, and lists them newest first,
    those without a date last, then by id, in pages that fit together."""
    with store_of(tmp_path_factory.mktemp("filters"), papers) as store:
        keys = {paper_id: stored.key for paper_id, stored in store.lookup([paper.id for paper in papers]).items()}
        # Each condition alone too: together they leave few papers.
        alone = [Filters((each,)) for filters in asked for each in filters.conditions]
        for filters in [*asked, *alone]:
            expected = [paper for paper in papers if passes(paper, filters)]
            assert matching(store, filters) == sorted(keys[paper.id] for paper in expected)
            expected.sort(key=lambda paper: paper.id)
            expected.sort(key=lambda paper: paper.day or "", reverse=True)
            assert store.browse(filters, 100, 0) == expected
            assert store.browse(filters, limit, offset) == expected[offset : offset + limit]
            some = np.array(sorted(keys.values())[::2], dtype=np.int64)
            assert store.browse(filters, 100, 0, some) == [paper for paper in expected if keys[paper.id] in some]


def test_after_and_before_part_the_dated_papers(tmp_path: Path) -> None:
    """A paper with a date passes one of the two; one without passes none, hence each of them excluded."""
    with store_of(tmp_path, [Paper(f"p{i}", "t", published=day) for i, day in enumerate(PARTED)]) as store:
        for value in ("2024", "2025", "2025-06", "2025-06-02"):
            after, before = Condition("after", value), Condition("before", value)
            keys = {each: matching(store, Filters((each,))) for each in (after, before)}
            assert sorted(keys[after] + keys[before]) == [2, 3, 4, 5, 6]
            for each in (after, before):
                others = matching(store, Filters((replace(each, excluded=True),)))
                assert sorted(others + keys[each]) == [1, 2, 3, 4, 5, 6]


PARTED: Final = (None, "2024-12-31", "2025", "2025-06", "2025-06-02", "2026-01-01")


@pytest.mark.parametrize(
    ("names", "excluded", "ids"),
    [
        (["10.1/D"], [], []),
        (["10.1234/abc"], [], ["doi"]),
        (["https://doi.org/10.1234/ABC"], [], ["doi"]),
        (["2405.15738v3", "their-1"], [], ["2405.15738", "b"]),
        (["b", "10.1234/abc"], ["doi"], ["b"]),
        ([], ["doi", "arXiv:2405.15738"], ["b", "clash"]),
        (["clash"], [], ["clash"]),
        (["nobody"], [], []),
        ([], ["nobody"], ["2405.15738", "b", "clash", "doi"]),
        (["' OR 1 --"], [], []),
    ],
)
def test_ids_are_those_that_find_a_paper(tmp_path: Path, names: list[str], excluded: list[str], ids: list[str]) -> None:
    """An id, an identifier in any form, or a source's id mean the one paper that `Store.find` gives; several ids mean
    any of them, excluded ones none of them."""
    papers = [Paper("doi", "t", identifiers=("doi:10.1234/abc",)), Paper("2405.15738", "t"), Paper("clash", "t")]
    record = (Record(Paper("their-1", "t", source="x"), "a file"), Record(Paper("clash", "t", source="x"), "a file"))
    with store_of(tmp_path, papers) as store:
        with store.transaction():
            store.apply([Change(Paper("b", "t"), record, ROW)])
        filters = Filters(
            (*(Condition("id", n) for n in names), *(Condition("id", n, excluded=True) for n in excluded))
        )
        assert sorted(paper.id for paper in store.browse(filters, 9, 0)) == ids
        if len(names) == 1 and ids:
            assert [store.find(names[0])[0]] == matching(store, filters)


def test_two_authors_are_both_needed(tmp_path: Path) -> None:
    """Two filters of one kind hold together: papers of Ada and Grace, and of Ada without Grace."""
    papers = [Paper("both", "t", authors=("Ada", "Grace")), Paper("one", "t", authors=("Ada",))]
    with store_of(tmp_path, papers) as store:
        for excluded, ids in ((False, ["both"]), (True, ["one"])):
            filters = Filters((Condition("author", "ada"), Condition("author", "grace", excluded)))
            assert [paper.id for paper in store.browse(filters, 9, 0)] == ids


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters.of(author="ada lovelace"), ["a"]),
        (Filters.of(author="lovelace"), ["a", "b"]),
        (Filters.of(author="grace lovelace"), ["b"]),
        (Filters.of(date_from="2025-01"), ["b", "c"]),
        (Filters.of(date_to="2025"), ["a", "b", "c"]),
        (Filters.of(date_from="2025-06", date_to="2025-06"), ["c"]),
        (Filters.of(date_to="2024-05-01"), ["a"]),
        (Filters.of(category="CS"), ["a", "b", "c"]),
        (Filters.of(category="eess.as"), ["c"]),
        (Filters.of(category="c"), []),
        (Filters.of(source="toys"), ["b"]),
        (Filters.of(category="cs", author="grace", date_from="2025"), ["b"]),
    ],
)
def test_examples(tmp_path: Path, filters: Filters, ids: list[str]) -> None:
    """The toy papers, filtered by hand: "ada lovelace" must be one person, not Ada of one and Lovelace of another."""
    from tests.toys import PAPERS as TOYS

    with store_of(tmp_path, TOYS) as store:
        assert sorted(paper.id for paper in store.browse(filters, 9, 0)) == ids


# Venues, lists and arrivals

PLACED: Final = (
    Paper("a", "one", venue="EMNLP", categories=("cs.CL",), daily="2026-08-21", published="2026-08-01"),
    Paper("b", "two", venue="Nature Physics", categories=("physics.optics",), published="2026-08"),
    Paper("c", "three", venue="naturé physics", categories=("math",), daily="2026-01-01"),
    Paper("d", "four"),
)


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (Condition("venue", "emnlp"), ["a"]),
        (Condition("venue", "EMNLP| nature  PHYSICS "), ["a", "b"]),
        (Condition("venue", "EMNLP", excluded=True), ["b", "c", "d"]),
        (Condition("category", "cs|math"), ["a", "c"]),
        (Condition("category", "physics"), ["b"]),
        (Condition("daily", "2026-08-21"), ["a"]),
        (Condition("daily", "2026-08"), ["a", "b"]),
        (Condition("daily", "2026-W01"), ["c"]),
        (Condition("daily", "2026"), ["a", "b", "c"]),
        (Condition("daily", "2026", excluded=True), ["d"]),
        (Condition("since", "2020-01-01"), ["a", "b", "c", "d"]),
        (Condition("since", "9999-01-01T00:00:00Z"), []),
        (Condition("since", "9999-01-01", excluded=True), ["a", "b", "c", "d"]),
    ],
)
def test_venues_lists_and_arrivals(tmp_path: Path, condition: Condition, ids: list[str]) -> None:
    """Alternatives behind a bar; a day, week, month or year of the list; and the moment of arrival."""
    with store_of(tmp_path, PLACED) as store:
        for record in PLACED:  # the helper that fills the store knows no moments
            store._db.execute("UPDATE record SET came = '2026-08-22T00:00:00Z' WHERE id = ?", (record.id,))
        found = store.ids(matching(store, Filters((condition,))))
        assert sorted(found.values()) == ids


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("venue", "a||b"),
        ("category", "|"),
        ("daily", "2026-02-30"),
        ("daily", "soon"),
        ("since", "today"),
        ("since", "2026"),
    ],
)
def test_what_is_no_venue_period_or_moment_is_refused(field: Field, value: str) -> None:
    """With a sentence."""
    with pytest.raises(InvalidQuery):
        Condition(field, value)


def test_a_paper_has_come_when_its_first_record_did(tmp_path: Path) -> None:
    """A record that joins later, or replaces an earlier one, does not make a paper new."""
    with store_of(tmp_path, PLACED[:1]) as store:
        key = store.find("a")[0]
        records = (
            Record(PLACED[0], came="2026-08-22T00:00:00Z"),
            Record(replace(PLACED[0], id="x", source="s"), came="2026-09-01T00:00:00Z"),
        )
        with store.transaction():
            store.apply([Change(PLACED[0], records, ROW)])
        assert store.arrivals([key]) == {key: "2026-08-22T00:00:00Z"}
        assert matching(store, Filters((Condition("since", "2026-08-30"),))) == []
        assert matching(store, Filters((Condition("since", "2026-08-22"),))) == [key]
