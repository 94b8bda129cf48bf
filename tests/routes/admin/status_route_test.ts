import { assertEquals } from "@std/assert";
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
