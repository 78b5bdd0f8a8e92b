"""The JSON shapes of the map: its regions, its points, and answers that are lit up on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

if TYPE_CHECKING:  # a client has these shapes without the libraries of an engine
    from search.maps import Map


class ClusterShape(BaseModel):
    """A region of the map."""

    id: Annotated[int, Field(description="of its own over both levels")]
    level: Annotated[Literal[0, 1], Field(description="0 is coarse; a small collection has no other")]
    parent: Annotated[int | None, Field(description="the coarse region that a fine one is in")]
    label: str
    words: Annotated[list[str], Field(description="of the label: what its papers say more often than others")]
    x: Annotated[int, Field(description="where its papers are densest, from 0 to 65535")]
    y: int
    papers: int


class MapAnswer(BaseModel):
    """The map: its regions, and which points to ask for."""

    map: Annotated[str, Field(description="names the drawing; places of two drawings are not comparable")]
    version: Annotated[str, Field(description="names the papers and their places; to be sent with other questions")]
    index_version: str
    papers: int
    drawn: Annotated[int, Field(description="papers that the map was drawn with")]
    placed: Annotated[int, Field(description="papers that have come since, and lie among their kin")]
    clusters: list[ClusterShape]

    @classmethod
    def of(cls, present: Map, index_version: str) -> MapAnswer:
        """The shape of a map."""
        papers = len(present.keys)
        return cls(
            map=present.atlas.id,
            version=present.version,
            index_version=index_version,
            papers=papers,
            drawn=present.drawn,
            placed=papers - present.drawn,
            clusters=[
                ClusterShape(
                    id=each.id,
                    level=1 if each.level else 0,
                    parent=each.parent,
                    label=each.label,
                    words=list(each.words),
                    x=each.x,
                    y=each.y,
                    papers=each.papers,
                )
                for each in present.clusters
            ],
        )


class PointedShape(BaseModel):
    """What is told of a paper on the map."""

    at: Annotated[int, Field(description="its position in the list of points")]
    id: str
    title: str
    published: str | None
    authors: list[str]


class PointedAnswer(BaseModel):
    """Papers on the map."""

    papers: list[PointedShape]


class LitShape(BaseModel):
    """A hit on the map."""

    at: Annotated[int, Field(description="its position in the list of points")]
    score: Annotated[float | None, Field(description="null where nothing but filters is asked")]
    verdict: Annotated[Literal["strong", "weak", "none"] | None, Field(description="null for questions without a text")]


class LitAnswer(BaseModel):
    """Where the answers to a question are on the map, best first."""

    lit: list[LitShape]
    total: int
