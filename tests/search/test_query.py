"""What may be asked."""

from __future__ import annotations

import pytest

from indexer.errors import InvalidQuery
from indexer.filters import Filters
from search.query import MAX_TEXT, Page, Query


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_query"),
        (" \n\t", "empty_query"),
        ("x" * (MAX_TEXT + 1), "query_too_long"),
        ("a\0b", "invalid_text"),
        ("a\ud800b", "invalid_text"),
    ],
)
def test_texts_that_cannot_be_asked(text: str, code: str) -> None:
    """Each has its own code and says the next step."""
    with pytest.raises(InvalidQuery) as caught:
        Query(text)
    assert caught.value.code == code
    assert caught.value.next_step


def test_the_longest_question() -> None:
    """10,000 characters are a question."""
    assert len(Query("x" * 10_000).text) == 10_000


@pytest.mark.parametrize(
    ("k", "offset", "code"),
    [
        (0, 0, "k_out_of_range"),
        (-1, 0, "k_out_of_range"),
        (1001, 0, "k_out_of_range"),
        (1, -1, "offset_out_of_range"),
        (1, 10_001, "offset_out_of_range"),
    ],
)
def test_pages_that_cannot_be_asked(k: int, offset: int, code: str) -> None:
    """k is 1 to 1,000, the offset 0 to 10,000."""
    with pytest.raises(InvalidQuery) as caught:
        Page(k, offset)
    assert caught.value.code == code
    assert Page(1000, 10_000).end == 11_000


def test_how_many_papers_a_question_may_have() -> None:
    """A hundred, liked and disliked together."""
    assert Query(liked=("x",) * 60, disliked=("y",) * 40)
    with pytest.raises(InvalidQuery) as caught:
        Query(liked=("x",) * 60, disliked=("y",) * 41)
    assert caught.value.code == "ids_out_of_range"


def test_any_part_makes_a_question() -> None:
    """A text, an abstract, a liked paper or a filter is enough, and what is pasted is checked as a text is."""
    assert Query(abstract="An abstract.").abstract == "An abstract."
    assert Query(liked=("a",)).liked == ("a",)
    assert not Query(filters=Filters.of(author="Ada")).filters.empty
    with pytest.raises(InvalidQuery, match="pasted abstract has 10,001 characters"):
        Query(abstract="x" * 10_001)
