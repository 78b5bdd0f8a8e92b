r"""Plain text as LaTeX: what `cleaning.plain` reads as that text again, and what a typesetter shows as it.

Titles come from strangers, and TeX runs programs: every sign that means something is written by its name. Formulas stay
formulas only where they are made of known macros, of which none reads files or defines anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from indexer.sources.cleaning import plain, symbols

_NAMED: Final = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "`": r"\textasciigrave{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "@": "{@}",
}  # fmt: skip
_SPECIAL = re.compile(r"[\\{}~^`<>%#_$]|-(?=-)|'(?=')|&([#\w]?)|^@", re.MULTILINE)
"""What TeX reads as more than itself; what would become a dash, a quotation mark, an entity or an entry of BibTeX."""
_FORMULA = re.compile(r"(?<![\\$])\$(?=[^\s$])([^$]*[^\s$\\]|[^\s$\\])\$(?![\d$])")
"""As pandoc tells formulas from amounts of money."""
_MACRO = re.compile(r"\\([A-Za-z]+)|\\(.?)", re.DOTALL)
_UNFIT = re.compile(r"[%#&`~\n]|\^\^|<(?=[A-Za-z/!])")
_OPENERS: Final = "\"'([{“‘¿¡-"
_SPACES: Final = frozenset(",;:! ")
_KNOWN: Final = frozenset((
    "frac", "dfrac", "tfrac", "binom", "sqrt", "text", "textbf", "textit", "textrm", "texttt", "textsf", "emph",
    "mathbb", "mathbf", "mathcal", "mathrm", "mathit", "mathsf", "mathtt", "mathfrak", "mathscr", "boldsymbol",
    "bm", "bf", "it", "rm", "cal", "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "limits",
    "nolimits", "hat", "bar", "tilde", "vec", "dot", "ddot", "check", "breve", "acute", "grave", "overline",
    "underline", "widehat", "widetilde", "overrightarrow", "operatorname", "log", "ln", "lg", "exp", "min", "max",
    "arg", "sin", "cos", "tan", "cot", "sinh", "cosh", "tanh", "lim", "liminf", "limsup", "sup", "inf", "det",
    "dim", "ker", "deg", "gcd", "hom", "Pr", "mod", "bmod", "pmod", "quad", "qquad",
))  # fmt: skip


def latex(text: str, *, capitals: bool = False, read: Callable[[str], str] = plain) -> str:
    """The text as LaTeX, with its braces in pairs. `read` is how it is read again.

    With `capitals` braces keep those letters great that a style would make small.
    """
    formulas = [match for match in _FORMULA.finditer(text) if _is_harmless(match[1])]
    if formulas:
        out, pos = [], 0
        for match in formulas:
            out += [_words(text[pos : match.start()], text, capitals), match[0]]
            pos = match.end()
        written = "".join([*out, _words(text[pos:], text, capitals)])
        if read(written) == text:
            return written
    return _words(text, text, capitals)


def _words(part: str, text: str, capitals: bool) -> str:
    if not capitals:
        return _escape(part)
    sentence = _is_sentence(text)
    first = text[: len(part)] == part
    return " ".join(
        _kept(word) if _is_meant(word, sentence and (at > 0 or not first)) else _escape(word)
        for at, word in enumerate(part.split(" "))
    )


def _escape(text: str) -> str:
    return _SPECIAL.sub(_named, text)


def _named(sign: re.Match[str]) -> str:
    if sign[0][0] == "&":
        return rf"\&{{}}{sign[1]}" if sign[1] else r"\&"
    if sign[0] in "-'":
        return f"{sign[0]}{{}}"
    return _NAMED.get(sign[0], f"\\{sign[0]}")


def _kept(word: str) -> str:
    written = _escape(word)
    # BibTeX takes a macro right behind a brace for an accent, and makes small what follows it.
    return f"{{{{{written}}}}}" if written.startswith("\\") else f"{{{written}}}"


def _is_meant(word: str, sentence: bool) -> bool:
    """Whether capitals are part of how a word is written: `BERT`, `mT5`, and names where only those have capitals."""
    letters = word.lstrip(_OPENERS)
    return any(letter.isupper() for letter in (letters if sentence else letters[1:]))


def _is_sentence(title: str) -> bool:
    """Whether a title is written as a sentence is, and not with a capital for every word."""
    words = [word for written in title.split()[1:] if len(word := written.lstrip(_OPENERS)) > 3 and word[0].isalpha()]
    return sum(word[0].isupper() for word in words) * 2 < len(words)


def _is_harmless(formula: str) -> bool:
    depth = 0
    for sign in formula:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    if depth or _UNFIT.search(formula):
        return False
    macros = [(match[1], match[2]) for match in _MACRO.finditer(formula)]
    return all(name in _KNOWN or name in symbols() if name else sign in _SPACES | {"|"} for name, sign in macros)
