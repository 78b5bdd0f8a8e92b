"""The names that a paper has in the world: arXiv, DOI, ACL Anthology, PubMed and others, in one spelling each.

An identifier is written `scheme:value`, such as `arxiv:1706.03762` or `doi:10.1093/mind/lix.236.433`. Two papers that
share one are the same paper. Rules of form: arXiv, https://info.arxiv.org/help/arxiv_identifier.html; DOI, the DOI
Handbook, 2.2; ACL, https://aclanthology.org/info/ids/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import unquote

_NEW_ARXIV = re.compile(r"([0-9]{2})([0-9]{2})\.([0-9]{4,5})(?:v([0-9]{1,3}))?")
_ARCHIVES: Final = frozenset((
    "acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn", "chem-ph",
    "cmp-lg", "comp-gas", "cond-mat", "cs", "dg-ga", "funct-an", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th",
    "math", "math-ph", "mtrl-th", "nlin", "nucl-ex", "nucl-th", "patt-sol", "physics", "plasm-ph", "q-alg",
    "q-bio", "quant-ph", "solv-int", "supr-con",
))  # fmt: skip
"""The archives whose papers had ids of the old form, until March 2007."""
_OLD_ARXIV = re.compile(
    r"([a-z]+(?:-[a-z]+)?)(?:\.[a-z]{2})?/([0-9]{2})([0-9]{2})([0-9]{3})(?:v([0-9]{1,3}))?", re.IGNORECASE
)
_FLOAT_ARXIV = re.compile(r"([0-9]{3,4})\.([0-9]+)")
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_ACL_OLD = re.compile(r"[A-Z][0-9]{2}-[0-9]{4,5}")
_ACL_NEW = re.compile(r"[0-9]{4}\.[a-z0-9]+-[a-z0-9_]+\.[0-9]+")
_ACL_DOI = re.compile(r"10\.(?:18653|3115)/v1/(.+)")
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.+)")

_PLACES: Final = (
    ("arxiv", re.compile(r"(?:arxiv\.org/(?:abs|pdf|html|format)|huggingface\.co/papers|alphaxiv\.org/abs)/(.+)")),
    ("doi", re.compile(r"(?:dx\.)?doi\.org/(.+)")),
    ("acl", re.compile(r"(?:aclanthology\.org|aclweb\.org/anthology)/([^/]+)/?$")),
    ("pmid", re.compile(r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/([0-9]+)/?$")),
    ("pmc", re.compile(r"(?:ncbi\.nlm\.nih\.gov/pmc/articles|pmc\.ncbi\.nlm\.nih\.gov/articles)/([^/]+)")),
    ("openalex", re.compile(r"openalex\.org/(?:works/)?(.+)")),
    ("s2", re.compile(r"semanticscholar\.org/paper/(?:.*/)?([0-9a-f]{40})/?$")),
)

ADDRESSES: Final[Mapping[str, str]] = {
    "arxiv": "https://arxiv.org/abs/",
    "acl": "https://aclanthology.org/",
    "doi": "https://doi.org/",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/",
    "pmc": "https://pmc.ncbi.nlm.nih.gov/articles/",
}
"""Where papers of a scheme can be read: the beginning of the address, before the value."""

MAX_LENGTH: Final = 2_000
"""Characters looked at: an address may be that long, and no identifier is longer."""
MAX_DOI: Final = 300

PREPRINT_DOIS: Final = (
    "10.1101/", "10.2139/ssrn", "10.20944/preprints", "10.21203/rs", "10.26434/chemrxiv", "10.31234/osf",
    "10.31219/osf", "10.36227/techrxiv", "10.7287/peerj.preprints", "10.22541/au", "10.5281/zenodo", "10.64898/",
)  # fmt: skip
"""How the DOIs of preprint servers begin: such a DOI and another one may name the same paper."""


def split_arxiv(text: str) -> tuple[str, int | None] | None:
    """An arXiv id without its version, and the version where it is written; `None` for anything else.

    `math.GT/0309136v2` → (`math/0309136`, 2). The subject class after the dot is not part of an id.
    """
    text = re.sub(r"^arxiv:\s*", "", text.strip(), flags=re.IGNORECASE).rstrip("/").removesuffix(".pdf")
    if match := _NEW_ARXIV.fullmatch(text):
        year, month, number, version = match.groups()
        if "01" <= month <= "12" and year + month >= "0704" and len(number) == _arxiv_digits(year + month):
            return f"{year}{month}.{number}", int(version) if version else None
    elif match := _OLD_ARXIV.fullmatch(text):
        archive, year, month, number, version = match.groups()
        known = archive.lower() in _ARCHIVES
        if known and "01" <= month <= "12" and (year >= "91" or year + month <= "0703"):
            return f"{archive.lower()}/{year}{month}{number}", int(version) if version else None
    return None


def mend_arxiv(text: str) -> str | None:
    """The arXiv id that a decimal number was, or `None`: spreadsheets make 704.0291 of 0704.0291.

    The zeros that a number loses at both ends are known: four digits stand before the point, and after it four until
    2014 and five since.
    """
    match = _FLOAT_ARXIV.fullmatch(text.strip())
    if match is None or split_arxiv(text):
        return None
    month = match[1].zfill(4)
    digits = _arxiv_digits(month)
    number = round(float(f"0.{match[2]}") * 10**digits)
    found = split_arxiv(f"{month}.{number:0{digits}d}")
    return found[0] if found and number else None


def identifier(scheme: str, value: str) -> str | None:
    """`scheme:value` in its one spelling, or `None` where the value is none of the scheme."""
    normalise = _SCHEMES.get(scheme.lower())
    text = value.strip()
    if normalise is None or not 0 < len(text) <= MAX_LENGTH:
        return None
    found = normalise(_out_of_place(scheme.lower(), text))
    if found and scheme.lower() == "doi" and (match := _ARXIV_DOI.fullmatch(found)):
        return identifier("arxiv", match[1])  # the DOI of every arXiv paper says nothing new
    return f"{scheme.lower()}:{found}" if found else None


def find_identifier(text: str) -> str | None:
    """The identifier that a text is, in any of the usual ways to write one: an address, `arXiv:…`, a bare DOI."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        return None
    named, colon, value = text.partition(":")
    if colon and named.lower() in _SCHEMES and (found := identifier(named, value)):
        return found
    for scheme, place in _PLACES:
        if match := place.search(re.split(r"[?#]", text)[0]):
            return identifier(scheme, unquote(match[1]))
    return identifier("arxiv", text) or identifier("doi", text)


