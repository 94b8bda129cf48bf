import { assert, assertEquals } from "@std/assert";
import {
  Admission,
  Hub,
  type HubOptions,
  PING_CHANNEL,
  prepareServerChannels,
} from "../../lib/delivery/mod.ts";
import type { Store } from "../../lib/store/mod.ts";
import { makeLog, makeSnapshot, makeStore, text } from "../_environments.ts";

const NEVER = 2 ** 30;

function makeHub(store: Store, options: Partial<HubOptions> = {}): Hub {
  return new Hub({
    store,
    log: makeLog(),
    admission: new Admission({ maxBytes: 1_000_000 }),
    maxStreams: 100,
    heartbeatInterval: 0,
    pingStreamJitterTime: 0,
    maxClientConnectionTime: 0,
    expiredCredentialCleanupInterval: NEVER,
    ...options,
  });
}

async function open(
  hub: Hub,
  store: Store,
  id = "e1",
  credential = `sdk-${id}`,
  kind: "all" | "flags" = "all",
) {
  const channel = prepareServerChannels(kind)();
  const snapshot = store.get(id)!.snapshot!;
  const stream = await hub.open({ channel, environmentId: id, snapshot, credentialKind: "sdk", credential });
  return stream!.getReader();
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
  assertEquals(await read(await open(hub, store, "e1", "sdk-e1", "flags")), text(flags.put));
  assertEquals(hub.size, 2);
  await hub.close();
  assertEquals(hub.size, 0);
});

Deno.test("Hub.update() tells the streams of changed environments only", async () => {
  const store = await makeStore({ e1: {}, e2: {} });
  const hub = makeHub(store);
  const [one, two, flags] = [
    await open(hub, store),
    await open(hub, store, "e2"),
    await open(hub, store, "e1", "sdk-e1", "flags"),
  ];
  for (const reader of [one, two, flags]) await read(reader);
  const segments = await makeSnapshot("e1", { segments: { s: {} } }, store.get("e1")!.snapshot);
  store.replace([{ id: "e1", snapshot: segments }, { id: "e2", snapshot: store.get("e2")!.snapshot! }]);
  await hub.update();
  assertEquals(
    await read(one),
    'event: patch\ndata: {"path":"/segments/s","data":{"key":"s","version":1}}\n\n',
  );
  await hub.close();
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
  await hub.close();
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
  await hub.close();
});

Deno.test("Hub sends heartbeats as comments", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store, { heartbeatInterval: 5 });
  const reader = await open(hub, store);
  await read(reader);
  assertEquals(await read(reader), ":\n\n");
  await hub.close();
});

Deno.test("Hub closes a stream after the maximum connection time, less the jitter", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store, { maxClientConnectionTime: 20, random: () => 0.999 });
  const reader = await open(hub, store);
  await read(reader);
  assertEquals(await read(reader), undefined);
  assertEquals(hub.size, 0);
  await hub.close();
});

Deno.test("Hub forgets a stream whose client goes away", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store, { maxClientConnectionTime: NEVER });
  const reader = await open(hub, store);
  await reader.cancel();
  assertEquals(hub.size, 0);
  await hub.close();
});

Deno.test("Hub tells a reader that falls behind of the newest state only, once it has taken all before", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store);
  const reader = await open(hub, store);
  for (let version = 1; version <= 3; version++) {
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: { version } } }) }]);
    await hub.update();
  }
  assertEquals(await read(reader), 'event: put\ndata: {"path":"/","data":{"flags":{},"segments":{}}}\n\n');
  assert((await read(reader))!.includes('"version":3'));
  await hub.close();
  assertEquals(await read(reader), undefined);
});

Deno.test("Hub hands large events over in pieces and whole", async () => {
  const salt = "x".repeat(200_000);
  const store = await makeStore({ e1: { flags: { f: { salt } } } });
  const hub = makeHub(store);
  const reader = await open(hub, store);
  const { put } = store.get("e1")!.snapshot!.all;
  let received = "";
  while (received.length < put.length) received += await read(reader);
  assertEquals(received, text(put));
  await hub.close();
});

Deno.test("Hub cuts off a reader that takes nothing any more, and no other", async () => {
  const store = await makeStore({ e1: {} });
  const log = makeLog();
  const hub = makeHub(store, { log, stallDeadline: 20 });
  const [stalled, idle] = [await open(hub, store), await open(hub, store)];
  await read(idle);
  const closed = idle.read();
  while (log.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(log.lines, ["warn: Closed a stream of environment e1: its reader takes nothing any more"]);
  assertEquals(hub.size, 1);
  assertEquals(await read(stalled), undefined);
  await hub.close();
  assertEquals((await closed).done, true);
});

Deno.test("Hub.close() spreads the closing of streams", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store);
  const readers = await Promise.all(Array.from({ length: 8 }, () => open(hub, store)));
  await Promise.all(readers.map(read));
  const closing = hub.close(300);
  assert(hub.size > 0);
  await closing;
  assertEquals(hub.size, 0);
  for (const reader of readers) assertEquals(await read(reader), undefined);
});

