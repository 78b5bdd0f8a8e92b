"""The client of programs: what REST answers, typed; over the application in this process, and a real server once."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api import client as client_module
from api.client import ApiError, Client, ServerUnreachable
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.conftest import KEY, Shell, connect, open_shell
from tests.api.test_server import serving
from tests.toys import ToyEncoder

HERE = "http://127.0.0.1"


@pytest.fixture
def asking(reader: TestClient) -> Client:
    """Of the shared toy papers, which must not be changed."""
    return Client(HERE, http=reader)


@pytest.fixture
def changing(client: TestClient) -> Client:
    """Of toy papers of its own."""
    return Client(HERE, http=client)


def same(shape: Any, response: httpx2.Response) -> bool:
    """Whether a typed answer is what the server wrote, but for the time that it took."""
    left, right = shape.model_dump(mode="json"), response.json()
    return bool({**left, "took_ms": 0, "plan": 0} == {**right, "took_ms": 0, "plan": 0})


def test_questions(asking: Client, reader: TestClient) -> None:
    """Each question is answered as its address answers it, with every field that was given."""
    asked: dict[str, Any] = {"k": 2, "offset": 1, "like": ["a"], "mode": "dense", "date_from": "2024"}
    assert same(asking.search("speech", **asked), reader.get("/v1/search", params={"q": "speech", **asked}))
    assert same(asking.related("a", k=2), reader.get("/v1/papers/a/related", params={"k": 2}))
    both = {"ids": ["a", "b"], "dislike": ["10.1/d"], "category": "cs.SD"}
    assert same(asking.related("a", "b", dislike=["10.1/d"], category="cs.SD"), reader.post("/v1/related", json=both))
    rank = {"id": "10.1/d", "q": "speech", "author": "Lovelace"}
    assert same(asking.rank("10.1/d", "speech", author="Lovelace"), reader.get("/v1/rank", params=rank))
    assert same(asking.feed(period="month", date="2024-05"), reader.get("/v1/feed?period=month&date=2024-05"))
    assert same(asking.collection(), reader.get("/v1/collection"))


def test_answers_are_typed(asking: Client) -> None:
    """What comes back has the shapes that the server itself writes."""
    answer = asking.search("speech", explain=True)
    assert [hit.paper.id for hit in answer.hits] == ["a", "c", "b", "10.1/d"]
    assert answer.hits[0].confidence is not None
    assert answer.hits[0].explanation is not None
    assert answer.plan is not None
    standing = asking.rank("b", "speech", source="toys")
    assert standing.hit is not None
    assert standing.kept_out == []


def test_long_questions(asking: Client) -> None:
    """A question may be as long as the server allows, which no address could hold."""
    assert asking.search("speech " + "語" * 9_900).hits[0].paper.id == "a"


@pytest.mark.parametrize("name", ["a/b", "10.1234/x y", "100%25", "ü?#&"])
def test_papers_of_any_id(changing: Client, name: str) -> None:
    """Ids may hold anything; what was added is read, has its source, and is gone once removed."""
    added = changing.add({"id": name, "title": "graph"})
    assert (added.ids, added.added) == ([name], 1)
    assert changing.paper(name).title == "graph"
    (record,) = changing.sources(name).records
    assert record.record.title == "graph"
    assert changing.remove(name).removed == 1
    with pytest.raises(ApiError) as missing:
        changing.paper(name)
    assert (missing.value.code, missing.value.status) == ("paper_not_found", 404)


def test_votes(changing: Client) -> None:
    """A vote counts once, and is taken back."""
    assert [changing.upvote("c").upvotes, changing.upvote("c").upvotes] == [4, 4]
    taken = changing.take_back("c")
    assert (taken.upvotes, taken.upvoted) == (3, False)


def test_all_papers(empty: Collection, encoder: ToyEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that pass, in the order of the list, and no page is asked for before it is needed."""
    ingest(empty, encoder, [Paper(f"{n:02}", f"graph {n}", source=f"s{n % 2}") for n in range(7)], Report())
    monkeypatch.setattr(client_module, "PAGE", 3)
    with connect(empty, encoder) as http:
        asked: list[str] = []
        http.event_hooks = {"request": [lambda request: asked.append(str(request.url.query))]}
        paperkin = Client(HERE, http=http)
        assert [paper.id for paper in islice(paperkin.papers(), 2)] == ["00", "01"]
        assert len(asked) == 1
        assert [paper.id for paper in paperkin.papers()] == [f"{n:02}" for n in range(7)]
        assert len(asked) == 1 + 3
        assert [paper.id for paper in paperkin.papers(source="s1")] == ["01", "03", "05"]
        assert list(paperkin.papers(source="none")) == []


