"""What `paperkin evaluate` does: asks a collection questions whose answers are known, and measures what it finds."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from api.importing import import_files
from api.service import Service, open_service
from api.text import many
from indexer.errors import InvalidInput
from indexer.files import write_whole
from indexer.report import Report
from indexer.settings import Settings
from indexer.sources.registry import Options
from search.engine import Engine
from search.evaluate import (
    Answers,
    Difference,
    JudgedSet,
    Scores,
    ask,
    difference,
    prepare,
    rankings_of,
    run_lines,
    score,
    table_lines,
)
from search.gate import Kept, Verdict, judge
from search.judged import Qrels, Questions, Runs, read_qrels, read_questions, read_run
from search.known_items import KNOWN, Kind, KnownItem, known_items, measure
from search.metrics import DEPTH, Values, interval
from search.query import DEFAULT_K, Mode

Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class JudgedFiles:
    """Judged questions as they were read; what to compare with: the name of a mode, or of the file of a run."""

    questions: Questions
    qrels: Qrels
    against: str | None
    run: Runs | None


@dataclass(frozen=True, slots=True)
class JudgedResult:
    """Judged questions, measured: `sides` has the mode that was asked first, then what it is compared with, if any."""

    mode: Mode
    judged: JudgedSet
    answers: Answers
    sides: Mapping[str, Scores]

    def write(self, per_query: Path | None, save_run: Path | None) -> None:
        """Write the table with a line for each question, and the answers as a run of TREC."""
        if per_query:
            write_whole(per_query, "".join(table_lines(self.sides, self.judged.questions)))
        if save_run:
            lines = run_lines(self.answers, self.judged.names, f"paperkin-{self.mode}")
            write_whole(save_run, "".join(lines))

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        (ours, *_), sides = self.sides.values(), list(self.sides.items())
        return {
            "questions": len(ours.questions),
            "depth": DEPTH,
            "seconds_a_question": round(self.answers.seconds, 4),
            "index_version": self.answers.index_version,
            "means": {name: scores.means for name, scores in sides},
            "differences": {
                name: {measure: asdict(one) for measure, one in ours.minus(scores).items()}
                for name, scores in sides[1:]
            },
            "not_judged": self.judged.unjudged,
            "without_text": self.judged.unasked,
            "refused": self.answers.refused,
            "without_relevant": self.judged.without_relevant,
            "judged_ids_not_in_collection": self.judged.missing,
        }


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class KindResult:
    """The known items of one kind, or all of them: MRR@10 and recall@10 by mode.

    `change` is how much higher MRR@10 is in the first mode than in the second, where there are two.
    """

    kind: str
    questions: int
    means: Mapping[Mode, Mapping[str, Estimate]]
    change: Difference | None


@dataclass(frozen=True, slots=True)
class OwnResult:
    """Known items, measured. `kept` is what a gate remembers of them, `verdict` what one says, if it was asked."""

    rows: Sequence[KindResult]
    kept: Kept
    verdict: Verdict | None

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        verdict = self.verdict
        return {
            **self.kept.setting,
            "seed": self.kept.seed,
            "kinds": [asdict(row) for row in self.rows],
            "gate": None if verdict is None else asdict(verdict) | {"worse": verdict.worse},
        }


@contextmanager
def asked(settings: Settings, corpus: Path | None, announce: Announce) -> Iterator[Service]:
    """The collection that is asked: the configured one, or one of these papers, which is removed afterwards."""
    if corpus is None:
        yield open_service(settings, announce=announce)
        return
    with tempfile.TemporaryDirectory(prefix="paperkin-evaluate-", ignore_cleanup_errors=True) as place:
        temporary = replace(settings, collection=Path(place) / "collection")
        report = Report()
        papers, stopped = import_files([corpus], temporary, Options(), report, announce)
        if stopped:
            raise KeyboardInterrupt
        if not papers:
            raise InvalidInput(f"{corpus} holds no paper.", "Give a file that paperkin index can read.")
        if skipped := report.counts["skipped"]:
            announce(f"Leaving out {many(skipped, 'record')} of {corpus.name}")
        yield open_service(temporary, announce=announce)


def read_files(queries: Path, qrels: Path, against: str | None) -> JudgedFiles:
    """Read what is to be measured with; `against` is a mode or a run file. Raises `InvalidInput`."""
    run = None if against is None or against in set(Mode) else read_run(Path(against))
    return JudgedFiles(read_questions(queries), read_qrels(qrels), against, run)


def of_judged(service: Service, files: JudgedFiles, mode: Mode) -> JudgedResult:
    """Ask judged questions. Raises `InvalidInput` where they are not for this collection."""
    store = service.collection.snapshot().store
    judged = prepare(files.questions, files.qrels, store)
    answers = _ask(service.engine, judged.questions, mode, DEPTH)
    sides = {mode.value: score(answers.rankings, judged.qrels)}
    if files.against is not None:
        if files.run is None:
            rankings = _ask(service.engine, judged.questions, Mode(files.against), DEPTH).rankings
        else:
            rankings = rankings_of(files.run, store)
        sides[files.against] = score(rankings, judged.qrels)
    return JudgedResult(mode, judged, answers, sides)


def of_own(
    service: Service, modes: Sequence[Mode], drawn: tuple[int, int], before: Kept | None, announce: Announce
) -> OwnResult:
    """Ask the questions of a gate once more, or new ones: `drawn` is how many of each kind, and the seed.

    The first mode is the one that counts. Raises `InvalidInput` where no question can be made or asked.
    """
    store = service.collection.snapshot().store
    count, seed = drawn
    if before is None:
        announce("Making questions of the papers")
        items: Sequence[KnownItem] = known_items(store.all_papers(), store.paper, count, seed)
    else:
        again = before.of(store)
        items, seed = again.items, before.seed
    if not items:
        raise InvalidInput("No question can be made of these papers.", "Index papers with titles and abstracts.")
    questions = {item.name: item.text for item in items}
    answers = {mode: _ask(service.engine, questions, mode, DEFAULT_K) for mode in modes}
    values = {mode: measure(answers[mode].rankings, items) for mode in modes}
    version = answers[modes[0]].index_version
    setting = {"mode": modes[0].value, "model": service.encoder.identity.name, "index_version": version}
    ranks = values[modes[0]][:, 0]
    verdict = None if before is None else judge(again.ranks, ranks, len(before.items) - len(items))
    kept = Kept(setting, seed, tuple(items), tuple(ranks.tolist()))
    return OwnResult([*_rows(items, values)], kept, verdict)


def _rows(items: Sequence[KnownItem], values: Mapping[Mode, Values]) -> Iterator[KindResult]:
    """A row for each kind that there are questions of, then one for all."""
    for kind in (*Kind, None):
        places = [place for place, item in enumerate(items) if kind in {item.kind, None}]
        if not places:
            continue
        part = {mode: found[places] for mode, found in values.items()}
        means = {
            mode: {
                name: Estimate(float(column.mean()), *interval(column))
                for name, column in zip(KNOWN, found.T, strict=True)
            }
            for mode, found in part.items()
        }
        first, *rest = part.values()
        yield KindResult(kind or "all", len(places), means, difference(first[:, 0], rest[0][:, 0]) if rest else None)


def _ask(engine: Engine, questions: Mapping[str, str], mode: Mode, depth: int) -> Answers:
    """Ask all, and on a terminal show how far it is."""
    if not sys.stderr.isatty():
        return ask(engine, questions, mode, depth)
    total = len(questions)
    try:
        return ask(
            engine, questions, mode, depth,
            lambda done: print(f"\r{done:,} of {total:,} questions", end="", file=sys.stderr, flush=True),
        )  # fmt: skip
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
