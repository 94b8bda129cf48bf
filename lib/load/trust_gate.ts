import { hash } from "node:crypto";
import type { Log, TrustStatus } from "../observe/mod.ts";
import {
  type Clock,
  type Companion,
  type CompanionContent,
  type FileContent,
  IncompleteError,
  LoadError,
  MACHINE_CLOCK,
  TransientError,
} from "../source/mod.ts";
import {
  type Circumstances,
  judgeFiles,
  type KeyFiles,
  listSidecars,
  MAX_KEYS_LENGTH,
  type RuleName,
  type Verdict,
} from "../trust/mod.ts";
import { ServedRelease } from "./_served_release.ts";
import type { TrustRecord } from "./_state_record.ts";
import type { Admitted, Gate } from "./gate.ts";
import { identify, type KeptFile, type StateDirectory } from "./state_directory.ts";
import type { StateError } from "./state_error.ts";

/** What a site asks of signed files. */
export interface TrustOptions extends KeyFiles {
  /** `off`: nothing. `warn`: what would be refused is served, with a warning. `require`: it is refused. */
  mode: "off" | "warn" | "require";
  /** Site that files must be for. @default {any} */
  audience?: string;
  /** Age at which a file is stale: ms; and whether a stale one is refused. @default {its `notAfter` alone counts} */
  maxAge?: { ms: number; isHard: boolean };
  /** Until when one older file is let in: ms since epoch. @default {none is} */
  allowRollbackUntil?: number;
}

/** Options for {@linkcode TrustGate}. */
export interface TrustGateOptions extends TrustOptions {
  /** Path of the file. */
  path: string;
  /** What is in it, for messages: "data file". */
  what: string;
  /** What it has to be signed for. */
  namespace: string;
  /** Where is remembered what has been served. @default {in memory} */
  state?: StateDirectory | undefined;
  /** Whether the file itself is kept there, to be served when there is no other. @default {false} */
  keepsFile?: boolean;
  /** When this program was made: ms since epoch. */
  buildTime: number;
  /** Log. */
  log: Log;
  /** The clock. @default the machine's */
  clock?: Clock;
}

/** What is done in the state directory. */
type StateWrite = "keep" | "save" | "discard";

/** Name that the file has in the state directory. */
const KEPT_NAME = "flags.tar.gz";

/** Rules that are broken while files are on their way. */
const MIXED: ReadonlySet<RuleName> = new Set(["keys", "signatures", "content"]);

/** What to do where a rule is broken. */
const HINTS: Readonly<Record<RuleName, string>> = {
  keys: "correct the file that TRUST_ALLOWED_SIGNERS, TRUST_REVOKED_KEYS or TRUST_COSIGN_KEYS names",
  signatures: "bring the manifest and its signatures beside it",
  manifest: "make the manifest with: halyard manifest",
  content: "bring the file and the manifest of one release",
  audience: "bring the release for this site, or correct TRUST_AUDIENCE",
  created: "correct the clock of the host, or of the one on which the manifest is made",
  age: "bring a newer release, or take hard out of TRUST_MAX_AGE",
  release: "make a new release with a higher version, or let this one in once: TRUST_ALLOW_ROLLBACK_UNTIL",
};

/** The gate between a file and what loads it: who has signed it, for whom, and whether it is older than what was served. */
export class TrustGate implements Gate {
  /** Files that the source has to read with the file; none where nothing is asked. */
  readonly companions: readonly Companion[];
  readonly #options: TrustGateOptions;
  readonly #clock: Clock;
  /** Files that say whom the site trusts: no part of what is carried. */
  readonly #keyFiles: readonly Companion[];
  #record: TrustRecord;
  readonly #served: ServedRelease;
  /** Reasons why the state directory is not up to date, by what could not be done. */
  readonly #stateProblems = new Map<StateWrite, string>();
  #isClockWrong = false;

  /**
   * Creates a gate that has admitted nothing.
   *
   * @param options File, rules, and where to remember.
   */
  constructor(options: TrustGateOptions) {
    const { path, what, allowedSigners, revokedKeys, cosignKeys, state, namespace, log } = options;
    const { clock = MACHINE_CLOCK, maxAge } = options;
    this.#options = options;
    this.#clock = clock;
    this.#served = new ServedRelease({ path, what, maxAge: maxAge?.ms, log, clock });
    this.#keyFiles = [allowedSigners, revokedKeys, ...cosignKeys].flatMap((path) =>
      path === undefined ? [] : { path, maxBytes: MAX_KEYS_LENGTH }
    );
    this.companions = !this.isAsking ? [] : [...listSidecars(path), ...this.#keyFiles];
    this.#record = state?.getRecord(namespace) ?? {};
  }

