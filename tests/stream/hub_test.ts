import { assert, assertEquals } from "@std/assert";
import { ALL_CHANNEL, FLAGS_CHANNEL, Hub, type HubOptions } from "../../lib/stream/mod.ts";
import type { Store } from "../../lib/store/mod.ts";
import { makeLog, makeSnapshot, makeStore, text } from "../_environments.ts";

const NEVER = 2 ** 30;

function makeHub(store: Store, options: Partial<HubOptions> = {}): Hub {
  return new Hub({
    store,
    log: makeLog(),
    heartbeatInterval: 0,
    maxClientConnectionTime: 0,
    expiredCredentialCleanupInterval: NEVER,
    ...options,
  });
}

async function open(hub: Hub, store: Store, id = "e1", credential = `sdk-${id}`, channel = ALL_CHANNEL) {
  const snapshot = store.get(id)!.snapshot!;
  const stream = await hub.open({ channel, environmentId: id, snapshot, credentialKind: "sdk", credential });
  return stream.getReader();
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { done, value } = await reader.read();
  return done ? undefined : text(value);
}

Deno.test("Hub.open() starts with the put of its channel", async () => {
  const store = await makeStore({ e1: { flags: { f: {} } } });
  const hub = makeHub(store);
  const { all, flags } = store.get("e1")!.snapshot!;
  assertEquals(await read(await open(hub, store)), text(all.put));
  assertEquals(await read(await open(hub, store, "e1", "sdk-e1", FLAGS_CHANNEL)), text(flags.put));
  assertEquals(hub.size, 2);
  hub.close();
  assertEquals(hub.size, 0);
});

Deno.test("Hub.update() sends a put to the streams of changed environments only", async () => {
  const store = await makeStore({ e1: {}, e2: {} });
  const hub = makeHub(store);
  const [one, two, flags] = [
    await open(hub, store),
    await open(hub, store, "e2"),
    await open(hub, store, "e1", "sdk-e1", FLAGS_CHANNEL),
  ];
  for (const reader of [one, two, flags]) await read(reader);
  const segments = await makeSnapshot("e1", { segments: { s: {} } }, store.get("e1")!.snapshot);
  store.replace([{ id: "e1", snapshot: segments }, { id: "e2", snapshot: store.get("e2")!.snapshot! }]);
  await hub.update();
  assertEquals(await read(one), text(segments.all.put));
  hub.close();
  assertEquals(await read(two), undefined);
  assertEquals(await read(flags), undefined);
});

Deno.test("Hub.update() closes streams of removed environments and revoked keys, and no others", async () => {
  const sdkKey = { value: "new", expiring: { value: "old", timestamp: 5_000 } };
  const store = await makeStore({ e1: { env: { sdkKey } }, e2: {} }, () => 1_000);
  const hub = makeHub(store);
  const [kept, revoked] = [await open(hub, store, "e1", "new"), await open(hub, store, "e1", "old")];
  const removed = await open(hub, store, "e2");
  for (const reader of [kept, revoked, removed]) await read(reader);
  const rotated = await makeSnapshot("e1", { env: { sdkKey: { value: "new" } } }, store.get("e1")!.snapshot);
  store.replace([{ id: "e1", snapshot: rotated }]);
  await hub.update();
  assertEquals(await read(revoked), undefined);
  assertEquals(await read(removed), undefined);
  assertEquals(hub.size, 1);
  hub.close();
});

Deno.test("Hub closes a stream when its key expires, without a reload", async () => {
  const sdkKey = { value: "new", expiring: { value: "old", timestamp: Date.now() + 50 } };
  const store = await makeStore({ e1: { env: { sdkKey } } });
  const hub = makeHub(store);
  const [kept, expiring] = [await open(hub, store, "e1", "new"), await open(hub, store, "e1", "old")];
  await read(kept);
  await read(expiring);
  assertEquals(await read(expiring), undefined);
  assertEquals(store.find("sdk", "old"), undefined);
  assertEquals(hub.size, 1);
  hub.close();
});

Deno.test("Hub sends heartbeats as comments", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store, { heartbeatInterval: 5 });
  const reader = await open(hub, store);
  await read(reader);
  assertEquals(await read(reader), ":\n\n");
  hub.close();
});

Deno.test("Hub closes a stream after the maximum connection time, less the jitter", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store, { maxClientConnectionTime: 20, random: () => 0.999 });
  const reader = await open(hub, store);
  await read(reader);
  assertEquals(await read(reader), undefined);
  assertEquals(hub.size, 0);
  hub.close();
});

Deno.test("Hub forgets a stream whose client goes away", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store, { maxClientConnectionTime: NEVER });
  const reader = await open(hub, store);
  await reader.cancel();
  assertEquals(hub.size, 0);
  hub.close();
});

Deno.test("Hub cuts off a reader that has fallen more than 1 MiB behind, and no other", async () => {
  const store = await makeStore({ e1: {} });
  const log = makeLog();
  const hub = makeHub(store, { log });
  const [slow, quick] = [await open(hub, store), await open(hub, store)];
  await read(quick);
  for (let version = 1; version <= 3; version++) {
    const flag = { version, salt: "x".repeat(1024 * 1024) };
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: flag } }) }]);
    await hub.update();
    assert((await read(quick))!.includes(`"version":${version}`));
  }
  assertEquals(hub.size, 1);
  const error = await slow.read().then(() => undefined, (error) => error);
  assertEquals(error?.name, "SlowReaderError");
  assertEquals(log.lines, ["warn: Closed a stream of environment e1: its reader is too slow"]);
  hub.close();
});
