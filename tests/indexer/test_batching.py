"""Encoding the questions of many askers together, against encoding one by one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.batching import LARGEST, BatchingEncoder, Groupable
from indexer.encoder import CompiledEncoder
from tests.toys import AXES, ToyEncoder

Rows = NDArray[np.float32]
PATIENCE = 30.0


class GroupingEncoder(ToyEncoder):
    """The toy encoder, of which questions of equally many words can share a call. `calls` has every call's texts.

    While `gate` is closed calls wait, so that a test decides who waits for whom. A text with "refused" is an error.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)

    def query_size(self, text: str) -> int:
        return len(text.split())

    def encode_alike(self, texts: Sequence[str]) -> Rows:
        assert len({self.query_size(text) for text in texts}) == 1
        self._call(texts)
        return np.array([self._row(text) for text in texts], dtype=np.float32)

    def encode_query(self, text: str) -> Rows:
        self._call([text])
        return self._row(text)

    def _call(self, texts: Sequence[str]) -> None:
        self.calls.append(list(texts))
        self.entered.release()
        assert self.gate.wait(PATIENCE)
        if any("refused" in text for text in texts):
            raise ValueError(f"refused: {texts}")


class UnlikeEncoder(GroupingEncoder):
    """One whose rows do depend on each other, as some processors may round them."""

    def encode_alike(self, texts: Sequence[str]) -> Rows:
        return super().encode_alike(texts) * np.float32(1 + len(texts) / 1e6)


def waiting_behind(encoder: GroupingEncoder, batching: BatchingEncoder, texts: Sequence[str]) -> list[list[str]]:
    """The calls that are made for texts that all came while one call, of "first", was under way."""
    encoder.calls.clear()
    encoder.gate.clear()
    while encoder.entered.acquire(blocking=False):
        pass
    with ThreadPoolExecutor(len(texts) + 1) as pool:
        first = pool.submit(batching.encode_query, "first")
        assert encoder.entered.acquire(timeout=PATIENCE)
        others = []
        for count, text in enumerate(texts, 1):
            others.append(pool.submit(batching.encode_query, text))
            while len(batching._waiting) < count:
                assert not others[-1].done()
        encoder.gate.set()
        for text, other in zip(texts, others, strict=True):
            if "refused" in text:
                with pytest.raises(ValueError, match="refused"):
                    other.result(PATIENCE)
            else:
                np.testing.assert_array_equal(other.result(PATIENCE), encoder._row(text))
        first.result(PATIENCE)
    return encoder.calls[1:]


@pytest.fixture
def toy() -> GroupingEncoder:
    return GroupingEncoder()


def test_what_waits_is_encoded_together(toy: GroupingEncoder) -> None:
    """Questions of one size that wait share a call; the one that has waited longest decides which comes first."""
    assert isinstance(toy, Groupable)
    calls = waiting_behind(toy, BatchingEncoder(toy, streams=1), ["a graph", "face", "a face", "graph", "one speech"])
    assert calls == [["a graph", "a face", "one speech"], ["face", "graph"]]


def test_who_asks_alone_is_answered_at_once(toy: GroupingEncoder) -> None:
    """Nobody waits for others to come."""
    batching = BatchingEncoder(toy)
    toy.calls.clear()
    np.testing.assert_array_equal(batching.encode_query("speech"), toy._row("speech"))
    assert toy.calls == [["speech"]]


def test_a_call_has_a_limit(toy: GroupingEncoder) -> None:
    """No more than `LARGEST` share a call."""
    texts = [f"face{number}" for number in range(2 * LARGEST + 1)]
    calls = waiting_behind(toy, BatchingEncoder(toy, streams=1), texts)
    assert calls == [texts[:LARGEST], texts[LARGEST : 2 * LARGEST], texts[2 * LARGEST :]]


def test_the_same_question_is_encoded_once(toy: GroupingEncoder) -> None:
    """Also where it is asked by several at the same time, and where questions cannot share a call."""
    assert waiting_behind(toy, BatchingEncoder(toy, streams=1), ["face", "face", "face"]) == [["face"]]
    unlike = UnlikeEncoder()
    assert waiting_behind(unlike, BatchingEncoder(unlike, streams=1), ["face", "graph", "face"]) == [
        ["face"],
        ["graph"],
    ]


