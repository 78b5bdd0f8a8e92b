"""`/docs`: the REST interface to read and try, from files of a package instead of another host."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from api.assets import asset_address

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs() -> HTMLResponse:
    """Swagger UI."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Paperkin REST interface",
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url=asset_address("icon.svg"),
    )


def install(app: FastAPI) -> None:
    """Serve the page and the files that it needs; the package's code is not needed and not run."""
    spec = importlib.util.find_spec("fastapi_offline")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("fastapi_offline is not installed", name="fastapi_offline")
    app.mount("/docs/assets", StaticFiles(directory=Path(spec.submodule_search_locations[0]) / "static"))
    app.include_router(router)
