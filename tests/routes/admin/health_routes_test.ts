import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createHandler } from "../../../lib/http/mod.ts";
import { healthRoutes } from "../../../lib/routes/admin/health_routes.ts";
import { Store } from "../../../lib/store/mod.ts";
import { makeLog, makeSnapshot, makeStore } from "../../_environments.ts";

/** What readiness depends on besides the store. */
interface State {
  isClosing?: boolean;
  lastError?: string | undefined;
}

async function ask(
  store: Store,
  { isClosing = false, lastError }: State = {},
): Promise<[status: number, body: unknown]> {
  const status = () => ({
    version: "1.2.3",
    isClosing,
    dataFile: {
      path: "flags.tar.gz",
      ...lastError !== undefined && { lastError: { message: lastError, time: 1 } },
    },
    trust: { mode: "off" as const },
    evaluationLimitsReached: new Map(),
  });
  const handler = createHandler(
    healthRoutes({ store, status }),
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

Deno.test("GET /health/ready is 200 with the first archive, and names environments without data", async () => {
  const store = new Store();
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1") }, { id: "e2", fault: "it is bad" }]);
  const reasons = ["environment e2 has no data: it is bad"];
  assertEquals(await ask(store), [200, { status: "degraded", reasons }]);
});

Deno.test("GET /health/ready stays 200 when an environment keeps its data in spite of a fault, and names it", async () => {
  const store = await makeStore({ e1: {} });
  store.replace([{ id: "e1", fault: "it is bad" }]);
  const reasons = ["environment e1 keeps its previous data: it is bad"];
  assertEquals(await ask(store), [200, { status: "degraded", reasons }]);
  store.replace([{ id: "e1", snapshot: await makeSnapshot("e1") }]);
  assertEquals(await ask(store), [200, { status: "ready" }]);
});

Deno.test("GET /health/ready stays 200 from the first archive on, whatever the next ones hold", async () => {
  const seed = Date.now() % 1_000_000;
  const snapshots = { a: await makeSnapshot("a"), b: await makeSnapshot("b") };
  const environment = fc.record({ id: fc.constantFrom("a", "b"), isGood: fc.boolean() });
  const archive = fc.uniqueArray(environment, { selector: ({ id }) => id });
  await fc.assert(
    fc.asyncProperty(fc.array(archive, { minLength: 1 }), fc.boolean(), async (archives, isStale) => {
      const store = new Store();
      const lastError = isStale ? "it is bad" : undefined;
      for (const environments of archives) {
        store.replace(
          environments.map(({ id, isGood }) =>
            isGood ? { id, snapshot: snapshots[id as "a" | "b"] } : { id, fault: "it is bad" }
          ),
        );
        const [status, body] = await ask(store, { lastError });
        const isDegraded = isStale || environments.some(({ isGood }) => !isGood);
        assertEquals([status, (body as { status: string }).status], [200, isDegraded ? "degraded" : "ready"]);
      }
      assertEquals((await ask(store, { isClosing: true, lastError }))[0], 503);
    }),
    { seed },
  );
});

Deno.test("GET /health/ready is 503 during shutdown", async () => {
  const reasons = ["the relay is shutting down"];
  assertEquals(await ask(await makeStore({ e1: {} }), { isClosing: true }), [503, {
    status: "not ready",
    reasons,
  }]);
});

Deno.test("GET /health/ready stays 200 after a failed reload, and names it", async () => {
  const lastError = "checksum does not match";
  const reasons = ["the newest data file is not served: checksum does not match"];
  assertEquals(await ask(await makeStore({ e1: {} }), { lastError }), [
    200,
    { status: "degraded", reasons, lastError },
  ]);
});

Deno.test("GET /health/ready before the first archive says why there is none", async () => {
  const lastError = "it is still being written";
  const reasons = [
    "no archive has been loaded yet",
    "the newest data file is not served: it is still being written",
  ];
  assertEquals(await ask(new Store(), { lastError }), [503, { status: "not ready", reasons, lastError }]);
});
