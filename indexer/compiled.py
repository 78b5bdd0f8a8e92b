"""Encoding by token ids, whatever runs the model on them. The only import of tokenizers.

With a compiled graph neither torch nor sentence-transformers is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.embedding import Description, Rows, Trial
from indexer.model import Runtime
from indexer.runtime import Graph, Inputs
from indexer.windows import divide, pool

BATCH: Final = 4
"""Texts a call of the runtime: measured fastest for abstracts, and little padding once sorted by length."""

QUERY_STEP: Final = 8
"""Questions are padded to a multiple of so many tokens. A row depends on its own padding only, so that questions of one
length can share a call; and the runtime, which prepares itself for every new length, meets few."""

TOKENIZER: Final = "tokenizer.json"


class Runner(Protocol):
    """What runs a model on token ids."""

    def run(self, inputs: Inputs) -> Rows:
        """Rows of shape (texts, dimension) for inputs of shape (texts, tokens)."""

    def run_all(self, batches: Iterable[Inputs]) -> Iterator[Rows]:
        """The rows of many batches, in their order."""


class TokenEncoder:
    """A tokenizer, and what runs the model. Texts are divided alike and the same tokens run, whatever that is."""

    def __init__(self, folder: Path, description: Description, runner: Runner) -> None:
        from tokenizers import Tokenizer

        self.identity: Final = description.identity
        self.trial: Final[Trial] = description.trial
        self.long_texts = 0
        self._description = description
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(description.identity.max_tokens)
        self._runner = runner
        self._before, self._after = _frame(self._tokenizer.encode("a"))

    def encode(self, texts: Sequence[str], titles: Sequence[str] = ()) -> Rows:
        """Rows of shape (texts, dimension), in the order given.

        A text that is longer than the model's window is encoded in several windows (see `windows`).
        """
        return self._compute(texts, titles, self._runner, BATCH)

    def encode_apart(self, texts: Sequence[str]) -> Rows:
        """One text a call: padding beside a longer one moves a cosine by up to 0.002, for the runtime rounds."""
        return self._compute(texts, (), self._runner, 1)

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,)."""
        row: Rows = self.encode_alike([text])[0]
        return row

    def query_size(self, text: str) -> int:
        """Tokens that are computed for a question: its own, up to a multiple of `QUERY_STEP`."""
        return self._padded(self._query(text))

    def encode_alike(self, texts: Sequence[str]) -> Rows:
        """Rows of shape (texts, dimension) for questions of one `query_size`, in one call: each as if it were alone."""
        tokens = [self._query(text) for text in texts]
        return self._runner.run(_inputs(tokens, self._padded(tokens[0])))

    def encode_queries(self, texts: Sequence[str]) -> Rows:
        """Several at a time, but each in a call of its own: padding would change it."""
        tokens = [self._query(text) for text in texts]
        return np.concatenate(list(self._runner.run_all(_inputs([each], self._padded(each)) for each in tokens)))

    def _compute(self, texts: Sequence[str], titles: Sequence[str], runner: Runner, batch: int) -> Rows:
        if not texts:
            return np.empty((0, self.identity.dimension), dtype=np.float32)
        divided = self._windows(texts, titles)
        tokens = [window for windows in divided for window in windows]
        rows = np.empty((len(tokens), self.identity.dimension), dtype=np.float32)
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))  # batches of one length need no padding
        batches = [order[start : start + batch] for start in range(0, len(order), batch)]
        found = runner.run_all(_inputs([tokens[i] for i in places]) for places in batches)
        for places, computed in zip(batches, found, strict=True):
            rows[places] = computed
        if len(tokens) == len(texts):
            return rows
        counts = [len(windows) for windows in divided]
        self.long_texts += sum(count > 1 for count in counts)
        return pool(rows, [len(window) for window in tokens], counts)

    def _padded(self, ids: Sequence[int]) -> int:
        return min(-(-len(ids) // QUERY_STEP) * QUERY_STEP, self.identity.max_tokens)

    def _query(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(self._description.query_prompt + text).ids
        return ids

    def _windows(self, texts: Sequence[str], titles: Sequence[str]) -> list[list[list[int]]]:
        """The token ids of each text, in one window or in several."""
        prompt = self._description.document_prompt
        divided: list[list[list[int]]] = []
        for encoding, title in zip(
            self._tokenizer.encode_batch([prompt + text for text in texts]), titles or [""] * len(texts), strict=True
        ):
            if not encoding.overflowing:
                divided.append([encoding.ids])
                continue
            body = [token for part in (encoding, *encoding.overflowing) for token in self._bare(part.ids)]
            head = self._bare(self._tokenizer.encode(f"{prompt}{title}.").ids)
            limit = self.identity.max_tokens - len(self._before) - len(self._after)
            divided.append([[*self._before, *window, *self._after] for window in divide(body, head, limit)])
        return divided

    def _bare(self, ids: list[int]) -> list[int]:
        return ids[len(self._before) : len(ids) - len(self._after)]


class CompiledEncoder(TokenEncoder):
    """The model as a graph, on the processor."""

    def __init__(self, folder: Path, description: Description) -> None:
        graph = Graph(folder, "f32" if description.questions is Runtime.F32 else "bf16")
        super().__init__(folder, description, graph)


def samples(tokenizer: str, texts: Sequence[str], max_tokens: int) -> list[dict[str, NDArray[np.int64]]]:
    """Each text as a graph takes it, by a tokenizer in its own JSON."""
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(tokenizer)
    made.no_padding()
    made.enable_truncation(max_tokens)
    return [_inputs([made.encode(text).ids]) for text in texts]


def _frame(encoding: Any) -> tuple[list[int], list[int]]:
    """The tokens that the model wants before and after every text."""
    special = encoding.special_tokens_mask
    first, last = special.index(0), len(special) - special[::-1].index(0)
    return encoding.ids[:first], encoding.ids[last:]


def _inputs(tokens: Sequence[Sequence[int]], length: int = 0) -> dict[str, NDArray[np.int64]]:
    """As long as the longest of them, and at least `length`."""
    ids = np.zeros((len(tokens), max(length, *map(len, tokens))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(tokens):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return {"input_ids": ids, "attention_mask": mask}
