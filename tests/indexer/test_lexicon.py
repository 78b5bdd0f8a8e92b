"""The lexical index: BM25 by hand, filters, ties, updates."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import lexicon
from indexer.collection import Collection
from indexer.errors import IndexDamaged
from indexer.filters import Condition, Filters
from indexer.generation import LEXICAL
from indexer.lexicon import SCHEMA, LexicalIndex
from indexer.manifest import Manifest, list_files
from indexer.matching import Matching
from indexer.selection import Selection

WEIGHTS = {"speech": 0.5, "face": 2.0, "graph": 1.0}
NO_KEYS = np.empty(0, dtype=np.int64)


def make(path: Path, *texts: str) -> LexicalIndex:
    """An index whose keys are 1, 2, …"""
    path.mkdir()
    lexicon.update(path, NO_KEYS, [(key, text, "") for key, text in enumerate(texts, 1)])
    return LexicalIndex(path)


def select(keys: Iterable[int]) -> Selection:
    return Selection(np.array(sorted(keys), dtype=np.int64))


def test_score_is_bm25(tmp_path: Path) -> None:
    """The score is BM25 with k1 = 1.2 and b = 0.75, worked out by hand.

    Three papers of two words each, the average length; one has the word. idf = ln(1 + (3 - 1 + 0.5)/(1 + 0.5));
    with the average length the rest is 1 * 2.2 / (1 + 1.2) = 1.
    """
    index = make(tmp_path / "i", "emotional speech", "talking faces", "large graphs")
    keys, scores = index.search(index.terms("emotional"), 5)
    assert keys.tolist() == [1]
    assert scores[0] == pytest.approx(math.log(1 + 2.5 / 1.5), abs=1e-5)


def test_words_are_stemmed_and_folded(tmp_path: Path) -> None:
    """Case, accents and endings do not matter; hyphens part words."""
    index = make(tmp_path / "i", "Naïve Synthesisers for Text-to-Speech")
    assert index.terms("SYNTHESISER text-to-speech naive") == ["synthesis", "text", "to", "speech", "naiv"]
    for question in ("synthesiser", "naive", "SPEECH"):
        assert index.search(index.terms(question), 1)[0].tolist() == [1]


def test_each_term_counts_once(tmp_path: Path) -> None:
    """Repeating a word in the question changes nothing."""
    index = make(tmp_path / "i", "speech", "face")
    once, twice = (index.search(index.terms(text), 5) for text in ("speech", "speech speech"))
    assert (once[0].tolist(), once[1].tolist()) == (twice[0].tolist(), twice[1].tolist())


def test_ties_with_the_last_come_too(tmp_path: Path) -> None:
    """Equal papers have equal scores and all come, by key, even beyond k: the caller orders them by id."""
    index = make(tmp_path / "i", "speech", "face", "speech", "speech", "face")
    keys, scores = index.search(["speech"], 2)
    assert keys.tolist() == [1, 3, 4]
    assert len(set(scores.tolist())) == 1


@settings(max_examples=25)
@given(
    words=st.lists(st.sampled_from(["speech", "face", "graph", "speech face"]), min_size=1, max_size=12), data=st.data()
)
def test_a_filter_is_exact(tmp_path_factory: pytest.TempPathFactory, words: list[str], data: st.DataObject) -> None:
    """A filtered search is the unfiltered ranking with the other papers taken out, scores untouched."""
    index = make(tmp_path_factory.mktemp("lex") / "i", *words)
    allowed = data.draw(st.sets(st.integers(1, len(words))))
    everything = zip(*(part.tolist() for part in index.search(["speech", "face"], 50)), strict=True)
    expected = [pair for pair in everything if pair[0] in allowed]
    found = zip(*(part.tolist() for part in index.search(["speech", "face"], 50, select(allowed))), strict=True)
    assert list(found) == expected


@settings(max_examples=25)
@given(
    texts=st.lists(st.lists(st.sampled_from(["speech", "face", "graph", "the"]), min_size=1, max_size=5), min_size=30),
    k=st.integers(1, 4),
    share=st.sampled_from([2, 3, 7]),
    weights=st.fixed_dictionaries({word: st.floats(0.125, 9) for word in ("speech", "face", "the")}),
)
def test_both_ways_to_obey_a_filter_agree(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], k: int, share: int, weights: dict[str, float]
) -> None:
    """Looking deeper until enough papers pass finds what a search among the allowed keys finds: the same papers, the
    same scores to the bit, the same ties. Papers of one text in another order make ties."""
    index = make(tmp_path_factory.mktemp("lex") / "i", *(" ".join(text) for text in texts))
    allowed = select(range(1, len(texts) + 1, share))
    deeper = index.search(weights, k, allowed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexicon, "HITS_FIRST", -(10**9))  # no list is short enough to be looked at
        among = index.search(weights, k, allowed)
    assert [part.tolist() for part in deeper] == [part.tolist() for part in among]


def test_a_filter_against_the_question_is_obeyed(tmp_path: Path) -> None:
    """Where the papers that pass are the worst of the list it is searched to its end, or the other way is taken."""
    index = make(tmp_path / "i", *["speech speech speech"] * 400, *["speech and more words than that"] * 5)
    allowed = select(range(401, 406))
    for first in (1, 100, 10_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lexicon, "HITS_FIRST", first)
            assert index.search(["speech"], 2, allowed)[0].tolist() == [401, 402, 403, 404, 405]


@given(st.lists(st.text("abcZ019-_'.,é \n\x1f~", max_size=9), max_size=9))
def test_stems_are_those_of_the_tokenizer(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    """Remembered stems are those that the index makes of the whole text, of words that are too long none."""
    index = make(tmp_path_factory.mktemp("lex") / "i")
    for text in (" ".join(parts), "".join(parts), " ".join([*parts, "x" * 59, "y" * 60, "Running"])):
        assert index.stems(text) == index.stems(f"{text} é")[:-1]  # beyond ASCII the tokenizer itself is asked


def test_words_are_forgotten_before_they_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More words than are remembered get their stems and their rarity all the same."""
    monkeypatch.setattr(lexicon, "WORDS_KEPT", 2)
    index = make(tmp_path / "i", "speech", "face")
    for _ in range(2):
        assert index.stems("speeches faces graphs networks") == ["speech", "face", "graph", "network"]
        assert [index.rarity(stem) for stem in ("speech", "face", "graph", "network")] == [
            pytest.approx(math.log(1 + 1.5 / 1.5)), pytest.approx(math.log(1 + 1.5 / 1.5)), 0, 0,
        ]  # fmt: skip


