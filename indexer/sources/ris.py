"""RIS, which reference managers and publishers exchange (https://en.wikipedia.org/wiki/RIS_(file_format))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import rispy  # type: ignore[import-untyped]

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import find_identifier, identifier, split_arxiv
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.citing import MADE_BY, arxiv_of, kind_of, named, one_line, others, own_id
from indexer.sources.cleaning import people, plain
from indexer.sources.dates import join_date, read_date
from indexer.sources.json_values import identifiers
from indexer.sources.names import take_apart
from indexer.sources.text_lines import MENDED, RECORD, Line, beginning, lines

SOURCE: Final = "ris"

_TAGS: Final = {tag: tag for tag in (*rispy.config.TAG_KEY_MAPPING, "BT", "CT", "ED", "U1", "U2", "U3", "U4", "U5")}
_TAG = re.compile(r"([A-Za-z][A-Za-z0-9])(?:( {0,1})-(?=\s|$)|(  )-)\s*(.*)", re.DOTALL)
"""A tag, blanks, a dash. Writers differ in the blanks and in case."""
_START = re.compile(r"\s*TY {0,2}-\s*[A-Z]{2,8}\s*", re.IGNORECASE)
_OVID_MEDLINE = re.compile(r"[?&]D=(?:med|prem|pm)\w*.*[?&]AN=([0-9]+)", re.IGNORECASE)
_TYPES: Final = {"journal": "JOUR", "conference": "CONF", "preprint": "UNPB", "other": "GEN"}
_PARSER = rispy.RisParser(mapping=_TAGS, list_tags=list(_TAGS), delimiter_tags_mapping={}, skip_unknown_tags=True)
"""Every value is a list of lines here: what joins them depends on the tag."""


@dataclass(slots=True)
class _Record:
    """The lines of one record as the library wants them.

    `blanks` is how many stand before the dash of its first tag, `size` counts characters.
    """

    line: int
    blanks: int
    lines: list[str] = field(default_factory=list)
    size: int = 0
    mended: bool = False

    def add(self, line: Line, text: str) -> None:
        self.size += len(text)
        self.mended |= line.mended
        if self.size > RECORD:
            self.lines.clear()
        elif line.begins or not self.lines:
            self.lines.append(text)
        else:
            self.lines[-1] += text


def recognises(head: bytes) -> bool:
    """Whether a record begins in the first lines; some services write their own name before it."""
    text = [line for line in beginning(head) if line.strip()]
    return any(_START.fullmatch(line) and _tag(line.lstrip(), 0)[0] == "TY" for line in text[:10])


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of a stream of records. A record ends where it says so, where the next begins, or with the file."""
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
    for line in text:
        tag, value, blanks = _tag(line.text, record.blanks if record else 0) if line.begins else ("", line.text, 0)
        if tag in {"TY", "ER"}:
            if record:
                yield record
            record = _Record(line.number, blanks) if tag == "TY" else None
        if record:
            # A blank keeps the library from seeing a tag in what continues a text.
            record.add(line, f"{tag}  - {value}" if tag else f" {value}" if line.begins else value)
        elif tag != "ER" and value.strip() and not outside:
            outside = True
            report.note("ignored", f"{name}:{line.number}", f"no record has begun: {shorten(line.text.strip())!r}")
    if record:
        yield record


def _tag(line: str, blanks: int) -> tuple[str, str, int]:
    """The tag of a line, what stands behind it, and the blanks between; no tag where the line continues a text.

    A tag has at least as many blanks as the record's first, so that "IS - no" in a text is none where others have two.
    """
    if match := _TAG.fullmatch(line):
        tag, found = match[1].upper(), len(match[3] or match[2])
        usual = tag in _TAGS and match[1] == tag
        if (usual and found >= blanks) or tag in {"TY", "ER"} or found == 2:
            return tag, match[4], found
    return "", line, 0


def _paper(record: _Record, where: str, report: Report) -> Paper:
    (values,) = _PARSER.parse("\n".join([*record.lines, "ER  - "]))
    found = {tag: [line for line in texts if line] for tag, texts in values.items() if isinstance(texts, list)}
    # What we have written ourselves means itself; what others write holds markup.
    ours = MADE_BY in found.get("DP", ())
    prose = str if ours else plain
    addresses = [text for text in found.get("UR", ()) if re.match("https?://", text, re.IGNORECASE)]
    return build(
        {
            "id": _text(found, "ID") if ours else None,
            "title": prose(_text(found, "TI", "T1", "CT", "BT", "ST")),
            "abstract": prose(_text(found, "AB", "N2")),
            "authors": [_name(text) for text in found.get("AU", ())] if ours else _authors(found),
            "published": _published(found),
            "categories": found.get("KW", []) if ours else _keywords(found),
            "venue": prose(_text(found, "JF", "T2", "JO", "JA", "J2")) or None,
            "identifiers": identifiers([("doi", _text(found, "DO"))], where, report)
            + [name for name in _other_names(found, addresses) if name],
            "version": next((number[1] for text in found.get("AN", ()) if (number := split_arxiv(text))), None),
            "url": next(iter(addresses), None),
            "source": SOURCE,
        },
        where,
        report,
    )


