"""The words of encoding: what a model is, what an encoder does, how it was prepared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from indexer.model import Runtime

Rows = NDArray[np.float32]

MIN_COSINE: Final = 0.999
"""A runtime is used only if it agrees this closely, on average, with the model as sentence-transformers runs it."""
_DESCRIPTION: Final = "encoder.json"


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What makes embeddings comparable: the same weights, the same dimension, the same window."""

    name: str
    weights_sha256: str
    dimension: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Trial:
    """How a runtime did on texts like abstracts: its speed, and its mean cosine to sentence-transformers in float32.

    `problem` says why it cannot be used; it is empty where it can.
    """

    runtime: str
    version: str
    texts_per_second: float = 0.0
    cosine: float = 0.0
    problem: str = ""


class Encoder(Protocol):
    """Anything that turns texts into rows of one vector space."""

    @property
    def identity(self) -> ModelIdentity:
        """The model behind the rows."""

    @property
    def long_texts(self) -> int:
        """How many texts so far did not fit into one window of the model."""

    def encode(self, texts: Sequence[str], titles: Sequence[str] = ()) -> Rows:
        """Rows of shape (texts, dimension) for papers; `titles`, if given, are what each text is about."""

    def encode_apart(self, texts: Sequence[str]) -> Rows:
        """Rows that depend on nothing but their own text, for scores that must come out the same every time."""

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,) for a question."""

    def encode_queries(self, texts: Sequence[str]) -> Rows:
        """Rows of shape (texts, dimension) for questions, the same as one by one."""


@runtime_checkable
class Tried(Protocol):
    """An encoder that knows how its runtime did when it was chosen."""

    @property
    def trial(self) -> Trial:
        """Of the runtime that encodes papers."""


@dataclass(frozen=True, slots=True)
class Description:
    """`encoder.json`: how a model was prepared on this machine.

    `runtime` encodes papers. Questions are encoded by `questions`, which is the same or, beside a graphics processor,
    a compiled graph: that is ready at once. `trials` has every runtime that was tried.
    """

    identity: ModelIdentity
    runtime: Runtime
    questions: Runtime
    query_prompt: str
    document_prompt: str
    trials: tuple[Trial, ...] = ()

    @property
    def trial(self) -> Trial:
        """Of the runtime that encodes papers."""
        return next((trial for trial in self.trials if trial.runtime == self.runtime), Trial(self.runtime, ""))

    def save(self, folder: Path) -> None:
        """Write it beside what it describes."""
        (folder / _DESCRIPTION).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Description | None:
        """`None` where the folder is not a complete encoder."""
        try:
            values = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
            return cls(
                identity=ModelIdentity(**values.pop("identity")),
                runtime=Runtime(values.pop("runtime")),
                questions=Runtime(values.pop("questions")),
                trials=tuple(Trial(**each) for each in values.pop("trials")),
                **values,
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def merged(earlier: str | None, trial: Trial) -> str:
    """The trials behind the rows of a collection as JSON, with one more. A runtime and version stand there once."""
    known = [each for each in trials_from(earlier) if (each.runtime, each.version) != (trial.runtime, trial.version)]
    return json.dumps([asdict(each) for each in (*known, trial)])


def trials_from(stored: str | None) -> tuple[Trial, ...]:
    """What `merged` made; nothing where it is something else."""
    try:
        values: Iterable[dict[str, object]] = json.loads(stored or "[]")
        return tuple(Trial(**each) for each in values)  # type: ignore[arg-type]  # what is not a trial's raises
    except (ValueError, TypeError):
        return ()
