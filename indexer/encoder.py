"""Text → embeddings: L2-normalised float32 rows, by the fastest correct runtime for the model."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import EncoderError
from indexer.model import ModelSource, check_weights, find_model, weights_hash
from indexer.runtime import GRAPH_FILES, Graph, runtime_name, save_graph
from indexer.windows import divide, pool

Rows = NDArray[np.float32]

BATCH: Final = 8
"""Texts a call of the runtime: measured fastest for abstracts, and little padding once sorted by length."""

MIN_COSINE: Final = 0.999
"""A compiled graph is used only if it agrees this closely, on average, with the model it was made from."""

_FORMAT: Final = 2
_DESCRIPTION: Final = "encoder.json"
_TOKENIZER: Final = "tokenizer.json"
_TRIAL: Final = (
    "emotional text-to-speech",
    "We present a method.",
    "Graphs with few edges. We bound the number of spanning trees of a graph by its degrees, and show it is sharp.",
    "Dopamine modulates acute responses to cocaine in Drosophila, as drugs of abuse do in mammals.",
    "Existing approaches to speech synthesis sound natural but offer little control over duration and emotion. " * 9,
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What makes embeddings comparable: the same weights, the same dimension, the same window."""

    name: str
    weights_sha256: str
    dimension: int
    max_tokens: int


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


@dataclass(frozen=True, slots=True)
class _Description:
    """`encoder.json`: how a model was prepared. `runtime` is "sentence-transformers" if it could not be compiled."""

    identity: ModelIdentity
    runtime: str
    query_prompt: str
    document_prompt: str
    cosine: float

    def save(self, folder: Path) -> None:
        (folder / _DESCRIPTION).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> _Description | None:
        """`None` where the folder is not a complete encoder."""
        try:
            values = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
            return cls(identity=ModelIdentity(**values.pop("identity")), **values)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


def open_encoder(
    model: str | None, cache: Path, announce: Callable[[str], None] = lambda _: None
) -> CompiledEncoder | PlainEncoder:
    """The encoder of a model setting (see `find_model`), compiled on first use and kept in `cache`.

    `announce` is told when the slow first preparation begins. Raises `EncoderError` where the model is
    missing, altered, or cannot be prepared.
    """
    source = find_model(model)
    stamp = f"{_FORMAT}\n{runtime_name()}\n{source.stamp()}"
    folder = cache / "encoders" / f"{source.name.replace('/', '--')}-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    description = _Description.load(folder)
    if description is not None and description.runtime != "sentence-transformers":
        try:
            return CompiledEncoder(folder, description)
        except Exception as error:  # whatever a cleaner of caches has left: it can be made anew
            _log.warning("The prepared model in %s cannot be used (%s).", folder, error)
            description = None
    if description is None:
        announce(f"Preparing the model {source.name} (once, some ten seconds)")
        description = _prepare_into(folder, source)
    if description.runtime == "sentence-transformers":
        return PlainEncoder(source, description)
    return CompiledEncoder(folder, description)


