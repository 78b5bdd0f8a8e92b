// The answer to the question of this page: lit up on the map, the strongest in a list beside it.

import { typeset } from "../tex.js";
import { addressOf, dateOf, loadLit, plural } from "./load.js";

const LIT = 100;
const LISTED = 20;
const NEAREST = 5; // papers that are lit up where none is a good match
const VERDICTS = { strong: "strong match", weak: "weak match", none: "no good match" };

export class Answer {
  constructor(panel, chart, papers, look) {
    this.panel = panel;
    this.list = panel.querySelector("ol");
    this.summary = panel.querySelector("[role=status]");
    this.chart = chart;
    this.papers = papers;
    this.asked = 0;
    for (const [event, at] of [["pointerover", true], ["pointerleave", false], ["focusin", true], ["focusout", false]]) {
      this.list.addEventListener(event, (happened) => look(at ? Number(happened.target.closest("li")?.dataset.at ?? -1) : -1));
    }
  }

  /** Ask with these fields; an answer to earlier ones that comes later is dropped. */
  async ask(fields) {
    const number = ++this.asked;
    try {
      const { lit: found, total } = await loadLit(this.chart.map.version, fields, LIT);
      if (number !== this.asked) return;
      const byWords = fields.get("mode") === "lexical";
      const { lit, said } = bestOf(found, total, byWords);
      this.chart.light(lit.map((each) => each.at));
      this.tell(lit, said, !byWords);
      this.papers.want(lit.slice(0, LISTED).map((each) => each.at));
    } catch (error) {
      if (number !== this.asked) return;
      this.chart.light([]);
      this.list.replaceChildren();
      this.summary.textContent = [error.message, error.next].filter(Boolean).join(" ");
    }
  }

  /** Verdicts are about meaning: one of an answer by words alone would say nothing of why it is there. */
  tell(lit, said, judged) {
    this.summary.textContent = said;
    this.list.replaceChildren(...lit.slice(0, LISTED).map((each) => entryOf(each.at, judged ? each.verdict : null)));
    this.fill();
  }

  /** Titles, as far as they are known by now. */
  fill() {
    for (const entry of this.list.children) {
      const paper = this.papers.get(Number(entry.dataset.at));
      const link = entry.querySelector("a");
      if (!paper || link.href) continue;
      link.href = addressOf(paper);
      link.textContent = paper.title || paper.id;
      const small = entry.querySelector("small");
      small.prepend(dateOf(paper.published), paper.published && small.textContent ? " · " : "");
    }
    typeset(this.list);
  }

  /** Show which entry is the paper that is looked at on the map. */
  mark(at) {
    for (const entry of this.list.children) entry.classList.toggle("here", Number(entry.dataset.at) === at);
  }
}

/**
 * What of an answer to light up, and what to say of it. Every paper has some place in an answer by meaning, and all of
 * them would light up the whole map: so the strong matches where there are any, else the weak ones, else the nearest.
 * An answer by words alone has no others than those that have them.
 */
function bestOf(found, total, byWords) {
  for (const verdict of byWords ? [] : ["strong", "weak"]) {
    const lit = found.filter((each) => each.verdict === verdict);
    if (lit.length) return { lit, said: `${lit.length} ${verdict} match${lit.length === 1 ? "" : "es"} of ${plural(total)}.` };
  }
  if (!found.length) return { lit: [], said: "No paper on the map answers this." };
  if (!byWords && found[0].verdict === "none") {
    return { lit: found.slice(0, NEAREST), said: "No good match: the nearest papers are probably about something else." };
  }
  return { lit: found, said: found.length < total ? `The best ${found.length} of ${plural(total)}.` : `${plural(total)}.` };
}

function entryOf(at, verdict) {
  const entry = document.createElement("li");
  entry.dataset.at = at;
  const link = Object.assign(document.createElement("a"), { className: "tex", textContent: "…" });
  const small = Object.assign(document.createElement("small"), { textContent: VERDICTS[verdict] ?? "" });
  entry.append(link, small);
  return entry;
}
