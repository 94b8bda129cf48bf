import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { SnapshotTransfers } from "../../../lib/routes/fdv2/snapshot_transfers.ts";
import { makeSnapshot, text } from "../../_environments.ts";

Deno.test("encodeAll() makes one copy of many small objects for all streams, and none of large ones", async () => {
  const small = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`f${i}`, { x: "y".repeat(99) }]));
  const snapshot = await makeSnapshot("e1", { flags: { ...small, zz: { x: "z".repeat(500_000) } } });
  const transfers = new SnapshotTransfers();
  const [first, second] = await Promise.all([transfers.encodeAll(snapshot), transfers.encodeAll(snapshot)]);
  assertStrictEquals(second, first);
  assertStrictEquals(await transfers.encodeAll(snapshot), first);
  assertEquals([...text(first).matchAll(/^event: put-object$/gm)].length, 3_001);
  const { buffer } = snapshot.all.body;
  const views = first.filter((part) => part.buffer === buffer);
  assert(
    views.length === 7 && views.every(({ length }) => length === 65_536),
    `${views.length} of ${first.length}`,
  );
  assert(first.every(({ length }) => length <= 65_536));
});

Deno.test("the forms of a snapshot are those of its data, whatever its metadata", async () => {
  const snapshot = await makeSnapshot("e1", { flags: { f: {} } });
  const transfers = new SnapshotTransfers();
  const other = snapshot.withMetadata({ ...snapshot.metadata, secureMode: true });
  assertStrictEquals(await transfers.encodeAll(other), await transfers.encodeAll(snapshot));
  assertStrictEquals(await transfers.getDocument(other, null), await transfers.getDocument(snapshot, null));
});
