"""XML read record by record: the only file that knows the XML library.

A file is cut into its records first (`xml_spans`), and each is parsed alone and strictly. One that is not well formed
is mended where that cannot mislead (a stray ampersand, a name of HTML, an `<i>` that is never closed) and left out
otherwise: a parser that guesses on gives the abstract of one paper to the next.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import escape
from html.entities import html5
from itertools import chain
from typing import BinaryIO, Final

from lxml import etree

from indexer.errors import UnreadableSource, shorten
from indexer.report import Report
from indexer.sources.xml_spans import Root, Scanner, Span, chunks, declared_encoding, decode, root

__all__ = ["Node", "Record", "Root", "records", "root"]

_MAX_PREFIXES: Final = 50
_UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PREFIX = re.compile(r"(?:</?|\s)([A-Za-z_][\w.-]*):[A-Za-z_][\w.-]*(?=[\s/>=])")
_SIGN = re.compile(
    r"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>"
    r"|&(?:(?P<code>#(?:[0-9]{1,8}|[xX][0-9a-fA-F]{1,8}));|(?P<name>[A-Za-z][\w.-]*);)?|<(?![A-Za-z_/!?])",
    re.DOTALL,
)
_PAIRS: Final = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"))
_INLINE = re.compile(r"</?(?:i|b|u|em|strong|italic|bold|sup|sub|sc|tt|p|br)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_XML_NAMES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_BREAKS: Final = frozenset({"p", "br", "list-item"})


@dataclass(frozen=True, slots=True)
class Node:
    """An element. Names are local: real files leave out namespaces, or declare wrong ones."""

    _element: etree._Element

    @property
    def name(self) -> str:
        """The name without prefix and namespace."""
        return _local(self._element)

    def get(self, attribute: str) -> str:
        """An attribute, trimmed; empty where it is missing."""
        return str(self._element.get(attribute) or "").strip()

    def all(self, path: str) -> list[Node]:
        """The elements at a path of names such as `header/identifier`."""
        return [Node(element) for element in self._element.iterfind(_wild(path))]

    def first(self, path: str) -> Node | None:
        """The first element at a path, if there is one."""
        element = self._element.find(_wild(path))
        return None if element is None else Node(element)

    def text(self, path: str = "") -> str:
        """The trimmed text of the first element at a path, with all inside it; empty where there is none."""
        node = self.first(path) if path else self
        return _joined(node._element).strip() if node else ""

    def texts(self, path: str) -> list[str]:
        """The texts of the elements at a path, without empty ones."""
        return [text for node in self.all(path) if (text := node.text())]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read; `damaged` says that unreadable characters in it were replaced by U+FFFD."""

    node: Node
    where: str
    damaged: bool


def records(
    stream: BinaryIO,
    name: str,
    report: Report,
    papers: Collection[str],
    *,
    context: Collection[str] = (),
    starts: Collection[str] = (),
) -> Iterator[Record]:
    """The elements of a file named `papers` and `context`, as they come, and those named `starts` without content.

    Each of `papers` counts as read; what cannot be read is noted as skipped. Raises `UnreadableSource` where the file
    is not XML at all.
    """
    parts = chunks(stream)
    first = next(parts, b"")
    top = root(first)
    if top is None:
        raise UnreadableSource(f"{name} is not XML that can be read.", "Check that the whole file was saved.")
    declared, parser = declared_encoding(first), _parser()
    for span in Scanner(chain([first], parts), top.name, {*papers, *context}, starts).spans():
        report.read += span.tag in papers
        if span.problem:
            report.note(span.kind, f"{name}:{span.line}", span.problem)
            continue
        try:
            yield _record(span, declared, parser, name, report)
        except etree.XMLSyntaxError as error:
            where = f"{name}:{span.line + (error.lineno or 1) - 1}"
            report.note("skipped", where, f"the XML of the {span.tag} is broken: {shorten(_reason(error))}")


def _reason(error: etree.XMLSyntaxError) -> str:
    """What the library found, without its own count of lines and its advice to programmers."""
    return re.sub(r",? (?:line \d|(?:use|try) XML_PARSE).*", "", (error.msg or "unreadable").partition("\n")[0])


