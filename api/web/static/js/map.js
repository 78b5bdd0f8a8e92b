// The page of the map. Without this the page has the clusters as links, which say the same in words.

import { Answer } from "./map/answer.js";
import { Card } from "./map/card.js";
import { Chart } from "./map/chart.js";
import { listen } from "./map/gestures.js";
import { Lasso } from "./map/lasso.js";
import { Papers, addressOf, authorsOf, dateOf, loadMap } from "./map/load.js";

const STEP = 90; // pixels that an arrow key moves the map
const LARGER = 1.6; // how much a button or a key zooms
const REACH = 60; // pixels from the middle to the paper that the keyboard looks at
const SPOKEN = 350; // milliseconds of rest after which a paper is read out
const GRACE = 200; // milliseconds in which the mouse may be on its way to the card
const QUESTION = ["q", "abstract", "like", "dislike", "date_from", "date_to", "author", "category", "source", "mode", "area"];
const ASKS = ["q", "abstract", "like", "dislike"];

const stage = document.querySelector(".stage");
const notice = stage?.querySelector(".notice");

/** The question that the address of the page holds, with its empty fields left out. */
function questionOf(address) {
  const given = [...new URLSearchParams(address)].map(([name, value]) => [name, value.trim()]);
  return new URLSearchParams(given.filter(([name, value]) => QUESTION.includes(name) && value));
}

