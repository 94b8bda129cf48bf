import { decodeBase64 } from "./_bytes.ts";
import { readSshKey, type SshKey } from "./ssh_key.ts";
import { TrustError } from "./trust_error.ts";

/** Most characters of a file of keys. A line with an RSA key of 4,096 bits has about 800. */
export const MAX_KEYS_LENGTH = 262_144;

/** A line of an allowed_signers file: who may sign what, and when. */
export interface AllowedSigner {
  /** Number of the line, from 1. */
  line: number;
  /** Names of who holds the key, as the file has them: `release@corp`. Shown, not compared. */
  principals: string;
  /** Its key. */
  key: SshKey;
  /** Patterns of namespaces. @default {all} */
  namespaces?: string;
  /** First moment at which it may sign: ms since 1970. @default {any} */
  validAfter?: number;
  /** Last moment at which it may sign: ms since 1970. @default {any} */
  validBefore?: number;
}

const SPACE = /[ \t]+/y;
const PRINCIPALS = /[^ \t"]+/y;
const KEY = /([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?=[ \t]|$)/y;
const OPTION = /([A-Za-z-]+)(?:="((?:[^"\\]|\\.)*)")?(,|(?=[ \t]))/y;
const TIME = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/;

/**
 * Reads an allowed_signers file (ssh-keygen(1), "ALLOWED SIGNERS").
 *
 * @param text The file.
 * @returns Its lines, without empty ones and comments.
 * @throws {TrustError} A line is malformed, has a key that is not accepted or an option that is not known, with the number of the line.
 */
export async function parseAllowedSigners(text: string): Promise<AllowedSigner[]> {
  return await parseLines(text, parseLine);
}

/** Parses each line that is not empty and no comment, and names the line at fault. */
async function parseLines<T>(
  text: string,
  parse: (line: string, number: number) => Promise<T>,
): Promise<T[]> {
  if (text.length > MAX_KEYS_LENGTH) {
    throw new TrustError(`The file has more than ${MAX_KEYS_LENGTH} characters`);
  }
  const parsed: T[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    try {
      parsed.push(await parse(content, i + 1));
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      throw new TrustError(`Line ${i + 1}: ${error.message}`, { cause: error });
    }
  }
  return parsed;
}

async function parseLine(text: string, line: number): Promise<AllowedSigner> {
  let at = 0;
  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  }
  const principals = take(PRINCIPALS)?.[0];
  if (principals === undefined || !take(SPACE)) {
    throw new TrustError("a line is principals, options if any, the key's type, and the key");
  }
  let key = take(KEY);
  const options: Omit<AllowedSigner, "line" | "principals" | "key"> = {};
  if (!key) {
    const seen = new Set<string>();
    for (let option = take(OPTION); option; option = option[3] === "," ? take(OPTION) : null) {
      const [, name, value] = option;
      if (seen.has(name!.toLowerCase())) throw new TrustError(`the option ${name} is there twice`);
      seen.add(name!.toLowerCase());
      readOption(options, name!, value?.replaceAll(/\\(["\\])/g, "$1"));
    }
    key = take(SPACE) && take(KEY);
    if (!key) {
      throw new TrustError("after principals and options there is no key: its type, and it in base64");
    }
  }
  const { validAfter, validBefore } = options;
  if (validAfter !== undefined && validBefore !== undefined && validBefore <= validAfter) {
    throw new TrustError("valid-before is not later than valid-after");
  }
  return { line, principals, key: await parseKey(key[1]!, key[2]!), ...options };
}

async function parseKey(type: string, base64: string): Promise<SshKey> {
  const key = await readSshKey(decodeBase64(base64, "the key"));
  if (key.type !== type) throw new TrustError(`the line says ${type}, its key is of type ${key.type}`);
  return key;
}

function readOption(
  options: Partial<AllowedSigner>,
  name: string,
  value: string | undefined,
): void {
  switch (name.toLowerCase()) {
    case "namespaces":
      if (!value) throw new TrustError('namespaces needs a value: namespaces="halyard-archive"');
      options.namespaces = value;
      break;
    case "valid-after":
      options.validAfter = parseTime(name, value);
      break;
    case "valid-before":
      options.validBefore = parseTime(name, value);
      break;
    case "cert-authority":
      throw new TrustError("certificates are not accepted: name each signer's key in a line of its own");
    default:
      throw new TrustError(
        `the option ${name} is not known. These are: namespaces, valid-after, valid-before`,
      );
  }
}

/** Reads `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, in UTC with a `Z`, else in the host's time zone. */
function parseTime(name: string, value: string | undefined): number {
  const match = TIME.exec(value ?? "");
  const [year, month, day, hour, minute, second] = (match?.slice(1, 7) ?? []).map((part) =>
    Number(part ?? 0)
  );
  const utc = Date.UTC(year!, month! - 1, day, hour, minute, second);
  const written = match && [month! - 1, day, hour, minute, second].join();
  const date = new Date(utc);
  const meant = [
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  if (written !== meant.join()) {
    throw new TrustError(`${name} is not a time: YYYYMMDD[HHMM[SS]], with Z for UTC`);
  }
  return match![7] === "Z" ? utc : new Date(year!, month! - 1, day, hour, minute, second).getTime();
}

const KRL = "SSHKRL\n";

/**
 * Reads a file of revoked public keys: one a line, its type and it in base64, and a comment if any.
 *
 * @returns The fingerprints of the keys.
 * @throws {TrustError} It is a KRL, or a line is no key.
 */
export async function parseRevokedKeys(text: string): Promise<Set<string>> {
  if (text.startsWith(KRL)) {
    throw new TrustError(
      "The file is a KRL, which is not accepted: write the revoked public keys, one a line",
    );
  }
  return new Set(
    await parseLines(text, async (line) => {
      KEY.lastIndex = 0;
      const [, type, base64] = KEY.exec(line) ?? [];
      if (type === undefined) throw new TrustError("a line is a key's type, and it in base64");
      return (await parseKey(type, base64!)).fingerprint;
    }),
  );
}

/**
 * Whether a signer may sign in a namespace at a time.
 *
 * @param now ms since 1970.
 * @returns Why not, or `undefined` if it may.
 */
export function whyNotAllowed(signer: AllowedSigner, namespace: string, now: number): string | undefined {
  const { namespaces, validAfter = -Infinity, validBefore = Infinity } = signer;
  if (namespaces !== undefined && !matchesPatterns(namespace, namespaces)) {
    return `its namespaces are ${JSON.stringify(namespaces)}, without ${namespace}`;
  }
  if (now < validAfter) return `it is valid from ${new Date(validAfter).toISOString()} on`;
  if (now > validBefore) return `it was valid until ${new Date(validBefore).toISOString()}`;
}

/** Patterns of ssh_config(5): comma-separated, with `*` and `?`; one with `!` that matches rules out. */
function matchesPatterns(text: string, patterns: string): boolean {
  let matches = false;
  for (const pattern of patterns.split(",")) {
    const isNegated = pattern.startsWith("!");
    if (!matchesPattern(text, isNegated ? pattern.slice(1) : pattern)) continue;
    if (isNegated) return false;
    matches = true;
  }
  return matches;
}

/** In time proportional to both lengths: the last `*` alone is tried again. */
function matchesPattern(text: string, pattern: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let i = 0; i < text.length;) {
    if (pattern[at] === "*") {
      star = at++;
      resume = i;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
