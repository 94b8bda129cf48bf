import { gunzipSync } from "node:zlib";
import type { PacedBody } from "../../lib/delivery/mod.ts";
import { concat } from "../../lib/wire/mod.ts";
import { type EnvironmentModel, toJson, USERS } from "./archives.ts";
import { BrokenPromise } from "./broken_promise.ts";
import type { Client } from "./client.ts";
import type { Kind } from "./model.ts";
import type { World } from "./world.ts";

/** Bounds for {@linkcode Checks}, out of the relay's settings: ms. */
export interface CheckOptions {
  /** Time after which a client is cut off that reads nothing. */
  cutAfter: number;
  /** Time after which a stream is closed whose key opens nothing, whatever the clock does. */
  closedAfter: number;
}

/** Checks what a relay promises: what all its clients get, against the model. */
export class Checks {
  readonly #world: World;
  readonly #options: CheckOptions;
  /** Documents by what they are made of. */
  readonly #bodies = new Map<string, string>();
  readonly #texts = new WeakMap<EnvironmentModel["flags"], string>();

  /**
   * Creates them for one relay.
   *
   * @param world Its surroundings.
   * @param options How long it may take for what takes time.
   */
  constructor(world: World, options: CheckOptions) {
    this.#world = world;
    this.#options = options;
  }

  /**
   * Polls with every key there ever was, asks whether it is ready, and looks at all streams.
   *
   * @throws {BrokenPromise} When something is not as it should be.
   */
  async run(): Promise<void> {
    const { machine, keys, model, clients, isClosing } = this.#world;
    const now = machine.now();
    for (const [key, kind] of keys) await this.#poll(kind, key, now);
    const { response: { status } } = await this.#world.request("/health/ready");
    const expected = model.served && !isClosing ? 200 : 503;
    if (status !== expected) throw new BrokenPromise(6, `it says ${status} to probes instead of ${expected}`);
    for (const client of clients) this.#checkClient(client, now);
    this.#world.clients = clients.filter(({ isClosed }) => !isClosed);
  }

  async #poll(kind: Kind, key: string, now: number): Promise<void> {
    const { model, random } = this.#world;
    const expected = model.statusOf(kind, key, now);
    const user = btoa(JSON.stringify({ key: USERS[0] }));
    const path = kind === "sdk" ? "/sdk/latest-all" : `/msdk/evalx/contexts/${user}`;
    const isCompressed = random.chance(0.05);
    const { response, body } = await this.#world.request(path, { key, isCompressed });
    if (response.status !== expected) {
      const isLost = expected !== 401 && response.status >= 400;
      throw new BrokenPromise(isLost ? 6 : 1, `${key} gets ${response.status} instead of ${expected}`);
    }
    if (expected !== 200) return void await response.body?.cancel();
    const bytes = body ? readDocument(body) : await response.bytes();
    const text = new TextDecoder().decode(isCompressed ? gunzipSync(bytes) : bytes);
    const flags = this.#texts.getOrInsertComputed(model.find(kind, key, now)!.data!.flags, write);
    const source = `${kind} ${flags}`;
    const before = this.#bodies.get(source);
    if (before !== undefined && before !== text) {
      throw new BrokenPromise(9, `${key} gets other bytes than before for the same data`);
    }
    if (before === undefined && kind === "sdk" && JSON.stringify(JSON.parse(text).flags) !== flags) {
      throw new BrokenPromise(1, `${key} gets other flags than its environment has: ${text.slice(0, 300)}`);
    }
    this.#bodies.set(source, text);
    this.#world.note(`${response.headers.get("etag")}${text}`);
  }

  #checkClient(client: Client, now: number): void {
    const { subscription: { kind, key, environment }, isClosed, waitsSince } = client;
    const { model, machine, isClosing } = this.#world;
    const served = model.find(kind, key, now);
    const isRevoked = served?.id !== environment || !served.data;
    const uptime = machine.uptime();
    client.revokedSince = isRevoked ? Math.min(client.revokedSince, uptime) : Infinity;
    if (isClosed) {
      // Who is slow may have been cut off.
      if (isRevoked || isClosing || client.wasSlow) return;
      throw new BrokenPromise(6, `the stream of ${key} was closed, though the key is good`);
    }
    if (uptime - client.revokedSince > this.#options.closedAfter) {
      throw new BrokenPromise(1, `the stream of ${key} is open, though the key opens nothing`);
    }
    if (uptime - waitsSince > this.#options.cutAfter) {
      throw new BrokenPromise(5, `a client of ${environment} reads nothing and is not cut off`);
    }
    if (!isRevoked && client.hasReadAll) client.check(served.data!);
  }
}

/** Reads a document to its end. */
function readDocument(body: PacedBody): Uint8Array {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let isClosed = false;
  body.start({ enqueue: (piece) => pieces.push(piece), close: () => isClosed = true });
  while (!isClosed) body.pull();
  return concat(pieces);
}

/** Writes flags as SDKs get them. */
function write(flags: EnvironmentModel["flags"]): string {
  return JSON.stringify(Object.fromEntries([...flags].map(([key, flag]) => [key, toJson(key, flag)])));
}
