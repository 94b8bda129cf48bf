import { hash } from "node:crypto";
import { type ArchiveEnvironment, EnvironmentError, readArchive, readItems } from "../archive/mod.ts";
import type { EnvironmentMetadata } from "../model/mod.ts";
import { type PreparedSnapshot, SnapshotBuilder } from "../snapshot/mod.ts";
import { compress, type Pause } from "../wire/mod.ts";

/** An environment that is served already. */
export interface KnownEnvironment {
  /** SHA-256 of the data file that it was read from: hex. */
  source: string;
  /** Digest of its snapshot. */
  digest: string;
  /** Documents that clients have requested compressed. */
  compressed: { all: boolean; flags: boolean };
}

/** An archive to load. It crosses a thread, so it is plain data. */
export interface LoadRequest {
  /** Bytes of the archive. They are transferred to the thread: no second copy is kept. */
  bytes: ArrayBuffer;
  /** Path of the archive, for messages. */
  path: string;
  /** Maximum size of an archive, compressed: bytes. */
  maxBytes: number;
  /** Environments that are served already, by ID. */
  known: Map<string, KnownEnvironment>;
}

/**
 * An environment as a load returns it: prepared, with the digest of its data file; or known but for its metadata; or with a fault.
 * Warnings are about values that are served otherwise than written; if absent, those of the previous load still hold. A kept fault is
 * that of the environment in the newest archive, where it is prepared anew for another reason.
 */
export type LoadedEnvironment =
  | { id: string; prepared: PreparedSnapshot; source: string; warnings: string[]; keptFault?: string }
  | { id: string; unchanged: EnvironmentMetadata; source: string; warnings?: string[] }
  | { id: string; metadata?: EnvironmentMetadata; fault: string };

/**
 * Reads an archive and prepares its environments, one after the other: the part of a load that is slow and has no side effect.
 *
 * @param request The archive and the environments that are known already.
 * @param pause Called between flags and segments. @default {never pauses: for a thread that does nothing else}
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

/** Compresses the documents that clients of the previous version have requested compressed, so that the next ones need not wait. */
async function compressDocuments(
  { buffer, ends, flagsStart }: PreparedSnapshot,
  compressed: KnownEnvironment["compressed"],
  pause: Pause,
): Promise<{ all?: ArrayBuffer; flags?: ArrayBuffer }> {
  async function gzip(start: number, end: number): Promise<ArrayBuffer> {
    return (await compress([new Uint8Array(buffer, start, end - start)], pause)).buffer;
  }
  return {
    ...compressed.all && { all: await gzip(0, ends.document) },
    ...compressed.flags && { flags: await gzip(flagsStart, ends.flags) },
  };
}
