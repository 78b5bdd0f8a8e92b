"""The command that measures how good search is: on judged questions, or on questions made of the papers themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.commands.options import CollectionOption, JsonOption, ModelOption, announce, print_json, settings_of
from indexer.errors import InvalidInput
from search.query import Mode

if TYPE_CHECKING:
    from indexer.settings import Settings

QUESTIONS: Final = 100


def evaluate(
    queries: Annotated[
        Path | None, typer.Option(help="Judged questions: BEIR's queries.jsonl, TREC topics, or id<TAB>text.")
    ] = None,
    qrels: Annotated[Path | None, typer.Option(help="The judgments, as BEIR or TREC write them.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="Papers to ask instead of the collection.")] = None,
    own: Annotated[bool, typer.Option("--self", help="Ask questions made of the collection's own papers.")] = False,
    mode: Annotated[Mode, typer.Option(help="By meaning and words, by meaning, or by words.")] = Mode.HYBRID,
    against: Annotated[str | None, typer.Option(help="Another mode, or a run file, to compare with.")] = None,
    per_query: Annotated[Path | None, typer.Option(help="Write a table with a line for each question.")] = None,
    save_run: Annotated[Path | None, typer.Option(help="Write the answers as a run of TREC.")] = None,
    questions: Annotated[
        int | None, typer.Option(min=1, max=100_000, help="With --self: how many of each kind [default: 100].")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="With --self: another number draws other papers.")] = None,
    gate: Annotated[
        Path | None, typer.Option(help="With --self: fail if this file says it was better; made if there is none.")
    ] = None,
    update_gate: Annotated[bool, typer.Option("--update-gate", help="Write the file of --gate anew.")] = False,
    collection: CollectionOption = None,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how good search is, by judged questions or by questions made of the papers (--self)."""
    settings = settings_of(collection, model)
    _check_places(per_query, save_run, gate)
    if against == mode:
        raise InvalidInput(f"{mode} is compared with itself.", "Name another mode, or a run file, with --against.")
    if own:
        _refuse("--self", queries=queries, qrels=qrels, corpus=corpus, per_query=per_query, save_run=save_run)
        if against is not None and against not in set(Mode):
            raise InvalidInput(f"With --self, --against {against} is no mode.", f"Name one of {', '.join(Mode)}.")
        if update_gate and gate is None:
            raise InvalidInput("--update-gate does not say which file.", "Name it: --gate FILE.")
    else:
        _refuse("judged questions", questions=questions, seed=seed, gate=gate, update_gate=update_gate or None)
        if queries is None or qrels is None:
            raise InvalidInput(
                "There is nothing to measure with.",
                "Give --queries FILE and --qrels FILE, or --self for questions made of your own papers.",
            )
    if own:
        modes = tuple(Mode(name) for name in (mode, against) if name)
        if gate and gate.exists() and not update_gate:
            _refuse("a gate, which has its own questions", questions=questions, seed=seed)
        _own(settings, modes, (questions or QUESTIONS, seed or 0), gate, update_gate, as_json)
    elif queries and qrels:
        _judged(settings, (queries, qrels, corpus), (mode, against), (per_query, save_run), as_json)


def _judged(
    settings: Settings,
    files: tuple[Path, Path, Path | None],
    compared: tuple[Mode, str | None],
    written: tuple[Path | None, Path | None],
    as_json: bool,
) -> None:
    from api import evaluation, last_evaluation, text_evaluation

    (queries, qrels, corpus), (mode, against) = files, compared
    judged = evaluation.read_files(queries, qrels, against)  # first: what is wrong with a file is told at once
    with evaluation.asked(settings, corpus, announce) as service:
        done = evaluation.of_judged(service, judged, mode)
    done.write(*written)
    print_json(done.to_json()) if as_json else print(text_evaluation.judged(done))
    if corpus is None:
        last_evaluation.keep(last_evaluation.of_judged(done), settings.collection, _tell)


def _own(
    settings: Settings, modes: tuple[Mode, ...], drawn: tuple[int, int], gate: Path | None, update: bool, as_json: bool
) -> None:
    from api import evaluation, last_evaluation, text_evaluation
    from search.gate import Kept

    before = Kept.load(gate) if gate and gate.exists() and not update else None
    with evaluation.asked(settings, None, announce) as service:
        done = evaluation.of_own(service, modes, drawn, before, announce)
    if gate and before is None:
        done.kept.save(gate)
    print_json(done.to_json()) if as_json else print(text_evaluation.own(done, gate))
    last_evaluation.keep(last_evaluation.of_own(done), settings.collection, _tell)
    if done.verdict and done.verdict.worse:
        raise typer.Exit(1)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _refuse(beside: str, **options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise InvalidInput(f"--{name.replace('_', '-')} does not go with {beside}.", "Leave it out.")


def _check_places(*paths: Path | None) -> None:
    """Before any work: a file that cannot be written there would cost all of it."""
    for path in paths:
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise InvalidInput(f"{path} cannot be written.", "Name a file in a directory that exists.")
