"""The released client of Semantic Scholar, unchanged, against a real server of the shipped papers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from semanticscholar import SemanticScholar
from semanticscholar.SemanticScholarException import BadQueryParametersException, ObjectNotFoundException

from api.app import create_app
from api.routes import semantic_scholar
from api.service import Service
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from tests.api.conftest import Shell, open_shell
from tests.api.test_server import PATIENCE, Server, serving
from tests.conftest import ROOT
from tests.toys import ToyEncoder


@pytest.fixture(scope="module")
def server(
    real_encoder: CompiledEncoder, model_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    assert real_encoder.identity.dimension == 384
    shell: Shell = open_shell(model_cache, tmp_path_factory.mktemp("s2") / "collection")
    assert shell.run("index", str(ROOT / "data" / "papers.jsonl")).status == 0
    with serving(shell) as server:
        yield server


@pytest.fixture(scope="module")
def scholar(server: Server) -> SemanticScholar:
    return SemanticScholar(api_url=f"http://127.0.0.1:{server.port}", retry=False)


@contextmanager
def answering(app: FastAPI) -> Iterator[int]:
    """A server of an application, in a thread; its port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def test_it_searches_page_by_page(scholar: SemanticScholar) -> None:
    """All 37 papers in pages of ten, each once, the best first."""
    results = scholar.search_paper("emotional TTS", limit=10)
    assert (results.total, len(results.items), results.next) == (37, 10, 10)
    titles = [paper.title for paper in results]
    assert len(titles) == len(set(titles)) == 37
    assert {title.partition(":")[0] for title in titles[:2]} == {"MM-TTS", "IndexTTS2"}
    assert results.items[0].citationCount is None


def test_it_searches_with_filters(scholar: SemanticScholar) -> None:
    """A range of days."""
    found = scholar.search_paper("speech", publication_date_or_year="2025-06:2025-12", limit=100)
    days = [paper.publicationDate for paper in found]
    assert days
    assert all(day is None or (day.year, day.month >= 6) == (2025, True) for day in days)


def test_it_matches_a_title(scholar: SemanticScholar) -> None:
    """One paper; a title that is not here is its own error."""
    title = scholar.search_paper("emotional TTS", limit=1).items[0].title
    paper = scholar.search_paper(title.lower(), match_title=True)
    assert paper.title == title
    assert paper.raw_data["matchScore"] > 0
    with pytest.raises(ObjectNotFoundException, match="Title match not found"):
        scholar.search_paper("A study of nothing in particular", match_title=True)


def test_it_retrieves_in_bulk(scholar: SemanticScholar) -> None:
    """Every paper with a word, sorted."""
    found = list(scholar.search_paper("speech | emotion", bulk=True, sort="publicationDate:desc"))
    days = [paper.publicationDate for paper in found if paper.publicationDate]
    assert len(found) > 5
    assert days == sorted(days, reverse=True)


def test_it_follows_tokens_and_limits(encoder: ToyEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bulk search to its last page with every filter, and relevance search as far as it goes, at any limit."""
    monkeypatch.setattr(semantic_scholar, "PAGE", 3)
    monkeypatch.setattr(semantic_scholar, "REACH", 10)
    collection = Collection.create(tmp_path / "collection", encoder.identity)
    ingest(collection, encoder, [Paper(f"p{n:02}", f"speech {n}", published=f"20{n:02}") for n in range(20)], Report())
    with answering(create_app(Service(collection, encoder, Engine(collection, encoder)))) as port:
        scholar = SemanticScholar(api_url=f"http://127.0.0.1:{port}", retry=False, api_key="not needed here")
        found = scholar.search_paper("speech", bulk=True, sort="publicationDate:desc", year="2004-2014")
        assert (found.total, [paper.year for paper in found]) == (11, [*range(2014, 2003, -1)])
        for limit, count in ((5, 10), (4, 8), (3, 9)):
            assert len(list(scholar.search_paper("speech", limit=limit))) == count


def test_it_reads_papers(scholar: SemanticScholar) -> None:
    """One with all of its fields, and several of which one is not here."""
    known = scholar.search_paper("emotional TTS", limit=1).items[0]
    paper = scholar.get_paper(known.paperId)
    assert (paper.title, paper.abstract, paper.citations, paper.tldr) == (known.title, known.abstract, [], None)
    papers, missing = scholar.get_papers([known.paperId, "DOI:10.9999/none"], return_not_found=True)
    assert ([each.paperId for each in papers], missing) == ([known.paperId], ["DOI:10.9999/none"])


def test_it_recommends(scholar: SemanticScholar) -> None:
    """From one paper, and from lists."""
    first, second, *_ = scholar.search_paper("emotional TTS", limit=5).items
    kin = scholar.get_recommended_papers(first.paperId, limit=3)
    assert len(kin) == 3
    assert first.paperId not in {paper.paperId for paper in kin}
    several = scholar.get_recommended_papers_from_lists([first.paperId], [second.paperId], limit=5)
    assert len(several) == 5
    assert {first.paperId, second.paperId}.isdisjoint(paper.paperId for paper in several)


def test_it_finds_snippets(scholar: SemanticScholar) -> None:
    """The sentence, and the paper that it is from."""
    found = scholar.search_snippet("zero-shot speech synthesis", limit=3)
    assert len(found) == 3
    assert all(one.snippet.text and one.paper.title for one in found)


def test_errors_are_its_own(scholar: SemanticScholar) -> None:
    """What is not here, and what cannot be asked."""
    with pytest.raises(ObjectNotFoundException, match="Paper with id 0 not found"):
        scholar.get_paper("0")
    with pytest.raises(BadQueryParametersException, match=r"Unrecognized or unsupported fields: \[shoeSize\]"):
        scholar.search_paper("speech", fields=["title", "shoeSize"])
    with pytest.raises(BadQueryParametersException, match="No positive paper examples given"):
        scholar.get_recommended_papers_from_lists([], ["0"])
    with pytest.raises(BadQueryParametersException, match="minCitationCount is not supported"):
        scholar.search_paper("speech", min_citation_count=5)
