// Asks for what the page begins with while its modules are being loaded: this is no module, so it waits for none.

/** Answers by their addresses, until api.js takes them. */
globalThis.earlyAnswers = new Map();

/** Asks by GET. The answer does not come from a host that is gone, so it is not waited for longer than 10 s. */
function askEarly(path) {
  const { href } = new URL(`explorer/api/${path}`, location.href);
  const answer = fetch(href, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
  globalThis.earlyAnswers.set(href, answer);
  return answer;
}

const [, list] = /^#\/(flags\/[\w-]+)(?:\?|$)/.exec(location.hash) ?? [];

// The list after the environments, which tell when it is old: so it is not older than they are.
askEarly("environments").then(() => list && askEarly(list)).catch(() => {
  // Who takes the answer gets the error.
});