def test_rows_that_would_change_are_not_encoded_together() -> None:
    """An encoder whose rows depend on each other is found out, and gives each question a call of its own."""
    unlike = UnlikeEncoder()
    calls = waiting_behind(unlike, BatchingEncoder(unlike, streams=1), ["face", "graph", "speech"])
    assert calls == [["face"], ["graph"], ["speech"]]


def test_an_error_reaches_its_asker_alone(toy: GroupingEncoder) -> None:
    """Those who share a call with a question that fails are answered; what failed is tried again when asked again."""
    batching = BatchingEncoder(toy, streams=1)
    calls = waiting_behind(toy, batching, ["face", "refused", "graph"])
    assert calls == [["face", "refused", "graph"], ["face"], ["refused"], ["graph"]]
    with pytest.raises(ValueError, match="refused"):
        batching.encode_query("refused")
    np.testing.assert_array_equal(batching.encode_query("emotion"), toy._row("emotion"))


def test_recent_questions_are_kept(toy: GroupingEncoder) -> None:
    """The last asked are not encoded again; of more than the limit the one is forgotten that was not asked longest."""
    batching = BatchingEncoder(toy, recent=2)
    toy.calls.clear()
    for text in ("face", "graph", "face", "speech", "face", "graph"):
        batching.encode_query(text)
    assert toy.calls == [["face"], ["graph"], ["speech"], ["graph"]]


def test_a_kept_row_cannot_be_changed(toy: GroupingEncoder) -> None:
    """Nobody can spoil the answers of others."""
    row = BatchingEncoder(toy).encode_query("face")
    with pytest.raises(ValueError, match="read-only"):
        row[0] = 1


def test_it_is_the_encoder_in_all_else(toy: GroupingEncoder) -> None:
    """Papers are encoded as without it."""
    batching = BatchingEncoder(toy)
    assert batching.identity == toy.identity
    assert batching.long_texts == 0
    np.testing.assert_array_equal(batching.encode(["face"], ["f"]), toy.encode(["face"]))
    np.testing.assert_array_equal(batching.encode_apart(["face"]), toy.encode(["face"]))
    np.testing.assert_array_equal(batching.encode_queries(["face", "graph"]), toy.encode_queries(["face", "graph"]))


_TEXTS = st.lists(st.lists(st.sampled_from((*AXES, "refused")), min_size=1, max_size=3).map(" ".join), max_size=40)


@given(texts=_TEXTS, streams=st.integers(1, 3), askers=st.integers(1, 8), recent=st.integers(0, 4))
def test_any_number_of_askers(texts: list[str], streams: int, askers: int, recent: int) -> None:
    """Whoever asks what at the same time, each gets its own row or error, and no thread is left."""
    toy = GroupingEncoder()
    batching = BatchingEncoder(toy, streams, recent)
    threads = threading.active_count()

    def ask(text: str) -> bool:
        try:
            return bool(np.array_equal(batching.encode_query(text), toy._row(text)))
        except ValueError:
            return "refused" in text

    with ThreadPoolExecutor(askers) as pool:
        assert all(pool.map(ask, texts, timeout=PATIENCE))
    assert threading.active_count() == threads
    assert batching._free == streams
    assert not batching._waiting
    assert len(batching._kept) <= recent


def test_the_model_gives_the_same_rows_together(real_encoder: CompiledEncoder) -> None:
    """The bundled model's rows of questions are the same bytes alone, in turn, and beside any others."""
    words = [
        "emotional",
        "speech",
        "of",
        "a",
        "talking",
        "head,",
        "graphs",
        "of",
        "papers",
        "and",
        "how",
        "they",
        "are",
        "found",
    ]
    texts = [" ".join((words * 3)[start : start + count]) for count in range(1, 31, 3) for start in range(6)]
    alone = [real_encoder.encode_query(text).tobytes() for text in texts]
    assert [row.tobytes() for row in real_encoder.encode_queries(texts)] == alone
    batching = BatchingEncoder(real_encoder)
    with ThreadPoolExecutor(16) as pool:
        assert [row.tobytes() for row in pool.map(batching.encode_query, texts)] == alone
