import { assert, assertEquals } from "@std/assert";
import {
  type Channel,
  type Delivery,
  type PacedBody,
  PING_CHANNEL,
  prepareServerChannels,
} from "../../lib/delivery/mod.ts";
import type { Store } from "../../lib/store/mod.ts";
import { makeLog, makeSnapshot, makeStore, text } from "../_environments.ts";
import { HUGE, makeDelivery, open, read, readerOf } from "./_delivery.ts";

/** A state of an environment whose `put` is longer than a piece, so that it is charged where it is private. */
function large(version: number, env = {}) {
  return { env, flags: { f: { version, text: "x".repeat(100_000) } } };
}

/** Asks for a stream whose channel differs by `part`. */
function openWith(delivery: Delivery, store: Store, part: Partial<Channel>): Promise<PacedBody | undefined> {
  return delivery.open({
    environmentId: "e1",
    snapshot: store.get("e1")!.snapshot!,
    credentialKind: "sdk",
    credential: "sdk-e1",
    channel: { ...prepareServerChannels("all")(), ...part },
  });
}

/** Asks for a stream whose events are private, while all memory for them is taken; then `change` happens, then there is room. */
async function openAfterWait(
  delivery: Delivery,
  store: Store,
  change: () => Promise<void>,
): Promise<PacedBody | undefined> {
  const all = await delivery.make("sdk", HUGE);
  const opening = openWith(delivery, store, { isPrivate: true });
  await change();
  await delivery.update();
  all!.charge.release();
  return await opening;
}

Deno.test("Delivery.open() looks again after a wait: a key revoked meanwhile opens nothing", async () => {
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store);
  const body = await openAfterWait(delivery, store, async () => {
    const snapshot = await makeSnapshot("e1", large(1, { sdkKey: { value: "new" } }));
    store.replace([{ id: "e1", snapshot }]);
  });
  assertEquals(body, undefined);
  assertEquals(delivery.size, 0);
  const again = await delivery.make("sdk", HUGE);
  assert(again, "it has not kept its place");
  again.charge.release();
  await delivery.close();
});

Deno.test("Delivery.open() begins with what is served after a wait", async () => {
  const store = await makeStore({ e1: large(1) });
  const delivery = makeDelivery(store);
  const body = await openAfterWait(delivery, store, async () => {
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", large(7)) }]);
  });
  const reader = readerOf(body!);
  assert((await read(reader))!.includes('"version":7'));
  await delivery.close();
});

Deno.test("Delivery.update() loses no change, however soon one follows another", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store);
  const reader = await open(delivery, store);
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
    updates.push(delivery.update());
    for (let i = 0; i < turns; i++) await Promise.resolve();
  }
  for (let event = ""; !event.includes('"version":60');) {
    event = text((await last).value!);
    last = reader.read();
  }
  await Promise.all(updates);
  await delivery.close();
  assertEquals((await last).done, true);
});

Deno.test("Delivery closes a stream that cannot be updated, and no other", async () => {
  const store = await makeStore({ e1: {} });
  const log = makeLog();
  const delivery = makeDelivery(store, { log });
  const update = () => Promise.reject(new Error("a fault"));
  const [broken, good] = [
    readerOf((await openWith(delivery, store, { update }))!),
    await open(delivery, store),
  ];
  await Promise.all([read(broken), read(good)]);
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: {} } }) }]);
  await delivery.update();
  assertEquals(await read(broken), undefined);
  assert((await read(good))!.startsWith("event: p"));
  assertEquals(log.problems.length, 1);
  assert(
    log.problems[0]!.startsWith(
      'error: Cannot update a stream, closing it environment=e1 error="Error: a fault',
    ),
  );
  await delivery.close();
});

Deno.test("Delivery.update() lets no stream whose update takes long hold up the others", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store);
  const { promise: isOver, resolve: end } = Promise.withResolvers<undefined>();
  const slow = readerOf((await openWith(delivery, store, { update: () => isOver }))!);
  const other = await open(delivery, store);
  await Promise.all([read(slow), read(other)]);
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: {} } }) }]);
  let isUpdated = false;
  const updated = delivery.update().then(() => isUpdated = true);
  assert((await read(other))!.startsWith("event: p"));
  assertEquals(isUpdated, false);
  end(undefined);
  await updated;
  await delivery.close();
});

Deno.test("Delivery pings a stream that a reload overtook while it was opened", async () => {
  const store = await makeStore({ e1: {} });
  const delivery = makeDelivery(store);
  const { promise: isReloaded, resolve: begin } = Promise.withResolvers<void>();
  const snapshot = store.get("e1")!.snapshot!;
  const opening = delivery.open({
    environmentId: "e1",
    snapshot,
    credentialKind: "sdk",
    credential: "sdk-e1",
    channel: { ...PING_CHANNEL, begin: () => isReloaded.then(() => PING_CHANNEL.begin(snapshot)) },
  });
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { flags: { f: {} } }) }]);
  await delivery.update();
  begin();
  const reader = readerOf((await opening)!);
  for (let i = 0; i < 2; i++) assertEquals(await read(reader), "event: ping\ndata:  \n\n");
  await delivery.close();
});
