import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { gunzipSync } from "node:zlib";
import { collectGarbage } from "../../lib/load/_collect_garbage.ts";
import {
  compareSnapshots,
  countItemChanges,
  oncePerPair,
  Snapshot,
  SnapshotBuilder,
} from "../../lib/snapshot/mod.ts";
import type { Flag, Segment } from "../../lib/model/mod.ts";
import { makeEnvironment, makeSnapshot, text } from "../_environments.ts";

type Kind = "flags" | "segments";
type Json = Record<string, unknown>;
/** Texts by key. */
type Texts = Map<string, string>;
type State = Record<Kind, Texts>;

const key = fc.constantFrom(
  "a",
  "A",
  "aa",
  "ä",
  "",
  "9",
  "10",
  'q"',
  "\\",
  "\n",
  "\0",
  "__proto__",
  "{",
  ",",
  "\ud800",
  "\ud801",
  "\udc00",
  "\ufffd",
  "😀",
  "\uffff",
);

const items: fc.Arbitrary<Texts> = fc.uniqueArray(
  fc.tuple(key, fc.integer({ min: -1, max: 3 }), fc.boolean(), fc.subarray(["a", "ä", "\ud800", "none"])),
  { selector: ([key]) => key },
).map((list) =>
  new Map(
    list.sort(([a], [b]) => a < b ? -1 : 1).map(([key, version, deleted, others]) => {
      const prerequisites = others.map((key) => ({ key }));
      return [
        key,
        JSON.stringify(deleted ? { key, version, deleted } : { key, version, on: true, prerequisites }),
      ];
    }),
  )
);
const states: fc.Arbitrary<State> = fc.record({ flags: items, segments: items });

function snapshotOf(state: State, previous?: Snapshot): Snapshot {
  const builder = new SnapshotBuilder(0);
  for (const [key, json] of state.flags) {
    builder.add({
      kind: "flags",
      key,
      text: json,
      value: JSON.parse(json) as Flag,
    });
  }
  for (const [key, json] of state.segments) {
    const value = JSON.parse(json) as Segment;
    builder.add({ kind: "segments", key, text: json, value });
  }
  return Snapshot.from(builder.finish(makeEnvironment("e1").metadata), previous);
}

/** The object that clients get of one kind. */
function objectOf(texts: Texts): string {
  const members = [...texts].filter(([, text]) => !JSON.parse(text).deleted).map(([key, text]) =>
    `${JSON.stringify(key)}:${text}`
  );
  return `{${members.join(",")}}`;
}

Deno.test("Snapshot serves each item as it was added, alone and in its documents, and no tombstone", async () => {
  await fc.assert(fc.asyncProperty(states, async (state) => {
    const snapshot = snapshotOf(state);
    const [flags, segments] = [objectOf(state.flags), objectOf(state.segments)];
    const all = `{"flags":${flags},"segments":${segments}}`;
    assertEquals(text(snapshot.all.body), all);
    assertEquals(text(snapshot.flags.body), flags);
    assertEquals(text(snapshot.all.put), `event: put\ndata: {"path":"/","data":${all}}\n\n`);
    assertEquals(text(snapshot.flags.put), `event: put\ndata: ${flags}\n\n`);
    for (const kind of ["flags", "segments"] as const) {
      for (const key of ["a", "A", "", "10", 'q"', "__proto__", "\ud800", "\ud801", "\ufffd", "😀", "none"]) {
        const wanted = state[kind].get(key);
        const item = snapshot.find(kind, key);
        const { version, deleted } = JSON.parse(wanted ?? "{}");
        assertEquals(item?.version, version);
        const { document } = item ?? {};
        assertEquals(document && text(document.parts), deleted ? undefined : wanted);
        assertEquals(document && text(gunzipSync(await document.gzip())), deleted ? undefined : wanted);
      }
    }
  }));
});

Deno.test("Snapshot.digest is the same for the same items alone", () => {
  fc.assert(fc.property(states, states, (one, other) => {
    const isSame = JSON.stringify([...one.flags, 0, ...one.segments]) ===
      JSON.stringify([...other.flags, 0, ...other.segments]);
    assertEquals(snapshotOf(one).digest === snapshotOf(other).digest, isSame);
    assertEquals(snapshotOf(one).digest, snapshotOf(one).digest);
  }));
});

Deno.test("Snapshot has the same entity tag for the same document alone", () => {
  fc.assert(fc.property(states, states, (one, other) => {
    const [a, b] = [snapshotOf(one), snapshotOf(other)];
    for (const kind of ["all", "flags"] as const) {
      assertEquals(a[kind].etag === b[kind].etag, text(a[kind].body) === text(b[kind].body), kind);
      assertEquals(a[kind].etag, snapshotOf(one)[kind].etag);
    }
  }));
});

/** What a comparison must say, found by looking at every item of two maps. */
function compareMaps(kind: Kind, before: Texts, after: Texts): Json[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [oldText, newText] = [before.get(key), after.get(key)];
    if (oldText === newText) return [];
    const [old, now] = [JSON.parse(oldText ?? "null"), JSON.parse(newText ?? "null")];
    const [wasThere, isThere] = [old && !old.deleted, now && !now.deleted];
    if (isThere) {
      return [{
        kind,
        key,
        body: newText,
        version: now.version,
        previous: wasThere ? old.version : undefined,
      }];
    }
    const version = Math.max(old?.version + 1, now?.version ?? -Infinity);
    return wasThere ? [{ kind, key, body: undefined, version, previous: old.version }] : [];
  });
}

