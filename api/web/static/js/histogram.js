// The histogram of dates: drag over bars to choose from when to when. Each bar alone is a link, and the two fields
// below take any date, also from a keyboard.

import { asked } from "./asking.js";

export function startHistogram(root, show) {
  const chart = root.querySelector("[data-histogram] svg");
  if (!chart) return;
  const bars = [...chart.querySelectorAll("a")];
  const told = chart.parentElement.querySelector("[data-chosen]");
  let first = -1;
  let last = -1;
  let moved = false;

  const at = (event) => {
    const { left, width } = chart.getBoundingClientRect();
    return Math.min(bars.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * bars.length)));
  };
  const range = () => [bars[Math.min(first, last)].dataset.from, bars[Math.max(first, last)].dataset.to];
  const mark = () => {
    bars.forEach((bar, index) => {
      bar.classList.toggle("dragged", first >= 0 && index >= Math.min(first, last) && index <= Math.max(first, last));
    });
    const [from, to] = first < 0 ? ["", ""] : range();
    told.textContent = from === to ? from : `${from} – ${to}`;
  };
  const stop = () => {
    first = last = -1;
    mark();
  };

  chart.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    first = last = at(event);
    moved = false;
    mark();
  });
  chart.addEventListener("pointermove", (event) => {
    if (first < 0) return;
    if (!moved && at(event) !== first) {
      moved = true;
      chart.setPointerCapture(event.pointerId);
    }
    last = at(event);
    mark();
  });
  chart.addEventListener("pointerup", () => {
    if (first >= 0 && moved) {
      const question = asked();
      const [from, to] = range();
      question.set("date_from", from);
      question.set("date_to", to);
      question.delete("offset");
      show(`/search?${question}`);
    }
    stop();
  });
  chart.addEventListener("pointercancel", stop);
  // A drag is no click on the bar that it ends on; nor may it drag a link.
  chart.addEventListener("click", (event) => moved && event.preventDefault());
  chart.addEventListener("dragstart", (event) => event.preventDefault());
}
