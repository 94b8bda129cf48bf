import type { Bytes } from "./_bytes.ts";
import { formatUtc } from "./format_manifest.ts";
import {
  findRollback,
  type HighWaterMark,
  isFromTheFuture,
  type Manifest,
  parseManifest,
} from "./manifest.ts";
import { type SignatureFile, type Signer, type TrustedKeys, verifySignatures } from "./signers.ts";
import { TrustError } from "./trust_error.ts";

/** What a site asks of a signed file. */
export interface TrustRules {
  /** What it has to be signed for: `halyard-archive`. */
  namespace: string;
  /** Who may sign. */
  keys: TrustedKeys;
  /** Number of keys that must have signed. */
  threshold: number;
  /** Site that it has to be for. @default {any} */
  audience?: string | undefined;
  /** Age at which it is stale, even before its `notAfter`: ms. @default {none} */
  maxAge?: number | undefined;
  /** Whether a stale one is refused. @default {false} */
  isAgeHard?: boolean | undefined;
}

/** A file with what is said to vouch for it. */
export interface SignedFile {
  /** Its SHA-256: lower-case hex. */
  digest: string;
  /** Its length: bytes. */
  size: number;
  /** Bytes of its manifest. @default {there is none} */
  manifest?: Bytes | undefined;
  /** Files with signatures of the manifest. */
  signatures: readonly SignatureFile[];
}

/** What is known besides the file. All times are ms since 1970. */
export interface Circumstances {
  /** The time. */
  now: number;
  /** When this program was made: a clock that is earlier is wrong. */
  buildTime: number;
  /** When this file was accepted for the first time: its signers had to be valid then. @default {now} */
  acceptedAt?: number | undefined;
  /** Newest release that has been served. @default {none} */
  mark?: HighWaterMark | undefined;
  /** Whether one of an older release is let in. @default {false} */
  allowsRollback?: boolean | undefined;
}

/** A rule, by name. */
export type RuleName =
  | "keys"
  | "signatures"
  | "manifest"
  | "content"
  | "audience"
  | "created"
  | "age"
  | "release";

/** What became of one rule. */
export interface Finding {
  /** The rule. */
  rule: RuleName;
  /** Whether it is met; absent where it could not be judged, or has nothing to judge. */
  isMet?: boolean;
  /** Whether it is broken only as long as it is too early. */
  isForNow?: true;
  /** What was found: a sentence without its full stop. */
  detail: string;
}

/** Whether a signed file may be used, and why. */
export interface Verdict {
  /** Whether no rule is broken. */
  isGood: boolean;
  /** One for each rule that was come to. */
  findings: Finding[];
  /** Signatures that count. */
  signers: Signer[];
  /** The manifest, where enough have signed it. */
  manifest?: Manifest;
  /** Whether it is of an older release, and let in: no rule is broken. */
  isRollback?: true;
}

/**
 * Judges a signed file: signatures first, since nothing of a manifest is read that has not been signed by enough.
 *
 * @param file The file.
 * @param rules What is asked of it.
 * @param circumstances The time, and what has been served.
 * @returns The verdict.
 */
export async function judge(
  file: SignedFile,
  rules: TrustRules,
  circumstances: Circumstances,
): Promise<Verdict> {
  const { now, acceptedAt = now } = circumstances;
  const { threshold, keys, namespace } = rules;
  if (!file.manifest) return refuse("signatures", "there is no manifest");
  const { signers, refused } = await verifySignatures(
    file.manifest,
    file.signatures,
    keys,
    namespace,
    acceptedAt,
  );
  const problems = refused.map(({ file, problem }) => `${file}: ${problem}`);
  if (signers.length < threshold) {
    const found = file.signatures.length === 0 ? ["there is no signature"] : problems;
    const detail = [`${signers.length} of ${threshold} that are needed`, ...found].join("; ");
    const early = refused.filter(({ isForNow }) => isForNow).length;
    return refuse("signatures", detail, signers.length + early >= threshold);
  }
  const names = signers.map(({ principals, fingerprint }) =>
    `${principals ?? "a cosign key"} (${fingerprint})`
  );
  const findings: Finding[] = [{
    rule: "signatures",
    isMet: true,
    detail: [`${signers.length} of ${threshold}: ${names.join(", ")}`, ...problems].join("; "),
  }];
  let manifest: Manifest;
  try {
    manifest = parseManifest(file.manifest);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    findings.push({ rule: "manifest", isMet: false, detail: error.message });
    return { isGood: false, findings, signers };
  }
  findings.push(
    checkContent(manifest, file),
    checkAudience(manifest, rules),
    checkCreated(manifest, circumstances),
    checkAge(manifest, rules, circumstances),
  );
  const older = checkRelease(manifest, circumstances);
  findings.push(older);
  const isGood = findings.every(({ isMet }) => isMet !== false);
  return { isGood, findings, signers, manifest, ...isGood && older.isRollback && { isRollback: true } };
}

