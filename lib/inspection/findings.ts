import { ArchiveError, listSharedKeys, type ReadArchiveOptions, unpackArchive } from "../archive/mod.ts";
import { inspectData } from "./_check_data.ts";
import { type CheckedMetadata, findKey, inspectMetadata } from "./_check_metadata.ts";
import { Entry } from "./_entry.ts";
import { FindingList } from "./_finding_list.ts";
import { maskSecrets } from "./_mask_secrets.ts";
import type { Finding } from "./finding.ts";

/** Options for {@linkcode checkArchive}. */
export interface CheckOptions extends ReadArchiveOptions {
  /** The time, for keys that expire: ms since epoch. */
  now: number;
}

/** Place of what is about the archive. */
const NOWHERE = { environment: null, key: null, path: null };

/**
 * Finds everything in an archive for which it, an environment, a flag or a segment would be refused or left out, or works
 * otherwise than it seems meant. One fault is one finding. What is in the bytes never makes it throw.
 *
 * @param bytes A `.tar.gz` or `.tar`.
 * @param options Path, limit and time.
 * @returns The findings: of the archive, then by environment, flags before segments, by key and path. A fault of the container is
 * the only one.
 */
export async function checkArchive(bytes: Uint8Array, options: CheckOptions): Promise<Finding[]> {
  const list = new FindingList();
  const unpacked = await unpackArchive(bytes, options).catch((error) => {
    if (!(error instanceof ArchiveError)) throw error;
    const { message, hint, entry } = error;
    list.add("error", () => ({ ...NOWHERE, message, hint, ...entry !== undefined && { entry } }));
  });
  if (unpacked === undefined) return list.finish();
  const { environments, strayEntries } = unpacked;
  if (environments.length === 0) {
    const message = "The archive contains no environments: every client is refused";
    const hint = "Check the relay configuration in LaunchDarkly, and download the archive again";
    list.add("warning", () => ({ ...NOWHERE, message, hint }));
  }
  for (const entry of strayEntries) {
    const metadata = entry.replace(/-data\.json$/, ".json");
    const message = `"${entry}" is without "${metadata}": nobody gets what is in it`;
    const hint = "Pack both files of each environment: <id>.json and <id>-data.json";
    list.add("warning", () => ({ ...NOWHERE, message, hint, entry }));
  }
  const checked = new Map<string, CheckedMetadata>();
  for (const { id: environment, metadataJson, dataJson } of environments) {
    const name = `${environment}.json`;
    const entry = new Entry(list, { environment, name, content: metadataJson, mask: maskSecrets });
    const metadata = inspectMetadata(entry, options.now);
    if (metadata) checked.set(environment, metadata);
    inspectData(new Entry(list, { environment, name: `${environment}-data.json`, content: dataJson }));
  }
  const metadata = [...checked.values()].map(({ metadata }) => metadata);
  for (const { kind, value, environment, error } of listSharedKeys(metadata)) {
    const { message, hint } = error.at(options.path);
    const owner = checked.get(environment)!;
    owner.entry.addAt("error", findKey(owner, kind, value), message, hint);
  }
  return list.finish().map((finding) => nameEnvironment(finding, checked));
}

function nameEnvironment(finding: Finding, checked: ReadonlyMap<string, CheckedMetadata>): Finding {
  const metadata = checked.get(finding.environment ?? "")?.metadata;
  return metadata?.key ? { ...finding, environmentName: `${metadata.projectKey}/${metadata.key}` } : finding;
}
