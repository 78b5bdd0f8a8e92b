"""The tools that language models get, asked by the SDK's own client in this process, over toy papers."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client, MCPError
from mcp.types import CallToolResult, TextContent, TextResourceContents
from numpy.typing import NDArray

from api.mcp_server import INSTRUCTIONS, Server, create_server
from api.mcp_shapes import MAX_BEGINNING, MAX_FOUND, MAX_NAMES
from api.service import Service
from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from search.query import Page, Query
from tests.toys import PAPERS, ToyEncoder

T = TypeVar("T")
TOOLS = ("search", "read", "relate", "explain")


def serve(collection: Collection, encoder: ToyEncoder) -> Server:
    return create_server(Service(collection, encoder, Engine(collection, encoder)))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Over the toy papers, shared: nothing here changes them."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path_factory.mktemp("toys") / "collection", encoder.identity)
    ingest(collection, encoder, PAPERS, Report())
    return Engine(collection, encoder)


@pytest.fixture(scope="module")
def server(engine: Engine) -> Server:
    return create_server(Service(engine._collection, engine._encoder, engine))


def talk(server: Server, ask: Callable[[Client], Awaitable[T]], era: str = "auto") -> T:
    """What comes of a conversation with a server."""

    async def run() -> T:
        async with Client(server, mode=era) as client:
            return await ask(client)

    return anyio.run(run)


def call(server: Server, tool: str, era: str = "auto", **arguments: Any) -> CallToolResult:
    return talk(server, lambda client: client.call_tool(tool, arguments), era)


def answer(server: Server, tool: str, era: str = "auto", **arguments: Any) -> Any:
    """What a tool answers, which its text says too."""
    result = call(server, tool, era, **arguments)
    assert not result.is_error, result
    assert json.loads(said(result)) == result.structured_content
    return result.structured_content


def said(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def ids(found: Any) -> list[str]:
    return [hit["id"] for hit in found["hits"]]


def test_what_a_model_is_told(server: Server) -> None:
    """Four tools that change nothing, each described, with the limits of its arguments and the shape of its answer."""

    async def ask(client: Client) -> Any:
        return client.instructions, (await client.list_tools()).tools

    instructions, tools = talk(server, ask)
    assert instructions == INSTRUCTIONS
    assert "other people's words" in instructions
    assert tuple(tool.name for tool in tools) == TOOLS
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert not tool.annotations.open_world_hint
        assert len(tool.description) > 100
        assert "\n" not in tool.description
        assert tool.input_schema["additionalProperties"] is False
        assert all(field["description"] for field in tool.input_schema["properties"].values())
        assert "index_version" in tool.output_schema["properties"]
    fields = tools[0].input_schema["properties"]
    assert (fields["k"]["minimum"], fields["k"]["maximum"], fields["k"]["default"]) == (1, MAX_FOUND, 10)
    assert (fields["question"]["maxLength"], fields["like"]["maxItems"]) == (10_000, 100)
    assert fields["mode"]["enum"] == ["hybrid", "dense", "lexical"]


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_search_is_the_engine_s_answer(server: Server, engine: Engine, era: str) -> None:
    """Rank by rank what the engine answers, without the abstracts, in either generation of the protocol."""
    found = answer(server, "search", era, question="speech emotion", k=3, offset=1)
    expected = engine.search(Query("speech emotion", Page(3, 1)))
    assert [(hit["rank"], hit["id"]) for hit in found["hits"]] == [(hit.rank, hit.paper.id) for hit in expected.hits]
    assert expected.confidence is not None
    assert found["probability"] == round(expected.confidence.probability, 2)
    assert (found["total"], found["index_version"]) == (expected.total, expected.index_version)
    assert "abstract" not in found["hits"][0]


def test_a_hit(server: Server) -> None:
    """A hit tells who wrote it and when, also where only the number of authors is known."""
    found = answer(server, "search", question="face speech", mode="dense")
    by_id = {hit["id"]: hit for hit in found["hits"]}
    assert by_id["a"]["authors"] == ["Ada Lovelace", "Grace Hopper"]
    assert (by_id["a"]["author_count"], by_id["a"]["published"]) == (2, "2024-05-01")
    assert (by_id["10.1/d"]["authors"], by_id["10.1/d"]["author_count"]) == ([], 2)
    assert by_id["c"]["author_count"] is None


def test_the_excerpt(empty: Collection, encoder: ToyEncoder) -> None:
    """The sentence of the abstract that is nearest; of a mere list, how the abstract begins, cut at a
    word. Of many authors the first are named."""
    names = tuple(f"Author {number}" for number in range(9))
    long = "A graph of many nodes. " * 40
    papers = [
        Paper("near", "face", abstract="A graph is drawn. Speech carries emotion. It ends.", authors=names),
        Paper("far", "speech emotion", abstract=long, categories=("long",)),
    ]
    ingest(empty, encoder, papers, Report())
    server = serve(empty, encoder)
    (near,) = answer(server, "search", question="speech emotion", author="Author")["hits"]
    assert (near["excerpt"], near["excerpt_is"]) == ("Speech carries emotion.", "nearest sentence")
    assert (near["authors"], near["author_count"]) == ([*names[:MAX_NAMES]], 9)
    (far,) = answer(server, "search", category="long")["hits"]
    assert far["excerpt_is"] == "start of the abstract"
    assert MAX_BEGINNING - 10 < len(far["excerpt"]) <= MAX_BEGINNING + 2
    assert long.startswith(far["excerpt"].removesuffix(" …") + " ")


def test_filters_likes_and_pages(server: Server, engine: Engine) -> None:
    """Every argument does what its namesake does in REST."""
    assert ids(answer(server, "search", question="speech", date_from="2025")) == ["c", "b"]
    assert ids(answer(server, "search", question="speech", date_to="2024")) == ["a"]
    assert ids(answer(server, "search", question="speech", author="Hopper")) == ["a"]
    assert ids(answer(server, "search", question="speech", category="eess")) == ["c"]
    assert ids(answer(server, "search", question="speech", source="toys")) == ["b"]
    assert ids(answer(server, "search", question="speech -emotion", mode="lexical")) == ["a"]
    assert ids(answer(server, "search", category="cs.CL")) == ["a"]  # a list
    liked = answer(server, "search", like=["b"], dislike=["a"], k=1)
    assert ids(liked) == ids_of(engine, Query(page=Page(1), liked=("b",), disliked=("a",)))
    assert (liked["verdict"], liked["total"]) == (None, 2)
    assert ids(answer(server, "search", question="speech", k=1, offset=1)) == ["c"]


def test_an_argument_of_json_text(server: Server) -> None:
    """Some models write a list as its JSON: it is read as the list."""
    assert ids(answer(server, "search", like='["a"]', k=1)) == ["c"]


def test_hints(server: Server) -> None:
    """What finds nothing is told with what to write instead."""
    found = answer(server, "search", question="speech author:Turing")
    assert found["hits"] == []
    (hint,) = found["hints"]
    assert hint["message"] == "No paper has an author with this name."


def test_no_good_match(server: Server) -> None:
    """Papers are listed for any question, and a verdict says in words that they are no answer."""
    found = answer(server, "search", question="protein folding")
    assert found["verdict"] == "no good match"
    assert {hit["verdict"] for hit in found["hits"]} == {"no good match"}


def test_read(empty: Collection, encoder: ToyEncoder) -> None:
    """One paper, whole, by its id or by another of its names; its sources where they are asked for."""
    ingest(empty, encoder, [Paper("p", "face", "It smiles.", identifiers=("doi:10.1234/x",), source="toys")], Report())
    server = serve(empty, encoder)
    paper = answer(server, "read", id="p")
    assert (paper["title"], paper["abstract"], paper["identifiers"]) == ("face", "It smiles.", ["doi:10.1234/x"])
    assert paper["sources"] is None
    again = answer(server, "read", id="https://doi.org/10.1234/x", sources=True)
    (record,) = again.pop("sources")
    assert again == {name: value for name, value in paper.items() if name != "sources"}
    assert (record["id"], record["title"], record["source"]) == ("p", "face", "toys")


def test_relate(server: Server, engine: Engine) -> None:
    """The kin of one paper and of several, away from others, without the papers that were given."""
    assert ids(answer(server, "relate", ids=["a"])) == ids_of(engine, Query(liked=("a",)))
    both = answer(server, "relate", ids=["a", "b"], away_from=["10.1/d"])
    assert ids(both) == ids_of(engine, Query(liked=("a", "b"), disliked=("10.1/d",))) == ["c"]
    assert both["verdict"] is None
    assert ids(answer(server, "relate", ids=["a"], date_from="2025-06")) == ["c"]


def ids_of(engine: Engine, query: Query) -> list[str]:
    return [hit.paper.id for hit in engine.search(query).hits]


def test_explain_a_hit(server: Server, engine: Engine) -> None:
    """The rank, the sentence with its cosine, the words and the shares of the score, which are one together."""
    why = answer(server, "explain", id="10.1/d", question="emotion")
    (rank,) = (hit.rank for hit in engine.search(Query("emotion")).hits if hit.paper.id == "10.1/d")
    assert (why["found"], why["rank"], why["kept_out"]) == (True, rank, [])
    # "A face shows emotion." is (0, 1, 1) / √2.
    assert (why["sentence"], why["sentence_score"]) == ("A face shows emotion.", pytest.approx(0.707, abs=1e-3))
    assert why["words"] == ["emotion"]
    assert sum(why["shares"].values()) == pytest.approx(1, abs=2e-3)


def test_explain_what_is_missing(server: Server) -> None:
    """The filter that keeps a paper out is named, with the rank that it would have."""
    why = answer(server, "explain", id="b", question="emotion", category="cs.SD")
    assert (why["found"], why["rank"]) == (False, 1)
    assert [hint["part"] for hint in why["kept_out"]] == ["category:cs.SD"]


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("search", {}, "empty_query"),
        ("search", {"question": "x", "k": MAX_FOUND + 1}, "k_out_of_range"),
        ("search", {"question": "x", "k": 0}, "k_out_of_range"),
        ("search", {"question": "x", "offset": -1}, "offset_out_of_range"),
        ("search", {"question": "x" * 10_001}, "query_too_long"),
        ("search", {"question": "\ud800"}, "invalid_text"),
        ("search", {"question": "x", "date_from": "yesterday"}, "invalid_filter"),
        ("search", {"question": "x", "mode": "magic"}, "invalid_argument"),
        ("search", {"question": "x", "k": "many"}, "invalid_argument"),
        ("search", {"question": ["x"]}, "invalid_argument"),
        ("search", {"query": "x"}, "unknown_argument"),
        ("search", {"question": "x", "like": ["nope"]}, "paper_not_found"),
        ("search", {"question": "x", "like": ["a"] * 101}, "ids_out_of_range"),
        ("read", {"id": "nope"}, "paper_not_found"),
        ("read", {}, "invalid_argument"),
        ("relate", {"ids": []}, "ids_out_of_range"),
        ("explain", {"id": "nope", "question": "x"}, "paper_not_found"),
        ("delete", {"id": "a"}, "unknown_tool"),
    ],
)
def test_errors_say_the_next_step(server: Server, tool: str, arguments: dict[str, Any], code: str) -> None:
    """Whatever is wrong comes back as an answer that a model can act on: a code, a sentence, and what to do."""

    async def ask() -> Any:
        return await server.call_tool(tool, arguments)

    result = anyio.run(ask)
    assert result.is_error
    facts = result.structured_content["error"]
    assert facts["code"] == code
    assert said(result) == f"{facts['message']} {facts['next_step']}"
    assert facts["message"].endswith(".")
    assert facts["next_step"].endswith(".")
    assert "pydantic" not in said(result)
    assert len(said(result)) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["a", "10.1/d"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = (
    "question", "k", "offset", "date_from", "date_to", "author", "category", "source", "like", "dislike", "mode", "id",
    "sources", "ids", "away_from", "other",
)  # fmt: skip


@given(st.sampled_from(TOOLS), st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4))
def test_any_arguments_get_an_answer(server: Server, tool: str, arguments: dict[str, Any]) -> None:
    """Whatever JSON a model makes up is answered, or refused with a code and the next step; nothing is unforeseen."""

    async def ask() -> Any:
        return await server.call_tool(tool, arguments)

    result = anyio.run(ask)
    assert result.structured_content.get("error", {"next_step": ""}).keys() >= {"next_step"}
    assert result.is_error == ("error" in result.structured_content)


def test_what_others_add_is_found(collection: Collection, encoder: ToyEncoder) -> None:
    """A server that has answered before answers with a paper that another program has added since."""
    server = serve(collection, encoder)
    before = answer(server, "search", question="graph")
    ingest(Collection(collection.directory), encoder, [Paper("new", "graph")], Report())
    after = answer(server, "search", question="graph")
    assert (before["verdict"], after["verdict"], ids(after)[0]) == ("no good match", "strong", "new")
    assert before["index_version"] != after["index_version"]


class FailingEncoder(ToyEncoder):
    """One with a defect."""

    def encode_query(self, text: str) -> NDArray[np.float32]:
        raise RuntimeError(f"a secret about {text}")


def test_a_defect_is_no_traceback(collection: Collection) -> None:
    """What nobody foresaw is an error too, which tells nothing of the inside; the next call is answered."""
    server = serve(collection, FailingEncoder())
    result = call(server, "search", question="speech")
    assert (result.is_error, said(result)) == (True, "Error executing tool search")
    assert answer(server, "read", id="a")["title"] == "speech"


class WaitingEncoder(ToyEncoder):
    """One that takes as long as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def encode_query(self, text: str) -> NDArray[np.float32]:
        assert self.go_on.wait(30)
        return super().encode_query(text)


