"""The last evaluation: kept with its collection without any question, and read as data of a stranger."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api import evaluation, last_evaluation
from api.last_evaluation import Evaluation, Measured, Part
from api.service import Service
from indexer.collection import Collection
from indexer.directory import EVALUATION
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine, index_version
from search.query import Mode
from tests.api.conftest import PAPERS, Run, connect
from tests.toys import ToyEncoder

KEPT = Evaluation(
    "2026-11-30T10:00:00Z",
    "judged",
    "hybrid",
    "0123456789abcdef",
    "0.1.0",
    (Part("judged", 4, {"nDCG@10": Measured(0.5, 0.25, 0.75), "MAP": Measured(1, 1, 1)}),),
)


@pytest.fixture
def service(collection: Collection, encoder: ToyEncoder) -> Service:
    return Service(collection, encoder, Engine(collection, encoder))


def judged(service: Service, place: Path) -> evaluation.JudgedResult:
    (place / "queries").write_text('{"_id": "1", "text": "speech"}\n{"_id": "2", "text": "emotion"}\n')
    (place / "qrels").write_text("query-id\tcorpus-id\tscore\n1\tc\t1\n2\tb\t1\n")
    files = evaluation.read_files(place / "queries", place / "qrels", "lexical")
    return evaluation.of_judged(service, files, Mode.DENSE)


def test_judged_questions(service: Service, tmp_path: Path) -> None:
    """The measures of the mode that was asked for, with intervals; "speech" finds c second, "emotion" b first."""
    kept = last_evaluation.of_judged(judged(service, tmp_path))
    assert (kept.kind, kept.mode, kept.version) == ("judged", "dense", "0.1.0")
    assert kept.index_version == index_version(service.engine.snapshot())
    (part,) = kept.parts
    assert (part.made_of, part.questions) == ("judged", 2)
    assert list(part.measures) == ["nDCG@10", "recall@10", "recall@100", "MRR@10", "MAP"]
    assert part.measures["MRR@10"] == Measured(0.75, 0.5, 1)
    assert part.measures["recall@10"] == Measured(1, 1, 1)


def test_own_questions(empty: Collection, encoder: ToyEncoder) -> None:
    """A part for each kind of question, then one for all; the figures are those that the command prints."""
    text = "We study text to speech (TTS). This sentence has just as many words as a question needs. It ends here."
    ingest(empty, encoder, [Paper("a", "Synthetic speech sounds better", text)], Report())
    service = Service(empty, encoder, Engine(empty, encoder))
    done = evaluation.of_own(service, (Mode.LEXICAL, Mode.DENSE), (10, 0), None, lambda _: None)
    kept = last_evaluation.of_own(done)
    assert (kept.kind, kept.mode) == ("self", "lexical")
    assert [part.made_of for part in kept.parts] == ["title", "sentence", "acronym", "all"]
    for part, row in zip(kept.parts, done.rows, strict=True):
        printed = row.means[Mode.LEXICAL]
        assert part.questions == row.questions
        assert {name: one.mean for name, one in part.measures.items()} == pytest.approx(
            {name: one.mean for name, one in printed.items()}
        )


def test_no_question_is_kept(service: Service, tmp_path: Path) -> None:
    """The file has figures, names and versions, and nothing of the questions or of the papers that answer them."""
    last_evaluation.of_judged(judged(service, tmp_path)).save(tmp_path)
    content = (tmp_path / EVALUATION).read_text()
    assert len(content) < last_evaluation.MOST
    for private in ("speech", "emotion", str(tmp_path)):
        assert private not in content


def test_kept_and_read(tmp_path: Path) -> None:
    """What was kept is read again as it was; a later one takes its place."""
    assert Evaluation.load(tmp_path) is None
    KEPT.save(tmp_path)
    assert Evaluation.load(tmp_path) == KEPT


def changed(**values: object) -> str:
    part = {"made_of": "judged", "questions": 4, "measures": {"MAP": {"mean": 0.5, "low": 0.5, "high": 0.5}}}
    whole = {
        "format": "paperkin evaluation/1",
        "at": "2026-11-30T10:00:00Z",
        "kind": "judged",
        "mode": "hybrid",
        "index_version": "0123",
        "version": "0.1.0",
        "parts": [part | {name[5:]: value for name, value in values.items() if name.startswith("part_")}],
    }
    return json.dumps(whole | {name: value for name, value in values.items() if not name.startswith("part_")})


def test_the_strangers_file_below_is_whole_but_for_one_thing(tmp_path: Path) -> None:
    """Unchanged it is read, so that each of the changes is what is refused."""
    (tmp_path / EVALUATION).write_text(changed())
    assert Evaluation.load(tmp_path) is not None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{",
        '{"format": "paperkin evaluation/1"}',
        "[" * 10_000,
        changed(format="paperkin evaluation/2"),
        changed(at="yesterday"),
        changed(at=7),
        changed(at="2026-11-30T10:00:00Z\n"),
        changed(kind="<script>"),
        changed(mode=["hybrid"]),
        changed(index_version="0123 <b>"),
        changed(version="9" * 65),
        changed(parts=[]),
        changed(parts=[None]),
        changed(parts=7),
        changed(extra=1),
        changed(part_made_of="<b>"),
        changed(part_questions=0),
        changed(part_questions="4"),
        changed(part_measures=[]),
        changed(part_measures={"<b>": {"mean": 0.5, "low": 0.5, "high": 0.5}}),
        changed(part_measures={"MAP": {"mean": 0.5, "low": 0.5}}),
        changed(part_measures={"MAP": {"mean": math.nan, "low": 0.5, "high": 0.5}}),
        changed(part_measures={"MAP": {"mean": 10**400, "low": 0.5, "high": 0.5}}),
        changed(part_measures={"MAP": {"mean": "0.5", "low": 0.5, "high": 0.5}}),
        changed(part_measures={"MAP": {"mean": 1.5, "low": 0.5, "high": 0.5}}),
        changed() + " " * last_evaluation.MOST,
    ],
)
def test_what_we_would_not_have_written(tmp_path: Path, content: str) -> None:
    """A file that is broken, of another version, too long, or says what no evaluation gives counts as none."""
    (tmp_path / EVALUATION).write_text(content)
    assert Evaluation.load(tmp_path) is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.sampled_from(["format", "parts", "at", "measures", "mean"]), each)))  # fmt: skip  # noqa: E501
def test_any_json_is_read_or_counts_as_none(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    """No file makes the page on a collection fail."""
    place = tmp_path_factory.mktemp("stranger")
    (place / EVALUATION).write_text(json.dumps(value))
    assert Evaluation.load(place) is None


def test_links_and_directories_are_none(tmp_path: Path) -> None:
    """A link is not followed, and a directory of that name is none; keeping one replaces the link alone."""
    KEPT.save(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / EVALUATION).symlink_to(tmp_path / EVALUATION)
    assert Evaluation.load(other) is None
    Evaluation(**{**{name: getattr(KEPT, name) for name in KEPT.__slots__}, "kind": "self"}).save(other)
    assert (Evaluation.load(tmp_path), (other / EVALUATION).is_symlink()) == (KEPT, False)
    (tmp_path / "third" / EVALUATION).mkdir(parents=True)
    assert Evaluation.load(tmp_path / "third") is None


def test_where_it_cannot_be_kept(tmp_path: Path) -> None:
    """One sentence says so, and nothing fails."""
    told: list[str] = []
    last_evaluation.keep(KEPT, tmp_path / "nowhere", told.append)
    (sentence,) = told
    assert sentence.startswith("These figures are not kept, since ")
    assert sentence.endswith("cannot be written (No such file or directory).")
    last_evaluation.keep(KEPT, tmp_path, told.append)
    assert len(told) == 1


def test_the_collection_shows_it(client: TestClient, collection: Collection) -> None:
    """`GET /v1/collection` has the evaluation and whether it is of the present state; the days and bytes, too."""
    facts = client.get("/v1/collection").json()
    assert facts["evaluation"] is None
    assert (facts["first_day"], facts["last_day"]) == ("2024-05-01", "2025-06-01")
    assert facts["last_came"].endswith("Z")
    assert facts["bytes"] >= (collection.directory / "papers.db").stat().st_size
    version = facts["index_version"]
    Evaluation(KEPT.at, "judged", "hybrid", version, "0.1.0", KEPT.parts).save(collection.directory)
    shown = client.get("/v1/collection").json()["evaluation"]
    assert (shown["current"], shown["kind"], shown["parts"][0]["questions"]) == (True, "judged", 4)
    assert shown["parts"][0]["measures"]["nDCG@10"] == {"mean": 0.5, "low": 0.25, "high": 0.75}
    assert client.delete("/v1/papers/a").status_code == 200
    assert client.get("/v1/collection").json()["evaluation"]["current"] is False


def test_an_empty_collection(empty: Collection, encoder: ToyEncoder) -> None:
    """Without papers there are no days and nothing came."""
    with connect(empty, encoder) as client:
        facts = client.get("/v1/collection").json()
    assert (facts["papers"], facts["first_day"], facts["last_day"], facts["last_came"]) == (0, None, None, None)


def test_the_command_keeps_it(index: Run) -> None:
    """`paperkin evaluate --self` keeps its figures, `paperkin info` shows them, and compacting leaves them."""
    assert index("index", str(PAPERS)).status == 0
    done = index("evaluate", "--self", "--questions", "3", "--json")
    assert done.status == 0
    kept = index("info", "--json").json["evaluation"]
    assert kept["current"]
    printed = {row["kind"]: row["means"]["hybrid"]["MRR@10"] for row in done.json["kinds"]}
    assert {part["made_of"]: part["measures"]["MRR@10"]["mean"] for part in kept["parts"]} == pytest.approx(
        {kind: one["mean"] for kind, one in printed.items()}, abs=1e-6
    )
    assert "evaluated   20" in index("info").out
    assert index("compact").status == 0
    assert index("info", "--json").json["evaluation"]["parts"] == kept["parts"]
