// What is done with mouse, pen and fingers, in terms of the map: move, zoom, look at, choose, draw.

const STILL = 6; // pixels that a press may wander and be a click
const TWICE = 350; // milliseconds between two clicks that are a double one

/** `hears` has a function for each thing done; `draws(event)` says whether a drag draws an area and does not move. */
export function listen(surface, hears) {
  const down = new Map();
  let stroke = null;
  let start = null;
  let last = null;
  const where = (event) => [event.offsetX, event.offsetY];

  surface.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    down.set(event.pointerId, where(event));
    start = down.size === 1 ? where(event) : null;
    if (down.size === 1 && hears.draws(event)) stroke = [where(event)];
    else if (stroke) {
      stroke = null; // a second finger: it was to be a pinch
      hears.drawing(null);
    }
  });

  surface.addEventListener("pointermove", (event) => {
    const now = where(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") hears.look(...now);
      return;
    }
    if (start && Math.hypot(now[0] - start[0], now[1] - start[1]) < STILL) return;
    start = null;
    down.set(event.pointerId, now);
    if (stroke) {
      stroke.push(...(event.getCoalescedEvents?.() ?? []).map(where), now);
      hears.drawing(stroke);
    } else if (down.size === 1) hears.move(now[0] - before[0], now[1] - before[1]);
    else if (down.size === 2) pinch(event.pointerId, before, now);
  });

  function pinch(id, before, now) {
    const [, other] = [...down].find(([key]) => key !== id);
    const distance = (point) => Math.max(Math.hypot(point[0] - other[0], point[1] - other[1]), 1);
    hears.move((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
    hears.zoom(distance(now) / distance(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  function up(event) {
    if (!down.delete(event.pointerId)) return;
    const drawn = stroke;
    stroke = null;
    if (event.type === "pointercancel") {
      if (drawn) hears.drawing(null);
    } else if (start && hears.draws(event)) hears.corner(...where(event));
    else if (start) click(event);
    else if (drawn) hears.drawn(drawn);
    start = null;
  }
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", up);

  function click(event) {
    const [x, y] = where(event);
    const twice = last && event.timeStamp - last.time < TWICE && Math.hypot(x - last.x, y - last.y) < 4 * STILL;
    last = twice ? null : { time: event.timeStamp, x, y };
    if (twice) hears.twice(x, y);
    else hears.choose(x, y, event);
  }

  surface.addEventListener("auxclick", (event) => {
    if (event.button === 1) hears.choose(...where(event), event);
  });
  surface.addEventListener("pointerleave", (event) => {
    if (!down.size && event.pointerType !== "touch") hears.leave(event);
  });
  surface.addEventListener(
    "wheel",
    (event) => {
      const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
      // A wheel that cannot zoom out any further scrolls the page: nobody is caught on the map.
      const factor = Math.exp(-Math.min(Math.max(pixels, -240), 240) * (event.ctrlKey ? 0.01 : 0.0022));
      if (hears.zoom(factor, ...where(event)) || factor > 1) event.preventDefault();
    },
    { passive: false },
  );
}
