// Search as people do it: answers while one types, and every part of the question in the address.
// The server's own pages are fetched and the part that changes is put in place: there is one way to render.

import { addressOfForm, addressOfLink, asked, ends, form, giveUpReturn, leaves, takeOver, updateForm } from "./asking.js";
import { keepFocus } from "./focus.js";
import { startHistogram } from "./histogram.js";
import { typeset } from "./tex.js";
import { announce, say } from "./toast.js";

const PAUSE = 250; // milliseconds without a key after which the question is asked
const LEAST = 2; // characters of a question that is asked while one types
const INVALID = 422; // half a question, such as an unfinished date: an error only once it is sent

let timer = 0; // of the pause; 0 where no question waits for its end
let typing = false; // whether the step of the history that is shown was made by typing that goes on
let shown = ""; // the address of the answer that is shown

const live = () => document.querySelector("#live");
const here = () => location.pathname + location.search;

function stopTimer() {
  clearTimeout(timer);
  timer = 0;
}

/** Show the answer of an address in place, or go there where that cannot be done. `history` is push, replace, typing or none. */
export async function show(address, { history = "push" } = {}) {
  if (!live() && history !== "typing") return location.assign(address);
  const question = leaves(address, history, timer || history === "typing" ? ["q"] : []);
  live()?.classList.add("waiting");
  performance.mark("asked");
  const [page, status] = await fetched(question);
  if (question.signal.aborted) return undefined;
  ends(question);
  if (!page?.querySelector("#live")) {
    if (history !== "typing") return location.assign(address); // what is wrong is said there, be it by the browser
    live()?.classList.remove("waiting");
    if (status !== INVALID) say(page?.querySelector("h1")?.textContent || "No answer came. Press Enter to ask again.");
    return undefined; // nobody is thrown out of what is being typed
  }
  record(address, history);
  if (!live()) makeRoom(page);
  put(page, question);
  requestAnimationFrame(() => setTimeout(() => performance.measure("answer", "asked")));
  return undefined;
}

/** The page that answers a question, and its status; null where the server cannot be reached. */
async function fetched({ address, signal }) {
  try {
    const response = await fetch(address, { headers: { accept: "text/html" }, signal });
    return [new DOMParser().parseFromString(await response.text(), "text/html"), response.status];
  } catch {
    return [null, 0];
  }
}

/** What is typed in one go is one step of the history: the first answer that is shown adds it, the others change it. */
function record(address, history) {
  const again = history === "typing" && typing;
  typing = history === "typing";
  shown = address;
  if (history === "none") return;
  if (again || history === "replace" || address === here()) window.history.replaceState({}, "", address);
  else window.history.pushState({}, "", address);
}

/** On a page of something else: what it shows gives way to the answer, and the box stays as it is. */
function makeRoom(page) {
  const [main, given] = [document, page].map((each) => each.querySelector("main"));
  const place = document.createElement("div");
  place.id = "live";
  main.className = given.className;
  for (const each of [...main.children]) if (each !== form()) each.remove();
  main.prepend(document.adoptNode(given.querySelector("h1")));
  main.append(place, document.adoptNode(given.querySelector("#sure")));
}

function put(page, question) {
  dispatchEvent(new Event("showing"));
  const before = live();
  const after = document.adoptNode(page.querySelector("#live"));
  for (const { id } of before.querySelectorAll("details[open][id]")) after.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  takeOver(before, after, question);
  const focus = keepFocus(before);
  before.replaceWith(after);
  updateForm(page, question);
  focus(after);
  document.title = page.title;
  const [heading, given] = [document, page].map((each) => each.querySelector("main > h1"));
  if (heading && given) heading.textContent = given.textContent;
  startHistogram(after, show);
  typeset(after);
  dispatchEvent(new Event("shown"));
  const said = [...after.querySelectorAll(".summary, .hint strong")].map((each) => each.textContent.trim());
  announce(said.join(". ").replace(/\s+/g, " "));
}

function watchForm() {
  const box = form().elements.q;
  form().addEventListener("submit", (event) => {
    stopTimer();
    if (!live()) return;
    event.preventDefault();
    const address = addressOfForm();
    // A finger wants the answer instead of the keyboard; a hand at the keyboard goes on typing.
    if (matchMedia("(pointer: coarse)").matches) box.blur();
    show(address);
  });
  const typed = (event) => {
    stopTimer();
    const text = box.value.trim();
    if (event.isComposing || text === (asked().get("q") ?? "").trim() || (text.length < LEAST && text !== "")) return;
    timer = setTimeout(() => {
      timer = 0;
      show(addressOfForm(), { history: "typing" });
    }, PAUSE);
  };
  // What an input method puts together is whole when it says so, after the last input.
  for (const name of ["input", "compositionend"]) box.addEventListener(name, typed);
  box.addEventListener("focus", () => {
    typing = false;
  });
}

/** Links within the answer that lead to another answer are followed in place; what is said of a paper, taste.js hears. */
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const href = link.getAttribute("href") ?? "";
  if (!link.closest("#live") || link.dataset.taste || !(href === "/search" || href.startsWith("/search?"))) return;
  event.preventDefault();
  const turns = link.closest("nav.turn");
  show(turns ? href : addressOfLink(href)).then(() => {
    if (turns) document.querySelector("#ask")?.scrollIntoView({ block: "start" });
  });
}

/** Back or forward. A link within the page comes by here, too. */
function goBack() {
  if (here() !== shown) {
    stopTimer();
    show(here(), { history: "none" });
  } else if (giveUpReturn()) {
    live()?.classList.remove("waiting");
  }
}

export function startSearch() {
  if (!form()) return;
  shown = here();
  watchForm();
  if (live()) startHistogram(live(), show);
  document.addEventListener("click", follow);
  addEventListener("popstate", goBack);
}
