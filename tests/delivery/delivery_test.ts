import { assert, assertEquals } from "@std/assert";
import { PING_CHANNEL } from "../../lib/delivery/mod.ts";
import { PIECE_BYTES } from "../../lib/wire/mod.ts";
import { makeLog, makeSnapshot, makeStore, text } from "../_environments.ts";
import { makeDelivery, open, read, readerOf } from "./_delivery.ts";

const NEVER = 2 ** 30;

Deno.test("Delivery.open() starts with the put of its channel", async () => {
  const store = await makeStore({ e1: { flags: { f: {} } } });
  const delivery = makeDelivery(store);
  const { all, flags } = store.get("e1")!.snapshot!;
  assertEquals(await read(await open(delivery, store)), text(all.put));
  assertEquals(await read(await open(delivery, store, "e1", "sdk-e1", "flags")), text(flags.put));
  assertEquals(delivery.size, 2);
  await delivery.close();
  assertEquals(delivery.size, 0);
});

Deno.test("Delivery.update() tells the streams of changed environments only", async () => {
  const store = await makeStore({ e1: {}, e2: {} });
  const delivery = makeDelivery(store);
  const [one, two, flags] = [
    await open(delivery, store),
    await open(delivery, store, "e2"),
    await open(delivery, store, "e1", "sdk-e1", "flags"),
  ];
  for (const reader of [one, two, flags]) await read(reader);
  const segments = await makeSnapshot("e1", { segments: { s: {} } }, store.get("e1")!.snapshot);
  store.replace([{ id: "e1", snapshot: segments }, { id: "e2", snapshot: store.get("e2")!.snapshot! }]);
  await delivery.update();
  assertEquals(
    await read(one),
    'event: patch\ndata: {"path":"/segments/s","data":{"key":"s","version":1}}\n\n',
  );
  await delivery.close();
  assertEquals(await read(two), undefined);
  assertEquals(await read(flags), undefined);
});

Deno.test("Delivery.update() closes streams of removed environments and revoked keys, and no others", async () => {
  const sdkKey = { value: "new", expiring: { value: "old", timestamp: 5_000 } };
  const store = await makeStore({ e1: { env: { sdkKey } }, e2: {} }, () => 1_000);
  const delivery = makeDelivery(store);
  const [kept, revoked] = [
    await open(delivery, store, "e1", "new"),
    await open(delivery, store, "e1", "old"),
  ];
  const removed = await open(delivery, store, "e2");
  for (const reader of [kept, revoked, removed]) await read(reader);
  const rotated = await makeSnapshot("e1", { env: { sdkKey: { value: "new" } } }, store.get("e1")!.snapshot);
  store.replace([{ id: "e1", snapshot: rotated }]);
  await delivery.update();
  assertEquals(await read(revoked), undefined);
  assertEquals(await read(removed), undefined);
  assertEquals(delivery.size, 1);
  await delivery.close();
});

Deno.test("Delivery closes a stream when its key expires, without a reload", async () => {
  const sdkKey = { value: "new", expiring: { value: "old", timestamp: Date.now() + 50 } };
  const store = await makeStore({ e1: { env: { sdkKey } } });
  const delivery = makeDelivery(store);
  const [kept, expiring] = [
    await open(delivery, store, "e1", "new"),
    await open(delivery, store, "e1", "old"),
  ];
  await read(kept);
  await read(expiring);
  assertEquals(await read(expiring), undefined);
  assertEquals(store.find("sdk", "old"), undefined);
  assertEquals(delivery.size, 1);
  await delivery.close();
});

Deno.test("Delivery sends heartbeats as comments", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store, { heartbeatInterval: 5 });
  const reader = await open(delivery, store);
  await read(reader);
  assertEquals(await read(reader), ":\n\n");
  await delivery.close();
});

Deno.test("Delivery.reconfigure() starts heartbeats of open streams, and makes room for another", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store, { maxStreams: 1 });
  const request = {
    channel: PING_CHANNEL,
    environmentId: "e1",
    snapshot: store.get("e1")!.snapshot!,
    credentialKind: "sdk" as const,
    credential: "sdk-e1",
  };
  const first = await open(delivery, store);
  await read(first);
  assertEquals(await delivery.open(request), undefined);
  delivery.reconfigure({ heartbeatInterval: 5, maxStreams: 2 });
  assertEquals(await read(first), ":\n\n");
  assert(await delivery.open(request));
  await delivery.close();
});

