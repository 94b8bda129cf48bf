import { assertEquals } from "@std/assert";
import { createHandler, healthRoutes, type HealthState } from "../../lib/http/mod.ts";
import { Store } from "../../lib/store/mod.ts";
import { makeLog, makeSnapshot, makeStore } from "../_environments.ts";

async function ask(store: Store, state: Partial<HealthState> = {}): Promise<[status: number, body: unknown]> {
  const handler = createHandler(
    healthRoutes(store, () => ({ isClosing: false, lastError: undefined, ...state })),
    { store, log: makeLog(), cors: { envAllowedOrigin: [], envAllowedHeader: [] } },
  );
  const live = await handler(new Request("http://localhost/health/live"));
  assertEquals([live.status, await live.json()], [200, { status: "live" }]);
  const response = await handler(new Request("http://localhost/health/ready"));
  for (const { headers } of [live, response]) assertEquals(headers.get("cache-control"), "no-store");
  return [response.status, await response.json()];
}

Deno.test("GET /health/ready is 200 when every environment has data", async () => {
  assertEquals(await ask(await makeStore({ e1: {} })), [200, { status: "ready" }]);
  assertEquals(await ask(await makeStore({})), [200, { status: "ready" }]);
});

Deno.test("GET /health/ready is 503 before the first archive", async () => {
  const reasons = ["no archive has been loaded yet"];
  assertEquals(await ask(new Store()), [503, { status: "not ready", reasons }]);
});

Deno.test("GET /health/ready is 503 while an environment has no data, and names it", async () => {
  const store = new Store();
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1") }, { id: "e2", fault: "it is bad" }]);
  const reasons = ["environment e2 has no data: it is bad"];
  assertEquals(await ask(store), [503, { status: "not ready", reasons }]);
});

Deno.test("GET /health/ready stays 200 when an environment keeps its data in spite of a fault", async () => {
  const store = await makeStore({ e1: {} });
  store.replace([{ id: "e1", fault: "it is bad" }]);
  assertEquals((await ask(store))[0], 200);
});

Deno.test("GET /health/ready is 503 during shutdown", async () => {
  const reasons = ["the relay is shutting down"];
  assertEquals(await ask(await makeStore({ e1: {} }), { isClosing: true }), [503, {
    status: "not ready",
    reasons,
  }]);
});

Deno.test("GET /health/ready stays 200 after a failed reload, and names it", async () => {
  const expected = { status: "ready", lastError: "checksum does not match" };
  assertEquals(await ask(await makeStore({ e1: {} }), { lastError: "checksum does not match" }), [
    200,
    expected,
  ]);
});
