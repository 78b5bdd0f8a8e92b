"""Why a paper was found: passages, words and shares that a reader can check."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import sqrt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.ingest import ingest
from indexer.lexicon import LexicalIndex
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from search.explain import (
    PER_HIT,
    Match,
    Passage,
    SentenceRows,
    explain,
    matches,
    passages,
    question_terms,
    shares,
    snippet,
)
from search.query import Mode, Query
from search.sentences import split
from tests.toys import ToyEncoder


@pytest.fixture
def lexicon(collection: Collection) -> LexicalIndex:
    return collection.snapshot().lexical


def stem(word: str) -> list[str]:
    """A toy analysis: lower case, without a plural s."""
    return [word.lower().removesuffix("s")]


def test_the_nearest_sentence(encoder: ToyEncoder, lexicon: LexicalIndex) -> None:
    """ "emotion" is (0, 1, 0, …): the sentence with a face has the cosine 1/√2, the one with two words of it 2/√5."""
    paper = Paper("p", "graph", abstract="We like graphs. A face shows emotion. Emotion, emotion in speech.")
    (passage,) = passages(SentenceRows(encoder), encoder.encode_query("emotion"), [paper], {"emot": 1.0}, lexicon.terms)
    assert passage is not None
    assert (passage.field, passage.start, passage.end) == ("abstract", 38, 65)
    assert passage.text == paper.abstract[38:65] == "Emotion, emotion in speech."
    assert passage.score == pytest.approx(2 / sqrt(5))


def test_without_abstract_the_title_counts(encoder: ToyEncoder, lexicon: LexicalIndex) -> None:
    """The title is the passage of a paper without an abstract; a text without any word has none."""
    papers = [Paper("a", "Speech. And emotion"), Paper("b", "—", abstract="…"), Paper("c", "Graphs", abstract="* * *")]
    first, second, third = passages(SentenceRows(encoder), encoder.encode_query("speech"), papers, {}, lexicon.terms)
    assert first == Passage("title", 0, 19, "Speech. And emotion", first.score if first else 0)
    assert first.score == pytest.approx(1 / sqrt(2))
    assert second is None
    assert third is not None
    assert third.text == "Graphs"
    assert passages(SentenceRows(encoder), encoder.encode_query("speech"), [], {}, lexicon.terms) == []


WORDS = st.sampled_from(["Speech", "Emotion", "Face", "Graph", "The"])
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(lambda words: f"{' '.join(words)}."), max_size=PER_HIT)


@given(st.lists(SENTENCES, max_size=6), WORDS)
def test_few_sentences_are_all_compared(abstracts: list[list[str]], question: str) -> None:
    """Against the obvious way: of up to three sentences the passage is the nearest of all, the first of equals."""
    encoder, papers = ToyEncoder(), [Paper("p", "Other", abstract=" ".join(each)) for each in abstracts]
    row = encoder.encode_query(question)
    found = passages(SentenceRows(encoder), row, papers, {question.lower(): 1.0}, str.split)
    for paper, passage in zip(papers, found, strict=True):
        texts = [paper.abstract[start:end] for start, end in split(paper.abstract)] or [paper.title]
        scores = [float((encoder.encode([text])[0] * row).sum()) for text in texts]
        assert passage is not None
        assert (passage.text, passage.score) == (texts[int(np.argmax(scores))], max(scores))


def test_of_many_sentences_the_likely_ones_are_compared(empty: Collection, encoder: ToyEncoder) -> None:
    """A page of 15 hits with 20 sentences each encodes three a hit, and finds the one that has the question's word."""
    filler = [f"Number {number} says this." for number in range(19)]
    papers = [Paper(f"p{at}", "None", abstract=" ".join([*filler[:at], "A face.", *filler[at:]])) for at in range(15)]
    ingest(empty, encoder, papers, Report())
    encoder.encoded.clear()
    lexicon = empty.snapshot().lexical
    found = passages(SentenceRows(encoder), encoder.encode_query("face"), papers, {"face": 1.0}, lexicon.terms)
    assert [passage and passage.text for passage in found] == ["A face."] * 15
    assert len(encoder.encoded) <= len(papers) * PER_HIT