  /** Whether it asks for anything. */
  get isAsking(): boolean {
    return this.#options.mode !== "off";
  }

  /** How what is served stands. */
  get status(): TrustStatus {
    const problems = this.#listProblems();
    return {
      mode: this.#options.mode,
      ...this.#served.status,
      ...problems.length > 0 && { problems },
    };
  }

  /** See {@linkcode Gate}. */
  async admit(content: FileContent): Promise<Admitted> {
    const id = identify(this.#listFiles(content, []));
    const verdict = this.isAsking ? await this.#judge(content, id) : undefined;
    const problems = verdict && !verdict.isGood ? this.#refuse(verdict, content) : [];
    const kept = await this.#keep(this.#listFiles(content, verdict?.signers ?? []));
    return {
      commit: () => this.#commit({ id, kept, verdict, problems }),
      discard: async () => {
        const { state } = this.#options;
        if (kept !== undefined) await this.#note("discard", () => state!.discard(kept));
      },
    };
  }

  /** Keeps a file in the state directory. Returns its ID there; `undefined` where it is not kept. */
  async #keep(files: readonly KeptFile[]): Promise<string | undefined> {
    const { state, keepsFile = false } = this.#options;
    if (!keepsFile || !state) return undefined;
    const isKept = await this.#note("keep", () => state.keep(files));
    // A restart would refuse the one that is there as older than the mark.
    if (!isKept) this.#refuseUnremembered("keep");
    return isKept ? identify(files) : undefined;
  }