def _text(found: dict[str, list[str]], *tags: str) -> str:
    """The first of the tags that is there, its lines joined."""
    return next((" ".join(found[tag]) for tag in tags if found.get(tag)), "")


def _authors(found: dict[str, list[str]]) -> list[str]:
    # A comma at the end marks a name that is no person's: "World Health Organization,".
    written = (line.strip(" ,") for tag in ("A1", "AU") for line in found.get(tag, ()))
    names: list[str] = []
    for name in written:
        last, comma, first = name.partition(",")
        if ";" in name or not comma:
            names += people(name) if ";" in name else [plain(name)]
        else:
            given, *suffix = first.split(",")
            names.append(plain(" ".join(part.strip() for part in (given, last, *suffix))))
    return [name for name in names if name and name.casefold() not in {"et al", "et al."}]


def _published(found: dict[str, list[str]]) -> str | None:
    """The year, and the month and day where the record's date agrees with it.

    The date may be whole (`2020/06/25/`) or be written without the year (`Jun 25`). What is no date is given back as
    it is, so that making the paper names it.
    """
    year, day = _text(found, "PY", "Y1"), _text(found, "DA")
    known = read_date(year)
    for candidate in (read_date(day), join_date(known or "", day)):
        if candidate and (not known or (candidate.startswith(known) and len(candidate) > len(known))):
            return candidate
    return known or year or None


def _keywords(found: dict[str, list[str]]) -> list[str]:
    """One a line, several a line with semicolons; an asterisk marks MeSH's main topics."""
    written = (word for line in found.get("KW", ()) for word in plain(line).split(";"))
    return list(dict.fromkeys(word for one in written if (word := one.replace("*", "").strip())))


def _other_names(found: dict[str, list[str]], addresses: list[str]) -> Iterator[str | None]:
    yield identifier("doi", _text(found, "M3"))
    for address in addresses:
        yield find_identifier(address)
        if match := _OVID_MEDLINE.search(address):
            yield identifier("pmid", match[1])
    number = _text(found, "AN")
    yield from map(find_identifier, found.get("AN", ()))
    # Every database numbers its records: a bare number is PubMed's only where the record says so.
    if {line.casefold() for line in found.get("DP", []) + found.get("DB", [])} & {"nlm", "pubmed", "medline"}:
        yield identifier("pmid", number) if "embase" not in _text(found, "DB").casefold() else None
    if (central := _text(found, "C2")).casefold().startswith("pmc"):
        yield identifier("pmc", central)


def write(papers: Sequence[Paper]) -> str:
    """The papers as a file that `parse` reads again. A text is one line, so that none can end a record."""
    lists = ("AU", "AN", "KW")
    return str(
        rispy.dumps(
            list(map(_written, papers)),
            implementation=_Writer,
            mapping=_NAMES,
            list_tags=[*lists],
            delimiter_tags_mapping={},
        )
    )


class _Writer(rispy.RisWriter):  # type: ignore[misc]
    """The library's, without a number before each record."""

    def set_header(self, count: int) -> str:  # noqa: ARG002  the library's signature
        """No header."""
        return ""


_NAMES: Final = {tag: tag.lower() for tag in _TAGS} | {"TY": _Writer.REFERENCE_TYPE_KEY}


def _written(paper: Paper) -> dict[str, Any]:
    known = named(paper)
    arxiv = arxiv_of(paper)
    values = {
        _Writer.REFERENCE_TYPE_KEY: _TYPES[kind_of(paper)],
        "id": own_id(paper),
        "au": [_turned(one_line(name)) for name in paper.authors],
        "ti": one_line(paper.title),
        "t2": one_line(paper.venue),
        "py": (paper.published or "")[:4],
        "da": f"{paper.published.replace('-', '/'):/<8}/" if paper.published and "-" in paper.published else "",
        "do": known.get("doi", ""),
        "an": [f"arXiv:{arxiv}"] * bool(arxiv) + others(paper, "arxiv", "doi"),
        "ur": one_line(paper.url),
        "kw": list(map(one_line, paper.categories)),
        "ab": one_line(paper.abstract),
        "dp": MADE_BY,
    }
    return {name: value for name, value in values.items() if value}


def _turned(name: str) -> str:
    """A name with the family name first; with a comma at its end where it is not to be taken apart."""
    if parts := take_apart(name):
        written = ", ".join(part for part in (parts.last, parts.given, parts.suffix) if part)
        if _name(written) == name:
            return written
    return f"{name},"


def _name(written: str) -> str:
    """A name as `_turned` writes it."""
    if written.endswith(","):
        return written[:-1]
    last, _, rest = written.partition(", ")
    given, _, suffix = rest.partition(", ")
    return " ".join(filter(None, (given, last, suffix)))
