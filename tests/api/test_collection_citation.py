"""How a collection is cited: exact texts, and entries that others' programs read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import parse_string  # type: ignore[import-untyped]
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from api.collection_citation import cite
from api.schemas import CollectionAnswer, ModelShape

DAY = date(2026, 11, 30)


def facts(papers: int = 1_234, model: str = "all-MiniLM-L6-v2", first: str | None = "1991-07-01") -> CollectionAnswer:
    return CollectionAnswer(
        papers=papers,
        sources={},
        first_day=first,
        last_day=first and "2026-11-24",
        model=ModelShape(name=model, weights_sha256="53aa51172d142c89", dimension=384, max_tokens=256),
        encoded_by=[],
        index_version="0123456789abcdef",
        sequence=7,
        version="1.2.3",
    )


def test_a_citation() -> None:
    """A sentence, and an entry without an author that BibTeX sorts by its key."""
    cited = cite(facts(), DAY)
    assert cited.plain == (
        "A collection of 1,234 papers, searched with Paperkin 1.2.3: index version 0123456789abcdef, model "
        "all-MiniLM-L6-v2 (weights 53aa51172d14), papers from 1991-07-01 to 2026-11-24. As of 2026-11-30."
    )
    assert cited.bibtex == (
        "@misc{paperkin-0123456789abcdef,\n"
        "  key   = {Paperkin},\n"
        "  title = {{A collection of 1,234 papers, searched with Paperkin 1.2.3}},\n"
        "  year  = {2026},\n"
        "  month = nov,\n"
        "  note  = {Index version 0123456789abcdef, model all-MiniLM-L6-v2 (weights 53aa51172d14), "
        "papers from 1991-07-01 to 2026-11-24, as of 2026-11-30},\n"
        "}\n"
    )


def test_papers_without_days() -> None:
    """What is not known is left out."""
    cited = cite(facts(papers=1, first=None), DAY)
    assert cited.plain == (
        "A collection of 1 paper, searched with Paperkin 1.2.3: index version 0123456789abcdef, model "
        "all-MiniLM-L6-v2 (weights 53aa51172d14). As of 2026-11-30."
    )


@pytest.mark.parametrize("name", ["a_b", "100% {x}", r"\input{/etc/passwd}", "$x$ & #1 ~ x", "bge-größe"])
def test_names_of_models_are_text(name: str) -> None:
    """Whatever a model is called, LaTeX shows just that, and the entry ends where it should."""
    (entry,) = parse_string(cite(facts(model=name), DAY).bibtex, "bibtex").entries.values()
    assert list(entry.fields) == ["key", "title", "year", "month", "note"]
    note = entry.fields["note"].replace(r"\textbraceleft{}", r"\{").replace(r"\textbraceright{}", r"\}")
    shown = LatexNodes2Text().latex_to_text(note)  # which does not know those two
    assert f"model {name} (weights" in shown


@given(st.text(), st.dates())
def test_any_name_makes_one_entry(name: str, day: date) -> None:
    """The citation is one line, the entry one entry of balanced braces, on any day."""
    cited = cite(facts(model=name), day)
    assert cited.plain.isprintable()
    assert cited.bibtex.count("\n") == 7
    (entry,) = parse_string(cited.bibtex, "bibtex").entries.values()
    assert entry.fields["year"] == f"{day.year:04d}"
