r"""Plain text of what other tools write: HTML, entities, LaTeX, lists of authors."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.sources.cleaning import full_name, people, plain
from tests.indexer.sources.test_xml_records import samples

# Markup


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a <i>Felis</i> and <b>CO</b><sub>2</sub>", "a Felis and CO2"),
        ("m<sup>2</sup> and 10<sup>-5</sup>", "m2 and 10^-5"),
        ('<a href="https://x.org/a>b">link</a>', "link"),
        ("one<br/>two<BR>three", "one\ntwo\nthree"),
        ("<p>One.</p><p>Two.</p>", "One.\n\n\n\nTwo."),
        ("a<!-- note -->b", "ab"),
        ("<jats:p>We <jats:italic>do</jats:italic> it.</jats:p>", "We do it."),
        ("<jats:title>Abstract</jats:title><jats:p>We do.</jats:p>", "We do."),
        ("<jats:sec><jats:title>Methods</jats:title><jats:p>We do.</jats:p></jats:sec>", "Methods: \n\nWe do."),
        ('<mml:math display="block"><mml:mi>x</mml:mi><mml:mo>=</mml:mo><mml:mn>1</mml:mn></mml:math>', "x=1"),
        (
            "<jats:tex-math>$x=1$</jats:tex-math><mml:math><mml:mi>x</mml:mi><mml:mo>=</mml:mo></mml:math> holds",
            "$x=1$ holds",
        ),
    ],
)
def test_tags_go(written: str, meant: str) -> None:
    """Tags of HTML and JATS are removed; paragraphs stay apart, powers stay powers, formulas stand there once."""
    assert plain(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "p < 0.05 and x > 3",
        "if a<b and c>d",
        "for i <b and c> d",
        "the tokens <think> and </think>",
        "a map f: <X, Y> of List<int>",
        "1 <2> 3 <",
        "AT&T, R&D and &notaname; stay",
    ],
)
def test_signs_that_are_no_markup_stay(text: str) -> None:
    """Comparisons, tokens of models, generic types and lone ampersands are text."""
    assert plain(text) == text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Q&amp;A", "Q&A"),
        ("p &lt; 0.05", "p < 0.05"),
        ("p &amp;lt; 0.05", "p < 0.05"),
        ("&amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt;", "x"),
        ("&#8217;&#x3b1;", "’α"),
        ("14&nbsp;kHz", "14 kHz"),
        (r"R\&amp;G", "R&G"),
    ],
)
def test_entities_are_decoded(written: str, meant: str) -> None:
    """Entities become characters, also where a feed has escaped them twice."""
    assert plain(written) == meant


# LaTeX


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"C. Bal\'azs", "C. Balázs"),
        (r"G\"odel, M{\"u}ller, \"Ust\"un", "Gödel, Müller, Üstün"),
        (r"Erd\H{o}s, Dvo\v{r}\'ak, \c{S}ahin, {\L}ukasz, J\o rgensen", "Erdős, Dvořák, Şahin, Łukasz, Jørgensen"),
        (r"na\"{\i}ve, Kre\u{\i}n, \'\i", "naïve, Kreĭn, í"),
        (r"Ho\v rava", "Hořava"),
        (r"Stra\ss e, \AA ngstr\"om", "Straße, Ångström"),
        (r"query\'s, don\'t", "query's, don't"),
        (r"a \"good\" one", 'a "good" one'),
        (r"\b{Coupled}", "Coupled"),
    ],
)
def test_accents(written: str, meant: str) -> None:
    """Accents join their letters. Where a backslash escapes a quotation mark instead, the mark stays."""
    assert plain(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\textsc{AIEV}-Instruct", "AIEV-Instruct"),
        (r"\textbf{\emph{deep}} {\it nets} {\em too}", "deep nets too"),
        (r"{BERT}: {P}re-training", "BERT: Pre-training"),
        (r"2.3{\texttimes} and 2.3\times greater", "2.3× and 2.3× greater"),
        (r"360{\deg} at \alpha in \mathcal{O}(n)", "360° at α in O(n)"),
        (r"0 \textless{} x \textgreater{} 1", "0 < x > 1"),
        (r"\ensuremath{\beta} and \textquotedblleft{}x\textquotedblright", "β and “x”"),
        (r"5\% of \$3, foo\_bar, \#1, \{a\}", "5% of $3, foo_bar, #1, {a}"),
        (r"300\,k, e.g.\ this, post\-fix", "300 k, e.g. this, postfix"),
        (r"\frac{1}{2} of \underline{M}any", "1/2 of Many"),
        (r"with \method, \eg this, \ie. that", "with method, e.g. this, i.e. that"),
        (r"in units \cite[p. 5]{a,b}, see Figure~\ref{f}.", "in units, see Figure."),
        (r"\url{https://x.org/a\_b} or \href{https://x.org}{here}", "https://x.org/a_b or here"),
        (r"One\footnote{See $x$.} more", "One (See $x$.) more"),
        (r"\begin{itemize}\item a \item b\end{itemize}", "• a • b"),
        ("``one'' and `two', 5'' wide", "“one” and ‘two’, 5” wide"),
        ("LLM`s and GPT-4`s", "LLM's and GPT-4's"),
        ("2022--2024 --- so", "2022–2024 — so"),
        (r"models~(VLMs) of O.~Bee", "models (VLMs) of O. Bee"),
        (r"x_{1}, x_{n+1}, A_{\infty}, e^{ab}", "x_1, x_{n+1}, A_∞, e^{ab}"),
        (r"\documentclass[12pt]{minimal} \usepackage{amsmath} \begin{document}$$x$$\end{document}", "$$x$$"),
    ],
)
def test_text_commands(written: str, meant: str) -> None:
    """Commands of LaTeX become the text that they print; what nobody knows keeps its name."""
    assert plain(written) == meant


@pytest.mark.parametrize(
    "formula",
    [
        r"$x_1 < \alpha_{ij}$",
        r"$$\frac{a}{b}$$",
        r"\(\mathbf{x} ~ y\)",
        r"\[ {a}--{b} \]",
        r"$ {\cal D}_X $",
        r"\begin{equation*} a &= {b} \end{equation*}",
        r"$\{1, \ldots, n\}$",
    ],
)
def test_mathematics_stays(formula: str) -> None:
    """What stands between the signs of a formula is kept letter by letter; around it LaTeX is read as ever."""
    assert plain(rf"{{\'E}}t\'e {formula} \emph{{ok}}") == f"Été {formula} ok"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("costs $5 a month", "costs $5 a month"),
        ("unbalanced { here", "unbalanced here"),
        ("unbalanced } here", "unbalanced here"),
        (r"\emph{not closed", "not closed"),
        (r"\(x{y}", r"\(xy"),
        (r"\begin{equation} x", r"\begin{equation} x"),
        ("ends with \\", "ends with \\"),
        ("$", "$"),
        ("}{", ""),
    ],
)
def test_what_is_not_closed_does_no_harm(written: str, meant: str) -> None:
    """A bracket or a sign without its partner costs nothing but itself."""
    assert plain(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "functions from {0,1}^n to {a, b, c}",
        "run it with --verbose, or a ~50% cut of 10~20",
        "a ---- b",
        "https://x.org/~bee/a",
        "Schrödinger's β-decay, naïve — “quoted”",
    ],
)
def test_plain_text_stays(text: str) -> None:
    """Sets, options of programs, estimates and addresses are no LaTeX."""
    assert plain(text) == text


@given(st.text(st.characters(exclude_characters="\\{}~`&<-\N{NO-BREAK SPACE}")))
def test_text_without_markup_is_left_alone(text: str) -> None:
    """Where nothing can be markup nothing changes, whatever the letters."""
    assert plain(text) == text.strip()


@given(st.text("\\{}$~`'\"&<>/-ab i=;!()[]^_%#,.é\n" + "".join(chr(c) for c in range(48, 58)), max_size=60))
def test_nothing_makes_it_fail(text: str) -> None:
    """Any heap of signs gives some text and some names."""
    assert isinstance(plain(text), str)
    assert all(name.strip() == name != "" for name in people(text))


BOMBS = [
    "{" * 100_000,
    "}" * 100_000,
    "_{" * 50_000 + "}" * 50_000,
    "{a," * 30_000,
    "\\emph{" * 20_000,
    "\\cite[" * 20_000,
    "\\frac{" * 20_000,
    "\\" * 100_001,
    "\\'{" * 30_000,
    "\\c " * 30_000,
    '\\"a' * 30_000,
    "\\(" * 50_000,
    "$$ $" * 30_001,
    "\\begin{equation}" * 6_000,
    "\\documentclass" * 8_000,
    "\\footnote{" * 10_000 + "x" + "}" * 10_000,
    "<i " * 40_000,
    "<i" + " " * 100_000,
    "<i" + " a=b" * 30_000,
    '<i a="' * 20_000,
    "<!--" * 30_000,
    "<jats:title>" + ". " * 50_000,
    "<title>" + " " * 100_000,
    "<mml:math tex-math>" * 6_000,
    "&amp;" * 30_000,
    "`a" * 50_000,
    "(" * 100_000,
    "a (" * 30_000 + ")" * 30_000,
    "and " * 30_000,
    "Bee, " * 30_000,
    "van " * 30_000,
]


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: text[:10])
def test_time_is_in_proportion_to_the_text(text: str) -> None:
    """Texts made to keep a parser busy take a moment: quadratic time would take many seconds."""
    start = time.process_time()
    plain(text)
    people(text)
    assert time.process_time() - start < 4


# People


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (r"C. Bal\'azs, E. L. Berger, C.-P. Yuan", ["C. Balázs", "E. L. Berger", "C.-P. Yuan"]),
        ("Ileana Streinu and Louis Theran", ["Ileana Streinu", "Louis Theran"]),
        ("Chao-Hsi Chang, Tong Li\n  and Yu-Ming Wang", ["Chao-Hsi Chang", "Tong Li", "Yu-Ming Wang"]),
        ("A, B, and C", ["A", "B", "C"]),
        ("Ann Bee & Carl Dee", ["Ann Bee", "Carl Dee"]),
        ("Cao, Ruisheng and Zhu, Su", ["Ruisheng Cao", "Su Zhu"]),
        ("van der Berg, Jan and de Souza, A.", ["Jan van der Berg", "A. de Souza"]),
        ("Reimer, E J; Dunn, G S", ["E J Reimer", "G S Dunn"]),
        ("Berger, E. L., Nadolsky, P. M.", ["E. L. Berger", "P. M. Nadolsky"]),
        ("Reimer EJ, de Hoon MJ", ["E J Reimer", "M J de Hoon"]),
        ("García Márquez, Gabriel", ["Gabriel García Márquez"]),
        ("Ada Lovelace", ["Ada Lovelace"]),
        ("OpenAI", ["OpenAI"]),
        ("", []),
        (" , ;", []),
    ],
)
def test_lists_are_taken_apart(written: str, names: list[str]) -> None:
    """Every usual way to glue names into one text gives the same names, first names first."""
    assert people(written) == names


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("A. Bee (MIT, Cambridge), C. Dee (ETH)", ["A. Bee", "C. Dee"]),
        (
            "A. Bee (1 and 2) and C. Dee (1 and 3) ((1) MIT, USA, (2) ``Kurchatov'', (3) ETH)",
            ["A. Bee", "C. Dee"],
        ),
        ("A. Bee (for the X collaboration)", ["A. Bee"]),
        ("A. Bee (MIT, C. Dee", ["A. Bee", "C. Dee"]),
        ("The BABAR Collaboration, B. Aubert, et al", ["The BABAR Collaboration", "B. Aubert"]),
        ("Planck Collaboration: P. A. R. Ade, N. Aghanim", ["Planck Collaboration", "P. A. R. Ade", "N. Aghanim"]),
        ("{Planck Collaboration} and Smith, J.", ["Planck Collaboration", "J. Smith"]),
        ("Bee, A. and others", ["A. Bee"]),
        ("A. Bee, C. Dee et al.", ["A. Bee", "C. Dee"]),
        ("Neal J. Evans II, Robert Downey, Jr., Jane Doe", ["Neal J. Evans II", "Robert Downey Jr.", "Jane Doe"]),
        ("King, Jr., M. L. and Smith, III, John", ["M. L. King Jr.", "John Smith III"]),
    ],
)
def test_what_is_no_name_is_dropped(written: str, names: list[str]) -> None:
    """Affiliations in brackets and "et al." go; groups are one name; "Jr." stays with its name."""
    assert people(written) == names


def test_full_name() -> None:
    """One space between the names, none where one is missing."""
    assert full_name(" Ada  B ", "Lovelace") == "Ada B Lovelace"
    assert full_name("", "Plato") == full_name("Plato", "") == "Plato"


def bare(name: str) -> str:
    return name.replace(".", "").replace(" ", "")


def test_recorded_lists_agree_with_the_names_that_arxiv_gives_apart() -> None:
    """arXiv gives every list twice, glued and taken apart: in 200 papers all names agree but for blanks after dots."""
    (path,) = samples("arxiv_kaggle")
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for record in records:
        apart = [full_name(f"{first} {last}", suffix) for last, first, suffix, *_ in record["authors_parsed"]]
        assert [bare(name) for name in people(record["authors"])] == [bare(plain(name)) for name in apart]
    assert len(records) == 200
