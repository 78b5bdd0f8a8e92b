"""Which records are of one paper, and what the paper is that they describe together."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.identity import (
    BY_HAND,
    Record,
    another_id,
    contradict,
    fold_records,
    is_older,
    normal_title,
    same_work,
    takes_id,
    title_key,
)
from indexer.paper import FIELDS, Paper, id_from_title

LONG = "How people tell emotion from speech alone"


def paper(title: str = LONG, *identifiers: str, by: tuple[str, ...] = ("Ada Bee",), **more: Any) -> Paper:
    values = {"id": "x"} | more
    return Paper(title=title, identifiers=identifiers, authors=by, **values)


def record(title: str, **more: Any) -> Record:
    origin = more.pop("origin", "a file")
    return Record(Paper(title=title, **({"id": "x"} | more)), origin)


def fold(*records: Record, paper_id: str = "x") -> Paper:
    """The paper of these records, which is the same in every order."""
    papers = {fold_records(paper_id, order) for order in permutations(records)}
    (made,) = papers
    return made


# Folding


def test_one_record_is_the_paper() -> None:
    """What a single source says is the paper as it stands, under the id that the paper has."""
    only = record("Speech", id="W1", source="openalex", authors=("Ada Bee",), upvotes=0)
    assert fold(only, paper_id="W1") == only.paper
    assert fold(only, paper_id="2401.00001") == replace(only.paper, id="2401.00001", identifiers=("arxiv:2401.00001",))


def test_every_field_comes_from_the_best_record_that_has_it() -> None:
    """A record is best for what it says; for what it does not say the next best one is."""
    best = record("Speech", source="arxiv", abstract="Of speech.", published="2024-06-25", version=1)
    next_best = record(
        "speech!", id="y", source="hf", abstract="of speech", published="2024", upvotes=0,
        authors=("Ada Bee", "Cy Dee"), categories=("AI",), url="https://huggingface.co/papers/2401.00001",
    )  # fmt: skip
    last = record(
        "Speech", id="z", venue="Mind", upvotes=7, comments=3, author_count=9, authors=("A. Bee",),
        categories=("ai", "cs.CL"), url="https://example.org/",
    )  # fmt: skip
    assert fold(last, best, next_best) == Paper(
        "x",
        "Speech",
        abstract="Of speech.",
        authors=("Ada Bee", "Cy Dee"),
        author_count=2,
        published="2024-06-25",
        comments=3,
        upvotes=0,
        categories=("AI", "cs.CL"),
        url="https://huggingface.co/papers/2401.00001",
        venue="Mind",
        identifiers=("arxiv:2401.00001",),
        version=1,
        source="arxiv",
    )


def test_an_abstract_comes_before_everything_but_a_hand() -> None:
    """A record without an abstract says little: it is believed after one that has one, whatever its source."""
    listed = record("Speech", source="arxiv", version=9, venue="A")
    told = record("Speech, and more", id="y", abstract="Of speech.", venue="B")
    assert (fold(listed, told).title, fold(listed, told).venue) == ("Speech, and more", "B")


def test_the_newest_version_comes_before_the_source() -> None:
    """What a service says of version 2 is newer than what arXiv said of version 1."""
    first = record("Old", source="arxiv", version=1, abstract="Old.", updated="2024-05-01")
    second = record("New", id="y", source="semantic-scholar", version=2, abstract="New.", updated="2024-04-01")
    made = fold(first, second)
    assert (made.title, made.abstract, made.version, made.updated) == ("New", "New.", 2, "2024-05-01")


@pytest.mark.parametrize("source", ["arxiv", "acl-anthology", "pubmed"])
def test_sources_that_look_after_their_records_come_first(source: str) -> None:
    """An archive is believed before a catalogue, a catalogue before what people typed, and of two alike the later."""
    archive = record("An archive", source=source, abstract="a")
    catalogue = record("A catalogue", id="y", source="openalex", abstract="c", updated="2026-01-01")
    typed = record("Somebody", id="z", source="bibtex", abstract="s", updated="2026-01-01")
    assert fold(typed, archive, catalogue).title == "An archive"
    assert fold(typed, catalogue).title == "A catalogue"
    later = record("Somebody later", id="w", source="ris", abstract="s", updated="2026-01-02")
    assert fold(typed, later).title == "Somebody later"


def test_what_a_person_wrote_comes_first() -> None:
    """A correction is believed before every source, for what it says: what it leaves out stays as it was."""
    source = record("Speach", source="arxiv", version=3, abstract="Of speech.", updated="2026-01-01", upvotes=2)
    hand = record("Speech", id="y", origin=BY_HAND, categories=("mine",))
    made = fold(source, hand)
    assert (made.title, made.abstract, made.upvotes, made.version) == ("Speech", "Of speech.", 2, 3)
    assert made.categories == ("mine",)
    assert made.source == "arxiv"


def test_identifiers_of_all_records_are_the_papers() -> None:
    """Every name by which any source knows the paper is a name of the paper, and so is its own id."""
    one = record("Speech", identifiers=("doi:10.1093/x",))
    two = record("Speech", id="acl:P19-1001", identifiers=("pmid:1", "doi:10.1093/x"))
    assert fold(one, two, paper_id="2401.00001").identifiers == (
        "acl:P19-1001",
        "arxiv:2401.00001",
        "doi:10.1093/x",
        "pmid:1",
    )


def test_the_first_day_on_daily_papers_stays() -> None:
    """A paper that was shown twice was news on the first day; its last change is the last that any source knows."""
    one = record("Speech", daily="2024-06-25", updated="2024-07")
    two = record("Speech", id="y", daily="2024-06-24", updated="2024-08-01")
    made = fold(one, two)
    assert (made.daily, made.updated) == ("2024-06-24", "2024-08-01")


def test_a_paper_without_a_title_gets_that_of_another_record() -> None:
    """What one source lacks another has."""
    assert fold(record("", abstract="Of speech."), record("Speech", id="y")).heading == "Speech"
    assert fold(record("Speech"), record("Speech", id="y")).abstract == ""


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    """Records of one paper, each with a name of its own."""
    names = draw(st.lists(st.tuples(st.sampled_from(["", "arxiv", "hf", "ris"]), st.sampled_from("abc")), unique=True,
                          min_size=1, max_size=5))  # fmt: skip
    made = []
    for source, paper_id in names:
        values: dict[str, Any] = {
            "abstract": draw(st.sampled_from(["", "a", "b"])),
            "authors": draw(st.sampled_from([(), ("Ada Bee",), ("Cy Dee", "Ada Bee")])),
            "author_count": draw(st.sampled_from([None, 1, 9])),
            "published": draw(st.sampled_from([None, "2024", "2024-06-25"])),
            "upvotes": draw(st.sampled_from([None, 0, 7])),
            "categories": draw(st.sampled_from([(), ("cs.CL",), ("CS.cl", "AI")])),
            "url": draw(st.sampled_from([None, "https://example.org/", "https://arxiv.org/abs/2401.00001"])),
            "version": draw(st.sampled_from([None, 1, 2])),
            "updated": draw(st.sampled_from([None, "2024-01", "2024-02"])),
            "daily": draw(st.sampled_from([None, "2024-01-01", "2024-02-01"])),
            "identifiers": draw(st.sampled_from([(), ("doi:10.1093/x",), ("pmid:1", "doi:10.1093/x")])),
        }
        origin = draw(st.sampled_from(["f", BY_HAND]))
        made.append(Record(Paper(paper_id, draw(st.sampled_from("TUV")), source=source or None, **values), origin))
    return made


@given(records(), st.data())
def test_the_order_of_records_does_not_matter(given_records: list[Record], data: st.DataObject) -> None:
    """Sources come in any order, and the paper is the same; what all sources agree on is so of the paper."""
    shuffled = data.draw(st.permutations(given_records))
    made = fold_records("x", given_records)
    assert fold_records("x", shuffled) == made
    for name in FIELDS:
        said = {getattr(one.paper, name) for one in given_records}
        if name not in {"id", "identifiers", "author_count", "categories"} and len(said) == 1:
            assert getattr(made, name) in said
    assert set(made.identifiers) == {name for one in given_records for name in one.paper.identifiers}
    assert made.version == max((r.paper.version for r in given_records if r.paper.version), default=None)


@given(records())
def test_saying_it_again_changes_nothing(given_records: list[Record]) -> None:
    """A record that says what the paper is already leaves the paper as it is."""
    made = fold_records("x", given_records)
    assert fold_records("x", [Record(made)]) == made


# Earlier and later


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ({"version": 1}, {"version": 2}, True),
        ({"version": 2}, {"version": 1}, False),
        ({"version": 1}, {"version": 1}, False),
        ({"version": 1, "updated": "2026"}, {"version": 2, "updated": "2025"}, True),
        ({"updated": "2024-01-01"}, {"updated": "2024-01-02"}, True),
        ({"updated": "2024-01-02"}, {"updated": "2024-01-01"}, False),
        ({"updated": "2024-01-01"}, {"updated": "2024-01-01"}, False),
        ({"updated": "2024-01-01"}, {}, False),
        ({}, {"updated": "2024-01-01"}, False),
        ({"version": 2, "updated": "2024-01-01"}, {"version": 2, "updated": "2024-01-02"}, False),
        ({"updated": "2024-01-01"}, {"version": 2, "updated": "2024-01-02"}, False),
        ({"version": 2, "updated": "2024-01-01"}, {"updated": "2024-01-02"}, False),
        ({}, {}, False),
    ],
)
def test_an_earlier_record(new: dict[str, Any], old: dict[str, Any], expected: bool) -> None:
    """A record is earlier by its version, or where none has a version by the day of its last change; of records of
    which only one has a version, neither is."""
    assert is_older(Paper("x", "New", **new), Paper("x", "Old", **old)) is expected


DATED = st.builds(
    lambda version, updated, published: Paper("x", "t", version=version, updated=updated, published=published),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([None, "2024-01-01", "2024-02-01", "2024-03-01"]),
    st.sampled_from([None, "2023-12-31", "2024-01-15", "2024-03-15"]),
)


@given(DATED, DATED, DATED)
def test_earlier_is_an_order(one: Paper, two: Paper, three: Paper) -> None:
    """What is earlier than an earlier one is earlier, and nothing is earlier than itself: a file that is read again
    finds what it left."""
    assert not is_older(one, one)
    if is_older(one, two) and is_older(two, three):
        assert is_older(one, three)


# The same work


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (paper(), paper()),
        (paper(), paper(LONG.upper() + "!")),
        (paper("Übermäßig große Gefühle — eine Studie"), paper("ubermassig grosse gefuhle: Eine Studie")),
        (paper("How  people-tell_emotion from speech (alone)"), paper()),
        (paper(by=("Ada Bee",)), paper(by=("Bee, Ada",))),
        (paper(by=("Ada Bee",)), paper(by=("A. Bee",))),
        (paper(by=("Ada Bee",)), paper(by=("Bee, A.",))),
        (paper(by=("José Núñez",)), paper(by=("Jose Nunez",))),
        (paper(by=("Ada Bee", "Cy Dee")), paper(by=("Eve Fox", "Dee, Cy"))),
        (paper(by=(), author_count=3), paper(by=(), author_count=3)),
        (paper(by=("Ada Bee", "Cy Dee")), paper(by=(), author_count=2)),
        (paper(LONG, "doi:10.1101/2020.01.01"), paper(LONG, "doi:10.1093/x")),  # a preprint, and what became of it
        (paper(LONG, "doi:10.2139/ssrn.123"), paper(LONG, "doi:10.1101/2020.01.01")),
        (paper(LONG, "arxiv:2401.00001"), paper(LONG, "doi:10.1093/x")),
        (paper(LONG, "arxiv:2401.00001", "doi:10.1093/x"), paper(LONG, "doi:10.1093/x", "doi:10.1093/y")),
    ],
)
def test_records_of_one_work(one: Paper, other: Paper) -> None:
    """The same words of a title and one author in common, or where a side names none the same number of them."""
    assert same_work(one, other)
    assert same_work(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (paper(), paper(LONG + " and together")),
        (paper("Editorial"), paper("Editorial")),
        (paper("Reply to Smith"), paper("Reply to Smith")),
        (paper("An A to Z"), paper("An A to Z")),  # four words, of ten letters
        (paper("Representation Disentanglement"), paper("Representation Disentanglement")),  # two words
        (paper("", abstract=LONG), paper("", abstract=LONG)),
        (paper(by=("Ada Bee",)), paper(by=("Cy Dee",))),
        (paper(by=("Ada Bee",)), paper(by=("Cy Bee",))),
        (paper(by=("Ada Bee",)), paper(by=("Bee Ada",))),
        (paper(by=("Ada Bee",)), paper(by=(), author_count=2)),
        (paper(by=("Ada Bee",)), paper(by=())),
        (paper(by=()), paper(by=())),
        (paper(LONG, "arxiv:2401.00001"), paper(LONG, "arxiv:2401.00002")),
        (paper(LONG, "acl:P19-1001"), paper(LONG, "acl:P19-1002")),
        (paper(LONG, "pmid:1"), paper(LONG, "pmid:2")),
        (paper(LONG, "openalex:W1"), paper(LONG, "openalex:W2")),
        (paper(LONG, "corpusid:1"), paper(LONG, "corpusid:2")),
        (paper(LONG, "doi:10.1093/x"), paper(LONG, "doi:10.1093/y")),
        (paper(LONG, "doi:10.1093/x", "doi:10.1101/p"), paper(LONG, "doi:10.1145/y")),
    ],
)
def test_records_of_two_works(one: Paper, other: Paper) -> None:
    """Titles that many papers have, other authors, other ids of one archive, DOIs of two publishers: two papers."""
    assert not same_work(one, other)
    assert not same_work(other, one)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("arxiv:2401.00001",), ("arxiv:2401.00002",), True),
        (("arxiv:2401.00001", "doi:10.1093/x"), ("arxiv:2401.00002", "doi:10.1093/x"), True),
        (("acl:P19-1001",), ("acl:P19-1002",), True),
        (("pmid:1",), ("pmid:2",), True),
        (("pmid:1", "arxiv:2401.00001"), ("pmid:2", "arxiv:2401.00001"), True),
        (("pmid:1", "pmid:2"), ("pmid:2",), False),
        (("arxiv:2401.00001",), ("pmid:2",), False),
        (("openalex:W1",), ("openalex:W2",), False),  # a catalogue lists a paper twice
        (("doi:10.1093/x",), ("doi:10.1093/y",), False),
        ((), (), False),
    ],
)
def test_archives_contradict(one: tuple[str, ...], other: tuple[str, ...], expected: bool) -> None:
    """Two ids of an archive that looks after its ids are two papers, even against a common name; of a catalogue not."""
    assert contradict(paper(LONG, *one), paper(LONG, *other)) is expected
    assert contradict(paper(LONG, *other), paper(LONG, *one)) is expected


# Ids


SLUG = id_from_title(LONG)


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (paper(id="x"), paper("Another title", id="x", by=("Cy Dee",)), True),  # a file says that it is x
        (paper(id=SLUG), paper(id=SLUG), True),
        (paper(id=SLUG), paper(id=SLUG, by=("Bee, A.", "Cy Dee")), True),
        (paper(id=SLUG, by=()), paper(id=SLUG), True),
        (paper(id=SLUG), paper(id=SLUG, by=()), True),
        (paper(id=SLUG), paper(id=SLUG, by=("Cy Dee",)), False),
        (paper("", id=id_from_title("Of speech."), abstract="Of speech."), paper("", id="y", abstract="Of speech.",
               by=("Cy Dee",)), False),
    ],
)  # fmt: skip
def test_an_id_made_of_a_title_may_be_of_another_paper(new: Paper, old: Paper, expected: bool) -> None:
    """An id that a source gives means its paper; one that was made of the title means it only with its authors."""
    assert takes_id(new, old) is expected


def test_another_id_is_told_by_title_and_authors() -> None:
    """The id that a paper gets where its own is taken is always the same, and another for other papers."""
    one = paper(id="x")
    assert another_id(one) == another_id(replace(one, upvotes=7))
    others = (paper("Other", id="x"), paper(id="x", by=("Cy Dee",)), paper(id="y"))
    ids = {another_id(each) for each in (one, *others)}
    assert len(ids) == 4
    assert all(made[:2] in {"x-", "y-"} and len(made) == 10 for made in ids)


TITLES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60).filter(str.strip)


@given(TITLES | TITLES.map(lambda title: f"{LONG} {title}"))
def test_titles_that_differ_in_signs_have_one_key(title: str) -> None:
    """The key of a title fits into SQLite; blanks and a full stop do not change it, nor that words are folded."""
    one = Paper("x", title)
    assert 0 <= title_key(one) < 2**63
    assert title_key(one) == title_key(Paper("y", f" {title} . ")) == title_key(Paper("z", f"{normal_title(title)}?"))


def test_titles_that_say_too_little_have_no_key() -> None:
    """Thousands of papers are called "Editorial": they are never looked up by it."""
    assert {title_key(Paper("x", title)) for title in ("Editorial", "An A to Z", "Reply to Smith", "!")} == {0}
    assert title_key(Paper("x", "", abstract=LONG)) == 0
    assert title_key(Paper("x", LONG)) != title_key(Paper("x", LONG + " again"))
