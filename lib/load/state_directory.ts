import { hash } from "node:crypto";
import { dirname } from "node:path";
import type { Log } from "../observe/mod.ts";
import {
  ignore,
  readFile,
  removeAll,
  type StateFileSystem,
  syncDirectory,
  writeFile,
} from "./_durable_files.ts";
import {
  DamageError,
  formatState,
  ID,
  parseState,
  type StateRecord,
  type TrustRecord,
} from "./_state_record.ts";
import { StateError, toStateError } from "./state_error.ts";

/** A file of an archive that is kept, or of what vouches for it. */
export interface KeptFile {
  /** Its name in the folder. */
  name: string;
  /** Its content. */
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of `bytes`: lower-case hex. */
  digest: string;
}

/** Options for {@linkcode StateDirectory.open}. */
export interface StateDirectoryOptions {
  /** Its path. It is made if only itself is missing. */
  path: string;
  /** The one path that this program may write to. @default {it is not known} */
  onlyPath?: string | undefined;
  /** Log. */
  log: Log;
  /** The file system. @default {Deno} */
  fs?: StateFileSystem;
}

/** Name of the file that says which folder is good. Whatever it does not name was left by a process that was killed. */
const STATE_FILE = "state.json";

/** Name of the file that a running relay has locked. */
const LOCK_FILE = "lock";

/** Suffix of what is not complete yet. */
const PARTIAL = ".partial";

/** Largest state file that is read: bytes. Ours have some 700. @limit bytes: it counts as damaged */
const MAX_STATE_BYTES = 65_536;

/**
 * Names the files of an archive, as a whole.
 *
 * @param files The files.
 * @returns The ID: the same for the same names and contents.
 */
export function identify(files: readonly Pick<KeptFile, "name" | "digest">[]): string {
  return hash("sha256", files.map(({ name, digest }) => `${digest}  ${name}\n`).sort().join(""));
}

/**
 * Reads what is remembered of the signed files of one kind, while a relay may have the directory open.
 *
 * @param path Path of the directory.
 * @param kind What they are signed for.
 * @returns Newest release that was served; nothing where nothing is known.
 * @throws {StateError} When the state file is there and cannot be read.
 */
export async function readTrustRecord(path: string, kind: string): Promise<Pick<TrustRecord, "mark">> {
  try {
    const { trust } = await readState(Deno, `${path}/${STATE_FILE}`);
    const { mark } = trust[kind] ?? {};
    return mark ? { mark } : {};
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof DamageError) return {};
    throw new StateError(
      `Cannot read the state directory "${path}": ${(error as Error).message}`,
      "run it as the user that Halyard runs as, or without STATE_DIRECTORY ([State] directory)",
      error,
    );
  }
}

/**
 * Directory in which a relay remembers what has to outlive it: the last archive that was good, and the newest release of each
 * kind. Whenever the process is killed, and whatever is lost that has not been synced, it holds one valid state: folders are
 * complete before the state file names them, and that file is replaced by one rename.
 */
export class StateDirectory {
  readonly #options:
    & Required<Omit<StateDirectoryOptions, "onlyPath">>
    & Pick<StateDirectoryOptions, "onlyPath">;
  #record: StateRecord = { trust: {} };
  /** Whether no power failure can undo the record. */
  #isSafe = true;
  #lock: Deno.FsFile | undefined;
  /** End of what is under way: writes take place one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: StateDirectoryOptions) {
    this.#options = { fs: Deno, ...options };
  }

  /**
   * Opens it: nobody else can until it is closed.
   *
   * @param options Its path, and log.
   * @returns The directory, ready to be written to.
   * @throws {StateError} When it cannot be, or another relay has it open.
   */
  static async open(options: StateDirectoryOptions): Promise<StateDirectory> {
    const directory = new StateDirectory(options);
    try {
      await directory.#open();
    } catch (error) {
      directory.close();
      throw error;
    }
    return directory;
  }

  /**
   * Gets what is remembered of the signed files of one kind.
   *
   * @param kind What they are signed for.
   * @returns The record; empty when nothing is.
   */
  getRecord(kind: string): TrustRecord {
    return this.#record.trust[kind] ?? {};
  }

