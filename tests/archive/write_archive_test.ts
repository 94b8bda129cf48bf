import { complete, environments, readArchive, toFiles } from "./_environments.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { writeArchive } from "../../lib/archive/mod.ts";
import { gunzip } from "../../lib/archive/_gunzip.ts";
import type { Flag, Item, Segment } from "../../lib/model/mod.ts";
import { listFiles } from "../../lib/archive/_guard.ts";

Deno.test("writeArchive() writes what readArchive() reads back, whatever the environments", async () => {
  const indent = fc.constantFrom(0, 1, 2, "\t", "\r\n");
  await fc.assert(
    fc.asyncProperty(environments, indent, fc.boolean(), async (list, indent, reversed) => {
      const files = list.map((environment) => toFiles(environment, indent));
      const archive = await readArchive(await writeArchive(reversed ? files.reverse() : files));
      const read = archive.environments.map((loaded) => {
        assert("environment" in loaded && loaded.warnings === undefined);
        const { metadata, data: { flags, segments } } = loaded.environment;
        return { metadata, data: { flags: readItems(flags), segments: readItems(segments) } };
      });
      assertEquals(read, list.map(complete));
    }),
    { numRuns: 200 },
  );
});

/** Gives keys and values, which must be what the texts say. */
function readItems(items: Map<string, Item<Flag> | Item<Segment>>): unknown {
  return [...items].map(([key, { value, text }]) => {
    assertEquals(JSON.parse(text), value);
    return [key, value];
  });
}

Deno.test("writeArchive() gives the same bytes for the same files, in whatever order, at whatever time", async () => {
  const files = ["b", "a"].map((id) => ({ id, metadata: `{"env":{"envID":"${id}"}}`, data: "{}" }));
  const before = await writeArchive(files);
  const now = Date.now;
  try {
    Date.now = () => now() + 86_400_000;
    assertEquals(await writeArchive(files.toReversed()), before);
  } finally {
    Date.now = now;
  }
  assertNotEquals(await writeArchive(files.slice(1)), before);
  assertEquals(before.subarray(0, 10), new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]));
});

Deno.test("writeArchive() sorts entries by name and computes the checksum in that order", async () => {
  const files = [{ id: "b", metadata: "2", data: "1" }, { id: "B", metadata: "", data: "0" }, {
    id: "é",
    metadata: "4",
    data: "3",
  }];
  const tar = listFiles(await gunzip(await writeArchive(files.slice(1)), 100_000));
  assertEquals(tar.map(({ name }) => name), [
    "B-data.json",
    "B.json",
    "checksum.md5",
    "é-data.json",
    "é.json",
  ]);
  // MD5 of "034".
  const checksum = tar[2]?.blocks.subarray(0, tar[2].size);
  assertEquals(checksum?.toHex(), "e1eee5e2b42d45443cdc82db1a3bc465");
});

Deno.test("writeArchive() writes an archive without environments", async () => {
  assertEquals(await readArchive(await writeArchive([])), { environments: [] });
});

Deno.test("writeArchive() refuses IDs that an archive cannot hold", async () => {
  const files = { metadata: "{}", data: "{}" };
  const twice = [{ id: "a", ...files }, { id: "a", ...files }];
  await assertRejects(
    () => writeArchive(twice),
    TypeError,
    'Cannot write archive: environment "a" is there twice',
  );
  const data = [{ id: "a-data", ...files }];
  await assertRejects(() => writeArchive(data), TypeError, 'Cannot write archive: "a-data" cannot be an ID');
  await assertRejects(() => writeArchive([{ id: "a".repeat(91), ...files }]), RangeError, "100 bytes");
  assertEquals(
    (await readArchive(await writeArchive([{ id: "a".repeat(90), ...files }]))).environments.length,
    1,
  );
});
