"""Encodes the questions of many askers together: what is waiting is taken at once, and nobody waits for a timer.

A question's row is the same to the last bit whoever else asks. Only questions whose rows do not depend on each other
share a call of the model (`Groupable`); where even these would differ, each gets a call of its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from indexer.embedding import Encoder, ModelIdentity, Trial, Tried
from indexer.machine import processors

Rows = NDArray[np.float32]

RECENT: Final = 1_024
"""Rows of recent questions that are kept: 1.5 MB at 384 dimensions, beside their texts."""
LARGEST: Final = 8
"""Questions a call at most: more together are hardly cheaper each, and all wait for the last."""

_TRIAL: Final = tuple(
    ending + start * times
    for times in (1, 6, 40)
    for start in (" speech", " a graph")
    for ending in ("face", "emotion", "two", "three")
)


@runtime_checkable
class Groupable(Protocol):
    """An encoder that can encode questions of one size together without changing their rows."""

    def query_size(self, text: str) -> int:
        """What the model computes for a question, in tokens."""

    def encode_alike(self, texts: Sequence[str]) -> Rows:
        """Rows of shape (texts, dimension) for questions of one `query_size`."""


class BatchingEncoder:
    """An encoder for a server. Safe to use from several threads; it has none of its own, so nothing is to be closed.

    Up to `streams` calls run side by side, each by the thread of one of its askers. Whoever comes while all are at
    work waits. A thread that has finished hands its place to the question that has waited longest, and that one takes
    along all that can share its call.
    """

    trial: Trial
    """Of the runtime that encodes papers, where the encoder knows it."""

    def __init__(self, encoder: Encoder, streams: int | None = None, recent: int = RECENT) -> None:
        self._encoder = encoder
        if isinstance(encoder, Tried):
            self.trial = encoder.trial
        self._alike = encoder if isinstance(encoder, Groupable) and _same_together(encoder) else None
        self._recent = recent
        self._kept: OrderedDict[str, Rows] = OrderedDict()
        self._waiting: deque[_Question] = deque()
        self._free = streams or processors()
        self._lock = threading.Lock()  # of the three above; held for no longer than it takes to look

    @property
    def identity(self) -> ModelIdentity:
        """The model behind the rows."""
        return self._encoder.identity

    @property
    def long_texts(self) -> int:
        """How many texts so far did not fit into one window of the model."""
        return self._encoder.long_texts

    def encode(self, texts: Sequence[str], titles: Sequence[str] = ()) -> Rows:
        """Rows of papers, which come in batches by themselves."""
        return self._encoder.encode(texts, titles)

    def encode_apart(self, texts: Sequence[str]) -> Rows:
        """Rows that depend on nothing but their own text."""
        return self._encoder.encode_apart(texts)

    def encode_queries(self, texts: Sequence[str]) -> Rows:
        """Rows of several questions of one asker."""
        return self._encoder.encode_queries(texts)

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,), not to be written to. Raises what the encoder raises for this text."""
        with self._lock:
            row = self._recall(text)
        if row is not None:
            return row
        # Questions of one kind can share a call: by their size, or, where that changes rows, if they are the same.
        mine = _Question(text, text if self._alike is None else self._alike.query_size(text))
        with self._lock:
            if self._free:  # then nobody waits: a place is handed on while anybody does
                self._free -= 1
                mine.leads = True
            else:
                self._waiting.append(mine)
        if not mine.leads:
            mine.called.wait()
        if mine.leads:
            self._lead(mine)
        if mine.row is None:
            raise mine.error or RuntimeError("A question was left without a row.")
        return mine.row

    def _lead(self, mine: _Question) -> None:
        """Answer a question and all that wait and can share its call, then hand the place on."""
        with self._lock:
            group = [mine, *(each for each in self._waiting if each.kind == mine.kind)][:LARGEST]
            for each in group[1:]:
                self._waiting.remove(each)
            for each in group:
                each.row = self._recall(each.text)  # another may have asked the same while this one waited
        try:
            self._encode([each for each in group if each.row is None])
        finally:
            with self._lock:
                heir = self._waiting.popleft() if self._waiting else None
                if heir is None:
                    self._free += 1
                else:
                    heir.leads = True
            for each in group[1:] + ([heir] if heir else []):
                each.called.set()

    def _encode(self, questions: Sequence[_Question]) -> None:
        """Give each question its row, or the error that is its own."""
        texts = list(dict.fromkeys(question.text for question in questions))
        rows: dict[str, Rows] = {}
        errors: dict[str, Exception] = {}
        if self._alike is not None and len(texts) > 1:
            try:
                rows = dict(zip(texts, self._alike.encode_alike(texts), strict=True))
            except Exception:  # of one of them, or of all: asked alone, each gets its own
                rows = {}
        for text in texts:
            if text not in rows:
                try:
                    rows[text] = self._encoder.encode_query(text)
                except Exception as error:
                    errors[text] = error
        with self._lock:
            kept = {text: self._keep(text, row) for text, row in rows.items()}
        for question in questions:
            question.row, question.error = kept.get(question.text), errors.get(question.text)

    def _recall(self, text: str) -> Rows | None:
        row = self._kept.get(text)
        if row is not None:
            self._kept.move_to_end(text)
        return row

    def _keep(self, text: str, row: Rows) -> Rows:
        if text not in self._kept:
            self._kept[text] = row.copy()  # a row of a group would keep the rows of all of it
            self._kept[text].flags.writeable = False
            while len(self._kept) > self._recent:
                self._kept.popitem(last=False)
        return self._kept.get(text, row)


@dataclass(eq=False, slots=True)
class _Question:
    """One asker's question, and what its thread waits for: to be answered, or to lead."""

    text: str
    kind: int | str
    leads: bool = False
    row: Rows | None = None
    error: Exception | None = None
    called: threading.Event = field(default_factory=threading.Event)


def _same_together(encoder: Groupable) -> bool:
    """Whether questions that share a call get the rows that they get alone, on this processor."""
    kinds: dict[int, list[str]] = {}
    for text in _TRIAL:
        kinds.setdefault(encoder.query_size(text), []).append(text)
    for texts in kinds.values():
        alone = np.concatenate([encoder.encode_alike([text]) for text in texts])
        for count in range(2, len(texts) + 1):
            if not np.array_equal(encoder.encode_alike(texts[:count]), alone[:count]):
                return False
    return True
