// The keyboard: / ↑ ↓ j k o l d u x ?

import { select } from "./citing.js";
import { taste, undo } from "./taste.js";

const cards = () => [...document.querySelectorAll("article.card")];
const here = () => document.querySelector("article.card.here");

function go(step) {
  const all = cards();
  if (!all.length) return false;
  const at = all.indexOf(here() ?? document.activeElement?.closest?.("article.card"));
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  for (const card of all) card.classList.toggle("here", card === next);
  next.querySelector("h2 a, h3 a").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest", behavior: "auto" });
  return true;
}

function like(kind) {
  const link = here()?.querySelector(`[data-taste="${kind}"]`);
  if (link) taste(link);
  return Boolean(link);
}

const KEYS = {
  "/": () => {
    const box = document.querySelector("form[role=search] input[type=search]");
    box?.focus();
    box?.select();
    return Boolean(box);
  },
  ArrowDown: () => go(1),
  ArrowUp: () => go(-1),
  j: () => go(1),
  k: () => go(-1),
  o: () => {
    here()?.querySelector("h2 a, h3 a").click();
    return Boolean(here());
  },
  l: () => like("like"),
  d: () => like("dislike"),
  u: () => {
    undo();
    return true;
  },
  x: () => {
    const box = here()?.querySelector("[data-select]");
    if (box) select(here(), !box.checked);
    return Boolean(box);
  },
  "?": () => {
    help();
    return true;
  },
};

/** The table of keys, as the page on how to search has it. */
async function help() {
  let dialog = document.querySelector("dialog.keys");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "keys";
    dialog.setAttribute("aria-label", "Keyboard");
    const page = new DOMParser().parseFromString(await (await fetch("/help")).text(), "text/html");
    const heading = page.querySelector("#keyboard");
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    const table = heading.nextElementSibling;
    heading.removeAttribute("id");
    dialog.append(document.adoptNode(heading), document.adoptNode(table), close);
    document.body.append(dialog);
  }
  if (!dialog.open) dialog.showModal();
}

const isTyping = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, dialog, [contenteditable], canvas");

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "Escape") {
      for (const open of document.querySelectorAll("details.menu[open]")) {
        if (open.contains(document.activeElement)) open.querySelector("summary").focus();
        open.open = false;
      }
      if (isTyping(event.target)) event.target.blur();
      return;
    }
    // From the search box the arrow leads into the answer.
    const fromBox = event.key === "ArrowDown" && event.target.matches?.("form[role=search] input[type=search]");
    if (isTyping(event.target) && !fromBox) return;
    if (Object.hasOwn(KEYS, event.key) && KEYS[event.key]()) event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest?.("article.card");
    if (card) for (const each of cards()) each.classList.toggle("here", each === card && Boolean(here()));
  });
  // After the answer has changed the place in the list is kept, so that l and d can be said of one paper after another.
  let place = -1;
  addEventListener("kept", () => {
    place = cards().indexOf(here());
  });
  // So it is when an answer that was asked by typing arrives after the reader has gone on into the list.
  addEventListener("showing", () => {
    if (here()?.contains(document.activeElement)) place = cards().indexOf(here());
  });
  document.addEventListener("submit", () => {
    place = -1; // another question begins at its first paper
  });
  addEventListener("shown", () => {
    if (place < 0 || here()) return;
    const card = cards()[Math.min(place, cards().length - 1)];
    card?.classList.add("here");
    card?.querySelector("h2 a, h3 a").focus({ preventScroll: true });
    place = -1;
  });
}
