"""Definitions of acronyms in running text, after Schwartz and Hearst (2003)."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.acronyms import find_acronyms, singular
from indexer.report import Report
from indexer.sources.registry import read
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        # From the article
        ("The heat shock transcription factor (HSF) is", "HSF", "heat shock transcription factor"),
        ("a model called HMM (hidden Markov model) is", "HMM", "hidden Markov model"),
        ("The World Health Organization (WHO) said", "WHO", "World Health Organization"),
        ("Gcn5-related N-acetyltransferase (GNAT) is", "GNAT", "Gcn5-related N-acetyltransferase"),
        ("binds to the nuclear factor-kappa B (NF-kappa B) in", "NF-kappa B", "nuclear factor-kappa B"),
        # From papers like the shipped ones
        ("Text-to-Speech (TTS) systems", "TTS", "Text-to-Speech"),
        ("Emotion Recognition in Conversation (ERC) is", "ERC", "Emotion Recognition in Conversation"),
        ("Recently, large language models (LLMs) grow", "LLM", "large language models"),
        ("expressive speech-to-speech translation (S2ST) aims", "S2ST", None),
        ("a variational autoencoder (VAE; Kingma 2014) is", "VAE", "variational autoencoder"),
        ("a generative adversarial network (GAN, for short) is", "GAN", "generative adversarial network"),
        (
            "Bidirectional Encoder Representations from Transformers (BERT)",
            "BERT",
            "Bidirectional Encoder Representations from Transformers",
        ),
        ("the convolutional   neural\nnetwork (CNN)", "CNN", "convolutional neural network"),
    ],
)
def test_definitions(text: str, short: str, long: str | None) -> None:
    """The long form is the shortest end of the words before, or the words inside, whose letters spell the short one.

    "S2ST" is not found: the published method needs every character, and there is no 2 in "speech-to-speech".
    """
    assert find_acronyms(text) == ([] if long is None else [(short, long)])


@pytest.mark.parametrize(
    "text",
    [
        "as shown before (see below) it works",
        "the left (right) hand",
        "a speech model (S) is",
        "a very long short form (ABCDEFGHIJK) is",
        "results (p < 0.05) and (2024) and (a) and ()",
        "Paris (France) and London (England)",
        "(TTS) at the very beginning",
        "nothing before it. Then (TTS) alone",
        "Text. To Speech (TTS)",
        "our system (TTS system one two)",
        "unclosed (TTS",
        "TTS (TTS)",
        "our TTS system (TTS)",
        "alpha beta (-AB)",
        "",
    ],
)
def test_what_is_no_definition(text: str) -> None:
    """Remarks, references and numbers in parentheses define nothing, nor does a sentence that has ended."""
    assert find_acronyms(text) == []


def test_the_first_letter_must_begin_a_word() -> None:
    """ "HSF" does not begin inside "shock"; without that rule "k shock factor" could define it."""
    assert find_acronyms("the heat shock factor (HSF)") == [("HSF", "heat shock factor")]
    assert find_acronyms("the shock factor (HSF)") == []


def test_the_window_is_as_published() -> None:
    """The long form of n letters has at most min(n + 5, 2n) words: 4 for "AB", 6 for "ABC", 11 for six."""
    assert find_acronyms("alpha x x beta (AB)") == [("AB", "alpha x x beta")]
    assert find_acronyms("alpha x x x beta (AB)") == []
    assert find_acronyms("alpha x x beta x chi (ABC)") == [("ABC", "alpha x x beta x chi")]
    assert find_acronyms("alpha x x x beta x chi (ABC)") == []
    assert find_acronyms("alpha x x x x x beta chi delta eta zeta (ABCDEZ)") == [
        ("ABCDEZ", "alpha x x x x x beta chi delta eta zeta")
    ]
    assert find_acronyms("alpha x x x x x x beta chi delta eta zeta (ABCDEZ)") == []


def test_each_definition_once_in_order() -> None:
    """A text that repeats itself defines once; two long forms of one acronym are two definitions."""
    text = "text-to-speech (TTS), text to sign (TTS). We use text-to-speech (TTS) and face emotion (FE)."
    assert find_acronyms(text) == [("TTS", "text-to-speech"), ("TTS", "text to sign"), ("FE", "face emotion")]


@pytest.mark.parametrize(
    ("written", "one"),
    [
        ("LLMs", "LLM"),
        ("LLM", "LLM"),
        ("TTS", "TTS"),
        ("As", "As"),
        ("GPUS", "GPUS"),
        ("Gpus", "Gpus"),
        ("LLms", "LLms"),
    ],
)
def test_plurals(written: str, one: str) -> None:
    """The small s after capitals is the plural's, not the acronym's; "As" is too short to have one."""
    assert singular(written) == one


def test_a_plural_that_spells_its_s() -> None:
    """Where the singular is not spelled by the words, the form as written may be."""
    assert find_acronyms("deep neural systems (DNs)") == [("DN", "deep neural systems")]
    assert find_acronyms("xx yys (XYs)") == [("XY", "xx yys")]


def test_the_shipped_papers_define_tts() -> None:
    """The acronyms that search can write out come from the papers: TTS and LLM are defined in several."""
    found = [
        pair
        for record in read(ROOT / "data" / "papers.jsonl", Report())
        for pair in find_acronyms(f"{record.paper.title}. {record.paper.abstract}")
    ]
    longs = {short: {long.lower() for s, long in found if s == short} for short, _ in found}
    assert longs["TTS"] == {"text-to-speech"}
    assert "large language models" in longs["LLM"]


PIECES = st.sampled_from(
    ["Text-to-Speech", "(TTS)", "large", "Language", "models", "(LLMs)", "HMM", "(hidden Markov model)", ". ", ", ",
     "(right)", "(A B)", "(", ")", "s", "Emotion", "(ERC; x)", "\n\n"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map(" ".join) | st.text("abcABC1 -(),.'", max_size=60) | st.text(max_size=40)


@settings(deadline=None)
@given(TEXTS)
def test_every_definition_is_in_the_text(text: str) -> None:
    """Both forms are written in the text, the letters of the short one stand in the long one in order, and the
    first of them begins it."""
    pairs = find_acronyms(text)
    assert len(set(pairs)) == len(pairs)
    for short, long in pairs:
        assert short in text
        assert " ".join(long.split()) in " ".join(text.split())
        assert len(long) > len(short)
        letters = [re.escape(c) for c in short.lower() if c.isalnum()]
        assert re.match(".*?".join(letters), long.lower(), re.DOTALL)


@pytest.mark.parametrize("unit", ["(A1) ", "a (AB) ", "AB (", ". A", "(", "x" * 10 + " (XX) "])
def test_a_hostile_text_takes_linear_time(unit: str) -> None:
    """An abstract of 100,000 characters full of parentheses must not stop an import."""
    begun = time.monotonic()
    find_acronyms(unit * (100_000 // len(unit)))
    assert time.monotonic() - begun < 3
