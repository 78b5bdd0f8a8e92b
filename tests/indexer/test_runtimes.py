"""One seam, several runtimes: each agrees with the others, the fastest correct one is chosen, and it is recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.collection import Collection
from indexer.compiled import CompiledEncoder
from indexer.embedding import MIN_COSINE, Description, ModelIdentity, Trial, merged, trials_from
from indexer.encoder import Encoder, open_encoder
from indexer.errors import EncoderError
from indexer.ingest import ingest
from indexer.model import COMPILED, Runtime, find_model
from indexer.plain import FEW, DeviceEncoder
from indexer.report import Report
from indexer.runtime import has_bfloat16
from indexer.sentence_model import has_cuda
from indexer.sources.registry import read
from search.engine import Engine
from search.query import Page, Query
from tests.conftest import ROOT

QUESTIONS = ("emotional TTS", "zero-shot voice conversion", "speech emotion recognition", "large language model")
HERE = [Runtime.INT8, Runtime.BF16 if has_bfloat16() else Runtime.F32, Runtime.TORCH]
if has_cuda():
    HERE.append(Runtime.CUDA)


@pytest.fixture(scope="module", params=HERE, ids=str)
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The bundled model in a runtime that a person asked for."""
    return open_encoder(None, tmp_path_factory.mktemp("cache"), runtime=request.param)


def description(folder: Path) -> Description:
    found = Description.load(folder)
    assert found is not None
    return found


def abstracts() -> list[str]:
    return [json.loads(line)["abstract"] for line in (ROOT / "data" / "papers.jsonl").read_text().splitlines()]


def prepared(cache: Path) -> Path:
    return next((cache / "encoders").glob("all-MiniLM*"))


def test_the_fastest_correct_one_is_chosen(real_encoder: CompiledEncoder, model_cache: Path) -> None:
    """Every runtime of this machine stands in `encoder.json` with its speed and its cosine. Of the compiled ones that
    agree to a cosine of 0.999, the fastest encodes."""
    made = description(prepared(model_cache))
    trials = {trial.runtime: trial for trial in made.trials}
    assert set(trials) == {str(runtime) for runtime in HERE}
    correct = [trial for trial in made.trials if trial.runtime in COMPILED and not trial.problem]
    assert all(trial.cosine >= MIN_COSINE for trial in correct)
    assert made.questions == max(correct, key=lambda trial: trial.texts_per_second).runtime
    assert real_encoder.trial == trials[made.runtime]
    assert trials[Runtime.TORCH].cosine == 1


def test_a_collection_of_one_runtime_answers_with_another(
    real_collection: Collection, real_encoder: CompiledEncoder, other: Encoder, tmp_path: Path
) -> None:
    """The shipped papers, encoded by two runtimes: rows agree to a mean cosine of 0.999, and a question asked by
    either encoder, also of the other's collection, has the same best hit, and four of five hits."""
    theirs = Collection.create(tmp_path / "collection", other.identity)
    ingest(theirs, other, read(ROOT / "data" / "papers.jsonl", Report()), Report())
    ours = real_collection.snapshot()
    sides = [each.store.embeddings(384)[1].astype(np.float32) for each in (ours, theirs.snapshot())]
    cosines = np.sum(sides[0] * sides[1], axis=1) / np.prod([np.linalg.norm(side, axis=1) for side in sides], axis=0)
    assert cosines.mean() >= MIN_COSINE
    for question in QUESTIONS:
        first, crossed = (
            [hit.paper.id for hit in Engine(papers, encoder).search(Query(question, Page(5))).hits]
            for papers, encoder in ((real_collection, real_encoder), (theirs, other))
        )
        swapped = [hit.paper.id for hit in Engine(real_collection, other).search(Query(question, Page(5))).hits]
        assert first[0] == crossed[0] == swapped[0]
        assert min(len({*first} & {*crossed}), len({*first} & {*swapped})) >= 4  # papers nearly as good change places


