"""What the command line prints for people, letter by letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api import text, text_answers
from api.schemas import CollectionAnswer, ModelShape, RuntimeShape
from indexer.identity import Record
from indexer.paper import Paper
from indexer.report import Report
from search.answer import Answer, Expansion, Hit, Plan, Standing, Step
from search.engine import Engine
from search.explain import Explanation, Match, Passage
from search.hints import Hint
from search.query import Mode, Page, Query


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of sixty characters, whatever terminal runs the tests."""
    monkeypatch.setenv("COLUMNS", "60")


def hit(rank: int, score: float, paper: Paper) -> Hit:
    return Hit(rank, score, score, None, paper)


def lines(*expected: str) -> str:
    return "\n".join(expected)


def test_an_answer() -> None:
    """A hit is its rank, score and title, and below them what is known of when and who, and always the id."""
    named = Paper("a", "speech", authors=("Ada Lovelace", "Grace Hopper"), published="2024-05-01")
    counted = Paper("10.1/d", "face", author_count=1)
    answer = Answer((hit(1, 1.0, named), hit(2, 0.70703125, counted)), 4, "v", (Expansion("TTS", "text-to-speech"),))
    assert text_answers.answer(answer) == lines(
        "TTS read as text-to-speech",
        "  1  1.000  speech",
        "            2024-05-01 · Ada Lovelace, Grace Hopper · a",
        "  2  0.707  face",
        "            1 author · 10.1/d",
        "",
        "1–2 of 4 papers",
    )


def test_a_long_title_is_wrapped_under_its_beginning() -> None:
    """A title longer than the terminal is wide goes on below its first word; no word is ever broken."""
    answer = Answer((hit(1, 0.5, Paper("x" * 70, "speech and emotion and face and graph " * 2)),), 1, "v")
    assert text_answers.answer(answer) == lines(
        "  1  0.500  speech and emotion and face and graph speech and",
        "            emotion and face and graph",
        "            " + "x" * 70,
        "",
        "1–1 of 1 paper",
    )


def test_an_empty_answer() -> None:
    """No hits because of the filters is told apart from no hits on this page or with these words."""
    assert (
        text_answers.answer(Answer((), 0, "v"))
        == "There is no paper to find: none passes the filters, or there is no other."
    )
    assert text_answers.answer(Answer((), 4, "v")) == "No paper was found here."


def test_one_named_author_of_nine() -> None:
    """Where fewer authors are named than there are, the others are counted from those that are named."""
    paper = Paper("x", "speech", authors=("A",), author_count=9)
    assert text_answers.answer(Answer((hit(1, 1, paper),), 1, "v")).splitlines()[1].strip() == "A and 8 more · x"


def test_more_than_three_authors() -> None:
    """A list names three authors and counts the others, also those who are only counted."""
    paper = Paper("x", "speech", authors=("A", "B", "C", "D"), author_count=1_200)
    assert (
        text_answers.answer(Answer((hit(1, 1, paper),), 1, "v")).splitlines()[1].strip() == "A, B, C and 1,197 more · x"
    )


def test_an_explained_hit(engine: Engine) -> None:
    """Below a hit stand what its score is made of, the words that it has, and the nearest sentence with its cosine;
    in a terminal the words are bold, elsewhere there is nothing but text."""
    answer = engine.search(Query("faces emotion", Page(1, 2), Mode.DENSE, explain=True))
    shown = text_answers.answer(replace(answer, confidence=None, hits=(replace(answer.hits[0], confidence=None),)))
    assert shown == lines(
        "  3  0.447  face",
        "            2 authors · 10.1/d",
        "            meaning 100% · has faces, emotion",
        "            “A face shows emotion.” (0.71)",
        "",
        "3–3 of 4 papers",
    )
    bold = text_answers.answer(answer, marks=True)
    assert "“A \x1b[1mface\x1b[0m shows \x1b[1memotion\x1b[0m.” (0.71)" in bold
    assert "\x1b" not in shown


