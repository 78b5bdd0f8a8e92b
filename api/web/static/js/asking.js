// The question on its way: its address, and what the fields held when it left. Whatever is asked before its answer has
// come builds upon it, and whatever a reader changes meanwhile stays as the reader has it.

let pending = null; // { address, history, left, signal, stop }

export const form = () => document.querySelector("form#ask");
const here = () => location.pathname + location.search;
const paramsOf = (address) => new URLSearchParams(address.split("?")[1] ?? "");

/** The fields that a reader can change, in the form and in the answer. */
const fieldsOf = (form) => [...form.elements].filter(({ name, type }) => name && type !== "hidden" && type !== "submit");

/** A question leaves, and the one before counts no more. Its answer leaves the fields `untouched` as they are. */
export function leaves(address, history, untouched) {
  pending?.stop();
  const ending = new AbortController();
  const left = Object.fromEntries(fieldsOf(form()).map(({ name, value }) => [name, value]));
  for (const name of untouched) delete left[name];
  const mine = { address, history, left, signal: ending.signal, stop: () => ending.abort() };
  pending = mine;
  return mine;
}

/** Its answer is here, or will not come. */
export function ends(question) {
  if (pending === question) pending = null;
}

/** Give up the question under way if it was asked by going through the history. */
export function giveUpReturn() {
  if (pending?.history !== "none") return false;
  pending.stop();
  pending = null;
  return true;
}

/** What is asked at this moment. */
export const asked = () => paramsOf(pending?.address ?? here());

/** The address of a question, without empty fields and without what is the default. */
export function addressOf(question) {
  const kept = [...question].map(([name, value]) => [name, value.trim()])
    .filter(([name, value]) => value && !(name === "mode" && value === "hybrid"));
  return kept.length ? `/search?${new URLSearchParams(kept)}` : "/search";
}

/** The address of what the form holds; of a question under way, with what was changed since it left. */
export function addressOfForm() {
  if (!pending) return addressOf(new URLSearchParams(new FormData(form())));
  const question = asked();
  for (const { name, value } of fieldsOf(form())) {
    if (value !== pending.left[name]) question.set(name, value);
  }
  for (const { name, value } of form().querySelectorAll("[data-waits]")) {
    if (!question.getAll(name).includes(value)) question.append(name, value);
  }
  question.delete("offset");
  return addressOf(question);
}

/** A link of the answer that is shown says one change of its question: the same change of the one under way. */
export function addressOfLink(href) {
  if (!pending) return href;
  const [shown, wanted, question] = [paramsOf(here()), paramsOf(href), asked()];
  for (const name of new Set([...shown.keys(), ...wanted.keys()])) {
    const [before, after] = [shown.getAll(name), wanted.getAll(name)];
    if (before.join("\n") === after.join("\n")) continue;
    const many = name === "like" || name === "dislike";
    const stay = many ? question.getAll(name).filter((each) => !before.includes(each) || after.includes(each)) : [];
    const added = many ? after.filter((each) => !before.includes(each)) : after;
    question.delete(name);
    for (const value of new Set([...stay, ...added])) question.append(name, value);
  }
  return addressOf(question);
}

/** Bring the form up to what the answer was asked by, but for what the reader has changed since. */
export function updateForm(page, { left }) {
  const given = page.querySelector("form#ask");
  for (const name of ["q", "abstract"]) {
    const mine = form().elements[name];
    const { value } = given.elements[name];
    if (mine.value === left[name] && mine.value.trim() !== value.trim()) mine.value = value;
  }
  if (given.querySelector("details[open]")) form().querySelector("details").open = true;
  const hidden = [...given.querySelectorAll("input[type=hidden]")];
  for (const each of form().querySelectorAll("input[type=hidden]")) {
    const waits = "waits" in each.dataset && !hidden.some(({ name, value }) => name === each.name && value === each.value);
    if (!waits) each.remove();
  }
  form().append(...hidden.map((each) => document.adoptNode(each)));
}

/** Take over into the next answer what the reader has changed in fields of this one. */
export function takeOver(before, after, { left }) {
  for (const mine of fieldsOf(form()).filter((each) => before.contains(each))) {
    const next = after.querySelector(`[name="${CSS.escape(mine.name)}"]`);
    if (next && mine.value !== left[mine.name]) next.value = mine.value;
  }
}

/** Let a part of the question wait in the form until something is asked. */
export function wait(name, value) {
  const part = document.createElement("input");
  Object.assign(part, { type: "hidden", name, value });
  part.dataset.waits = "";
  form().append(part);
}

/** A part that waits is not wanted any more. */
export function unwait(value) {
  for (const each of form().querySelectorAll("[data-waits]")) if (each.value === value) each.remove();
}
