/**
 * Runs Halyard, waits until it listens, then tries what its permissions should forbid. Prints one line of JSON: what became of
 * each attempt. The first argument is a port where something listens that Halyard has no business with.
 *
 * @module
 */
import { connect } from "node:net";
import { run } from "../../lib/cli/mod.ts";
import { TERMINAL } from "../../lib/cli/terminal.ts";

/** Its Unix socket, if it has one. */
const SOCKET = Deno.env.get("UNIX_SOCKET") ?? "/nowhere/halyard.sock";

function connectByNode(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    connect(port, "127.0.0.1").once("connect", resolve).once("error", reject);
  });
}

const ATTEMPTS: Record<string, (port: number) => unknown> = {
  fetch: (port) => fetch(`http://127.0.0.1:${port}/`),
  connect: (port) => Deno.connect({ port, hostname: "127.0.0.1" }),
  "connect by node": connectByNode,
  "resolve a name": () => Deno.resolveDns("localhost", "A"),
  "listen elsewhere": () => Deno.listen({ port: 0, hostname: "127.0.0.1" }),
  "write a file": () => Deno.makeTempFile(),
  "write beside the Unix socket": () => Deno.writeTextFile(`${SOCKET}2`, ""),
  "write by a path through the Unix socket": () => Deno.writeTextFile(`${SOCKET}/../written`, ""),
  "move the Unix socket": () => Deno.rename(SOCKET, `${SOCKET}2`),
  "listen on another Unix socket": () => Deno.listen({ transport: "unix", path: `${SOCKET}2` }),
  "connect to another Unix socket": () => Deno.connect({ transport: "unix", path: `${SOCKET}2` }),
  "read a file": () => Deno.readTextFile("deno.json"),
  "read a variable": () => Deno.env.get("HOME"),
  "run a program": () => new Deno.Command("true").output(),
};

async function attemptAll(port: number): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [what, attempt] of Object.entries(ATTEMPTS)) {
    try {
      outcomes[what] = `done: ${await attempt(port)}`;
    } catch (error) {
      outcomes[what] = (error as Error).name;
    }
  }
  return outcomes;
}

const ended = run(["--from-env"], {
  ...TERMINAL,
  stdout: {
    async write(bytes) {
      TERMINAL.print(new TextDecoder().decode(bytes));
      if (new TextDecoder().decode(bytes).includes("Listening on")) {
        TERMINAL.print(`${JSON.stringify(await attemptAll(Number(Deno.args[0])))}\n`);
      }
      return bytes.length;
    },
  },
});
Deno.exit(await ended);
