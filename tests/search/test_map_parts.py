"""The parts of drawing: neighbours, layout, groups and labels, each against what is obvious."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer import vectors
from search import clusters, labels, layout
from search.area import SIDE

Rows = NDArray[np.float32]


def bunches(count: int, each: int, dimension: int = 24, seed: int = 3) -> tuple[Rows, NDArray[np.int64]]:
    """Rows around some random centres, and the number of the centre of each, in no order."""
    draw = np.random.default_rng(seed)
    owners = draw.permutation(np.repeat(np.arange(count), each))
    centres = draw.normal(size=(count, dimension))
    rows = centres[owners] + 0.3 * draw.normal(size=(len(owners), dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), owners


def obvious(rows: Rows, k: int) -> NDArray[np.int64]:
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :k]


def shared(found: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), right.tolist(), strict=True)]))


def test_neighbours_are_the_nearest_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exact for a few rows; by cells 95 % of them are right at least; never the row itself, and the same each time."""
    rows, _ = bunches(20, 40)
    right = obvious(rows, 10)
    found, cosines = vectors.neighbours(rows, 10)
    assert shared(found, right) == 1
    assert cosines == pytest.approx(np.take_along_axis(rows @ rows.T, found, axis=1), abs=1e-5)
    monkeypatch.setattr(vectors, "SCANNED", 100)
    by_cells, _ = vectors.neighbours(rows, 10)
    assert shared(by_cells, right) >= 0.95
    assert not (by_cells == np.arange(len(rows))[:, None]).any()
    assert (by_cells == vectors.neighbours(rows, 10)[0]).all()


def test_neighbours_of_equal_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are all the same have each other, and a cell that is too small looks into more of them."""
    rows = np.tile(np.array([1, 0, 0, 0], dtype=np.float32), (30, 1))
    for few in (100, 10):
        monkeypatch.setattr(vectors, "SCANNED", few)
        found, cosines = vectors.neighbours(rows, 12)
        assert not (found == np.arange(30)[:, None]).any()
        assert (np.sort(found, axis=1)[:, 1:] != np.sort(found, axis=1)[:, :-1]).all()
        assert cosines == pytest.approx(1)


def test_nearest_of_pages() -> None:
    """The best of several pages are the best of all; where there are fewer, all of them come."""
    rows, _ = bunches(5, 20)
    asked, known = rows[:7], rows[7:]
    keys = np.arange(len(known)) * 3 + 1
    pages = [(keys[start : start + 11], known[start : start + 11]) for start in range(0, len(known), 11)]
    found, cosines = vectors.nearest(asked, pages, 6)
    order = np.argsort(-(asked @ known.T), axis=1, kind="stable")[:, :6]
    assert found.tolist() == keys[order].tolist()
    assert (np.diff(cosines, axis=1) <= 0).all()
    assert vectors.nearest(asked, pages[:1], 50)[0].shape == (7, 11)


DEGENERATE = """
import numpy as np
from search import clusters, layout

layout.EARLY = layout.LATE = 10
same = np.zeros((3_001, 8), dtype=np.float32)
same[:, 0] = 1
some = np.random.default_rng(0).normal(size=same.shape).astype(np.float32)
some[:9], some[9:18], some[20, 3], some[21, 3] = np.nan, np.inf, np.nan, -np.inf
for rows in (same, 0 * same, np.full_like(same, np.nan), same[:400], some):
    spots = layout.lay_out(rows, lambda _: None)
    groups, _ = clusters.group(layout.finite(rows))
    print(spots.shape == (len(rows), 2), np.isfinite(spots).all(), len(set(groups.tolist())) > 1)