def _parser() -> etree.XMLParser:
    """Nothing is fetched, nothing expanded, and the library's own limits on depth and size stay in force."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _record(span: Span, declared: str, parser: etree.XMLParser, name: str, report: Report) -> Record:
    where = f"{name}:{span.line}"
    text, kind, told_of_encoding = decode(span.data, declared)
    if kind:
        report.note(kind, where, told_of_encoding)
    damaged = "\N{REPLACEMENT CHARACTER}" in text and b"\xef\xbf\xbd" not in span.data
    try:
        element = _parse(text, parser)
    except etree.XMLSyntaxError:
        if any(text.rfind(opening) > text.rfind(closing) for opening, closing in _PAIRS):
            raise  # and looking for what closes them, again and again, would take hours
        mended, told, lossy = _mend(text)
        damaged = damaged or lossy
        try:
            element = _parse(mended, parser)
        except etree.XMLSyntaxError:
            element = _parse(_INLINE.sub("", mended), parser)
            told.append("tags of bold, italic and the like that do not match")
        if told:
            report.note("repaired", where, f"the XML was mended: {', '.join(told)}")
    return Record(Node(element), where, damaged)


def _parse(text: str, parser: etree.XMLParser) -> etree._Element:
    try:
        return etree.fromstring(f"<record>{text}</record>".encode(), parser)[0]
    except etree.XMLSyntaxError:
        # What declares the prefixes stands outside the record; which namespaces they are does not matter here.
        prefixes = {prefix for prefix in _PREFIX.findall(text) if not prefix.lower().startswith("xml")}
        if not prefixes:
            raise
    spaces = "".join(f' xmlns:{prefix}="{prefix}"' for prefix in sorted(prefixes)[:_MAX_PREFIXES])
    return etree.fromstring(f"<record{spaces}>{text}</record>".encode(), parser)[0]


def _mend(text: str) -> tuple[str, list[str], bool]:
    """Signs that XML reserves as text, and names of characters as characters.

    Gives the text, what was done, and whether characters had to be replaced by U+FFFD.
    """
    done: dict[str, None] = {}
    text, lost = _UNSAFE.subn("\N{REPLACEMENT CHARACTER}", text)

    def sign(match: re.Match[str]) -> str:
        nonlocal lost
        found = match[0]
        if name := match["name"]:
            if name in _XML_NAMES:
                return found
            known = html5.get(f"{name};")
            done["characters named as in HTML" if known else f"&{shorten(name, 20)}; stays as it is"] = None
            return escape(known or found)
        if code := match["code"]:
            number = int(code[2:], 16) if code[1] in "xX" else int(code[1:])
            if number in {9, 10, 13} or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 65536 <= number < 1114112:
                return found
            lost += 1
            return "\N{REPLACEMENT CHARACTER}"
        if found in {"&", "<"}:
            done[f"{found} that begins nothing"] = None
            return escape(found)
        return found

    return _SIGN.sub(sign, text), list(done), lost > 0


def _joined(element: etree._Element) -> str:
    """The text of an element and all inside it, formulas of TeX between dollar signs."""
    if not len(element):
        return element.text or ""
    out: list[str] = []
    formulas = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        name = _local(node)
        formulas += (name == "math") * (1 if event == "start" else -1)
        if event == "start":
            text = node.text or ""
            out.append({"tex-math": "$", "sup": _power(out, text)}.get(name, ""))
        else:
            out.append("$" if name == "tex-math" else " " if name in _BREAKS else "")
            text = (node.tail or "") if node is not element else ""
        # Between the elements of MathML stands nothing but the layout of the file.
        out.append(text.strip() if formulas else text)
    return "".join(out)


def _power(before: list[str], text: str) -> str:
    """`10<sup>-3</sup>` is a power, the number of a footnote behind a word is none."""
    last = next((part for part in reversed(before) if part), "")
    return "^" if last[-1:].isdigit() and re.match(r"\s*[-+−–]?\d", text) else ""


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _wild(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))