Deno.test("Hub delays pings within the upper half of the jitter time, and tells several changes with one", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store, { pingStreamJitterTime: 600, random: () => 0 });
  const { snapshot } = store.get("e1")!;
  const request = { environmentId: "e1", credentialKind: "sdk", credential: "sdk-e1" } as const;
  const reader = (await hub.open({ ...request, snapshot: snapshot!, channel: PING_CHANNEL }))!.getReader();
  await read(reader);
  const versions = [1, 2, 3].map((version) => makeSnapshot("e1", { flags: { f: { version } } }));
  const snapshots = await Promise.all(versions);
  const received: unknown[] = [];
  const ping = read(reader).then((event) => received.push(event));
  for (const snapshot of snapshots) {
    store.replace([{ id: "e1", snapshot }]);
    await hub.update();
  }
  assertEquals(received, [], "nothing before half of the time is over");
  await ping;
  const closed = reader.read();
  await hub.close();
  assertEquals((await closed).done, true, "no second ping");
});

Deno.test("Hub.open() looks again after a wait: a key revoked meanwhile opens nothing", async () => {
  const store = await makeStore({ e1: { flags: { f: {} } } });
  const admission = new Admission({ maxBytes: 1 });
  const hub = makeHub(store, { admission });
  const leave = await admission.enter(1);
  const { snapshot } = store.get("e1")!;
  const request = {
    environmentId: "e1",
    snapshot: snapshot!,
    credentialKind: "sdk",
    credential: "sdk-e1",
  } as const;
  const opening = hub.open({ ...request, channel: prepareServerChannels("all")() });
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { env: { sdkKey: { value: "new" } } }) }]);
  await hub.update();
  leave!();
  assertEquals(await opening, undefined);
  assertEquals(hub.size, 0);
  assert(await admission.enter(1), "it has not kept its place");
  await hub.close();
});

Deno.test("Hub.open() begins with what is served after a wait", async () => {
  const store = await makeStore({ e1: {} });
  const admission = new Admission({ maxBytes: 1 });
  const hub = makeHub(store, { admission });
  const leave = await admission.enter(1);
  const opening = open(hub, store);
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: { version: 7 } } }) }]);
  await hub.update();
  leave!();
  assert((await read(await opening))!.includes('"version":7'));
  await hub.close();
});

Deno.test("Hub.update() loses no change, however soon one follows another", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store);
  const reader = await open(hub, store);
  await read(reader);
  const changes = Array.from(
    { length: 60 },
    (_, i) => makeSnapshot("e1", { flags: { f: { version: i + 1 } } }),
  );
  const snapshots = await Promise.all(changes);
  const updates: Promise<void>[] = [];
  let last = reader.read();
  for (const [turns, snapshot] of snapshots.entries()) {
    store.replace([{ id: "e1", snapshot }]);
    updates.push(hub.update());
    for (let i = 0; i < turns; i++) await Promise.resolve();
  }
  for (let event = ""; !event.includes('"version":60');) {
    event = text((await last).value!);
    last = reader.read();
  }
  await Promise.all(updates);
  await hub.close();
  assertEquals((await last).done, true);
});

Deno.test("Hub closes a stream that cannot be updated, and no other", async () => {
  const store = await makeStore({ e1: {} });
  const log = makeLog();
  const hub = makeHub(store, { log });
  const { snapshot } = store.get("e1")!;
  const channel = {
    ...prepareServerChannels("all")(),
    update: () => Promise.reject(new Error("a fault")),
  };
  const request = {
    environmentId: "e1",
    snapshot: snapshot!,
    credentialKind: "sdk",
    credential: "sdk-e1",
  } as const;
  const [broken, good] = [(await hub.open({ ...request, channel }))!.getReader(), await open(hub, store)];
  await Promise.all([read(broken), read(good)]);
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: {} } }) }]);
  await hub.update();
  assertEquals(await read(broken), undefined);
  assert((await read(good))!.startsWith("event: p"));
  assertEquals(log.lines.length, 1);
  assert(
    log.lines[0]!.startsWith("error: Cannot update a stream of environment e1, closing it: Error: a fault"),
  );
  await hub.close();
});

Deno.test("Hub.update() lets no stream whose update takes long hold up the others", async () => {
  const store = await makeStore({ e1: {} });
  const hub = makeHub(store);
  const { snapshot } = store.get("e1")!;
  const { promise: isOver, resolve: end } = Promise.withResolvers<undefined>();
  const channel = { ...prepareServerChannels("all")(), update: () => isOver };
  const request = {
    environmentId: "e1",
    snapshot: snapshot!,
    credentialKind: "sdk",
    credential: "sdk-e1",
  } as const;
  const slow = (await hub.open({ ...request, channel }))!.getReader();
  const other = await open(hub, store);
  await Promise.all([read(slow), read(other)]);
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: {} } }) }]);
  let isUpdated = false;
  const updated = hub.update().then(() => isUpdated = true);
  assert((await read(other))!.startsWith("event: p"));
  assertEquals(isUpdated, false);
  end(undefined);
  await updated;
  await hub.close();
});
