import { createHmac } from "node:crypto";
import { assertEquals } from "@std/assert";
import { makeStore } from "../../_environments.ts";
import { makeRelay } from "../../http/_relay.ts";
import { TestExplorer } from "./_test_explorer.ts";
import { checkSchema } from "./_schema.ts";

Deno.test("routes of SDKs are answered with the very bytes that SDKs get, in secure mode too", async () => {
  const parts = {
    flags: {
      f: {
        on: true,
        unknown: 1.0,
        variations: ["a", "ü"],
        fallthrough: { variation: 1 },
        clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true },
      },
      gone: { deleted: true },
      "ü key": { big: "x".repeat(200_000) },
    },
    segments: { s: {} },
  };
  const store = await makeStore({ e1: parts, e2: { ...parts, env: { secureMode: true } } });
  const relay = makeRelay(store);
  const explorer = new TestExplorer({ store, answerSdk: relay.handler });
  const context = { kind: "user", key: "ann", "ö": [1, { a: null }] };
  const { routes } = await explorer.get("sdk") as { routes: SdkRoute[] };
  checkSchema("sdkRoutes", { routes });
  for (const env of ["e1", "e2"]) {
    const hash = createHmac("sha256", `sdk-${env}`).update("ann").digest("hex");
    for (const { name, key, body, poll, stream } of routes) {
      for (const sent of [poll, ...stream ? [stream] : []]) {
        const path = sent.path.replace("{envId}", env);
        const proof = env === "e2" && !key ? `${path.includes("?") ? "&" : "?"}h=${hash}&key=ann` : "";
        const headers = new Headers({ "content-type": "application/json" });
        if (key) headers.set("authorization", `${key === "sdk" ? "sdk" : "mob"}-${env}`);
        const json = body === "ofrep" ? { context } : context;
        const expected = await relay.fetch(path + proof, {
          method: sent.method,
          headers,
          ...sent.method !== "GET" && { body: JSON.stringify(json) },
        });
        const asked = { route: name, stream: sent === stream, ...body && { context } };
        const actual = await explorer.send(`/explorer/api/sdk/${env}`, {
          method: "POST",
          body: JSON.stringify(asked),
          headers: { "content-type": "application/json" },
        });
        assertEquals([path, actual.status, expected.status], [path, 200, 200]);
        assertEquals(actual.headers.get("content-type"), expected.headers.get("content-type"));
        assertEquals(actual.headers.get("access-control-allow-origin"), null);
        if (sent === poll) {
          const bytes = await expected.bytes();
          assertEquals(await actual.bytes(), bytes);
          const base64 = new TextEncoder().encode(JSON.stringify(context)).toBase64();
          const answer = await explorer.postText(
            `sdk/${env}`,
            JSON.stringify({ ...asked, ...body && { context: base64 } }),
          );
          assertEquals(await answer.bytes(), bytes);
        }
        if (sent !== poll) assertEquals(await readFirst(actual), await readFirst(expected));
      }
    }
  }
  await relay.delivery.close();
});

/** A route as the API describes it. */
interface SdkRoute {
  name: string;
  key?: "sdk" | "mobile";
  body?: "context" | "ofrep";
  poll: { method: string; path: string };
  stream?: { method: string; path: string };
}

/** Reads the first piece of a stream, and closes it. */
async function readFirst({ body }: Response): Promise<string> {
  const reader = body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}
