/**
 * Entry point of the thread that loads archives: it answers each {@linkcode LoadRequest} with a {@linkcode LoadReply} for each
 * environment and one at the end.
 *
 * @module
 */
import { isMainThread, parentPort } from "node:worker_threads";
import { collectGarbage } from "./_collect_garbage.ts";
import { answerLoad } from "./answer_load.ts";
import type { LoadRequest } from "./load_archive.ts";

/**
 * Delay of garbage collection after a load: ms. At once, it would take the processors from requests just when the data is swapped.
 */
const COLLECTION_DELAY = 500;

if (!isMainThread) {
  parentPort!.on("message", async (request: LoadRequest) => {
    await answerLoad(request, (reply, transfer) => parentPort!.postMessage(reply, transfer));
    // Nothing refers to the archive any more by then.
    setTimeout(collectGarbage, COLLECTION_DELAY);
  });
}
