import { TrustError } from "./trust_error.ts";

/** Most bytes of a manifest: ours have some 300, and up to 4,096 characters of a note. */
export const MAX_MANIFEST_LENGTH = 16_384;

/** How far into the future `created` may lie, as clocks differ: ms. */
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
const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

/**
 * Reads a time as RFC 3339 has it, in UTC.
 *
 * @returns ms since 1970, or `undefined` if it is none.
 */
export function parseUtc(text: string): number | undefined {
  const [, seconds, fraction = ""] = RFC3339_UTC.exec(text) ?? [];
  if (seconds === undefined) return;
  const time = Date.parse(`${seconds}${fraction.slice(0, 4)}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(seconds) ? time : undefined;
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown) => typeof value === "string" && value !== "";

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
  audience: { is: isText, what: "the name of a site" },
  sourceNote: { is: (value) => value === undefined || typeof value === "string", what: "text" },
};

function isTime(value: unknown): boolean {
  return typeof value === "string" && parseUtc(value) !== undefined;
}

/**
 * Reads a manifest. Its signature is to be verified before.
 *
 * @param bytes The file.
 * @throws {TrustError} It is too long, not JSON, or a field is missing, there twice, unknown or not what it has to be.
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_LENGTH) {
    throw new TrustError(`The manifest has more than ${MAX_MANIFEST_LENGTH} bytes`);
  }
  const { text, members } = parseObject(bytes);
  for (const name of Object.keys(members)) {
    if (!Object.hasOwn(FIELDS, name)) {
      throw new TrustError(`The manifest has a field that is not known: ${JSON.stringify(name)}`);
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
  // All values are strings and numbers, so each string before a colon is a name.
  const names = [...text.matchAll(TOKEN)].filter(([, colon]) => colon);
  if (names.length !== Object.keys(members).length) throw new TrustError("The manifest has a field twice");
  return manifest as unknown as Manifest;
}

function parseObject(bytes: Uint8Array): { text: string; members: Record<string, unknown> } {
  let text: string, value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new TrustError("The manifest is not JSON in UTF-8", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TrustError("The manifest is not a JSON object");
  }
  return { text, members: { ...value } };
}

/** The newest release that has been served. */
export type HighWaterMark = Pick<Manifest, "epoch" | "version" | "archiveSha256">;

/** Whether a manifest is of an older release than the mark, or of the same with another archive. */
export function findRollback(
  manifest: HighWaterMark,
  mark: HighWaterMark,
): "older" | "equivocation" | undefined {
  const order = manifest.epoch - mark.epoch || manifest.version - mark.version;
  if (order < 0) return "older";
  if (order === 0 && manifest.archiveSha256 !== mark.archiveSha256) return "equivocation";
}

/** Whether `created` lies so far ahead that clock or manifest must be wrong. */
export function isFromTheFuture({ created }: Manifest, now: number): boolean {
  return created > now + MAX_CLOCK_SKEW;
}
