// What every page starts with. Each module looks for what it works on and leaves other pages alone;
// without any of them search, papers, lists and feeds work as plain links and forms.

import { typeset } from "./tex.js";

typeset(document.body);
