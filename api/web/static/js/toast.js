// A message at the bottom of the page, read out, with one thing to do about it.

const STAYS = 8000; // milliseconds; longer while it is pointed at or has the focus

let shown = null;

/** Say something; `action` is [label, what to do]. A new message replaces the one before. */
export function say(text, action = null) {
  shown?.remove();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.setAttribute("role", "status");
  const words = document.createElement("span");
  toast.append(words);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action[0];
    button.addEventListener("click", () => {
      toast.remove();
      action[1]();
    });
    toast.append(button);
  }
  document.body.append(toast);
  words.textContent = text; // after it is in the page, so that it is read out
  shown = toast;
  let timer = 0;
  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), STAYS);
  };
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, leave);
  leave();
}