def _prepare_into(folder: Path, source: ModelSource) -> _Description:
    """Make the encoder beside its final place and rename it there: it is complete or absent."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".preparing-") as name:
            making = Path(name) / "encoder"
            making.mkdir()
            description = _prepare(making, source)
            shutil.rmtree(folder, ignore_errors=True)
            try:
                making.rename(folder)
            except OSError:
                # Another process prepared the same model meanwhile; its work is as good as ours.
                if _Description.load(folder) is None:
                    raise
    except OSError as error:
        raise EncoderError(
            f"The prepared model cannot be kept in {folder.parent}: {error.strerror or error}.",
            "Free some space, or set PAPERKIN_CACHE to a directory that can be written.",
        ) from error
    return description


def _prepare(folder: Path, source: ModelSource) -> _Description:
    from indexer.sentence_model import SentenceModel, folder_of

    origin = folder_of(source)
    weights = weights_hash(origin)
    check_weights(source, weights)
    model = SentenceModel(origin)
    identity = ModelIdentity(source.name, weights, model.dimension, model.max_tokens)
    query, document = model.prompt("query"), model.prompt("document", "passage")
    compiled = _Description(identity, runtime_name(), query, document, cosine=1.0)
    plain = _Description(identity, "sentence-transformers", query, document, cosine=1.0)
    tokenizer = model.tokenizer_json()
    reason = "its tokenizer has no fast form"
    if tokenizer is not None:
        (folder / _TOKENIZER).write_text(tokenizer, encoding="utf-8")
        expected = model.texts_to_rows([document + text for text in _TRIAL])
        for small in (True, False):
            try:
                save_graph(*model.traceable(), folder, small=small)
                rows = CompiledEncoder(folder, compiled).encode(_TRIAL, [""] * len(_TRIAL))
                cosine = float(np.sum(rows * expected, axis=1).mean())
            except Exception as error:  # whatever stops a foreign converter, the model itself still works
                reason = f"{type(error).__name__}: {error}"
                break
            if cosine >= MIN_COSINE:
                compiled = _Description(identity, runtime_name(), query, document, cosine)
                compiled.save(folder)
                return compiled
            reason = f"its graph agrees only to a cosine of {cosine:.4f}"
            shutil.rmtree(folder / "compiled", ignore_errors=True)
    _log.warning("%s cannot be compiled (%s); using sentence-transformers, which is slower.", source.name, reason)
    for name in GRAPH_FILES:
        (folder / name).unlink(missing_ok=True)
    plain.save(folder)
    return plain


class CompiledEncoder:
    """A tokenizer and a compiled graph: neither torch nor sentence-transformers is imported."""

    def __init__(self, folder: Path, description: _Description) -> None:
        from tokenizers import Tokenizer

        self.identity: Final = description.identity
        self.long_texts = 0
        self._description = description
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(description.identity.max_tokens)
        self._graph = Graph(folder)
        self._before, self._after = _frame(self._tokenizer.encode("a"))

    def encode(self, texts: Sequence[str], titles: Sequence[str] = (), batch: int = BATCH) -> Rows:
        """Rows of shape (texts, dimension), in the order given.

        A text that is longer than the model's window is encoded in several windows (see `windows`).
        """
        if not texts:
            return np.empty((0, self.identity.dimension), dtype=np.float32)
        divided = self._windows(texts, titles)
        tokens = [window for windows in divided for window in windows]
        rows = np.empty((len(tokens), self.identity.dimension), dtype=np.float32)
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))  # batches of one length need no padding
        batches = [order[start : start + batch] for start in range(0, len(order), batch)]
        found = self._graph.run_all(_inputs([tokens[i] for i in places]) for places in batches)
        for places, computed in zip(batches, found, strict=True):
            rows[places] = computed
        if len(tokens) == len(texts):
            return rows
        counts = [len(windows) for windows in divided]
        self.long_texts += sum(count > 1 for count in counts)
        return pool(rows, [len(window) for window in tokens], counts)

    def encode_apart(self, texts: Sequence[str]) -> Rows:
        """One text a call: padding beside a longer one moves a cosine by up to 0.002, for the runtime rounds."""
        return self.encode(texts, batch=1)

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,)."""
        row: Rows = self._graph.run(_inputs([self._query(text)]))[0]
        return row

    def encode_queries(self, texts: Sequence[str]) -> Rows:
        """Several at a time, but each in a call of its own: padding would change it."""
        return np.concatenate(list(self._graph.run_all(_inputs([self._query(text)]) for text in texts)))

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


def _frame(encoding: Any) -> tuple[list[int], list[int]]:
    """The tokens that the model wants before and after every text."""
    special = encoding.special_tokens_mask
    first, last = special.index(0), len(special) - special[::-1].index(0)
    return encoding.ids[:first], encoding.ids[last:]


def _inputs(tokens: Sequence[Sequence[int]]) -> dict[str, NDArray[np.int64]]:
    ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, sequence in enumerate(tokens):
        ids[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


class PlainEncoder:
    """sentence-transformers itself, for models that the graph converter does not understand."""

    def __init__(self, source: ModelSource, description: _Description) -> None:
        from indexer.sentence_model import SentenceModel, folder_of

        self.identity: Final = description.identity
        self.long_texts = 0
        self._description = description
        self._model = SentenceModel(folder_of(source))

    def encode(self, texts: Sequence[str], titles: Sequence[str] = ()) -> Rows:
        """Rows of shape (texts, dimension). Long texts are divided by words, which any tokenizer leaves whole."""
        prompt = self._description.document_prompt
        divided = [
            self._windows(text, title, tokens)
            for text, title, tokens in zip(
                texts, titles or [""] * len(texts), self._model.count_tokens(texts), strict=True
            )
        ]
        parts = [window for windows in divided for window in windows]
        rows = self._model.texts_to_rows([prompt + part for part in parts])
        counts = [len(windows) for windows in divided]
        self.long_texts += sum(count > 1 for count in counts)
        return rows if len(parts) == len(texts) else pool(rows, [len(part) for part in parts], counts)

    def encode_apart(self, texts: Sequence[str]) -> Rows:
        """In float32 padding changes nothing that shows."""
        return self.encode(texts)

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,)."""
        row: Rows = self.encode_queries([text])[0]
        return row

    def encode_queries(self, texts: Sequence[str]) -> Rows:
        """Rows of shape (texts, dimension)."""
        return self._model.texts_to_rows([self._description.query_prompt + text for text in texts])

    def _windows(self, text: str, title: str, tokens: int) -> list[str]:
        words = text.split()
        if tokens <= self.identity.max_tokens or not words:
            return [text]
        # Words differ in tokens: a quarter of the window stays free for a part that has more than its share.
        limit = max(1, int(len(words) / tokens * self.identity.max_tokens * 0.75))
        return [" ".join(window) for window in divide(words, title.split(), limit)]
