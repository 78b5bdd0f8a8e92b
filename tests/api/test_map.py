"""The map over REST and on the command line, on toy papers and on the shipped ones."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from api import mapping
from api.client import ApiError, Client
from api.requests import SearchBody, SubscriptionBody
from api.service import Service
from indexer.collection import Collection
from indexer.directory import ATLAS
from indexer.encoder import CompiledEncoder
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search import drawing
from search.answer import Answer
from search.area import SIDE
from search.engine import Engine
from search.query import Page, Query
from tests.api.conftest import PAPERS, Run, connect, error_code
from tests.toys import ToyEncoder

EVERYWHERE = f"0.0-{SIDE}.0-{SIDE}.{SIDE}-0.{SIDE}"


@pytest.fixture
def mapped(collection: Collection, encoder: ToyEncoder) -> Iterator[TestClient]:
    """A client of the four toy papers, whose map is drawn."""
    drawing.draw_and_keep(collection)
    with connect(collection, encoder) as client:
        yield client


def points(client: TestClient, version: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint16]]:
    """Planes of x, y and region, of shape (3, papers)."""
    return np.frombuffer(client.get("/v1/map/points", params={"version": version}).content, dtype="<u2").reshape(3, -1)


def test_missing(client: TestClient) -> None:
    """While there is no map all of its addresses say so, and how it is made."""
    for path in ("/v1/map", "/v1/map/points?version=x", "/v1/map/papers?version=x", "/v1/map/lit?version=x&q=speech"):
        answer = client.get(path)
        assert (answer.status_code, error_code(answer)) == (404, "map_missing")
        assert "paperkin map" in answer.json()["error"]["next_step"]


def test_map_points_and_papers(mapped: TestClient) -> None:
    """Regions, three planes of numbers in the order of the papers, and which papers these are."""
    answer = mapped.get("/v1/map").json()
    assert (answer["papers"], answer["drawn"], answer["placed"]) == (4, 4, 0)
    assert answer["version"].startswith(f"{answer['map']}-")
    (region,) = answer["clusters"]
    assert (region["id"], region["level"], region["parent"], region["papers"]) == (0, 0, None, 4)
    assert region["label"] == ", ".join(region["words"])
    x, y, regions = points(mapped, answer["version"]).tolist()
    assert regions == [0, 0, 0, 0]
    assert [region["x"], region["y"]] in [list(place) for place in zip(x, y, strict=True)]
    told = mapped.get("/v1/map/papers", params={"version": answer["version"], "at": [3, 0, 3]}).json()["papers"]
    assert told == [
        {"at": 3, "id": "10.1/d", "title": "face", "published": None, "authors": []},
        {
            "at": 0,
            "id": "a",
            "title": "speech",
            "published": "2024-05-01",
            "authors": ["Ada Lovelace", "Grace Hopper"],
        },
        {"at": 3, "id": "10.1/d", "title": "face", "published": None, "authors": []},
    ]
    assert mapped.get("/v1/map/papers", params={"version": answer["version"]}).json() == {"papers": []}


def test_points_are_kept_by_browsers(mapped: TestClient) -> None:
    """One version never changes: it may be kept, and who has it gets nothing again."""
    version = mapped.get("/v1/map").json()["version"]
    first = mapped.get("/v1/map/points", params={"version": version})
    assert first.headers["content-type"] == "application/octet-stream"
    assert "immutable" in first.headers["cache-control"]
    known = {"If-None-Match": first.headers["etag"]}
    again = mapped.get("/v1/map/points", params={"version": version}, headers=known)
    assert (again.status_code, again.content) == (304, b"")


def test_positions_that_are_none(mapped: TestClient) -> None:
    """A position behind the last, a negative one, a word, more than a hundred: each is told."""
    version = mapped.get("/v1/map").json()["version"]
    wrong = {
        "4": "positions_out_of_range",
        str(10**30): "positions_out_of_range",
        "-1": "wrong_type",
        "x": "wrong_type",
    }
    for at, code in wrong.items():
        answer = mapped.get("/v1/map/papers", params={"version": version, "at": at})
        assert (answer.status_code, error_code(answer)) == (422, code)
    many = mapped.get("/v1/map/papers", params={"version": version, "at": [0] * 101})
    assert error_code(many) == "positions_out_of_range"
    assert error_code(mapped.get("/v1/map/points")) == "missing_field"


def test_lit(mapped: TestClient) -> None:
    """The hits of a question as positions, best first, with their scores; of filters alone without."""
    version = mapped.get("/v1/map").json()["version"]
    asked: dict[str, str | int] = {"q": "speech", "mode": "dense", "k": 2}
    answer = mapped.get("/v1/map/lit", params={"version": version, **asked}).json()
    hits = mapped.get("/v1/search", params=asked).json()["hits"]
    assert [each["at"] for each in answer["lit"]] == [0, 2]
    assert [each["score"] for each in answer["lit"]] == [hit["score"] for hit in hits]
    assert [each["verdict"] for each in answer["lit"]] == [hit["confidence"]["verdict"] for hit in hits]
    assert answer["total"] == 4
    listed = mapped.get("/v1/map/lit", params={"version": version, "category": "cs.CV"}).json()
    assert listed == {"lit": [{"at": 1, "score": None, "verdict": None}], "total": 1}
    assert error_code(mapped.get("/v1/map/lit", params={"version": version})) == "empty_query"


def test_lit_while_the_papers_change(
    mapped: TestClient, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that changes while a question is answered leaves every place as it was, but not what is to be lit."""
    version, search = mapped.get("/v1/map").json()["version"], Engine.search

    def meanwhile(engine: Engine, query: Query) -> Answer:
        found = search(engine, query)
        ingest(collection, ToyEncoder(), [Paper("c", "face face", updated="2030-01-01", version=9)], Report())
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "search", meanwhile)
        answer = mapped.get("/v1/map/lit", params={"version": version, "q": "speech"})
    assert (answer.status_code, error_code(answer)) == (409, "map_changed")
    assert mapped.get("/v1/map/lit", params={"version": version, "q": "speech"}).status_code == 200


