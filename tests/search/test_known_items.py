"""Questions made of papers: what they are made of, what counts as right, and that they are always the same."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from indexer.paper import Paper
from search.known_items import Kind, KnownItem, known_items, measure

ABSTRACT = (
    "Graphs are everywhere. We study emotional text-to-speech (TTS) on very large corpora of recorded voices. "
    "Nothing else helps."
)
MIDDLE = "We study emotional text-to-speech (TTS) on very large corpora of recorded voices."


def made(papers: Sequence[Paper], kind: Kind, count: int = 10, seed: int = 0) -> list[KnownItem]:
    read = {paper.id: paper for paper in papers}.__getitem__
    return [item for item in known_items(papers, read, count, seed) if item.kind is kind]


def test_title() -> None:
    """Four content words in the order of the title: no stop words, no commands of LaTeX, none twice."""
    title = r"On the $\mathcal{W}$ Voices of Emotional Emotional Speech in the Wild"
    (item,) = made([Paper("a", title, ABSTRACT)], Kind.TITLE)
    assert item == KnownItem(Kind.TITLE, "a", "Voices Emotional Speech Wild", ("a",))
    assert item.name == "title:a"


def test_a_title_must_say_something() -> None:
    """Papers with fewer content words in the title, or without an abstract to be found by, make no such question."""
    papers = [Paper("a", "Speech and emotion in it", ABSTRACT), Paper("b", "Voices emotional speech wild")]
    assert made(papers, Kind.TITLE) == []


def test_sentence() -> None:
    """A sentence between the first and the last one of the abstract, word by word."""
    assert made([Paper("a", "A", ABSTRACT)], Kind.SENTENCE) == [KnownItem(Kind.SENTENCE, "a", MIDDLE, ("a",))]
    short = "One sentence. A short one. And a last one which has more than eight words in it."
    assert made([Paper("b", "B", short)], Kind.SENTENCE) == []


def test_acronym() -> None:
    """An acronym and two words of the title that it does not itself stand for; every paper that defines it alike is
    right, whatever its hyphens and plural, and one that means something else by it is not."""
    papers = [
        Paper("a", "Speech with TTS for sad robots", ABSTRACT),
        Paper("b", "B", "Text to speech (TTS) is old."),
        Paper("c", "C", "Transport tank systems (TTS) leak."),
    ]
    first = made(papers, Kind.ACRONYM)
    assert {item.paper: item.right for item in first} == {"a": ("a", "b")}
    assert first[0].text == "TTS sad robots"


def test_an_acronym_of_everybody_makes_no_question() -> None:
    """Where more papers define it than ten hits can hold, recall@10 could not be 1."""
    papers = [Paper(str(i), f"Robots number{i}", "Text to speech (TTS) is old.") for i in range(11)]
    assert made(papers, Kind.ACRONYM) == []
    assert len(made(papers[:10], Kind.ACRONYM)) == 10


def test_twins_are_right() -> None:
    """A paper of the same title or abstract, but for case, accents and punctuation, is as right as the paper itself."""
    papers = [
        Paper("a", "Voices: emotional speech, wild", ABSTRACT),
        Paper("b", "VOICES Emotional Speech (Wild)", "Something else."),
        Paper("c", "Another title", ABSTRACT.upper()),
        Paper("d", "Yet another title", "Nothing of this."),
    ]
    (title,) = [item for item in made(papers, Kind.TITLE) if item.paper == "a"]
    assert title.right == ("a", "b", "c")


@pytest.fixture(scope="module")
def many() -> list[Paper]:
    words = ("speech", "emotion", "face", "graph", "robot", "voice", "wild", "large", "deep", "sparse")
    return [
        Paper(
            str(i), " ".join(words[(i * k) % 10] for k in range(1, 8)) + f" Word{i}", ABSTRACT.replace("very", f"w{i}")
        )
        for i in range(60)
    ]


def test_the_same_papers_and_seed_give_the_same_questions(many: list[Paper]) -> None:
    """In whatever order the papers are read; another seed draws others."""
    read = {paper.id: paper for paper in many}.__getitem__
    expected = known_items(many, read, 10, 1)
    shuffled = random.Random(0).sample(many, len(many))  # noqa: S311  nothing secret is drawn
    assert known_items(shuffled, read, 10, 1) == expected
    assert {item.paper for item in known_items(many, read, 10, 2)} != {item.paper for item in expected}


def test_a_larger_sample_holds_the_smaller(many: list[Paper]) -> None:
    """More questions are the same ones and others: figures of 10 and of 20 have common ground."""
    assert set(made(many, Kind.SENTENCE, 10)) <= set(made(many, Kind.SENTENCE, 20))
    assert len(made(many, Kind.SENTENCE, 10)) == 10


def test_measure_by_hand() -> None:
    """The second hit is right: 1/2; one of two right papers is found: 1/2; a question without an answer has neither."""
    items = [KnownItem(Kind.TITLE, "a", "x", ("a", "b")), KnownItem(Kind.TITLE, "c", "y", ("c",))]
    assert measure({"title:a": ["z", "b"]}, items).tolist() == [[0.5, 0.5], [0, 0]]
