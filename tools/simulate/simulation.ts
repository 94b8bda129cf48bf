import type { Settings } from "../../lib/config/mod.ts";
import { Registry } from "../../lib/observe/mod.ts";
import { type Relay, startRelay } from "../../lib/relay.ts";
import { LoadError, SourceError } from "../../lib/source/mod.ts";
import { BrokenPromise } from "./broken_promise.ts";
import { Checks } from "./checks.ts";
import { StateDisk } from "./state_disk.ts";
import { DataFile, describeArchive } from "./data_file.ts";
import { Model } from "./model.ts";
import type { Random } from "./random.ts";
import { pickLiveSettings, pickSettings } from "./settings.ts";
import { Visitors } from "./visitors.ts";
import { World } from "./world.ts";

/**
 * Time after which the newest archive is served where the relay is told to look at once: the end of a thread that hangs, the longest
 * rest before a read, and some.
 */
const PROMPT_MS = 120_000;

/** Some time more, since work takes time too. */
const SOME_MS = 2_000;

/** What may happen in a step; what stands there more often happens more often. */
const STEPS = [
  ...["replace", "replace", "replace", "copy", "remove", "fail", "fail thread", "mend"],
  ...["jump", "hang up", "reconfigure", "join", "join", "join", "join", "download", "pace", "vanish"],
  ...["wait", "wait", "rest", "restart", "kill", "kill"],
] as const;

/** A relay on a simulated machine, and all that happens to it. */
export class Simulation {
  /** The relay's surroundings. */
  readonly world: World;
  readonly #random: Random;
  readonly #settings: Settings;
  readonly #file: DataFile;
  readonly #checks: Checks;
  readonly #visitors: Visitors;
  /** Disk of its state directory: half of the relays have one. */
  readonly #state: StateDisk | undefined;
  #relay: Relay | undefined;

