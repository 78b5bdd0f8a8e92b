"""Hugging Face's shape: the released client and its command, unchanged, and recorded days given back as they were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.ingest import ingest
from indexer.report import Report
from indexer.sources.registry import find, read
from tests.api.conftest import Shell, connect, open_shell
from tests.api.test_server import Server, serving
from tests.conftest import ROOT, SHARED
from tests.toys import ToyEncoder

RECORDED = SHARED / "formats" / "hf"
DAYS = {
    "2024-05-27": 13, "2024-10-15": 19, "2025-03-18": 17, "2025-09-30": 50, "2026-02-10": 33, "2026-08-21": 17,
}  # fmt: skip
UNKNOWN = {"avatar", "avatarUrl", "thumbnail"}
"""What cannot be given back: pictures on other hosts, which readers would be made to ask for."""


def differences(theirs: Any, ours: Any, path: str = "") -> list[str]:
    """Where a recorded value is not given back; texts are compared without their line breaks."""
    if isinstance(theirs, dict):
        return [
            found
            for name, value in theirs.items()
            if name not in UNKNOWN
            for found in (
                differences(value, ours[name], f"{path}.{name}")
                if isinstance(ours, dict) and name in ours
                else [f"{path}.{name} is missing"]
            )
        ]
    if isinstance(theirs, list):
        if not isinstance(ours, list) or len(theirs) != len(ours):
            return [f"{path} has another length"]
        return [each for one, other in zip(theirs, ours, strict=True) for each in differences(one, other, f"{path}[]")]
    if isinstance(theirs, str) and isinstance(ours, str):
        return [] if theirs.split() == ours.split() else [f"{path}: {theirs!r} is {ours!r}"]
    return [] if theirs == ours else [f"{path}: {theirs!r} is {ours!r}"]


def test_recorded_days_are_given_back_field_by_field(tmp_path: Path) -> None:
    """Six days of three years: every field of every row as recorded, but pictures; and in the same order of votes."""
    if not RECORDED.is_dir():
        pytest.skip("the recorded days are not beside this checkout")
    encoder, report = ToyEncoder(), Report()
    collection = Collection.create(tmp_path / "collection", encoder.identity)
    for path in find([RECORDED]):
        ingest(collection, encoder, read(path, report), report)
    with connect(collection, encoder) as client:
        for day, count in DAYS.items():
            recorded = json.loads((RECORDED / f"daily_papers_{day}.json").read_text(encoding="utf-8"))
            rows = client.get("/api/daily_papers", params={"date": day, "limit": 100}).json()
            assert len(rows) == len(recorded) == count
            assert [row["paper"]["upvotes"] for row in rows] == [row["paper"]["upvotes"] for row in recorded]
            given = {row["paper"]["id"]: row for row in rows}
            wrong = [
                each for row in recorded for each in differences(row, given[row["paper"]["id"]], row["paper"]["id"])
            ]
            assert wrong == []
        assert client.get("/api/daily_papers?week=2026-W34&limit=100").json() == rows
        by_one = client.get("/api/daily_papers?submitter=TaeSiri&limit=100").json()
        assert len(by_one) == 11
        assert {row["submittedBy"]["name"] for row in by_one} == {"taesiri"}


@pytest.fixture(scope="module")
def server(
    real_encoder: CompiledEncoder, model_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A real server of the shipped papers and of one recorded row."""
    assert real_encoder.identity.dimension == 384
    folder = tmp_path_factory.mktemp("hf")
    shell: Shell = open_shell(model_cache, folder / "collection")
    (folder / "row.json").write_text(json.dumps([ROW]), encoding="utf-8")
    assert shell.run("index", str(ROOT / "data" / "papers.jsonl"), str(folder / "row.json")).status == 0
    with serving(shell) as server:
        yield server


LISTED = 36
"""Papers with a day: 35 of those that are shipped, and the one below."""
ROW = {
    "paper": {
        "id": "2608.19880",
        "authors": [{"_id": "6a87afc589e517cbfd75dbcf", "name": "Ada Lovelace", "hidden": False}],
        "publishedAt": "2026-08-20T00:00:00.000Z",
        "submittedOnDailyAt": "2026-08-21T00:00:00.000Z",
        "title": "Harnesses for Agents",
        "summary": "Agents learn in harnesses.",
        "upvotes": 163,
        "discussionId": "6a87afc589e517cbfd75dbe0",
        "githubRepo": "https://github.com/example/harness",
        "githubStars": 8,
        "ai_summary": "Harnesses teach.",
    },
    "publishedAt": "2026-08-19T20:00:00.000Z",
    "title": "Harnesses for Agents",
    "summary": "Agents learn in harnesses.",
    "numComments": 1,
    "submittedBy": {"_id": "1", "fullname": "Ada L", "name": "ada", "type": "user", "isPro": True},
    "organization": {"_id": "2", "name": "example", "fullname": "Example"},
}


@pytest.fixture(scope="module")
def api(server: Server) -> HfApi:
    return HfApi(endpoint=f"http://127.0.0.1:{server.port}")


