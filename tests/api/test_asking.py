"""The commands that ask composed questions, with the bundled model: search, related, rank."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any, Final

import pytest

from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.ingest import ingest
from indexer.report import Report
from indexer.sources.registry import read
from tests.api.conftest import Done, Run, connect

PAPERS: Final = (
    {"id": "tts", "title": "Emotional text-to-speech", "abstract": "We make speech sound happy or sad.",
     "authors": ["Ada Lovelace"], "published": "2024-05-01", "categories": ["cs.SD"]},
    {"id": "recogniser", "title": "Speech emotion recognition", "abstract": "We hear anger in speech.",
     "authors": ["Grace Hopper"], "published": "2025-02", "categories": ["cs.SD"]},
    {"id": "faces", "title": "Talking faces", "abstract": "A face moves as the speech is heard.",
     "authors": ["Ada Lovelace"], "published": "2025-06-01", "categories": ["cs.CV"]},
    {"id": "graphs", "title": "Colouring planar graphs", "abstract": "Four colours are enough for maps.",
     "published": "2023", "categories": ["math.CO"]},
)  # fmt: skip


@pytest.fixture(scope="module")
def four(real_encoder: CompiledEncoder, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Four papers, indexed with the bundled model. Shared: tests must not change it."""
    folder = tmp_path_factory.mktemp("asking")
    (folder / "papers.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in PAPERS))
    collection = Collection.create(folder / "collection", real_encoder.identity)
    ingest(collection, real_encoder, read(folder / "papers.jsonl", Report()), Report())
    return collection


@pytest.fixture
def paperkin(run: Run, monkeypatch: pytest.MonkeyPatch, four: Collection) -> Run:
    """The command line on the four papers."""
    monkeypatch.setenv("PAPERKIN_COLLECTION", str(four.directory))
    return run


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """What comes from standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def found(done: Done) -> list[str]:
    assert (done.status, done.err) == (0, "")
    return [hit["paper"]["id"] for hit in done.json["hits"]]


def test_operators_in_one_argument(paperkin: Run) -> None:
    """A question with operators is one argument of the shell; behind -- it may begin with a minus."""
    assert found(paperkin("search", "speech -emotion", "--json")) == ["faces", "graphs"]
    assert found(paperkin("search", '"speech emotion" author:hopper', "--json")) == ["recogniser"]
    assert set(found(paperkin("search", "--json", "--", "-emotion", "speech"))) == {"faces", "graphs"}
    assert found(paperkin("search", "emotional speech author:lovelace before:2025", "--json")) == ["tts"]
    assert found(paperkin("search", "category:cs.SD", "--from", "2025", "--json")) == ["recogniser"]


def test_plain(paperkin: Run) -> None:
    """With --plain every sign is text."""
    answer = paperkin("search", "speech -emotion author:nobody", "--plain", "--json")
    assert (len(found(answer)), answer.json["hints"]) == (4, [])


def test_a_mistake(paperkin: Run) -> None:
    """A mistake in the syntax is answered, and the hint stands first."""
    done = paperkin("search", "autor:Ada speech")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert (
        lines[0] == "! autor:Ada: There is no operator 'autor'. It was read as plain words. If a filter is meant, write"
    )
    assert lines[1] == "  author:Ada."
    assert lines[-1] == "1–4 of 4 papers"


def test_liked_and_disliked(paperkin: Run) -> None:
    """Papers that are liked and disliked move the answer and leave it; what each part adds is told."""
    both = ("--like", "faces", "--dislike", "recogniser")
    assert set(found(paperkin("search", "speech", *both, "--json"))) == {"tts", "graphs"}
    out = " ".join(paperkin("search", "speech", *both).out.split())
    assert "= text 0." in out
    assert "liked faces " in out
    assert "disliked recogniser -0." in out
    assert found(paperkin("search", "--like", "tts", "--like", "faces", "--json")) == ["recogniser", "graphs"]
    assert found(paperkin("related", "tts", "faces", "--json")) == ["recogniser", "graphs"]
    assert found(paperkin("related", "tts", "--like", "faces", "--dislike", "graphs", "--json")) == ["recogniser"]


def test_a_pasted_abstract(paperkin: Run, typed: Callable[[str], None]) -> None:
    """An abstract stands beside a text or instead of it, and may come from standard input, as the text may."""
    assert found(paperkin("search", "--abstract", "Maps need four colours.", "--json"))[0] == "graphs"
    typed("Maps need -four colours.\n")
    pasted = paperkin("search", "--abstract", "-", "--json")
    assert (found(pasted)[0], pasted.json["total"]) == ("graphs", 4)
    typed("maps -emotion\n")
    assert found(paperkin("search", "-", "--json")) == ["graphs", "faces"]
    typed("")
    assert paperkin("search", "--abstract", "-").status == 2


def test_explained(paperkin: Run) -> None:
    """With --explain each hit tells why it is one, without marks where the output is no terminal, and the answer ends
    with what was run; JSON has the plan only then."""
    done = paperkin("search", "emotional speech -face", "--explain", "-k", "1")
    lines = [line.strip() for line in done.out.splitlines()]
    assert lines[0].endswith("Emotional text-to-speech")
    assert any(line.startswith("meaning ") and line.endswith("· has emotional, speech") for line in lines)
    assert any(line.startswith("“") for line in lines)
    assert lines[lines.index("What was run:") + 1 :][:3] == [
        "mode     hybrid",
        "meaning  emotional speech",
        "words    emot speech",
    ]
    assert "filters  -face" in lines
    assert "\x1b" not in done.out
    explained = paperkin("search", "speech", "--explain", "--json").json
    plain = paperkin("search", "speech", "--json").json
    assert (explained["plan"]["words"], plain["plan"]) == (["speech"], None)
    assert all(hit["explanation"] for hit in explained["hits"])
    assert all(hit["explanation"] is None for hit in plain["hits"])


def test_rank(paperkin: Run) -> None:
    """Rank tells the place of a paper that `search` lists, or what keeps it out, and ends well either way."""
    order = found(paperkin("search", "emotional speech", "--json"))
    for place, name in enumerate(order, 1):
        done = paperkin("rank", name, "emotional", "speech")
        assert (done.status, done.err) == (0, "")
        assert f"Rank {place} of 4 papers." in done.out.splitlines()
        assert "What was run:" in done.out.splitlines()
    done = paperkin("rank", "tts", "speech -happy", "--from", "2025")
    assert done.status == 0
    assert done.out.splitlines()[:6] == [
        "Emotional text-to-speech",
        "tts",
        "",
        "It is not among the answers.",
        "! after:2025: The paper does not pass this filter. Ask without it.",
        "! -happy: This exclusion keeps the paper out. Ask without it.",
    ]
    out = paperkin("rank", "tts", "speech", "--like", "tts").out
    assert "! tts: The question is asked with this paper. Ask without it to see where it stands." in out
    assert "! The paper" not in out
    done = paperkin("rank", "nobody", "speech")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("paperkin: No paper has the id 'nobody'.\n")


def test_json_of_errors(paperkin: Run) -> None:
    """With --json an error is JSON too, whichever command failed."""
    for arguments, status, code in (
        (("search", "--like", "nobody"), 1, "paper_not_found"),
        (("search", "--dislike", "tts"), 2, "nothing_wanted"),
        (("related", "nobody"), 1, "paper_not_found"),
        (("related", "tts", "--dislike", "tts"), 2, "liked_and_disliked"),
        (("rank", "nobody", "speech"), 1, "paper_not_found"),
        (("rank", "tts"), 2, "empty_query"),
        (("search", "x", "--author", "!"), 2, "invalid_filter"),
    ):
        done = paperkin(*arguments, "--json")
        assert (done.status, done.json["error"]["code"]) == (status, code)
        assert done.err.startswith("paperkin: ")


def test_json_is_what_rest_answers(paperkin: Run, real_encoder: CompiledEncoder, four: Collection) -> None:
    """A composed question has one answer, whether it is asked here or over REST."""
    client = connect(four, real_encoder)
    asked: dict[str, Any] = {"q": "speech -graph", "like": ["faces"], "dislike": ["recogniser"], "abstract": "anger"}
    asked["explain"] = True
    options = ("--like", "faces", "--dislike", "recogniser", "--abstract", "anger", "--explain")
    printed = paperkin("search", "speech -graph", *options, "--json").json
    answered = client.post("/v1/search", json=asked).json()
    ranked = paperkin("rank", "tts", "speech -graph", *options, "--json").json
    placed = client.get("/v1/rank", params=asked | {"id": "tts"}).json()
    for one, other in ((printed, answered), (ranked, placed)):
        for each in (one, other):
            assert each.pop("took_ms") > 0
            for step in each["plan"]["steps"]:
                assert step.pop("ms") >= 0
        assert one == other
