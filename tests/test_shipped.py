"""The product's own example: the real model on the real papers, from the question to the answer."""

from __future__ import annotations

import pytest

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.filters import Filters
from search.engine import Engine
from search.query import Mode, Page, Query


@pytest.fixture(scope="module")
def engine(real_collection: Collection, real_encoder: CompiledEncoder) -> Engine:
    return Engine(real_collection, real_encoder)


def names(engine: Engine, question: str, k: int, mode: Mode = Mode.HYBRID) -> list[str]:
    """The names of the papers found: the part of the title before the colon."""
    return [hit.paper.title.partition(":")[0] for hit in engine.search(Query(question, Page(k), mode)).hits]


def test_emotional_tts(engine: Engine) -> None:
    """The two papers on emotional text-to-speech come first; those on emotional voices are among the first eight."""
    found = names(engine, "emotional TTS", 8)
    assert set(found[:2]) == {"IndexTTS2", "MM-TTS"}
    assert {"EmoReg", "UniSS", "NaturalVoices"} <= set(found)


def test_the_acronym_is_what_does_it(engine: Engine) -> None:
    """The collection itself says what TTS means, in IndexTTS2's abstract."""
    (expansion,) = engine.search(Query("emotional TTS")).expansions
    assert (expansion.short, expansion.long) == ("TTS", "text-to-speech")


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("make a portrait photo talk from audio", {"X-Actor", "DiTalker", "PC-Talk", "HunyuanVideo-Avatar"}),
        ("dataset of images labelled with the feelings they evoke", {"EmoSet"}),
        ("drawing in the style of a picture", {"StyleCLIPDraw"}),
        (
            "recognise emotions in a conversation",
            {"Do LLMs Feel? Teaching Emotion Recognition with Prompts, Retrieval, and Curriculum Learning"},
        ),
        ("podcast recordings for voice conversion", {"NaturalVoices"}),
        (
            "uncertain or mixed feelings about changing a habit",
            {"BAH Dataset for Ambivalence/Hesitancy Recognition in Videos for Behavioural Change"},
        ),
    ],
)
def test_other_words_find_it_too(engine: Engine, question: str, wanted: set[str]) -> None:
    """A question in a person's own words has a right paper among its first three."""
    assert wanted & set(names(engine, question, 3))


def test_a_pasted_abstract_finds_its_paper(engine: Engine) -> None:
    """Every paper is the first answer to its own abstract."""
    papers, _, _ = engine.browse(Filters(), 100, 0)
    assert len(papers) == 37
    for paper in papers:
        assert engine.search(Query(paper.abstract, Page(1))).hits[0].paper.id == paper.id


def test_the_same_question_has_the_same_answer(engine: Engine) -> None:
    """Byte for byte, under the same index version."""
    first = engine.search(Query("emotional TTS", Page(37)))
    assert all(engine.search(Query("emotional TTS", Page(37))) == first for _ in range(3))


def test_related_papers(engine: Engine) -> None:
    """The kin of a talking-face paper are talking-face papers."""
    (hit,) = engine.search(Query("PC-Talk", Page(1))).hits
    assert hit.paper.title.startswith("PC-Talk")
    kin = [h.paper.title.partition(":")[0] for h in engine.search(Query(page=Page(4), liked=(hit.paper.id,))).hits]
    assert {"DiTalker", "X-Actor", "HunyuanVideo-Avatar"} & set(kin)
    assert hit.paper.title.partition(":")[0] not in kin