def test_every_hit_has_a_passage(encoder: ToyEncoder, lexicon: LexicalIndex) -> None:
    """Also where no sentence shares a word with anything."""
    papers = [Paper(f"p{at}", "None", abstract="Zzz yyy. " * 20) for at in range(3)]
    papers += [Paper("q", "None", abstract="Qqqq. " * 20)]
    found = passages(SentenceRows(encoder), encoder.encode_query("face"), papers, {}, lexicon.terms)
    assert [passage and passage.start for passage in found] == [0, 0, 0, 0]


def test_rows_are_remembered_within_bounds() -> None:
    """Rows that are kept are not computed again; memory holds the latest, here two of 5 × 4 bytes."""
    encoder = ToyEncoder()
    rows = SentenceRows(encoder, memory=40)
    assert rows.rows([]).shape == (0, 5)
    assert rows.rows(["speech", "face", "speech"]).tolist() == encoder.encode(["speech", "face", "speech"]).tolist()
    encoder.encoded.clear()
    rows.rows(["speech"])
    rows.rows(["graph"])  # "face" was used longest ago
    rows.rows(["graph", "speech"])
    assert encoder.encoded == ["graph"]
    rows.rows(["face"])
    assert encoder.encoded == ["graph", "face"]
    assert (
        SentenceRows(encoder, memory=0).rows(["face", "graph"]).tolist() == encoder.encode(["face", "graph"]).tolist()
    )


def test_rows_are_right_from_several_threads() -> None:
    """Threads that share a small memory each get the rows of their own texts."""
    encoder = ToyEncoder()
    rows = SentenceRows(encoder, memory=60)
    texts = [["speech", "face"], ["emotion", "graph", "speech"], ["face face graph"]] * 100
    with ThreadPoolExecutor(4) as pool:
        for asked, found in zip(texts, pool.map(rows.rows, texts), strict=True):
            assert found.tolist() == encoder.encode(asked).tolist()


def test_the_real_model(real_collection: Collection, real_encoder: CompiledEncoder) -> None:
    """A score is that of the sentence by itself, to the bit; comparing all sentences finds little that is nearer."""
    engine, snapshot = Engine(real_collection, real_encoder), real_collection.snapshot()
    papers = [hit.paper for hit in engine.search(Query("emotional text-to-speech", mode=Mode.DENSE)).hits]
    row = real_encoder.encode_query("emotional text-to-speech")
    terms = dict.fromkeys(snapshot.lexical.terms("emotional text-to-speech"), 1.0)
    rows = SentenceRows(real_encoder)
    found = passages(rows, row, papers, terms, snapshot.lexical.terms)
    assert found == passages(rows, row, papers, terms, snapshot.lexical.terms)
    lost = []
    for paper, passage in zip(papers, found, strict=True):
        assert passage is not None
        assert passage.text == paper.abstract[passage.start : passage.end]
        assert passage.score == float((real_encoder.encode([passage.text])[0] * row).sum())
        texts = [paper.abstract[start:end] for start, end in split(paper.abstract)]
        lost.append(float((real_encoder.encode_apart(texts) @ row).max()) - passage.score)
    assert np.mean(lost) < 0.05


def test_question_terms() -> None:
    """The question's own words by their stems, without those that tell nothing."""
    assert question_terms("The speech of a Face, vitamin C: faces", stem) == {
        "speech": "speech",
        "face": "Face",
        "vitamin": "vitamin",
    }
    assert question_terms("x", stem, ["state of the Arts"]) == {"state": "state", "art": "Arts"}
    assert question_terms("", stem) == {}


def test_matches() -> None:
    """Words with a stem of the question, where they stand, and the question's own word for each."""
    terms = {"face": "Face", "art": "arts"}
    assert matches(terms, "Faces: an ART, state-of-the-art", stem) == [
        Match(0, 5, "Face"),
        Match(10, 13, "arts"),
        Match(28, 31, "arts"),
    ]
    assert matches({}, "Faces", stem) == []
    assert matches(terms, "", stem) == []


def test_phrases_are_marked_whole() -> None:
    """ "of" and "the" are marked only where the whole phrase stands, also twice and at the end."""
    found = matches({"art": "art"}, "Art of the state, the state of the art", stem, ["state of the art", "—"])
    assert [(match.start, match.term) for match in found] == [
        (0, "art"),
        (22, "state"),
        (28, "of"),
        (31, "the"),
        (35, "art"),
    ]


