"""The record: what is tidied, what is refused, and that its JSON form loses nothing."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import InvalidPaper, PaperkinError
from indexer.paper import (
    FIELDS,
    LIMITS,
    MAX_COUNT,
    MAX_LIST,
    Paper,
    first_day,
    from_record,
    from_stored,
    id_from_title,
    is_unsafe,
    make_safe,
    to_line,
    to_record,
)

CHARACTERS = st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from(" \t\x85\u2028é中")
WORDS = st.text(CHARACTERS, min_size=1, max_size=30).filter(lambda text: text.strip() != "")
PROSE = st.text(CHARACTERS | st.sampled_from("\n\r"), max_size=80)
DATES = st.dates().flatmap(lambda day: st.sampled_from([10, 7, 4]).map(lambda length: day.isoformat()[:length]))
COUNTS = st.none() | st.integers(0, MAX_COUNT)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
LINKS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=20).map("https://{}".format)


@st.composite
def papers(draw: st.DrawFn) -> Paper:
    """Every kind of valid paper."""
    abstract = draw(PROSE)
    paper = st.builds(
        Paper,
        id=WORDS.filter(lambda name: name.strip() not in {".", ".."}),
        title=WORDS | st.just("") if abstract.strip() else WORDS,
        abstract=st.just(abstract),
        authors=st.lists(WORDS, max_size=3).map(tuple),
        author_count=COUNTS,
        published=st.none() | DATES,
        comments=COUNTS,
        upvotes=COUNTS,
        categories=st.lists(WORDS, max_size=3).map(tuple),
        url=st.none() | LINKS,
        source=st.none() | WORDS,
        extra=st.none() | st.dictionaries(WORDS, st.dictionaries(WORDS, JSON, max_size=2), max_size=2).map(json.dumps),
    )
    return draw(paper)


def assert_helpful(error: PaperkinError) -> None:
    """Two different sentences that a person can read: what is wrong, and what to do."""
    for sentence in (error.message, error.next_step):
        assert len(sentence.split()) >= 3
        assert sentence[-1] in ".?)…" or "paperkin" in sentence or "python" in sentence
        assert sentence.isprintable()
    assert error.message != error.next_step
    assert str(error) == f"{error.message} {error.next_step}"


# Tidying


def test_white_space_becomes_single_spaces() -> None:
    """A title copied out of a PDF or a page has odd spaces and line breaks; they mean nothing."""
    paper = Paper(
        " a ", "  Deep\n\tspeech\u00a0 models ", authors=(" Ada \n Lovelace ", "  "), categories=("cs.CL ", "")
    )
    assert (paper.id, paper.title) == ("a", "Deep speech models")
    assert (paper.authors, paper.categories) == (("Ada Lovelace",), ("cs.CL",))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("one\ntwo\r\nthree\rfour", "one two three four"),
        ("first\nline\n\nsecond\nline", "first line\n\nsecond line"),
        ("first\n \t\n\n\nsecond", "first\n\nsecond"),
        ("first\r\n\r\nsecond", "first\n\nsecond"),
        ("first\n\u00a0\nsecond", "first\n\nsecond"),
        ("\n\n  only  \n\n", "only"),
        (" \n ", ""),
    ],
)
def test_paragraphs_stay_and_hard_wraps_go(written: str, kept: str) -> None:
    """A line break inside a paragraph is the file's, one blank line or more between paragraphs is the author's."""
    assert Paper("a", "t", abstract=written).abstract == kept


@pytest.mark.parametrize("gap", [" ", "\n", " \n", "\u00a0"])
def test_tidying_takes_linear_time(gap: str) -> None:
    """An abstract full of blanks, as a careless converter leaves them, must not stop an import for minutes."""
    begun = time.monotonic()
    assert Paper("a", "t", abstract="x" + gap * 49_000 + "y").abstract.split() == ["x", "y"]
    assert time.monotonic() - begun < 2


def test_text_is_composed_and_the_id_is_kept() -> None:
    """Equal-looking titles must be equal; an id is what other programs ask for, so not a letter of it changes."""
    decomposed = "Cafe\u0301"
    paper = Paper(decomposed, decomposed, abstract=decomposed, authors=(decomposed,), source=decomposed)
    assert (paper.title, paper.abstract, paper.authors, paper.source) == ("Café", "Café", ("Café",), "Café")
    assert paper.id == decomposed
    assert Paper("a  b", "t").id == "a  b"


def test_blank_optional_text_means_unknown() -> None:
    """An empty link or source in a file says nothing, and is not an error."""
    paper = Paper("a", "t", url="  ", source="  ")
    assert (paper.url, paper.source) == (None, None)


# Fields


@pytest.mark.parametrize(
    ("field", "limit"),
    [("id", LIMITS["id"]), ("title", LIMITS["title"]), ("abstract", LIMITS["abstract"]), ("source", 200)],
)
def test_limits_are_exact(field: str, limit: int) -> None:
    """The longest allowed text is kept whole; one character more is refused, never cut."""
    values: dict[str, Any] = {"id": "a", "title": "t"}
    assert len(getattr(Paper(**values | {field: "x" * limit}), field)) == limit
    with pytest.raises(InvalidPaper, match=f"{field} is longer than {limit:,} characters"):
        Paper(**values | {field: "x" * (limit + 1)})


def test_counts_stay_exact_in_every_program() -> None:
    """The largest count is 2^53 - 1: beyond it, programs that read JSON numbers as floats see another number."""
    assert Paper("a", "t", upvotes=9_007_199_254_740_991, comments=0).upvotes == 9_007_199_254_740_991
    with pytest.raises(InvalidPaper):
        Paper("a", "t", upvotes=9_007_199_254_740_992)


def test_a_paper_never_changes() -> None:
    """A paper is a value: it can be shared between threads, and its hash stays true."""
    with pytest.raises(FrozenInstanceError):
        Paper("a", "t").title = "u"  # type: ignore[misc]


def test_lists_have_limits() -> None:
    """A list of authors that no paper has is refused, whether by number or by the length of a name."""
    assert len(Paper("a", "t", authors=("x" * 500,) * MAX_LIST).authors) == MAX_LIST
    with pytest.raises(InvalidPaper, match="author entries is longer than 10,000"):
        Paper("a", "t", authors=("x",) * (MAX_LIST + 1))
    with pytest.raises(InvalidPaper, match="author is longer than 500"):
        Paper("a", "t", authors=("x" * 501,))
    with pytest.raises(InvalidPaper, match="category is longer than 200"):
        Paper("a", "t", categories=("x" * 201,))


@pytest.mark.parametrize(
    ("published", "day"),
    [("2025-06-23", "2025-06-23"), ("2025-06", "2025-06-01"), ("2025", "2025-01-01"), (None, None)],
)
def test_a_date_keeps_its_precision(published: str | None, day: str | None) -> None:
    """A year alone stays a year; only for sorting and filtering it stands at its first day."""
    paper = Paper("a", "t", published=published)
    assert (paper.published, paper.day) == (published, day)


@settings(deadline=None)
@given(DATES)
def test_the_first_day_is_a_day(published: str) -> None:
    """Whatever the precision, the first day is ten characters that begin with what is known."""
    day = first_day(published)
    assert day == published + "0000-01-01"[len(published) :]


@pytest.mark.parametrize(
    ("authors", "given_count", "count"),
    [((), None, None), ((), 0, 0), ((), 7, 7), (("A", "B"), None, 2), (("A", "B"), 9, 9), (("A", "B"), 1, 2)],
)
def test_author_count_is_never_less_than_the_names(
    authors: tuple[str, ...], given_count: int | None, count: int | None
) -> None:
    """A page may know how many authors there are and not who; unknown stays unknown and is not zero."""
    assert Paper("a", "t", authors=authors, author_count=given_count).author_count == count


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("id", "", "id is empty"),
        ("id", " \n", "id is empty"),
        ("title", "", "title is empty"),
        ("title", "\u2003", "title is empty"),
        ("title", 5, "title must be a string"),
        ("title", "nul\x00", "control characters"),
        ("abstract", "bell\x07", "control characters"),
        ("abstract", "half \ud83d a face", "lone surrogates"),
        ("authors", ("ok", "\x1b[31m"), "author holds control characters"),
        ("authors", (5,), "author must be a string"),
        ("id", "a\x7f", "control characters"),
        ("published", "2025-02-29", "not a day of the calendar: 2025-02-29"),
        ("published", "2025-13", "not a day of the calendar"),
        ("published", "0000", "not a day of the calendar"),
        ("published", "June 2025", "must be a date such as 2025-06-23"),
        ("published", "2025-6-3", "must be a date"),
        ("published", "2025-06-23\n", "must be a date"),
        ("published", "20250623", "must be a date"),
        ("published", 2025, "must be a date"),
        ("url", "javascript:alert(1)", "must start with http:// or https://"),
        ("url", " JavaScript:alert(1)", "must start with http:// or https://"),
        ("url", "data:text/html,x", "must start with http:// or https://"),
        ("url", "//example.org", "must start with http:// or https://"),
        ("url", "https://", "must start with http:// or https://"),
        ("url", "https://a b", "hold no spaces"),
        ("url", "https://" + "x" * 1_993, "longer than 2,000"),
        ("author_count", True, "author_count must be a whole number"),
        ("author_count", -1, "author_count must be a whole number"),
        ("comments", 1.0, "comments must be a whole number"),
        ("upvotes", "3", "upvotes must be a whole number"),
        ("upvotes", MAX_COUNT + 1, "upvotes must be a whole number"),
    ],
)
def test_wrong_values_are_refused(field: str, value: Any, reason: str) -> None:
    """A paper that cannot be shown, sorted or stored faithfully is never made; the error says why."""
    with pytest.raises(InvalidPaper) as caught:
        Paper(**{"id": "a", "title": "t"} | {field: value})
    assert reason in caught.value.message
    assert caught.value.code == "invalid_paper"
    assert_helpful(caught.value)


@pytest.mark.parametrize("url", ["http://a", "HTTPS://Example.org/x?y=1#z", "https://例え.jp/論文"])
def test_web_addresses_are_kept(url: str) -> None:
    """Every http and https address is kept as it is written."""
    assert Paper("a", "t", url=f" {url} ").url == url


@pytest.mark.parametrize(
    ("title", "abstract", "text"),
    [
        ("Speech", "", "Speech"),
        ("Speech", "It talks.", "Speech. It talks."),
        ("Do LLMs feel?", "No.", "Do LLMs feel? No."),
        ("Attention!", "Yes.", "Attention! Yes."),
        ("A report.", "Short.", "A report. Short."),
        ("On graphs", "One.\n\nTwo.", "On graphs. One.\n\nTwo."),
    ],
)
def test_text_recipe(title: str, abstract: str, text: str) -> None:
    """What is embedded is the title as a sentence, then the abstract; changing this means a new `TEXT_RECIPE`."""
    assert Paper("a", title, abstract=abstract).text == text


@pytest.mark.parametrize(
    "record", [{"abstract": "It talks. A lot."}, {"title": None, "abstract": "It\ntalks. A lot. "}]
)
def test_an_abstract_is_enough(record: dict[str, object]) -> None:
    """Some records have no title: the abstract is what is embedded, and gives the id and the heading."""
    paper = from_record(record)
    assert paper == Paper("it-talks-a-lot", "", abstract="It talks. A lot.")
    assert (paper.text, paper.heading) == ("It talks. A lot.", "It talks. A lot.")


@pytest.mark.parametrize(
    ("title", "abstract", "heading"),
    [
        ("Speech", "It talks.", "Speech"),
        ("", "word " * 20, "word " * 19 + "word"),
        ("", "word " * 21, "word " * 20 + "…"),
        ("", "One.\n\nTwo.", "One. Two."),
        ("", "x" * 100, "x" * 100),
        ("", "x" * 200, "x" * 100 + " …"),
        ("", "one\n\ntwo " * 13, "one two " * 12 + "one …"),
    ],
)
def test_heading(title: str, abstract: str, heading: str) -> None:
    """A list shows the title or, for want of one, up to 100 characters of the abstract, cut at a word."""
    assert Paper("a", title, abstract=abstract).heading == heading


def test_neither_title_nor_abstract_is_nothing() -> None:
    """A paper without any text could never be found by what it says."""
    with pytest.raises(InvalidPaper, match="title is empty, and it has no abstract"):
        Paper("a", " ", abstract="\n")


# JSON


@settings(deadline=None)
@given(papers())
def test_json_loses_nothing(paper: Paper) -> None:
    """A paper written as a line and read again is the same paper, on one line, with the same hash."""
    line = to_line(paper)
    again = from_record(json.loads(line))
    assert again == paper
    assert again.content_hash == paper.content_hash
    assert not {"\n", "\r"} & set(line)


@settings(deadline=None)
@given(papers())
def test_tidying_is_done_once(paper: Paper) -> None:
    """A tidied paper stays as it is, so that importing an export changes nothing."""
    assert replace(paper) == paper


@settings(deadline=None)
@given(papers())
def test_a_stored_record_is_the_paper(paper: Paper) -> None:
    """A record as it was written is read quickly, and is the same paper."""
    assert from_stored(json.loads(to_line(paper))) == paper


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 5),
        ("title", "\x1b[31m"),
        ("abstract", "half \ud83d a face"),
        ("abstract", ["a"]),
        ("authors", "Ada"),
        ("authors", ["\x1b[31m"]),
        ("authors", [None]),
        ("categories", [["cs"]]),
        ("identifiers", [5]),
        ("published", "June 2025"),
        ("updated", "2025-02-29"),
        ("url", "javascript:alert(1)"),
        ("url", "https://a b"),
        ("comments", 1.0),
        ("upvotes", True),
        ("source", "a\x00"),
        ("titel", "x"),
    ],
)
def test_a_stored_record_can_do_no_harm(field: str, value: object) -> None:
    """A collection may come from a stranger: what no paper can hold is refused, whatever hash it has."""
    with pytest.raises(InvalidPaper):
        from_stored(to_record(Paper("a", "t", "Abstract.", source="s")) | {"authors": [], "categories": [],
                    "identifiers": []} | {field: value})  # fmt: skip


def test_record_is_the_documented_object() -> None:
    """The record has every field in the documented order, with null for what is unknown."""
    assert to_line(Paper("a", "é", authors=("B",))) == (
        '{"id": "a", "title": "é", "abstract": "", "authors": ["B"], "author_count": 1, "published": null, '
        '"comments": null, "upvotes": null, "categories": [], "url": null, '
        '"venue": null, "identifiers": [], "version": null, "updated": null, "daily": null, "source": null}'
    )
    assert (*to_record(Paper("a", "t")), "extra") == FIELDS


CHANGES: dict[str, Any] = {
    "id": "b",
    "title": "u",
    "abstract": "More.",
    "authors": ("Ada", "Grace"),
    "author_count": 3,
    "published": "2025",
    "comments": 0,
    "upvotes": 0,
    "categories": ("cs.SD",),
    "url": "https://example.org",
    "venue": "Journal of Toys",
    "identifiers": ("doi:10.1000/toys",),
    "version": 2,
    "updated": "2025-01-02",
    "daily": "2025-01-03",
    "source": "toys",
    "extra": '{"toys":{}}',
}


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_counts_in_the_hash(field: str) -> None:
    """The hash decides whether a paper is stored again, so a change of any field must change it."""
    paper = Paper("a", "t", authors=("Ada",))
    changed = replace(paper, **{field: CHANGES[field]})
    assert changed.content_hash != paper.content_hash
    assert paper.content_hash == hashlib.sha256(to_line(paper).encode()).digest()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "title is missing"),
        ({"id": "a", "title": None}, "title is missing"),
        ({"title": "t", "titel": "x"}, "no field 'titel'"),
        ({"title": "t", "x" * 900: 1}, "no field 'xxx"),
        ({"title": "t", "authors": "Ada"}, "authors must be a list of strings"),
        ({"title": "t", "authors": {"name": "Ada"}}, "authors must be a list of strings"),
        ({"title": "t", "authors": [{"name": "Ada"}]}, "author must be a string"),
        ({"title": "t", "categories": [None]}, "category must be a string"),
        ({"title": ["t"]}, "title must be a string"),
        ({"title": "t", "id": 5}, "id must be a string"),
        ({"title": "t", "id": 0}, "id must be a string"),
        ({"title": "t", "id": False}, "id must be a string"),
        ({"title": "t", "id": " "}, "id is empty"),
        ({"title": "t", "abstract": 1}, "abstract must be a string"),
        ({"title": "t", "url": 1}, "url must be a string"),
        ({"title": "t", "upvotes": True}, "upvotes must be a whole number"),
    ],
)
def test_records_of_the_wrong_shape_are_refused(record: dict[str, object], reason: str) -> None:
    """JSON from outside is checked field by field; nothing is guessed from a value of the wrong type."""
    with pytest.raises(InvalidPaper) as caught:
        from_record(record)
    assert reason in caught.value.message
    assert len(caught.value.message) < 200
    assert_helpful(caught.value)


@pytest.mark.parametrize(
    "record", [{"title": "On Graphs"}, {"title": " On\nGraphs ", "id": None}, {"title": "On Graphs", "id": ""}]
)
def test_a_record_without_an_id_gets_one(record: dict[str, object]) -> None:
    """The id comes from the tidied title; null and the empty string mean that there is none."""
    assert from_record(record) == Paper("on-graphs", "On Graphs")


# Ids


@pytest.mark.parametrize(
    ("title", "paper_id"),
    [
        ("EmoVid: A Multimodal Dataset", "emovid-a-multimodal-dataset"),
        ("Café Naïve", "cafe-naive"),
        ("Cafe\u0301 naive", "cafe-naive"),
        ("Straße", "strasse"),
        ("3D: 2D?", "3d-2d"),
        ("x" * 64, "x" * 64),
    ],
)
def test_ids_are_readable(title: str, paper_id: str) -> None:
    """A short title in Latin letters is its own id: people see it in addresses."""
    assert id_from_title(title) == paper_id


@pytest.mark.parametrize(
    ("title", "begin"),
    [
        ("情感语音合成", "paper-"),
        ("情感 speech", "speech-"),
        ("!?", "paper-"),
        ("c++ parsing", "c-parsing-"),
        ("x" * 65, "x" * 55 + "-"),
        ("word " * 20, "word-word-word-word-word-word-word-word-word-word-word-"),
    ],
)
def test_a_digest_stands_for_what_an_id_cannot_say(title: str, begin: str) -> None:
    """Where letters are lost or cut off, eight hex digits of the title's SHA-256 end the id."""
    digest = hashlib.sha256(title.strip().encode()).hexdigest()[:8]
    assert id_from_title(title) == begin + digest


