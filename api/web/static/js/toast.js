// A message at the bottom of the page, read out, with one thing to do about it.

import { rest } from "./focus.js";

const STAYS = 8000; // milliseconds; longer while it is pointed at or has the focus
const LATER = 50; // milliseconds after which the same words again are a change that is read out

let close = null; // takes the message that is shown away

/** Have something read out, in the one place of the page that is heard. */
export function announce(text) {
  const place = document.querySelector("[data-said]");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => {
    place.textContent = text;
  }, LATER);
}

/** Say something; `action` is [label, what to do]. A new message replaces the one before. */
export function say(text, action = null) {
  close?.();
  const from = document.activeElement;
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  toast.append(words);
  let timer = 0;
  const gone = () => {
    clearTimeout(timer);
    const focused = toast.contains(document.activeElement);
    toast.remove();
    if (focused && from?.isConnected && from !== document.body) from.focus({ preventScroll: true });
    else if (focused) rest();
  };
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action[0];
    button.addEventListener("click", () => {
      gone();
      action[1]();
    });
    toast.append(button);
  }
  document.body.append(toast);
  announce(text);
  close = gone;
  const stay = () => clearTimeout(timer);
  const leave = () => {
    stay();
    timer = setTimeout(() => toast.contains(document.activeElement) || gone(), STAYS);
  };
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, stay);
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, leave);
  leave();
}
