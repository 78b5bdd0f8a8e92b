"""Judged sets as BEIR and TREC write them, and what is said of files that are neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.errors import InvalidInput
from search.judged import read_qrels, read_questions, read_run

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(content: str | bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return file


TOPICS = """<top>
<num> Number: 301
<title> International
 Organized Crime

<desc> Description:
Identify organizations.
</top>

<top>
<num>302</num>
<title> Topic: Poliomyelitis </title>
</top>
"""


@pytest.mark.parametrize(
    ("content", "questions"),
    [
        ('{"_id": "1", "text": "a b", "metadata": {}}\n\n{"_id": 2, "text": "c"}\n', {"1": "a b", "2": "c"}),
        ('{"id": "1", "text": "line\\u2028end"}', {"1": "line\u2028end"}),
        ('\ufeff{"_id": "1", "text": "a"}\r\n', {"1": "a"}),
        ("1\ta b\n2\t c\tand d \r\n", {"1": "a b", "2": "c\tand d"}),
        (TOPICS, {"301": "International Organized Crime", "302": "Poliomyelitis"}),
        ("1\tsame\n1\tsame\n", {"1": "same"}),
    ],
)
def test_questions(write: Write, content: str, questions: dict[str, str]) -> None:
    """The layout is known by the content: JSON Lines, lines with a tab, or topics, of which the title is asked."""
    assert read_questions(write(content)) == questions


BEIR = "query-id\tcorpus-id\tscore\n1\td 1\t2\n1\td2\t0\n2\td1\t-1\n"
TREC = "1 0 d_1 2\n1 0 d2 0\n\n2\t0\td1\t-1\n"


def test_qrels(write: Write) -> None:
    """Three columns under a header or without one, or four; tabs part columns where there are any."""
    expected = {"1": {"d 1": 2, "d2": 0}, "2": {"d1": -1}}
    assert read_qrels(write(BEIR)) == expected
    assert read_qrels(write(BEIR.partition("\n")[2])) == expected
    assert read_qrels(write(TREC)) == {"1": {"d_1": 2, "d2": 0}, "2": {"d1": -1}}


def test_run(write: Write) -> None:
    """Six columns; the rank is not looked at."""
    assert read_run(write("1 Q0 d1 7 1.5 tag\n1 Q0 d2 1 -2e3 tag\n")) == {"1": {"d1": 1.5, "d2": -2000.0}}


@pytest.mark.parametrize(
    ("reader", "content", "message"),
    [
        (read_questions, '{"_id": "1", "text": "a"}\n{"_id": "2"}\n', ':2: a question needs "_id" and "text".'),
        (read_questions, '{"_id": "1", "text": "a"}\nnonsense\n', ":2: not JSON"),
        (read_questions, '{"_id": true, "text": "a"}', ":1: a question needs"),
        (read_questions, "1\ta\nno tab\n", ":2: a question is id<TAB>text."),
        (read_questions, "1\ta\n1\tb\n", ":2: question '1' has another text before."),
        (read_questions, "\n<top>\n<num> 1\n</top>", ":2: a topic needs <num> and <title>."),
        (read_questions, b"1\ta\n2\t\xff\n", ":2: not UTF-8."),
        (read_questions, "\n", "holds no question."),
        (read_questions, b"\x1f\x8b\x08", "is packed."),
        (read_qrels, "1 0 d1 1\n1 0 d2\t1\n", ":2: a judgment has three columns (BEIR) or four (TREC), not 2."),
        (read_qrels, "1 0 d1 1\n1 0 d2 yes\n", ":2: 'yes' is no grade."),
        (read_qrels, "1 0 d1 1.5\n", ":1: '1.5' is no grade."),
        (read_qrels, f"1 0 d1 {10**400}\n", " is no grade."),
        (read_qrels, "1 0 d1 1\n1 0 d1 0\n", ":2: 'd1' has another value for question '1' before."),
        (read_qrels, "query-id\tcorpus-id\tscore\n", "holds no judgment."),
        (read_run, "1 Q0 d1 1 0.5\n", ":1: a line of a run has six columns, not 5."),
        (read_run, "1 Q0 d1 1 nan tag\n", ":1: 'nan' is no score."),
        (read_run, "1 Q0 d1 1 high tag\n", ":1: 'high' is no score."),
        (read_run, "", "holds no answer."),
    ],
)
def test_what_is_wrong_is_said(
    write: Write, reader: Callable[[Path], object], content: str | bytes, message: str
) -> None:
    """The message names the file and the line, and there is a next step."""
    path = write(content)
    with pytest.raises(InvalidInput) as raised:
        reader(path)
    assert message in raised.value.message
    assert str(path) in raised.value.message
    assert raised.value.next_step.endswith(".")


def test_a_missing_file(tmp_path: Path) -> None:
    """What is not there, or is no file, is told by name."""
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(InvalidInput, match="cannot be read"):
            read_qrels(path)


@given(st.sampled_from([read_questions, read_qrels, read_run]), st.binary(max_size=80) | st.text(max_size=80))
def test_any_content_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, reader: Callable[[Path], object], content: bytes | str
) -> None:
    """Whatever a file holds, it is read or refused in a sentence."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
    with suppress(InvalidInput):
        reader(path)


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")), min_size=1
    )
)
def test_json_lines_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, questions: dict[str, str]
) -> None:
    """Every id and text comes back, in the order of the file, whatever characters they hold."""
    path = tmp_path_factory.getbasetemp() / "questions"
    lines = [json.dumps({"_id": name, "text": text}, ensure_ascii=False) for name, text in questions.items()]
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    assert list(read_questions(path).items()) == list(questions.items())
