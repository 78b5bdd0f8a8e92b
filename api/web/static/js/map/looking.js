// The one paper that is looked at, by mouse, finger, keyboard or from the list: its mark, its card, and what is read out.

import { Card } from "./card.js";
import { addressOf, authorsOf, dateOf } from "./load.js";

const GRACE = 200; // milliseconds in which the mouse may be on its way to the card
const SPOKEN = 350; // milliseconds of rest after which a paper is read out

export class Looking {
  /** `changed(at)` is called with the point that is looked at from now on, or with -1. */
  constructor(chart, papers, changed) {
    this.chart = chart;
    this.papers = papers;
    this.changed = changed;
    this.card = new Card(chart.stage.querySelector(".about"));
    this.said = document.querySelector(".said");
    this.leaving = this.speaking = 0;
    this.wish = null; // how to open the paper once it has come
    this.card.element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.leave());
  }

  get paper() {
    return this.papers.get(this.chart.marked);
  }

  /** Look at a paper, or with -1 at none; ask for those `near` it as well. */
  at(at, near = []) {
    clearTimeout(this.leaving);
    this.leaving = 0;
    if (at === this.chart.marked) return;
    this.chart.marked = at;
    this.wish = null;
    this.changed(at);
    this.chart.surface.style.cursor = at < 0 ? "" : "pointer";
    if (at < 0) this.card.hide();
    else this.papers.want([at, ...near]);
    this.show();
    this.chart.changed(false);
  }

  /** Look at what is nearest to a place on the screen. */
  near(x, y, reach) {
    const at = this.chart.pointAt(x, y, reach);
    this.at(at, at < 0 || at === this.chart.marked ? [] : this.chart.around(x, y));
  }

  /** The mouse is here: what it was over before is left only after a moment, as the card may be where it goes. */
  mouse(x, y) {
    this.chart.crosshair = false;
    if (this.chart.pointAt(x, y) >= 0) this.near(x, y);
    else this.leaveSoon();
  }

  leaveSoon() {
    if (this.chart.marked >= 0) this.leaving ||= setTimeout(() => this.leave(), GRACE);
  }

  leave() {
    this.leaving = 0;
    if (!this.card.element.matches(":hover, :focus-within")) this.at(-1);
  }

  /** Some papers have come, or could not be had. */
  arrived(error) {
    const wish = this.wish;
    if (error) this.wish = null;
    else if (wish && this.paper) this.open(wish);
    this.show();
  }

  /** Show the card where its point is now, with what is known by now. */
  show() {
    const at = this.chart.marked;
    if (at < 0) return;
    const [x, y] = this.chart.spot(at);
    const { width, height } = this.chart.view;
    if (x < 0 || y < 0 || x > width || y > height) this.card.hide();
    else this.card.show(at, this.papers.get(at), this.chart.clusterOf(at), x, y, width, height);
  }

  /** Read out what is in the middle, once the keyboard rests and the paper is known. */
  speakSoon() {
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => this.speak(), SPOKEN);
  }

  speak() {
    const paper = this.paper;
    if (this.chart.marked >= 0 && !paper) this.speakSoon();
    else if (!paper) this.said.textContent = "No paper in the middle.";
    else this.said.textContent = [paper.title || paper.id, authorsOf(paper.authors ?? []), dateOf(paper.published)].filter(Boolean).join(". ");
  }

  /** Open the paper, in another tab where that is what the keys or the button mean; one that is still to come, then. */
  open(event) {
    this.wish = null;
    if (this.chart.marked < 0) return;
    if (!this.paper) {
      this.wish = event;
      this.papers.want([this.chart.marked]);
    } else if (event.ctrlKey || event.metaKey || event.button === 1) open(addressOf(this.paper), "_blank", "noopener");
    else location.assign(addressOf(this.paper));
  }
}
