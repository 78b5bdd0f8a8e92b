// Copying references, of one paper or of all that are selected.

import { rest } from "./focus.js";
import { change, drop, idsOf, put, read } from "./kept.js";
import { announce, say } from "./toast.js";

const FORMATS = [["bibtex", "BibTeX"], ["ris", "RIS"], ["csl-json", "CSL-JSON"], ["markdown", "Markdown"]];

async function fetched(address, body = null) {
  const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(address, options ?? {}).catch(() => {
    throw new Error("The server did not answer. Try again in a moment.");
  });
  if (response.ok) return response;
  const said = (await response.json().catch(() => null))?.error;
  throw new Error(said ? `${said.message} ${said.next_step}` : `The server has no answer now (${response.status}). Try again in a moment.`);
}

/** Some browsers let only the click itself write, and so are given a text that is still to come. */
function write(text) {
  if (!globalThis.ClipboardItem) return text.then((each) => navigator.clipboard.writeText(each));
  const type = "text/plain";
  const blob = text.then((each) => new Blob([each], { type }));
  blob.catch(() => undefined); // of a text that does not come `copy` tells
  return navigator.clipboard.write([new ClipboardItem({ [type]: blob })]);
}

async function copy(address, body = null) {
  if (!navigator.clipboard) return say("Copying needs https; download it instead.");
  const text = fetched(address, body).then((response) => response.text());
  try {
    await write(text);
    return say("Copied.");
  } catch {
    const wrong = await text.then(() => null, (error) => error.message);
    return say(wrong ?? "The browser does not allow copying here. Download it instead.");
  }
}

async function download(body) {
  try {
    const response = await fetched("/v1/cite", { ...body, download: true });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "paperkin.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // a browser may ask where to put it before it reads
  } catch (error) {
    say(error.message);
  }
}

/** Select a paper, or no longer. */
export function select(card, chosen) {
  const paper = { id: card.dataset.id, title: card.dataset.title };
  const stored = chosen ? put("selected", paper) : drop("selected", paper);
  if (stored) return announce(said());
  mark();
  return say("This browser does not keep anything for this page, so nothing can be selected.");
}

/** The ids of what is selected, in the order in which it was. */
const chosenIds = () => [...idsOf("selected")].reverse();
const said = () => `${idsOf("selected").size.toLocaleString("en")} selected`;

function button(label, run, hidden = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  if (hidden) {
    const more = document.createElement("span");
    more.className = "visually-hidden";
    more.textContent = hidden;
    made.append(more);
  }
  made.addEventListener("click", run);
  return made;
}

function menu() {
  const details = document.createElement("details");
  details.className = "menu cite";
  const summary = document.createElement("summary");
  summary.className = "button";
  summary.textContent = "Cite them";
  const list = document.createElement("div");
  for (const [format, label] of FORMATS) {
    const row = document.createElement("p");
    row.className = "row";
    const name = document.createElement("span");
    name.textContent = label;
    row.append(
      name,
      button("Copy", () => copy("/v1/cite", { ids: chosenIds(), format }), ` as ${label}`),
      button("Download", () => download({ ids: chosenIds(), format }), ` as ${label}`),
    );
    list.append(row);
  }
  details.append(summary, list);
  return details;
}

function makeBar() {
  const bar = document.createElement("section");
  bar.className = "selection";
  bar.setAttribute("aria-label", "Selected papers");
  const search = document.createElement("a");
  search.className = "button";
  search.textContent = "More like these";
  const clear = button("Clear", () => {
    change((kept) => {
      kept.selected = [];
    });
    announce("Nothing is selected.");
  });
  bar.append(document.createElement("span"), menu(), search, clear);
  document.querySelector("main").append(bar);
  return bar;
}

/** The bar that says what is selected, and the boxes of the papers that are. What is open in the bar stays open. */
function mark() {
  const { selected } = read();
  const ids = new Set(selected.map(({ id }) => id));
  const boxes = document.querySelectorAll("[data-select]");
  for (const box of boxes) box.checked = ids.has(box.closest("[data-id]").dataset.id);
  const old = document.querySelector(".selection");
  if (!ids.size || !boxes.length) {
    const focused = old?.contains(document.activeElement);
    old?.remove();
    if (focused) rest();
    return;
  }
  const bar = old ?? makeBar();
  bar.querySelector("span").textContent = said();
  bar.querySelector("a.button").href = `/search?${new URLSearchParams([...ids].slice(0, 100).map((id) => ["like", id]))}`;
}

export function startCiting() {
  document.addEventListener("click", (event) => {
    const copied = event.target.closest?.("[data-copy]");
    if (copied) copy(copied.dataset.copy);
    // One menu at a time, and none once something else is pointed at.
    for (const open of document.querySelectorAll("details.menu[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-select]")) select(event.target.closest("[data-id]"), event.target.checked);
  });
  for (const name of ["kept", "shown"]) addEventListener(name, mark);
  mark();
}