def test_a_paper_that_comes_changes_the_version(mapped: TestClient) -> None:
    """The map stays, what was drawn too; the earlier version is refused with 409."""
    before = mapped.get("/v1/map").json()
    places = points(mapped, before["version"])
    assert mapped.post("/v1/papers", json={"id": "new", "title": "speech speech"}).status_code == 200
    after = mapped.get("/v1/map").json()
    assert after["map"] == before["map"]
    assert (after["drawn"], after["placed"]) == (4, 1)
    assert points(mapped, after["version"])[:, :4].tolist() == places.tolist()
    for path in ("points?", "papers?at=0&", "lit?q=speech&"):
        answer = mapped.get(f"/v1/map/{path}version={before['version']}")
        assert (answer.status_code, error_code(answer)) == (409, "map_changed")


def test_a_paper_that_went_and_came_again_the_same(mapped: TestClient, collection: Collection) -> None:
    """The collection is as it was, and yet its positions are others: nothing that was kept of them is told."""
    before = mapped.get("/v1/map").json()
    paper = collection.snapshot().store.paper("a")
    with collection.writing("remove") as writer:
        writer.remove(["a"])
    ingest(collection, ToyEncoder(), [paper], Report())
    after = mapped.get("/v1/map").json()
    assert (after["index_version"], after["map"]) == (before["index_version"], before["map"])
    assert after["version"] != before["version"]
    assert mapped.get("/v1/map/points", params={"version": before["version"]}).status_code == 409
    told = mapped.get("/v1/map/papers", params={"version": after["version"], "at": [0, 3]}).json()["papers"]
    assert [each["id"] for each in told] == ["b", "a"]
    lit = mapped.get("/v1/map/lit", params={"version": after["version"], "q": "speech", "k": 1}).json()["lit"]
    assert [each["at"] for each in lit] == [3]


def test_a_map_without_papers(mapped: TestClient, collection: Collection) -> None:
    """When all papers are gone, that is what a position is told, and no range that cannot be."""
    with collection.writing("remove") as writer:
        writer.remove(["a", "b", "c", "10.1/d"])
    answer = mapped.get("/v1/map").json()
    assert (answer["papers"], answer["clusters"]) == (0, [])
    told = mapped.get("/v1/map/papers", params={"version": answer["version"], "at": 0}).json()["error"]
    assert told["code"] == "positions_out_of_range"
    assert "-1" not in told["next_step"]


def test_an_area_in_every_question(mapped: TestClient) -> None:
    """Searches, ranks and kin obey it, by address and by body; feeds and subscriptions take none."""
    facts = mapped.get("/v1/map").json()
    x, y, _ = points(mapped, facts["version"]).astype(int).tolist()
    left, right, up, down = (max(0, x[0] - 9), min(SIDE, x[0] + 9), max(0, y[0] - 9), min(SIDE, y[0] + 9))
    around_first = f"{facts['map']}:{left}.{up}-{right}.{up}-{right}.{down}-{left}.{down}"
    everywhere = f"{facts['map']}:{EVERYWHERE}"
    found = mapped.get("/v1/search", params={"q": "emotion", "area": around_first}).json()
    assert ([hit["paper"]["id"] for hit in found["hits"]], found["total"]) == (["a"], 1)
    assert mapped.post("/v1/search", json={"q": "emotion", "area": around_first}).json()["total"] == 1
    assert [hit["paper"]["id"] for hit in mapped.get("/v1/search", params={"area": around_first}).json()["hits"]] == [
        "a"
    ]
    rank = mapped.get("/v1/rank", params={"q": "emotion", "id": "b", "area": around_first}).json()
    assert [hint["part"] for hint in rank["kept_out"]] == ["area"]
    kin = mapped.get("/v1/papers/c/related", params={"area": around_first}).json()
    assert [hit["paper"]["id"] for hit in kin["hits"]] == ["a"]
    assert mapped.post("/v1/related", json={"ids": ["c", "b"], "area": everywhere}).json()["total"] == 2
    lit = mapped.get("/v1/map/lit", params={"version": facts["version"], "q": "emotion", "area": around_first}).json()
    assert [each["at"] for each in lit["lit"]] == [0]
    for path in ("/v1/feed", "/v1/search.atom"):
        assert error_code(mapped.get(path, params={"area": everywhere})) == "unknown_field"


