"""Ids in addresses: they may hold anything, slashes and line breaks included."""

from __future__ import annotations

from typing import Final

from starlette.convertors import PathConvertor, register_url_convertor


class _IdConvertor(PathConvertor):
    """As Starlette's own `path`, whose dot stops at a line break: it takes the address "a%0A" for that of "a"."""

    regex = r"[\s\S]*"


register_url_convertor("id", _IdConvertor())

PAPER_ID: Final = "{paper_id:id}"
"""The part of a route that is an id."""
