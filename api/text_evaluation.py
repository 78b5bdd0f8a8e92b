"""How good search was found to be, as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from api.evaluation import JudgedResult, OwnResult
from api.text import many, printable
from search.evaluate import Difference
from search.gate import TOLERANCE, Verdict
from search.known_items import KNOWN
from search.metrics import DEPTH

_KINDS: Final = {
    "title": "words of the title",
    "sentence": "a sentence of the abstract",
    "acronym": "an acronym and a word or two",
    "all": "all",
}


def judged(result: JudgedResult) -> str:
    """A table of the measures, with the differences where two settings are compared; under it what was counted how."""
    (mine, ours), *others = result.sides.items()
    table = [["", mine], *([name, f"{mean:.3f}"] for name, mean in ours.means.items())]
    for name, theirs in others:
        table[0] += [name, *_DIFFERENCE]
        means, gains = theirs.means, ours.minus(theirs)
        for row in table[1:]:
            row += [f"{means[row[0]]:.3f}", *_cells(gains[row[0]])]
    return "\n".join([*_aligned(table), "", *_notes(result)])


def own(result: OwnResult, gate: Path | None) -> str:
    """For each kind of question a row for each mode, and one for what the first gains; then what the gate says."""
    (measure, other), spread = KNOWN, "95 % interval"
    table = [["made of", "questions", "", measure, spread, other, spread]]
    for row in result.rows:
        head = [_KINDS[row.kind], f"{row.questions:,}"]
        for mode, means in row.means.items():
            cells = [text for one in means.values() for text in (f"{one.mean:.3f}", f"{one.low:.3f} … {one.high:.3f}")]
            table.append([*head, mode, *cells])
            head = ["", ""]
        if row.change:
            mean, between, *counts = _cells(row.change)
            table.append([*head, "gained", mean, between, "", "{} won, {} lost, {} tied".format(*counts)])
    lines = [
        *_aligned(table),
        "",
        "These questions are easier than people's, because their words are those of the papers: compare settings by",
        "them, not collections. Papers of the same title or abstract count as right, and all that define the acronym.",
    ]
    if result.verdict:
        lines += ["", *_verdict(result.verdict)]
    elif gate:
        lines += ["", f"Written to {gate}: from now on --gate compares with it."]
    return "\n".join(map(printable, lines))


def _verdict(verdict: Verdict) -> Iterator[str]:
    change = verdict.change
    yield (
        f"Gate: MRR@10 has changed by {change.mean:+.3f} ({change.low:+.3f} … {change.high:+.3f}) on "
        f"{many(verdict.asked, 'question')}: {change.won} won, {change.lost} lost, {change.tied} tied."
    )
    if verdict.gone:
        yield f"{many(verdict.gone, 'question')} could not be asked: the papers are gone."
    if verdict.worse:
        why = "it is worse than before" if change.high < 0 else f"a fall by more than {TOLERANCE} is too much"
        yield f"Refused: {why}. Undo what was changed, or accept it with --update-gate."
    else:
        yield "Passed."


def _notes(result: JudgedResult) -> Iterator[str]:
    """What a reader must know to compare the figures with others."""
    counted, answers = result.judged, result.answers
    yield (
        f"{many(len(counted.qrels), 'judged question')}, {answers.seconds * 1000:,.0f} ms each for the first {DEPTH:,} "
        "papers, which is how far MAP looks."
    )
    if result.sides.keys() - {result.mode}:
        yield "Differences: mean over questions, 95 % interval by the paired bootstrap."
    told = (
        (counted.unjudged, "question", "not judged: left out."),
        (counted.unasked, "judged question", "without a text: unanswered, which counts 0."),
        (answers.refused, "question", "empty, too long or not text: unanswered, which counts 0."),
        (counted.without_relevant, "judged question", "without a relevant paper: counts 0 whatever is found."),
        (counted.missing, "judged id", "not in the collection: never found."),
    )
    for count, noun, what in told:
        if count:
            yield f"{many(count, noun)} {what}"


_DIFFERENCE: Final = ("difference", "95 % interval", "won", "lost", "tied")


def _cells(gain: Difference) -> list[str]:
    interval = f"{gain.low:+.3f} … {gain.high:+.3f}"
    return [f"{gain.mean:+.3f}", interval, *(f"{count:,}" for count in (gain.won, gain.lost, gain.tied))]


def _aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell: the first to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *rest in table:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        yield printable("  ".join(cells)).rstrip()
