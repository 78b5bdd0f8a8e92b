"""What becomes of records: which papers they add, join, update and unite, whatever the order, the run and the chunk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from indexer.collection import Collection
from indexer.identity import BY_HAND, Record
from indexer.ingest import ingest
from indexer.paper import Paper, id_from_title
from indexer.report import Report
from tests.toys import ToyEncoder

CHUNKS: Final = (1, 2, 3, 512)
LONG: Final = "How people tell emotion from speech alone"
OTHER: Final = "How machines tell a face from its graph"

MEMORY: Final = Path("/dev/shm")  # noqa: S108  where there is one, nothing waits for the disk: what is safe is not asked here

Held = dict[str, tuple[Paper, frozenset[tuple[str, str]]]]


@pytest.fixture
def empty(encoder: ToyEncoder) -> Iterator[Collection]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Collection.create(Path(folder) / "collection", encoder.identity)


@pytest.fixture(params=CHUNKS)
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Records a commit: what is true must be so wherever the borders fall."""
    size: int = request.param
    monkeypatch.setattr("indexer.ingest.CHUNK", size)
    return size


def record(paper_id: str, title: str, *identifiers: str, **more: Any) -> Record:
    """A record with these names; `by` is an author or several."""
    authors = more.pop("by", ())
    named = (authors,) if isinstance(authors, str) else authors
    return Record(Paper(paper_id, title, identifiers=identifiers, authors=named, **more), "a file")


def by_hand(paper_id: str, title: str, **more: Any) -> Record:
    """What a person says of the paper that has this id."""
    return Record(Paper(paper_id, title, **more), BY_HAND, named=True)


def run(collection: Collection, encoder: ToyEncoder, records: Sequence[Record]) -> Report:
    """Import records as one file's."""
    report = Report(read=len(records))
    ingest(collection, encoder, records, report)
    return report


def held(collection: Collection) -> Held:
    """Every paper with the names of the records that it was made of."""
    store = collection.snapshot().store
    entries = store.entries(store.keys().tolist()).values()
    return {entry.paper.id: (entry.paper, frozenset(r.name for r in entry.records)) for entry in entries}


def groups(collection: Collection) -> dict[str, set[tuple[str, str]]]:
    """The names of the records of every paper."""
    return {paper_id: set(names) for paper_id, (_, names) in held(collection).items()}


def counts(report: Report) -> dict[str, int]:
    """What became of the records, without what is zero."""
    names = ("added", "updated", "unchanged", "merged", "superseded")
    return {name: count for name in names if (count := getattr(report, name))}


def notes(report: Report) -> list[tuple[str, str, str]]:
    return [(note.kind, note.where, note.what) for note in report.notes]


# One paper of several records

PREPRINT: Final = record("2401.00001", LONG, source="arxiv", by="Ada Bee", version=1)
PUBLISHED: Final = record("doi:10.1093/x.1", "Emotion from speech", "doi:10.1093/x.1", source="bibtex", venue="Mind")
BRIDGE: Final = record("W1", LONG, "arxiv:2401.00001", "doi:10.1093/x.1", "openalex:W1", source="openalex", upvotes=2)


