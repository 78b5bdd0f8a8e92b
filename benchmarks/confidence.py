"""Whether confidence means the same everywhere: fits its three constants, and tests them on sets they never saw.

    python -m benchmarks.confidence PLACE ../shared/eval/* data/papers.jsonl ../shared/corpora/speech_emotion.jsonl.xz \
        --categories ../shared/corpora/scale_100k.jsonl.xz

Every folder has the BEIR layout; a file is a set without judged questions. The collections are made by the product in
PLACE, once. Each set is asked its own questions (inside) and those of sets of other fields (outside), whole ones and
ones of two or three words cut out of titles. What is tested on a set was fitted without it and without its questions.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.confidence_sets import (
    HELD_BACK,
    Evidence,
    Floats,
    by_category,
    cuts,
    evidence,
    judged_questions,
    open_set,
    papers_of,
    titles_of,
    whole,
)
from indexer import probes
from indexer.encoder import Encoder, open_encoder
from indexer.paper import Paper
from indexer.settings import Settings
from search.calibration import COVERAGE, INTERCEPT, STRONG, SURPRISE, WEAK

ROUNDS: Final = 5
"""The best candidate depends on the constants, and they on it: both settle within a few rounds."""
BINS: Final = 10
SMALL: Final = 100
"""Papers up to which a file is kept whole."""
LARGEST: Final = 1_500
"""Papers that are taken of a file."""
COSINE: Final = "cosine alone"


def logistic(signs: Floats, inside: Floats, weights: Floats) -> Floats:
    """Weights of the columns of `signs`, shape (questions, signs), and the intercept, by Newton's method."""
    columns = np.column_stack([signs, np.ones(len(signs))])
    found: Floats = np.zeros(columns.shape[1])
    for _ in range(30):
        chances = 1 / (1 + np.exp(-columns @ found))
        slope = columns.T @ (weights * (inside - chances))
        curvature = (columns * (weights * chances * (1 - chances))[:, None]).T @ columns
        found = found + np.linalg.solve(curvature + 1e-6 * np.eye(len(found)), slope)
    return found


def odds(found: Floats, one: Evidence) -> Floats:
    """Log-odds of the best candidate of every question."""
    surprise = (one.cosines - one.null.centre) / one.null.scale
    return np.asarray((found[0] * surprise + found[1] * one.covered).max(axis=1) + found[2])


def fit(sets: Sequence[Evidence], without: str | None = None) -> Floats:
    """The three constants: of the surprise, of the coverage, and the intercept."""
    kept = [one for one in sets if one.name != without]
    found: Floats = np.array([1.0, 4.0, -4.0])
    for _ in range(ROUNDS):
        signs, inside, weights = [], [], []
        for one in kept:
            surprise = (one.cosines - one.null.centre) / one.null.scale
            best = (found[0] * surprise + found[1] * one.covered).argmax(axis=1)[:, None]
            chosen = np.array([question.of != without for question in one.questions])
            columns = [np.take_along_axis(part, best, axis=1)[:, 0] for part in (surprise, one.covered)]
            signs.append(np.column_stack(columns)[chosen])
            inside.append(one.inside[chosen])
            weights.append(one.weights[chosen])
        found = logistic(np.concatenate(signs), np.concatenate(inside), np.concatenate(weights) / len(kept))
    return found


def fit_cosine(sets: Sequence[Evidence], without: str | None = None) -> Floats:
    """The same for the best cosine alone."""
    kept = [one for one in sets if one.name != without]
    cosines, inside, weights = (
        np.concatenate(parts)
        for parts in zip(*((one.cosines.max(axis=1), one.inside, one.weights) for one in kept), strict=True)
    )
    return logistic(cosines[:, None], inside, weights / len(kept))


def sigmoid(values: Floats) -> Floats:
    """Log-odds as probabilities."""
    return np.asarray(1 / (1 + np.exp(-values)))


def area(inside: Floats, outside: Floats) -> float:
    """Area under the ROC curve: how often a question from inside scores higher than one from outside."""
    lower = np.searchsorted(np.sort(outside), inside, side="left")
    equal = np.searchsorted(np.sort(outside), inside, side="right") - lower
    return float((lower + equal / 2).mean() / len(outside))


def calibration_error(chances: Floats, inside: Floats, weights: Floats) -> float:
    """Expected calibration error over ten bins of equal width, with weights."""
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    gaps = [abs(np.sum((weights * (chances - inside))[bins == number])) for number in range(BINS)]
    return float(sum(gaps) / weights.sum())


def shares(chances: Floats, one: Evidence, strong: float, weak: float) -> tuple[float, float, float, float]:
    """Outside strong, outside none, inside strong, inside not none."""
    inside, outside = chances[one.inside == 1], chances[one.inside == 0]
    parts = (outside >= strong, outside < weak, inside >= strong, inside >= weak)
    return tuple(float(part.mean()) for part in parts)  # type: ignore[return-value]


def heading(names: str) -> Iterator[str]:
    """The first two lines of a table."""
    columns = names.split(", ")
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"


