"""`paperkin evaluate`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from api import evaluation, text_evaluation
from api.service import Service
from indexer.collection import Collection
from indexer.encoder import CompiledEncoder
from indexer.errors import InvalidInput
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from search.engine import Engine
from search.evaluate import plain_query
from search.query import Mode
from tests.api.conftest import PAPERS, Run, open_shell
from tests.toys import ToyEncoder

QUESTIONS = {"1": "speech", "2": "emotion", "3": "not judged", "4": "face"}
QRELS = (("1", "c", 1), ("2", "b", 1), ("2", "nowhere", 1), ("4", "a", 0), ("5", "a", 1))
Files = tuple[str, str]


@pytest.fixture
def judged(tmp_path: Path) -> Files:
    """Judged questions on the toy papers, in the layout of BEIR."""
    return write(tmp_path, QUESTIONS, QRELS)


def write(place: Path, questions: dict[str, str], qrels: tuple[tuple[str, str, int], ...]) -> Files:
    queries, judgments = place / "queries.jsonl", place / "qrels.tsv"
    queries.write_text("".join(json.dumps({"_id": name, "text": text}) + "\n" for name, text in questions.items()))
    lines = [f"{question}\t{paper}\t{grade}\n" for question, paper, grade in qrels]
    judgments.write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
    return str(queries), str(judgments)


@pytest.fixture
def service(collection: Collection, encoder: ToyEncoder) -> Service:
    return Service(collection, encoder, Engine(collection, encoder))


# Judged questions, on papers whose order can be worked out by hand


def test_judged_table(service: Service, judged: Files) -> None:
    """By meaning "speech" finds c second and "emotion" finds b first; by words both are found first or second, too.
    Under the table stands what was counted how."""
    files = evaluation.read_files(Path(judged[0]), Path(judged[1]), "lexical")
    shown = text_evaluation.judged(evaluation.of_judged(service, files, Mode.DENSE)).splitlines()
    assert shown[0].split() == ["dense", "lexical", "difference", "95", "%", "interval", "won", "lost", "tied"]
    rows = {line.split()[0]: line.split() for line in shown[1:6]}
    assert rows["MRR@10"][1] == "0.375"  # (1/2 + 1 + 0 + 0) / 4
    assert rows["recall@10"][1] == "0.375"  # (1 + 1/2 + 0 + 0) / 4
    assert rows["recall@10"][-3:] == ["0", "0", "4"]
    assert shown[7].startswith("4 judged questions, ")
    assert shown[8:] == [
        "Differences: mean over questions, 95 % interval by the paired bootstrap.",
        "1 question not judged: left out.",
        "1 judged question without a text: unanswered, which counts 0.",
        "1 judged question without a relevant paper: counts 0 whatever is found.",
        "1 judged id not in the collection: never found.",
    ]


def test_judged_for_programs(service: Service, judged: Files, tmp_path: Path) -> None:
    """The same as JSON, with full digits; compared with a run of itself nothing differs."""
    files = evaluation.read_files(Path(judged[0]), Path(judged[1]), None)
    first = evaluation.of_judged(service, files, Mode.DENSE)
    first.write(tmp_path / "table", tmp_path / "run")
    again = evaluation.read_files(Path(judged[0]), Path(judged[1]), str(tmp_path / "run"))
    value = json.loads(json.dumps(evaluation.of_judged(service, again, Mode.DENSE).to_json()))
    assert value["means"]["dense"]["MRR@10"] == 0.375
    assert value["means"]["dense"] == value["means"][str(tmp_path / "run")]
    same = {"mean": 0, "low": 0, "high": 0, "won": 0, "lost": 0, "tied": 4}
    assert value["differences"][str(tmp_path / "run")]["MAP"] == same
    assert (value["questions"], value["not_judged"], value["judged_ids_not_in_collection"]) == (4, 1, 1)
    assert value["index_version"] == service.engine.search(plain_query("speech", Mode.DENSE, 10)).index_version
    lines = (tmp_path / "table").read_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["question", "1", "2", "4", "5"]


# Known items


@pytest.fixture
def voices(empty: Collection, encoder: ToyEncoder) -> Service:
    """Two papers of which questions of every kind can be made."""
    rest = "This sentence has just as many words as a question needs. It ends here."
    papers = [
        Paper("a", "Synthetic speech sounds better", f"We study text to speech (TTS). {rest}"),
        Paper(
            "b",
            "Emotion shown by young faces",
            f"We study facial emotion recognition (FER). {rest.replace('just', 'b')}",
        ),
    ]
    ingest(empty, encoder, papers, Report())
    return Service(empty, encoder, Engine(empty, encoder))


def test_own_questions(voices: Service) -> None:
    """A row for each kind and mode, one for what the first mode gains over the second, and all together."""
    done = evaluation.of_own(voices, (Mode.LEXICAL, Mode.DENSE), (10, 0), None, lambda _: None)
    shown = text_evaluation.own(done, None).splitlines()
    assert [line[:26].strip() for line in shown[1:13:3]] == [
        "words of the title",
        "a sentence of the abstract",
        "an acronym and a word or two"[:26],
        "all",
    ]
    assert " ".join(shown[1].split()[4:]) == "2 lexical 1.000 1.000 … 1.000 1.000 1.000 … 1.000"
    assert [line.split()[0] for line in shown[2:13:3]] == ["dense"] * 4
    assert [line.split()[0] for line in shown[3:13:3]] == ["gained"] * 4
    assert "easier than people's" in shown[14]
    value = done.to_json()
    assert [row["kind"] for row in value["kinds"]] == ["title", "sentence", "acronym", "all"]
    assert value["kinds"][3]["questions"] == 6
    assert (value["model"], value["mode"], value["seed"], value["gate"]) == ("toy", "lexical", 0, None)


def test_the_same_questions_again(voices: Service, empty: Collection, encoder: ToyEncoder) -> None:
    """A gate asks its own questions, whatever was added since, and says how many of their papers are gone."""
    first = evaluation.of_own(voices, (Mode.LEXICAL,), (1, 5), None, lambda _: None)
    ingest(empty, encoder, [Paper("new", "Speech on other matters entirely", "Nothing. At all.")], Report())
    again = evaluation.of_own(voices, (Mode.LEXICAL,), (9, 9), first.kept, lambda _: None)
    assert again.kept.items == first.kept.items
    assert again.kept.seed == 5
    assert again.verdict is not None
    assert (again.verdict.asked, again.verdict.gone) == (3, 0)


def test_no_question_can_be_made(service: Service) -> None:
    """Papers with no more than short titles make no questions, and that is told."""
    with pytest.raises(InvalidInput, match="No question can be made"):
        evaluation.of_own(service, (Mode.DENSE,), (10, 0), None, lambda _: None)


# The command


@pytest.fixture
def shipped(index: Run) -> Run:
    """The command line on the shipped papers."""
    assert index("index", str(PAPERS)).status == 0
    return index


def test_gate(shipped: Run, tmp_path: Path) -> None:
    """The first run writes the gate, the same setting passes it, a worse one is refused with status 1 until the gate
    is written anew."""
    gate = tmp_path / "gate.json"
    ask = ("evaluate", "--self", "--gate", str(gate))
    done = shipped(*ask, "--questions", "5")
    assert done.status == 0
    assert done.out.splitlines()[-1] == f"Written to {gate}: from now on --gate compares with it."
    kept = json.loads(gate.read_text())
    assert (kept["model"], kept["mode"], kept["seed"]) == ("all-MiniLM-L6-v2", "hybrid", 0)
    done = shipped(*ask)
    assert done.status == 0
    assert done.out.splitlines()[-1] == "Passed."
    for question in kept["questions"]:
        question["text"] = "none of these words"
    gate.write_text(json.dumps(kept))
    done = shipped(*ask)
    assert done.status == 1
    assert "Gate: MRR@10 has changed by -0." in done.out
    assert done.out.splitlines()[-1].startswith("Refused: it is worse than before.")
    done = shipped(*ask, "--json")
    assert (done.status, done.json["gate"]["worse"]) == (1, True)
    assert shipped(*ask, "--update-gate").status == 0
    assert shipped(*ask).out.splitlines()[-1] == "Passed."


def test_a_corpus_of_its_own(index: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --corpus the judged papers are indexed for the occasion: the collection is not touched, nothing is left."""
    papers = tmp_path / "corpus.jsonl"
    records = [{"_id": "s", "title": "Speech", "text": "It is heard."}, {"_id": "f", "title": "Faces", "text": "Seen."}]
    papers.write_text("".join(json.dumps(record) + "\n" for record in (*records, {"_id": "x"})))
    queries, qrels = write(tmp_path, {"1": "faces"}, (("1", "f", 1), ("1", "x", 1)))
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    done = index("evaluate", "--queries", queries, "--qrels", qrels, "--corpus", str(papers), "--json")
    assert done.status == 0
    assert done.err == "Leaving out 1 record of corpus.jsonl …\n"
    assert done.json["means"]["hybrid"]["MRR@10"] == 1
    assert done.json["means"]["hybrid"]["recall@10"] == 0.5
    assert list(place.iterdir()) == []
    assert not Path(os.environ["PAPERKIN_COLLECTION"]).exists()


