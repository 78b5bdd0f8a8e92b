"""The entries of BibTeX files: how they are written, whatever their fields mean.

The only import of pybtex.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from pybtex.bibtex.utils import split_name_list  # type: ignore[import-untyped]
from pybtex.database import BibliographyData, Entry, InvalidNameString, Person  # type: ignore[import-untyped]
from pybtex.database.input.bibtex import LowLevelParser, month_names  # type: ignore[import-untyped]
from pybtex.database.output.bibtex import Writer  # type: ignore[import-untyped]
from pybtex.scanner import PybtexSyntaxError  # type: ignore[import-untyped]

from indexer.errors import InvalidPaper
from indexer.sources.text_lines import RECORD, Line, beginning

MONTHS: Final = tuple(month_names)
"""The abbreviations of the months that every style knows, in their order."""

_TYPE = r"@\s*([A-Za-z]+)\s*([{(])"
_BEGIN = re.compile(rf"(?<![\w@.\\]){_TYPE}")
_RESUME = re.compile(
    r"\s*@\s*(?:(?:string|preamble|comment)\s*[{(]|[A-Za-z]+\s*[{(][^,{}()\"=#]*(?:,|$))", re.IGNORECASE
)
"""A line that begins so is a new entry, even where the one before is not closed."""
_KNOWN = re.compile(
    r"\s*@\s*(?:article|book|booklet|collection|comment|conference|dataset|in(?:book|collection|proceedings)|manual|misc"
    r"|(?:master|phd)?s?thesis|online|preamble|proceedings|report|software|string|techreport|unpublished)\s*[{(]",
    re.IGNORECASE,
)
_OPEN_WORD = re.compile(r"\s*@\s*[A-Za-z]+\s*")
_SIGN: Final = {"{": re.compile(r"[{}]"), "(": re.compile(r'[{}()"]')}
_KEY = re.compile(r"[^,={}\"]*,")
_MAX_WORK: Final = 2_000_000_000
"""Braces times characters of an entry: the library looks for the end of a value again at every brace."""
_TOO_LONG: Final = f"the entry is longer than {RECORD:,} characters"


@dataclass(slots=True)
class Block:
    """One entry as it is read: its kind in small letters, what stands within its braces, how deep it is open."""

    line: int
    kind: str
    bracket: str
    parts: list[str] = field(default_factory=list)
    depth: int = 1
    quoted: bool = False
    size: int = 0
    mended: bool = False
    fault: str = ""

    @property
    def text(self) -> str:
        """What stands within its braces."""
        return "".join(self.parts)

    def take(self, text: str, start: int) -> int:
        """Read on from `start`; where the entry ends, or -1 if it goes on behind the text."""
        for sign in _SIGN[self.bracket].finditer(text, start):
            if sign[0] == '"':
                self.quoted ^= self.depth == 1
            elif sign[0] in "{}":
                self.depth += 1 if sign[0] == "{" else -1
            elif sign[0] == ")" and self.depth == 1 and not self.quoted:
                self.depth = 0
            if self.depth == 0:
                self._keep(text[start : sign.start()])
                return sign.end()
        self._keep(text[start:])
        return -1

    def _keep(self, text: str) -> None:
        self.size += len(text)
        if self.size <= RECORD:
            self.parts.append(text)
        else:
            self.fault = _TOO_LONG
            self.parts.clear()


class Macros(dict[str, str]):
    """The abbreviations of a file, whatever their case. One that is not defined stands for its name."""

    def __init__(self) -> None:
        super().__init__(month_names)
        self.size = 0

    def __getitem__(self, name: str) -> str:
        return self.get(name.lower(), name)

    def define(self, name: str, text: str) -> None:
        """Add one. Raises `InvalidPaper` where they grow beyond measure: each may hold others, many times."""
        self.size += len(text)
        if self.size > RECORD:
            raise InvalidPaper(f"The abbreviations are longer than {RECORD:,} characters.", "Write them out.")
        self[name.lower()] = text


def recognises(head: bytes) -> bool:
    """Whether an entry of a usual type begins one of the first lines; programs write remarks before it."""
    text = [line for line in beginning(head) if line.strip()][:200]
    return bool(text) and text[0].lstrip()[0] not in "{[<" and any(_KNOWN.match(line) for line in text)


def blocks(text: Iterable[Line]) -> Iterator[Block]:
    """The entries of a file, each to the bracket that closes it, to the next one if nothing does, or to the end."""
    block: Block | None = None
    held = ""
    for line in text:
        written = held + line.text
        held = ""
        if block and line.begins and _RESUME.match(written):
            block.fault = block.fault or "the entry is not closed"
            yield block
            block = None
        elif not block and line.begins and _OPEN_WORD.fullmatch(written):
            held = written  # the bracket is on the next line
            continue
        pos = 0
        while pos >= 0:
            if not block:
                begin = _BEGIN.search(written, pos)
                if not begin or "%" in written[pos : begin.start()]:
                    break
                block = Block(line.number, begin[1].lower(), begin[2])
                pos = begin.end()
            elif pos == 0 and line.begins:
                written = "\n" + written
            block.mended |= line.mended
            pos = block.take(written, pos)
            if pos >= 0:
                yield block
                block = None
    if block:
        block.fault = block.fault or "the entry is not closed"
        yield block


def fields_of(block: Block, macros: Macros) -> list[tuple[str, str]]:
    """The fields of an entry in their order. Raises `InvalidPaper` where it is not written as BibTeX wants it."""
    if block.fault:
        raise InvalidPaper(f"BibTeX: {block.fault}", "Correct the entry.")
    body = block.text
    if block.kind != "string" and (key := _KEY.match(body)):
        body = body[key.end() :]  # the library refuses keys that other programs write
    if body.count("{") * len(body) > _MAX_WORK:
        raise InvalidPaper("BibTeX: the entry holds too many braces", "Shorten it.")
    try:
        # An abbreviation is written like an entry with one field and no key.
        parsed = list(LowLevelParser(f"@entry{{{body}}}", keyless_entries=True, macros=macros))
    except PybtexSyntaxError as error:
        line = block.line + error.lineno - 1
        raise InvalidPaper(f"BibTeX: {error.args[0]} in line {line}", "Correct the entry.") from error
    fields = [field for _, (_, fields) in parsed for field in fields]
    if sum(len(part) for _, parts in fields for part in parts) > RECORD:
        raise InvalidPaper(_TOO_LONG, "Shorten it.")
    return [(name.lower(), "".join(parts)) for name, parts in fields]


def split_names(text: str) -> list[str]:
    """The names of a list that "and" joins; one within braces holds any word."""
    return [str(name) for name in split_name_list(" ".join(text.split()))]


def parts_of(name: str) -> tuple[str, str] | None:
    """What stands before the family name, and that name with what belongs to it; `None` for what is no name."""
    try:
        person = Person(name)
    except InvalidNameString:
        return None
    first = [*person.first_names, *person.middle_names]
    last = [*person.prelast_names, *person.last_names, *person.lineage_names]
    return " ".join(first), " ".join(last)


def write_entries(entries: Mapping[str, tuple[str, Sequence[tuple[str, str]]]]) -> str:
    """A file of entries: under each key the type and the fields, whose values are LaTeX with braces in pairs."""
    made = {key: Entry(kind, fields=fields) for key, (kind, fields) in entries.items()}
    return str(_Writer().to_string(BibliographyData(made)))


class _Writer(Writer):  # type: ignore[misc]
    """The library's, which would encode what is LaTeX already a second time, and put a month's name in quotes."""

    def _write_field(self, stream: TextIO, name: str, value: Any) -> None:
        stream.write(f",\n  {name} = {value if name == 'month' else self.quote(value)}")

    def quote(self, text: str) -> str:
        """Braces, which quotation marks in a text do not end."""
        self.check_braces(text)
        return f"{{{text}}}"