def test_what_each_part_adds(engine: Engine) -> None:
    """A question of several parts tells what each adds to the cosine: "emotion" that is disliked takes 0.15/√2 over
    √(1 + 0.15²) from "speech and emotion"."""
    answer = engine.search(Query("speech", Page(1, 1), Mode.DENSE, disliked=("b",)))
    assert "cosine 0.594 = text 0.699, disliked b -0.105" in " ".join(text_answers.answer(answer).split())


def test_a_list_has_no_scores(engine: Engine) -> None:
    """Where nothing but filters is asked there is no score to show."""
    assert text_answers.answer(engine.search(Query("author:lovelace"))) == lines(
        "  1  emotion",
        "     2025 · Grace Lovelace · b",
        "  2  speech",
        "     2024-05-01 · Ada Lovelace, Grace Hopper · a",
        "",
        "1–2 of 2 papers",
    )


def test_hints_come_first() -> None:
    """A hint stands above the hits, with the part that it is about; one that is about no part has none to name."""
    hint = Hint("autor:Ada", "There is no operator 'autor'.", "If a filter is meant, write author:Ada.")
    answer = Answer((hit(1, 1.0, Paper("a", "speech")),), 1, "v", hints=(hint,))
    assert text_answers.answer(answer).splitlines()[:3] == [
        "! autor:Ada: There is no operator 'autor'. If a filter is",
        "  meant, write author:Ada.",
        "  1  1.000  speech",
    ]


PLAN = Plan(
    "hybrid",
    "TTS (text-to-speech)",
    ("tts", "text"),
    {"text": 0.25, "tts": 0.75},
    ("-face", "after:2024"),
    (Step("understand", "3 of 4 papers may be found", 1.25), Step("rank", "3 candidates", 12.0)),
)
SHOWN = (
    "",
    "What was run:",
    "  mode     hybrid",
    "  meaning  TTS (text-to-speech)",
    "  words    tts text",
    "  learned  tts 0.750, text 0.250",
    "  filters  -face after:2024",
    "  index    version v",
    "  understand     1.2 ms  3 of 4 papers may be found",
    "  rank          12.0 ms  3 candidates",
)


def test_a_plan() -> None:
    """On request the answer ends with what was run, the learned words by their weight."""
    answer = Answer((hit(1, 1.0, Paper("a", "speech")),), 3, "v", plan=PLAN)
    assert text_answers.answer(answer, explain=True).splitlines()[4:] == list(SHOWN)
    assert "What was run" not in text_answers.answer(answer)


def test_where_a_paper_stands() -> None:
    """A paper's place, its score and what it is made of; and always what was run."""
    found = Hit(12, 0.75, 0.5, 2.5, Paper("a", "speech"), parts={"meaning": 0.5, "words": 0.25, "kin": 0.0})
    assert text_answers.standing(Standing(found.paper, found, (), 1_234, "v", PLAN)) == lines(
        "speech",
        "a",
        "",
        "Rank 12 of 1,234 papers.",
        " 12  0.750  speech",
        "            a",
        "     score = meaning 0.500, words 0.250, kin 0.000",
        "     cosine 0.500",
        "     BM25 2.50",
        *SHOWN,
    )


def test_what_keeps_a_paper_out() -> None:
    """Where a paper is no answer, every reason is named."""
    reasons = (Hint("-face", "This exclusion keeps the paper out.", "Ask without it."), Hint("", "By date.", "Ask."))
    assert text_answers.standing(Standing(Paper("a", "speech"), None, reasons, 3, "v", PLAN)) == lines(
        "speech",
        "a",
        "",
        "It is not among the answers.",
        "! -face: This exclusion keeps the paper out. Ask without it.",
        "! By date. Ask.",
        *SHOWN,
    )
    found = Hit(12, 0.75, 0.5, None, Paper("a", "speech"))
    shown = text_answers.standing(Standing(found.paper, found, reasons[:1], 3, "v", PLAN)).splitlines()
    assert shown[5:7] == ["Otherwise its rank would be 12.", " 12  0.750  speech"]


