"""How papers, dates, texts and counts are shown: exact values."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.showing import EXCERPT, TALLEST, Bar, authors, chart, day, links, paper_address, period, shown, when
from indexer.paper import Paper
from search.explain import Match, Passage, Piece
from search.facets import Bin, Dates


@pytest.mark.parametrize(
    ("published", "expected"),
    [("2025-06-03", "3 June 2025"), ("2025-06", "June 2025"), ("2025", "2025"), (None, None)],
)
def test_dates(published: str | None, expected: str | None) -> None:
    """A date is written out at the precision that is known."""
    assert when(Paper("x", "speech", published=published)) == expected


def test_days_and_periods() -> None:
    """A day, a week and a month are written as people say them."""
    assert day("2026-08-01") == "1 August 2026"
    assert [period(name) for name in ("2026-08-21", "2026-W04", "2026-08")] == [
        "21 August 2026", "week 4 of 2026", "August 2026",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "count", "expected"),
    [
        ((), None, None),
        ((), 1, "1 author"),
        ((), 8, "8 authors"),
        (("Ada",), None, "Ada"),
        (tuple("ABCDEF"), None, "A, B, C, D, E, F"),
        (tuple("ABCDEFGH"), None, "A, B, C, D, E, F and 2 more"),
        (("Ada",), 9, "Ada and 8 more"),
    ],
)
def test_authors(names: tuple[str, ...], count: int | None, expected: str | None) -> None:
    """Authors are named, at most six of them, or counted where their names are not known."""
    assert authors(Paper("x", "speech", authors=names, author_count=count)) == expected


def test_the_address_of_a_paper() -> None:
    """The address of a paper is one segment, whatever its id holds."""
    assert paper_address("10.1/d?e#f%") == "/papers/10.1%2Fd%3Fe%23f%25"


def test_links() -> None:
    """A paper's own address comes first; one that an identifier leads to stands there once, under its name."""
    both = Paper("x", "speech", url="https://a.org/1", identifiers=("doi:10.1000/x", "arxiv:2501.00001"))
    assert links(both)[0] == ("https://a.org/1", "https://a.org/1")
    assert set(links(both)[1:]) == {
        ("DOI 10.1000/x", "https://doi.org/10.1000/x"),
        ("arXiv 2501.00001", "https://arxiv.org/abs/2501.00001"),
    }
    # The identifier of the paper's address is told by the paper itself.
    assert links(Paper("x", "speech", url="https://arxiv.org/abs/2501.00001")) == [
        ("arXiv 2501.00001", "https://arxiv.org/abs/2501.00001")
    ]
    assert links(Paper("2501.00001", "speech")) == [("arXiv 2501.00001", "https://arxiv.org/abs/2501.00001")]
    assert links(Paper("x", "speech", identifiers=("openalex:W1",))) == links(Paper("x", "speech")) == []


def test_links_of_odd_identifiers() -> None:
    """What a DOI may hold stays within its address; its slash and brackets stay readable."""
    odd = "doi:10.1002/(sici)1097-4571(199009)41:6<391::aid-asi1>3.0.co;2-9"
    ((_, target),) = links(Paper("x", "speech", identifiers=(odd,)))
    assert target == "https://doi.org/10.1002/(sici)1097-4571(199009)41:6%3C391::aid-asi1%3E3.0.co;2-9"
    ((_, target),) = links(Paper("x", "speech", identifiers=('doi:10.1000/a?b#c"d',)))
    assert target == "https://doi.org/10.1000/a%3Fb%23c%22d"


def cut(pieces: list[Piece]) -> list[str]:
    """Pieces written out: [marked], and what belongs to the sentence in braces."""
    marked = [f"[{each.text}]" if each.marked else each.text for each in pieces]
    return [f"{{{text}}}" if each.passage else text for text, each in zip(marked, pieces, strict=True)]


def passage(start: int, end: int, text: str) -> Passage:
    return Passage("abstract", start, end, text[start:end], 0.5)


def test_a_text_is_shown_from_its_beginning() -> None:
    """Where the sentence that matched comes early, or none did, the whole text is shown."""
    text = "Speech here. Emotion there."
    found = [Match(0, 6, "speech"), Match(13, 20, "emotion")]
    assert cut(shown(text, found, None)) == ["[Speech]", " here. ", "[Emotion]", " there."]
    assert cut(shown(text, found, passage(13, 27, text))) == ["[Speech]", " here. ", "{[Emotion]}", "{ there.}"]
    assert cut(shown(text, [], None)) == [text]


