"""How good a collection was found to be when it was last evaluated, kept beside it for whoever uses it.

Only figures are kept, never a question: those may be private, and a collection is passed on. What is read may come
from a stranger: whatever is not as we would have written it counts as nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from indexer.directory import EVALUATION
from indexer.files import write_whole
from indexer.periods import moment
from search.query import Mode

if TYPE_CHECKING:
    from api.evaluation import JudgedResult, OwnResult

FORMAT: Final = "paperkin evaluation/1"
KINDS: Final = ("judged", "self")
MADE_OF: Final = ("judged", "title", "sentence", "acronym", "all")
"""What the questions of a part are made of; those that people have judged, or all that were made of papers."""
MOST: Final = 20_000
"""Bytes that are read at most; what is written has some hundred."""
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_VERSION: Final = re.compile(r"[\w.+!-]{1,64}", re.ASCII)
_MEASURE: Final = re.compile(r"(nDCG|recall|MRR)@\d{1,4}|MAP", re.ASCII)


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over questions and its 95 % interval, all from 0 to 1."""

    mean: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not all(isinstance(each, float | int) and math.isfinite(each) and 0 <= each <= 1 for each in self._three):
            raise ValueError("There is no such measure.")

    @property
    def _three(self) -> tuple[float, float, float]:
        return self.mean, self.low, self.high


@dataclass(frozen=True, slots=True)
class Part:
    """Questions of one kind, and what was measured with them, by the names of the measures."""

    made_of: str
    questions: int
    measures: Mapping[str, Measured]

    def __post_init__(self) -> None:
        named = all(_MEASURE.fullmatch(name) for name in self.measures)
        count = isinstance(self.questions, int) and self.questions > 0
        if self.made_of not in MADE_OF or not named or not count or len(self.measures) > len(MADE_OF):
            raise ValueError("There are no such questions.")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured last: when, of which index version, by which version of Paperkin, and in which mode.

    Making one checks it, and raises `ValueError` or `TypeError` for what no evaluation gives.
    """

    at: str
    kind: str
    mode: str
    index_version: str
    version: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        versions = all(_VERSION.fullmatch(each) for each in (self.index_version, self.version))
        known = self.kind in KINDS and self.mode in set(Mode)
        if not (_MOMENT.fullmatch(self.at) and versions and known and 0 < len(self.parts) <= len(MADE_OF)):
            raise ValueError("There is no such evaluation.")

    def save(self, directory: Path) -> None:
        """Keep it with a collection, in place of an earlier one. Raises `OSError`."""
        content = {"format": FORMAT, **asdict(self)}
        write_whole(directory / EVALUATION, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def load(cls, directory: Path) -> Evaluation | None:
        """What is kept with a collection; `None` where there is nothing, or nothing that we would have written."""
        path = directory / EVALUATION
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > MOST:
                return None
            value = json.loads(path.read_text(encoding="utf-8"))
            if value.pop("format") != FORMAT:
                return None
            return cls(**value | {"parts": tuple(map(_part, value["parts"]))})
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None


def of_judged(result: JudgedResult) -> Evaluation:
    """What is kept of judged questions, in the mode that was asked for."""
    from search.metrics import MEASURES, interval

    scores = result.sides[result.mode.value]
    measures = {
        name: _measured(float(column.mean()), *interval(column))
        for name, column in zip(MEASURES, scores.values.T, strict=True)
    }
    parts = (Part("judged", len(scores.questions), measures),)
    return Evaluation(moment(), "judged", result.mode.value, result.answers.index_version, version("paperkin"), parts)


def of_own(result: OwnResult) -> Evaluation:
    """What is kept of questions made of the papers, in the mode that counts."""
    setting = result.kept.setting
    mode = Mode(setting["mode"])
    parts = tuple(
        Part(
            row.kind,
            row.questions,
            {name: _measured(one.mean, one.low, one.high) for name, one in row.means[mode].items()},
        )
        for row in result.rows
    )
    return Evaluation(moment(), "self", mode.value, setting["index_version"], version("paperkin"), parts)


def keep(evaluation: Evaluation, directory: Path, tell: Callable[[str], None]) -> None:
    """Keep an evaluation with its collection. Where that cannot be, say so; the figures have been shown."""
    try:
        evaluation.save(directory)
    except OSError as error:
        tell(f"These figures are not kept, since {directory} cannot be written ({error.strerror or error}).")


def _measured(*values: float) -> Measured:
    """Figures as they are kept: a sum of floats may be a little beyond 1."""
    return Measured(*(min(max(round(float(value), 6), 0.0), 1.0) for value in values))


def _part(value: dict[str, Any]) -> Part:
    measures = {name: Measured(**measured) for name, measured in value["measures"].items()}
    return Part(**value | {"measures": measures})
