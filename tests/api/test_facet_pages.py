"""What a question can be narrowed by, beside its answer: counts, links that choose and undo, the histogram."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper
from indexer.report import Report
from tests.api.browser import Element, Seen, asked_by, chips, held, see, submit, titles
from tests.api.conftest import connect
from tests.toys import ToyEncoder


def choices(seen: Seen, label: str) -> list[tuple[str, str, bool]]:
    """The values under a heading: each with its count and whether it is chosen."""
    return [
        (*[part.words for part in seen.within(each, "span")], "aria-current" in each.attributes)  # type: ignore[misc]
        for each in links_under(seen, label)
    ]


def links_under(seen: Seen, label: str) -> list[Element]:
    """The links of the first list behind a heading of the filters."""
    (facets,) = seen.all("details", id="facets")
    inside = seen.within(facets, "h2") + seen.within(facets, "ul")
    inside.sort(key=seen.elements.index)
    for heading, listed in pairwise(inside):
        if heading.words == label and listed.tag == "ul":
            return seen.within(listed, "a")
    return []


def bars(seen: Seen) -> list[Element]:
    return [each for each in seen.all("a") if each.is_within("svg", **{"class": "histogram"})]


def test_counts(reader: TestClient) -> None:
    """Each value says how many papers have it: the commonest first, an archive with all that is in it."""
    seen = see(reader, "/search?q=speech")
    assert choices(seen, "Category") == [
        ("cs.CL", "1", False), ("cs.CV", "1", False), ("cs.SD", "1", False), ("eess.AS", "1", False),
    ]  # fmt: skip
    assert choices(seen, "Author") == [
        ("Ada Lovelace", "1", False), ("Grace Hopper", "1", False), ("Grace Lovelace", "1", False),
    ]  # fmt: skip
    assert seen.texts("p", **{"class": "of"}) == ["1 without a date", "Counts are of 4 papers"]
    assert choices(see(reader, "/search"), "Category") == choices(seen, "Category")
    assert seen.texts("summary")[1] == "Filters"


def test_a_single_value_is_no_choice(reader: TestClient) -> None:
    """Where only one value is there, choosing it would change nothing: it is offered only to be undone."""
    assert choices(see(reader, "/search?q=speech"), "Source") == []
    assert choices(see(reader, "/search?q=speech&source=toys"), "Source") == [("toys", "1", True)]


def test_choosing_and_undoing(reader: TestClient) -> None:
    """A link chooses its value and keeps all else; once chosen it says so and undoes it, and a chip does as well.

    The counts beside it are those of choosing otherwise."""
    seen = see(reader, "/search?q=speech&like=b&mode=dense&offset=0&date_from=2024")
    kept = {"q": ["speech"], "like": ["b"], "mode": ["dense"], "date_from": ["2024"]}
    (chosen,) = [each.attributes["href"] for each in links_under(seen, "Category") if each.words == "cs.CL 1"]
    assert asked_by(chosen) == kept | {"category": ["cs.CL"]}
    narrowed = see(reader, chosen)
    assert titles(narrowed) == ["speech"]
    assert choices(narrowed, "Category") == [("cs.CL", "1", True), ("cs.SD", "1", False), ("eess.AS", "1", False)]
    assert chips(narrowed) == ["like emotion ×", "from 2024 ×", "category cs.CL ×", "by meaning alone ×"]
    undone = [asked_by(each.attributes["href"]) for each in links_under(narrowed, "Category")]
    assert undone == [kept, kept | {"category": ["cs.SD"]}, kept | {"category": ["eess.AS"]}]
    assert all(each.attributes["rel"] == "nofollow" for each in links_under(narrowed, "Category"))
    assert held(narrowed)["category"] == ["cs.CL"]


def test_a_filter_of_a_whole_archive(reader: TestClient) -> None:
    """A chosen value that is not among the listed ones stands behind them."""
    seen = see(reader, "/search?q=speech&category=cs")
    assert choices(seen, "Category")[-1] == ("cs", "3", True)
    assert asked_by(links_under(seen, "Category")[-1].attributes["href"]) == {"q": ["speech"]}


def test_a_value_that_nothing_has(reader: TestClient) -> None:
    """A filter that lets no paper pass can be undone where it was set; the other values are still there to choose."""
    seen = see(reader, "/search?q=speech&source=nowhere")
    assert (titles(seen), seen.texts("p", **{"class": "of"})) == ([], ["Counts are of 0 papers"])
    assert choices(seen, "Source") == [("toys", "1", False), ("nowhere", "0", True)]
    assert len(titles(see(reader, links_under(seen, "Source")[1].attributes["href"]))) == 4
    assert bars(seen) == []


def test_the_histogram(reader: TestClient) -> None:
    """A bar a month from the first paper to the last; each chooses its month, and the keyboard passes over all of them:
    the fields below do the same."""
    seen = see(reader, "/search?q=speech&category=cs")
    shown = bars(seen)
    assert len(shown) == 14  # May 2024 to June 2025
    assert [each.words for each in shown if not each.words.endswith(" 0 papers")] == [
        "2024-05: 1 paper", "2025-01: 1 paper", "2025-06: 1 paper",
    ]  # fmt: skip
    assert {each.attributes["tabindex"] for each in shown} == {"-1"}
    (histogram,) = seen.all("svg", **{"class": "histogram"})
    assert (histogram.attributes["viewbox"], histogram.attributes["aria-hidden"]) == ("0 0 140 60", "true")
    heights = [each.attributes["height"] for each in seen.all("rect", **{"class": "bar"})]
    assert (heights[0], heights[1], heights[13]) == ("56.0", "0.0", "56.0")
    assert asked_by(shown[8].attributes["href"]) == {
        "q": ["speech"], "category": ["cs"], "date_from": ["2025-01"], "date_to": ["2025-01"],
    }  # fmt: skip
    assert titles(see(reader, shown[8].attributes["href"])) == ["emotion"]


def test_chosen_dates(reader: TestClient) -> None:
    """With dates chosen all others are still there to choose; those chosen are marked, and stand in the fields."""
    seen = see(reader, "/search?q=speech&date_from=2025")
    assert titles(seen) == ["speech and emotion", "emotion"]
    chosen = [each.words for each in bars(seen) if each.attributes["class"] == "chosen"]
    assert [text.split(":")[0] for text in chosen] == [f"2025-0{n}" for n in range(1, 7)]
    assert len(bars(seen)) == 14
    assert held(seen)["date_from"] == ["2025"]
    assert titles(submit(reader, seen, date_from="", date_to="2024")) == ["speech"]


def test_fields_of_the_form(reader: TestClient) -> None:
    """Each filter has one field, which belongs to the search form wherever it stands; all filters stay in theirs."""
    fields = {"date_from": "2024", "date_to": "2025-06", "author": "Lovelace", "category": "cs", "source": "toys"}
    seen = see(
        reader, "/search?q=emotion&mode=lexical&" + "&".join(f"{name}={value}" for name, value in fields.items())
    )
    assert held(seen) == {name: [value] for name, value in fields.items()} | {"q": ["emotion"], "mode": ["lexical"]}
    for name in (*fields, "mode"):
        (field,) = [each for each in seen.elements if each.attributes.get("name") == name]
        assert field.attributes["form"] == "ask"
        assert field.is_within("details", id="facets")
    apply = seen.one("button", form="ask")
    assert (apply.words, apply.attributes["type"]) == ("Apply", "submit")
    assert titles(seen) == titles(submit(reader, seen)) == ["emotion"]


def test_blank_filters_do_nothing(reader: TestClient) -> None:
    """Fields that are sent empty, or with white space alone, narrow nothing and have no chip."""
    seen = see(reader, "/search?q=speech&date_from=&date_to=+&author=&category=&source=")
    assert (len(titles(seen)), chips(seen)) == (4, [])
    assert titles(see(reader, "/search?author=grace+lovelace")) == ["emotion"]


def test_counts_are_of_the_best(tmp_path: Path) -> None:
    """Of a large collection the best papers of a ranking are counted, which is said; all papers are counted as all."""
    encoder = ToyEncoder()
    collection = Collection.create(tmp_path / "collection", encoder.identity)
    papers = [Paper(f"p{n}", f"speech {n}", categories=(f"c.{n % 15:02}",), source=f"s{n % 2}") for n in range(510)]
    ingest(collection, encoder, papers, Report())
    client = connect(collection, encoder)
    asked = see(client, "/search?q=speech&mode=dense")
    assert asked.texts("p", **{"class": "of"})[-1] == "Counts are of the best 500 of 510 papers"
    every = see(client, "/search")
    assert every.texts("p", **{"class": "of"})[-1] == "Counts are of 510 papers"
    assert choices(every, "Source") == [("s0", "255", False), ("s1", "255", False)]
    assert choices(every, "Category") == [(f"c.{n:02}", "34", False) for n in range(12)]  # a dozen are shown
    assert (bars(every), every.texts("p", **{"class": "of"})[0]) == ([], "510 without a date")


@pytest.mark.parametrize("asked", ["/search", "/search?q=speech"])
def test_nothing_to_narrow(empty: Collection, encoder: ToyEncoder, asked: str) -> None:
    """An empty collection has no values, and its page is one all the same."""
    seen = see(connect(empty, encoder), asked)
    assert seen.texts("p", **{"class": "of"}) == ["Counts are of 0 papers"]
    assert [choices(seen, label) for label in ("Category", "Source", "Author")] == [[], [], []]
    assert bars(seen) == []
