import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Archives, firstArchive, type Reload, reload, USERS } from "../../delivery/_archives.ts";
import { environments, type GeneratedEnvironment } from "../../evaluation/_generate.ts";
import { contexts } from "../../evaluation/_contexts.ts";
import type { EnvironmentParts } from "../../_environments.ts";
import { runs } from "../../_nightly.ts";
import { LoadedRelay, OpenStream, poll, readTransfer, SdkStore, SERVER } from "./_fdv2.ts";

/** Sequences of archives. */
const RUNS = runs(150);

/** Who asks. */
interface Client {
  /** What is added to `/sdk/poll` and `/sdk/stream`. */
  path: string;
  init: RequestInit;
  store: SdkStore;
  stream?: { relay: LoadedRelay; open: OpenStream };
}

/** What happens next. */
type Step =
  | { type: "archive"; reload: Reload }
  | { type: "load"; relay: number }
  | { type: "restart"; relay: number }
  | { type: "poll"; relay: number; client: number }
  | { type: "stream"; relay: number; client: number };

const relay = fc.nat(1);
const client = fc.nat(9);
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ type: fc.constant("archive" as const), reload }), weight: 4 },
  { arbitrary: fc.record({ type: fc.constant("load" as const), relay }), weight: 6 },
  { arbitrary: fc.record({ type: fc.constant("restart" as const), relay }), weight: 1 },
  { arbitrary: fc.record({ type: fc.constant("poll" as const), relay, client }), weight: 8 },
  { arbitrary: fc.record({ type: fc.constant("stream" as const), relay, client }), weight: 3 },
);

