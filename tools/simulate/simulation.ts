import { DEFAULT_SETTINGS, type Settings } from "../../lib/config/mod.ts";
import { type Relay, startRelay } from "../../lib/relay.ts";
import { LoadError, SourceError } from "../../lib/source/mod.ts";
import { type ArchiveModel, Archives, USERS } from "./archives.ts";
import { BrokenPromise } from "./broken_promise.ts";
import { Checks } from "./checks.ts";
import { Client, type Pace } from "./client.ts";
import { Disk, type Fault } from "./disk.ts";
import { Model } from "./model.ts";
import type { Random } from "./random.ts";
import { World } from "./world.ts";

const PATH = "/data/flags.tar.gz";

const SETTINGS: Settings = {
  ...DEFAULT_SETTINGS,
  fileDataSource: PATH,
  fileDataSourceMonitoringInterval: 5_000,
  memoryLimit: Infinity,
  heartbeatInterval: 20_000,
  clientWriteSlack: 8_000,
  clientWriteMinBytesPerSecond: 10_000,
  expiredCredentialCleanupInterval: 10_000,
  shutdownDelay: 2_000,
  shutdownGracePeriod: 5_000,
};

/** Time after which the newest archive is served, however it was written: that of the longest rest before a read, and some. */
const REST_MS = 50_000;

/** The same after faults of the disk: that of the longest pause before a retry, and some. */
const RECOVERY_MS = 100_000;

/** Time after which a client is cut off that reads nothing: its allowance, what it read of one answer before, and some: ms. */
const CUT_MS = SETTINGS.clientWriteSlack + 40_000;

/** Time after which a stream is closed whose key no longer opens anything, whatever the clock does: ms. */
const REVOKED_MS = SETTINGS.expiredCredentialCleanupInterval + 1_000;

/** A relay on a simulated machine, and all that happens to it. */
export class Simulation {
  /** The relay's surroundings. */
  readonly world: World;
  readonly #random: Random;
  readonly #disk: Disk;
  readonly #archives: Archives;
  readonly #checks: Checks;
  /** Archive that is on the disk; absent if the file is missing or being written. */
  #current: ArchiveModel | undefined;
  /** Whether the disk may have failed since the newest archive had to be served. */
  #hasFailed = false;
  #relay: Relay | undefined;

  /**
   * Sets up the machine.
   *
   * @param random Decides everything.
   */
  constructor(random: Random) {
    this.world = new World(random);
    this.#random = random;
    this.#disk = new Disk(this.world.machine, random, (line) => this.world.trace(line));
    this.#archives = new Archives(random);
    this.#checks = new Checks(this.world, { cutAfter: CUT_MS, closedAfter: REVOKED_MS });
  }