def test_a_slow_question_holds_up_nobody(collection: Collection) -> None:
    """While a question is being encoded, papers are read on the same connection."""
    encoder = WaitingEncoder()
    order: list[str] = []

    async def ask(client: Client) -> None:
        async def search() -> None:
            await client.call_tool("search", {"question": "speech"})
            order.append("search")

        async with anyio.create_task_group() as together:
            together.start_soon(search)
            await client.call_tool("read", {"id": "a"})
            order.append("read")
            encoder.go_on.set()

    talk(serve(collection, encoder), ask)
    assert order == ["read", "search"]


@pytest.mark.parametrize("name", ["10.1/d", "10.1%2Fd"])
def test_a_paper_as_a_resource(server: Server, name: str) -> None:
    """A paper can be attached as Markdown, slashes in its id included."""

    async def ask(client: Client) -> Any:
        (template,) = (await client.list_resource_templates()).resource_templates
        assert (template.uri_template, template.mime_type) == ("paper://{+id}", "text/markdown")
        return (await client.read_resource(f"paper://{name}")).contents

    (content,) = talk(server, ask)
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "text/markdown"
    assert content.text.startswith("# face\n\n- Authors: 2, whose names are not known\n- Id: 10.1/d\n")
    assert content.text.endswith("## Abstract\n\nA face shows emotion.\n")


@pytest.mark.parametrize("name", ["nope", "../../etc/passwd", "/etc/passwd", "a%00"])
def test_a_resource_that_is_none(server: Server, name: str) -> None:
    """A name that no paper has is told so, whatever it looks like."""

    async def ask(client: Client) -> str:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(f"paper://{name}")
        return str(refused.value)

    assert talk(server, ask).startswith("No paper has the id")
