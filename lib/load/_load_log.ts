import type { EnvironmentMetadata } from "../model/mod.ts";
import { type Log, obscureKey } from "../observe/mod.ts";
import { countItemChanges } from "../snapshot/mod.ts";
import type { EnvironmentChange, StoredEnvironment } from "../store/mod.ts";
import { createPause } from "../wire/mod.ts";

/** A load that went well. */
export interface LoadEvent {
  /** Path of the archive. */
  path: string;
  /** SHA-256 of its content: hex. */
  digest: string;
  /** That of the content before; absent for the first one. */
  previousDigest: string | undefined;
  /** Environments that are served now. */
  environments: readonly StoredEnvironment[];
  /** Changes of environments. */
  changes: readonly EnvironmentChange[];
  /** Time from the bytes of the file until they were served: ms. */
  durationMs: number;
  /** Time since the file was written: ms. Absent where that is not known. */
  ageMs: number | undefined;
}

/**
 * Logs a load: one line for all of it. What an environment has become stands in lines of its own where clients notice more than
 * other flags, else at level debug.
 *
 * @param log Log.
 * @param event The load.
 */
export async function logLoad(log: Log, event: LoadEvent): Promise<void> {
  const { path, environments, changes, previousDigest, durationMs, ageMs } = event;
  const isFirst = previousDigest === undefined;
  for (const change of changes) logChange(log, change, isFirst);
  if (environments.length === 0) {
    log.warn("The data file does not contain any environments; check your configuration", { path });
  }
  const pause = createPause();
  const items = { added: 0, changed: 0, removed: 0 };
  for (const { before, after } of changes) {
    const { added, changed, removed } = await countItemChanges(before?.snapshot, after?.snapshot, pause);
    items.added += added;
    items.changed += changed;
    items.removed += removed;
  }
  const counts = environments.flatMap(({ snapshot }) => snapshot?.counts ?? []);
  log.info(`${isFirst ? "Loaded" : "Reloaded"} data`, {
    path,
    digest: event.digest,
    previousDigest,
    environments: environments.length,
    invalid: environments.filter(({ fault }) => fault !== undefined).length,
    flags: sum(counts.map(({ flags }) => flags)),
    segments: sum(counts.map(({ segments }) => segments)),
    ...!isFirst && items,
    durationMs: Math.round(durationMs),
    ageMs: ageMs === undefined ? undefined : Math.round(ageMs),
    audit: "load",
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function logChange(log: Log, { id, before, after }: EnvironmentChange, isFirst: boolean): void {
  const { fault, metadata = before?.metadata } = after ?? {};
  const fields = { environment: id, name: nameOf(metadata) };
  const credentials = [...metadata?.sdkKeys ?? [], ...metadata?.mobileKeys ?? []];
  const keys = credentials.map(({ value }) => obscureKey(value)).join(",") || "none";
  if (!after) {
    log.info("Removed environment", { ...fields, keys, audit: "key" });
  } else if (fault !== undefined) {
    if (before?.fault === fault && !before.snapshot === !after.snapshot) return;
    const serving = after.snapshot ? "it keeps the data it had" : "it answers 503 until there is valid data";
    log.error(`Found invalid data for an environment, ${serving}`, {
      ...fields,
      error: fault,
      audit: "refuse",
    });
  } else if (before?.fault !== undefined) {
    log.info("Found valid data for an environment again", fields);
  } else if (before || isFirst) {
    log.debug(`${before ? "Updated" : "Added"} environment`, { ...fields, keys });
  } else {
    log.info("Added environment", { ...fields, keys, audit: "key" });
  }
}

/**
 * Joins the names of project and environment, as far as there are any.
 *
 * @param metadata Metadata of the environment, if there is any.
 * @returns The name.
 */
export function nameOf(metadata: EnvironmentMetadata | undefined): string | undefined {
  return [metadata?.projectName, metadata?.name].map((name) => name?.trim()).filter(Boolean).join(" ") ||
    undefined;
}
