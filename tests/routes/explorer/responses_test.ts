import { assertEquals } from "@std/assert";
import { respondWithParts } from "../../../lib/routes/explorer/_responses.ts";
import { makeStore } from "../../_environments.ts";
import { TestExplorer } from "./_test_explorer.ts";

const CONTEXT = { kind: "user", key: "ann" };

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

Deno.test("an answer that would be too long is refused before it is made", async () => {
  const rules = Array.from({ length: 2000 }, () => ({ variation: 0, clauses: [] }));
  const flags = { f: { on: true, variations: ["x".repeat(10_000)], rules, fallthrough: { variation: 0 } } };
  const explorer = new TestExplorer({ store: await makeStore({ e1: { flags } }) });
  const { status, error } = await explorer.post("evaluate/e1", { context: CONTEXT, why: true }) as {
    status: number;
    error: string;
  };
  assertEquals([status, error], [422, "the answer would have more than 16777216 bytes"]);
});

Deno.test("answers have so many bytes in memory at a time, until they are read", async () => {
  const rules = Array.from({ length: 1500 }, () => ({ variation: 0, clauses: [] }));
  const flags = { f: { on: true, variations: ["x".repeat(10_000)], rules, fallthrough: { variation: 0 } } };
  const explorer = new TestExplorer({ store: await makeStore({ e1: { flags } }) });
  function ask(): Promise<Response> {
    return explorer.send("/explorer/api/evaluate/e1", {
      method: "POST",
      body: JSON.stringify({ context: CONTEXT, why: true }),
      headers: { "content-type": "application/json" },
    });
  }
  const [first, second] = [await ask(), await ask()];
  assertEquals([first.status, second.status], [200, 200]);
  for (let i = 0; i < 3; i++) {
    const refused = await ask();
    assertEquals([refused.status, (await refused.json()).error], [503, "too many requests at a time"]);
  }
  await first.body!.cancel();
  const third = await ask();
  assertEquals(third.status, 200);
  assertEquals((await third.bytes()).length, (await second.bytes()).length);
});

Deno.test("answers count as open until they are read, or nobody reads them", async () => {
  const explorer = new TestExplorer({ store: await makeStore({ e1: { flags: { f: {} } } }) });
  const path = "/explorer/api/flags/e1";
  const answers = await Promise.all(Array.from({ length: 16 }, () => explorer.send(path)));
  assertEquals((await explorer.fetch(path)).status, 503);
  assertEquals((await explorer.fetch(path, { method: "HEAD" })).status, 503);
  for (const [i, answer] of answers.entries()) await (i % 2 ? answer.text() : answer.body!.cancel());
  for (let i = 0; i < 20; i++) assertEquals((await explorer.fetch(path, { method: "HEAD" })).status, 200);
  assertEquals((await explorer.get("flags/e1") as { flags: number }).flags, 1);
});
