"""What the server says of itself to language models, and a paper as they read it."""

from __future__ import annotations

import re

from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from tests.api.conftest import connect

LINK = re.compile(r"- \[[^\]]+\]\(([^)]+)\)(: .+)?")


def test_the_form(reader: TestClient) -> None:
    """A heading, a summary in a quotation, text, then sections of nothing but links: as llmstxt.org has it."""
    response = reader.get("/llms.txt")
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    head, *sections = response.text.split("\n## ")
    heading, summary, text = head.strip().split("\n\n")
    assert heading == "# Paperkin"
    assert summary.startswith("> Semantic search in one collection of 4 scientific papers")
    assert not re.search(r"^[#>-]", text, re.MULTILINE)
    assert [section.partition("\n")[0] for section in sections] == ["Ask", "Follow", "Programs", "Optional"]
    for section in sections:
        assert all(LINK.fullmatch(line) for line in section.strip().splitlines()[2:]), section


def test_every_address_is_one(real_collection: Collection, real_encoder: CompiledEncoder) -> None:
    """Each address, with a question and an id put in, is answered by this server."""
    with connect(real_collection, real_encoder) as client:
        first = client.get("/v1/search?q=emotional TTS&k=1").json()["hits"][0]["paper"]["id"]
        addresses = [found[1] for found in map(LINK.fullmatch, client.get("/llms.txt").text.splitlines()) if found]
        assert len(addresses) == 15
        for address in addresses:
            assert address.startswith("http://127.0.0.1/")
            filled = address.replace("WORDS", "emotional+TTS").replace("ID", first)
            assert client.get(filled).status_code == 200, filled


def test_a_paper_to_read(reader: TestClient) -> None:
    """Title, who, when, where it is, whither one can go on, and the abstract."""
    assert reader.get("/papers/10.1%2Fd.md").text == (
        "# face\n\n"
        "- Authors: 2, whose names are not known\n"
        "- Id: 10.1/d\n"
        "- Source: https://example.org/d\n"
        "- All fields: http://127.0.0.1/v1/papers/10.1%2Fd\n"
        "- Related papers: http://127.0.0.1/v1/papers/10.1%2Fd/related\n\n"
        "## Abstract\n\nA face shows emotion.\n"
    )
    related = reader.get("http://127.0.0.1/v1/papers/10.1%2Fd/related").json()
    assert [hit["paper"]["id"] for hit in related["hits"]] == ["b", "c", "a"]
