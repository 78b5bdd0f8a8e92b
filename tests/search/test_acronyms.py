"""Expansion of a question's acronyms by what the papers define."""

from __future__ import annotations

import pytest

from search.acronyms import expand, expanded_text
from search.answer import Expansion


class Definitions:
    """Definitions as (short, long, papers), looked up whatever their case, as the store does."""

    def __init__(self, *forms: tuple[str, str, int]) -> None:
        self.forms = forms

    def long_forms(self, short: str) -> list[tuple[str, str, int]]:
        return [form for form in self.forms if form[0].lower() == short.lower()]


TTS = Definitions(("TTS", "text-to-speech", 2), ("TTS", "Text to Speech", 1), ("TTS", "test-time scaling", 2))


@pytest.mark.parametrize("question", ["emotional TTS", "emotional tts", "TTS?", "(TTS)", "many TTSs"])
def test_acronym_is_expanded(question: str) -> None:
    """Forms that differ in case and hyphens count together: text-to-speech has 3 papers, test-time scaling 2."""
    (expansion,) = expand(question, TTS)
    assert expansion.long == "text-to-speech"


def test_expanded_text() -> None:
    """The long form stands behind the acronym, once, as a paper would define it."""
    expansions = (Expansion("TTS", "text-to-speech"),)
    assert expanded_text("emotional TTS, not TTS", expansions) == "emotional TTS (text-to-speech), not TTS"
    assert expanded_text("MM-TTSx TTSs", expansions) == "MM-TTSx TTSs (text-to-speech)"
    assert expanded_text("nothing", ()) == "nothing"


def test_a_question_that_says_it_is_not_expanded() -> None:
    """Where the question already has the long form there is nothing to add."""
    assert expand("text-to-speech (TTS)", TTS) == ()


@pytest.mark.parametrize(
    ("question", "defined", "meant"),
    [
        ("as good as it gets", "AS", False),
        ("AS in adults", "AS", True),
        ("who is at risk", "WHO", False),
        ("WHO guidelines", "WHO", True),
        ("learning to rank", "Learning", False),
        ("Learning to rank", "Learning", False),
        ("gpt and friends", "GPT", True),
        ("h5n1 in birds", "H5N1", True),
    ],
)
def test_ordinary_words_are_not_acronyms(question: str, defined: str, meant: bool) -> None:
    """A word is an acronym as the papers write it, or where no word can be spelled so, for want of a vowel."""
    assert bool(expand(question, Definitions((defined, "a long form", 9)))) == meant


def test_equal_counts_are_settled_by_the_alphabet() -> None:
    """The same papers always give the same expansion."""
    definitions = Definitions(("ABC", "b form", 1), ("ABC", "a form", 1))
    assert expand("ABC", definitions)[0].long == "a form"


def test_a_long_question_is_left_alone() -> None:
    """Six words may hold an acronym that needs explaining; a sentence or an abstract explains itself."""
    assert len(expand("one two three four five TTS", TTS)) == 1
    assert expand("one two three four five six TTS", TTS) == ()


def test_one_acronym_in_two_cases() -> None:
    """The same acronym is explained once."""
    assert [e.short for e in expand("TTS or tts", TTS)] == ["TTS"]


@pytest.mark.parametrize("text", ["", "   ", "---", "((((", "a\\1 \\g<0> TTS" * 3])
def test_odd_text_is_harmless(text: str) -> None:
    """Text that looks like a pattern is text: what is put in can be taken out again."""
    assert expanded_text(text, expand(text, TTS)).replace(" (text-to-speech)", "") == text
