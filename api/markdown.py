"""References in Markdown (CommonMark 0.31), one list item a paper, for notes and issues.

Titles come from strangers: whatever a sign means in Markdown, here it stands for itself, and nothing becomes HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from indexer.identifiers import ADDRESSES, SCHEMES
from indexer.paper import Paper
from indexer.sources.citing import named

MAX_AUTHORS: Final = 20
"""Names that are written out: some papers have three thousand."""

_CALLED: Final = {"arxiv": "arXiv:", "acl": "ACL ", "doi": "doi:", "pmid": "PMID ", "pmc": ""}
"""How an identifier of a scheme begins where people read it."""
_SIGNS = re.compile(r"[\\`*_\[\]<>&~$|!#^{}@]|(?<=www)\.|:(?=//|[a-z0-9_+-]+:)", re.IGNORECASE)
"""Signs that begin or end something, those of GitHub among them: formulas, mentions, emoji, bare addresses."""
_SAFE: Final = "%/:?#@!$&'*+,;=-._~"
"""What an address keeps; the rest is percent-encoded, which means the same and ends no link."""


def write(papers: Sequence[Paper]) -> str:
    """The papers as a list, in their order."""
    return "".join(f"- {_reference(paper)}\n" for paper in papers)


def escape(text: str) -> str:
    """The text on one line, as Markdown shows it unchanged."""
    return _SIGNS.sub(r"\\\g<0>", " ".join(text.split()))


def _reference(paper: Paper) -> str:
    links = _links(paper)
    target = paper.url or next((address for _, address in links), None)
    where = ", ".join(filter(None, (f"*{escape(paper.venue)}*" if paper.venue else "", paper.published)))
    title, people = escape(paper.heading), _people(paper)
    sentences = (
        (f"**{_link(title, target) if target else title}**", title),
        (people, people),
        (where, ""),
        (", ".join(_link(escape(name), address) for name, address in links), ""),
    )
    return " ".join(written + "." * (end[-1:] not in {".", "?", "!"}) for written, end in sentences if written)


def _links(paper: Paper) -> list[tuple[str, str]]:
    """The identifiers that people know, as they write them, and where each leads."""
    found = []
    for scheme, value in sorted(named(paper).items(), key=lambda pair: SCHEMES.index(pair[0])):
        if scheme in _CALLED:
            found.append((f"{_CALLED[scheme]}{value}", ADDRESSES[scheme] + quote(value, safe="/:;")))
    return found


def _people(paper: Paper) -> str:
    shown = [escape(name) for name in paper.authors[:MAX_AUTHORS]]
    more = (paper.author_count or 0) - len(shown)
    if not shown:
        return f"{more:,} author{'s' if more > 1 else ''}" if more > 0 else ""
    return ", ".join(shown) + (f" and {more:,} other{'s' if more > 1 else ''}" if more > 0 else "")


def _link(text: str, address: str) -> str:
    target = re.sub(r"&(?=#?\w+;)", "&amp;", quote(address, safe=_SAFE))
    return f"[{text}]({target})"
