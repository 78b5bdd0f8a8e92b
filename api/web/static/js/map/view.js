// Which part of the map is seen, and where on the screen a place of it lies. Places are 0 to 65,535 both ways; the
// screen is in CSS pixels from the upper left corner.

export const SIDE = 65535;
const MARGIN = 28; // pixels that stay free around the whole map
const TOOLS = 62; // and at its right, where the buttons are
const LEAST = 4000; // a map of one paper, or of some in one spot, is shown as if it were this wide

export class View {
  /** `bounds` are left, top, right and bottom of what is drawn; `most` is how often larger than whole it may be seen. */
  constructor(bounds, most) {
    const [left, top, right, bottom] = bounds;
    this.middle = [(left + right) / 2, (top + bottom) / 2];
    this.extent = [Math.max(right - left, LEAST), Math.max(bottom - top, LEAST)];
    this.most = most;
    this.zoom = 1;
    [this.cx, this.cy] = this.middle;
    this.width = this.height = 1;
  }

  /** Pixels of a unit where the whole map is seen. */
  get whole() {
    const [width, height] = this.extent;
    return Math.min(Math.max(this.width - MARGIN - TOOLS, 1) / width, Math.max(this.height - 2 * MARGIN, 1) / height);
  }

  /** Where on the screen the middle is, across: that of the window, unless the whole map would reach below the buttons. */
  get midX() {
    return Math.min(this.width / 2, this.width - TOOLS - (this.whole * this.extent[0]) / 2);
  }

  get midY() {
    return this.height / 2;
  }

  get scale() {
    return this.whole * this.zoom;
  }

  resize(width, height) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
    this.hold();
  }

  x(place) {
    return (place - this.cx) * this.scale + this.midX;
  }

  y(place) {
    return (place - this.cy) * this.scale + this.midY;
  }

  placeX(x) {
    return (x - this.midX) / this.scale + this.cx;
  }

  placeY(y) {
    return (y - this.midY) / this.scale + this.cy;
  }

  /** Left, top, right and bottom of what is seen, in places; `margin` is in pixels. */
  seen(margin = 0) {
    return [
      this.placeX(-margin),
      this.placeY(-margin),
      this.placeX(this.width + margin),
      this.placeY(this.height + margin),
    ];
  }

  pan(dx, dy) {
    this.cx -= dx / this.scale;
    this.cy -= dy / this.scale;
    this.hold();
  }

  /** What is under (x, y) stays there, unless the whole map comes to be seen. Returns whether anything changed. */
  zoomBy(factor, x = this.midX, y = this.midY) {
    const before = this.zoom;
    const [placeX, placeY] = [this.placeX(x), this.placeY(y)];
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), this.most);
    this.cx = placeX - (x - this.midX) / this.scale;
    this.cy = placeY - (y - this.midY) / this.scale;
    this.hold();
    return this.zoom !== before;
  }

  showWhole() {
    this.zoom = 1;
    this.hold();
  }

  /** Zoom and middle, to be taken up later by another view of the same map. */
  get state() {
    return [this.zoom, this.cx, this.cy];
  }

  set state([zoom, cx, cy]) {
    this.zoom = Math.min(Math.max(zoom, 1), this.most);
    [this.cx, this.cy] = [cx, cy];
    if (this.width > 1) this.hold(); // else its size is not known yet, and held as soon as it is
  }

  /** Some of the map stays in the middle, and all of it where it is whole. */
  hold() {
    const half = [Math.min(this.midX - MARGIN, this.width - TOOLS - this.midX), this.midY - MARGIN];
    for (const [centre, axis] of [["cx", 0], ["cy", 1]]) {
      const spare = Math.max(this.extent[axis] / 2 - half[axis] / this.scale, 0);
      const slack = this.zoom > 1 ? Math.max(spare, this.extent[axis] / 2 - 40 / this.scale) : spare;
      this[centre] = Math.min(Math.max(this[centre], this.middle[axis] - slack), this.middle[axis] + slack);
    }
  }
}

/** Left, top, right and bottom of places. */
export function boundsOf(xs, ys) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < xs.length; at++) {
    if (xs[at] < bounds[0]) bounds[0] = xs[at];
    if (ys[at] < bounds[1]) bounds[1] = ys[at];
    if (xs[at] > bounds[2]) bounds[2] = xs[at];
    if (ys[at] > bounds[3]) bounds[3] = ys[at];
  }
  return bounds;
}
