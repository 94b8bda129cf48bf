import type { Parts } from "../../lib/wire/mod.ts";
import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { type Audience, evaluateAll } from "../../lib/evaluation/mod.ts";
import { prepareFdv1Channels } from "../routes/fdv1/_client_channel.ts";
import { parseContext } from "../../lib/model/mod.ts";
import { type Snapshot } from "../../lib/snapshot/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { type Channel, prepareServerChannels } from "../../lib/delivery/mod.ts";
import { makeSnapshot, text } from "../_environments.ts";
import { runs } from "../_nightly.ts";
import { Archives, firstArchive, type Reload, reload, USERS } from "./_archives.ts";
import {
  ALL_WIRE,
  CLIENT_WIRE,
  FLAGS_WIRE,
  type Held,
  readEvents,
  SimulatedSdk,
  takesHigher,
  takesHigherOrNone,
  type Wire,
} from "./_simulated_sdk.ts";

/** Sequences of archives. */
const RUNS = runs(200);

/** Who opens a stream. */
type Client =
  | { path: "/all" | "/flags" }
  | { path: "/eval"; user: string; audience: Audience; withReasons: boolean };

const client: fc.Arbitrary<Client> = fc.oneof(
  fc.record({ path: fc.constantFrom("/all" as const, "/flags" as const) }),
  fc.record({
    path: fc.constant("/eval" as const),
    user: fc.constantFrom(...USERS),
    audience: fc.constantFrom("environmentId" as const, "mobile" as const),
    withReasons: fc.boolean(),
  }),
);

/** A reload, who opens a stream before it, and which of ten streams are brought up to date after it. */
interface Step {
  joins: Client[];
  reload: Reload;
  updates: boolean[];
}

const step: fc.Arbitrary<Step> = fc.record({
  joins: fc.array(client, { maxLength: 2 }),
  reload,
  updates: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
});

/** Makes the channels of all streams, as the routes of one relay do. */
interface Channels {
  all: () => Channel;
  flags: () => Channel;
  client: ReturnType<typeof prepareFdv1Channels>;
}

/** An open stream and the SDKs at its end, of which there is one for each rule that real ones follow. */
class SimulatedStream {
  readonly #channel: Channel;
  readonly #wire: Wire;
  readonly #fetch: (snapshot: Snapshot) => string | Promise<string>;
  readonly #sdks: SimulatedSdk[];
  readonly #isClient: boolean;
  #snapshot: Snapshot;

  private constructor(client: Client, channels: Channels, snapshot: Snapshot) {
    this.#isClient = client.path === "/eval";
    if (client.path === "/eval") {
      const json = { kind: "user", key: client.user };
      const context = parseContext(json);
      this.#channel = channels.client(json, client);
      this.#fetch = async (snapshot) => evaluateAll(await snapshot.compile(() => undefined), context, client);
      this.#wire = CLIENT_WIRE;
    } else {
      const kind = client.path === "/all" ? "all" : "flags";
      this.#channel = channels[kind]();
      this.#fetch = (snapshot) =>
        kind === "all" ? `{"data":${text(snapshot.all.body)}}` : text(snapshot.flags.body);
      this.#wire = kind === "all" ? ALL_WIRE : FLAGS_WIRE;
    }
    const rules = this.#isClient ? [takesHigher, takesHigherOrNone] : [takesHigher];
    this.#sdks = rules.map((rule) => new SimulatedSdk(this.#wire, rule));
    this.#snapshot = snapshot;
  }

  /** Opens it. */
  static async open(client: Client, channels: Channels, snapshot: Snapshot): Promise<SimulatedStream> {
    const stream = new SimulatedStream(client, channels, snapshot);
    stream.#apply(await stream.#channel.begin(snapshot));
    await stream.#check();
    return stream;
  }

  /** Brings it up to date, and checks that the SDKs then have what a fresh fetch gives, and got no more than they needed. */
  async update(snapshot: Snapshot): Promise<void> {
    const expected = await this.#expect(snapshot);
    const bytes = await this.#channel.update(this.#snapshot, snapshot);
    this.#snapshot = snapshot;
    assertEquals(bytes ? readEvents(bytes).map(({ name }) => name).sort() : [], expected);
    if (bytes) this.#apply(bytes);
    await this.#check();
  }

