"""BibTeX and BibLaTeX, entry by entry (https://www.ctan.org/pkg/bibtex, https://www.ctan.org/pkg/biblatex)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import BinaryIO, Final
from urllib.parse import quote

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import best_id, identifier, split_arxiv
from indexer.paper import Paper, id_from_title
from indexer.report import Report
from indexer.sources.bibtex_entries import (
    MONTHS,
    Macros,
    blocks,
    fields_of,
    parts_of,
    recognises,
    split_names,
    write_entries,
)
from indexer.sources.building import build
from indexer.sources.citing import (
    arxiv_of,
    join_words,
    keys,
    kind_of,
    named,
    one_line,
    others,
    own_id,
    paragraphs,
    split_words,
)
from indexer.sources.cleaning import full_name, people, plain
from indexer.sources.dates import join_date, read_date
from indexer.sources.json_values import identifiers
from indexer.sources.latex import latex
from indexer.sources.names import take_apart
from indexer.sources.text_lines import MENDED, lines

__all__ = ["parse", "recognises", "write"]

SOURCE: Final = "bibtex"

USED: Final = frozenset({
    "title", "subtitle", "author", "abstract", "year", "month", "day", "date", "doi", "url", "howpublished", "eprint",
    "archiveprefix", "eprinttype", "primaryclass", "eprintclass", "journal", "journaltitle", "booktitle", "volume",
    "keywords", "keyword", "pmid", "pmcid", "identifiers", "paperkin",
})  # fmt: skip
"""Fields that make a paper. Others are named once in the report."""

_ARXIV = re.compile(r"\barxiv:\s*([\w.-]+(?:/\d{7})?)|\babs/([\w.-]+(?:/\d{7})?)", re.IGNORECASE)
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)?\.[A-Za-z]{2}(?:-[a-z]+)?|[a-z]+-[a-z]+")
"""A category of arXiv."""
_LITERAL = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_TYPES: Final = {"journal": "article", "conference": "inproceedings", "preprint": "misc", "other": "misc"}


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of a stream of entries. An entry that is broken costs itself only."""
    macros = Macros()
    ignored: set[str] = set()
    for block in blocks(lines(stream)):
        if block.kind in {"comment", "preamble"}:
            continue
        report.read += block.kind != "string"
        where = f"{name}:{block.line}"
        if block.mended:
            report.note("repaired", where, MENDED)
        try:
            fields = fields_of(block, macros)
            if block.kind == "string":
                for key, text in fields:
                    macros.define(key, text)
            else:
                yield _paper(block.kind, _first(fields, where, report), where, report, ignored)
        except InvalidPaper as error:
            report.note("ignored" if block.kind == "string" else "skipped", where, error.message)


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
        "id": plain(get("paperkin")),
        "title": f"{title}: {subtitle}" if title and subtitle else title,
        "abstract": plain(get("abstract")),
        "authors": _authors(get("author")),
        "published": read_date(get("date")) or join_date(get("year"), get("month"), get("day")) or get("year", "date"),
        "categories": list(
            dict.fromkeys(_keywords(get("primaryclass", "eprintclass")) + _keywords(get("keywords", "keyword")))
        ),
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
    for name in plain(get("identifiers")).split():
        scheme, _, value = name.partition(":")
        if identifier(scheme, value):
            yield scheme, value
    for name in ("journal", "volume"):
        if match := _ARXIV.search(_literal(get(name))):
            yield "arxiv", (match[1] or match[2]).rstrip(".")


def _authors(text: str) -> list[str]:
    """The people as BibTeX reads them, and lists that were not written for BibTeX as people mean them."""
    names: list[str] = []
    for name in split_names(text):
        if _LITERAL.fullmatch(name):
            names.append(plain(name[1:-1]))
        elif name.count(",") > 1 or (";" in name and "&" not in name) or (parts := parts_of(name)) is None:
            names += people(name)
        else:
            names.append(plain(full_name(*parts)))
    return [name for name in names if name and name.casefold() not in {"others", "et al", "et al."}]


def _keywords(text: str) -> list[str]:
    return split_words(plain(text))


def _text(value: str) -> str:
    """A title without the braces that keep its capitals; those of formulas and arguments stay for `plain`."""
    return plain(re.sub(r"(?<![\\\w^_}$])\{([^{}\\$]+)\}", r"\1", value))


def _literal(value: str) -> str:
    """A value that is no text, such as a DOI: dashes and tildes in it mean themselves."""
    return re.sub(r"\\([_%#&{}$~^])", r"\1", value.replace("{\\_}", "_")).strip("{} \t\n")


def _address(value: str) -> str:
    match = re.search(r"https?://[^\s{}]+", re.sub(r"\\([_%#&$~])", r"\1", value.replace("{\\_}", "_")), re.IGNORECASE)
    return match[0] if match else ""


def write(papers: Sequence[Paper]) -> str:
    """The papers as a file that `parse` reads again, each under a key of its own."""
    entries = zip(keys(papers), papers, strict=True)
    return write_entries({key: (_TYPES[kind_of(paper)], _written(paper)) for key, paper in entries})


def _written(paper: Paper) -> list[tuple[str, str]]:
    """The fields of a paper, in the order in which people write them."""
    number, known = arxiv_of(paper), named(paper)
    year, month, day = [*(paper.published or "").split("-"), "", "", ""][:3]
    primary = next(iter(paper.categories), "") if number else ""
    more = others(paper, "arxiv", "doi", "pmid", "pmc")
    fields = {
        "author": " and ".join(map(_name, paper.authors)),
        "title": latex(one_line(paper.title), capitals=True, read=_text),
        "booktitle" if kind_of(paper) == "conference" else "journal": latex(one_line(paper.venue), read=_text),
        "year": year,
        "month": MONTHS[int(month) - 1] if month else "",
        "day": str(int(day)) if day else "",
        "eprint": number or "",
        "archiveprefix": "arXiv" if number else "",
        "primaryclass": primary if _CATEGORY.fullmatch(primary) else "",
        "doi": _doi(known.get("doi", "")),
        "pmid": known.get("pmid", ""),
        "pmcid": known.get("pmc", ""),
        "identifiers": latex(" ".join(more)),
        "url": _in_braces(paper.url or ""),
        "keywords": latex(join_words(paper.categories)),
        "abstract": latex(paragraphs(paper.abstract)),
        "paperkin": "" if paper.id == _usual_id(paper) else latex(own_id(paper)),
    }
    return [(name, text) for name, text in fields.items() if text]


def _usual_id(paper: Paper) -> str:
    """The id that the paper gets when it is read, if none is written."""
    return best_id(others(paper)) or id_from_title(paper.title or paper.abstract)


@lru_cache(20_000)  # papers of one collaboration have the same three thousand
def _name(name: str) -> str:
    """A name with the family name first, or in braces where it would be read as another name."""
    whole = latex(one_line(name))
    if parts := take_apart(one_line(name)):
        written = ", ".join(latex(part) for part in (parts.last, parts.suffix, parts.given) if part)
        if _authors(written) == [one_line(name)]:
            return written
    return whole if " " not in whole and _authors(whole) == [one_line(name)] else f"{{{whole}}}"


def _doi(doi: str) -> str:
    """A DOI as it is, or as an address where it holds what BibTeX or TeX would take for its own."""
    return f"https://doi.org/{quote(doi, safe='/:;()')}" if re.search(r"[{}\\%#~^]", doi) else doi


def _in_braces(address: str) -> str:
    """An address without the signs that end a field or begin a macro."""
    return re.sub(r"[{}\\]", lambda sign: quote(sign[0]), one_line(address))
