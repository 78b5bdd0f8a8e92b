"""Asking judged questions: what counts, what does not, and how two settings compare."""

from __future__ import annotations

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, nDCG

from indexer.collection import Collection
from indexer.errors import InvalidInput
from indexer.identity import Record
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from search.evaluate import Answers, ask, difference, prepare, rankings_of, run_lines, score, table_lines
from search.query import Mode
from tests.toys import ToyEncoder

QUESTIONS = {"1": "speech", "2": "emotion", "3": "graph", "4": "face"}
QRELS = {"1": {"c": 1, "a": 0}, "2": {"nowhere": 2, "b": 1}, "5": {"a": 1}, "4": {"a": 0}}


def test_prepare_counts_what_does_not_fit(collection: Collection) -> None:
    """Question 3 is not judged, 5 has no text, "nowhere" is no paper, question 4 has no relevant paper."""
    judged = prepare(QUESTIONS, QRELS, collection.snapshot().store)
    assert judged.questions == {"1": "speech", "2": "emotion", "4": "face"}
    assert judged.qrels == QRELS
    assert (judged.unjudged, judged.unasked, judged.missing, judged.without_relevant) == (1, 1, 1, 1)


def test_judged_ids_may_be_any_name_of_a_paper(empty: Collection, encoder: ToyEncoder) -> None:
    """A judged id is a paper's id, one of its identifiers, or the id of a record that became part of it; of two ids of
    one paper the higher grade counts."""
    records = [
        Record(Paper("2401.00001", "Speech", authors=("Ada Bee",), source="arxiv")),
        Record(Paper("W1", "Speech", authors=("Ada Bee",), identifiers=("arxiv:2401.00001",), source="openalex")),
    ]
    ingest(empty, encoder, records, Report())
    store = empty.snapshot().store
    (paper,) = store.all_papers()
    qrels = {"1": {"W1": 1, "arXiv:2401.00001v3": 2, "2401.00001": 0}}
    assert prepare({"1": "speech"}, qrels, store).qrels == {"1": {paper.id: 2}}
    assert rankings_of({"1": {"W1": 3.0, "x": 2.0, "2401.00001": 1.0}}, store) == {"1": [paper.id, "x"]}


def test_files_that_do_not_belong_together(collection: Collection) -> None:
    """Questions without judgments, and judgments of other papers, are refused with the next step."""
    store = collection.snapshot().store
    with pytest.raises(InvalidInput, match="Check that they belong together"):
        prepare({"9": "speech"}, QRELS, store)
    with pytest.raises(InvalidInput, match="--corpus FILE"):
        prepare({"9": "speech"}, {"9": {"nowhere": 1}}, store)


def test_a_judged_set_from_end_to_end(engine: Engine, collection: Collection) -> None:
    """Asked by meaning, "speech" finds a, c: MRR 1/2; "emotion" finds b first of two relevant, one of which is not
    there: recall 1/2. The question without a text and the one without a relevant paper count 0: means are over four."""
    judged = prepare(QUESTIONS, QRELS, collection.snapshot().store)
    answers = ask(engine, judged.questions, Mode.DENSE)
    assert answers.rankings["1"] == ["a", "c", "10.1/d", "b"]
    assert answers.rankings["2"][0] == "b"
    means = score(answers.rankings, judged.qrels).means
    assert means["MRR@10"] == pytest.approx((1 / 2 + 1 + 0 + 0) / 4)
    assert means["recall@10"] == pytest.approx((1 + 1 / 2 + 0 + 0) / 4)
    assert means["MAP"] == pytest.approx((1 / 2 + 1 / 2 + 0 + 0) / 4)


def test_questions_are_plain_text(engine: Engine) -> None:
    """Judged questions are other people's: quotes, hyphens and colons in them are no operators."""
    answers = ask(engine, {"1": 'author:nobody "speech -speech'}, Mode.DENSE)
    assert answers.rankings["1"] == ["a", "c", "10.1/d", "b"]


def test_a_question_that_cannot_be_asked(engine: Engine) -> None:
    """An empty or endless question has no answer, is counted, and does not stop the others."""
    told: list[int] = []
    answers = ask(engine, {"1": " ", "2": "x" * 20_000, "3": "speech"}, Mode.HYBRID, 2, told.append)
    assert (answers.refused, list(answers.found), told) == (2, ["3"], [1, 2, 3])
    assert len(answers.found["3"]) == 2


def test_rankings_that_nobody_judged_are_left_out() -> None:
    """A mean is over the judged questions, whatever else was answered."""
    scores = score({"1": ["a"], "9": ["a"]}, {"1": {"a": 1}, "2": {"a": 1}})
    assert scores.questions == ("1", "2")
    assert scores.means["nDCG@10"] == 0.5


def test_difference_by_hand() -> None:
    """Two won by 1/2, one lost by 1/4, one tied: the mean is 3/16."""
    gain = difference(np.array([1.0, 0.5, 0.25, 1.0]), np.array([0.5, 0.0, 0.5, 1.0]))
    assert (gain.mean, gain.won, gain.lost, gain.tied) == (3 / 16, 2, 1, 1)
    assert gain.low == -0.125  # less than that is drawn 5 times in 256, less than 2.5 %; this 6 times
    assert gain.low < gain.mean < gain.high
    same = difference(np.array([0.1 + 0.2]), np.array([0.3]))  # they differ by rounding alone
    assert (same.won, same.lost, same.tied) == (0, 0, 1)


def test_a_run_measures_elsewhere_as_it_does_here(engine: Engine, collection: Collection) -> None:
    """What is written for other tools has our order also where scores are equal, and gets there the same measures."""
    qrels = {"1": {"b": 1, "c": 2}, "2": {"10.1/d": 1}}
    judged = prepare(QUESTIONS, qrels, collection.snapshot().store)
    answers = ask(engine, judged.questions, Mode.DENSE)
    assert answers.found["1"][2][1] == answers.found["1"][3][1]  # 10.1/d and b, equally far from "speech"
    columns = [line.split() for line in run_lines(answers, judged.names, "toys")]
    run = [ir_measures.ScoredDoc(question, paper, float(given)) for question, _, paper, _, given, _ in columns]
    theirs = ir_measures.calc_aggregate([nDCG @ 10, AP @ 1000], qrels, run)
    ours = score(answers.rankings, judged.qrels).means
    assert theirs == pytest.approx({nDCG @ 10: ours["nDCG@10"], AP @ 1000: ours["MAP"]}, abs=1e-9)


def test_a_run_has_the_judged_ids() -> None:
    """A paper that was judged under another name is written under that name, with scores that only fall."""
    answers = Answers({"q": [("a", 0.5), ("b", 0.5), ("c", 0.25)]}, 0, 0, "v")
    lines = [line.split("\t") for line in run_lines(answers, {"b": "B 1"}, "tag")]
    assert [line[:4] for line in lines] == [
        ["q", "Q0", name, str(rank)] for rank, name in enumerate(("a", "B 1", "c"), 1)
    ]
    scores = [np.float32(line[4]) for line in lines]
    assert scores[0] == 0.5 > scores[1] > scores[2] == 0.25


def test_table_of_questions() -> None:
    """A line for each judged question with the measures of every side and its text on one line."""
    sides = {"ours": score({"1": ["a"]}, {"1": {"a": 1}}), "theirs": score({}, {"1": {"a": 1}})}
    head, line = table_lines(sides, {"1": "what\tis\n it"})
    assert head.split("\t")[:2] == ["question", "ours nDCG@10"]
    assert line == "1\t" + "1.000000\t" * 5 + "0.000000\t" * 5 + "what is it\n"
