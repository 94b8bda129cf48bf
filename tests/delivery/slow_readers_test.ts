import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assert, assertEquals } from "@std/assert";
import type { Channel, Delivery, DeliveryOptions } from "../../lib/delivery/mod.ts";
import { PING_CHANNEL, prepareServerChannels } from "../../lib/delivery/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import type { Snapshot } from "../../lib/snapshot/mod.ts";
import { PIECE_BYTES } from "../../lib/wire/mod.ts";
import { type EnvironmentParts, makeLog, makeSnapshot, makeStore } from "../_environments.ts";
import { HUGE, makeDelivery, readerOf } from "./_delivery.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** An environment of about two megabytes. */
function large(version: number): EnvironmentParts {
  return { flags: { f: { version, salt: "x".repeat(2_000_000) } } };
}

async function replace(store: Store, delivery: Delivery, parts: EnvironmentParts): Promise<Snapshot> {
  const snapshot = await makeSnapshot("e1", parts);
  store.replace([{ id: "e1", snapshot }]);
  await delivery.update();
  return snapshot;
}

async function open(delivery: Delivery, store: Store, channel: Partial<Channel> = {}): Promise<Reader> {
  const body = await delivery.open({
    environmentId: "e1",
    snapshot: store.get("e1")!.snapshot!,
    credentialKind: "sdk",
    credential: "sdk-e1",
    channel: { ...prepareServerChannels("all")(), ...channel },
  });
  return readerOf(body!);
}

/** Reads until nothing more comes, and gives how much it was. A read is left pending, so that the reader is ready. */
async function drain(reader: Reader): Promise<{ bytes: number; next: Promise<{ done: boolean }> }> {
  let bytes = 0;
  while (true) {
    const next = reader.read();
    const { promise: nothing, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), 50);
    const result = await Promise.race([next, nothing]);
    clearTimeout(timer);
    if (!result?.value) return { bytes, next };
    bytes += result.value.length;
  }
}

/** A document for one client with a client-side ID, of so many bytes. */
async function sendPrivate(delivery: Delivery, bytes: number) {
  const document = await delivery.make("environment", {
    make: () => bytes,
    measure: (length) => length,
    finish: (length) => new Uint8Array(length),
  });
  return document &&
    readerOf(delivery.send([document.made], { environmentId: "e1", charge: document.charge }));
}

/** A third of it is each kind's, three quarters of that are for results: a megabyte. */
const ROOM_FOR_A_MEGABYTE: Partial<DeliveryOptions> = { maxPayloadBytesInFlight: 4_000_000, maxWait: 5 };

Deno.test("Delivery.send() needs no room for what is shared, however many do not read it", async () => {
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store, { maxPayloadBytesInFlight: 1, maxWaiting: 0 });
  const { snapshot } = store.get("e1")!;
  const { body } = snapshot!.all;
  const readers = Array.from(
    { length: 500 },
    () => readerOf(delivery.send([body], { environmentId: "e1", snapshot: snapshot! })),
  );
  const pieces = await Promise.all(readers.map(async (reader) => (await reader.read()).value!));
  assert(pieces.every((piece) => piece.buffer === body.buffer && piece.length === PIECE_BYTES));
  const { bytes } = await drain(readers[0]!);
  assertEquals(PIECE_BYTES + bytes, body.length);
  await Promise.all(readers.map((reader) => reader.cancel()));
  await delivery.close();
});

Deno.test("Delivery.make() keeps one kind of credential from using up what the others need", async () => {
  const delivery = makeDelivery(new Store(), ROOM_FOR_A_MEGABYTE);
  const unread = [await sendPrivate(delivery, 600_000), await sendPrivate(delivery, 300_000)];
  assertEquals(await sendPrivate(delivery, 200_000), undefined, "its own kind is full");
  for (const kind of ["sdk", "mobile"] as const) {
    const other = await delivery.make(kind, { ...HUGE, measure: () => 900_000 });
    assert(other, kind);
    other.charge.release();
  }
  assert(await sendPrivate(delivery, PIECE_BYTES), "what fits into a piece needs no room");
  await unread[0]!.cancel();
  const again = await sendPrivate(delivery, 200_000);
  assert(again, "the client that left has made room");
  await Promise.all([again, unread[1]!].map((reader) => reader.cancel()));
  await delivery.close();
});

