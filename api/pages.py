"""Renders the pages: the only import of jinja2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from api import showing
from api.assets import TYPESETS, asset_address
from api.fields import Fields, address_with, followed
from search.answer import Hit

HEADERS: Final = {
    # Abstracts are other people's text: whatever gets into a page, no script of it may run, and nothing is sent away.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api", "web/templates"),
        autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        when=showing.when,
        day=showing.day,
        period=showing.period,
        authors=showing.authors,
        address=showing.paper_address,
    )
    environment.globals.update(
        address_with=address_with,
        followed=followed,
        shown=showing.shown,
        asset=asset_address,
        typesets=TYPESETS,
        MEANINGS=showing.MEANINGS,
    )
    return environment


_templates: Final = _environment()


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of a template."""
    return HTMLResponse(_templates.get_template(template).render(**values), status_code=status, headers=HEADERS)


def render_text(template: str, **values: Any) -> str:
    """What a template makes, for a message; of a name that ends in .txt as plain text."""
    return _templates.get_template(template).render(**values)


def error_page(
    status: int, message: str, next_step: str, fields: Fields | None = None, nearest: Sequence[Hit] = ()
) -> HTMLResponse:
    """A page that says what went wrong and what to do, with what was asked still in the form.

    `nearest` are papers that may have been meant.
    """
    values = {"message": message, "next_step": next_step, "fields": fields or {}, "nearest": nearest}
    return render("error.html", status, **values)
