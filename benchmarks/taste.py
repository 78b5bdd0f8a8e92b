"""Why liked and disliked papers weigh what they do: how well each way finds the other papers of a taste.

    python -m benchmarks.taste ../shared ../scratch taste.json

A taste is a set of papers that belong together: those that answer one judged question, those of one author, those
of one category. Some are liked, the others are to be found among all papers of the collection. Every way sees the
same draws; a figure is the mean over tastes, a difference has a 95 % interval from a paired bootstrap over tastes.
The first run indexes some 14,000 papers into the scratch folder. Figures go to the file and, as tables, to the screen.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.taste_sets import Places, Rows, Set, Topic, open_sets
from benchmarks.taste_tables import Scores, Table, add, figures, new_table, show, summary
from indexer.background import Background, background_of
from search.feedback import LIKED_WEIGHT, RIDGE, Part, Role, compose

DRAWS: Final = 3
TOPICS: Final = 100
NEGATIVES: Final = 1_000
OURS: Final = "Paperkin"

Way = Callable[[Rows, "World"], Scores]


class World:
    """A collection as the ways see it."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.background: Background = background_of(rows)
        self.values, self.vectors = np.linalg.eigh(self.background.covariance.astype(np.float64))
        self.negatives = rows[np.random.default_rng(1).permutation(len(rows))[:NEGATIVES]]

    def spread(self, ridge: float) -> NDArray[np.float64]:
        """(Σ + ridge)⁻¹."""
        return np.asarray((self.vectors / (self.values.clip(0) + ridge)) @ self.vectors.T)


def asked(parts: list[tuple[Role, Rows]], background: Background) -> Rows:
    """The row that the product searches with."""
    named = [Part(role, row, f"{role}{i}") for role, rows in parts for i, row in enumerate(np.atleast_2d(rows))]
    return compose(named, background).row


def discriminant(weight: float, ridge: float | None, *, small: bool = True) -> Way:
    """Mean of likes less a part of the collection's mean (n/(n+1) where below 0), whitened if there is a ridge."""

    def way(liked: Rows, world: World) -> Scores:
        count, papers = len(liked), len(world.rows)
        direction = liked.mean(axis=0) - (weight if weight >= 0 else count / (count + 1)) * world.background.mean
        if ridge is not None:
            known = papers / (papers + liked.shape[1]) if small else 1.0
            direction = world.spread(ridge / count / known) @ direction
        return np.asarray(world.rows @ direction.astype(np.float32))

    return way


def classifier(name: str, strength: float) -> Way:
    """A linear classifier of the liked papers against a sample of all, balanced, as arxiv-sanity has one."""

    def way(liked: Rows, world: World) -> Scores:
        from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
        from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

        made = (
            LinearSVC(C=strength, class_weight="balanced", max_iter=10_000)
            if name == "svm"
            else LogisticRegression(C=strength, class_weight="balanced", max_iter=300)
        )
        examples = np.vstack([liked, world.negatives])
        labels = np.arange(len(examples)) < len(liked)
        return np.asarray(world.rows @ made.fit(examples, labels).coef_.ravel().astype(np.float32))

    return way


BEFORE: Final = "mean of likes"
WAYS: Final[dict[str, Way]] = {
    BEFORE: lambda liked, world: np.asarray(world.rows @ liked.mean(axis=0)),
    "nearest like": lambda liked, world: np.asarray((world.rows @ liked.T).max(axis=1)),
    "less half the collection's mean": discriminant(0.5, None),
    "less all of it": discriminant(1.0, None),
    "less n/(n+1) of it": discriminant(-1, None),
    "whitened, κ = 0.02": discriminant(-1, 0.02),
    "whitened, κ = 0.5": discriminant(-1, 0.5),
    "whitened, κ = 0.1, any size alike": discriminant(-1, RIDGE, small=False),
    OURS: lambda liked, world: np.asarray(world.rows @ asked([(Role.LIKED, liked)], world.background)),
}
CLASSIFIERS: Final[dict[str, Way]] = {
    "linear SVM, C = 0.1": classifier("svm", 0.1),
    "linear SVM, C = 1": classifier("svm", 1.0),
    "logistic regression, C = 1": classifier("logistic", 1.0),
    "logistic regression, C = 10": classifier("logistic", 10.0),
}


def draws(topics: list[Topic], liked: int, least: int = 1) -> Iterator[tuple[Topic, list[tuple[Places, Places]]]]:
    """For each topic that is large enough, papers to like and papers to find."""
    dice = np.random.default_rng(0)
    large = [topic for topic in topics if len(topic.papers) >= liked + least]
    for topic in large[:TOPICS]:
        shuffled = [dice.permutation(topic.papers) for _ in range(DRAWS)]
        yield topic, [(papers[:liked], papers[liked:]) for papers in shuffled]


def kin(sets: list[Set]) -> Table:
    """Likes alone. Classifiers are slow, so they are measured for one number of likes."""
    table = new_table()
    for part in sets:
        world = World(part.rows)
        for kind, topics in part.topics.items():
            for count in {"judged": (1, 2, 5), "authors": (1, 3, 5), "categories": (1, 3, 10)}[kind]:
                ways = WAYS | (CLASSIFIERS if count in {2, 3} else {})
                for _, drawn in draws(topics, count):
                    rows = [
                        {w: figures(way(part.rows[liked], world), wanted, liked) for w, way in ways.items()}
                        for liked, wanted in drawn
                    ]
                    add(table, f"{kind}, {count}", rows)
    return table


