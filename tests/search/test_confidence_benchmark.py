"""The measures and the fit of benchmarks/confidence.py, by hand and against slow ones."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.confidence import area, calibration_error, fit, logistic, odds, sigmoid
from benchmarks.confidence_sets import Evidence, Question, cuts, is_elsewhere
from indexer import probes
from indexer.null_model import NullModel


def test_area_by_hand() -> None:
    """Of the six pairs 4½ are in order: ties count half."""
    assert area(np.array([0.9, 0.5, 0.3]), np.array([0.5, 0.1])) == pytest.approx(4.5 / 6)


def test_calibration_error_by_hand() -> None:
    """One bin says .25 and holds half; another says .9 and holds all: (2 · .25 + 2 · .1) / 4."""
    chances, inside = np.array([0.25, 0.25, 0.9, 0.9]), np.array([0.0, 1.0, 1.0, 1.0])
    assert calibration_error(chances, inside, np.ones(4)) == pytest.approx(0.175)


def test_logistic_finds_the_odds() -> None:
    """With one sign that is 0 or 1, the chances are the shares: 1 of 4, and 3 of 4."""
    signs = np.repeat([0.0, 1.0], 4)[:, None]
    inside = np.array([1, 0, 0, 0, 1, 1, 1, 0], dtype=float)
    slope, intercept = logistic(signs, inside, np.ones(8))
    assert sigmoid(np.array([intercept, slope + intercept])) == pytest.approx([0.25, 0.75], abs=1e-5)


def made_up(name: str, centre: float, scale: float, draw: np.random.Generator) -> Evidence:
    """A set whose questions are inside with the odds 1.5 · surprise + 4 · coverage − 4."""
    surprise, covered = draw.normal(0.5, 1.5, 4_000), draw.uniform(0, 1, 4_000)
    inside = (draw.uniform(size=4_000) < sigmoid(1.5 * surprise + 4 * covered - 4)).astype(float)
    return Evidence(
        name,
        NullModel(probes.fingerprint(), 100, centre, scale),
        [Question("", name, cut=False)] * 4_000,
        inside,
        (centre + scale * surprise)[:, None],
        covered[:, None],
        np.full(4_000, 1 / 4_000),
    )


def test_fit_finds_the_constants_of_unlike_collections() -> None:
    """Sets in which the same cosine means different things have the same constants."""
    draw = np.random.default_rng(1)
    sets = [made_up("narrow", 0.1, 0.05, draw), made_up("broad", 0.4, 0.09, draw)]
    assert fit(sets) == pytest.approx([1.5, 4, -4], abs=0.3)
    left_out = sigmoid(odds(fit(sets, "broad"), sets[1]))
    assert calibration_error(left_out, sets[1].inside, sets[1].weights) < 0.03


def test_cuts_are_consecutive_telling_words() -> None:
    """Two or three of the words that are left when small ones are taken out; the same each time."""
    found = cuts(["On the Theory of Small Aeroelastic Models"], "set")
    assert len(found) == 1
    assert found[0].text in "Theory Small Aeroelastic Models"
    assert found == cuts(["On the Theory of Small Aeroelastic Models"], "set")


def test_sets_of_one_field_lend_each_other_nothing() -> None:
    """What is asked of one biomedical set may well be answered by the other."""
    question = Question("knee surgery", "med", cut=True)
    assert not is_elsewhere(question, "scifact")
    assert not is_elsewhere(question, "med")
    assert is_elsewhere(question, "cranfield")