@pytest.mark.parametrize("before", [EXCERPT, EXCERPT + 1])
def test_an_excerpt_begins_at_the_sentence(before: int) -> None:
    """Where the sentence comes late, the excerpt begins with it, which is said; what follows is shown, too."""
    text = "x" * (before - 1) + " " + "A face. More."
    pieces = cut(shown(text, [Match(before + 2, before + 6, "face")], passage(before, before + 7, text)))
    beginning = ["x" * (before - 1) + " "] if before == EXCERPT else ["… "]
    assert pieces == [*beginning, "{A }", "{[face]}", "{.}", " More."]


@pytest.mark.parametrize(
    ("text", "word", "marks"),
    [
        ("The loss $x + face$ of a face", "face", 1),
        ("The loss \\(face_i\\) and \\[ face \\] of a face", "face", 1),
        ("Display $$face$$ and a face", "face", 1),
        ("It costs $5 and a face", "face", 1),  # one dollar is money
        ("face $x$ face $y$ face", "face", 3),
    ],
)
def test_no_mark_within_a_formula(text: str, word: str, marks: int) -> None:
    """A mark within a formula would cut it, so that it could not be typeset; words outside are marked."""
    places = [at for at in range(len(text)) if text.startswith(word, at)]
    pieces = shown(text, [Match(at, at + len(word), word) for at in places], None)
    assert [piece.text for piece in pieces if piece.marked] == [word] * marks
    assert "".join(piece.text for piece in pieces) == text


@given(st.text("ab $\\()", max_size=400), st.data())
def test_pieces_are_the_text(text: str, data: st.DataObject) -> None:
    """Whatever is marked, the pieces joined are the text, or its end from the sentence on."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    found = [Match(start, end, "w") for start, end in list(pairwise(cuts))[::2]]
    start, end = data.draw(st.sampled_from(list(pairwise(cuts)) or [(0, 0)]))
    sentence = passage(start, end, text) if start < end else None
    whole = "".join(piece.text for piece in shown(text, found, sentence))
    assert whole == (text if sentence is None or start <= EXCERPT else "… " + text[start:])


def test_a_chart() -> None:
    """The tallest bar has the full height, others in proportion; what has any paper can be seen, nothing has none."""
    bins = (Bin("2024", "2024", 1_000), Bin("2025", "2025", 250), Bin("2026", "2026", 0), Bin("2027", "2027", 1))
    found = chart(Dates(1_251, "year", bins, 0), {})
    assert found.width == 40
    assert found.bars == (
        Bar(0, TALLEST, "2024", "2024", "2024: 1,000 papers", chosen=False),
        Bar(10, 14.0, "2025", "2025", "2025: 250 papers", chosen=False),
        Bar(20, 0.0, "2026", "2026", "2026: 0 papers", chosen=False),
        Bar(30, 2.0, "2027", "2027", "2027: 1 paper", chosen=False),
    )
    assert chart(Dates(0, "year", (), 3), {}).width == 0
    assert [bar.height for bar in chart(Dates(0, "year", (Bin("2024", "2024", 0),), 0), {}).bars] == [0.0]


@pytest.mark.parametrize(
    ("first", "last", "chosen"),
    [
        ("", "", []),
        ("2024-02", "", ["2024-02", "2024-03"]),
        ("", "2024-02", ["2024-01", "2024-02"]),
        ("2024-02", "2024-02", ["2024-02"]),
        ("2024", "2024", ["2024-01", "2024-02", "2024-03"]),
        ("2024-02-15", "2024-02-20", ["2024-02"]),  # the month that has them
        ("2025", "", []),
        ("", "2023-12-31", []),
        ("2024-03", "2024-01", []),
    ],
)
def test_chosen_bars(first: str, last: str, chosen: list[str]) -> None:
    """The bars of the dates that are asked for, however precisely these are written."""
    months = tuple(Bin(f"2024-{n:02}", f"2024-{n:02}", n) for n in (1, 2, 3))
    fields = {name: value for name, value in (("date_from", first), ("date_to", last)) if value}
    bars = chart(Dates(6, "month", months, 0), fields).bars
    assert [bar.first for bar in bars if bar.chosen] == chosen


def test_bars_of_several_years() -> None:
    """A bar of several years says which, and is chosen where all of them are asked for."""
    decades = (Bin("1990", "1999", 1), Bin("2000", "2009", 2))
    bars = chart(Dates(3, "year", decades, 0), {"date_from": "1990", "date_to": "1999-12-31"}).bars
    assert [(bar.label, bar.height, bar.chosen) for bar in bars] == [
        ("1990 to 1999: 1 paper", 28.0, True),
        ("2000 to 2009: 2 papers", 56.0, False),
    ]
