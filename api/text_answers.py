"""Answers as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from api.text import authors, many, printable, wrap
from search.answer import Answer, Hit, Plan, Standing

if TYPE_CHECKING:
    from search.hints import Hint

MARK, UNMARK = "\x1b[1m", "\x1b[0m"
WORDS = {"strong": "strong match", "weak": "weak match", "none": "no good match"}
MAX_LEARNED = 8
"""Learned words of a plan that are shown; the JSON form has all."""


def answer(found: Answer, *, explain: bool = False, marks: bool = False) -> str:
    """A list of hits: rank, score and title, and under it when, who and the id; `marks` are for a terminal."""
    lines = [line for e in found.expansions for line in wrap(f"{e.short} read as {e.long}")] + _hints(found.hints)
    if not found.hits:
        lines.append(
            "There is no paper to find: none passes the filters, or there is no other."
            if not found.total
            else "No paper was found here."
        )
    elif found.confidence is not None and found.confidence.verdict == "none":
        lines.append("No good match. The nearest papers, which are probably about something else:")
    for hit in found.hits:
        lines += _hit(hit, marks=marks)
    if found.hits:
        lines.append(f"\n{found.hits[0].rank}–{found.hits[-1].rank} of {many(found.total, 'paper')}")
    if explain:
        lines += _plan(found.plan, found.index_version)
    return "\n".join(lines)


def standing(found: Standing, *, marks: bool = False) -> str:
    """Where a paper stands, or what keeps it out; then what was run."""
    lines = [*wrap(found.paper.heading), *wrap(found.paper.id), "", *_hints(found.hints)]
    if found.kept_out:
        lines += ["It is not among the answers.", *_hints(found.kept_out)]
    if found.hit is not None:
        rank, among = f"{found.hit.rank:,}", many(found.total, "paper")
        lines += [f"Otherwise its rank would be {rank}." if found.kept_out else f"Rank {rank} of {among}."]
        lines += [*_hit(found.hit, marks=marks), *(f"     {line}" for line in _scores(found.hit))]
    return "\n".join([*lines, *_plan(found.plan, found.index_version)])


def _hit(hit: Hit, *, marks: bool) -> list[str]:
    head = f"{hit.rank:3}  {'' if hit.score is None else f'{hit.score:.3f}  '}"
    room = " " * len(head)
    sure = hit.confidence and f"{WORDS[hit.confidence.verdict]} ({hit.confidence.probability:.2f})"
    facts = " · ".join(part for part in (sure, hit.paper.published, authors(hit.paper), hit.paper.id) if part)
    lines = [*wrap(hit.paper.heading, head), *wrap(facts, room)]
    if hit.contributions:
        cosine = f"cosine {hit.dense:.3f} = " if hit.dense is not None else "adds to the cosine: "
        lines += wrap(cosine + _numbers(hit.contributions), room)
    if hit.explanation is not None:
        lines += _why(hit, room, marks=marks)
    return lines


def _why(hit: Hit, room: str, *, marks: bool) -> list[str]:
    why = hit.explanation
    assert why is not None  # noqa: S101  # the caller has looked
    shares = " · ".join(f"{name} {share:.0%}" for name, share in why.shares.items() if share)
    words = f" · has {', '.join(why.words)}" if why.words else ""
    lines = wrap(f"{shares}{words}", room) if shares or words else []
    if why.passage is None:
        return lines
    quoted = why.passage.text
    if marks:
        found = why.abstract_matches if why.passage.field == "abstract" else why.title_matches
        for match in reversed(found):
            if why.passage.start <= match.start and match.end <= why.passage.end:
                start, end = match.start - why.passage.start, match.end - why.passage.start
                quoted = f"{quoted[:start]}\0{quoted[start:end]}\1{quoted[end:]}"
    shown = wrap(f"“{quoted}” ({why.passage.score:.2f})", room, keep="\0\1")
    return lines + [line.replace("\0", MARK).replace("\1", UNMARK) for line in shown]


def _scores(hit: Hit) -> list[str]:
    lines = [f"score = {_numbers(hit.parts)}"]
    if hit.dense is not None:
        lines.append(f"cosine {hit.dense:.3f}")
    if hit.lexical is not None:
        lines.append(f"BM25 {hit.lexical:.2f}")
    return lines


def _plan(plan: Plan, version: str) -> list[str]:
    rows = {
        "mode": plan.mode,
        "meaning": plan.meaning,
        "words": " ".join(plan.words),
        "learned": _numbers(dict(sorted(plan.learned.items(), key=lambda item: -item[1])[:MAX_LEARNED])),
        "filters": " ".join(plan.filters),
        "index": f"version {version}",
    }
    lines = [line for name, value in rows.items() if value for line in wrap(value, f"  {name:<9}")]
    steps = [line for step in plan.steps for line in wrap(step.result, f"  {step.name:<11}{step.ms:7.1f} ms  ")]
    return ["", "What was run:", *lines, *steps]


def _hints(hints: Sequence[Hint]) -> list[str]:
    told = (f"{hint.part}: " * bool(hint.part) + f"{hint.message} {hint.next_step}" for hint in hints)
    return [line for hint in told for line in wrap(hint, "! ")]


def _numbers(values: Mapping[str, float]) -> str:
    return ", ".join(f"{printable(name)} {value:.3f}" for name, value in values.items())
