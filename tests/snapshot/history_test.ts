import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { buildSnapshot, extendHistory, findChangesSince, type Snapshot } from "../../lib/snapshot/mod.ts";
import { type EnvironmentParts, makeEnvironment } from "../_environments.ts";
import { text } from "../_environments.ts";

function neverPause(): undefined {}

/** Snapshots of one environment, one after the other, each with its history. */
async function makeVersions(all: readonly EnvironmentParts[]): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const parts of all) {
    const previous = snapshots.at(-1);
    const snapshot = buildSnapshot(makeEnvironment("e1", parts), previous);
    if (previous && snapshot !== previous) {
      snapshot.history = await extendHistory(previous, snapshot, neverPause);
    }
    snapshots.push(snapshot);
  }
  return snapshots;
}

/** Describes the changes between a past version and the last. */
async function describe(
  all: readonly EnvironmentParts[],
  base: number,
  hasDeleted = false,
): Promise<string[] | undefined> {
  const last = (await makeVersions(all)).at(-1)!;
  const changes = await findChangesSince(last, { position: base, hasDeleted }, neverPause);
  return changes?.map(({ kind, key, version, body }) =>
    `${body ? "put" : "delete"} ${kind} ${key} ${version}`
  );
}

function flags(versions: Record<string, number>): EnvironmentParts {
  return {
    flags: Object.fromEntries(Object.entries(versions).map(([key, version]) => [key, { version, on: true }])),
  };
}

Deno.test("findChangesSince() lists what has changed over several versions, each item once", async () => {
  const all = [flags({ a: 1, b: 1, c: 1 }), flags({ a: 2, b: 1, c: 1 }), flags({ a: 3, b: 2 })];
  assertEquals(await describe(all, 0), ["put flags a 3", "put flags b 2", "delete flags c 2"]);
  assertEquals(await describe(all, 1), ["put flags a 3", "put flags b 2", "delete flags c 2"]);
});

Deno.test("findChangesSince() finds nothing where a change was taken back, and refuses where a version has not risen", async () => {
  const [one, two] = [flags({ a: 1, b: 1 }), flags({ a: 2, b: 1 })];
  assertEquals(await describe([one, two, one], 1), []);
  assertEquals(await describe([one, two, one], 0), undefined);
  // Higher than before, but not than in every version that is remembered.
  assertEquals(await describe([flags({ a: 5 }), one, two], 0), undefined);
});

Deno.test("findChangesSince() refuses what is added to a client that may remember its deletion", async () => {
  const [there, gone] = [flags({ a: 2, b: 1 }), flags({ b: 1 })];
  assertEquals(await describe([gone, there], 0), ["put flags a 2"]);
  assertEquals(await describe([gone, there], 0, true), undefined);
  // Known to have been deleted as 3.
  assertEquals(await describe([there, gone, flags({ a: 3, b: 1 })], 0), undefined);
  assertEquals(await describe([there, gone, flags({ a: 4, b: 1 })], 0), ["put flags a 4"]);
  assertEquals(await describe([there, gone, flags({ a: 9, b: 1 })], 0, true), undefined);
  assertEquals(await describe([there, gone, flags({ a: 4, b: 1 })], 1, true), ["put flags a 4"]);
  assertEquals(await describe([there, gone, there], 1, true), []);
});

Deno.test("findChangesSince() takes the archive's own tombstones for what clients do not have", async () => {
  const parts = (flag: Record<string, unknown>) => ({ flags: { a: flag, b: {} } });
  assertEquals(await describe([parts({ version: 2 }), parts({ version: 9, deleted: true })], 0), [
    "delete flags a 3",
  ]);
  assertEquals(await describe([parts({ version: 9, deleted: true }), parts({ version: 3 })], 0), [
    "put flags a 3",
  ]);
  assertEquals(await describe([parts({ version: 9, deleted: true }), { flags: { b: {} } }], 0), []);
});

Deno.test("a snapshot remembers seven versions before it", async () => {
  const all = Array.from({ length: 12 }, (_, version) => flags({ a: version + 1, b: 1 }));
  const snapshots = await makeVersions(all);
  const last = snapshots.at(-1)!;
  assertEquals(
    last.history.map(({ digest }) => digest),
    snapshots.slice(4, 11).reverse().map((s) => s.digest),
  );
  assertEquals(last.withMetadata({ ...last.metadata, secureMode: true }).history.length, 7);
  // The old buffers are free: only keys, versions and digests are kept.
  assertEquals(
    JSON.stringify(last.history[6]!.items.map(({ key, version }) => [key, version])),
    '[["a",5]]',
  );
});

