import { assertEquals } from "@std/assert";
import { createPause, encodeEvents } from "../../lib/wire/mod.ts";
import { text } from "../_environments.ts";

const EVENTS: [event: string, data: string][] = [["patch", '{"a":"ü"}'], ["delete", '{"b":1}']];
const BYTES = 'event: patch\ndata: {"a":"ü"}\n\nevent: delete\ndata: {"b":1}\n\n';
const LENGTH = new TextEncoder().encode(BYTES).length;

Deno.test("encodeEvents() writes one event after the other", async () => {
  assertEquals(text((await encodeEvents(EVENTS, Infinity, createPause()))!), BYTES);
  assertEquals(text((await encodeEvents([], Infinity, createPause()))!), "");
});

Deno.test("encodeEvents() counts bytes, and gives up above the limit", async () => {
  assertEquals(
    (await encodeEvents(EVENTS, LENGTH, createPause()))?.flatMap((part) => [...part]).length,
    LENGTH,
  );
  assertEquals(await encodeEvents(EVENTS, LENGTH - 1, createPause()), undefined);
});

Deno.test("encodeEvents() pauses at each event", async () => {
  let pauses = 0;
  await encodeEvents(EVENTS, Infinity, () => void pauses++);
  assertEquals(pauses, EVENTS.length);
});
