/**
 * The thread that loads archives: it answers each `LoadRequest` with one `LoadReply`.
 *
 * @module
 */
import { isMainThread, parentPort } from "node:worker_threads";
import { ArchiveError } from "../archive/mod.ts";
import { loadArchive, type LoadedEnvironment, type LoadRequest } from "./load_archive.ts";

/** What the thread answers. */
export type LoadReply =
  | { loaded: LoadedEnvironment[] }
  | { error: { message: string; hint?: string } };

async function answer(request: LoadRequest): Promise<LoadReply> {
  try {
    return { loaded: await loadArchive(request) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { error: { message, ...error instanceof ArchiveError && { hint: error.hint } } };
  }
}

/** The buffers that change hands instead of being copied. */
function buffersOf(reply: LoadReply): ArrayBuffer[] {
  if ("error" in reply) return [];
  return reply.loaded.flatMap((environment) => {
    if (!("prepared" in environment)) return [];
    const { all, flags, flagItems, segmentItems, digests } = environment.prepared;
    const payloads = [all, flags].flatMap((payload) =>
      payload ? [payload.put.buffer, payload.gzip.buffer] : []
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
    const reply = await answer(request);
    parentPort!.postMessage(reply, buffersOf(reply));
  });
}
