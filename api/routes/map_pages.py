"""`/map`: the collection in two dimensions, to look at."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/map")
async def show() -> HTMLResponse:
    """The page that the map is drawn on."""
    return render("map.html")
