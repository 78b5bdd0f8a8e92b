"""PubMed's text format MEDLINE, which it saves as .nbib or .txt (https://www.nlm.nih.gov/bsd/mms/medlineelements.html)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from indexer.errors import InvalidPaper, shorten
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import full_name, plain
from indexer.sources.dates import read_date
from indexer.sources.json_values import identifiers
from indexer.sources.text_lines import MENDED, RECORD, Line, beginning, lines

SOURCE: Final = "pubmed"

_TAG = re.compile(r"([A-Z]{2,4}) {0,2}- ?(.*)", re.DOTALL)
_START = re.compile(r"PMID ?- *[0-9]{1,9}\s*|(?P<central>PMC ?- *PMC[0-9]{1,9}\s*)")
"""How records begin: PubMed's with its number, those of PubMed Central with theirs, behind a blank line."""
_LOCATION = re.compile(r"(\S+)\s*\[(doi|pmc|pmcid)\]", re.IGNORECASE)
_SUFFIX = r"(?: (Jr|Sr|2nd|3rd|II|III|IV)\b\.?)?"
_FULL = re.compile(rf"([^,]*), *(.*?){_SUFFIX}")
_SHORT = re.compile(rf"(\S.*?) ([A-Z]{{1,3}}){_SUFFIX}")


@dataclass(slots=True)
class _Record:
    """The fields of one record in their order; `size` counts characters, so that a record cannot fill the memory."""

    line: int
    fields: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    mended: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether nothing but the number of PubMed Central has been read, which PubMed's own follows."""
        return [tag for tag, _ in self.fields] == ["PMC"]

    def add(self, line: Line) -> None:
        self.size += len(line.text)
        self.mended |= line.mended
        if self.size > RECORD:
            self.fields.clear()
        elif line.begins and (match := _TAG.fullmatch(line.text)):
            self.fields.append((match[1], match[2].strip()))
        elif self.fields and line.text.strip():
            tag, value = self.fields[-1]
            self.fields[-1] = (tag, f"{value} {line.text.strip()}" if line.begins else value + line.text)

    def all(self, *tags: str) -> list[str]:
        return [value for tag, value in self.fields if tag in tags and value]

    def first(self, *tags: str) -> str:
        return next((value for tag in tags for value in self.all(tag)), "")


def recognises(head: bytes) -> bool:
    """Whether the first line that is not blank gives a PubMed number as MEDLINE does."""
    return _START.fullmatch(next((line for line in beginning(head) if line.strip()), "")) is not None


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of a stream of records, each of which begins with its PubMed number."""
    for record in _records(lines(stream), name, report):
        report.read += 1
        where = f"{name}:{record.line}"
        if record.size > RECORD:
            report.note("skipped", where, f"the record is longer than {RECORD:,} characters")
            continue
        if record.mended:
            report.note("repaired", where, MENDED)
        try:
            yield _paper(record, where, report)
        except InvalidPaper as error:
            report.note("skipped", where, error.message)


def _records(text: Iterable[Line], name: str, report: Report) -> Iterator[_Record]:
    record: _Record | None = None
    outside = False
    blank = True
    for line in text:
        start = _START.fullmatch(line.text) if line.begins else None
        if start and (blank or not start["central"]) and not (record and record.is_bare):
            if record:
                yield record
            record = _Record(line.number)
        blank = not line.text.strip()
        if record:
            record.add(line)
        elif not blank and not outside:
            outside = True
            report.note("ignored", f"{name}:{line.number}", f"no record has begun: {shorten(line.text.strip())!r}")
    if record:
        yield record


def _paper(record: _Record, where: str, report: Report) -> Paper:
    names = [("pmid", record.first("PMID")), ("pmc", record.first("PMC"))]
    for value in record.all("LID", "AID"):
        if match := _LOCATION.fullmatch(value):
            names.append(("doi" if match[2].lower() == "doi" else "pmc", match[1]))
    found = identifiers(names, where, report)
    number = next((name.removeprefix("pmid:") for name in found if name.startswith("pmid:")), None)
    values = {
        "title": _unbracketed(plain(record.first("TI", "BTI", "TT"))),
        "abstract": plain(record.first("AB") or record.first("OAB")),
        "authors": _authors(record),
        "published": _first_date(record.all("DEP") + record.all("DP")),
        "updated": read_date(record.first("LR")),
        "categories": list(dict.fromkeys(plain(value.lstrip("*").partition("/")[0]) for value in record.all("MH"))),
        "venue": plain(record.first("JT", "TA")) or None,
        "identifiers": [name for name in found if not name.startswith("arxiv:")],
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number else None,
        "source": SOURCE,
    }
    return build(values, where, report)


def _authors(record: _Record) -> list[str]:
    """People and groups in their order. Each may stand there twice, in full and short."""
    there = {tag for tag, _ in record.fields}
    wanted = {"FAU" if "FAU" in there else "AU", "FCN" if "FCN" in there else "CN"}
    names = (_name(value) if tag.endswith("AU") else plain(value) for tag, value in record.fields if tag in wanted)
    return [name for name in names if name]


def _name(value: str) -> str:
    """`King, Martin L Jr` and `King ML Jr`, the right way round."""
    value = plain(value)
    match = _FULL.fullmatch(value) or _SHORT.fullmatch(value)
    return full_name(full_name(match[2], match[1]), match[3] or "") if match else value


def _unbracketed(title: str) -> str:
    """PubMed puts a title that it translated into brackets: `[On sleep].`."""
    match = re.fullmatch(r"\[([^\[\]]*)\](\.?)", title)
    return match[1].strip() + ("" if match[1].strip()[-1:] in ".?!" else match[2]) if match else title


def _first_date(texts: Iterable[str]) -> str | None:
    """The day of the first publication: PubMed counts that on the web before that of the issue."""
    return next((day for text in texts if (day := read_date(text))), None)