Deno.test("a snapshot forgets all versions before it where they would take more than 20,000 items", async () => {
  const many = (version: number): EnvironmentParts =>
    flags(Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`f${i}`, version])));
  const versions = await makeVersions([1, 2, 3, 4, 5, 6].map(many));
  assertEquals(versions.map(({ history }) => history.length), [0, 1, 2, 3, 0, 1]);
});

/** A client's store, as that of LaunchDarkly's Node SDK: it ignores changes whose version is not above the one that it has. */
class ClientStore {
  items = new Map<string, { version: number; body?: string }>();

  get live(): string[] {
    return [...this.items].flatMap(([name, { body }]) => body === undefined ? [] : [`${name} ${body}`])
      .sort();
  }

  update(name: string, item: { version: number; body?: string }): void {
    const known = this.items.get(name);
    if (!known || known.version < item.version) this.items.set(name, item);
  }
}

function listItems(snapshot: Snapshot): Map<string, { version: number; body?: string }> {
  const { items } = snapshot;
  const all = new Map();
  for (let i = 0; i < items.count; i++) {
    if (items.isDeleted(i)) continue;
    all.set(`${items.getKind(i)}/${items.getKey(i)}`, {
      version: items.getVersion(i),
      body: text(items.getBody(i)),
    });
  }
  return all;
}

const item = fc.record({ version: fc.integer({ min: 1, max: 4 }), on: fc.boolean(), deleted: fc.boolean() })
  .map(({ deleted, ...item }) => deleted ? { version: item.version, deleted } : item);
const parts = fc.record({
  flags: fc.dictionary(fc.constantFrom("a", "b", "c"), item),
  segments: fc.dictionary(fc.constantFrom("a", "s"), item),
});

/** A poll from one of two relays. There may be a new archive, and the relay may load the newest one and may have forgotten all before. */
const visit = fc.record({
  archive: fc.option(parts),
  relay: fc.nat(1),
  loads: fc.boolean(),
  restarts: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
});

Deno.test("a client that polls two relays by turns, which restart, always has what is served", async () => {
  let [told, full] = [0, 0];
  await fc.assert(
    fc.asyncProperty(parts, fc.array(visit, { minLength: 2, maxLength: 14 }), async (first, visits) => {
      let newest = first;
      const relays = [0, 1].map(() => ({
        archive: first,
        snapshot: buildSnapshot(makeEnvironment("e1", first)),
      }));
      const store = new ClientStore();
      let basis: { digest: string; hasDeleted: boolean } | undefined;
      for (const { archive, relay, loads, restarts } of visits) {
        newest = archive ?? newest;
        const current = relays[relay]!;
        if (loads) current.archive = newest;
        const previous = restarts ? undefined : current.snapshot;
        const snapshot = buildSnapshot(makeEnvironment("e1", current.archive), previous);
        if (previous && snapshot !== previous) {
          snapshot.history = await extendHistory(previous, snapshot, neverPause);
        }
        current.snapshot = snapshot;
        const position = snapshot.history.findIndex(({ digest }) => digest === basis?.digest);
        let hasDeleted = basis?.hasDeleted ?? false;
        const changes = position < 0
          ? undefined
          : await findChangesSince(snapshot, { position, hasDeleted }, neverPause);
        if (basis?.digest === snapshot.digest) {
          // Up to date.
        } else if (changes) {
          told++;
          hasDeleted ||= changes.some(({ body }) => !body);
          for (const { kind, key, version, body } of changes) {
            store.update(`${kind}/${key}`, { version, ...body && { body: text(body) } });
          }
        } else {
          full++;
          hasDeleted = false;
          store.items = listItems(snapshot);
        }
        basis = { digest: snapshot.digest, hasDeleted };
        assertEquals(
          store.live,
          [...listItems(snapshot)].map(([name, { body }]) => `${name} ${body}`).sort(),
        );
      }
    }),
    { numRuns: 1_000 },
  );
  assert(told > 100 && full > 100, `${told} answers were changes, ${full} were not`);
});