@pytest.mark.parametrize(
    ("area", "code"),
    [("abc:1.2-3.4-5.6", "area_outdated"), ("nonsense", "invalid_area"), ("abc:1.2-3.4", "invalid_area")],
)
def test_areas_that_cannot_be_used(mapped: TestClient, area: str, code: str) -> None:
    """One of another map, or none at all: 422 and what to do."""
    answer = mapped.get("/v1/search", params={"q": "speech", "area": area})
    assert (answer.status_code, error_code(answer)) == (422, code)


def test_a_subscription_takes_no_area() -> None:
    """What is sent for years cannot hang on a map that is drawn anew."""
    question = {"q": "speech", "area": f"abc:{EVERYWHERE}"}
    SearchBody.model_validate(question)
    with pytest.raises(ValidationError, match="area"):
        SubscriptionBody.model_validate({"address": "a@example.org", "question": question})


def test_a_server_draws_what_is_missing_and_due(
    collection: Collection, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word from anybody: when it starts without a map, and when the collection has grown by half."""
    monkeypatch.setattr(mapping, "LOOK", 0.05)

    def drawn(client: TestClient, papers: int) -> bool:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answer = client.get("/v1/map")
            if answer.status_code == 200 and answer.json()["drawn"] == papers:
                return True
            time.sleep(0.05)
        return False

    with connect(collection, encoder) as client:
        assert drawn(client, 4)
        client.post("/v1/papers", json=[{"title": "graph"}, {"title": "graph face"}])
        assert drawn(client, 6)


# The server in the background


@pytest.fixture
def service(collection: Collection, encoder: ToyEncoder) -> Service:
    """The four toy papers, without a map."""
    return Service(collection, encoder, Engine(collection, encoder))


def test_what_a_server_does(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It draws what is due, but not while somebody writes, nor too many papers, nor where nothing can be written."""
    assert mapping.to_do(service) is mapping.ToDo.DRAW
    with service.collection.writing("import"):
        assert mapping.to_do(service) is mapping.ToDo.WAIT
    assert mapping.to_do(service) is mapping.ToDo.DRAW
    with monkeypatch.context() as patched:
        patched.setattr(mapping, "MOST", 3)
        assert mapping.to_do(service) is mapping.ToDo.PLACE
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda path, _: path != service.collection.directory)  # as for all but root
        assert mapping.to_do(service) is mapping.ToDo.PLACE
    drawing.draw_and_keep(service.collection)
    assert mapping.to_do(service) is mapping.ToDo.PLACE


def test_patience() -> None:
    """What fails is tried again after a minute, after two, and so on up to a day; another state at once."""
    patience = mapping.Patience()
    waited = []
    for _ in range(13):
        patience.try_later(("a", 1, None))
        waited.append(patience.seconds)
    assert waited[:4] == [60, 120, 240, 480]
    assert waited[-2:] == [24 * 3_600] * 2
    assert patience.lasts(("a", 1, None))
    assert not patience.lasts(("a", 2, None))
    patience.try_later(("a", 2, None))
    assert patience.seconds == 60


