"""Facets: what is counted, against a plain count over all papers, and histograms that a reader can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.collection import Collection
from indexer.filters import DATES, Condition, Filters
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search import facets
from search.engine import Engine
from search.facets import Bin, Choice, Choices, Dates, bins
from search.query import Mode, Page, Query
from tests.search.test_restrictions import CONDITIONS, PAPERS, PHRASES, begin, engine_of, has
from tests.toys import ToyEncoder


def values(choices: Choices | None) -> dict[str, int]:
    assert choices is not None
    return {choice.value: choice.papers for choice in choices.values}


def chosen(choices: Choices | None) -> list[str]:
    assert choices is not None
    return [choice.value for choice in choices.values if choice.chosen]


# Exact numbers


def test_all_papers(engine: Engine) -> None:
    """Without a question all four toys are counted; one has no date, three no author or no source that is named."""
    found = engine.facets(None)
    assert (found.of, found.total, found.best) == (4, 4, False)
    assert (found.dates.unit, len(found.dates.bins), found.dates.without) == ("month", 14, 1)
    assert [each for each in found.dates.bins if each.papers] == [
        Bin("2024-05", "2024-05", 1),
        Bin("2025-01", "2025-01", 1),
        Bin("2025-06", "2025-06", 1),
    ]
    assert found.categories == Choices(
        4, tuple(Choice(name, 1, False) for name in ("cs.CL", "cs.CV", "cs.SD", "eess.AS")), 0, 1
    )
    assert found.sources == Choices(4, (Choice("toys", 1, False),), 0, 3)
    assert values(found.authors) == {"Ada Lovelace": 1, "Grace Hopper": 1, "Grace Lovelace": 1}
    assert found.index_version == engine.search(Query("speech")).index_version


def test_a_facet_ignores_its_own_filter(engine: Engine) -> None:
    """With cs.CL chosen one paper answers, but all categories keep their counts; the others count that one paper."""
    for query in (Query("speech", filters=Filters.of(category="CS.CL")), Query("speech category:cs.CL")):
        found = engine.facets(query)
        assert (found.of, found.total) == (1, 1)
        assert found.categories == Choices(
            4,
            (
                Choice("cs.CL", 1, True),
                Choice("cs.CV", 1, False),
                Choice("cs.SD", 1, False),
                Choice("eess.AS", 1, False),
            ),
            0,
            1,
        )
        assert found.dates == Dates(1, "day", (Bin("2024-05-01", "2024-05-01", 1),), 0)
        assert values(found.authors) == {"Ada Lovelace": 1, "Grace Hopper": 1}


def test_dates_ignore_dates(engine: Engine) -> None:
    """From 2025 on there are two papers; the histogram still has the one of 2024 and the one without a date."""
    for query in (Query("speech", filters=Filters.of(date_from="2025", date_to="2025-12")), Query("speech after:2025")):
        found = engine.facets(query)
        assert (found.of, found.dates.of, found.dates.without) == (2, 4, 1)
        assert sum(each.papers for each in found.dates.bins) == 3
        assert values(found.categories) == {"cs.CV": 1, "cs.SD": 1, "eess.AS": 1}


def test_exclusions_stay(engine: Engine) -> None:
    """What is left out by a minus is left out of its own facet, too."""
    found = engine.facets(Query("speech -category:cs.CL -after:2025-06"))
    assert values(found.categories) == {"cs.CV": 1}
    assert (found.of, found.dates.of, found.categories.of) == (2, 2, 2)  # "b", and "10.1/d", which has no date


def test_what_is_chosen_is_always_listed(engine: Engine) -> None:
    """An archive, alternatives and a name that nobody has stand behind the values, with what they would find."""
    found = engine.facets(Query(filters=Filters.of(category="cs", author="lovelace", source="nowhere")))
    assert found.of == 0
    assert chosen(found.categories) == ["cs"]
    assert chosen(found.authors) == ["lovelace"]
    assert found.sources.values[-1] == Choice("nowhere", 0, True)
    assert values(engine.facets(Query("category:eess|cs.CL")).categories)["eess|cs.CL"] == 2


def test_the_best_are_counted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more papers answer than are counted, the best are: of "speech" the papers a and c."""
    monkeypatch.setattr("search.asked.MATCHES", 2)
    found = engine.facets(Query("speech"))
    assert (found.of, found.total, found.best) == (2, 4, True)
    assert values(found.categories) == {"cs.CL": 1, "cs.SD": 1, "eess.AS": 1}
    listed = engine.facets(Query(filters=Filters.of(date_from="2024")))
    assert (listed.of, listed.total, listed.best) == (3, 3, False)  # a list is counted whole


