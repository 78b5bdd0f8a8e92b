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
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import EncoderError
from indexer.model import ModelSource, check_weights, find_model, weights_hash
from indexer.runtime import GRAPH_FILES, Graph, runtime_name, save_graph

Rows = NDArray[np.float32]

BATCH: Final = 8
"""Texts a call of the runtime: measured fastest for abstracts, and little padding once sorted by length."""

MIN_COSINE: Final = 0.999
"""A compiled graph is used only if it agrees this closely with the model it was made from."""

_FORMAT: Final = 1
_DESCRIPTION: Final = "encoder.json"
_TOKENIZER: Final = "tokenizer.json"
_TRIAL: Final = (
    "emotional text-to-speech",
    "We present a method.",
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

    def encode(self, texts: Sequence[str]) -> Rows:
        """Rows of shape (texts, dimension) for papers."""

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,) for a question."""


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
        try:
            save_graph(*model.traceable(), folder)
            rows = CompiledEncoder(folder, compiled).encode(_TRIAL)
            cosine = float(np.sum(rows * model.texts_to_rows([document + text for text in _TRIAL]), axis=1).min())
            if cosine >= MIN_COSINE:
                compiled = _Description(identity, runtime_name(), query, document, cosine)
                compiled.save(folder)
                return compiled
            reason = f"its graph agrees only to a cosine of {cosine:.4f}"
        except Exception as error:  # whatever stops a foreign converter, the model itself still works
            reason = f"{type(error).__name__}: {error}"
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
        self._description = description
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(description.identity.max_tokens)
        self._graph = Graph(folder)

    def encode(self, texts: Sequence[str]) -> Rows:
        """Rows of shape (texts, dimension), in the order given, computed in batches of similar length."""
        prompt = self._description.document_prompt
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch([prompt + text for text in texts])]
        rows = np.empty((len(texts), self.identity.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            rows[batch] = self._run([tokens[i] for i in batch])
        return rows

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,)."""
        row: Rows = self._run([self._tokenizer.encode(self._description.query_prompt + text).ids])[0].copy()
        return row

    def _run(self, tokens: Sequence[Sequence[int]]) -> Rows:
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(tokens):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        return self._graph.run({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})


class PlainEncoder:
    """sentence-transformers itself, for models that the graph converter does not understand."""

    def __init__(self, source: ModelSource, description: _Description) -> None:
        from indexer.sentence_model import SentenceModel, folder_of

        self.identity: Final = description.identity
        self._description = description
        self._model = SentenceModel(folder_of(source))

    def encode(self, texts: Sequence[str]) -> Rows:
        """Rows of shape (texts, dimension)."""
        return self._model.texts_to_rows([self._description.document_prompt + text for text in texts])

    def encode_query(self, text: str) -> Rows:
        """One row of shape (dimension,)."""
        row: Rows = self._model.texts_to_rows([self._description.query_prompt + text])[0]
        return row