Deno.test("Delivery.make() drops what finds no room, and makes it again when there is some", async () => {
  const delivery = makeDelivery(new Store(), { ...ROOM_FOR_A_MEGABYTE, maxWait: 10_000 });
  const unread = await sendPrivate(delivery, 900_000);
  const made: string[] = [];
  const waiting = delivery.make("environment", {
    make: () => void made.push("first"),
    remake: () => void made.push("again"),
    measure: () => 500_000,
    finish: () => void made.push("finished"),
  });
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(made, ["first"]);
  await unread!.cancel();
  assert(await waiting);
  assertEquals(made, ["first", "again", "finished"]);
  await delivery.close();
});

Deno.test("Delivery makes room by cutting off the slowest reader of that kind that has had its slack", async () => {
  const log = makeLog();
  const options = { ...ROOM_FOR_A_MEGABYTE, maxWait: 10_000, clientWriteSlack: 20, log };
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store, options);
  const shared = readerOf(delivery.send([store.get("e1")!.snapshot!.all.body], { environmentId: "e1" }));
  const [slow, faster] = [await sendPrivate(delivery, 400_000), await sendPrivate(delivery, 400_000)];
  for (let i = 0; i < 3; i++) await faster!.read();
  const newcomer = await sendPrivate(delivery, 400_000);
  assert(newcomer);
  assertEquals(log.problems, [
    "warn: Closed the connection of a slow client: memory for results is short environment=e1",
  ]);
  assertEquals((await slow!.read()).done, true);
  assertEquals((await drain(faster!)).bytes, 400_000 - 3 * PIECE_BYTES);
  assertEquals((await shared.read()).done, false, "it holds nothing of that budget");
  await Promise.all([newcomer, shared].map((reader) => reader.cancel()));
  await delivery.close();
});

Deno.test("Delivery.update() makes nothing for a reader that has not taken all before", async () => {
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store);
  const made: string[] = [];
  const readers = await Promise.all(["paused", "ready"].map((name) => {
    const update = prepareServerChannels("all")().update;
    return open(delivery, store, {
      update: (before, after) => {
        made.push(name);
        return update(before, after);
      },
    });
  }));
  await readers[0]!.read();
  const { next } = await drain(readers[1]!);
  await replace(store, delivery, large(2));
  assertEquals(made, ["ready"]);
  await next;
  await drain(readers[0]!);
  assertEquals(made, ["ready", "paused"]);
  await delivery.close();
});

Deno.test("Delivery sends a put in the place of an update that found no room", async () => {
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store, { ...ROOM_FOR_A_MEGABYTE, maxWait: 10_000 });
  const { update } = prepareServerChannels("all")();
  const { promise: isMade, resolve } = Promise.withResolvers<void>();
  const reader = await open(delivery, store, {
    isPrivate: true,
    async update(before, after) {
      const parts = await update(before, after);
      resolve();
      return parts;
    },
  });
  const { next } = await drain(reader);
  const all = await delivery.make("sdk", HUGE);
  const snapshot = makeSnapshot("e1", large(2));
  store.replace([{ id: "e1", snapshot: await snapshot }]);
  const updating = delivery.update();
  await isMade;
  await new Promise((resolve) => setTimeout(resolve)); // it waits for room now
  all!.charge.release();
  await updating;
  const { value } = await next as ReadableStreamReadResult<Uint8Array>;
  assertEquals(new TextDecoder().decode(value!.subarray(0, 10)), "event: put");
  await delivery.close();
});

