"""Answers of arXiv's OAI-PMH interface (https://info.arxiv.org/help/oa), in each of the forms it gives metadata in.

`arXiv` has the names of authors split and two days, `arXivRaw` all versions, `arXivOld` neither, and `oai_dc` is what
every archive of the protocol has. Which one a record is in is told by its elements: namespaces are often left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any, BinaryIO, Final

from indexer.errors import InvalidPaper, UnreadableSource, shorten
from indexer.identifiers import find_identifier, split_arxiv
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.arxiv_atom import SOURCE, arxiv_categories, arxiv_identifiers, arxiv_url
from indexer.sources.building import build
from indexer.sources.cleaning import full_name, people, plain
from indexer.sources.xml_records import Node, Record, records, root

_ROOTS: Final = frozenset({"OAI-PMH", "ListRecords", "GetRecord", "records", "record"})
_OURS = re.compile(rb"oai:arxiv\.org|arxiv\.org/oai|oaipmh\.arxiv\.org", re.IGNORECASE)
_CLASS = re.compile(
    r"(?:primary\s*:?\s*)?(?:[0-9]{2}[A-Z0-9-][0-9A-Zx-]*|[A-K]\.[0-9m](?:\.[0-9m]+)*)\b.*", re.IGNORECASE
)
_HELD: Final = timedelta(days=3)  # how much later than its id's month a paper may say that it was sent in


def recognises(head: bytes) -> bool:
    """Whether these are records of OAI-PMH, and of arXiv rather than of another archive."""
    top = root(head)
    return top is not None and top.name in _ROOTS and _OURS.search(top.head) is not None


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of one answer, or of several one after another; deleted records and error answers are reported."""
    for record in records(stream, name, report, ("record",), context=("error",)):
        if record.node.name == "error":
            code = record.node.get("code") or "an error"
            report.note("skipped", record.where, f"the server answered {shorten(code)}: {_shown(record.node)}")
            continue
        header = record.node.first("header")
        if header and header.get("status").lower() == "deleted":
            report.note("skipped", record.where, f"{shorten(header.text('identifier'))} was deleted on the server")
            continue
        try:
            yield _paper(record, report)
        except InvalidPaper as error:
            report.note("skipped", record.where, error.message)


def resumption_token(data: bytes) -> str | None:
    """The token with which the next part of a list is asked for; `None` behind the last part."""
    try:
        found = list(records(BytesIO(data), "", Report(), (), context=("resumptionToken",)))
    except UnreadableSource:
        return None
    return found[-1].node.text() or None if found else None


def _shown(node: Node) -> str:
    return shorten(" ".join(node.text().split()) or "no reason", 200)


def _paper(record: Record, report: Report) -> Paper:
    metadata = record.node.first("metadata")
    form = next(iter(metadata.all("*")), None) if metadata else None
    if form is None:
        raise InvalidPaper("The record has no metadata.", "Ask for it with another metadataPrefix.")
    header = record.node.text("header/identifier").rpartition("arXiv.org:")[2]
    number = _number(header) or _number(form.text("id"))
    if form.name == "dc":
        values, dois = _dublin_core(form)
        number = number or next(filter(None, map(_number, form.texts("identifier"))), None)
    else:
        values, dois = _own_form(form), [form.text("doi")]
    if number is None:
        report.note("missing", record.where, "arXiv id")
    days = _days(values.pop("days"), number, record.where, report)
    values |= {
        "identifiers": arxiv_identifiers(number, dois, record.where, report),
        "url": arxiv_url(number),
        "published": days[0] if days else None,
        "updated": days[-1] if days else None,
        "source": SOURCE,
    }
    return build(values, record.where, report, damaged=record.damaged)


def _own_form(form: Node) -> dict[str, Any]:
    """What `arXiv`, `arXivRaw` and `arXivOld` have, under our names; `days` are those of the versions."""
    authors = [_author(author) for author in form.all("authors/author")] or people(form.text("authors"))
    versions = {
        int(match[1]): _mail_day(version.text("date"))
        for version in form.all("version")
        if (match := re.fullmatch(r"v([0-9]{1,4})", version.get("version")))
    }
    days = [day for _, day in sorted(versions.items())] or [form.text("created"), form.text("updated")]
    return {
        "title": plain(form.text("title")),
        "abstract": plain(form.text("abstract")),
        "authors": [author for author in authors if re.search(r"\w", author)],
        "categories": arxiv_categories(form.text("categories").split()),
        "venue": plain(form.text("journal-ref")),
        "version": max(versions, default=None),
        "days": days,
    }


def _author(author: Node) -> str:
    return plain(
        full_name(full_name(author.text("forenames"), " ".join(author.texts("keyname"))), author.text("suffix"))
    )


def _dublin_core(form: Node) -> tuple[dict[str, Any], list[str]]:
    """The same of `oai_dc`, and its DOIs. Several kinds of things stand under one name there.

    The first description that is no comment is the abstract; the days are those of the first and the last version; an
    identifier that is none is where the paper appeared.
    """
    descriptions = [text for text in form.texts("description") if not text.startswith("Comment:")]
    names = form.texts("identifier")
    found = {name: find_identifier(name) or "" for name in names}
    venues = [name for name in names if not found[name] and not re.match(r"https?://|doi:", name, re.IGNORECASE)]
    values: dict[str, Any] = {
        "title": plain(form.text("title")),
        "abstract": plain(next(iter(descriptions), "")),
        "authors": [
            name for creator in form.texts("creator") for name in [_creator(creator)] if re.search(r"\w", name)
        ],
        "categories": list(dict.fromkeys(text for text in form.texts("subject") if not _CLASS.fullmatch(text))),
        "venue": plain(next(iter(venues), "")),
        "days": sorted(form.texts("date")),
    }
    return values, [name for name in names if re.match(r"doi:", name, re.IGNORECASE) or found[name].startswith("doi:")]


def _creator(text: str) -> str:
    """`Last, First` and `Last, First, Jr` the right way round."""
    last, _, first = (part.strip() for part in text.partition(","))
    first, _, suffix = (part.strip() for part in first.partition(","))
    return plain(full_name(full_name(first, last), suffix))


def _number(text: str) -> str | None:
    """The arXiv id that a text or an address is."""
    found = split_arxiv(text)
    name = f"arxiv:{found[0]}" if found else find_identifier(text) or ""
    return name.removeprefix("arxiv:") if name.startswith("arxiv:") else None


def _mail_day(text: str) -> str:
    """`Mon, 2 Apr 2007 19:18:42 GMT` as a day; another text as it is, for making the paper names its fault."""
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return text


def _days(written: list[str], number: str | None, where: str, report: Report) -> list[str]:
    """The days of the first and the last version.

    An arXiv id tells in which month its paper was sent in. The interface gives the day of a later version as that of
    the first for some papers (1706.03762 of 2023); such a paper is dated by its id.
    """
    days = [day for day in written if day]
    month = _month(number)
    try:
        late = bool(days) and month is not None and (date.fromisoformat(days[0]) - _HELD).isoformat()[:7] > month
    except (ValueError, OverflowError):
        late = False
    if late and month:
        report.note("repaired", where, f"{number} cannot be of {days[0]}; it was dated {month}, as its id says")
        return [month, days[-1]]
    return days


def _month(number: str | None) -> str | None:
    """`1706.03762` and `math/0309136` as 2017-06 and 2003-09."""
    if number is None:
        return None
    digits = number.rpartition("/")[2]
    return f"{'19' if digits[:2] >= '91' else '20'}{digits[:2]}-{digits[2:4]}"
