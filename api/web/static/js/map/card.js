// The card of one paper, beside its point.

import { typeset } from "../tex.js";
import { addressOf, authorsOf, dateOf } from "./load.js";

const AWAY = 16; // pixels from the point
const NARROW = 560; // pixels of the map below which the card lies at its edge
const TOOLS = 62; // pixels at the right that the buttons take
const REST = 250; // milliseconds after which the mouse may go over to the card, and the card no longer gives way

export class Card {
  constructor(element) {
    this.element = element;
    this.title = element.querySelector("a");
    this.facts = element.querySelector(".facts");
    this.cluster = element.querySelector(".of");
    this.at = -1;
  }

  /** Show what is known of a paper; `x` and `y` are where its point is. */
  show(at, paper, cluster, x, y, width, height) {
    const fresh = at !== this.at;
    if (fresh) {
      clearTimeout(this.resting);
      this.element.classList.remove("rests");
      this.resting = setTimeout(() => this.element.classList.add("rests"), REST);
    }
    if (fresh || this.paper !== paper) this.fill(paper, cluster);
    this.at = at;
    this.paper = paper;
    this.element.hidden = false;
    this.move(x, y, width, height);
  }

  fill(paper, cluster) {
    this.title.textContent = paper ? paper.title || paper.id : "…";
    if (paper) this.title.href = addressOf(paper);
    else this.title.removeAttribute("href");
    const facts = paper ? [authorsOf(paper.authors ?? []), dateOf(paper.published)].filter(Boolean) : [];
    this.facts.replaceChildren(...facts.map((fact) => Object.assign(document.createElement("li"), { textContent: fact })));
    this.cluster.textContent = cluster ?? "";
    typeset(this.element);
  }

  move(x, y, width, height) {
    const style = this.element.style;
    const docked = width < NARROW;
    this.element.classList.toggle("docked", docked);
    if (docked) {
      this.element.classList.toggle("above", y > height / 2);
      style.left = style.top = "";
      return;
    }
    const [wide, high] = [this.element.offsetWidth, this.element.offsetHeight];
    const right = width - TOOLS;
    const left = x + AWAY + wide < right ? x + AWAY : x - AWAY - wide;
    const top = y + AWAY + high < height - 8 ? y + AWAY : y - AWAY - high;
    style.left = `${Math.max(Math.min(left, right - wide), 8)}px`;
    style.top = `${Math.max(Math.min(top, height - high - 8), 8)}px`;
  }

  hide() {
    clearTimeout(this.resting);
    this.element.hidden = true;
    this.element.classList.remove("rests");
    this.at = -1;
  }
}
