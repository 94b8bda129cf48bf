import { hash } from "node:crypto";
import { BUILD_INFO } from "../build_info.ts";
import { readCommandLine, type Settings, SETTINGS_FLAGS } from "../config/mod.ts";
import { readTrustRecord, StateError } from "../load/mod.ts";
import {
  ARCHIVE_NAMESPACE,
  type FileBytes,
  findNamespace,
  judgeFiles,
  listSidecars,
  MAX_KEYS_LENGTH,
  type TrustPolicy,
  type Verdict,
} from "../trust/mod.ts";
import { readSmallFile } from "../wire/mod.ts";
import { readArchiveBytes } from "./archive_file.ts";
import type { Args, Command } from "./command.ts";
import { jsonFlag, printJson } from "./json.ts";
import { UsageError } from "./parse_args.ts";
import { readSettings } from "./settings.ts";
import { type Cell, printTable } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** The command `verify`. */
export const VERIFY: Command = {
  name: "verify",
  summary: "says who has signed an archive, and whether a relay would accept it",
  usage: "FILE",
  arity: [1, 1],
  details:
    `Reads FILE.manifest.json and its signatures beside FILE. The rules are those of [Trust] (TRUST_*), unless flags give them,
whatever its mode is; with STATE_DIRECTORY, the release is held against the one that was served. The exit code is 0 where
FILE is good, 1 where it is refused.`,
  example: "verify flags.tar.gz --allowed-signers allowed_signers --audience plant-7",
  flags: {
    ...SETTINGS_FLAGS,
    "allowed-signers": { value: "FILE", help: "Who may sign: an allowed_signers file, as OpenSSH has it." },
    "cosign-key": {
      value: "FILE",
      help: "Public key of cosign (PEM) that may sign too; may stand several times.",
    },
    revoked: { value: "FILE", help: "Public keys that count no more, one a line." },
    threshold: { value: "N", help: "Number of different keys that must have signed." },
    audience: { value: "SITE", help: "Name of the site that FILE has to be for." },
    ...jsonFlag("verify"),
  },
  async run(args, terminal) {
    const [path] = args.positional as [string];
    const { settings } = readSettings(readCommandLine(args), false);
    const { bytes } = readArchiveBytes(path);
    const file = { path, digest: hash("sha256", bytes), size: bytes.length };
    const policy = readPolicy(args, settings, findNamespace(bytes));
    const { stateDirectory } = settings;
    const verdict = await judgeFiles(file, readAll(path, policy), policy, {
      now: Date.now(),
      buildTime: Date.parse(BUILD_INFO.date),
      ...stateDirectory !== undefined && await readRecord(stateDirectory, policy.namespace),
    });
    const [broken] = verdict.findings;
    if (broken?.rule === "keys") throw new UsageError(broken.detail, "correct the file of keys");
    if (args.switches.has("json")) printJson(terminal, toJson(file, verdict));
    else print(terminal, path, verdict);
    return verdict.isGood ? 0 : 1;
  },
};

async function readRecord(path: string, namespace: string): ReturnType<typeof readTrustRecord> {
  try {
    return await readTrustRecord(path, namespace);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new UsageError(error.message, error.hint);
  }
}

function readPolicy({ values, lists }: Args, { trust }: Settings, namespace: string): TrustPolicy {
  const allowedSigners = values.get("allowed-signers") ?? trust.allowedSigners;
  const revokedKeys = values.get("revoked") ?? trust.revokedKeys;
  const cosignKeys = lists.get("cosign-key") ?? trust.cosignKeys;
  const threshold = values.get("threshold") ?? trust.threshold;
  if (allowedSigners === undefined && cosignKeys.length === 0) {
    throw new UsageError("verify does not know whom to trust", "write verify FILE --allowed-signers FILE");
  }
  if (!/^[1-9]\d{0,3}$/.test(`${threshold}`)) {
    throw new UsageError(`--threshold cannot be "${threshold}"`, "it is a number of keys, 1 or more");
  }
  return {
    namespace,
    ...allowedSigners !== undefined && { allowedSigners },
    ...revokedKeys !== undefined && { revokedKeys },
    cosignKeys,
    threshold: Number(threshold),
    audience: values.get("audience") ?? trust.audience,
    // As in a relay, it is about archives.
    ...namespace === ARCHIVE_NAMESPACE && { maxAge: trust.maxAge?.ms, isAgeHard: trust.maxAge?.isHard },
  };
}

/** Reads what lies beside a file, and the files of keys. */
function readAll(
  path: string,
  { allowedSigners, revokedKeys, cosignKeys }: TrustPolicy,
): ReadonlyMap<string, FileBytes> {
  const keyFiles = [allowedSigners, revokedKeys, ...cosignKeys].filter((path) => path !== undefined);
  const files = [...listSidecars(path), ...keyFiles.map((path) => ({ path, maxBytes: MAX_KEYS_LENGTH }))];
  return new Map(files.map(({ path, maxBytes }) => [path, readIfThere(path, maxBytes)]));
}

function readIfThere(path: string, maxBytes: number): FileBytes {
  try {
    return readSmallFile(path, maxBytes);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    return new Error(`Cannot read "${path}": ${(error as Error).message}`);
  }
}

function print(terminal: Terminal, path: string, { isGood, findings, manifest }: Verdict): void {
  printTable(terminal, findings.map(({ rule, isMet, detail }): Cell[] => [MARKS[`${isMet}`]!, rule, detail]));
  if (manifest?.sourceNote !== undefined) terminal.print(`Note of the signer: ${manifest.sourceNote}\n`);
  const verdict = isGood ? "good" : "refused";
  terminal.print([{ text: `${path}: ` }, { text: verdict, style: isGood ? "green" : "red" }, { text: "\n" }]);
}

const MARKS: Readonly<Record<string, Cell>> = {
  true: { text: "✓", style: "green" },
  false: { text: "✗", style: "red" },
  undefined: { text: "–", style: "yellow" },
};

/** Describes a verdict for machines. */
function toJson(
  { path, digest: sha256, size }: { path: string; digest: string; size: number },
  { isGood, findings, signers, manifest }: Verdict,
): Record<string, unknown> {
  return {
    path,
    sha256,
    size,
    good: isGood,
    rules: findings.map(({ rule, isMet = null, detail }) => ({ rule, met: isMet, detail })),
    signers: signers.map(({ file, principals = null, fingerprint }) => ({ file, principals, fingerprint })),
    manifest: manifest
      ? {
        ...manifest,
        created: new Date(manifest.created).toISOString(),
        notAfter: new Date(manifest.notAfter).toISOString(),
      }
      : null,
  };
}
