// The page of the map. Without this the page has the clusters as links, which say the same in words.

import { Answer } from "./map/answer.js";
import { Chart } from "./map/chart.js";
import { listen } from "./map/gestures.js";
import { Lasso } from "./map/lasso.js";
import { Papers, loadMap } from "./map/load.js";
import { Looking } from "./map/looking.js";
import { Notice } from "./map/notice.js";
import { Question } from "./map/question.js";

const STEP = 90; // pixels that an arrow key moves the map
const LARGER = 1.6; // how much a button or a key zooms
const REACH = 60; // pixels from the middle to the paper that the keyboard looks at
const FINGER = 24; // pixels from a finger to a point
const SETTLED = 150; // milliseconds of rest after which the place is kept

const stage = document.querySelector(".stage");
const notice = stage && new Notice(stage);

const sentences = (error) => [error.message, error.next].filter(Boolean).join(" ");

class MapPage {
  constructor(chart, papers) {
    this.chart = chart;
    this.papers = papers;
    this.view = chart.view;
    this.question = new Question(location.search);
    this.looking = new Looking(chart, papers, (at) => this.answer?.mark(at));
    const panel = document.querySelector(".found");
    this.answer = panel && new Answer(panel, chart, papers, (at) => this.looking.at(at));
    this.lasso = new Lasso(chart, stage.querySelector("[name=lasso]"), stage.querySelector(".around"), (area) => this.areaChanged(area));
    this.hear();
    this.view.state = this.question.placeOn(chart.map.map) ?? this.view.state;
    this.moved();
    this.takeUp(this.question.area);
  }

  /** What the address holds. */
  takeUp(area) {
    if (area && this.lasso.read(area)) return;
    if (area) notice.say("area", "The area in this address was drawn on another map. Draw it again.");
    this.areaChanged("");
  }

  areaChanged(area) {
    if (area) notice.hide("area");
    this.question.setArea(area);
    if (this.question.asks) this.answer?.ask(this.question.fields);
  }

  /** Some papers have come, or could not be had. */
  arrived(error) {
    this.looking.arrived(error);
    if (error?.code === "map_changed") return notice.say("anew", "The map has been drawn anew.", () => location.reload());
    if (error) return notice.say("papers", sentences(error), () => this.papers.again());
    notice.hide("papers");
    this.answer?.fill();
    return this.chart.changed(false);
  }

  moved() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.question.keepPlace(this.chart.map.map, this.view.state), SETTLED);
    // Where there is nothing to move, a finger scrolls the page.
    this.chart.surface.style.touchAction = this.view.zoom > 1 ? "none" : "pan-y";
    this.looking.show();
    this.chart.changed();
  }

  pan(dx, dy) {
    this.view.pan(dx, dy);
    this.moved();
  }

  zoom(factor, x, y) {
    const changed = this.view.zoomBy(factor, x, y);
    if (changed) this.moved();
    return changed;
  }

  showWhole() {
    this.view.showWhole();
    this.moved();
  }

  hear() {
    const { chart, lasso, looking } = this;
    listen(chart.surface, {
      draws: (event) => lasso.on || (event.shiftKey && event.pointerType === "mouse"),
      move: (dx, dy) => this.pan(dx, dy),
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      look: (x, y) => (lasso.on ? looking.at(-1) : looking.mouse(x, y)),
      leave: () => looking.leaveSoon(),
      choose: (x, y, event) => this.choose(x, y, event),
      twice: (x, y) => this.zoom(2, x, y),
      drawing: (stroke) => lasso.drawing(stroke),
      drawn: (stroke) => lasso.drawn(stroke),
      corner: (x, y) => lasso.corner(x, y),
    });
    const tools = { larger: () => this.zoom(LARGER), smaller: () => this.zoom(1 / LARGER), whole: () => this.showWhole() };
    for (const [name, act] of Object.entries(tools)) stage.querySelector(`[name=${name}]`).addEventListener("click", act);
    chart.resized = () => looking.show();
    chart.lost = (lost) => {
      if (lost) notice.say("lost", "The browser has lost the picture of the map, and will draw it again.", () => location.reload());
      else notice.hide("lost");
    };
    this.hearKeys(tools);
  }

  /** A click opens what is under it; a finger, which covers it, first shows what that is. */
  choose(x, y, event) {
    const touched = event.pointerType === "touch";
    this.chart.crosshair = false;
    this.looking.near(x, y, touched ? FINGER : undefined);
    if (!touched) this.looking.open(event);
  }

  hearKeys({ larger, smaller, whole }) {
    const { chart, lasso, looking } = this;
    const arrow = (dx, dy) => () => this.pan(dx * STEP, dy * STEP);
    const keys = { ArrowLeft: arrow(1, 0), ArrowRight: arrow(-1, 0), ArrowUp: arrow(0, 1), ArrowDown: arrow(0, -1), "+": larger, "=": larger, "-": smaller, 0: whole };
    chart.surface.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter") {
        if (lasso.on) lasso.close();
        else looking.open(event);
      } else if (Object.hasOwn(keys, event.key)) {
        chart.crosshair = true;
        keys[event.key]();
        looking.near(this.view.midX, this.view.midY, REACH);
        looking.speakSoon();
      } else return;
      event.preventDefault();
    });
    stage.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault(); // the map keeps the focus
      if (lasso.on) lasso.turn(false);
      chart.crosshair = false;
      looking.at(-1);
      chart.changed(false);
    });
    chart.surface.addEventListener("blur", () => {
      chart.crosshair = false;
      chart.changed(false);
    });
  }
}

function start(map) {
  let page = null;
  const papers = new Papers(map.version, (error) => page?.arrived(error));
  const chart = Chart.on(stage, map, papers);
  if (!chart) {
    stage.classList.add("empty");
    return notice.say("load", "This browser cannot draw the map, as it has no WebGL2. The topics below say what is on it.");
  }
  notice.hide("load");
  stage.classList.add("ready");
  page = new MapPage(chart, papers);
  return undefined;
}

function load() {
  notice.say("load", "The map is being loaded …");
  loadMap()
    .then(start)
    .catch((error) => notice.say("load", sentences(error), load));
}

if (stage) load();
