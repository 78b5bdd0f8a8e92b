// Names of clusters, and of papers where there is room for them: which are shown, and where, so that none covers
// another. That depends on the zoom alone, so nothing jumps while the map is moved.

const FINE_FROM = 1.5; // zoom from which fine clusters are named too
const COARSE_TO = 3.2; // zoom up to which coarse ones are
const FADE = 160; // milliseconds
const GAP = 6; // pixels between two labels
const MOST_LINES = 3;
const OVER = 10; // characters that a single word may have more than a line
const UPRIGHT = [0, -0.7, 0.7, -1.3, 1.3].map((step) => [0, step]); // how far a label may be moved, in halves of its size
const AROUND = [...UPRIGHT, [1.1, 0], [-1.1, 0], [0, -2], [0, 2]]; // the same where there are points that it should not cover
const MOST_COVERED = 2; // papers of an answer that a name may cover; where it would be more, it is left out
const A_STEP = 0.4; // points that a label had rather cover than be moved by half its size
const NARROW = 560; // pixels of the map below which labels are smaller
const SMALLER = 0.87;
const EDGE = 8; // pixels from the edge of a map that is seen as a whole to its labels

const STYLES = [
  { size: 15, weight: 650, line: 18, wide: 20 },
  { size: 12.5, weight: 600, line: 15, wide: 22 },
];

/** A text in lines of about `wide` characters, broken at spaces; what `most` lines do not hold is left out. */
export function linesOf(text, wide, most = MOST_LINES) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    const cut = word.length > wide + OVER ? `${word.slice(0, wide + OVER - 1)}…` : word;
    if (!last || last.length + cut.length < wide) lines[lines.length - 1] = last ? `${last} ${cut}` : cut;
    else if (lines.length === most) {
      lines[most - 1] = `${last} …`;
      break;
    } else lines.push(cut);
  }
  return lines;
}

export class Labels {
  constructor(clusters, family) {
    this.family = family;
    this.levels = new Set(clusters.map((cluster) => cluster.level));
    this.labels = [...clusters]
      .sort((one, other) => one.level - other.level || other.papers - one.papers || one.id - other.id)
      .map((cluster) => ({ cluster, shown: 0, place: null, last: null }));
    this.placedFor = "";
  }

  /** How large labels are in a view, and so how much room they take. */
  measure(view) {
    const factor = view.width < NARROW ? SMALLER : 1;
    if (factor === this.factor) return;
    this.factor = factor;
    const pen = document.createElement("canvas").getContext("2d");
    for (const label of this.labels) {
      // A map of few papers has one level only, and these are its large regions.
      const style = STYLES[this.levels.size === 1 ? 0 : label.cluster.level];
      label.lines = linesOf(label.cluster.label, style.wide);
      label.line = style.line * factor;
      label.height = label.lines.length * label.line;
      label.font = pen.font = `${style.weight} ${style.size * factor}px ${this.family}`;
      label.width = Math.max(...label.lines.map((line) => pen.measureText(line).width));
    }
  }

  /**
   * Decide anew which labels are shown, if the zoom, the size of the window or `free` is another. `free` are places that
   * labels should not cover if that can be helped, and `strictly` not many of them; `tools` is what lies above the map, on
   * the screen.
   */
  arrange(view, free, tools, strictly) {
    const now = `${view.scale} ${view.width} ${view.height}`;
    if (now === this.placedFor && free === this.free) return;
    this.placedFor = now;
    this.free = free;
    this.measure(view);
    // A map that is seen as a whole does not move: no label leaves it, or lies below what is above.
    const [x, y] = [view.x(0), view.y(0)];
    const far = view.zoom > 1 ? Infinity : 0;
    const limits = { left: EDGE - x - far, right: view.width - EDGE - x + far, top: EDGE - y - far, bottom: view.height - EDGE - y + far };
    const taken = far ? [] : [{ left: tools.left - x, right: tools.right - x, top: tools.top - y, bottom: tools.bottom - y }];
    for (const label of this.labels) {
      label.place = this.belongs(label.cluster.level, view.zoom) ? roomFor(label, taken, view, limits, free, strictly ? MOST_COVERED : Infinity) : null;
      if (label.place) taken.push(label.place);
    }
    this.taken = this.labels.map((label) => label.place).filter(Boolean);
  }

  /** Where on the screen labels are now. */
  boxes(view) {
    const [dx, dy] = [view.x(0), view.y(0)];
    return this.taken.map(({ left, right, top, bottom }) => ({ left: left + dx, right: right + dx, top: top + dy, bottom: bottom + dy }));
  }