def test_words_count_what_they_find(engine: Engine) -> None:
    """By words only the papers that have one are answers."""
    found = engine.facets(Query("speech", mode=Mode.LEXICAL))
    assert (found.of, found.total, found.best) == (2, 4, True)


def test_liked_papers_are_no_answers(engine: Engine) -> None:
    """The papers that a question is asked with are not counted."""
    found = engine.facets(Query(liked=("a",)))
    assert (found.of, found.total) == (3, 3)
    assert "cs.CL" not in values(found.categories)


def test_names_of_the_same_words_are_one_author(empty: Collection, encoder: ToyEncoder) -> None:
    """Names are one if their words are, written as most papers write them; a longer name is found by a shorter one."""
    names = ("Ada Lovelace", "Lovelace, Ada", "Ada Lovelace", "Ada King Lovelace", "…")
    ingest(empty, encoder, [Paper(f"p{at}", f"Title {at}", authors=(name,)) for at, name in enumerate(names)], Report())
    found = Engine(empty, encoder).facets(None)
    assert values(found.authors) == {"Ada Lovelace": 4, "Ada King Lovelace": 1}
    assert found.authors is not None
    assert found.authors.without == 1


def test_only_the_commonest_are_listed(empty: Collection, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty categories, by papers and then by name, and how many more there are; a chosen one comes behind them.
    Authors are not read where the papers are many."""
    papers = [Paper(f"p{at}", f"Title {at}", categories=(f"C{at % 25:02}", "All")) for at in range(30)]
    ingest(empty, encoder, papers, Report())
    engine = Engine(empty, encoder)
    found = engine.facets(None).categories
    assert [(each.value, each.papers) for each in found.values[:7]] == [
        ("All", 30), ("C00", 2), ("C01", 2), ("C02", 2), ("C03", 2), ("C04", 2), ("C05", 1)
    ]  # fmt: skip
    assert (len(found.values), found.more) == (20, 6)
    asked = engine.facets(Query(filters=Filters.of(category="c24"))).categories
    assert (asked.values[20], asked.more) == (Choice("C24", 1, True), 5)
    monkeypatch.setattr(facets, "READ", 29)
    assert engine.facets(None).authors is None


def test_a_change_is_counted_at_once(collection: Collection, encoder: ToyEncoder) -> None:
    """What was read of one state is not used for another, also where the papers are the same again."""
    engine = Engine(collection, encoder)
    before = engine.facets(None)
    with collection.writing("test") as writer:
        writer.remove(["a"])
    assert "cs.CL" not in values(engine.facets(None).categories)
    ingest(collection, encoder, [Paper("a", "speech", published="2024-05-01", categories=("cs.CL",))], Report())
    assert engine.facets(None).categories == before.categories


# Against a plain count


@dataclass(frozen=True)
class Asked:
    """A question: filters given apart, operators in the text, words, and how many of the best are counted."""

    apart: tuple[Condition, ...]
    operators: tuple[Condition, ...]
    words: str
    mode: Mode
    like: bool
    matches: int

    def query(self, papers: Sequence[Paper], *ignored: str) -> Query:
        """The question, without filters on some fields that are no exclusions."""
        apart, operators = (
            [each for each in conditions if each.excluded or each.field not in ignored]
            for conditions in (self.apart, self.operators)
        )
        return Query(
            " ".join([self.words, *map(str, operators)]),
            Page(1000),
            self.mode,
            Filters((*apart, Condition("word", "x"))),  # every paper has this word, and a question needs something
            liked=(papers[0].id,) if self.like else (),
        )

    @property
    def ranked(self) -> bool:
        phrases = any(each.field == "phrase" and not each.excluded for each in self.operators)
        return bool(self.words) or self.like or phrases


ASKED = st.builds(
    Asked,
    st.lists(CONDITIONS, max_size=2).map(tuple),
    st.lists(CONDITIONS.filter(lambda each: each.field not in ("until", "word")), max_size=2).map(tuple),
    st.just("") | PHRASES,
    st.sampled_from(Mode),
    st.booleans(),
    st.sampled_from([1, 3, 500]),
)


@settings(max_examples=15, deadline=None)
@given(papers=PAPERS, questions=st.lists(ASKED, min_size=3, max_size=6))
def test_facets_are_what_a_plain_count_says(
    tmp_path_factory: pytest.TempPathFactory, papers: list[Paper], questions: list[Asked]
) -> None:
    """Of any question the papers are counted that a search for it lists first, without the filters on what is counted.
    Every count is what choosing the value would leave of them."""
    engine = engine_of(tmp_path_factory.mktemp("facets"), papers)
    by_id = {paper.id: paper for paper in papers}
    for asked in questions:

        def counted(*ignored: str, asked: Asked = asked) -> list[Paper]:
            listed = [by_id[hit.paper.id] for hit in engine.search(asked.query(papers, *ignored)).hits]
            return listed[: asked.matches] if asked.ranked else listed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("search.asked.MATCHES", asked.matches)
            found = engine.facets(asked.query(papers))
        assert (found.of, found.total) == (len(counted()), engine.search(asked.query(papers)).total)
        check_dates(found.dates, counted(*DATES))
        check_choices(found.categories, counted("category"), "category", {p.id: p.categories for p in papers})
        sources = {p.id: (p.source,) if p.source else () for p in papers}
        check_choices(found.sources, counted("source"), "source", sources)
        check_choices(found.authors, counted("author"), "author", {p.id: p.authors for p in papers})


def check_dates(dates: Dates, papers: Sequence[Paper]) -> None:
    days = [begin(paper.published) for paper in papers if paper.published]
    assert dates.of == len(papers)
    assert dates.without == len(papers) - len(days)
    assert sum(each.papers for each in dates.bins) == len(days)
    for each in dates.bins:
        assert each.papers == sum(has(p, "after", each.first) and has(p, "until", each.last) for p in papers)


def check_choices(
    choices: Choices | None, papers: Sequence[Paper], field: str, labels: Mapping[str, tuple[str, ...]]
) -> None:
    assert choices is not None
    listed = {choice.value for choice in choices.values if not choice.chosen}
    present = {label for paper in papers for label in labels[paper.id]}
    assert choices.of == len(papers)
    assert listed <= present <= listed | {choice.value for choice in choices.values}
    assert choices.more == 0
    assert choices.without == sum(not labels[paper.id] for paper in papers)
    for choice in choices.values:
        if "," not in choice.value:
            assert choice.papers == sum(has(paper, field, choice.value) for paper in papers)


# Histograms


def test_days_months_years() -> None:
    """Up to 62 days there is a bin a day, up to four years a bin a month, beyond that a bin a year; none is missing."""
    unit, found = bins({"2024-02-28": 2, "2024-03-01": 3})
    assert (unit, found) == (
        "day",
        (Bin("2024-02-28", "2024-02-28", 2), Bin("2024-02-29", "2024-02-29", 0), Bin("2024-03-01", "2024-03-01", 3)),
    )
    unit, found = bins({"2023-12-31": 1, "2024-03-03": 1, "2024-03-04": 1})
    assert (unit, [(each.first, each.papers) for each in found]) == (
        "month", [("2023-12", 1), ("2024-01", 0), ("2024-02", 0), ("2024-03", 2)],
    )  # fmt: skip
    unit, found = bins({"2020-06-01": 1, "2024-06-01": 1})
    assert (unit, [each.first for each in found]) == ("year", ["2020", "2021", "2022", "2023", "2024"])
    assert bins({}) == ("year", ())


def test_centuries() -> None:
    """Where years are more than 120 they stand together; also at both ends of the calendar."""
    unit, found = bins({"1665-03-06": 1, "2024-01-01": 5})
    assert (unit, found[0], found[-1], len(found)) == ("year", Bin("1665", "1669", 1), Bin("2020", "2024", 5), 72)
    unit, found = bins({"0001-01-01": 1, "9999-12-31": 1})
    assert (found[0], found[-1], len(found)) == (Bin("0001", "0099", 1), Bin("9900", "9999", 1), 100)


@given(st.dictionaries(st.dates().map(str), st.integers(1, 9), min_size=1, max_size=9))
@example({"1999-12-31": 1})
def test_every_paper_is_in_one_bin(days: dict[str, int]) -> None:
    """Bins follow each other without gap, at most 120 of them, and each has the papers between its ends."""
    _, found = bins(days)
    assert len(found) <= 120
    assert sum(each.papers for each in found) == sum(days.values())
    for each in found:
        assert each.papers == sum(
            n for day, n in days.items() if each.first <= day and day[: len(each.last)] <= each.last
        )
    firsts = [Filters.of(date_from=each.first, date_to=each.last) for each in found]
    assert len(set(firsts)) == len(found)
