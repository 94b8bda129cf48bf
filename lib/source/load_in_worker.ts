import { Worker } from "node:worker_threads";
import type { LoadedEnvironment, LoadRequest } from "./load_archive.ts";
import type { LoadReply } from "./worker.ts";
import { workerUrl } from "./worker_url.ts";

/** How long a load may take: ms. The largest archive takes some seconds on a slow host; more is a hang. */
const LOAD_DEADLINE = 60_000;

/**
 * Heap of the loading thread: MiB. Parsed JSON takes about four times its text, and an archive may have 512 MiB of it.
 * Without a limit of its own, a thread that runs out would take the process with it.
 */
const HEAP_LIMIT = 4096;

/** Why an archive could not be loaded: it is bad, or loading it failed. */
export class LoadError extends Error {
  /** The name of the class. */
  override readonly name = "LoadError";
  /** What to do about it. */
  readonly hint: string;

  /**
   * Makes the error.
   *
   * @param message What could not be done and why.
   * @param hint What to do about it.
   */
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** How a load is run; tests make it fail. */
export interface LoadOptions {
  /** Where the thread's code is. @default {workerUrl()} */
  url?: URL;
  /** How long it may take: ms. @default {60_000} */
  deadline?: number;
  /** Its heap: MiB. @default {4096} */
  heapLimit?: number;
}

/**
 * Tells whether a thread can be started: it reads its own source, which permissions may forbid. (One in a URL needs none.)
 *
 * @param url Where the thread's code is. @default {workerUrl()}
 * @returns Whether `loadInWorker` can work.
 */
export function canLoadInWorker(url: URL = workerUrl()): boolean {
  if (url.protocol !== "file:") return true;
  return Deno.permissions.querySync({ name: "read", path: new URL("../", url) }).state === "granted";
}

/**
 * Loads an archive in a thread of its own, so that requests are served meanwhile. The thread lives for one load: nothing
 * it leaves behind, not even a crash, outlives it.
 *
 * @param request The archive and what is known already.
 * @param options Deadline and heap.
 * @returns The environments in ascending order of ID.
 * @throws {LoadError} When the archive is bad, or the thread crashes, runs out of memory or hangs.
 */
export async function loadInWorker(
  request: LoadRequest,
  options: LoadOptions = {},
): Promise<LoadedEnvironment[]> {
  const { url = workerUrl(), deadline = LOAD_DEADLINE, heapLimit = HEAP_LIMIT } = options;
  const worker = new Worker(url, { resourceLimits: { maxOldGenerationSizeMb: heapLimit } });
  const { promise, resolve, reject } = Promise.withResolvers<LoadReply>();
  const timer = setTimeout(() => reject(`took longer than ${deadline} ms`), deadline);
  worker.once("message", resolve);
  worker.once("error", (error: Error) => reject(`crashed: ${error.message}`));
  worker.once("exit", () => reject("ended without an answer"));
  worker.postMessage(request);
  try {
    const reply = await promise;
    if ("loaded" in reply) return reply.loaded;
    throw new LoadError(reply.error.message, reply.error.hint ?? "make the archive again");
  } catch (error) {
    if (error instanceof LoadError) throw error;
    throw new LoadError(
      `Cannot load "${request.path}": the loading thread ${error}`,
      "the next change of the file is tried again; if the archive is large, give the host more memory",
    );
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