  /**
   * Writes an archive, with what vouches for it, to a folder of its own. It is forgotten at the next start if no `save` names it.
   *
   * @param files The files.
   * @returns Its ID.
   * @throws {StateError} When that fails.
   */
  keep(files: readonly KeptFile[]): Promise<string> {
    const id = identify(files);
    return this.#write(async (fs, path) => {
      if (id === this.#record.good) return id;
      const partial = `${path}/${id}${PARTIAL}`;
      await removeAll(fs, partial);
      await removeAll(fs, `${path}/${id}`);
      try {
        await fs.mkdir(partial);
        for (const { name, bytes } of files) await writeFile(fs, `${partial}/${name}`, bytes);
        await syncDirectory(fs, partial);
      } catch (error) {
        // It may have filled the disk.
        await removeAll(fs, partial).catch(() => {});
        throw error;
      }
      await fs.rename(partial, `${path}/${id}`);
      await syncDirectory(fs, path);
      return id;
    });
  }

  /**
   * Remembers what is served from now on. Returns once no power failure can undo it.
   *
   * @param kind What it is signed for.
   * @param record What is to be remembered of it.
   * @param newGood ID of the archive that is the last known good one. @default {that before}
   * @throws {StateError} When that fails: what was remembered before still is.
   */
  save(kind: string, record: TrustRecord, newGood?: string): Promise<void> {
    return this.#write(async (fs, path) => {
      const { good: before, trust } = this.#record;
      const good = newGood ?? before;
      const next: StateRecord = { ...good && { good }, trust: { ...trust, [kind]: record } };
      const text = formatState(next);
      if (text === formatState(this.#record)) {
        if (!this.#isSafe) await syncDirectory(fs, path);
        this.#isSafe = true;
        return;
      }
      const partial = `${path}/${STATE_FILE}${PARTIAL}`;
      await writeFile(fs, partial, new TextEncoder().encode(text));
      await fs.rename(partial, `${path}/${STATE_FILE}`);
      // From here on a start finds it, whatever fails: the folder that it names must stay.
      this.#record = next;
      this.#isSafe = false;
      await syncDirectory(fs, path);
      this.#isSafe = true;
      if (before && before !== good) await removeAll(fs, `${path}/${before}`);
    });
  }

  /**
   * Forgets an archive that was kept and has turned out to be of no use.
   *
   * @param id Its ID.
   * @throws {StateError} When that fails.
   */
  discard(id: string): Promise<void> {
    return this.#write(async (fs, path) => {
      if (id !== this.#record.good) await removeAll(fs, `${path}/${id}`);
    });
  }

  /**
   * Reads the last known good archive.
   *
   * @param maxBytes Largest file that is read: bytes.
   * @returns Its files by name; `undefined` when there is none.
   * @throws {StateError} When it cannot be read, or is not what was written.
   */
  async readGood(maxBytes: number): Promise<ReadonlyMap<string, KeptFile> | undefined> {
    const { path, fs } = this.#options;
    const { good } = this.#record;
    if (!good) return undefined;
    const folder = `${path}/${good}`;
    const files = new Map<string, KeptFile>();
    try {
      for await (const { name } of fs.readDir(folder)) {
        const bytes = await readFile(fs, `${folder}/${name}`, maxBytes);
        files.set(name, { name, bytes, digest: hash("sha256", bytes) });
      }
    } catch (error) {
      throw toStateError(error, "read the last known good archive from", this.#options);
    }
    if (identify([...files.values()]) === good) return files;
    this.#record = { trust: this.#record.trust };
    throw new StateError(
      `The last known good archive in "${folder}" is damaged`,
      "check the disk; it is replaced when the next archive is served",
    );
  }

  /** Lets another relay open it. What is being written is completed. */
  async close(): Promise<void> {
    await this.#turn;
    this.#lock?.close();
    this.#lock = undefined;
  }

  async #open(): Promise<void> {
    const { path, fs } = this.#options;
    try {
      await this.#make();
      await this.#refuseForeign();
      this.#lock = await fs.open(`${path}/${LOCK_FILE}`, { create: true, write: true });
      if (!await this.#lock.tryLock(true)) {
        throw new StateError(
          `Cannot use the state directory "${path}": another relay uses it`,
          "give each relay one of its own: STATE_DIRECTORY or [State] directory",
        );
      }
      await syncDirectory(fs, path); // Before anything else is there: by the lock, the directory is known.
      this.#record = await this.#readState();
      await this.#removeRubbish();
    } catch (error) {
      throw toStateError(error, "use", this.#options);
    }
    // Now rather than when the first archive is to be served.
    await this.#write(async (fs, path) => {
      const probe = `${path}/probe${PARTIAL}`;
      await writeFile(fs, probe, new Uint8Array());
      await fs.remove(probe);
    });
  }

  /** Refuses a directory of somebody else's, from which things would be removed. */
  async #refuseForeign(): Promise<void> {
    const { path, fs } = this.#options;
    const names = await Array.fromAsync(fs.readDir(path), ({ name }) => name);
    const isOurs = names.includes(LOCK_FILE) || names.includes(STATE_FILE);
    if (isOurs || !names.some((name) => this.#isRubbish(name))) return;
    throw new StateError(
      `Cannot use the state directory "${path}": there is something in it that is not Halyard's`,
      "give it a directory of its own: STATE_DIRECTORY or [State] directory",
    );
  }

  /** Makes the directory, if it is missing. */
  async #make(): Promise<void> {
    const { path, fs } = this.#options;
    try {
      await fs.mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return;
      throw error;
    }
    // The directory around it need not be readable.
    await syncDirectory(fs, dirname(path)).catch(
      ignore(Deno.errors.NotCapable, Deno.errors.PermissionDenied),
    );
  }

  async #readState(): Promise<StateRecord> {
    const { path, fs, log } = this.#options;
    const file = `${path}/${STATE_FILE}`;
    try {
      return await readState(fs, file);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { trust: {} };
      if (!(error instanceof DamageError)) throw error;
      log.error(
        "The state file is damaged: which releases have been served is not known any more, nor which archive was the last good one",
        { path: file, error: error.message, audit: "rollback" },
      );
      return { trust: {} };
    }
  }

  /** Removes what a process that was killed has left. */
  async #removeRubbish(): Promise<void> {
    const { path, fs } = this.#options;
    const names = await Array.fromAsync(fs.readDir(path), ({ name }) => name);
    for (const name of names) {
      if (this.#isRubbish(name)) await removeAll(fs, `${path}/${name}`);
    }
  }

  #isRubbish(name: string): boolean {
    return name.endsWith(PARTIAL) || ID.test(name) && name !== this.#record.good;
  }

  #write<T>(work: (fs: StateFileSystem, path: string) => Promise<T>): Promise<T> {
    const { fs, path } = this.#options;
    const result = this.#turn.then(() => work(fs, path)).catch((error) => {
      throw toStateError(error, "write to", this.#options);
    });
    this.#turn = result.catch(() => {});
    return result;
  }
}

async function readState(fs: StateFileSystem, path: string): Promise<StateRecord> {
  return parseState(new TextDecoder().decode(await readFile(fs, path, MAX_STATE_BYTES)));
}
