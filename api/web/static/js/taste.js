// "More like this" and "Less like this": the answer moves at once, the browser remembers, and both can be undone.

import { drop, has, put } from "./kept.js";
import { show } from "./search.js";
import { say } from "./toast.js";

const SAID = { like: "More like", dislike: "Less like" };

let last = null; // how to undo what was said last

/** Like or dislike a paper by its link. On a search page that is part of the question; elsewhere it is only remembered. */
export function taste(link) {
  const card = link.closest("[data-id]");
  const kind = link.dataset.taste;
  const paper = { id: card.dataset.id, title: card.dataset.title };
  if (has(kind, paper.id) && !document.querySelector("#live")) return forget(kind, paper);
  const other = kind === "like" ? "dislike" : "like";
  const before = has(other, paper.id);
  drop(other, paper);
  put(kind, paper);
  if (document.querySelector("#live")) {
    const here = location.pathname + location.search;
    last = () => {
      drop(kind, paper);
      if (before) put(other, paper);
      show(here);
    };
    show(asked(kind, other, paper.id)).then(() => document.querySelector("#ask")?.scrollIntoView({ block: "nearest" }));
  } else {
    last = () => {
      drop(kind, paper);
      if (before) put(other, paper);
    };
  }
  say(`${SAID[kind]} “${paper.title}”`, ["Undo", undo]);
  return undefined;
}

function forget(kind, paper) {
  drop(kind, paper);
  last = () => put(kind, paper);
  say(`No longer “${SAID[kind].toLowerCase()} ${paper.title}”`, ["Undo", undo]);
}

export function undo() {
  last?.();
  last = null;
}

/** The question of the address with one more paper of a kind, on its first page. */
function asked(kind, other, id) {
  const question = new URLSearchParams(location.search);
  const others = question.getAll(other).filter((each) => each !== id);
  question.delete(other);
  for (const each of others) question.append(other, each);
  if (!question.getAll(kind).includes(id)) question.append(kind, id);
  question.delete("offset");
  // Nothing but what is not wanted is no question: what is disliked counts once something is asked.
  if (kind === "dislike" && !["q", "abstract", "like"].some((name) => question.get(name))) return location.pathname + location.search;
  return `/search?${question}`;
}

/** Show on each paper what was said of it. */
function mark() {
  for (const link of document.querySelectorAll("[data-taste]")) {
    const id = link.closest("[data-id]")?.dataset.id;
    link.classList.toggle("on", has(link.dataset.taste, id));
  }
}

export function startTaste() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-taste]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    taste(link);
  });
  for (const name of ["kept", "shown"]) addEventListener(name, mark);
  mark();
}
