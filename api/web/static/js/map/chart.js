// The two canvases: points below, drawn by the graphics processor; names, marks and the area above them. A frame is
// drawn only when something has changed, and the points only when the map has moved.

import { colourOf, palette } from "./colours.js";
import { Grid } from "./grid.js";
import { Labels, writeTitles } from "./labels.js";
import { Pace } from "./pace.js";
import { Points } from "./points.js";
import { View, boundsOf } from "./view.js";

const NEAR = 12; // pixels from the mouse to a point
const SHARPEST = 2; // pixels of the screen for one of CSS, at most
const MOST_PIXELS = 4.2e6; // of a canvas; a larger one is drawn less sharply, so that it moves smoothly
const TOOLS = [58, 190]; // pixels that the buttons take in the upper right corner
const FEW = 400; // papers of which each may be seen, so that no label covers one
const CROWD = 40000; // papers that are drawn as one mass, and no longer each by itself
const ROOMY = 900; // pixels of the whole map at which such a mass has room enough
const THINNED = 2000; // papers up to which all are drawn however slow a machine is: they are not what makes it slow
const TITLED = 40; // papers that are seen at once for which there may be room to write titles

export class Chart {
  /** `null` where the browser cannot draw it. */
  static on(stage, map, papers) {
    const points = Points.on(stage.querySelector(".points"));
    return points && new Chart(stage, map, papers, points);
  }

  constructor(stage, map, papers, points) {
    this.stage = stage;
    this.map = map;
    this.papers = papers;
    this.points = points;
    this.surface = stage.querySelector(".over");
    this.pen = this.surface.getContext("2d");
    this.clusters = new Map(map.clusters.map((cluster) => [cluster.id, cluster]));
    this.grid = new Grid(map.xs, map.ys);
    this.bounds = boundsOf(map.xs, map.ys);
    this.view = new View(this.bounds, Math.min(Math.max(Math.sqrt(map.xs.length), 8), 200));
    this.family = getComputedStyle(stage).fontFamily;
    this.labels = new Labels(map.clusters, this.family);
    this.marked = -1; // the point that is looked at
    this.lit = []; // numbers on the map, best first
    this.everywhere = map.xs.length > FEW ? [] : Array.from(map.xs, (_, at) => this.place(at));
    this.free = this.everywhere; // places that no label should cover
    this.area = { corners: [], closed: false };
    this.crosshair = false;
    this.lost = () => {}; // called with whether the graphics processor has lost everything, or has it again
    this.resized = () => {};
    this.frame = 0;
    this.pace = new Pace(() => {
      this.rests = true;
      this.changed();
    });
    this.crowded = Math.min(map.xs.length / CROWD, 1);
    this.coloured = colourOf(map.clusters);
    this.sendPoints();
    this.dress();
    this.watch();
  }

