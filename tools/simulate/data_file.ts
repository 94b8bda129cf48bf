import type { RelayOptions } from "../../lib/relay.ts";
import { type ArchiveModel, Archives } from "./archives.ts";
import { Disk } from "./disk.ts";
import { LoadingThreads } from "./loading_thread.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** Time after which the newest archive is served, however it was written: that of the longest rest before a read, and some. */
const REST_MS = 50_000;

/** The same after faults of the disk: that of the longest pause before a retry, and some. */
const RECOVERY_MS = 100_000;

/** The same after faults of the loading thread: the end of one that hangs, the longest pause before a retry, and some. */
const THREAD_RECOVERY_MS = 420_000;

/** The archive's file: who replaces it, and how reading it fails. */
export class DataFile {
  /** Archive that is there; absent if the file is missing or being written. */
  current: ArchiveModel | undefined;
  /** What a relay reads it with: half of them have loading threads. */
  readonly readers: Pick<RelayOptions, "fs" | "worker">;
  readonly #world: World;
  readonly #random: Random;
  readonly #pass: (ms: number) => Promise<void>;
  readonly #disk: Disk;
  readonly #threads: LoadingThreads;
  readonly #archives: Archives;
  /** Archives that take its place soon. */
  readonly #next: ArchiveModel[] = [];
  /** Time by which the newest archive has to be served once nothing fails any more: ms. */
  #recovery = REST_MS;

  /**
   * Creates it; there is none.
   *
   * @param world Its surroundings.
   * @param pass Lets time pass: ms.
   */
  constructor(world: World, pass: (ms: number) => Promise<void>) {
    const { machine, random } = world;
    this.#world = world;
    this.#random = random;
    this.#pass = pass;
    this.#disk = new Disk(machine, random, (line) => world.trace(line));
    this.#threads = new LoadingThreads(world);
    const worker = { startWorker: this.#threads.start, smallFile: 0 };
    this.readers = { fs: this.#disk, ...random.chance(0.5) && { worker } };
    this.#archives = new Archives(random);
  }

  /**
   * Replaces the file.
   *
   * @param count How often: at moments at which the relay may be busy with the one before.
   */
  async replace(count = 1): Promise<void> {
    while (this.#next.length < count) this.#next.push(await this.#makeArchive());
    for (let next = this.#next.shift(); next; next = this.#next.shift()) {
      this.#put(next);
      if (this.#next.length > 0) await this.#pass(this.#random.pick([10, 1_000, 5_000]));
    }
  }

  /** May replace it in the middle of the relay's work, above all while clients are brought up to date. */
  interfere(): void {
    const chance = ++this.#world.turnsSinceLoad < 20 ? 0.2 : 0.01;
    if (this.#next.length > 0 && this.#random.chance(chance)) this.#put(this.#next.shift()!);
  }

  /** Overwrites it bit by bit, with pauses, as a copy over a slow line does. */
  async copy(): Promise<void> {
    const archive = await this.#makeArchive();
    this.current = undefined;
    this.#world.trace(`the file is overwritten slowly by ${describeArchive(archive)}`);
    const { length } = archive.bytes;
    let end = 0;
    do {
      end = Math.min(length, end + this.#random.integer(1, length));
      this.#disk.overwrite(archive.bytes.slice(0, end));
      if (end < length) await this.#pass(this.#random.pick([10, 300, 3_000]));
    } while (end < length);
    this.#note(archive);
  }

  /** Forgets the process that follows it, which is gone. */
  forgetProcess(): void {
    this.mend();
    this.#disk.forgetWatchers();
  }

  /** Removes it. */
  remove(): void {
    this.#world.trace("the file is removed");
    this.current = undefined;
    this.#disk.remove();
  }

  /** Has a call to the disk fail before long, and perhaps more of them. */
  failDisk(): void {
    const n = this.#random.integer(1, 8);
    const kind = this.#random.pick(["i/o error", "i/o error", "missing", "forbidden"] as const);
    const times = this.#random.pick([1, 1, 3, 100]);
    this.#world.trace(`call ${n} to the disk will fail, ${times} times: ${kind}`);
    this.#disk.failAt(n, kind, times);
    this.#recovery = Math.max(this.#recovery, RECOVERY_MS);
  }

  /** Has the next loads fail, if there are loading threads. */
  failThread(): void {
    if (!this.readers.worker) return;
    const kind = this.#random.pick(["crash", "out of memory", "exit", "hang"] as const);
    const times = this.#random.pick([1, 2, 8, 8]);
    this.#world.trace(`the loading thread will fail, ${times} times: ${kind}`);
    this.#threads.fail(kind, times);
    this.#recovery = THREAD_RECOVERY_MS;
  }

  /** Ends the faults of the disk. */
  mendDisk(): void {
    this.#disk.mend();
  }

  /** Ends all faults. */
  mend(): void {
    this.#world.trace("the disk and the threads work");
    this.#disk.mend();
    this.#threads.mend();
  }

  /**
   * Returns how long the relay may take to serve what is there.
   *
   * @returns Time once nothing fails any more: ms. Nothing has failed from now on.
   */
  takeRecovery(): number {
    const recovery = this.#recovery;
    this.#recovery = REST_MS;
    return recovery;
  }

  async #makeArchive(): Promise<ArchiveModel> {
    const { written, keys, machine } = this.#world;
    // Now and then it is one that was there before: the same once more, or one that somebody goes back to.
    const before = this.#random.pick([this.current, ...written.values()]);
    const isAgain = before && this.#random.chance(0.15);
    const archive = isAgain ? before : await this.#archives.make(machine.now());
    written.set(archive.digest, archive);
    for (const { sdkKeys, mobileKeys } of archive.environments ?? []) {
      for (const { value } of sdkKeys) keys.set(value, "sdk");
      for (const { value } of mobileKeys) keys.set(value, "mobile");
    }
    return archive;
  }

  #note(archive: ArchiveModel): void {
    this.current = archive;
    this.#world.savable.push(archive);
  }

  #put(archive: ArchiveModel): void {
    this.#note(archive);
    this.#world.trace(`the file is replaced by ${describeArchive(archive)}`);
    this.#disk.replace(archive.bytes);
  }
}

/** Says what is in an archive. */
export function describeArchive({ number, environments }: ArchiveModel): string {
  if (!environments) return `archive ${number}, which is damaged`;
  const list = environments.map(({ id, sdkKeys, fault }) =>
    `${id} (${sdkKeys.map(({ value }) => value).join(", ")}${fault ? `, broken ${fault}` : ""})`
  );
  return `archive ${number} with ${list.join(", ")}`;
}
