// What the page begins with, asked for while the rest of it is being loaded: this needs two other scripts alone, and index.html
// has the browser preload the first answer.
import { ask } from "./api.js";
import { parseFragment } from "./route.js";

const { view, segments: [id] } = parseFragment(location.hash);

/** Answers by their paths, until they are taken. */
const answers = new Map();

const environments = ask(["environments"]);
keep("environments", environments);
// After the environments, which tell when a list is old: so it is not older than they are.
if (view === "flags" && id !== undefined) keep(`flags/${id}`, environments.then(() => ask(["flags", id])));

function keep(path, answer) {
  // An error is of interest to who takes the answer.
  answer.catch(() => {});
  answers.set(path, answer);
}

/** Asks by GET; the first time, what the page begins with has been asked already. */
export function askFirst(segments, options) {
  const path = segments.join("/");
  const answer = answers.get(path) ?? ask(segments, options);
  answers.delete(path);
  return answer;
}