def test_the_client_searches(api: HfApi) -> None:
    """`list_papers` finds by meaning, as many as are asked for."""
    found = list(api.list_papers(query="emotional TTS", limit=3))
    assert {str(paper.title).partition(":")[0] for paper in found[:2]} == {"MM-TTS", "IndexTTS2"}
    assert len(found) == 3
    assert len(list(api.list_papers(query="emotional TTS"))) == 38


def test_the_client_reads_a_paper(api: HfApi) -> None:
    """`paper_info` has every field that is known, `read_paper` the text."""
    paper = api.paper_info("2608.19880")
    assert (paper.title, paper.upvotes, paper.comments, paper.discussion_id) == (
        "Harnesses for Agents", 163, 1, "6a87afc589e517cbfd75dbe0",
    )  # fmt: skip
    assert (paper.github_repo, paper.github_stars, paper.ai_summary) == (
        "https://github.com/example/harness", 8, "Harnesses teach.",
    )  # fmt: skip
    assert paper.authors is not None
    assert [author.name for author in paper.authors] == ["Ada Lovelace"]
    assert paper.submitted_by is not None
    assert paper.submitted_by.fullname == "Ada L"
    assert paper.published_at is not None
    assert paper.published_at.date() == date(2026, 8, 20)
    text = api.read_paper("2608.19880")
    assert text.startswith("# Harnesses for Agents\n\n- Authors: Ada Lovelace\n")
    assert text.endswith("## Abstract\n\nAgents learn in harnesses.\n")


def test_the_client_lists_days(api: HfApi) -> None:
    """`list_daily_papers` with every argument."""
    assert [p.id for p in api.list_daily_papers(date="2026-08-21")] == ["2608.19880"]
    assert [p.id for p in api.list_daily_papers(week="2026-W34")] == ["2608.19880"]
    assert [p.id for p in api.list_daily_papers(month="2026-08", submitter="ada")] == ["2608.19880"]
    assert list(api.list_daily_papers(submitter="nobody")) == []
    assert list(api.list_daily_papers(date="2026-08-22")) == []
    assert next(iter(api.list_daily_papers(sort="trending"))).id == "2608.19880"
    everything = [p.id for p in api.list_daily_papers(limit=100)]
    pages = [p.id for page in range(4) for p in api.list_daily_papers(p=page, limit=10)]
    assert pages == everything
    assert everything[0] == "2608.19880"


def test_what_is_wrong_surfaces_as_the_clients_own_error(api: HfApi) -> None:
    """With the status and our sentence."""
    with pytest.raises(HfHubHTTPError, match="No paper has the id 'nope'") as caught:
        api.paper_info("nope")
    assert caught.value.response is not None
    assert caught.value.response.status_code == 404
    with pytest.raises(HfHubHTTPError, match="404"):
        api.read_paper("nope")
    with pytest.raises(HfHubHTTPError, match="date is not one") as caught:
        list(api.list_daily_papers(date="yesterday"))
    assert caught.value.response is not None
    assert caught.value.response.status_code == 400
    with pytest.raises(HfHubHTTPError, match="longer than 250 characters"):
        list(api.list_papers(query="x" * 251))
    with pytest.raises(HfHubHTTPError, match="less than or equal to 120"):
        list(api.list_papers(query="x", limit=121))


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("ls", "--date", "2026-08-21", "--format", "json"), 0, '"id": "2608.19880"'),
        (("search", "emotional TTS", "--limit", "2"), 0, "MM-TTS"),
        (("info", "2608.19880"), 0, '"github_stars": 8'),
        (("read", "2608.19880"), 0, "# Harnesses for Agents"),
        (("info", "nope"), 1, "Paper 'nope' not found"),
    ],
)
def test_the_command_works(server: Server, tmp_path: Path, arguments: tuple[str, ...], status: int, said: str) -> None:
    """`hf papers` with nothing but its endpoint set."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hf")), "papers", *arguments],
        env={**os.environ, "HF_ENDPOINT": f"http://127.0.0.1:{server.port}", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr


def test_more_is_told_by_a_link(server: Server) -> None:
    """Where a page is not the last, the next one's address is in the header, and leads there."""
    first = server.client.get("/api/daily_papers?limit=30")
    assert first.headers["link"] == f'<http://127.0.0.1:{server.port}/api/daily_papers?limit=30&p=1>; rel="next"'
    following = httpx2.get(first.headers["link"].partition(">")[0][1:])
    assert (len(first.json()), len(following.json())) == (30, LISTED - 30)
    assert "link" not in following.headers


def test_what_was_made_of_a_paper_is_not_known(server: Server) -> None:
    """No models, data sets or spaces are invented; an unknown paper is an error in their shape."""
    assert server.client.get("/api/arxiv/2608.19880/repos").json() == {"models": [], "datasets": [], "spaces": []}
    answer = server.client.get("/api/arxiv/nope/repos")
    assert answer.status_code == 404
    assert answer.json() == {"error": "No paper has the id 'nope'. Check the id; a search shows the ids of its papers."}
    assert answer.headers["x-error-message"] == answer.json()["error"]