def test_interrupt_leaves_nothing(real_encoder: CompiledEncoder, model_cache: Path, tmp_path: Path) -> None:
    """Ctrl-C while the corpus is indexed ends with status 130, and the temporary collection is gone."""
    assert real_encoder.identity.dimension == 384
    place, pipe = tmp_path / "temporary", tmp_path / "corpus.jsonl"
    place.mkdir()
    os.mkfifo(pipe)
    queries, qrels = write(tmp_path, {"1": "faces"}, (("1", "f", 1),))
    shell = open_shell(model_cache, tmp_path / "collection")
    shell.environment["TMPDIR"] = str(place)
    with pipe.open("r+b", buffering=0):  # held open, so that the program waits for papers
        arguments = ("evaluate", "--queries", queries, "--qrels", qrels, "--corpus", str(pipe))
        with shell.start(*arguments) as process:
            while process.poll() is None and not list(place.glob("*/collection/papers.db")):
                time.sleep(0.05)
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "There is nothing to measure with."),
        (("--queries", "Q"), "There is nothing to measure with."),
        (("--self", "--qrels", "Q"), "--qrels does not go with --self."),
        (("--self", "--save-run", "R"), "--save-run does not go with --self."),
        (("--self", "--against", "run.txt"), "With --self, --against run.txt is no mode."),
        (("--self", "--update-gate"), "--update-gate does not say which file."),
        (("--self", "--against", "hybrid"), "hybrid is compared with itself."),
        (("--self", "--gate", "no/where/gate"), "no/where/gate cannot be written."),
        (("--self", "--gate", "F"), "F is no gate file."),
        (("--queries", "Q", "--qrels", "Q", "--seed", "1"), "--seed does not go with judged questions."),
        (("--queries", "Q", "--qrels", "Q", "--update-gate"), "--update-gate does not go with judged questions."),
        (("--queries", "nothing", "--qrels", "Q"), "nothing cannot be read"),
        (("--queries", "F", "--qrels", "F"), "F:1: a question needs"),
        (("--queries", "Q", "--qrels", "Q", "--against", "F"), "F:1: a line of a run has six columns"),
        (("--queries", "Q", "--qrels", "J", "--per-query", "no/where"), "no/where cannot be written."),
        (("--queries", "Q", "--qrels", "J", "--corpus", "nothing"), "nothing"),
    ],
)
def test_wrongly_asked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    """What does not fit together, or cannot be read or written, is told before a model is loaded, with status 2."""
    monkeypatch.chdir(tmp_path)
    Path("Q").write_text("1\t0\td\t1\n")
    Path("J").write_text("1\t0\td\t1\n")
    Path("F").write_text('{"_id": "1"}\n')
    done = run("evaluate", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("paperkin: ")
    assert message in done.err
    assert len(done.err.splitlines()) == 2
