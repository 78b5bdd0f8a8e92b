// Marks the papers that came to the collection since this reader's last visit to a list.

import { change, read } from "./kept.js";

const VISIT = 30 * 60 * 1000; // milliseconds after which looking again is another visit

export function showNew() {
  const cards = [...document.querySelectorAll("article.card[data-came]")];
  if (!cards.length) return;
  const now = new Date();
  const { visit } = read();
  const [before, latest] = visit.split(" ");
  // Within one visit the mark stays: what was new when it began.
  const again = latest && now - new Date(latest) < VISIT;
  const since = again ? before : latest;
  if (since) {
    for (const card of cards.filter((each) => each.dataset.came > since)) {
      const mark = document.createElement("li");
      mark.className = "new";
      mark.textContent = "new";
      card.querySelector(".facts").prepend(mark);
    }
  }
  change((kept) => {
    kept.visit = `${since || now.toISOString()} ${now.toISOString()}`;
  });
}
