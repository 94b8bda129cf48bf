import type { LiveSettings, Settings } from "../../lib/config/mod.ts";
import { BrokenPromise } from "./broken_promise.ts";
import type { Client } from "./client.ts";
import { Polls } from "./polls.ts";
import type { Reader } from "./reader.ts";
import { type Bounds, boundsOf } from "./settings.ts";
import type { World } from "./world.ts";

/** Heartbeats that may fall into one silence: none is sent while a client is brought up to date, even if nothing comes of that. */
const SKIPPED_HEARTBEATS = 3;

/** Time that passes at most in what happens at once, since work takes some: ms. */
const AT_ONCE_MS = 1_000;

/** What a probe gets. */
interface Health {
  reasons?: string[];
  lastError?: string;
}

/** Checks what a relay promises: what all its clients get, against the model. */
export class Checks {
  /** The relay's settings. */
  settings: Settings;
  /** When they were applied: ms of uptime. */
  #configuredAt = 0;
  /** When the system time was set last: ms of uptime. */
  #jumpedAt = -Infinity;
  readonly #world: World;
  readonly #polls: Polls;
  readonly #bounds: Bounds;

  /**
   * Creates them for one relay.
   *
   * @param world Its surroundings.
   * @param settings Its settings.
   */
  constructor(world: World, settings: Settings) {
    this.#world = world;
    this.settings = settings;
    this.#polls = new Polls(world);
    this.#bounds = boundsOf(settings);
  }

  /** Takes over settings that the relay applies now. */
  configure(settings: LiveSettings): void {
    this.settings = { ...this.settings, ...settings };
    this.#configuredAt = this.#world.machine.uptime();
  }

  /** Takes note that the system time is set. */
  noteJump(): void {
    this.#jumpedAt = this.#world.machine.uptime();
  }

  /**
   * Has all clients poll, asks whether the relay is ready, and looks at everything that is open.
   *
   * @throws {BrokenPromise} When something is not as it should be.
   */
  async run(): Promise<void> {
    const world = this.#world;
    await this.#polls.run();
    await this.probe();
    for (const client of world.clients) this.#checkClient(client);
    world.clients = world.clients.filter(({ isClosed }) => !isClosed);
    for (const { download, expected } of world.downloads) {
      this.#checkPace(download);
      const isWhole = download.text === expected;
      const isCut = download.isClosed && !isWhole && !download.wasSlow;
      if (expected.startsWith(download.text) && !isCut) continue;
      throw new BrokenPromise(1, `a client got ${download.text.length} bytes of another document`);
    }
    world.downloads = world.downloads.filter(({ download }) => !download.isClosed);
    const streams = world.measure("halyard_streams");
    if (streams !== world.clients.length) {
      throw new BrokenPromise(5, `it keeps ${streams} streams for ${world.clients.length} clients`);
    }
  }

  /**
   * Asks whether the relay is ready.
   *
   * @returns Error that keeps the newest file from being served, if the relay says so.
   * @throws {BrokenPromise} When it is not as it should be.
   */
  async probe(): Promise<string | undefined> {
    const { model, isClosing } = this.#world;
    const ask = { method: "GET", path: "/health/ready", headers: {} } as const;
    const { response } = await this.#world.request(ask);
    const expected = model.served && !isClosing ? 200 : 503;
    if (response.status !== expected) {
      throw new BrokenPromise(6, `it says ${response.status} to probes instead of ${expected}`);
    }
    const { reasons = [], lastError }: Health = await response.json();
    for (const { id, hasFault } of model.served ?? []) {
      if (hasFault === reasons.some((reason) => reason.startsWith(`environment ${id} `))) continue;
      throw new BrokenPromise(6, `it says ${JSON.stringify(reasons)} about ${id}`);
    }
    return lastError;
  }

  /** Checks that nothing is charged to clients that are gone. Before others ask for something. */
  checkMemory(): void {
    const { clients, downloads } = this.#world;
    const used = this.#world.measure("halyard_budget_used_bytes");
    const isServing = [...clients, ...downloads.map(({ download }) => download)].some(({ isClosed }) =>
      !isClosed
    );
    if (used === 0 || isServing) return;
    throw new BrokenPromise(5, `it has charged ${used} bytes to nobody`);
  }

  #checkClient(client: Client): void {
    const { subscription: { kind, key, environment }, isClosed, readAt, openedAt } = client;
    const { model, machine, isClosing } = this.#world;
    const { heartbeatInterval } = this.settings;
    const served = model.find(kind, key, machine.now());
    client.noteAccess(served, machine.now());
    const uptime = machine.uptime();
    const age = uptime - openedAt;
    if (isClosed) {
      if (client.wasRevoked || isClosing || client.wasSlow || age >= this.#bounds.youngest) return;
      throw new BrokenPromise(6, `the stream of ${key} was closed, though the key is good`);
    }
    if (uptime - client.revokedSince > this.#patienceFor(client, uptime)) {
      throw new BrokenPromise(1, `the stream of ${key} is open, though the key opens nothing`);
    }
    if (age > this.#bounds.oldest) throw new BrokenPromise(5, `the stream of ${key} is open for ever`);
    this.#checkPace(client);
    const silence = uptime - Math.max(readAt, this.#configuredAt);
    const isSilent = silence > SKIPPED_HEARTBEATS * heartbeatInterval;
    if (isSilent && heartbeatInterval > 0 && !client.isSlow && !isClosing) {
      throw new BrokenPromise(6, `a client of ${environment} hears nothing, so it will give up`);
    }
    if (client.revokedSince === Infinity) client.check(served!.data!, this.#bounds.poll);
  }

  /** How long a stream may stay open whose credential does not open its environment: ms. */
  #patienceFor({ isSlow, subscription: { kind } }: Client, uptime: number): number {
    // The proof of a browser is looked at when it has read what came before.
    if (isSlow && kind === "environment") return this.#bounds.cut;
    // Otherwise the moment is known, unless the system time has been set.
    return uptime - this.#jumpedAt > this.#bounds.revoked ? AT_ONCE_MS : this.#bounds.revoked;
  }

  #checkPace({ isClosed, waitsSince, machine }: Reader): void {
    if (isClosed || machine.uptime() - waitsSince <= this.#bounds.cut) return;
    throw new BrokenPromise(5, "a client reads nothing and is not cut off");
  }
}
