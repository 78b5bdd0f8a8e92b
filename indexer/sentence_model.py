"""sentence-transformers and torch: loads the full model. The only import of either; it takes seconds.

The model is loaded once, to be compiled into a graph (see `runtime`), or to encode by itself where its
architecture cannot be compiled.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from indexer.errors import EncoderError
from indexer.model import ModelSource

_EXAMPLES: Final = ("a short text", "another text, which is a little longer than the first one")


def folder_of(source: ModelSource) -> Path:
    """The folder of a model, from the local cache of the model hub, or fetched if it is not there yet.

    Only a name that the user configured comes here. Raises `EncoderError` where it cannot be had.
    """
    if source.folder is not None:
        return source.folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    name = source.name if "/" in source.name else f"sentence-transformers/{source.name}"
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except HFValidationError as error:
        raise EncoderError(f"{source.name!r} is not a model's name.", "Set the model to a name or a folder.") from error
    except LocalEntryNotFoundError:
        pass  # not there yet: fetch it below, as the user asked by configuring it
    try:
        return Path(snapshot_download(name))
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        raise EncoderError(
            f"The model {source.name!r} cannot be fetched.", "Check the name, or give a folder that holds the model."
        ) from error


class SentenceModel:
    """A sentence-transformers model on the CPU. `texts_to_rows` gives L2-normalised float32 rows."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            # Eager attention is the form that the graph converter understands.
            self._model = SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, model_kwargs={"attn_implementation": "eager"}
            )
        except (OSError, ValueError, KeyError) as error:
            raise EncoderError(
                f"{folder} cannot be loaded as a sentence-transformers model: {error}",
                "Check that the folder is complete.",
            ) from error
        self.max_tokens: Final = int(self._model.max_seq_length or 512)
        self.dimension: Final = int(self._model.get_embedding_dimension() or 0)

    def prompt(self, *names: str) -> str:
        """The model's own prefix for a kind of text ("query", "document"), or nothing."""
        prompts = self._model.prompts or {}
        return next((prompt for name in names if (prompt := prompts.get(name))), "")

    def tokenizer_json(self) -> str | None:
        """The tokenizer as the `tokenizers` library writes it, or `None` where it is of another kind."""
        backend = getattr(self._model.tokenizer, "backend_tokenizer", None)
        return None if backend is None else str(backend.to_str())

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, whatever the model's window."""
        if not texts:
            return []
        encoded = self._model.tokenizer(list(texts), truncation=False, padding=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def traceable(self) -> tuple[Any, dict[str, Any]]:
        """The whole model as one torch module from token ids to normalised rows, with example inputs."""
        import torch

        class Whole(torch.nn.Module):
            def __init__(self, model: Any) -> None:
                super().__init__()
                self.model = model

            def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
                inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
                if token_type_ids is not None:
                    inputs["token_type_ids"] = token_type_ids
                rows = self.model(inputs)["sentence_embedding"]
                return torch.nn.functional.normalize(rows, dim=1)

        features = self._model.preprocess(list(_EXAMPLES))
        return Whole(self._model).eval(), {k: v for k, v in features.items() if isinstance(v, torch.Tensor)}

    def texts_to_rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode by sentence-transformers itself: the slow, obvious way. Shape (texts, dimension)."""
        rows = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, prompt="")
        return np.asarray(rows, dtype=np.float32)
