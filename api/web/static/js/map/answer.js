// The answer to the question of this page: lit up on the map, the strongest in a list beside it.

import { typeset } from "../tex.js";
import { addressOf, dateOf, loadLit, plural } from "./load.js";

const LIT = 100;
const LISTED = 20;
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
      const { lit, total } = await loadLit(this.chart.map.version, fields, LIT);
      if (number !== this.asked) return;
      this.chart.light(lit.map((each) => each.at));
      this.tell(lit, total);
      this.papers.want(lit.slice(0, LISTED).map((each) => each.at));
    } catch (error) {
      if (number !== this.asked) return;
      this.chart.light([]);
      this.list.replaceChildren();
      this.summary.textContent = [error.message, error.next].filter(Boolean).join(" ");
    }
  }

  tell(lit, total) {
    const best = lit.length < total ? `The best ${lit.length} of ${plural(total)}` : plural(total);
    const doubt = lit[0]?.verdict === "none" ? " No good match: these are probably about something else." : "";
    this.summary.textContent = lit.length ? `${best}.${doubt}` : "No paper on the map answers this.";
    this.list.replaceChildren(...lit.slice(0, LISTED).map((each) => entryOf(each)));
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

function entryOf({ at, verdict }) {
  const entry = document.createElement("li");
  entry.dataset.at = at;
  const link = Object.assign(document.createElement("a"), { className: "tex", textContent: "…" });
  const small = Object.assign(document.createElement("small"), { textContent: VERDICTS[verdict] ?? "" });
  entry.append(link, small);
  return entry;
}
