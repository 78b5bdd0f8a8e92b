// Finds the points near a place without looking at all of them: points sorted into 256 × 256 cells by counting.

const CELLS = 256;
const CELL = 65536 / CELLS;
const clamp = (cell) => Math.min(Math.max(cell, 0), CELLS - 1);

export class Grid {
  constructor(xs, ys) {
    this.xs = xs;
    this.ys = ys;
    this.start = new Uint32Array(CELLS * CELLS + 1); // where in `order` the points of a cell begin
    for (let at = 0; at < xs.length; at++) this.start[(ys[at] >> 8) * CELLS + (xs[at] >> 8) + 1]++;
    for (let cell = 0; cell < CELLS * CELLS; cell++) this.start[cell + 1] += this.start[cell];
    this.order = new Uint32Array(xs.length);
    const next = this.start.slice();
    for (let at = 0; at < xs.length; at++) this.order[next[(ys[at] >> 8) * CELLS + (xs[at] >> 8)]++] = at;
  }

  /** The point nearest to a place, no further away than `radius`; -1 where there is none. Ties go to the smaller number. */
  nearest(x, y, radius) {
    let found = -1;
    let least = radius * radius;
    const column = clamp(Math.floor(x / CELL));
    const row = clamp(Math.floor(y / CELL));
    // Ring after ring of cells: what lies in the next one is at least as far away as the border of this one.
    for (let ring = 0; ring < CELLS; ring++) {
      for (let r = Math.max(row - ring, 0); r <= Math.min(row + ring, CELLS - 1); r++) {
        const edge = r === row - ring || r === row + ring;
        for (let c = column - ring; c <= column + ring; c += edge || !ring ? 1 : 2 * ring) {
          if (c < 0 || c >= CELLS) continue;
          for (let n = this.start[r * CELLS + c]; n < this.start[r * CELLS + c + 1]; n++) {
            const at = this.order[n];
            const away = (this.xs[at] - x) ** 2 + (this.ys[at] - y) ** 2;
            if (away < least || (away === least && (found < 0 || at < found))) {
              least = away;
              found = at;
            }
          }
        }
      }
      const border = Math.min(x - (column - ring) * CELL, (column + ring + 1) * CELL - x, y - (row - ring) * CELL, (row + ring + 1) * CELL - y);
      if (border > 0 && border * border > least) break;
    }
    return found;
  }

  /** The points within left, top, right and bottom; `null` where there are more than `most`. */
  within([left, top, right, bottom], most) {
    const found = [];
    const [first, last] = [clamp(Math.floor(left / CELL)), clamp(Math.floor(right / CELL))];
    for (let r = clamp(Math.floor(top / CELL)); r <= clamp(Math.floor(bottom / CELL)); r++) {
      for (let n = this.start[r * CELLS + first]; n < this.start[r * CELLS + last + 1]; n++) {
        const at = this.order[n];
        if (this.xs[at] < left || this.xs[at] > right || this.ys[at] < top || this.ys[at] > bottom) continue;
        if (found.length === most) return null;
        found.push(at);
      }
    }
    return found;
  }
}
