import { gunzipSync } from "node:zlib";
import { hash } from "node:crypto";
import { concat } from "../../lib/wire/mod.ts";
import { BrokenPromise } from "./broken_promise.ts";
import { type DataModel, listItems, USERS, writeDocument } from "./environments.ts";
import { mayRead, prove, type ServedModel } from "./model.ts";
import { type Asked, type Identity, pickPoll, type Subject } from "./requests.ts";
import type { Answer, World } from "./world.ts";

/** Clients that poll: they compare what they get with the model, and with what they got before, also from relays before. */
export class Polls {
  readonly #world: World;
  /** Entity tags, and digests of compressed bytes, by what they belong to. */
  readonly #known = new Map<string, string>();
  /** Document that a client got last, and its entity tag. */
  readonly #last = new Map<string, { text: string; etag: string }>();

  /**
   * Creates them; none has polled.
   *
   * @param world Surroundings of the relay.
   */
  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Polls with most credentials that are good, and with some that are not.
   *
   * @throws {BrokenPromise} When an answer is not as it should be.
   */
  async run(): Promise<void> {
    const { machine, keys, model, random } = this.#world;
    for (const [key, kind] of keys) {
      const served = model.find(kind, key, machine.now());
      if (random.chance(served ? 0.4 : 0.8)) continue;
      const identity = identify(this.#world, { kind, key }, served);
      await this.#poll(identity, pickPoll(this.#world.random, identity), served);
    }
  }

  async #poll(identity: Identity, { ask, subject }: Asked, served: ServedModel | undefined): Promise<void> {
    const { random } = this.#world;
    const { key } = identity;
    const text = served?.data && write(served.data, subject);
    const place = `${key} ${ask.method} ${ask.path}`;
    const last = random.chance(0.3) ? this.#last.get(place) : undefined;
    let expected = this.#expect(identity, served);
    if (expected === 200 && text === undefined) expected = 404;
    if (expected === 200 && last && last.text === text) expected = 304;
    const isCompressed = random.chance(0.1);
    const { response, body } = await this.#world.request(ask, {
      ...isCompressed && { "accept-encoding": "gzip" },
      ...last && { "if-none-match": last.etag },
    });
    if (response.status !== expected) {
      // A proof may have expired while the body was read.
      if (response.status === this.#expect(identity, served)) return void await response.body?.cancel();
      const isRefused = response.status === 401 || response.status === 404;
      const what = `${key} gets ${response.status} instead of ${expected} for ${ask.method} ${ask.path}`;
      throw new BrokenPromise(isRefused ? 6 : 1, what);
    }
    if (expected !== 200 && expected !== 304) return void await response.body?.cancel();
    const etag = response.headers.get("etag")!;
    this.#compare(`${subject} ${text}`, etag);
    this.#last.set(place, { text: text!, etag });
    if (expected === 304) return;
    const bytes = await readBody({ response, ...body && { body } });
    if (isCompressed) this.#compare(`gzip ${subject} ${text}`, hash("sha256", bytes));
    const actual = new TextDecoder().decode(isCompressed ? gunzipSync(bytes) : bytes);
    if (actual === text) return;
    throw new BrokenPromise(1, `${key} gets ${actual.slice(0, 300)} instead of ${text!.slice(0, 300)}`);
  }

  /** Returns the status with which a credential is answered now. */
  #expect(identity: Identity, served: ServedModel | undefined): number {
    const { model, machine } = this.#world;
    const now = machine.now();
    const status = model.statusOf(identity.kind, identity.key, now);
    if (status !== 200 || identity.kind !== "environment") return status;
    return mayRead(served!, { proof: undefined, ...identity, now }) ? 200 : 400;
  }

  /** The same input has the same bytes, and the same entity tag. */
  #compare(source: string, digest: string): void {
    this.#world.note(digest);
    const before = this.#known.get(source);
    this.#known.set(source, digest);
    if (before === undefined || before === digest) return;
    throw new BrokenPromise(9, `the same data has digest ${digest} now and ${before} before: ${source}`);
  }
}

/**
 * Makes up what a client with a credential sends.
 *
 * @param world Its surroundings.
 * @param credential The credential.
 * @param served What it opens.
 * @returns User and, where it has to prove that, mostly a proof that is good.
 */
export function identify(
  { random }: World,
  credential: Pick<Identity, "kind" | "key">,
  served: ServedModel | undefined,
): Identity {
  const user = random.pick(USERS);
  if (credential.kind !== "environment" || !served?.isSecure || random.chance(0.2)) {
    return { ...credential, user };
  }
  return { ...credential, user, proof: prove(random.pick(served.keys.sdk).value, user) };
}

/** Writes what a client has to get. Returns `undefined` for an item that does not exist. */
function write(data: DataModel, subject: Subject): string | undefined {
  if (!subject.startsWith("item ")) {
    return writeDocument(data, subject as Parameters<typeof writeDocument>[1]);
  }
  return listItems(data, "all").find(([id]) => `item ${id}` === subject)?.[1];
}

/** Reads a body to its end. */
async function readBody({ response, body }: Answer): Promise<Uint8Array> {
  if (!body) return await response.bytes();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let isClosed = false;
  body.start({ enqueue: (piece) => pieces.push(piece), close: () => isClosed = true });
  while (!isClosed) body.pull();
  return concat(pieces);
}
