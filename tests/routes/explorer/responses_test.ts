import { assertEquals } from "@std/assert";
import { respondWithParts } from "../../../lib/routes/explorer/_responses.ts";

const PARTS = [new Uint8Array(100_000).fill(1), new Uint8Array(50_000).fill(2)];

Deno.test("respondWithParts() sends all parts, and says once that they have been sent", async () => {
  let ends = 0;
  const response = respondWithParts(PARTS, () => ends++);
  assertEquals([response.headers.get("content-length"), ends], ["150000", 0]);
  const bytes = await response.bytes();
  assertEquals([bytes.length, bytes[99_999], bytes[100_000], ends], [150_000, 1, 2, 1]);
});

Deno.test("respondWithParts() ends when its client has gone", async () => {
  let ends = 0;
  await respondWithParts(PARTS, () => ends++).body!.cancel();
  assertEquals(ends, 1);
});

Deno.test("respondWithParts() ends when nobody has read the answer in time", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let ends = 0;
  const response = respondWithParts(PARTS, () => resolve(void ends++), 5);
  await promise;
  assertEquals([(await response.bytes()).length, ends], [0, 1]);
});