def small(sets: list[Set]) -> Table:
    """Three likes in collections of few papers, a quarter of which at most belong to the taste."""
    table, dice = new_table(), np.random.default_rng(0)
    for part in sets:
        everything = np.arange(len(part.rows))
        for topics in part.topics.values():
            for size in (37, 200, 800):
                for topic, drawn in draws(topics, 3):
                    rows = []
                    for liked, wanted in drawn[:1]:
                        kept = wanted[: max(2, size // 4 - 3)]
                        others = dice.permutation(np.setdiff1d(everything, topic.papers))
                        chosen = np.concatenate([liked, kept, others])[:size]
                        world = World(part.rows[chosen])
                        places = np.arange(3, 3 + len(kept))
                        rows.append(
                            {w: figures(way(part.rows[liked], world), places, np.arange(3)) for w, way in WAYS.items()}
                        )
                    add(table, f"{size} papers", rows)
    return table


def with_text(sets: list[Set]) -> Table:
    """A judged question and some of its papers: find the others."""
    table = new_table()
    for part in sets:
        background = background_of(part.rows)
        for count in (1, 2, 4):
            for topic, drawn in draws(part.topics.get("judged", []), count):
                rows = []
                for places, wanted in drawn:
                    text, liked = np.asarray(topic.text), part.rows[places]
                    alone = asked([(Role.LIKED, liked)], background)
                    ways = {"text alone": text, "likes alone": alone}
                    ways |= {f"text + {w} mean of likes": text + w * liked.mean(axis=0) for w in (0.5, 0.75, 1)}
                    ways |= {f"text + {w} discriminant": text + w * alone for w in (0.5, 0.75, 1, 1.5)}
                    ways[OURS] = asked([(Role.TEXT, text), (Role.LIKED, liked)], background)
                    rows.append({w: figures(part.rows @ row, wanted, places) for w, row in ways.items()})
                add(table, f"{count} liked", rows)
    return table


def disliked_rows(
    wanted: Rows, disliked: Rows, liked: Rows, text: Rows | None, background: Background
) -> dict[str, Rows]:
    """The same question with each weight of the dislikes; `wanted` is the row without them."""
    weight = 1.0 if text is not None else LIKED_WEIGHT * len(liked) / (len(liked) + 1)
    ways = {"none": weight * wanted}
    ways |= {f"{w} of their mean": weight * wanted - w * disliked.mean(axis=0) for w in (0.15, 0.25, 0.5)}
    apart = asked([(Role.LIKED, disliked)], background)
    ways |= {f"{w} of their discriminant": weight * wanted - w * apart for w in (0.15, 0.25)}
    given = [(Role.TEXT, text)] if text is not None else [(Role.LIKED, liked)]
    ways[OURS] = asked([*given, (Role.DISLIKED, disliked)], background)
    return ways


def dislikes(sets: list[Set]) -> Table:
    """Papers of the same subject that miss the question, and papers of another subject that was asked for as well."""
    table, dice = new_table(), np.random.default_rng(0)
    for part in sets:
        background = background_of(part.rows)
        topics = [topic for topic in part.topics.get("judged", []) if len(topic.papers) >= 3]
        for topic, drawn in draws(topics, 2):
            for count in (1, 3):
                near_misses(table, part, background, topic, drawn, count)
        for _ in range(TOPICS if topics else 0):
            one, two = (topics[i] for i in dice.choice(len(topics), 2, replace=False))
            for count in (1, 3):
                two_subjects(table, part, background, (one, two), count)
    return table


def near_misses(
    table: Table, part: Set, background: Background, topic: Topic, drawn: list[tuple[Places, Places]], count: int
) -> None:
    """The best papers that do not answer are disliked: after a text, and after two liked papers."""
    for text in (topic.text, None):
        rows = []
        for liked, rest in drawn[: 1 if text is not None else DRAWS]:
            known, wanted = (liked[:0], topic.papers) if text is not None else (liked, rest)
            row = text if text is not None else asked([(Role.LIKED, part.rows[liked])], background)
            order = np.argsort(-(part.rows @ row), kind="stable")
            missed = order[~np.isin(order, topic.papers)][:count]
            ways = disliked_rows(row, part.rows[missed], part.rows[liked], text, background)
            out = np.concatenate([known, missed])
            rows.append({way: figures(part.rows @ moved, wanted, out) for way, moved in ways.items()})
        add(table, f"{'text' if text is not None else '2 liked'}, {count} that miss", rows)


def two_subjects(table: Table, part: Set, background: Background, topics: tuple[Topic, Topic], count: int) -> None:
    """Two questions are asked as one, by the mean of their rows, and the best papers of the second are disliked."""
    one, two = topics
    wanted, unwanted = np.setdiff1d(one.papers, two.papers), np.setdiff1d(two.papers, one.papers)
    if min(len(wanted), len(unwanted)) < 3:
        return
    both = np.asarray(one.text) + np.asarray(two.text)
    both = both / np.linalg.norm(both)
    best = unwanted[np.argsort(-(part.rows[unwanted] @ both), kind="stable")][:count]
    ways = disliked_rows(both, part.rows[best], both[:0], both, background)
    add(table, f"two subjects, {count} of one", [{w: figures(part.rows @ r, wanted, best) for w, r in ways.items()}])


def main() -> None:
    """Measure everything, print the tables and write the file."""
    shared, scratch, target = (Path(name) for name in sys.argv[1:4])
    *sets, held_out = open_sets(shared, scratch)
    results = {}
    for title, measured, used, base in (
        ("Likes alone", kin, sets, BEFORE),
        ("Likes alone, held out", kin, [held_out], BEFORE),
        ("Small collections, 3 liked", small, sets, BEFORE),
        ("Text and likes", with_text, sets, "text alone"),
        ("Dislikes", dislikes, sets, "none"),
    ):
        results[title] = summary(measured(used), base)
        show(title, results[title], base, "nDCG@10")
        show(title, results[title], base, "AP")
        sys.stdout.flush()
    target.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
