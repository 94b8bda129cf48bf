import { assertEquals, assertStrictEquals } from "@std/assert";
import { Store } from "../../lib/store/mod.ts";
import { makeEnvironment, makeSnapshot, makeStore } from "../_environments.ts";

Deno.test("Store.find() looks a key up by its kind", async () => {
  const store = await makeStore({ e1: {}, e2: {} });
  assertEquals(store.find("sdk", "sdk-e1")?.id, "e1");
  assertEquals(store.find("mobile", "mob-e2")?.id, "e2");
  assertEquals(store.find("environment", "e2")?.id, "e2");
  assertEquals(store.find("sdk", "mob-e1"), undefined);
  assertEquals(store.find("mobile", "sdk-e1"), undefined);
  assertEquals(store.find("environment", "__proto__"), undefined);
});

Deno.test("Store.find() lets a key expire by the clock, strictly after its expiry", async () => {
  let now = 1_000;
  const sdkKey = { value: "new", expiring: { value: "old", timestamp: 2_000 } };
  const store = await makeStore({ e1: { env: { sdkKey } } }, () => now);
  assertEquals(store.timeToNextExpiry, 1_000);
  now = 2_000;
  assertEquals(store.find("sdk", "old")?.id, "e1");
  now = 2_001;
  assertEquals(store.find("sdk", "old"), undefined);
  assertEquals(store.find("sdk", "new")?.id, "e1");
  assertEquals(store.timeToNextExpiry, Infinity);
});

interface Rotation {
  rule: string;
  from: Record<string, unknown>;
  to: Record<string, unknown>;
  accepted: string[];
  refused: string[];
}

const FUTURE = 5_000;
const PAST = 500;

// The faults of the Relay Proxy's rotator, one by one: quirks 17, 18, 20 and the table of archive rotations.
const ROTATIONS: Rotation[] = [
  {
    rule: "revokes the old key at once without a grace period",
    from: { sdkKey: { value: "a" } },
    to: { sdkKey: { value: "b" } },
    accepted: ["b"],
    refused: ["a"],
  },
  {
    rule: "keeps the old key through its grace period",
    from: { sdkKey: { value: "a" } },
    to: { sdkKey: { value: "b", expiring: { value: "a", timestamp: FUTURE } } },
    accepted: ["a", "b"],
    refused: [],
  },
  {
    rule: "revokes the old key when its grace period has already ended",
    from: { sdkKey: { value: "a" } },
    to: { sdkKey: { value: "b", expiring: { value: "a", timestamp: PAST } } },
    accepted: ["b"],
    refused: ["a"],
  },
  {
    rule: "revokes the old key when another one is expiring",
    from: { sdkKey: { value: "a" } },
    to: { sdkKey: { value: "c", expiring: { value: "b", timestamp: FUTURE } } },
    accepted: ["b", "c"],
    refused: ["a"],
  },
  {
    rule: "follows an expiry that is moved",
    from: { sdkKey: { value: "b", expiring: { value: "a", timestamp: FUTURE } } },
    to: { sdkKey: { value: "b", expiring: { value: "a", timestamp: PAST } } },
    accepted: ["b"],
    refused: ["a"],
  },
  {
    rule: "revokes an expiring key that is no longer listed",
    from: { sdkKey: { value: "b", expiring: { value: "a", timestamp: FUTURE } } },
    to: { sdkKey: { value: "b" } },
    accepted: ["b"],
    refused: ["a"],
  },
  {
    rule: "revokes a key that becomes empty",
    from: { sdkKey: { value: "a" } },
    to: { sdkKey: { value: "" } },
    accepted: [],
    refused: ["a", ""],
  },
  {
    rule: "accepts several concurrent keys",
    from: { sdkKey: { value: "a" } },
    to: { sdkKey: { value: "b" }, sdkKeys: [{ value: "a" }, { value: "b" }, { value: "c", expiry: PAST }] },
    accepted: ["a", "b"],
    refused: ["c"],
  },
];

