"""The figures of `benchmarks.peers` as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from benchmarks.peers_data import NONE
from benchmarks.peers_tasks import GOAL

Figures = Mapping[str, Any]
_DASH: Final = "–"


def table(result: Figures) -> str:
    """All tables, one below the other."""
    peers: Figures = result["peers"]
    head = (
        f"{result['papers']:,} papers, {result['questions']} questions, {result['threads']} thread(s), "
        f"{result['processor']}, commit {result['commit']}{' and changes' if result['changed_since'] else ''}"
    )
    missing = f"\nMissing: {', '.join(result['missing'])}." if result["missing"] else ""
    parts = [head + missing, _building(peers), _searching(peers), _filtering(peers), _changing(peers), _killing(peers)]
    return "\n\n".join(parts)


def _lines(head: str, lines: Iterable[Iterable[object]]) -> str:
    columns = head.count("|") + 1
    body = [f"| {' | '.join(str(cell) for cell in line)} |" for line in lines]
    return "\n".join([f"| {head} |", "|---" * columns + "|", *body])


def _cells(name: str, figures: Figures, make: Callable[[Figures], list[object]]) -> list[object]:
    """A line of a peer; what went wrong where it has no figures."""
    if not figures or "failed" in figures:
        return [name, figures.get("failed", "not measured") if figures else "not measured"]
    return [name, *make(figures)]


def _building(peers: Figures) -> str:
    lines = []
    for name, peer in peers.items():
        build, search = peer["build"], peer.get("search") or {}
        memory = search.get("memory_mib", {})
        opened, used = memory.get("opened", {}), memory.get("used", {})
        lines.append(
            [
                name,
                *([build["wall_s"], build["cpu_s"], build["peak_mib"]] if "failed" not in build else [_DASH] * 3),
                peer.get("disk_mb", _DASH),
                round(search["opening"]["wall_s"] + search["first_question"]["wall_s"], 2) if memory else _DASH,
                *(f"{m.get('resident', 0):.0f} ({m.get('anonymous', 0):.0f})" for m in (opened, used)),
            ]
        )
        if "alone" in build:
            alone = build["alone"]
            lines.append([f"{name}, its dense index alone", alone["wall_s"], alone["cpu_s"], *[_DASH] * 5])
    head = "build | s | CPU s | peak, MiB | disk, MB | first answer, s | opened: resident (anonymous), MiB | after 500"
    return _lines(head, lines)


def _searching(peers: Figures) -> str:
    def make(search: Figures) -> list[object]:
        found = search["filters"][NONE]
        return [_setting(found), f"{found['recall']:.3f}", *_times(found), found["cpu_mean_ms"]]

    lines = [_cells(name, peer.get("search", {}), make) for name, peer in peers.items()]
    return _lines("no filter | setting | recall@10 | p50, ms | p99, ms | CPU, ms", lines)


def _filtering(peers: Figures) -> str:
    kinds = next((list(p["search"]["filters"]) for p in peers.values() if "filters" in p.get("search", {})), [])
    kinds = [kind for kind in kinds if kind != NONE]

    def make(search: Figures) -> list[object]:
        return [_filtered(search["filters"][kind]) if kind in search["filters"] else _DASH for kind in kinds]

    lines = [_cells(name, peer.get("search", {}), make) for name, peer in peers.items()]
    return _lines(f"filter: recall@10 → p50 / p99 ms | {' | '.join(kinds)}", lines)


def _filtered(found: Figures) -> str:
    """With the time where the filter has been worked out before, and the next setting that finds enough."""
    cell = f"{found['recall']:.3f} → {' / '.join(str(time) for time in _times(found))}"
    if found["where_p50_ms"] >= 0.2 * found["wall_p50_ms"]:
        cell += f" (known filter {found['known_where_p50_ms']})"
    if "more" in found:
        reached = "" if found["more"]["recall"] >= GOAL else "at best "
        cell += f"; {reached}{_setting(found['more'])}: {_filtered(found['more'])}"
    return cell


def _changing(peers: Figures) -> str:
    def make(change: Figures) -> list[object]:
        times = [change[task][time] for task in ("batch", "delete") for time in ("wall_s", "cpu_s")]
        single = [change["single_ms"][time] for time in ("wall", "cpu")]
        return [*times[:2], *single, *times[2:], change["found_of_added"], change["found_of_deleted"]]

    head = "change | add 1,000, s | CPU s | add one, ms | CPU ms | delete 100, s | CPU s | found of added | of deleted"
    return _lines(head, [_cells(name, peer.get("change", {}), make) for name, peer in peers.items()])


def _killing(peers: Figures) -> str:
    lines = []
    for name, peer in peers.items():
        kills = peer.get("kills", [])
        opened = [kill for kill in kills if "failed" not in kill]
        why = sorted({kill["failed"] for kill in kills if "failed" in kill})
        lines.append(
            [
                name,
                len(kills),
                len(opened),
                sum(kill["acknowledged"] for kill in kills),
                sum(kill["missing"] for kill in opened),
                min((kill["found_of_acknowledged"] for kill in opened), default=_DASH),
                "; ".join(why),
            ]
        )
    head = "kill −9 | kills | opens | papers acknowledged | missing where it opens | found, at the least | else"
    return _lines(head, lines)


def _setting(found: Figures) -> str:
    return ", ".join(f"{name} {value}" for name, value in found["effort"].items()) or _DASH


def _times(found: Figures) -> list[float]:
    return [found["wall_p50_ms"], found["wall_p99_ms"]]
