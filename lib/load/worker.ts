/**
 * Entry point of the thread that loads archives: it answers each {@linkcode LoadRequest} with a {@linkcode LoadReply} for each
 * environment and one at the end.
 *
 * @module
 */
import { isMainThread, parentPort } from "node:worker_threads";
import { collectGarbage } from "./_collect_garbage.ts";
import { loadArchive, type LoadedEnvironment, type LoadRequest } from "./load_archive.ts";
import { describeFailure, type LoadFailure } from "./load_failure.ts";

/**
 * Delay of garbage collection after a load: ms. At once, it would take the processors from requests just when the data is swapped.
 */
const COLLECTION_DELAY = 500;

/** Reply of the thread. */
export type LoadReply = { loaded: LoadedEnvironment } | { failure: LoadFailure } | { end: true };

/** Lists the buffers to transfer instead of copying them. Whole ones: Deno copies views slowly. */
function buffersOf(loaded: LoadedEnvironment): ArrayBuffer[] {
  if (!("prepared" in loaded)) return [];
  const { gzips, ...prepared } = loaded.prepared;
  return [...Object.values(prepared), gzips?.all, gzips?.flags].filter((part) => part instanceof ArrayBuffer);
}

async function answer(request: LoadRequest): Promise<LoadReply> {
  try {
    for await (const loaded of loadArchive(request)) {
      parentPort!.postMessage({ loaded } satisfies LoadReply, buffersOf(loaded));
    }
    return { end: true };
  } catch (error) {
    return { failure: describeFailure(error, request.path, new Uint8Array(request.bytes)) };
  }
}

if (!isMainThread) {
  parentPort!.on("message", async (request: LoadRequest) => {
    parentPort!.postMessage(await answer(request));
    // Nothing refers to the archive any more by then.
    setTimeout(collectGarbage, COLLECTION_DELAY);
  });
}
