// The keyboard: / ↑ ↓ j k o l d u x ?

import { select } from "./citing.js";
import { change, read } from "./kept.js";
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
  if (!link) return false;
  if (!here().contains(document.activeElement)) here().querySelector("h2 a, h3 a").focus({ preventScroll: true });
  taste(link);
  return true;
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

let table = null; // the promise of the dialog: it is fetched once

/** The table of keys and their switch, as the page on how to search has them. */
async function makeTable() {
  const page = new DOMParser().parseFromString(await (await fetch("/help")).text(), "text/html");
  const heading = page.querySelector("#keyboard");
  const parts = [heading, heading.nextElementSibling, page.querySelector("[data-keys]").closest("p")];
  heading.removeAttribute("id");
  const dialog = document.createElement("dialog");
  dialog.className = "keys";
  dialog.setAttribute("aria-label", "Keyboard");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(...parts.map((each) => document.adoptNode(each)), close);
  document.body.append(dialog);
  showSwitch();
  return dialog;
}

async function help() {
  try {
    const dialog = await (table ??= makeTable());
    if (!dialog.open) dialog.showModal();
  } catch {
    location.assign("/help#keyboard");
  }
}

/** Single letters are also what some people's speech recognition types: they can be switched off. */
function showSwitch() {
  for (const each of document.querySelectorAll("[data-keys]")) each.checked = read().keys;
}

const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable]";
const isTyping = (target) => target.closest?.(`${FIELDS}, dialog, canvas`);

function leave(event) {
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (open.contains(document.activeElement)) open.querySelector("summary").focus();
    open.open = false;
  }
  if (!event.target.matches?.(FIELDS) || event.target.closest("dialog")) return;
  event.preventDefault(); // a browser would empty the box, of which nobody would be told
  event.target.blur();
}

/** Whether a key is a command where it is pressed. Arrows are one only in the list, and lead into it from the search box. */
function isMeant({ key, target }) {
  if (!Object.hasOwn(KEYS, key)) return false;
  if (key === "ArrowDown" && target.matches?.("form[role=search] input[type=search]")) return true;
  if (isTyping(target)) return false;
  if (!key.startsWith("Arrow")) return read().keys;
  // Above an answer an arrow leads into it; elsewhere it scrolls, as everywhere.
  const above = key === "ArrowDown" && target === document.body && document.querySelector("#live");
  return Boolean(target.closest?.("article.card") || (above && read().keys));
}

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") leave(event);
    else if (isMeant(event) && KEYS[event.key]()) event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest?.("article.card");
    if (card) for (const each of cards()) each.classList.toggle("here", each === card && Boolean(here()));
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-keys]")) change((kept) => {
      kept.keys = event.target.checked;
    });
  });
  addEventListener("kept", showSwitch);
  showSwitch();
  // Who is in the list when the answer changes stays at that place of it, to say l and d of one paper after another.
  let place = -1;
  addEventListener("showing", () => {
    place = here()?.contains(document.activeElement) ? cards().indexOf(here()) : -1;
  });
  addEventListener("shown", () => {
    const card = cards()[Math.min(place, cards().length - 1)];
    if (place < 0 || !card) return;
    card.classList.add("here");
    card.querySelector("h2 a, h3 a").focus({ preventScroll: true });
  });
}