def table(sets: Sequence[Evidence], measured: dict[str, Floats], strong: float, weak: float) -> Iterator[str]:
    """One line a set: what the constants fitted without it make of it."""
    yield from heading(
        "set, papers, null, AUC, AUC of cosine, outside strong, outside none, inside strong, not none, ECE"
    )
    for one in sets:
        chances, is_in = measured[one.name], one.inside == 1
        cosine = one.cosines.max(axis=1)
        numbers = " | ".join(f"{100 * share:.1f} %" for share in shares(chances, one, strong, weak))
        yield (
            f"| {one.name} | {one.null.papers:,} | {one.null.centre:.2f} ± {one.null.scale:.3f} |"
            f" {area(chances[is_in], chances[~is_in]):.3f} | {area(cosine[is_in], cosine[~is_in]):.3f} |"
            f" {numbers} | {calibration_error(chances, one.inside, one.weights):.3f} |"
        )


def summary(name: str, sets: Sequence[Evidence], measured: dict[str, Floats], strong: float, weak: float) -> str:
    """One line for all sets: errors pooled with equal weights, and the worst set for each promise."""
    chances = np.concatenate([measured[one.name] for one in sets])
    inside, weights = (np.concatenate([getattr(one, part) for one in sets]) for part in ("inside", "weights"))
    cut = np.array([question.cut for one in sets for question in one.questions])
    errors = [calibration_error(chances[k], inside[k], weights[k]) for k in (cut | True, cut, ~cut)]
    all_shares = [shares(measured[one.name], one, strong, weak) for one in sets]
    pooled = area(chances[inside == 1], chances[inside == 0])
    return (
        f"| {name} | {pooled:.3f} | " + " | ".join(f"{error:.3f}" for error in errors) + f" |"
        f" {100 * max(part[0] for part in all_shares):.1f} % | {100 * min(part[3] for part in all_shares):.1f} % |"
        f" {100 * float(np.mean([part[2] for part in all_shares])):.1f} % |"
        f" {100 * float(np.mean([part[1] for part in all_shares])):.1f} % |"
    )


def compare(sets: Sequence[Evidence], tested: Sequence[Evidence]) -> Iterator[str]:
    """Confidence beside the cosine: leaving one set out, and the cosine with the best pair of thresholds there is."""
    ours = {one.name: sigmoid(odds(fit(sets, one.name), one)) for one in tested}
    frozen = {one.name: sigmoid(odds(np.array([SURPRISE, COVERAGE, INTERCEPT]), one)) for one in tested}
    cosine = {one.name: one.cosines.max(axis=1) for one in tested}
    fitted = {}
    for one in tested:
        slope, intercept = fit_cosine(sets, one.name)
        fitted[one.name] = sigmoid(slope * cosine[one.name] + intercept)
    high = max(float(np.quantile(cosine[one.name][one.inside == 0], 0.95)) for one in tested)
    low = min(float(np.quantile(cosine[one.name][one.inside == 1], 0.10)) for one in tested)
    yield from table(tested, ours, STRONG, WEAK)
    yield ""
    yield from heading(
        "way, AUC, ECE, of cuts, of whole, most outside strong, least not none, inside strong, outside none"
    )
    yield summary("confidence, set left out", tested, ours, STRONG, WEAK)
    yield summary("confidence, as shipped", tested, frozen, STRONG, WEAK)
    yield summary(f"{COSINE}, fitted likewise", tested, fitted, STRONG, WEAK)
    yield summary(f"{COSINE}, ≥ {high:.2f} strong, < {low:.2f} none", tested, cosine, high, low)


def load(place: Path, sources: Sequence[Path], categories: Path | None, encoder: Encoder) -> list[Evidence]:
    """Make the collections, collect the questions, ask them."""
    collections, questions = {}, []
    held: dict[str, list[Paper]] = {}
    for source in sources:
        name = "shipped" if source.parent.name == "data" else source.name.partition(".")[0]
        if not source.is_dir():
            held[name] = list(papers_of(source))[:LARGEST]
        else:
            collections[name] = open_set(place / name, encoder, lambda source=source: papers_of(source))  # type: ignore[misc]
            questions += whole(judged_questions(source), name)
    held |= by_category(categories) if categories else {}
    for name, papers in held.items():
        back = papers[::HELD_BACK] if len(papers) > SMALL else []
        kept = [paper for number, paper in enumerate(papers) if number % HELD_BACK] if back else papers
        collections[name] = open_set(place / name, encoder, lambda kept=kept: iter(kept))  # type: ignore[misc]
        questions += whole([paper.title for paper in back], name)
    for name, collection in collections.items():
        questions += cuts(titles_of(collection), name)
    texts = {*(question.text for question in questions), *probes.questions()}
    rows = {text: encoder.encode_query(text) for text in sorted(texts)}
    return [evidence(name, collection, questions, rows, encoder) for name, collection in collections.items()]


def main() -> None:
    """Print the constants and the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--categories", type=Path)
    given = parser.parse_args()
    given.place.mkdir(parents=True, exist_ok=True)
    encoder = open_encoder(None, Settings.from_environment(os.environ).cache)
    sets = load(given.place, given.sources, given.categories, encoder)
    tested = [
        one for one in sets if one.name in {source.name.partition(".")[0] for source in given.sources} | {"shipped"}
    ]
    surprise, covered, intercept = fit(sets)
    print(f"SURPRISE {surprise:.2f}, COVERAGE {covered:.2f}, INTERCEPT {intercept:.2f} of {len(sets)} sets\n")
    print("\n".join(compare(sets, tested)))
    others = [one for one in sets if one not in tested]
    if others:
        print("\nThe sets that only serve to fit, each left out in turn:\n")
        print("\n".join(compare(sets, others)))


if __name__ == "__main__":
    main()
