// Search as people do it: answers while one types, and every part of the question in the address.
// The server's own pages are fetched and the part that changes is put in place: there is one way to render.

import { startHistogram } from "./histogram.js";
import { typeset } from "./tex.js";

const PAUSE = 250; // milliseconds without a key after which the question is asked
const LEAST = 2; // characters of a question that is asked while one types

let asking = null; // the request under way, which a newer one ends
let timer = 0;

const form = () => document.querySelector("form#ask");
const live = () => document.querySelector("#live");

/** The address of what the form holds now, without empty fields and without what is the default. */
function addressOf(form) {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim() && !(name === "mode" && value === "hybrid")) asked.append(name, value.trim());
  }
  return asked.size ? `/search?${asked}` : "/search";
}

/** Show the answer of an address in place, or go there where that cannot be done. `history` is push, typing or none. */
export async function show(address, { history = "push", keepForm = false } = {}) {
  clearTimeout(timer);
  if (!live()) return location.assign(address);
  asking?.abort();
  const mine = (asking = new AbortController());
  live().classList.add("waiting");
  performance.mark("asked");
  let page;
  try {
    const response = await fetch(address, { headers: { accept: "text/html" }, signal: mine.signal });
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    return location.assign(address); // the browser says better than we what is wrong with the server
  }
  if (mine.signal.aborted) return undefined;
  if (!page.querySelector("#live")) {
    if (!keepForm) return location.assign(address);
    live().classList.remove("waiting");
    return undefined; // half a question, such as an unfinished date: an error only once it is sent
  }
  // What is typed in one go is one step of the history: the first answer that is shown adds it, the others change it.
  const again = history === "typing" && form().dataset.typing;
  if (history === "typing") form().dataset.typing = "yes";
  if (again) window.history.replaceState({}, "", address);
  else if (history !== "none") window.history.pushState({}, "", address);
  put(page, keepForm);
  requestAnimationFrame(() => setTimeout(() => performance.measure("answer", "asked")));
  return undefined;
}

function put(page, keepForm) {
  dispatchEvent(new Event("showing"));
  const open = [...document.querySelectorAll("#live details[open][id]")].map((each) => each.id);
  const focused = document.activeElement?.closest("#live") ? document.activeElement.getAttribute("name") : null;
  document.title = page.title;
  live().replaceWith(document.adoptNode(page.querySelector("#live")));
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.querySelector(`#live [name="${CSS.escape(focused)}"]`)?.focus();
  if (!keepForm) form().replaceWith(document.adoptNode(page.querySelector("form#ask")));
  else syncHidden(page);
  watchForm();
  startHistogram(live(), show);
  typeset(live());
  dispatchEvent(new Event("shown"));
}

/** While somebody types the form stays as it is, but for what it carries along unseen. */
function syncHidden(page) {
  for (const each of form().querySelectorAll("input[type=hidden]")) each.remove();
  form().append(...[...page.querySelectorAll("form#ask input[type=hidden]")].map((each) => document.adoptNode(each)));
}

function watchForm() {
  const watched = form();
  if (watched.dataset.watched) return;
  watched.dataset.watched = "yes";
  watched.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = watched.elements.q;
    show(addressOf(watched)).then(() => {
      if (document.activeElement === document.body) form().elements.q.focus({ preventScroll: true });
    });
    typed.blur();
  });
  let before = watched.elements.q.value;
  watched.elements.q.addEventListener("input", (event) => {
    clearTimeout(timer);
    const typed = event.target.value.trim();
    if (event.isComposing || typed === before.trim() || (typed.length < LEAST && typed !== "")) return;
    before = event.target.value;
    timer = setTimeout(() => show(addressOf(watched), { history: "typing", keepForm: true }), PAUSE);
  });
  watched.elements.q.addEventListener("focus", () => delete watched.dataset.typing);
}

/** Links within the answer that lead to another answer are followed in place. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const href = link.getAttribute("href") ?? "";
  if (!link.closest("#live") || !(href === "/search" || href.startsWith("/search?"))) return;
  event.preventDefault();
  const turns = link.closest("nav.turn");
  show(href).then(() => {
    if (turns) document.querySelector("#ask")?.scrollIntoView({ block: "start" });
  });
}

export function startSearch() {
  if (!live()) return;
  watchForm();
  startHistogram(live(), show);
  document.addEventListener("click", follow);
  addEventListener("popstate", () => show(location.pathname + location.search, { history: "none" }));
}