  belongs(level, zoom) {
    if (this.levels.size === 1) return true;
    return level === 0 ? zoom <= COARSE_TO : zoom >= FINE_FROM;
  }

  /** Draw what is seen. Returns whether labels are still coming or going. */
  draw(pen, view, colours, passed) {
    let moving = false;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    for (const label of this.labels) {
      const target = label.place ? 1 : 0;
      label.shown += Math.min(Math.max(target - label.shown, -passed / FADE), passed / FADE);
      if (label.shown !== target) moving = true;
      if (label.place) label.last = label.place;
      if (!label.shown || !label.last) continue;
      const x = view.x(label.cluster.x) + label.last.dx;
      const y = view.y(label.cluster.y) + label.last.dy;
      if (Math.abs(x - view.width / 2) > (view.width + label.width) / 2 || Math.abs(y - view.height / 2) > (view.height + label.height) / 2) continue;
      pen.globalAlpha = label.shown;
      pen.font = label.font;
      write(pen, label.lines, x, y, label.line, colours);
    }
    pen.globalAlpha = 1;
    return moving;
  }
}

/** Lines around (x, y), with a halo of the ground's colour so that they can be read on points of any colour. */
export function write(pen, lines, x, y, line, { ground, ink }) {
  pen.strokeStyle = ground;
  pen.fillStyle = ink;
  pen.lineWidth = 4;
  const top = y - ((lines.length - 1) * line) / 2;
  lines.forEach((text, n) => pen.strokeText(text, x, top + n * line));
  lines.forEach((text, n) => pen.fillText(text, x, top + n * line));
}

/** Where a label stays clear of others, and covers at most so many places: on its own, or a little beside it; else `null`. */
function roomFor({ cluster, width, height }, taken, view, limits, free, most) {
  let best = null;
  let least = Infinity;
  for (const [across, up] of free.length ? AROUND : UPRIGHT) {
    const x = within(cluster.x * view.scale + across * (width / 2 + 10), limits.left + width / 2, limits.right - width / 2);
    const y = within(cluster.y * view.scale + up * (height / 2 + 10), limits.top + height / 2, limits.bottom - height / 2);
    const box = { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2, dx: x - cluster.x * view.scale, dy: y - cluster.y * view.scale };
    if (!taken.every((other) => apart(box, other))) continue;
    const covered = free.filter(([px, py]) => holds(box, px * view.scale, py * view.scale)).length;
    const cost = covered + A_STEP * (Math.abs(across) + Math.abs(up));
    if (covered <= most && cost < least) [best, least] = [box, cost];
  }
  return best;
}

const within = (value, least, most) => (least < most ? Math.min(Math.max(value, least), most) : value);

const holds = (box, x, y) => x > box.left - GAP && x < box.right + GAP && y > box.top - GAP && y < box.bottom + GAP;

/**
 * Titles of papers beside their points, where these are so few that there is room. `details` are those that are known,
 * `taken` are boxes that are to stay free.
 */
export function writeTitles(pen, view, points, details, family, colours, radius, taken) {
  pen.font = `400 12px ${family}`;
  const spots = points.map(([at, x, y]) => ({ at, x: view.x(x), y: view.y(y) }));
  const dots = spots.map(({ at, x, y }) => ({ at, left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }));
  for (const { at, x, y } of spots) {
    const paper = details.get(at);
    if (!paper) continue;
    const title = paper.title || paper.id;
    const lines = linesOf(title, 32, 2);
    const width = Math.max(...lines.map((line) => pen.measureText(line).width));
    const high = lines.length * 14;
    for (const side of [1, -1]) {
      const from = x + side * (radius + 5);
      const box = { left: Math.min(from, from + side * width), right: Math.max(from, from + side * width), top: y - high / 2, bottom: y + high / 2 };
      const clear = box.left > 6 && box.right < view.width - 6 && [...taken, ...dots.filter((dot) => dot.at !== at)].every((other) => apart(box, other, 3));
      if (!clear) continue;
      taken.push(box);
      pen.textAlign = side > 0 ? "left" : "right";
      write(pen, lines, from, y, 14, { ground: colours.ground, ink: colours.soft });
      break;
    }
  }
}

function apart(one, other, gap = GAP) {
  return one.right + gap < other.left || other.right + gap < one.left || one.bottom + gap < other.top || other.bottom + gap < one.top;
}