def test_a_weight_multiplies_the_score_of_its_term(tmp_path: Path) -> None:
    """A paper's score is the sum over its terms of weight times BM25; without weights each weighs 1, to the bit."""
    index = make(tmp_path / "i", "speech face", "speech", "face", "graph")
    one = {term: dict(zip(*(part.tolist() for part in index.search([term], 9)), strict=True)) for term in WEIGHTS}
    keys, scores = index.search(WEIGHTS, 9)
    expected = {key: sum(w * one[term].get(key, 0) for term, w in WEIGHTS.items()) for key in (1, 2, 3, 4)}
    assert dict(zip(keys.tolist(), scores.tolist(), strict=True)) == pytest.approx(expected)
    assert keys.tolist() == [3, 1, 4, 2]
    plain, weighted = index.search(list(WEIGHTS), 9), index.search(dict.fromkeys(WEIGHTS, 1.0), 9)
    assert [part.tolist() for part in plain] == [part.tolist() for part in weighted]


def test_weights_obey_a_filter(tmp_path: Path) -> None:
    """What is allowed decides who is found and changes no score."""
    index = make(tmp_path / "i", "speech face", "speech", "face", "graph")
    scores = dict(zip(*(part.tolist() for part in index.search(WEIGHTS, 9)), strict=True))
    keys, found = index.search(WEIGHTS, 9, select({2, 3}))
    assert list(zip(keys.tolist(), found.tolist(), strict=True)) == [(3, scores[3]), (2, scores[2])]


def test_doc_freq_counts_papers(tmp_path: Path) -> None:
    """A stem counts once a paper, however often it stands there; a stem that no paper has counts 0."""
    index = make(tmp_path / "i", "speech speech", "speeches", "face")
    assert [index.doc_freq(stem) for stem in (*index.terms("speech faces"), "graph")] == [2, 1, 0]


def containing(index: LexicalIndex, *conditions: str, papers: Sequence[int] = range(1, 7)) -> list[int]:
    """Keys of `papers` that pass conditions written as `field value`, excluded behind a minus."""
    parsed: list[Condition] = []
    for text in conditions:
        field, value = text.removeprefix("-").split(" ", 1)
        parsed.append(Condition("word" if field == "word" else "phrase", value, text[0] == "-"))
    everything = np.array(papers, dtype=np.int64)
    selected = Matching(lambda group: index.containing(group[0]), lambda: everything).of(Filters(tuple(parsed)))
    assert selected is not None
    keys: list[int] = selected.keys.tolist()
    return keys


TEXTS = (
    "Emotional speech",
    "Speech that is emotional",
    "emotional, Speeches",
    "text-to-speech",
    "to speech text",
    "Größe naïve " + "x" * 300 + " end",
)


