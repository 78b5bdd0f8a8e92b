"""Text → embeddings: L2-normalised float32 rows, by the fastest correct runtime for the model on this machine."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from indexer.compiled import TOKENIZER, CompiledEncoder, TokenEncoder
from indexer.embedding import Description, Encoder, ModelIdentity, Rows, Trial
from indexer.errors import EncoderError
from indexer.model import COMPILED, ModelSource, Runtime, find_model
from indexer.plain import DeviceEncoder, PlainEncoder, TorchEncoder, has_nvidia, load_model
from indexer.runtime import runtime_version

__all__ = ["CompiledEncoder", "Encoder", "ModelIdentity", "PlainEncoder", "Rows", "Runtime", "Trial", "open_encoder"]

_FORMAT: Final = 3
_log = logging.getLogger(__name__)


def open_encoder(
    model: str | None,
    cache: Path,
    announce: Callable[[str], None] = lambda _: None,
    runtime: Runtime | None = None,
) -> TokenEncoder | PlainEncoder:
    """The encoder of a model setting (see `find_model`), prepared on first use and kept in `cache`.

    `runtime` is the one to use; without it, the fastest that is correct, by a short trial. `announce` is told when the
    slow first preparation begins. Raises `EncoderError` where the model is missing, altered, or cannot be prepared, and
    where the runtime that is asked for cannot be had or is not correct.
    """
    source = find_model(model)
    devices = "nvidia" if has_nvidia() else ""
    stamp = f"{_FORMAT}\n{runtime_version()}\n{runtime or 'auto'}\n{devices}\n{source.stamp()}"
    folder = cache / "encoders" / f"{source.name.replace('/', '--')}-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    description = Description.load(folder)
    if description is not None:
        try:
            return _load(folder, description, source)
        except Exception as error:  # whatever a cleaner of caches has left: it can be made anew
            if description.questions not in COMPILED:
                raise  # nothing of it lay there
            _log.warning("The prepared model in %s cannot be used (%s).", folder, error)
    announce(f"Preparing the model {source.name} (once, some ten seconds)")
    return _load(folder, _prepare_into(folder, source, runtime), source)


def _load(folder: Path, description: Description, source: ModelSource) -> TokenEncoder | PlainEncoder:
    if description.runtime is Runtime.CUDA:
        return DeviceEncoder(folder, description, source)
    if description.runtime in COMPILED:
        return CompiledEncoder(folder, description)
    if (folder / TOKENIZER).exists():
        return TorchEncoder(folder, description, source)
    return PlainEncoder(description, load_model(source))


def _prepare_into(folder: Path, source: ModelSource, runtime: Runtime | None) -> Description:
    """Make the encoder beside its final place and rename it there: it is complete or absent."""
    from indexer.preparing import prepare

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".preparing-") as name:
            description = prepare(Path(name), source, runtime)
            making = Path(name) / description.questions
            shutil.rmtree(folder, ignore_errors=True)
            try:
                making.rename(folder)
            except OSError:
                # Another process prepared the same model meanwhile; its work is as good as ours.
                if Description.load(folder) is None:
                    raise
    except OSError as error:
        raise EncoderError(
            f"The prepared model cannot be kept in {folder.parent}: {error.strerror or error}.",
            "Free some space, or set PAPERKIN_CACHE to a directory that can be written.",
        ) from error
    return description
