import { BrokenPromise } from "./broken_promise.ts";
import type { Checks } from "./checks.ts";
import { Client, type Subscription } from "./client.ts";
import { writeDocument } from "./environments.ts";
import { mayRead, type ServedModel } from "./model.ts";
import { identify } from "./polls.ts";
import type { Random } from "./random.ts";
import { Download, type Pace } from "./reader.ts";
import { type Identity, pickStream } from "./requests.ts";
import type { World } from "./world.ts";

/** Clients that come, read at their own pace, and go. */
export class Visitors {
  readonly #world: World;
  readonly #random: Random;
  readonly #checks: Checks;

  /**
   * Creates them; nobody is there.
   *
   * @param world Surroundings of the relay.
   * @param checks What knows the relay's settings.
   */
  constructor(world: World, checks: Checks) {
    this.#world = world;
    this.#random = world.random;
    this.#checks = checks;
  }

  /**
   * Has a few open streams, each with a credential that is good.
   *
   * @throws {BrokenPromise} When an answer is not as it should be.
   */
  async join(): Promise<void> {
    for (let count = this.#random.integer(1, 3); count > 0; count--) await this.#join();
  }

  async #join(): Promise<void> {
    const { model, machine, clients } = this.#world;
    const served = this.#pickGood();
    if (!served) return;
    const { environment, ...identity } = served;
    const { ask, subject } = pickStream(this.#random, identity);
    const pace = this.#pickPace();
    this.#world.trace(`a ${pace} client opens a stream of ${environment.id}: ${ask.method} ${ask.path}`);
    const isRefused = identity.kind === "environment" && subject !== "ping" &&
      !mayRead(environment, { proof: undefined, ...identity, now: machine.now() });
    const isFull = clients.filter(({ isClosed }) => !isClosed).length >= this.#checks.settings.maxStreams;
    const expected = isRefused ? 400 : isFull ? 503 : 200;
    const { response, body } = await this.#world.request(ask);
    const isGood = model.find(identity.kind, identity.key, machine.now()) === environment;
    // What was good when it asked may have changed since.
    if (response.status !== expected && isGood) {
      throw new BrokenPromise(6, `a stream is answered ${response.status} instead of ${expected}`);
    }
    if (!body) return void await response.body?.cancel();
    const subscription: Subscription = {
      ...identity,
      environment: environment.id,
      subject: subject as Subscription["subject"],
      poll: () => this.#world.getDigest(environment.id),
    };
    const client = new Client(body, { subscription, pace, machine });
    clients.push(client);
    client.open();
  }

  /** Has somebody download a document slowly, if it is long. */
  async download(): Promise<void> {
    const { machine, downloads } = this.#world;
    const served = this.#pickGood();
    if (served?.kind !== "sdk") return;
    const headers = { authorization: served.key };
    const { body } = await this.#world.request({ method: "GET", path: "/sdk/latest-all", headers });
    if (!body) return;
    const pace = this.#pickPace();
    this.#world.trace(`a ${pace} client downloads ${served.environment.id}`);
    const download = new Download(body, { pace, machine });
    downloads.push({ download, expected: writeDocument(served.environment.data!, "all") });
    download.open();
  }

  /** Has somebody read faster or slower. */
  changePace(): void {
    const { clients } = this.#world;
    if (clients.length === 0) return;
    const client = this.#random.pick(clients);
    client.pace = this.#pickPace();
    this.#world.trace(`a client of ${client.subscription.environment} is ${client.pace} now`);
  }

  /** Has somebody disconnect. */
  vanish(): void {
    const { clients } = this.#world;
    if (clients.length === 0) return;
    const [client] = clients.splice(this.#random.integer(0, clients.length - 1), 1);
    this.#world.trace(`a client of ${client!.subscription.environment} disconnects`);
    client!.vanish();
  }

  /**
   * Has one of them read one piece.
   *
   * @returns Whether there was one to read.
   */
  readSome(): boolean {
    const { clients, downloads } = this.#world;
    const readers = [...clients, ...downloads.map(({ download }) => download)];
    const eager = readers.filter(({ isEager }) => isEager);
    if (eager.length === 0) return false;
    const reader = this.#random.pick(eager);
    for (const word of reader.read()) this.#world.trace(`${nameOf(reader)} gets ${word}`);
    return true;
  }

  #pickGood(): (Identity & { environment: ServedModel }) | undefined {
    const { keys, model, machine } = this.#world;
    const now = machine.now();
    const good = [...keys].filter(([key, kind]) => model.statusOf(kind, key, now) === 200);
    if (good.length === 0) return undefined;
    const [key, kind] = this.#random.pick(good);
    const environment = model.find(kind, key, now)!;
    return { ...identify(this.#world, { kind, key }, environment), environment };
  }

  #pickPace(): Pace {
    return this.#random.pick(["prompt", "prompt", "fast", "slow", "stalled"]);
  }
}

function nameOf(reader: Client | Download): string {
  return reader instanceof Client ? `a client of ${reader.subscription.environment}` : "a download";
}
