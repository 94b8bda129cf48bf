import { assert, assertRejects } from "@std/assert";
import { hash } from "node:crypto";
import {
  StateDirectory,
  type StateFileSystem,
  TrustGate,
  type TrustGateOptions,
} from "../../lib/load/mod.ts";
import { type FileContent, LoadError, TransientError } from "../../lib/source/mod.ts";
import { type Bytes, listSidecars } from "../../lib/trust/mod.ts";
import { makeLog, type TestLog } from "../_environments.ts";
import { CREATED, makeRelease, type ManifestFields, type Release, Signer } from "../trust/_signer.ts";

/** A day: ms. */
export const DAY = 86_400_000;

/** Path of the file. */
const PATH = "/in/flags.tar.gz";

/** Two who may sign, and one who may not. */
export const [ann, bob, eve] = [await Signer.create(), await Signer.create(), await Signer.create()];

/** The allowed_signers file of a {@linkcode Bench}. */
export const ALLOWED = ann.line('namespaces="halyard-archive"') + bob.line();

/** A gate under test, with the files that it asks for. */
export class Bench {
  readonly log: TestLog = makeLog();
  /** Time of its clock: ms since epoch. */
  now = CREATED + DAY;
  /** Texts of the files of keys, by path. */
  keys: Record<string, string> = { "/etc/allowed": ALLOWED, "/etc/revoked": "" };
  readonly gate: TrustGate;

  constructor(options: Partial<TrustGateOptions> = {}) {
    this.gate = new TrustGate({
      mode: "require",
      path: PATH,
      what: "data file",
      namespace: "halyard-archive",
      keepsFile: true,
      allowedSigners: "/etc/allowed",
      revokedKeys: "/etc/revoked",
      cosignKeys: [],
      threshold: 1,
      audience: "plant-7",
      buildTime: CREATED - DAY,
      log: this.log,
      clock: {
        now: () => this.now,
        uptime: () => this.now,
        sleep: () => new Promise(() => {}),
      },
      ...options,
    });
  }

  /** Makes what the source hands over of a release. */
  content(release: Partial<Release> & { file: Bytes }, isAtRest = true): FileContent {
    const { file, manifest, signatures = [] } = release;
    const [manifestFile, ...others] = listSidecars(PATH);
    const companions = new Map(Object.entries(this.keys).map(([path, text]) => [path, bytes(text)]));
    if (manifest) companions.set(manifestFile!.path, manifest);
    for (const [i, signature] of signatures.entries()) companions.set(others[i]!.path, bytes(signature));
    return { bytes: file, digest: hash("sha256", file), isAtRest, companions };
  }

  /** Has a release served; throws where it is refused. */
  async serve(release: Partial<Release> & { file: Bytes }, isAtRest?: boolean): Promise<void> {
    await (await this.gate.admit(this.content(release, isAtRest))).commit();
  }

  /** Says why a release is refused. */
  async refusal(release: Partial<Release> & { file: Bytes }): Promise<string> {
    const error = await assertRejects(() => this.serve(release), Error);
    const isForNow = / on$| a day ahead$/.test(error.message);
    assert(error instanceof (isForNow ? TransientError : LoadError), `${error}`);
    return error.message.replace(`Refused data file "${PATH}": `, "");
  }
}

/** Content of a file. */
export const FILE = bytes("archive one");

/** Makes a release of a file. */
export function release(fields?: ManifestFields, signers = [ann], file = FILE): Promise<Release> {
  return makeRelease(file, signers, fields);
}

/** Opens the state directory of a simulated disk, for a gate of its own. */
export async function start(
  fs: StateFileSystem,
  options: Partial<TrustGateOptions> = {},
): Promise<{ bench: Bench; state: StateDirectory }> {
  const state = await StateDirectory.open({ path: "/state", log: makeLog(), fs });
  return { bench: new Bench({ state, ...options }), state };
}

/** Encodes a text. */
export function bytes(text: string): Bytes {
  return new TextEncoder().encode(text);
}
