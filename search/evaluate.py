"""Asks an engine judged questions and measures its answers; compares two ways of answering them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import numpy as np

from indexer.errors import InvalidInput, InvalidQuery, PaperNotFound
from indexer.store import Store
from search.engine import Engine
from search.judged import Qrels, Questions, Runs
from search.metrics import DEPTH, MEASURES, Values, interval, ranked
from search.query import Mode, Page, Query

Found = list[tuple[str, float]]
"""Paper ids and scores, best first."""
_SAME: Final = 1e-12
"""Differences smaller than this are those of rounding."""


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Questions and judgments, as they are of use on one collection.

    `questions` are the judged ones that have a text; `qrels` has every judged one, with paper ids instead of judged
    ids. A judged id that is no paper here stays as it is: it cannot be found, and counts so. `names` are the judged ids
    of the papers. `unjudged` questions are left out of everything, `unasked` ones are judged and have no text.
    """

    questions: Questions
    qrels: Qrels
    names: Mapping[str, str]
    unjudged: int
    unasked: int
    missing: int

    @property
    def without_relevant(self) -> int:
        """Judged questions that no paper is relevant to."""
        return sum(all(grade <= 0 for grade in grades.values()) for grades in self.qrels.values())


@dataclass(frozen=True, slots=True)
class Answers:
    """What was found for each question, the mean time of one, and how many questions were refused (no answer)."""

    found: Mapping[str, Found]
    seconds: float
    refused: int
    index_version: str

    @property
    def rankings(self) -> dict[str, list[str]]:
        """Paper ids, best first, by question."""
        return {question: [paper for paper, _ in found] for question, found in self.found.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger a measure is than in another setting: the mean over questions, its 95 % interval by the paired
    bootstrap, and how many questions gained, lost and stayed."""

    mean: float
    low: float
    high: float
    won: int
    lost: int
    tied: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Every measure of every judged question: `values` has shape (questions, measures)."""

    questions: tuple[str, ...]
    values: Values

    @property
    def means(self) -> dict[str, float]:
        """The mean of each measure over all judged questions, the unanswered ones included."""
        return dict(zip(MEASURES, self.values.mean(axis=0).tolist(), strict=True))

    def minus(self, other: Scores) -> dict[str, Difference]:
        """The difference of each measure, question by question. Both must be of the same questions."""
        return {
            name: difference(self.values[:, column], other.values[:, column]) for column, name in enumerate(MEASURES)
        }


def prepare(questions: Questions, qrels: Qrels, store: Store) -> JudgedSet:
    """Fit a judged set to a collection. Of several ids of one paper the highest grade counts.

    Raises `InvalidInput` where questions and judgments, or judgments and papers, have nothing in common.
    """
    judged = {question: text for question, text in questions.items() if question in qrels}
    if not judged:
        raise InvalidInput("No question of the one file is judged in the other.", "Check that they belong together.")
    ids = {name for grades in qrels.values() for name in grades}
    papers = {name: paper for name in sorted(ids) if (paper := _paper_id(name, store)) is not None}
    if not papers:
        raise InvalidInput(
            "No judged id is a paper of the collection.", "Name the judged papers themselves: --corpus FILE."
        )
    by_paper: Qrels = {question: {} for question in qrels}
    for question, grades in qrels.items():
        for name, grade in grades.items():
            paper = papers.get(name, name)
            by_paper[question][paper] = max(grade, by_paper[question].get(paper, grade))
    return JudgedSet(
        judged,
        by_paper,
        names={paper: name for name, paper in papers.items()},
        unjudged=len(questions) - len(judged),
        unasked=len(qrels) - len(judged),
        missing=len(ids) - len(papers),
    )


def rankings_of(run: Runs, store: Store) -> dict[str, list[str]]:
    """The rankings of a run, as trec_eval orders them, with paper ids where the collection has the paper."""
    known = {name: _paper_id(name, store) or name for name in {name for found in run.values() for name in found}}
    return {
        question: list(dict.fromkeys(known[name] for name in ranked(scores)))[:DEPTH]
        for question, scores in run.items()
    }


def _paper_id(name: str, store: Store) -> str | None:
    try:
        return store.find(name)[1]
    except PaperNotFound:
        return None


def plain_query(text: str, mode: Mode, k: int) -> Query:
    """A judged question is plain text: its hyphens and quotes are no operators."""
    return Query(text, page=Page(k), mode=mode, syntax=False)


def ask(
    engine: Engine,
    questions: Mapping[str, str],
    mode: Mode,
    depth: int = DEPTH,
    progress: Callable[[int], None] = lambda _: None,
) -> Answers:
    """Ask every question for `depth` papers. One that cannot be asked has no answer. `progress` is told how many are
    done."""
    found: dict[str, Found] = {}
    refused, version = 0, ""
    start = perf_counter()
    for done, (question, text) in enumerate(questions.items(), 1):
        try:
            answer = engine.search(plain_query(text, mode, depth))
        except InvalidQuery:
            refused += 1
        else:
            found[question] = [(hit.paper.id, hit.score or 0.0) for hit in answer.hits]
            version = answer.index_version
        progress(done)
    return Answers(found, (perf_counter() - start) / len(questions), refused, version)


def score(rankings: Mapping[str, Sequence[str]], qrels: Qrels) -> Scores:
    """Measure rankings: a judged question without one scores 0, a ranking of a question not judged is left out."""
    values = [
        [measure(rankings.get(question, ()), grades) for measure in MEASURES.values()]
        for question, grades in qrels.items()
    ]
    return Scores(tuple(qrels), np.array(values, dtype=np.float64))


def difference(ours: Values, theirs: Values) -> Difference:
    """Compare two settings on the same questions; both of shape (questions,)."""
    gains = ours - theirs
    won, lost = int(np.count_nonzero(gains > _SAME)), int(np.count_nonzero(gains < -_SAME))
    return Difference(float(gains.mean()), *interval(gains), won, lost, len(gains) - won - lost)


def run_lines(answers: Answers, names: Mapping[str, str], tag: str) -> Iterator[str]:
    """The answers as a run of TREC, by judged ids where papers have one; columns are parted by tabs.

    trec_eval looks at scores alone, in single precision, and orders ties in its own way: a score that is not below the
    one before it is lowered to the next smaller number, so that the order stays ours.
    """
    for question, found in answers.found.items():
        last = np.float32(np.inf)
        for rank, (paper, given) in enumerate(found, 1):
            last = min(np.float32(given), np.nextafter(last, np.float32(-np.inf)))
            yield f"{question}\tQ0\t{names.get(paper, paper)}\t{rank}\t{last:.9g}\t{tag}\n"


def table_lines(sides: Mapping[str, Scores], questions: Mapping[str, str]) -> Iterator[str]:
    """A table with a line for each judged question: id, every measure of every side, its text; parted by tabs."""
    columns = [f"{name} {measure}" for name in sides for measure in MEASURES]
    yield "\t".join(["question", *columns, "text"]) + "\n"
    (first, *_) = sides.values()
    for row, question in enumerate(first.questions):
        values = [f"{value:.6f}" for side in sides.values() for value in side.values[row].tolist()]
        yield "\t".join([question, *values, " ".join(questions.get(question, "").split())]) + "\n"
