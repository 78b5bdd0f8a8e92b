"""The ACL Anthology's own files: `data/xml` of https://github.com/acl-org/acl-anthology, one collection each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from indexer.errors import InvalidPaper, shorten
from indexer.identifiers import identifier
from indexer.paper import Paper
from indexer.report import Report
from indexer.sources.building import build
from indexer.sources.cleaning import full_name, plain
from indexer.sources.dates import join_date
from indexer.sources.json_values import identifiers
from indexer.sources.xml_records import Node, Record, records, root

SOURCE: Final = "acl-anthology"


@dataclass(frozen=True, slots=True)
class _Volume:
    """What the papers of a volume have in common."""

    collection: str = ""
    name: str = ""
    meta: Node | None = None


def recognises(head: bytes) -> bool:
    """Whether this is a collection of volumes; libraries call theirs so too, but in a namespace."""
    top = root(head)
    return top is not None and top.name == "collection" and not top.namespace and b"<volume" in top.head


def parse(stream: BinaryIO, name: str, report: Report) -> Iterator[Paper]:
    """The papers of all volumes, without their front matter. Retracted papers are kept, and the report names them."""
    collection, volume = "", _Volume()
    for record in records(
        stream, name, report, ("paper",), context=("meta",), starts=("collection", "volume", "event")
    ):
        node = record.node
        match node.name:
            case "collection":
                collection, volume = node.get("id"), _Volume()
            case "volume":
                volume = _Volume(collection, node.get("id"))
            case "event":
                volume = _Volume(collection)  # what is said of the conference is not said of the last volume
            case "meta":
                volume = _Volume(volume.collection, volume.name, node)
            case _ if node.get("type") in {"frontmatter", "backmatter"}:
                report.note("skipped", record.where, f"the {node.get('type')} of a volume is no paper")
            case _:
                try:
                    yield _paper(record, volume, report)
                except InvalidPaper as error:
                    report.note("skipped", record.where, error.message)


def _paper(record: Record, volume: _Volume, report: Report) -> Paper:
    node, where = record.node, record.where
    address = node.text("url")
    own = None if address.startswith("http") else identifier("acl", address)
    acl = own or identifier("acl", _anthology_id(volume, node.get("id")))
    number = acl.removeprefix("acl:") if acl else None
    if number is None:
        report.note("missing", where, "Anthology id")
    for fate in ("retracted", "removed"):
        if notice := node.first(fate):
            why = " ".join(plain(notice.text()).split()) or "no reason is given"
            told = f"{number or 'the paper'} was {fate} {notice.get('date')}".rstrip()
            report.note("ignored", where, f"{told}: {shorten(why, 200)}; it is kept")
    values = {
        "title": plain(node.text("title")),
        "abstract": plain(node.text("abstract")),
        "authors": [name for author in node.all("author") if (name := _name(author))],
        "published": _published(node, volume),
        "venue": plain(_said("booktitle", node, volume) or _said("journal-title", node, volume)),
        "identifiers": [*([acl] if acl else []), *identifiers([("doi", node.text("doi"))], where, report)],
        "url": f"https://aclanthology.org/{number}" if number else None,
        "source": SOURCE,
    }
    return build(values, where, report, damaged=record.damaged)


def _anthology_id(volume: _Volume, paper: str) -> str:
    """`2024.acl-long.1`, and `P19-1007` of the years before 2020 (https://aclanthology.org/info/ids/).

    The old ids have one digit for the volume and three for the paper; workshops, having more volumes, two and two.
    """
    if "." in volume.collection:
        return f"{volume.collection}-{volume.name}.{paper}"
    if not (volume.name.isdecimal() and paper.isdecimal()):
        return ""
    two = volume.collection.startswith("W") or volume.collection == "C69" or len(volume.name) > 1
    return (
        f"{volume.collection}-{volume.name:0>2}{paper:0>2}" if two else f"{volume.collection}-{volume.name}{paper:0>3}"
    )


def _name(person: Node) -> str:
    return plain(full_name(person.text("first"), person.text("last")))


def _said(what: str, paper: Node, volume: _Volume) -> str:
    """What a paper says of itself, or else its volume of all."""
    return paper.text(what) or (volume.meta.text(what) if volume.meta else "")


def _published(paper: Node, volume: _Volume) -> str | None:
    """Year and month as far as they are certain; without a year it is that of the collection's id."""
    year = _said("year", paper, volume) or volume.collection.partition(".")[0]
    return join_date(year, _said("month", paper, volume))
