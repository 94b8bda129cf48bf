import { basename, dirname, join } from "node:path";
import { describeFileError } from "./_describe_file_error.ts";
import { PullError } from "./pull_error.ts";

/** Mode of what is downloaded: it holds keys, so nobody but its owner reads it. */
const PRIVATE = 0o600;

/** A file that is written beside another, and takes its place when it is complete or vanishes. */
export class PartFile implements AsyncDisposable {
  /** Its path, until it takes the other file's place. */
  readonly path: string;
  readonly #target: string;
  readonly #file: Deno.FsFile;
  #isKept = false;

  private constructor(target: string, path: string, file: Deno.FsFile) {
    this.#target = target;
    this.path = path;
    this.#file = file;
  }

  /**
   * Creates an empty file beside another.
   *
   * @param target Path of the other, which need not be there.
   * @returns The file.
   * @throws {PullError} When it cannot be created.
   */
  static create(target: string): Promise<PartFile> {
    return explain(target, async () => {
      const place = await resolvePlace(target);
      const path = join(dirname(place), `.${basename(place)}.${crypto.randomUUID()}.part`);
      const file = await Deno.open(path, { read: true, write: true, createNew: true, mode: PRIVATE });
      return new PartFile(place, path, file);
    });
  }

  /** Empties it for another try. */
  restart(): Promise<void> {
    return explain(this.#target, async () => {
      await this.#file.truncate(0);
      await this.#file.seek(0, Deno.SeekMode.Start);
    });
  }

  /**
   * Appends bytes.
   *
   * @param bytes The bytes.
   * @throws {PullError} When the disk does not take them.
   */
  write(bytes: Uint8Array): Promise<void> {
    return explain(this.#target, async () => {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#file.write(rest));
    });
  }

  /**
   * Reads what was written.
   *
   * @returns All bytes.
   */
  read(): Promise<Uint8Array<ArrayBuffer>> {
    return explain(this.#target, () => Deno.readFile(this.path));
  }

  /**
   * Takes the other file's place, so that after a power failure either of the two is there, complete.
   *
   * @param mode Mode of the file; absent: nobody but its owner reads it.
   */
  replace(mode?: number): Promise<void> {
    return explain(this.#target, async () => {
      if (mode !== undefined) await Deno.chmod(this.path, mode);
      await this.#file.sync();
      await Deno.rename(this.path, this.#target);
      this.#isKept = true;
      // Windows opens no directories.
      if (Deno.build.os === "windows") return;
      using directory = await Deno.open(dirname(this.#target));
      await directory.sync();
    });
  }

  /** Removes it, unless it took the other file's place. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    if (!this.#isKept) await Deno.remove(this.path).catch(() => {});
  }
}

/** Follows links, since it is the file at their end that others read. What is no file stays: a device or a pipe would be gone. */
async function resolvePlace(target: string): Promise<string> {
  try {
    if (!(await Deno.stat(target)).isFile) throw new TypeError("it is not a regular file");
    return await Deno.realPath(target);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return target;
    throw error;
  }
}

async function explain<T>(target: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new PullError(`Cannot write "${target}": ${describeFileError(error)}`, {
      hint: "check the path, its permissions, and the space on the disk",
    });
  }
}
