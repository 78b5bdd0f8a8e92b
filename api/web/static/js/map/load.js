// What the page asks the server for: the map, its points, papers by their number on it, and what a question lights up.

const BATCH = 40;
const PAUSE = 200; // milliseconds between two requests for papers, however fast the mouse is moved

/** Something to tell the reader, in the server's words. */
export class Refusal extends Error {
  constructor(error) {
    super(error.message);
    this.code = error.code;
    this.next = error.next_step;
  }
}

const SILENCE = { code: "silence", message: "The server did not answer.", next_step: "" };

/** What lies at an address, read as "json" or "arrayBuffer". A server that cannot be reached refuses too. */
async function ask(address, as = "json") {
  let refused = SILENCE;
  try {
    const response = await fetch(address);
    if (response.ok) return await response[as]();
    refused = (await response.json()).error ?? SILENCE;
  } catch {
    // No connection, one that broke off, or words that are not this server's.
  }
  throw new Refusal(refused);
}

/** The map and its points. It may be drawn anew between the two answers: then both are asked for once more. */
export async function loadMap(again = true) {
  const map = await ask("/v1/map");
  try {
    const content = await ask(`/v1/map/points?version=${encodeURIComponent(map.version)}`, "arrayBuffer");
    const count = content.byteLength / 6;
    return { ...map, xs: new Uint16Array(content, 0, count), ys: new Uint16Array(content, 2 * count, count), groups: new Uint16Array(content, 4 * count, count) };
  } catch (error) {
    if (error.code !== "map_changed" || !again) throw error;
    return loadMap(false);
  }
}

/** What a question lights up, best first. */
export async function loadLit(version, fields, most) {
  const asked = new URLSearchParams(fields);
  asked.set("version", version);
  asked.set("k", most);
  return ask(`/v1/map/lit?${asked}`);
}

/** Papers by their number on the map. What was asked for is remembered; `changed` is called when some have come. */
export class Papers {
  constructor(version, changed) {
    this.version = version;
    this.changed = changed;
    this.known = new Map();
    this.wanted = [];
    this.coming = new Set();
    this.failed = [];
    this.busy = false;
  }

  get(at) {
    return this.known.get(at);
  }

  /** Ask for papers, the most urgent first, before those of earlier calls; of these the oldest are forgotten. */
  want(numbers) {
    const fresh = numbers.filter((at) => !this.known.has(at) && !this.coming.has(at));
    if (!fresh.length) return;
    this.wanted = [...new Set([...fresh, ...this.wanted])].slice(0, 3 * BATCH);
    if (!this.busy) this.fetch();
  }

  /** Ask once more for what could not be had. */
  again() {
    this.want(this.failed.splice(0));
  }

  async fetch() {
    this.busy = true;
    while (this.wanted.length) {
      const asked = new URLSearchParams({ version: this.version });
      this.coming = new Set(this.wanted.splice(0, BATCH));
      for (const at of this.coming) asked.append("at", at);
      try {
        const { papers } = await ask(`/v1/map/papers?${asked}`);
        for (const paper of papers) this.known.set(paper.at, paper);
        this.changed(null);
      } catch (error) {
        this.failed = [...this.coming, ...this.wanted.splice(0)];
        this.coming.clear();
        this.changed(error);
      }
      this.coming.clear();
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    this.busy = false;
  }
}

export const addressOf = (paper) => `/papers/${encodeURIComponent(paper.id)}`;

/** A date as a person writes it, at the precision that is known: 23 June 2025, June 2025, 2025. */
export function dateOf(published) {
  if (!published) return "";
  const shown = { year: "numeric", timeZone: "UTC" };
  if (published.length > 4) shown.month = "long";
  if (published.length > 7) shown.day = "numeric";
  const date = new Date(published);
  return Number.isNaN(date.getTime()) ? published : new Intl.DateTimeFormat("en-GB", shown).format(date);
}

export function authorsOf(authors, most = 3) {
  const more = authors.length - most;
  return authors.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

export const plural = (count) => `${count.toLocaleString("en")} paper${count === 1 ? "" : "s"}`;
