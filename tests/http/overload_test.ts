import { assert, assertEquals } from "@std/assert";
import {
  createHandler,
  ENVIRONMENT_ID,
  type EnvironmentRoute,
  MOBILE_KEY,
  type OpenRoute,
  respondBusy,
} from "../../lib/http/mod.ts";
import { makeLog, makeStore } from "../_environments.ts";

/** As in docs/limits.md: without a body, and with one. */
const LIMITS: ["GET" | "POST", number][] = [["GET", 10_000], ["POST", 2_000]];

type Pending = PromiseWithResolvers<Response>;

/** A handler whose answers come when the test says so, for mobile apps and browsers, and a probe. */
async function makeHandler(method: "GET" | "POST") {
  const pending: Pending[] = [];
  let shed = 0;
  function handle(): Promise<Response> {
    const answer = Promise.withResolvers<Response>();
    pending.push(answer);
    return answer.promise;
  }
  const slow: EnvironmentRoute = { method, path: "/slow", access: [MOBILE_KEY], handle };
  const browsers: EnvironmentRoute = { ...slow, path: "/slow/{envId}", access: [ENVIRONMENT_ID], cors: true };
  const quick: EnvironmentRoute = { ...slow, path: "/quick", handle: () => new Response("quick") };
  const open: OpenRoute = {
    method: "GET",
    path: "/open",
    handle: () => Promise.resolve(new Response("open")),
  };
  const handler = createHandler([slow, browsers, quick, open], {
    store: await makeStore({ e1: {} }),
    log: makeLog(),
    cors: { envAllowedOrigin: [], envAllowedHeader: [] },
    onShed: () => void shed++,
  });
  async function ask(path: string): Promise<Response> {
    const headers = { authorization: "mob-e1" };
    return await handler(
      new Request(`http://localhost${path}`, { method: path === "/open" ? "GET" : method, headers }),
    );
  }
  return { ask, pending, shed: () => shed };
}

for (const [method, max] of LIMITS) {
  Deno.test(`createHandler() turns ${method} away while ${max} are being answered; probes and other kinds of clients are not`, async () => {
    const { ask, pending, shed } = await makeHandler(method);
    const answers = Array.from({ length: max }, () => ask("/slow"));
    assertEquals(pending.length, max);
    for (const path of ["/slow", "/quick"]) {
      const answer = await ask(path);
      assertEquals([answer.status, answer.headers.get("x-ld-envid")], [503, "e1"]);
      assert(answer.headers.has("retry-after"));
    }
    assertEquals([shed(), pending.length], [2, max]);
    assertEquals(await (await ask("/open")).text(), "open");
    const browser = ask("/slow/e1");
    pending.pop()!.resolve(new Response("x"));
    assertEquals((await browser).headers.get("access-control-allow-origin"), "*");
    const again = ask("/slow");
    // One of them failed to be answered, one was answered: both are gone.
    pending.shift()!.reject(new Error("x"));
    pending.shift()!.resolve(new Response());
    assertEquals([(await answers[0]!).status, (await answers[1]!).status], [500, 200]);
    assertEquals((await again).status, 503);
    const last = [ask("/slow"), ask("/slow"), ask("/slow")];
    assertEquals((await last[2]!).status, 503);
    for (const { resolve } of pending) resolve(new Response());
    await Promise.all([...answers, ...last]);
    assertEquals(shed(), 4);
  });
}

Deno.test("respondBusy() spreads clients over 2 to 10 seconds", () => {
  const seen = new Set(Array.from({ length: 1000 }, () => respondBusy().headers.get("retry-after")));
  assertEquals([...seen].map(Number).sort((a, b) => a - b), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