"""


def test_rows_of_which_nothing_can_be_told() -> None:
    """Of thousands of papers with one row, without any, or with what is no number, every one has a place.

    In a process of its own: openTSNE would end this one.
    """
    done = subprocess.run([sys.executable, "-c", DEGENERATE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["True True False"] * 4 + ["True True True"]


@pytest.mark.parametrize("plain", [True, False], ids=["plainly", "quickly"])
def test_layout_keeps_kin_together(monkeypatch: pytest.MonkeyPatch, plain: bool) -> None:
    """Six bunches of 25 stay apart: of nine papers in ten the nearest five are of the same bunch.

    So by all pairs and by the library, which are the same method: each time, and the same places each time.
    """
    monkeypatch.setattr(layout, "PLAIN", 1_000 if plain else 10)
    rows, owners = bunches(6, 25)
    told: list[float] = []
    spots = layout.lay_out(rows, told.append)
    near = np.argsort(((spots[:, None] - spots[None]) ** 2).sum(axis=2), axis=1)[:, 1:6]
    assert (owners[near] == owners[:, None]).all(axis=1).mean() > 0.9
    assert told == sorted(told)
    assert 0 < told[-1] <= 1
    if plain:
        assert (layout.lay_out(rows, lambda _: None) == spots).all()


def test_components_by_hand() -> None:
    """Points on a line of any direction keep their distances on the first axis, and have nothing on the second."""
    rows = np.array([[0, 0], [3, 4], [6, 8]], dtype=np.float32)
    assert layout.components(rows) == pytest.approx(np.array([[-5, 0], [0, 0], [5, 0]]), abs=1e-6)


def test_groups_are_the_bunches() -> None:
    """Eight bunches of five are no 3, but 40 papers make five groups, each of whole bunches; none is empty."""
    rows, owners = bunches(5, 8)
    groups, parents = clusters.group(rows)
    assert len(parents) == 0
    assert set(groups.tolist()) == set(range(5))
    assert all(len(set(groups[owners == number].tolist())) == 1 for number in range(5))


def test_two_levels() -> None:
    """Of 2,000 papers each fine group is in one coarse group; none is empty, and none has a lonely paper."""
    rows, _ = bunches(30, 66)
    groups, parents = clusters.group(rows)
    coarse, fine = clusters.counts(len(rows))
    assert (coarse, fine) == (7, 27)
    assert sorted(set(parents.tolist())) == list(range(coarse))
    assert sorted(set(groups.tolist())) == list(range(len(parents)))
    assert np.bincount(groups).min() >= 2
    assert (clusters.group(rows)[0] == groups).all()


@pytest.mark.parametrize(
    ("papers", "expected"),
    [(1, (1, 0)), (5, (1, 0)), (6, (2, 0)), (37, (4, 0)), (60, (3, 5)), (10_000, (11, 60)), (10**6, (12, 80))],
)
def test_how_many_groups(papers: int, expected: tuple[int, int]) -> None:
    """One up to five papers, a few up to sixty, and then two levels that grow up to 12 and 80."""
    assert clusters.counts(papers) == expected


def test_k_means_stops_at_different_rows() -> None:
    """Three different rows have no more than three centres."""
    rows = np.array([[0, 0], [5, 0], [0, 5]] * 4, dtype=np.float32)
    centres = clusters.k_means(rows, 8)
    assert sorted(centres.tolist()) == [[0, 0], [0, 5], [5, 0]]


def test_densest_is_not_the_middle() -> None:
    """Of two heaps at the ends the place is in the larger one, and not between them."""
    heaps = [(100, 100)] * 3 + [(60_000, 60_000)] * 5 + [(30_000, 30_000)]
    places = np.array(heaps, dtype=np.uint16)
    assert places[clusters.densest(places, SIDE)].tolist() == [60_000, 60_000]


# Labels


def labelled(*groups: list[str]) -> list[tuple[str, ...]]:
    texts = [(number, title, "") for number, titles in enumerate(groups) for title in titles]
    return labels.Words.of(texts, len(groups)).labels()


def test_c_tf_idf_by_hand() -> None:
    """ "speech" is in both papers of the first group, "noise" in one paper of each: "speech" is told, "noise" last."""
    first, second = labelled(["Speech with noise", "Speech"], ["Faces with noise", "Faces"])
    assert first == ("speech", "noise")
    assert second[0] == "faces"


def test_a_word_is_written_as_papers_write_it() -> None:
    """Titles capitalise words that are not so otherwise; acronyms, plurals and names stay as they are written."""
    words = labels.Words(1)
    words.add(0, "Emotional TTS: A Study of LLMs", "We study emotional TTS. The LLMs and a Gaussian model of TTS.")
    written = {key: words.written(key) for key in ("emotional", "tts", "llm", "gaussian", "emotional tts")}
    assert written == {
        "emotional": "emotional",
        "tts": "TTS",
        "llm": "LLMs",
        "gaussian": "Gaussian",
        "emotional tts": "emotional TTS",
    }


def test_no_word_twice() -> None:
    """A pair that a word is mostly part of stands for it; neither its words nor their other forms come again."""
    (label,) = labelled(["Speech synthesis", "Speech synthesis for synthesizers", "Speech syntheses", "Whispers"] * 3)
    assert label[0] == "speech synthesis"
    assert not any("speech" in word for word in label[1:])


def test_stop_words_formulas_and_numbers_are_no_labels() -> None:
    """Usual words, LaTeX, addresses, numbers and single letters say nothing."""
    (label,) = labelled(["We propose a new approach to $x^2$ in 2024, see https://example.org/abc \\alpha with B"] * 8)
    assert label == ("papers 1",)


def test_no_two_groups_have_one_label() -> None:
    """Groups of the same words get other ones: further words, or a number where there are none."""
    found = labelled(*[["speech emotion face graph music"]] * 4, *[["we propose"]] * 2)
    folded = [frozenset(map(str.casefold, label)) for label in found]
    assert len(set(folded)) == len(found)
    assert [label for label in found if label[0].startswith("papers")] == [("papers 1",), ("papers 2",)]
