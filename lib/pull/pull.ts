import { hash } from "node:crypto";
import { type ArchiveEnvironment, readArchive, readItems } from "../archive/mod.ts";
import { checkArchive, type Finding } from "../inspection/mod.ts";
import { describeFileError } from "./_describe_file_error.ts";
import { download, type Downloaded } from "./_download.ts";
import { readEntityTag, writeEntityTag } from "./_entity_tag.ts";
import { checkKeyUse, formatUrl } from "./location.ts";
import { PartFile } from "./part_file.ts";
import { PullError } from "./pull_error.ts";
import type { PullOptions } from "./pull_options.ts";
import { hasVouchedFor, planRelease, type SignedRelease, signRelease } from "./signing.ts";
import { MACHINE_TIMING } from "./timing.ts";
import { TransientPullError } from "./_transient_pull_error.ts";

/** Most tries of a download. What five do not bring needs a person. @limit tries: the download fails */
const MAX_TRIES = 5;

/** Longest time from the first try to the answer of the last one. Scripts and timers wait for the end. @limit ms: the download fails */
const RETRY_TIMEOUT_MS = 60_000;

/** Shortest time that must be left for another try: ms. */
const SHORTEST_TRY_MS = 5_000;

/** Pause after the first failed try, doubled after each further one: ms. It is drawn from the upper half. */
const FIRST_PAUSE_MS = 2_000;

/** An environment of a downloaded archive. */
export interface PulledEnvironment {
  /** Client-side ID. */
  id: string;
  /** Key of the project. */
  projectKey: string;
  /** Key of the environment in its project. */
  key: string;
  /** Number of flags. */
  flags: number;
  /** Number of segments. */
  segments: number;
}

/** A downloaded archive. */
export interface PulledArchive {
  /** Size of the file: bytes. */
  size: number;
  /** SHA-256 of the file: lower-case hex. */
  digest: string;
  /** Its environments, in ascending order of their IDs. */
  environments: PulledEnvironment[];
  /** What was found in it: warnings and less. */
  findings: Finding[];
}

/** What came of a download. */
export interface Pulled {
  /** The archive; absent: it is the one that is there already. */
  archive?: PulledArchive;
  /** The release as which it was signed; absent: it was not. */
  release?: SignedRelease;
}

/**
 * Downloads an archive and checks it, and signs it if that is asked for; only then it takes the place of the file that is there.
 * Whoever sees the new file finds its manifest and signature.
 *
 * @param options Where from and where to.
 * @returns The archive and its release.
 * @throws {PullError} When it was not downloaded, is not good, or cannot be signed.
 */
export async function pull(options: PullOptions): Promise<Pulled> {
  const { url, key, path, maxBytes, ifChanged = false, signing, signal, timing = MACHINE_TIMING } = options;
  checkKeyUse(url, key, options.proxy);
  const present = await readPresent(path, maxBytes);
  const from = formatUrl(url);
  // Whoever can write beside the file can write an entity tag for one of his own: only a download says that it is the server's.
  const isKnown = present && (!signing || await hasVouchedFor(path, present.digest, signing));
  const kept = ifChanged && isKnown ? readEntityTag(path, { url: from, sha256: present.digest }) : undefined;
  await using part = await PartFile.create(path);
  const { isNew, etag } = await downloadPatiently(options, part, kept);
  // Without another one, it is the one that is there.
  const bytes = isNew ? await part.read() : undefined;
  const digest = bytes ? hash("sha256", bytes) : present!.digest;
  const size = bytes?.length ?? present!.size;
  const isSame = ifChanged && digest === present?.digest;
  const manifest = signing && await planRelease({ path, digest, size, isSame }, signing, timing.now());
  let archive: PulledArchive | undefined;
  if (!isSame || manifest) {
    // Nobody has looked at the file that is there.
    const content = bytes ?? await Deno.readFile(path);
    if (hash("sha256", content) !== digest) {
      throw new PullError(`Cannot use "${path}": it has changed while it was looked at`, {
        hint: "try again when nobody else writes to it",
      });
    }
    const findings = await check(content, { path: from, maxCompressedBytes: maxBytes, now: timing.now() });
    const { environments } = await readArchive(content, { maxCompressedBytes: maxBytes });
    archive = { size, digest, environments: environments.flatMap(count), findings };
  }
  await using signed = manifest && await signRelease(path, manifest, signing, signal);
  const showsKey = key !== undefined && etag?.includes(key);
  // With the digest in it, it does not count before the file is there.
  if (ifChanged && etag !== undefined && !showsKey) {
    await writeEntityTag(path, { url: from, etag, sha256: digest });
  }
  await signed?.replace(present?.mode);
  if (!isSame) await part.replace(present?.mode);
  return { ...!isSame && archive && { archive }, ...signed && { release: signed.release } };
}

