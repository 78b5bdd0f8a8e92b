"""Renders the pages: the only import of jinja2."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from api.assets import TYPESETS, asset_address
from indexer.paper import Paper
from search.explain import snippet

HEADERS: Final = {
    # Abstracts are other people's text: whatever gets into a page, no script of it may run, and nothing is sent away.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


Fields = dict[str, Any]
"""What a search form holds, by the names of its fields: texts, and lists of ids for `LISTS`."""
LISTS: Final = ("like", "dislike")


def when(paper: Paper) -> str | None:
    """The date as a person writes it, at the precision that is known: 23 June 2025, June 2025, 2025."""
    if paper.published is None or paper.day is None:
        return None
    day = date.fromisoformat(paper.day)
    month = f"{day:%B} {day.year}"
    return {4: str(day.year), 7: month}.get(len(paper.published), f"{day.day} {month}")


def authors(paper: Paper, most: int = 6) -> str | None:
    """Names, or how many where the names are not known."""
    count = paper.author_count
    if not paper.authors:
        return None if count is None else f"{count} author{'' if count == 1 else 's'}"
    named = paper.authors[:most]
    more = (count or 0) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def paper_address(paper_id: str) -> str:
    """The page of a paper."""
    return f"/papers/{quote(paper_id, safe='')}"


def address_with(path: str, fields: Fields, **changed: Any) -> str:
    """A path with what the form holds; `None` leaves a field out."""
    given = {name: value for name, value in (fields | changed).items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}"


def followed(fields: Fields) -> str:
    """Where a feed reader finds the answers to what a form asks."""
    left_out = {"offset", "explain"}
    return address_with("/v1/search.atom", {name: value for name, value in fields.items() if name not in left_out})


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api", "web/templates"),
        autoescape=select_autoescape(default=True, disabled_extensions=("txt",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(when=when, authors=authors, address=paper_address)
    environment.globals.update(address_with=address_with, followed=followed, snippet=snippet)
    environment.globals.update(asset=asset_address, typesets=TYPESETS)
    return environment


_templates: Final = _environment()


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of a template."""
    return HTMLResponse(_templates.get_template(template).render(**values), status_code=status, headers=HEADERS)


def render_text(template: str, **values: Any) -> str:
    """What a template makes, for a message; of a name that ends in .txt as plain text."""
    return _templates.get_template(template).render(**values)


def error_page(status: int, message: str, next_step: str, fields: Fields | None = None) -> HTMLResponse:
    """A page that says what went wrong and what to do, with what was asked still in the form."""
    return render("error.html", status, message=message, next_step=next_step, fields=fields or {})

