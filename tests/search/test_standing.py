"""Where one paper stands, found without ordering all papers, against the whole ranking."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.collection import Collection
from indexer.filters import Filters
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search import engine as engine_module
from search import expansion, kin, ranking
from search.engine import Engine
from search.query import Mode, Page, Query
from tests.toys import AXES, ToyEncoder

TEXTS: Final = st.lists(st.sampled_from(AXES), min_size=1, max_size=3).map(" ".join)


@settings(max_examples=25)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=25),
    question=TEXTS,
    mode=st.sampled_from(Mode),
    head=st.integers(1, 4),
    liked=st.booleans(),
)
def test_a_standing_is_the_place_in_the_whole_ranking(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], question: str, mode: Mode, head: int, liked: bool
) -> None:
    """However far down a paper is, it has the rank, the score and the parts that it has when all are ranked, ties by
    id; with a few papers in each list most are beyond all of them. Ids run against keys."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (ranking, "LEXICAL_DEPTH"),
            (kin, "POOL"),
            (expansion, "PAPERS"),
            (engine_module, "_HEAD"),
        ):
            patch.setattr(module, name, head)
        encoder = ToyEncoder()
        collection = Collection.create(tmp_path_factory.mktemp("standing") / "c", encoder.identity)
        papers = [Paper(f"p{99 - i}", text, categories=("cs.CL",) if i % 3 else ()) for i, text in enumerate(texts)]
        ingest(collection, encoder, papers, Report())
        engine = Engine(collection, encoder)
        for filters in (Filters(), Filters.of(category="cs")):
            query = Query(question, Page(1000), mode, filters, liked=("p99",) if liked and mode is Mode.DENSE else ())
            hits = engine.search(query).hits
            for hit in hits:
                standing = engine.standing(query, hit.paper.id)
                assert standing.hit == hit
                assert not standing.kept_out
            for paper in {paper.id for paper in papers} - {hit.paper.id for hit in hits}:
                assert engine.standing(query, paper).kept_out
