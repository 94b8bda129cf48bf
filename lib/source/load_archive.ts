import { readArchive } from "../archive/mod.ts";
import type { EnvironmentMetadata } from "../model/mod.ts";
import { type KnownEnvironment, type PreparedEnvironment, prepareEnvironment } from "../store/mod.ts";

/** What a load is asked to do. It crosses a thread, so it is data alone. */
export interface LoadRequest {
  /** The archive. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Its path, for messages. */
  path: string;
  /** Largest archive that is read, compressed: bytes. */
  maxBytes: number;
  /** What is served already, by environment ID. */
  known: Map<string, KnownEnvironment>;
}

/** An environment as a load gives it: prepared, or with a fault. */
export type LoadedEnvironment =
  | { id: string; prepared: PreparedEnvironment }
  | { id: string; metadata?: EnvironmentMetadata; fault: string };

/**
 * Reads an archive and prepares its environments: everything about a load that takes long and touches nothing.
 *
 * @param request The archive and what is known already.
 * @returns The environments in ascending order of ID.
 * @throws {ArchiveError} When it is no good archive.
 */
export async function loadArchive(
  { bytes, path, maxBytes, known }: LoadRequest,
): Promise<LoadedEnvironment[]> {
  const { environments } = await readArchive(bytes, { path, maxCompressedBytes: maxBytes });
  const loaded: LoadedEnvironment[] = [];
  for (const read of environments) {
    const { id } = read;
    if ("environment" in read) {
      loaded.push({ id, prepared: await prepareEnvironment(read.environment, known.get(id)) });
    } else {
      loaded.push({ id, ...read.metadata && { metadata: read.metadata }, fault: read.error.message });
    }
  }
  return loaded;
}
