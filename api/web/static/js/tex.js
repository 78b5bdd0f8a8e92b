// Typesets the formulas in titles and abstracts with KaTeX, which is loaded only where there is one.
// Elements of the class "tex" hold untrusted text; KaTeX is given the text of a formula and builds elements itself.

// After a dollar no space, before the closing one no space, after it no digit: "$5 and $10" is no formula. Lengths are
// bounded and no opening sign stands within a formula, so that no text takes long to look through.
const FORMULA = new RegExp(
  [
    String.raw`\$\$([^$]{1,1000})\$\$`,
    String.raw`\\\[((?:(?!\\\[)[\s\S]){1,1000}?)\\\]`,
    String.raw`\\\(((?:(?!\\\()[\s\S]){1,1000}?)\\\)`,
    String.raw`(?<!\\)\$(?=\S)((?:[^$\\]|\\.){0,500}?(?:[^\s$\\]|\\\S))\$(?!\d)`,
  ].join("|"),
  "g",
);
const MOST = 100; // formulas of a text that are typeset: more than that is no abstract
const AWAY = /-\s*\d{2,}(\.\d+)?\s*[a-z]{2}/; // a shift by -10em or more, which KaTeX does not bound as it does sizes
const refuse = ({ command }) => {
  throw new Error(command); // a link or a picture: KaTeX would leave its text out, so all stays as it is written
};
const OPTIONS = { displayMode: false, throwOnError: true, trust: refuse, strict: "ignore", maxExpand: 100, maxSize: 20 };

let loading = null;

function load() {
  const { katex, katexStyle } = document.body.dataset;
  if (!katex) return Promise.resolve(null);
  loading ??= new Promise((resolve) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = katexStyle;
    const script = document.createElement("script");
    script.src = katex;
    script.onload = () => resolve(globalThis.katex);
    script.onerror = () => resolve(null); // the formulas stay as they are written
    document.head.append(style, script);
  });
  return loading;
}

function textNodes(root) {
  const found = [];
  for (const element of root.querySelectorAll(".tex")) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!node.parentElement.closest(".katex") && node.data.search(FORMULA) >= 0) found.push(node);
    }
  }
  return found;
}

/** The text as nodes: what is between formulas as it is, each formula as KaTeX sets it. */
function* pieces(text, katex) {
  let end = 0;
  let count = 0;
  for (const match of text.matchAll(FORMULA)) {
    if (++count > MOST) break;
    yield text.slice(end, match.index);
    const place = document.createElement("span");
    const tex = match[1] ?? match[2] ?? match[3] ?? match[4];
    try {
      if (AWAY.test(tex)) throw new RangeError(tex);
      katex.render(tex, place, OPTIONS);
      yield place;
    } catch {
      yield match[0]; // not what KaTeX knows: as it is written
    }
    end = match.index + match[0].length;
  }
  yield text.slice(end);
}

/** A formula wider than its text is scrolled by itself, also from a keyboard. */
function fit(formula) {
  if (formula.getBoundingClientRect().width <= formula.closest(".tex").clientWidth) return;
  formula.classList.add("wide-formula");
  formula.tabIndex = 0;
}

export async function typeset(root) {
  if (!textNodes(root).length) return;
  const katex = await load();
  if (!katex) return;
  for (const node of textNodes(root)) {
    const made = [...pieces(node.data, katex)];
    node.replaceWith(...made);
    for (const each of made) if (each instanceof Element) fit(each.firstElementChild);
  }
}