  #apply(bytes: Parts): void {
    for (const event of readEvents(bytes)) {
      for (const sdk of this.#sdks) sdk.apply(event);
    }
  }

  async #check(): Promise<void> {
    const fresh = [...await this.#fetchItems(this.#snapshot)].map(([id, { json }]) => [id, json]).sort();
    for (const sdk of this.#sdks) assertEquals(sdk.live, fresh);
  }

  async #fetchItems(snapshot: Snapshot): Promise<Map<string, Held>> {
    return this.#wire.readPut(JSON.parse(await this.#fetch(snapshot)));
  }

  /** Names of the fewest events that can do it, by what the SDK holds and not by how the channel goes about it. */
  async #expect(snapshot: Snapshot): Promise<string[]> {
    const { held } = this.#sdks[0]!;
    const fresh = await this.#fetchItems(snapshot);
    const names: string[] = [];
    let length = 0;
    let isTaken = true;
    for (const [id, { version, json }] of fresh) {
      const known = held.get(id);
      if (known?.json === json) continue;
      if (known && version <= known.version) isTaken = false;
      names.push("patch");
      length += this.#measurePatch(id, json!);
    }
    for (const [id, { version, json }] of held) {
      if (json === undefined || fresh.has(id)) continue;
      names.push("delete");
      length += this.#measureDelete(id, version, snapshot);
    }
    if (names.length === 0 || isTaken && !await this.#isPutShorter(snapshot, names.length, length)) {
      return names.sort();
    }
    return ["put"];
  }

  #measurePatch(id: string, json: string): number {
    const data = this.#isClient ? `{"key":"${id}",${json.slice(1)}` : `{"path":"${id}","data":${json}}`;
    return `event: patch\ndata: ${data}\n\n`.length;
  }

  #measureDelete(id: string, version: number, snapshot: Snapshot): number {
    const [key, kind] = id.split("/").reverse();
    const current = snapshot.find(kind === "segments" ? kind : "flags", key!)?.version ?? 0;
    const tombstone = Math.max(version + 1, current);
    const name = this.#isClient ? "key" : "path";
    return `event: delete\ndata: {"${name}":"${id}","version":${tombstone}}\n\n`.length;
  }

  /** For clients that is found out only where most of the flags have changed. */
  async #isPutShorter(snapshot: Snapshot, changes: number, length: number): Promise<boolean> {
    if (this.#isClient && 2 * changes <= snapshot.flagCount) return false;
    const head = this.#wire === ALL_WIRE ? '"path":"/",' : "";
    return length > `event: put\ndata: ${head}${await this.#fetch(snapshot)}\n\n`.length;
  }
}

async function runModel(ballast: boolean, first: Reload, steps: Step[]): Promise<void> {
  const channels: Channels = {
    all: prepareServerChannels("all"),
    flags: prepareServerChannels("flags"),
    client: prepareFdv1Channels(),
  };
  const archives = new Archives(ballast);
  archives.add(first);
  const store = new Store();
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", archives.newest) }]);
  const streams: SimulatedStream[] = [];
  for (const { joins, reload, updates } of steps) {
    const snapshot = store.get("e1")!.snapshot!;
    for (const client of joins) streams.push(await SimulatedStream.open(client, channels, snapshot));
    if (reload.type === "corrupt") {
      store.replace([{ id: "e1", fault: "corrupt" }]);
    } else {
      archives.add(reload);
      store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", archives.newest, snapshot) }]);
    }
    for (const [i, stream] of streams.entries()) {
      if (updates[i % updates.length]) await stream.update(store.get("e1")!.snapshot!);
    }
  }
  for (const stream of streams) await stream.update(store.get("e1")!.snapshot!);
}

const seed = Number(Deno.env.get("MODEL_SEED") ?? Date.now() % 2 ** 31);

Deno.test(`every SDK has what a fresh fetch gives after any archives (${RUNS} sequences, seed ${seed})`, async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 10 });
  await fc.assert(fc.asyncProperty(fc.boolean(), firstArchive, steps, runModel), { seed, numRuns: RUNS });
});