  /** Throws in mode `require`: what a restart would not know of is not served. */
  #refuseUnremembered(what: StateWrite): void {
    const { mode, what: name, path } = this.#options;
    if (mode !== "require") return;
    throw new TransientError(
      `Cannot serve ${name} "${path}": ${this.#stateProblems.get(what)}`,
      "its release has to be remembered before it is served: mend the state directory",
    );
  }

  /**
   * Gets the content that was served last from the state directory.
   *
   * @param maxBytes Largest file that is read: bytes.
   * @param readAll Reads files, by path.
   * @returns The content, as the source would hand it over; `undefined` where there is none.
   * @throws {StateError} When it cannot be read.
   */
  async recall(
    maxBytes: number,
    readAll: (files: readonly Companion[]) => Promise<ReadonlyMap<string, CompanionContent>>,
  ): Promise<FileContent | undefined> {
    const { path, state } = this.#options;
    const files = await state?.readGood(maxBytes);
    const file = files?.get(KEPT_NAME);
    if (!files || !file) return undefined;
    const sidecars = listSidecars(path).map(({ path }) =>
      [path, files.get(this.#nameKept(path))?.bytes] as const
    );
    const companions = new Map([...sidecars, ...await readAll(this.#keyFiles)]);
    return { bytes: file.bytes, digest: file.digest, isAtRest: true, companions };
  }

  /** Forgets what is served: it is not there any more. */
  forget(): void {
    this.#served.replace(undefined);
  }

  /** Ends the wait for what is served to become stale. */
  close(): void {
    this.#served.close();
  }

  /** Names the file, or one that belongs to it, in the state directory. */
  #nameKept(path: string): string {
    return KEPT_NAME + path.slice(this.#options.path.length);
  }

  /** Lists the file, its manifest, and the signatures that count, with the names that they have in the state directory. */
  #listFiles({ bytes, digest, companions }: FileContent, signers: Verdict["signers"]): KeptFile[] {
    const sidecars = listSidecars(this.#options.path).flatMap(({ path, form }): KeptFile[] => {
      const bytes = companions?.get(path);
      const counts = form === "manifest" || signers.some(({ file }) => file === path);
      if (!counts || !(bytes instanceof Uint8Array)) return [];
      return [{ name: this.#nameKept(path), bytes, digest: hash("sha256", bytes) }];
    });
    return [{ name: KEPT_NAME, bytes, digest }, ...sidecars];
  }

  async #judge(content: FileContent, id: string): Promise<Verdict> {
    const { path, maxAge, allowRollbackUntil = -Infinity } = this.#options;
    const { mark, spent, accepted } = this.#record;
    const wasAccepted = accepted?.id === id;
    const circumstances: Circumstances = {
      now: this.#clock.now(),
      buildTime: this.#options.buildTime,
      ...wasAccepted && { acceptedAt: accepted.at },
      mark,
      allowsRollback: this.#clock.now() < allowRollbackUntil && spent !== allowRollbackUntil,
    };
    this.#noteClock(circumstances);
    const policy = {
      ...this.#options,
      maxAge: maxAge?.ms,
      // Only a new file is refused for its age: a restart does not make one of what was served.
      isAgeHard: maxAge?.isHard && !wasAccepted,
    };
    const { digest, bytes: { length: size }, companions = new Map() } = content;
    return await judgeFiles({ path, digest, size }, companions, policy, circumstances);
  }

  /** Throws where a file that is no good is refused, or not complete yet; else returns what is wrong with it. */
  #refuse({ findings }: Verdict, { isAtRest }: FileContent): string[] {
    const { mode, path, what } = this.#options;
    const broken = findings.filter(({ isMet }) => isMet === false);
    const problems = broken.map(({ rule, detail }) => `${rule}: ${detail}`);
    const message = `Refused ${what} "${path}": ${problems.join("; ")}`;
    const hint = HINTS[broken[0]!.rule];
    const isMix = broken.some(({ rule }) => MIXED.has(rule));
    if (isMix && !isAtRest) throw new IncompleteError(message, hint);
    // Time alone mends it, so it is looked at again.
    if (mode === "require" && broken.every(({ isForNow }) => isForNow)) {
      throw new TransientError(message, hint);
    }
    if (mode === "require") throw new LoadError(message, hint);
    return problems;
  }

  async #commit(
    { id, kept, verdict, problems }: {
      id: string;
      kept: string | undefined;
      verdict: Verdict | undefined;
      problems: readonly string[];
    },
  ): Promise<void> {
    const { namespace, state, path, log, allowRollbackUntil } = this.#options;
    const { accepted, ...before } = this.#record;
    const record: TrustRecord = { ...before };
    const manifest = verdict?.isGood ? verdict.manifest : undefined;
    if (manifest) {
      const { epoch, version, archiveSha256 } = manifest;
      record.mark = { epoch, version, archiveSha256 };
      record.accepted = accepted?.id === id ? accepted : { id, at: this.#clock.now() };
      if (verdict?.isRollback) record.spent = allowRollbackUntil!;
    }
    const isSaved = !state || await this.#note("save", () => state.save(namespace, record, kept));
    if (!isSaved) this.#refuseUnremembered("save");
    this.#record = record;
    this.#served.replace(
      verdict && { ...manifest && { manifest }, signers: manifest ? verdict.signers : [], problems },
    );
    if (manifest && verdict?.isRollback) {
      const { epoch, version } = manifest;
      log.warn("An older release is served, as TRUST_ALLOW_ROLLBACK_UNTIL allows once", {
        path,
        version,
        epoch,
        previousVersion: before.mark?.version,
        previousEpoch: before.mark?.epoch,
        audit: "rollback",
      });
    }
  }

  /** Tries to write to the state directory; notes and logs a failure, once. Returns whether it went well. */
  async #note(what: StateWrite, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      this.#stateProblems.delete(what);
      return true;
    } catch (error) {
      const { message, hint } = error as StateError;
      const isKnown = [...this.#stateProblems.values()].includes(message);
      if (!isKnown) this.#options.log.error(message, { hint });
      this.#stateProblems.set(what, message);
      return false;
    }
  }

  #noteClock({ now, buildTime }: Circumstances): void {
    const isWrong = now < buildTime;
    if (isWrong && !this.#isClockWrong) {
      this.#options.log.error(WRONG_CLOCK, { time: new Date(now).toISOString() });
    }
    this.#isClockWrong = isWrong;
  }

  #listProblems(): string[] {
    const { mode, state } = this.#options;
    const problems = [...this.#served.problems];
    if (mode === "require" && !state) problems.push(NO_STATE);
    if (this.isAsking && this.#clock.now() < this.#options.buildTime) problems.push(WRONG_CLOCK);
    problems.push(...new Set(this.#stateProblems.values()));
    return problems;
  }
}

/** What is said where a restart makes the way back possible. */
const NO_STATE =
  "without a state directory, a restart forgets which release was served: an older one is accepted then";

/** What is said where the clock is earlier than the program. */
const WRONG_CLOCK =
  "The host's clock is earlier than this build of Halyard, so the age of releases is not judged";