def test_a_common_identifier_makes_one_paper(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """Two records with the same DOI are one paper, under the id it came with, with the best of both."""
    published = replace(PUBLISHED, paper=replace(PUBLISHED.paper, title=OTHER))
    assert counts(run(empty, encoder, [PREPRINT, BRIDGE, published])) == {"added": 1, "merged": 2}, chunk
    assert counts(run(empty, encoder, [PREPRINT])) == {"unchanged": 1}
    (paper,) = empty.snapshot().store.all_papers()
    assert (paper.id, paper.title, paper.authors, paper.venue) == ("2401.00001", LONG, ("Ada Bee",), "Mind")
    assert paper.identifiers == ("arxiv:2401.00001", "doi:10.1093/x.1", "openalex:W1")
    assert groups(empty) == {"2401.00001": {("arxiv", "2401.00001"), ("openalex", "W1"), ("bibtex", "doi:10.1093/x.1")}}


def test_a_third_record_unites_two_papers(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """The preprint and the published paper are two until a record has both identifiers: then the older one stays."""
    report = run(empty, encoder, [PUBLISHED, PREPRINT, BRIDGE])
    assert counts(report) == {"added": 2, "merged": 1}, chunk
    assert notes(report) == [
        ("merged", "2401.00001", "the paper turned out to be doi:10.1093/x.1"),
        ("merged", "a file: W1", "joined the paper doi:10.1093/x.1, which is known from arxiv, bibtex"),
    ]
    assert set(groups(empty)) == {"doi:10.1093/x.1"}
    assert len(groups(empty)["doi:10.1093/x.1"]) == 3
    assert empty.snapshot().papers == 1
    for name in ("2401.00001", "https://arxiv.org/abs/2401.00001v1", "W1", "https://doi.org/10.1093/X.1"):
        assert empty.snapshot().store.paper(name).id == "doi:10.1093/x.1"
    assert empty.verify() == []


def test_papers_of_earlier_imports_are_united_too(empty: Collection, encoder: ToyEncoder) -> None:
    """It does not matter when the records came, and nothing is encoded for it but a text that is new."""
    for one in (PREPRINT, PUBLISHED):
        assert counts(run(empty, encoder, [one])) == {"added": 1}
    encoder.encoded.clear()
    assert counts(run(empty, encoder, [BRIDGE])) == {"merged": 1}
    assert set(groups(empty)) == {"2401.00001"}
    assert encoder.encoded == []
    assert counts(run(empty, encoder, [PREPRINT, PUBLISHED, BRIDGE])) == {"unchanged": 3}


def test_an_update_unites_too(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """A new version of a record that now knows the DOI finds the paper that has it."""
    newer = replace(PREPRINT, paper=replace(PREPRINT.paper, version=2, identifiers=("doi:10.1093/x.1",)))
    report = run(empty, encoder, [PREPRINT, PUBLISHED, newer])
    assert counts(report) == {"added": 2, "updated": 1}, chunk
    assert groups(empty) == {"2401.00001": {("arxiv", "2401.00001"), ("bibtex", "doi:10.1093/x.1")}}


@pytest.mark.parametrize("identifier", ["arxiv:2401.0000{}", "acl:P19-100{}", "pmid:100{}"])
def test_archives_are_believed_against_a_common_doi(
    empty: Collection, encoder: ToyEncoder, chunk: int, identifier: str
) -> None:
    """Papers with two arXiv ids, Anthology ids or PubMed numbers are two, whatever else says that they are one."""
    one = record("one", LONG, identifier.format(1), "doi:10.1093/x.1", source="a")
    two = record("two", LONG, identifier.format(2), "doi:10.1093/x.1", source="b")
    bridge = record("bridge", LONG, identifier.format(1), "s2:" + "0" * 40, source="c")
    slip = record("slip", LONG, identifier.format(2), "s2:" + "0" * 40, source="d")
    report = run(empty, encoder, [one, two, bridge, slip])
    assert groups(empty) == {"one": {("a", "one"), ("c", "bridge")}, "two": {("b", "two"), ("d", "slip")}}, chunk
    assert counts(report) == {"added": 2, "merged": 2}


def test_what_contradicts_is_not_united(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """A record that has something of two papers which their archives keep apart joins the older one and unites none."""
    one = record("one", LONG, "arxiv:2401.00001", "doi:10.1093/x.1", source="a")
    two = record("two", OTHER, "arxiv:2401.00002", "doi:10.1093/x.2", source="b")
    slip = record("slip", "speech", "doi:10.1093/x.1", "doi:10.1093/x.2", source="c")
    report = run(empty, encoder, [one, two, slip])
    assert groups(empty) == {"one": {("a", "one"), ("c", "slip")}, "two": {("b", "two")}}, chunk
    assert counts(report) == {"added": 2, "merged": 1}


def test_the_same_title_and_an_author_are_enough(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """Without a common identifier a paper is known by its title and one of its authors, however both are written."""
    one = record("one", LONG, "arxiv:2401.00001", by=("Ada Bee", "Cy Dee"), source="a")
    two = record("two", LONG.upper() + ".", "doi:10.1093/x.1", by="Dee, C.", source="b")
    assert counts(run(empty, encoder, [one, two])) == {"added": 1, "merged": 1}, chunk
    assert groups(empty) == {"one": {("a", "one"), ("b", "two")}}


def test_the_oldest_of_several_papers_is_joined(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """Where a record could belong to several papers it is the one that came first, also while all are on their way."""
    one = record("one", "speech", "arxiv:2401.00001", source="a")
    two = record("two", LONG, by="Ada Bee", source="a")
    also = record("also", LONG, "arxiv:2401.00001", by="Ada Bee", source="b")
    either = record("either", LONG, by="Ada Bee", source="c")
    run(empty, encoder, [one, two, also, either])
    assert groups(empty) == {"one": {("a", "one"), ("b", "also"), ("c", "either")}, "two": {("a", "two")}}, chunk


def test_the_oldest_of_two_united_papers_keeps_its_id(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """The id that people know longest stays, whatever the order of the identifiers by which the papers are found."""
    one = record("one", LONG, "doi:10.1093/x.1", source="a")
    two = record("two", OTHER, "acl:P19-1001", source="a")
    bridge = record("bridge", LONG, "acl:P19-1001", "doi:10.1093/x.1", source="b")
    run(empty, encoder, [one, two, bridge])
    assert set(groups(empty)) == {"one"}, chunk


# Papers that stay two


def test_one_id_of_two_sources(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """The same id in two files means two papers if the titles differ; the later one gets an id of its own."""
    one, two = record("7", LONG, source="a"), record("7", OTHER, source="b")
    first, second = run(empty, encoder, [one, two]), run(empty, encoder, [one, two])
    assert (counts(first), counts(second)) == ({"added": 2}, {"unchanged": 2}), chunk
    assert [paper.title for paper in empty.snapshot().store.all_papers()] == [LONG, OTHER]
    (other,) = set(groups(empty)) - {"7"}
    assert other.startswith("7-")
    assert groups(empty) == {"7": {("a", "7")}, other: {("b", "7")}}


def test_one_id_and_one_title_of_two_sources(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """The same id with the same title is the same paper."""
    one, two = record("7", LONG, source="a"), record("7", f"{LONG}.", source="b", upvotes=1)
    assert counts(run(empty, encoder, [one, two])) == {"added": 1, "merged": 1}, chunk


def test_one_id_and_no_title(empty: Collection, encoder: ToyEncoder) -> None:
    """Two files that number their texts and give no titles have different papers where the texts differ."""
    one = record("7", "", source="a", abstract="Speech, as people speak.")
    two = record("7", "", source="b", abstract="A face, as people look.")
    assert counts(run(empty, encoder, [one, two])) == {"added": 2}


def test_one_title_of_two_authors(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """Papers without any id have those of their titles; other authors make another paper, also on a second run."""
    one = record(id_from_title(LONG), LONG, by="Ada Bee")
    two = record(id_from_title(LONG), LONG, by="Cy Dee")
    assert counts(run(empty, encoder, [one, two])) == {"added": 2}, chunk
    before = held(empty)
    encoder.encoded.clear()
    assert counts(run(empty, encoder, [one, two])) == {"unchanged": 2}
    assert counts(run(empty, encoder, [two])) == {"unchanged": 1}
    assert (held(empty), encoder.encoded) == (before, [])


@pytest.mark.parametrize("authors", [((), ()), ((), "Ada Bee"), ("Ada Bee", "Ada Bee")])
def test_a_title_that_many_papers_have(
    empty: Collection, encoder: ToyEncoder, chunk: int, authors: tuple[Any, Any]
) -> None:
    """ "Editorial" of one source says nothing of "Editorial" of another, though both have their id from it."""
    one = record("editorial", "Editorial", by=authors[0], source="a")
    two = record("editorial", "Editorial", by=authors[1], source="b")
    assert counts(run(empty, encoder, [one, two])) == {"added": 2}, chunk


def test_no_paper_takes_the_place_of_another(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """However many papers of however many sources want the same id, each of them gets one and none is lost."""
    first = record("editorial", "Editorial", by="Ada Bee", source="a")
    others = [record("editorial", "Editorial", by="Cy Dee", source=source) for source in "abcdef"]
    report = run(empty, encoder, [first, *others])
    kept = [name for names in groups(empty).values() for name in names]
    assert len(kept) == len(set(kept)) == report.added + report.merged == 7, chunk
    assert empty.snapshot().papers == report.added
    assert counts(run(empty, encoder, [first, *others])) == {"unchanged": 7}


def test_the_id_of_a_united_paper_is_not_given_again(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """An id by which people found one paper never means another one afterwards."""
    another = record("2401.00001x", OTHER, source="hf")
    preprint = replace(PREPRINT, paper=replace(PREPRINT.paper, id="2401.00001x", identifiers=("arxiv:2401.00001",)))
    run(empty, encoder, [PUBLISHED, preprint, BRIDGE, another])
    assert empty.snapshot().store.paper("2401.00001x").id == "doi:10.1093/x.1", chunk
    assert empty.snapshot().papers == 2


def test_an_id_is_not_lost_to_a_slip(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """A paper that its archive keeps apart from one that has its arXiv id by a slip is found by its own id."""
    slip = record("slip", LONG, "arxiv:2401.00001", "arxiv:2401.00002", source="a")
    other = record("other", LONG, "arxiv:2401.00001", source="b")
    filler = [record(f"filler-{n}", f"graph {n}", source="filler") for n in range(3)]
    own = record("2401.00002", OTHER, source="arxiv")
    run(empty, encoder, [slip, other, *filler, own])
    assert empty.snapshot().store.paper("2401.00002").title == OTHER, chunk
    assert groups(empty)["2401.00002"] == {("arxiv", "2401.00002")}


# Versions


def version(number: int | None, title: str, **more: Any) -> Record:
    return record("2401.00001", title, source="arxiv", version=number, **more)


def test_an_earlier_version_changes_nothing(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """arXiv's v1 after v2 is left out, and said to be, in the same import and in a later one."""
    report = run(empty, encoder, [version(2, LONG), version(1, OTHER)])
    assert counts(report) == {"added": 1, "superseded": 1}, chunk
    assert notes(report) == [
        ("superseded", "a file: 2401.00001", f"{OTHER!r} was left out: an earlier version than the one that is stored")
    ]
    assert counts(run(empty, encoder, [version(1, OTHER)])) == {"superseded": 1}
    assert empty.snapshot().store.paper("2401.00001").title == LONG


def test_a_later_version_takes_the_place(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """v2 after v1 is the paper from then on, also within one import; a second import of both changes nothing."""
    both = [version(1, OTHER), version(2, LONG)]
    assert counts(run(empty, encoder, both)) == {"added": 1, "updated": 1}, chunk
    before = held(empty)
    assert before["2401.00001"][0].title == LONG
    encoder.encoded.clear()
    assert counts(run(empty, encoder, both)) == {"superseded": 1, "unchanged": 1}
    assert (held(empty), encoder.encoded) == (before, [])


def test_versions_of_two_sources(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """The newest version is the paper, whichever source has it and whichever comes first."""
    old = record("x", OTHER, "arxiv:2401.00001", source="semantic-scholar", version=1)
    for records in ([old, version(2, LONG)], [version(2, LONG), old]):
        run(empty, encoder, records)
        (paper,) = empty.snapshot().store.all_papers()
        assert (paper.title, paper.version) == (LONG, 2), chunk
        with empty.writing("remove") as writer:
            writer.remove([paper.id])


def test_records_with_and_without_a_version(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """A second import is still in vain where only some of the records of one name say which version they are."""
    records = [version(1, LONG), version(None, OTHER, updated="2024-02-01"), version(2, "speech", updated="2024-01-01")]
    run(empty, encoder, records)
    before = held(empty)
    assert run(empty, encoder, records).updated == 0, chunk
    assert held(empty) == before


# What one chunk decides and the next must know


def test_an_identifier_that_was_taken_back(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """A record that no longer has a DOI is no longer found by it, from the very next record on."""
    wrong = record("one", LONG, "arxiv:2401.00001", "doi:10.1093/x.1", source="a", version=1)
    right = record("one", LONG, "arxiv:2401.00001", source="a", version=2)
    owner = record("two", OTHER, "doi:10.1093/x.1", source="b")
    run(empty, encoder, [wrong, right, owner])
    assert groups(empty) == {"one": {("a", "one")}, "two": {("b", "two")}}, chunk


def test_a_united_paper_is_not_met_again(empty: Collection, encoder: ToyEncoder, chunk: int) -> None:
    """A paper that has just become part of another one, and is on disk still, is known to be gone."""
    cited = replace(PUBLISHED, paper=replace(PUBLISHED.paper, upvotes=3))
    further = record("further", "speech", "doi:10.1093/x.1", source="ris")
    filler = [record(f"filler-{n}", f"graph {n}", source="filler") for n in range(3)]
    run(empty, encoder, [PREPRINT, *filler[:chunk], PUBLISHED, *filler])
    run(empty, encoder, [BRIDGE, replace(cited, origin="b"), further])
    assert set(groups(empty)) == {"2401.00001", "filler-0", "filler-1", "filler-2"}
    assert len(groups(empty)["2401.00001"]) == 4
    assert empty.verify() == []


# What people write


@pytest.mark.parametrize("source", ["arxiv", None])
def test_what_a_person_wrote_stays(empty: Collection, encoder: ToyEncoder, source: str | None) -> None:
    """A correction by hand is believed before the file that the paper came from, also when that is read again."""
    theirs = record("one", "How people tel emotion", source=source, abstract="Speech.")
    ours = by_hand("one", LONG, abstract="Speech.")
    run(empty, encoder, [theirs])
    run(empty, encoder, [ours])
    run(empty, encoder, [theirs])
    run(empty, encoder, [replace(theirs, paper=replace(theirs.paper, upvotes=7))])
    assert empty.snapshot().papers == 1
    assert empty.snapshot().store.paper("one").title == LONG


def test_a_correction_may_name_any_id_of_a_paper(empty: Collection, encoder: ToyEncoder) -> None:
    """Whoever knows a merged paper by the id of one of its records corrects that paper, and makes no second one."""
    run(empty, encoder, [PREPRINT, BRIDGE])
    ours = by_hand("W1", "A better title")
    assert counts(run(empty, encoder, [ours])) == {"merged": 1}
    assert empty.snapshot().store.paper("2401.00001").title == "A better title"


# Anything

TITLES: Final = ("Editorial", LONG, LONG.upper() + "!", OTHER)
RECORDS: Final = st.builds(
    lambda paper_id, title, identifiers, authors, source, number, day, votes: Record(
        Paper(
            paper_id or id_from_title(title),
            title,
            identifiers=tuple(identifiers),
            authors=authors,
            source=source,
            version=number,
            updated=day,
            upvotes=votes,
        ),
        "a file",
    ),
    st.sampled_from([None, "x", "y", "2401.00001"]),
    st.sampled_from(TITLES),
    st.lists(
        st.sampled_from(["arxiv:2401.00001", "arxiv:2401.00002", "doi:10.1234/a", "doi:10.1101/b", "acl:P19-1001"]),
        max_size=2,
    ),
    st.sampled_from([(), ("Ada Bee",), ("Bee, Ada", "Cy Dee"), ("Cy Dee",)]),
    st.sampled_from([None, "arxiv", "hf"]),
    st.sampled_from([None, None, 1, 2]),
    st.sampled_from([None, None, "2024-01-01", "2024-02-01"]),
    st.sampled_from([None, 1]),
)
"""Records with so few ids, names, titles and authors that most of them have something to do with each other."""


def imported(
    records: Sequence[Record], chunk: int, folder: str, times: int = 1
) -> tuple[Collection, ToyEncoder, list[Report]]:
    """A new collection of these records, imported some times."""
    encoder = ToyEncoder()
    collection = Collection.create(Path(folder) / f"collection-{chunk}", encoder.identity)
    reports = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexer.ingest.CHUNK", chunk)
        for _ in range(times):
            encoder.encoded.clear()
            reports.append(run(collection, encoder, records))
    return collection, encoder, reports


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, max_size=9), st.sampled_from(CHUNKS))
@example(
    [record("x", LONG, "doi:10.1234/a"), record("y", LONG, "doi:10.1234/a"), record("x", OTHER, "acl:P19-1001")], 1
)
def test_every_record_is_counted_once(records: list[Record], chunk: int) -> None:
    """Of any records each is added, an update, unchanged, merged or superseded; each that is new is kept; a paper is
    there for each that was added, but for those that turned out to be others; and a second import is in vain."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        collection, encoder, (first, second) = imported(records, chunk, folder, times=2)
        for report in (first, second):
            assert sum(counts(report).values()) == report.read == len(records)
        names = [name for group in groups(collection).values() for name in group]
        assert len(names) == len(set(names)) == first.added + first.merged
        united = sum(note.what.startswith("the paper turned out") for note in first.of("merged"))
        assert collection.snapshot().papers == first.added - united
        assert counts(second).keys() <= {"unchanged", "superseded"}
        assert encoder.encoded == []
        assert collection.verify() == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, min_size=2, max_size=9))
def test_borders_of_chunks_do_not_matter(records: list[Record]) -> None:
    """The papers, their ids and their records are the same however many records are stored at a time."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        found = [held(imported(records, chunk, folder)[0]) for chunk in CHUNKS]
        assert all(one == found[0] for one in found)