def test_ids_never_change() -> None:
    """Ids stand in bookmarks and other people's files: this one must be the same in every version."""
    title = "UniSS: Unified Expressive Speech-to-Speech Translation with Your Voice"
    assert id_from_title(title) == "uniss-unified-expressive-speech-to-speech-translation-8212dd0e"


def test_long_titles_that_begin_alike_differ() -> None:
    """Two parts of one study are two papers, though their ids are cut at the same word."""
    ids = {id_from_title("A study of " + "very " * 12 + f"large models, part {part}") for part in ("one", "two", "三")}
    assert len(ids) == 3
    assert {len(paper_id) <= 64 for paper_id in ids} == {True}


@settings(deadline=None)
@given(WORDS)
def test_an_id_can_stand_in_an_address(title: str) -> None:
    """Every id made here is of lower-case letters, digits and hyphens, not too long, and itself a valid id."""
    paper_id = id_from_title(title)
    assert paper_id.isascii()
    assert paper_id.replace("-", "").isalnum()
    assert paper_id == paper_id.lower()
    assert len(paper_id) <= 64 + 9
    assert id_from_title(f"  {title}\n") == paper_id
    assert Paper(paper_id, "t").id == paper_id


@settings(deadline=None)
@given(st.text(max_size=20) | st.text("\x00\x1f\t\ud800\udfffa", max_size=10))
def test_making_safe_is_enough(text: str) -> None:
    """A repaired text is safe, as long as before, and differs only where U+FFFD stands."""
    safe = make_safe(text)
    assert not is_unsafe(safe)
    assert all(new in (old, "\N{REPLACEMENT CHARACTER}") for old, new in zip(text, safe, strict=True))
    assert (safe == text) == (not is_unsafe(text))
