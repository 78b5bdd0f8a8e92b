"""Expansion of a question's acronyms by what the papers define."""

from __future__ import annotations

import pytest

from search.acronyms import MAX_EXPANSIONS, expand, expanded_text
from search.query import Expansion


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


def test_short_acronyms_need_their_case() -> None:
    """Two letters are an acronym only as the papers write them: "as" is a word, "AS" is not."""
    definitions = Definitions(("AS", "ankylosing spondylitis", 9))
    assert expand("as good as it gets", definitions) == ()
    assert expand("AS in adults", definitions) == (Expansion("AS", "ankylosing spondylitis"),)


def test_equal_counts_are_settled_by_the_alphabet() -> None:
    """The same papers always give the same expansion."""
    definitions = Definitions(("ABC", "b form", 1), ("ABC", "a form", 1))
    assert expand("ABC", definitions)[0].long == "a form"


def test_a_pasted_abstract_is_not_flooded() -> None:
    """At most eight acronyms of a question are expanded."""
    names = [f"A{letter}Q" for letter in "BCDEFGHIJKLM"]
    definitions = Definitions(*((name, f"long {name.lower()[1]}", 1) for name in names))
    assert len(expand(" ".join(names), definitions)) == MAX_EXPANSIONS == 8


@pytest.mark.parametrize("text", ["", "   ", "---", "((((", "a\\1 \\g<0> TTS" * 3])
def test_odd_text_is_harmless(text: str) -> None:
    """Text that looks like a pattern is text."""
    assert len(expanded_text(text, expand(text, TTS))) >= len(text)
