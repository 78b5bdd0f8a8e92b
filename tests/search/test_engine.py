"""The façade, on toy papers whose scores can be worked out by hand."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.collection import Collection
from indexer.errors import CollectionMismatch, InvalidQuery, PaperNotFound
from indexer.filters import Filters
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.answer import Answer
from search.engine import Engine
from search.query import Mode, Page, Query
from tests.toys import ToyEncoder


def ids(answer: Answer) -> list[str]:
    return [hit.paper.id for hit in answer.hits]


def test_dense_scores_are_cosines(engine: Engine) -> None:
    """By meaning: "speech" is (1, 0, …), its cosines are 1, 1/√2, 0 and 0; ties are ordered by id."""
    answer = engine.search(Query("speech", mode=Mode.DENSE))
    assert ids(answer) == ["a", "c", "10.1/d", "b"]
    assert [hit.score for hit in answer.hits] == pytest.approx([1, 1 / sqrt(2), 0, 0], abs=1e-3)
    assert all(hit.dense == hit.score and hit.lexical is None for hit in answer.hits)
    assert [hit.rank for hit in answer.hits] == [1, 2, 3, 4]


def test_lexical_finds_only_papers_with_a_word(engine: Engine) -> None:
    """By words: only papers that have one are found; the total still counts every paper."""
    answer = engine.search(Query("speech", mode=Mode.LEXICAL))
    assert set(ids(answer)) == {"a", "c"}
    assert answer.hits[0].paper.id == "a"  # the shorter paper
    assert answer.total == 4
    assert all(hit.lexical == hit.score and hit.dense is None for hit in answer.hits)


def test_filters_are_exact_in_every_mode(engine: Engine) -> None:
    """Nothing outside a filter is found, `total` counts what passes, and scores are those without the filter."""
    for mode in Mode:
        answer = engine.search(Query("speech emotion", mode=mode, filters=Filters.of(category="cs", author="lovelace")))
        assert answer.total == 2
        assert set(ids(answer)) == {"a", "b"}
    free = {h.paper.id: h.dense for h in engine.search(Query("speech", mode=Mode.DENSE)).hits}
    kept = engine.search(Query("speech", mode=Mode.DENSE, filters=Filters.of(source="toys"))).hits
    assert [(h.paper.id, h.dense) for h in kept] == [("b", free["b"])]


def test_a_filter_that_nothing_passes(engine: Engine) -> None:
    """No paper is an answer, with a total of 0."""
    for mode in Mode:
        answer = engine.search(Query("speech", mode=mode, filters=Filters.of(author="nobody")))
        assert (answer.hits, answer.total) == ((), 0)


def test_related_leaves_out_what_was_asked_with(engine: Engine) -> None:
    """The kin of "a" (speech): "c", then the rest; never "a" itself, and the total says so."""
    answer = engine.search(Query(liked=("a",)))
    assert ids(answer) == ["c", "10.1/d", "b"]
    assert answer.total == 3


def test_related_to_several(engine: Engine) -> None:
    """The kin of "a" (speech) and "b" (emotion) is led by "c", which is of both: each adds half of its score."""
    answer = engine.search(Query(liked=("a", "b", "a")))
    assert ids(answer) == ["c", "10.1/d"]
    first = answer.hits[0]
    assert sum(first.contributions.values()) == pytest.approx(first.score, abs=1e-3)
    assert list(first.contributions) == ["liked a", "liked b"]
    assert min(first.contributions.values()) > 0.4


def test_related_to_an_unknown_paper(engine: Engine) -> None:
    """An unknown id among known ones is an error that names it."""
    with pytest.raises(PaperNotFound, match="nobody"):
        engine.search(Query(liked=("a", "nobody")))


def test_browse_is_newest_first(engine: Engine) -> None:
    """Newest first at the precision that is known, papers without a date last."""
    papers, total, _ = engine.browse(Filters(), 10, 0)
    assert [paper.id for paper in papers] == ["c", "b", "a", "10.1/d"]
    assert total == 4
    assert [paper.id for paper in engine.browse(Filters(), 2, 1)[0]] == ["b", "a"]
    with pytest.raises(InvalidQuery):
        engine.browse(Filters(), 10, -1)


def test_an_empty_collection_answers(empty: Collection, encoder: ToyEncoder) -> None:
    """No papers is an answer, not an error."""
    engine = Engine(empty, encoder)
    for mode in Mode:
        assert engine.search(Query("speech", mode=mode)).total == 0


def test_a_change_changes_the_version(engine: Engine, collection: Collection, encoder: ToyEncoder) -> None:
    """Answers of different papers have different versions, answers of the same have the same."""
    first = engine.search(Query("speech")).index_version
    assert engine.search(Query("face", mode=Mode.DENSE)).index_version == first
    ingest(collection, encoder, [Paper("new", "speech")], Report())
    assert engine.search(Query("speech")).index_version != first
    with collection.writing("test") as writer:
        writer.remove(["new"])
    assert engine.search(Query("speech")).index_version == first


def test_acronyms_are_expanded_in_every_mode(empty: Collection, encoder: ToyEncoder) -> None:
    """A paper that never uses the acronym is found by it, once another paper defines it."""
    papers = [
        Paper("definer", "graph", "Gated speech networks (GSN) are old."),
        Paper("long", "gated speech networks revisited"),
        Paper("other", "face"),
    ]
    ingest(empty, encoder, papers, Report())
    for mode in Mode:
        answer = Engine(empty, encoder).search(Query("GSN", mode=mode))
        assert "long" in ids(answer)[:2]
        assert [(e.short, e.long) for e in answer.expansions] == [("GSN", "Gated speech networks")]


def test_another_model_is_refused(collection: Collection) -> None:
    """An encoder of another model cannot ask this collection."""
    with pytest.raises(CollectionMismatch):
        Engine(collection, ToyEncoder("other"))


WORDS = st.sampled_from(["speech", "emotion", "face", "graph", "nothing"])
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=30), question=TEXTS, k=st.integers(1, 9), mode=st.sampled_from(Mode))
def test_pages_join_to_the_whole_ranking(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], question: str, k: int, mode: Mode
) -> None:
    """Page after page gives the ranking that one large page gives: no paper twice, none left out, scores falling,
    equal scores by id."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("pages") / "c", encoder.identity)
    ingest(collection, encoder, [Paper(f"p{i:02}", text) for i, text in enumerate(texts)], Report())
    engine = Engine(collection, encoder)
    whole = engine.search(Query(question, Page(1000), mode)).hits
    paged = [
        hit
        for offset in range(0, len(texts) + k, k)
        for hit in engine.search(Query(question, Page(k, offset), mode)).hits
    ]
    assert [(h.rank, h.paper.id, h.score) for h in paged] == [(h.rank, h.paper.id, h.score) for h in whole]
    assert [(-(h.score or 0), h.paper.id) for h in whole] == sorted((-(h.score or 0), h.paper.id) for h in whole)
    if mode is not Mode.LEXICAL:
        assert {h.paper.id for h in whole} == {f"p{i:02}" for i in range(len(texts))}


def test_the_order_of_insertion_does_not_matter(tmp_path: Path, encoder: ToyEncoder) -> None:
    """Equal papers in another order give equal answers under the equal version, ties included."""
    papers = [Paper(f"p{i}", ["speech", "face", "speech face"][i % 3]) for i in range(30)]
    answers = []
    for name, order in (("one", papers), ("two", papers[::-1])):
        collection = Collection.create(tmp_path / name, encoder.identity)
        ingest(collection, encoder, order, Report())
        answers.append(Engine(collection, encoder).search(Query("speech", Page(7))))
    assert answers[0] == answers[1]
