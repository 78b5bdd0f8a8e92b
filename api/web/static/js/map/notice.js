// What the page has to say about the map, above it: one thing at a time, until it is no longer so.

export class Notice {
  constructor(stage) {
    this.element = stage.querySelector(".notice");
    this.text = this.element.querySelector("span");
    this.button = this.element.querySelector("button");
    this.about = "load";
    this.button.addEventListener("click", () => {
      const { again } = this;
      if (this.element.contains(document.activeElement)) stage.querySelector(".over").focus({ preventScroll: true });
      this.hide(this.about);
      again();
    });
  }

  /** Say it; what can be done about it, if anything, is to try `again`. */
  say(about, message, again = null) {
    this.about = about;
    this.again = again;
    this.text.textContent = message;
    this.button.hidden = !again;
    this.element.hidden = false;
  }

  /** What was said `about` this is no longer so. */
  hide(about) {
    if (about === this.about) this.element.hidden = true;
  }
}
