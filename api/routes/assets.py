"""`/assets/…`: what pages refer to."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.assets import FILES, VERSION, asset
from api.pages import error_page

router = APIRouter(include_in_schema=False)


@router.get("/assets/{version}/{name:path}")
def assets(version: str, name: str) -> Response:
    """A file of this version; one of another version is answered too, but not to be kept."""
    if name not in FILES:
        return error_page(404, "There is no such file.", "Go back to the search.")
    kept = "public, max-age=31536000, immutable" if version == VERSION else "no-cache"
    return Response(
        asset(name), media_type=FILES[name], headers={"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    )
