// Names of clusters, and of papers where there is room for them: which are shown, and where, so that none covers
// another. That depends on the zoom alone, so nothing jumps while the map is moved.

const FINE_FROM = 1.5; // zoom from which fine clusters are named too
const COARSE_TO = 3.2; // zoom up to which coarse ones are
const FADE = 160; // milliseconds
const GAP = 6; // pixels between two labels
const MOST_LINES = 3;
const BESIDE = [0, -0.7, 0.7, -1.3, 1.3]; // of its height, how far a label may be moved up or down
const FURTHER = [0, -0.7, 0.7, -1.3, 1.3, -2, 2, -2.8, 2.8]; // to cover no point that matters

const STYLES = [
  { size: 15, weight: 650, line: 18, wide: 20 },
  { size: 12.5, weight: 500, line: 15, wide: 22 },
];

/** A label in lines of about `wide` characters, broken at spaces, commas preferred by being part of words before them. */
export function linesOf(label, wide) {
  const lines = [""];
  for (const word of label.split(" ")) {
    const last = lines.at(-1);
    if (!last) lines[lines.length - 1] = word;
    else if (last.length + word.length < wide) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  if (lines.length > MOST_LINES) return [...lines.slice(0, MOST_LINES - 1), `${lines[MOST_LINES - 1]} …`];
  return lines;
}

export class Labels {
  constructor(clusters, family) {
    this.family = family;
    this.levels = new Set(clusters.map((cluster) => cluster.level));
    const measuring = document.createElement("canvas").getContext("2d");
    this.labels = clusters
      .map((cluster) => {
        // A map of few papers has one level only, and these are its large regions.
        const style = STYLES[this.levels.size === 1 ? 0 : cluster.level];
        const lines = linesOf(cluster.label, style.wide);
        measuring.font = this.font(style);
        const width = Math.max(...lines.map((line) => measuring.measureText(line).width));
        return { cluster, style, lines, width, height: lines.length * style.line, shown: 0, place: null };
      })
      .sort((one, other) => one.cluster.level - other.cluster.level || other.cluster.papers - one.cluster.papers || one.cluster.id - other.cluster.id);
    this.placedFor = "";
  }

  font(style) {
    return `${style.weight} ${style.size}px ${this.family}`;
  }

  /**
   * Decide anew which labels are shown, if the zoom, the size of the window or `free` is another. `free` are places that
   * labels should not cover if that can be helped.
   */
  arrange(view, bounds, free) {
    const now = `${view.scale} ${view.width}`;
    if (now === this.placedFor && free === this.free) return;
    this.placedFor = now;
    this.free = free;
    this.taken = [];
    for (const label of this.labels) {
      label.place = this.belongs(label.cluster.level, view.zoom) ? roomFor(label, this.taken, view, bounds, free) : null;
      if (label.place) this.taken.push(label.place);
    }
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
      pen.font = this.font(label.style);
      write(pen, label.lines, x, y, label.style.line, colours);
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

/** Where a label stays clear of others: on its place, or a little beside it; `null` where nowhere is. */
function roomFor(label, taken, view, [left, , right], free) {
  const { cluster, width, height } = label;
  const x = cluster.x * view.scale;
  const y = cluster.y * view.scale;
  // The whole map is seen with a margin; labels that would leave it are moved in. Where it is narrow that needs more.
  const spare = Math.max(view.width / view.zoom - (right - left) * view.whole, 0) / 2;
  const [first, last] = [left * view.scale - spare + 8 + width / 2, right * view.scale + spare - 8 - width / 2];
  const dx = view.zoom < 2 && first < last ? Math.min(Math.max(x, first), last) - x : 0;
  let best = null;
  let least = Infinity;
  for (const step of free.length ? FURTHER : BESIDE) {
    const dy = step * (height / 2 + 10);
    const box = { left: x + dx - width / 2, right: x + dx + width / 2, top: y + dy - height / 2, bottom: y + dy + height / 2, dx, dy };
    if (!taken.every((other) => apart(box, other))) continue;
    const covered = free.filter(([px, py]) => holds(box, px * view.scale, py * view.scale)).length;
    if (covered < least) [best, least] = [box, covered];
    if (!covered) break;
  }
  return best;
}

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
    const lines = linesOf(title.length > 60 ? `${title.slice(0, 58).trimEnd()}…` : title, 32).slice(0, 2);
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
