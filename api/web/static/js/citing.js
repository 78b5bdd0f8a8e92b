// Copying references, of one paper or of all that are selected.

import { change, drop, has, put, read } from "./kept.js";
import { say } from "./toast.js";

const FORMATS = [["bibtex", "BibTeX"], ["ris", "RIS"], ["csl-json", "CSL-JSON"], ["markdown", "Markdown"]];

async function fetched(address, body = null) {
  const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(address, options ?? {});
  if (response.ok) return response;
  const { error } = await response.json();
  throw new Error(`${error.message} ${error.next_step}`);
}

async function copy(address, body = null) {
  try {
    const text = await (await fetched(address, body)).text();
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch (error) {
    say(error.name === "NotAllowedError" ? "The browser does not allow copying here. Download it instead." : error.message);
  }
}

async function download(body) {
  try {
    const response = await fetched("/v1/cite", { ...body, download: true });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "paperkin.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href));
  } catch (error) {
    say(error.message);
  }
}

/** Select a paper, or no longer. */
export function select(card, chosen) {
  const paper = { id: card.dataset.id, title: card.dataset.title };
  if (chosen) put("selected", paper);
  else drop("selected", paper);
}

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

function menu(ids) {
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
      button("Copy", () => copy("/v1/cite", { ids, format }), ` as ${label}`),
      button("Download", () => download({ ids, format }), ` as ${label}`),
    );
    list.append(row);
  }
  details.append(summary, list);
  return details;
}

/** The bar that says what is selected, and the boxes of the papers that are. */
function mark() {
  const { selected } = read();
  for (const box of document.querySelectorAll("[data-select]")) box.checked = has("selected", box.closest("[data-id]").dataset.id);
  document.querySelector(".selection")?.remove();
  if (!selected.length || !document.querySelector("[data-select]")) return;
  const bar = document.createElement("section");
  bar.className = "selection";
  bar.setAttribute("aria-label", "Selected papers");
  const count = document.createElement("span");
  count.setAttribute("role", "status");
  count.textContent = `${selected.length.toLocaleString("en")} selected`;
  const search = document.createElement("a");
  search.className = "button";
  search.textContent = "More like these";
  const liked = new URLSearchParams(selected.slice(0, 100).map(({ id }) => ["like", id]));
  search.href = `/search?${liked}`;
  bar.append(count, menu(selected.map(({ id }) => id).reverse()), search, button("Clear", () => change((kept) => {
    kept.selected = [];
  })));
  document.querySelector("main").append(bar);
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
