"""The JSON shapes of counts: what a question's answers can be narrowed by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

if TYPE_CHECKING:  # a client has these shapes without the libraries of an engine
    from search.facets import Choices, Facets


class BinShape(BaseModel):
    """Papers of one span of a histogram, whose ends are what the filters of these names take."""

    date_from: str
    date_to: str
    papers: int


class DatesShape(BaseModel):
    """A histogram without gaps, oldest first. It ignores the filters on dates."""

    of: Annotated[int, Field(description="papers that are counted here")]
    unit: Literal["year", "month", "day"]
    bins: list[BinShape]
    without: Annotated[int, Field(description="papers that have no date")]


class ChoiceShape(BaseModel):
    """A value that the filter takes, and how many papers there are with it."""

    value: str
    papers: int
    chosen: bool


class ChoicesShape(BaseModel):
    """The commonest values, then chosen ones that are not among them. They ignore the filter on what they count."""

    of: Annotated[int, Field(description="papers that are counted here")]
    values: list[ChoiceShape]
    more: Annotated[int, Field(description="values that are not listed")]
    without: Annotated[int, Field(description="papers that have none")]

    @classmethod
    def shaped(cls, choices: Choices) -> ChoicesShape:
        """The shape of choices."""
        return cls(
            of=choices.of,
            values=[ChoiceShape(value=v.value, papers=v.papers, chosen=v.chosen) for v in choices.values],
            more=choices.more,
            without=choices.without,
        )


class FacetsAnswer(BaseModel):
    """How many papers that answer a question have which date, category, source and author."""

    of: Annotated[int, Field(description="papers that are counted where a part does not say otherwise")]
    best: Annotated[bool, Field(description="whether these are only the best answers; otherwise all that pass")]
    total: Annotated[int, Field(description="papers that pass the filters")]
    dates: DatesShape
    categories: ChoicesShape
    sources: ChoicesShape
    authors: Annotated[ChoicesShape | None, Field(description="null where the papers are too many to read them")]
    index_version: str
    took_ms: float

    @classmethod
    def shaped(cls, facets: Facets, took_ms: float) -> FacetsAnswer:
        """The shape of facets."""
        dates = facets.dates
        return cls(
            of=facets.of,
            best=facets.best,
            total=facets.total,
            dates=DatesShape(
                of=dates.of,
                unit=dates.unit,
                bins=[BinShape(date_from=each.first, date_to=each.last, papers=each.papers) for each in dates.bins],
                without=dates.without,
            ),
            categories=ChoicesShape.shaped(facets.categories),
            sources=ChoicesShape.shaped(facets.sources),
            authors=None if facets.authors is None else ChoicesShape.shaped(facets.authors),
            index_version=facets.index_version,
            took_ms=round(took_ms, 2),
        )