TEXT = st.lists(
    st.sampled_from(
        ["face", "Faces", "FACED", "emotion", "émotions", "the", "C", "x" * 61, "_", "-", " ", "2", "ß", "…"]
    )
).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the index never changes
@given(question=TEXT, text=st.one_of(TEXT, st.text(alphabet="aBé7 -_'")))
def test_matches_are_the_words_of_the_index(lexicon: LexicalIndex, question: str, text: str) -> None:
    """Against a scan of the text: every marked word has a stem of the question, and every word that has one is marked.

    The stems are the lexical index's own, so what is marked is what its ranking saw.
    """
    analyze = lexicon.terms
    terms = question_terms(question, analyze)
    assert set(terms) <= set(analyze(question))
    scanned, start = [], 0
    for at in range(len(text) + 1):
        if at == len(text) or not text[at].isalnum():
            scanned += [(start, at, term) for found in analyze(text[start:at]) if (term := terms.get(found))]
            start = at + 1
    found = matches(terms, text, analyze)
    assert [(match.start, match.end, match.term) for match in found] == scanned
    assert {each for match in found for each in analyze(text[match.start : match.end])} == set(terms) & set(
        analyze(text)
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"meaning": 0.6, "words": 0.2}, {"meaning": 0.75, "words": 0.25}),
        ({"meaning": 0.5, "words": 0.0, "disliked": -0.3}, {"meaning": 1.0, "words": 0.0, "disliked": 0.0}),
        ({"meaning": -0.1, "words": 0.0}, {"meaning": 0.0, "words": 0.0}),
        ({"meaning": 1e308, "words": 1e308}, {"meaning": 0.5, "words": 0.5}),
        ({}, {}),
    ],
)
def test_shares(parts: dict[str, float], expected: dict[str, float]) -> None:
    """Parts above 0 share the score; what took from it made none of it."""
    assert shares(parts) == pytest.approx(expected)


@given(st.dictionaries(st.text(max_size=3), st.floats(-1e300, 1e300)))
def test_shares_make_one(parts: dict[str, float]) -> None:
    """Shares lie in 0 … 1 and make 1 together, or are all 0 where nothing is above 0."""
    found = shares(parts)
    assert found.keys() == parts.keys()
    assert all(0 <= share <= 1 for share in found.values())
    assert sum(found.values()) == pytest.approx(1 if any(part > 0 for part in parts.values()) else 0)


def test_explanation() -> None:
    """The words of the question that were found, in its own order and spelling."""
    paper = Paper("p", "The faces", abstract="A state of the art.")
    terms = question_terms("emotions, arts and a Face", stem)
    told = explain(paper, None, terms, {"meaning": 1, "words": 3}, stem, ["the face"])
    assert told.title_matches == (Match(0, 3, "the"), Match(4, 9, "Face"))
    assert told.abstract_matches == (Match(15, 18, "arts"),)
    assert told.words == ("arts", "Face", "the")
    assert told.shares == {"meaning": 0.25, "words": 0.75}


def test_snippet() -> None:
    """A text is cut where words and passage begin and end."""
    text = "Faces. We face art now."
    pieces = snippet(text, [Match(0, 5, "face"), Match(10, 14, "face")], Passage("abstract", 7, 23, text[7:], 0.5))
    assert [(piece.text, piece.marked, piece.passage) for piece in pieces] == [
        ("Faces", True, False),
        (". ", False, False),
        ("We ", False, True),
        ("face", True, True),
        (" art now.", False, True),
    ]
    assert snippet("", [], None) == []


@given(TEXT, st.integers(0, 20), st.integers(0, 20))
def test_pieces_join_to_the_text(text: str, one: int, other: int) -> None:
    """Pieces are not empty, join to the text, and hold exactly the marked and the passage's characters."""
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    found = matches({"face": "face", "c": "C"}, text, stem)
    pieces = snippet(text, found, Passage("title", start, end, text[start:end], 0.0))
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    flags = [(piece.marked, piece.passage) for piece in pieces for _ in piece.text]
    assert flags == [
        (any(match.start <= at < match.end for match in found), start <= at < end) for at in range(len(text))
    ]
