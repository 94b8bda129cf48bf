import { decodeBase64 } from "./_bytes.ts";
import { quote } from "./_quote.ts";
import { readSshKey, type SshKey } from "./ssh_key.ts";
import { TrustError } from "./trust_error.ts";

/** Longest file of allowed signers or revoked keys. A line with an RSA key of 4,096 bits has about 800 characters. @limit characters: the file is refused */
export const MAX_KEYS_LENGTH = 262_144;

/** Longest value of an option in allowed_signers. OpenSSH matches no pattern of 1,024 characters and more. @limit characters: the file is refused */
const MAX_VALUE_LENGTH = 1000;

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
const OPTION = /([A-Za-z-]{1,64})(?:="([^"\\]*)")?(,(?![ \t])|(?=[ \t]))/y;
/** What some programs take for the end of a line, or do not show: a line must mean what it looks like. */
const UNSEEN = /[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const TIME = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/;

/**
 * Reads an allowed_signers file (ssh-keygen(1), "ALLOWED SIGNERS").
 *
 * @param text The file. A byte order mark at its start is refused, so it must still be there.
 * @returns Its lines, without empty ones and comments.
 * @throws {TrustError} When a line is malformed, has a key that is not accepted or an option that is not known; the message has the
 * number of the line.
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
    const content = line.replace(/^[ \t]+/, "");
    try {
      refuseUnseen(content);
      if (content === "" || content.startsWith("#")) continue;
      parsed.push(await parse(content, i + 1));
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      throw new TrustError(`Line ${i + 1}: ${error.message}`, { cause: error });
    }
  }
  return parsed;
}

function refuseUnseen(text: string): void {
  const code = UNSEEN.exec(text)?.[0].codePointAt(0);
  if (code === undefined) return;
  throw new TrustError(`it has the character U+${code.toString(16).padStart(4, "0")}, which cannot be seen`);
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
  if (principals.split(",").some((pattern) => pattern.startsWith("!"))) {
    throw new TrustError("a name with ! before it is not accepted: every name counts, none is ruled out");
  }
  let key = take(KEY);
  const options: Omit<AllowedSigner, "line" | "principals" | "key"> = {};
  if (!key) {
    const seen = new Set<string>();
    for (let option = take(OPTION); option; option = option[3] === "," ? take(OPTION) : null) {
      const [, name, value] = option;
      if (seen.has(name!.toLowerCase())) throw new TrustError(`the option ${name} is there twice`);
      seen.add(name!.toLowerCase());
      readOption(options, name!, value);
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
  if (value !== undefined && value.length > MAX_VALUE_LENGTH) {
    throw new TrustError(`the value of ${name} has more than ${MAX_VALUE_LENGTH} characters`);
  }
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

/** Parses `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, in UTC with a `Z`, else in the host's time zone, from 1970 on. */
function parseTime(name: string, value: string | undefined): number {
  const match = TIME.exec(value ?? "");
  const [year, month, day, hour, minute, second] = (match?.slice(1, 7) ?? []).map((part) =>
    Number(part ?? 0)
  );
  const utc = Date.UTC(year!, month! - 1, day, hour, minute, second);
  const written = match && [year, month! - 1, day, hour, minute, second].join();
  const date = new Date(utc);
  const meant = [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  if (written !== meant.join() || year! < 1970) {
    throw new TrustError(`${name} is not a time from 1970 on: YYYYMMDD[HHMM[SS]], with Z for UTC`);
  }
  return match![7] === "Z" ? utc : utc + standardOffset(year!);
}

/**
 * How far the host's time zone is behind UTC: ms. OpenSSH reads times of summer without daylight saving time too, so a line means
 * the same here and there.
 */
function standardOffset(year: number): number {
  const offsets = [0, 6].map((month) => new Date(year, month, 1).getTimezoneOffset());
  return Math.max(...offsets) * 60_000;
}

const KRL = "SSHKRL\n";

/**
 * Reads a file of revoked public keys: one a line, its type and it in base64, and a comment if any.
 *
 * @param text The file.
 * @returns The fingerprints of the keys.
 * @throws {TrustError} When it is a KRL, or a line is no key; the message has the number of the line.
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
 * Reports whether a signer may sign in a namespace at a time.
 *
 * @param signer The signer.
 * @param namespace The namespace.
 * @param now ms since 1970.
 * @returns Why not, or `undefined` if it may.
 */
export function whyNotAllowed(signer: AllowedSigner, namespace: string, now: number): string | undefined {
  const { namespaces, validAfter = -Infinity, validBefore = Infinity } = signer;
  if (namespaces !== undefined && !matchesPatterns(namespace, namespaces)) {
    return `its namespaces are ${quote(namespaces)}, without ${namespace}`;
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