def complete(identifiers: Iterable[str], *texts: str | None) -> tuple[str, ...]:
    """The identifiers, those that the texts are, and those that follow from them; each once, sorted.

    The DOI of an ACL paper holds its Anthology id.
    """
    found = set(identifiers)
    found |= {name for text in texts if text and (name := find_identifier(text))}
    for name in list(found):
        if match := _ACL_DOI.fullmatch(name.removeprefix("doi:")):
            found |= {acl} if (acl := identifier("acl", match[1])) else set()
    return tuple(sorted(found))


def best_id(identifiers: Iterable[str]) -> str | None:
    """The id of a paper whose source gives none: a bare arXiv id, else the identifier of the best known scheme."""
    names = sorted(identifiers, key=lambda name: (list(_SCHEMES).index(name.partition(":")[0]), name))
    return names[0].removeprefix("arxiv:") if names else None


def _arxiv_digits(month: str) -> int:
    return 4 if month <= "1412" else 5


def _out_of_place(scheme: str, text: str) -> str:
    """What stands after the host in an address of the scheme, else the text itself."""
    for name, place in _PLACES:
        if name == scheme and (match := place.search(re.split(r"[?#]", text)[0])):
            return unquote(match[1])
    return text


def _arxiv(text: str) -> str | None:
    found = split_arxiv(text)
    return found[0] if found else None


def _doi(text: str) -> str | None:
    text = re.sub(r"^doi:\s*", "", text, flags=re.IGNORECASE).rstrip(".,;")
    # A bracket that closes nothing belongs to the sentence around the DOI.
    while text.endswith(")") and text.count("(") < text.count(")"):
        text = text[:-1].rstrip(".,;")
    return text.lower() if _DOI.fullmatch(text) and text.isprintable() and len(text) <= MAX_DOI else None


def _acl(text: str) -> str | None:
    text = text.removesuffix(".pdf")
    return next(
        (form for form in (text.upper(), text.lower()) if _ACL_OLD.fullmatch(form) or _ACL_NEW.fullmatch(form)), None
    )


def _number(text: str) -> str | None:
    digits = text.lstrip("0")
    return digits if re.fullmatch(r"[0-9]{1,12}", digits) else None


def _pmc(text: str) -> str | None:
    number = _number(re.sub(r"^pmc", "", text, flags=re.IGNORECASE))
    return f"PMC{number}" if number else None


def _openalex(text: str) -> str | None:
    return text.upper() if re.fullmatch(r"[Ww][0-9]{1,15}", text) else None


def _s2(text: str) -> str | None:
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{40}", text) else None


_SCHEMES: Final[Mapping[str, Callable[[str], str | None]]] = {
    "arxiv": _arxiv,
    "acl": _acl,
    "doi": _doi,
    "pmid": _number,
    "pmc": _pmc,
    "openalex": _openalex,
    "s2": _s2,
    "corpusid": _number,
}
"""Every scheme with its normaliser, in the order in which ids are chosen. `corpusid` is Semantic Scholar's number."""

SCHEMES: Final = tuple(_SCHEMES)
