import { assertEquals } from "@std/assert";
import { describeStatus, STATUS_SHAPE } from "../../../lib/routes/admin/status.ts";
import { Store } from "../../../lib/store/mod.ts";
import { makeStore } from "../../_environments.ts";
import { makeRelay } from "../../http/_relay.ts";

Deno.test("GET /status describes environments and the data file, with keys masked", async () => {
  const expiry = Date.now() + 60_000;
  const sdkKey = {
    value: "sdk-11111111-2222-3333-4444-555555555555",
    expiring: { value: "sdk-zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz", timestamp: expiry },
  };
  const store = await makeStore({ e1: { env: { sdkKey, envKey: "test", mobKey: "" } } }, () => 1_000);
  const relay = makeRelay(store);
  const response = await relay.fetch("/status");
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(await response.json(), {
    environments: {
      e1: {
        sdkKey: "sdk-********-****-****-****-*******55555",
        envId: "e1",
        envKey: "test",
        envName: "Test",
        projName: "Project",
        expiringSdkKey: "sdk-********-****-****-****-*******zzzzz",
        sdkKeys: [
          { value: "sdk-********-****-****-****-*******55555" },
          { value: "sdk-********-****-****-****-*******zzzzz", expiry },
        ],
        mobileKeys: [],
        status: "connected",
        connectionStatus: { state: "VALID", stateSince: 1_000 },
        dataStoreStatus: { state: "VALID", stateSince: 1_000 },
      },
    },
    status: "healthy",
    version: "1.2.3",
    clientVersion: "1.2.3",
    trust: { mode: "off" },
    dataFile: { path: "flags.tar.gz", digest: "ab", loadedAt: 1 },
  });
  await relay.delivery.close();
});

Deno.test("GET /status is degraded while an environment has no data", async () => {
  const store = new Store(() => 1_000);
  store.replace([{ id: "e1", fault: "bad metadata" }]);
  const relay = makeRelay(store);
  const { status, environments } = await (await relay.fetch("/status")).json();
  assertEquals(status, "degraded");
  assertEquals(environments.e1.status, "disconnected");
  assertEquals(environments.e1.fault, "bad metadata");
  await relay.delivery.close();
});

Deno.test("GET /status/{envId} and /status/{projKey}/{envKey} describe one environment, not wrapped", async () => {
  const store = await makeStore({ e1: { env: { envKey: "test", projKey: "shop" } }, "a/b": {} });
  const relay = makeRelay(store);
  const { environments } = await (await relay.fetch("/status")).json();
  assertEquals(environments.e1.projKey, "shop");
  for (const path of ["/status/e1", "/status/shop/test"]) {
    assertEquals(await (await relay.fetch(path)).json(), environments.e1);
  }
  assertEquals((await (await relay.fetch("/status/a%2Fb")).json()).envId, "a/b");
  for (const path of ["/status/none", "/status/shop/none", "/status/none/test", "/status/__proto__"]) {
    const response = await relay.fetch(path);
    assertEquals([response.status, await response.text()], [404, "There is no such environment\n"]);
  }
  await relay.delivery.close();
});

Deno.test("GET /status/{envId} is 503 before the first archive", async () => {
  const relay = makeRelay(new Store());
  for (const path of ["/status/e1", "/status/shop/test", "/status/e1?expect=nonsense"]) {
    const response = await relay.fetch(path);
    assertEquals([response.status, await response.text()], [503, "Halyard has not loaded its archive yet\n"]);
  }
  await relay.delivery.close();
});

Deno.test("every status route answers ?expect=", async () => {
  const relay = makeRelay(await makeStore({ e1: { env: { envKey: "test", projKey: "shop" } } }));
  const cases: [path: string, status: number][] = [
    ["/status?expect=status=healthy&expect=environments.e1.status=connected", 200],
    ["/status?expect=status=degraded", 412],
    ["/status?expect=environments.none.status=connected", 412],
    ["/status?expect=dataFile.digest=ab", 200],
    ["/status?expect=dataFile.lastError.message=x", 412],
    ["/status/e1?expect=status=connected", 200],
    ["/status/e1?expect=fault=x", 412],
    ["/status/shop/test?expect=envId=e1", 200],
    ["/status/shop/test?expect=environments.e1.status=connected", 422],
    ["/status/e1?expect=status", 400],
    ["/status/none?expect=status", 404],
  ];
  for (const [path, expected] of cases) {
    const response = await relay.fetch(path);
    assertEquals([path, response.status], [path, expected]);
    assertEquals(response.headers.get("cache-control"), "no-store");
    await response.body?.cancel();
  }
  const response = await relay.fetch("/status/e1?expect=status=connected");
  assertEquals(await response.json(), {
    satisfied: true,
    results: [{ expr: "status=connected", expected: "connected", actual: "connected", ok: true }],
  });
  await relay.delivery.close();
});

/** Lists the paths of all values, with `*` for the names of environments and the positions in lists. */
function listPaths(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  if (Array.isArray(value)) return value.flatMap((element) => listPaths(element, `${path}.*`));
  return Reflect.ownKeys(value).flatMap((name) =>
    listPaths(
      (value as Record<string | symbol, unknown>)[name],
      `${path}.${path === ".environments" ? "*" : String(name)}`,
    )
  );
}

Deno.test("STATUS_SHAPE has every field of a status", async () => {
  const expiry = Date.now() + 60_000;
  const sdkKey = { value: "sdk-a", expiring: { value: "sdk-b", timestamp: expiry } };
  const store = await makeStore({ e1: { env: { sdkKey, projKey: "shop" } } });
  const { metadata } = store.environments[0]!;
  store.replace([{ id: "e1", metadata: metadata!, fault: "bad data" }, { id: "e2", fault: "bad metadata" }]);
  const status = {
    version: "1.2.3",
    isClosing: false,
    dataFile: {
      path: "f",
      digest: "ab",
      loadedAt: 1,
      lastError: { message: "bad", time: 2 },
      isLastKnownGood: true as const,
    },
    trust: {
      mode: "warn" as const,
      signers: [{ principals: "a@b", fingerprint: "SHA256:a" }],
      version: 1,
      epoch: 0,
      audience: "plant-7",
      created: 1,
      notAfter: 2,
      stale: true,
      sourceNote: "a note",
      problems: ["a problem"],
    },
    evaluationLimitsReached: new Map([["e1", 3]]),
  };
  const known = new Set(listPaths(STATUS_SHAPE));
  const paths = listPaths(describeStatus(store, status));
  assertEquals(paths.filter((path) => !known.has(path)), []);
  for (const name of ["fault", "projKey", "expiringSdkKey", "evaluationLimitsReached", "sdkKeys.*.expiry"]) {
    assertEquals(paths.includes(`.environments.*.${name}`), true, name);
  }
});