  /**
   * Runs it from start to shutdown.
   *
   * @returns Digest of all that happened.
   * @throws {BrokenPromise} At the first promise that is not kept.
   */
  async run(): Promise<string> {
    await this.#start();
    for (let count = this.#random.integer(4, 14); count > 0; count--) await this.#step();
    await this.#rest();
    await this.#shutDown();
    return this.world.digest();
  }

  async #start(): Promise<void> {
    await this.#replace();
    if (this.#random.chance(0.2)) this.#failSome();
    while (!this.#relay) {
      const starting = startRelay(SETTINGS, {
        log: this.world.makeLog(),
        clock: this.world.machine,
        fs: this.#disk,
        listen: (handler) => {
          this.world.handler = handler;
          const addr = { transport: "tcp", hostname: "::", port: 8030 } as const;
          return Promise.resolve({ addr, shutdown: () => Promise.resolve() });
        },
      });
      starting.then((relay) => this.#relay = relay, (error) => this.world.failure = error);
      while (!this.#relay && !this.world.failure) await this.#pass(1_000);
      if (!this.world.failure) break;
      const error = this.world.failure;
      this.world.failure = undefined;
      const isExpected = error instanceof SourceError || error instanceof LoadError;
      if (!isExpected) throw error;
      this.world.trace(`it does not start: ${error.message}`);
      if (error instanceof LoadError && this.#current?.environments) {
        throw new BrokenPromise(1, `a good archive was refused: ${error.message}`);
      }
      this.#disk.mend();
      await this.#replace();
    }
    this.world.trace("it listens");
    await this.#checks.run();
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const kind = random.pick(
      ["replace", "replace", "replace", "copy", "remove", "fail", "mend", "jump", "hang up"]
        .concat(["join", "join", "join", "pace", "vanish", "wait", "wait", "rest"]),
    );
    if (kind === "replace") await this.#replace();
    else if (kind === "copy") await this.#copy();
    else if (kind === "remove") this.#remove();
    else if (kind === "fail") this.#failSome();
    else if (kind === "mend") this.#mend();
    else if (kind === "jump") this.#jump();
    else if (kind === "hang up") this.#hangUp();
    else if (kind === "join") await this.#join();
    else if (kind === "pace") this.#changePace();
    else if (kind === "vanish") this.#vanish();
    else if (kind === "rest") return await this.#rest();
    await this.#pass(random.pick([0, 10, 100, 1_000, 5_000, 20_000]));
    await this.#checks.run();
  }

  async #makeArchive(): Promise<ArchiveModel> {
    const isAgain = this.#current && this.#random.chance(0.1);
    const archive = isAgain ? this.#current! : await this.#archives.make(this.world.machine.now());
    this.world.written.set(archive.digest, archive);
    for (const { sdkKeys, mobileKey } of archive.environments ?? []) {
      for (const { value } of sdkKeys) this.world.keys.set(value, "sdk");
      this.world.keys.set(mobileKey, "mobile");
    }
    return archive;
  }

  async #replace(): Promise<void> {
    this.#current = await this.#makeArchive();
    this.world.trace(`the file is replaced by ${describe(this.#current)}`);
    this.#disk.replace(this.#current.bytes);
  }

  /** Overwrites the file bit by bit, with pauses, as a copy over a slow line does. */
  async #copy(): Promise<void> {
    const archive = await this.#makeArchive();
    this.#current = undefined;
    this.world.trace(`the file is overwritten slowly by ${describe(archive)}`);
    for (let end = 0; end < archive.bytes.length;) {
      end = Math.min(archive.bytes.length, end + this.#random.integer(1, archive.bytes.length));
      this.#disk.overwrite(archive.bytes.slice(0, end));
      if (end < archive.bytes.length) await this.#pass(this.#random.pick([10, 300, 3_000]));
    }
    this.#current = archive;
  }

  #remove(): void {
    this.world.trace("the file is removed");
    this.#current = undefined;
    this.#disk.remove();
  }

