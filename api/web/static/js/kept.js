// What a reader keeps in this browser: questions, liked and disliked papers, selected papers, the last visit, and
// whether single keys are commands.
// Nothing of it is sent anywhere, but as the part of a question that a reader asks.

const NAME = "paperkin";
const LISTS = ["questions", "like", "dislike", "selected"];
export const MOST = 1000; // entries of a list, the oldest of which go first
const LONGEST = { id: 512, href: 64_000 }; // characters; no id is longer, nor an address that a server takes

/** What is kept: a list each of {id, title} or {href, title}, the latest first. What is damaged counts as nothing. */
export function read() {
  let found = {};
  try {
    found = JSON.parse(localStorage.getItem(NAME)) ?? {};
  } catch {
    // not to be read, or kept from us by the browser
  }
  return checked(found);
}

/** Only what has the right shape, of whatever was read or imported. */
export function checked(found) {
  const result = { visit: typeof found?.visit === "string" ? found.visit : "", keys: found?.keys !== false };
  for (const list of LISTS) {
    const entries = Array.isArray(found?.[list]) ? found[list] : [];
    result[list] = entries.filter((entry) => isEntry(entry, list)).map(({ id, href, title }) => (
      list === "questions" ? { href, title: title.slice(0, 500) } : { id, title: title.slice(0, 500) }
    )).slice(0, MOST);
  }
  return result;
}

function isEntry(entry, list) {
  if (typeof entry?.title !== "string") return false;
  // An address is followed: only one of a search on this server may come in from a file.
  if (list === "questions") return fits(entry, "href") && /^\/search\?[^\s]*$/.test(entry.href);
  return fits(entry, "id") && entry.id !== "";
}

const fits = (entry, name) => typeof entry[name] === "string" && entry[name].length <= LONGEST[name];

/** Change what is kept by a function; tells whether it could be stored. Other tabs and this page are told. */
export function change(make) {
  const kept = read();
  make(kept);
  try {
    localStorage.setItem(NAME, JSON.stringify(checked(kept)));
  } catch {
    return false;
  }
  dispatchEvent(new Event("kept"));
  return true;
}

/** The ids of the papers of a list, to look many of them up. */
export const idsOf = (list) => new Set(read()[list].map(({ id }) => id));

/** Put a paper or a question at the head of a list, once; tells whether it is there now. */
export function put(list, entry) {
  const stored = change((kept) => {
    kept[list] = [entry, ...without(kept[list], entry)];
  });
  return stored && read()[list].some((each) => nameOf(each) === nameOf(entry));
}

export function drop(list, entry) {
  return change((kept) => {
    kept[list] = without(kept[list], entry);
  });
}

/** What tells an entry from the others of its list. */
export const nameOf = (entry) => entry.id ?? entry.href;

const without = (entries, gone) => entries.filter((each) => nameOf(each) !== nameOf(gone));

addEventListener("storage", (event) => {
  if (event.key === NAME || event.key === null) dispatchEvent(new Event("kept"));
});
