// Where the focus belongs when the part of the page that had it is replaced.

const PLACES = "ul.chips, #facets, nav.turn, article.card, .answer";

/** What tells a link or button from others of its place. Counts change, labels do not. */
const wordsOf = (element) => element.dataset.taste ?? element.getAttribute("aria-label")
  ?? (element.querySelector("span:not(.visually-hidden)") ?? element).textContent.trim();

function isSame(element, was) {
  const [mine, its] = [element.closest(PLACES), was.closest(PLACES)];
  return mine?.tagName === its?.tagName && mine?.dataset.id === its?.dataset.id && wordsOf(element) === wordsOf(was);
}

/** Read on here when what had the focus is gone: where the answer says what it is, or at the heading. */
export function rest(place = document.querySelector("#live .summary") ?? document.querySelector("main h1")) {
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/** What has the focus in `root`. Gives back what finds it again in the root that comes instead. */
export function keepFocus(root) {
  const was = document.activeElement;
  if (!root.contains(was)) return () => undefined;
  const { name, selectionStart, selectionEnd } = was;
  return (next) => {
    const again = name
      ? next.querySelector(`[name="${CSS.escape(name)}"]`)
      : !was.closest("nav.turn") && [...next.querySelectorAll(was.tagName)].find((each) => isSame(each, was));
    if (again) again.focus({ preventScroll: true });
    if (again && typeof selectionStart === "number") again.setSelectionRange(selectionStart, selectionEnd);
    if (document.activeElement === document.body) rest();
  };
}
