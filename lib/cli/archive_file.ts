import { hash } from "node:crypto";
import { ArchiveError } from "../archive/mod.ts";
import {
  canStartThread,
  loadArchive,
  type LoadedEnvironment,
  LoadingThread,
  type LoadRequest,
} from "../load/mod.ts";
import { nearest } from "../config/mod.ts";
import type { EnvironmentMetadata } from "../model/mod.ts";
import { Snapshot } from "../snapshot/mod.ts";
import { readSmallFile } from "../wire/mod.ts";
import { UsageError } from "./parse_args.ts";
import { readSettings } from "./settings.ts";

/** An archive that was named on the command line, read and checked. */
export interface ArchiveFile {
  /** Its path. */
  path: string;
  /** Its size: bytes. */
  size: number;
  /** SHA-256 of the file: hex, as `sha256sum` prints it. */
  digest: string;
  /** Its environments, in ascending order of ID. */
  environments: FileEnvironment[];
}

/** An environment of an archive: its snapshot, or the fault for which it cannot be served. */
export interface FileEnvironment {
  /** Client-side ID. */
  id: string;
  /** Metadata; absent if it could not be read. */
  metadata?: EnvironmentMetadata;
  /** Flags and segments; absent where there is a fault. */
  snapshot?: Snapshot;
  /** Fault. */
  fault?: string;
}

/** Error: a file could not be read at all. */
export class FileError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "FileError";
  /** Hint for the person who named it. */
  readonly hint: string;

  /**
   * Creates the error.
   *
   * @param path Path of the file.
   * @param cause Error of the file system.
   */
  constructor(path: string, cause: Error) {
    super(`Cannot read "${path}": ${describe(cause)}`, { cause });
    this.hint = "check the path and its permissions";
  }
}

function describe(cause: Error): string {
  if (cause instanceof Deno.errors.NotFound) return "there is no such file";
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  return cause.message.replace(/ \(os error.*/s, "");
}

/**
 * Reads the bytes of an archive.
 *
 * @param path Its path.
 * @returns The bytes, and the largest size that is allowed: bytes.
 * @throws {ArchiveError} When it is larger.
 * @throws {FileError} When it cannot be read.
 * @throws {SettingsError} When the setting of the largest size cannot be used.
 */
export function readArchiveBytes(path: string): { bytes: Uint8Array<ArrayBuffer>; maxBytes: number } {
  const { settings: { maxArchiveSize: maxBytes } } = readSettings(
    { fromEnv: true, allowMissingFile: true },
    false,
  );
  try {
    return { bytes: readSmallFile(path, maxBytes), maxBytes };
  } catch (error) {
    if (!(error instanceof RangeError)) throw new FileError(path, error as Error);
    throw new ArchiveError("too-large", `it has more than ${maxBytes} bytes`, { path });
  }
}

/**
 * Reads a file.
 *
 * @param path Its path.
 * @param maxBytes Largest size: bytes.
 * @returns The bytes.
 * @throws {FileError} When there is no such file, or it is larger.
 */
export function readFile(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  try {
    return readSmallFile(path, maxBytes);
  } catch (error) {
    throw new FileError(path, error as Error);
  }
}

/**
 * Reads an archive.
 *
 * @param path Its path.
 * @returns The archive.
 * @throws {ArchiveError} When it is refused.
 * @throws {FileError} When there is no such file.
 */
export function readArchiveFile(path: string): Promise<ArchiveFile> {
  return readWith(path, (request) => Array.fromAsync(loadArchive(request)));
}

/**
 * Reads two archives at the same time, each on a processor core of its own.
 *
 * @param paths Their paths.
 * @returns The archives.
 * @throws {ArchiveError | LoadError} When one is refused.
 * @throws {FileError} When there is no such file.
 */
export async function readTwoArchives([first, second]: readonly [string, string]): Promise<ArchiveFile[]> {
  if (!canStartThread()) return [await readArchiveFile(first), await readArchiveFile(second)];
  const thread = new LoadingThread();
  try {
    return await Promise.all([
      readWith(first, (request) => thread.load(request)),
      readArchiveFile(second),
    ]);
  } finally {
    await thread.close();
  }
}

async function readWith(
  path: string,
  load: (request: LoadRequest) => Promise<LoadedEnvironment[]>,
): Promise<ArchiveFile> {
  const { bytes, maxBytes } = readArchiveBytes(path);
  const [size, digest] = [bytes.length, hash("sha256", bytes)];
  const loaded = await load({ bytes: bytes.buffer, path, maxBytes, known: new Map() });
  return { path, size, digest, environments: loaded.flatMap(toEnvironment) };
}

function toEnvironment(loaded: LoadedEnvironment): FileEnvironment[] {
  if ("fault" in loaded) return [loaded];
  if (!("prepared" in loaded)) return []; // Only where something was known before.
  const snapshot = Snapshot.from(loaded.prepared);
  return [{ id: loaded.id, metadata: snapshot.metadata, snapshot }];
}

/**
 * Finds an environment by what a person knows of it: its client-side ID, `projKey/envKey`, or its key where only one has it.
 *
 * @param file The archive.
 * @param name What the person wrote.
 * @returns The environment.
 * @throws {UsageError} When there is none, or more than one.
 */
export function findEnvironment({ path, environments }: ArchiveFile, name: string): FileEnvironment {
  const byId = environments.find(({ id }) => id === name);
  if (byId) return byId;
  const byKey = environments.filter(({ metadata }) =>
    metadata && (name === metadata.key || name === `${metadata.projectKey}/${metadata.key}`)
  );
  if (byKey.length === 1) return byKey[0]!;
  const names = (byKey.length > 1 ? byKey : environments).map(nameEnvironment);
  if (byKey.length > 1) {
    throw new UsageError(
      `${byKey.length} environments of "${path}" have the key ${JSON.stringify(name)}`,
      `write one of ${names.join(", ")}`,
    );
  }
  const meant = nearest(name, [...names, ...environments.flatMap(({ metadata }) => metadata?.key || [])]);
  throw new UsageError(
    `there is no environment ${JSON.stringify(name)} in "${path}"`,
    meant ? `did you mean ${meant}?` : `it has ${names.join(", ") || "none"}`,
  );
}

/** Names an environment as a person would: `projKey/envKey`, or its client-side ID where it has no keys. */
export function nameEnvironment({ id, metadata }: Pick<FileEnvironment, "id" | "metadata">): string {
  return metadata?.key ? `${metadata.projectKey}/${metadata.key}` : id;
}

/**
 * Returns the snapshot of an environment that can be served.
 *
 * @param environment The environment.
 * @returns Its snapshot.
 * @throws {EnvironmentFaultError} When it cannot.
 */
export function requireSnapshot({ snapshot, fault }: FileEnvironment): Snapshot {
  if (!snapshot) throw new EnvironmentFaultError(fault!);
  return snapshot;
}

/** Error: an environment of an archive cannot be served. */
export class EnvironmentFaultError extends Error {
  /** Set so that stack traces show it. */
  override readonly name = "EnvironmentFaultError";
  /** Always true: the archive is no good. */
  readonly isRefusal = true;
  /** Hint for the person who named it. */
  readonly hint = "check lists all faults";
}
