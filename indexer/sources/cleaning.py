r"""What other tools write into titles, abstracts and lists of authors, as plain text.

HTML and JATS tags go, entities and LaTeX's accents and symbols become the letters they mean. Mathematics between
`$…$`, `\(…\)`, `\[…\]` and in its environments is kept as it is, for a page to typeset.

Every pattern here takes time in proportion to the text, whatever the text: abstracts come from strangers.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from html.entities import html5
from typing import Final

_MARKED = re.compile(r"[\\{}~`]|--")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'|[^\s"'<>=]+))*+\s*/?>"""
_TAG = re.compile(
    r"</?(?:(?:jats|mml|ns\d):([\w-]+)|(a|abbr|abstract|abstracttext|article-title|b|bdi|big|blockquote|bold|br|caption"
    r"|center|cite|code|dd|div|dl|dt|em|font|h[1-6]|hr|i|inf|inline-formula|italic|li|list|list-item|math|monospace|mi"
    r"|mn|mo|mrow|ms|msub|msubsup|msup|mtext|named-content|nobr|ol|p|pre|q|roman|s|sc|scp|sec|section|small|span|strike"
    r"|strong|styled-content|sub|sup|table|tbody|td|th|title|tr|tt|u|ul|underline|var|xref))" + _ATTRIBUTES,
    re.IGNORECASE,
)
"""Known names only, with nothing but attributes inside: `p <b and c> d` is a formula, `<think>` a token of a model."""
_BLOCK = re.compile(
    "abstracttext|blockquote|caption|dd|div|dl|dt|h[1-6r]|li|list|list-item|ol|p|pre|sec(tion)?|table|t[dhr]|ul"
)
_MATHML = re.compile(r"<mml:math\b(?:[^<]|<(?!/?mml:math\b))*+</mml:math>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--[^<>]*-->")
_POWER = re.compile(r"(?<=\d)<(?:jats:)?sup>\s*(?=[-+−–]?\d)", re.IGNORECASE)
_HEADING = re.compile(r"^\s*<(?:jats:)?title>\s*(?:abstract|summary)\s*[:.]?\s*</(?:jats:)?title>", re.IGNORECASE)

