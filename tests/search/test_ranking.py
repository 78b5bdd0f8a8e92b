"""The hybrid ranking, against one that looks at every paper and does one thing after another."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.collection import Collection, Snapshot
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search import expansion, kin
from search.engine import Engine
from search.query import Page, Query
from tests.toys import AXES, PAPERS, ToyEncoder


def fused(cosines: dict[int, float], words: dict[int, float]) -> dict[int, float]:
    """0.8 (cosine + 1)/(best + 1) + 0.2 BM25/best."""
    best, most = max(cosines.values()), max(words.values(), default=0)
    return {
        key: 0.8 * ((cosine + 1) / (best + 1) if best > -1 else 0) + 0.2 * (words.get(key, 0) / most if most else 0)
        for key, cosine in cosines.items()
    }


def slow(snapshot: Snapshot, question: str) -> dict[str, float]:
    """Every paper's score: fuse, learn words from the best ten, fuse again, smooth all. For up to ten papers."""
    keys = snapshot.store.keys().tolist()
    rows = {key: row.astype(np.float64) for key, row in snapshot.store.rows(keys).items()}
    asked = ToyEncoder().encode_query(question)
    cosines = {key: float(row @ asked) for key, row in rows.items()}
    lexical = snapshot.lexical
    plain = dict(zip(*(part.tolist() for part in lexical.search(lexical.terms(question), 99)), strict=True))
    first = fused(cosines, plain)
    papers = snapshot.store.papers(keys)
    stems = {key: lexical.stems(f"{papers[key].title} {papers[key].abstract}") for key in keys}

    def idf(stem: str) -> float:
        count = lexical.doc_freq(stem)
        return math.log(1 + (len(keys) - count + 0.5) / (count + 0.5))

    say = {key: math.exp((score - max(first.values())) / 0.02) for key, score in first.items()}
    mean: Counter[str] = Counter()
    for key in keys:
        vector = {stem: count * idf(stem) for stem, count in Counter(stems[key]).items()}
        length = math.sqrt(sum(value**2 for value in vector.values()))
        for stem, value in vector.items():
            mean[stem] += say[key] / sum(say.values()) * value / length  # type: ignore[assignment]
    chosen = sorted(mean, key=lambda stem: (-mean[stem], stem))[:20]
    own = [stem for stem in lexical.terms(question) if lexical.doc_freq(stem)]
    learned: dict[str, float] = {stem: 0.6 / len(own) for stem in own}
    for stem in chosen if own else []:
        share = 0.4 * mean[stem] / idf(stem) / sum(mean[other] / idf(other) for other in chosen)
        learned[stem] = learned.get(stem, 0) + share
    words = dict(zip(*(part.tolist() for part in lexical.search(learned, 99)), strict=True)) if learned else {}
    second = fused(cosines, words)
    smooth = {}
    for key in keys:
        near = {other: 1.0 if other == key else max(0.0, float(rows[key] @ rows[other])) ** 8 for other in keys}
        smooth[papers[key].id] = sum(near[o] * second[o] for o in keys) / sum(near.values())
    return smooth


TEXTS = st.lists(st.sampled_from(AXES), min_size=1, max_size=6).map(" ".join)


@settings(max_examples=25)
@given(texts=st.lists(TEXTS, min_size=1, max_size=10), question=TEXTS)
def test_hybrid_is_the_stated_formula(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], question: str
) -> None:
    """Whatever the papers, each has the score that the whole formula gives it, and its three parts sum to it."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("slow") / "c", encoder.identity)
    ingest(collection, encoder, [Paper(f"p{i}", text) for i, text in enumerate(texts)], Report())
    hits = Engine(collection, encoder).search(Query(question, Page(10))).hits
    expected = slow(collection.snapshot(), question)
    assert {hit.paper.id: hit.score for hit in hits} == pytest.approx(expected, abs=2e-3)
    assert all(sum(hit.parts.values()) == pytest.approx(hit.score) for hit in hits)


def test_kin_by_hand() -> None:
    """Two rows at a cosine of 0.8 count 0.8^8 = 0.16777 in each other; one at right angles keeps to itself."""
    influence = kin.influence(np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], dtype=np.float32))
    near = 0.16777216
    expected = [[1 / (1 + near), near / (1 + near), 0], [near / (1 + near), 1 / (1 + near), 0], [0, 0, 1]]
    assert influence == pytest.approx(np.array(expected), abs=1e-6)


def test_opposite_papers_do_not_count_in_each_other() -> None:
    """A cosine below 0 is as none."""
    assert kin.influence(np.array([[1, 0], [-1, 0]], dtype=np.float32)).tolist() == [[1, 0], [0, 1]]


def test_the_say_of_papers() -> None:
    """A score lower by 0.02 has 1/e of the say; together they have 1."""
    says = expansion.says([0.9, 0.88])
    assert says == pytest.approx([math.e / (1 + math.e), 1 / (1 + math.e)])
    assert expansion.says([]) == []


def test_learned_words_by_hand() -> None:
    """One paper "a b b" with idf 1 and 2: tf·idf is 1 and 4, so without its idf a weighs 1 and b 2 of 3; the
    question's own a weighs 0.6 more."""
    learned = expansion.learn(["a"], [Counter("abb")], [1.0], {"a": 1.0, "b": 2.0}.__getitem__)
    assert learned == pytest.approx({"a": 0.6 + 0.4 / 3, "b": 0.8 / 3})


def test_words_that_no_paper_has_weigh_nothing() -> None:
    """A question of unknown words is left to its meaning: nothing is looked up for it."""
    assert expansion.learn(["zzz"], [Counter("a")], [1.0], {"a": 1.0, "zzz": 0.0}.__getitem__) == {}


def test_many_equal_papers(tmp_path: Path) -> None:
    """More papers of one text than the pool holds tie: they are ordered by id, and the better paper stays first."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path / "c", encoder.identity)
    same = [Paper(f"same{i:03}", "speech and emotion") for i in range(120)]
    ingest(collection, encoder, [*same, *PAPERS[:1]], Report())
    hits = Engine(collection, encoder).search(Query("speech", Page(121))).hits
    assert [hit.paper.id for hit in hits] == ["a", *(paper.id for paper in same)]
