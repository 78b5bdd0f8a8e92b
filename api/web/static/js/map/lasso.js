// An area that is drawn around papers, and what can be done with it.

import { MOST, cornersOf, inside, readArea, writeArea } from "./area.js";
import { plural } from "./load.js";

const CLOSE = 12; // pixels from the first corner at which a click closes the area
const TOLERANCE = 1.5; // pixels that a simplified line may be off

export class Lasso {
  /** `changed(area)` is called with the area as an address has it, or with "" when there is none any more. */
  constructor(chart, button, bar, changed) {
    this.chart = chart;
    this.button = button;
    this.bar = bar;
    this.changed = changed;
    this.on = false;
    button.addEventListener("click", () => this.turn(!this.on));
    bar.querySelector("[name=view]").addEventListener("click", () => this.takeView());
    bar.querySelector("[name=clear]").addEventListener("click", () => this.clear());
  }

  /** Start or stop drawing. */
  turn(on) {
    this.on = on;
    this.button.setAttribute("aria-pressed", String(on));
    this.chart.stage.classList.toggle("drawing", on);
    if (on) this.set([], false);
    else if (!this.chart.area.closed) this.set([], false);
  }

  /** What the address of the page holds. Returns whether it is an area of this map. */
  read(written) {
    const corners = readArea(written, this.chart.map.map);
    if (corners) this.set(corners, true);
    return corners !== null;
  }

  set(corners, closed) {
    const had = this.chart.area.closed;
    this.chart.area = { corners, closed };
    this.chart.changed(false);
    this.show();
    if (closed || had) this.changed(closed ? writeArea(corners, this.chart.map.map) : "");
  }

  show() {
    const { corners, closed } = this.chart.area;
    const says = this.bar.querySelector("span");
    this.bar.hidden = !closed && !this.on;
    this.bar.querySelector("[name=view]").hidden = closed;
    this.bar.querySelector("[name=clear]").textContent = closed ? "Clear" : "Cancel";
    const found = closed ? inside(corners, this.chart.map.xs, this.chart.map.ys).length : 0;
    this.bar.querySelector("a").hidden = !found;
    if (closed) says.textContent = `${found ? plural(found) : "No paper"} in this area`;
    else says.textContent = corners.length ? "The first corner once more closes the area" : "Draw around papers, or set corners";
  }

  /** A stroke on the screen, while it is drawn; `null` when it is given up. */
  drawing(stroke) {
    this.chart.area = { corners: stroke ? stroke.map((point) => this.place(point)) : [], closed: false };
    this.chart.changed(false);
  }

  drawn(stroke) {
    this.finish(stroke.map((point) => this.place(point)), TOLERANCE);
  }

  corner(x, y) {
    const corners = this.chart.area.closed ? [] : this.chart.area.corners;
    if (corners.length >= 3) {
      const [first, last] = [corners[0], corners.at(-1)].map(([px, py]) => Math.hypot(this.chart.view.x(px) - x, this.chart.view.y(py) - y));
      if (first < CLOSE || last < CLOSE || corners.length === MOST) return this.finish(corners, 0);
    }
    return this.set([...corners, this.place([x, y])], false);
  }

  /** Close what has been clicked together so far. */
  close() {
    if (this.chart.area.corners.length >= 3) this.finish(this.chart.area.corners, 0);
  }

  takeView() {
    const [left, top, right, bottom] = this.chart.view.seen();
    this.finish([[left, top], [right, top], [right, bottom], [left, bottom]], 0);
  }

  finish(places, tolerance) {
    const corners = cornersOf(places, tolerance / this.chart.view.scale);
    this.set(corners ?? [], corners !== null);
    if (corners) {
      this.turn(false);
      this.bar.querySelector("a:not([hidden]), button:not([hidden])").focus({ preventScroll: true });
    }
  }

  clear() {
    this.set([], false);
    this.turn(false);
    this.chart.surface.focus({ preventScroll: true });
  }

  place([x, y]) {
    return [this.chart.view.placeX(x), this.chart.view.placeY(y)];
  }
}