@pytest.mark.parametrize(
    ("conditions", "keys"),
    [
        (["word speeches"], [1, 2, 3, 4, 5]),
        (["phrase speeches"], [3]),
        (["phrase EMOTIONAL speech"], [1]),
        (["word emotion speech"], [1, 3]),
        (["word text-to-speech"], [4]),
        (["phrase text to SPEECH"], [4]),
        (["phrase text—to/speech!"], [4]),
        (["-word text-to-speech", "word text"], [5]),
        (["-word speech"], [6]),
        (["-phrase emotional speech", "-word text", "word speech"], [2, 3]),
        (["word graph"], []),
        (["-word graph"], [1, 2, 3, 4, 5, 6]),
        (["phrase grosse NAIVE"], [6]),
        (["phrase naive end"], []),
        (["word " + "x" * 300], [6]),
        (["phrase naive " + "x" * 300 + " end"], [6]),
        (["word speech", "-word speech"], []),
    ],
)
def test_words_and_phrases_are_found_exactly(tmp_path: Path, conditions: list[str], keys: list[int]) -> None:
    """A word means each of its forms, a phrase nothing but itself: order, neighbours and endings count, while case,
    accents and punctuation do not; a word however long counts as one."""
    assert containing(make(tmp_path / "i", *TEXTS), *conditions) == keys


def test_no_phrase_reaches_from_the_title_into_the_abstract(tmp_path: Path) -> None:
    """The last word of a title and the first of the abstract do not follow one another."""
    lexicon.update(tmp_path, NO_KEYS, [(7, "emotional", "speech"), (8, "", "emotional speech")])
    index = LexicalIndex(tmp_path)
    assert containing(index, "phrase emotional speech") == containing(index, "word emotional-speech") == [8]
    assert containing(index, "word emotional", "word speech") == [7, 8]


def test_all_that_contain_a_word_are_found(tmp_path: Path) -> None:
    """However many they are, in segments and with removals: 2,500 papers, every third without the word, some gone."""
    path = tmp_path / "i"
    make(path, *["speech" if key % 3 else "face" for key in range(1, 2_001)])
    gone = np.arange(1, 2_001, 10, dtype=np.int64)
    lexicon.update(path, gone, [(key, "speech", "") for key in range(2_001, 2_501)])
    expected = [key for key in range(1, 2_501) if key > 2_000 or (key % 3 and key % 10 != 1)]
    index = LexicalIndex(path)
    assert containing(index, "word speech") == expected
    still = [key for key in range(1, 2_501) if key > 2_000 or key % 10 != 1]
    assert containing(index, "-word face", papers=still) == expected


def test_an_empty_index_contains_nothing(tmp_path: Path) -> None:
    """Neither a word nor its exclusion finds a paper where there is none."""
    index = make(tmp_path / "i")
    assert containing(index, "word speech") == containing(index, "-word speech", papers=[]) == []


def test_update_replaces_and_forgets(tmp_path: Path) -> None:
    """A forgotten key is not found; a key that is written again is found by its new words only."""
    path = tmp_path / "i"
    make(path, "speech", "face", "graph")
    lexicon.update(path, np.array([1, 2], dtype=np.int64), [(2, "emotion", "")])
    index = LexicalIndex(path)
    assert index.papers == 2
    assert [index.search([term], 5)[0].tolist() for term in ("speech", "face", "emot", "graph")] == [[], [], [2], [3]]


def test_an_open_view_never_changes(tmp_path: Path) -> None:
    """A view answers from what was there when it was opened."""
    path = tmp_path / "i"
    before = make(path, "speech")
    lexicon.update(path, np.array([1], dtype=np.int64), [(2, "speech", "")])
    assert before.search(["speech"], 5)[0].tolist() == [1]


@pytest.mark.parametrize("terms", [[], ["unknown"]])
def test_nothing_is_found_for_no_words(tmp_path: Path, terms: list[str]) -> None:
    """No terms, or terms that no paper has, find nothing."""
    assert make(tmp_path / "i", "speech").search(terms, 5)[0].tolist() == []


def test_no_index_is_told(tmp_path: Path) -> None:
    """A directory without an index gives an error that names the way out."""
    with pytest.raises(IndexDamaged, match="paperkin rebuild"):
        LexicalIndex(tmp_path)


def test_an_index_of_an_older_schema_is_made_anew(collection: Collection) -> None:
    """A collection whose lexical index lacks the field of exact words opens as any other and finds phrases."""
    manifest = Manifest.load(collection.directory)
    assert manifest is not None
    place = collection.directory / manifest.directory
    shutil.rmtree(place / LEXICAL)
    (place / LEXICAL).mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("key", indexed=True, fast=True)
    builder.add_text_field("text", tokenizer_name="paperkin_en")
    tantivy.Index(builder.build(), str(place / LEXICAL))
    replace(manifest, lexical_schema="older", files=list_files(place, None, {})).save(collection.directory)
    keys = Collection(collection.directory).snapshot().matching(Filters((Condition("phrase", "speech and"),)))
    assert keys is not None
    assert len(keys) == 1
    made = Manifest.load(collection.directory)
    assert made is not None
    assert made.lexical_schema == SCHEMA
