"""The measures: by hand on small rankings, and against trec_eval itself on random ones."""

from __future__ import annotations

import random
from math import log2

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import AP, RR, Qrel, R, ScoredDoc, nDCG

from search import metrics
from search.metrics import MEASURES, average_precision, interval, ndcg, ranked, recall, reciprocal_rank

GRADES = {"a": 3, "b": 1, "c": 0, "d": -1, "e": 1}


def test_ndcg_by_hand() -> None:
    """b is second (1/log2 3) and a third (3/2); the best order has 3, 1/log2 3 and, within three, 1/2."""
    assert ndcg(["x", "b", "a"], GRADES, 3) == pytest.approx((1 / log2(3) + 3 / 2) / (3 + 1 / log2(3) + 1 / 2))
    assert ndcg(["x", "b", "a"], GRADES, 1) == 0
    assert ndcg(["a", "b", "e", "x"], GRADES, 10) == 1


def test_recall_by_hand() -> None:
    """Of a, b and e two are found, one of them first; a judgment of 0 or less makes nothing relevant."""
    assert recall(["a", "c", "d", "b"], GRADES, 3) == pytest.approx(1 / 3)
    assert recall(["a", "c", "d", "b"], GRADES, 4) == pytest.approx(2 / 3)


def test_reciprocal_rank_by_hand() -> None:
    """The first relevant paper is third: 1/3, and nothing within two."""
    assert reciprocal_rank(["x", "d", "b", "a"], GRADES, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x", "d", "b", "a"], GRADES, 2) == 0


def test_average_precision_by_hand() -> None:
    """Precision is 1/2 where b stands and 2/4 where a stands; e is not found and adds nothing: (1/2 + 1/2 + 0) / 3."""
    assert average_precision(["x", "b", "c", "a"], GRADES, 1_000) == pytest.approx(1 / 3)
    assert average_precision(["x", "b", "c", "a"], GRADES, 3) == pytest.approx(1 / 6)


@pytest.mark.parametrize("grades", [{}, {"a": 0}, {"a": -1, "b": 0}])
@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_relevant_scores_nothing(measure: str, grades: dict[str, int]) -> None:
    """Where no paper is relevant every ranking scores 0, as in trec_eval, and nothing is divided by 0."""
    assert MEASURES[measure](["a", "b"], grades) == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_no_answer_scores_nothing(measure: str) -> None:
    """A question that is not answered scores 0."""
    assert MEASURES[measure]([], GRADES) == 0


def test_ties_are_ordered_as_by_trec_eval() -> None:
    """By score; of equal ones the last id comes first."""
    assert ranked({"a": 1.0, "c": 1.0, "b": 2.0, "é": 1.0}) == ["b", "é", "c", "a"]


PAPERS = st.sampled_from([f"p{i}" for i in range(14)])
QUESTIONS = st.sampled_from(["q1", "q2", "q3", "q4"])
# Few different scores, all exact in single precision, in which trec_eval compares them.
SCORES = st.sampled_from([-1.5, 0.0, 0.25, 0.5, 1.0, 8.0])
# trec_eval itself crashes where every grade of a question is below -1.
GRADED = st.dictionaries(PAPERS, st.integers(-2, 4), min_size=1, max_size=14).filter(lambda one: max(one.values()) > -2)
QRELS = st.dictionaries(QUESTIONS, GRADED, min_size=1)
RUNS = st.dictionaries(QUESTIONS, st.dictionaries(PAPERS, SCORES, min_size=1, max_size=14))


@given(QRELS, RUNS)
def test_measures_are_those_of_ir_measures(qrels: dict[str, dict[str, int]], run: dict[str, dict[str, float]]) -> None:
    """Each value and each mean is that of ir-measures to 1e-9: with ties, papers that nobody judged, grades below 0,
    questions without a relevant paper, questions without an answer (0) and answers that nobody judged (left out)."""
    rankings = {question: ranked(scores) for question, scores in run.items()}
    # ir-measures orders ties in its own way for RR@k: the ranks are written as scores, in which nothing ties.
    documents = [
        ScoredDoc(question, paper, float(-place))
        for question, ranking in rankings.items()
        for place, paper in enumerate(ranking)
    ]
    judged = [Qrel(question, paper, grade) for question, grades in qrels.items() for paper, grade in grades.items()]
    theirs = {"nDCG@10": nDCG @ 10, "recall@10": R @ 10, "recall@100": R @ 100, "MRR@10": RR @ 10, "MAP": AP @ 1000}
    assert list(theirs) == list(MEASURES)
    found = ir_measures.iter_calc(theirs.values(), judged, documents)
    values = {(one.query_id, one.measure): one.value for one in found}
    means = ir_measures.calc_aggregate(theirs.values(), judged, documents)
    for name, measure in theirs.items():
        ours = {question: MEASURES[name](rankings.get(question, []), grades) for question, grades in qrels.items()}
        assert ours == pytest.approx({q: values[q, measure] for q in qrels}, abs=1e-9)
        assert sum(ours.values()) / len(ours) == pytest.approx(means[measure], abs=1e-9)


@given(QRELS, RUNS, st.integers(1, 6))
def test_ties_and_cutoffs_are_those_of_trec_eval(
    qrels: dict[str, dict[str, int]], run: dict[str, dict[str, float]], k: int
) -> None:
    """Given the scores themselves, ties included, trec_eval ranks as `ranked` does, at every cut."""
    documents = [ScoredDoc(question, paper, score) for question, one in run.items() for paper, score in one.items()]
    judged = [Qrel(question, paper, grade) for question, grades in qrels.items() for paper, grade in grades.items()]
    ours = {nDCG @ k: ndcg, R @ k: recall, AP @ k: average_precision}
    for one in ir_measures.iter_calc([*ours, RR], judged, documents):
        function, cut = (reciprocal_rank, 1_000) if one.measure == RR else (ours[one.measure], k)
        grades = qrels[one.query_id]
        assert function(ranked(run.get(one.query_id, {})), grades, cut) == pytest.approx(one.value, abs=1e-9)


# Intervals


def test_interval_of_two_values() -> None:
    """Of 0 and 1 the resampled mean is 0, 1/2 or 1 with chances 1/4, 1/2, 1/4: the interval is all of it."""
    assert interval(np.array([0.0, 1.0])) == (0, 1)


def test_interval_of_equal_values() -> None:
    """What never differs has no spread; neither has a single question, of which an interval says nothing."""
    assert interval(np.zeros(50)) == (0, 0)
    assert interval(np.array([0.25])) == (0.25, 0.25)


def test_interval_is_that_of_the_slow_way() -> None:
    """Against resampling with Python's own generator: the same to the precision that 10,000 resamples have."""
    values = np.array([i % 7 / 7 for i in range(40)])
    draw = random.Random(1)  # noqa: S311  nothing secret is drawn
    means = sorted(sum(draw.choices(values.tolist(), k=40)) / 40 for _ in range(10_000))
    assert interval(values) == pytest.approx((means[250], means[9_750]), abs=0.01)


def test_interval_is_repeatable_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same values give the same interval, however much is drawn at once."""
    values = np.linspace(-1, 2, 30) ** 3
    expected = interval(values)
    monkeypatch.setattr(metrics, "_BLOCK", 100)
    assert interval(values) == expected


def test_strata_weigh_the_same() -> None:
    """Two sets of one value each: the mean of their means, although one has nine questions and the other one."""
    assert interval(np.zeros(9), np.ones(1)) == (0.5, 0.5)
    low, high = interval(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert (low, high) == (0, 1)  # each end has a chance of 1/16, more than 2.5 %