def test_no_part_of_an_answer_steers_a_terminal() -> None:
    """Nor do the words of a question, a sentence of a paper, an id or a hint, whatever they hold."""
    evil, kept = "\x1b[31m\x9b2J\u202e\0\1x", "x\x9b2J\u202ey"  # no paper holds \x1b, but a question may
    why = Explanation(Passage("abstract", 0, 6, kept, 0.5), (), (Match(0, 2, evil),), (evil,), {"kin": 1.0})
    found = Hit(1, 1.0, 1.0, None, Paper(kept, kept, kept), {"kin": 1.0}, {f"liked {kept}": 1.0}, explanation=why)
    plan = Plan("hybrid", evil, (evil,), {evil: 1.0}, (evil,), (Step("rank", evil, 1.0),))
    hint = Hint(evil, evil, evil)
    shown = text_answers.answer(
        Answer((found,), 1, "v", (Expansion(evil, evil),), (hint,), plan=plan), explain=True, marks=True
    )
    shown += text_answers.standing(Standing(found.paper, found, (), 1, "v", plan), marks=True)
    shown += text_answers.standing(Standing(found.paper, None, (hint,), 1, "v", plan), marks=True)
    plain = shown.replace(text_answers.MARK, "").replace(text_answers.UNMARK, "")
    assert shown.count(text_answers.MARK) == shown.count(text_answers.UNMARK) == 2
    assert all(character.isprintable() for line in plain.split("\n") for character in line)


def test_a_paper() -> None:
    """A paper is shown with every field, those that are not known named so, and its abstract in paragraphs."""
    paper = Paper(
        "10.1/d",
        "face",
        "A face\nshows emotion.\n\nAnd speech.",
        published="2025-06",
        comments=0,
        categories=("cs.CV",),
    )
    assert text.paper(paper) == lines(
        "face",
        "",
        "id         10.1/d",
        "authors    unknown",
        "published  2025-06",
        "venue      unknown",
        "categories cs.CV",
        "comments   0",
        "upvotes    unknown",
        "url        unknown",
        "source     unknown",
        "",
        "A face shows emotion.",
        "",
        "And speech.",
    )


def test_what_few_papers_have() -> None:
    """Identifiers, version, last change and day on Daily Papers are shown where they are known, and only there."""
    paper = Paper("2401.00001", "speech", venue="Mind", version=2, updated="2024-02", daily="2024-01-03")
    shown = text.paper(paper).splitlines()
    assert "venue      Mind" in shown
    assert shown[-4:] == [
        "known as   arxiv:2401.00001",
        "version    2",
        "updated    2024-02",
        "daily      2024-01-03",
    ]


def test_the_records_of_a_paper() -> None:
    """Each record has its source, id, version and title, and below them from which file and when it came."""
    shown = (
        Record(Paper("2401.00001", "speech", source="arxiv", version=2), "dump.json", "2026-01-31"),
        Record(Paper("x", "A\x9bface" + " and a graph" * 5), "", "2026-02-01", apart=True),
    )
    assert text.records(shown) == lines(
        "made of 2 records:",
        "  arxiv · 2401.00001 v2 · speech",
        "    from dump.json on 2026-01-31",
        "  unknown · x · A face and a graph and a graph and a graph",
        "  and a graph and a graph",
        "    from a program on 2026-02-01, kept apart",
    )
    assert text.records(shown[:1]).splitlines()[0] == "made of 1 record:"


def test_a_paper_names_all_its_authors() -> None:
    """Shown alone, a paper names every author it has, and counts those without a name."""
    paper = Paper("x", "speech", authors=("A", "B", "C", "D"), author_count=5)
    assert "authors    A, B, C, D and 1 more" in text.paper(paper).splitlines()


def test_a_paper_without_a_title() -> None:
    """Where there is no title, the beginning of the abstract stands in its place."""
    paper = Paper("x", "", "A face shows emotion.")
    assert text.paper(paper).splitlines()[0] == "A face shows emotion."
    assert (
        text_answers.answer(Answer((hit(1, 1, paper),), 1, "v")).splitlines()[0] == "  1  1.000  A face shows emotion."
    )


