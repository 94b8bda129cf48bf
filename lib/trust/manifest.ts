import { decodeText } from "./_bytes.ts";
import { parseJsonObject } from "./_json.ts";
import { quote } from "./_quote.ts";
import { TrustError } from "./trust_error.ts";

/** Largest manifest. One has some 300 bytes and a note for people. @limit bytes: the manifest is refused */
export const MAX_MANIFEST_LENGTH = 16_384;

/** Most time that `created` of a manifest may lie ahead, as clocks differ. @limit ms: the manifest is from the future */
const MAX_CLOCK_SKEW = 24 * 60 * 60 * 1000;

/** What is signed: which archive, which release of it, for whom, and how long it is good. */
export interface Manifest {
  /** Always 1. */
  format: 1;
  /** SHA-256 of the archive: 64 lower-case hexadecimal digits, as `sha256sum` prints them. */
  archiveSha256: string;
  /** Length of the archive: bytes. */
  archiveSize: number;
  /** Number of the release, which rises with each. */
  version: number;
  /** Where versions had to begin anew: which time. */
  epoch: number;
  /** When it was made: ms since 1970. */
  created: number;
  /** Until when it is meant to be used: ms since 1970. */
  notAfter: number;
  /** Site that it is for. */
  audience: string;
  /** Text for people. */
  sourceNote?: string;
}

const RFC3339_UTC = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z$/;
/** What can look like nothing, move the cursor or turn text around, and what is half a character. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** The same, but for what texts of several lines and in all scripts need. */
const UNPRINTABLE = /[^\P{Cc}\t\n\r]|\r(?!\n)|\p{Cs}/u;

/**
 * Parses a time as RFC 3339 has it, in UTC.
 *
 * @param text The time: `2026-10-01T12:00:00Z`, with up to nine digits of a fraction, of which three count.
 * @returns ms since 1970, or `undefined` if it is none.
 */
export function parseUtc(text: string): number | undefined {
  const [, seconds, fraction = ""] = RFC3339_UTC.exec(text) ?? [];
  if (seconds === undefined) return;
  const time = Date.parse(`${seconds}${fraction.slice(0, 4)}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(seconds) ? time : undefined;
}

/** What each field has to be, and its value if that is another than in the text. */
const FIELDS: Record<
  keyof Manifest,
  { is(value: unknown): boolean; what: string; read?(value: string): unknown }
> = {
  format: { is: (value) => value === 1, what: "1: newer manifests need a newer Halyard" },
  archiveSha256: {
    is: (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
    what: "64 lower-case hexadecimal digits, as sha256sum prints them",
  },
  archiveSize: { is: isCount, what: "a number of bytes" },
  version: { is: isCount, what: "an integer from 0 to 9007199254740991" },
  epoch: { is: isCount, what: "an integer from 0 to 9007199254740991" },
  created: { is: isTime, what: 'a time in UTC: "2026-10-01T12:00:00Z"', read: parseUtc },
  notAfter: { is: isTime, what: 'a time in UTC: "2026-10-01T12:00:00Z"', read: parseUtc },
  audience: { is: isName, what: "the name of a site: text without control characters or space around it" },
  sourceNote: { is: isNote, what: "text without control characters" },
};

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value === value.trim() && !UNSEEN.test(value);
}

function isNote(value: unknown): boolean {
  return value === undefined || typeof value === "string" && !UNPRINTABLE.test(value);
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && parseUtc(value) !== undefined;
}

/**
 * Reads a manifest. Its signature is to be verified before.
 *
 * @param bytes The file.
 * @returns Its fields.
 * @throws {TrustError} When it is too long, not JSON, or a field is missing, there twice, unknown or not what it has to be.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_LENGTH) {
    throw new TrustError(`The manifest has more than ${MAX_MANIFEST_LENGTH} bytes`);
  }
  const members = parseJsonObject(decodeText(bytes, "The manifest"), "The manifest");
  for (const name of Object.keys(members)) {
    if (!Object.hasOwn(FIELDS, name)) {
      throw new TrustError(`The manifest has a field that is not known: ${quote(name)}`);
    }
  }
  const manifest: Record<string, unknown> = {};
  for (const [name, { is, what, read }] of Object.entries(FIELDS)) {
    const value = members[name];
    if (!is(value)) {
      throw new TrustError(
        `The manifest's ${name} ${value === undefined ? "is missing: it is" : "is not"} ${what}`,
      );
    }
    if (value !== undefined) manifest[name] = read ? read(value as string) : value;
  }
  return manifest as unknown as Manifest;
}

/** The newest release that has been served. */
export type HighWaterMark = Pick<Manifest, "epoch" | "version" | "archiveSha256">;

/**
 * Compares a manifest with the newest release.
 *
 * @param manifest The manifest.
 * @param mark The newest release that has been served.
 * @returns Whether it is of an older release, or of the same with another archive; `undefined` if neither.
 */
export function findRollback(
  manifest: HighWaterMark,
  mark: HighWaterMark,
): "older" | "equivocation" | undefined {
  const order = manifest.epoch - mark.epoch || manifest.version - mark.version;
  if (order < 0) return "older";
  if (order === 0 && manifest.archiveSha256 !== mark.archiveSha256) return "equivocation";
}

/**
 * Reports whether a manifest was made so far ahead that it or the clock must be wrong.
 *
 * @param manifest The manifest.
 * @param now ms since 1970.
 * @returns Whether `created` is more than 24 hours after `now`.
 */
export function isFromTheFuture({ created }: Manifest, now: number): boolean {
  return created > now + MAX_CLOCK_SKEW;
}
