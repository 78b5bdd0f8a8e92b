"""sentence-transformers and torch: loads the full model. The only import of either; it takes seconds.

The model is loaded once, to be compiled into a graph (see `runtime`), or to encode by itself: on a graphics
processor, or where its architecture cannot be compiled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def torch_version() -> str:
    """For the record."""
    import torch

    return f"torch {torch.__version__}"


def has_cuda() -> bool:
    """Whether torch has a graphics processor to compute on."""
    import torch

    return bool(torch.cuda.is_available())


class SentenceModel:
    """A sentence-transformers model. `texts_to_rows` gives L2-normalised float32 rows.

    It computes on any device that torch knows, in float32 or in `half` the precision. That is float16: as quick as
    bfloat16 on a graphics processor, and eight times as exact. A model whose numbers leave its range fails its trial.
    """

    def __init__(self, folder: Path, device: str = "cpu", *, half: bool = False) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
        import torch
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        kind = torch.float16 if half else torch.float32
        try:
            self._model = _load(folder, device, kind)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
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

    def run(self, inputs: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        """Rows of shape (texts, dimension) for inputs of shape (texts, tokens)."""
        import torch

        with torch.inference_mode():
            features = {name: torch.from_numpy(values).to(self._model.device) for name, values in inputs.items()}
            return _normalised(self._model(features)["sentence_embedding"])

    def run_all(self, batches: Iterable[Mapping[str, NDArray[np.int64]]]) -> Iterator[NDArray[np.float32]]:
        """The rows of many batches, in their order."""
        return map(self.run, batches)

    def traceable(self) -> tuple[Any, dict[str, Any]]:
        """The whole model as one torch module from token ids to normalised rows, with example inputs."""
        import torch

        class Whole(torch.nn.Module):
            def __init__(self, model: Any) -> None:
                super().__init__()
                self.model = model

            def forward(self, input_ids: Any, attention_mask: Any) -> Any:
                # One text a row: the model itself fills in that all tokens are of the first.
                rows = self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]
                return torch.nn.functional.normalize(rows, dim=1)

        features = self._model.preprocess(list(_EXAMPLES))
        return Whole(self._model).eval(), {name: features[name] for name in ("input_ids", "attention_mask")}

    def texts_to_rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode by sentence-transformers itself: the slow, obvious way. Shape (texts, dimension)."""
        rows = self._model.encode(
            list(texts),
            show_progress_bar=False,
            prompt="",
            convert_to_tensor=True,
        )
        return _normalised(rows)


def _normalised(rows: Any) -> NDArray[np.float32]:
    """Rows of length 1, of a tensor of any precision on any device."""
    import torch

    return np.asarray(torch.nn.functional.normalize(rows.float(), dim=1).cpu().numpy(), dtype=np.float32)


def _load(folder: Path, device: str, kind: Any) -> Any:
    from sentence_transformers import SentenceTransformer

    def load(attention: str) -> Any:
        return SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            model_kwargs={"attn_implementation": attention, "dtype": kind},
        )

    try:
        return load("sdpa")  # one operation to a compiler, where eager attention is many
    except (ValueError, ImportError):
        return load("eager")  # all that some architectures have