def test_nothing_of_the_working_directory_is_run(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may be started anywhere: a `numpy.py` or a package `search` there is not what draws."""
    hostile = tmp_path / "hostile"
    (hostile / "search").mkdir(parents=True)
    for name in ("numpy.py", "search/__init__.py", "search/drawing.py"):
        (hostile / name).write_text(f"open({str(tmp_path / 'run')!r}, 'w')")
    monkeypatch.chdir(hostile)
    mapping.draw_apart(collection, threading.Event())
    assert not (tmp_path / "run").exists()
    assert (collection.directory / ATLAS).exists()


def test_a_drawing_ends_with_its_server(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed then, and draws nothing more; a Ctrl-C for the server does not reach it and look like a failure."""
    started: list[tuple[subprocess.Popen[bytes], bool]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: Any) -> None:
            super().__init__(command, **options)
            started.append((self, os.getsid(self.pid) == os.getsid(0)))

    monkeypatch.setattr(subprocess, "Popen", Watched)
    stopped = threading.Event()
    stopped.set()
    mapping.draw_apart(collection, stopped)
    ((process, ours),) = started
    assert not ours
    assert process.returncode == -signal.SIGKILL
    assert not (collection.directory / ATLAS).exists()


def test_a_drawing_that_fails_is_told(collection: Collection) -> None:
    """In the words of the process that drew, and not as a traceback."""
    (collection.directory / ATLAS).mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        mapping.draw_apart(collection, threading.Event())


def test_drawing_by_hand(toys: Run, collection: Collection) -> None:
    """The command draws anew and says what it did; as JSON it names the map."""
    done = toys("map")
    assert done.status == 0
    assert done.out.startswith("Drew 4 papers in ")
    assert "\n        4  " in done.out
    before = (collection.directory / ATLAS).stat().st_mtime_ns
    facts = toys("map", "--json").json
    assert (facts["papers"], facts["clusters"]) == (4, 1)
    assert (collection.directory / ATLAS).stat().st_mtime_ns > before


def test_no_papers_no_map(toys: Run, collection: Collection) -> None:
    """An empty collection has nothing to draw."""
    with collection.writing("remove") as writer:
        writer.remove(["a", "b", "c", "10.1/d"])
    done = toys("map")
    assert (done.status, done.out) == (2, "")
    assert done.err == "There are no papers to draw a map of.\n"


def test_an_import_that_cannot_draw(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps the map from being drawn is told in one sentence, and stops nothing."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("search.atlas.write_whole", full)
    said: list[str] = []
    mapping.draw_if_due(collection, lambda _: None, said.append)
    assert len(said) == 1
    assert "No space left on device" in said[0]
    assert "paperkin map" in said[0]


def test_the_shipped_papers(index: Run, real_encoder: CompiledEncoder, tmp_path: Path) -> None:
    """An import draws the map of 37 papers; kin lie nearer than strangers, and regions are named by their own words.

    Of the five nearest papers on the map at least 40 % are among the five nearest by meaning, of which any five would
    be 14 %. Importing the same again leaves the map as it is.
    """
    assert index("index", str(PAPERS)).status == 0
    collection = Collection(tmp_path / "collection")
    engine = Engine(collection, real_encoder)
    snapshot = collection.snapshot()
    present = engine.maps.of(snapshot)
    assert (present.drawn, len(present.keys), len(present.clusters)) == (37, 37, 3)
    rows = np.array([snapshot.store.rows([key])[key] for key in present.keys.tolist()], dtype=np.float32)
    cosines, places = rows @ rows.T, present.places.astype(float)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(cosines, -1)
    np.fill_diagonal(apart, np.inf)
    by_meaning, on_map = np.argsort(-cosines, axis=1)[:, :5], np.argsort(apart, axis=1)[:, :5]
    kept = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(by_meaning.tolist(), on_map.tolist(), strict=True)])
    assert kept >= 0.4
    papers = snapshot.store.papers(present.keys.tolist())
    for region in present.clusters:
        own = [papers[key] for key in present.keys[present.groups == region.id].tolist()]
        texts = " ".join(f"{paper.title}. {paper.abstract}" for paper in own).lower()
        assert all(word.lower() in texts for word in region.words)
        assert len(region.words) == 3
    before = (tmp_path / "collection" / ATLAS).read_bytes()
    assert index("index", str(PAPERS)).status == 0
    assert (tmp_path / "collection" / ATLAS).read_bytes() == before
    assert drawing.draw(snapshot, collection.identity.weights_sha256).id == present.atlas.id
    assert engine.search(Query("emotional speech", Page(3))).total == 37


def test_the_map_is_no_part_of_the_state(collection: Collection, encoder: ToyEncoder) -> None:
    """It changes neither the fingerprint nor what verify says, and a paper may come while it is damaged."""
    before = collection.snapshot().fingerprint
    drawing.draw_and_keep(collection)
    assert Collection(collection.directory).snapshot().fingerprint == before
    (collection.directory / ATLAS).write_bytes(b"damaged")
    assert collection.verify() == []
    ingest(collection, encoder, [Paper("e", "graph")], Report())
    assert drawing.is_due(collection.snapshot(), Engine(collection, encoder).maps.drawn())


def test_the_client_reads_the_map(mapped: TestClient) -> None:
    """The client has the regions, and where answers lie; a version that is not the present one is told."""
    paperkin = Client("http://127.0.0.1", http=mapped)
    drawn = paperkin.map()
    assert (drawn.papers, drawn.placed, [each.papers for each in drawn.clusters]) == (4, 0, [4])
    assert len(paperkin.lit(drawn.version, "speech", k=2).lit) == 2
    with pytest.raises(ApiError) as changed:
        paperkin.lit("another", "speech")
    assert (changed.value.code, changed.value.status) == ("map_changed", 409)
