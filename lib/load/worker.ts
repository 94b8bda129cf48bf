/**
 * The thread that loads archives: it answers each `LoadRequest` with one `LoadReply`.
 *
 * @module
 */
import { isMainThread, parentPort } from "node:worker_threads";
import { loadArchive, type LoadReply, type LoadRequest } from "./load_archive.ts";

/** The buffers that change hands instead of being copied. */
function buffersOf(reply: LoadReply): ArrayBuffer[] {
  if ("failure" in reply) return [];
  return reply.loaded.flatMap((environment) => {
    if (!("prepared" in environment)) return [];
    const { all, flags, flagItems, segmentItems, digests } = environment.prepared;
    const payloads = [all, flags].flatMap((payload) =>
      payload ? [payload.body.buffer, payload.gzip.buffer] : []
    );
    const items = [flagItems, segmentItems].flatMap(({ changed, texts, ends }) => [
      changed.buffer,
      texts.buffer,
      ends.buffer,
    ]);
    return [...payloads, ...items, digests.buffer];
  });
}

if (!isMainThread) {
  parentPort!.on("message", async (request: LoadRequest) => {
    const reply = await loadArchive(request);
    parentPort!.postMessage(reply, buffersOf(reply));
  });
}
