import { assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { gunzipSync } from "node:zlib";
import { encodeEvent } from "../../lib/wire/mod.ts";
import { makeSnapshot, text } from "../_environments.ts";

Deno.test("encodeEvent() writes event, data and an empty line", () => {
  assertEquals(text(encodeEvent("put", '{"a":"ü"}')), 'event: put\ndata: {"a":"ü"}\n\n');
});

const PARTS = { flags: { b: { on: true }, a: {}, gone: { deleted: true } }, segments: { 's"1': {} } };
const FLAGS = '{"a":{"key":"a","version":1},"b":{"key":"b","version":1,"on":true}}';
const SEGMENTS = '{"s\\"1":{"key":"s\\"1","version":1}}';

Deno.test("buildSnapshot() makes bodies in key order without tombstones, and the events around them", async () => {
  const { all, flags } = await makeSnapshot("e1", PARTS);
  const document = `{"flags":${FLAGS},"segments":${SEGMENTS}}`;
  assertEquals(text(all.body), document);
  assertEquals(text(all.put), `event: put\ndata: {"path":"/","data":${document}}\n\n`);
  assertEquals(text(flags.body), FLAGS);
  assertEquals(text(flags.put), `event: put\ndata: ${FLAGS}\n\n`);
  for (const payload of [all, flags]) {
    assertEquals(text(gunzipSync(await payload.gzip())), text(payload.body));
  }
});

Deno.test("buildSnapshot() always has both kinds, so that no SDK meets a missing one", async () => {
  assertEquals(text((await makeSnapshot("e1")).all.body), '{"flags":{},"segments":{}}');
});

Deno.test("buildSnapshot() gives the same weak tag for the same content and another for other content", async () => {
  const [one, two, other] = [
    await makeSnapshot("e1", PARTS),
    await makeSnapshot("e2", PARTS),
    await makeSnapshot("e1"),
  ];
  assertEquals(one.all.etag, two.all.etag);
  assertEquals(one.all.etag.slice(0, 3), 'W/"');
  assertNotEquals(one.all.etag, other.all.etag);
});

Deno.test("buildSnapshot() gives back what did not change", async () => {
  const before = await makeSnapshot("e1", PARTS);
  assertStrictEquals(await makeSnapshot("e1", PARTS, before), before);
  const renamed = await makeSnapshot("e1", { ...PARTS, env: { envName: "New" } }, before);
  assertEquals(renamed.metadata.name, "New");
  assertStrictEquals(renamed.all, before.all);
  const gzip = await before.flags.gzip();
  const segments = await makeSnapshot("e1", { ...PARTS, segments: {} }, before);
  assertEquals(segments.flags.etag, before.flags.etag);
  assertStrictEquals(await segments.flags.gzip(), gzip);
  assertNotEquals(segments.all, before.all);
});

Deno.test("buildSnapshot() tells keys apart that differ in half a surrogate pair alone", async () => {
  const key = fc.constantFrom("\ud800", "\ud801", "\udc00", "\ufffd", "a\ud800", "\\ud800", "a", "a\0a");
  const tombstones = fc.uniqueArray(key, { maxLength: 3 });
  await fc.assert(fc.asyncProperty(tombstones, tombstones, async (gone, goneNow) => {
    function parts(keys: string[], on: boolean) {
      const items = Object.fromEntries(keys.map((key) => [key, { key: undefined, deleted: true }]));
      return { flags: { ...items, live: { on } }, segments: items };
    }
    const before = await makeSnapshot("e1", parts(gone, false));
    const after = await makeSnapshot("e1", parts(goneNow, true), before);
    for (const key of ["\ud800", "\ud801", "\udc00", "\ufffd", "a\ud800", "\\ud800", "a", "a\0a"]) {
      const isIn = goneNow.some((gone) => gone === key) ? { version: 1 } : undefined;
      assertEquals([after.find("flags", key), after.find("segments", key)], [isIn, isIn]);
    }
    assertEquals(after.flagCount, goneNow.length + 1);
  }));
});