  /**
   * Sets up the machine.
   *
   * @param random Decides everything.
   */
  constructor(random: Random) {
    this.world = new World(random);
    this.#random = random;
    this.#settings = pickSettings(random);
    if (random.chance(0.5)) {
      this.#state = new StateDisk();
      // Whatever a process does after it has been killed has no effect.
      this.#state.onKilled = () => new Promise(() => {});
      this.#settings.stateDirectory = "/state";
    }
    this.#file = new DataFile(this.world, (ms) => this.#pass(ms));
    this.#checks = new Checks(this.world, this.#settings);
    this.#visitors = new Visitors(this.world, this.#checks);
    this.world.machine.onTurn = () => {
      // Several: on a slow machine much time passes in a turn, and who reads promptly must not look stalled.
      while (random.chance(0.8) && this.#visitors.readSome());
      this.#file.interfere();
    };
  }

  /**
   * Runs it from start to shutdown.
   *
   * @returns Digest of all that happened.
   * @throws {BrokenPromise} At the first promise that is not kept.
   */
  async run(): Promise<string> {
    await this.#start();
    await this.#visitors.join();
    for (let count = this.#random.integer(3, 12); count > 0; count--) await this.#step();
    if (this.#random.chance(0.7)) await this.#rest();
    await this.#shutDown();
    return this.world.digest();
  }

  /**
   * Starts it.
   *
   * @param needsFile Whether it cannot do without the archive's file. @default {true}
   */
  async #start(needsFile = true): Promise<void> {
    if (!this.#file.current && needsFile) await this.#file.replace();
    if (this.#random.chance(0.2)) this.#file.failDisk();
    while (!this.#relay) {
      this.#open().then((relay) => this.#relay = relay, (error) => this.world.failure = error);
      while (!this.#relay && !this.world.failure) await this.#pass(1_000);
      if (this.#relay) break;
      const error = this.world.failure;
      this.world.failure = undefined;
      const isExpected = error instanceof SourceError || error instanceof LoadError;
      if (!isExpected) throw error;
      this.world.trace(`it does not start: ${error.message}`);
      if (!needsFile) {
        throw new BrokenPromise(1, `the last known good archive is not served: ${error.message}`);
      }
      if (error instanceof LoadError && this.#file.current?.environments) {
        throw new BrokenPromise(1, `a good archive was refused: ${error.message}`);
      }
      this.#file.mendDisk();
      await this.#file.replace();
    }
    const { store } = this.#relay;
    this.world.getDigest = (environment) => store.get(environment)?.snapshot?.digest;
    this.world.trace("it listens");
    await this.#checks.run();
  }

  #open(): Promise<Relay> {
    this.world.registry = new Registry();
    return startRelay({ ...this.#settings, ...this.#checks.settings }, {
      log: this.world.makeLog(),
      meter: this.world.registry,
      clock: this.world.machine,
      ...this.#file.readers,
      ...this.#state && { stateFs: this.#state },
      listen: (handler) => {
        this.world.handler = handler;
        const addr = { transport: "tcp", hostname: "::", port: 8030 } as const;
        return Promise.resolve({ addr, shutdown: () => Promise.resolve() });
      },
    });
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const kind = random.pick(STEPS);
    if (this.#state?.isKilled || kind === "kill" && random.chance(0.5)) return await this.#kill();
    if (kind === "replace") await this.#file.replace(random.pick([1, 2, 3]));
    else if (kind === "copy") await this.#file.copy();
    else if (kind === "remove") this.#file.remove();
    else if (kind === "fail") this.#file.failDisk();
    else if (kind === "fail thread") this.#file.failThread();
    else if (kind === "mend") this.#file.mend();
    else if (kind === "jump") this.#jump();
    else if (kind === "hang up") this.#hangUp();
    else if (kind === "reconfigure") this.#reconfigure();
    else if (kind === "join") await this.#visitors.join();
    else if (kind === "download") await this.#visitors.download();
    else if (kind === "pace") this.#visitors.changePace();
    else if (kind === "vanish") this.#visitors.vanish();
    else if (kind === "kill") this.#state?.killSoon(random.integer(1, 20));
    else if (kind === "rest") return await this.#rest();
    else if (kind === "restart") {
      await this.#shutDown();
      return await this.#start();
    }
    await this.#pass(random.pick([0, 10, 100, 1_000, 5_000, 20_000]));
    await this.#checks.run();
  }

  /** Kills it, if it has a state directory, and perhaps turns off the power. It serves the last known good archive if there is no other. */
  async #kill(): Promise<void> {
    if (!this.#state) return;
    await this.world.machine.settle();
    const isPowerFailure = this.#random.chance(0.5);
    this.world.trace(isPowerFailure ? "power failure" : "SIGKILL");
    this.world.machine.clearTimers();
    this.world.forgetRelay();
    this.#relay = undefined;
    this.#state.restart(isPowerFailure ? this.#random : undefined);
    this.#file.forgetProcess();
    if (this.#random.chance(0.5)) this.#file.remove();
    const { savable, hasLoaded } = this.world;
    const isGone = this.#file.current === undefined;
    await this.#start(!hasLoaded);
    if (!isGone || !hasLoaded) return;
    const [served] = this.world.savable;
    if (!savable.includes(served!)) {
      throw new BrokenPromise(1, `it goes back to ${describeArchive(served!)} after it was killed`);
    }
  }

  /** Has it live on; one that has been killed is started again. */
  async #spare(): Promise<void> {
    this.#state?.spare();
    if (this.#state?.isKilled) await this.#kill();
  }

  #jump(): void {
    this.#checks.noteJump();
    const ms = this.#random.pick([-3_600_000, -30_000, 30_000, 90_000, 3_600_000]);
    this.world.trace(`the system time is set ${ms / 1000} s ahead`);
    this.world.machine.jump(ms);
  }

  #hangUp(): void {
    this.world.trace("SIGHUP");
    this.#relay!.reload().catch((error) => this.world.failure = error);
  }

  #reconfigure(): void {
    const settings = pickLiveSettings(this.#random);
    const { heartbeatInterval, maxStreams } = settings;
    this.world.trace(`settings: a heartbeat each ${heartbeatInterval} ms, up to ${maxStreams} streams`);
    this.#relay!.reconfigure(settings);
    this.#checks.configure(settings);
  }

  /** Waits until the newest archive has to be served: nothing fails meanwhile. */
  async #rest(): Promise<void> {
    await this.#spare();
    this.#file.mend();
    const isTold = this.#random.chance(0.3);
    if (isTold) this.#hangUp();
    const recovery = this.#file.takeRecovery();
    await this.#pass(isTold ? Math.min(PROMPT_MS, recovery) : recovery);
    this.#checks.checkMemory();
    await this.#checks.run();
    const { served } = this.world.model;
    const error = await this.#checks.probe();
    const { current } = this.#file;
    if ((error === undefined) !== (current?.environments !== undefined)) {
      throw new BrokenPromise(6, `it says ${error} about ${current ? describeArchive(current) : "no file"}`);
    }
    if (!current?.environments) return;
    const reference = new Model();
    reference.served = served;
    reference.load(current);
    if (JSON.stringify(reference.served, replaceMap) !== JSON.stringify(served, replaceMap)) {
      throw new BrokenPromise(2, `${describeArchive(current)} is not served, though nothing fails any more`);
    }
  }

  async #shutDown(): Promise<void> {
    await this.#spare();
    this.world.trace("SIGTERM");
    this.world.isClosing = true;
    let isClosed = false;
    this.#relay!.close().then(() => isClosed = true, (error) => this.world.failure = error);
    await this.#pass(this.#settings.shutdownDelay - 100);
    await this.#checks.run();
    await this.#pass(this.#settings.shutdownGracePeriod + SOME_MS);
    if (!isClosed || this.world.clients.some((client) => !client.isClosed)) {
      throw new BrokenPromise(6, "it has not shut down within its grace period");
    }
    const closing = this.#relay![Symbol.asyncDispose]();
    await this.#pass(1_000);
    await closing;
    this.#relay = undefined;
    if (this.world.machine.timers > 0) {
      throw new BrokenPromise(5, `${this.world.machine.timers} timers are left after the shutdown`);
    }
    this.world.forgetRelay();
  }

  /** Lets time pass; clients read meanwhile. */
  async #pass(ms: number): Promise<void> {
    await this.world.machine.advance(ms, async () => {
      await this.world.machine.settle();
      while (this.#visitors.readSome()) await this.world.machine.settle();
      if (this.world.failure && this.#relay) throw this.world.failure;
    });
  }
}

function replaceMap(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}