function byPath(a: Json, b: Json): number {
  return `${a.kind}/${a.key}` < `${b.kind}/${b.key}` ? -1 : 1;
}

Deno.test("compareSnapshots() says what a comparison of every item says", async () => {
  await fc.assert(
    fc.asyncProperty(states, states, async (before, after) => {
      const { changes } = await compareSnapshots(snapshotOf(before), snapshotOf(after));
      const found = changes.map(({ kind, key, body, version, previous }) => ({
        kind,
        key,
        body: body && text(body),
        version,
        previous,
      }));
      const wanted = (["flags", "segments"] as const).flatMap((kind) =>
        compareMaps(kind, before[kind], after[kind])
      );
      assertEquals(found.sort(byPath), wanted.sort(byPath));
    }),
    { numRuns: 300 },
  );
});

Deno.test("countItemChanges() counts what compareSnapshots() lists, and all items where an environment comes or goes", async () => {
  await fc.assert(
    fc.asyncProperty(states, states, async (before, after) => {
      const [old, now] = [snapshotOf(before), snapshotOf(after)];
      const { changes } = await compareSnapshots(old, now);
      const gone = changes.filter(({ body }) => !body).length;
      const added = changes.filter(({ body, previous }) => body && previous === undefined).length;
      const expected = { added, changed: changes.length - added - gone, removed: gone };
      assertEquals(await countItemChanges(old, now, () => undefined), expected);
      const [flags, segments] = [after.flags, after.segments].map((texts) =>
        [...texts.values()].filter((text) => !JSON.parse(text).deleted).length
      ) as [number, number];
      assertEquals(now.counts, { flags, segments });
      const all = flags + segments;
      const none = { added: 0, changed: 0, removed: 0 };
      assertEquals(await countItemChanges(undefined, now, () => undefined), { ...none, added: all });
      assertEquals(await countItemChanges(now, undefined, () => undefined), { ...none, removed: all });
    }),
    { seed: Date.now(), numRuns: 300 },
  );
});

Deno.test("compareSnapshots() lets others work between any two items, whatever has changed", async () => {
  const [before, after] = [1, 2].map((version) => {
    const texts: Texts = new Map(
      Array.from(
        { length: 500 },
        (_, i) => [`f${1000 + i}`, JSON.stringify({ key: `f${1000 + i}`, version })],
      ),
    );
    return snapshotOf({ flags: texts, segments: new Map() });
  }) as [Snapshot, Snapshot];
  let pauses = 0;
  function pause(): undefined {
    pauses++;
  }
  const { changes, findAffectedFlags } = await compareSnapshots(before, after, pause);
  assertEquals(changes.length, 500);
  // To find, to sort and to describe each.
  assert(pauses >= 3 * 500, `${pauses}`);
  pauses = 0;
  assertEquals((await findAffectedFlags()).size, 500);
  assert(pauses >= 4 * 500, `${pauses}`);
});

Deno.test("Snapshot.compile() fails for those who wait, and is tried again by who asks next", async () => {
  const before = await makeSnapshot("e1", { flags: { f: { on: true } } });
  const after = await makeSnapshot("e1", { flags: { f: { on: true, version: 2 } } }, before);
  function fail(): never {
    throw new RangeError("out of memory");
  }
  const failures = [before.compile(fail), before.compile(() => undefined)];
  const next = await makeSnapshot("e1", { flags: { f: { on: true, version: 3 } } }, before);
  for (const failure of failures) await assertRejects(() => failure, RangeError);
  assertEquals(before.isCompiled, false);
  for (const snapshot of [next, before, after]) {
    const compiled = await snapshot.compile(() => undefined);
    assertStrictEquals(await snapshot.compile(() => undefined), compiled);
    assertEquals(compiled.linked.flags.get("f")?.compiled.flag.version, snapshot.find("flags", "f")?.version);
  }
});

Deno.test("Snapshot keeps nothing of those before it alive", async () => {
  const compare = oncePerPair(compareSnapshots);
  const gone: WeakRef<object>[] = [];
  let snapshot = await makeSnapshot("e1", { flags: { f: {}, g: {} } });
  await snapshot.compile(() => undefined);
  for (let version = 2; version < 6; version++) {
    await Promise.all([
      snapshot.all.gzip(),
      snapshot.flags.gzip(),
      snapshot.find("flags", "f")!.document!.gzip(),
    ]);
    gone.push(new WeakRef(snapshot), new WeakRef(snapshot.items), new WeakRef(snapshot.all.body.buffer));
    const next = await makeSnapshot("e1", { flags: { f: {}, g: { version } } }, snapshot);
    await (await compare(snapshot, next)).findAffectedFlags();
    // One that nobody has evaluated holds on to what was compiled before it.
    if (version % 2 === 0) await next.compile(() => undefined);
    snapshot = next.withMetadata({ ...next.metadata, name: `${version}` });
  }
  for (let i = 0; i < 100 && gone.some((ref) => ref.deref()); i++) {
    await new Promise((resolve) => setTimeout(resolve));
    collectGarbage();
  }
  assertEquals(gone.map((ref) => ref.deref()), gone.map(() => undefined));
  assertEquals(snapshot.flagCount, 2);
});