def test_counts_citations_and_the_map(asking: Client) -> None:
    """Facets, citations and the map have methods, too; a map that is not drawn is told as the server tells it."""
    assert [(each.value, each.papers) for each in asking.facets().sources.values] == [("toys", 1)]
    assert [each.papers for each in asking.facets("speech", source="toys").sources.values if each.chosen] == [1]
    assert asking.cite("b", "a", format="markdown").splitlines()[0].startswith("- **emotion**")
    assert "@" in asking.cite("a")
    with pytest.raises(ApiError) as nobody:
        asking.cite("nobody")
    assert (nobody.value.code, nobody.value.status) == ("paper_not_found", 404)


def test_refusals(asking: Client) -> None:
    """What the server refuses is raised with its own words, its code and its status."""
    with pytest.raises(ApiError) as empty:
        asking.search()
    assert (empty.value.code, empty.value.status) == ("empty_query", 422)
    assert empty.value.message == "The question is empty."
    assert empty.value.next_step == "Write what you are looking for, in plain words."
    with pytest.raises(ApiError, match="There is no field 'fuzzy' here"):
        asking.search("speech", fuzzy=True)  # type: ignore[call-arg]


def test_keys(collection: Collection, encoder: ToyEncoder) -> None:
    """Where the server has a key, changes need it."""
    with connect(collection, encoder, api_key=KEY) as http:
        with pytest.raises(ApiError) as refused:
            Client(HERE, http=http).remove("a")
        assert (refused.value.code, refused.value.status) == ("key_required", 401)
        assert Client(HERE, KEY, http=http).remove("a").removed == 1


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (200, b"{}"), (502, b"bad gateway"), (404, b"{}")])
def test_another_kind_of_server(status: int, body: bytes) -> None:
    """What is not Paperkin is told as such, with the status that it gave."""
    http = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(status, content=body)))
    with http, pytest.raises(ApiError, match="is not what Paperkin does") as error:
        Client("https://example.org/", http=http).collection()
    assert (error.value.code, error.value.status) == ("unexpected_answer", status)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """One that nobody listens on, and nobody else can take."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_no_server(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no server that is said, also where the environment names a proxy, which is not asked."""
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")
    with (
        Client(f"http://127.0.0.1:{closed_port}", timeout=5) as paperkin,
        pytest.raises(ServerUnreachable, match=f"No server answers at http://127.0.0.1:{closed_port}: .*refused") as no,
    ):
        paperkin.collection()
    assert no.value.next_step == "Start one with paperkin serve, or check the address."
    with Client("no address") as paperkin, pytest.raises(ServerUnreachable):
        paperkin.collection()


@pytest.fixture
def shell(real_collection: Collection, model_cache: Path, tmp_path: Path) -> Shell:
    """The program on a copy of the shipped papers."""
    shutil.copytree(real_collection.directory, tmp_path / "collection")
    return open_shell(model_cache, tmp_path / "collection")


def test_a_real_server(shell: Shell, real_encoder: CompiledEncoder) -> None:
    """Every method against the installed program: the product's own example, and a paper that comes and goes."""
    environment = shell.environment | {"PAPERKIN_API_KEY": KEY}
    with serving(Shell(environment)) as server, Client(f"http://127.0.0.1:{server.port}", KEY) as paperkin:
        answer = paperkin.search("emotional TTS", k=3)
        assert answer.hits[0].paper.title.startswith("IndexTTS2")
        assert answer.confidence is not None
        assert answer.confidence.verdict == "strong"
        first = answer.hits[0].paper.id
        assert paperkin.paper(first).title == answer.hits[0].paper.title
        assert paperkin.sources(first).records[0].origin == "papers.jsonl"
        assert paperkin.related(first, k=1).hits[0].paper.title.startswith("MM-TTS")
        assert paperkin.rank(first, "emotional TTS").hit == answer.hits[0]
        assert len(list(paperkin.papers())) == paperkin.collection().papers == 37
        assert paperkin.collection().model.dimension == real_encoder.identity.dimension
        assert paperkin.feed(period="month").total > 0
        assert paperkin.upvote(first).upvoted
        assert not paperkin.take_back(first).upvoted
        (added,) = paperkin.add({"title": "Beekeeping in medieval monasteries"}).ids
        assert paperkin.search("honey and monks", k=1).hits[0].paper.id == added
        assert paperkin.remove(added).removed == 1
