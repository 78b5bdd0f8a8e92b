"""The map of a changing collection of toys, and areas as filters."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from indexer.collection import Collection
from indexer.directory import ATLAS
from indexer.errors import InvalidQuery, MapMissing
from indexer.files import write_whole
from indexer.filters import Filters
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search import drawing, placing
from search.area import SIDE, Area
from search.atlas import Atlas
from search.engine import Engine
from search.maps import AREAS_KEPT, Map, Maps
from search.query import Mode, Page, Query
from tests.toys import AXES, ToyEncoder

WHOLE = ((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE))
TITLES = ("speech", "emotion", "face", "graph", "speech emotion", "face emotion emotion", "graph speech", "nothing")


def weights(collection: Collection) -> str:
    return collection.identity.weights_sha256


def where(present: Map) -> dict[int, list[int]]:
    return dict(zip(present.keys.tolist(), present.places.tolist(), strict=True))


def add(collection: Collection, encoder: ToyEncoder, *papers: Paper) -> None:
    ingest(collection, encoder, papers, Report())


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 30])
def test_any_number_of_papers(empty: Collection, encoder: ToyEncoder, count: int) -> None:
    """Every paper has a place on the map and a region, from one paper on; the same papers make the same map."""
    add(empty, encoder, *(Paper(f"p{n}", f"{TITLES[n % len(TITLES)]} {n}") for n in range(count)))
    atlas = drawing.draw(empty.snapshot(), weights(empty))
    assert atlas.keys.tolist() == list(range(1, count + 1))
    assert len({tuple(place) for place in atlas.places.tolist()}) == count
    assert sum(each.papers for each in atlas.clusters if each.level == 0) == count
    assert len({each.label for each in atlas.clusters}) == len(atlas.clusters)
    assert drawing.draw(empty.snapshot(), weights(empty)).id == atlas.id


def test_more_papers_than_are_laid_out(empty: Collection, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third of 30 papers is laid out as if alone; the others lie among these, each in the region of its kin."""
    monkeypatch.setattr(drawing, "LAID_OUT", 10)
    add(empty, encoder, *(Paper(f"p{n}", AXES[n // 3 % 3]) for n in range(30)))
    atlas = drawing.draw(empty.snapshot(), weights(empty))
    assert atlas.keys.tolist() == list(range(1, 31))
    assert sum(each.papers for each in atlas.clusters) == 30
    for first in range(0, 30, 3):
        assert len(set(atlas.groups[first : first + 3].tolist())) == 1
    assert all({*each.words} <= {"speech", "emotion", "face", "papers"} for each in atlas.clusters)


def test_four_toys(collection: Collection) -> None:
    """Four papers are one region, and use the whole width but for a margin of 3 % at each side."""
    atlas = drawing.draw(collection.snapshot(), weights(collection))
    (region,) = atlas.clusters
    assert (region.level, region.parent, region.papers) == (0, None, 4)
    assert set(region.words) <= {"speech", "emotion", "face", "face shows", "shows emotion"}
    spread = np.ptp(atlas.places.astype(int), axis=0).max()
    assert spread == pytest.approx(0.94 * SIDE, abs=2)


def test_a_collection_of_one_text(empty: Collection, encoder: ToyEncoder) -> None:
    """Papers whose rows are equal lie beside each other and not on each other."""
    add(empty, encoder, *(Paper(f"p{n}", "speech", abstract="speech") for n in range(3)))
    add(empty, encoder, *(Paper(f"q{n}", f"speech number {n}") for n in range(9)))
    atlas = drawing.draw(empty.snapshot(), weights(empty))
    assert len({tuple(place) for place in atlas.places.tolist()}) == len(atlas.keys)


def test_missing_until_drawn(collection: Collection) -> None:
    """Without a file there is no map; once one has been drawn it is seen without being told, and it can be removed."""
    maps = Maps(collection)
    with pytest.raises(MapMissing):
        maps.of(collection.snapshot())
    atlas = drawing.draw_and_keep(collection)
    present = maps.of(collection.snapshot())
    assert (present.atlas.id, present.drawn, present.keys.tolist()) == (atlas.id, 4, [1, 2, 3, 4])
    drawing.forget(collection.directory)
    with pytest.raises(MapMissing):
        maps.of(collection.snapshot())


def test_due(collection: Collection, encoder: ToyEncoder) -> None:
    """A map is due when it is missing, or more than a tenth of its papers have come or gone: of four the first one."""
    snapshot = collection.snapshot()
    assert drawing.is_due(snapshot, None)
    atlas = drawing.draw(snapshot, weights(collection))
    assert not drawing.is_due(snapshot, atlas)
    add(collection, encoder, Paper("e", "graph"))
    assert drawing.is_due(collection.snapshot(), atlas)


def test_due_when_papers_were_replaced(collection: Collection, encoder: ToyEncoder) -> None:
    """As many papers as were drawn, but others: those that came count, and those that are gone."""
    atlas = drawing.draw(collection.snapshot(), weights(collection))
    with collection.writing("remove") as writer:
        writer.remove(["a"])
    add(collection, encoder, Paper("e", "graph"))
    assert drawing.is_due(collection.snapshot(), atlas)


def test_an_empty_collection_needs_none(empty: Collection) -> None:
    """Without papers there is nothing to draw."""
    assert not drawing.is_due(empty.snapshot(), None)


def test_what_comes_lies_among_its_kin(collection: Collection, encoder: ToyEncoder) -> None:
    """A second paper on "speech" is put to the first one, up to a small step, and belongs to its region."""
    drawing.draw_and_keep(collection)
    maps = Maps(collection)
    before = where(maps.of(collection.snapshot()))
    add(collection, encoder, Paper("new", "speech speech"), Paper("other", "speech"))
    present = maps.of(collection.snapshot())
    after = where(present)
    assert {key: after[key] for key in before} == before
    first, new, other = (np.array(after[key]) for key in (1, 5, 6))
    assert np.linalg.norm(first - new) <= placing.SCATTER + 1
    assert np.linalg.norm(first - other) <= placing.SCATTER + 1
    assert new.tolist() != other.tolist()
    assert (present.drawn, len(present.keys)) == (4, 6)


def test_kin_in_two_regions() -> None:
    """A paper with five kin here and three there is put here, and not between: where nothing is."""
    here, there = [[10_000.0, 10_000.0]] * 5, [[50_000.0, 50_000.0]] * 3
    spot = placing.settle(np.array([here + there]), np.full((1, 8), 0.5, dtype=np.float32))
    assert spot.tolist() == [[10_000, 10_000]]


def test_compacting_forgets_the_map(collection: Collection) -> None:
    """The map has words of papers: it goes where these are to leave every file, and what was half written goes too."""
    drawing.draw_and_keep(Collection(collection.directory))
    half = collection.directory / f".{ATLAS}.half"
    half.write_bytes(b"x")
    with collection.writing("remove") as writer:
        writer.remove(["a"])
        writer.compact()
    assert not (collection.directory / ATLAS).exists()
    assert not half.exists()


def test_compacted_while_it_was_drawn(collection: Collection, encoder: ToyEncoder) -> None:
    """A drawing holds nothing that keeps others from compacting, and nothing of what they forget comes back.

    Neither a paper that was removed nor the words of a text that was replaced. What is only removed may stay.
    """
    add(collection, encoder, Paper("e", "aardvark"))
    drawn = drawing.draw(collection.snapshot(), weights(collection))
    assert any("aardvark" in each.words for each in drawn.clusters)
    there: list[bool] = []

    def compact(_: float) -> None:
        if there:
            return
        another = Collection(collection.directory)
        with another.writing("remove") as writer:
            writer.remove(["a"])
        add(another, encoder, Paper("e", "graph", updated="2030-01-01", version=9))
        assert not drawing._forgotten(collection.directory, drawn)
        with another.writing("compact") as writer:
            writer.compact()
        there.append((collection.directory / ATLAS).exists())

    atlas = drawing.draw_and_keep(collection, compact)
    assert there == [False]
    assert drawing._forgotten(collection.directory, drawn)
    assert atlas.keys.tolist() == [2, 3, 4, 5]
    assert b"aardvark" not in (collection.directory / ATLAS).read_bytes()


def test_compacted_while_it_was_written(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes to its place only after a compaction has looked for it goes away again, and is drawn anew."""
    compacted = 0

    def late(path: Path, content: str | bytes) -> None:
        nonlocal compacted
        if not compacted:
            with Collection(collection.directory).writing("remove") as writer:
                writer.remove(["a"])
                writer.compact()
        compacted += 1
        write_whole(path, content)

    monkeypatch.setattr("search.atlas.write_whole", late)
    drawing.draw_and_keep(collection)
    loaded = Atlas.load(collection.directory, weights(collection))
    assert loaded is not None
    assert (compacted, loaded.keys.tolist()) == (2, [2, 3, 4])


def test_not_written_when_forgotten(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked before anything is written: whoever is killed then leaves no word of what was forgotten."""
    written: list[bytes] = []
    monkeypatch.setattr("search.atlas.write_whole", lambda _, content: written.append(content))

    def compact(done: float) -> None:
        if done < 1 and len(collection.snapshot().store.keys()) == 4:
            collection.let_go()
            with Collection(collection.directory).writing("remove") as writer:
                writer.remove(["a"])
                writer.compact()

    drawing.draw_and_keep(collection, compact)
    assert len(written) == 1


def test_removed_and_added_again_the_same(collection: Collection, encoder: ToyEncoder) -> None:
    """With nobody looking between, the collection holds what it held, but under another key: it has a place by that."""
    drawing.draw_and_keep(collection)
    maps = Maps(collection)
    before, snapshot = maps.of(collection.snapshot()), collection.snapshot()
    paper = snapshot.store.paper("a")
    with collection.writing("remove") as writer:
        writer.remove(["a"])
    add(collection, encoder, paper)
    assert collection.snapshot().fingerprint == snapshot.fingerprint
    present = maps.of(collection.snapshot())
    assert (before.keys.tolist(), present.keys.tolist()) == ([1, 2, 3, 4], [2, 3, 4, 5])
    assert present.version != before.version
    everywhere = Area(present.atlas.id, WHOLE)
    assert maps.within(everywhere, snapshot).keys.tolist() == [1, 2, 3, 4]
    assert maps.within(everywhere, collection.snapshot()).keys.tolist() == [2, 3, 4, 5]


def test_a_version_is_of_places(collection: Collection, encoder: ToyEncoder) -> None:
    """A newcomer whose text changes stays where it was while a process runs, and is placed anew by another: the two
    have the same papers and tell of two versions."""
    drawing.draw_and_keep(collection)
    maps = Maps(collection)
    add(collection, encoder, Paper("new", "speech speech"))
    first = where(maps.of(collection.snapshot()))
    add(collection, encoder, Paper("new", "face face", updated="2030-01-01", version=9))
    present, another = maps.of(collection.snapshot()), Maps(collection).of(collection.snapshot())
    assert where(present) == first
    assert where(another)[5] != first[5]
    assert present.version != another.version
    assert present.version.startswith(f"{present.atlas.id}-")
    assert len(present.version) <= 40


class Changing(RuleBasedStateMachine):
    """Papers come, go and change; the map is drawn now and then, and another process reads it for the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = ToyEncoder()
        self.living: dict[str, Paper] = {}
        self.number = 0
        self.seen: dict[int, list[int]] = {}
        self.versions: dict[str, tuple[object, ...]] = {}
        self.drawing = ""

    @initialize()
    def begin(self) -> None:
        self.place = Path(mkdtemp())
        self.collection = Collection.create(self.place / "collection", self.encoder.identity)
        self.add([0, 1, 2])
        self.draw()

    def teardown(self) -> None:
        shutil.rmtree(self.place)

    @rule(titles=st.lists(st.integers(0, len(TITLES) - 1), min_size=1, max_size=4))
    def add(self, titles: list[int]) -> None:
        papers = [Paper(f"p{self.number + at}", f"{TITLES[each]} {at}") for at, each in enumerate(titles)]
        self.number += len(papers)
        self.put(*papers)

    def put(self, *papers: Paper) -> None:
        add(self.collection, self.encoder, *papers)
        self.living |= {paper.id: paper for paper in papers}

    @rule(data=st.data(), title=st.sampled_from(TITLES))
    def update(self, data: st.DataObject, title: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.living)))
        self.put(Paper(name, f"{title} anew", updated="2030-01-01", version=9))

    @precondition(lambda self: len(self.living) > 2)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.living)))
        with self.collection.writing("remove") as writer:
            writer.remove([name])
        del self.living[name]

    @rule(data=st.data())
    def remove_and_add_again_the_same(self, data: st.DataObject) -> None:
        """Nobody looks between: the collection holds what it held, under another key."""
        name = data.draw(st.sampled_from(sorted(self.living)))
        with self.collection.writing("remove") as writer:
            writer.remove([name])
        self.put(self.living[name])

    @rule()
    def draw(self) -> None:
        self.drawing = drawing.draw_and_keep(self.collection).id
        self.maps = Maps(self.collection)
        self.seen = {}

    @invariant()
    def every_paper_has_one_place_and_keeps_it(self) -> None:
        snapshot = self.collection.snapshot()
        try:
            present = self.maps.of(snapshot)
        except MapMissing:  # nothing is left of what it was drawn with
            self.draw()
            present = self.maps.of(snapshot)
        ids = snapshot.store.ids(present.keys.tolist())
        assert sorted(ids.values()) == sorted(self.living)
        assert len(present.keys) == len(present.places) == len(present.groups) == len(self.living)
        places = where(present)
        assert all(places[key] == place for key, place in self.seen.items() if key in places)
        self.seen = {**self.seen, **places}
        drawn = set(present.atlas.keys.tolist())
        another = Maps(self.collection).of(snapshot)
        fresh = where(another)
        assert all(fresh[key] == place for key, place in places.items() if key in drawn)
        for each in (present, another):
            content = each.keys.tobytes(), each.places.tobytes(), each.groups.tobytes()
            assert self.versions.setdefault(each.version, content) == content
        assert present.atlas.id == self.drawing
        assert sum(each.papers for each in present.clusters if each.level == 0) == len(self.living)


Changing.TestCase.settings = settings(max_examples=5, stateful_step_count=8, deadline=None)
TestChanging = Changing.TestCase


# Areas


@pytest.fixture
def mapped(empty: Collection, encoder: ToyEncoder) -> Engine:
    """Thirty papers with a map; a third of them have a category."""
    papers = [
        Paper(f"p{n:02}", f"{TITLES[n % 8]} {AXES[n % 5]}", categories=("cs.CL",) if n % 3 == 0 else ())
        for n in range(30)
    ]
    add(empty, encoder, *papers)
    drawing.draw_and_keep(empty)
    return Engine(empty, encoder)


CORNERS = st.lists(st.tuples(st.integers(0, SIDE), st.integers(0, SIDE)), min_size=3, max_size=6)


def test_an_area_is_obeyed_in_every_mode(mapped: Engine) -> None:
    """By meaning, by words, by both, of liked papers, and of filters alone: what is found is what passes one by one."""
    snapshot = mapped.snapshot()
    present = mapped.maps.of(snapshot)
    ids = snapshot.store.ids(present.keys.tolist())
    papers = snapshot.store.papers(present.keys.tolist())

    @given(CORNERS, st.booleans())
    @settings(max_examples=25)
    def obeyed(corners: list[tuple[int, int]], filtered: bool) -> None:
        area = Area(present.atlas.id, tuple(corners))
        inside = {
            ids[key]
            for key, place in where(present).items()
            if area.has(np.array([place], dtype=np.uint16))[0] and (not filtered or papers[key].categories)
        }
        filters = Filters.of(category="cs") if filtered else Filters()
        page = Page(100)
        for asked in (
            *(Query("speech emotion", page, mode, filters, area=area) for mode in Mode),
            Query(page=page, filters=filters, area=area),
            Query(page=page, filters=filters, area=area, liked=("p00",)),
        ):
            answer = mapped.search(asked)
            wanted = inside - set(asked.liked)
            assert answer.total == len(wanted)
            found = {hit.paper.id for hit in answer.hits}
            assert found <= wanted if asked.mode is Mode.LEXICAL else found == wanted

    obeyed()


def test_scores_and_order_are_those_without_it(mapped: Engine) -> None:
    """By meaning a paper inside scores what it scores without the area; filters alone are listed by date, then id."""
    present = mapped.maps.of(mapped.snapshot())
    area = Area(present.atlas.id, ((0, 0), (SIDE // 2, 0), (SIDE // 2, SIDE), (0, SIDE)))
    free = {hit.paper.id: hit.score for hit in mapped.search(Query("speech", Page(100), Mode.DENSE)).hits}
    kept = mapped.search(Query("speech", Page(100), Mode.DENSE, area=area)).hits
    assert 0 < len(kept) < 30
    assert all(hit.score == free[hit.paper.id] for hit in kept)
    listed = [hit.paper.id for hit in mapped.search(Query(page=Page(100), area=area)).hits]
    assert listed == sorted(listed)
    assert [hit.paper.id for hit in mapped.search(Query(page=Page(1, 1), area=area)).hits] == listed[1:2]


def test_what_an_area_keeps_out_is_told(mapped: Engine) -> None:
    """A paper's standing names the area, and an area without papers is told of as what leaves nothing."""
    present = mapped.maps.of(mapped.snapshot())
    nowhere = Area(present.atlas.id, ((0, 0), (1, 0), (0, 1)))
    standing = mapped.standing(Query("speech", area=nowhere), "p00")
    assert [hint.part for hint in standing.kept_out] == ["area"]
    assert standing.hit is not None
    answer = mapped.search(Query("speech", area=nowhere))
    assert (answer.total, answer.hits, [hint.part for hint in answer.hints]) == (0, (), ["area"])
    everywhere = Area(present.atlas.id, WHOLE)
    assert mapped.standing(Query("speech", area=everywhere), "p00").kept_out == ()


def test_an_area_of_another_map(mapped: Engine) -> None:
    """An area that was drawn on an earlier map, or where none is any more, is refused with what to do."""
    with pytest.raises(InvalidQuery, match="drawn anew") as outdated:
        mapped.search(Query("speech", area=Area("abc", WHOLE)))
    assert outdated.value.code == "area_outdated"
    drawing.forget(mapped._collection.directory)
    with pytest.raises(InvalidQuery, match="gone"):
        mapped.search(Query("speech", area=Area("abc", WHOLE)))


def test_areas_that_are_remembered(mapped: Engine) -> None:
    """The last sixteen, of which one that is asked for again is not the next to go."""
    snapshot, present = mapped.snapshot(), mapped.maps.of(mapped.snapshot())
    areas = [Area(present.atlas.id, ((0, 0), (SIDE, 0), (number, SIDE))) for number in range(AREAS_KEPT + 1)]
    first, second = (mapped.maps.within(area, snapshot) for area in areas[:2])
    for area in areas[2:-1]:
        mapped.maps.within(area, snapshot)
    assert mapped.maps.within(areas[0], snapshot) is first
    mapped.maps.within(areas[-1], snapshot)
    assert mapped.maps.within(areas[0], snapshot) is first
    assert mapped.maps.within(areas[1], snapshot) is not second
    assert len(mapped.maps._areas) == AREAS_KEPT
