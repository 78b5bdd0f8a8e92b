"""`/map`: the collection in two dimensions, to look at."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)


def page_values(info: Any, fields: Any) -> dict[str, Any]:
    from types import SimpleNamespace as N
    from api.pages import address_with, LISTS
    cl = [N(**c) for c in info["clusters"]]
    coarse = [c for c in cl if c.level == 0] or cl
    tree = [(c, [p for p in cl if p.level == 1 and p.parent == c.id and coarse is not cl]) for c in sorted(coarse, key=lambda c: -c.papers)]
    NAMES = {"abstract": "abstract", "like": "like", "dislike": "not like", "date_from": "from", "date_to": "to", "author":"author","category":"category","source":"source","mode":"mode","area":"in the area"}
    kept = [(n, v) for n in NAMES if n in fields for v in (fields[n] if n in LISTS else [fields[n]])]
    def without(name: str, value: str) -> str:
        if name in LISTS:
            return address_with("/map", fields, **{name: [v for v in fields[name] if v != value]})
        return address_with("/map", fields, **{name: None})
    return dict(fields=fields, kept=kept, names=NAMES, without=without, shown=True, drawn=info["drawn"], topics=len(tree), tree=tree, asked=any(fields.get(n) for n in ("q","abstract",*LISTS)))