def test_rows_of_one_window_agree(real_encoder: CompiledEncoder, other: Encoder) -> None:
    """Texts that fit into the model's window have a mean cosine of 0.999 between any two runtimes."""
    texts = [" ".join(text.split()[:100]) for text in abstracts()]
    assert np.sum(real_encoder.encode(texts) * other.encode(texts), axis=1).mean() >= MIN_COSINE
    assert np.sum(real_encoder.encode_queries(QUESTIONS) * other.encode_queries(QUESTIONS), axis=1).mean() >= MIN_COSINE


def test_what_encoded_is_kept_with_the_papers(real_collection: Collection, real_encoder: CompiledEncoder) -> None:
    """A collection says which runtime, of which version, made its rows, how fast and how exact it was in its trial."""
    assert real_collection.snapshot().store.encoded_by() == (real_encoder.trial,)
    assert real_encoder.trial.texts_per_second > 0


def test_a_runtime_stands_in_the_record_once() -> None:
    """Encoding again replaces the entry of the same runtime and version and puts it last; junk counts as nothing."""
    int8, newer, torch = Trial("openvino-int8", "1", 80.0, 0.9992), Trial("openvino-int8", "2"), Trial("torch-cpu", "1")
    stored = None
    for trial in (int8, torch, newer, replace(int8, cosine=0.9993)):
        stored = merged(stored, trial)
    assert trials_from(stored) == (torch, newer, replace(int8, cosine=0.9993))
    assert trials_from("[{}]") == trials_from("junk") == trials_from(None) == trials_from('{"a": 1}') == ()


@pytest.mark.skipif(has_cuda(), reason="this machine has a graphics processor")
def test_a_runtime_that_is_not_to_be_had(tmp_path: Path) -> None:
    """Asking for a runtime that this machine lacks is an error that says what to set."""
    with pytest.raises(EncoderError, match=r"torch-cuda: torch finds no graphics processor.*PAPERKIN_RUNTIME"):
        open_encoder(None, tmp_path, runtime=Runtime.CUDA)
    assert list((tmp_path / "encoders").iterdir()) == []


def test_many_papers_go_to_the_device(real_encoder: CompiledEncoder, model_cache: Path) -> None:
    """Beside a graphics processor, few papers and questions are encoded by the graph, to the bit as without one; many
    papers by sentence-transformers, which torch may run on any device: here the processor."""
    folder = prepared(model_cache)
    encoder = DeviceEncoder(folder, description(folder), find_model(None), device="cpu")
    texts = [" ".join(text.split()[start : start + 60]) for text in abstracts() for start in (0, 40)][:FEW]
    np.testing.assert_array_equal(encoder.encode(texts[:-1]), real_encoder.encode(texts[:-1]))
    np.testing.assert_array_equal(encoder.encode_query("speech"), real_encoder.encode_query("speech"))
    assert np.sum(encoder.encode(texts) * real_encoder.encode(texts), axis=1).mean() >= MIN_COSINE


def test_half_the_precision_is_enough() -> None:
    """What a graphics processor computes in, float16, agrees with float32 to a cosine of 0.9999."""
    from indexer.sentence_model import SentenceModel

    folder = find_model(None).folder
    assert folder is not None
    texts = ["emotional text-to-speech", "a long text about controllable emotional speech synthesis " * 12]
    whole, half = SentenceModel(folder).texts_to_rows(texts), SentenceModel(folder, half=True).texts_to_rows(texts)
    assert half.dtype == np.float32
    assert np.sum(whole * half, axis=1).min() >= 0.9999


def test_another_format_is_no_description(tmp_path: Path) -> None:
    """A description is read as it was written; one that names an unknown runtime counts as none."""
    made = Description(
        ModelIdentity("m", "0", 4, 8), Runtime.INT8, Runtime.INT8, "", "", (Trial("openvino-int8", "1"),)
    )
    made.save(tmp_path)
    assert Description.load(tmp_path) == made
    path = tmp_path / "encoder.json"
    path.write_text(path.read_text().replace('"runtime": "openvino-int8",\n  "q', '"runtime": "abacus",\n  "q'))
    assert Description.load(tmp_path) is None
