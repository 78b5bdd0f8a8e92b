// The page of what is kept in this browser, and the button that keeps a question.

import { rest } from "./focus.js";
import { change, checked, drop, nameOf, put, read } from "./kept.js";
import { say } from "./toast.js";

const LISTS = ["questions", "like", "dislike"];

function entry(list, kept) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.textContent = kept.title;
  link.href = list === "questions" ? kept.href : `/papers/${encodeURIComponent(kept.id)}`;
  const gone = document.createElement("button");
  gone.type = "button";
  gone.textContent = "Forget";
  gone.setAttribute("aria-label", `Forget ${kept.title}`);
  gone.addEventListener("click", () => {
    drop(list, kept);
    say("Forgotten.", ["Undo", () => put(list, kept)]);
  });
  item.append(link, gone);
  return item;
}

function fill() {
  const kept = read();
  const was = document.activeElement.closest("[data-kept] li");
  const place = was && [was.parentElement, [...was.parentElement.children].indexOf(was)];
  for (const list of LISTS) {
    document.querySelector(`[data-kept="${list}"]`).replaceChildren(...kept[list].map((each) => entry(list, each)));
    document.querySelector(`[data-none="${list}"]`).hidden = kept[list].length > 0;
  }
  const search = document.querySelector("[data-search]");
  const liked = kept.like.slice(0, 50).map(({ id }) => ["like", id]);
  const disliked = kept.dislike.slice(0, 50).map(({ id }) => ["dislike", id]);
  search.hidden = !liked.length;
  search.href = `/search?${new URLSearchParams([...liked, ...disliked])}`;
  if (place) goOn(...place);
}

/** The focus stays at its place in a list, or at the last entry, or at the heading once the list is empty. */
function goOn(list, index) {
  const button = [...list.querySelectorAll("button")].at(index) ?? [...list.querySelectorAll("button")].at(-1);
  if (button) button.focus();
  else rest(list.parentElement.querySelector("h2"));
}

function save() {
  const kept = read();
  const content = JSON.stringify(Object.fromEntries(LISTS.map((list) => [list, kept[list]])), null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  link.download = "paperkin-saved.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // a browser may ask where to put it before it reads
}

async function load(file) {
  let given;
  try {
    given = checked(JSON.parse(await file.text()));
  } catch {
    return say("This is no file that was exported here.");
  }
  const count = LISTS.reduce((sum, list) => sum + given[list].length, 0);
  if (!count) return say("There is nothing in this file that can be kept.");
  const stored = change((kept) => {
    for (const list of LISTS) {
      const names = new Set(given[list].map(nameOf));
      kept[list] = [...given[list], ...kept[list].filter((each) => !names.has(nameOf(each)))];
    }
  });
  return say(stored ? `${count} imported.` : "This is more than the browser keeps for this page.");
}

export function startSaved() {
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-keep]")) return;
    const title = document.querySelector("form[role=search] input[type=search]").value || document.title.replace(/ – Paperkin$/, "");
    const asked = new URLSearchParams(location.search);
    asked.delete("offset");
    const question = { href: `/search?${asked}`, title };
    const stored = put("questions", question);
    if (stored) say(`Saved “${title}” in this browser`, ["Undo", () => drop("questions", question)]);
    else say("This browser does not keep anything for this page. A bookmark will.");
  });
  if (!document.querySelector("#saved")) return;
  addEventListener("kept", fill);
  document.querySelector("[data-export]").addEventListener("click", save);
  document.querySelector("[data-clear]").addEventListener("click", () => {
    const before = read();
    change((kept) => {
      for (const list of LISTS) kept[list] = [];
    });
    say("All is forgotten.", ["Undo", () => change((kept) => Object.assign(kept, before))]);
  });
  document.querySelector("[data-import]").addEventListener("change", (event) => {
    if (event.target.files[0]) load(event.target.files[0]);
    event.target.value = "";
  });
  fill();
}
