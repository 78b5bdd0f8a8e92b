"""BibTeX and BibLaTeX, entry by entry (https://www.ctan.org/pkg/bibtex, https://www.ctan.org/pkg/biblatex)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from pybtex.bibtex.utils import split_name_list  # type: ignore[import-untyped]
from pybtex.database import InvalidNameString, Person  # type: ignore[import-untyped]
from pybtex.database.input.bibtex import LowLevelParser, month_names  # type: ignore[import-untyped]
from pybtex.scanner import PybtexSyntaxError  # type: ignore[import-untyped]

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import split_arxiv
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import full_name, people, plain
from indexer.sources.dates import join_date, read_date
from indexer.sources.json_values import identifiers
from indexer.sources.text_lines import MENDED, RECORD, Line, beginning, lines

SOURCE: Final = "bibtex"

USED: Final = frozenset({
    "title", "subtitle", "author", "abstract", "year", "month", "day", "date", "doi", "url", "howpublished", "eprint",
    "archiveprefix", "eprinttype", "primaryclass", "eprintclass", "journal", "journaltitle", "booktitle", "volume",
    "keywords", "keyword", "pmid", "pmcid",
})  # fmt: skip
"""Fields that make a paper. Others are named once in the report."""

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
_ARXIV = re.compile(r"\barxiv:\s*([\w.-]+(?:/\d{7})?)|\babs/([\w.-]+(?:/\d{7})?)", re.IGNORECASE)
_MAX_WORK: Final = 2_000_000_000
"""Braces times characters of an entry: the library looks for the end of a value again at every brace."""
_TOO_LONG: Final = f"the entry is longer than {RECORD:,} characters"


@dataclass(slots=True)
class _Block:
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


class _Macros(dict[str, str]):
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


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of a stream of entries. An entry that is broken costs itself only."""
    macros = _Macros()
    ignored: set[str] = set()
    for block in _blocks(lines(stream)):
        if block.kind in {"comment", "preamble"}:
            continue
        report.read += block.kind != "string"
        where = f"{name}:{block.line}"
        if block.mended:
            report.note("repaired", where, MENDED)
        try:
            fields = _fields(block, macros)
            if block.kind == "string":
                for key, text in fields:
                    macros.define(key, text)
            else:
                yield _paper(block.kind, _first(fields, where, report), where, report, ignored)
        except InvalidPaper as error:
            report.note("ignored" if block.kind == "string" else "skipped", where, error.message)


def _blocks(text: Iterable[Line]) -> Iterator[_Block]:
    """The entries of a file, each to the bracket that closes it, to the next one if nothing does, or to the end."""
    block: _Block | None = None
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
                block = _Block(line.number, begin[1].lower(), begin[2])
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


def _fields(block: _Block, macros: _Macros) -> list[tuple[str, str]]:
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


def _first(fields: list[tuple[str, str]], where: str, report: Report) -> dict[str, str]:
    """Of fields with the same name the first counts, as in BibTeX."""
    found: dict[str, str] = {}
    for name, text in fields:
        if name in found:
            report.note("ignored", where, f"a second field {shorten(name)!r}")
        found.setdefault(name, text)
    return found


def _paper(kind: str, fields: dict[str, str], where: str, report: Report, ignored: set[str]) -> Paper:
    if kind in {"proceedings", "mvproceedings"} and not fields.get("abstract"):
        raise InvalidPaper("A volume of proceedings without an abstract is no paper.", "Give its papers.")
    for name in fields:
        if name not in USED and name not in ignored:
            ignored.add(name)
            report.note("ignored", where, f"field {shorten(name)!r} is not part of a paper")

    def get(*names: str) -> str:
        return next((text for name in names if (text := fields.get(name, "").strip())), "")

    title, subtitle = (_text(get(name)) for name in ("title", "subtitle"))
    eprint = _literal(get("eprint"))
    values = {
        "title": f"{title}: {subtitle}" if title and subtitle else title,
        "abstract": plain(get("abstract")),
        "authors": _authors(get("author")),
        "published": read_date(get("date")) or join_date(get("year"), get("month"), get("day")) or get("year", "date"),
        "categories": _keywords(get("keywords", "keyword")) + _keywords(get("primaryclass", "eprintclass")),
        "venue": _text(get("journal", "journaltitle", "booktitle")),
        "identifiers": identifiers(_numbers(get, eprint), where, report),
        "version": (split_arxiv(eprint) or ("", None))[1],
        "url": _address(get("url")) or _address(get("howpublished")),
        "source": SOURCE,
    }
    return build({name: value for name, value in values.items() if value}, where, report)


def _numbers(get: Callable[..., str], eprint: str) -> Iterator[tuple[str, str]]:
    """The names of a paper. A bare eprint is arXiv's where it is of arXiv's form."""
    for scheme, name in (("doi", "doi"), ("pmid", "pmid"), ("pmc", "pmcid")):
        yield scheme, _literal(get(name))
    kind = get("eprinttype", "archiveprefix").casefold()
    if kind == "arxiv" or (not kind and split_arxiv(eprint)):
        yield "arxiv", eprint
    elif kind in {"pubmed", "pmid"}:
        yield "pmid", eprint
    for name in ("journal", "volume"):
        if match := _ARXIV.search(_literal(get(name))):
            yield "arxiv", (match[1] or match[2]).rstrip(".")


def _authors(text: str) -> list[str]:
    """The people as BibTeX reads them, and lists that were not written for BibTeX as people mean them."""
    names: list[str] = []
    for name in split_name_list(" ".join(text.split())):
        if name.count(",") > 1 or (";" in name and "&" not in name):
            names += people(name)
            continue
        try:
            person = Person(name)
        except InvalidNameString:
            names += people(name)
            continue
        first = [*person.first_names, *person.middle_names]
        last = [*person.prelast_names, *person.last_names, *person.lineage_names]
        names.append(plain(full_name(" ".join(first), " ".join(last))))
    return [name for name in names if name and name.casefold() not in {"others", "et al", "et al."}]


def _keywords(text: str) -> list[str]:
    words = re.split(r";" if ";" in plain(text) else ",", plain(text))
    return list(dict.fromkeys(tidy for word in words if (tidy := word.strip())))


def _text(value: str) -> str:
    """A title without the braces that keep its capitals; those of formulas and arguments stay for `plain`."""
    return plain(re.sub(r"(?<![\\\w^_}$])\{([^{}\\$]*)\}", r"\1", value))


def _literal(value: str) -> str:
    """A value that is no text, such as a DOI: dashes and tildes in it mean themselves."""
    return re.sub(r"\\([_%#&{}$~^])", r"\1", value.replace("{\\_}", "_")).strip("{} \t\n")


def _address(value: str) -> str:
    match = re.search(r"https?://[^\s{}]+", re.sub(r"\\([_%#&$~])", r"\1", value.replace("{\\_}", "_")), re.IGNORECASE)
    return match[0] if match else ""
