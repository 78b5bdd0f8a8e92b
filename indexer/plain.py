"""Encoding by sentence-transformers itself: on a graphics processor, or what no compiler understands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from indexer.compiled import CompiledEncoder, TokenEncoder
from indexer.embedding import Description, Rows, Trial
from indexer.model import ModelSource
from indexer.windows import divide, pool

if TYPE_CHECKING:
    from indexer.sentence_model import SentenceModel

FEW: Final = 64
"""Papers below which a graphics processor is not worth its start: torch takes seconds to import."""
DEVICE: Final = "cuda"
DEVICE_BATCH: Final = 256
"""Texts a call: what fills a graphics processor."""


def has_nvidia() -> bool:
    """Whether it is worth asking torch, whose import takes seconds, for a graphics processor."""
    return Path("/dev/nvidia0").exists() or (os.name == "nt" and shutil.which("nvidia-smi") is not None)


class PlainEncoder:
    """sentence-transformers by texts, for models whose tokenizer has no fast form."""

    def __init__(self, description: Description, model: SentenceModel) -> None:
        self.identity: Final = description.identity
        self.trial: Final[Trial] = description.trial
        self.long_texts = 0
        self._description = description
        self._model = model

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


class TorchEncoder(TokenEncoder):
    """sentence-transformers by tokens, in float32 on the processor."""

    def __init__(self, folder: Path, description: Description, source: ModelSource) -> None:
        super().__init__(folder, description, load_model(source))


class DeviceEncoder(CompiledEncoder):
    """Many papers by sentence-transformers on a device; questions and few papers by a compiled graph, ready at once."""

    def __init__(self, folder: Path, description: Description, source: ModelSource, device: str = DEVICE) -> None:
        super().__init__(folder, description)
        self._load = partial(load_model, source, device)
        self._model: SentenceModel | None = None

    def encode(self, texts: Sequence[str], titles: Sequence[str] = ()) -> Rows:
        """Rows of shape (texts, dimension). The first large number of texts loads the model onto the device."""
        if len(texts) < FEW:
            return super().encode(texts, titles)
        if self._model is None:
            self._model = self._load()
        return self._compute(texts, titles, self._model, DEVICE_BATCH)


def load_model(source: ModelSource, device: str = "cpu") -> SentenceModel:
    """The model in float32 on the processor, else in half the precision. Raises `EncoderError`."""
    from indexer.sentence_model import SentenceModel, folder_of

    return SentenceModel(folder_of(source), device, half=device != "cpu")
