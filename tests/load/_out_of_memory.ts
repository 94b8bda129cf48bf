/** A load whose thread runs out of memory, in a process of its own: under `--coverage` such a thread stops for the inspector. */
import { LoadingThread } from "../../lib/load/loading_thread.ts";

const code = `import { parentPort } from "node:worker_threads";
parentPort.once("message", () => { const all = []; for (;;) all.push(new Array(100_000).fill(all.length)); });`;
const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const thread = new LoadingThread({ url, heapLimit: 32 });
for (let i = 0; i < 2; i++) {
  const request = { bytes: new ArrayBuffer(), path: "flags.tar.gz", maxBytes: 1, known: new Map() };
  const message = await thread.load(request).then(
    () => "It is loaded",
    (error) => `${error.name}: ${error.message}\n`,
  );
  Deno.stdout.writeSync(new TextEncoder().encode(message));
}
await thread.close();
