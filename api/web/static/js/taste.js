// "More like this" and "Less like this": the answer moves at once, the browser remembers, and both can be undone.

import { addressOf, asked, unwait, wait } from "./asking.js";
import { drop, idsOf, put } from "./kept.js";
import { show } from "./search.js";
import { say } from "./toast.js";

const SAID = { like: "More like", dislike: "Less like" };
const OTHER = { like: "dislike", dislike: "like" };

const undos = []; // how to undo what was said, the latest last

/** Like or dislike a paper by its link. On a search page that is part of the question. */
export function taste(link) {
  const card = link.closest("[data-id]");
  const kind = link.dataset.taste;
  const paper = { id: card.dataset.id, title: card.dataset.title };
  if (document.querySelector("#live")) move(kind, paper);
  else if (kind === "dislike") note(paper);
  else {
    remember(kind, paper);
    location.assign(link.href); // to papers like this, as without a script
  }
}

/** Remember what was said of a paper. Gives back whether it could be, and how to have it as before. */
function remember(kind, paper) {
  const [had, hadOther] = [kind, OTHER[kind]].map((list) => idsOf(list).has(paper.id));
  drop(OTHER[kind], paper);
  const stored = put(kind, paper);
  const forget = () => {
    if (!had) drop(kind, paper);
    if (hadOther) put(OTHER[kind], paper);
  };
  return [stored, forget];
}

/** On a search page: the answer moves. */
function move(kind, paper) {
  const other = OTHER[kind];
  const before = asked();
  const [stored, forget] = remember(kind, paper);
  unwait(paper.id);
  undos.push(() => {
    forget();
    unwait(paper.id);
    // Out of what is asked by then, which may be another question.
    const now = asked();
    const undone = before.getAll(kind).includes(paper.id) ? asked() : without(now, kind, paper.id);
    if (before.getAll(other).includes(paper.id)) undone.append(other, paper.id);
    if (addressOf(undone) !== addressOf(now)) show(addressOf(undone), { history: "replace" });
  });
  const question = withPaper(before, kind, paper.id);
  // Nothing but what is not wanted is no question: what is disliked counts once something is asked.
  if (kind === "dislike" && !["q", "abstract", "like"].some((name) => question.get(name))) {
    wait(kind, paper.id);
    return say(`${stored ? "Remembered; it counts" : "It counts"} once you ask something.`, ["Undo", undo]);
  }
  say(`${SAID[kind]} “${paper.title}”${stored ? "" : ", in this question alone: the browser keeps nothing for this page"}`, ["Undo", undo]);
  if (addressOf(question) === addressOf(before)) return undefined;
  return show(addressOf(question)).then(() => document.querySelector("#ask")?.scrollIntoView({ block: "nearest" }));
}

/** Elsewhere nothing moves: what is disliked is only remembered, until it is said once more. */
function note(paper) {
  if (idsOf("dislike").has(paper.id)) {
    drop("dislike", paper);
    undos.push(() => put("dislike", paper));
    return say(`No longer “less like ${paper.title}”`, ["Undo", undo]);
  }
  const [stored, forget] = remember("dislike", paper);
  if (!stored) return say("This browser does not keep anything for this page.");
  undos.push(forget);
  return say(`Remembered as less like “${paper.title}”, for a search with what is saved`, ["Undo", undo]);
}

/** Undo what was said last, then what was said before that. */
export function undo() {
  if (undos.length) undos.pop()();
  else say("There is nothing to undo.");
}

function without(question, kind, id) {
  const others = question.getAll(kind).filter((each) => each !== id);
  const less = new URLSearchParams(question);
  less.delete(kind);
  for (const each of others) less.append(kind, each);
  return less;
}

/** The question with one more paper of a kind, on its first page. */
function withPaper(question, kind, id) {
  const more = without(question, OTHER[kind], id);
  if (!more.getAll(kind).includes(id)) more.append(kind, id);
  more.delete("offset");
  return more;
}

/** Show on each paper what was said of it. */
function mark() {
  const said = { like: idsOf("like"), dislike: idsOf("dislike") };
  for (const link of document.querySelectorAll("[data-taste]")) {
    const on = said[link.dataset.taste].has(link.closest("[data-id]")?.dataset.id);
    if (on === link.classList.contains("on")) continue;
    link.classList.toggle("on", on);
    link.querySelector(".visually-hidden")?.remove();
    if (!on) continue;
    const heard = document.createElement("span");
    heard.className = "visually-hidden";
    heard.textContent = " (chosen)";
    link.append(heard);
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