_LETTER = r"[^\W\d_]"
_TOKEN = re.compile(
    rf"""
      (?P<text>[^\\{{}}$~`'_^-]++)
    | (?P<math>\$\$?|\\\(|\\\[|\\begin\{{(?:equation|align|eqnarray|gather|multline|displaymath|math)\*?\}})
    | (?P<preamble>\\documentclass(?:[^\\]|\\(?!begin\{{document\}}|documentclass))*+\\begin\{{document\}})
    | (?P<gone>\\(?:(?:auto|eq|page|c|C)?ref|cite[a-z]*|label|[hv]space|textcolor|color|href|thanks)\*?\s*
        (?:\[[^\[\]]*\]\s*)*+\{{[^{{}}]*\}})
    | \\(?:url|path)\s*\{{(?P<url>[^{{}}]*)\}}
    | (?P<environment>\\(?:begin|end)\s*\{{[^{{}}]*\}}(?:\[[^\[\]]*\])?)
    | (?<![^\s(\[])\\"(?P<quoted>[^"\\\n]{{1,300}})\\"(?=[\s.,;:)!?\]]|$)
    | (?P<apostrophe>(?<={_LETTER})\\'(?=(?:s|t|d|m|ll|re|ve)\b)|(?<=[\w}}])`(?={_LETTER}))
    | (?P<accent>\\(?P<sign>['"`^~=.]|[cvuHkrd](?![A-Za-z]))
        (?:\s*(?P<braced>\{{\s*(?:\\[ij]|{_LETTER})\s*\}})|
            (?P<bare>\\[ij](?![A-Za-z])|(?<![A-Za-z]){_LETTER}|(?<=[A-Za-z])\s+{_LETTER})))
    | (?P<fraction>\\[dt]?frac\s*\{{(?P<above>[^\s{{}}\\]{{1,30}})\}}\s*\{{(?P<below>[^\s{{}}\\]{{1,30}})\}})
    | (?P<open>\{{(?!\s*[^\s,{{}}\\]{{1,6}}(?:\s*,\s*[^\s,{{}}\\]{{1,6}})+\s*\}})|[_^]\{{|\\footnote\s*\{{)
    | (?P<set>\{{[^{{}}\\]*\}})
    | (?P<close>\}})
    | (?P<macro>\\(?P<name>[A-Za-z]+)\*?(?P<space>\s*))
    | \\(?P<escaped>.)
    | (?P<tie>(?<=[\w.,;:)\]}}$'])~(?=[\w\\$(\[{{])(?<!\d~(?=\d)))
    | (?P<dash>(?<!-)---?(?!-))
    | (?P<quote>``|''|(?<!\w)`(?P<single>[^`'\\{{}}$\n]{{1,80}})'(?!\w))
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSERS: Final = {
    "$": re.compile(r"(?<!\\)\$"), "$$": re.compile(r"\$\$"), "\\(": re.compile(r"\\\)"), "\\[": re.compile(r"\\\]"),
}  # fmt: skip
_COMBINING: Final = {
    "'": "\u0301", '"': "\u0308", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "d": "\u0323",
}  # fmt: skip
_SILENT = re.compile(
    "it|em|bf|rm|sl|sc|tt|sf|cal|tiny|small|[lL]arge|normalfont|(it|sc)shape|bfseries|noindent|centering|left|right"
    "|[bB]igg?|(no)?limits|(display|text)style|xspace|protect|par|newline|linebreak|maketitle"
)
_SWALLOWS = re.compile("[oOlLij]|ss|SS|[ao]e|[AO]E|aa|AA|dh|DH|th|TH|dj|DJ|ng|NG|textquote[a-z]+")
"""Macros behind which spaces only end the name: `J\\o rgensen`. Behind other signs they are meant."""
_OWN: Final = {
    "deg": "°", "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "vs": "vs.", "item": " • ", "quad": " ", "qquad": " ",
    "LaTeX": "LaTeX", "TeX": "TeX", "sqrt": "√", "i": "i", "j": "j", "textless": "<", "textgreater": ">",
    "textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^",
}  # fmt: skip
"""Macros of arXiv's own making, of common style files, and those of which a table of symbols makes too much."""
_ESCAPED: Final = {",": " ", ";": " ", ":": " ", " ": " ", "\n": " ", "\\": "\n", "!": "", "-": "", "/": "", "@": ""}


def plain(text: str) -> str:
    """The text without markup. Line breaks stay; blank lines stand where paragraphs ended."""
    if "&" in text:
        text = _entities(text)
    if "<" in text:
        text = _tags(text)
    if _MARKED.search(text):
        text = re.sub(r"(?<! ) {2,}", " ", _latex(text))
    return text.replace("\N{NO-BREAK SPACE}", " ").strip()


def _entities(text: str) -> str:
    """Entities as characters. Feeds escape what was escaped before: `&amp;lt;` is a less-than sign."""
    for _ in range(3):
        text = _ENTITY.sub(_entity, text)
    return text


def _entity(entity: re.Match[str]) -> str:
    # html.unescape alone would also read the first letters of an unknown name: "&notes;" as "¬es;".
    return html.unescape(entity[0]) if entity[0][1] == "#" or entity[0][1:] in html5 else entity[0]


def _tags(text: str) -> str:
    text = _HEADING.sub("", _COMMENT.sub("", text))
    # Crossref gives a formula twice, as LaTeX and as MathML.
    if "tex-math>" in text:
        text = _MATHML.sub("", text)
    return _TAG.sub(_tag, _POWER.sub("^", text))


def _tag(tag: re.Match[str]) -> str:
    name = (tag[1] or tag[2]).lower()
    if name == "title" and tag[0].startswith("</"):  # the heading of a section: "Methods: We …"
        return " " if tag.string[tag.start() - 1] in ".:?!" else ": "
    return "\n\n" if _BLOCK.fullmatch(name) else "\n" if name == "br" else ""


def _latex(text: str) -> str:
    out: list[str] = []
    groups: list[int] = []
    unclosed: set[str] = set()
    pos = 0
    while token := _TOKEN.match(text, pos):
        pos = token.end()
        match token.lastgroup:
            case "text" | "other" | "set":
                out.append(token[0])
            case "math":
                pos = _math_end(token, unclosed)
                out.append(text[token.start() : pos])
            case "open":
                groups.append(len(out))
                out.append({"{": "", "_{": "_{", "^{": "^{"}.get(token[0], " ("))
            case "close":
                if groups:
                    _close(out, groups.pop())
            case "gone":
                if out and text[pos : pos + 1] in ",.;:)":
                    out[-1] = out[-1].rstrip()
            case kind:
                out.append(_READ[kind or ""](token))
    for start in groups:
        out[start] = out[start].removesuffix("{")
    return "".join(out)


def _math_end(token: re.Match[str], unclosed: set[str]) -> int:
    """Where a formula ends: behind its closing sign, or behind the sign itself where nothing closes it."""
    sign, start = token[0], token.end()
    if sign not in unclosed:
        closer = _CLOSERS.get(sign) or re.compile(re.escape(sign.replace("begin", "end", 1)))
        if found := closer.search(token.string, start):
            return found.end()
        unclosed.add(sign)  # nothing later can be closed either: looking once keeps the time linear
    return start


def _close(out: list[str], start: int) -> None:
    """Close a group. Braces stay where they hold an index of several signs: `x_{n+1}`, but `x_n`."""
    if out[start] == " (":
        out.append(")")
    elif out[start] and sum(map(len, out[start + 1 : start + 9])) > 1:
        out.append("}")
    elif out[start]:
        out[start] = out[start][0]


def _accent(token: re.Match[str]) -> str:
    sign, letter = token["sign"], (token["braced"] or token["bare"]).strip("{} \t\n").removeprefix("\\")
    composed = unicodedata.normalize("NFC", letter + _COMBINING[sign])
    # No letter that anybody writes, or a macro before a word: the backslash escaped a sign, or began a name.
    inside = not sign.isalpha() or letter.isupper() or token.string[: token.start()][-1:].isalpha()
    return composed if token["braced"] or (len(composed) == 1 and inside) else token[0][1:]


def _macro(token: re.Match[str]) -> str:
    name, space = token["name"], token["space"]
    follows = token.string[token.end() : token.end() + 1]
    if _SILENT.fullmatch(name):
        return ""
    if _SWALLOWS.fullmatch(name):
        return _OWN.get(name) or symbols().get(name, name)
    if name in _OWN:
        return (_OWN[name].removesuffix(".") if follows == "." else _OWN[name]) + space
    if symbol := symbols().get(name):
        return symbol + space
    # Before a group it formats something; alone it is a name that the authors gave: better its letters than a gap.
    return "" if follows == "{" else name + space


def _quote(token: re.Match[str]) -> str:
    if token["single"]:
        return f"‘{token['single']}’"
    # Two apostrophes alone are the seconds of an angle.
    return "“" if token[0] == "``" else "”" if "``" in token.string else "''"


def _dash(token: re.Match[str]) -> str:
    """`--` is a dash in TeX, but an option of a command line stays one."""
    before = token.string[: token.start()][-1:]
    if len(token[0]) == 2 and before in {"", " ", "\n"} and token.string[token.end() : token.end() + 1].isalpha():
        return token[0]
    return {2: "–", 3: "—"}[len(token[0])]


_READ: Final[dict[str, Callable[[re.Match[str]], str]]] = {
    "preamble": lambda _: "",
    "url": lambda token: re.sub(r"\\([_%#&~$])", r"\1", token["url"]),
    "environment": lambda _: " ",
    "quoted": lambda token: f'"{token["quoted"]}"',
    "apostrophe": lambda _: "'",
    "accent": _accent,
    "fraction": lambda token: f"{token['above']}/{token['below']}",
    "macro": _macro,
    "escaped": lambda token: _ESCAPED.get(token["escaped"], token["escaped"]),
    "tie": lambda _: " ",
    "dash": _dash,
    "quote": _quote,
}


@cache
def symbols() -> dict[str, str]:
    """TeX's names of signs: `alpha` → α. Macros that take arguments are not among them."""
    from pylatexenc.latex2text import get_default_latex_context_db  # type: ignore[import-untyped]

    named = ((spec.macroname, spec.simplify_repl) for spec in get_default_latex_context_db().iter_macro_specs())
    return {name: sign for name, sign in named if isinstance(sign, str) and len(sign) == 1}


MAX_PEOPLE: Final = 500_000
_OTHERS = re.compile(r"(?:\b(?:et\.?\s+al\b\.?|and\s+(?:\d+\s+)?others)|…|\.\.\.)[\s.,]*$", re.IGNORECASE)
_COLLABORATION = re.compile(r"\b(?:collaborations?|consortium|team|group|network|committee)\b", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:,\s*|\s+)((?:[Jj]r|[Ss]r)\b\.?|I{2,3}\b|IV\b|(?:2nd|3rd)\b)(?=\s*(?:,|;|$|(?:and|&)\s))")
_PARTICLES = re.compile(r"(?:(?:van|von|de|der|den|del|di|da|dos|du|la|le|ter|ten|al|el|bin|ibn)\s+)+", re.IGNORECASE)
_INITIALS = re.compile(r"[^\W\d_a-z](?:\.?[\s-]*[^\W\d_a-z]){0,3}\.?")
_INITIALS_LAST = re.compile(rf"({_LETTER}[^\s\d.]*(?:\s[^\s\d.]+)*)\s([A-Z]{{1,3}})")
_JOINED: Final = "\N{NO-BREAK SPACE}"
"""Holds "Jr." to the name before it while names are taken apart."""


def people(text: str) -> list[str]:
    """The names in a list of authors as other tools glue it, each as "First Last".

    Understands commas, "and", semicolons, BibTeX's "Last, First and …" and initials behind the name; drops
    affiliations in brackets and "et al.". Where a list can be read in two ways, the usual one is taken: "Bee, Ann" is
    one person.
    """
    text = " ".join(_without_brackets(plain(text[:MAX_PEOPLE])).split())
    text = text[:-100] + _OTHERS.sub("", text[-100:])  # at the end only: looked for everywhere it takes quadratic time
    text = _SUFFIX.sub(rf"{_JOINED}\1", re.sub(r"(\bcollaborations?)\s*:", r"\1,", text, flags=re.IGNORECASE))
    if ";" in text:
        return _names(map(_turned, text.split(";")))
    parts = [part.strip(" ,") for part in re.split(r"(?:\s|,)(?:and|&)\s", f" {text} ")]
    if all(_is_turned(part) or ("," not in part and _COLLABORATION.search(part)) for part in parts):
        return _names(map(_turned, parts))
    flat = [chunk for part in parts for piece in part.split(",") if (chunk := piece.strip())]
    behind = [_INITIALS_LAST.fullmatch(chunk) for chunk in flat]
    if len(flat) > 1 and all(behind):
        return _names(full_name(" ".join(found[2]), found[1]) for found in behind if found)
    if len(flat) % 2 == 0 and all(_INITIALS.fullmatch(chunk) for chunk in flat[1::2]):
        return _names(map(full_name, flat[1::2], flat[::2]))
    return _names(flat)


def full_name(first: str, last: str) -> str:
    """Both names with one space between, or the one that is there."""
    return " ".join(f"{first} {last}".split())


def _names(names: Iterable[str]) -> list[str]:
    tidy = (" ".join(name.split()).strip(" ,;") for name in names)
    return [name for name in tidy if re.search(r"\w", name) and name.casefold() not in {"et al", "others", "and"}]


def _without_brackets(text: str) -> str:
    """Drop what stands in round brackets, up to four deep; one that nothing closes ends at the next comma."""
    for _ in range(4):
        text = re.sub(r"\([^()]*\)", "", text)
    return re.sub(r"\([^(),]*", "", text).replace(")", "")


def _is_turned(part: str) -> bool:
    """Whether a part is "Last, First" rather than two people: it begins with one word, or ends with one."""
    last, _, first = part.partition(",")
    last, first = last.split(_JOINED)[0].strip(), first.strip()
    one_word = " " not in _PARTICLES.sub("", last) or " " not in first
    return bool(first) and "," not in first and "." not in last and one_word


def _turned(name: str) -> str:
    last, _, first = name.partition(",")
    last, *suffix = last.split(_JOINED)
    return " ".join([full_name(first, last), *suffix])
