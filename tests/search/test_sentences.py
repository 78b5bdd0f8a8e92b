"""Sentences of abstracts as they are written, and what holds for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.sentences import LONGEST, split


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["We do it.", "It works!", "Does it?", "Yes: 3.14 is pi.", "No final stop"],
        ["We use e.g. BERT, i.e. a model, cf. Fig. 2 and Eqs. 3 vs. 5.", "See Smith et al. [3], No. 5."],
        [
            "It follows J. Smith and A. B. Jones.",
            "The U.S. Army paid.",
            "It grew E. coli.",
            "We need vitamin C.",
            "We do.",
        ],
        ["It is from the U.S.", "The rest is by Lee et al.", "We thank Dr. Who, etc."],
        [
            "The answer is no.",
            "We ran it (p < 0.05).",
            "20 mice ran.",
            "“Stop.”",
            "(They did.)",
            "mRNA was found.",
            "p53 was not.",
        ],
        ["the flow is hot .", "results agree.", "we grew e. coli (fig. 3) .", "a second test was made .."],
        ["BACKGROUND: It is old.", "METHODS AND DATA: A trial", "RESULTS: None."],
        ["1. First we try.", "2. Then we fail.", "(b) At last we win."],
        ["We show (1) a bound, and (2) a proof; (3) it is tight."],
        ["Let $x. Y$ be a point.", "Then $$f(x) = 0.5. We$$ win.", "It cost $5.", "It was $9."],
    ],
)
def test_abstracts(expected: list[str]) -> None:
    """Each of these is one sentence, whatever stops it holds."""
    assert sentences(" ".join(expected)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("...", ["..."]),
        ("A title", ["A title"]),
        ("It ends.It begins.", ["It ends.", "It begins."]),
        ("这是一个句子。第二个句子！", ["这是一个句子。", "第二个句子！"]),
        ("One paragraph\n\nAnother. Wrapped\nline.", ["One paragraph", "Another.", "Wrapped\nline."]),
        ("We show:\n- one thing\n- another", ["We show:", "- one thing", "- another"]),
        ("Well . . . That is all.", ["Well . . .", "That is all."]),
    ],
)
def test_other_texts(text: str, expected: list[str]) -> None:
    """Paragraphs, lists, stops without spaces, and texts that hardly are any."""
    assert sentences(text) == expected


def test_long_text_is_divided_between_clauses_and_words() -> None:
    """Text without sentences is halved until a part can be read: at a clause near the middle, else between words."""
    clauses = "word " * 45 + "here, " + "other " * 40 + "end"
    assert [part[-5:] for part in sentences(clauses)] == ["here,", "r end"]
    assert sentences("ab " * 200 + "c") == [("ab " * 100).strip(), "ab " * 100 + "c"]
    assert [len(part) for part in sentences("x" * 900)] == [225, 225, 225, 225]


PARTS = st.sampled_from(
    ["the ", "We ", "fig. ", "e.g. ", "J. ", "1. ", "(2) ", " . ", ".. ", ". ", "?! ", "。", "$x. Y$ ", "$5. ", "\n",
     "\n\n", "- ", "METHODS: ", "3.14", "”", ") ", "x" * 150, "\u2003", "é", "\u0301"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PARTS, max_size=60).map("".join)))
def test_what_holds_for_any_text(text: str) -> None:
    """Spans ascend, hold no outer white space, are short enough, and hold every other character exactly once."""
    spans = split(text)
    assert all(0 < span.end - span.start <= LONGEST for span in spans)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert edges == sorted(edges)
    assert all(not text[start:end].strip() for start, end in zip(edges[::2], edges[1::2], strict=True))