function start(map) {
  const papers = new Papers(map.version, arrived);
  const chart = Chart.on(stage, map, papers);
  if (!chart) return tell("This browser cannot draw the map, as it has no WebGL2. The topics below say what is on it.", true);
  const surface = chart.surface;
  const card = new Card(stage.querySelector(".about"));
  const said = document.querySelector(".said");
  const panel = document.querySelector(".found");
  const question = questionOf(location.search);
  const answer = panel && new Answer(panel, chart, papers, (at) => look(at));
  const lasso = new Lasso(chart, stage.querySelector("[name=lasso]"), stage.querySelector(".around"), areaChanged);
  let leaving = 0;
  let speaking = 0;

  /** Look at a paper, or at none. With `near`, ask for those around it too. */
  function look(at, near = []) {
    clearTimeout(leaving);
    if (at === chart.marked) return;
    chart.marked = at;
    answer?.mark(at);
    surface.style.cursor = at < 0 ? "" : "pointer";
    if (at < 0) card.hide();
    else papers.want([at, ...near]);
    show();
    chart.changed(false);
  }

  function lookAround(x, y, near) {
    const at = chart.pointAt(x, y, near);
    look(at, at < 0 || at === chart.marked ? [] : chart.around(x, y));
  }

  function show() {
    const at = chart.marked;
    if (at < 0) return;
    const [x, y] = chart.spot(at);
    const [width, height] = [chart.view.width, chart.view.height];
    if (x < 0 || y < 0 || x > width || y > height) return card.hide();
    card.show(at, papers.get(at), chart.clusterOf(at), x, y, width, height);
  }

  function arrived(error) {
    if (error?.code === "map_changed") return tell("The map has been drawn anew. Load the page again.");
    if (error) return tell([error.message, error.next].filter(Boolean).join(" "));
    answer?.fill();
    show();
    return chart.changed(false);
  }

  function moved() {
    surface.style.touchAction = chart.view.zoom > 1 || lasso.on ? "none" : "pan-y";
    show();
    chart.changed();
  }

  function zoom(factor, x, y) {
    const changed = chart.view.zoomBy(factor, x, y);
    if (changed) moved();
    return changed;
  }

  function areaChanged(area) {
    if (area) question.set("area", area);
    else question.delete("area");
    history.replaceState(null, "", question.size ? `?${question}` : location.pathname);
    for (const link of document.querySelectorAll("a[data-list]")) link.href = `/search?${question}`;
    for (const field of document.querySelectorAll("form input[name=area]")) Object.assign(field, { value: area, disabled: !area });
    for (const chip of document.querySelectorAll("[data-chip=area]")) chip.hidden = !area;
    if (ASKS.some((name) => question.has(name))) answer?.ask(question);
  }

  function choose(x, y, event) {
    chart.crosshair = false;
    const touched = event.pointerType === "touch";
    lookAround(x, y, touched ? 24 : undefined);
    const paper = papers.get(chart.marked);
    if (touched || !paper) return;
    if (event.ctrlKey || event.metaKey || event.button === 1) open(addressOf(paper), "_blank", "noopener");
    else location.assign(addressOf(paper));
  }

  listen(surface, {
    draws: (event) => lasso.on || (event.shiftKey && event.pointerType === "mouse"),
    move(dx, dy) {
      chart.view.pan(dx, dy);
      moved();
    },
    zoom,
    look(x, y) {
      chart.crosshair = false;
      const at = lasso.on ? -1 : chart.pointAt(x, y);
      if (at >= 0) return lookAround(x, y);
      if (chart.marked >= 0 && !leaving) leaving = setTimeout(leave, GRACE);
      return undefined;
    },
    leave() {
      leaving ||= setTimeout(leave, GRACE);
    },
    choose,
    twice: (x, y) => zoom(2, x, y),
    drawing: (stroke) => lasso.drawing(stroke),
    drawn: (stroke) => lasso.drawn(stroke),
    corner: (x, y) => lasso.corner(x, y),
  });

  function leave() {
    leaving = 0;
    if (!card.element.matches(":hover, :focus-within")) look(-1);
  }
  card.element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && leave());

  const tools = {
    larger: () => zoom(LARGER),
    smaller: () => zoom(1 / LARGER),
    whole() {
      chart.view.showWhole();
      moved();
    },
  };
  for (const [name, act] of Object.entries(tools)) stage.querySelector(`[name=${name}]`).addEventListener("click", act);

  const step = (dx, dy) => () => {
    chart.view.pan(dx * STEP, dy * STEP);
    moved();
  };
  const keys = { ArrowLeft: step(1, 0), ArrowRight: step(-1, 0), ArrowUp: step(0, 1), ArrowDown: step(0, -1), "+": tools.larger, "=": tools.larger, "-": tools.smaller, 0: tools.whole };
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const paper = papers.get(chart.marked);
    if (event.key === "Enter" && lasso.on) lasso.close();
    else if (event.key === "Enter" && paper) location.assign(addressOf(paper));
    else if (Object.hasOwn(keys, event.key)) {
      keys[event.key]();
      chart.crosshair = true;
      lookAround(chart.view.width / 2, chart.view.height / 2, REACH);
      clearTimeout(speaking);
      speaking = setTimeout(speak, SPOKEN);
    } else return;
    event.preventDefault();
  });
  stage.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // the map keeps the focus
    if (lasso.on) lasso.turn(false);
    chart.crosshair = false;
    look(-1);
    chart.changed(false);
  });
  surface.addEventListener("blur", () => {
    chart.crosshair = false;
    chart.changed(false);
  });

  /** Read out what is in the middle. */
  function speak() {
    const paper = papers.get(chart.marked);
    if (chart.marked >= 0 && !paper) speaking = setTimeout(speak, SPOKEN);
    else said.textContent = paper ? [paper.title || paper.id, authorsOf(paper.authors ?? []), dateOf(paper.published)].filter(Boolean).join(". ") : "No paper in the middle.";
  }

  notice.hidden = true;
  stage.classList.add("ready");
  moved();
  const area = question.get("area");
  if (area && !lasso.read(area)) {
    question.delete("area");
    tell("The area in this address was drawn on another map. Draw it again.");
  }
  if (!area || !chart.area.closed) areaChanged("");
  return undefined;
}

function tell(message, instead = false) {
  notice.textContent = message;
  notice.hidden = false;
  stage.classList.toggle("empty", instead);
}

if (stage) {
  loadMap()
    .then(start)
    .catch((error) => tell([error.message, error.next].filter(Boolean).join(" ")));
}