/** Reads digest, size and mode of the file that is there. A larger one is not ours. */
async function readPresent(
  path: string,
  maxBytes: number,
): Promise<{ digest: string; size: number; mode?: number } | undefined> {
  try {
    const { isFile, size, mode } = await Deno.stat(path);
    if (!isFile) throw new TypeError("it is not a regular file");
    const digest = size > maxBytes ? "" : hash("sha256", await Deno.readFile(path));
    return { digest, size, ...mode !== null && { mode: mode & 0o777 } };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new PullError(`Cannot replace "${path}": ${describeFileError(error)}`, { hint: "check the path" });
  }
}

/** Downloads in as many tries as it takes and are allowed. */
async function downloadPatiently(
  options: PullOptions,
  part: PartFile,
  etag: string | undefined,
): Promise<Downloaded> {
  const { signal, onRetry, timing: { uptime, sleep, random } = MACHINE_TIMING } = options;
  const answerBy = uptime() + RETRY_TIMEOUT_MS;
  for (let tries = 1;; tries++) {
    try {
      return await download({ ...options, part, etag, answerBy });
    } catch (error) {
      if (!(error instanceof TransientPullError)) throw error;
      const pause = error.retryAfter ?? FIRST_PAUSE_MS * 2 ** (tries - 1) * (1 - random() / 2);
      if (tries === MAX_TRIES || uptime() + pause + SHORTEST_TRY_MS > answerBy) throw error;
      await onRetry?.(error, pause);
      await sleep(pause, signal);
      signal.throwIfAborted();
      await part.restart();
    }
  }
}

/** Checks an archive as the command `check` does. */
async function check(
  bytes: Uint8Array,
  options: { path: string; maxCompressedBytes: number; now: number },
): Promise<Finding[]> {
  const findings = await checkArchive(bytes, options);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return findings;
  const [first] = errors as [Finding];
  const others = errors.length === 1 ? "" : `, and ${errors.length - 1} more`;
  // What is wrong with all of it has its address in it.
  const message = first.message.startsWith("Cannot read archive")
    ? first.message
    : `Cannot use the archive from ${options.path}: ${describeFinding(first)}${others}`;
  const hint = /, (an HTML page|JSON)$/.test(message)
    ? "a page of the server, or of a proxy or a login before it, came instead: is the address right?"
    : first.hint;
  throw new PullError(message, { isRefusal: true, hint, findings });
}

/**
 * Describes a finding in a line.
 *
 * @param finding The finding.
 * @returns Where it is, and what.
 */
export function describeFinding({ environment, kind, key, message }: Finding): string {
  const places = [
    environment === null ? "" : `environment "${environment}"`,
    key === null ? "" : `${kind ?? "item"} "${key}"`,
  ];
  return [places.filter(Boolean).join(", "), message].filter(Boolean).join(": ");
}

function count(environment: ArchiveEnvironment): PulledEnvironment[] {
  if ("error" in environment) return []; // `check` has refused it.
  const { id, metadata: { projectKey, key }, dataJson } = environment;
  const counts = { flags: 0, segments: 0 };
  for (const { kind, value } of readItems(id, dataJson)) if (!value.deleted) counts[kind]++;
  return [{ id, projectKey, key, ...counts }];
}
