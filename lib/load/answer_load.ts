import { loadArchive, type LoadedEnvironment, type LoadRequest } from "./load_archive.ts";
import { describeFailure, type LoadFailure } from "./load_failure.ts";

/** Reply of the thread. */
export type LoadReply = { loaded: LoadedEnvironment } | { failure: LoadFailure } | { end: true };

/**
 * Answers a request as the loading thread does: one reply for each environment, and one at the end.
 *
 * @param request The request.
 * @param post Sends a reply, and the buffers to transfer instead of copying them.
 */
export async function answerLoad(
  request: LoadRequest,
  post: (reply: LoadReply, transfer: ArrayBuffer[]) => void,
): Promise<void> {
  try {
    for await (const loaded of loadArchive(request)) post({ loaded }, buffersOf(loaded));
    post({ end: true }, []);
  } catch (error) {
    post({ failure: describeFailure(error, request.path, new Uint8Array(request.bytes)) }, []);
  }
}

/** Lists the buffers to transfer. Whole ones: Deno copies views slowly. */
function buffersOf(loaded: LoadedEnvironment): ArrayBuffer[] {
  if (!("prepared" in loaded)) return [];
  const { gzips, ...prepared } = loaded.prepared;
  return [...Object.values(prepared), gzips?.all, gzips?.flags].filter((part) => part instanceof ArrayBuffer);
}
