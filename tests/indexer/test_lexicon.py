"""The lexical index: BM25 by hand, filters, ties, updates."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import lexicon
from indexer.errors import IndexDamaged
from indexer.lexicon import LexicalIndex

NO_KEYS = np.empty(0, dtype=np.int64)


def make(path: Path, *texts: str) -> LexicalIndex:
    """An index whose keys are 1, 2, …"""
    path.mkdir()
    lexicon.update(path, NO_KEYS, [(key, text, "") for key, text in enumerate(texts, 1)])
    return LexicalIndex(path)


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
    allowed = np.array(sorted(data.draw(st.sets(st.integers(1, len(words))))), dtype=np.int64)
    everything = zip(*(part.tolist() for part in index.search(["speech", "face"], 50)), strict=True)
    expected = [pair for pair in everything if pair[0] in allowed]
    found = zip(*(part.tolist() for part in index.search(["speech", "face"], 50, allowed)), strict=True)
    assert list(found) == expected


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
