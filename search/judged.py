"""Reads judged sets: questions, judgments and runs, in the layouts of BEIR and of TREC. Which one, the content says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from indexer.errors import InvalidInput, shorten

Questions = dict[str, str]
"""Question id → text."""
Qrels = dict[str, dict[str, int]]
"""Question id → judged id → grade."""
Runs = dict[str, dict[str, float]]
"""Question id → id of what was found → score."""

_TOP = re.compile(r"<top>(.*?)(?=<top>|</top>|\Z)", re.DOTALL | re.IGNORECASE)
_NUMBER = re.compile(r"<num>(?:\s*Number:)?\s*([^<\n]+)", re.IGNORECASE)
_TITLE = re.compile(r"<title>(?:\s*Topic:)?([^<]*)", re.IGNORECASE)
_GRADE = re.compile(r"[+-]?\d{1,9}")
_PACKED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_Value = TypeVar("_Value", int, float)


def read_questions(path: Path) -> Questions:
    """The questions of a file, in its order: BEIR's JSON Lines, TREC's `<top>` records, or `id<TAB>text` lines.

    Raises `InvalidInput`, which names the line.
    """
    text = _text(path)
    begin = text.lstrip()
    if begin.startswith("{"):
        found = _from_json(text, path)
    elif begin[:10].lower().startswith(("<top>", "<!--", "<?xml")):
        found = _from_topics(text, path)
    else:
        found = _from_lines(text, path)
    questions: Questions = {}
    for where, name, words in found:
        if questions.setdefault(name, words) != words:
            raise InvalidInput(f"{where}: question {shorten(name)!r} has another text before.", "Leave one of them.")
    if not questions:
        raise InvalidInput(
            f"{path} holds no question.", "Give BEIR's queries.jsonl, TREC topics, or id<TAB>text lines."
        )
    return questions


def read_qrels(path: Path) -> Qrels:
    """The judgments of a file: BEIR's `query-id corpus-id score` under a header, or TREC's `query 0 document grade`.

    Raises `InvalidInput`, which names the line.
    """
    qrels: Qrels = {}
    for number, (where, fields) in enumerate(_fields(path)):
        if len(fields) not in {3, 4}:
            raise InvalidInput(
                f"{where}: a judgment has three columns (BEIR) or four (TREC), not {len(fields)}.", "Mend the line."
            )
        if number == 0 and len(fields) == 3 and not _GRADE.fullmatch(fields[-1]) and "id" in fields[0].lower():
            continue  # BEIR's header
        if not _GRADE.fullmatch(fields[-1]):
            raise InvalidInput(f"{where}: {shorten(fields[-1])!r} is no grade.", "Write a whole number.")
        _put(qrels, fields[0], fields[-2], int(fields[-1]), where)
    if not qrels:
        raise InvalidInput(f"{path} holds no judgment.", "Give BEIR's qrels file or TREC's.")
    return qrels


def read_run(path: Path) -> Runs:
    """What a system returned, in TREC's six columns `query Q0 document rank score tag`. Scores order it, not ranks.

    Raises `InvalidInput`, which names the line.
    """
    run: Runs = {}
    for where, fields in _fields(path):
        if len(fields) != 6:
            raise InvalidInput(f"{where}: a line of a run has six columns, not {len(fields)}.", "Mend the line.")
        try:
            score = float(fields[4])
        except ValueError:
            score = float("nan")
        if score != score:  # noqa: PLR0124  not a number, which cannot be ordered
            raise InvalidInput(f"{where}: {shorten(fields[4])!r} is no score.", "Write a number.")
        _put(run, fields[0], fields[2], score, where)
    if not run:
        raise InvalidInput(f"{path} holds no answer.", "Give a run in TREC's format.")
    return run


def _put(table: dict[str, dict[str, _Value]], question: str, paper: str, value: _Value, where: str) -> None:
    if table.setdefault(question, {}).setdefault(paper, value) != value:
        raise InvalidInput(
            f"{where}: {shorten(paper)!r} has another value for question {shorten(question)!r} before.",
            "Leave one of them.",
        )


def _from_json(text: str, path: Path) -> Iterator[tuple[str, str, str]]:
    for where, line in _lines(text, path):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{where}: not JSON ({getattr(error, 'msg', error)}).", "Mend the line.") from None
        record = record if isinstance(record, dict) else {}
        name, words = record.get("_id", record.get("id")), record.get("text")
        if isinstance(name, bool) or not isinstance(name, str | int) or not isinstance(words, str):
            raise InvalidInput(f'{where}: a question needs "_id" and "text".', "Mend the line.")
        yield where, str(name), words


def _from_topics(text: str, path: Path) -> Iterator[tuple[str, str, str]]:
    """TREC's classic topics; the title is the question."""
    for match in _TOP.finditer(text):
        where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        number, title = _NUMBER.search(match[1]), _TITLE.search(match[1])
        if number is None or title is None or not title[1].strip():
            raise InvalidInput(f"{where}: a topic needs <num> and <title>.", "Mend the topic.")
        yield where, number[1].strip(), " ".join(title[1].split())


def _from_lines(text: str, path: Path) -> Iterator[tuple[str, str, str]]:
    for where, line in _lines(text, path):
        name, tab, words = line.partition("\t")
        if not tab or not name.strip():
            raise InvalidInput(f"{where}: a question is id<TAB>text.", "Mend the line, or give BEIR's queries.jsonl.")
        yield where, name.strip(), words.strip()


def _fields(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Where each line stands and its columns: between tabs where there are any, else between blanks."""
    for where, line in _lines(_text(path), path):
        yield where, [field.strip() for field in line.split("\t")] if "\t" in line else line.split()


def _lines(text: str, path: Path) -> Iterator[tuple[str, str]]:
    # Not splitlines(), which also breaks a text at characters that JSON leaves in strings.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield f"{path}:{number}", line.rstrip("\r")


def _text(path: Path) -> str:
    """The whole file. Raises `InvalidInput` where it cannot be read as text."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.", "Check the name.") from error
    if data.startswith(_PACKED):
        raise InvalidInput(f"{path} is packed.", "Unpack it first.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{path}:{line}: not UTF-8.", "Save the file as UTF-8.") from error