  watch() {
    new ResizeObserver(() => this.resize()).observe(this.stage);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      matchMedia(query).addEventListener("change", () => this.dress());
    }
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    const canvas = this.points.gl.canvas;
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.lost(true);
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.points.start();
      this.sendPoints();
      this.light(this.lit);
      this.lost(false);
    });
    this.watchDensity();
  }

  /** The window may go over to another screen, or the page be zoomed, without a change of its size. */
  watchDensity() {
    const change = () => {
      this.resize();
      this.watchDensity();
    };
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", change, { once: true });
  }

  sendPoints() {
    this.points.setPoints(this.map.xs, this.map.ys, this.map.groups);
  }

  /** Colours of the style sheet, as they are now. */
  dress() {
    const style = getComputedStyle(this.stage);
    const named = (name) => style.getPropertyValue(name).trim();
    this.colours = { ground: named("--map-ground"), ink: named("--ink"), soft: named("--soft"), accent: named("--accent"), edge: named("--edge") };
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    this.tints = palette(dark);
    const grey = this.parts(this.colours.edge);
    const most = Math.max(...this.clusters.keys(), 0);
    const colours = Array.from({ length: most + 2 }, (_, id) => {
      const tint = this.tints[this.coloured.get(id)] ?? grey;
      return this.lit.length ? tint.map((part, n) => Math.round(0.45 * part + 0.55 * grey[n])) : tint;
    });
    this.points.setColours(colours, this.parts(this.colours.ground), this.parts(this.colours.accent));
    this.changed();
  }

  /** Red, green and blue of a colour of the style sheet. */
  parts(colour) {
    this.pen.fillStyle = colour;
    return [1, 3, 5].map((start) => parseInt(this.pen.fillStyle.slice(start, start + 2), 16));
  }

  resize() {
    const [width, height] = [this.stage.clientWidth, this.stage.clientHeight];
    this.density = Math.min(devicePixelRatio || 1, SHARPEST, Math.sqrt(MOST_PIXELS / Math.max(width * height, 1)));
    this.view.resize(width, height);
    for (const canvas of [this.points.gl.canvas, this.surface]) {
      canvas.width = Math.round(width * this.density);
      canvas.height = Math.round(height * this.density);
    }
    this.resized();
    // A canvas of another size is empty: it must not be seen before it is drawn.
    cancelAnimationFrame(this.frame);
    this.moved = true;
    this.draw(performance.now());
  }

  /** Draw soon; the points too unless they are where they were. */
  changed(moved = true) {
    this.moved ||= moved;
    this.frame ||= requestAnimationFrame((now) => this.draw(now));
  }

  /** Pixels: the more papers there are, and the less room, the smaller; larger where one comes nearer. */
  get radius() {
    const alone = 1.1 + 4 * (37 / Math.max(this.map.xs.length, 37)) ** 0.35;
    const room = Math.min((this.view.whole * Math.max(...this.view.extent)) / ROOMY, 1);
    return Math.min(alone * (1 - this.crowded * (1 - room ** 0.6)) * this.view.zoom ** 0.32, 7);
  }

  draw(now) {
    this.frame = 0;
    if (!this.density) return; // not on the page yet
    if (this.moved) {
      const share = this.rests || this.map.xs.length <= THINNED ? 1 : this.pace.next(now);
      this.rests = false;
      const strength = Math.min((0.85 - 0.35 * this.crowded + 0.08 * Math.log2(this.view.zoom)) / Math.sqrt(share), 0.9);
      this.points.draw(this.view, this.density, 2 * this.radius, this.lit.length ? 0.4 * strength : strength, share);
    }
    this.moved = false;
    const pen = this.pen;
    pen.setTransform(this.density, 0, 0, this.density, 0, 0);
    pen.clearRect(0, 0, this.view.width, this.view.height);
    this.outline(pen);
    const tools = { left: this.view.width - TOOLS[0], right: this.view.width, top: 0, bottom: TOOLS[1] };
    this.labels.arrange(this.view, this.free, tools, this.lit.length > 0);
    this.nameSeen(pen, tools);
    const passed = this.still.matches ? Infinity : Math.min(now - (this.drawnAt ?? now), 50);
    if (this.labels.draw(pen, this.view, this.colours, passed)) this.changed(false);
    this.drawnAt = now;
    this.mark(pen);
  }

  /** Titles, where only a few papers are seen. */
  nameSeen(pen, tools) {
    const few = this.view.zoom > 1.5 || this.map.xs.length <= TITLED;
    const seen = few ? this.grid.within(this.view.seen(), TITLED) : null;
    if (!seen?.length) return;
    seen.sort((one, other) => one - other);
    this.papers.want(seen);
    const points = seen.map((at) => [at, this.map.xs[at], this.map.ys[at]]);
    writeTitles(pen, this.view, points, this.papers.known, this.family, this.colours, this.radius, [...this.labels.boxes(this.view), tools]);
  }

  outline(pen) {
    const { corners, closed } = this.area;
    if (!corners.length) return;
    pen.beginPath();
    corners.forEach(([x, y], n) => (n ? pen.lineTo(this.view.x(x), this.view.y(y)) : pen.moveTo(this.view.x(x), this.view.y(y))));
    if (closed) pen.closePath();
    pen.fillStyle = pen.strokeStyle = this.colours.accent;
    pen.globalAlpha = 0.1;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.setLineDash(closed ? [] : [6, 4]);
    pen.stroke();
    pen.setLineDash([]);
    if (!closed && corners.length < 3) for (const [x, y] of corners) pen.fillRect(this.view.x(x) - 3, this.view.y(y) - 3, 6, 6);
  }

  /** A ring around what is looked at, and the middle where the keyboard moves the map. */
  mark(pen) {
    if (this.crosshair) {
      const [x, y] = [this.view.midX, this.view.midY];
      for (const [colour, width] of [[this.colours.ground, 4], [this.colours.ink, 1.5]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.beginPath();
        for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
          pen.moveTo(x + 5 * dx, y + 5 * dy);
          pen.lineTo(x + 13 * dx, y + 13 * dy);
        }
        pen.stroke();
      }
    }
    if (this.marked < 0) return;
    const [x, y] = this.spot(this.marked);
    for (const [colour, width] of [[this.colours.ground, 6], [this.colours.ink, 2.5]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.arc(x, y, Math.max(this.radius + 4, 8), 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  place(at) {
    return [this.map.xs[at], this.map.ys[at]];
  }

  /** Where on the screen a point lies. */
  spot(at) {
    return [this.view.x(this.map.xs[at]), this.view.y(this.map.ys[at])];
  }

  /** The point near (x, y), those that are lit first; -1 where there is none. */
  pointAt(x, y, near = NEAR) {
    const away = (at) => Math.hypot(this.spot(at)[0] - x, this.spot(at)[1] - y);
    const lit = this.lit.filter((at) => away(at) <= near).sort((one, other) => away(one) - away(other));
    return lit[0] ?? this.grid.nearest(this.view.placeX(x), this.view.placeY(y), near / this.view.scale);
  }

  /** Papers around (x, y), to be asked for together with the one that is looked at. */
  around(x, y, most = 24) {
    const reach = 40 / this.view.scale;
    const [placeX, placeY] = [this.view.placeX(x), this.view.placeY(y)];
    return this.grid.within([placeX - reach, placeY - reach, placeX + reach, placeY + reach], most) ?? [];
  }

  /** Light up points, best first. */
  light(found) {
    this.lit = found;
    this.free = found.length || this.map.xs.length > FEW ? found.map((at) => this.place(at)) : this.everywhere;
    // The best are drawn last, above the others, and larger.
    const sized = found.map((at, n) => [this.map.xs[at], this.map.ys[at], n < 3 ? 18 : n < 10 ? 15 : 12]);
    this.points.setLit(sized.reverse());
    this.dress();
  }

  clusterOf(at) {
    return this.clusters.get(this.map.groups[at])?.label ?? "";
  }
}