def test_nothing_that_steers_a_terminal() -> None:
    """Characters that would move the cursor, turn the writing round or colour it are shown as spaces."""
    paper = Paper("x\x85y", "red\u202e\u200b \x9b31m title", "\x9babstract")
    for shown in (text.paper(paper), text_answers.answer(Answer((hit(1, 1, paper),), 1, "v"))):
        assert all(character.isprintable() for line in shown.split("\n") for character in line)
    assert "31m title" in text.paper(paper)


def test_a_report() -> None:
    """A report gives the counts, then the notes kind by kind, what was lost first, with where they are, then what the
    collection holds."""
    done = Report(read=3, added=1, updated=1, unchanged=0)
    done.note("unreadable", "q.gz", "what follows is lost: the file is cut off")
    done.note("skipped", "p.jsonl:2", "not JSON")
    done.note("guessed", "page.txt", "dates without a year are of 2025: the latest year written on the page is 2024")
    assert text.report(done, 1_234) == lines(
        "Read 3 records: 1 added, 1 updated, 0 unchanged, 1 skipped.",
        "Unreadable: 1",
        "  q.gz: what follows is lost: the file is cut off",
        "Skipped: 1",
        "  p.jsonl:2: not JSON",
        "Guessed: 1",
        "  page.txt: dates without a year are of 2025: the latest",
        "  year written on the page is 2024",
        "The collection holds 1,234 papers.",
    )


def test_a_report_of_merges() -> None:
    """Where records joined known papers, or had come before, that is counted too; so are texts of several windows."""
    done = Report(read=3_001, added=2_998, merged=2, superseded=1, long=1)
    done.note("merged", "W1", "the record of openalex joined the paper 2401.00001")
    assert text.report(done, 2_998) == lines(
        "Read 3,001 records: 2,998 added, 0 updated, 0 unchanged, 2 merged, 1 superseded.",
        "Longer than the model's window, encoded in parts: 1 paper.",
        "Merged: 1",
        "  W1: the record of openalex joined the paper 2401.00001",
        "The collection holds 2,998 papers.",
    )


def test_a_report_of_a_conversion() -> None:
    """Where nothing is stored, only what was read is told."""
    assert text.report(Report(read=1)) == "Read 1 record."


def test_a_long_report_is_cut() -> None:
    """Of many notes of a kind twenty are shown and the others counted, also those that were not kept."""
    done = Report(read=1_500)
    for number in range(1_500):
        done.note("skipped", f"p:{number}", "not JSON")
    shown = text.report(done, 0).splitlines()
    assert shown[1] == "Skipped: 1,500"
    assert shown[2:22] == [f"  p:{number}: not JSON" for number in range(20)]
    assert shown[22:] == ["  … and 1,480 more", "The collection holds 0 papers."]


def test_info() -> None:
    """What a collection is: where it lies, what it holds and from where, and which model and version made it."""
    facts = CollectionAnswer(
        papers=1_234,
        sources={"daily-papers": 1_233, "": 1},
        model=ModelShape(name="toy", weights_sha256="abc", dimension=5, max_tokens=256),
        encoded_by=[RuntimeShape(runtime="openvino-int8", version="openvino 1", texts_per_second=80.5, cosine=0.9992)],
        index_version="0123456789abcdef",
        sequence=7,
        version="1.2.3",
    )
    assert text.info(Path("papers"), facts) == lines(
        "collection  papers",
        "papers      1,234",
        "sources     daily-papers 1,233, unknown 1",
        "model       toy, 5 dimensions, 256 tokens",
        "weights     abc",
        "encoded by  openvino-int8 (openvino 1; in its trial 80.5",
        "            texts a second, cosine 0.9992 to float32)",
        "index       version 0123456789abcdef, change 7",
        "paperkin    1.2.3",
    )


@pytest.mark.parametrize(("count", "expected"), [(0, "0 papers"), (1, "1 paper"), (1_000_000, "1,000,000 papers")])
def test_many(count: int, expected: str) -> None:
    """One is singular, everything else plural, thousands are set apart."""
    assert text.many(count, "paper") == expected
