// The question that the address of the page holds, and everything on the page that repeats it.

const PARTS = ["q", "abstract", "like", "dislike", "date_from", "date_to", "author", "category", "source", "mode", "area"];
const ASKS = ["q", "abstract", "like", "dislike"];

export class Question {
  constructor(address) {
    const given = [...new URLSearchParams(address)].map(([name, value]) => [name, value.trim()]);
    this.fields = new URLSearchParams(given.filter(([name, value]) => PARTS.includes(name) && value));
  }

  /** Whether there is more than filters. */
  get asks() {
    return ASKS.some((name) => this.fields.has(name));
  }

  get area() {
    return this.fields.get("area");
  }

  /** Where on which map the reader was, kept with this entry of the history; `null` where that is not known. */
  placeOn(map) {
    const kept = history.state?.seen;
    return kept?.map === map && kept.place.every(Number.isFinite) ? kept.place : null;
  }

  keepPlace(map, place) {
    history.replaceState({ ...history.state, seen: { map, place } }, "");
  }

  /** Another area, or with "" none, also in the address, in links and in the form. */
  setArea(area) {
    if (area) this.fields.set("area", area);
    else this.fields.delete("area");
    const asked = this.fields.size ? `?${this.fields}` : "";
    history.replaceState(history.state, "", location.pathname + asked);
    for (const link of document.querySelectorAll("a[data-list]")) link.href = `/search${asked}`;
    for (const field of document.querySelectorAll("form input[name=area]")) Object.assign(field, { value: area, disabled: !area });
    for (const chip of document.querySelectorAll("[data-chip=area]")) chip.hidden = !area;
  }
}
