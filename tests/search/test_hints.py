"""Hints about filters that let no paper pass."""

from __future__ import annotations

import pytest

from indexer.collection import Collection
from indexer.filters import Filters
from search.hints import explain_empty
from search.syntax import parse


def told(collection: Collection, text: str) -> list[tuple[str, str, str]]:
    hints = explain_empty(collection.snapshot(), parse(text).filters)
    return [(hint.part, hint.message, hint.next_step) for hint in hints]


@pytest.mark.parametrize(
    ("text", "part", "message", "step"),
    [
        ('author:"Ada Hopper"', 'author:"Ada Hopper"', "No paper has an author with this name.",
         "Check the spelling, or give the family name alone."),
        ("author:ada category:math", "category:math", "No paper has this category.",
         "Write it as the papers do, such as cs.CL, or its archive alone: cs."),
        ("source:Toys", "source:Toys", "No paper comes from this source.",
         "Check the spelling, which counts letter by letter. There is: toys."),
        ("after:2026", "after:2026", "No paper is of this date or later.",
         "Choose an earlier date; papers without a date pass none."),
        ("before:2024", "before:2024", "No paper is earlier than this date.",
         "Choose a later date; papers without a date pass none."),
        ("id:nobody", "id:nobody", "No paper has this id.", "Check the id; a search shows the ids of its papers."),
        ('"emotion and speech" -face', '"emotion and speech"', "No paper has exactly these words in this order.",
         "Write them without the quotation marks."),
        ('-"speech" -emotions', '-"speech" -emotions', "Papers pass each of these, but none passes all of them.",
         "Remove -emotions: 2 papers pass without it."),
        ("author:ada source:toys after:2025", "author:ada source:toys after:2025",
         "Papers pass each of these, but none passes all of them.", "Remove author:ada: 1 paper passes without it."),
        ("author:ada -author:ada source:toys -source:toys", "author:ada -author:ada source:toys -source:toys",
         "Papers pass each of these, but none passes all of them.", "Remove some of them."),
    ],
)  # fmt: skip
def test_what_keeps_every_paper_out_is_named(
    collection: Collection, text: str, part: str, message: str, step: str
) -> None:
    """A filter that no paper passes is named; if there is none, it is said that only all together let none pass, and
    which one to remove."""
    assert told(collection, text) == [(part, message, step)]


def test_several_may_be_wrong(collection: Collection) -> None:
    """Each filter that no paper passes is named, the ids first."""
    assert [part for part, *_ in told(collection, "author:x id:y speech category:cs id:z")] == [
        "id:y",
        "id:z",
        "author:x",
    ]


def test_what_lets_papers_pass_is_not_explained(collection: Collection) -> None:
    """Nothing is said where papers are found, but for an id among others that no paper has."""
    assert told(collection, "author:ada -source:toys") == []
    assert explain_empty(collection.snapshot(), Filters()) == ()
    assert [part for part, *_ in told(collection, "id:a id:typo")] == ["id:typo"]


def test_a_filter_that_leaves_everything_out(collection: Collection) -> None:
    """An exclusion that every paper meets is named."""
    with collection.writing("test") as writer:
        writer.remove(["a", "b", "10.1/d"])
    assert told(collection, "-category:cs.SD face") == [
        ("-category:cs.SD", "This leaves every paper out.", "Remove it.")
    ]


def test_no_papers_need_no_explanation(empty: Collection) -> None:
    """In an empty collection no filter is to blame."""
    assert told(empty, "author:ada id:x") == []
