"""Which runtime a model gets on this machine: each is made, compared with sentence-transformers, and timed.

The texts of the trial are abstracts and beginnings of abstracts, of several fields. A graph of integers is made by
others than those by which it is judged.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import resources
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np

from indexer import probes
from indexer.compiled import TOKENIZER, CompiledEncoder, TokenEncoder, samples
from indexer.embedding import MIN_COSINE, Description, Encoder, ModelIdentity, Rows, Trial
from indexer.errors import EncoderError
from indexer.model import COMPILED, ModelSource, Runtime, check_weights, weights_hash
from indexer.plain import DEVICE, load_model
from indexer.runtime import has_bfloat16, rounded, runtime_version, save_graph, trace
from indexer.sentence_model import SentenceModel, folder_of, has_cuda, torch_version

_LEARNED: Final = 24
"""Texts to make a graph of integers by, of probes; half of them as long as abstracts."""
_FILLED: Final = 0.85
"""Share of the window that a text of the trial may fill: words differ in tokens."""
_ROUNDS: Final = 3
"""Times that each runtime encodes the texts for the clock, in turns, since a busy moment slows all; the best counts."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Candidates:
    """A model, and what its runtimes are tried with. `graph` is traced once, when the first one needs it."""

    folder: Path
    source: ModelSource
    model: SentenceModel
    plain: Description
    tokenizer: str | None
    learned: list[str]
    texts: list[str]
    expected: Rows
    graph: Any = None
    trials: dict[Runtime, Trial] = field(default_factory=dict)
    encoders: dict[Runtime, Encoder] = field(default_factory=dict)
    """Those that are correct."""


def prepare(folder: Path, source: ModelSource, wanted: Runtime | None) -> Description:
    """Try the runtimes of this machine, or the wanted one, and keep the best in `folder`, under its name.

    Raises `EncoderError` where the weights are not the published ones, or the wanted runtime is of no use.
    """
    able = _candidates(folder, source)
    compiled: tuple[Runtime, ...] = (Runtime.INT8, Runtime.BF16 if has_bfloat16() else Runtime.F32)
    if wanted not in {None, Runtime.CUDA}:
        compiled = tuple(runtime for runtime in COMPILED if runtime is wanted)
    for runtime in compiled:
        able.trials[runtime] = _attempt(able, runtime, partial(_compiled, able, runtime))
    if wanted is Runtime.CUDA or (wanted is None and has_cuda()):
        able.trials[Runtime.CUDA] = _attempt(able, Runtime.CUDA, partial(_on_device, able))
    _race(able)
    if wanted and able.trials[wanted].problem:
        raise EncoderError(
            f"{source.name} cannot be run by {wanted}: {able.trials[wanted].problem}.",
            "Set PAPERKIN_RUNTIME to auto, or leave it out.",
        )
    return _choose(able, wanted)


def _candidates(folder: Path, source: ModelSource) -> _Candidates:
    origin = folder_of(source)
    weights = weights_hash(origin)
    check_weights(source, weights)
    model = SentenceModel(origin)
    identity = ModelIdentity(source.name, weights, model.dimension, model.max_tokens)
    prompts = model.prompt("query"), model.prompt("document", "passage")
    plain = Description(identity, Runtime.TORCH, Runtime.TORCH, *prompts)
    learned, judged = _texts(model, prompts[1])
    model.texts_to_rows(judged[-2:])  # to warm up
    start = perf_counter()
    expected = model.texts_to_rows([prompts[1] + text for text in judged])
    speed = len(judged) / (perf_counter() - start)
    trial = Trial(Runtime.TORCH, torch_version(), round(speed, 1), 1.0)
    able = _Candidates(folder, source, model, plain, model.tokenizer_json(), learned, judged, expected)
    able.trials[Runtime.TORCH] = trial
    return able