function encode(json: unknown): string {
  return new TextEncoder().encode(JSON.stringify(json)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

function makeClients(): Client[] {
  const servers = [true, true, false, false].map((comparesVersions) => ({
    path: "?",
    init: SERVER,
    store: new SdkStore(comparesVersions),
  }));
  const clients = USERS.flatMap((key) => {
    const path = `/eval/${encode({ kind: "user", key })}?`;
    return [
      { path: `${path}auth=e1&`, init: {}, store: new SdkStore(false) },
      {
        path: `${path}withReasons=true&`,
        init: { headers: { authorization: "mob-e1" } },
        store: new SdkStore(false),
      },
    ];
  });
  return [...servers, ...clients];
}

/** How often each intent was seen. */
const seen: Record<string, number> = {};

/** Two relays that load archives and restart when they like, and SDKs that ask either. */
class Model implements AsyncDisposable {
  readonly #archives: Archives;
  readonly #relays: LoadedRelay[];
  /** What each of them has loaded. */
  readonly #loaded: EnvironmentParts[];
  readonly #clients = makeClients();

  private constructor(archives: Archives, relays: LoadedRelay[]) {
    this.#archives = archives;
    this.#relays = relays;
    this.#loaded = relays.map(() => archives.newest);
  }

  static async start(ballast: boolean, first: Reload): Promise<Model> {
    const archives = new Archives(ballast);
    archives.add(first);
    const relays = [await LoadedRelay.start(archives.newest), await LoadedRelay.start(archives.newest)];
    return new Model(archives, relays);
  }

  async run(step: Step): Promise<void> {
    if (step.type === "archive") {
      if (step.reload.type !== "corrupt") this.#archives.add(step.reload);
      return;
    }
    const relay = this.#relays[step.relay]!;
    if (step.type === "load") {
      this.#loaded[step.relay] = this.#archives.newest;
      await relay.load(this.#archives.newest);
      for (const client of this.#clients) if (client.stream?.relay === relay) await this.#read(client);
    } else if (step.type === "restart") {
      await relay[Symbol.asyncDispose]();
      for (const client of this.#clients) if (client.stream?.relay === relay) delete client.stream;
      this.#relays[step.relay] = await LoadedRelay.start(this.#loaded[step.relay]!);
    } else {
      const client = this.#clients[step.client]!;
      await client.stream?.open[Symbol.asyncDispose]();
      delete client.stream;
      const { path, init, store } = client;
      const basis = store.basis === undefined ? "" : `basis=${store.basis}`;
      if (step.type === "poll") {
        const messages = await poll(relay.relay, `/sdk/poll${path}${basis}`, init);
        this.#apply(client, messages);
      } else {
        client.stream = {
          relay,
          open: await OpenStream.open(relay.relay, `/sdk/stream${path}${basis}`, init),
        };
        await this.#read(client);
      }
      await this.#check(client, relay);
    }
  }

  async #read(client: Client): Promise<void> {
    this.#apply(client, client.stream!.open.take());
    await this.#check(client, client.stream!.relay);
  }

  #apply({ store }: Client, messages: Parameters<typeof readTransfer>[0]): void {
    if (messages.length === 0) return;
    const { code } = readTransfer(messages);
    seen[code] = (seen[code] ?? 0) + 1;
    store.apply(messages);
  }

  /** The client has what one gets that has nothing, under the same selector. */
  async #check({ path, init, store, stream }: Client, { relay }: LoadedRelay): Promise<void> {
    const fresh = new SdkStore(false);
    fresh.apply(await poll(relay, `/sdk/poll${path}`, init));
    assertEquals(store.live, fresh.live);
    // A stream of a server is not told of a change to the archive's tombstones alone, of which its client sees nothing.
    if (!stream || path !== "?") assertEquals(contentOf(store.basis), contentOf(fresh.basis));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stream } of this.#clients) await stream?.open[Symbol.asyncDispose]();
    for (const relay of this.#relays) await relay[Symbol.asyncDispose]();
  }
}

/** A selector without the mark of who has been told of deletions. */
function contentOf(basis: string | undefined): string | undefined {
  return basis?.replace(":d)", ")");
}

const seed = Number(Deno.env.get("MODEL_SEED") ?? Date.now() % 2 ** 31);

Deno.test(`SDKs that ask two relays by turns, which restart, have what is served (${RUNS} sequences, seed ${seed})`, async () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), firstArchive, steps, async (ballast, first, steps) => {
      await using model = await Model.start(ballast, first);
      for (const step of steps) await model.run(step);
    }),
    { seed, numRuns: RUNS },
  );
  for (const code of ["none", "xfer-full", "xfer-changes"]) {
    assert(seen[code]! >= RUNS / 10, `${code} was seen ${seen[code]} times`);
  }
});

/** Flags that clients see, some of them. */
function visible({ flags, segments }: GeneratedEnvironment): EnvironmentParts {
  const seen = Object.entries(flags).map(([key, flag], i) => [key, { ...flag, clientSide: i % 4 !== 0 }]);
  return { flags: Object.fromEntries(seen), segments };
}

Deno.test(`a client stream ends at the selector and the results of a fresh poll, whatever the flags (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(environments, { minLength: 2, maxLength: 4 }),
      contexts,
      fc.boolean(),
      async (all, context, withReasons) => {
        const query = `/eval/${encode(context)}?auth=e1&withReasons=${withReasons}`;
        const versions = all.map(visible);
        await using loaded = await LoadedRelay.start(versions[0]!);
        await using stream = await OpenStream.open(loaded.relay, `/sdk/stream${query}`, {});
        const store = new SdkStore(false);
        store.apply(stream.take());
        // Each again with but one flag of the next: few changes, and many.
        for (const [i, next] of versions.slice(1).entries()) {
          const { flags, segments } = versions[i]!;
          const one = { flags: { ...flags, f1: next.flags!["f1"]! }, segments: segments! };
          for (const parts of [one, next]) {
            await loaded.load(parts);
            store.apply(stream.take());
            const fresh = new SdkStore(false);
            fresh.apply(await poll(loaded.relay, `/sdk/poll${query}`, {}));
            assertEquals([store.live, store.basis], [fresh.live, fresh.basis]);
          }
        }
      },
    ),
    { seed, numRuns: runs(40) },
  );
});
