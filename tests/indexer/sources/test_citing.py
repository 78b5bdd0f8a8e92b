"""What citations share: keys, names in parts, kinds of papers; and plain text as LaTeX."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.paper import Paper
from indexer.sources import bibtex, ris
from indexer.sources.citing import Kind, join_words, keys, kind_of, split_words
from indexer.sources.cleaning import plain
from indexer.sources.latex import latex
from indexer.sources.names import Name, take_apart


@pytest.mark.parametrize(
    ("title", "authors", "published", "key"),
    [
        ("Speech, and more", ("Ada Lovelace",), "2025-06-23", "lovelace2025speech"),
        ("On the Origin", ("Charles Darwin", "Ada Lovelace"), "1859", "darwin1859origin"),
        ("Large-scale things", ("Ludwig van Beethoven",), "2020-01", "beethoven2020large"),
        ("T5", ("Martin King Jr.",), None, "kingt5"),
        ("Über Ähnlichkeit", ("José Núñez",), "2001", "nunez2001uber"),
        ("中文", ("王 伟",), "2001", "anon2001"),
        ("A {b}%, @c", (), "2001", "anon2001b"),
        ("Health", ("World Health Organization",), "2001", "worldhealthorganization2001health"),
        ("x" * 80, ("y" * 80,), "2001", "y" * 24 + "2001" + "x" * 24),
        ("", (), None, "anononly"),
    ],
)
def test_keys(title: str, authors: tuple[str, ...], published: str | None, key: str) -> None:
    """First author, year, first word that says something, in small letters and digits; what is missing is left out."""
    assert keys([Paper("id", title, "" if title else "Only this.", authors, published=published)]) == [key]


def test_keys_of_a_list() -> None:
    """Each its own: b, c … z, aa behind those that would be the same, whatever else the list holds."""
    papers = [Paper(str(n), "Speech", authors=("Ada Lovelace",), published="2025") for n in range(800)]
    found = keys([Paper("b", "Speechb", authors=("Ada Lovelace",), published="2025"), *papers])
    assert found[:4] == ["lovelace2025speechb", "lovelace2025speech", "lovelace2025speechc", "lovelace2025speechd"]
    assert [key.removeprefix("lovelace2025speech") for key in found[25:28]] == ["z", "aa", "ab"]
    assert len(set(found)) == len(found)


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5))
def test_keys_of_strangers(found: list[tuple[str, str]]) -> None:
    """A key is safe in every program, and no two are the same, whatever names and titles hold."""
    made = keys(
        [Paper("i", f"T {re.sub('[^ -~]', '', title)}", authors=(re.sub("[^ -~]", "", n),)) for title, n in found]
    )
    assert all(re.fullmatch("[a-z][a-z0-9]*", key) for key in made)
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", Name("Ada", "", "Lovelace", "")),
        ("Ada B. Lovelace", Name("Ada B.", "", "Lovelace", "")),
        ("Ludwig van Beethoven", Name("Ludwig", "van", "Beethoven", "")),
        ("Maria de la Cruz Lopez", Name("Maria", "de la", "Cruz Lopez", "")),
        ("Martin Luther King Jr.", Name("Martin Luther", "", "King", "Jr.")),
        ("bell hooks", Name("bell", "", "hooks", "")),
        ("Plato", None),
        ("World Health Organization", None),
        ("The ATLAS Collaboration", None),
        ("Stability AI", None),
        ("Barnes and Noble", None),
        ("Bee, Ann", None),
        ("", None),
    ],
)
def test_names(name: str, parts: Name | None) -> None:
    """Family names with their particles; organisations and single words are not taken apart."""
    assert take_apart(name) == parts


@pytest.mark.parametrize(
    ("names", "author", "lines"),
    [
        (("Ada Lovelace", "Plato"), "Lovelace, Ada and Plato", ["Lovelace, Ada", "Plato,"]),
        (("Ludwig van Beethoven",), "van Beethoven, Ludwig", ["van Beethoven, Ludwig"]),
        (("Martin King Jr.",), "King, Jr., Martin", ["King, Martin, Jr."]),
        (("Barnes and Noble",), "{Barnes and Noble}", ["Barnes and Noble,"]),
        (("AT&T Labs",), r"{AT\&{}T Labs}", ["AT&T Labs,"]),
        (("A, B; C",), "{A, B; C}", ["A, B; C,"]),
        (("} and {",), r"{\textbraceright{} and \textbraceleft{}}", ["} and {,"]),
    ],
)
def test_written_names(names: tuple[str, ...], author: str, lines: list[str]) -> None:
    """Family names first; what would be read as another name, or as several, is kept together."""
    paper = Paper("t", "T", authors=names)
    assert f"author = {{{author}}}," in bibtex.write([paper])
    assert re.findall("^AU  - (.*)$", ris.write([paper]), re.MULTILINE) == lines


@pytest.mark.parametrize(
    ("venue", "identifiers", "kind", "types"),
    [
        ("Nature", (), "journal", ("@article", "journal", "JOUR")),
        ("Proceedings of the National Academy of Sciences", (), "journal", ("@article", "journal", "JOUR")),
        ("Transactions of the ACL", (), "journal", ("@article", "journal", "JOUR")),
        ("Proceedings of ACL 2024", (), "conference", ("@inproceedings", "booktitle", "CONF")),
        ("NeurIPS", ("arxiv:2401.00001",), "conference", ("@inproceedings", "booktitle", "CONF")),
        (None, ("arxiv:2401.00001",), "preprint", ("@misc", "eprint", "UNPB")),
        (None, (), "other", ("@misc", "title", "GEN")),
    ],
)
def test_kinds(venue: str | None, identifiers: tuple[str, ...], kind: Kind, types: tuple[str, str, str]) -> None:
    """What a paper is decides the type of its entry, and which field its venue is."""
    paper = Paper("t", "T", venue=venue, identifiers=identifiers)
    assert kind_of(paper) == kind
    entry, field, record = types
    assert bibtex.write([paper]).startswith(f"{entry}{{anont,\n")
    assert f"\n  {field} = {{" in bibtex.write([paper])
    assert ris.write([paper]).startswith(f"TY  - {record}\n")


@pytest.mark.parametrize("words", [[], ["a"], ["a", "b c"], ["a, b"], ["a, b", "c"]])
def test_lists_of_words(words: list[str]) -> None:
    """Keywords in one text come apart where they were joined, commas in them included."""
    assert split_words(join_words(words)) == words


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("100% of {x}_1 & y", r"100\% of \textbraceleft{}x\textbraceright{}\_1 \& y"),
        ("a--b", "a-{}-b"),
        ("&lt; AT&T", r"\&{}lt; AT\&{}T"),
        (r"\input{x}", r"\textbackslash{}input\textbraceleft{}x\textbraceright{}"),
        ("$O(n^2)$ for $5", r"$O(n^2)$ for \$5"),
        (r"$\frac{\alpha}{2}$", r"$\frac{\alpha}{2}$"),
        ("$5 and $6", r"\$5 and \$6"),
        (r"$\input{x}$", r"\$\textbackslash{}input\textbraceleft{}x\textbraceright{}\$"),
        (r"$\csname x\endcsname$", r"\$\textbackslash{}csname x\textbackslash{}endcsname\$"),
        ("$^^5c$", r"\$\textasciicircum{}\textasciicircum{}5c\$"),
        ("$a%$", r"\$a\%\$"),
        ("$}{$", r"\$\textbraceright{}\textbraceleft{}\$"),
    ],
)
def test_latex(text: str, written: str) -> None:
    """Signs by their names; formulas stay where they can do no harm, amounts of money are none."""
    assert latex(text) == written
    assert plain(written) == text


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("BERT and mT5 for Speech", "{BERT} and {mT5} for Speech"),
        ("Learning with Bayes and Markov in small data", "Learning with {Bayes} and {Markov} in small data"),
        ("Deep Learning for Everyone", "Deep Learning for Everyone"),
        ("The (GPT-4) case & AT&T", r"The {(GPT-4)} case \& {AT\&{}T}"),
    ],
)
def test_capitals(title: str, written: str) -> None:
    """Braces keep the capitals that belong to a word, and names where only those have some."""
    assert latex(title, capitals=True) == written
    assert f"title = {{{written}}}" in bibtex.write([Paper("t", title)])