def _texts(model: SentenceModel, prompt: str) -> tuple[list[str], list[str]]:
    """Texts to make a graph of integers by, and others to judge it by; all fit into one window."""
    questions, half = probes.questions(), _LEARNED // 2
    long = [" ".join(questions[start::half]) for start in range(half)]
    lines = resources.files("indexer").joinpath("abstracts.txt").read_text(encoding="utf-8").splitlines()
    abstracts = [line for line in lines if not line.startswith("#")]
    short = [" ".join(text.split()[: 3 + 5 * place]) for place, text in enumerate(abstracts)]
    learned, judged = _fitting(model, prompt, long), _fitting(model, prompt, [*abstracts, *short])
    return [*learned, *questions[:: len(questions) // half][:half]], judged


def _fitting(model: SentenceModel, prompt: str, texts: Sequence[str]) -> list[str]:
    """As much of each text as certainly fits into the model's window beside the prompt."""
    counts = model.count_tokens([prompt + text for text in texts])
    kept = [min(1.0, _FILLED * model.max_tokens / count) for count in counts]
    return [" ".join(text.split()[: int(len(text.split()) * part)]) for text, part in zip(texts, kept, strict=True)]


def _attempt(able: _Candidates, runtime: Runtime, make: Callable[[], Encoder]) -> Trial:
    """Make an encoder and compare its rows with the expected ones."""
    version = torch_version() if runtime is Runtime.CUDA else runtime_version()
    try:
        encoder = make()
        cosine = _cosine(able, encoder)
        if not cosine >= MIN_COSINE:  # nor is NaN
            return Trial(runtime, version, 0.0, cosine, f"its rows agree only to a cosine of {cosine:.4f}")
        able.encoders[runtime] = encoder
        return Trial(runtime, version, 0.0, cosine)
    except Exception as error:  # whatever stops a foreign converter or driver, the model itself still works
        return Trial(runtime, version, problem=str(error).strip().partition("\n")[0] or type(error).__name__)


def _cosine(able: _Candidates, encoder: Encoder) -> float:
    rows = encoder.encode(able.texts, [""] * len(able.texts))
    return round(float(np.sum(rows * able.expected, axis=1).mean()), 5)


def _race(able: _Candidates) -> None:
    """Note the texts a second of each correct runtime, once everything that is made on first use is there."""
    times: dict[Runtime, list[float]] = {runtime: [] for runtime in able.encoders}
    for _ in range(_ROUNDS):
        for runtime, encoder in able.encoders.items():
            start = perf_counter()
            encoder.encode(able.texts)
            times[runtime].append(perf_counter() - start)
    for runtime, taken in times.items():
        able.trials[runtime] = replace(able.trials[runtime], texts_per_second=round(len(able.texts) / min(taken), 1))


def _compiled(able: _Candidates, runtime: Runtime) -> CompiledEncoder:
    """Write the graph of a runtime into its folder, and open it. Raises `ValueError` where there can be none."""
    if able.tokenizer is None:
        raise ValueError("its tokenizer has no fast form")
    if runtime is Runtime.BF16 and not has_bfloat16():
        raise ValueError("this processor does not compute in bfloat16")
    if able.graph is None:
        able.graph = trace(*able.model.traceable())
    place = able.folder / runtime
    description = replace(able.plain, runtime=runtime, questions=runtime)
    if runtime is not Runtime.INT8:
        return _write(able, able.graph, place, description)
    prompt, window = able.plain.document_prompt, able.plain.identity.max_tokens
    inputs = samples(able.tokenizer, [prompt + text for text in able.learned], window)
    try:
        encoder = _write(able, rounded(able.graph, inputs), place, description)
        if _cosine(able, encoder) >= MIN_COSINE:
            return encoder
    except Exception as error:
        _log.debug("No ranges can be given to the factors of %s (%s).", able.source.name, error)
    shutil.rmtree(place, ignore_errors=True)
    return _write(able, rounded(able.graph), place, description)


def _write(able: _Candidates, graph: Any, place: Path, description: Description) -> CompiledEncoder:
    save_graph(graph, _tokenizer_in(able, place))
    return CompiledEncoder(place, description)


def _on_device(able: _Candidates) -> TokenEncoder:
    if not has_cuda():
        raise ValueError("torch finds no graphics processor that it can use")
    return TokenEncoder(_tokenizer_in(able, able.folder / Runtime.CUDA), able.plain, load_model(able.source, DEVICE))


def _tokenizer_in(able: _Candidates, place: Path) -> Path:
    """The place, which now has the tokenizer. Raises `ValueError` where it has no fast form."""
    if able.tokenizer is None:
        raise ValueError("its tokenizer has no fast form")
    place.mkdir(parents=True, exist_ok=True)
    (place / TOKENIZER).write_text(able.tokenizer, encoding="utf-8")
    return place


def _choose(able: _Candidates, wanted: Runtime | None) -> Description:
    """Describe the fastest runtimes that are correct; where nothing can be compiled, sentence-transformers itself."""
    correct = [trial for trial in able.trials.values() if not trial.problem]
    fastest = sorted(correct, key=lambda trial: -trial.texts_per_second)
    compiled = [Runtime(trial.runtime) for trial in fastest if trial.runtime in COMPILED]
    questions = compiled[0] if compiled and wanted is not Runtime.TORCH else Runtime.TORCH
    on_device = bool(compiled) and (wanted or fastest[0].runtime) == Runtime.CUDA
    if questions is Runtime.TORCH and wanted is None:
        problems = {trial.problem for trial in able.trials.values() if trial.problem}
        _log.warning(
            "%s cannot be compiled (%s); using sentence-transformers, which is slower.",
            able.source.name,
            "; ".join(sorted(problems)),
        )
    description = replace(
        able.plain,
        runtime=Runtime.CUDA if on_device else questions,
        questions=questions,
        trials=tuple(able.trials.values()),
    )
    place = able.folder / questions
    place.mkdir(exist_ok=True)
    if able.tokenizer:
        _tokenizer_in(able, place)
    description.save(place)
    return description
