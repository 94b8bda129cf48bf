import { hash } from "node:crypto";
import { type ArchiveEnvironment, EnvironmentError, readArchive, readItems } from "../archive/mod.ts";
import type { EnvironmentMetadata } from "../model/mod.ts";
import { type PreparedSnapshot, SnapshotBuilder } from "../snapshot/mod.ts";
import { compress, type Pause } from "../wire/mod.ts";

/** What is served already of an environment. */
export interface KnownEnvironment {
  /** SHA-256 of the data file that it was read from: hex. */
  source: string;
  /** Digest of its snapshot. */
  digest: string;
  /** Which of its documents clients have asked for compressed. */
  compressed: { all: boolean; flags: boolean };
}

/** An archive to load. It crosses a thread, so it is data alone. */
export interface LoadRequest {
  /** The archive. A thread is given it for good: no second copy is kept. */
  bytes: ArrayBuffer;
  /** Its path, for messages. */
  path: string;
  /** Largest archive that is read, compressed: bytes. */
  maxBytes: number;
  /** What is served already, by environment ID. */
  known: Map<string, KnownEnvironment>;
}

/**
 * An environment as a load hands it over: prepared, with the digest of the data file that it was read from; or known but for its
 * metadata; or with a fault. Warnings say what is served otherwise than somebody may expect; without them there are those that
 * were there before.
 */
export type LoadedEnvironment =
  | { id: string; prepared: PreparedSnapshot; source: string; warnings: string[] }
  | { id: string; unchanged: EnvironmentMetadata; source: string; warnings?: string[] }
  | { id: string; metadata?: EnvironmentMetadata; fault: string };

/**
 * Reads an archive and prepares its environments, one after the other: everything about a load that takes long and touches nothing.
 *
 * @param request The archive and what is known already.
 * @param pause Is called between flags and segments. @default {never pauses: for a thread that does nothing else}
 * @returns The environments in ascending order of ID.
 * @throws {ArchiveError} When the archive is refused, before the first environment.
 */
export async function* loadArchive(
  { bytes, path, maxBytes, known }: LoadRequest,
  pause: Pause = () => undefined,
): AsyncGenerator<LoadedEnvironment> {
  const { environments } = await readArchive(new Uint8Array(bytes), { path, maxCompressedBytes: maxBytes });
  for (const environment of environments) {
    yield await loadEnvironment(environment, known.get(environment.id), pause);
  }
}

async function loadEnvironment(
  environment: ArchiveEnvironment,
  known: KnownEnvironment | undefined,
  pause: Pause,
): Promise<LoadedEnvironment> {
  const { id } = environment;
  if ("error" in environment) return { id, fault: environment.error.message };
  const { metadata, dataJson } = environment;
  const source = hash("sha256", dataJson);
  if (source === known?.source) return { id, unchanged: metadata, source };
  const builder = new SnapshotBuilder(dataJson.length);
  const warnings: string[] = [];
  try {
    for (const item of readItems(id, dataJson, warnings)) {
      builder.add(item);
      await pause();
    }
  } catch (error) {
    if (error instanceof EnvironmentError) return { id, metadata, fault: error.message };
    throw error;
  }
  const prepared = builder.finish(metadata);
  for (const fault of prepared.faults) warnings.push(`Environment ${JSON.stringify(id)}: ${fault}`);
  if (prepared.digest === known?.digest) return { id, unchanged: metadata, source, warnings };
  if (known) prepared.gzips = await compressDocuments(prepared, known.compressed, pause);
  return { id, prepared, source, warnings };
}

/** Compresses what clients of the version before have asked for compressed, so that those of the next need not wait. */
async function compressDocuments(
  { buffer, ends, flagsStart }: PreparedSnapshot,
  compressed: KnownEnvironment["compressed"],
  pause: Pause,
): Promise<{ all?: ArrayBuffer; flags?: ArrayBuffer }> {
  async function gzip(start: number, end: number): Promise<ArrayBuffer> {
    return (await compress(new Uint8Array(buffer, start, end - start), pause)).buffer;
  }
  return {
    ...compressed.all && { all: await gzip(0, ends.document) },
    ...compressed.flags && { flags: await gzip(flagsStart, ends.flags) },
  };
}
