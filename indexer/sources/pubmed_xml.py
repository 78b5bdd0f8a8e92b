"""PubMed's XML, as E-utilities and the yearly baseline give it (https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from indexer.errors import InvalidPaper
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import full_name, plain
from indexer.sources.dates import join_date, read_date
from indexer.sources.json_values import identifiers
from indexer.sources.xml_records import Node, Record, records, root

SOURCE: Final = "pubmed"

_PAPERS: Final = ("PubmedArticle", "PubmedBookArticle", "MedlineCitation")
_ROOTS: Final = frozenset({*_PAPERS, "PubmedArticleSet", "PubmedBookArticleSet", "MedlineCitationSet"})
_NO_TITLE = re.compile(r"\[?\s*(?:not available|no title(?: available)?|null|untitled)\s*\]?\.?", re.IGNORECASE)
_NO_LABEL: Final = frozenset({"", "UNLABELLED", "UNLABELED", "UNASSIGNED"})
_SCHEMES: Final = {"doi": "doi", "pmc": "pmc", "pmcid": "pmc"}


def recognises(head: bytes) -> bool:
    """Whether this is a set of PubMed's articles, or one of them."""
    top = root(head)
    return top is not None and top.name in _ROOTS


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The articles and book chapters of a file; numbers that PubMed deleted are reported as skipped."""
    for record in records(stream, name, report, _PAPERS, context=("DeleteCitation",)):
        if record.node.name == "DeleteCitation":
            for pmid in record.node.texts("PMID"):
                report.read += 1
                report.note("skipped", record.where, f"PubMed deleted {pmid}")
            continue
        try:
            yield _paper(record, report)
        except InvalidPaper as error:
            report.note("skipped", record.where, error.message)


def _paper(record: Record, report: Report) -> Paper:
    """The paper of a record.

    Its names are looked for where they stand for the paper itself: those of the papers that it cites, corrects or
    comments on are in the record as well.
    """
    top = record.node
    book = top.name == "PubmedBookArticle"
    citation = top if top.name == "MedlineCitation" else top.first("BookDocument" if book else "MedlineCitation")
    if citation is None:
        raise InvalidPaper(f"The {top.name} is empty.", "Get the file again.")
    article = citation if book else citation.first("Article") or citation
    pmid = citation.text("PMID")
    data = top.first("PubmedBookData" if book else "PubmedData")
    names = [("pmid", pmid)]
    names += [("doi", one.text()) for one in article.all("ELocationID") if _is_doi(one)]
    for holder in (citation, data):
        for one in holder.all("ArticleIdList/ArticleId") if holder else ():
            if scheme := _SCHEMES.get(one.get("IdType").lower()):
                names.append((scheme, one.text()))
    found = identifiers(names, record.where, report)
    number = next((name.removeprefix("pmid:") for name in found if name.startswith("pmid:")), None)
    values = {
        "title": _title(article, book=book),
        "abstract": _abstract(citation, article),
        "authors": _authors(article, book=book),
        "published": _published(article, book=book),
        "updated": _date(citation.first("DateRevised")),
        "categories": [plain(name) for name in citation.texts("MeshHeadingList/MeshHeading/DescriptorName")],
        "venue": _venue(citation, article, book=book),
        "identifiers": [name for name in found if not name.startswith("arxiv:")],
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number else None,
        "source": SOURCE,
    }
    return build(values, record.where, report, damaged=record.damaged)


def _is_doi(location: Node) -> bool:
    return location.get("EIdType").lower() == "doi" and location.get("ValidYN") != "N"


def _title(article: Node, *, book: bool) -> str:
    """The English title, else that in the paper's own language; a whole book has the title of the book."""
    title = _unbracketed(plain(article.text("ArticleTitle")))
    if not title or _NO_TITLE.fullmatch(title):
        title = plain(article.text("VernacularTitle")) or (plain(article.text("Book/BookTitle")) if book else "")
    return title


def _unbracketed(title: str) -> str:
    """PubMed puts a title that it translated into brackets: `[On sleep].`; those of `[11C]raclopride` stay."""
    match = re.fullmatch(r"\[(.*)\](\.?)", title, re.DOTALL)
    if match is None:
        return title
    depth = 0
    for sign in match[1]:
        depth += (sign == "[") - (sign == "]")
        if depth < 0:
            return title
    inner = match[1].strip()
    return inner + match[2] if depth == 0 and inner[-1:] not in ".?!" else inner if depth == 0 else title


def _abstract(citation: Node, article: Node) -> str:
    """The sections of the abstract as paragraphs; of other abstracts an English one where there is none."""
    candidates = [article.first("Abstract")]
    candidates += [
        other for other in citation.all("OtherAbstract") if other.get("Language").lower() in {"", "eng", "en"}
    ]
    return next((text for one in candidates if one and (text := _sections(one))), "")


def _sections(abstract: Node) -> str:
    parts = []
    for section in abstract.all("AbstractText"):
        if text := plain(section.text()):
            label = plain(section.get("Label")).rstrip(" :")
            parts.append(text if label.upper() in _NO_LABEL else f"{label}: {text}")
    return "\n\n".join(parts)


def _authors(article: Node, *, book: bool) -> list[str]:
    """People and groups, in order; editors of a book, and names that were corrected, are left out."""
    lists = [*article.all("AuthorList"), *(article.all("Book/AuthorList") if book else ())]
    for one in lists:
        authors = [author for author in one.all("Author") if author.get("ValidYN") != "N"]
        names = [name for author in authors if (name := _name(author))]
        if names and one.get("Type").lower() != "editors":
            return names
    return []


def _name(author: Node) -> str:
    given = author.text("ForeName") or author.text("FirstName") or author.text("Initials")
    person = full_name(full_name(given, author.text("LastName")), author.text("Suffix"))
    return plain(author.text("CollectiveName") or person)


def _venue(citation: Node, article: Node, *, book: bool) -> str | None:
    """The journal, or the book that a chapter is in."""
    if book:
        title = plain(article.text("Book/BookTitle"))
        return title if article.text("ArticleTitle") else None
    journal = article.text("Journal/Title") or article.text("Journal/ISOAbbreviation")
    return plain(journal or citation.text("MedlineJournalInfo/MedlineTA"))


def _published(article: Node, *, book: bool) -> str | None:
    paths = ("ContributionDate", "Book/PubDate") if book else ("ArticleDate", "Journal/JournalIssue/PubDate")
    return next((day for path in paths if (day := _date(article.first(path)))), None)


def _date(node: Node | None) -> str | None:
    """What is certain of a date: `2000 Spring` is of 2000, `2018 Jul-Aug` of 2018, `1998 Dec-1999 Jan` of 1998."""
    if node is None:
        return None
    if words := node.text("MedlineDate"):
        return read_date(words)
    return join_date(node.text("Year"), node.text("Month"), node.text("Day"))