Deno.test("Delivery closes a stream for whose update there is no room for too long", async () => {
  const store = await makeStore({ e1: large(1) });
  const log = makeLog();
  const delivery = makeDelivery(store, { ...ROOM_FOR_A_MEGABYTE, log });
  const reader = await open(delivery, store, { isPrivate: true });
  const { next } = await drain(reader);
  const all = await delivery.make("sdk", HUGE);
  await replace(store, delivery, large(2));
  assertEquals((await next).done, true);
  assertEquals(log.problems, [
    "warn: Closed a stream that had to be updated: memory for results is short environment=e1",
  ]);
  all!.charge.release();
  await delivery.close();
});

Deno.test("Delivery cuts off readers of superseded versions beyond the size of one, oldest first", async () => {
  const store = await makeStore({ e1: large(1) });
  const log = makeLog();
  const delivery = makeDelivery(store, { log });
  const { snapshot } = store.get("e1")!;
  const poll = readerOf(delivery.send([snapshot!.all.body], { environmentId: "e1", snapshot: snapshot! }));
  const [first, ready] = [await open(delivery, store), await open(delivery, store)];
  for (const reader of [poll, first]) await reader.read();
  await drain(ready);
  await replace(store, delivery, large(2));
  const second = await open(delivery, store);
  await second.read();
  assertEquals(delivery.size, 3, "one superseded version is left to its readers");
  await replace(store, delivery, large(3));
  assertEquals(delivery.size, 2);
  for (const reader of [poll, first]) assertEquals((await reader.read()).done, true);
  assertEquals((await second.read()).done, false);
  assertEquals(log.problems, [
    "warn: Closed the connection of a slow client: it still read data that reloads have replaced environment=e1",
  ]);
  await delivery.close();
});

Deno.test("Delivery leaves readers alone when their environment becomes smaller or is renamed", async () => {
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store);
  const reader = await open(delivery, store);
  await reader.read();
  await replace(store, delivery, { flags: { f: { version: 2 } } });
  await replace(store, delivery, { flags: { f: { version: 3 } }, env: { envName: "renamed" } });
  assertEquals(delivery.size, 1);
  await delivery.close();
});

Deno.test("Delivery.open() charges what a stream keeps of a context for as long as it is open", async () => {
  const store = await makeStore({ e1: {} });
  // A third of it is each kind's, a quarter of that is for contexts.
  const delivery = makeDelivery(store, { maxPayloadBytesInFlight: 1_200_000 });
  const kept = await open(delivery, store, { keptBytes: 60_000 });
  const request = {
    environmentId: "e1",
    snapshot: store.get("e1")!.snapshot!,
    credential: "sdk-e1",
    credentialKind: "sdk",
  } as const;
  const channel = { ...prepareServerChannels("all")(), keptBytes: 60_000 };
  assertEquals(await delivery.open({ ...request, channel }), undefined);
  await (await open(delivery, store, { keptBytes: 1000 })).cancel();
  await kept.cancel();
  await (await open(delivery, store, { keptBytes: 60_000 })).cancel();
  assertEquals(delivery.size, 0);
  await delivery.close();
});

/** Collects garbage, which only a flag of V8's makes callable. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

Deno.test("Delivery keeps no superseded version for streams whose readers are ready", async () => {
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store);
  const old = new WeakRef(store.get("e1")!.snapshot!.all);
  const [told, pinged] = [await open(delivery, store), await open(delivery, store, PING_CHANNEL)];
  const pending = [await drain(told), await drain(pinged)];
  await replace(store, delivery, large(2));
  await Promise.all(pending.map(({ next }) => next));
  await Promise.all([told, pinged].map(drain));
  await new Promise((resolve) => setTimeout(resolve));
  collectGarbage();
  assert(old.deref() === undefined, "the first version is still in memory");
  assertEquals(delivery.size, 2);
  await delivery.close();
});
