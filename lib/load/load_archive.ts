import { hash } from "node:crypto";
import { readArchive } from "../archive/mod.ts";
import type { EnvironmentMetadata } from "../model/mod.ts";
import { type KnownEnvironment, type PreparedEnvironment, prepareEnvironment } from "../snapshot/mod.ts";
import { describeFailure, type LoadFailure } from "./load_failure.ts";

/** What a load is asked to do. It crosses a thread, so it is data alone. */
export interface LoadRequest {
  /** The archive. A thread is given it for good: no second copy is kept. */
  bytes: ArrayBuffer;
  /** Its path, for messages. */
  path: string;
  /** Largest archive that is read, compressed: bytes. */
  maxBytes: number;
  /** What is served already, by environment ID; `source` is the SHA-256 (hex) of the data file that it was read from. */
  known: Map<string, KnownEnvironment & { source: string }>;
}

/**
 * An environment as a load gives it: prepared, with the digest of the data file that it was read from; or known but for
 * its metadata; or with a fault. Warnings say what is served otherwise than somebody may expect.
 */
export type LoadedEnvironment =
  | { id: string; prepared: PreparedEnvironment; source: string; warnings?: string[] }
  | { id: string; unchanged: EnvironmentMetadata }
  | { id: string; metadata?: EnvironmentMetadata; fault: string };

/** How a load ended. */
export type LoadReply = { loaded: LoadedEnvironment[] } | { failure: LoadFailure };

/**
 * Reads an archive and prepares its environments: everything about a load that takes long and touches nothing.
 *
 * @param request The archive and what is known already.
 * @returns The environments in ascending order of ID, or why there are none.
 */
export async function loadArchive(request: LoadRequest): Promise<LoadReply> {
  const bytes = new Uint8Array(request.bytes);
  try {
    return { loaded: await prepareArchive(bytes, request) };
  } catch (error) {
    return { failure: describeFailure(error, request.path, bytes) };
  }
}

async function prepareArchive(
  bytes: Uint8Array,
  { path, maxBytes, known }: LoadRequest,
): Promise<LoadedEnvironment[]> {
  const sources = new Map<string, string>();
  const { environments } = await readArchive(bytes, {
    path,
    maxCompressedBytes: maxBytes,
    isKnown(id, dataJson) {
      const source = hash("sha256", dataJson);
      sources.set(id, source);
      return known.get(id)?.source === source;
    },
  });
  const loaded: LoadedEnvironment[] = [];
  for (const read of environments) {
    const { id } = read;
    if ("environment" in read) {
      const prepared = await prepareEnvironment(read.environment, known.get(id));
      const { warnings } = read;
      loaded.push({ id, prepared, source: sources.get(id)!, ...warnings && { warnings } });
    } else if (!("error" in read)) {
      loaded.push({ id, unchanged: read.metadata });
    } else {
      loaded.push({ id, ...read.metadata && { metadata: read.metadata }, fault: read.error.message });
    }
  }
  return loaded;
}
