"""Confidence by hand, in its extremes, and on the shipped papers."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import probes
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.lexicon import LexicalIndex, update
from indexer.null_model import NullModel, build
from search.calibration import (
    COVERAGE,
    INTERCEPT,
    LEAST_WEIGHT,
    STRONG,
    SURPRISE,
    WEAK,
    Verdict,
    best,
    confidence,
    coverage,
    term_weights,
    verdict,
)

NULL = NullModel(probes.fingerprint(), 100, 0.2, 0.1)


def test_confidence_by_hand() -> None:
    """A cosine two spreads above the centre and half the words: the logistic of 2 · SURPRISE + COVERAGE / 2 + …"""
    odds = 2 * SURPRISE + COVERAGE / 2 + INTERCEPT
    assert confidence(NULL, 0.4, 0.5) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_the_same_number_in_another_collection() -> None:
    """Where strangers get twice as near with twice the spread, so must a paper, for the same confidence."""
    other = NullModel(probes.fingerprint(), 5_000, 0.4, 0.2)
    assert confidence(other, 0.8, 0.5) == pytest.approx(confidence(NULL, 0.4, 0.5))


@given(
    st.floats(-1, 1),
    st.floats(-1, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(-1, 1),
    st.floats(0.01, 1),
)
def test_nearer_and_more_words_is_never_less(
    one: float, two: float, few: float, more: float, centre: float, scale: float
) -> None:
    """A probability for any scores and any null model; better in both is never lower."""
    null = NullModel(probes.fingerprint(), 1, centre, scale)
    low = confidence(null, min(one, two), min(few, more))
    high = confidence(null, max(one, two), max(few, more))
    assert 0 <= low <= high <= 1


def test_words_for_numbers() -> None:
    """Each threshold belongs to the better word."""
    words = [verdict(number) for number in (0.0, WEAK - 1e-9, WEAK, STRONG - 1e-9, STRONG, 1.0)]
    assert words == [Verdict.NONE, Verdict.NONE, Verdict.WEAK, Verdict.WEAK, Verdict.STRONG, Verdict.STRONG]


def test_the_answer_is_as_good_as_its_best_hit() -> None:
    """An answer without hits is no match."""
    assert best([0.2, 0.7, 0.1]) == 0.7
    assert verdict(best([])) is Verdict.NONE


@pytest.fixture
def words(tmp_path: Path) -> LexicalIndex:
    """Four papers: all have "the", two have "speech", one has "emotion"."""
    texts = ["the speech", "the speech of emotion", "the graph", "the face"]
    update(tmp_path, np.empty(0, dtype=np.int64), [(key, text, "") for key, text in enumerate(texts)])
    return LexicalIndex(tmp_path)


def test_rare_words_weigh_more(words: LexicalIndex) -> None:
    """ln(1 + (4 − n + ½) / (n + ½)) for a stem of n papers: 4, 2, 1 and none."""
    assert term_weights("the speeches, emotion: tensor", words) == pytest.approx(
        {
            "the": math.log(1 + 0.5 / 4.5),
            "speech": math.log(2),
            "emot": math.log(1 + 3.5 / 1.5),
            "tensor": math.log(1 + 4.5 / 0.5),
        }
    )


def test_coverage_by_hand(words: LexicalIndex) -> None:
    """The share of the weight that a paper holds; a paper with every word covers all of it."""
    weights = term_weights("emotion tensor", words)
    held = set(words.terms("the speech of emotion"))
    assert coverage(weights, held) == pytest.approx(math.log(10 / 3) / (math.log(10 / 3) + math.log(10)))
    assert coverage(weights, {"emot", "tensor"}) == 1.0


@pytest.mark.parametrize("text", ["the", "the the THE"])
def test_words_that_all_papers_have_cover_little(words: LexicalIndex, text: str) -> None:
    """A question that tells nothing is not covered by everything: ln(1 + 0.5 / 4.5) of the least weight."""
    covered = coverage(term_weights(text, words), set(words.terms("the speech of emotion")))
    assert covered == pytest.approx(math.log(1 + 0.5 / 4.5) / LEAST_WEIGHT)


@pytest.mark.parametrize("text", ["?", "", "\N{GRINNING FACE}", "tensor"])
def test_words_that_no_paper_has_cover_nothing(words: LexicalIndex, text: str) -> None:
    """Neither do signs without letters."""
    assert coverage(term_weights(text, words), set(words.terms("the speech of emotion"))) == 0.0


def test_words_of_an_empty_index(tmp_path: Path) -> None:
    """Every word is equally unknown."""
    update(tmp_path, np.empty(0, dtype=np.int64), [])
    assert term_weights("speech", LexicalIndex(tmp_path)) == {"speech": pytest.approx(math.log(2))}


def ask(text: str, collection: Collection, encoder: CompiledEncoder, null: NullModel) -> float:
    """The confidence of the ten nearest papers' best."""
    snapshot = collection.snapshot()
    keys, cosines = snapshot.dense.search(encoder.encode_query(text), 10)
    papers = snapshot.store.papers(keys.tolist())
    weights = term_weights(text, snapshot.lexical)
    return best(
        confidence(null, cosine, coverage(weights, set(snapshot.lexical.terms(f"{paper.title} {paper.abstract}"))))
        for cosine, paper in zip(cosines.tolist(), (papers[key] for key in keys.tolist()), strict=True)
    )


@pytest.fixture(scope="session")
def real_null(real_collection: Collection, real_encoder: CompiledEncoder) -> NullModel:
    """The null model of the shipped papers."""
    dense = real_collection.snapshot().dense
    rows = np.array([real_encoder.encode_query(text) for text in probes.questions()])
    return build(
        lambda asked: np.array([dense.search(row, 1)[1][0] for row in asked]), real_collection.snapshot().papers, rows
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("emotional TTS", Verdict.STRONG),
        ("emotional TTS (text-to-speech)", Verdict.STRONG),
        ("emotion", Verdict.STRONG),
        ("Which papers teach language models to show empathy?", Verdict.STRONG),
        ("protein folding", Verdict.NONE),
        ("How do cells repair breaks in both strands of their DNA?", Verdict.NONE),
        ("sourdough starter", Verdict.NONE),
        ("asdf qwer", Verdict.NONE),
        ("the", Verdict.NONE),
        ("?", Verdict.NONE),
        ("123 456", Verdict.NONE),
    ],
)
def test_shipped_papers(
    text: str, expected: Verdict, real_collection: Collection, real_encoder: CompiledEncoder, real_null: NullModel
) -> None:
    """What the shipped papers are about is strong; what they are not about, and what asks nothing, is none."""
    assert verdict(ask(text, real_collection, real_encoder, real_null)) is expected


def test_another_language_is_not_lost(
    real_collection: Collection, real_encoder: CompiledEncoder, real_null: NullModel
) -> None:
    """Without a common word the meaning alone can still say that there is something."""
    assert ask("Emotionserkennung in der Sprache", real_collection, real_encoder, real_null) >= WEAK


def test_few_probes_lie_in_the_field(
    real_collection: Collection, real_encoder: CompiledEncoder, real_null: NullModel
) -> None:
    """Of the bank at most one in ten is answered strongly: that much of it may be about speech, faces and feelings."""
    strong = [ask(probe.text, real_collection, real_encoder, real_null) >= STRONG for probe in probes.bank()]
    assert sum(strong) <= len(strong) / 10
