"""Fixtures: collections of toy papers for the logic, the real model and the real papers for the whole path."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder, open_encoder
from indexer.ingest import ingest
from indexer.report import Report
from search.engine import Engine
from tests.toys import PAPERS, ToyEncoder

# A test that is slow on a busy machine is not wrong.
# The suite is to be run often; HYPOTHESIS_PROFILE=thorough looks further, and .ci/run asks for it.
hypothesis.settings.register_profile("paperkin", deadline=None, max_examples=40)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=100)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "paperkin"))

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture
def encoder() -> ToyEncoder:
    return ToyEncoder()


@pytest.fixture
def empty(tmp_path: Path, encoder: ToyEncoder) -> Collection:
    """An empty collection in the toy space."""
    return Collection.create(tmp_path / "collection", encoder.identity)


@pytest.fixture
def collection(empty: Collection, encoder: ToyEncoder) -> Collection:
    """The toy papers, indexed."""
    ingest(empty, encoder, PAPERS, Report())
    encoder.encoded.clear()
    return empty


@pytest.fixture
def engine(collection: Collection, encoder: ToyEncoder) -> Engine:
    return Engine(collection, encoder)


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where this run keeps the compiled model: made anew, so that making it is tested too, once for all workers."""
    own = tmp_path_factory.getbasetemp()
    cache = (own if worker_id == "master" else own.parent) / "model-cache"
    cache.mkdir(exist_ok=True)
    return cache


@pytest.fixture(scope="session")
def real_encoder(model_cache: Path) -> CompiledEncoder:
    with FileLock(model_cache / "preparing.lock"):
        encoder = open_encoder(None, model_cache)
    assert isinstance(encoder, CompiledEncoder)
    return encoder


@pytest.fixture(scope="session")
def real_collection(real_encoder: CompiledEncoder, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """The shipped papers, indexed with the real model. Shared: tests must not change it."""
    from indexer.sources.registry import read

    collection = Collection.create(tmp_path_factory.mktemp("shipped") / "collection", real_encoder.identity)
    ingest(collection, real_encoder, read(ROOT / "data" / "papers.jsonl", Report()), Report())
    return collection


@pytest.fixture(scope="session")
def seed_page() -> Path:
    """The real page that the shipped papers were made of."""
    path = SHARED / "seed-page.txt"
    if not path.exists():
        pytest.skip("the recorded page is not beside this checkout")
    return path