  #failSome(): void {
    const n = this.#random.integer(1, 8);
    const kind = this.#random.pick<Fault>(["i/o error", "i/o error", "missing", "forbidden"]);
    const times = this.#random.pick([1, 1, 3, 100]);
    this.world.trace(`call ${n} to the disk will fail, ${times} times: ${kind}`);
    this.#disk.failAt(n, kind, times);
    this.#hasFailed = true;
  }

  #mend(): void {
    this.world.trace("the disk works");
    this.#disk.mend();
  }

  #jump(): void {
    const ms = this.#random.pick([-3_600_000, -30_000, 30_000, 90_000, 3_600_000]);
    this.world.trace(`the system time is set ${ms / 1000} s ahead`);
    this.world.machine.jump(ms);
  }

  #hangUp(): void {
    this.world.trace("SIGHUP");
    this.#relay!.reload().catch((error) => this.world.failure = error);
  }

  async #join(): Promise<void> {
    const now = this.world.machine.now();
    const keys = [...this.world.keys].filter(([key, kind]) =>
      this.world.model.statusOf(kind, key, now) === 200
    );
    if (keys.length === 0) return;
    const [key, kind] = this.#random.pick(keys);
    const user = kind === "mobile" ? this.#random.pick(USERS) : undefined;
    const environment = this.world.model.find(kind, key, now)!.id;
    const pace = this.#random.pick<Pace>(["fast", "fast", "fast", "slow", "stalled"]);
    this.world.trace(`a ${pace} client opens a stream of ${environment} with ${key}`);
    const path = user === undefined ? "/all" : `/meval/${btoa(JSON.stringify({ key: user }))}`;
    const { response, body } = await this.world.request(path, { key });
    if (!body) throw new BrokenPromise(6, `${key} opens a stream and got ${response.status}`);
    const subscription = { kind, key, environment, ...user !== undefined && { user } };
    this.world.clients.push(
      new Client(body, { subscription, pace, machine: this.world.machine }),
    );
  }

  #changePace(): void {
    if (this.world.clients.length === 0) return;
    const client = this.#random.pick(this.world.clients);
    client.pace = this.#random.pick<Pace>(["fast", "slow", "stalled"]);
    this.world.trace(`a client of ${client.subscription.environment} is ${client.pace} now`);
  }

  #vanish(): void {
    if (this.world.clients.length === 0) return;
    const [client] = this.world.clients.splice(this.#random.integer(0, this.world.clients.length - 1), 1);
    this.world.trace(`a client of ${client!.subscription.environment} disconnects`);
    client!.vanish();
  }

  /** Waits until the newest archive has to be served: nothing fails meanwhile. */
  async #rest(): Promise<void> {
    this.#mend();
    await this.#pass(this.#hasFailed ? RECOVERY_MS : REST_MS);
    this.#hasFailed = false;
    await this.#checks.run();
    const { served } = this.world.model;
    const current = this.#current;
    if (!current) return;
    const reference = new Model();
    reference.served = served;
    if (current.environments) reference.load(current);
    if (JSON.stringify(reference.served, replaceMap) !== JSON.stringify(served, replaceMap)) {
      throw new BrokenPromise(2, `${describe(current)} is not served, though nothing fails any more`);
    }
  }

  async #shutDown(): Promise<void> {
    this.world.trace("SIGTERM");
    this.world.isClosing = true;
    let isClosed = false;
    this.#relay!.close().then(() => isClosed = true, (error) => this.world.failure = error);
    await this.#pass(SETTINGS.shutdownDelay - 1);
    await this.#checks.run();
    await this.#pass(SETTINGS.shutdownGracePeriod + 2);
    if (!isClosed || this.world.clients.some((client) => !client.isClosed)) {
      throw new BrokenPromise(6, "it has not shut down within its grace period");
    }
    const closing = this.#relay![Symbol.asyncDispose]();
    await this.#pass(1_000);
    await closing;
    if (this.world.machine.timers > 0) {
      throw new BrokenPromise(5, `${this.world.machine.timers} timers are left after the shutdown`);
    }
  }

  /** Lets time pass; clients read meanwhile. */
  async #pass(ms: number): Promise<void> {
    await this.world.machine.advance(ms, async () => {
      await this.world.machine.settle();
      while (this.#readSome()) await this.world.machine.settle();
      if (this.world.failure && this.#relay) throw this.world.failure;
    });
  }

  /** Has one client read one piece. Returns whether there was one to read. */
  #readSome(): boolean {
    const ready = this.world.clients.filter(({ pace, waitsSince, isClosed }) => {
      const patience = { fast: 0, slow: 1_500, stalled: Infinity }[pace];
      return !isClosed && waitsSince < Infinity && this.world.machine.uptime() - waitsSince >= patience;
    });
    if (ready.length === 0) return false;
    const client = this.#random.pick(ready);
    for (const name of client.read()) {
      this.world.trace(`a client of ${client.subscription.environment} gets ${name}`);
    }
    return true;
  }
}

function describe({ number, environments }: ArchiveModel): string {
  if (!environments) return `archive ${number}, which is damaged`;
  const list = environments.map(({ id, sdkKeys, fault }) =>
    `${id} (${sdkKeys.map(({ value }) => value).join(", ")}${fault ? `, broken ${fault}` : ""})`
  );
  return `archive ${number} with ${list.join(", ")}`;
}

function replaceMap(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}
