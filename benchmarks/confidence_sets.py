"""The collections and questions of benchmarks/confidence.py, and the evidence that each question finds in each."""

from __future__ import annotations

import json
import lzma
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from indexer import probes
from indexer.collection import Collection
from indexer.encoder import Encoder
from indexer.ingest import ingest
from indexer.lexicon import LexicalIndex
from indexer.null_model import NullModel, build
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.registry import read
from search.calibration import coverage, term_weights
from search.judged import read_qrels, read_questions

Rows = NDArray[np.float32]
Floats = NDArray[np.float64]

EACH: Final = 250
"""Questions of a kind that are taken from a set."""
FROM_OTHERS: Final = 60
"""Questions of a kind that each other set lends as questions from elsewhere."""
DEPTH: Final = 10
"""The candidates of a question: the first ten by meaning and the first ten by words."""
HELD_BACK: Final = 8
"""Every eighth paper of a set without judged questions is not indexed: its title is a question."""

FIELDS: Final = {
    "med": "medicine", "scifact": "medicine", "pubmed": "medicine", "q-bio.PE": "medicine",
    "scitldr": "computing", "speech_emotion": "computing", "shipped": "computing", "icra": "computing",
    "cs.CR": "computing", "cs.NI": "computing",
    "cranfield": "physics", "physics.plasm-ph": "physics", "cond-mat.quant-gas": "physics", "astro-ph": "physics",
    "physics.ed-ph": "physics", "q-fin": "economy", "econ": "economy",
}  # fmt: skip
"""Sets of one field lend each other no questions: what is not about one may well be about the other."""
RELATED: Final = (
    {"q-bio.PE", "q-fin"}, {"q-bio.PE", "econ"}, {"cisi", "cs.CR"}, {"cisi", "cs.NI"},
)  # fmt: skip
CATEGORIES: Final = {
    "math.GT": 400, "cond-mat.quant-gas": 400, "astro-ph": 450, "q-bio.PE": 350, "cs.CR": 400, "q-fin": 450,
    "cs.NI": 350, "physics.plasm-ph": 350, "icra": 450, "econ": 120, "physics.ed-ph": 200,
}  # fmt: skip
"""Sets made of the first category of papers of a large mixed file, and their sizes."""
_STOP: Final = {
    "the", "and", "for", "with", "from", "into", "onto", "over", "under", "upon", "via", "using", "based", "toward",
    "towards", "between", "through", "during", "among", "not", "new", "some", "two", "three", "one", "are", "was",
    "were", "been", "its", "this", "that", "these", "those", "can", "does", "how", "what", "why", "when", "which",
    "their", "than", "within", "without", "after", "before", "against", "per", "about", "versus",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the set that it comes from, and whether it is two or three words cut out of a title."""

    text: str
    of: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What questions found in one set: `cosines` and `covered` of shape (questions, candidates), `inside` of 0 and 1.

    Where a question has fewer candidates, its first one is repeated. `weights` sum to 1: half inside, half outside,
    and of each half one half cuts.
    """

    name: str
    null: NullModel
    questions: list[Question]
    inside: Floats
    cosines: Floats
    covered: Floats
    weights: Floats


def open_set(place: Path, encoder: Encoder, papers: Callable[[], Iterator[Paper]]) -> Collection:
    """The collection of a set, made by the product where it is not there yet."""
    if not place.exists():
        collection = Collection.create(place, encoder.identity)
        ingest(collection, encoder, papers(), Report())
    return Collection(place)


def judged_questions(folder: Path) -> list[str]:
    """The questions of a BEIR folder that have judgments."""
    judged = read_qrels(folder / "qrels.tsv")
    return [text for name, text in read_questions(folder / "queries.jsonl").items() if name in judged]


def papers_of(folder: Path) -> Iterator[Paper]:
    """The papers of a BEIR folder, or of a file of any known format."""
    records = read(folder / "corpus.jsonl" if folder.is_dir() else folder, Report())
    return (record.paper for record in records)


def by_category(path: Path) -> dict[str, list[Paper]]:
    """The sets of `CATEGORIES` out of a packed file of JSON Lines with `title`, `abstract` and `categories`."""
    found: dict[str, list[Paper]] = {name: [] for name in CATEGORIES}
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            values = json.loads(line)
            first = (values["categories"] or [""])[0]
            name = next((name for name in found if first == name or first.startswith(f"{name}.")), None)
            if name and len(found[name]) < CATEGORIES[name] and values["title"] and values["abstract"]:
                found[name].append(Paper(f"p{number}", values["title"], abstract=values["abstract"]))
    return found


def cuts(titles: list[str], name: str) -> list[Question]:
    """Two or three consecutive telling words of a title each."""
    draw = random.Random(name)  # noqa: S311  # the same draw each time is meant
    questions = []
    for title in draw.sample(titles, len(titles)):
        words = [w for w in re.findall(r"[A-Za-z][A-Za-z0-9-]{2,}", title) if w.lower() not in _STOP]
        length = draw.choice((2, 3))
        if len(words) >= length:
            start = draw.randrange(len(words) - length + 1)
            questions.append(Question(" ".join(words[start : start + length]), name, cut=True))
    return questions[:EACH]


def whole(texts: list[str], name: str) -> list[Question]:
    """Some of the questions that people, or titles of papers held back, ask of a set."""
    draw = random.Random(name)  # noqa: S311  # the same draw each time is meant
    return [Question(text, name, cut=False) for text in draw.sample(texts, min(EACH, len(texts)))]


def titles_of(collection: Collection) -> list[str]:
    """The titles; where papers have none, the first fourteen words of their abstracts."""
    texts = collection.snapshot().store.texts()
    return [title or " ".join(abstract.split()[:14]) for _, title, abstract in texts]


def is_elsewhere(question: Question, name: str) -> bool:
    """Whether a question of another set can be taken for one that a set does not answer."""
    same = FIELDS.get(question.of, question.of) == FIELDS.get(name, name)
    return not same and {question.of, name} not in RELATED


def evidence(
    name: str, collection: Collection, questions: list[Question], rows: dict[str, Rows], encoder: Encoder
) -> Evidence:
    """Ask a set its own questions and some of every other field."""
    snapshot = collection.snapshot()
    keys, stored = snapshot.store.embeddings(encoder.identity.dimension)
    papers = stored.astype(np.float32)
    probed = np.array([rows[text] for text in probes.questions()])
    null = build(lambda asked: np.asarray((asked @ papers.T).max(axis=1)), len(keys), probed)
    texts = {key: f"{title} {abstract}" for key, title, abstract in snapshot.store.texts()}
    asked = [question for question in questions if question.of == name]
    for other in sorted({question.of for question in questions} - {name}):
        for cut in (True, False):
            lent = [q for q in questions if q.of == other and q.cut is cut and is_elsewhere(q, name)]
            asked += lent[:FROM_OTHERS]
    cosines, covered = [], []
    place = {key: number for number, key in enumerate(keys.tolist())}
    for question in asked:
        scores = papers @ rows[question.text]
        by_words, _ = snapshot.lexical.search(snapshot.lexical.terms(question.text), DEPTH)
        near = np.argsort(-scores)[:DEPTH].tolist()
        found = list(dict.fromkeys([*near, *(place[key] for key in by_words.tolist()[:DEPTH])]))
        found += found[:1] * (2 * DEPTH - len(found))
        cosines.append(scores[found])
        covered.append(_coverages(question.text, [texts[int(keys[number])] for number in found], snapshot.lexical))
    inside = np.array([float(question.of == name) for question in asked])
    cut_ones = np.array([question.cut for question in asked])
    return Evidence(name, null, asked, inside, np.array(cosines), np.array(covered), _weights(inside, cut_ones))


def _coverages(text: str, papers: list[str], words: LexicalIndex) -> list[float]:
    weights = term_weights(text, words)
    return [coverage(weights, set(words.terms(paper))) for paper in papers]


def _weights(inside: Floats, cut: NDArray[np.bool_]) -> Floats:
    weights = np.zeros(len(inside))
    for side in (0.0, 1.0):
        kinds = [(inside == side) & (cut == kind) for kind in (True, False)]
        kinds = [kind for kind in kinds if kind.any()]
        for kind in kinds:
            weights[kind] = 0.5 / len(kinds) / kind.sum()
    return weights
