// What every page starts with. Each module looks for what it works on and leaves other pages alone;
// without any of them search, papers, lists and feeds work as plain links and forms.

import { startCiting } from "./citing.js";
import { startKeys } from "./keys.js";
import { showNew } from "./visits.js";
import { startSaved } from "./saved.js";
import { startSearch } from "./search.js";
import { startTaste } from "./taste.js";
import { typeset } from "./tex.js";

startSearch();
startTaste();
startCiting();
startKeys();
startSaved();
showNew();
typeset(document.body);