function refuse(rule: RuleName, detail: string, isForNow = false): Verdict {
  const finding: Finding = { rule, isMet: false, detail, ...isForNow && { isForNow } };
  return { isGood: false, findings: [finding], signers: [] };
}

function checkContent({ archiveSha256, archiveSize }: Manifest, { digest, size }: SignedFile): Finding {
  const isMet = archiveSha256 === digest && archiveSize === size;
  const found = `SHA-256 ${digest}, ${size} bytes`;
  const detail = isMet
    ? found
    : `the manifest is for another file: ${found}; it says ${archiveSha256}, ${archiveSize} bytes`;
  return { rule: "content", isMet, detail };
}

function checkAudience(manifest: Manifest, { audience }: TrustRules): Finding {
  const actual = JSON.stringify(manifest.audience);
  if (audience === undefined) {
    return { rule: "audience", detail: `for ${actual}; no audience is set to hold it against` };
  }
  const isMet = manifest.audience === audience;
  return {
    rule: "audience",
    isMet,
    detail: `for ${actual}${isMet ? "" : `, not for ${JSON.stringify(audience)}`}`,
  };
}

function checkCreated(manifest: Manifest, { now, buildTime }: Circumstances): Finding {
  const detail = formatUtc(manifest.created);
  if (now < buildTime) return { rule: "created", detail: `${detail}; ${describeClock(now)}` };
  const isMet = !isFromTheFuture(manifest, now);
  if (isMet) return { rule: "created", isMet, detail };
  return { rule: "created", isMet, detail: `${detail}, which is more than a day ahead`, isForNow: true };
}

function checkAge(manifest: Manifest, rules: TrustRules, { now, buildTime }: Circumstances): Finding {
  const staleAt = findStaleTime(manifest, rules.maxAge);
  const until = `good until ${formatUtc(staleAt)}`;
  if (now < buildTime) return { rule: "age", detail: `${until}; ${describeClock(now)}` };
  const age = `${Math.max(0, Math.floor((now - manifest.created) / DAY))} days`;
  if (now <= staleAt) return { rule: "age", isMet: true, detail: `${age}, ${until}` };
  const detail = `${age}, stale: it was ${until}`;
  return rules.isAgeHard ? { rule: "age", isMet: false, detail } : { rule: "age", detail };
}

function checkRelease(
  manifest: Manifest,
  { mark, allowsRollback }: Circumstances,
): Finding & { isRollback?: true } {
  const release = formatRelease(manifest);
  if (!mark) return { rule: "release", detail: `${release}; nothing is known to have been served before` };
  const served = `${formatRelease(mark)} has been served`;
  switch (findRollback(manifest, mark)) {
    case undefined:
      return { rule: "release", isMet: true, detail: `${release}; ${served}` };
    case "equivocation":
      return {
        rule: "release",
        isMet: false,
        detail: `${release} with another content than that which has been served`,
      };
    case "older": {
      const detail = `${release} is older: ${served}`;
      if (!allowsRollback) return { rule: "release", isMet: false, detail };
      return { rule: "release", detail: `${detail}; it is let in this once`, isRollback: true };
    }
  }
}

/** A day: ms. */
const DAY = 86_400_000;

/**
 * Finds out when a file becomes stale.
 *
 * @param manifest Its manifest.
 * @param maxAge Longest age: ms. @default {none}
 * @returns The last moment at which it is not: ms since 1970.
 */
export function findStaleTime(
  { created, notAfter }: Pick<Manifest, "created" | "notAfter">,
  maxAge = Infinity,
): number {
  return Math.min(notAfter, created + maxAge);
}

function describeClock(now: number): string {
  return `not judged, since the clock is wrong: it says ${formatUtc(now)}`;
}

function formatRelease({ epoch, version }: HighWaterMark): string {
  return epoch === 0 ? `version ${version}` : `version ${version} of epoch ${epoch}`;
}