Deno.test("Delivery.reconfigure() puts off no heartbeat when their interval stays", async () => {
  const store = await makeStore({ e1: {} });
  const settings = { heartbeatInterval: 50, maxStreams: 1 };
  const delivery = makeDelivery(store, settings);
  const reader = await open(delivery, store);
  await read(reader);
  const timer = setInterval(() => delivery.reconfigure(settings), 5);
  assertEquals(await read(reader), ":\n\n");
  clearInterval(timer);
  await delivery.close();
});

Deno.test("Delivery closes a stream after the maximum connection time, less the jitter", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store, { maxClientConnectionTime: 20, random: () => 0.999 });
  const reader = await open(delivery, store);
  await read(reader);
  assertEquals(await read(reader), undefined);
  assertEquals(delivery.size, 0);
  await delivery.close();
});

Deno.test("Delivery forgets a stream whose client goes away", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store, { maxClientConnectionTime: NEVER });
  const reader = await open(delivery, store);
  await reader.cancel();
  assertEquals(delivery.size, 0);
  await delivery.close();
});

Deno.test("Delivery tells a reader that falls behind of the newest state only, once it has taken all before", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store);
  const reader = await open(delivery, store);
  for (let version = 1; version <= 3; version++) {
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: { version } } }) }]);
    await delivery.update();
  }
  assertEquals(await read(reader), 'event: put\ndata: {"path":"/","data":{"flags":{},"segments":{}}}\n\n');
  assert((await read(reader))!.includes('"version":3'));
  await delivery.close();
  assertEquals(await read(reader), undefined);
});

Deno.test("Delivery hands large events over in pieces and whole", async () => {
  const salt = "x".repeat(200_000);
  const store = await makeStore({ e1: { flags: { f: { salt } } } });
  const delivery = makeDelivery(store);
  const reader = await open(delivery, store);
  const put = text(store.get("e1")!.snapshot!.all.put);
  const pieces: string[] = [];
  while (pieces.join("").length < put.length) pieces.push((await read(reader))!);
  assertEquals(pieces.join(""), put);
  assertEquals(pieces.map(({ length }) => length).slice(0, 3), [PIECE_BYTES, PIECE_BYTES, PIECE_BYTES]);
  await delivery.close();
});

Deno.test("Delivery cuts off a reader that takes nothing any more, and no other", async () => {
  const store = await makeStore({ e1: {} });
  const log = makeLog();
  const delivery = makeDelivery(store, { log, clientWriteMinBytesPerSecond: 1, clientWriteSlack: 20 });
  const [stalled, idle] = [await open(delivery, store), await open(delivery, store)];
  await read(idle);
  const closed = idle.read();
  while (log.problems.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(log.problems, [
    "warn: Client stopped reading (stalled): closed its connection environment=e1",
  ]);
  assertEquals(delivery.size, 1);
  assertEquals(await read(stalled), undefined);
  await delivery.close();
  assertEquals((await closed).done, true);
});

Deno.test("Delivery.close() spreads the closing of streams", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store);
  const readers = await Promise.all(Array.from({ length: 8 }, () => open(delivery, store)));
  await Promise.all(readers.map(read));
  const closing = delivery.close(300);
  assert(delivery.size > 0);
  await closing;
  assertEquals(delivery.size, 0);
  for (const reader of readers) assertEquals(await read(reader), undefined);
});

Deno.test("Delivery delays pings within the upper half of the jitter time, and tells several changes with one", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store, { pingStreamJitterTime: 600, random: () => 0 });
  const { snapshot } = store.get("e1")!;
  const request = { environmentId: "e1", credentialKind: "sdk", credential: "sdk-e1" } as const;
  const reader = readerOf((await delivery.open({ ...request, snapshot: snapshot!, channel: PING_CHANNEL }))!);
  await read(reader);
  const versions = [1, 2, 3].map((version) => makeSnapshot("e1", { flags: { f: { version } } }));
  const snapshots = await Promise.all(versions);
  const received: unknown[] = [];
  const ping = read(reader).then((event) => received.push(event));
  for (const snapshot of snapshots) {
    store.replace([{ id: "e1", snapshot }]);
    await delivery.update();
  }
  assertEquals(received, [], "nothing before half of the time is over");
  await ping;
  const closed = reader.read();
  await delivery.close();
  assertEquals((await closed).done, true, "no second ping");
});
