// An area drawn around papers: how it is simplified, written into an address, and what lies in it.

import { SIDE } from "./view.js";

export const MOST = 64; // corners that an address may have

/** Corners of "MAP:x.y-x.y-x.y" if it was drawn on this map, else `null`. */
export function readArea(written, map) {
  const found = /^([0-9a-f]{1,32}):(\d{1,5}\.\d{1,5}(?:-\d{1,5}\.\d{1,5})*)$/.exec(written ?? "");
  if (!found || found[1] !== map) return null;
  const corners = found[2].split("-").map((corner) => corner.split(".").map(Number));
  const fits = corners.length >= 3 && corners.length <= MOST && corners.flat().every((value) => value <= SIDE);
  return fits ? corners : null;
}

export function writeArea(corners, map) {
  return `${map}:${corners.map((corner) => corner.join(".")).join("-")}`;
}

/** Corners of a stroke of places: whole numbers on the map, at most 64, at first none that `tolerance` can do without. */
export function cornersOf(stroke, tolerance) {
  let kept = stroke.map(([x, y]) => [x, y].map((value) => Math.min(Math.max(Math.round(value), 0), SIDE)));
  kept = kept.filter((corner, n) => !n || corner[0] !== kept[n - 1][0] || corner[1] !== kept[n - 1][1]);
  for (let allowed = tolerance; kept.length > 3; allowed *= 1.5) {
    const simple = simplified(kept, allowed);
    if (simple.length >= 3) kept = simple;
    if (kept.length <= MOST || simple.length < 3) break;
  }
  return kept.length >= 3 ? kept.slice(0, MOST) : null;
}

// D. Douglas and T. Peucker, Algorithms for the reduction of the number of points required to represent a digitized
// line or its caricature, Cartographica 1973. With a list of what is left to do, as a stroke may have thousands of points.
function simplified(points, tolerance) {
  const keep = new Uint8Array(points.length);
  keep[0] = keep[points.length - 1] = 1;
  const ranges = [[0, points.length - 1]];
  while (ranges.length) {
    const [first, last] = ranges.pop();
    let furthest = tolerance;
    let split = -1;
    for (let n = first + 1; n < last; n++) {
      const away = distance(points[n], points[first], points[last]);
      if (away > furthest) {
        furthest = away;
        split = n;
      }
    }
    if (split < 0) continue;
    keep[split] = 1;
    ranges.push([first, split], [split, last]);
  }
  return points.filter((_, n) => keep[n]);
}

/** How far a point lies from the line between two others. */
function distance([x, y], [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  const along = length ? Math.min(Math.max(((x - x1) * dx + (y - y1) * dy) / length, 0), 1) : 0;
  return Math.hypot(x - x1 - along * dx, y - y1 - along * dy);
}

/**
 * The points that lie inside: a ray to the right meets an odd number of sides. The same arithmetic in whole numbers as
 * the server's, so that the search finds exactly what is counted here; no product exceeds 2^33.
 */
export function inside(corners, xs, ys) {
  const sides = corners.map((corner, n) => [corner, corners[(n + 1) % corners.length]]).filter(([a, b]) => a[1] !== b[1]);
  for (const side of sides) if (side[0][1] > side[1][1]) side.reverse();
  const across = corners.map(([x]) => x);
  const down = corners.map(([, y]) => y);
  const [left, right] = [Math.min(...across), Math.max(...across)];
  const [top, bottom] = [Math.min(...down), Math.max(...down)];
  const found = [];
  for (let at = 0; at < xs.length; at++) {
    const [x, y] = [xs[at], ys[at]];
    if (x < left || x > right || y < top || y > bottom) continue;
    let odd = false;
    for (const [low, high] of sides) {
      if (y >= low[1] && y < high[1] && (x - low[0]) * (high[1] - low[1]) < (y - low[1]) * (high[0] - low[0])) odd = !odd;
    }
    if (odd) found.push(at);
  }
  return found;
}