for (const { rule, from, to, accepted, refused } of ROTATIONS) {
  Deno.test(`Store.replace() ${rule}`, async () => {
    const store = await makeStore({ e1: { env: from } }, () => 1_000);
    store.replace([{ id: "e1", snapshot: await makeSnapshot("e1", { env: to }) }]);
    for (const key of accepted) assertEquals(store.find("sdk", key)?.id, "e1", key);
    for (const key of refused) assertEquals(store.find("sdk", key), undefined, key);
  });
}

Deno.test("Store.replace() tells what changed and leaves out what did not", async () => {
  const store = await makeStore({ gone: {}, same: {}, updated: {} });
  const same = store.get("same")!.snapshot!;
  const changes = store.replace([
    { id: "updated", snapshot: await makeSnapshot("updated", { flags: { f: {} } }) },
    { id: "same", snapshot: await makeSnapshot("same", {}, same) },
    { id: "added", snapshot: await makeSnapshot("added") },
  ]);
  assertEquals(
    changes.map(({ id, before, after }) => [id, before !== undefined, after !== undefined]),
    [["added", false, true], ["gone", true, false], ["updated", true, true]],
  );
  assertEquals(store.environments.map(({ id }) => id), ["added", "same", "updated"]);
  assertEquals(store.find("sdk", "sdk-gone"), undefined);
});

Deno.test("Store.replace() lets an environment with a fault keep data and keys", async () => {
  const store = await makeStore({ e1: {} });
  const { snapshot } = store.get("e1")!;
  const [change] = store.replace([{ id: "e1", fault: "bad" }]);
  assertEquals(change?.after?.fault, "bad");
  assertStrictEquals(store.find("sdk", "sdk-e1")?.snapshot, snapshot);
  assertEquals(store.replace([{ id: "e1", snapshot: snapshot! }])[0]?.after?.fault, undefined);
});

Deno.test("Store.replace() knows the keys of a new environment with a fault in its data", () => {
  const store = new Store();
  assertEquals(store.ready, false);
  const { metadata } = makeEnvironment("e1");
  store.replace([{ id: "e1", metadata, fault: "bad data" }, { id: "e2", fault: "bad metadata" }]);
  assertEquals(store.ready, true);
  assertEquals(store.find("sdk", "sdk-e1")?.snapshot, undefined);
  assertEquals(store.find("sdk", "sdk-e1")?.id, "e1");
  assertEquals(store.find("environment", "e2")?.fault, "bad metadata");
});

Deno.test("Store.replace() gives a key to the environment without a fault when both had it", async () => {
  const store = await makeStore({ a: {}, b: {} });
  const snapshot = await makeSnapshot("b", { env: { sdkKey: { value: "sdk-a" } } });
  store.replace([{ id: "a", fault: "bad" }, { id: "b", snapshot }]);
  assertEquals(store.find("sdk", "sdk-a")?.id, "b");
});

Deno.test("Store.swap() serves what was staged, in all stores that share its counter, at the same time", async () => {
  const swaps = new Int32Array(new SharedArrayBuffer(4));
  const [one, two, late] = [new Store(() => 1, swaps), new Store(() => 2, swaps), new Store(() => 3, swaps)];
  const snapshot = await makeSnapshot("e1");
  one.replace([{ id: "e1", snapshot }]);
  assertEquals([one.ready, two.ready], [true, false], "nothing was staged there");
  const next = await makeSnapshot("e1", { flags: { f: {} } });
  for (const store of [one, two]) store.stage([{ id: "e1", snapshot: next }]);
  assertStrictEquals(one.get("e1")?.snapshot, snapshot);
  assertEquals(two.ready, false);
  two.swap();
  for (const store of [one, two]) assertStrictEquals(store.find("sdk", "sdk-e1")?.snapshot, next);
  // One that comes later begins with what the others serve, since when they do.
  late.stage([{ id: "e1", snapshot: next, since: 1 }]);
  assertEquals(late.ready, false);
  late.catchUp();
  assertEquals([late.get("e1")?.since, one.get("e1")?.since], [1, 1]);
  late.stage([{ id: "e1", snapshot }]);
  assertStrictEquals(late.get("e1")?.snapshot, next);
});
